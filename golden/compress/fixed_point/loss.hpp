// SPDX-License-Identifier: Apache-2.0
// What a network in fixed point makes of a sample, against the float layers that it was made of.
#pragma once

#include <Eigen/Core>
#include <vector>

#include "golden/compress/fixed_point.hpp"

namespace sparsys {

// Fills in what is compared on the sample (real inputs x samples), the first kSamples of it.
void measure_loss(const eie::Network& network, const SharedMlp& mlp, const Eigen::MatrixXf& sample,
                  std::vector<FixedPointLayerReport>& report);

}  // namespace sparsys
