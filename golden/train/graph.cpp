// SPDX-License-Identifier: Apache-2.0
#include "golden/train/graph.hpp"

#include <algorithm>
#include <map>
#include <string>

namespace sparsys {
namespace {

using Eigen::Index;
using ArrayMap = Eigen::Map<Eigen::ArrayXf>;
using ConstArrayMap = Eigen::Map<const Eigen::ArrayXf>;

// For each element of `shape`, the element of `small` that ONNX's broadcasting gives it.
std::vector<int32_t> broadcast(const Shape& shape, const Shape& small) {
  std::vector<int32_t> place{0};
  int64_t stride = element_count(small);
  for (size_t d = 0; d < shape.size(); ++d) {
    const size_t missing = shape.size() - small.size();
    const int64_t size = d < missing ? 1 : small[d - missing];
    stride /= size;
    std::vector<int32_t> next;
    next.reserve(place.size() * static_cast<size_t>(shape[d]));
    for (const int32_t p : place) {
      for (int64_t i = 0; i < shape[d]; ++i) {
        next.push_back(static_cast<int32_t>(p + (size == 1 ? 0 : i * stride)));
      }
    }
    place = std::move(next);
  }
  return place;
}

bool is_dense(Op op) { return op == Op::kGemm || op == Op::kMatMul; }
bool is_pooling(Op op) { return op == Op::kMaxPool || op == Op::kAveragePool; }

}  // namespace

Graph::Graph(const Network& network) : network_(&network) {
  const std::vector<Shape> shapes = infer_shapes(network);
  std::map<std::string, size_t> value_of{{network.input, 0}};
  std::map<std::string, size_t> parameter_of;
  for (size_t p = 0; p < network.parameters.size(); ++p) {
    parameter_of[network.parameters[p].name] = p;
  }
  for (const Shape& shape : shapes) {
    Value value;
    value.elements = element_count(shape);
    values_.push_back(value);
  }
  for (size_t n = 0; n < network.nodes.size(); ++n) {
    const Node& node = network.nodes[n];
    Step step;
    step.op = node.op;
    step.y = n + 1;
    step.x = Graph::kNone;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const auto value = value_of.find(node.inputs[i]);
      if (value != value_of.end()) {
        (step.x == kNone ? step.x : step.other) = value->second;
        ++values_[value->second].uses;
        continue;
      }
      const auto found = parameter_of.find(node.inputs[i]);
      if (found == parameter_of.end()) continue;  // the shape of a Reshape
      (i == 1 && node.op != Op::kAdd ? step.weights : step.bias) = found->second;
    }
    value_of[node.output] = step.y;
    steps_.push_back(std::move(step));
  }
  for (size_t n = 0; n < network.nodes.size(); ++n) add_step(network.nodes[n], shapes, n);
  logits_ = steps_.back().op == Op::kSoftmax ? steps_.back().x : steps_.back().y;
  for (Step& step : steps_) step.dropout &= step.y != logits_;
}

void Graph::add_step(const Node& node, const std::vector<Shape>& shapes, size_t index) {
  Step& step = steps_[index];
  const Shape& x = shapes[step.x];
  const Shape& y = shapes[step.y];
  const Value& in = values_[step.x];
  Value& out = values_[step.y];
  if (index == 0) memories_ = 1;
  out.varies = in.varies || step.weights != kNone || step.bias != kNone ||
               (step.other != kNone && values_[step.other].varies);
  const std::vector<Parameter>& parameters = network_->parameters;
  if (node.op == Op::kConv || is_pooling(node.op)) {
    step.sliding = {node.window, x[1], x[2], x[3], y[1], y[2], y[3], node.group};
  }
  if (is_dense(node.op)) {
    step.dense.inputs = x[1];
    step.dense.outputs = y[1];
    step.dense.rows_are_outputs = node.op == Op::kGemm && node.trans_b;
    step.dense.factor = node.op == Op::kGemm ? node.alpha : 1.0F;
  }
  if (node.op == Op::kGemm) step.bias_factor = node.beta;
  if (step.bias != kNone) {
    const Shape& bias = parameters[step.bias].shape;
    // A convolution's bias belongs to its channels.
    step.bias_of = broadcast(y, node.op == Op::kConv ? Shape{bias[0], 1, 1} : bias);
  }
  step.dropout = node.op == Op::kRelu && y.size() == 2;
  // In place only where neither the way back nor another node needs what is overwritten.
  const Op maker = step.x == 0 ? Op::kRelu : steps_[step.x - 1].op;
  const bool product = maker == Op::kConv || is_dense(maker);
  switch (node.op) {
    case Op::kFlatten:
    case Op::kReshape:
      step.in_place = in.uses == 1 || step.x == 0;
      break;
    case Op::kRelu:
    case Op::kSigmoid:
    case Op::kTanh:
      step.in_place = in.uses == 1 && (product || maker == Op::kAdd || is_pooling(maker));
      break;
    case Op::kAdd:
      step.in_place = in.uses == 1 && product && step.other == kNone;
      break;
    default:
      break;
  }
  out.memory = step.in_place ? in.memory : memories_++;
}

