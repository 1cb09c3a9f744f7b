// SPDX-License-Identifier: Apache-2.0
// The arithmetic of shapes, for constants and for values.
#include <algorithm>

#include "golden/base/text.hpp"
#include "golden/format/onnx/fold.hpp"

namespace sparsys::onnx_import {

size_t normal_axis(int64_t axis, size_t rank) {
  const auto size = static_cast<int64_t>(rank);
  if (axis < -size || axis >= size) {
    refuse("axis " + number(axis) + " of " + number(size) + " dimensions",
           number(-size) + " to " + number(size - 1));
  }
  return static_cast<size_t>(axis < 0 ? axis + size : axis);
}

Shape broadcast(const Shape& a, const Shape& b) {
  const size_t rank = std::max(a.size(), b.size());
  Shape made(rank, 1);
  for (size_t d = 0; d < rank; ++d) {
    const int64_t left = d < rank - a.size() ? 1 : a[d - (rank - a.size())];
    const int64_t right = d < rank - b.size() ? 1 : b[d - (rank - b.size())];
    if (left != right && left != 1 && right != 1) {
      refuse("shapes " + to_string(a) + " and " + to_string(b),
             "shapes of which one broadcasts to the other");
    }
    made[d] = left == 1 ? right : left;
  }
  return made;
}

Shape reshaped(const Shape& from, const Shape& given, bool allow_zero) {
  const std::string what = "shape " + to_string(given) + " for an input of " + to_string(from);
  const int64_t count = checked_count(from, "the input");
  Shape made = given;
  size_t open = given.size();
  int64_t known = 1;
  for (size_t d = 0; d < made.size(); ++d) {
    if (made[d] == -1 && open == given.size()) {
      open = d;
      continue;
    }
    if (made[d] == 0 && !allow_zero) {
      if (d >= from.size()) refuse(what, "0 where the input has a dimension");
      made[d] = from[d];
    }
    if (made[d] < 0 || made[d] > kMaxSize || (made[d] > 0 && known > kMaxSize / made[d])) {
      refuse(what, "sizes that fit the input, and one -1");
    }
    known *= made[d];
  }
  if (open < given.size()) {
    if (known == 0) refuse(what, "sizes that fit the input, and one -1");
    made[open] = count / known;
    known *= made[open];
  }
  if (known != count) refuse(what, "sizes that fit the input");
  return made;
}

Shape unsqueezed(const Shape& shape, const Shape& axes) {
  const size_t rank = shape.size() + axes.size();
  if (rank > kMaxTensorRank)
    refuse(number(rank) + " dimensions", "at most " + number(kMaxTensorRank));
  std::vector<bool> added(rank);
  for (const int64_t axis : axes) {
    const size_t d = normal_axis(axis, rank);
    if (added[d]) refuse("axis " + number(axis) + " twice");
    added[d] = true;
  }
  Shape made;
  size_t next = 0;
  for (size_t d = 0; d < rank; ++d) made.push_back(added[d] ? 1 : shape[next++]);
  return made;
}

Shape squeezed(const Shape& shape, const Shape* axes) {
  std::vector<bool> removed(shape.size());
  if (axes == nullptr) {
    for (size_t d = 0; d < shape.size(); ++d) removed[d] = shape[d] == 1;
  } else {
    for (const int64_t axis : *axes) {
      const size_t d = normal_axis(axis, shape.size());
      if (shape[d] != 1) {
        refuse("axis " + number(axis) + " of an input of " + to_string(shape), "axes of size 1");
      }
      removed[d] = true;
    }
  }
  Shape made;
  for (size_t d = 0; d < shape.size(); ++d) {
    if (!removed[d]) made.push_back(shape[d]);
  }
  return made;
}

Slices normal_slices(const Shape& shape, const Shape& starts, const Shape& ends, const Shape* axes,
                     const Shape* steps) {
  const size_t count = starts.size();
  if (ends.size() != count || (axes != nullptr && axes->size() != count) ||
      (steps != nullptr && steps->size() != count) || count > shape.size()) {
    refuse("starts, ends, axes and steps of different lengths");
  }
  Slices slices{Shape(shape.size(), 0), shape, Shape(shape.size(), 1)};
  std::vector<bool> given(shape.size());
  for (size_t i = 0; i < count; ++i) {
    const size_t d =
        normal_axis(axes == nullptr ? static_cast<int64_t>(i) : (*axes)[i], shape.size());
    const int64_t size = shape[d];
    const int64_t step = steps == nullptr ? 1 : (*steps)[i];
    if (step == 0 || given[d]) refuse("a step of 0, or an axis twice");
    given[d] = true;
    const auto clamped = [&](int64_t at, int64_t least, int64_t most) {
      if (at < 0) at = at < -size ? least : at + size;
      return std::clamp(at, least, most);
    };
    slices.starts[d] = step > 0 ? clamped(starts[i], 0, size) : clamped(starts[i], 0, size - 1);
    slices.ends[d] = step > 0 ? clamped(ends[i], 0, size) : clamped(ends[i], -1, size - 1);
    slices.steps[d] = std::clamp(step, -kMaxSize, kMaxSize);
  }
  return slices;
}

Shape slice_sizes(const Slices& slices) {
  Shape sizes;
  for (size_t d = 0; d < slices.starts.size(); ++d) {
    const int64_t step = slices.steps[d];
    const int64_t length =
        step > 0 ? slices.ends[d] - slices.starts[d] : slices.starts[d] - slices.ends[d];
    const int64_t stride = step > 0 ? step : -step;
    sizes.push_back(length <= 0 ? 0 : (length + stride - 1) / stride);
  }
  return sizes;
}

Shape split_sizes(int64_t size, size_t parts, const Shape* given) {
  if (parts == 0) refuse("no outputs");
  const auto count = static_cast<int64_t>(parts);
  Shape sizes;
  if (given != nullptr) {
    sizes = *given;
  } else {
    // The last part is smaller where they cannot be equal.
    const int64_t each = (size + count - 1) / count;
    for (int64_t i = 0; i < count; ++i) {
      sizes.push_back(std::clamp<int64_t>(size - i * each, 0, each));
    }
  }
  int64_t sum = 0;
  for (const int64_t part : sizes) {
    if (part < 0 || part > size) refuse("parts " + to_string(sizes) + " of " + number(size));
    sum += part;
  }
  if (sum != size || sizes.size() != parts) {
    refuse(
        "parts " + to_string(sizes) + " of " + number(size) + ", for " + number(parts) + " outputs",
        "a part for each output, which sum up to the size");
  }
  return sizes;
}

}  // namespace sparsys::onnx_import
