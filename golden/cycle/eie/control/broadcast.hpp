// SPDX-License-Identifier: Apache-2.0
// The broadcast: takes a column's activation a cycle, the tree's or a bias constant, while no queue
// is full, and shows it to all PEs with the addresses of the column's pointers
// (docs/reference/eie-timing.md section 3.3). Module eie_broadcast.
#pragma once

#include <cstdint>

#include "golden/cycle/eie/widths.hpp"

namespace sparsys::eie {

class Broadcast {
 public:
  explicit Broadcast(const Config& config)
      : bank_mask_(static_cast<uint32_t>(low_mask(Widths(config).bank_w))) {}

  // Ports.
  uint8_t run_i = 0;
  uint8_t hold_i = 0;
  uint8_t root_valid_i = 0;
  uint8_t root_pop_o = 0;
  uint8_t advance_o = 0;
  uint8_t b_valid_o = 0;
  uint8_t b_odd_first_o = 0;
  uint16_t ptr_base_i = 0;
  uint16_t root_col_i = 0;
  uint16_t root_act_i = 0;
  uint16_t b_act_o = 0;
  uint16_t b_even_o = 0;
  uint16_t b_odd_o = 0;

  // Registers.
  uint8_t b_valid_q = 0;
  uint8_t b_odd_first_q = 0;
  uint16_t b_act_q = 0;
  uint16_t b_even_q = 0;
  uint16_t b_odd_q = 0;

  void propagate() {
    advance_o = !hold_i;
    root_pop_o = root_valid_i && advance_o && run_i;
    b_valid_o = b_valid_q;
    b_act_o = b_act_q;
    b_even_o = b_even_q;
    b_odd_o = b_odd_q;
    b_odd_first_o = b_odd_first_q;
  }

  // rst: of the engine, or flush.
  void update(bool rst) {
    if (rst) {
      b_valid_q = 0;
    } else if (advance_o) {
      b_valid_q = root_pop_o;
      if (!root_pop_o) return;
      const uint32_t a = uint32_t{ptr_base_i} + root_col_i;
      b_odd_first_q = a & 1;
      b_odd_q = static_cast<uint16_t>(a >> 1 & bank_mask_);
      b_even_q = static_cast<uint16_t>((a + 1) >> 1 & bank_mask_);
      b_act_q = root_act_i;
    }
  }

 private:
  uint32_t bank_mask_;
};

}  // namespace sparsys::eie
