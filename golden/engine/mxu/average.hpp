// SPDX-License-Identifier: Apache-2.0
// Averages whose windows reach beyond the map. The unit multiplies all results of an operation by
// one factor, so those with as many values of the map in their windows have one of their own.
#pragma once

#include <cstdint>
#include <vector>

#include "golden/engine/mxu/instruction.hpp"
#include "golden/network/mxu_network.hpp"

namespace sparsys::mxu {

// What a block computes: lines of the output, and those of the pooled map that they come from.
struct Lines {
  uint32_t first = 0;
  uint32_t count = 0;
  uint32_t first_of_map = 0;
  uint32_t count_of_map = 0;
};

struct AveragePart {
  uint32_t first = 0;  // pixel of the output, from that of the first line on
  uint32_t rows = 0;
  uint32_t first_row = 0;  // of the map, from the first pixel of its first line on
  uint32_t values = 0;     // in each window
  Setting setting;         // map, result and window; no factor
};

// Of a layer with average pooling, whose map is `height` x `width`.
std::vector<AveragePart> average_parts(const Layer& layer, uint32_t height, uint32_t width,
                                       const Lines& lines);

}  // namespace sparsys::mxu
