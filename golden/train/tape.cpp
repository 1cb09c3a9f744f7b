// SPDX-License-Identifier: Apache-2.0
// A graph's values and gradients: Tape of graph.hpp.
#include <algorithm>

#include "golden/train/graph.hpp"

namespace sparsys {
namespace {

using Eigen::Index;
using ArrayMap = Eigen::Map<Eigen::ArrayXf>;
using ConstArrayMap = Eigen::Map<const Eigen::ArrayXf>;

// Operand: an array, or one number.
template <typename Operand>
void combine(bool sum, const ConstArrayMap& in, const Operand& operand, ArrayMap out) {
  if (sum) {
    out = in + operand;
  } else {
    out = in * operand;
  }
}

}  // namespace

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
    if (is_convolution(step.op)) {
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

float* Tape::target(size_t v) { return graph_.values()[v].varies ? gradient(v) : nullptr; }

DenseWeights Tape::dense(const Graph::Step& step) const {
  DenseWeights weights = step.dense;
  weights.values = parameter(step.weights);
  return weights;
}

void Tape::fill_bias(const Graph::Step& step, float* y) {
  const int64_t elements = graph_.values()[step.y].elements;
  if (step.bias == Graph::kNone) {
    std::fill_n(y, elements * samples_, 0.0F);
    return;
  }
  const float* bias = parameter(step.bias);
  for (int64_t e = 0; e < elements; ++e) {
    std::fill_n(y + e * samples_, samples_,
                step.bias_factor * bias[step.bias_of[static_cast<size_t>(e)]]);
  }
}

// ---- forward ----

void Tape::forward(const Dropout& dropout, bool softmax) {
  for (size_t n = 0; n < graph_.steps().size(); ++n) {
    const Graph::Step& step = graph_.steps()[n];
    if (step.head && !softmax) continue;
    forward(step, n);
    if (step.dropout && dropout.probability > 0) {
      silence(value(step.y), graph_.values()[step.y].elements * samples_, dropout);
    }
  }
}

void Tape::forward(const Graph::Step& step, size_t n) {
  const int64_t all = graph_.values()[step.y].elements * samples_;
  const float* x = value(step.x);
  float* y = value(step.y);
  switch (step.op) {
    case Op::kConv:
      fill_bias(step, y);  // products are added to what is there
      convolve(step.sliding, x, parameter(step.weights), y, samples_);
      break;
    case Op::kConvTranspose:
      fill_bias(step, y);
      convolve_back(step.sliding, nullptr, parameter(step.weights), x, nullptr, y, samples_);
      break;
    case Op::kGemm:
    case Op::kMatMul:
      fill_bias(step, y);
      for (int64_t r = 0; r < step.rows; ++r) {
        multiply(dense(step), x + r * step.dense.inputs * samples_,
                 y + r * step.dense.outputs * samples_, samples_);
      }
      break;
    case Op::kAdd:
    case Op::kMul:
      arithmetic(step);
      break;
    case Op::kPRelu:
      prelu(step);
      break;
    case Op::kBatchMatMul:
      multiply_matrices(step.matrices,
                        all / samples_ / (step.matrices.rows * step.matrices.columns), x,
                        value(step.other), y, samples_);
      break;
    case Op::kMaxPool:
      max_pool(step.sliding, x, y, choice_[n].size() > 0 ? choice_[n].data() : nullptr, samples_);
      break;
    case Op::kAveragePool:
      average_pool(step.sliding, x, y, samples_);
      break;
    case Op::kFlatten:
    case Op::kReshape:
      if (!step.in_place) std::copy_n(x, all, y);
      break;
    case Op::kSoftmax:
    case Op::kLogSoftmax:
      softmax(step.axis, step.op == Op::kLogSoftmax, x, y, samples_);
      break;
    case Op::kConcat: {
      int64_t first = 0;
      for (size_t s = 0; s < step.sources.size(); ++s) {
        put_part(step.axis, first, step.parts[s], value(step.sources[s]), y, samples_);
        first += step.parts[s].size;
      }
      break;
    }
    case Op::kTranspose:
    case Op::kPad:
    case Op::kSlice:
    case Op::kResize:
      gather(step.from, x, step.function.alpha, y, samples_);
      break;
    case Op::kRelu:
    case Op::kSigmoid:
    case Op::kTanh:
    case Op::kClip:
    case Op::kLeakyRelu:
    case Op::kHardSigmoid:
    case Op::kHardSwish:
    case Op::kElu:
    case Op::kSoftplus:
    case Op::kExp:
    case Op::kLog:
    case Op::kErf:
    case Op::kSin:
    case Op::kCos:
    case Op::kPow:
      apply(step.function, x, y, all);
      break;
  }
}

void Tape::arithmetic(const Graph::Step& step) {
  const int64_t elements = graph_.values()[step.y].elements;
  const int64_t all = elements * samples_;
  const bool sum = step.op == Op::kAdd;
  const float* x = value(step.x);
  float* y = value(step.y);
  const bool of_values = step.other != Graph::kNone;
  if (of_values && step.other_of.empty()) {
    combine(sum, ConstArrayMap(x, all), ConstArrayMap(value(step.other), all), ArrayMap(y, all));
    return;
  }
  for (int64_t e = 0; e < elements; ++e) {
    const ConstArrayMap in(x + e * samples_, samples_);
    const ArrayMap out(y + e * samples_, samples_);
    if (of_values) {
      const int64_t place = step.other_of[static_cast<size_t>(e)];
      combine(sum, in, ConstArrayMap(value(step.other) + place * samples_, samples_), out);
    } else {
      combine(sum, in, parameter(step.bias)[step.bias_of[static_cast<size_t>(e)]], out);
    }
  }
}

void Tape::prelu(const Graph::Step& step) {
  const int64_t elements = graph_.values()[step.y].elements;
  const float* x = value(step.x);
  float* y = value(step.y);
  const float* slopes = parameter(step.bias);
  for (int64_t e = 0; e < elements; ++e) {
    const float slope = slopes[step.bias_of[static_cast<size_t>(e)]];
    for (int64_t i = e * samples_; i < (e + 1) * samples_; ++i) {
      y[i] = x[i] < 0 ? slope * x[i] : x[i];
    }
  }
}

// ---- backward ----

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
    if (step.head || step.gradient_stays || !graph_.values()[step.y].varies) continue;
    backward(step, n, dropout);
  }
}

