// SPDX-License-Identifier: Apache-2.0
// Widths that follow from a matrix unit's parameters (docs/reference/mxu-timing.md, Parameters),
// and vectors of bits as the RTL's packed vectors have them: 32-bit words, the lowest bits first.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "golden/base/bits.hpp"
#include "golden/engine/mxu/config.hpp"

namespace sparsys::mxu {

// Bits of the sum below row `row` of the array: what row + 1 products of signed bytes need.
constexpr uint32_t sum_width(uint32_t row) {
  uint32_t width = 16;
  for (uint32_t products = row + 1; products > 1; products >>= 1) ++width;
  return width;
}

struct Widths {
  explicit Widths(const Config& c)
      : lanes(c.lanes()),
        banks(c.cols / c.tile_cols),
        sum_w(sum_width(c.rows - 1)),
        acc_w(clog2(c.acc_depth)),
        ub_w(clog2(c.ub_depth)),
        set_w(clog2(c.param_sets)),
        buses(bus_count(c.cols)),
        row_w(std::max(1U, clog2(c.rows))),
        turn_w(std::max(1U, clog2(c.turns()))) {}

  uint32_t lanes;   // bytes of a row of the unified buffer
  uint32_t banks;   // of columns: weights, accumulators
  uint32_t sum_w;   // a sum below the array
  uint32_t acc_w;   // an accumulator row
  uint32_t ub_w;    // a row of the unified buffer
  uint32_t set_w;   // a parameter set
  uint32_t buses;   // of weights
  uint32_t row_w;   // a row of the array
  uint32_t turn_w;  // a turn of an activation bank's columns
};

}  // namespace sparsys::mxu
