// SPDX-License-Identifier: Apache-2.0
#include "golden/format/onnx/simplify/simplify.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "golden/base/text.hpp"
#include "golden/format/onnx/simplify/simplifier.hpp"

namespace sparsys::onnx_import {
namespace {

bool is_layer(Op op) {
  return op == Op::kConv || op == Op::kGemm || op == Op::kMatMul || op == Op::kConvTranspose;
}

// The dimension that a layer's outputs lie along.
size_t channel_axis(const Node& layer, size_t rank) {
  return layer.op == Op::kGemm || layer.op == Op::kMatMul ? rank - 1 : 1;
}

bool is_near(float a, float b) { return std::abs(a - b) <= 1e-5F * std::abs(b); }

}  // namespace

std::vector<std::string> simplify(Network& network) { return Simplifier(network).run(); }

// ---- the graph ----

Simplifier::Simplifier(Network& network) : network_(network) {
  drop_dead();
  const std::vector<Shape> shapes = infer_shapes(network_);
  names_.insert(network_.input);
  shapes_[network_.input] = shapes[0];
  for (size_t n = 0; n < network_.nodes.size(); ++n) {
    shapes_[network_.nodes[n].output] = shapes[n + 1];
    names_.insert(network_.nodes[n].output);
    for (const std::string& input : network_.nodes[n].inputs) names_.insert(input);
  }
}

std::vector<std::string> Simplifier::run() {
  // Each step takes a node away or moves it towards the output.
  bool changed = true;
  while (changed) {
    changed = recognise_functions() || drop_identities() || join_moves() || sink_moves() ||
              merge_branches() || move_into_weights() || fold_padding() || fold_arithmetic();
    indexed_ = false;
    if (changed) drop_dead();
    indexed_ = false;
  }
  std::vector<std::string> notes;
  for (const auto& [what, count] : done_) notes.push_back(what + " (" + number(count) + ")");
  return notes;
}

void Simplifier::drop_dead() {
  std::unordered_set<std::string> needed{network_.output};
  std::vector<Node> kept;
  for (size_t n = network_.nodes.size(); n-- > 0;) {
    Node& node = network_.nodes[n];
    if (needed.count(node.output) == 0) continue;
    needed.insert(node.inputs.begin(), node.inputs.end());
    kept.push_back(std::move(node));
  }
  std::reverse(kept.begin(), kept.end());
  network_.nodes = std::move(kept);
  auto& parameters = network_.parameters;
  parameters.erase(std::remove_if(parameters.begin(), parameters.end(),
                                  [&](const Parameter& p) { return needed.count(p.name) == 0; }),
                   parameters.end());
}

void Simplifier::index() {
  if (indexed_) return;
  makers_.clear();
  uses_.clear();
  parameters_.clear();
  for (size_t n = 0; n < network_.nodes.size(); ++n) {
    makers_[network_.nodes[n].output] = n;
    const auto& inputs = network_.nodes[n].inputs;
    for (size_t i = 0; i < inputs.size(); ++i) uses_[inputs[i]].push_back({n, i});
  }
  for (size_t p = 0; p < network_.parameters.size(); ++p) {
    parameters_[network_.parameters[p].name] = p;
  }
  indexed_ = true;
}

const std::vector<Simplifier::Use>& Simplifier::uses(const std::string& name) {
  index();
  return uses_[name];
}

Node* Simplifier::maker(const std::string& value) {
  index();
  const auto found = makers_.find(value);
  return found == makers_.end() ? nullptr : &network_.nodes[found->second];
}

Parameter* Simplifier::find(const std::string& parameter) {
  index();
  const auto found = parameters_.find(parameter);
  return found == parameters_.end() ? nullptr : &network_.parameters[found->second];
}

bool Simplifier::is_only_used_once(const std::string& value) {
  return value != network_.output && uses(value).size() == 1;
}

Node* Simplifier::only_user(const Node& node) {
  if (node.output == network_.output) return nullptr;
  const std::vector<Use>& found = uses(node.output);
  return found.size() == 1 ? &network_.nodes[found[0].node] : nullptr;
}

bool Simplifier::bypass(Node& node, const std::string& value) {
  const std::string old = node.output;
  indexed_ = false;
  if (old == network_.output) {
    Node* const before = maker(value);
    if (before == nullptr) return false;
    indexed_ = false;
    // What makes the value takes the output's name.
    node.output = fresh(old + "_old");
    shapes_[old] = shapes_.at(value);
    before->output = old;
    for (Node& other : network_.nodes) {
      std::replace(other.inputs.begin(), other.inputs.end(), value, old);
    }
    return true;
  }
  for (Node& other : network_.nodes) {
    std::replace(other.inputs.begin(), other.inputs.end(), old, value);
  }
  return true;
}

std::string Simplifier::fresh(const std::string& base) {
  std::string name = base;
  for (int i = 2; !names_.insert(name).second; ++i) name = base + "_" + number(i);
  return name;
}

Parameter& Simplifier::own(Node& node, size_t i) {
  const std::string name = node.inputs[i];
  if (uses(name).size() == 1) return *find(name);
  Parameter copy = *find(name);
  copy.name = fresh(name + "_own");
  node.inputs[i] = copy.name;
  network_.parameters.push_back(std::move(copy));
  indexed_ = false;
  return network_.parameters.back();
}

std::optional<size_t> Simplifier::constant_input(const Node& node) {
  if (node.op != Op::kAdd && node.op != Op::kMul) return std::nullopt;
  for (size_t i = 0; i < 2; ++i) {
    if (find(node.inputs[i]) != nullptr) return i;
  }
  return std::nullopt;
}

std::optional<float> Simplifier::scalar_of(const Node& node) {
  const auto at = constant_input(node);
  if (!at) return std::nullopt;
  const Parameter& parameter = *find(node.inputs[*at]);
  if (parameter.values.size() != 1) return std::nullopt;
  return parameter.values[0];
}

// ---- functions that exporters write out ----

bool Simplifier::recognise_functions() {
  for (Node& node : network_.nodes) {
    if (node.op == Op::kMul && (fold_hard_sigmoid(node) || fold_hard_swish(node))) return true;
  }
  return false;
}

// clip(x + c, 0, h) s, with s = 1 / h, is HardSigmoid(s x + c s).
bool Simplifier::fold_hard_sigmoid(Node& scale) {
  const auto factor = scalar_of(scale);
  if (!factor) return false;
  Node* const clip = maker(scale.inputs[*constant_input(scale) == 0 ? 1 : 0]);
  if (clip == nullptr || clip->op != Op::kClip || clip->alpha != 0 ||
      !is_near(clip->beta * *factor, 1)) {
    return false;
  }
  Node* const sum = maker(clip->inputs[0]);
  const auto summand = sum == nullptr || sum->op != Op::kAdd ? std::nullopt : scalar_of(*sum);
  if (!summand) return false;
  scale.op = Op::kHardSigmoid;
  scale.alpha = *factor;
  scale.beta = *summand * *factor;
  scale.inputs = {sum->inputs[*constant_input(*sum) == 0 ? 1 : 0]};
  ++done_["HardSigmoid recognised"];
  return true;
}

bool Simplifier::fold_hard_swish(Node& product) {
  // x HardSigmoid(x)
  for (size_t i = 0; i < 2; ++i) {
    const Node* const gate = maker(product.inputs[i]);
    if (gate == nullptr || gate->op != Op::kHardSigmoid) continue;
    if (gate->inputs[0] != product.inputs[1 - i] || !is_near(gate->alpha, 1 / 6.0F) ||
        !is_near(gate->beta, 0.5F)) {
      continue;
    }
    product.inputs = {gate->inputs[0]};
    product.op = Op::kHardSwish;
    ++done_["HardSwish recognised"];
    return true;
  }
  // (x clip(x + 3, 0, 6)) / 6
  const auto factor = scalar_of(product);
  if (!factor || !is_near(*factor, 1 / 6.0F)) return false;
  const Node* const inner = maker(product.inputs[*constant_input(product) == 0 ? 1 : 0]);
  if (inner == nullptr || inner->op != Op::kMul) return false;
  for (size_t i = 0; i < 2; ++i) {
    const Node* const clip = maker(inner->inputs[i]);
    if (clip == nullptr || clip->op != Op::kClip || clip->alpha != 0 || clip->beta != 6) continue;
    const Node* const sum = maker(clip->inputs[0]);
    const auto three = sum == nullptr || sum->op != Op::kAdd ? std::nullopt : scalar_of(*sum);
    if (!three || *three != 3) continue;
    const std::string& x = sum->inputs[*constant_input(*sum) == 0 ? 1 : 0];
    if (x != inner->inputs[1 - i]) continue;
    product.inputs = {x};
    product.op = Op::kHardSwish;
    ++done_["HardSwish recognised"];
    return true;
  }
  return false;
}

// ---- factors and summands ----

bool Simplifier::fold_arithmetic() {
  for (Node& node : network_.nodes) {
    if (!constant_input(node)) continue;
    if (node.op == Op::kMul ? fold_factor(node) || fold_factor_ahead(node) : fold_summand(node)) {
      ++done_["factors and summands folded into weights"];
      return true;
    }
  }
  return false;
}

std::vector<float> Simplifier::by_channel(const Parameter& parameter, const Shape& shape,
                                          size_t axis) {
  const auto channels = static_cast<size_t>(shape[axis]);
  if (parameter.values.size() == 1) return std::vector<float>(channels, parameter.values[0]);
  const size_t rank = parameter.shape.size();
  for (size_t d = 0; d < rank; ++d) {
    const size_t at = shape.size() - rank + d;
    if (at != axis && parameter.shape[d] != 1) return {};
  }
  return parameter.values.size() == channels ? parameter.values : std::vector<float>();
}

void Simplifier::scale_layer(Node& layer, const std::vector<float>& factors) {
  Parameter& weights = own(layer, 1);
  const size_t outputs = factors.size();
  const size_t count = weights.values.size();
  // Channel of each weight.
  const bool columns = layer.op == Op::kMatMul || (layer.op == Op::kGemm && !layer.trans_b);
  for (size_t i = 0; i < count; ++i) {
    size_t channel = columns ? i % outputs : i / (count / outputs);
    if (layer.op == Op::kConvTranspose) {
      // [inputs, outputs / group, h, w]: inputs of a group follow each other.
      const auto group = static_cast<size_t>(layer.group);
      const auto inputs = static_cast<size_t>(weights.shape[0]);
      const size_t each = outputs / group;
      const size_t kernel = count / inputs / each;
      channel = i / (each * kernel) / (inputs / group) * each + i / kernel % each;
    }
    weights.values[i] *= factors[channel];
  }
  if (layer.inputs.size() < 3) return;
  Parameter& bias = own(layer, 2);
  if (bias.values.size() == 1) {
    bias.values.assign(outputs, bias.values[0]);
    bias.shape = {static_cast<int64_t>(outputs)};
  }
  for (size_t c = 0; c < outputs; ++c) bias.values[c] *= factors[c];
}

void Simplifier::add_to_layer(Node& layer, const std::vector<float>& summands) {
  const size_t outputs = summands.size();
  if (layer.inputs.size() < 3) {
    Parameter bias{fresh(layer.output + "_bias"), {static_cast<int64_t>(outputs)}, summands};
    layer.inputs.push_back(bias.name);
    layer.beta = 1;
    network_.parameters.push_back(std::move(bias));
    indexed_ = false;
    return;
  }
  Parameter& bias = own(layer, 2);
  if (bias.values.size() == 1) {
    bias.values.assign(outputs, bias.values[0]);
    bias.shape = {static_cast<int64_t>(outputs)};
  }
  const float beta = layer.op == Op::kGemm ? layer.beta : 1.0F;
  for (size_t c = 0; c < outputs; ++c) bias.values[c] = bias.values[c] * beta + summands[c];
  layer.beta = 1;
}

// A factor behind weights, or behind weights and a bias that is added: with the summand that
// follows it, which is then the bias.
bool Simplifier::fold_factor(Node& product) {
  const size_t at = *constant_input(product);
  const std::string value = product.inputs[1 - at];
  Node* const before = maker(value);
  if (before == nullptr || !is_only_used_once(value)) return false;
  Node* layer = before;
  const auto bias = constant_input(*before);
  if (before->op == Op::kAdd && bias) {
    if (!is_only_used_once(before->inputs[1 - *bias])) return false;
    layer = maker(before->inputs[1 - *bias]);
  }
  if (layer == nullptr || !is_layer(layer->op)) return false;
  const Shape& sizes = shape(value);
  const size_t axis = channel_axis(*layer, sizes.size());
  const std::vector<float> factors = by_channel(*find(product.inputs[at]), sizes, axis);
  if (factors.empty()) return false;
  if (layer != before) {
    if (by_channel(*find(before->inputs[*bias]), sizes, axis).empty()) return false;
    Parameter& summand = own(*before, *bias);
    spread(summand, sizes, axis);
    for (size_t c = 0; c < factors.size(); ++c) summand.values[c] *= factors[c];
  }
  scale_layer(*layer, factors);
  // The summand behind it, as BatchNormalization has it.
  Node* const next = only_user(product);
  if (!bypass(product, value)) return false;
  if (layer != before || layer->op == Op::kMatMul || next == nullptr || next->op != Op::kAdd) {
    return true;
  }
  const auto summand = constant_input(*next);
  if (!summand) return true;
  const std::vector<float> summands = by_channel(*find(next->inputs[*summand]), sizes, axis);
  if (summands.empty()) return true;
  add_to_layer(*layer, summands);
  bypass(*next, layer->output);
  return true;
}

void Simplifier::spread(Parameter& parameter, const Shape& shape, size_t axis) {
  if (parameter.values.size() != 1) return;
  parameter.values.assign(static_cast<size_t>(shape[axis]), parameter.values[0]);
  parameter.shape = Shape(shape.size() - axis, 1);
  parameter.shape[0] = shape[axis];
}

// A summand behind weights that have a bias, or behind another summand.
bool Simplifier::fold_summand(Node& sum) {
  const size_t at = *constant_input(sum);
  const std::string value = sum.inputs[1 - at];
  Node* const before = maker(value);
  if (before == nullptr || !is_only_used_once(value)) return false;
  const Shape& sizes = shape(value);
  if (is_layer(before->op)) {
    const size_t axis = channel_axis(*before, sizes.size());
    const std::vector<float> summands = by_channel(*find(sum.inputs[at]), sizes, axis);
    if (summands.empty() || before->inputs.size() != 3) return false;
    add_to_layer(*before, summands);
    return bypass(sum, value);
  }
  const auto other = constant_input(*before);
  if (before->op != Op::kAdd || !other) return false;
  for (const size_t axis : {size_t{1}, sizes.size() - 1}) {
    const std::vector<float> summands = by_channel(*find(sum.inputs[at]), sizes, axis);
    if (summands.empty() || by_channel(*find(before->inputs[*other]), sizes, axis).empty()) {
      continue;
    }
    Parameter& summand = own(*before, *other);
    spread(summand, sizes, axis);
    for (size_t c = 0; c < summands.size(); ++c) summand.values[c] += summands[c];
    return bypass(sum, value);
  }
  return false;
}

// A factor in front of weights, one number for each of their inputs.
bool Simplifier::fold_factor_ahead(Node& product) {
  const size_t at = *constant_input(product);
  const std::string value = product.inputs[1 - at];
  Node* const layer = only_user(product);
  if (layer == nullptr ||
      (layer->op != Op::kConv && layer->op != Op::kGemm && layer->op != Op::kMatMul) ||
      layer->inputs[0] != product.output) {
    return false;
  }
  const std::vector<float> factors = by_channel(*find(product.inputs[at]), shape(value),
                                                channel_axis(*layer, shape(value).size()));
  if (factors.empty()) return false;
  Parameter& weights = own(*layer, 1);
  const size_t count = weights.values.size();
  const size_t inputs = factors.size();
  for (size_t i = 0; i < count; ++i) {
    size_t channel = 0;
    if (layer->op == Op::kConv) {
      const auto each = static_cast<size_t>(weights.shape[1]);  // channels of a group
      const auto kernel = static_cast<size_t>(weights.shape[2] * weights.shape[3]);
      const size_t output = i / (each * kernel);
      const size_t outputs =
          static_cast<size_t>(weights.shape[0]) / static_cast<size_t>(layer->group);
      channel = output / outputs * each + i / kernel % each;
    } else {
      const bool rows = layer->op == Op::kMatMul || !layer->trans_b;
      channel = rows ? i / (count / inputs) : i % inputs;
    }
    weights.values[i] *= factors[channel];
  }
  return bypass(product, value);
}

// ---- padding ----

bool Simplifier::fold_padding() {
  for (Node& pad : network_.nodes) {
    if (pad.op != Op::kPad || pad.shape.size() != 8) continue;
    const Shape& p = pad.shape;
    if (p[0] + p[1] + p[4] + p[5] != 0) continue;
    Node* const user = only_user(pad);
    if (user == nullptr) continue;
    bool fits = user->op == Op::kConv && pad.alpha == 0;
    if (user->op == Op::kMaxPool && !user->window.ceil_mode) {
      // Padding of a pooling is less than everything; 0 is not more than what a Relu gives.
      const Node* const before = maker(pad.inputs[0]);
      const bool positive =
          before != nullptr && (before->op == Op::kRelu || before->op == Op::kSigmoid ||
                                (before->op == Op::kClip && before->alpha >= 0));
      fits = (pad.alpha == 0 && positive) || pad.alpha == std::numeric_limits<float>::lowest();
      for (size_t d = 0; d < 2 && fits; ++d) {
        const int64_t kernel = user->window.kernel[d];
        fits = user->window.dilation[d] == 1 && p[d + 2] + user->window.pad[d] < kernel &&
               p[d + 6] + user->window.pad[d + 2] < kernel;
      }
    }
    if (!fits) continue;
    for (size_t d = 0; d < 2; ++d) {
      user->window.pad[d] += p[d + 2];
      user->window.pad[d + 2] += p[d + 6];
    }
    ++done_["paddings moved into windows"];
    return bypass(pad, std::string(pad.inputs[0]));
  }
  return false;
}

}  // namespace sparsys::onnx_import