int64_t Graph::elements() const {
  int64_t sum = 0;
  for (const Value& value : values_) sum += value.elements;
  return sum;
}

Tape::Tape(const Graph& graph, size_t samples, bool gradients) : graph_(graph) {
  const auto count = static_cast<Index>(samples);
  value_.resize(graph.memories());
  gradient_.resize(graph.memories());
  for (const Graph::Value& value : graph.values()) {
    value_[value.memory].resize(value.elements * count);
    if (gradients && value.varies) gradient_[value.memory].resize(value.elements * count);
  }
  choice_.resize(graph.steps().size());
  weights_.resize(graph.steps().size());
  if (!gradients) return;
  for (size_t n = 0; n < graph.steps().size(); ++n) {
    const Graph::Step& step = graph.steps()[n];
    if (step.op == Op::kMaxPool) choice_[n].resize(graph.values()[step.y].elements * count);
    if (step.op == Op::kConv) {
      weights_[n].resize(
          static_cast<Index>(graph.network().parameters[step.weights].values.size()));
    }
  }
}

void Tape::silence(float* y, int64_t elements, const Dropout& dropout) const {
  const float keep = 1.0F / (1.0F - dropout.probability);
  const auto limit = static_cast<uint32_t>(dropout.probability * 65536.0F);
  uint64_t bits = 0;
  for (int64_t i = 0; i < elements; ++i) {
    if (i % 4 == 0) bits = dropout.random->next();
    y[i] *= (bits & 0xFFFF) < limit ? 0.0F : keep;
    bits >>= 16;
  }
}

void Tape::forward(const Dropout& dropout, bool softmax) {
  for (size_t n = 0; n < graph_.steps().size(); ++n) {
    const Graph::Step& step = graph_.steps()[n];
    const int64_t elements = graph_.values()[step.y].elements;
    const int64_t all = elements * samples_;
    const float* x = value(step.x);
    float* y = value(step.y);
    if (step.op == Op::kSoftmax && !softmax) continue;
    if (step.op == Op::kConv || is_dense(step.op)) {
      // Products are added to what is there already.
      if (step.bias == Graph::kNone) {
        std::fill_n(y, all, 0.0F);
      } else {
        const float* bias = parameter(step.bias);
        for (int64_t e = 0; e < elements; ++e) {
          std::fill_n(y + e * samples_, samples_,
                      step.bias_factor * bias[step.bias_of[static_cast<size_t>(e)]]);
        }
      }
    }
    switch (step.op) {
      case Op::kConv:
        convolve(step.sliding, x, parameter(step.weights), y, samples_);
        break;
      case Op::kGemm:
      case Op::kMatMul: {
        DenseWeights weights = step.dense;
        weights.values = parameter(step.weights);
        multiply(weights, x, y, samples_);
        break;
      }
      case Op::kAdd:
        if (step.other != Graph::kNone) {
          ArrayMap(y, all) = ConstArrayMap(x, all) + ConstArrayMap(value(step.other), all);
        } else {
          const float* bias = parameter(step.bias);
          for (int64_t e = 0; e < elements; ++e) {
            ArrayMap(y + e * samples_, samples_) = ConstArrayMap(x + e * samples_, samples_) +
                                                   bias[step.bias_of[static_cast<size_t>(e)]];
          }
        }
        break;
      case Op::kRelu:
        ArrayMap(y, all) = ConstArrayMap(x, all).max(0.0F);
        break;
      case Op::kMaxPool:
        max_pool(step.sliding, x, y, choice_[n].size() > 0 ? choice_[n].data() : nullptr, samples_);
        break;
      case Op::kAveragePool:
        average_pool(step.sliding, x, y, samples_);
        break;
      case Op::kSigmoid:
        ArrayMap(y, all) = 1.0F / (1.0F + (-ConstArrayMap(x, all)).exp());
        break;
      case Op::kTanh:
        ArrayMap(y, all) = ConstArrayMap(x, all).tanh();
        break;
      case Op::kFlatten:
      case Op::kReshape:
        if (!step.in_place) std::copy_n(x, all, y);
        break;
      case Op::kSoftmax: {
        const Eigen::Map<const Eigen::ArrayXXf> in(x, samples_, elements);
        Eigen::Map<Eigen::ArrayXXf> out(y, samples_, elements);
        out = (in.colwise() - in.rowwise().maxCoeff()).exp();
        out.colwise() /= out.rowwise().sum().eval();
        break;
      }
    }
    if (step.dropout && dropout.probability > 0) silence(y, all, dropout);
  }
}

