// SPDX-License-Identifier: Apache-2.0
// The networks of MLPerf Tiny's shapes in floating point, with random weights: MobileNetV1 x 0.25
// on 3 x 96 x 96, ResNet-8, DS-CNN, and an autoencoder 640-128x4-8-128x4-640.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <string>

#include "tb/support/mxu/tiny_shapes.hpp"
#include "tb/support/small_networks.hpp"

namespace sparsys::mxu::test {

// Layers one after the other; where padding makes sizes SAME, as in the int8 networks.
class TinyNetworkBuilder {
 public:
  TinyNetworkBuilder(const char* name, Shape input, uint64_t seed) : seed_(seed) {
    network.name = name;
    network.input_shape = std::move(input);
  }

  std::string value() const { return network.nodes.empty() ? network.input : network.output; }

  void conv(int64_t inputs, int64_t outputs, std::array<int64_t, 2> kernel, int64_t stride,
            int64_t group = 1) {
    const std::string name = next("conv");
    const int64_t terms = inputs / group * kernel[0] * kernel[1];
    add_parameter(network, name + ".w", {outputs, inputs / group, kernel[0], kernel[1]},
                  std::sqrt(2.0F / static_cast<float>(terms)), seed_);
    add_parameter(network, name + ".b", {outputs}, 0.1F, seed_);
    Node& node = add_node(network, Op::kConv, name, {name + ".w", name + ".b"});
    node.group = group;
    node.window.kernel = kernel;
    node.window.stride = {stride, stride};
    for (size_t d = 0; d < 2; ++d) {
      node.window.pad[d] = (kernel[d] - 1) / 2;
      node.window.pad[d + 2] = kernel[d] / 2;
    }
  }
  void function(Op op) {
    Node& node = add_node(network, op, next("function"));
    if (op != Op::kClip) return;
    node.alpha = 0;
    node.beta = 6;
  }
  void separable(int64_t inputs, int64_t outputs, int64_t stride, Op op) {
    conv(inputs, inputs, {3, 3}, stride, inputs);
    function(op);
    conv(inputs, outputs, {1, 1}, 1);
    function(op);
  }
  void dense(int64_t inputs, int64_t outputs) {
    const std::string name = next("dense");
    add_parameter(network, name + ".w", {outputs, inputs},
                  std::sqrt(2.0F / static_cast<float>(inputs)), seed_);
    add_parameter(network, name + ".b", {outputs}, 0.1F, seed_);
    add_node(network, Op::kGemm, name, {name + ".w", name + ".b"}).trans_b = true;
  }
  // Average of the whole map, and scores.
  void finish(std::array<int64_t, 2> map, int64_t channels, int64_t classes) {
    Node& pool = add_node(network, Op::kAveragePool, next("pool"));
    pool.window.kernel = pool.window.stride = map;
    add_node(network, Op::kFlatten, next("flatten"));
    dense(channels, classes);
  }

  sparsys::Network network;

 private:
  std::string next(const char* kind) { return kind + std::to_string(network.nodes.size()); }

  uint64_t seed_;
};

inline sparsys::Network mobilenet(uint64_t seed) {
  TinyNetworkBuilder b("MobileNetV1_025", {1, 3, 96, 96}, seed);
  b.conv(3, 8, {3, 3}, 2);
  b.function(Op::kClip);
  int64_t inputs = 8;
  for (const auto& [stride, outputs] : kMobilenetLayers) {
    b.separable(inputs, outputs, stride, Op::kClip);
    inputs = outputs;
  }
  b.finish({3, 3}, 256, 2);
  return std::move(b.network);
}

inline sparsys::Network resnet(uint64_t seed) {
  TinyNetworkBuilder b("ResNet_8", {1, 3, 32, 32}, seed);
  b.conv(3, 16, {3, 3}, 1);
  b.function(Op::kRelu);
  int64_t inputs = 16;
  for (const int64_t channels : kResnetBlocks) {
    const std::string from = b.value();
    const int64_t stride = channels == 16 ? 1 : 2;
    b.conv(inputs, channels, {3, 3}, stride);
    b.function(Op::kRelu);
    b.conv(channels, channels, {3, 3}, 1);
    const std::string body = b.value();
    std::string shortcut = from;
    if (stride == 2) {
      b.conv(inputs, channels, {1, 1}, 2);
      b.network.nodes.back().inputs[0] = from;
      shortcut = b.value();
    }
    add_node(b.network, Op::kAdd, "sum" + std::to_string(channels)).inputs = {shortcut, body};
    b.function(Op::kRelu);
    inputs = channels;
  }
  b.finish({8, 8}, 64, 10);
  return std::move(b.network);
}

inline sparsys::Network ds_cnn(uint64_t seed) {
  TinyNetworkBuilder b("DS_CNN", {1, 1, 49, 10}, seed);
  b.conv(1, 64, {10, 4}, 2);
  b.function(Op::kRelu);
  for (int layer = 0; layer < 4; ++layer) b.separable(64, 64, 1, Op::kRelu);
  b.finish({25, 5}, 64, 12);
  return std::move(b.network);
}

inline sparsys::Network autoencoder(uint64_t seed) {
  TinyNetworkBuilder b("Autoencoder", {1, 640}, seed);
  int64_t inputs = 640;
  for (const int64_t outputs : kAutoencoderLayers) {
    b.dense(inputs, outputs);
    b.function(Op::kRelu);
    inputs = outputs;
  }
  b.dense(128, 640);
  b.network.task = Task::kRegression;
  return std::move(b.network);
}

}  // namespace sparsys::mxu::test
