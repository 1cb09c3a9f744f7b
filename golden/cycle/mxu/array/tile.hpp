// SPDX-License-Identifier: Apache-2.0
// A block of the systolic array (docs/reference/mxu-timing.md section 2).
#pragma once

#include <cstdint>
#include <vector>

#include "golden/cycle/mxu/widths.hpp"

namespace sparsys::mxu {

// Registers are kept row by row: cell (r, c) of the tile is element r * cols + c.
class Tile {
 public:
  // first_row: of the array, that of the tile's first row (only the width of the sums needs it).
  Tile(uint32_t rows, uint32_t cols, uint32_t first_row);

  // Ports. Pointers to the old registers of the left and upper neighbour, or the array's inputs:
  // a neighbour takes its edge after this tile.
  const uint8_t* a_i = nullptr;       // rows
  const uint8_t* en_i = nullptr;      // rows, 0 or 1
  const uint8_t* weight_i = nullptr;  // cols
  const int32_t* sum_i = nullptr;     // cols
  uint8_t swap_i = 0;
  uint8_t a_o(uint32_t row) const { return a_q[row * cols_ + cols_ - 1]; }
  uint8_t en_o(uint32_t row) const { return en_q[row * cols_ + cols_ - 1]; }
  const uint8_t* weight_o() const { return &shadow_q[(rows_ - 1) * cols_]; }
  const int32_t* sum_o() const { return &sum_q[(rows_ - 1) * cols_]; }

  // Registers.
  std::vector<uint8_t> a_q;
  std::vector<uint8_t> w_q;
  std::vector<uint8_t> shadow_q;
  std::vector<uint8_t> en_q;   // 0 or 1
  std::vector<int32_t> sum_q;  // of sum_width(row) bits in the RTL
  BitVector swap_q;            // bit d - 1: diagonal d

  uint32_t rows() const { return rows_; }
  uint32_t cols() const { return cols_; }
  uint32_t sum_width(uint32_t row) const { return mxu::sum_width(first_row_ + row); }
  // Sums of a row side by side, as the RTL has them: ceil(cols * sum_width(row) / 32) words.
  void pack_sum_row(uint32_t row, uint32_t* words) const {
    pack_fields(&sum_q[row * cols_], cols_, sum_width(row), words);
  }

  // What goes right and down in this cycle, multiply-accumulate.
  void update_sums();
  // The next weights, and the swap. After update_sums(), which takes the weights still in use.
  void update_weights(bool rst);

 private:
  bool swap(uint32_t diagonal) const {
    return diagonal == 0 ? swap_i != 0 : swap_q.get(diagonal - 1);
  }
  void swap_weights();

  uint32_t rows_;
  uint32_t cols_;
  uint32_t first_row_;
  // Cycles until no cell can have a bit of swap_q, or of en_q: then there is no work with weights.
  uint32_t swap_live_ = 0;
  uint32_t en_live_ = 0;
};

}  // namespace sparsys::mxu
