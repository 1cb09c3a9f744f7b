// SPDX-License-Identifier: Apache-2.0
// Weight sharing (Deep Compression, Han 2016, section 3): k-means over a layer's remaining
// weights. Their fine-tuning: golden/compress/fine_tune.hpp.
//
// What goes beyond the paper is marked so, and off unless asked for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "golden/compress/cluster.hpp"
#include "golden/network/shared_network.hpp"

namespace sparsys {

// r = n b / (n log2(k) + k b): how much smaller n weights of b bits become with k shared values
// (section 3, equation 1).
double sharing_rate(double n, double k, double b);

struct SharingOptions {
  // Bits of a layer's codes, 1 to 8: at most 2^bits - 1 values other than 0. One per layer, or one
  // for all. 0: the fewest that keep to max_error, so that the layer is as small as it allows;
  // entropy counts if that keeps to it too.
  std::vector<unsigned> bits = {4};
  // The same of biases, which have up to 2^bits values. 0: they stay as they are. Those of a layer
  // stay so too if sharing them would not make them smaller.
  std::vector<unsigned> bias_bits = {0};
  CentroidInit init = CentroidInit::kLinear;
  uint64_t seed = 1;  // of kRandom
  // Beyond the paper: entropy-constrained assignment (Chou 1989; of weights, Choi 2017). After
  // k-means each weight goes to the value c of least (w - c)^2 / m + entropy * length, m the mean
  // square of the layer's remaining weights, values move to the means of their weights, and so on
  // until nothing changes. length in bits is that of an ideal code of all the layer's weights,
  // pruned ones included: -log2(share of the weights that have this value).
  double entropy = 0;
  // Whether that may prune weights: 0 is one of the values.
  bool entropy_prunes = true;
  // Where bits are 0: root mean square of what weights change by, as a share of that of the layer's
  // weights, at most.
  double max_error = 0.05;
};

// Shares each layer's weights, those that are 0 keeping code 0, and biases as asked. A parameter of
// two layers is shared as the first has it. Throws Error if options do not fit the network, or if
// 8 bits do not keep to max_error.
SharedNetwork share_weights(const Network& network, const SharingOptions& options = {});

// Bits of the codes of a parameter in an ideal code, sum of -log2(share of the code) over all
// elements: what entropy-constrained assignment counts. 0 if it is not shared.
double entropy_bits(const SharedParameter& parameter);

// Entry k: the sum of the gradients of the elements with code k (section 3.3, equation 3).
// gradient: one per element.
std::vector<double> centroid_gradient(const SharedParameter& parameter, const float* gradient);

}  // namespace sparsys
