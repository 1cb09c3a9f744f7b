// SPDX-License-Identifier: Apache-2.0
// Any function of a byte on the matrix unit, exactly: straight pieces between knots that are near
// enough to round to it.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "golden/network/mxu_network.hpp"

namespace sparsys::mxu {

// What becomes of -128, -127, ... 127.
using ByteTable = std::array<int8_t, 256>;

// Two layers without names and sources, the second of which takes what the first gives: each value
// q of `from` becomes tables[its channel][q + 128], or tables[0][q + 128] if there is one table for
// all channels. `to` has scale and zero point of the result.
//
// The first, a convolution of each channel by itself, gives for each knot how far q is beyond it,
// max(q - knot, 0) with zero point -128. The second adds these, each times the change of slope at
// its knot, and rounds once. Smooth functions take about 20 to 60 values for each channel, the
// steepest and roughest about 1,000.
std::array<Layer, 2> table_layers(const Value& from, const std::vector<ByteTable>& tables,
                                  const Value& to);

}  // namespace sparsys::mxu
