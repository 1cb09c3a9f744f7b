// SPDX-License-Identifier: Apache-2.0
// Sparse-matrix read of several lanes: a set of entries of the column at the queue's head a cycle,
// at any alignment, from two entry memories (docs/reference/eie-timing.md section 11.1).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "golden/cycle/common/ram_1rw.hpp"
#include "golden/cycle/eie/widths.hpp"
#include "golden/engine/eie/config.hpp"

namespace sparsys::eie {

constexpr uint32_t kMaxLanes = 16;
// A byte a lane, of which the first LANES are in use.
using LaneBytes = std::array<uint8_t, kMaxLanes>;
// A row a lane, likewise.
using LaneRows = std::array<uint16_t, kMaxLanes>;

class LaneRead {
 public:
  explicit LaneRead(const Config& config)
      : lanes_(config.lanes),
        lane_w_(clog2(config.lanes)),
        at_mask_(config.entry_depth - 1),
        halves_(config.lanes > 8 ? 2 : 1) {
    const Half half(config.entry_depth / (2 * config.lanes));
    this->half.assign(halves_, half);
  }

  // Ports.
  uint8_t head_empty_i = 0;
  uint8_t step_i = 0;
  uint8_t pop_o = 0;
  uint8_t busy_o = 0;
  uint8_t io_en_i = 0;
  uint8_t io_write_i = 0;
  uint8_t flags_clear_i = 0;
  uint8_t range_error_o = 0;
  uint16_t head_act_i = 0;
  uint16_t head_start_i = 0;
  uint16_t head_end_i = 0;
  uint16_t entry_base_i = 0;
  uint16_t io_addr_i = 0;
  uint64_t io_wdata_i = 0;
  uint64_t io_rdata_o = 0;

  // Registers: the column under way, the set whose rows are being read, the set with its entries,
  // which is this unit's output.
  uint8_t c_valid_q = 0;
  uint8_t c_first_q = 0;
  uint8_t d_valid_q = 0;
  uint8_t d_first_q = 0;
  uint8_t d_off_q = 0;
  uint8_t d_count_q = 0;
  uint8_t a_valid_q = 0;
  uint8_t a_first_q = 0;
  uint8_t a_count_q = 0;
  uint8_t io_part_q = 0;
  uint8_t range_error_q = 0;  // sticky: an entry behind the memory's end
  uint16_t c_left_q = 0;
  uint16_t c_act_q = 0;
  uint16_t d_act_q = 0;
  uint16_t a_act_q = 0;
  uint32_t c_at_q = 0;
  LaneBytes a_entry_q{};

  // Rows of LANES entries, the lowest eight in the first half.
  struct Half {
    explicit Half(uint32_t depth) : even(depth), odd(depth) {}
    Ram1rw<uint64_t> even;
    Ram1rw<uint64_t> odd;
  };
  std::vector<Half> half;

  // The outputs that follow from the registers alone: all but pop_o.
  void propagate_state() {
    for (Half& h : half) {
      h.even.propagate();
      h.odd.propagate();
    }
    switch (lanes_) {
      case 4:
        io_rdata_o = half[0].odd.rdata_o << 32 | half[0].even.rdata_o;
        break;
      case 8:
        io_rdata_o = io_part_q & 1 ? half[0].odd.rdata_o : half[0].even.rdata_o;
        break;
      default: {
        const Half& h = half[io_part_q & 1];
        io_rdata_o = io_part_q & 2 ? h.odd.rdata_o : h.even.rdata_o;
      }
    }
    busy_o = c_valid_q | d_valid_q | a_valid_q;
    range_error_o = range_error_q;
  }

  // pop_o and the entry memories.
  void propagate_inputs() {
    last_ = c_left_q <= lanes_;
    issue_ = c_valid_q & step_i;
    pop_o = !head_empty_i && (!c_valid_q || (issue_ && last_));
    if (io_en_i) return propagate_io();
    const uint32_t row = c_at_q >> lane_w_;
    const uint32_t next = ((c_at_q + lanes_) & at_mask_) >> lane_w_;
    for (Half& h : half) {
      h.even.en_i = h.odd.en_i = issue_;
      h.even.we_i = h.odd.we_i = 0;
      h.even.addr_i = next / 2;
      h.odd.addr_i = row / 2;
    }
  }

