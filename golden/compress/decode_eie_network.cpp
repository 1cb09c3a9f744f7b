// SPDX-License-Identifier: Apache-2.0
#include "golden/compress/decode_eie_network.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "golden/base/error.hpp"
#include "golden/base/input_value.hpp"
#include "golden/base/text.hpp"
#include "golden/network/check.hpp"

namespace sparsys {
namespace {

constexpr uint64_t kMaxWeights = uint64_t{1} << 28;

// Makes the nodes of fully connected layers one after the other.
class Chain {
 public:
  explicit Chain(size_t layers) : layers_(layers) {}

  // Weights are outputs x inputs, row-major.
  void add(const std::string& name, int64_t inputs, std::vector<float> weights,
           std::vector<float> bias, bool relu) {
    ++layer_;
    const auto outputs = static_cast<int64_t>(bias.size());
    if (layer_ == 1) {
      network.input_shape = {1, inputs};
      last_ = network.input;
      names_ = {network.input, network.output};
    }
    const std::string base = name.empty() ? "fc" + std::to_string(layer_) : name;
    Node gemm;
    gemm.op = Op::kGemm;
    gemm.name = name;
    gemm.trans_b = true;
    gemm.inputs = {last_, unused(base + ".weight"), unused(base + ".bias")};
    network.parameters.push_back({gemm.inputs[1], {outputs, inputs}, std::move(weights)});
    network.parameters.push_back({gemm.inputs[2], {outputs}, std::move(bias)});
    const bool last = layer_ == layers_;
    gemm.output = last_ = last && !relu ? network.output : unused(base + ".sum");
    network.nodes.push_back(gemm);
    if (!relu) return;
    Node rectify;
    rectify.op = Op::kRelu;
    rectify.name = base + ".relu";
    rectify.inputs = {last_};
    rectify.output = last_ = last ? network.output : unused(base + ".out");
    network.nodes.push_back(rectify);
  }

  Network network;

 private:
  std::string unused(std::string name) {
    while (!names_.insert(name).second) name += "_";
    return name;
  }

