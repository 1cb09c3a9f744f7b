// SPDX-License-Identifier: Apache-2.0
// What exporters compute around a network from constants alone: shape arithmetic, scaled weights,
// weights stored as integers. Meaning of the operators: onnx.ai, operator sets 7 to 25.
#pragma once

#include <string>
#include <vector>

#include "golden/format/onnx/attributes.hpp"
#include "golden/format/onnx/tensor.hpp"

namespace sparsys::onnx_import {

// Whether fold() knows the operator (of the default domain).
bool can_fold(const std::string& op);

// Outputs of `node`, one for each that it names, from its inputs (null: left out). No result has
// more than `most` elements. Throws Refusal if that is not possible, or for what ONNX forbids.
// Numbers are computed in double precision and kept as float32.
std::vector<Tensor> fold(const onnx::NodeProto& node, Attributes& attributes, int64_t opset,
                         const std::vector<const Tensor*>& inputs, int64_t most);

// ---- parts of it that readers of operators need, too ----

// `axis` of a tensor of `rank` dimensions, negative from the end, as 0 .. rank - 1.
size_t normal_axis(int64_t axis, size_t rank);
// The shape of two operands together, aligned at the last dimension.
Shape broadcast(const Shape& a, const Shape& b);
// What Reshape makes of `given`, with 0 and -1, on an input of the shape `from`.
Shape reshaped(const Shape& from, const Shape& given, bool allow_zero);
Shape unsqueezed(const Shape& shape, const Shape& axes);
// Without `axes`: all of size 1.
Shape squeezed(const Shape& shape, const Shape* axes);
// Starts, ends (exclusive, or -1 below the first with a negative step) and steps of every dimension
// for what Slice is given. Sizes of the result follow with slice_sizes().
struct Slices {
  Shape starts, ends, steps;
};
Slices normal_slices(const Shape& shape, const Shape& starts, const Shape& ends, const Shape* axes,
                     const Shape* steps);
Shape slice_sizes(const Slices& slices);
// Sizes of Split's parts along a dimension of `size`.
Shape split_sizes(int64_t size, size_t parts, const Shape* given);

// `a` in front of `b` along an axis.
Tensor joined_tensors(const Tensor& a, const Tensor& b, size_t axis);
Tensor transposed(const Tensor& tensor, const Shape& permutation);
Tensor expanded(const Tensor& tensor, const Shape& shape);
// `operation` is ONNX's name: Add, Sub, Mul, Div.
Tensor arithmetic(const std::string& operation, const Tensor& a, const Tensor& b);
// The elements as list of numbers; refuses reals.
Shape to_shape(const Tensor& tensor, const std::string& what);

// ---- fold_arithmetic.cpp: element by element, and sums ----

bool is_arithmetic(const std::string& op);
Tensor fold_arithmetic(const std::string& op, Attributes& attributes, int64_t opset,
                       const std::vector<const Tensor*>& inputs, int64_t most);

}  // namespace sparsys::onnx_import
