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
  const uint8_t* a_i = nullptr;    // rows
  const int32_t* sum_i = nullptr;  // cols
  std::vector<uint32_t> packet_i;  // of each of its buses, the row counted from the tile's first
  uint8_t swap_i = 0;
  uint8_t a_o(uint32_t row) const { return a_q[row * cols_ + cols_ - 1]; }
  const int32_t* sum_o() const { return &sum_q[(rows_ - 1) * cols_]; }

  // Registers.
  std::vector<uint8_t> a_q;
  std::vector<uint8_t> w_q;
  std::vector<uint8_t> shadow_q;
  std::vector<int32_t> sum_q;      // of sum_width(row) bits in the RTL
  std::vector<uint32_t> packet_q;  // row r, bus b of the tile: element r * buses + b
  BitVector swap_q;                // bit d - 1: diagonal d

  uint32_t rows() const { return rows_; }
  uint32_t cols() const { return cols_; }
  uint32_t buses() const { return static_cast<uint32_t>(packet_i.size()); }
  const uint32_t* packet_o() const { return &packet_q[(rows_ - 1) * packet_i.size()]; }
  uint32_t sum_width(uint32_t row) const { return mxu::sum_width(first_row_ + row); }
  // Sums of a row side by side, as the RTL has them: ceil(cols * sum_width(row) / 32) words.
  void pack_sum_row(uint32_t row, uint32_t* words) const {
    pack_fields(&sum_q[row * cols_], cols_, sum_width(row), words);
  }

  // What goes right and down in this cycle, multiply-accumulate.
  void update_sums();
  void update_packets();
  // The swap. After update_sums(), which takes the weights still in use; before write(), which wins
  // over the clearing of a cell that is handed over.
  void update_swap(bool rst);
  // A packet that has come to its cell.
  void write(uint32_t row, uint32_t col, uint8_t value) { shadow_q[row * cols_ + col] = value; }

 private:
  bool swap(uint32_t diagonal) const {
    return diagonal == 0 ? swap_i != 0 : swap_q.get(diagonal - 1);
  }
  void swap_weights();

  uint32_t rows_;
  uint32_t cols_;
  uint32_t first_row_;
  uint32_t swap_live_ = 0;    // cycles until no cell can have a bit of swap_q
  uint32_t packet_live_ = 0;  // cycles until all rows have the same packets
};

}  // namespace sparsys::mxu
