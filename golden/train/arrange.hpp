// SPDX-License-Identifier: Apache-2.0
// Operators that move elements or work along an axis. Values have their samples innermost, as
// operators.hpp says.
#pragma once

#include <cstdint>
#include <vector>

#include "golden/network/network.hpp"

namespace sparsys {

// A dimension of a sample's value, and the products of those before and behind it.
struct Axis {
  int64_t outer = 1;
  int64_t size = 1;
  int64_t inner = 1;
};
Axis axis_of_shape(const Shape& shape, size_t axis);

// For each element of `shape`, the element of `small` that ONNX's broadcasting gives it.
std::vector<int32_t> broadcast_places(const Shape& shape, const Shape& small);

// Of Transpose, Pad, Slice and Resize: the element of x that each element of y is, -1 for padding.
std::vector<int32_t> places(const Node& node, const Shape& x, const Shape& y);

// y[e] = x[from[e]], or `padding` where that is -1; and dx[from[e]] += dy[e].
void gather(const std::vector<int32_t>& from, const float* x, float padding, float* y,
            int64_t samples);
void gather_back(const std::vector<int32_t>& from, const float* dy, float* dx, int64_t samples);

// Elements first .. first + part.size - 1 of y along the axis are those of x; and dx += dy.
void put_part(const Axis& y_axis, int64_t first, const Axis& part, const float* x, float* y,
              int64_t samples);
void put_part_back(const Axis& y_axis, int64_t first, const Axis& part, const float* dy, float* dx,
                   int64_t samples);

// Shares along the axis, or their logarithms; and dx += gradient.
void softmax(const Axis& axis, bool logarithm, const float* x, float* y, int64_t samples);
void softmax_back(const Axis& axis, bool logarithm, const float* y, const float* dy, float* dx,
                  int64_t samples);

}  // namespace sparsys
