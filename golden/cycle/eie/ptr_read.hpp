// SPDX-License-Identifier: Apache-2.0
// Pointer read: the first and the end entry of the broadcast column from two banks at once, one
// column a cycle; empty columns go no further (docs/reference/eie-timing.md section 4).
#pragma once

#include <cstdint>

#include "golden/cycle/common/ram_1rw.hpp"
#include "golden/engine/eie/config.hpp"

namespace sparsys::eie {

// Ports that carry the broadcast.
struct PtrReadCommon {
  uint8_t advance_i = 0;
  uint8_t b_valid_i = 0;
  uint8_t b_odd_first_i = 0;
  uint16_t b_act_i = 0;
  uint16_t b_even_i = 0;
  uint16_t b_odd_i = 0;
};

class PtrRead : public PtrReadCommon {
 public:
  explicit PtrRead(const Config& config) : even(config.ptr_depth / 2), odd(config.ptr_depth / 2) {}

  // Ports, besides those of eie_ptr_read_common.
  uint8_t flags_clear_i = 0;
  uint8_t io_en_i = 0;
  uint8_t io_write_i = 0;
  uint16_t io_addr_i = 0;
  uint32_t io_wdata_i = 0;
  uint32_t io_rdata_o = 0;
  uint8_t busy_o = 0;
  uint8_t error_o = 0;
  uint16_t push_act_o = 0;
  uint16_t push_start_o = 0;
  uint16_t push_end_o = 0;
  uint8_t push_o = 0;

  // Registers.
  uint8_t p_valid_q = 0;
  uint8_t p_odd_first_q = 0;
  uint8_t error_q = 0;
  uint16_t p_act_q = 0;

  Ram1rw<uint16_t> even;
  Ram1rw<uint16_t> odd;

  void propagate() {
    propagate_state();
    propagate_inputs();
  }

  // Whether the inputs and registers are such that no register changes.
  bool does_nothing() const {
    return !(p_valid_q | (advance_i & b_valid_i) | io_en_i | flags_clear_i);
  }

  // push_o and the banks.
  void propagate_inputs() {
    push_o = p_valid_q && advance_i && push_end_o > push_start_o;

    const uint8_t read = advance_i && b_valid_i;
    even.en_i = odd.en_i = io_en_i | read;
    even.we_i = odd.we_i = io_en_i & io_write_i;
    if (io_en_i) {
      even.addr_i = odd.addr_i = io_addr_i;
      even.wdata_i = static_cast<uint16_t>(io_wdata_i);
      odd.wdata_i = static_cast<uint16_t>(io_wdata_i >> 16);
    } else {
      even.addr_i = b_even_i;
      odd.addr_i = b_odd_i;
    }
  }

  // The outputs that follow from the registers alone: all but push_o.
  void propagate_state() {
    even.propagate();
    odd.propagate();
    push_act_o = p_act_q;
    push_start_o = p_odd_first_q ? odd.rdata_o : even.rdata_o;
    push_end_o = p_odd_first_q ? even.rdata_o : odd.rdata_o;
    io_rdata_o = uint32_t{odd.rdata_o} << 16 | even.rdata_o;
    busy_o = p_valid_q;
    error_o = error_q;
  }

  void update(bool rst) {
    even.update(rst);
    odd.update(rst);
    if (rst) {
      p_valid_q = error_q = 0;
      return;
    }
    if (flags_clear_i) {
      error_q = 0;
    } else if (p_valid_q && advance_i && push_end_o < push_start_o) {
      error_q = 1;
    }
    if (advance_i) {
      p_valid_q = b_valid_i;
      if (b_valid_i) {
        p_act_q = b_act_i;
        p_odd_first_q = b_odd_first_i;
      }
    }
  }

  // propagate() and update(false) in one go, for a cycle without a request of the I/O port and
  // without flags_clear_i: the broadcast comes as an argument. Returns push_o; push_act_o,
  // push_start_o and push_end_o are set with it.
  bool step(const PtrReadCommon& b) {
    if (!b.advance_i) return false;
    bool push = false;
    if (p_valid_q) {
      push_act_o = p_act_q;
      push_start_o = p_odd_first_q ? odd.rdata_q : even.rdata_q;
      push_end_o = p_odd_first_q ? even.rdata_q : odd.rdata_q;
      push = push_end_o > push_start_o;
      error_q |= push_end_o < push_start_o;
    }
    p_valid_q = b.b_valid_i;
    if (b.b_valid_i) {
      p_act_q = b.b_act_i;
      p_odd_first_q = b.b_odd_first_i;
      even.rdata_q = even.mem[b.b_even_i];
      odd.rdata_q = odd.mem[b.b_odd_i];
    }
    return push;
  }
};

}  // namespace sparsys::eie
