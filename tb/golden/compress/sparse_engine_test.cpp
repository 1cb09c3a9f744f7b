// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "golden/base/random.hpp"
#include "golden/compress/decode_eie_network.hpp"
#include "golden/compress/sparse_engine/to_sparse_engine.hpp"
#include "golden/compress/weight_sharing.hpp"
#include "golden/data/synthetic_digits.hpp"
#include "golden/function/eie/model.hpp"
#include "golden/host/host.hpp"
#include "golden/train/train.hpp"
#include "tb/support/error_of.hpp"
#include "tb/support/split_networks.hpp"

namespace sparsys {
namespace {

Eigen::MatrixXf random_pixels(const Network& network, Eigen::Index count) {
  Random random(3);
  return Eigen::MatrixXf::NullaryExpr(element_count(network.input_shape), count, [&] {
    return static_cast<float>(random.below(256)) * network.input_scale + network.input_offset;
  });
}

// Of samples, what host and engine's function make of them.
std::vector<float> outputs_of(const eie::SplitNetwork& split, const Eigen::MatrixXf& x,
                              uint64_t* saturated) {
  std::vector<float> v(x.data(), x.data() + x.size());
  for (float& value : v) value = (value - split.input_offset()) / split.input_scale();
  const eie::Host host(split);
  return host.outputs(
      eie::FunctionalModel(split.engine)
          .run_batch(host.inputs(v.data(), static_cast<size_t>(x.cols()), saturated)));
}

double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  EXPECT_EQ(a.size(), b.size());
  double most = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    most = std::max(most, std::abs(static_cast<double>(a[i]) - b[i]));
  }
  return most;
}

// Logits of a network in floating point.
std::vector<float> in_float(Network network, const Eigen::MatrixXf& x) {
  if (network.nodes.back().op == Op::kSoftmax) {
    network.nodes.pop_back();
    network.output = network.nodes.back().output;
  }
  return infer(network, x.data(), static_cast<size_t>(x.cols()));
}

// 16 bits cost little against the same weights in floating point; an int8 front costs its steps.
TEST(SparseEngine, FrontsOfManyKinds) {
  const std::vector<Network> networks = {small_conv(8, 1),
                                         alexnet_like(1),
                                         branches(1),
                                         squeezenet_like(false, 0, 1),
                                         squeezenet_like(true, 0, 1),
                                         squeezenet_like(true, 1, 1)};
  for (const Network& network : networks) {
    SCOPED_TRACE(network.name);
    const SharedNetwork shared = share_weights(network);
    const Eigen::MatrixXf x = random_pixels(network, 60);
    const std::vector<float> expected = in_float(shared.decode(), x);
    const float largest = Eigen::Map<const Eigen::VectorXf>(
                              expected.data(), static_cast<Eigen::Index>(expected.size()))
                              .cwiseAbs()
                              .maxCoeff();
    for (const bool int8 : {false, true}) {
      SparseEngineOptions options;
      options.int8_front = int8;
      // The matrix unit pads within windows alone.
      if (int8 && network.nodes[5].window.pad[0] > 0) {
        EXPECT_NE(error_of([&] { to_sparse_engine(shared, x, nullptr, options); }).find("(Pad): "),
                  std::string::npos);
        continue;
      }
      DeepCompressionReport report;
      const eie::SplitNetwork split = to_sparse_engine(shared, x, &report, options);
      check(split, "split");
      EXPECT_EQ(split.int8_front.has_value(), int8);
      uint64_t saturated = 1;
      const std::vector<float> found = outputs_of(split, x, &saturated);
      EXPECT_EQ(saturated, 0U);
      EXPECT_LT(largest_difference(found, expected), (int8 ? 0.1 : 0.02) * largest);
      // Twice as large would not fit with headroom.
      const int frac = split.engine.layers.front().input_frac;
      EXPECT_LE(std::ldexp(2 * split.largest, frac), 32767);
      EXPECT_GT(std::ldexp(2 * split.largest, frac + 1), 32767);
      if (int8) {
        EXPECT_NE(error_of([&] { decode_split_network(split); }).find("its front is int8"),
                  std::string::npos);
        continue;
      }
      // As one network in floating point.
      EXPECT_LT(largest_difference(in_float(decode_split_network(split), x), expected),
                0.02 * largest);
    }
  }
}

