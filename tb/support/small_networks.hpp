// SPDX-License-Identifier: Apache-2.0
// Networks of a few layers for tests.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "golden/base/random.hpp"
#include "golden/network/network.hpp"

namespace sparsys {

// Adds a parameter of normal values.
inline std::string add_parameter(Network& network, const std::string& name, const Shape& shape,
                                 float deviation, uint64_t seed) {
  Random random(seed, network.parameters.size());
  Parameter parameter{name, shape, {}};
  for (int64_t i = 0; i < element_count(shape); ++i) {
    parameter.values.push_back(deviation * random.normal());
  }
  network.parameters.push_back(parameter);
  return name;
}

// Adds a node that takes the last value.
inline Node& add_node(Network& network, Op op, const std::string& name,
                      std::vector<std::string> more = {}) {
  Node node;
  node.op = op;
  node.name = name;
  node.inputs = {network.nodes.empty() ? network.input : network.nodes.back().output};
  node.inputs.insert(node.inputs.end(), more.begin(), more.end());
  node.output = name + "_out";
  network.nodes.push_back(node);
  network.output = node.output;
  return network.nodes.back();
}

// Fully connected: Gemm with weights [outputs, inputs], ip1, ip2, ...; ReLU between.
inline Network small_chain(const std::vector<int64_t>& sizes, uint64_t seed) {
  Network network;
  network.name = "chain";
  network.input_shape = {1, sizes[0]};
  for (size_t l = 0; l + 1 < sizes.size(); ++l) {
    const std::string name = "ip" + std::to_string(l + 1);
    const float deviation = std::sqrt(2.0F / static_cast<float>(sizes[l]));
    add_parameter(network, name + ".weight", {sizes[l + 1], sizes[l]}, deviation, seed);
    add_parameter(network, name + ".bias", {sizes[l + 1]}, 0.05F, seed);
    add_node(network, Op::kGemm, name, {name + ".weight", name + ".bias"}).trans_b = true;
    if (l + 2 < sizes.size()) add_node(network, Op::kRelu, name + "_relu");
  }
  return network;
}

// Images of `size` x `size`: conv1 (4 channels, 3x3), ReLU, 2x2 pooling, ip1 (Gemm, 16 outputs),
// ReLU, ip2 (MatMul and Add, 10 outputs).
inline Network small_conv(int64_t size, uint64_t seed) {
  Network network;
  network.name = "conv";
  network.input_shape = {1, 1, size, size};
  add_parameter(network, "conv1.weight", {4, 1, 3, 3}, 0.4F, seed);
  add_parameter(network, "conv1.bias", {4}, 0.05F, seed);
  add_node(network, Op::kConv, "conv1", {"conv1.weight", "conv1.bias"}).window.kernel = {3, 3};
  add_node(network, Op::kRelu, "relu1");
  Node& pool = add_node(network, Op::kMaxPool, "pool1");
  pool.window.kernel = {2, 2};
  pool.window.stride = {2, 2};
  add_node(network, Op::kFlatten, "flatten");
  const int64_t inputs = 4 * ((size - 2) / 2) * ((size - 2) / 2);
  add_parameter(network, "ip1.weight", {16, inputs}, std::sqrt(2.0F / static_cast<float>(inputs)),
                seed);
  add_parameter(network, "ip1.bias", {16}, 0.05F, seed);
  add_node(network, Op::kGemm, "ip1", {"ip1.weight", "ip1.bias"}).trans_b = true;
  add_node(network, Op::kRelu, "relu2");
  add_parameter(network, "ip2.weight", {16, 10}, 0.35F, seed);
  add_parameter(network, "ip2.bias", {10}, 0.05F, seed);
  add_node(network, Op::kMatMul, "ip2", {"ip2.weight"});
  add_node(network, Op::kAdd, "ip2_bias", {"ip2.bias"});
  return network;
}

// Every operator but Softmax, no field of the convolution at its default.
inline Network every_operator_network() {
  Network network;
  network.name = "tiny";
  network.origin = "by hand\nin two lines, Zürich";
  network.input = "image";
  network.input_shape = {1, 1, 6, 6};
  network.output = "logits";
  network.input_scale = 0.1F;
  network.input_offset = -0.0F;
  const auto node = [&](Op op, const char* name, std::vector<std::string> inputs,
                        const char* output) -> Node& {
    network.nodes.emplace_back();
    Node& made = network.nodes.back();
    made.op = op;
    made.name = name;
    made.inputs = std::move(inputs);
    made.output = output;
    return made;
  };
  const auto parameter = [&](const char* name, Shape shape) {
    std::vector<float> values(static_cast<size_t>(element_count(shape)));
    for (size_t i = 0; i < values.size(); ++i) values[i] = 0.125F * static_cast<float>(i) - 0.5F;
    network.parameters.push_back({name, std::move(shape), std::move(values)});
  };
  Node& conv = node(Op::kConv, "conv", {"image", "conv.w", "conv.b"}, "c");
  conv.window.kernel = {3, 2};
  conv.window.stride = {1, 2};
  conv.window.dilation = {2, 1};
  conv.window.pad = {1, 0, 0, 2};
  parameter("conv.w", {2, 1, 3, 2});
  parameter("conv.b", {2});
  node(Op::kRelu, "", {"c"}, "r");
  Node& pool = node(Op::kMaxPool, "pool", {"r"}, "p");
  pool.window.kernel = {2, 2};
  pool.window.stride = {2, 2};
  pool.window.ceil_mode = true;
  node(Op::kFlatten, "", {"p"}, "f");
  Node& gemm = node(Op::kGemm, "fc1", {"f", "fc1.w", "fc1.b"}, "h");
  gemm.trans_b = true;
  gemm.alpha = 0.5F;
  gemm.beta = -2;
  parameter("fc1.w", {3, 8});
  parameter("fc1.b", {3});
  network.parameters.back().values = {1, -0.0F, 1e-45F};
  node(Op::kReshape, "", {"h", "map"}, "t").shape = {1, 3, 1, 1};
  node(Op::kAveragePool, "mean", {"t"}, "a");
  node(Op::kSigmoid, "", {"a"}, "s");
  node(Op::kTanh, "", {"s"}, "u");
  node(Op::kFlatten, "", {"u"}, "v");
  node(Op::kMatMul, "fc2", {"v", "fc2.w"}, "m");
  parameter("fc2.w", {3, 2});
  node(Op::kAdd, "bias", {"m", "fc2.b"}, "logits").group = 3;
  parameter("fc2.b", {2});
  return network;
}

}  // namespace sparsys
