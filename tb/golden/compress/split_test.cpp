// SPDX-License-Identifier: Apache-2.0
#include "golden/compress/sparse_engine/split.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "golden/base/random.hpp"
#include "golden/compress/weight_sharing.hpp"
#include "golden/train/train.hpp"
#include "tb/support/error_of.hpp"
#include "tb/support/graph/random_graph.hpp"
#include "tb/support/seeds.hpp"
#include "tb/support/split_networks.hpp"

namespace sparsys {
namespace {

constexpr size_t kSamples = 3;

SharedNetwork unshared(const Network& network) {
  return {network, std::vector<SharedParameter>(network.parameters.size())};
}

// What the parts make of inputs one after the other, in floating point; positions by hand.
std::vector<float> through_parts(const Split& parts, std::vector<float> x) {
  const eie::SplitNetwork& split = parts.network;
  if (split.front) x = infer(split.front->decode(), x.data(), kSamples);
  const Network tail = parts.tail.decode();
  const size_t positions = split.positions;
  const size_t channels = x.size() / kSamples / positions;
  std::vector<float> vectors(x.size());
  for (size_t s = 0; s < kSamples; ++s) {
    for (size_t c = 0; c < channels; ++c) {
      for (size_t p = 0; p < positions; ++p) {
        vectors[(s * positions + p) * channels + c] = x[(s * channels + c) * positions + p];
      }
    }
  }
  const std::vector<float> made = infer(tail, vectors.data(), kSamples * positions);
  const size_t outputs = made.size() / kSamples / positions;
  std::vector<float> y(made.size());
  for (size_t s = 0; s < kSamples; ++s) {
    for (size_t o = 0; o < outputs; ++o) {
      for (size_t p = 0; p < positions; ++p) {
        y[(s * outputs + o) * positions + p] = made[(s * positions + p) * outputs + o];
      }
    }
  }
  return split.back ? infer(*split.back, y.data(), kSamples) : y;
}

// The network without the softmax that belongs to a classifier's loss.
Network without_softmax(Network network) {
  if (network.nodes.back().op == Op::kSoftmax || network.nodes.back().op == Op::kLogSoftmax) {
    network.nodes.pop_back();
    network.output = network.nodes.back().output;
  }
  return network;
}

void expect_same_function(const Network& network, const Split& parts) {
  const auto inputs = static_cast<size_t>(element_count(network.input_shape));
  Random random(5);
  std::vector<float> x(kSamples * inputs);
  for (float& value : x) value = random.normal();
  const std::vector<float> expected = infer(network, x.data(), kSamples);
  const std::vector<float> found = through_parts(parts, x);
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) {
    ASSERT_NEAR(found[i], expected[i], 1e-4 * (1 + std::abs(expected[i]))) << i;
  }
}

TEST(Split, ConvolutionsInFrontOfAChain) {
  const Network network = small_conv(8, 1);
  const Split parts = split(unshared(network));
  EXPECT_EQ(parts.network.cut, "pool1_out");
  EXPECT_EQ(parts.network.shape, (Shape{1, 4, 3, 3}));
  EXPECT_EQ(parts.network.positions, 1U);
  EXPECT_EQ(parts.network.reason,
            "behind it are the 2 fully connected layers from 'ip1' (Gemm) on; 'pool1' (MaxPool) in "
            "front of it is none");
  ASSERT_TRUE(parts.network.front);
  EXPECT_EQ(parts.network.front->network.nodes.size(), 3U);
  EXPECT_EQ(parts.network.front->network.parameters.size(), 2U);
  EXPECT_FALSE(parts.network.back);
  EXPECT_EQ(parts.tail.network.parameters.size(), 4U);
  expect_same_function(network, parts);
  const EngineLayers on_engine = engine_layers(network);
  EXPECT_EQ(on_engine.first, 1U);
  EXPECT_EQ(on_engine.count, 2U);
}

TEST(Split, TheWholeNetwork) {
  Network network = small_chain({12, 7, 5}, 1);
  network.input_scale = 0.5F;
  network.input_offset = -1;
  const Split parts = split(unshared(network));
  EXPECT_EQ(parts.network.cut, "input");
  EXPECT_FALSE(parts.network.has_front());
  EXPECT_TRUE(parts.network.is_plain());
  EXPECT_EQ(parts.tail.network.input_scale, 0.5F);
  EXPECT_EQ(parts.tail.network.input_offset, -1);
  // Some of it in front, because the user wants it.
  const Split later = split(unshared(network), "ip1_relu_out");
  EXPECT_EQ(later.network.front->network.nodes.size(), 2U);
  EXPECT_EQ(later.network.front->network.input_scale, 0.5F);
  EXPECT_EQ(later.tail.network.input_scale, Network().input_scale);
  EXPECT_NE(later.network.reason.find("--cut"), std::string::npos);
  expect_same_function(network, later);
  EXPECT_EQ(engine_layers(network, "ip1_relu_out").first, 1U);
}

TEST(Split, AlexNetLike) {
  const Network network = alexnet_like(1);
  const Split parts = split(unshared(network));
  EXPECT_EQ(parts.network.cut, "pool2_out");
  EXPECT_EQ(engine_layers(network).count, 3U);
  EXPECT_FALSE(parts.network.back);
  expect_same_function(without_softmax(network), parts);
}

TEST(Split, BranchesInFront) {
  const Network network = branches(1);
  const Split parts = split(unshared(network));
  EXPECT_EQ(parts.network.cut, "mean_out");
  expect_same_function(network, parts);
}

TEST(Split, SqueezeNetLike) {
  // Without a ReLU the average comes first, and one vector is left; of a padded map, too.
  for (const int64_t pad : {0, 1}) {
    const Network linear = squeezenet_like(false, pad, 1);
    const Split parts = split(unshared(linear));
    EXPECT_EQ(parts.network.cut, "conv10_out.average");
    EXPECT_EQ(parts.network.shape, (Shape{1, 6, 1, 1}));
    EXPECT_EQ(parts.network.positions, 1U);
    EXPECT_FALSE(parts.network.back);
    expect_same_function(without_softmax(linear), parts);

    const Network rectified = squeezenet_like(true, pad, 1);
    const Split per_position = split(unshared(rectified));
    const int64_t side = 4 + 2 * pad;
    EXPECT_EQ(per_position.network.cut, pad == 0 ? "concat_out" : "conv10_out.pad");
    EXPECT_EQ(per_position.network.shape, (Shape{1, 6, side, side}));
    EXPECT_EQ(per_position.network.positions, static_cast<uint32_t>(side * side));
    ASSERT_TRUE(per_position.network.back);
    EXPECT_EQ(per_position.network.back->nodes.size(), 2U);
    EXPECT_NE(per_position.network.reason.find("once for each of"), std::string::npos);
    expect_same_function(without_softmax(rectified), per_position);
  }
}

TEST(Split, OtherFunctions) {
  // Behind the last layer: on the host. Between layers: what stands before, too.
  Network last = small_chain({6, 5, 4}, 1);
  last.task = Task::kRegression;
  add_node(last, Op::kSigmoid, "squash");
  const Split parts = split(unshared(last));
  EXPECT_EQ(parts.network.cut, "input");
  ASSERT_TRUE(parts.network.back);
  EXPECT_EQ(parts.network.back->nodes.front().op, Op::kSigmoid);
  expect_same_function(last, parts);

  Network between = small_chain({6, 5, 5, 4}, 1);
  between.nodes[1].op = Op::kTanh;
  const Split later = split(unshared(between));
  EXPECT_EQ(later.network.cut, "ip1_relu_out");
  EXPECT_EQ(engine_layers(between).count, 2U);
  expect_same_function(between, later);
}

TEST(Split, LayersPerPositionWithoutAnythingInFront) {
  Network network;
  network.name = "pixels";
  network.input_shape = {1, 3, 2, 4};
  network.task = Task::kRegression;
  add_parameter(network, "w", {5, 3, 1, 1}, 1, 1);
  add_parameter(network, "b", {5}, 1, 1);
  add_node(network, Op::kConv, "conv", {"w", "b"});
  add_node(network, Op::kRelu, "relu");
  const Split parts = split(unshared(network));
  EXPECT_EQ(parts.network.cut, "input");
  EXPECT_EQ(parts.network.positions, 8U);
  EXPECT_FALSE(parts.network.is_plain());
  expect_same_function(network, parts);
}

TEST(Split, Refusals) {
  Network network = small_conv(8, 1);
  network.nodes.resize(3);
  network.parameters.resize(2);
  network.output = network.nodes.back().output;
  const auto refusal = [](const Network& refused, const std::string& cut = "") {
    return error_of([&] { split(unshared(refused), cut); });
  };
  EXPECT_EQ(refusal(network),
            "conv: the sparse engine runs fully connected layers, and there are none in front of "
            "the output: the last nodes are 'conv1' (Conv), 'relu1' (Relu), 'pool1' (MaxPool); the "
            "matrix unit runs such networks (--target mxu)");
  EXPECT_EQ(error_of([&] { engine_layers(network); }), refusal(network));
  const Network whole = small_conv(8, 1);
  EXPECT_EQ(refusal(whole, "relu1_out"),
            "--cut relu1_out: behind it there is more than fully connected layers, expected one of "
            "pool1_out, flatten_out, relu2_out");
  EXPECT_EQ(refusal(whole, "nothing"),
            "--cut nothing: there is no value of this name, expected one of pool1_out, "
            "flatten_out, relu2_out");
  // A convolution in groups, with a stride, or of a part of the map, is no such layer.
  for (const int kind : {0, 1, 2}) {
    Network almost;
    almost.name = "almost";
    almost.input_shape = {1, 4, 4, 4};
    const int64_t kernel = kind == 2 ? 3 : 1;
    add_parameter(almost, "w", {4, kind == 0 ? 2 : 4, kernel, kernel}, 1, 1);
    Node& conv = add_node(almost, Op::kConv, "conv", {"w"});
    conv.window.kernel = {kernel, kernel};
    conv.group = kind == 0 ? 2 : 1;
    if (kind == 1) conv.window.stride = {2, 2};
    EXPECT_NE(refusal(almost).find("the last nodes are 'conv' (Conv)"), std::string::npos);
  }
}

TEST(Split, RandomGraphs) {
  for_seeds(40, [](uint64_t seed) {
    RandomGraphOptions options;
    options.classes = 5;
    const Network network = random_graph(seed, options);
    const std::string text = error_of([&] { split(unshared(network)); });
    ASSERT_EQ(text, "no error");
    expect_same_function(without_softmax(network), split(unshared(network)));
  });
}

// Codes stay with their parameters.
TEST(Split, SharedWeights) {
  const Network network = small_conv(8, 1);
  const SharedNetwork shared = share_weights(network);
  const Split parts = split(shared);
  EXPECT_EQ(parts.network.front->parameters[0].code, shared.parameters[0].code);
  EXPECT_EQ(parts.tail.parameters[0].codebook, shared.parameters[2].codebook);
  expect_same_function(shared.decode(), parts);
}

}  // namespace
}  // namespace sparsys