// A sum of thousands of weights has few bits for each of them: inputs give up some of theirs.
TEST(SparseEngine, WideRowsKeepTheirWeights) {
  Network network;
  network.name = "wide";
  network.input_shape = {1, 1, 64, 64};
  add_layer(network, Op::kConv, "conv", {1, 1, 1, 1}, 1);
  network.parameters[0].values[0] = 1;
  add_node(network, Op::kRelu, "relu");
  add_node(network, Op::kFlatten, "flatten");
  add_layer(network, Op::kGemm, "fc", {8, 4096}, 1);
  const SharedNetwork shared = share_weights(network);
  const Eigen::MatrixXf x = random_pixels(network, 20);
  const eie::SplitNetwork split = to_sparse_engine(shared, x, nullptr);
  const eie::Layer& layer = split.engine.layers.front();
  EXPECT_GE(*std::max_element(layer.codebook.begin(), layer.codebook.end()), 500);
  EXPECT_GE(std::ldexp(split.largest, layer.input_frac), 256);
  const std::vector<float> expected = in_float(shared.decode(), x);
  const auto [low, high] = std::minmax_element(expected.begin(), expected.end());
  EXPECT_LT(largest_difference(outputs_of(split, x, nullptr), expected),
            0.01 * std::max(-*low, *high));
}

TEST(SparseEngine, InputsBeyondTheSampleSaturate) {
  const Network network = small_conv(8, 1);
  const eie::SplitNetwork split =
      to_sparse_engine(share_weights(network), random_pixels(network, 60), nullptr);
  uint64_t saturated = 0;
  outputs_of(split, 100 * random_pixels(network, 2), &saturated);
  EXPECT_GT(saturated, 0U);
  EXPECT_LE(saturated, 2U * 36);
}

// The back, and layers per position with the network's own inputs.
TEST(SparseEngine, WithoutAFront) {
  Network squash = small_chain({12, 7, 5}, 1);
  squash.task = Task::kRegression;
  squash.input_offset = -0.5F;
  add_node(squash, Op::kSigmoid, "squash");
  Network pixels;
  pixels.name = "pixels";
  pixels.input_shape = {1, 3, 2, 4};
  pixels.input_scale = 1.0F / 64;
  add_layer(pixels, Op::kConv, "conv", {5, 3, 1, 1}, 1);
  add_node(pixels, Op::kRelu, "relu");
  for (const Network& network : {squash, pixels}) {
    SCOPED_TRACE(network.name);
    const SharedNetwork shared = share_weights(network);
    const Eigen::MatrixXf x = random_pixels(network, 20);
    const eie::SplitNetwork split = to_sparse_engine(shared, x, nullptr);
    EXPECT_FALSE(split.is_plain());
    const std::vector<float> expected = in_float(shared.decode(), x);
    EXPECT_LT(largest_difference(outputs_of(split, x, nullptr), expected), 0.1);
  }
}

TEST(SparseEngine, LeNet5OnDigits) {
  SyntheticDigitsOptions digits;
  digits.train_count = 1500;
  digits.test_count = 300;
  digits.difficulty = 0.3F;
  const Dataset data = make_synthetic_digits(digits);
  Network network = make_lenet_5({1, 28, 28}, 10, 1);
  TrainOptions train_options = lenet_5_options();
  train_options.epochs = 2;
  train_options.validation_count = 100;
  train(network, data, train_options);
  const double trained = test_error(network, data);
  SharingOptions sharing;
  sharing.bits = {8, 8, 4, 4};
  const SharedNetwork shared = share_weights(network, sharing);
  for (const bool int8 : {false, true}) {
    SparseEngineOptions options;
    options.int8_front = int8;
    DeepCompressionReport report;
    const eie::SplitNetwork split = to_sparse_engine(shared, data, 100, &report, options);
    EXPECT_EQ(report.steps.back().name, "fixed point");
    const double error =
        eie::score(split, data.samples(data.test), data.targets(data.test), data.test_count())
            .percent();
    EXPECT_LT(trained, 12);
    EXPECT_NEAR(error, trained, 2);
  }
}

}  // namespace
}  // namespace sparsys
