// SPDX-License-Identifier: Apache-2.0
// infer_shapes(): what each operator makes of its inputs.
#include <algorithm>
#include <array>
#include <cmath>

#include "golden/base/text.hpp"
#include "golden/network/inference.hpp"

namespace sparsys {
namespace {

// Of inputs: as many as a node has.
constexpr size_t kAny = ~size_t{0};

}  // namespace

int64_t window_positions(int64_t size, int64_t kernel, int64_t stride, int64_t dilation,
                         int64_t before, int64_t behind, bool ceil_mode) {
  const int64_t room = size + before + behind - ((kernel - 1) * dilation + 1);
  if (room < 0) return 0;
  const int64_t count = room / stride + 1;
  // One more that reaches beyond the padding, if it begins before its end.
  const bool another = ceil_mode && room % stride != 0 && count * stride < size + before;
  return another ? count + 1 : count;
}

bool none_in_padding(int64_t positions, int64_t size, int64_t kernel, int64_t stride,
                     int64_t dilation, int64_t before) {
  for (int64_t i = 0; i < positions; ++i) {
    const int64_t start = i * stride - before;
    const int64_t tap = start >= 0 ? 0 : (-start + dilation - 1) / dilation;
    if (tap >= kernel || start + tap * dilation >= size) return false;
  }
  return true;
}

// ---- what rules have in common ----

void Inference::expect_inputs(size_t least, size_t most) const {
  const size_t count = network_.nodes[index_].inputs.size();
  if (count >= least && count <= most) return;
  fail(plural(count, "input") + ", expected " + number(least) +
       (most == least ? "" : (most == kAny ? " or more" : " or " + number(most))));
}

void Inference::expect_rank(const Shape& shape, size_t rank) const {
  if (shape.size() == rank) return;
  fail("input has shape " + to_string(shape) + ", expected " + number(rank) + " dimensions");
}

void Inference::expect_rank(const Parameter& parameter, size_t rank) const {
  if (parameter.shape.size() == rank) return;
  fail("parameter " + quoted(parameter.name) + " has shape " + to_string(parameter.shape) +
       ", expected " + number(rank) + " dimensions");
}

void Inference::expect_depth(const Parameter& weights, size_t dimension, int64_t depth) const {
  if (weights.shape[dimension] == depth) return;
  fail("parameter " + quoted(weights.name) + " has shape " + to_string(weights.shape) +
       ", expected " + number(depth) + " in dimension " + number(dimension) + ", as the input has");
}

void Inference::expect_broadcasts(const Parameter& parameter, const Shape& shape) const {
  bool fits = parameter.shape.size() <= shape.size();
  for (size_t i = 1; fits && i <= parameter.shape.size(); ++i) {
    const int64_t size = parameter.shape[parameter.shape.size() - i];
    fits = size == 1 || size == shape[shape.size() - i];
  }
  if (fits) return;
  fail("parameter " + quoted(parameter.name) + " has shape " + to_string(parameter.shape) +
       ", expected one that broadcasts to " + to_string(shape));
}

void Inference::expect_shape(const Parameter& parameter, const Shape& shape) const {
  if (parameter.shape == shape) return;
  fail("parameter " + quoted(parameter.name) + " has shape " + to_string(parameter.shape) +
       ", expected " + to_string(shape));
}

void Inference::expect_factors(const Node& node) const {
  if (!std::isfinite(node.alpha) || !std::isfinite(node.beta)) {
    fail("alpha or beta is not finite");
  }
}

size_t Inference::expect_axis(const Node& node, const Shape& x) const {
  const auto rank = static_cast<int64_t>(x.size());
  const int64_t axis = node.axis < 0 ? node.axis + rank : node.axis;
  if (axis < 1 || axis >= rank) {
    fail("axis " + number(node.axis) + " of an input of " + to_string(x) +
         ", expected a dimension behind that of the sample");
  }
  return static_cast<size_t>(axis);
}

void Inference::expect_lists(const Node& node, const Shape& x, size_t lists,
                             const char* what) const {
  if (node.shape.size() == lists * x.size()) return;
  fail(plural(node.shape.size(), "number") + " of " + what + ", expected " +
       number(lists * x.size()) + " for an input of " + to_string(x));
}

void Inference::check_group(const Node& node, int64_t inputs, int64_t outputs) const {
  if (node.group >= 1 && inputs % node.group == 0 && outputs % node.group == 0) return;
  fail("group " + number(node.group) + ", expected a divisor of the " + number(inputs) +
       " input and " + number(outputs) + " output channels");
}

void Inference::check_window(const Window& window) const {
  const auto within = [&](int64_t size, int64_t least, const char* what) {
    if (size < least || size > kMaxWindow) {
      fail(std::string(what) + " " + number(size) + ", expected " + number(least) + " to " +
           number(kMaxWindow));
    }
  };
  for (size_t axis = 0; axis < 2; ++axis) {
    within(window.kernel[axis], 1, "kernel size");
    within(window.stride[axis], 1, "stride");
    within(window.dilation[axis], 1, "dilation");
  }
  for (const int64_t pad : window.pad) within(pad, 0, "padding");
}

std::array<int64_t, 2> Inference::slide(const Window& w, const Shape& x, bool ceil_mode) const {
  std::array<int64_t, 2> out{};
  for (size_t axis = 0; axis < 2; ++axis) {
    out[axis] = window_positions(x[2 + axis], w.kernel[axis], w.stride[axis], w.dilation[axis],
                                 w.pad[axis], w.pad[axis + 2], ceil_mode);
    if (out[axis] < 1) {
      fail("kernel of " + number((w.kernel[axis] - 1) * w.dilation[axis] + 1) +
           " is larger than the padded input of " +
           number(x[2 + axis] + w.pad[axis] + w.pad[axis + 2]));
    }
  }
  return out;
}

// ---- the rules ----

Shape Inference::infer_conv(const Node& node) {
  expect_inputs(2, 3);
  const Shape& x = value(0);
  const Parameter& weights = parameter(1);
  expect_rank(x, 4);
  expect_rank(weights, 4);
  check_window(node.window);
  const int64_t outputs = weights.shape[0];
  check_group(node, x[1], outputs);
  expect_shape(weights, {outputs, x[1] / node.group, node.window.kernel[0], node.window.kernel[1]});
  if (node.inputs.size() == 3) expect_shape(parameter(2), {outputs});
  const std::array<int64_t, 2> out = slide(node.window, x, false);
  return {1, outputs, out[0], out[1]};
}

Shape Inference::infer_conv_transpose(const Node& node) {
  expect_inputs(2, 3);
  const Shape& x = value(0);
  const Parameter& weights = parameter(1);
  expect_rank(x, 4);
  expect_rank(weights, 4);
  const Window& w = node.window;
  check_window(w);
  if (node.group < 1 || weights.shape[1] > kMaxElements / node.group) {
    fail("group " + number(node.group) + ", expected a divisor of the channels");
  }
  const int64_t outputs = weights.shape[1] * node.group;
  check_group(node, x[1], outputs);
  expect_shape(weights, {x[1], weights.shape[1], w.kernel[0], w.kernel[1]});
  if (node.inputs.size() == 3) expect_shape(parameter(2), {outputs});
  if (!node.shape.empty() && node.shape.size() != 2) {
    fail("output padding " + to_string(node.shape) + ", expected two numbers or none");
  }
  Shape y{1, outputs, 0, 0};
  for (size_t axis = 0; axis < 2; ++axis) {
    const int64_t more = node.shape.empty() ? 0 : node.shape[axis];
    if (more < 0 || (more > 0 && more >= std::max(w.stride[axis], w.dilation[axis]))) {
      fail("output padding " + number(more) + ", expected less than stride or dilation");
    }
    y[2 + axis] = (x[2 + axis] - 1) * w.stride[axis] + (w.kernel[axis] - 1) * w.dilation[axis] + 1 +
                  more - w.pad[axis] - w.pad[axis + 2];
  }
  return y;
}

Shape Inference::infer_gemm(const Node& node) {
  expect_inputs(2, 3);
  const Shape& x = value(0);
  const Parameter& weights = parameter(1);
  expect_rank(x, 2);
  expect_rank(weights, 2);
  expect_depth(weights, node.trans_b ? 1 : 0, x[1]);
  expect_factors(node);
  const Shape y{1, weights.shape[node.trans_b ? 0 : 1]};
  if (node.inputs.size() == 3) expect_broadcasts(parameter(2), y);
  return y;
}

Shape Inference::infer_matmul(const Node&) {
  expect_inputs(2, 2);
  const Shape& x = value(0);
  const Parameter& weights = parameter(1);
  if (x.size() < 2) expect_rank(x, 2);
  expect_rank(weights, 2);
  expect_depth(weights, 0, x.back());
  Shape y = x;
  y.back() = weights.shape[1];
  return y;
}

Shape Inference::infer_batch_matmul(const Node&) {
  expect_inputs(2, 2);
  const Shape& a = value(0);
  const Shape& b = value(1);
  bool fits = a.size() == b.size() && a.size() >= 3 && a.back() == b[b.size() - 2];
  for (size_t d = 0; fits && d + 2 < a.size(); ++d) fits = a[d] == b[d];
  if (!fits) {
    fail("inputs have shapes " + to_string(a) + " and " + to_string(b) +
         ", expected [1, ..., n, k] and [1, ..., k, m]");
  }
  Shape y = a;
  y.back() = b.back();
  return y;
}

Shape Inference::infer_arithmetic(const Node&) {
  expect_inputs(2, 2);
  const Parameter* first = find_parameter(0);
  const Parameter* second = find_parameter(1);
  if (first != nullptr && second != nullptr) {
    fail("both inputs are parameters, expected at least one value");
  }
  if (first == nullptr && second == nullptr) {
    const Shape& a = value(0);
    const Shape& b = value(1);
    bool fits = a.size() == b.size();
    for (size_t d = 0; fits && d < a.size(); ++d) fits = b[d] == a[d] || b[d] == 1;
    if (!fits) {
      fail("inputs have shapes " + to_string(a) + " and " + to_string(b) +
           ", expected values of one shape, or ones in the second");
    }
    return a;
  }
  const Shape& x = value(first == nullptr ? 0 : 1);
  expect_broadcasts(first == nullptr ? *second : *first, x);
  return x;
}

Shape Inference::infer_function(const Node& node) {
  expect_inputs(1, 1);
  expect_factors(node);
  if (node.op == Op::kClip && node.alpha > node.beta) {
    fail("the lower bound is above the upper one");
  }
  return value(0);
}

Shape Inference::infer_prelu(const Node&) {
  expect_inputs(2, 2);
  const Shape& x = value(0);
  expect_broadcasts(parameter(1), x);
  return x;
}

Shape Inference::infer_pooling(const Node& node) {
  expect_inputs(1, 1);
  const Shape& x = value(0);
  expect_rank(x, 4);
  check_window(node.window);
  const Window& w = node.window;
  if (node.op == Op::kAveragePool && w.dilation != std::array<int64_t, 2>{1, 1}) {
    fail("dilation " + to_string(Shape{w.dilation[0], w.dilation[1]}) + ", expected [1, 1]");
  }
  const std::array<int64_t, 2> out = slide(w, x, w.ceil_mode);
  for (size_t axis = 0; axis < 2; ++axis) {
    if (!none_in_padding(out[axis], x[2 + axis], w.kernel[axis], w.stride[axis], w.dilation[axis],
                         w.pad[axis])) {
      fail("a window lies in the padding alone");
    }
  }
  return {1, x[1], out[0], out[1]};
}

Shape Inference::infer_flatten(const Node& node) {
  expect_inputs(1, 1);
  const Shape& x = value(0);
  if (node.axis != 1) fail("axis " + number(node.axis) + ", expected 1");
  return {1, element_count(x)};
}

Shape Inference::infer_reshape(const Node& node) {
  expect_inputs(2, 2);
  const Shape& x = value(0);
  const std::string& shape_name = node.inputs[1];
  if (values_.count(shape_name) + parameters_.count(shape_name) > 0) {
    fail("the shape " + quoted(shape_name) + " is a value or parameter, expected a constant");
  }
  const std::string given = "shape " + to_string(node.shape);
  const int64_t all = element_count(x);
  Shape y = node.shape;
  size_t open = y.size();
  int64_t known = 1;
  for (size_t i = 0; i < y.size(); ++i) {
    if (y[i] == -1) {
      if (open != y.size()) fail(given + " has more than one -1");
      open = i;
      continue;
    }
    if (y[i] == 0) {
      if (i >= x.size()) fail(given + " has a 0 where the input has no dimension");
      y[i] = x[i];
    }
    if (y[i] < 0 || y[i] > all) fail(given + " does not fit an input of " + to_string(x));
    known *= y[i];
    if (known > all) fail(given + " does not fit an input of " + to_string(x));
  }
  if (open != y.size()) y[open] = all / known;
  if (element_count(y) != all) fail(given + " does not fit an input of " + to_string(x));
  if (y.empty() || y[0] != 1) {
    fail(given + " of an input of " + to_string(x) +
         " mixes samples, expected the first dimension to stay");
  }
  return y;
}

Shape Inference::infer_softmax(const Node& node) {
  expect_inputs(1, 1);
  const Shape& x = value(0);
  expect_axis(node, x);
  return x;
}

Shape Inference::infer_concat(const Node& node) {
  expect_inputs(2, kAny);
  Shape y = value(0);
  const size_t axis = expect_axis(node, y);
  for (size_t i = 1; i < node.inputs.size(); ++i) {
    const Shape& x = value(i);
    bool fits = x.size() == y.size();
    for (size_t d = 0; fits && d < x.size(); ++d) fits = d == axis || x[d] == y[d];
    if (!fits) {
      fail("input " + number(i + 1) + " has shape " + to_string(x) +
           ", expected that of input 1, " + to_string(value(0)) + ", but for dimension " +
           number(axis));
    }
    y[axis] += x[axis];
  }
  return y;
}

Shape Inference::infer_transpose(const Node& node) {
  expect_inputs(1, 1);
  const Shape& x = value(0);
  expect_lists(node, x, 1, "permutation");
  Shape order = node.shape;
  std::sort(order.begin(), order.end());
  for (size_t d = 0; d < order.size(); ++d) {
    if (order[d] != static_cast<int64_t>(d) || node.shape[0] != 0) {
      fail("permutation " + to_string(node.shape) +
           ", expected each dimension once, that of the sample first");
    }
  }
  Shape y;
  for (const int64_t d : node.shape) y.push_back(x[static_cast<size_t>(d)]);
  return y;
}

Shape Inference::infer_pad(const Node& node) {
  expect_inputs(1, 1);
  expect_factors(node);
  Shape y = value(0);
  expect_lists(node, y, 2, "padding");
  for (size_t d = 0; d < y.size(); ++d) {
    for (const int64_t more : {node.shape[d], node.shape[y.size() + d]}) {
      if (more < 0 || more > (d == 0 ? 0 : kMaxElements)) {
        fail("padding " + number(more) + " of dimension " + number(d) + ", expected " +
             (d == 0 ? "0 samples" : "0 or more"));
      }
      y[d] += more;
    }
  }
  return y;
}

Shape Inference::infer_slice(const Node& node) {
  expect_inputs(1, 1);
  const Shape& x = value(0);
  expect_lists(node, x, 3, "starts, ends and steps");
  Shape y;
  for (size_t d = 0; d < x.size(); ++d) {
    const int64_t start = node.shape[d];
    const int64_t end = node.shape[x.size() + d];
    const int64_t step = node.shape[2 * x.size() + d];
    if (start < 0 || end <= start || end > x[d] || step < 1 || step > kMaxElements) {
      fail("start " + number(start) + ", end " + number(end) + " and step " + number(step) +
           " of dimension " + number(d) + " of an input of " + to_string(x) +
           ", expected a part of it");
    }
    y.push_back((end - start + step - 1) / step);
  }
  return y;
}

Shape Inference::infer_resize(const Node& node) {
  expect_inputs(1, 1);
  Shape y = value(0);
  expect_lists(node, y, 1, "factors");
  for (size_t d = 0; d < y.size(); ++d) {
    if (node.shape[d] < 1 || node.shape[d] > (d == 0 ? 1 : kMaxWindow)) {
      fail("factor " + number(node.shape[d]) + " of dimension " + number(d) + ", expected " +
           (d == 0 ? "1 for the sample" : "1 to " + number(kMaxWindow)));
    }
    y[d] *= node.shape[d];
  }
  return y;
}

Shape Inference::infer(const Node& node) {
  using Rule = Shape (Inference::*)(const Node&);
  using I = Inference;
  static constexpr std::array<Rule, kOps> kRules{
      &I::infer_conv,
      &I::infer_gemm,
      &I::infer_matmul,  // Conv, Gemm, MatMul
      &I::infer_arithmetic,
      &I::infer_function,
      &I::infer_pooling,  // Add, Relu, MaxPool
      &I::infer_flatten,
      &I::infer_reshape,
      &I::infer_softmax,  // Flatten, Reshape, Softmax
      &I::infer_function,
      &I::infer_function,
      &I::infer_pooling,  // Sigmoid, Tanh, AveragePool
      &I::infer_concat,
      &I::infer_arithmetic,
      &I::infer_function,  // Concat, Mul, Clip
      &I::infer_function,
      &I::infer_prelu,
      &I::infer_function,  // LeakyRelu, PRelu, HardSigmoid
      &I::infer_function,
      &I::infer_softmax,
      &I::infer_transpose,  // HardSwish, LogSoftmax, Transpose
      &I::infer_pad,
      &I::infer_slice,
      &I::infer_resize,  // Pad, Slice, Resize
      &I::infer_function,
      &I::infer_function,
      &I::infer_conv_transpose,  // Elu, Softplus, ConvTranspose
      &I::infer_function,
      &I::infer_function,
      &I::infer_function,  // Exp, Log, Erf
      &I::infer_function,
      &I::infer_function,
      &I::infer_function,  // Sin, Cos, Pow
      &I::infer_batch_matmul};
  const auto op = static_cast<size_t>(node.op);
  if (op >= kOps) fail("unknown operator");
  return (this->*kRules[op])(node);
}

}  // namespace sparsys
