// SPDX-License-Identifier: Apache-2.0
// Dispatch: pushes the lanes of a set into the FIFOs of their banks, at most two a bank and cycle;
// what is in front of it waits until nothing of the set is left (docs/reference/eie-timing.md
// section 11.3).
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "golden/cycle/eie/lane_read.hpp"
#include "golden/cycle/eie/widths.hpp"
#include "golden/engine/eie/config.hpp"

namespace sparsys::eie {

class Dispatch {
 public:
  explicit Dispatch(const Config& config)
      : room_i(config.banks),
        push_o(config.banks),
        code_o(config.banks),
        addr_o(config.banks),
        lanes_(config.lanes),
        bank_w_(clog2(config.banks)) {}

  // Ports.
  uint8_t r_valid_i = 0;
  uint16_t r_write_i = 0;
  uint16_t r_act_i = 0;
  uint64_t r_code_i = 0;
  LaneRows r_row_i{};
  LaneBytes r_rank_i{};
  std::vector<uint8_t> room_i;  // of each bank, bit s for push s; likewise push_o
  uint8_t step_o = 0;
  uint8_t busy_o = 0;
  uint16_t act_o = 0;
  std::vector<uint8_t> push_o;
  std::vector<std::array<uint8_t, 2>> code_o;
  std::vector<std::array<uint8_t, 2>> addr_o;

  // Registers. Bits and nibbles of lanes are packed.
  uint8_t x_round_q = 0;
  uint16_t x_pend_q = 0;
  uint16_t x_act_q = 0;
  uint64_t x_code_q = 0;
  LaneRows x_row_q{};
  LaneBytes x_rank_q{};

  uint32_t lanes() const { return lanes_; }

  // All outputs, from the registers and room_i.
  void propagate() {
    uint32_t left = x_pend_q;
    round_left_ = false;
    for (uint8_t& push : push_o) push = 0;
    const uint32_t bank_mask = static_cast<uint32_t>(low_mask(bank_w_));
    for (uint32_t pend = x_pend_q; pend != 0; pend &= pend - 1) {
      const uint32_t i = static_cast<uint32_t>(lowest_bit(pend));
      if (x_rank_q[i] >> 1 != x_round_q) continue;
      const uint32_t bank = x_row_q[i] & bank_mask;
      const uint32_t slot = x_rank_q[i] & 1;
      code_o[bank][slot] = x_code_q >> (4 * i) & 15;
      addr_o[bank][slot] = static_cast<uint8_t>(x_row_q[i] >> bank_w_);
      if (room_i[bank] >> slot & 1) {
        push_o[bank] = static_cast<uint8_t>(push_o[bank] | 1U << slot);
        left &= ~(1U << i);
      } else {
        round_left_ = true;
      }
    }
    left_ = static_cast<uint16_t>(left);
    step_o = left == 0;
    busy_o = x_pend_q != 0;
    act_o = x_act_q;
  }

  void update(bool rst) {
    if (rst) {
      x_pend_q = 0;
      x_round_q = 0;
      return;
    }
    if (step_o) {
      x_pend_q = r_write_i;
      x_round_q = 0;
      if (r_valid_i) {
        for (uint32_t i = 0; i < lanes_; ++i) {
          x_row_q[i] = r_row_i[i];
          x_rank_q[i] = r_rank_i[i];
        }
        x_code_q = r_code_i;
        x_act_q = r_act_i;
      }
    } else {
      x_pend_q = left_;
      if (!round_left_) ++x_round_q;
    }
  }

 private:
  uint32_t lanes_;
  uint32_t bank_w_;
  // From propagate() to update(): what is not pushed, and whether some of it is of this round.
  uint16_t left_ = 0;
  bool round_left_ = false;
};

}  // namespace sparsys::eie
