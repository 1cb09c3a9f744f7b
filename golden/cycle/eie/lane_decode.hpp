// SPDX-License-Identifier: Apache-2.0
// Decoding of a set of entries: the row of each lane, by sums over the lanes before it, and its
// number among the lanes of its bank (docs/reference/eie-timing.md section 11.2).
#pragma once

#include <array>
#include <cstdint>

#include "golden/cycle/eie/lane_read.hpp"
#include "golden/cycle/eie/widths.hpp"
#include "golden/engine/eie/config.hpp"

namespace sparsys::eie {

class LaneDecode {
 public:
  explicit LaneDecode(const Config& config)
      : lanes_(config.lanes),
        rows_(config.rows()),
        bank_mask_(config.banks - 1),
        rank_mask_(static_cast<uint32_t>(low_mask(Widths(config).rank_w))) {}

  // Ports. Those of the set, r_*_o, are right in a cycle with step_i; r_write_o in every cycle.
  uint8_t step_i = 0;
  uint8_t flags_clear_i = 0;
  uint8_t a_valid_i = 0;
  uint8_t a_first_i = 0;
  uint8_t a_count_i = 0;
  uint16_t a_act_i = 0;
  LaneBytes a_entry_i{};
  uint8_t busy_o = 0;
  uint8_t row_error_o = 0;
  uint8_t r_valid_o = 0;
  uint16_t r_write_o = 0;
  uint16_t r_act_o = 0;
  uint64_t r_code_o = 0;
  LaneRows r_row_o{};
  LaneBytes r_rank_o{};

  // Registers. Bits and nibbles of lanes are packed, the lowest lane first.
  uint8_t p_valid_q = 0;
  uint8_t p_first_q = 0;
  uint8_t n_over_q = 0;
  uint8_t row_error_q = 0;
  uint16_t n_row_q = 0;
  uint16_t p_mask_q = 0;
  uint16_t p_over_q = 0;
  uint16_t p_act_q = 0;
  uint64_t p_code_q = 0;
  LaneRows p_rel_q{};

  void propagate_state() {
    busy_o = p_valid_q;
    row_error_o = row_error_q;
    r_valid_o = p_valid_q;
  }

  void propagate_inputs() {
    r_write_o = 0;
    if (!p_valid_q) return;
    const uint32_t base = p_first_q ? 0U : n_row_q;
    const bool out = !p_first_q && n_over_q;
    std::array<uint8_t, 64> in_bank{};
    any_out_ = false;
    for (uint32_t i = 0; i < lanes_; ++i) {
      const uint32_t sum = base + p_rel_q[i];
      const bool lane_out = out || (p_over_q >> i & 1) || sum >= rows_;
      const bool taken = p_mask_q >> i & 1;
      const bool nonzero = (p_code_q >> (4 * i) & 15) != 0;
      uint8_t& before = in_bank[p_rel_q[i] & bank_mask_];
      r_row_o[i] = static_cast<uint16_t>(sum & (rows_ - 1));
      r_rank_o[i] = static_cast<uint8_t>(before & rank_mask_);
      before = static_cast<uint8_t>(before + (taken && nonzero));
      if (taken && nonzero && !lane_out) r_write_o = static_cast<uint16_t>(r_write_o | 1U << i);
      any_out_ |= taken && lane_out;
    }
    const uint32_t end = base + p_rel_q[lanes_ - 1] + 1U;
    next_row_ = static_cast<uint16_t>(end & (rows_ - 1));
    next_over_ = out || (p_over_q >> (lanes_ - 1) & 1) || end >= rows_;
    r_code_o = p_code_q;
    r_act_o = p_act_q;
  }

  void update(bool rst) {
    if (rst) {
      p_valid_q = row_error_q = 0;
      return;
    }
    if (step_i) {
      if (p_valid_q) {
        n_row_q = next_row_;
        n_over_q = next_over_;
        row_error_q |= any_out_;
      }
      p_valid_q = a_valid_i;
      if (a_valid_i) load();
    }
    if (flags_clear_i) row_error_q = 0;
  }

 private:
  void load() {
    p_first_q = a_first_i;
    p_act_q = a_act_i;
    p_mask_q = static_cast<uint16_t>(low_mask(a_count_i));
    p_over_q = 0;
    p_code_q = 0;
    uint32_t sum = 0;
    for (uint32_t i = 0; i < lanes_; ++i) {
      const uint32_t code = a_entry_i[i] & 15;
      const uint32_t skip = a_entry_i[i] >> 4;
      sum += code ? skip + 1 : 16 * (skip + 1);
      const uint32_t rel = sum - 1;
      p_code_q |= uint64_t{code} << (4 * i);
      p_rel_q[i] = static_cast<uint16_t>(rel & (rows_ - 1));
      p_over_q = static_cast<uint16_t>(p_over_q | uint32_t{rel >= rows_} << i);
    }
  }

  uint32_t lanes_;
  uint32_t rows_;
  uint32_t bank_mask_;
  uint32_t rank_mask_;
  // From propagate_inputs() to update().
  bool any_out_ = false;
  uint8_t next_over_ = 0;
  uint16_t next_row_ = 0;
};

}  // namespace sparsys::eie
