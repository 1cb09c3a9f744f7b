// SPDX-License-Identifier: Apache-2.0
// Weight FIFO: holds tiles of weights and shifts the next one into the array's shadow registers as
// soon as they are free (docs/reference/mxu-timing.md section 4).
#pragma once

#include <cstdint>
#include <vector>

#include "golden/cycle/common/ram_1r1w.hpp"
#include "golden/cycle/mxu/array/skew.hpp"
#include "golden/cycle/mxu/widths.hpp"
#include "golden/engine/mxu/config.hpp"

namespace sparsys::mxu {

// TILE_COLS columns of the FIFO, column c behind c registers.
class WeightBank {
 public:
  WeightBank(uint32_t cols, uint32_t depth) : ram(cols, depth), skew(cols), cols_(cols) {}

  const uint8_t* weight_o = nullptr;  // cols

  Ram1r1w<uint8_t> ram;
  Skew<uint8_t, true> skew;

  void propagate() { weight_o = skew.propagate(ram.rdata_o()); }
  void update() {
    // Every row of the skew's ring holds the RAM's output once that has stood still for long
    // enough.
    if (still_ <= cols_) skew.update(ram.rdata_o());
    still_ = ram.re_i ? 0 : still_ + (still_ <= cols_);
    ram.update();
  }

 private:
  uint32_t cols_;
  uint32_t still_ = 0;  // cycles since the last read, at most cols + 1
};

class WeightFifo {
 public:
  explicit WeightFifo(const Config& config);

  // Ports.
  uint8_t w_valid_i = 0;
  uint8_t w_ready_o = 0;
  uint8_t asked_i = 0;  // a tile is requested
  uint8_t room_o = 0;   // for another one
  uint8_t owed_o = 0;   // rows are to come
  uint8_t full_o = 0;   // nothing moves any more without a swap
  uint8_t swap_i = 0;
  uint8_t loaded_o = 0;
  uint8_t shadow_o = 0;
  const uint8_t* w_data_i = nullptr;  // COLS, read with w_valid_i only
  std::vector<uint8_t> weight_o;      // COLS
  std::vector<uint8_t> en_o;          // ROWS, 0 or 1

  // Registers.
  uint16_t wr_q = 0;
  uint8_t wr_row_q = 0;
  uint8_t asked_q = 0;
  uint8_t held_q = 0;
  uint8_t tiles_q = 0;
  uint16_t rd_q = 0;
  uint8_t gone_q = 0;
  uint8_t primed_q = 0;
  uint8_t shifting_q = 0;
  uint8_t n_q = 0;
  uint8_t shadow_q = 0;
  uint8_t loaded_q = 0;
  BitVector thermo_q;
  // The read's way from bank to bank; stage n is element n.
  BitVector rd_valid_q;
  std::vector<uint16_t> rd_addr_q;

  std::vector<WeightBank> bank;

  // What follows from the registers alone; not shadow_o, en_o.
  void propagate_state() {
    w_ready_o = owed_o = asked_q != 0;
    room_o = held_q != fifo_tiles_;
    full_o = loaded_q && primed_q && tiles_q == fifo_tiles_ - (rows_ != 1);
    loaded_o = loaded_q;
  }
  void propagate();
  void update(bool rst);

 private:
  uint16_t after(uint16_t row) const {
    return row + 1U == rows_held_ ? uint16_t{0} : static_cast<uint16_t>(row + 1);
  }

  uint32_t rows_;
  uint32_t tile_cols_;
  uint32_t fifo_tiles_;
  uint32_t rows_held_;  // FIFO_TILES * ROWS
  // From propagate() to update().
  bool taken_ = false;
  bool start_ = false;
  bool shift_ = false;
  bool last_ = false;
  bool next_tile_ = false;
  bool read_ = false;
  uint8_t n_ = 0;
  bool en_set_ = false;  // en_o is not all 0
};

}  // namespace sparsys::mxu
