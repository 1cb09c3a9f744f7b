// SPDX-License-Identifier: Apache-2.0
// What this machine's processor takes for the product that an engine's layer is: one thread, batch
// 1, Eigen, floats.
#pragma once

#include "sw/sparsys/layers/sparse_layer.hpp"

namespace sparsys {

struct HostProducts {
  double dense_us = 0;
  double sparse_us = 0;  // compressed sparse rows; all activations, as the paper's CSRMV
};

// Median of repetitions over about `seconds` each, three at least; processor time.
HostProducts measure_host(const SparseLayer& layer, double seconds);

}  // namespace sparsys
