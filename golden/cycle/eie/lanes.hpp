// SPDX-License-Identifier: Apache-2.0
// With LANES above 1, from the queue's head to the accumulators: up to LANES entries of one column
// a cycle, over BANKS banks of accumulators (docs/reference/eie-timing.md section 11).
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "golden/base/bits.hpp"
#include "golden/cycle/eie/arith.hpp"
#include "golden/cycle/eie/bank.hpp"
#include "golden/cycle/eie/dispatch.hpp"
#include "golden/cycle/eie/lane_decode.hpp"
#include "golden/cycle/eie/lane_read.hpp"
#include "golden/engine/eie/config.hpp"

namespace sparsys::eie {

// Ports of the codebook and the clear as of eie_arith; those of the queue and of the load port are
// `read`'s.
class Lanes : public ArithCommon {
 public:
  explicit Lanes(const Config& config)
      : wb_acc_o(config.groups * config.acc_width),
        read(config),
        decode(config),
        dispatch(config),
        bank(config.banks, Bank(config)),
        acc_width_(config.acc_width),
        groups_(config.groups),
        bank_w_(clog2(config.banks)) {}

  // Ports.
  uint8_t flags_clear_i = 0;
  uint8_t wb_read_i = 0;
  uint8_t wb_row_i = 0;
  uint8_t busy_o = 0;
  uint8_t saturated_o = 0;
  uint8_t row_error_o = 0;
  uint8_t range_error_o = 0;
  BitVector wb_acc_o;  // GROUPS accumulators side by side, as the RTL has them

  // Registers.
  std::array<uint16_t, 16> cb_q{};

  LaneRead read;
  LaneDecode decode;
  Dispatch dispatch;
  std::vector<Bank> bank;

  void propagate() {
    propagate_state();
    propagate_inputs();
  }

  // Accumulator `d` of those in wb_acc_o.
  uint64_t wb_acc(uint32_t d) const {
    return get_wide_field(wb_acc_o.words.data(), d * acc_width_, acc_width_);
  }

  // The outputs that follow from the registers alone: all but read.pop_o and wb_acc_o.
  void propagate_state() {
    read.propagate_state();
    decode.propagate_state();
    saturated_o = 0;
    uint8_t busy = 0;
    for (size_t b = 0; b < bank.size(); ++b) {
      bank[b].propagate_state();
      dispatch.room_i[b] = bank[b].room_o;
      busy |= bank[b].busy_o;
      saturated_o |= bank[b].saturated_o;
    }
    dispatch.propagate();
    busy_o = busy | read.busy_o | decode.busy_o | dispatch.busy_o;
    row_error_o = decode.row_error_o;
    range_error_o = read.range_error_o;
  }

  void propagate_inputs() {
    const uint32_t wb_row = wb_row_i * groups_;
    read.step_i = dispatch.step_o;
    read.flags_clear_i = flags_clear_i;
    read.propagate_inputs();

    decode.step_i = dispatch.step_o;
    decode.flags_clear_i = flags_clear_i;
    decode.a_valid_i = read.a_valid_q;
    if (read.a_valid_q & dispatch.step_o) {
      decode.a_first_i = read.a_first_q;
      decode.a_count_i = read.a_count_q;
      decode.a_act_i = read.a_act_q;
      decode.a_entry_i = read.a_entry_q;
    }
    decode.propagate_inputs();

    dispatch.r_valid_i = decode.r_valid_o;
    dispatch.r_write_i = decode.r_write_o;
    if (decode.r_valid_o & dispatch.step_o) {
      dispatch.r_act_i = decode.r_act_o;
      dispatch.r_code_i = decode.r_code_o;
      dispatch.r_row_i = decode.r_row_o;
      dispatch.r_rank_i = decode.r_rank_o;
    }

    for (size_t b = 0; b < bank.size(); ++b) {
      Bank& k = bank[b];
      k.push_i = dispatch.push_o[b];
      if (k.push_i) {
        k.code_i = dispatch.code_o[b];
        k.addr_i = dispatch.addr_o[b];
        k.act_i = dispatch.act_o;
      }
      k.clear_i = clear_i;
      k.flags_clear_i = flags_clear_i;
      k.wb_read_i = wb_read_i;
      k.wb_addr_i = static_cast<uint8_t>(wb_row >> bank_w_);
      k.propagate_inputs();
    }
    if (!wb_read_i) return;
    for (uint32_t d = 0; d < groups_; ++d) {
      set_wide_field(wb_acc_o.words.data(), d * acc_width_, acc_width_,
                     bank[(wb_row & low_mask(bank_w_)) + d].wb_acc_o);
    }
  }

  void update(bool rst) {
    read.update(rst);
    decode.update(rst);
    dispatch.update(rst);
    for (Bank& b : bank) b.update(rst, cb_q);
    if (rst || !cb_we_i) return;
    for (uint32_t c = 0; c < 4; ++c) {
      cb_q[4 * cb_word_i + c] = static_cast<uint16_t>(cb_data_i >> (16 * c));
    }
  }

 private:
  uint32_t acc_width_;
  uint32_t groups_;
  uint32_t bank_w_;
};

}  // namespace sparsys::eie
