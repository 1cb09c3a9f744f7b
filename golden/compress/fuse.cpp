// SPDX-License-Identifier: Apache-2.0
#include "golden/compress/fuse.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"

namespace sparsys {
namespace {

std::string place_of(const Network& network, size_t n) {
  const Node& node = network.nodes[n];
  const std::string name = node.name.empty() ? std::to_string(n + 1) : "'" + node.name + "'";
  return "network '" + printable(network.name) + "': node " + printable(name) + " (" +
         to_string(node.op) + ")";
}

[[noreturn]] void refuse(const Network& network, size_t n, const std::string& what) {
  throw Error(place_of(network, n) + ": " + what);
}

mxu::Window to_window(const Window& window) {
  mxu::Window result;
  for (size_t s = 0; s < 2; ++s) {
    result.kernel[s] = static_cast<uint32_t>(window.kernel[s]);
    result.stride[s] = static_cast<uint32_t>(window.stride[s]);
  }
  for (size_t p = 0; p < 4; ++p) result.pad[p] = static_cast<uint32_t>(window.pad[p]);
  return result;
}

bool dilated(const Window& window) { return window.dilation != std::array<int64_t, 2>{1, 1}; }

// Finds the layers in a graph.
class Fuser {
 public:
  explicit Fuser(const Graph& graph)
      : graph_(graph), network_(graph.network()), shapes_(infer_shapes(network_)) {}

  std::vector<FloatLayer> run() {
    size_t last = 0;
    for (size_t n = 0; n < network_.nodes.size(); ++n) {
      const Graph::Step& step = graph_.steps()[n];
      if (step.x != last || step.other != Graph::kNone || graph_.values()[step.x].uses != 1) {
        refuse(network_, n, "the matrix unit's networks are chains, this has a branch");
      }
      last = step.y;
      add(n, step);
    }
    if (layers_.empty()) {
      throw Error("network '" + printable(network_.name) + "': has no layer with weights");
    }
    return std::move(layers_);
  }

 private:
  void add(size_t n, const Graph::Step& step) {
    switch (step.op) {
      case Op::kConv:
      case Op::kGemm:
      case Op::kMatMul:
        if (step.rows != 1) refuse(network_, n, "works on several vectors of a sample");
        step.op == Op::kConv ? add_convolution(n, step) : add_dense(n, step);
        add_bias(n, step);
        pooled_ = false;
        flat_ = false;
        averaged_ = false;
        break;
      case Op::kAdd:
        check_behind_layer(n);
        if (pooled_ || flat_ || layers_.back().layer.function != mxu::Function::kIdentity) {
          refuse(network_, n, "is not right behind the weights it belongs to");
        }
        add_bias(n, step);
        break;
      case Op::kRelu:
        add_function(n, mxu::Function::kRelu);
        break;
      case Op::kSigmoid:
        add_function(n, mxu::Function::kSigmoid);
        break;
      case Op::kTanh:
        add_function(n, mxu::Function::kTanh);
        break;
      case Op::kMaxPool:
      case Op::kAveragePool:
        add_pooling(n, step);
        break;
      case Op::kFlatten:
      case Op::kReshape:
        if (shapes_[step.y].size() > 2 && !layers_.empty()) {
          refuse(network_, n, "makes maps of values between layers");
        }
        flat_ = true;
        break;
      case Op::kSoftmax:
        if (step.head) break;  // left to whoever reads the scores
        [[fallthrough]];
      default:
        refuse(network_, n, "the matrix unit has no such operator");
    }
    if (layers_.empty() || step.op == Op::kSoftmax) return;
    layers_.back().value = step.y;
    if (!averaged_) layers_.back().spread = step.y;
  }

  void check_behind_layer(size_t n) const {
    if (layers_.empty()) refuse(network_, n, "is in front of the first weights");
  }

  void add_function(size_t n, mxu::Function function) {
    check_behind_layer(n);
    // All of them rise: of a maximum it is the same as of all values before.
    if (averaged_) {
      refuse(network_, n, "is behind an average, the matrix unit has functions in front of one");
    }
    mxu::Function& of_layer = layers_.back().layer.function;
    if (of_layer != mxu::Function::kIdentity && of_layer != function) {
      refuse(network_, n,
             std::string("is behind ") + to_string(of_layer) +
                 ", the matrix unit has one function for a layer");
    }
    if (of_layer == function && function != mxu::Function::kRelu) {
      refuse(network_, n, "is there twice, the matrix unit has one function for a layer");
    }
    of_layer = function;
  }

  mxu::Layer& new_layer(size_t n) {
    const Graph::Step& step = graph_.steps()[n];
    layers_.emplace_back();
    mxu::Layer& layer = layers_.back().layer;
    layer.name = network_.nodes[n].name.empty() ? network_.parameters[step.weights].name
                                                : network_.nodes[n].name;
    return layer;
  }

