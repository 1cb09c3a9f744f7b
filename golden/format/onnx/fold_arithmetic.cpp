// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <map>

#include "golden/base/text.hpp"
#include "golden/format/onnx/fold.hpp"

namespace sparsys::onnx_import {
namespace {

using onnx::TensorProto;
using Unary = double (*)(double);

const std::map<std::string, Unary>& unary() {
  static const std::map<std::string, Unary> functions = {
      {"Neg", [](double x) { return -x; }},
      {"Abs", [](double x) { return std::abs(x); }},
      {"Sqrt", [](double x) { return std::sqrt(x); }},
      {"Exp", [](double x) { return std::exp(x); }},
      {"Log", [](double x) { return std::log(x); }},
      {"Erf", [](double x) { return std::erf(x); }},
      {"Sin", [](double x) { return std::sin(x); }},
      {"Cos", [](double x) { return std::cos(x); }},
      {"Tanh", [](double x) { return std::tanh(x); }},
      {"Relu", [](double x) { return std::max(x, 0.0); }},
      {"Sigmoid", [](double x) { return 1 / (1 + std::exp(-x)); }},
      {"Softplus", [](double x) { return std::log1p(std::exp(-std::abs(x))) + std::max(x, 0.0); }},
      {"Reciprocal", [](double x) { return 1 / x; }},
      {"Floor", [](double x) { return std::floor(x); }},
      {"Ceil", [](double x) { return std::ceil(x); }},
      {"Round", [](double x) { return std::nearbyint(x); }},
      {"Sign", [](double x) { return static_cast<double>((x > 0) - (x < 0)); }},
      {"Not", [](double x) { return static_cast<double>(x == 0); }},
      {"Erfc", [](double x) { return std::erfc(x); }},
  };
  return functions;
}

const char* const kBinary[] = {"Add",        "Sub", "Mul", "Div",   "Mod",
                               "Pow",        "Min", "Max", "Equal", "Greater",
                               "Less",       "And", "Or",  "Xor",   "GreaterOrEqual",
                               "LessOrEqual"};
const char* const kReductions[] = {"ReduceSum", "ReduceMean", "ReduceMax",
                                   "ReduceMin", "ReduceProd", "ReduceL2"};
const char* const kOthers[] = {
    "Where", "Clip", "MatMul", "Gemm", "CumSum", "QuantizeLinear", "DequantizeLinear",
    "Sum",   "Mean", "IsNaN",  "IsInf"};

template <size_t kCount>
bool is_in(const std::string& op, const char* const (&names)[kCount]) {
  return std::find(std::begin(names), std::end(names), op) != std::end(names);
}

bool is_comparison(const std::string& op) {
  return op == "Equal" || op == "Greater" || op == "Less" || op == "GreaterOrEqual" ||
         op == "LessOrEqual" || op == "And" || op == "Or" || op == "Xor";
}

template <typename Number>
bool compare(const std::string& op, Number a, Number b) {
  if (op == "Equal") return a == b;
  if (op == "Greater") return a > b;
  if (op == "Less") return a < b;
  if (op == "GreaterOrEqual") return a >= b;
  if (op == "LessOrEqual") return a <= b;
  if (op == "And") return a != 0 && b != 0;
  if (op == "Or") return a != 0 || b != 0;
  return (a != 0) != (b != 0);
}

double compute(const std::string& op, double a, double b) {
  if (op == "Add") return a + b;
  if (op == "Sub") return a - b;
  if (op == "Mul") return a * b;
  if (op == "Div") return a / b;
  if (op == "Min") return std::min(a, b);
  if (op == "Max") return std::max(a, b);
  if (op == "Pow") return std::pow(a, b);
  return std::fmod(a, b);
}

int64_t compute(const std::string& op, int64_t a, int64_t b) {
  int64_t made = 0;
  bool overflow = false;
  if (op == "Add") {
    overflow = __builtin_add_overflow(a, b, &made);
  } else if (op == "Sub") {
    overflow = __builtin_sub_overflow(a, b, &made);
  } else if (op == "Mul") {
    overflow = __builtin_mul_overflow(a, b, &made);
  } else if (op == "Min") {
    made = std::min(a, b);
  } else if (op == "Max") {
    made = std::max(a, b);
  } else if (op == "Pow") {
    const double power = std::pow(static_cast<double>(a), static_cast<double>(b));
    overflow = !(std::abs(power) < 9e15);
    if (!overflow) made = static_cast<int64_t>(power);
  } else {
    overflow = b == 0 || b == -1;
    if (op == "Div") {
      if (b == -1) overflow = __builtin_sub_overflow(int64_t{0}, a, &made);
      if (!overflow && b != -1) made = a / b;
    } else if (!overflow) {
      made = a % b;
      if (made != 0 && (made < 0) != (b < 0)) made += b;  // the sign of the divisor
    } else if (b == -1) {
      overflow = false;
    }
  }
  if (overflow) refuse(op + " of the constants " + number(a) + " and " + number(b));
  return made;
}

Tensor binary(const std::string& op, const Tensor& a, const Tensor& b, int64_t most) {
  if (a.is_real() != b.is_real() && op != "Pow") {
    refuse("inputs of the types " + type_name(a.type) + " and " + type_name(b.type), "one type");
  }
  const Shape shape = broadcast(a.shape, b.shape);
  const int64_t count = checked_count(shape, "the result");
  if (count > most && count > static_cast<int64_t>(std::max(a.count(), b.count()))) {
    refuse("a constant of " + number(count) + " elements", "at most " + number(most) + " here");
  }
  const Tensor left = expanded(a, shape);
  const Tensor right = expanded(b, shape);
  Tensor made;
  made.shape = shape;
  made.type = is_comparison(op) ? static_cast<int>(TensorProto::BOOL) : a.type;
  for (size_t i = 0; i < left.count(); ++i) {
    if (is_comparison(op)) {
      made.integers.push_back(left.is_real() ? compare(op, left.reals[i], right.reals[i])
                                             : compare(op, left.integers[i], right.integers[i]));
    } else if (made.is_real()) {
      made.reals.push_back(static_cast<float>(compute(op, left.at(i), right.at(i))));
    } else {
      const int64_t operand = right.is_real()
                                  ? static_cast<int64_t>(std::clamp(right.at(i), -1e6, 1e6))
                                  : right.integers[i];
      made.integers.push_back(wrap(compute(op, left.integers[i], operand), made.type));
    }
  }
  return made;
}

Tensor apply(Unary function, const Tensor& from) {
  Tensor made = from;
  for (float& value : made.reals) value = static_cast<float>(function(value));
  for (int64_t& value : made.integers) {
    const double result = function(static_cast<double>(value));
    if (!(std::abs(result) < 9e18)) refuse("a constant of " + std::to_string(result));
    value = wrap(static_cast<int64_t>(result), made.type);
  }
  return made;
}

Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b, int64_t most) {
  if (a.type != b.type || condition.is_real()) refuse("inputs of different types");
  const Shape shape = broadcast(condition.shape, broadcast(a.shape, b.shape));
  const int64_t count = checked_count(shape, "the result");
  if (count > most && count > static_cast<int64_t>(std::max(a.count(), b.count()))) {
    refuse("a constant of " + number(count) + " elements", "at most " + number(most) + " here");
  }
  const Tensor picks = expanded(condition, shape);
  Tensor made = expanded(a, shape);
  const Tensor other = expanded(b, shape);
  for (size_t i = 0; i < made.reals.size(); ++i) {
    if (picks.integers[i] == 0) made.reals[i] = other.reals[i];
  }
  for (size_t i = 0; i < made.integers.size(); ++i) {
    if (picks.integers[i] == 0) made.integers[i] = other.integers[i];
  }
  return made;
}

Tensor reduce(const std::string& op, Attributes& attributes, int64_t opset,
              const std::vector<const Tensor*>& inputs) {
  const Tensor& from = *inputs[0];
  const bool keep = attributes.integer("keepdims", 1, 0, 1) != 0;
  const bool nothing = attributes.integer("noop_with_empty_axes", 0, 0, 1) != 0;
  std::optional<Shape> axes = attributes.integers("axes");
  if (opset >= (op == "ReduceSum" ? 13 : 18) && inputs.size() > 1 && inputs[1] != nullptr) {
    axes = to_shape(*inputs[1], "input 2");
  }
  if ((!axes || axes->empty()) && nothing) return from;
  std::vector<bool> reduced(from.shape.size(), !axes || axes->empty());
  if (axes) {
    for (const int64_t axis : *axes) reduced[normal_axis(axis, from.shape.size())] = true;
  }
  // The reduced dimensions last.
  Shape permutation, kept, shape;
  for (size_t d = 0; d < reduced.size(); ++d) {
    if (!reduced[d]) permutation.push_back(static_cast<int64_t>(d));
    if (!reduced[d]) kept.push_back(from.shape[d]);
    if (!reduced[d] || keep) shape.push_back(reduced[d] ? 1 : from.shape[d]);
  }
  for (size_t d = 0; d < reduced.size(); ++d) {
    if (reduced[d]) permutation.push_back(static_cast<int64_t>(d));
  }
  const Tensor sorted = transposed(from, permutation);
  const auto outputs = static_cast<size_t>(checked_count(kept, "the result"));
  if (from.count() == 0 || outputs == 0) refuse("a reduction of nothing");
  const size_t each = from.count() / outputs;
  Tensor made;
  made.type = from.type;
  made.shape = shape;
  for (size_t o = 0; o < outputs; ++o) {
    double sum = op == "ReduceProd" ? 1
                 : op == "ReduceSum" || op == "ReduceMean" || op == "ReduceL2"
                     ? 0
                     : sorted.at(o * each);
    for (size_t i = 0; i < each; ++i) {
      const double value = sorted.at(o * each + i);
      if (op == "ReduceProd") sum *= value;
      if (op == "ReduceSum" || op == "ReduceMean") sum += value;
      if (op == "ReduceL2") sum += value * value;
      if (op == "ReduceMax") sum = std::max(sum, value);
      if (op == "ReduceMin") sum = std::min(sum, value);
    }
    if (op == "ReduceMean") sum /= static_cast<double>(each);
    if (op == "ReduceL2") sum = std::sqrt(sum);
    if (made.is_real()) {
      made.reals.push_back(static_cast<float>(sum));
    } else {
      if (!(std::abs(sum) < 9e15)) refuse("a constant of " + std::to_string(sum));
      made.integers.push_back(wrap(static_cast<int64_t>(sum), made.type));
    }
  }
  return made;
}

Tensor clip(Attributes& attributes, int64_t opset, const std::vector<const Tensor*>& inputs) {
  Tensor made = *inputs[0];
  const auto bound = [&](size_t i, const char* name, double otherwise) {
    if (opset < 11)
      return static_cast<double>(attributes.real(name, static_cast<float>(otherwise)));
    return i < inputs.size() && inputs[i] != nullptr && inputs[i]->count() == 1 ? inputs[i]->at(0)
                                                                                : otherwise;
  };
  const double least = bound(1, "min", -3.4028234e38);
  const double most = bound(2, "max", 3.4028234e38);
  const auto limited = [&](double x) { return std::min(std::max(x, least), most); };
  for (float& value : made.reals) value = static_cast<float>(limited(value));
  for (int64_t& value : made.integers) {
    value = static_cast<int64_t>(limited(static_cast<double>(value)));
  }
  return made;
}

// Of any number of rows, and a matrix.
Tensor product(const Tensor& a, const Tensor& b, int64_t most) {
  if (a.shape.size() < 2 || b.shape.size() != 2 || a.shape.back() != b.shape[0] ||
      b.shape[0] == 0 || !a.is_real() || !b.is_real()) {
    refuse("constants of the shapes " + to_string(a.shape) + " and " + to_string(b.shape),
           "real numbers, the second a matrix");
  }
  const auto depth = static_cast<size_t>(b.shape[0]);
  const size_t rows = a.count() / depth;
  const auto columns = static_cast<size_t>(b.shape[1]);
  if (rows * depth > (size_t{1} << 31) / std::max<size_t>(columns, 1))
    refuse("a product of large matrices");
  if (rows * columns > std::max({a.count(), b.count(), static_cast<size_t>(most)})) {
    refuse("a constant of " + number(rows * columns) + " elements",
           "at most " + number(most) + " here");
  }
  Shape shape = a.shape;
  shape.back() = b.shape[1];
  Tensor made = make_reals(shape, std::vector<float>(rows * columns));
  for (size_t i = 0; i < rows; ++i) {
    std::vector<double> row(columns);
    for (size_t k = 0; k < depth; ++k) {
      const double factor = a.reals[i * depth + k];
      for (size_t j = 0; j < columns; ++j) row[j] += factor * b.reals[k * columns + j];
    }
    for (size_t j = 0; j < columns; ++j) made.reals[i * columns + j] = static_cast<float>(row[j]);
  }
  return made;
}

// CumSum: each element with those before it along an axis, or behind it.
Tensor running_sum(Attributes& attributes, const Tensor& x, const Tensor& along) {
  const bool exclusive = attributes.integer("exclusive", 0, 0, 1) != 0;
  const bool reverse = attributes.integer("reverse", 0, 0, 1) != 0;
  const Shape axes = to_shape(along, "the axis");
  if (axes.size() != 1) refuse("an axis of " + number(axes.size()) + " numbers", "one number");
  const size_t axis = normal_axis(axes[0], x.shape.size());
  const auto size = static_cast<size_t>(x.shape[axis]);
  size_t inner = 1;
  for (size_t d = axis + 1; d < x.shape.size(); ++d) inner *= static_cast<size_t>(x.shape[d]);
  Tensor made = x;
  for (size_t first = 0; first < x.count(); ++first) {
    if (first / inner % size != 0) continue;
    double sum = 0;
    for (size_t i = 0; i < size; ++i) {
      const size_t at = first + (reverse ? size - 1 - i : i) * inner;
      const double before = sum;
      sum += x.at(at);
      const double value = exclusive ? before : sum;
      if (x.is_real()) made.reals[at] = static_cast<float>(value);
      if (!x.is_real()) made.integers[at] = static_cast<int64_t>(value);
    }
  }
  return made;
}

Tensor gemm(Attributes& attributes, const std::vector<const Tensor*>& inputs, int64_t most) {
  const auto operand = [&](size_t i, const char* turned) {
    const bool turns = attributes.integer(turned, 0, 0, 1) != 0 && inputs[i]->shape.size() == 2;
    return turns ? transposed(*inputs[i], {1, 0}) : *inputs[i];
  };
  const Tensor alpha = make_reals({}, {attributes.real("alpha", 1)});
  const Tensor beta = make_reals({}, {attributes.real("beta", 1)});
  const Tensor made =
      binary("Mul", product(operand(0, "transA"), operand(1, "transB"), most), alpha, most);
  if (inputs.size() < 3 || inputs[2] == nullptr) return made;
  return binary("Add", made, binary("Mul", *inputs[2], beta, most), most);
}

// QuantizeLinear and DequantizeLinear: a scale for all, or for each index of an axis.
Tensor quantise(bool forward, Attributes& attributes, const std::vector<const Tensor*>& inputs) {
  const Tensor& x = *inputs[0];
  if (inputs.size() < 2 || inputs[1] == nullptr || !inputs[1]->is_real()) refuse("no scale");
  const Tensor& scale = *inputs[1];
  const Tensor* const zero = inputs.size() > 2 ? inputs[2] : nullptr;
  const int64_t axis = attributes.integer("axis", 1);
  if (attributes.integer("block_size", 0) != 0) refuse("attribute 'block_size'", "scales of axes");
  attributes.ignore("saturate");
  attributes.ignore("output_dtype");
  attributes.ignore("precision");
  if (forward != x.is_real() || (zero != nullptr && zero->count() != scale.count())) {
    refuse("elements of type " + type_name(x.type) + ", or zero points unlike scales");
  }
  size_t inner = 1;
  if (scale.count() != 1) {
    const size_t at = normal_axis(axis, x.shape.size());
    if (static_cast<int64_t>(scale.count()) != x.shape[at]) {
      refuse(number(scale.count()) + " scales for the shape " + to_string(x.shape),
             "one, or one for each index of the axis");
    }
    for (size_t d = at + 1; d < x.shape.size(); ++d) inner *= static_cast<size_t>(x.shape[d]);
  }
  Tensor made;
  made.shape = x.shape;
  made.type = !forward          ? scale.type
              : zero != nullptr ? zero->type
                                : static_cast<int>(TensorProto::UINT8);
  const bool is_unsigned = made.type == TensorProto::UINT8;
  if (forward && !is_unsigned && made.type != TensorProto::INT8) {
    refuse("a zero point of type " + type_name(made.type), "INT8, UINT8");
  }
  for (size_t i = 0; i < x.count(); ++i) {
    const size_t channel = scale.count() == 1 ? 0 : i / inner % scale.count();
    const double offset = zero == nullptr ? 0 : zero->at(channel);
    const double step = scale.reals[channel];
    if (forward) {
      const double value = std::nearbyint(x.at(i) / step) + offset;
      made.integers.push_back(static_cast<int64_t>(
          std::clamp(value, is_unsigned ? 0.0 : -128.0, is_unsigned ? 255.0 : 127.0)));
    } else {
      made.reals.push_back(static_cast<float>((x.at(i) - offset) * step));
    }
  }
  return made;
}

}  // namespace

