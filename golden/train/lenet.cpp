// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <string>

#include "golden/base/error.hpp"
#include "golden/base/random.hpp"
#include "golden/train/train.hpp"

namespace sparsys {
namespace {

// Appends nodes and parameters to a network, each behind the last.
class Builder {
 public:
  Builder(const std::string& name, Shape input, uint64_t seed) : seed_(seed) {
    network.name = name;
    network.input_shape = std::move(input);
  }

  void convolution(const std::string& name, int64_t outputs, int64_t inputs, int64_t kernel) {
    Node& node = layer(Op::kConv, name, {outputs, inputs, kernel, kernel});
    node.window.kernel = {kernel, kernel};
  }

  void connected(const std::string& name, int64_t outputs, int64_t inputs) {
    layer(Op::kGemm, name, {outputs, inputs}).trans_b = true;
  }

  Node& add(Op op, const std::string& name) {
    Node node;
    node.op = op;
    node.name = name;
    node.inputs = {network.nodes.empty() ? network.input : network.nodes.back().output};
    node.output = name;
    network.nodes.push_back(std::move(node));
    return network.nodes.back();
  }

  Network finish() {
    network.nodes.back().output = network.output;
    return std::move(network);
  }

  Network network;

 private:
  // Weights normal with variance 2 / inputs (He 2015), biases 0.
  Node& layer(Op op, const std::string& name, const Shape& shape) {
    Random random(seed_, network.parameters.size() / 2);
    Parameter weights{name + ".weight", shape, {}};
    const int64_t count = element_count(shape);
    const float scale = std::sqrt(2.0F * static_cast<float>(shape[0]) / static_cast<float>(count));
    weights.values.reserve(static_cast<size_t>(count));
    for (int64_t i = 0; i < count; ++i) weights.values.push_back(scale * random.normal());
    Parameter bias{name + ".bias", {shape[0]}, std::vector<float>(static_cast<size_t>(shape[0]))};
    Node& node = add(op, name);
    node.inputs.push_back(weights.name);
    node.inputs.push_back(bias.name);
    network.parameters.push_back(std::move(weights));
    network.parameters.push_back(std::move(bias));
    return node;
  }

  uint64_t seed_;
};

}  // namespace

Network make_lenet_300_100(size_t inputs, size_t outputs, uint64_t seed) {
  if (inputs == 0 || outputs == 0) {
    throw Error("lenet-300-100: no inputs or no outputs, expected at least 1");
  }
  const auto in = static_cast<int64_t>(inputs);
  Builder builder("lenet-300-100", {1, in}, seed);
  builder.connected("ip1", 300, in);
  builder.add(Op::kRelu, "relu1");
  builder.connected("ip2", 100, 300);
  builder.add(Op::kRelu, "relu2");
  builder.connected("ip3", static_cast<int64_t>(outputs), 100);
  return builder.finish();
}

Network make_lenet_5(const std::array<size_t, 3>& image, size_t outputs, uint64_t seed) {
  const auto planes = static_cast<int64_t>(image[0]);
  const auto rows = static_cast<int64_t>(image[1]);
  const auto cols = static_cast<int64_t>(image[2]);
  constexpr int64_t kLeast = 16;  // one position is left behind the second pooling
  if (planes < 1 || rows < kLeast || cols < kLeast || outputs == 0) {
    throw Error("lenet-5: samples of " + std::to_string(planes) + "x" + std::to_string(rows) + "x" +
                std::to_string(cols) +
                " values, expected images of at least 16x16 pixels (lenet-300-100 takes any)");
  }
  // What a 5x5 convolution and a 2x2 pooling leave.
  const auto halved = [](int64_t size) { return (size - 4) / 2; };
  const int64_t map = halved(halved(rows)) * halved(halved(cols));
  Builder builder("lenet-5", {1, planes, rows, cols}, seed);
  const auto pool = [&](const std::string& name) {
    Node& node = builder.add(Op::kMaxPool, name);
    node.window.kernel = {2, 2};
    node.window.stride = {2, 2};
  };
  builder.convolution("conv1", 20, planes, 5);
  pool("pool1");
  builder.convolution("conv2", 50, 20, 5);
  pool("pool2");
  builder.add(Op::kFlatten, "flatten");
  builder.connected("ip1", 500, 50 * map);
  builder.add(Op::kRelu, "relu1");
  builder.connected("ip2", static_cast<int64_t>(outputs), 500);
  return builder.finish();
}

}  // namespace sparsys
