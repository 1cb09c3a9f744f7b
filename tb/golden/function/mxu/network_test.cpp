// SPDX-License-Identifier: Apache-2.0
// Random networks in floating point all the way down: quantised, close to what they were;
// compiled, on the cycle model of the matrix unit the same as the functional model, bit for bit.
#include "golden/function/mxu/network.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "golden/compress/quantise.hpp"
#include "golden/cycle/mxu/device.hpp"
#include "golden/engine/mxu/compiler.hpp"
#include "golden/engine/mxu/driver.hpp"
#include "golden/train/train.hpp"
#include "tb/support/seeds.hpp"
#include "tb/support/small_networks.hpp"

namespace sparsys {
namespace {

// A chain of convolutions, functions and poolings as the matrix unit takes them, then one or two
// fully connected layers.
Network random_float_network(uint64_t seed) {
  Dice dice(seed);
  const auto between = [&](uint64_t low, uint64_t high) {
    return static_cast<int64_t>(dice.between(low, high));
  };
  Network network;
  network.name = "random";
  network.input_shape = {1, between(1, 3), between(5, 9), between(5, 9)};
  network.input_offset = dice.chance(50) ? 0.0F : -0.5F;
  const auto function = [&](const std::string& name) {
    const Op ops[] = {Op::kRelu, Op::kSigmoid, Op::kTanh};
    if (dice.chance(85)) add_node(network, ops[dice.below(3)], name);
  };
  Shape shape = network.input_shape;
  for (int64_t layer = between(0, 2); layer > 0; --layer) {
    const std::string name = "conv" + std::to_string(network.nodes.size());
    const int64_t outputs = between(1, 6);
    const int64_t terms = shape[1] * 6;
    add_parameter(network, name + ".w", {outputs, shape[1], 2, 3},
                  2.0F / std::sqrt(static_cast<float>(terms)), seed);
    add_parameter(network, name + ".b", {outputs}, 0.2F, seed);
    Node& conv = add_node(network, Op::kConv, name, {name + ".w", name + ".b"});
    conv.window.kernel = {2, 3};
    if (dice.chance(50)) conv.window.pad = {1, 0, 0, 2};
    if (dice.chance(30)) conv.window.stride = {1, 2};
    // A function in front of a pooling, behind a maximum, or none.
    const bool behind = dice.chance(30);
    if (!behind) function(name + ".function");
    shape = infer_shapes(network).back();
    const uint64_t kind = dice.below(3);
    if (kind > 0) {
      const bool average = kind == 1 && !behind;
      Node& pool = add_node(network, average ? Op::kAveragePool : Op::kMaxPool, name + ".pool");
      for (size_t s = 0; s < 2; ++s) {
        const auto room = static_cast<uint64_t>(shape[2 + s]);
        pool.window.kernel[s] = between(1, std::min<uint64_t>(3, room));
        pool.window.stride[s] = between(1, 2);
      }
      pool.window.ceil_mode = !average && dice.chance(40);
    }
    if (behind) function(name + ".function");
    shape = infer_shapes(network).back();
    if (shape[2] < 3 || shape[3] < 3) break;
  }
  add_node(network, Op::kFlatten, "flatten");
  for (int64_t layer = between(1, 2); layer > 0; --layer) {
    const std::string name = "ip" + std::to_string(network.nodes.size());
    const int64_t inputs = infer_shapes(network).back()[1];
    const int64_t outputs = between(2, 12);
    add_parameter(network, name + ".w", {outputs, inputs},
                  2.0F / std::sqrt(static_cast<float>(inputs)), seed);
    add_parameter(network, name + ".b", {outputs}, 0.2F, seed);
    add_node(network, Op::kGemm, name, {name + ".w", name + ".b"}).trans_b = true;
    if (layer == 2) function(name + ".function");
  }
  return network;
}

// How far outputs in bytes are from those in floating point, on the average, in parts of the
// largest of these.
double mean_error(const Network& network, const mxu::Network& quantised,
                  const std::vector<uint8_t>& images, size_t count) {
  std::vector<float> inputs;
  for (const uint8_t p : images) {
    inputs.push_back(static_cast<float>(p) * network.input_scale + network.input_offset);
  }
  const std::vector<float> expected = infer(network, inputs.data(), count, 1);
  const std::vector<int8_t> found =
      run_batch(quantised, image_inputs(quantised, images.data(), count));
  const mxu::Layer& last = quantised.layers.back();
  double largest = 0;
  double sum = 0;
  for (size_t i = 0; i < found.size(); ++i) {
    largest = std::max(largest, std::abs(double{expected[i]}));
    sum +=
        std::abs(double{expected[i]} - double{last.output_scale} * (found[i] - last.output_zero));
  }
  return sum / static_cast<double>(found.size()) / largest;
}

TEST(MxuNetwork, RandomFloatNetworks) {
  std::array<size_t, kOps> operators{};
  double worst[2] = {0, 0};
  for_seeds(60, [&](uint64_t seed) {
    Dice dice(seed + 1000);
    const Network network = random_float_network(seed);
    for (const Node& node : network.nodes) ++operators[static_cast<size_t>(node.op)];
    const size_t count = 24;
    const auto pixels = static_cast<size_t>(element_count(network.input_shape));
    std::vector<uint8_t> images(count * pixels);
    for (uint8_t& pixel : images) pixel = static_cast<uint8_t>(dice.bits(8));
    for (const QuantisationScheme scheme :
         {QuantisationScheme::kAffine, QuantisationScheme::kRadix}) {
      QuantisationOptions options;
      options.scheme = scheme;
      options.threads = 1;
      options.outputs = QuantisationOutputs::kValues;
      const mxu::Network quantised = quantise(network, images.data(), count, options);
      // Rounding alone: a layer wrong in its factor, zero point or order is off by far more.
      const double error = mean_error(network, quantised, images, count);
      const bool radix = scheme == QuantisationScheme::kRadix;
      EXPECT_LT(error, radix ? 0.04 : 0.02) << to_string(scheme);
      worst[radix ? 1 : 0] = std::max(worst[radix ? 1 : 0], error);

      mxu::Config config;
      config.rows = config.cols = config.tile_rows = config.tile_cols =
          static_cast<uint32_t>(dice.between(3, 8));
      config.ub_depth = 4096;
      config.acc_depth = 512;
      const auto batch = static_cast<uint32_t>(dice.between(1, 5));
      std::vector<int8_t> inputs = image_inputs(quantised, images.data(), batch);
      mxu::CycleDevice device(config);
      mxu::DriverOptions driver_options;
      driver_options.seed = seed;
      driver_options.stall_percent = dice.chance(50) ? 30 : 0;
      mxu::Driver driver(device, driver_options);
      ASSERT_EQ(driver.run(compile(quantised, batch, config), inputs),
                run_batch(quantised, inputs, 1));
    }
  });
  std::cout << "mean error of the worst network: " << worst[0] << " affine, " << worst[1]
            << " radix\n";
  if (seed_is_given()) return;
  for (const Op op :
       {Op::kConv, Op::kGemm, Op::kRelu, Op::kSigmoid, Op::kTanh, Op::kMaxPool, Op::kAveragePool}) {
    EXPECT_GT(operators[static_cast<size_t>(op)], 5U) << to_string(op);
  }
}

}  // namespace
}  // namespace sparsys
