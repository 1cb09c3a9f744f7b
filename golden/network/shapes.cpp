// SPDX-License-Identifier: Apache-2.0
// infer_shapes(): what each operator makes of its inputs, and whether a network is sound.
#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/network/network.hpp"

namespace sparsys {
namespace {

// Most elements of a value and of a parameter, and the largest number in a window: far beyond any
// network that this library can run, and small enough that nothing overflows.
constexpr int64_t kMaxElements = int64_t{1} << 28;
constexpr int64_t kMaxWindow = int64_t{1} << 20;

std::string plural(size_t count, const char* what) {
  return number(count) + " " + what + (count == 1 ? "" : "s");
}

// Output positions of a window along one axis.
int64_t positions(int64_t size, int64_t kernel, int64_t stride, int64_t dilation, int64_t before,
                  int64_t after, bool ceil_mode) {
  const int64_t reach = (kernel - 1) * dilation + 1;
  const int64_t room = size + before + after - reach;
  if (room < 0) return 0;
  int64_t count = (ceil_mode ? room + stride - 1 : room) / stride + 1;
  // A window must not begin behind the last element and the padding before it.
  while (count > 1 && (count - 1) * stride >= size + before) --count;
  return count;
}

// Whether each of `count` windows along one axis holds an element that is no padding.
bool none_empty(int64_t count, int64_t size, int64_t kernel, int64_t stride, int64_t dilation,
                int64_t before) {
  for (int64_t i = 0; i < count; ++i) {
    const int64_t start = i * stride - before;
    const int64_t tap = start >= 0 ? 0 : (-start + dilation - 1) / dilation;
    if (tap >= kernel || start + tap * dilation >= size) return false;
  }
  return true;
}

class Inference {
 public:
  Inference(const Network& network, bool shared)
      : network_(network),
        shared_(shared),
        name_(printable(network.name.empty() ? "network" : network.name)) {}

  std::vector<Shape> run() {
    check_parameters();
    if (network_.nodes.empty()) fail_network("no nodes, expected at least one");
    if (!std::isfinite(network_.input_scale) || !std::isfinite(network_.input_offset)) {
      fail_network("input scale or offset is not finite");
    }
    const std::string why = check_shape(network_.input_shape);
    if (!why.empty()) fail_network("input shape " + to_string(network_.input_shape) + why);
    if (network_.input_shape.empty() || network_.input_shape[0] != 1) {
      fail_network("input shape " + to_string(network_.input_shape) +
                   ", expected 1 as its first dimension");
    }
    define(network_.input, network_.input_shape, "input");
    for (index_ = 0; index_ < network_.nodes.size(); ++index_) {
      const Node& node = network_.nodes[index_];
      Shape shape = infer(node);
      const std::string wrong = check_shape(shape);
      if (!wrong.empty()) fail("output has shape " + to_string(shape) + wrong);
      if (values_.count(node.output) + parameters_.count(node.output) > 0) {
        fail("output " + quoted(node.output) + " is made or defined twice");
      }
      define(node.output, std::move(shape), "output of a node");
    }
    check_uses();
    return std::move(shapes_);
  }

 private:
  struct Value {
    size_t shape;
    bool used = false;
  };

  [[noreturn]] void fail_network(const std::string& what) const { sparsys::fail(name_, what); }

  [[noreturn]] void fail(const std::string& what) const {
    const Node& node = network_.nodes[index_];
    fail_network("node " + (node.name.empty() ? number(index_ + 1) : quoted(node.name)) + " (" +
                 to_string(node.op) + "): " + what);
  }

  static std::string check_shape(const Shape& shape) {
    int64_t product = 1;
    for (const int64_t size : shape) {
      if (size < 1) return ", expected sizes of at least 1";
      if (size > kMaxElements / product) {
        return ", expected at most " + number(kMaxElements) + " elements";
      }
      product *= size;
    }
    return {};
  }

  void check_parameters() {
    for (const Parameter& parameter : network_.parameters) {
      const std::string name = "parameter " + quoted(parameter.name);
      if (parameter.name.empty()) fail_network("a parameter has no name");
      if (!parameters_.emplace(parameter.name, Use{&parameter}).second) {
        fail_network(name + " is defined twice");
      }
      const std::string why = check_shape(parameter.shape);
      if (!why.empty()) fail_network(name + " has shape " + to_string(parameter.shape) + why);
      const auto count = static_cast<size_t>(element_count(parameter.shape));
      if (shared_ && parameter.values.empty()) continue;
      if (parameter.values.size() != count) {
        fail_network(name + " has " + plural(parameter.values.size(), "value") + ", expected " +
                     number(count) + " for shape " + to_string(parameter.shape));
      }
      for (size_t i = 0; i < count; ++i) {
        if (!std::isfinite(parameter.values[i])) {
          fail_network(name + ": value " + number(i) + " is not finite");
        }
      }
    }
  }

