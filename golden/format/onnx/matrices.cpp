// SPDX-License-Identifier: Apache-2.0
// Products of matrices: by weights, and of two values.
#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "golden/base/text.hpp"
#include "golden/format/onnx/importer.hpp"

namespace sparsys::onnx_import {
namespace {

// One operand of an Einsum, or its result: a letter for each dimension.
using Letters = std::string;

Letters joined(const Letters& a, const Letters& b, const Letters& c) { return a + b + c; }

bool has(const Letters& letters, char letter) { return letters.find(letter) != Letters::npos; }

// Where in `from` each of the letters `to` stands.
Shape order_of(const Letters& from, const Letters& to) {
  Shape order;
  for (const char letter : to) order.push_back(static_cast<int64_t>(from.find(letter)));
  return order;
}

}  // namespace

void Importer::read_gemm() {
  expect_inputs(opset_ < 11 ? 3 : 2, 3);
  const bool trans_a = attributes_->integer("transA", 0, 0, 1) != 0;
  const bool trans_b = attributes_->integer("transB", 0, 0, 1) != 0;
  const float alpha = attributes_->real("alpha", 1);
  const float beta = attributes_->real("beta", 1);
  if (is_constant(0) && is_constant(1)) refuse("a product of constants", "a value as input 1 or 2");
  const Shape a_shape = is_constant(0) ? constant(0).shape : value(0).shape;
  const Shape b_shape = is_constant(1) ? constant(1).shape : value(1).shape;
  if (a_shape.size() != 2 || b_shape.size() != 2) {
    refuse("inputs of the shapes " + to_string(a_shape) + " and " + to_string(b_shape),
           "matrices; the first with the sample dimension in front");
  }
  const bool has_bias = has_input(2);
  if (is_constant(1) && !trans_a && !value(0).extra) {
    Node node = make(Op::kGemm);
    node.trans_b = trans_b;
    node.alpha = alpha;
    node.beta = beta;
    node.inputs = {value(0).name, parameter(1)};
    const bool constant_bias = has_bias && is_constant(2);
    if (constant_bias) node.inputs.push_back(parameter(2));
    Value made = push(std::move(node), {1, b_shape[trans_b ? 0 : 1]}, false);
    if (has_bias && !constant_bias) made = with_value(Op::kAdd, made, scaled(value(2), beta));
    return bind(made);
  }
  const Shape swapped{1, 0};
  const auto turned = [&](int i, bool turns) {
    return turns ? transpose(value(i), swapped) : value(i);
  };
  Value made;
  if (is_constant(0)) {
    // A B = (B' A')'
    const Tensor weights = trans_a ? constant(0) : transposed(constant(0), swapped);
    made = transpose(dense(turned(1, !trans_b), weights, -1), swapped);
  } else if (is_constant(1)) {
    const Tensor weights = trans_b ? transposed(constant(1), swapped) : constant(1);
    made = dense(turned(0, trans_a), weights, -1);
  } else {
    made = batch_matmul(turned(0, trans_a), turned(1, trans_b));
  }
  made = scaled(made, alpha);
  if (has_bias) {
    const Shape shape = is_constant(2) ? constant(2).shape : value(2).shape;
    if (broadcast(made.shape, shape) != made.shape) {
      refuse("a summand of the shape " + to_string(shape) + " for a product of " +
                 to_string(made.shape),
             "one that broadcasts to the product");
    }
  }
  if (has_bias && !is_constant(2)) {
    made = with_value(Op::kAdd, made, scaled(value(2), beta));
  } else if (has_bias) {
    Tensor bias = constant(2);
    for (float& summand : bias.reals) summand *= beta;
    made = with_constant(Op::kAdd, made, bias);
  }
  bind(made);
}

void Importer::read_matmul() {
  expect_inputs(2, 2);
  if (!is_constant(0) && !is_constant(1)) {
    return bind(batch_matmul(value(0), value(1)));
  }
  const int which = is_constant(0) ? 0 : 1;
  const Value x = value(1 - which);
  const Tensor& given = constant(which);
  // A stack of matrices of one.
  Shape matrix = given.shape;
  while (matrix.size() > 2 && matrix[0] == 1) matrix.erase(matrix.begin());
  if (matrix.empty() || matrix.size() > 2 || x.shape.empty() || given.count() == 0) {
    refuse("weights of the shape " + to_string(given.shape), "matrices, of two dimensions");
  }
  Tensor weights = given;
  weights.shape = matrix;
  const bool is_vector = matrix.size() == 1;
  if (is_vector) weights.shape = which == 1 ? Shape{matrix[0], 1} : Shape{1, matrix[0]};
  const auto rank = x.shape.size();
  Value made;
  if (which == 1) {
    made = dense(x, weights, given.shape.size() == 2 ? 1 : -1);
    if (is_vector) made = view(made, Shape(made.shape.begin(), made.shape.end() - 1));
  } else {
    // A x = (x' A')'
    Shape swapped(rank);
    for (size_t d = 0; d < rank; ++d) swapped[d] = static_cast<int64_t>(d);
    if (rank > 1) std::swap(swapped[rank - 2], swapped[rank - 1]);
    made = transpose(dense(transpose(x, swapped), transposed(weights, {1, 0}), -1), swapped);
    if (is_vector && rank > 1) {
      Shape shape = made.shape;
      shape.erase(shape.end() - 2);
      made = view(made, shape);
    }
  }
  while (given.shape.size() > made.shape.size()) {
    Shape shape = made.shape;
    shape.insert(shape.begin(), 1);
    made = view(made, shape);
  }
  bind(made);
}

// The dimensions in front broadcast, as NumPy's matmul has it.
Value Importer::batch_matmul(const Value& first, const Value& second) {
  if (first.shape.empty() || second.shape.empty()) refuse("a product with a scalar");
  Shape a = first.shape;
  Shape b = second.shape;
  if (first.shape.size() == 1) a.insert(a.begin(), 1);
  if (second.shape.size() == 1) b.push_back(1);
  if (a.back() != b[b.size() - 2]) {
    refuse("inputs of the shapes " + to_string(first.shape) + " and " + to_string(second.shape),
           "matrices that fit: as many columns as the other has rows");
  }
  const Shape stack = broadcast(Shape(a.begin(), a.end() - 2), Shape(b.begin(), b.end() - 2));
  Shape shape = stack;
  shape.insert(shape.end(), {a[a.size() - 2], b.back()});
  const bool extra = needs_extra(shape) || shape.size() < 3;
  Node node = make(Op::kBatchMatMul);
  for (const auto& [given, own] : {std::pair(&first, &a), std::pair(&second, &b)}) {
    Shape full = stack;
    full.insert(full.end(), own->end() - 2, own->end());
    Value wide = expand(view(*given, *own), full);
    if (extra) full.insert(full.begin(), 1);
    node.inputs.push_back(in_shape(wide, full));
  }
  Value made = push(std::move(node), shape, extra);
  if (second.shape.size() == 1) shape.pop_back();
  if (first.shape.size() == 1) shape.erase(shape.end() - (second.shape.size() == 1 ? 1 : 2));
  return view(made, shape);
}

void Importer::read_einsum() {
  expect_inputs(2, 2);
  std::string equation = attributes_->text("equation", "");
  equation.erase(std::remove(equation.begin(), equation.end(), ' '), equation.end());
  const size_t comma = equation.find(',');
  const size_t arrow = equation.find("->");
  const char* const kSupported = "two operands and a result, 'bij,bjk->bik', each letter once";
  if (comma == std::string::npos || arrow == std::string::npos || comma > arrow) {
    refuse("the equation " + quoted(equation), kSupported);
  }
  const Letters a = equation.substr(0, comma);
  const Letters b = equation.substr(comma + 1, arrow - comma - 1);
  const Letters y = equation.substr(arrow + 2);
  Letters stack, left, right, depth;
  const auto once = [](const Letters& letters) {
    return std::all_of(letters.begin(), letters.end(), [&](char letter) {
      return std::isalpha(static_cast<unsigned char>(letter)) != 0 &&
             std::count(letters.begin(), letters.end(), letter) == 1;
    });
  };
  bool fits = once(a) && once(b) && once(y);
  for (const char letter : y) {
    const bool in_a = has(a, letter);
    const bool in_b = has(b, letter);
    fits &= in_a || in_b;
    (in_a && in_b ? stack : in_a ? left : right) += letter;
  }
  for (const char letter : joined(a, b, "")) {
    if (has(y, letter) || has(depth, letter)) continue;
    fits &= has(a, letter) && has(b, letter);
    depth += letter;
  }
  if (!fits) refuse("the equation " + quoted(equation), kSupported);
  std::array<Value, 2> sorted;
  Shape sizes;  // of the letters of stack, left, right
  const Letters whole = joined(stack, left, right);
  for (int i = 0; i < 2; ++i) {
    const Letters& letters = i == 0 ? a : b;
    const Shape shape = is_constant(i) ? constant(i).shape : value(i).shape;
    if (shape.size() != letters.size()) {
      refuse("input " + number(i + 1) + " of the shape " + to_string(shape) + " for the letters " +
             quoted(letters));
    }
    const auto size = [&](const Letters& of) {
      int64_t count = 1;
      for (const char letter : of) count *= shape[letters.find(letter)];
      return count;
    };
    const Letters wanted = i == 0 ? joined(stack, left, depth) : joined(stack, depth, right);
    const Shape matrices = i == 0 ? Shape{size(stack), size(left), size(depth)}
                                  : Shape{size(stack), size(depth), size(right)};
    for (const char letter : i == 0 ? joined(stack, left, "") : right) {
      sizes.push_back(shape[letters.find(letter)]);
    }
    if (!is_constant(i)) {
      sorted[static_cast<size_t>(i)] =
          view(transpose(value(i), order_of(letters, wanted)), matrices);
      continue;
    }
    if (i == 0 || !stack.empty()) {
      refuse("input " + number(i + 1) + " is a constant",
             "a constant as the second, without a letter that all have");
    }
    Tensor weights = transposed(constant(1), order_of(letters, wanted));
    weights.shape = {matrices[1], matrices[2]};
    sorted[0] = dense(sorted[0], weights, -1);
  }
  const Value made = is_constant(1) ? sorted[0] : batch_matmul(sorted[0], sorted[1]);
  bind(transpose(view(made, sizes), order_of(whole, y)));
}

Value Importer::dense(const Value& x, const Tensor& weights, int i) {
  const int64_t depth = weights.shape[0];
  const int64_t outputs = weights.shape[1];
  if (x.shape.back() != depth) {
    refuse("inputs of the shapes " + to_string(x.shape) + " and " + to_string(weights.shape),
           "weights of " + number(x.shape.back()) + " rows");
  }
  const std::string base = node_->output(0) + "_weights";
  int64_t rows = 1;
  for (const int64_t size : x.shape) rows *= size;
  rows /= depth;
  Shape shape = x.shape;
  shape.back() = outputs;
  if (rows == 1) {
    Node node = make(Op::kMatMul);
    node.inputs = {in_shape(x, {1, depth}), i >= 0 ? parameter(i) : parameter(base, weights)};
    return view(push(std::move(node), {1, outputs}, false), shape);
  }
  Node node = make(Op::kMatMul);
  node.inputs = {x.name, i >= 0 ? parameter(i) : parameter(base, weights)};
  return view(push(std::move(node), shape, x.extra), shape);
}

}  // namespace sparsys::onnx_import
