// SPDX-License-Identifier: Apache-2.0
#include "golden/network/network.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>

#include "golden/base/error.hpp"
#include "golden/base/stop.hpp"
#include "tb/support/error_of.hpp"

namespace sparsys {
namespace {

Parameter parameter(const std::string& name, const Shape& shape) {
  Parameter p{name, shape, {}};
  for (int64_t i = 0; i < element_count(shape); ++i) p.values.push_back(static_cast<float>(i));
  return p;
}

Node node(Op op, const std::string& name, std::vector<std::string> inputs,
          const std::string& output) {
  Node n;
  n.op = op;
  n.name = name;
  n.inputs = std::move(inputs);
  n.output = output;
  return n;
}

// Every operator once: conv, pool, a residual add, flatten, gemm, reshape, matmul with bias.
Network example() {
  Network net;
  net.name = "net";
  net.input_shape = {1, 2, 7, 8};
  Node conv = node(Op::kConv, "conv", {"input", "cw", "cb"}, "c");
  conv.window.kernel = {3, 2};
  conv.window.stride = {2, 1};
  conv.window.dilation = {1, 2};
  conv.window.pad = {1, 0, 2, 1};
  conv.group = 2;
  Node pool = node(Op::kMaxPool, "pool", {"r"}, "p");
  pool.window.kernel = {2, 2};
  pool.window.stride = {2, 2};
  pool.window.ceil_mode = true;
  Node gemm = node(Op::kGemm, "gemm", {"f", "gw", "gb"}, "g");
  gemm.trans_b = true;
  Node reshape = node(Op::kReshape, "reshape", {"g", "shape"}, "s");
  reshape.shape = {0, 3, -1};
  Node back = node(Op::kReshape, "", {"s", "shape2"}, "t");
  back.shape = {1, -1};
  net.nodes = {conv,
               node(Op::kRelu, "relu", {"c"}, "r"),
               pool,
               node(Op::kAdd, "twice", {"p", "p"}, "a"),
               node(Op::kFlatten, "", {"a"}, "f"),
               gemm,
               reshape,
               back,
               node(Op::kMatMul, "", {"t", "mw"}, "m"),
               node(Op::kAdd, "", {"mb", "m"}, "n"),
               node(Op::kSoftmax, "prob", {"n"}, "output")};
  net.parameters = {parameter("cw", {4, 1, 3, 2}), parameter("cb", {4}),
                    parameter("gw", {6, 32}),      parameter("gb", {1, 6}),
                    parameter("mw", {6, 5}),       parameter("mb", {1, 5})};
  return net;
}

TEST(Network, ShapesOfAllOperators) {
  const std::vector<Shape> shapes = infer_shapes(example());
  // Conv: (7 + 3 - 3) / 2 + 1 = 4 and (8 + 1 - 3) / 1 + 1 = 7; pool of 7: ceil(5 / 2) + 1 = 4.
  const std::vector<Shape> expected{{1, 2, 7, 8}, {1, 4, 4, 7}, {1, 4, 4, 7}, {1, 4, 2, 4},
                                    {1, 4, 2, 4}, {1, 32},      {1, 6},       {1, 3, 2},
                                    {1, 6},       {1, 5},       {1, 5},       {1, 5}};
  EXPECT_EQ(shapes, expected);
}

TEST(Network, LayersAndMultiplications) {
  const Network net = example();
  const std::vector<Layer> found = layers(net);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].name, "conv");
  EXPECT_EQ(found[0].outputs, 4);
  EXPECT_EQ(found[0].inputs, 6);
  EXPECT_EQ(found[0].bias, 1);
  EXPECT_FALSE(found[0].columns_first);
  EXPECT_EQ(found[1].name, "gemm");
  EXPECT_EQ(found[1].node, 5U);
  EXPECT_EQ(found[1].weights, 2U);
  EXPECT_EQ(found[1].bias, 3);
  EXPECT_FALSE(found[1].columns_first);
  EXPECT_EQ(found[2].name, "mw");
  EXPECT_EQ(found[2].bias, 5);
  EXPECT_TRUE(found[2].columns_first);
  EXPECT_EQ(multiplications(net), 4U * 4 * 7 * 6 + 32 * 6 + 6 * 5);
}

