// SPDX-License-Identifier: Apache-2.0
// What a placed network takes on both engines' cycle models.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "golden/base/samples.hpp"
#include "sw/sparsys/placement/roofline.hpp"

namespace sparsys::top {

struct Measured {
  // Of layer_loads(), for one inference: of the matrix unit each by itself with its own rows in and
  // out. None of a sum of two values, which is no network by itself.
  std::vector<std::optional<uint64_t>> layers;
  uint64_t matrix = 0;  // of the whole program
  uint64_t sparse = 0;  // of all lists
};

// Weights come over the bus, whose bytes a cycle nobody else takes. `samples`: `batch` of them.
Measured measure(const Placed& placed, uint32_t batch, const Config& config, Samples samples);

}  // namespace sparsys::top
