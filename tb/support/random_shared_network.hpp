// SPDX-License-Identifier: Apache-2.0
// Networks with shared weights for tests, from seeds.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "golden/base/random.hpp"
#include "golden/network/shared_network.hpp"

namespace sparsys {

inline Node& add_node(Network& network, Op op, const char* name, std::vector<std::string> inputs,
                      const char* output) {
  network.nodes.emplace_back();
  Node& node = network.nodes.back();
  node.op = op;
  node.name = name;
  node.inputs = std::move(inputs);
  node.output = output;
  network.output = output;
  return node;
}

inline void add_parameter(SharedNetwork& network, const char* name, Shape shape,
                          SharedParameter shared) {
  network.network.parameters.push_back({name, std::move(shape), {}});
  network.parameters.push_back(std::move(shared));
}

// `values` values, the first of them 0; a share of the codes is not 0.
inline SharedParameter random_codes(Random& random, const Shape& shape, size_t values,
                                    double density) {
  SharedParameter shared;
  shared.codebook.push_back(0);
  while (shared.codebook.size() < values) {
    const float value = random.normal();
    if (value != 0) shared.codebook.push_back(value);
  }
  std::sort(shared.codebook.begin() + 1, shared.codebook.end());
  for (int64_t i = element_count(shape); i > 0; --i) {
    const bool kept = values > 1 && random.uniform() < density;
    shared.code.push_back(static_cast<uint8_t>(kept ? 1 + random.below(values - 1) : 0));
  }
  return shared;
}

// One layer without bias.
inline SharedNetwork one_layer(int64_t outputs, int64_t inputs, SharedParameter shared) {
  SharedNetwork network;
  network.network.name = "n";
  network.network.input = "x";
  network.network.input_shape = {1, inputs};
  add_node(network.network, Op::kGemm, "", {"x", "w"}, "y").trans_b = true;
  add_parameter(network, "w", {outputs, inputs}, std::move(shared));
  return network;
}

inline SharedNetwork random_layer_network(uint64_t seed, int64_t outputs, int64_t inputs,
                                          size_t values, double density) {
  Random random(seed, 30);
  return one_layer(outputs, inputs, random_codes(random, {outputs, inputs}, values, density));
}

// Of LeNet-5's kind, of any size, with fields at their defaults and not.
inline SharedNetwork random_shared_network(uint64_t seed) {
  Random random(seed, 31);
  const auto size = [&](int most) {
    return static_cast<int64_t>(1 + random.below(static_cast<uint64_t>(most)));
  };
  const auto coin = [&] { return random.below(2) == 0; };
  const auto density = [&] { return coin() ? random.uniform() : 0.1 * random.uniform(); };
  const auto values = [&] { return static_cast<size_t>(1 + random.below(coin() ? 16 : 256)); };
  SharedNetwork shared;
  Network& network = shared.network;
  network.name = coin() ? "net" : "";
  network.origin = coin() ? "two\nlines \xC3\xA9" : "";
  network.input = "image";
  const int64_t channels = size(3);
  network.input_shape = {1, channels, 9, 9};
  if (coin()) network.input_scale = random.normal();
  if (coin()) network.input_offset = coin() ? -0.0F : random.normal();
  const auto parameter = [&](const char* name, const Shape& shape) {
    add_parameter(shared, name, shape, random_codes(random, shape, values(), density()));
  };
  const auto bias = [&](const char* name, const Shape& shape) {
    parameter(name, shape);
    SharedParameter& codes = shared.parameters.back();
    const uint64_t kind = random.below(3);
    if (kind == 0) codes.codebook[0] = coin() ? -0.0F : 0.5F;
    if (kind != 1) return;
    std::vector<float>& own = network.parameters.back().values;
    for (const uint8_t code : codes.code) own.push_back(codes.codebook[code]);
    codes = SharedParameter();
  };
  const int64_t maps = size(6);
  Node& conv =
      add_node(network, Op::kConv, coin() ? "conv" : "", {"image", "conv.w", "conv.b"}, "c");
  conv.window.kernel = {3, 2};
  if (coin()) conv.window.stride = {2, 1};
  if (coin()) conv.window.pad = {1, 0, 2, 3};
  parameter("conv.w", {maps, channels, 3, 2});
  bias("conv.b", {maps});
  const Op functions[] = {Op::kRelu, Op::kSigmoid, Op::kTanh};
  if (coin()) add_node(network, functions[random.below(3)], "", {"c"}, "r");
  Node& pool =
      add_node(network, coin() ? Op::kMaxPool : Op::kAveragePool, "pool", {network.output}, "p");
  pool.window.kernel = pool.window.stride = {2, 2};
  pool.window.ceil_mode = coin();
  if (coin()) {
    add_node(network, Op::kFlatten, "", {"p"}, "f");
  } else {
    add_node(network, Op::kReshape, "", {"p", "shape"}, "f").shape = {1, -1};
  }
  const int64_t flat = infer_shapes(network, true).back()[1];
  const int64_t hidden = size(30);
  Node& fc = add_node(network, Op::kGemm, "fc", {"f", "fc.w", "fc.b"}, "h");
  fc.trans_b = coin();
  if (coin()) fc.alpha = 0.5F;
  if (coin()) fc.beta = -2;
  parameter("fc.w", fc.trans_b ? Shape{hidden, flat} : Shape{flat, hidden});
  bias("fc.b", {hidden});
  const int64_t outputs = size(10);
  add_node(network, Op::kMatMul, "last", {"h", "last.w"}, "m");
  parameter("last.w", {hidden, outputs});
  if (coin()) {
    add_node(network, Op::kAdd, "", {"m", "last.b"}, "y");
    bias("last.b", {outputs});
  }
  if (coin()) add_node(network, Op::kSoftmax, "", {network.output}, "s").axis = coin() ? -1 : 1;
  // A field that its operator does not have is kept too.
  if (coin()) network.nodes.back().group = 3;
  return shared;
}

// A chain of nodes with names as exporters give them, and hardly any weights.
inline SharedNetwork many_small_nodes(int64_t nodes) {
  SharedNetwork shared;
  Network& network = shared.network;
  network.name = "unrolled";
  network.input = "input";
  network.input_shape = {1, 4};
  network.output = network.input;
  for (int64_t n = 0; n < nodes; ++n) {
    Node node;
    node.op = n % 3 == 0 ? Op::kMul : n % 3 == 1 ? Op::kSigmoid : Op::kTanh;
    node.name = "/layers/lstm/step_" + std::to_string(n);
    node.inputs = {network.output};
    if (node.op == Op::kMul) {
      network.parameters.push_back(
          {node.name + "_factor", {4}, {1, 2, 0.5F, static_cast<float>(n)}});
      node.inputs.push_back(network.parameters.back().name);
    }
    node.output = network.output = node.name + "_output_0";
    network.nodes.push_back(std::move(node));
  }
  shared.parameters.resize(network.parameters.size());
  return shared;
}

}  // namespace sparsys
