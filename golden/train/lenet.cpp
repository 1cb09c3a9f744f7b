// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
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

void make_fresh(Network& network, uint64_t seed) {
  size_t drawn = 0;
  for (const Layer& layer : layers(network)) {
    Random random(seed, drawn++);
    const float scale = std::sqrt(2.0F / static_cast<float>(layer.inputs));
    for (float& w : network.parameters[layer.weights].values) w = scale * random.normal();
    if (layer.bias < 0) continue;
    std::vector<float>& biases = network.parameters[static_cast<size_t>(layer.bias)].values;
    std::fill(biases.begin(), biases.end(), 0.0F);
  }
}

void fit_last_layer(Network& network, const Dataset& data) {
  const std::vector<Layer> all = layers(network);
  const size_t outputs = data.outputs();
  const size_t count = data.train_count();
  if (data.task == DataTask::kClassification || all.empty() || count == 0) return;
  const Samples samples = data.samples(data.train);
  std::vector<double> sum(outputs, 0);
  std::vector<double> square(outputs, 0);
  for (size_t i = 0; i < count; ++i) {
    for (size_t o = 0; o < outputs; ++o) {
      const double value =
          data.task == DataTask::kAutoencoder
              ? static_cast<double>(samples[i * outputs + o] * network.input_scale +
                                    network.input_offset)
              : static_cast<double>(data.train.targets[i * outputs + o]);
      sum[o] += value;
      square[o] += value * value;
    }
  }
  const auto n = static_cast<double>(count);
  double variance = 0;
  for (size_t o = 0; o < outputs; ++o) {
    variance +=
        std::max(0.0, square[o] / n - sum[o] / n * sum[o] / n) / static_cast<double>(outputs);
  }
  const Layer& last = all.back();
  if (variance <= 0 || last.node + 1 != network.nodes.size()) return;
  const auto deviation = static_cast<float>(std::sqrt(variance));
  for (float& w : network.parameters[last.weights].values) w *= deviation;
  if (last.bias < 0) return;
  std::vector<float>& biases = network.parameters[static_cast<size_t>(last.bias)].values;
  if (biases.size() != outputs) return;
  for (size_t o = 0; o < outputs; ++o) biases[o] = static_cast<float>(sum[o] / n);
}

void adapt(TrainOptions& options, const Dataset& data,
           const std::optional<OptimiserKind>& optimiser) {
  constexpr uint32_t kLeastSide = 16;
  const bool numbers = data.task != DataTask::kClassification;
  options.optimiser = optimiser.value_or(numbers ? OptimiserKind::kAdam : OptimiserKind::kMomentum);
  if (options.optimiser == OptimiserKind::kAdam) {
    options.batch = 64;
    options.learning_rate = 0.03F;
    options.final_learning_rate = 0.0003F;
  } else if (numbers) {
    options.learning_rate /= 10;
    options.final_learning_rate /= 10;
  }
  if (data.shape.size() < 2 || std::min(data.rows(), data.cols()) < kLeastSide) {
    options.max_shift = 0;
  }
}

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
