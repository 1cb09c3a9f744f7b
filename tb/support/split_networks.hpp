// SPDX-License-Identifier: Apache-2.0
// Small networks with convolutions in front of fully connected layers.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "golden/network/network.hpp"
#include "tb/support/small_networks.hpp"

namespace sparsys {

// Adds a layer of normal weights that keep the size of values, with biases.
inline Node& add_layer(Network& network, Op op, const std::string& name, Shape weights,
                       uint64_t seed) {
  const auto inputs = static_cast<float>(element_count(weights) / weights[0]);
  add_parameter(network, name + ".weight", weights, std::sqrt(2 / inputs), seed);
  add_parameter(network, name + ".bias", {weights[0]}, 0.05F, seed);
  Node& node = add_node(network, op, name, {name + ".weight", name + ".bias"});
  if (op == Op::kConv) node.window.kernel = {weights[2], weights[3]};
  node.trans_b = op == Op::kGemm;
  return node;
}

inline void add_pool(Network& network, const std::string& name) {
  Node& pool = add_node(network, Op::kMaxPool, name);
  pool.window.kernel = {2, 2};
  pool.window.stride = {2, 2};
}

// Two convolutions with pooling, Flatten, three fully connected layers, Softmax.
inline Network alexnet_like(uint64_t seed) {
  Network network;
  network.name = "alexnet";
  network.input_shape = {1, 3, 12, 12};
  Node& conv1 = add_layer(network, Op::kConv, "conv1", {8, 3, 3, 3}, seed);
  conv1.window.pad = {1, 1, 1, 1};
  add_node(network, Op::kRelu, "relu1");
  add_pool(network, "pool1");
  Node& conv2 = add_layer(network, Op::kConv, "conv2", {12, 4, 3, 3}, seed);
  conv2.window.pad = {1, 1, 1, 1};
  conv2.group = 2;
  add_node(network, Op::kRelu, "relu2");
  add_pool(network, "pool2");
  add_node(network, Op::kFlatten, "flatten");
  add_layer(network, Op::kGemm, "fc6", {40, 108}, seed);
  add_node(network, Op::kRelu, "relu6");
  add_layer(network, Op::kGemm, "fc7", {32, 40}, seed);
  add_node(network, Op::kRelu, "relu7");
  add_layer(network, Op::kGemm, "fc8", {10, 32}, seed);
  add_node(network, Op::kSoftmax, "prob");
  return network;
}

// A residual block, an average of the map, one layer.
inline Network branches(uint64_t seed) {
  Network network;
  network.name = "branches";
  network.input_shape = {1, 2, 6, 6};
  Node& first = add_layer(network, Op::kConv, "conv1", {6, 2, 3, 3}, seed);
  first.window.pad = {1, 1, 1, 1};
  add_node(network, Op::kRelu, "relu1");
  add_layer(network, Op::kConv, "conv2", {6, 6, 3, 3}, seed).window.pad = {1, 1, 1, 1};
  add_node(network, Op::kAdd, "sum", {"relu1_out"});
  add_node(network, Op::kRelu, "relu2");
  add_node(network, Op::kAveragePool, "mean").window.kernel = {6, 6};
  add_node(network, Op::kFlatten, "flatten");
  add_layer(network, Op::kGemm, "fc", {10, 6}, seed);
  return network;
}

// A fire module of two branches, the 1x1 convolution conv10, an average of the map, Softmax.
inline Network squeezenet_like(bool relu, int64_t pad, uint64_t seed) {
  Network network;
  network.name = "squeezenet";
  network.input_shape = {1, 1, 4, 4};
  add_layer(network, Op::kConv, "squeeze", {3, 1, 1, 1}, seed);
  add_node(network, Op::kRelu, "squeeze_relu");
  add_layer(network, Op::kConv, "expand1", {3, 3, 1, 1}, seed);
  Node& expand3 = add_layer(network, Op::kConv, "expand3", {3, 3, 3, 3}, seed);
  expand3.inputs[0] = "squeeze_relu_out";
  expand3.window.pad = {1, 1, 1, 1};
  add_node(network, Op::kConcat, "concat", {"expand1_out"});
  add_layer(network, Op::kConv, "conv10", {10, 6, 1, 1}, seed).window.pad = {pad, pad, pad, pad};
  if (relu) add_node(network, Op::kRelu, "relu10");
  add_node(network, Op::kAveragePool, "pool10").window.kernel = {4 + 2 * pad, 4 + 2 * pad};
  add_node(network, Op::kFlatten, "flatten");
  add_node(network, Op::kSoftmax, "prob").axis = -1;
  return network;
}

}  // namespace sparsys
