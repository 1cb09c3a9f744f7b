// SPDX-License-Identifier: Apache-2.0
// Functions of each element, sums and products.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "golden/base/text.hpp"
#include "golden/format/onnx/importer.hpp"

namespace sparsys::onnx_import {
namespace {

constexpr float kLeast = std::numeric_limits<float>::lowest();
constexpr float kMost = std::numeric_limits<float>::max();

int64_t product(const Shape& shape) {
  int64_t count = 1;
  for (const int64_t size : shape) count *= size;
  return count;
}

Tensor negative(Tensor tensor) {
  for (float& value : tensor.reals) value = -value;
  return tensor;
}

// `shape` with ones in front, up to `rank` dimensions.
Shape with_rank(const Shape& shape, size_t rank) {
  Shape full(rank > shape.size() ? rank - shape.size() : 0, 1);
  full.insert(full.end(), shape.begin(), shape.end());
  return full;
}

}  // namespace

Value Importer::with_constant(Op op, const Value& x, const Tensor& tensor, int i, bool first) {
  if (!tensor.is_real() || tensor.count() == 0) {
    refuse("a constant of type " + type_name(tensor.type) + " and the shape " +
               to_string(tensor.shape),
           "real numbers");
  }
  const Shape shape = broadcast(x.shape, tensor.shape);
  const Value wide = product(shape) == product(x.shape) ? view(x, shape) : expand(x, shape);
  const float neutral = op == Op::kMul ? 1.0F : 0.0F;
  if (tensor.count() == 1 && tensor.reals[0] == neutral) return wide;
  Node node = make(op);
  const std::string name =
      i >= 0 ? parameter(i)
             : parameter(node_->output(0) + (op == Op::kMul ? "_factor" : "_summand"), tensor);
  node.inputs = {wide.name, name};
  if (first) std::swap(node.inputs[0], node.inputs[1]);
  return push(std::move(node), shape, wide.extra);
}

Value Importer::with_value(Op op, Value a, Value b) {
  const Shape shape = broadcast(a.shape, b.shape);
  if (product(a.shape) < product(b.shape)) std::swap(a, b);
  if (product(a.shape) != product(shape)) a = expand(a, shape);
  const bool extra = needs_extra(shape);
  Node node = make(op);
  for (const Value* x : {&a, &b}) {
    Shape full = with_rank(x->shape, shape.size());
    if (extra) full.insert(full.begin(), 1);
    node.inputs.push_back(in_shape(*x, full));
  }
  return push(std::move(node), shape, extra);
}

Value Importer::difference(int a, int b) {
  if (is_constant(a)) {
    const Value x = value(b);
    return with_constant(Op::kAdd, scaled(x, -1), constant(a), a);
  }
  const Value x = value(a);
  if (is_constant(b)) return with_constant(Op::kAdd, x, negative(constant(b)));
  return with_value(Op::kAdd, x, scaled(value(b), -1));
}

void Importer::read_binary() {
  expect_inputs(2, 2);
  const std::string& op = node_->op_type();
  const bool adds = op == "Add";
  if (op == "Sub") return bind(difference(0, 1));
  if (!is_constant(0) && !is_constant(1)) {
    const Value a = value(0);
    const Value b = value(1);
    if (op == "Div") return bind(with_value(Op::kMul, a, power(b, -1)));
    return bind(with_value(adds ? Op::kAdd : Op::kMul, a, b));
  }
  const int which = is_constant(0) ? 0 : 1;
  const Value x = value(1 - which);
  if (adds && !is_finite(known(which))) {
    return bind(with_constant(Op::kAdd, x, hiding(known(which), input(which), x.shape)));
  }
  const Tensor& given = constant(which);
  if (adds || op == "Mul") {
    return bind(with_constant(adds ? Op::kAdd : Op::kMul, x, given, which, which == 0));
  }
  if (which == 0) return bind(with_constant(Op::kMul, power(x, -1), given, 0));
  Tensor inverse = given;
  for (float& value : inverse.reals) {
    if (value == 0) refuse("division by 0");
    value = 1 / value;
  }
  bind(with_constant(Op::kMul, x, inverse));
}

// Of any number of inputs.
void Importer::read_many() {
  const std::string& op = node_->op_type();
  expect_inputs(1, 1 << 12);
  std::vector<Value> values;
  std::vector<int> constants;
  for (int i = 0; i < input_count(); ++i) {
    if (is_constant(i)) {
      constants.push_back(i);
    } else {
      values.push_back(value(i));
    }
  }
  Value made = values[0];
  if (op == "Sum" || op == "Mean") {
    for (size_t i = 1; i < values.size(); ++i) made = with_value(Op::kAdd, made, values[i]);
    for (const int i : constants) made = with_constant(Op::kAdd, made, constant(i), i);
    if (op == "Mean") made = scaled(made, 1 / static_cast<float>(input_count()));
    return bind(made);
  }
  // max(a, b) = b + relu(a - b); min(a, b) = -max(-a, -b)
  const float sign = op == "Max" ? 1.0F : -1.0F;
  for (size_t i = 1; i < values.size(); ++i) {
    const Value difference = with_value(Op::kAdd, scaled(made, sign), scaled(values[i], -sign));
    const Value more = push_function(make(Op::kRelu), difference);
    made = with_value(Op::kAdd, values[i], scaled(more, sign));
  }
  Node node = make(Op::kClip);
  node.alpha = kLeast;
  node.beta = kMost;
  bool clips = false;
  for (const int i : constants) {
    const Tensor& other = constant(i);
    if (other.count() != 1) {
      const Value difference =
          with_constant(Op::kAdd, scaled(made, sign), sign > 0 ? negative(other) : other);
      const Value more = push_function(make(Op::kRelu), difference);
      made = with_constant(Op::kAdd, scaled(more, sign), other);
      continue;
    }
    clips = true;
    const float bound = scalar(i);
    if (op == "Max") node.alpha = std::max(node.alpha, bound);
    if (op == "Min") node.beta = std::min(node.beta, bound);
  }
  if (clips) made = push_function(std::move(node), made);
  bind(made);
}

void Importer::read_pow() {
  expect_inputs(2, 2);
  if (is_constant(0)) refuse("a constant to the power of a value", "constant powers");
  const Value x = value(0);
  const float exponent = scalar(1);
  if (exponent == 1) return bind(x);
  if (exponent != 2 && exponent != 3 && exponent != 4) return bind(power(x, exponent));
  const Value square = with_value(Op::kMul, x, x);
  if (exponent == 2) return bind(square);
  bind(with_value(Op::kMul, square, exponent == 3 ? x : square));
}

void Importer::read_function() {
  expect_inputs(1, 1);
  const Value x = value(0);
  const std::string& op = node_->op_type();
  Node node = make(Op::kRelu);
  if (op == "Sigmoid") node.op = Op::kSigmoid;
  if (op == "Tanh") node.op = Op::kTanh;
  if (op == "HardSwish") node.op = Op::kHardSwish;
  if (op == "Softplus") node.op = Op::kSoftplus;
  if (op == "Exp") node.op = Op::kExp;
  if (op == "Log") node.op = Op::kLog;
  if (op == "Erf") node.op = Op::kErf;
  if (op == "Sin") node.op = Op::kSin;
  if (op == "Cos") node.op = Op::kCos;
  if (op == "LeakyRelu") {
    node.op = Op::kLeakyRelu;
    node.alpha = attributes_->real("alpha", 0.01F);
  } else if (op == "HardSigmoid") {
    node.op = Op::kHardSigmoid;
    node.alpha = attributes_->real("alpha", 0.2F);
    node.beta = attributes_->real("beta", 0.5F);
  } else if (op == "Elu") {
    node.op = Op::kElu;
    node.alpha = attributes_->real("alpha", 1);
  } else if (op == "Celu") {
    // alpha elu(x / alpha)
    const float alpha = attributes_->real("alpha", 1);
    if (alpha == 0) refuse("attribute 'alpha' is 0");
    node.op = Op::kElu;
    return bind(scaled(push_function(std::move(node), scaled(x, 1 / alpha)), alpha));
  } else if (op == "Selu") {
    const float gamma = attributes_->real("gamma", 1.05070102214813232421875F);
    node.op = Op::kElu;
    node.alpha = attributes_->real("alpha", 1.67326319217681884765625F);
    return bind(scaled(push_function(std::move(node), x), gamma));
  } else if (op == "Mish") {
    const Value bent = push_function(make(Op::kSoftplus), x);
    return bind(with_value(Op::kMul, x, push_function(make(Op::kTanh), bent)));
  } else if (op == "Swish") {
    const Value inner = scaled(x, attributes_->real("alpha", 1));
    return bind(with_value(Op::kMul, x, push_function(make(Op::kSigmoid), inner)));
  } else if (op == "Gelu") {
    if (attributes_->text("approximate", "none") != "tanh") {
      // x / 2 (1 + erf(x / sqrt(2)))
      const Value bent = push_function(make(Op::kErf), scaled(x, 0.70710678F));
      return bind(with_value(Op::kMul, scaled(x, 0.5F), shifted(bent, 1)));
    }
    // x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))
    const Value cube = with_value(Op::kMul, with_value(Op::kMul, x, x), x);
    const Value inner = with_value(Op::kAdd, x, scaled(cube, 0.044715F));
    const Value bent = push_function(make(Op::kTanh), scaled(inner, 0.7978845608F));
    return bind(with_value(Op::kMul, scaled(x, 0.5F), shifted(bent, 1)));
  } else if (op == "Erfc") {
    // No operator of ONNX; Keras' exporter writes it. 1 - erf(x)
    return bind(shifted(scaled(push_function(make(Op::kErf), x), -1), 1));
  } else if (op == "Neg") {
    return bind(scaled(x, -1));
  } else if (op == "Sign") {
    const Value below = above_zero(scaled(x, -1));
    return bind(with_value(Op::kAdd, above_zero(x), scaled(below, -1)));
  } else if (op == "Abs") {
    return bind(magnitude(x));
  } else if (op == "Softsign") {
    return bind(with_value(Op::kMul, x, power(shifted(magnitude(x), 1), -1)));
  } else if (op == "Sqrt" || op == "Reciprocal") {
    return bind(power(x, op == "Sqrt" ? 0.5F : -1));
  }
  bind(push_function(std::move(node), x));
}

Value Importer::magnitude(const Value& x) {
  const Value above = push_function(make(Op::kRelu), x);
  const Value below = push_function(make(Op::kRelu), scaled(x, -1));
  return with_value(Op::kAdd, above, below);
}

bool Importer::only_softmax_follows(const std::string& name, size_t rank) const {
  if (name == network_.output) return false;
  bool found = false;
  for (const onnx::NodeProto& node : model_.graph().node()) {
    if (std::find(node.input().begin(), node.input().end(), name) == node.input().end()) continue;
    int64_t axis = opset_ < 13 ? 1 : -1;
    for (const onnx::AttributeProto& attribute : node.attribute()) {
      if (attribute.name() == "axis") axis = attribute.i();
    }
    const bool last = axis == -1 || axis + 1 == static_cast<int64_t>(rank);
    if (node.op_type() != "Softmax" || !last) return false;
    found = true;
  }
  return found;
}

Tensor Importer::hiding(const Tensor& tensor, const std::string& name, const Shape& scores) const {
  // Far below all scores, and far above what scores could make infinite again.
  constexpr float kHidden = -1e30F;
  Tensor made = tensor;
  for (float& value : made.reals) {
    if (value == -std::numeric_limits<float>::infinity()) value = kHidden;
  }
  check_finite(made, name);
  const Shape shape = broadcast(scores, tensor.shape);
  const std::string what = "tensor " + quoted(name) + " has infinite elements";
  if (!only_softmax_follows(node_->output(0), shape.size())) {
    refuse(what, "-infinity where nothing but a Softmax over the last dimension follows");
  }
  const size_t width = tensor.shape.empty() ? 1 : static_cast<size_t>(tensor.shape.back());
  for (size_t row = 0; row < tensor.count(); row += width) {
    const auto first = tensor.reals.begin() + static_cast<std::ptrdiff_t>(row);
    const auto last = first + static_cast<std::ptrdiff_t>(width);
    if (std::none_of(first, last, [](float v) { return std::isfinite(v); })) {
      refuse(what + " that hide all scores of a row", "masks that leave a score in each row");
    }
  }
  return made;
}

// ---- conditions: values of 1 and 0 ----

// 1 where the value is above 0, else 0: exactly, but below 1e-30.
Value Importer::above_zero(const Value& x) {
  Node node = make(Op::kClip);
  node.alpha = 0;
  node.beta = 1;
  return push_function(std::move(node), scaled(x, 1e30F));
}

// 1 where the value is anything but 0.
Value Importer::not_zero(const Value& x) {
  return with_value(Op::kAdd, above_zero(x), above_zero(scaled(x, -1)));
}

Value Importer::inverse(const Value& condition) { return shifted(scaled(condition, -1), 1); }

// Input `i`, a condition.
Value Importer::condition(int i) const {
  const Value x = value(i, true);
  if (x.type != onnx::TensorProto::BOOL) {
    refuse("input " + number(i + 1) + " of type " + type_name(x.type), "BOOL, as comparisons make");
  }
  Value real = x;
  real.type = onnx::TensorProto::FLOAT;
  return real;
}

void Importer::read_comparison() {
  expect_inputs(2, 2);
  const std::string& op = node_->op_type();
  Value made;
  if (op == "Equal") {
    made = inverse(not_zero(difference(0, 1)));
  } else if (op == "Greater") {
    made = above_zero(difference(0, 1));
  } else if (op == "Less") {
    made = above_zero(difference(1, 0));
  } else if (op == "LessOrEqual") {
    made = inverse(above_zero(difference(0, 1)));
  } else {
    made = inverse(above_zero(difference(1, 0)));
  }
  made.type = onnx::TensorProto::BOOL;
  bind(made);
}

void Importer::read_logic() {
  const std::string& op = node_->op_type();
  expect_inputs(op == "Not" ? 1 : 2, op == "Not" ? 1 : 2);
  Value made;
  if (op == "Not") {
    made = inverse(condition(0));
  } else if (op == "And") {
    made = with_value(Op::kMul, condition(0), condition(1));
  } else {
    made = inverse(with_value(Op::kMul, inverse(condition(0)), inverse(condition(1))));
  }
  made.type = onnx::TensorProto::BOOL;
  bind(made);
}

// Nodes of the network that a value is made by.
std::unordered_set<size_t> Importer::makers_of(const std::string& value) const {
  std::unordered_set<size_t> found;
  std::unordered_set<std::string> open{value};
  for (size_t n = network_.nodes.size(); n-- > 0;) {
    const Node& node = network_.nodes[n];
    if (open.count(node.output) == 0) continue;
    found.insert(n);
    open.insert(node.inputs.begin(), node.inputs.end());
  }
  return found;
}

const Node* Importer::maker_of(const Value& x) const {
  const auto maker = std::find_if(network_.nodes.begin(), network_.nodes.end(),
                                  [&](const Node& node) { return node.output == x.name; });
  return maker == network_.nodes.end() ? nullptr : &*maker;
}

// PyTorch's Softplus: above some value it is x, which is the same in 32 bits.
bool Importer::is_softplus() const {
  const auto maker = makers_.find(input(0));
  if (maker == makers_.end() || is_constant(1) || is_constant(2)) return false;
  const onnx::NodeProto& comparison = model_.graph().node(maker->second);
  if (comparison.op_type() != "Greater") return false;
  const auto x = values_.find(comparison.input(0));
  const auto bound = constants_.find(comparison.input(1));
  constexpr float kSame = 17;
  if (x == values_.end() || bound == constants_.end() || !bound->second.tensor ||
      bound->second.tensor->count() != 1 || bound->second.tensor->at(0) < kSame) {
    return false;
  }
  const Node* const made = maker_of(value(2));
  return value(1).name == x->second.name && made != nullptr && made->op == Op::kSoftplus &&
         made->inputs[0] == x->second.name;
}

// c x + (1 - c) y with a condition c of 1 and 0: what is not chosen must be finite.
void Importer::choose() {
  if (is_softplus()) return bind(value(2));
  const Value chosen = condition(0);
  const auto before = makers_of(chosen.name);
  std::optional<Value> made;
  for (int i = 1; i < 3; ++i) {
    const Value mask = i == 1 ? chosen : inverse(chosen);
    if (!is_constant(i)) {
      for (const size_t n : makers_of(value(i).name)) {
        const Op op = network_.nodes[n].op;
        if (before.count(n) != 0 || (op != Op::kExp && op != Op::kLog && op != Op::kPow)) continue;
        refuse("a condition that is a value, on input " + number(i + 1) + ", which is made by " +
                   to_string(op) + " and may be infinite where it is not chosen",
               "values that are finite everywhere");
      }
    }
    const Value part = is_constant(i) ? with_constant(Op::kMul, mask, constant(i))
                                      : with_value(Op::kMul, mask, value(i));
    made = made ? with_value(Op::kAdd, *made, part) : part;
  }
  bind(*made);
}

// Where the condition is known: x times 1 or 0, plus y times 0 or 1.
void Importer::read_where() {
  expect_inputs(3, 3);
  if (!is_constant(0)) return choose();
  std::array<Tensor, 2> masks;
  for (size_t i = 0; i < 2; ++i) {
    const Tensor& condition = constant(0);
    masks[i] = make_reals(condition.shape, {});
    for (size_t e = 0; e < condition.count(); ++e) {
      masks[i].reals.push_back((condition.at(e) != 0) == (i == 0) ? 1.0F : 0.0F);
    }
  }
  std::optional<Value> made;
  for (const bool constants : {false, true}) {
    for (int i = 1; i < 3; ++i) {
      if (is_constant(i) != constants) continue;
      const Tensor& mask = masks[static_cast<size_t>(i - 1)];
      if (constants) {
        // The constant where it is chosen, else 0.
        const Tensor& given = known(i);
        const Shape shape = broadcast(mask.shape, given.shape);
        const Tensor chosen = expanded(mask, shape);
        Tensor summand = expanded(given, shape);
        for (size_t e = 0; e < summand.reals.size(); ++e) {
          if (chosen.reals[e] == 0) summand.reals[e] = 0;
        }
        if (!is_finite(summand)) summand = hiding(summand, input(i), made->shape);
        made = with_constant(Op::kAdd, *made, summand);
        continue;
      }
      const Value part = with_constant(Op::kMul, value(i), mask);
      made = made ? with_value(Op::kAdd, *made, part) : part;
    }
  }
  bind(*made);
}

void Importer::read_clip() {
  expect_inputs(1, opset_ < 11 ? 1 : 3);
  const Value x = value(0);
  Node node = make(Op::kClip);
  node.alpha = kLeast;
  node.beta = kMost;
  if (opset_ < 11) {
    node.alpha = attributes_->real("min", kLeast);
    node.beta = attributes_->real("max", kMost);
  } else {
    if (has_input(1)) node.alpha = scalar(1);
    if (has_input(2)) node.beta = scalar(2);
  }
  if (node.alpha > node.beta) {
    refuse("a least value of " + std::to_string(node.alpha) + " above the largest, " +
           std::to_string(node.beta));
  }
  if (node.alpha == kLeast && node.beta == kMost) return bind(x);
  if (node.alpha == 0 && node.beta == kMost) node = make(Op::kRelu);
  bind(push_function(std::move(node), x));
}

void Importer::read_prelu() {
  expect_inputs(2, 2);
  const Value x = value(0);
  const Tensor& slope = constant(1);
  if (slope.count() == 1) {
    Node node = make(Op::kLeakyRelu);
    node.alpha = scalar(1);
    return bind(push_function(std::move(node), x));
  }
  if (broadcast(x.shape, slope.shape) != x.shape) {
    refuse(
        "slopes of the shape " + to_string(slope.shape) + " on an input of " + to_string(x.shape),
        "slopes that broadcast to the input");
  }
  Node node = make(Op::kPRelu);
  node.inputs = {parameter(1)};
  bind(push_function(std::move(node), x));
}

}  // namespace sparsys::onnx_import