void Tape::backward(const Graph::Step& step, size_t n, float dropout) {
  const int64_t all = graph_.values()[step.y].elements * samples_;
  const float* dy = gradient(step.y);
  float* dx = target(step.x);
  switch (step.op) {
    case Op::kConv:
      convolve_back(step.sliding, value(step.x), parameter(step.weights), dy, weights_[n].data(),
                    dx, samples_);
      return;
    case Op::kConvTranspose:
      // The convolution from y to x: what goes back there goes forward here.
      convolve_back(step.sliding, dy, parameter(step.weights), value(step.x), weights_[n].data(),
                    nullptr, samples_);
      if (dx != nullptr) convolve(step.sliding, dy, parameter(step.weights), dx, samples_);
      return;
    case Op::kAdd:
    case Op::kMul:
      arithmetic_back(step);
      return;
    case Op::kBatchMatMul:
      multiply_matrices_back(
          step.matrices, all / samples_ / (step.matrices.rows * step.matrices.columns),
          value(step.x), value(step.other), dy, dx, target(step.other), samples_);
      return;
    case Op::kConcat: {
      int64_t first = 0;
      for (size_t s = 0; s < step.sources.size(); ++s) {
        float* to = target(step.sources[s]);
        if (to != nullptr) put_part_back(step.axis, first, step.parts[s], dy, to, samples_);
        first += step.parts[s].size;
      }
      return;
    }
    default:
      break;
  }
  if (dx == nullptr) return;
  switch (step.op) {
    case Op::kGemm:
    case Op::kMatMul:
      for (int64_t r = 0; r < step.rows; ++r) {
        multiply_back(dense(step), dy + r * step.dense.outputs * samples_,
                      dx + r * step.dense.inputs * samples_, samples_);
      }
      break;
    case Op::kPRelu:
      prelu_back(step);
      break;
    case Op::kAveragePool:
      average_pool_back(step.sliding, dy, dx, samples_);
      break;
    case Op::kMaxPool:
      max_pool_back(step.sliding, dy, choice_[n].data(), dx, samples_);
      break;
    case Op::kFlatten:
    case Op::kReshape:
      ArrayMap(dx, all) += ConstArrayMap(dy, all);
      break;
    case Op::kSoftmax:
    case Op::kLogSoftmax:
      softmax_back(step.axis, step.op == Op::kLogSoftmax, value(step.y), dy, dx, samples_);
      break;
    case Op::kTranspose:
    case Op::kPad:
    case Op::kSlice:
    case Op::kResize:
      gather_back(step.from, dy, dx, samples_);
      break;
    default: {
      const float keep = step.dropout && dropout > 0 ? 1.0F / (1.0F - dropout) : 1.0F;
      apply_back(step.function, value(step.x), value(step.y), dy, dx, all, keep);
    }
  }
}

