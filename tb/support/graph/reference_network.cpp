// SPDX-License-Identifier: Apache-2.0
#include "tb/support/graph/reference_network.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <stdexcept>

namespace sparsys {
namespace {

using Index = std::vector<int64_t>;

size_t place(const Shape& shape, const Index& index) {
  int64_t at = 0;
  for (size_t d = 0; d < shape.size(); ++d) at = at * shape[d] + index[d];
  return static_cast<size_t>(at);
}

double at(const Tensor& x, const Index& index) { return x.values[place(x.shape, index)]; }

// A tensor of this shape, each element by its index.
Tensor make(const Shape& shape, const std::function<double(const Index&)>& element) {
  Tensor y{shape, {}};
  Index index(shape.size(), 0);
  size_t count = 1;
  for (const int64_t size : shape) count *= static_cast<size_t>(size);
  for (size_t e = 0; e < count; ++e) {
    y.values.push_back(element(index));
    for (size_t d = shape.size(); d-- > 0;) {
      if (++index[d] < shape[d]) break;
      index[d] = 0;
    }
  }
  return y;
}

Tensor map(const Tensor& x, const std::function<double(double)>& f) {
  return make(x.shape, [&](const Index& i) { return f(at(x, i)); });
}

// The element that broadcasting to an index of more, or larger, dimensions gives.
double broadcast(const Tensor& x, const Index& index) {
  Index own(index.end() - static_cast<long>(x.shape.size()), index.end());
  for (size_t d = 0; d < own.size(); ++d) own[d] = x.shape[d] == 1 ? 0 : own[d];
  return at(x, own);
}

Tensor combine(const Tensor& a, const Tensor& b, const std::function<double(double, double)>& f) {
  const Tensor& large = b.shape.size() > a.shape.size() ? b : a;
  Shape shape = large.shape;
  for (size_t d = 1; d <= std::min(a.shape.size(), b.shape.size()); ++d) {
    shape[shape.size() - d] = std::max(a.shape[a.shape.size() - d], b.shape[b.shape.size() - d]);
  }
  return make(shape, [&](const Index& i) { return f(broadcast(a, i), broadcast(b, i)); });
}

// Where windows start: one after the other as long as they fit into the padded axis; with `ceil`
// one more that doesn't fit, if values are left over and it starts before they end.
std::vector<int64_t> starts(const Node& n, size_t axis, int64_t size, bool ceil) {
  const int64_t reach = (n.window.kernel[axis] - 1) * n.window.dilation[axis] + 1;
  const int64_t end = size + n.window.pad[axis + 2];
  std::vector<int64_t> found;
  int64_t start = -n.window.pad[axis];
  for (; start + reach <= end; start += n.window.stride[axis]) found.push_back(start);
  const bool left_over = start - n.window.stride[axis] + reach < end;
  if (ceil && left_over && start < size) found.push_back(start);
  return found;
}

// Calls tap(ky, kx, y, x) for what of a window that starts there lies inside.
void for_taps(const Node& n, const Shape& image, int64_t top, int64_t left,
              const std::function<void(int64_t, int64_t, int64_t, int64_t)>& tap) {
  for (int64_t ky = 0; ky < n.window.kernel[0]; ++ky) {
    for (int64_t kx = 0; kx < n.window.kernel[1]; ++kx) {
      const int64_t y = top + ky * n.window.dilation[0];
      const int64_t x = left + kx * n.window.dilation[1];
      if (y >= 0 && y < image[2] && x >= 0 && x < image[3]) tap(ky, kx, y, x);
    }
  }
}

Tensor convolution(const Node& n, const Tensor& x, const Tensor& w, const Tensor* bias) {
  const std::vector<int64_t> rows = starts(n, 0, x.shape[2], false);
  const std::vector<int64_t> columns = starts(n, 1, x.shape[3], false);
  const int64_t per_group = w.shape[1];
  const int64_t group_outputs = w.shape[0] / n.group;
  return make(
      {1, w.shape[0], static_cast<int64_t>(rows.size()), static_cast<int64_t>(columns.size())},
      [&](const Index& i) {
        double sum = bias == nullptr ? 0 : bias->values[static_cast<size_t>(i[1])];
        for (int64_t c = 0; c < per_group; ++c) {
          const int64_t channel = i[1] / group_outputs * per_group + c;
          for_taps(n, x.shape, rows[static_cast<size_t>(i[2])], columns[static_cast<size_t>(i[3])],
                   [&](int64_t ky, int64_t kx, int64_t iy, int64_t ix) {
                     sum += at(w, {i[1], c, ky, kx}) * at(x, {0, channel, iy, ix});
                   });
        }
        return sum;
      });
}

// Each input adds its window, times itself, to a map, of which padding is cut off.
Tensor transposed_convolution(const Node& n, const Tensor& x, const Tensor& w, const Tensor* bias) {
  const int64_t per_group = w.shape[1];
  const int64_t group_inputs = x.shape[1] / n.group;
  Shape whole{1, per_group * n.group, 0, 0};
  for (size_t axis = 0; axis < 2; ++axis) {
    whole[2 + axis] = (x.shape[2 + axis] - 1) * n.window.stride[axis] +
                      (n.window.kernel[axis] - 1) * n.window.dilation[axis] + 1 +
                      (n.shape.empty() ? 0 : n.shape[axis]);
  }
  Tensor sum = make(whole, [](const Index&) { return 0.0; });
  make(x.shape, [&](const Index& i) {
    for (int64_t o = 0; o < per_group; ++o) {
      for (int64_t ky = 0; ky < n.window.kernel[0]; ++ky) {
        for (int64_t kx = 0; kx < n.window.kernel[1]; ++kx) {
          const Index to{0, i[1] / group_inputs * per_group + o,
                         i[2] * n.window.stride[0] + ky * n.window.dilation[0],
                         i[3] * n.window.stride[1] + kx * n.window.dilation[1]};
          sum.values[place(whole, to)] += at(x, i) * at(w, {i[1], o, ky, kx});
        }
      }
    }
    return 0.0;
  });
  return make({1, whole[1], whole[2] - n.window.pad[0] - n.window.pad[2],
               whole[3] - n.window.pad[1] - n.window.pad[3]},
              [&](const Index& i) {
                return at(sum, {0, i[1], i[2] + n.window.pad[0], i[3] + n.window.pad[1]}) +
                       (bias == nullptr ? 0 : bias->values[static_cast<size_t>(i[1])]);
              });
}

Tensor pooling(const Node& n, const Tensor& x) {
  const std::vector<int64_t> rows = starts(n, 0, x.shape[2], n.window.ceil_mode);
  const std::vector<int64_t> columns = starts(n, 1, x.shape[3], n.window.ceil_mode);
  return make(
      {1, x.shape[1], static_cast<int64_t>(rows.size()), static_cast<int64_t>(columns.size())},
      [&](const Index& i) {
        std::vector<double> inside;
        for_taps(n, x.shape, rows[static_cast<size_t>(i[2])], columns[static_cast<size_t>(i[3])],
                 [&](int64_t, int64_t, int64_t iy, int64_t ix) {
                   inside.push_back(at(x, {0, i[1], iy, ix}));
                 });
        if (n.op == Op::kMaxPool) return *std::max_element(inside.begin(), inside.end());
        double sum = 0;
        for (const double v : inside) sum += v;
        return sum / static_cast<double>(inside.size());
      });
}

// Of vectors along the last dimension.
Tensor product(const Tensor& x, const Tensor& w, bool rows_are_outputs) {
  Shape shape = x.shape;
  shape.back() = w.shape[rows_are_outputs ? 0 : 1];
  return make(shape, [&](const Index& i) {
    double sum = 0;
    Index from = i;
    for (int64_t k = 0; k < x.shape.back(); ++k) {
      from.back() = k;
      sum += at(x, from) * (rows_are_outputs ? at(w, {i.back(), k}) : at(w, {k, i.back()}));
    }
    return sum;
  });
}

Tensor matrix_by_matrix(const Tensor& a, const Tensor& b) {
  Shape shape = a.shape;
  shape.back() = b.shape.back();
  const size_t row = shape.size() - 2;
  return make(shape, [&](const Index& i) {
    Index left = i;
    Index right = i;
    double sum = 0;
    for (int64_t k = 0; k < a.shape.back(); ++k) {
      left[row + 1] = right[row] = k;
      sum += at(a, left) * at(b, right);
    }
    return sum;
  });
}

size_t dimension(const Node& n, const Tensor& x) {
  return static_cast<size_t>(n.axis < 0 ? n.axis + static_cast<int64_t>(x.shape.size()) : n.axis);
}

Tensor softmax(const Node& n, const Tensor& x) {
  const size_t axis = dimension(n, x);
  return make(x.shape, [&](const Index& i) {
    Index other = i;
    double sum = 0;
    // Against the element itself, so that nothing overflows that matters.
    for (other[axis] = 0; other[axis] < x.shape[axis]; ++other[axis]) {
      sum += std::exp(at(x, other) - at(x, i));
    }
    return n.op == Op::kLogSoftmax ? -std::log(sum) : 1 / sum;
  });
}

Tensor concat(const Node& n, const std::vector<const Tensor*>& inputs) {
  const size_t axis = dimension(n, *inputs[0]);
  Shape shape = inputs[0]->shape;
  for (size_t i = 1; i < inputs.size(); ++i) shape[axis] += inputs[i]->shape[axis];
  return make(shape, [&](Index i) {
    size_t source = 0;
    while (i[axis] >= inputs[source]->shape[axis]) i[axis] -= inputs[source++]->shape[axis];
    return at(*inputs[source], i);
  });
}

Tensor reshape(const Node& n, const Tensor& x) {
  Tensor y{n.op == Op::kFlatten ? Shape{0, -1} : n.shape, x.values};
  int64_t known = 1;
  for (size_t d = 0; d < y.shape.size(); ++d) {
    if (y.shape[d] == 0) y.shape[d] = x.shape[d];
    if (y.shape[d] != -1) known *= y.shape[d];
  }
  std::replace(y.shape.begin(), y.shape.end(), int64_t{-1},
               static_cast<int64_t>(x.values.size()) / known);
  return y;
}

// y's shape and, of each of its elements, the one of x or none.
Tensor rearrange(const Node& n, const Tensor& x) {
  const size_t rank = x.shape.size();
  Shape shape = x.shape;
  for (size_t d = 0; d < rank; ++d) {
    if (n.op == Op::kTranspose) shape[d] = x.shape[static_cast<size_t>(n.shape[d])];
    if (n.op == Op::kPad) shape[d] += n.shape[d] + n.shape[d + rank];
    if (n.op == Op::kResize) shape[d] *= n.shape[d];
    if (n.op != Op::kSlice) continue;
    shape[d] = 0;
    for (int64_t i = n.shape[d]; i < n.shape[d + rank]; i += n.shape[d + 2 * rank]) ++shape[d];
  }
  return make(shape, [&](const Index& i) {
    Index from = i;
    for (size_t d = 0; d < rank; ++d) {
      if (n.op == Op::kTranspose) from[static_cast<size_t>(n.shape[d])] = i[d];
      if (n.op == Op::kPad) from[d] = i[d] - n.shape[d];
      if (n.op == Op::kSlice) from[d] = n.shape[d] + i[d] * n.shape[d + 2 * rank];
      if (n.op == Op::kResize) {
        from[d] = static_cast<int64_t>(
            std::floor(static_cast<double>(i[d]) / static_cast<double>(n.shape[d])));
      }
    }
    for (size_t d = 0; d < rank; ++d) {
      if (from[d] < 0 || from[d] >= x.shape[d]) return double{n.alpha};
    }
    return at(x, from);
  });
}

double function(const Node& n, double v) {
  const double alpha = n.alpha;
  const double beta = n.beta;
  switch (n.op) {
    case Op::kRelu:
      return std::max(v, 0.0);
    case Op::kSigmoid:
      return 1 / (1 + std::exp(-v));
    case Op::kTanh:
      return std::tanh(v);
    case Op::kClip:
      return std::min(std::max(v, alpha), beta);
    case Op::kLeakyRelu:
      return v < 0 ? alpha * v : v;
    case Op::kHardSigmoid:
      return std::max(0.0, std::min(1.0, alpha * v + beta));
    case Op::kHardSwish:
      return v * std::max(0.0, std::min(1.0, v / 6 + 0.5));
    case Op::kElu:
      return v < 0 ? alpha * (std::exp(v) - 1) : v;
    case Op::kSoftplus:
      return std::log(std::exp(v) + 1);
    case Op::kExp:
      return std::exp(v);
    case Op::kLog:
      return std::log(v);
    case Op::kErf:
      return std::erf(v);
    case Op::kSin:
      return std::sin(v);
    case Op::kCos:
      return std::cos(v);
    case Op::kPow:
      return std::pow(v, alpha);
    default:
      throw std::logic_error(std::string("no reference of ") + to_string(n.op));
  }
}

}  // namespace

Tensor reference(const Node& n, const std::vector<const Tensor*>& in) {
  const Tensor& x = *in[0];
  const Tensor* third = in.size() > 2 ? in[2] : nullptr;
  switch (n.op) {
    case Op::kConv:
      return convolution(n, x, *in[1], third);
    case Op::kConvTranspose:
      return transposed_convolution(n, x, *in[1], third);
    case Op::kMaxPool:
    case Op::kAveragePool:
      return pooling(n, x);
    case Op::kGemm: {
      const Tensor y = product(x, *in[1], n.trans_b);
      return make(y.shape, [&](const Index& i) {
        return n.alpha * at(y, i) + (third == nullptr ? 0 : n.beta * broadcast(*third, i));
      });
    }
    case Op::kMatMul:
      return product(x, *in[1], false);
    case Op::kBatchMatMul:
      return matrix_by_matrix(x, *in[1]);
    case Op::kAdd:
      return combine(x, *in[1], [](double a, double b) { return a + b; });
    case Op::kMul:
      return combine(x, *in[1], [](double a, double b) { return a * b; });
    case Op::kPRelu:
      return combine(x, *in[1], [](double a, double slope) { return a < 0 ? slope * a : a; });
    case Op::kFlatten:
    case Op::kReshape:
      return reshape(n, x);
    case Op::kSoftmax:
    case Op::kLogSoftmax:
      return softmax(n, x);
    case Op::kConcat:
      return concat(n, in);
    case Op::kTranspose:
    case Op::kPad:
    case Op::kSlice:
    case Op::kResize:
      return rearrange(n, x);
    default:
      return map(x, [&](double v) { return function(n, v); });
  }
}

std::map<std::string, Tensor> reference(const Network& network, const std::vector<double>& input) {
  std::map<std::string, Tensor> tensors;
  tensors[network.input] = {network.input_shape, input};
  for (const Parameter& p : network.parameters) {
    tensors[p.name] = {p.shape, {p.values.begin(), p.values.end()}};
  }
  for (const Node& n : network.nodes) {
    std::vector<const Tensor*> inputs;
    for (const std::string& name : n.inputs) {
      const auto found = tensors.find(name);
      if (found != tensors.end()) inputs.push_back(&found->second);  // but for a Reshape's shape
    }
    tensors[n.output] = reference(n, inputs);
  }
  return tensors;
}

}  // namespace sparsys