  const size_t layers_;
  size_t layer_ = 0;
  std::string last_;
  std::set<std::string> names_;
};

}  // namespace

Network to_network(const Mlp& chain) {
  check(chain, printable(chain.name));
  Chain made(chain.layers.size());
  made.network.name = chain.name;
  made.network.origin = chain.origin;
  for (const DenseLayer& layer : chain.layers) {
    std::vector<float> weights(static_cast<size_t>(layer.weights.size()));
    Eigen::Map<Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(
        weights.data(), layer.weights.rows(), layer.weights.cols()) = layer.weights;
    made.add(layer.name, layer.weights.cols(), std::move(weights),
             {layer.bias.data(), layer.bias.data() + layer.bias.size()}, layer.relu);
  }
  return std::move(made.network);
}

Network decode_engine_network(const eie::Network& network) {
  check(network, printable(network.name));
  Chain made(network.layers.size());
  made.network.name = network.name;
  made.network.origin = network.origin;
  // The constants that enter the layer, in integers at its input_frac.
  std::vector<double> constants(network.input_constants.begin(), network.input_constants.end());
  for (size_t l = 0; l < network.layers.size(); ++l) {
    const eie::Layer& layer = network.layers[l];
    const uint64_t rows = layer.outputs - layer.constant_outputs;
    const uint64_t columns = layer.inputs - layer.constant_inputs;
    if (rows * columns > kMaxWeights) {
      throw Error(printable(network.name) + ": " + layer_name(l, layer.name) + ": " +
                  std::to_string(rows) + "x" + std::to_string(columns) +
                  " weights, expected at most " + std::to_string(kMaxWeights));
    }
    std::vector<float> weights(rows * columns);
    std::vector<double> sums(layer.outputs, 0.0);  // of products with constants, in integers
    for (uint64_t c = 0; c < layer.inputs; ++c) {
      for (uint64_t k = layer.column_start[c]; k < layer.column_start[c + 1]; ++k) {
        const int value = layer.codebook[layer.code[k]];
        if (c >= columns) {
          sums[layer.row[k]] += value * constants[c - columns];
        } else if (layer.row[k] < rows) {
          weights[layer.row[k] * columns + c] =
              std::ldexp(static_cast<float>(value), -layer.weight_frac);
        }
      }
    }
    std::vector<float> bias(rows);
    for (uint64_t r = 0; r < rows; ++r) {
      bias[r] = static_cast<float>(std::ldexp(sums[r], -layer.input_frac - layer.weight_frac));
    }
    // Constants of the next layer come from constants alone, rounded as the engine does it.
    constants.clear();
    for (uint64_t r = rows; r < layer.outputs; ++r) {
      const double y = round_half_up(std::ldexp(sums[r], -layer.shift()));
      constants.push_back(std::clamp(y, layer.relu ? 0.0 : -32768.0, 32767.0));
    }
    made.add(layer.name, static_cast<int64_t>(columns), std::move(weights), std::move(bias),
             layer.relu);
  }
  return std::move(made.network);
}

Network decode_split_network(const eie::SplitNetwork& split) {
  if (split.is_plain()) return decode_engine_network(split.engine);
  if (split.int8_front) {
    throw Error(printable(split.engine.name) +
                ": its front is int8, expected floating point (compress --front float)");
  }
  Network engine = decode_engine_network(split.engine);
  Network whole;
  std::set<std::string> names;
  // Names of a part that are taken get another.
  const auto append = [&](Network part, const std::string& input) {
    std::map<std::string, std::string> name{{part.input, input}};
    const auto renamed = [&](const std::string& old) {
      const auto [found, is_new] = name.emplace(old, old);
      if (is_new) {
        while (!names.insert(found->second).second) found->second += "_";
      }
      return found->second;
    };
    for (Parameter& parameter : part.parameters) {
      parameter.name = renamed(parameter.name);
      whole.parameters.push_back(std::move(parameter));
    }
    for (Node& node : part.nodes) {
      for (std::string& value : node.inputs) value = renamed(value);
      whole.output = node.output = renamed(node.output);
      whole.nodes.push_back(std::move(node));
    }
  };
  const auto reshape = [&](const std::string& text, Shape shape) {
    Network part;
    Node node;
    node.op = Op::kReshape;
    node.name = text;
    node.inputs = {part.input, text + "_shape"};
    node.output = text;
    node.shape = std::move(shape);
    part.nodes.push_back(std::move(node));
    append(std::move(part), whole.output);
  };
  if (split.front) {
    Network front = split.front->decode();
    whole.input = front.input;
    whole.input_shape = front.input_shape;
    whole.input_scale = front.input_scale;
    whole.input_offset = front.input_offset;
    whole.batch = front.batch;
    names.insert(whole.input);
    append(std::move(front), whole.input);
  } else {
    whole.input_shape = split.shape;
    whole.output = whole.input;
    names.insert(whole.input);
  }
  whole.name = split.engine.name;
  whole.origin = split.engine.origin;
  if (split.positions == 1) {
    if (split.shape.size() != 2) reshape("handed_over", {0, -1});
  } else {
    for (Node& node : engine.nodes) {
      if (node.op != Op::kGemm) continue;
      node.op = Op::kConv;
      node.trans_b = false;
      Shape& shape = engine.find(node.inputs[1])->shape;
      shape.insert(shape.end(), {1, 1});
    }
  }
  append(std::move(engine), whole.output);
  if (split.back) {
    Shape shape = split.back->input_shape;
    shape[0] = 0;
    if (shape.size() != 2 && split.positions == 1) reshape("taken_back", std::move(shape));
    append(*split.back, whole.output);
  }
  return whole;
}

}  // namespace sparsys
