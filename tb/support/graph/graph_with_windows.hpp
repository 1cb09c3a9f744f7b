// SPDX-License-Identifier: Apache-2.0
// Random convolutions, and windows that fit on a map, for makers of random networks.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "tb/support/graph/growing_graph.hpp"

namespace sparsys {

class GraphWithWindows : protected GrowingGraph {
 protected:
  using GrowingGraph::GrowingGraph;

  static Node of(Op op) {
    Node node;
    node.op = op;
    return node;
  }

  // False if it does not fit on the map.
  bool window(Window& w, const Shape& x, bool pooling) {
    for (size_t axis = 0; axis < 2; ++axis) {
      w.kernel[axis] = between(1, 4);
      w.stride[axis] = between(1, 3);
      w.dilation[axis] = chance(20) ? between(1, 3) : 1;
      const int64_t most = pooling ? w.kernel[axis] - 1 : w.kernel[axis] + 1;
      if (chance(50)) {
        w.pad[axis] = between(0, most);
        w.pad[axis + 2] = between(0, most);
      }
    }
    w.ceil_mode = pooling && chance(50);
    return fits(w, x, pooling);
  }

  static bool fits(const Window& w, const Shape& x, bool pooling) {
    for (size_t axis = 0; axis < 2; ++axis) {
      const int64_t count =
          window_positions(x[2 + axis], w.kernel[axis], w.stride[axis], w.dilation[axis],
                           w.pad[axis], w.pad[axis + 2], pooling && w.ceil_mode);
      if (count < 1) return false;
      if (pooling && !none_in_padding(count, x[2 + axis], w.kernel[axis], w.stride[axis],
                                      w.dilation[axis], w.pad[axis])) {
        return false;
      }
    }
    return true;
  }

  int64_t divisor(int64_t n) {
    int64_t d = between(1, n);
    while (n % d != 0) --d;
    return d;
  }

  V convolve(V x, const Window& w, int64_t group, int64_t outputs) {
    Node node = of(Op::kConv);
    node.window = w;
    node.group = group;
    const int64_t depth = shape(x)[1] / group;
    const double scale = 1 / std::sqrt(static_cast<double>(depth * w.kernel[0] * w.kernel[1]));
    std::vector<std::string> p{parameter({outputs, depth, w.kernel[0], w.kernel[1]}, scale)};
    if (chance(60)) p.push_back(parameter({outputs}, 0.3));
    return add(node, {x}, p);
  }

  V convolution(V x) {
    Window w;
    if (rank(x) != 4 || !window(w, shape(x), false)) return kNone;
    const int64_t group = chance(40) ? divisor(shape(x)[1]) : 1;
    return convolve(x, w, group, group * between(1, group > 2 ? 2 : 4));
  }

  V transposed(V x) {
    if (rank(x) != 4) return kNone;
    Node node = of(Op::kConvTranspose);
    Window& w = node.window;
    node.group = chance(40) ? divisor(shape(x)[1]) : 1;
    for (size_t axis = 0; axis < 2; ++axis) {
      w.kernel[axis] = between(1, 4);
      w.stride[axis] = between(1, 3);
      w.dilation[axis] = chance(20) ? between(1, 3) : 1;
      if (chance(40)) w.pad[axis] = between(0, w.kernel[axis] - 1);
      if (chance(40)) w.pad[axis + 2] = between(0, w.kernel[axis] - 1);
      const int64_t size = (shape(x)[2 + axis] - 1) * w.stride[axis] +
                           (w.kernel[axis] - 1) * w.dilation[axis] + 1 - w.pad[axis] -
                           w.pad[axis + 2];
      if (size < 1) return kNone;
    }
    if (chance(40)) node.shape = {between(0, w.stride[0] - 1), between(0, w.stride[1] - 1)};
    const int64_t outputs = between(1, 3);
    std::vector<std::string> p{
        parameter({shape(x)[1], outputs, w.kernel[0], w.kernel[1]},
                  1 / std::sqrt(static_cast<double>(shape(x)[1] * w.kernel[0])))};
    if (chance(60)) p.push_back(parameter({outputs * node.group}, 0.3));
    return add(node, {x}, p);
  }
};

}  // namespace sparsys