  void define(const std::string& name, Shape shape, const char* what) {
    if (name.empty()) fail_network(std::string(what) + " has no name");
    if (parameters_.count(name) > 0) {
      fail_network(quoted(name) + " is the name of a parameter and of the " + what);
    }
    values_[name] = Value{shapes_.size()};
    shapes_.push_back(std::move(shape));
  }

  const Shape& value(size_t input) {
    const std::string& name = network_.nodes[index_].inputs[input];
    const auto found = values_.find(name);
    if (found == values_.end()) {
      if (parameters_.count(name) > 0) {
        fail("input " + number(input + 1) + " is parameter " + quoted(name) +
             ", expected a value that depends on the network's input");
      }
      fail("input " + quoted(name) + " is not made by a node before it");
    }
    found->second.used = true;
    return shapes_[found->second.shape];
  }

  const Parameter* find_parameter(size_t input) {
    const auto found = parameters_.find(network_.nodes[index_].inputs[input]);
    if (found == parameters_.end()) return nullptr;
    found->second.used = true;
    return found->second.parameter;
  }

  const Parameter& parameter(size_t input) {
    const Parameter* found = find_parameter(input);
    if (found == nullptr) {
      const std::string& name = network_.nodes[index_].inputs[input];
      fail("input " + number(input + 1) + " is " + quoted(name) + ", expected a parameter");
    }
    return *found;
  }

  void expect_inputs(size_t least, size_t most) const {
    const size_t count = network_.nodes[index_].inputs.size();
    if (count >= least && count <= most) return;
    fail(plural(count, "input") + ", expected " + number(least) +
         (most == least ? "" : " or " + number(most)));
  }

  void expect_rank(const Shape& shape, size_t rank) const {
    if (shape.size() == rank) return;
    fail("input has shape " + to_string(shape) + ", expected " + number(rank) + " dimensions");
  }

  void expect_rank(const Parameter& parameter, size_t rank) const {
    if (parameter.shape.size() == rank) return;
    fail("parameter " + quoted(parameter.name) + " has shape " + to_string(parameter.shape) +
         ", expected " + number(rank) + " dimensions");
  }

  // ONNX's rule, in one direction: sizes from the last backwards are 1 or those of `shape`.
  void expect_broadcasts(const Parameter& parameter, const Shape& shape) const {
    bool fits = parameter.shape.size() <= shape.size();
    for (size_t i = 1; fits && i <= parameter.shape.size(); ++i) {
      const int64_t size = parameter.shape[parameter.shape.size() - i];
      fits = size == 1 || size == shape[shape.size() - i];
    }
    if (fits) return;
    fail("parameter " + quoted(parameter.name) + " has shape " + to_string(parameter.shape) +
         ", expected one that broadcasts to " + to_string(shape));
  }

  void check_window(const Window& window) const {
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

  // Sizes of the output, vertical and horizontal.
  std::array<int64_t, 2> slide(const Window& w, const Shape& x, bool ceil_mode) const {
    std::array<int64_t, 2> out{};
    for (size_t axis = 0; axis < 2; ++axis) {
      out[axis] = positions(x[2 + axis], w.kernel[axis], w.stride[axis], w.dilation[axis],
                            w.pad[axis], w.pad[axis + 2], ceil_mode);
      if (out[axis] < 1) {
        fail("kernel of " + number((w.kernel[axis] - 1) * w.dilation[axis] + 1) +
             " is larger than the padded input of " +
             number(x[2 + axis] + w.pad[axis] + w.pad[axis + 2]));
      }
    }
    return out;
  }

  Shape infer(const Node& node) {
    switch (node.op) {
      case Op::kConv:
        return infer_conv(node);
      case Op::kGemm:
        return infer_gemm(node);
      case Op::kMatMul: {
        expect_inputs(2, 2);
        const Shape& x = value(0);
        const Parameter& weights = parameter(1);
        expect_rank(x, 2);
        expect_rank(weights, 2);
        expect_depth(weights, 0, x[1]);
        return {1, weights.shape[1]};
      }
      case Op::kAdd:
        return infer_add();
      case Op::kRelu:
      case Op::kSigmoid:
      case Op::kTanh:
        expect_inputs(1, 1);
        return value(0);
      case Op::kMaxPool:
      case Op::kAveragePool: {
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
          if (!none_empty(out[axis], x[2 + axis], w.kernel[axis], w.stride[axis], w.dilation[axis],
                          w.pad[axis])) {
            fail("a window lies in the padding alone");
          }
        }
        return {1, x[1], out[0], out[1]};
      }
      case Op::kFlatten: {
        expect_inputs(1, 1);
        const Shape& x = value(0);
        if (node.axis != 1) fail("axis " + number(node.axis) + ", expected 1");
        return {1, element_count(x)};
      }
      case Op::kReshape:
        return infer_reshape(node);
      case Op::kSoftmax: {
        expect_inputs(1, 1);
        const Shape& x = value(0);
        if (index_ + 1 != network_.nodes.size()) fail("not the last node, as it has to be");
        expect_rank(x, 2);
        if (node.axis != -1 && node.axis != 1) {
          fail("axis " + number(node.axis) + ", expected the last one, 1 or -1");
        }
        return x;
      }
    }
    fail("unknown operator");
  }

