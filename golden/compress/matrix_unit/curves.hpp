// SPDX-License-Identifier: Apache-2.0
// Functions that are none of the matrix unit's, as tables of what becomes of each byte.
#pragma once

#include <vector>

#include "golden/compress/matrix_unit/fuse.hpp"

namespace sparsys {

// Layers that have curves become two each (golden/network/byte_table.hpp), and those behind them
// take their values by the new numbers. Scales, zero points and bounds must be there.
void curves_as_tables(std::vector<FloatLayer>& layers);

}  // namespace sparsys
