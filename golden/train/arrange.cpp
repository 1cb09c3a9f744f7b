// SPDX-License-Identifier: Apache-2.0
#include "golden/train/arrange.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <functional>

namespace sparsys {
namespace {

// Of each dimension, how many elements lie between neighbours.
std::vector<int64_t> strides_of(const Shape& shape) {
  std::vector<int64_t> strides(shape.size(), 1);
  for (size_t d = shape.size(); d-- > 1;) strides[d - 1] = strides[d] * shape[d];
  return strides;
}

using Map = Eigen::Map<Eigen::ArrayXXf>;
using ConstMap = Eigen::Map<const Eigen::ArrayXXf>;

}  // namespace

Axis axis_of_shape(const Shape& shape, size_t axis) {
  Axis result;
  for (size_t d = 0; d < axis; ++d) result.outer *= shape[d];
  result.size = shape[axis];
  for (size_t d = axis + 1; d < shape.size(); ++d) result.inner *= shape[d];
  return result;
}

std::vector<int32_t> broadcast_places(const Shape& shape, const Shape& small) {
  std::vector<int32_t> place{0};
  int64_t stride = element_count(small);
  for (size_t d = 0; d < shape.size(); ++d) {
    const size_t missing = shape.size() - small.size();
    const int64_t size = d < missing ? 1 : small[d - missing];
    stride /= size;
    std::vector<int32_t> next;
    next.reserve(place.size() * static_cast<size_t>(shape[d]));
    for (const int32_t p : place) {
      for (int64_t i = 0; i < shape[d]; ++i) {
        next.push_back(static_cast<int32_t>(p + (size == 1 ? 0 : i * stride)));
      }
    }
    place = std::move(next);
  }
  return place;
}

std::vector<int32_t> places(const Node& node, const Shape& x, const Shape& y) {
  const std::vector<int64_t> strides = strides_of(x);
  const size_t rank = x.size();
  std::vector<int32_t> place{0};
  for (size_t d = 0; d < rank; ++d) {
    // Which position of which dimension of x position i of dimension d of y is.
    const size_t from = node.op == Op::kTranspose ? static_cast<size_t>(node.shape[d]) : d;
    const auto position = [&](int64_t i) {
      switch (node.op) {
        case Op::kPad:
          return i - node.shape[d];
        case Op::kSlice:
          return node.shape[d] + i * node.shape[2 * rank + d];
        case Op::kResize:
          return i / node.shape[d];
        default:
          return i;
      }
    };
    std::vector<int32_t> next;
    next.reserve(place.size() * static_cast<size_t>(y[d]));
    for (const int32_t p : place) {
      for (int64_t i = 0; i < y[d]; ++i) {
        const int64_t at = position(i);
        const bool inside = p >= 0 && at >= 0 && at < x[from];
        next.push_back(inside ? static_cast<int32_t>(p + at * strides[from]) : -1);
      }
    }
    place = std::move(next);
  }
  return place;
}

void gather(const std::vector<int32_t>& from, const float* x, float padding, float* y,
            int64_t samples) {
  for (const int32_t place : from) {
    if (place < 0) {
      std::fill_n(y, samples, padding);
    } else {
      std::copy_n(x + place * samples, samples, y);
    }
    y += samples;
  }
}

void gather_back(const std::vector<int32_t>& from, const float* dy, float* dx, int64_t samples) {
  for (const int32_t place : from) {
    if (place >= 0) {
      float* to = dx + place * samples;
      for (int64_t s = 0; s < samples; ++s) to[s] += dy[s];
    }
    dy += samples;
  }
}

void put_part(const Axis& y_axis, int64_t first, const Axis& part, const float* x, float* y,
              int64_t samples) {
  const int64_t block = part.size * part.inner * samples;
  for (int64_t o = 0; o < part.outer; ++o) {
    std::copy_n(x + o * block, block, y + (o * y_axis.size + first) * y_axis.inner * samples);
  }
}

void put_part_back(const Axis& y_axis, int64_t first, const Axis& part, const float* dy, float* dx,
                   int64_t samples) {
  const int64_t block = part.size * part.inner * samples;
  for (int64_t o = 0; o < part.outer; ++o) {
    const float* from = dy + (o * y_axis.size + first) * y_axis.inner * samples;
    std::transform(from, from + block, dx + o * block, dx + o * block, std::plus<>());
  }
}

void softmax(const Axis& axis, bool logarithm, const float* x, float* y, int64_t samples) {
  const int64_t rows = axis.inner * samples;
  for (int64_t o = 0; o < axis.outer; ++o) {
    const ConstMap in(x + o * axis.size * rows, rows, axis.size);
    Map out(y + o * axis.size * rows, rows, axis.size);
    if (logarithm) {
      out = in.colwise() - in.rowwise().maxCoeff();
      out.colwise() -= out.exp().rowwise().sum().log().eval();
    } else {
      out = (in.colwise() - in.rowwise().maxCoeff()).exp();
      out.colwise() /= out.rowwise().sum().eval();
    }
  }
}

void softmax_back(const Axis& axis, bool logarithm, const float* y, const float* dy, float* dx,
                  int64_t samples) {
  const int64_t rows = axis.inner * samples;
  for (int64_t o = 0; o < axis.outer; ++o) {
    const ConstMap out(y + o * axis.size * rows, rows, axis.size);
    const ConstMap delta(dy + o * axis.size * rows, rows, axis.size);
    Map gradient(dx + o * axis.size * rows, rows, axis.size);
    if (logarithm) {
      const Eigen::ArrayXf sum = delta.rowwise().sum();
      gradient += delta - out.exp().colwise() * sum;
    } else {
      const Eigen::ArrayXf sum = (delta * out).rowwise().sum();
      gradient += out * (delta.colwise() - sum);
    }
  }
}

}  // namespace sparsys