  void update(bool rst) {
    // The rows read for d_*_q stand at the memories' outputs until the next read.
    if (!rst) advance();
    for (Half& h : half) {
      h.even.update(rst);
      h.odd.update(rst);
    }
    if (rst) c_valid_q = d_valid_q = a_valid_q = range_error_q = 0;
  }

  // The back door: word `w` of 64 bits.
  void put(uint32_t w, uint64_t word) {
    for_word(w, [&](Ram1rw<uint64_t>& ram, uint32_t address, unsigned shift, uint64_t mask) {
      ram.mem[address] = word >> shift & mask;
    });
  }

 private:
  // Calls visit(RAM, address, shift, mask) for each RAM that holds a part of word `w`.
  template <class Visit>
  void for_word(uint32_t w, Visit&& visit) {
    if (lanes_ == 4) {
      visit(half[0].even, w, 0, low_mask(32));
      visit(half[0].odd, w, 32, low_mask(32));
    } else if (lanes_ == 8) {
      visit(w & 1 ? half[0].odd : half[0].even, w / 2, 0, ~uint64_t{0});
    } else {
      Half& h = half[w & 1];
      visit(w & 2 ? h.odd : h.even, w / 4, 0, ~uint64_t{0});
    }
  }

  void propagate_io() {
    for (Half& h : half) h.even.en_i = h.odd.en_i = h.even.we_i = h.odd.we_i = 0;
    for_word(io_addr_i,
             [&](Ram1rw<uint64_t>& ram, uint32_t address, unsigned shift, uint64_t mask) {
               ram.en_i = 1;
               ram.we_i = io_write_i;
               ram.addr_i = address;
               ram.wdata_i = io_wdata_i >> shift & mask;
             });
  }

  // Byte `b` of both rows, the even one in front.
  uint8_t window(uint32_t b) const {
    const uint32_t place = b & (lanes_ - 1);
    const Half& h = half[place >> 3];
    const uint64_t row = b < lanes_ ? h.even.rdata_q : h.odd.rdata_q;
    return static_cast<uint8_t>(row >> (8 * (place & 7)));
  }

  void advance() {
    if (flags_clear_i) {
      range_error_q = 0;
    } else if (pop_o) {
      range_error_q |= 8U * entry_base_i + head_end_i > at_mask_ + 1;
    }
    if (step_i) {
      a_valid_q = d_valid_q;
      if (d_valid_q) {
        for (uint32_t i = 0; i < lanes_; ++i) {
          a_entry_q[i] = window((d_off_q + i) & (2 * lanes_ - 1));
        }
        a_first_q = d_first_q;
        a_count_q = d_count_q;
        a_act_q = d_act_q;
      }
      d_valid_q = c_valid_q;
      if (c_valid_q) {
        d_first_q = c_first_q;
        d_off_q = static_cast<uint8_t>(c_at_q & (2 * lanes_ - 1));
        d_count_q = static_cast<uint8_t>(std::min<uint32_t>(lanes_, c_left_q));
        d_act_q = c_act_q;
      }
    }
    if (pop_o) {
      c_valid_q = c_first_q = 1;
      c_at_q = (8U * entry_base_i + head_start_i) & at_mask_;
      c_left_q = static_cast<uint16_t>(head_end_i - head_start_i);
      c_act_q = head_act_i;
    } else if (issue_) {
      if (last_) {
        c_valid_q = 0;
      } else {
        c_first_q = 0;
        c_at_q = (c_at_q + lanes_) & at_mask_;
        c_left_q = static_cast<uint16_t>(c_left_q - lanes_);
      }
    }
    if (io_en_i) io_part_q = io_addr_i & 3;
  }

  uint32_t lanes_;
  uint32_t lane_w_;
  uint32_t at_mask_;
  uint32_t halves_;
  bool last_ = false;
  uint8_t issue_ = 0;
};

}  // namespace sparsys::eie