void Tape::arithmetic_back(const Graph::Step& step) {
  const int64_t elements = graph_.values()[step.y].elements;
  const int64_t all = elements * samples_;
  const bool sum = step.op == Op::kAdd;
  const float* dy = gradient(step.y);
  float* dx = target(step.x);
  if (sum && dx != nullptr) ArrayMap(dx, all) += ConstArrayMap(dy, all);
  if (step.other == Graph::kNone) {
    if (sum || dx == nullptr) return;
    const float* p = parameter(step.bias);
    for (int64_t e = 0; e < elements; ++e) {
      ArrayMap(dx + e * samples_, samples_) +=
          ConstArrayMap(dy + e * samples_, samples_) * p[step.bias_of[static_cast<size_t>(e)]];
    }
    return;
  }
  float* d_other = target(step.other);
  for (int64_t e = 0; e < elements; ++e) {
    const int64_t place = step.other_of.empty() ? e : step.other_of[static_cast<size_t>(e)];
    const ConstArrayMap delta(dy + e * samples_, samples_);
    if (!sum && dx != nullptr) {
      ArrayMap(dx + e * samples_, samples_) +=
          delta * ConstArrayMap(value(step.other) + place * samples_, samples_);
    }
    if (d_other == nullptr) continue;
    ArrayMap to(d_other + place * samples_, samples_);
    if (sum) {
      to += delta;
    } else {
      to += delta * ConstArrayMap(value(step.x) + e * samples_, samples_);
    }
  }
}

void Tape::prelu_back(const Graph::Step& step) {
  const int64_t elements = graph_.values()[step.y].elements;
  const float* x = value(step.x);
  const float* dy = gradient(step.y);
  float* dx = target(step.x);
  const float* slopes = parameter(step.bias);
  for (int64_t e = 0; e < elements; ++e) {
    const float slope = slopes[step.bias_of[static_cast<size_t>(e)]];
    for (int64_t i = e * samples_; i < (e + 1) * samples_; ++i) {
      dx[i] += x[i] < 0 ? slope * dy[i] : dy[i];
    }
  }
}

// ---- gradients of parameters ----

void Tape::add_gradient(size_t parameter, size_t first, float* gradient, size_t count) const {
  for (size_t n = 0; n < graph_.steps().size(); ++n) {
    const Graph::Step& step = graph_.steps()[n];
    if (step.weights == parameter && step.dense.outputs == 0) {
      ArrayMap(gradient, static_cast<Index>(count)) +=
          weights_[n].segment(static_cast<Index>(first), static_cast<Index>(count)).array();
    } else if (step.weights == parameter) {
      const float* dy = gradient_[graph_.values()[step.y].memory].data();
      const int64_t row = step.dense.rows_are_outputs ? step.dense.inputs : step.dense.outputs;
      for (int64_t r = 0; r < step.rows; ++r) {
        multiply_gradient(step.dense, memory_of(step.x) + r * step.dense.inputs * samples_,
                          dy + r * step.dense.outputs * samples_, static_cast<int64_t>(first) / row,
                          static_cast<int64_t>(count) / row, gradient, samples_);
      }
    }
    if (step.bias == parameter) add_bias_gradient(step, first, gradient, count);
  }
}

void Tape::add_bias_gradient(const Graph::Step& step, size_t first, float* gradient,
                             size_t count) const {
  const float* dy = gradient_[graph_.values()[step.y].memory].data();
  const float* x = memory_of(step.x);
  for (size_t e = 0; e < step.bias_of.size(); ++e) {
    const size_t place = static_cast<size_t>(step.bias_of[e]) - first;  // huge if below
    if (place >= count) continue;
    const auto at = static_cast<int64_t>(e) * samples_;
    const ConstArrayMap delta(dy + at, samples_);
    if (step.op == Op::kMul) {
      gradient[place] += (delta * ConstArrayMap(x + at, samples_)).sum();
    } else if (step.op == Op::kPRelu) {
      gradient[place] += (delta * ConstArrayMap(x + at, samples_).min(0.0F)).sum();
    } else {
      gradient[place] += step.bias_factor * delta.sum();
    }
  }
}

}  // namespace sparsys
