// SPDX-License-Identifier: Apache-2.0
#include "golden/cycle/mxu/array/tile.hpp"

#include <algorithm>
#include <cstring>
#include <type_traits>

namespace sparsys::mxu {

namespace {

// All rows of a tile, from the last to the first: each needs the old sums of the one above.
// kCols: the tile's columns if known to the compiler, else 0.
template <uint32_t kCols>
void multiply_add(const uint8_t* a, const uint8_t* w, const int32_t* sum_i, int32_t* sum,
                  uint32_t rows, uint32_t any_cols) {
  const uint32_t cols = kCols ? kCols : any_cols;
  for (uint32_t r = rows; r-- > 0;) {
    const int8_t* ar = reinterpret_cast<const int8_t*>(a) + r * cols;
    const int8_t* wr = reinterpret_cast<const int8_t*>(w) + r * cols;
    const int32_t* above = r ? sum + (r - 1) * cols : sum_i;
    int32_t* own = sum + r * cols;
#pragma GCC ivdep
    for (uint32_t c = 0; c < cols; ++c) {
      // 16 bits hold a product of signed bytes, and the processor multiplies more of them at once.
      own[c] = above[c] + static_cast<int16_t>(ar[c] * wr[c]);
    }
  }
}

// Each row moves right by one: the first column gets `in`.
void shift_right(std::vector<uint8_t>& cells, const uint8_t* in, uint32_t rows, uint32_t cols) {
  std::memmove(cells.data() + 1, cells.data(), cells.size() - 1);
  for (uint32_t r = 0; r < rows; ++r) cells[r * cols] = in[r];
}

// Calls `work` with the number of columns as a constant, which makes loops over them fast, or with
// 0.
template <class Work>
void with_columns(uint32_t cols, Work work) {
  switch (cols) {
    case 16:
      return work(std::integral_constant<uint32_t, 16>());
    case 32:
      return work(std::integral_constant<uint32_t, 32>());
    case 64:
      return work(std::integral_constant<uint32_t, 64>());
    default:
      return work(std::integral_constant<uint32_t, 0>());
  }
}

}  // namespace

Tile::Tile(uint32_t rows, uint32_t cols, uint32_t first_row)
    : packet_i(bus_count(cols)),
      a_q(rows * cols),
      w_q(rows * cols),
      shadow_q(rows * cols),
      sum_q(rows * cols),
      packet_q(rows * bus_count(cols)),
      swap_q(rows + cols - 2),
      rows_(rows),
      cols_(cols),
      first_row_(first_row) {}

void Tile::update_sums() {
  // A cell's next activation is the one it multiplies in this cycle.
  shift_right(a_q, a_i, rows_, cols_);
  with_columns(cols_, [this](auto cols) {
    multiply_add<cols>(a_q.data(), w_q.data(), sum_i, sum_q.data(), rows_, cols_);
  });
}

void Tile::update_packets() {
  const size_t buses = packet_i.size();
  if (!std::equal(packet_i.begin(), packet_i.end(), packet_q.begin())) packet_live_ = rows_;
  if (packet_live_ == 0) return;
  --packet_live_;
  std::memmove(&packet_q[buses], packet_q.data(), (packet_q.size() - buses) * sizeof(uint32_t));
  std::copy(packet_i.begin(), packet_i.end(), packet_q.begin());
}

void Tile::swap_weights() {
  for (uint32_t d = 0; d < rows_ + cols_ - 1; ++d) {
    if (!swap(d)) continue;
    const uint32_t first = d < cols_ ? 0 : d - cols_ + 1;
    for (uint32_t r = first; r < rows_ && r <= d; ++r) {
      const uint32_t cell = r * cols_ + d - r;
      w_q[cell] = shadow_q[cell];
      shadow_q[cell] = 0;
    }
  }
}

void Tile::update_swap(bool rst) {
  if (swap_i) swap_live_ = rows_ + cols_ - 1;
  if (swap_live_) {
    swap_weights();
    swap_q.shift_in(swap_i);
    --swap_live_;
  }
  if (rst) {
    swap_q.clear();
    swap_live_ = 0;
  }
}

}  // namespace sparsys::mxu
