// SPDX-License-Identifier: Apache-2.0
#include "golden/compress/dense_chain.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/network/check.hpp"

namespace sparsys {

Eigen::MatrixXf SharedLayer::weights() const {
  return code.unaryExpr([this](uint8_t c) { return codebook[c & 15]; });
}

void check(const Mlp& mlp, const std::string& name) {
  check_text(mlp.name, false, name, "the network's name");
  check_text(mlp.origin, true, name, "its origin");
  if (mlp.layers.empty() || mlp.layers.size() > kMaxLayers) {
    throw Error(name + ": " + std::to_string(mlp.layers.size()) + " layers, expected 1 to " +
                std::to_string(kMaxLayers));
  }
  for (size_t l = 0; l < mlp.layers.size(); ++l) {
    const DenseLayer& layer = mlp.layers[l];
    const std::string place = name + ": " + layer_name(l, layer.name);
    check_text(layer.name, false, place, "its name");
    for (const auto& [size, what] : {std::pair{layer.weights.cols(), "number of inputs"},
                                     std::pair{layer.weights.rows(), "number of outputs"}}) {
      if (size < 1 || size > kMaxVector) {
        throw Error(place + ": " + what + " " + std::to_string(size) + " is outside of 1 to " +
                    std::to_string(kMaxVector));
      }
    }
    if (layer.bias.size() != layer.weights.rows()) {
      throw Error(place + ": " + std::to_string(layer.bias.size()) + " biases for " +
                  std::to_string(layer.weights.rows()) + " outputs");
    }
    if (l > 0 && layer.weights.cols() != mlp.layers[l - 1].weights.rows()) {
      throw Error(place + ": " + std::to_string(layer.weights.cols()) +
                  " inputs, but the layer before has " +
                  std::to_string(mlp.layers[l - 1].weights.rows()) + " outputs");
    }
    if (!layer.weights.allFinite()) throw Error(place + ": " + "a weight is not finite");
    if (!layer.bias.allFinite()) throw Error(place + ": " + "a bias is not finite");
  }
}

Mlp SharedMlp::decode() const {
  Mlp mlp;
  mlp.name = name;
  mlp.origin = origin;
  for (const SharedLayer& layer : layers) {
    mlp.layers.push_back({layer.name, layer.weights(), layer.bias, layer.relu});
  }
  return mlp;
}

namespace {

// Pixels enter the sparse engine as p * kEngineScale.
constexpr float kEngineScale = 1.0F / 256;

[[noreturn]] void fail(const Network& network, const Node& node, const std::string& what) {
  throw Error(network.name + ": node '" + (node.name.empty() ? node.output : node.name) + "' (" +
              to_string(node.op) + "): " + what);
}

// A layer of the chain and what its weights are multiplied by.
struct Link {
  const Layer* layer = nullptr;
  float scale = 1;
  float bias_scale = 1;
  bool relu = false;
};

const std::string kChain = "which is what the sparse engine runs";

const Layer* layer_of(const std::vector<Layer>& all, size_t node) {
  return &*std::find_if(all.begin(), all.end(), [node](const Layer& l) { return l.node == node; });
}

// Follows the one value from node to node.
std::vector<Link> links_of(const Network& network, const std::vector<Layer>& all) {
  const std::vector<Shape> shapes = infer_shapes(network);
  std::vector<Link> links;
  std::string value = network.input;
  for (size_t n = 0; n < network.nodes.size(); ++n) {
    const Node& node = network.nodes[n];
    if (std::count(node.inputs.begin(), node.inputs.end(), value) != 1) {
      fail(network, node,
           "takes another value than the node before it gives, expected a chain of layers, " +
               kChain);
    }
    switch (node.op) {
      case Op::kGemm:
      case Op::kMatMul: {
        if (shapes[n + 1].size() != 2) fail(network, node, "expected one vector for a sample");
        links.push_back({layer_of(all, n), 1, 1, false});
        if (node.op == Op::kGemm) {
          links.back().scale = node.alpha;
          links.back().bias_scale = node.beta;
        }
        break;
      }
      case Op::kConv: {
        // Of all of a map.
        const Window& window = node.window;
        if (node.group != 1 || window.pad != Window().pad || window.kernel[0] != shapes[n][2] ||
            window.kernel[1] != shapes[n][3]) {
          fail(network, node, "expected one group and a kernel of the whole map, " + kChain);
        }
        links.push_back({layer_of(all, n), 1, 1, false});
        break;
      }
      case Op::kAveragePool:
      case Op::kMaxPool:
        if (shapes[n] == shapes[n + 1] && element_count(shapes[n]) == shapes[n][1]) break;
        fail(network, node, "expected a chain of fully connected layers, " + kChain);
      case Op::kAdd: {
        // Of a parameter: the bias of the layer before it.
        const bool first = node.inputs.front() == value;
        const std::string& other = first ? node.inputs.back() : node.inputs.front();
        const Parameter* bias = network.find(other);
        if (bias == nullptr || links.empty() || links.back().layer->bias < 0 ||
            &network.parameters[static_cast<size_t>(links.back().layer->bias)] != bias ||
            links.back().layer->node + 1 != n) {
          fail(network, node,
               "is not the bias of a layer, expected a chain of fully connected layers, " + kChain);
        }
        break;
      }
      case Op::kRelu:
        if (links.empty()) fail(network, node, "stands before the first layer");
        links.back().relu = true;
        break;
      case Op::kSigmoid:
      case Op::kTanh:
        fail(network, node, "expected ReLU, the only function that the sparse engine has");
      case Op::kFlatten:
      case Op::kReshape:
        break;
      case Op::kSoftmax:
      case Op::kLogSoftmax:
        if (n + 1 == network.nodes.size()) break;
        [[fallthrough]];
      default:
        fail(network, node, "expected a chain of fully connected layers, " + kChain);
    }
    value = node.output;
  }
  if (links.empty()) throw Error(network.name + ": no layers, expected at least one");
  return links;
}

Eigen::VectorXf bias_of(const Network& network, const Link& link) {
  const auto outputs = static_cast<Eigen::Index>(link.layer->outputs);
  if (link.layer->bias < 0) return Eigen::VectorXf::Zero(outputs);
  const std::vector<float>& values =
      network.parameters[static_cast<size_t>(link.layer->bias)].values;
  if (values.size() == 1) return Eigen::VectorXf::Constant(outputs, link.bias_scale * values[0]);
  if (values.size() != static_cast<size_t>(outputs)) {
    fail(network, network.nodes[link.layer->node],
         std::to_string(values.size()) + " biases, expected " + std::to_string(outputs));
  }
  return link.bias_scale * Eigen::Map<const Eigen::VectorXf>(values.data(), outputs);
}

// Floats of at most 255 values other than 0 as codes; without codes if there are more.
SharedParameter as_codes(const std::vector<float>& values) {
  std::map<float, size_t> code;
  for (const float value : values) {
    if (value != 0) code.emplace(value, 0);
    if (code.size() > 255) return SharedParameter();
  }
  SharedParameter shared;
  shared.codebook.push_back(0);
  for (auto& [value, number] : code) {
    number = shared.codebook.size();
    shared.codebook.push_back(value);
  }
  shared.code.reserve(values.size());
  for (const float value : values) {
    shared.code.push_back(value == 0 ? uint8_t{0} : static_cast<uint8_t>(code.at(value)));
  }
  return shared;
}

// What the first layer's inputs p * scale + offset are in terms of p * kEngineScale.
float input_factor(const Network& network) { return network.input_scale / kEngineScale; }

}  // namespace

Mlp dense_chain(const Network& network) {
  const std::vector<Layer> all = layers(network);
  Mlp mlp;
  mlp.name = network.name;
  mlp.origin = network.origin;
  for (const Link& link : links_of(network, all)) {
    DenseLayer layer;
    layer.name = link.layer->name;
    layer.relu = link.relu;
    layer.weights = link.scale * weight_matrix(network, *link.layer);
    layer.bias = bias_of(network, link);
    if (mlp.layers.empty()) {
      if (network.input_offset != 0) {
        layer.bias += network.input_offset * layer.weights.rowwise().sum();
      }
      layer.weights *= input_factor(network);
    }
    mlp.layers.push_back(std::move(layer));
  }
  return mlp;
}

SharedMlp dense_chain(const SharedNetwork& network) {
  const Network decoded = network.decode();
  const std::vector<Layer> all = layers(decoded);
  SharedMlp mlp;
  mlp.name = decoded.name;
  mlp.origin = decoded.origin;
  mlp.input_scale = decoded.input_scale;
  mlp.input_offset = decoded.input_offset;
  for (const Link& link : links_of(decoded, all)) {
    const SharedParameter& codes = network.parameters[link.layer->weights];
    const Node& node = decoded.nodes[link.layer->node];
    const SharedParameter shared =
        codes.shared() ? codes : as_codes(decoded.parameters[link.layer->weights].values);
    if (!shared.shared()) fail(decoded, node, "its weights are not shared, expected 15 values");
    // Only the codes in use.
    std::array<uint8_t, 256> engine_code{};
    std::vector<bool> used(256, false);
    for (const uint8_t code : shared.code) used[code] = true;
    SharedLayer layer;
    size_t values = 0;
    for (size_t k = 1; k < shared.codebook.size(); ++k) {
      if (!used[k]) continue;
      if (++values > 15) continue;
      engine_code[k] = static_cast<uint8_t>(values);
      layer.codebook[values] = link.scale * shared.codebook[k];
    }
    if (values > 15) {
      fail(decoded, node,
           "weights of " + std::to_string(values) +
               " values other than 0, expected at most the 15 of the sparse engine");
    }
    layer.name = link.layer->name;
    layer.relu = link.relu;
    const auto rows = static_cast<Eigen::Index>(link.layer->outputs);
    const auto columns = static_cast<Eigen::Index>(link.layer->inputs);
    layer.code.resize(rows, columns);
    for (Eigen::Index r = 0; r < rows; ++r) {
      for (Eigen::Index c = 0; c < columns; ++c) {
        const Eigen::Index i = link.layer->columns_first ? c * rows + r : r * columns + c;
        layer.code(r, c) = engine_code[shared.code[static_cast<size_t>(i)]];
      }
    }
    layer.bias = bias_of(decoded, link);
    if (mlp.layers.empty()) {
      if (decoded.input_offset != 0) {
        layer.bias += decoded.input_offset * layer.weights().rowwise().sum();
      }
      for (float& value : layer.codebook) value *= input_factor(decoded);
    }
    mlp.layers.push_back(std::move(layer));
  }
  return mlp;
}

}  // namespace sparsys
