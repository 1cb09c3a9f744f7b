// SPDX-License-Identifier: Apache-2.0
#include "golden/engine/mxu/average.hpp"

#include <algorithm>

namespace sparsys::mxu {
namespace {

// Windows side by side with as many values of the map in them.
struct Run {
  uint32_t first = 0;
  uint32_t count = 0;
  uint32_t values = 0;
};

std::vector<Run> runs_of(const Window& pool, size_t side, uint32_t size, uint32_t first,
                         uint32_t count) {
  std::vector<Run> runs;
  for (uint32_t o = first; o < first + count; ++o) {
    const int64_t begin = int64_t{o} * pool.stride[side] - pool.pad[side];
    const int64_t end = std::min<int64_t>(begin + pool.kernel[side], size);
    const auto values = static_cast<uint32_t>(end - std::max<int64_t>(begin, 0));
    if (runs.empty() || runs.back().values != values) runs.push_back({o, 0, values});
    ++runs.back().count;
  }
  return runs;
}

}  // namespace

std::vector<AveragePart> average_parts(const Layer& layer, uint32_t height, uint32_t width,
                                       const Lines& lines) {
  const Window& pool = layer.pool;
  const uint32_t out_width = layer.out_width();
  const std::vector<Run> across = runs_of(pool, 1, width, 0, out_width);
  std::vector<AveragePart> parts;
  for (const Run& down : runs_of(pool, 0, height, lines.first, lines.count)) {
    // Rows of one operation follow one another: lines whose windows all are alike.
    const uint32_t together = across.size() == 1 ? down.count : 1;
    for (uint32_t line = down.first; line < down.first + down.count; line += together) {
      const int64_t top =
          int64_t{line} * pool.stride[0] - pool.pad[0] - int64_t{lines.first_of_map};
      // Lines above the window are left out.
      const auto above = static_cast<uint32_t>(std::max<int64_t>(top, 0));
      for (const Run& run : across) {
        AveragePart part;
        part.first = (line - lines.first) * out_width + run.first;
        part.rows = together * run.count;
        part.first_row = above * width;
        part.values = down.values * run.values;
        Setting& s = part.setting;
        s.in_h = lines.count_of_map - above;
        s.in_w = width;
        s.out_w = run.count;
        s.stride_y = pool.stride[0];
        s.stride_x = pool.stride[1];
        s.window_h = pool.kernel[0];
        s.window_w = pool.kernel[1];
        s.dy = static_cast<int32_t>(top - above);
        s.dx = static_cast<int32_t>(int64_t{run.first} * pool.stride[1] - pool.pad[1]);
        parts.push_back(part);
      }
    }
  }
  return parts;
}

}  // namespace sparsys::mxu
