// SPDX-License-Identifier: Apache-2.0
#include "golden/network/network.hpp"

#include <algorithm>
#include <array>
#include <numeric>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"

namespace sparsys {
namespace {

using Eigen::Index;
using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// Index of a parameter, or the number of parameters if there is none of that name.
size_t parameter_index(const Network& network, const std::string& name) {
  size_t i = 0;
  while (i < network.parameters.size() && network.parameters[i].name != name) ++i;
  return i;
}

// Of a layer at `node` without a bias: the parameter that an Add behind it adds to every sample's
// outputs, one value per output; -1 if there is none.
int64_t bias_of_add(const Network& network, size_t node, int64_t outputs, bool image) {
  const std::string& value = network.nodes[node].output;
  const Node* user = nullptr;
  for (const Node& other : network.nodes) {
    const auto uses = std::count(other.inputs.begin(), other.inputs.end(), value);
    if (uses == 0) continue;
    if (user != nullptr || uses > 1) return -1;
    user = &other;
  }
  if (user == nullptr || user->op != Op::kAdd) return -1;
  const size_t bias = parameter_index(network, user->inputs[user->inputs[0] == value ? 1 : 0]);
  if (bias == network.parameters.size()) return -1;
  // Channels come before the two dimensions of an image.
  const Shape& shape = network.parameters[bias].shape;
  const size_t behind = image ? 2 : 0;
  if (element_count(shape) != outputs || shape.size() <= behind ||
      shape[shape.size() - 1 - behind] != outputs) {
    return -1;
  }
  return static_cast<int64_t>(bias);
}

void check_layer(const Network& network, const Layer& layer) {
  if (layer.weights >= network.parameters.size() || layer.outputs < 1 || layer.inputs < 1 ||
      static_cast<int64_t>(network.parameters[layer.weights].values.size()) !=
          layer.outputs * layer.inputs) {
    throw Error(printable(network.name) + ": layer " + quoted(layer.name) + " has no " +
                number(layer.outputs) + "x" + number(layer.inputs) + " weights");
  }
}

}  // namespace

int64_t element_count(const Shape& shape) {
  constexpr int64_t kMost = int64_t{1} << 40;
  int64_t product = 1;
  bool empty = false;
  for (const int64_t size : shape) {
    if (size < 0 || (size > 0 && size > kMost / product)) {
      throw Error("shape " + to_string(shape) +
                  ": expected sizes of at least 0 and at most 2^40 elements");
    }
    if (size > 0) product *= size;
    empty |= size == 0;
  }
  return empty ? 0 : product;
}

std::string to_string(const Shape& shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) {
    text += (i == 0 ? "" : ", ") + number(shape[i]);
  }
  return text + "]";
}

const char* to_string(Op op) {
  static constexpr std::array<const char*, kOps> kNames{
      "Conv",    "Gemm",      "MatMul",  "Add",         "Relu",        "MaxPool",       "Flatten",
      "Reshape", "Softmax",   "Sigmoid", "Tanh",        "AveragePool", "Concat",        "Mul",
      "Clip",    "LeakyRelu", "PRelu",   "HardSigmoid", "HardSwish",   "LogSoftmax",    "Transpose",
      "Pad",     "Slice",     "Resize",  "Elu",         "Softplus",    "ConvTranspose", "Exp",
      "Log",     "Erf",       "Sin",     "Cos",         "Pow",         "BatchMatMul"};
  const auto index = static_cast<size_t>(op);
  return index < kOps ? kNames[index] : "unknown operator";
}

const char* to_string(Task task) {
  return task == Task::kRegression ? "regression" : "classification";
}

const Parameter* Network::find(const std::string& parameter) const {
  const size_t i = parameter_index(*this, parameter);
  return i < parameters.size() ? &parameters[i] : nullptr;
}

Parameter* Network::find(const std::string& parameter) {
  const size_t i = parameter_index(*this, parameter);
  return i < parameters.size() ? &parameters[i] : nullptr;
}