  void add_convolution(size_t n, const Graph::Step& step) {
    const Sliding& sliding = step.sliding;
    if (dilated(sliding.window)) refuse(network_, n, "has a dilation");
    mxu::Layer& layer = new_layer(n);
    layer.channels = static_cast<uint32_t>(sliding.channels);
    layer.height = static_cast<uint32_t>(sliding.height);
    layer.width = static_cast<uint32_t>(sliding.width);
    layer.outputs = static_cast<uint32_t>(sliding.outputs);
    layer.window = to_window(sliding.window);
    const std::vector<float>& values = network_.parameters[step.weights].values;
    const size_t group_inputs = static_cast<size_t>(sliding.channels / sliding.group);
    const size_t group_outputs = static_cast<size_t>(sliding.outputs / sliding.group);
    const size_t taps = size_t{layer.window.kernel[0]} * layer.window.kernel[1];
    std::vector<float>& weights = layers_.back().weights;
    weights.assign(layer.outputs * layer.terms(), 0);
    for (size_t o = 0; o < layer.outputs; ++o) {
      const size_t first = o / group_outputs * group_inputs;
      std::copy_n(values.begin() + static_cast<ptrdiff_t>(o * group_inputs * taps),
                  group_inputs * taps,
                  weights.begin() + static_cast<ptrdiff_t>(o * layer.terms() + first * taps));
    }
  }

  void add_dense(size_t n, const Graph::Step& step) {
    // What comes from maps is a convolution with a kernel as large as they are.
    const bool behind_maps = !layers_.empty();
    mxu::Layer before;
    if (behind_maps) before = layers_.back().layer;
    mxu::Layer& layer = new_layer(n);
    layer.channels = static_cast<uint32_t>(step.dense.inputs);
    if (behind_maps) {
      layer.channels = before.outputs;
      layer.height = before.out_height();
      layer.width = before.out_width();
      layer.window.kernel = {layer.height, layer.width};
    }
    layer.outputs = static_cast<uint32_t>(step.dense.outputs);
    const std::vector<float>& values = network_.parameters[step.weights].values;
    const auto inputs = static_cast<size_t>(step.dense.inputs);
    std::vector<float>& weights = layers_.back().weights;
    weights.resize(values.size());
    for (size_t o = 0; o < layer.outputs; ++o) {
      for (size_t i = 0; i < inputs; ++i) {
        const size_t at = step.dense.rows_are_outputs ? o * inputs + i : i * layer.outputs + o;
        weights[o * inputs + i] = step.dense.factor * values[at];
      }
    }
  }

  // Of the layer itself or of an Add behind it: one value per output.
  void add_bias(size_t n, const Graph::Step& step) {
    FloatLayer& fused = layers_.back();
    fused.bias.resize(fused.layer.outputs, 0);
    if (step.bias == Graph::kNone) return;
    const std::vector<float>& values = network_.parameters[step.bias].values;
    const size_t pixels = step.bias_of.size() / fused.layer.outputs;
    const double factor = step.op == Op::kGemm ? double{step.bias_factor} : 1;
    for (size_t e = 0; e < step.bias_of.size(); ++e) {
      const float value = values[static_cast<size_t>(step.bias_of[e])];
      if (value != values[static_cast<size_t>(step.bias_of[e / pixels * pixels])]) {
        refuse(network_, n, "adds different values to the pixels of one channel");
      }
      if (e % pixels == 0) fused.bias[e / pixels] += factor * double{value};
    }
  }

  void add_pooling(size_t n, const Graph::Step& step) {
    check_behind_layer(n);
    const Sliding& sliding = step.sliding;
    if (pooled_ || flat_) refuse(network_, n, "is not right behind a convolution");
    if (dilated(sliding.window)) refuse(network_, n, "has a dilation");
    mxu::Layer& layer = layers_.back().layer;
    const bool average = step.op == Op::kAveragePool;
    layer.pooling = average ? mxu::Pooling::kAverage : mxu::Pooling::kMax;
    layer.pool = to_window(sliding.window);
    // Sizes rounded up are those of a map with more behind it.
    const int64_t out[2] = {sliding.out_height, sliding.out_width};
    const int64_t in[2] = {sliding.height, sliding.width};
    for (size_t s = 0; s < 2; ++s) {
      const int64_t reach = (out[s] - 1) * layer.pool.stride[s] + layer.pool.kernel[s];
      const int64_t behind = reach - in[s] - layer.pool.pad[s];
      layer.pool.pad[s + 2] =
          std::max(layer.pool.pad[s + 2], static_cast<uint32_t>(std::max<int64_t>(behind, 0)));
    }
    pooled_ = true;
    if (!average) return;
    averaged_ = true;
    if (layer.pool.pad != std::array<uint32_t, 4>{}) {
      refuse(network_, n,
             "averages windows that reach beyond the map, the matrix unit only those within it");
    }
    const uint64_t values = uint64_t{layer.pool.kernel[0]} * layer.pool.kernel[1];
    if (values > 255) {
      refuse(network_, n,
             "averages " + std::to_string(values) + " values, the matrix unit at most 255");
    }
  }

  const Graph& graph_;
  const Network& network_;
  const std::vector<Shape> shapes_;
  std::vector<FloatLayer> layers_;
  bool pooled_ = false;
  bool flat_ = false;
  bool averaged_ = false;
};

}  // namespace

std::vector<FloatLayer> fuse(const Graph& graph) { return Fuser(graph).run(); }

}  // namespace sparsys
