// SPDX-License-Identifier: Apache-2.0
// Windows of the matrix unit's layers from those of a graph.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "golden/network/mxu_network.hpp"
#include "golden/train/operators.hpp"

namespace sparsys {

inline mxu::Window to_window(const Window& window) {
  mxu::Window result;
  for (size_t s = 0; s < 2; ++s) {
    result.kernel[s] = static_cast<uint32_t>(window.kernel[s]);
    result.stride[s] = static_cast<uint32_t>(window.stride[s]);
    result.dilation[s] = static_cast<uint32_t>(window.dilation[s]);
  }
  for (size_t p = 0; p < 4; ++p) result.pad[p] = static_cast<uint32_t>(window.pad[p]);
  return result;
}

// Sizes rounded up are those of a map with more behind it.
inline mxu::Window window_of(const Sliding& sliding) {
  mxu::Window window = to_window(sliding.window);
  const int64_t out[2] = {sliding.out_height, sliding.out_width};
  const int64_t in[2] = {sliding.height, sliding.width};
  for (size_t s = 0; s < 2; ++s) {
    const int64_t reach = (out[s] - 1) * window.stride[s] + window.reach(s);
    const int64_t behind = reach - in[s] - window.pad[s];
    window.pad[s + 2] =
        std::max(window.pad[s + 2], static_cast<uint32_t>(std::max<int64_t>(behind, 0)));
  }
  return window;
}

}  // namespace sparsys