bool is_arithmetic(const std::string& op) {
  return unary().count(op) != 0 || is_in(op, kBinary) || is_in(op, kReductions) ||
         is_in(op, kOthers);
}

Tensor arithmetic(const std::string& operation, const Tensor& a, const Tensor& b) {
  return binary(operation, a, b, kMaxSize);
}

Tensor fold_arithmetic(const std::string& op, Attributes& attributes, int64_t opset,
                       const std::vector<const Tensor*>& inputs, int64_t most) {
  const auto expect = [&](size_t least, size_t limit) {
    bool there = inputs.size() >= least && inputs.size() <= limit;
    for (size_t i = 0; there && i < least; ++i) there = inputs[i] != nullptr;
    if (!there) refuse(number(inputs.size()) + " inputs", number(least) + " to " + number(limit));
  };
  if (const auto found = unary().find(op); found != unary().end()) {
    expect(1, 1);
    return apply(found->second, *inputs[0]);
  }
  if (op == "IsNaN" || op == "IsInf") {
    expect(1, 1);
    attributes.integer("detect_negative", 1, 1, 1);
    attributes.integer("detect_positive", 1, 1, 1);
    Tensor made = make_integers(inputs[0]->shape, {});
    made.type = TensorProto::BOOL;
    for (size_t i = 0; i < inputs[0]->count(); ++i) {
      const double value = inputs[0]->at(i);
      made.integers.push_back(op == "IsNaN" ? std::isnan(value) : std::isinf(value));
    }
    return made;
  }
  if (op == "Min" || op == "Max" || op == "Sum" || op == "Mean") {
    expect(1, 64);
    const std::string step = op == "Min" || op == "Max" ? op : "Add";
    Tensor made = *inputs[0];
    for (size_t i = 1; i < inputs.size(); ++i) {
      if (inputs[i] == nullptr) refuse("input " + number(i + 1) + " is left out");
      made = binary(step, made, *inputs[i], most);
    }
    if (op != "Mean") return made;
    return binary("Div", made, make_reals({}, {static_cast<float>(inputs.size())}), most);
  }
  if (is_in(op, kBinary)) {
    expect(2, 2);
    attributes.ignore("fmod");
    return binary(op, *inputs[0], *inputs[1], most);
  }
  if (is_in(op, kReductions)) {
    expect(1, 2);
    return reduce(op, attributes, opset, inputs);
  }
  if (op == "Where") {
    expect(3, 3);
    return where(*inputs[0], *inputs[1], *inputs[2], most);
  }
  if (op == "Clip") {
    expect(1, 3);
    return clip(attributes, opset, inputs);
  }
  if (op == "MatMul") {
    expect(2, 2);
    return product(*inputs[0], *inputs[1], most);
  }
  if (op == "CumSum") {
    expect(2, 2);
    return running_sum(attributes, *inputs[0], *inputs[1]);
  }
  expect(2, 3);
  if (op == "Gemm") return gemm(attributes, inputs, most);
  return quantise(op == "QuantizeLinear", attributes, inputs);
}

}  // namespace sparsys::onnx_import