std::vector<Layer> layers(const Network& network, bool shared) {
  const std::vector<Shape> shapes = infer_shapes(network, shared);
  std::vector<Layer> found;
  for (size_t n = 0; n < network.nodes.size(); ++n) {
    const Node& node = network.nodes[n];
    if (!has_weights(node.op)) continue;
    const bool transposed = node.op == Op::kConvTranspose;
    Layer layer;
    layer.node = n;
    layer.weights = parameter_index(network, node.inputs[1]);
    const Shape& shape = network.parameters[layer.weights].shape;
    layer.name = node.name.empty() ? node.inputs[1] : node.name;
    layer.columns_first =
        transposed || node.op == Op::kMatMul || (node.op == Op::kGemm && !node.trans_b);
    layer.inputs = layer.columns_first ? shape[0] : element_count(shape) / shape[0];
    layer.outputs = element_count(shape) / layer.inputs;
    const bool image = is_convolution(node.op);
    const int64_t units = transposed ? shape[1] * node.group : layer.outputs;
    layer.bias = node.inputs.size() > 2
                     ? static_cast<int64_t>(parameter_index(network, node.inputs[2]))
                     : bias_of_add(network, n, units, image);
    found.push_back(std::move(layer));
  }
  return found;
}

bool is_first(const std::vector<Layer>& all, size_t l) {
  return std::none_of(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(l),
                      [&](const Layer& other) { return other.weights == all[l].weights; });
}

Eigen::MatrixXf weight_matrix(const Network& network, const Layer& layer) {
  check_layer(network, layer);
  const float* values = network.parameters[layer.weights].values.data();
  if (layer.columns_first) {
    return Eigen::Map<const Eigen::MatrixXf>(values, layer.outputs, layer.inputs);
  }
  return Eigen::Map<const RowMajor>(values, layer.outputs, layer.inputs);
}

void set_weight_matrix(Network& network, const Layer& layer, const Eigen::MatrixXf& weights) {
  check_layer(network, layer);
  if (weights.rows() != layer.outputs || weights.cols() != layer.inputs) {
    throw Error(printable(network.name) + ": layer " + quoted(layer.name) + ": weights are " +
                number(weights.rows()) + "x" + number(weights.cols()) + ", expected " +
                number(layer.outputs) + "x" + number(layer.inputs));
  }
  float* values = network.parameters[layer.weights].values.data();
  if (layer.columns_first) {
    Eigen::Map<Eigen::MatrixXf>(values, layer.outputs, layer.inputs) = weights;
  } else {
    Eigen::Map<RowMajor>(values, layer.outputs, layer.inputs) = weights;
  }
}

std::vector<uint64_t> layer_multiplications(const Network& network, bool shared) {
  const std::vector<Shape> shapes = infer_shapes(network, shared);
  const auto elements_of = [&](const std::string& value) {
    size_t n = 0;
    while (n < network.nodes.size() && network.nodes[n].output != value) ++n;
    return element_count(shapes[n < network.nodes.size() ? n + 1 : 0]);  // else the input
  };
  std::vector<uint64_t> products;
  for (const Layer& layer : layers(network, shared)) {
    // Each output sums as many products as it has inputs; each input of a transposed convolution
    // is multiplied for as many outputs.
    const Node& node = network.nodes[layer.node];
    const bool transposed = node.op == Op::kConvTranspose;
    const int64_t values =
        transposed ? elements_of(node.inputs[0]) : element_count(shapes[layer.node + 1]);
    products.push_back(static_cast<uint64_t>(values) *
                       static_cast<uint64_t>(transposed ? layer.outputs : layer.inputs));
  }
  return products;
}

uint64_t multiplications(const Network& network) {
  const std::vector<uint64_t> products = layer_multiplications(network);
  return std::accumulate(products.begin(), products.end(), uint64_t{0});
}

}  // namespace sparsys
