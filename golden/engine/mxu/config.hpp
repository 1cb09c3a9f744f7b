// SPDX-License-Identifier: Apache-2.0
// The parameters of a matrix unit, the same names and defaults as in rtl/mxu/mxu.v.
#pragma once

#include <algorithm>
#include <cstdint>

namespace sparsys::mxu {

// Neighbouring columns of the array that a bus brings weights to.
constexpr uint32_t kBusColumns = 4;
// Of so many columns; the last may be narrower.
constexpr uint32_t bus_count(uint32_t cols) { return (cols + kBusColumns - 1) / kBusColumns; }

struct Config {
  uint32_t rows = 256;      // of the array: inputs of a tile of weights, 1 to 256
  uint32_t cols = 256;      // of the array: outputs of a tile of weights, 1 to 256
  uint32_t tile_rows = 32;  // of a block of the description; divides rows
  uint32_t tile_cols = 32;  // divides cols, a multiple of 4 or all; columns of a bank, too
  uint32_t fifo_words =
      128;  // weight FIFO of a bus, in words of 8 entries, a power of two from 32 to 4096
  uint32_t ub_depth = 98304;  // unified buffer, in rows of lanes() bytes, 2 to 2^24
  uint32_t acc_depth = 4096;  // accumulator rows, a power of two, 4 to 65536
  uint32_t param_sets = 64;   // sets of bias, multiplier and shift, 2 to 256
  uint32_t queue_depth = 16;  // instruction queue, 2 to 255
  uint32_t act_lanes = 0;     // of the activation unit, a divisor of cols such that turns() divides
                              // tile_cols; 0: cols of them

  // Bytes of a row of the unified buffer.
  uint32_t lanes() const { return std::max(rows, cols); }
  // Columns that share an activation lane: how often the activation unit walks over a window.
  uint32_t turns() const { return act_lanes == 0 ? 1 : cols / act_lanes; }
};

// Blocks of the description for so many rows and columns: the largest ones that are no larger than
// those of the full size, if there are any.
void choose_blocks(Config& config);

// Throws Error naming the parameter that is out of range (docs/reference/mxu-timing.md,
// Parameters).
void check(const Config& config);

}  // namespace sparsys::mxu