// Depthwise: the channels of the group alone. Transposed: every input spreads over a window.
TEST(Network, MultiplicationsOfGroupsAndTransposed) {
  Network net;
  net.name = "net";
  net.input_shape = {1, 6, 5, 4};
  Node depthwise = node(Op::kConv, "depthwise", {"input", "dw"}, "d");
  depthwise.window.kernel = {3, 3};
  depthwise.window.pad = {1, 1, 1, 1};
  depthwise.group = 6;
  Node up = node(Op::kConvTranspose, "up", {"d", "uw", "ub"}, "output");
  up.window.kernel = {2, 2};
  up.window.stride = {2, 2};
  up.group = 2;
  net.nodes = {depthwise, up};
  net.parameters = {parameter("dw", {6, 1, 3, 3}), parameter("uw", {6, 4, 2, 2}),
                    parameter("ub", {8})};
  EXPECT_EQ(infer_shapes(net)[2], (Shape{1, 8, 10, 8}));
  const std::vector<Layer> found = layers(net);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].inputs, 9);
  EXPECT_EQ(found[0].outputs, 6);
  EXPECT_EQ(found[1].inputs, 6);
  EXPECT_EQ(found[1].outputs, 4 * 2 * 2);
  EXPECT_TRUE(found[1].columns_first);
  EXPECT_EQ(found[1].bias, 2);
  EXPECT_EQ(layer_multiplications(net), (std::vector<uint64_t>{6 * 5 * 4 * 9, 6 * 5 * 4 * 16}));
  EXPECT_EQ(multiplications(net), 6U * 5 * 4 * 25);
}

TEST(Network, BiasIsThatOfAnAddOfOneValuePerOutputOnly) {
  Network net = example();
  net.nodes[0].inputs.pop_back();
  net.nodes[1].inputs = {"d"};
  net.nodes.insert(net.nodes.begin() + 1, node(Op::kAdd, "", {"c", "cb"}, "d"));
  net.parameters[1] = parameter("cb", {4, 1, 1});
  EXPECT_EQ(layers(net)[0].bias, 1);
  net.parameters[1] = parameter("cb", {4, 1});  // added along rows: no bias of channels
  EXPECT_EQ(layers(net)[0].bias, -1);
  net.parameters[1] = parameter("cb", {7});
  EXPECT_EQ(layers(net)[0].bias, -1);
  net.parameters[1] = parameter("cb", {1, 4, 1, 1});
  EXPECT_EQ(layers(net)[0].bias, 1);
  // The sum without bias is used elsewhere too.
  net.nodes[2] = node(Op::kAdd, "", {"c", "d"}, "r");
  EXPECT_EQ(layers(net)[0].bias, -1);
}

TEST(Network, WeightMatrices) {
  Network net = example();
  for (const Layer& layer : layers(net)) {
    const Eigen::MatrixXf w = weight_matrix(net, layer);
    ASSERT_EQ(w.rows(), layer.outputs);
    ASSERT_EQ(w.cols(), layer.inputs);
    // Values are their own places.
    EXPECT_EQ(w(1, 0), layer.columns_first ? 1 : static_cast<float>(layer.inputs));
    EXPECT_EQ(w(0, 1), layer.columns_first ? static_cast<float>(layer.outputs) : 1);
    const Network before = net;
    set_weight_matrix(net, layer, w * 2);
    EXPECT_EQ(net.parameters[layer.weights].values[7],
              2 * before.parameters[layer.weights].values[7]);
    EXPECT_EQ(weight_matrix(net, layer), w * 2);
    EXPECT_THROW(set_weight_matrix(net, layer, w.transpose()), Error);
    Layer wrong = layer;
    ++wrong.inputs;
    EXPECT_THROW(weight_matrix(net, wrong), Error);
  }
}

TEST(Network, Find) {
  Network net = example();
  ASSERT_NE(net.find("gw"), nullptr);
  EXPECT_EQ(net.find("gw"), &net.parameters[2]);
  EXPECT_EQ(net.find("input"), nullptr);
}

