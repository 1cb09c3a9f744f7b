// SPDX-License-Identifier: Apache-2.0
// Gradients of a classifier's loss against the slope of the loss that plain loops in double
// precision compute.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "golden/base/random.hpp"
#include "golden/train/descend.hpp"
#include "golden/train/train.hpp"
#include "tb/support/graph/reference_network.hpp"

namespace sparsys {

using Values = std::vector<double>;

inline std::vector<uint8_t> random_bytes(size_t count, uint64_t below, uint64_t seed) {
  Random random(seed);
  std::vector<uint8_t> bytes(count);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random.below(below));
  return bytes;
}

inline Values logits(const Network& net, const uint8_t* image) {
  Values input;
  for (int64_t i = 0; i < element_count(net.input_shape); ++i) {
    input.push_back(static_cast<double>(image[i]) * net.input_scale + net.input_offset);
  }
  const Node& last = net.nodes.back();
  const bool softmax = last.op == Op::kSoftmax || last.op == Op::kLogSoftmax;
  return reference(net, input)[softmax ? last.inputs[0] : last.output].values;
}

inline Values log_softmax(Values z, double temperature) {
  double sum = 0;
  for (double& v : z) sum += std::exp(v /= temperature);
  for (double& v : z) v -= std::log(sum);
  return z;
}

inline double reference_loss(const Network& net, const std::vector<uint8_t>& images,
                             const std::vector<uint32_t>& labels, const TrainOptions& options) {
  const size_t pixels = images.size() / labels.size();
  double sum = 0;
  for (size_t i = 0; i < labels.size(); ++i) {
    const Values z = logits(net, images.data() + i * pixels);
    const double w = options.teacher == nullptr ? 0 : options.teacher_weight;
    sum -= (1 - w) * log_softmax(z, 1)[labels[i]];
    if (w == 0) continue;
    const double t = options.temperature;
    const Values own = log_softmax(z, t);
    const Values other = log_softmax(logits(*options.teacher, images.data() + i * pixels), t);
    for (size_t c = 0; c < z.size(); ++c) {
      sum += w * t * t * std::exp(other[c]) * (other[c] - own[c]);
    }
  }
  return sum / static_cast<double>(labels.size());
}

// Of some values of each parameter. With `all_matter` each parameter must have an influence.
inline void check_gradient(const Network& net, size_t samples, const TrainOptions& options = {},
                           bool all_matter = true) {
  const auto inputs = static_cast<size_t>(element_count(net.input_shape));
  const auto classes = static_cast<uint64_t>(element_count(infer_shapes(net).back()));
  const std::vector<uint8_t> images = random_bytes(samples * inputs, 256, 3);
  const std::vector<uint8_t> drawn = random_bytes(samples, classes, 4);
  const std::vector<uint32_t> labels(drawn.begin(), drawn.end());
  Network gradient;
  const double loss = loss_gradient(net, images.data(), labels.data(), samples, gradient, options);
  EXPECT_NEAR(loss, reference_loss(net, images, labels, options), 1e-5 * (1 + std::abs(loss)));
  Random random(9);
  for (size_t p = 0; p < net.parameters.size(); ++p) {
    const size_t size = net.parameters[p].values.size();
    double largest = 0;
    for (size_t k = 0; k < std::min<size_t>(size, 12); ++k) {
      const size_t i = size <= 12 ? k : random.below(size);
      // A step that the float parameter can take exactly enough; the loss itself is in double.
      constexpr float kStep = 1e-5F;
      Network up = net;
      Network down = net;
      up.parameters[p].values[i] += kStep;
      down.parameters[p].values[i] -= kStep;
      const double width = static_cast<double>(up.parameters[p].values[i]) -
                           static_cast<double>(down.parameters[p].values[i]);
      const double slope = (reference_loss(up, images, labels, options) -
                            reference_loss(down, images, labels, options)) /
                           width;
      // For rounding of float sums; kinks within so short a step are rare, and seeds are fixed.
      EXPECT_NEAR(gradient.parameters[p].values[i], slope, 1e-4 * (1 + std::abs(slope)))
          << net.parameters[p].name << "[" << i << "] of a network of " << net.nodes.size()
          << " nodes";
      largest = std::max(largest, std::abs(slope));
    }
    // One sample may be answered with certainty.
    if (samples == 1 || !all_matter) continue;
    EXPECT_GT(largest, 1e-3) << net.parameters[p].name << " has no influence: nothing was checked";
  }
}

}  // namespace sparsys
