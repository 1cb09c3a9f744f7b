// SPDX-License-Identifier: Apache-2.0
// Which columns of the array a layer's outputs become, so that the longest bus of weights is short
// (docs/reference/mxu-compile.md section 1).
#pragma once

#include <cstdint>
#include <vector>

namespace sparsys::mxu {

// loads: of each output, in each tile, entries that it brings to its bus. Returns the column of
// each output, all different and below `columns`, of which there are as many as outputs at least.
// Outputs with most entries come first, each to the bus with room that makes the tiles' longest
// buses least longer. In order, where that is no longer.
std::vector<uint16_t> deal_columns(const std::vector<std::vector<uint32_t>>& loads,
                                   uint32_t columns);

}  // namespace sparsys::mxu
