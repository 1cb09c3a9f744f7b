// SPDX-License-Identifier: Apache-2.0
// A network that is placed on the accelerator's engines, on their functional models and the
// conversion between.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "golden/format/image/build.hpp"
#include "sw/sparsys/accelerator/accelerator.hpp"

namespace sparsys::top {

// `placed` must outlive it. threads 0: all processors.
std::unique_ptr<Accelerator> make_function(const Placed& placed, unsigned threads);

// Samples as the first engine takes them: bytes of the matrix unit, or numbers of the sparse
// engine; those of the other kind are empty.
struct Inputs {
  std::vector<int8_t> bytes;
  std::vector<int16_t> words;
};
Inputs inputs_of(const Placed& placed, Samples samples, size_t count);
// What its outputs stand for, and from what the images of a driver bring.
BatchRun run_of(const Placed& placed, const std::vector<int8_t>& bytes);
BatchRun run_of(const Placed& placed, const std::vector<int16_t>& words);

}  // namespace sparsys::top