  void expect_depth(const Parameter& weights, size_t dimension, int64_t depth) const {
    if (weights.shape[dimension] == depth) return;
    fail("parameter " + quoted(weights.name) + " has shape " + to_string(weights.shape) +
         ", expected " + number(depth) + " in dimension " + number(dimension) +
         ", as the input has");
  }

  Shape infer_conv(const Node& node) {
    expect_inputs(2, 3);
    const Shape& x = value(0);
    const Parameter& weights = parameter(1);
    expect_rank(x, 4);
    expect_rank(weights, 4);
    check_window(node.window);
    const int64_t outputs = weights.shape[0];
    if (node.group < 1 || x[1] % node.group != 0 || outputs % node.group != 0) {
      fail("group " + number(node.group) + ", expected a divisor of the " + number(x[1]) +
           " input and " + number(outputs) + " output channels");
    }
    const Shape expected{outputs, x[1] / node.group, node.window.kernel[0], node.window.kernel[1]};
    if (weights.shape != expected) {
      fail("parameter " + quoted(weights.name) + " has shape " + to_string(weights.shape) +
           ", expected " + to_string(expected));
    }
    if (node.inputs.size() == 3) {
      const Parameter& bias = parameter(2);
      if (bias.shape != Shape{outputs}) {
        fail("parameter " + quoted(bias.name) + " has shape " + to_string(bias.shape) +
             ", expected " + to_string(Shape{outputs}));
      }
    }
    const std::array<int64_t, 2> out = slide(node.window, x, false);
    return {1, outputs, out[0], out[1]};
  }

  Shape infer_gemm(const Node& node) {
    expect_inputs(2, 3);
    const Shape& x = value(0);
    const Parameter& weights = parameter(1);
    expect_rank(x, 2);
    expect_rank(weights, 2);
    expect_depth(weights, node.trans_b ? 1 : 0, x[1]);
    if (!std::isfinite(node.alpha) || !std::isfinite(node.beta)) {
      fail("alpha or beta is not finite");
    }
    const Shape y{1, weights.shape[node.trans_b ? 0 : 1]};
    if (node.inputs.size() == 3) expect_broadcasts(parameter(2), y);
    return y;
  }

  Shape infer_add() {
    expect_inputs(2, 2);
    const Parameter* first = find_parameter(0);
    const Parameter* second = find_parameter(1);
    if (first != nullptr && second != nullptr) {
      fail("both inputs are parameters, expected at least one value");
    }
    if (first == nullptr && second == nullptr) {
      const Shape& a = value(0);
      const Shape& b = value(1);
      if (a != b) {
        fail("inputs have shapes " + to_string(a) + " and " + to_string(b) +
             ", expected values of one shape");
      }
      return a;
    }
    const Shape& x = value(first == nullptr ? 0 : 1);
    expect_broadcasts(first == nullptr ? *second : *first, x);
    return x;
  }

  Shape infer_reshape(const Node& node) {
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

  void check_uses() const {
    if (network_.nodes.back().output != network_.output) {
      fail_network("output is " + quoted(network_.output) + ", expected " +
                   quoted(network_.nodes.back().output) + ", which the last node makes");
    }
    for (const auto& [name, value] : values_) {
      const bool is_output = name == network_.output;
      if (is_output && value.used)
        fail_network("output " + quoted(name) + " is an input of a node");
      if (!is_output && !value.used) fail_network("value " + quoted(name) + " is not used");
    }
    for (const auto& [name, use] : parameters_) {
      if (!use.used) fail_network("parameter " + quoted(name) + " is not used");
    }
  }

  struct Use {
    const Parameter* parameter;
    bool used = false;
  };

  const Network& network_;
  const bool shared_;  // parameters may be without values
  const std::string name_;
  size_t index_ = 0;  // of the node at hand
  std::map<std::string, Value> values_;
  std::map<std::string, Use> parameters_;
  std::vector<Shape> shapes_;
};

}  // namespace

std::vector<Shape> infer_shapes(const Network& network, bool shared) {
  return Inference(network, shared).run();
}

}  // namespace sparsys