TEST(Network, ShapeHelpers) {
  EXPECT_EQ(to_string(Shape{1, 20, 24, 24}), "[1, 20, 24, 24]");
  EXPECT_EQ(to_string(Shape{}), "[]");
  EXPECT_EQ(element_count({}), 1);
  EXPECT_EQ(element_count({3, 0, int64_t{1} << 38}), 0);
  EXPECT_EQ(element_count({int64_t{1} << 40}), int64_t{1} << 40);
  EXPECT_THROW(element_count({int64_t{1} << 40, 2}), Error);
  EXPECT_THROW(element_count({int64_t{1} << 62, int64_t{1} << 62}), Error);
  EXPECT_THROW(element_count({0, -1}), Error);
  EXPECT_STREQ(to_string(Op::kMaxPool), "MaxPool");
  EXPECT_STREQ(to_string(Op::kAveragePool), "AveragePool");
}

// Windows that would begin in the padding on the right are none (as ONNX has it since 1.16).
TEST(Network, CeilMode) {
  Network net;
  net.name = "net";
  Node pool = node(Op::kMaxPool, "", {"input"}, "output");
  pool.window.kernel = {1, 2};
  pool.window.stride = {3, 2};
  pool.window.ceil_mode = true;
  net.nodes = {pool};
  net.input_shape = {1, 1, 3, 5};
  EXPECT_EQ(infer_shapes(net)[1], (Shape{1, 1, 1, 3}));
  net.nodes[0].window.ceil_mode = false;
  EXPECT_EQ(infer_shapes(net)[1], (Shape{1, 1, 1, 2}));
}

