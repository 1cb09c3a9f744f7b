// SPDX-License-Identifier: Apache-2.0
// Accuracy against precision (EIE, Han 2016, figure 10): a network of fully connected layers in
// fixed point of fewer and fewer bits.
#pragma once

#include <nlohmann/json.hpp>

#include "golden/compress/dense_chain.hpp"
#include "golden/data/dataset.hpp"

namespace sparsys {

// Rows {bits, error_pct} of the test images: 32, float as it is, first; then weights and
// activations of every layer rounded to fixed point, with a radix point for each vector and matrix
// that just holds its largest value (of activations: of 1,000 training images).
nlohmann::json precision_sweep(const Mlp& network, const Dataset& data);

}  // namespace sparsys
