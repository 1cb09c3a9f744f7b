// SPDX-License-Identifier: Apache-2.0
#include "golden/cycle/mxu/array/weight_fifo.hpp"

#include <algorithm>

namespace sparsys::mxu {

WeightFifo::WeightFifo(const Config& config)
    : weight_o(config.cols),
      en_o(config.rows),
      thermo_q(config.rows - 1),
      rd_valid_q(config.cols - config.tile_cols),
      rd_addr_q(config.cols - config.tile_cols),
      rows_(config.rows),
      tile_cols_(config.tile_cols),
      fifo_tiles_(config.fifo_tiles),
      rows_held_(config.fifo_tiles * config.rows) {
  for (uint32_t j = 0; j < config.cols / config.tile_cols; ++j) {
    bank.emplace_back(config.tile_cols, rows_held_);
  }
}

void WeightFifo::propagate() {
  propagate_state();
  start_ = primed_q && !shifting_q && (!shadow_q || swap_i);
  shift_ = start_ || shifting_q;
  n_ = start_ ? uint8_t{0} : n_q;
  last_ = n_ == rows_ - 1;
  next_tile_ = tiles_q != 0 && ((shift_ && last_) || (!shift_ && !primed_q));
  read_ = (shift_ && !last_) || next_tile_;
  taken_ = w_valid_i && w_ready_o;
  shadow_o = shadow_q | start_;

  for (uint32_t j = 0; j < bank.size(); ++j) {
    WeightBank& b = bank[j];
    const uint32_t way = j * tile_cols_;
    b.ram.re_i = way ? rd_valid_q.get(way - 1) : read_;
    b.ram.raddr_i = way ? rd_addr_q[way - 1] : rd_q;
    b.ram.we_i = taken_;
    b.ram.waddr_i = wr_q;
    if (taken_) std::copy_n(w_data_i + way, tile_cols_, b.ram.wdata_i.begin());
    b.propagate();
    std::copy_n(b.weight_o, tile_cols_, &weight_o[way]);
  }
  if (shift_) {
    en_o[0] = 1;
    uint8_t* en = en_o.data() + 1;
    for (uint32_t first = 0; first + 1 < rows_; first += 32) {
      const uint32_t bits = thermo_q.words[first / 32];
      const uint32_t count = std::min(32U, rows_ - 1 - first);
      for (uint32_t r = 0; r < count; ++r) en[first + r] = bits >> r & 1;
    }
  } else if (en_set_) {
    std::fill(en_o.begin(), en_o.end(), 0);
  }
  en_set_ = shift_;
}

void WeightFifo::update(bool rst) {
  const bool last_bank_reads = bank.back().ram.re_i;
  for (WeightBank& b : bank) b.update();
  if (!rd_addr_q.empty()) {
    std::copy_backward(rd_addr_q.begin(), rd_addr_q.end() - 1, rd_addr_q.end());
    rd_addr_q[0] = rd_q;
  }
  if (rst) {
    wr_q = rd_q = 0;
    asked_q = held_q = gone_q = 0;
    wr_row_q = tiles_q = primed_q = shifting_q = n_q = shadow_q = loaded_q = 0;
    thermo_q.clear();
    rd_valid_q.clear();
    return;
  }
  rd_valid_q.shift_in(read_);
  bool tile_taken = false;
  if (taken_) {
    wr_q = after(wr_q);
    tile_taken = wr_row_q == rows_ - 1;
    wr_row_q = tile_taken ? uint8_t{0} : static_cast<uint8_t>(wr_row_q + 1);
  }
  if (read_) rd_q = after(rd_q);
  tiles_q = static_cast<uint8_t>(tiles_q + tile_taken - next_tile_);
  asked_q = static_cast<uint8_t>(asked_q + asked_i - tile_taken);
  // A tile's place is free for a new one when its second row leaves.
  const bool freed = last_bank_reads && gone_q == (rows_ == 1 ? 0 : 1);
  held_q = static_cast<uint8_t>(held_q + asked_i - freed);
  if (last_bank_reads) {
    gone_q = gone_q == rows_ - 1 ? uint8_t{0} : static_cast<uint8_t>(gone_q + 1);
  }
  if (next_tile_ || (shift_ && last_)) {
    primed_q = next_tile_;
  } else if (start_) {
    primed_q = 0;
  }
  if (shift_) {
    n_q = last_ ? uint8_t{0} : static_cast<uint8_t>(n_ + 1);
    shifting_q = !last_;
  }
  if (start_) {
    shadow_q = 1;
  } else if (swap_i) {
    shadow_q = 0;
  }
  if (shift_ && last_) {
    loaded_q = 1;
  } else if (swap_i) {
    loaded_q = 0;
  }
  if (shift_ && !last_) {
    thermo_q.shift_in(true);
  } else {
    thermo_q.clear();
  }
}

}  // namespace sparsys::mxu