float* Tape::target(size_t v) { return graph_.values()[v].varies ? gradient(v) : nullptr; }

void Tape::backward(float dropout) {
  // Gradients of several uses, and of parts, add up; the logits' is there already.
  const size_t given = graph_.values()[graph_.logits()].memory;
  for (const Graph::Step& step : graph_.steps()) {
    const Graph::Value& value = graph_.values()[step.y];
    if (!value.varies || step.in_place || value.memory == given) continue;
    std::fill_n(gradient(step.y), value.elements * samples_, 0.0F);
  }
  for (size_t n = graph_.steps().size(); n-- > 0;) {
    const Graph::Step& step = graph_.steps()[n];
    if (step.op == Op::kSoftmax || !graph_.values()[step.y].varies) continue;
    const int64_t all = graph_.values()[step.y].elements * samples_;
    const float* dy = gradient(step.y);
    float* dx = target(step.x);
    switch (step.op) {
      case Op::kConv:
        convolve_back(step.sliding, value(step.x), parameter(step.weights), dy, weights_[n].data(),
                      dx, samples_);
        break;
      case Op::kGemm:
      case Op::kMatMul:
        if (dx != nullptr) {
          DenseWeights weights = step.dense;
          weights.values = parameter(step.weights);
          multiply_back(weights, dy, dx, samples_);
        }
        break;
      case Op::kRelu:
        if (dx != nullptr) {
          // Positive also where dropout multiplied by `keep`.
          const float keep = step.dropout && dropout > 0 ? 1.0F / (1.0F - dropout) : 1.0F;
          const float* y = value(step.y);
          if (step.in_place) {
            for (int64_t i = 0; i < all; ++i) dx[i] = y[i] > 0 ? keep * dx[i] : 0.0F;
          } else {
            for (int64_t i = 0; i < all; ++i) dx[i] += y[i] > 0 ? keep * dy[i] : 0.0F;
          }
        }
        break;
      case Op::kSigmoid:
      case Op::kTanh:
        if (dx != nullptr) {
          const ConstArrayMap y(value(step.y), all);
          const ConstArrayMap delta(dy, all);
          ArrayMap gradient(dx, all);
          if (step.in_place) {
            gradient *= step.op == Op::kSigmoid ? (y * (1.0F - y)).eval() : (1.0F - y * y).eval();
          } else if (step.op == Op::kSigmoid) {
            gradient += delta * y * (1.0F - y);
          } else {
            gradient += delta * (1.0F - y * y);
          }
        }
        break;
      case Op::kAveragePool:
        if (dx != nullptr) average_pool_back(step.sliding, dy, dx, samples_);
        break;
      case Op::kMaxPool:
        if (dx != nullptr) max_pool_back(step.sliding, dy, choice_[n].data(), dx, samples_);
        break;
      case Op::kAdd:
      case Op::kFlatten:
      case Op::kReshape:
        if (step.in_place) break;
        if (dx != nullptr) ArrayMap(dx, all) += ConstArrayMap(dy, all);
        if (step.other != Graph::kNone && target(step.other) != nullptr) {
          ArrayMap(target(step.other), all) += ConstArrayMap(dy, all);
        }
        break;
      case Op::kSoftmax:
        break;
    }
  }
}

void Tape::add_gradient(size_t parameter, size_t first, float* gradient, size_t count) const {
  for (size_t n = 0; n < graph_.steps().size(); ++n) {
    const Graph::Step& step = graph_.steps()[n];
    const float* dy = gradient_[graph_.values()[step.y].memory].data();
    if (step.weights == parameter && step.op == Op::kConv) {
      ArrayMap(gradient, static_cast<Index>(count)) +=
          weights_[n].segment(static_cast<Index>(first), static_cast<Index>(count)).array();
    } else if (step.weights == parameter) {
      const float* x = value_[graph_.values()[step.x].memory].data();
      const int64_t row = step.dense.rows_are_outputs ? step.dense.inputs : step.dense.outputs;
      multiply_gradient(step.dense, x, dy, static_cast<int64_t>(first) / row,
                        static_cast<int64_t>(count) / row, gradient, samples_);
    }
    if (step.bias != parameter) continue;
    for (size_t e = 0; e < step.bias_of.size(); ++e) {
      const size_t place = static_cast<size_t>(step.bias_of[e]) - first;  // huge if below
      if (place >= count) continue;
      gradient[place] +=
          step.bias_factor * ConstArrayMap(dy + static_cast<int64_t>(e) * samples_, samples_).sum();
    }
  }
}

}  // namespace sparsys