TEST(Network, ErrorsNameTheirPlace) {
  const auto expect = [](const std::string& text, const std::function<void(Network&)>& damage) {
    Network net = example();
    damage(net);
    EXPECT_NE(error_of([&] { infer_shapes(net); }).find(text), std::string::npos)
        << "got '" << error_of([&] { infer_shapes(net); }) << "', expected '" << text << "'";
  };
  expect("net: no nodes", [](Network& n) { n.nodes.clear(); });
  expect("net: node 'conv' (Conv): input has shape [1, 2, 7], expected 4 dimensions",
         [](Network& n) {
           n.input_shape = {1, 2, 7};
         });
  expect("net: input shape [2, 2, 7, 8], expected 1 as its first dimension",
         [](Network& n) { n.input_shape[0] = 2; });
  expect("net: input shape [1, 2, 0, 8], expected sizes of at least 1",
         [](Network& n) { n.input_shape[2] = 0; });
  expect("expected at most 268435456 elements",
         [](Network& n) { n.input_shape[2] = int64_t{1} << 62; });
  expect("node 'conv' (Conv): parameter 'cw' has shape [4, 1, 3, 2], expected [4, 1, 3, 3]",
         [](Network& n) { n.nodes[0].window.kernel[1] = 3; });
  expect("group 3, expected a divisor of the 2 input and 4 output channels",
         [](Network& n) { n.nodes[0].group = 3; });
  expect("group 0", [](Network& n) { n.nodes[0].group = 0; });
  expect("stride 0, expected 1", [](Network& n) { n.nodes[0].window.stride[0] = 0; });
  expect("padding -1", [](Network& n) { n.nodes[0].window.pad[3] = -1; });
  expect("kernel of 41 is larger than the padded input of 9",
         [](Network& n) { n.nodes[0].window.dilation[1] = 40; });
  expect("parameter 'cb' has shape [3], expected [4]",
         [](Network& n) { n.parameters[1] = parameter("cb", {3}); });
  expect("node 'pool' (MaxPool): a window lies in the padding alone", [](Network& n) {
    n.nodes[2].window.pad = {3, 0, 0, 0};
  });
  expect("node 'pool' (AveragePool): a window lies in the padding alone", [](Network& n) {
    n.nodes[2].op = Op::kAveragePool;
    n.nodes[2].window.pad = {3, 0, 0, 0};
  });
  expect("node 'pool' (AveragePool): dilation [1, 2], expected [1, 1]", [](Network& n) {
    n.nodes[2].op = Op::kAveragePool;
    n.nodes[2].window.dilation = {1, 2};
  });
  expect("node 'relu' (Sigmoid): 2 inputs, expected 1", [](Network& n) {
    n.nodes[1].op = Op::kSigmoid;
    n.nodes[1].inputs = {"c", "c"};
  });
  expect("node 'gemm' (Gemm): parameter 'gw' has shape [6, 32], expected 32 in dimension 0",
         [](Network& n) { n.nodes[5].trans_b = false; });
  expect("node 'gemm' (Gemm): parameter 'gb' has shape [5], expected one that broadcasts to [1, 6]",
         [](Network& n) { n.parameters[3] = parameter("gb", {5}); });
  expect("alpha or beta is not finite", [](Network& n) { n.nodes[5].alpha = NAN; });
  expect("node 9 (MatMul): input 2 is 't', expected a parameter",
         [](Network& n) { n.nodes[8].inputs[1] = "t"; });
  expect("node 10 (Add): inputs have shapes [1, 6] and [1, 5], expected values of one shape",
         [](Network& n) { n.nodes[9].inputs[0] = "t"; });
  expect("node 10 (Add): both inputs are parameters",
         [](Network& n) { n.nodes[9].inputs[1] = "gb"; });
  expect("input 1 is parameter 'cw', expected a value",
         [](Network& n) { n.nodes[1].inputs[0] = "cw"; });
  expect("node 'relu' (Relu): input 'p' is not made by a node before it",
         [](Network& n) { n.nodes[1].inputs[0] = "p"; });
  expect("2 inputs, expected 1", [](Network& n) { n.nodes[1].inputs = {"c", "c"}; });
  expect("1 input, expected 2 or 3", [](Network& n) { n.nodes[0].inputs = {"input"}; });
  expect("node 5 (Flatten): axis 2, expected 1", [](Network& n) { n.nodes[4].axis = 2; });
  expect("shape [0, 4, -1] does not fit an input of [1, 6]", [](Network& n) {
    n.nodes[6].shape = {0, 4, -1};
  });
  expect("more than one -1", [](Network& n) { n.nodes[6].shape = {-1, 3, -1}; });
  expect("has a 0 where the input has no dimension", [](Network& n) {
    n.nodes[6].shape = {1, -1, 0};
  });
  expect("does not fit", [](Network& n) { n.nodes[6].shape = {1, 6, -7}; });
  expect("does not fit", [](Network& n) {
    n.nodes[6].shape = {int64_t{1} << 62, int64_t{1} << 62};
  });
  expect("mixes samples", [](Network& n) { n.nodes[7].shape = {6}; });
  expect("the shape 'gw' is a value or parameter", [](Network& n) { n.nodes[6].inputs[1] = "gw"; });
  expect("node 'prob' (Softmax): axis 0 of an input of [1, 5], expected a dimension behind",
         [](Network& n) { n.nodes[10].axis = 0; });
  expect("axis 2 of an input of [1, 5]", [](Network& n) { n.nodes[10].axis = 2; });
  expect("axis -2 of an input of [1, 5]", [](Network& n) { n.nodes[10].axis = -2; });
  expect("net: output is 'x', expected 'output', which the last node makes",
         [](Network& n) { n.output = "x"; });
  expect("net: value 'r' is not used", [](Network& n) { n.nodes[2].inputs[0] = "c"; });
  expect("net: parameter 'cb' is not used", [](Network& n) { n.nodes[0].inputs.pop_back(); });
  expect("net: parameter 'cw' is defined twice",
         [](Network& n) { n.parameters.push_back(n.parameters[0]); });
  expect("output 'c' is made or defined twice", [](Network& n) { n.nodes[1].output = "c"; });
  expect("output 'cw' is made or defined twice", [](Network& n) { n.nodes[1].output = "cw"; });
  expect("has no name", [](Network& n) { n.nodes[1].output = ""; });
  expect("parameter 'gw' has 191 values, expected 192 for shape [6, 32]",
         [](Network& n) { n.parameters[2].values.pop_back(); });
  expect("parameter 'gw': value 5 is not finite",
         [](Network& n) { n.parameters[2].values[5] = std::numeric_limits<float>::infinity(); });
  expect("input scale or offset is not finite", [](Network& n) { n.input_offset = NAN; });
}

TEST(Stop, RequestIsKeptUntilCleared) {
  clear_stop();
  EXPECT_FALSE(stop_requested());
  request_stop();
  EXPECT_TRUE(stop_requested());
  EXPECT_TRUE(stop_requested());
  clear_stop();
  EXPECT_FALSE(stop_requested());
}

}  // namespace
}  // namespace sparsys
