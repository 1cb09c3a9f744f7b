// SPDX-License-Identifier: Apache-2.0
// Sparse-matrix read: fetches entry rows of the column at the queue's head and hands out an entry a
// cycle, across rows and columns, while the queue is not empty (docs/reference/eie-timing.md
// section 6).
#pragma once

#include <algorithm>
#include <cstdint>

#include "golden/cycle/common/ram_1rw.hpp"
#include "golden/cycle/eie/widths.hpp"
#include "golden/engine/eie/config.hpp"

namespace sparsys::eie {

// Its registers, and how they move. Apart from the ports, as ArithRegisters are.
struct SpmatReadRegisters {
  // Fetch; decode, the segment under way; the entry that leaves. By size: neighbours are compared
  // with the RTL's in one go.
  uint8_t f_mid_q = 0;  // inside a column
  uint8_t d_valid_q = 0;
  uint8_t d_first_q = 0;
  uint8_t d_off_q = 0;
  uint8_t d_left_q = 0;
  uint8_t e_valid_q = 0;
  uint8_t e_first_q = 0;
  uint8_t e_code_q = 0;
  uint8_t e_skip_q = 0;
  uint8_t range_error_q = 0;  // sticky: an entry row behind the memory's end
  uint16_t f_pos_q = 0;
  uint16_t d_act_q = 0;
  uint16_t e_act_q = 0;

  bool busy() const { return d_valid_q | e_valid_q; }

  // The part of a column that lies in one entry row.
  struct Segment {
    uint32_t pos = 0;
    uint32_t count = 0;
    bool last = false;
  };
  // Whether the next segment is fetched: as soon as the decoder is at the last entry of the one
  // before.
  bool issues(bool empty) const { return !empty && (!d_valid_q || d_left_q == 1); }
  // The next segment of the head's column.
  Segment next_segment(uint32_t start, uint32_t end) const {
    Segment next;
    next.pos = f_mid_q ? f_pos_q : start;
    const uint32_t room = 8 - (next.pos & 7);
    const uint32_t rest = (end - next.pos) & 0xFFFF;
    next.last = rest <= room;
    next.count = std::min(room, rest);
    return next;
  }

  // The edge of the entry that leaves. entries: the memory's output before it.
  void advance_entry(uint64_t entries) {
    const uint32_t entry = static_cast<uint32_t>(entries >> (8 * d_off_q)) & 0xFF;
    e_first_q = d_first_q;
    e_code_q = entry & 0xF;
    e_skip_q = static_cast<uint8_t>(entry >> 4);
    e_act_q = d_act_q;
  }

  // The edge. entries: the memory's output before it; issued: whether `next` is being fetched.
  void advance(uint64_t entries, uint16_t head_act, bool issued, const Segment& next) {
    e_valid_q = d_valid_q;
    advance_entry(entries);
    if (issued) {
      d_valid_q = 1;
      d_first_q = !f_mid_q;
      d_off_q = next.pos & 7;
      d_left_q = static_cast<uint8_t>(next.count);
      d_act_q = head_act;
      f_mid_q = !next.last;
      f_pos_q = static_cast<uint16_t>((next.pos & ~7U) + 8);
    } else if (d_valid_q) {
      if (d_left_q > 1) {
        --d_left_q;
        d_off_q = (d_off_q + 1) & 7;
        d_first_q = 0;
      } else {
        d_valid_q = 0;
      }
    }
  }
};

class SpmatRead : public SpmatReadRegisters {
 public:
  explicit SpmatRead(const Config& config)
      : entry_ram(config.lanes > 1 ? 1 : config.entry_depth / 8), rows_(config.entry_depth / 8) {}

  // Ports.
  uint8_t head_empty_i = 0;
  uint8_t pop_o = 0;
  uint8_t flags_clear_i = 0;
  uint8_t range_error_o = 0;
  uint8_t busy_o = 0;
  uint8_t e_valid_o = 0;
  uint8_t e_first_o = 0;
  uint8_t e_code_o = 0;
  uint8_t e_skip_o = 0;
  uint8_t io_en_i = 0;
  uint8_t io_write_i = 0;
  uint16_t e_act_o = 0;
  uint16_t head_act_i = 0;
  uint16_t head_start_i = 0;
  uint16_t head_end_i = 0;
  uint16_t entry_base_i = 0;
  uint16_t io_addr_i = 0;
  uint64_t io_wdata_i = 0;
  uint64_t io_rdata_o = 0;

  Ram1rw<uint64_t> entry_ram;

  void propagate() {
    propagate_state();
    propagate_inputs();
  }

  // pop_o and the entry memory.
  void propagate_inputs() {
    issue_ = issues(head_empty_i);
    next_ = next_segment(head_start_i, head_end_i);
    pop_o = issue_ && next_.last;

    entry_ram.en_i = io_en_i | issue_;
    entry_ram.we_i = io_en_i & io_write_i;
    entry_ram.addr_i = io_en_i ? io_addr_i : row_of(entry_base_i, next_.pos);
    entry_ram.wdata_i = io_wdata_i;
  }

  // The outputs that follow from the registers alone: all but pop_o.
  void propagate_state() {
    entry_ram.propagate();
    io_rdata_o = entry_ram.rdata_o;
    busy_o = busy();
    range_error_o = range_error_q;
    e_valid_o = e_valid_q;
    e_first_o = e_first_q;
    e_code_o = e_code_q;
    e_skip_o = e_skip_q;
    e_act_o = e_act_q;
  }

  void update(bool rst) {
    const uint64_t entries = entry_ram.rdata_q;
    entry_ram.update(rst);
    if (rst) {
      f_mid_q = d_valid_q = e_valid_q = range_error_q = 0;
      advance_entry(entries);
      return;
    }
    advance(entry_ram.rdata_o, head_act_i, issue_, next_);
    if (flags_clear_i) {
      range_error_q = 0;
    } else if (issue_) {
      range_error_q |= beyond(entry_base_i, next_.pos);
    }
  }

  // propagate() and update(false) of this unit with registers `r`, in one go, for a cycle without a
  // request of the I/O port and without flags_clear_i: the queue's head comes as arguments, no port
  // is set. Returns pop_o.
  bool step(SpmatReadRegisters& r, bool empty, uint16_t act, uint16_t start, uint16_t end,
            uint16_t entry_base) {
    const uint64_t entries = entry_ram.rdata_q;
    const bool issued = r.issues(empty);
    Segment next;
    if (issued) {
      next = r.next_segment(start, end);
      entry_ram.rdata_q = entry_ram.mem[row_of(entry_base, next.pos)];
      r.range_error_q |= beyond(entry_base, next.pos);
    }
    r.advance(entries, act, issued, next);
    return issued && next.last;
  }

  // For the processor's caches: a column that starts at `pos` is in the queue.
  void prefetch(uint32_t entry_base, uint32_t pos) const {
    __builtin_prefetch(&entry_ram.mem[row_of(entry_base, pos)]);
  }

  // The row of an entry of the pass.
  uint32_t row_of(uint32_t entry_base, uint32_t pos) const {
    return (entry_base + (pos >> 3)) & (rows_ - 1);
  }

 private:
  bool beyond(uint32_t entry_base, uint32_t pos) const { return entry_base + (pos >> 3) >= rows_; }

  uint32_t rows_;
  // The next segment, from propagate() to update().
  Segment next_;
  bool issue_ = false;
};

}  // namespace sparsys::eie
