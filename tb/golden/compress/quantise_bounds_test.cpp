// SPDX-License-Identifier: Apache-2.0
// Quantisation where sizes are far apart: paddings as large as the kernel, biases far above the
// weights.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "golden/compress/quantise.hpp"
#include "golden/function/mxu/network.hpp"
#include "golden/train/train.hpp"
#include "tb/support/error_of.hpp"
#include "tb/support/small_networks.hpp"

namespace sparsys {
namespace {

// Largest difference between bytes and floats, in steps of the output.
double worst_steps(const Network& network, const mxu::Network& bytes,
                   const std::vector<float>& samples) {
  const size_t count = samples.size() / bytes.input_size();
  std::vector<float> inputs;
  for (const float v : samples) inputs.push_back(v * network.input_scale + network.input_offset);
  const std::vector<float> expected = infer(network, inputs.data(), count, 1);
  const std::vector<int8_t> found = run_batch(bytes, image_inputs(bytes, samples.data(), count), 1);
  EXPECT_EQ(expected.size(), found.size());
  const mxu::Layer& last = bytes.layers.back();
  double worst = 0;
  for (size_t i = 0; i < found.size(); ++i) {
    const double steps = double{expected[i]} / double{last.output_scale} + last.output_zero;
    worst = std::max(worst, std::abs(steps - found[i]));
  }
  return worst;
}

std::vector<float> random_samples(size_t count, uint64_t seed) {
  Random random(seed);
  std::vector<float> samples(count);
  for (float& v : samples) v = random.uniform(0, 255);
  return samples;
}

Network padded(int64_t kernel, int64_t pad, int64_t stride) {
  Network network;
  network.name = "padded";
  network.input_shape = {1, 2, 6, 5};
  add_parameter(network, "w", {3, 2, kernel, kernel}, 0.3F, 1);
  add_parameter(network, "b", {3}, 0.5F, 2);
  Node& node = add_node(network, Op::kConv, "conv", {"w", "b"});
  node.window.kernel = {kernel, kernel};
  node.window.pad = {pad, pad, pad, pad};
  node.window.stride = {stride, stride};
  return network;
}

// Float and int8 agree about how many windows there are. One that has nothing of the map in it is
// refused: the matrix unit has no such windows.
TEST(QuantiseBounds, PaddingAsLargeAsTheKernel) {
  QuantisationOptions values;
  values.outputs = QuantisationOutputs::kValues;
  values.threads = 1;
  for (int64_t kernel = 1; kernel <= 4; ++kernel) {
    for (int64_t pad = 0; pad <= kernel + 1; ++pad) {
      for (int64_t stride = 1; stride <= 3; ++stride) {
        SCOPED_TRACE(std::to_string(kernel) + " padded by " + std::to_string(pad) + ", stride " +
                     std::to_string(stride));
        const Network network = padded(kernel, pad, stride);
        const std::vector<float> samples = random_samples(4 * 60, 3);
        mxu::Network bytes;
        const std::string error =
            error_of([&] { bytes = quantise(network, samples.data(), 4, values); });
        if (pad >= kernel) {
          EXPECT_NE(error.find("window has no part of the map in it"), std::string::npos) << error;
          continue;
        }
        ASSERT_EQ(bytes.layers.size(), 1U) << error;
        EXPECT_LT(worst_steps(network, bytes, samples), 3);
      }
    }
  }
}

// A bias that does not fit its 32 bits at the weights' scale makes the scale coarser: weights so
// small beside it are less than a step of the output. With radix points, that have no such choice,
// it is refused.
TEST(QuantiseBounds, BiasesFarAboveTheWeights) {
  size_t refused = 0;
  for (const float weight : {1.0F, 1e-3F, 1e-6F, 1e-9F, 1e-12F}) {
    for (const float bias : {1.0F, 1e3F, 1e6F, -1e9F}) {
      SCOPED_TRACE(std::to_string(weight) + " beside " + std::to_string(bias));
      Network network = small_chain({20, 3}, 4);
      for (float& w : network.parameters[0].values) w *= weight;
      network.parameters[1].values = {bias, bias / 2, 0};
      const std::vector<float> samples = random_samples(8 * 20, 5);
      QuantisationOptions values;
      values.outputs = QuantisationOutputs::kValues;
      values.threads = 1;
      const mxu::Network bytes = quantise(network, samples.data(), 8, values);
      EXPECT_LT(worst_steps(network, bytes, samples), 2);
      values.scheme = QuantisationScheme::kRadix;
      const std::string error = error_of([&] { quantise(network, samples.data(), 8, values); });
      if (error == "no error") continue;
      ++refused;
      EXPECT_TRUE(error.find("a bias is too large for its scale") != std::string::npos ||
                  error.find("bits apart") != std::string::npos)
          << error;
    }
  }
  EXPECT_GT(refused, 5U);
}

}  // namespace
}  // namespace sparsys
