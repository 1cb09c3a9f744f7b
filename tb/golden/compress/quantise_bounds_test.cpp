// SPDX-License-Identifier: Apache-2.0
// Quantisation where sizes are far apart: paddings as large as the kernel, biases far above the
// weights; and of weights that share few values.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "golden/compress/quantise.hpp"
#include "golden/function/mxu/network.hpp"
#include "golden/train/train.hpp"
#include "tb/support/error_of.hpp"
#include "tb/support/seeds.hpp"
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

// Values that weights share are shared as bytes, in one scale of the layer that meets them at least
// as well as that of the largest at 127 does.
TEST(Quantise, SharedValuesStayShared) {
  for_seeds(10, [](uint64_t seed) {
    Network network = small_chain({20, 30, 10}, seed);
    Random random(seed, 9);
    std::vector<std::vector<float>> values(2);
    for (size_t l = 0; l < 2; ++l) {
      values[l].push_back(0);
      for (int v = 0; v < 15; ++v) values[l].push_back(random.uniform(-0.4F, 0.4F));
      for (float& w : network.parameters[2 * l].values) {
        w = random.below(3) ? 0 : values[l][1 + random.below(15)];
      }
    }
    std::vector<uint8_t> images(40 * 20);
    for (uint8_t& pixel : images) pixel = static_cast<uint8_t>(random.next());
    QuantisationOptions options;
    options.scheme = QuantisationScheme::kShared;
    options.outputs = QuantisationOutputs::kValues;
    const mxu::Network quantised = quantise(network, images.data(), 40, options);
    for (size_t l = 0; l < 2; ++l) {
      const mxu::Layer& layer = quantised.layers.at(l);
      const std::vector<float>& floats = network.parameters[2 * l].values;
      std::map<float, int8_t> byte_of;
      double largest = 0;
      for (size_t i = 0; i < floats.size(); ++i) {
        const auto [found, added] = byte_of.insert({floats[i], layer.weights[i]});
        ASSERT_EQ(found->second, layer.weights[i]) << floats[i];
        largest = std::max(largest, std::abs(double{floats[i]}));
      }
      EXPECT_EQ(byte_of.at(0), 0);
      // One factor for all outputs: one scale.
      for (size_t o = 1; o < layer.outputs; ++o) {
        EXPECT_EQ(layer.multiplier[o], layer.multiplier[0]);
        EXPECT_EQ(layer.shift[o], layer.shift[0]);
      }
      int most = 0;
      for (const int8_t w : layer.weights) most = std::max(most, std::abs(int{w}));
      EXPECT_GE(most, 64);
      const double scale = largest / most;
      double error = 0;
      double simple = 0;
      for (size_t i = 0; i < floats.size(); ++i) {
        const double w = double{floats[i]};
        error += std::abs(w - layer.weights[i] * scale);
        EXPECT_LE(std::abs(w - layer.weights[i] * scale), 0.501 * scale);
        simple += std::abs(w - std::round(w / (largest / 127)) * largest / 127);
      }
      EXPECT_LE(error, simple * 1.001);
    }
  });
}

}  // namespace
}  // namespace sparsys
