// SPDX-License-Identifier: Apache-2.0
#include "golden/compress/fuse.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/compress/mxu_window.hpp"

namespace sparsys {
namespace {

std::string place_of(const Network& network, size_t n) {
  const Node& node = network.nodes[n];
  const std::string name = node.name.empty() ? std::to_string(n + 1) : "'" + node.name + "'";
  return "network '" + printable(network.name) + "': node " + printable(name) + " (" +
         to_string(node.op) + ")";
}

constexpr std::array<uint32_t, 4> kNoPad{};

// What is known of a value of the graph: which value of the layers it is, seen as another shape or
// with a border of zeros.
struct Seen {
  uint32_t value = 0;  // of the layers: 0 the input, l + 1 of layer l
  uint32_t channels = 0;
  uint32_t height = 1;
  uint32_t width = 1;
  bool flat = false;  // as one vector of all its elements
  std::array<uint32_t, 4> pad{};
};

// Finds the layers in a graph.
class Fuser {
 public:
  explicit Fuser(const Graph& graph)
      : graph_(graph),
        network_(graph.network()),
        shapes_(infer_shapes(network_)),
        seen_(network_.nodes.size() + 1) {}

  std::vector<FloatLayer> run() {
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

 private:
  [[noreturn]] void refuse(const std::string& what) const {
    throw Error(place_of(network_, n_) + ": " + what);
  }

  void add(const Graph::Step& step) {
    switch (step.op) {
      case Op::kConv:
        return add_convolution(step);
      case Op::kGemm:
      case Op::kMatMul:
        return add_dense(step);
      case Op::kAdd:
        return step.other == Graph::kNone ? add_constant(step) : add_sum(step);
      case Op::kMul:
        if (step.other != Graph::kNone) refuse("multiplies two values, the matrix unit adds only");
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
      default:
        refuse("the matrix unit has no such operator");
    }
  }

  // ---- values ----

  Seen maps_of(uint32_t value, const Shape& shape) const {
    const size_t rank = shape.size();
    if (rank < 2 || rank > 4) refuse("takes or gives " + to_string(shape) + ", no map or vector");
    Seen seen;
    seen.value = value;
    seen.channels = static_cast<uint32_t>(shape[1]);
    seen.height = rank == 4 ? static_cast<uint32_t>(shape[2]) : 1;
    seen.width = rank > 2 ? static_cast<uint32_t>(shape.back()) : 1;
    return seen;
  }

  // The same values as another shape.
  void rename(const Graph::Step& step, const Shape& shape) {
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

  void reshape(const Seen& from, uint32_t height, uint32_t width) {
    mxu::Layer& layer = new_layer(from, mxu::Kind::kReshape).layer;
    layer.map = {height, width};
    layers_.back().keeps = true;
  }

  // ---- layers ----

  std::string name_of_node() const {
    const Node& node = network_.nodes[n_];
    return node.name.empty() ? to_string(node.op) + std::to_string(n_ + 1) : node.name;
  }

  FloatLayer& new_layer(const Seen& from, mxu::Kind kind) {
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

  // The step's value is what the last layer gives.
  void finish(const Graph::Step& step) {
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

  // The last layer, if the value is its own and nobody else's, so that what follows may become part
  // of it.
  FloatLayer* last_of(size_t value) {
    const Seen& seen = seen_[value];
    if (layers_.empty() || seen.value != layers_.size() || seen.pad != kNoPad) return nullptr;
    const mxu::Kind kind = layers_.back().layer.kind;
    if (graph_.values()[value].uses != 1 || layers_.back().value != value ||
        kind == mxu::Kind::kConcat || kind == mxu::Kind::kReshape) {
      return nullptr;
    }
    return &layers_.back();
  }

  const Seen& unpadded(size_t value) const {
    if (seen_[value].pad != kNoPad) refuse("is behind a padding");
    return seen_[value];
  }
  const Seen& map(size_t value) const {
    if (seen_[value].flat) refuse("takes no map of the matrix unit");
    return seen_[value];
  }

  FloatLayer& new_weights(const Seen& from, const Graph::Step& step) {
    FloatLayer& fused = new_layer(from, mxu::Kind::kConvolution);
    if (network_.nodes[n_].name.empty()) fused.layer.name = network_.parameters[step.weights].name;
    return fused;
  }

  void add_convolution(const Graph::Step& step) {
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
    finish(step);
  }

  void add_dense(const Graph::Step& step) {
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

  // What a step adds to or multiplies each output by, one value per output.
  std::vector<double> per_output(const Graph::Step& step, size_t outputs) const {
    const std::vector<float>& values = network_.parameters[step.bias].values;
    const size_t pixels = step.bias_of.size() / outputs;
    const double factor = step.op == Op::kGemm ? double{step.bias_factor} : 1;
    std::vector<double> result;
    for (size_t e = 0; e < step.bias_of.size(); ++e) {
      const float value = values[static_cast<size_t>(step.bias_of[e])];
      if (value != values[static_cast<size_t>(step.bias_of[e / pixels * pixels])]) {
        refuse(std::string(step.op == Op::kMul ? "multiplies by" : "adds") +
               " different values to the pixels of one channel");
      }
      if (e % pixels == 0) result.push_back(factor * double{value});
    }
    return result;
  }

  void add_bias(FloatLayer& fused, const Graph::Step& step) const {
    fused.bias.resize(fused.layer.outputs, 0);
    if (step.bias == Graph::kNone) return;
    const std::vector<double> values = per_output(step, fused.layer.outputs);
    for (size_t o = 0; o < values.size(); ++o) fused.bias[o] += values[o];
  }

  // Weights, and nothing behind them that a constant would have to pass.
  FloatLayer* bare(size_t value) {
    FloatLayer* last = last_of(value);
    if (last == nullptr || last->layer.kind != mxu::Kind::kConvolution ||
        last->layer.function != mxu::Function::kIdentity || clipped(*last) ||
        last->layer.pooling != mxu::Pooling::kNone || seen_[value].flat) {
      return nullptr;
    }
    return last;
  }

  // A factor and a constant for each channel, as a convolution of 1 x 1.
  FloatLayer& add_channels(const Graph::Step& step) {
    FloatLayer& fused = new_layer(unpadded(step.x), mxu::Kind::kConvolution);
    fused.layer.groups = fused.layer.channels;
    fused.weights.assign(fused.layer.channels, 1);
    fused.bias.assign(fused.layer.channels, 0);
    return fused;
  }

  void add_constant(const Graph::Step& step) {
    FloatLayer* layer = bare(step.x);
    if (layer == nullptr) layer = &add_channels(step);
    add_bias(*layer, step);
    finish(step);
  }

  void multiply(const Graph::Step& step) {
    FloatLayer* layer = bare(step.x);
    if (layer == nullptr) layer = &add_channels(step);
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

  // The largest float stands for none.
  static float bound(float value) {
    return std::abs(value) == std::numeric_limits<float>::max() ? value * 2 : value;
  }
  static bool clipped(const FloatLayer& fused) {
    return fused.least > -std::numeric_limits<float>::infinity() ||
           fused.largest < std::numeric_limits<float>::infinity();
  }
  static bool has_table(const FloatLayer& fused) {
    return fused.layer.function == mxu::Function::kSigmoid ||
           fused.layer.function == mxu::Function::kTanh;
  }

  // The layer that gets the function: the last one, or one of its own. All functions rise: of a
  // maximum it is the same as of all values before.
  FloatLayer& for_function(size_t value) {
    FloatLayer* last = last_of(value);
    if (last != nullptr && last->layer.pooling != mxu::Pooling::kAverage && !has_table(*last)) {
      last->keeps = false;
      return *last;
    }
    return new_layer(unpadded(value), mxu::Kind::kPool);
  }

  void clip(const Graph::Step& step, float least, float largest) {
    FloatLayer& fused = for_function(step.x);
    const float before = fused.least;
    fused.least = std::clamp(least, before, fused.largest);
    fused.largest = std::clamp(largest, before, fused.largest);
    fused.layer.function = fused.least == 0 ? mxu::Function::kRelu : mxu::Function::kIdentity;
    finish(step);
  }

  void add_table(const Graph::Step& step, mxu::Function function) {
    FloatLayer* fused = &for_function(step.x);
    if (clipped(*fused)) fused = &new_layer(unpadded(step.x), mxu::Kind::kPool);
    fused->layer.function = function;
    finish(step);
  }

  // The layer that gets the pooling.
  FloatLayer& for_pooling(const Graph::Step& step) {
    const Seen& from = map(step.x);
    FloatLayer* last = last_of(step.x);
    if (last != nullptr && last->layer.pooling == mxu::Pooling::kNone &&
        last->layer.kind != mxu::Kind::kAdd) {
      return *last;
    }
    FloatLayer& fused = new_layer(from, mxu::Kind::kPool);
    fused.keeps = true;
    return fused;
  }

  void add_maximum(const Graph::Step& step) {
    const mxu::Window window = window_of(step.sliding);
    if (window.dilation != std::array<uint32_t, 2>{1, 1}) refuse("has a dilation");
    unpadded(step.x);
    mxu::Layer& layer = for_pooling(step).layer;
    layer.pooling = mxu::Pooling::kMax;
    layer.pool = window;
    finish(step);
  }

  void add_average(const Graph::Step& step) {
    mxu::Window window = window_of(step.sliding);
    if (window.pad != kNoPad) {
      refuse("averages windows that reach beyond the map, the matrix unit only those within it");
    }
    const uint64_t values = uint64_t{window.kernel[0]} * window.kernel[1];
    const Seen from = map(step.x);
    if (values > 255 || from.pad != kNoPad) {
      // Of zeros around the map, too, if there is a padding: sums with weights.
      FloatLayer& fused = new_layer(from, mxu::Kind::kConvolution);
      window.pad = from.pad;
      fused.layer.window = window;
      fused.layer.groups = fused.layer.channels;
      fused.weights.assign(values * from.channels,
                           static_cast<float>(1 / static_cast<double>(values)));
      fused.bias.assign(from.channels, 0);
      return finish(step);
    }
    FloatLayer& fused = for_pooling(step);
    fused.spread = step.x;
    fused.layer.pooling = mxu::Pooling::kAverage;
    fused.layer.pool = window;
    finish(step);
  }

  void add_sum(const Graph::Step& step) {
    const Seen from[2] = {unpadded(step.x), unpadded(step.other)};
    if (from[0].channels != from[1].channels || from[0].height != from[1].height ||
        from[0].width != from[1].width) {
      refuse("adds values of different sizes, the matrix unit only equal ones");
    }
    mxu::Layer& layer = new_layer(from[0], mxu::Kind::kAdd).layer;
    layer.sources = {from[0].value, from[1].value};
    finish(step);
  }

  void add_concat(const Graph::Step& step) {
    const size_t rank = shapes_[step.y].size();
    if (axis_of(network_.nodes[n_].axis, rank) != 1) {
      refuse("joins along another axis than the channels");
    }
    // Values of another's scale, or that others take, are brought to that of the whole first.
    std::vector<Seen> sources;
    std::vector<size_t> tied;
    for (const size_t value : step.sources) {
      Seen from = unpadded(value);
      if (from.flat) refuse("joins vectors that are maps of the matrix unit");
      const bool own = from.value > 0 && graph_.values()[value].uses == 1 &&
                       layers_[from.value - 1].value == value &&
                       layers_[from.value - 1].layer.kind != mxu::Kind::kReshape &&
                       !has_table(layers_[from.value - 1]) && !layers_[from.value - 1].keeps;
      if (!own) {
        FloatLayer& fused = new_layer(from, mxu::Kind::kPool);
        fused.layer.name += " of " + number(sources.size() + 1);
        fused.value = fused.spread = value;
        from.value = static_cast<uint32_t>(layers_.size());
      }
      tied.push_back(from.value - 1);
      sources.push_back(from);
    }
    FloatLayer& fused = new_layer(sources[0], mxu::Kind::kConcat);
    fused.layer.sources.clear();
    fused.layer.outputs = 0;
    for (const Seen& from : sources) {
      if (from.height != sources[0].height || from.width != sources[0].width) {
        refuse("joins maps of different sizes");
      }
      fused.layer.sources.push_back(from.value);
      fused.layer.outputs += from.channels;
    }
    for (const size_t l : tied) layers_[l].tied = layers_.size() - 1;
    finish(step);
  }

  // A border of zeros: part of the convolution or average behind it.
  void add_padding(const Graph::Step& step) {
    const Node& node = network_.nodes[n_];
    const size_t rank = node.shape.size() / 2;
    Seen& seen = seen_[step.y];
    seen = seen_[step.x];
    for (size_t d = 0; d < rank; ++d) {
      const int64_t ends[2] = {node.shape[d], node.shape[rank + d]};
      if (ends[0] == 0 && ends[1] == 0) continue;
      if (d < 2 || rank > 4 || seen.flat || ends[0] < 0 || ends[1] < 0) {
        refuse("pads what is no map of the matrix unit");
      }
      if (node.alpha != 0) refuse("pads with " + std::to_string(node.alpha) + ", not with 0");
      const size_t side = rank == 4 ? d - 2 : 1;
      seen.pad[side] += static_cast<uint32_t>(ends[0]);
      seen.pad[side + 2] += static_cast<uint32_t>(ends[1]);
    }
  }

  const Graph& graph_;
  const Network& network_;
  const std::vector<Shape> shapes_;
  std::vector<Seen> seen_;  // by the graph's values
  std::vector<FloatLayer> layers_;
  size_t n_ = 0;  // the node at hand
};

}  // namespace

std::vector<FloatLayer> fuse(const Graph& graph) { return Fuser(graph).run(); }

}  // namespace sparsys
