// SPDX-License-Identifier: Apache-2.0
// The systolic array: activations move right, sums down, weights come down in packets, each for a
// cell, and are taken into use along the diagonals (docs/reference/mxu-timing.md section 2).
#pragma once

#include <cstdint>
#include <vector>

#include "golden/cycle/mxu/array/tile.hpp"
#include "golden/cycle/mxu/packet.hpp"
#include "golden/cycle/mxu/widths.hpp"
#include "golden/engine/mxu/config.hpp"

namespace sparsys::mxu {

class Array {
 public:
  explicit Array(const Config& config);

  // Ports.
  const uint8_t* a_i = nullptr;    // ROWS
  std::vector<uint32_t> packet_i;  // of each bus
  uint8_t swap_i = 0;
  std::vector<int32_t> sum_o;  // COLS, each of SUM_W bits

  // What enters the columns of tiles: element j * ROWS + r is the left input of row r of tiles
  // (r / TILE_ROWS, j).
  std::vector<uint8_t> a_edge;

  // Tile (i, j) is element i * (COLS / TILE_COLS) + j.
  std::vector<Tile> tile;

  uint32_t rows() const { return config_.rows; }
  uint32_t cols() const { return config_.cols; }
  uint32_t sum_width() const { return mxu::sum_width(config_.rows - 1); }

  // Registers of cell (r, c) of the array.
  int8_t a_q(uint32_t r, uint32_t c) const { return static_cast<int8_t>(of(r, c).a_q[at(r, c)]); }
  int8_t w_q(uint32_t r, uint32_t c) const { return static_cast<int8_t>(of(r, c).w_q[at(r, c)]); }
  int8_t shadow_q(uint32_t r, uint32_t c) const {
    return static_cast<int8_t>(of(r, c).shadow_q[at(r, c)]);
  }
  int32_t sum_q(uint32_t r, uint32_t c) const { return of(r, c).sum_q[at(r, c)]; }

  void propagate();
  void update(bool rst);

 private:
  const Tile& of(uint32_t r, uint32_t c) const {
    return tile[r / config_.tile_rows * tiles_across_ + c / config_.tile_cols];
  }
  uint32_t at(uint32_t r, uint32_t c) const {
    return r % config_.tile_rows * config_.tile_cols + c % config_.tile_cols;
  }
  bool same_inputs() const;
  void note_packets();
  void write_weights();

  // A packet in its cell's row.
  struct Hit {
    uint32_t tile;
    uint16_t row;  // of the tile
    uint16_t col;
    uint8_t value;
  };

  Config config_;
  PacketFormat format_;
  uint32_t tiles_down_;
  uint32_t tiles_across_;
  // The swap's way from tile to tile: bit n is swap_i of n + 1 cycles ago.
  BitVector swap_line_;
  std::vector<int32_t> zeros_;
  // With the same inputs for as long as the longest way through the array, no register changes.
  std::vector<uint8_t> last_a_;
  std::vector<uint32_t> last_packet_;
  uint32_t longest_;
  uint32_t steady_ = 0;
  bool moving_ = true;
  // Cells that are hit, by the cycle modulo ROWS; that of row 0 is now_.
  std::vector<std::vector<Hit>> hits_;
  uint32_t now_ = 0;
};

}  // namespace sparsys::mxu
