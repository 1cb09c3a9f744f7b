// SPDX-License-Identifier: Apache-2.0
// Values and their shapes; layers with weights.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/compress/matrix_unit/fuser.hpp"
#include "golden/compress/matrix_unit/mxu_window.hpp"

namespace sparsys {
namespace {

std::string place_of(const Network& network, size_t n) {
  const Node& node = network.nodes[n];
  const std::string name = node.name.empty() ? std::to_string(n + 1) : "'" + node.name + "'";
  return "network '" + printable(network.name) + "': node " + printable(name) + " (" +
         to_string(node.op) + ")";
}

// Whether each output is one of the inputs, or 0: of the weights that meet pixels, one at most is
// not 0, and that is 1. Pixels are that many lines and columns apart.
bool moves_only(const FloatLayer& fused, const std::array<int64_t, 2>& apart) {
  if (std::any_of(fused.bias.begin(), fused.bias.end(), [](double b) { return b != 0; })) {
    return false;
  }
  const std::array<size_t, 2> by{static_cast<size_t>(apart[0]), static_cast<size_t>(apart[1])};
  const mxu::Window& w = fused.layer.window;
  const size_t terms = fused.layer.terms();
  for (size_t o = 0; o < fused.layer.outputs; ++o) {
    std::vector<bool> met(by[0] * by[1]);
    for (size_t t = 0; t < terms; ++t) {
      const float weight = fused.weights[o * terms + t];
      if (weight == 0) continue;
      const size_t ky = t / w.kernel[1] % w.kernel[0] * w.dilation[0];
      const size_t kx = t % w.kernel[1] * w.dilation[1];
      const size_t place = ky % by[0] * by[1] + kx % by[1];
      if (weight != 1 || met[place]) return false;
      met[place] = true;
    }
  }
  return true;
}

}  // namespace

std::vector<FloatLayer> Fuser::run() {
  seen_[0] = maps_of(0, shapes_[0]);
  for (n_ = 0; n_ < network_.nodes.size(); ++n_) {
    const Graph::Step& step = graph_.steps()[n_];
    if (step.head) break;  // left to whoever reads the scores
    add(step);
  }
  n_ = std::min(n_, network_.nodes.size() - 1);
  if (layers_.empty()) {
    throw Error("network '" + printable(network_.name) + "': has no layer with weights");
  }
  const size_t output = graph_.steps()[n_].head ? graph_.steps()[n_].x : graph_.steps()[n_].y;
  const Seen& last = seen_[output];
  if (last.pad != kNoPad) refuse("pads the output");
  // The output is what the last layer gives.
  if (last.value != layers_.size()) {
    reshape(last, last.height, last.width);
    layers_.back().value = layers_.back().spread = output;
  }
  return std::move(layers_);
}

void Fuser::refuse(const std::string& what) const {
  // The values in front of it may be an output.
  const std::string& before = network_.nodes[n_].inputs[0];
  const bool has_way_out = before != network_.input && network_.find(before) == nullptr;
  throw Error(place_of(network_, n_) + ": " + what +
              (has_way_out ? "; import with --output " + printable(before, 60) +
                                 " ends the network before it"
                           : ""));
}

void Fuser::add(const Graph::Step& step) {
  switch (step.op) {
    case Op::kConv:
      return add_convolution(step);
    case Op::kConvTranspose:
      return add_transposed(step);
    case Op::kGemm:
    case Op::kMatMul:
      return add_dense(step);
    case Op::kAdd:
      return step.other == Graph::kNone ? add_constant(step) : add_sum(step);
    case Op::kMul:
      if (step.other != Graph::kNone) {
        refuse(
            "multiplies two values, the matrix unit adds only; `sparsys run` of the float model "
            "computes it, so does the host in front of the sparse engine's layers (--target eie)");
      }
      return multiply(step);
    case Op::kRelu:
      return clip(step, 0, std::numeric_limits<float>::infinity());
    case Op::kClip:
      return clip(step, bound(network_.nodes[n_].alpha), bound(network_.nodes[n_].beta));
    case Op::kSigmoid:
      return add_table(step, mxu::Function::kSigmoid);
    case Op::kTanh:
      return add_table(step, mxu::Function::kTanh);
    case Op::kMaxPool:
      return add_maximum(step);
    case Op::kAveragePool:
      return add_average(step);
    case Op::kConcat:
      return add_concat(step);
    case Op::kPad:
      return add_padding(step);
    case Op::kFlatten:
    case Op::kReshape:
      return rename(step, shapes_[step.y]);
    case Op::kTranspose: {
      // Sizes of 1 may move, they are no move of values.
      int64_t before = 0;
      for (const int64_t d : network_.nodes[n_].shape) {
        if (shapes_[step.x][static_cast<size_t>(d)] == 1) continue;
        if (d < before) refuse("moves values, the matrix unit can't");
        before = d;
      }
      return rename(step, shapes_[step.y]);
    }
    case Op::kPRelu:
      return add_curve(step);
    default:
      if (is_function(step.op)) return add_curve(step);
      refuse("the matrix unit has no such operator");
  }
}

Fuser::Seen Fuser::maps_of(uint32_t value, const Shape& shape) const {
  const size_t rank = shape.size();
  if (rank < 2 || rank > 4) refuse("takes or gives " + to_string(shape) + ", no map or vector");
  Seen seen;
  seen.value = value;
  seen.channels = static_cast<uint32_t>(shape[1]);
  seen.height = rank == 4 ? static_cast<uint32_t>(shape[2]) : 1;
  seen.width = rank > 2 ? static_cast<uint32_t>(shape.back()) : 1;
  return seen;
}

void Fuser::rename(const Graph::Step& step, const Shape& shape) {
  const Seen from = seen_[step.x];
  if (from.pad != kNoPad) refuse("is behind a padding");
  if (shape.size() == 2 && from.height * from.width > 1) {
    if (FloatLayer* last = last_of(step.x)) last->value = step.y;
    seen_[step.y] = from;
    seen_[step.y].flat = true;
    return;
  }
  const Seen to = maps_of(from.value, shape);
  if (from.value == 0 && layers_.empty() && graph_.values()[0].uses == 1) {
    seen_[step.y] = to;  // the host gives the input in any shape
  } else if (to.channels == from.channels) {
    seen_[step.y] = from;
    seen_[step.y].flat = false;
    if (to.height == from.height && to.width == from.width) return;
    reshape(from, to.height, to.width);
    finish(step);
  } else {
    refuse("makes " + number(to.channels) + " channels of " + number(from.channels) +
           ", the matrix unit moves no values from pixels to channels");
  }
}

void Fuser::reshape(const Seen& from, uint32_t height, uint32_t width) {
  mxu::Layer& layer = new_layer(from, mxu::Kind::kReshape).layer;
  layer.map = {height, width};
  layers_.back().keeps = true;
}

std::string Fuser::name_of_node() const {
  const Node& node = network_.nodes[n_];
  return node.name.empty() ? to_string(node.op) + std::to_string(n_ + 1) : node.name;
}

FloatLayer& Fuser::new_layer(const Seen& from, mxu::Kind kind) {
  layers_.emplace_back();
  mxu::Layer& layer = layers_.back().layer;
  layer.name = name_of_node();
  layer.kind = kind;
  // Of a chain nothing is said, as in files from before there were branches.
  if (from.value + 1 != layers_.size()) layer.sources = {from.value};
  layer.channels = layer.outputs = from.channels;
  layer.height = from.height;
  layer.width = from.width;
  return layers_.back();
}

void Fuser::finish(const Graph::Step& step) {
  const mxu::Layer& layer = layers_.back().layer;
  Seen& seen = seen_[step.y];
  const bool flat = shapes_[step.y].size() == 2;
  seen = {static_cast<uint32_t>(layers_.size()),
          layer.outputs,
          layer.out_height(),
          layer.out_width(),
          false,
          kNoPad};
  seen.flat = flat && seen.height * seen.width > 1;
  layers_.back().value = step.y;
  if (layer.pooling != mxu::Pooling::kAverage) layers_.back().spread = step.y;
}

FloatLayer* Fuser::last_of(size_t value) {
  const Seen& seen = seen_[value];
  if (layers_.empty() || seen.value != layers_.size() || seen.pad != kNoPad) return nullptr;
  const mxu::Kind kind = layers_.back().layer.kind;
  if (graph_.values()[value].uses != 1 || layers_.back().value != value ||
      !layers_.back().curves.empty() || kind == mxu::Kind::kConcat || kind == mxu::Kind::kReshape) {
    return nullptr;
  }
  return &layers_.back();
}

const Fuser::Seen& Fuser::unpadded(size_t value) const {
  if (seen_[value].pad != kNoPad) refuse("is behind a padding");
  return seen_[value];
}

const Fuser::Seen& Fuser::map(size_t value) const {
  if (seen_[value].flat) refuse("takes no map of the matrix unit");
  return seen_[value];
}

FloatLayer& Fuser::new_weights(const Seen& from, const Graph::Step& step) {
  FloatLayer& fused = new_layer(from, mxu::Kind::kConvolution);
  if (network_.nodes[n_].name.empty()) fused.layer.name = network_.parameters[step.weights].name;
  return fused;
}

void Fuser::add_convolution(const Graph::Step& step) {
  const Sliding& sliding = step.sliding;
  const Seen from = map(step.x);
  FloatLayer& fused = new_weights(from, step);
  mxu::Layer& layer = fused.layer;
  layer.outputs = static_cast<uint32_t>(sliding.outputs);
  layer.groups = static_cast<uint32_t>(sliding.group);
  layer.window = to_window(sliding.window);
  for (size_t p = 0; p < 4; ++p) layer.window.pad[p] += from.pad[p];
  fused.weights = network_.parameters[step.weights].values;
  add_bias(fused, step);
  fused.keeps = moves_only(fused, {1, 1});
  finish(step);
}

Fuser::Seen Fuser::apart(const Graph::Step& step, const Seen& from, const Window& window) {
  if (window.stride == std::array<int64_t, 2>{1, 1}) return from;
  FloatLayer& wide = new_layer(from, mxu::Kind::kPool);
  wide.layer.name += " (apart)";
  for (size_t s = 0; s < 2; ++s) wide.layer.apart[s] = static_cast<uint32_t>(window.stride[s]);
  wide.keeps = true;
  wide.value = wide.spread = step.x;
  Seen seen = from;
  seen.value = static_cast<uint32_t>(layers_.size());
  seen.height *= wide.layer.apart[0];
  seen.width *= wide.layer.apart[1];
  return seen;
}

void Fuser::add_transposed(const Graph::Step& step) {
  const Window& w = network_.nodes[n_].window;
  if (seen_[step.x].pad != kNoPad) refuse("is behind a padding");
  const Seen from = map(step.x);
  const Shape& y = shapes_[step.y];
  std::array<uint32_t, 4> pad{};
  const std::array<int64_t, 2> size{from.height, from.width};
  for (size_t s = 0; s < 2; ++s) {
    const int64_t reach = (w.kernel[s] - 1) * w.dilation[s] + 1;
    const int64_t before = reach - 1 - w.pad[s];
    const int64_t behind = y[2 + s] + reach - 1 - size[s] * w.stride[s] - before;
    if (before < 0 || behind < 0 || behind >= reach || w.stride[s] > 255) {
      refuse("makes " + number(y[2 + s]) + " of " + number(size[s]) + " with stride " +
             number(w.stride[s]) + ", a window of " + number(reach) + " and padding " +
             number(w.pad[s]) +
             "; the matrix unit makes as many as times the stride, less the padding in front, or "
             "more, up to a window");
    }
    pad[s] = static_cast<uint32_t>(before);
    pad[s + 2] = static_cast<uint32_t>(behind);
  }
  const Seen wide = apart(step, from, w);
  FloatLayer& fused = new_weights(wide, step);
  mxu::Layer& layer = fused.layer;
  const Parameter& weights = network_.parameters[step.weights];
  const auto groups = static_cast<size_t>(network_.nodes[n_].group);
  const auto inputs = static_cast<size_t>(weights.shape[0]) / groups;
  const auto each = static_cast<size_t>(weights.shape[1]);  // outputs of a group
  const auto taps = static_cast<size_t>(w.kernel[0] * w.kernel[1]);
  layer.outputs = static_cast<uint32_t>(groups * each);
  layer.groups = static_cast<uint32_t>(groups);
  layer.window = to_window(w);
  layer.window.stride = {1, 1};
  layer.window.pad = pad;
  // [inputs, outputs of a group, taps] to [outputs, inputs of a group, taps from the last on].
  fused.weights.resize(weights.values.size());
  for (size_t o = 0; o < layer.outputs; ++o) {
    for (size_t i = 0; i < inputs; ++i) {
      const float* w_of = &weights.values[((o / each * inputs + i) * each + o % each) * taps];
      std::reverse_copy(w_of, w_of + taps, &fused.weights[(o * inputs + i) * taps]);
    }
  }
  add_bias(fused, step);
  fused.keeps = moves_only(fused, w.stride);
  finish(step);
}

void Fuser::add_dense(const Graph::Step& step) {
  if (step.rows != 1) refuse("works on several vectors of a sample");
  // What comes from maps is a convolution with a kernel as large as they are.
  FloatLayer& fused = new_weights(unpadded(step.x), step);
  mxu::Layer& layer = fused.layer;
  layer.window.kernel = {layer.height, layer.width};
  layer.outputs = static_cast<uint32_t>(step.dense.outputs);
  const std::vector<float>& values = network_.parameters[step.weights].values;
  const auto inputs = static_cast<size_t>(step.dense.inputs);
  fused.weights.resize(values.size());
  for (size_t o = 0; o < layer.outputs; ++o) {
    for (size_t i = 0; i < inputs; ++i) {
      const size_t at = step.dense.rows_are_outputs ? o * inputs + i : i * layer.outputs + o;
      fused.weights[o * inputs + i] = step.dense.factor * values[at];
    }
  }
  add_bias(fused, step);
  finish(step);
}

std::vector<double> Fuser::per_output(const Graph::Step& step, size_t outputs) const {
  const std::vector<float>& values = network_.parameters[step.bias].values;
  const size_t pixels = step.bias_of.size() / outputs;
  const double factor = step.op == Op::kGemm ? double{step.bias_factor} : 1;
  std::vector<double> result;
  for (size_t e = 0; e < step.bias_of.size(); ++e) {
    const float value = values[static_cast<size_t>(step.bias_of[e])];
    if (value != values[static_cast<size_t>(step.bias_of[e / pixels * pixels])]) {
      refuse(std::string(step.op == Op::kAdd ? "adds" : "has") +
             " different values for the pixels of one channel");
    }
    if (e % pixels == 0) result.push_back(factor * double{value});
  }
  return result;
}

void Fuser::add_bias(FloatLayer& fused, const Graph::Step& step) const {
  fused.bias.resize(fused.layer.outputs, 0);
  if (step.bias == Graph::kNone) return;
  const std::vector<double> values = per_output(step, fused.layer.outputs);
  for (size_t o = 0; o < values.size(); ++o) fused.bias[o] += values[o];
}

FloatLayer* Fuser::bare(size_t value) {
  FloatLayer* last = last_of(value);
  if (last == nullptr || last->layer.kind != mxu::Kind::kConvolution ||
      last->layer.function != mxu::Function::kIdentity || clipped(*last) ||
      last->layer.pooling != mxu::Pooling::kNone || seen_[value].flat) {
    return nullptr;
  }
  return last;
}

FloatLayer& Fuser::add_channels(const Graph::Step& step) {
  FloatLayer& fused = new_layer(unpadded(step.x), mxu::Kind::kConvolution);
  fused.layer.groups = fused.layer.channels;
  fused.weights.assign(fused.layer.channels, 1);
  fused.bias.assign(fused.layer.channels, 0);
  return fused;
}

void Fuser::add_constant(const Graph::Step& step) {
  FloatLayer* layer = bare(step.x);
  if (layer == nullptr) layer = &add_channels(step);
  layer->keeps = false;
  add_bias(*layer, step);
  finish(step);
}

void Fuser::multiply(const Graph::Step& step) {
  FloatLayer* layer = bare(step.x);
  if (layer == nullptr) layer = &add_channels(step);
  layer->keeps = false;
  const std::vector<double> factors = per_output(step, layer->layer.outputs);
  const size_t terms = layer->layer.terms();
  for (size_t o = 0; o < factors.size(); ++o) {
    for (size_t t = o * terms; t < (o + 1) * terms; ++t) {
      layer->weights[t] = static_cast<float>(double{layer->weights[t]} * factors[o]);
    }
    layer->bias[o] *= factors[o];
  }
  finish(step);
}

std::vector<FloatLayer> fuse(const Graph& graph) { return Fuser(graph).run(); }

}  // namespace sparsys
