// SPDX-License-Identifier: Apache-2.0
// Activation unit: walks over accumulator rows, a window position a cycle, whose way through the
// lanes ends in the unified buffer (docs/reference/mxu-timing.md section 9).
#pragma once

#include <array>
#include <cstdint>

#include "golden/cycle/mxu/lanes.hpp"
#include "golden/cycle/mxu/unit.hpp"
#include "golden/engine/mxu/config.hpp"

namespace sparsys::mxu {

class Activation : public DecodingUnit {
 public:
  // Of an operation: instruction bits 63:0 and 77:72.
  static constexpr uint32_t kKept = 70;

  explicit Activation(const Config& config);

  // Ports: the accumulators, and the use of their halves.
  std::array<uint8_t, 2> half_busy_i{};
  std::array<uint8_t, 2> act_half_o{};
  uint8_t act_re_o = 0;
  uint16_t act_addr_o = 0;
  const uint32_t* act_data_i = nullptr;  // COLS
  // Parameters.
  uint8_t param_re_o = 0;
  uint32_t param_set_o = 0;
  const int32_t* bias_i = nullptr;
  const int32_t* multiplier_i = nullptr;
  const uint8_t* shift_i = nullptr;
  bool factors_still_i = false;  // as of LaneBanks
  // Unified buffer.
  uint8_t a_we_o = 0;
  uint32_t a_waddr_o = 0;
  const uint8_t* a_wdata_o() const { return banks.wdata_o.data(); }  // LANES, with a_we_o
  // Sequencer.
  uint8_t idle_o = 0;
  uint8_t busy_o = 0;
  uint8_t pipeline_o = 0;  // it is not empty
  uint8_t done_o = 0;

  // Registers: configuration.
  uint8_t zero_q = 0;
  uint8_t low_q = 0;
  uint8_t high_q = 0;
  uint16_t in_h_q = 0;
  uint16_t in_w_q = 0;
  uint16_t out_w_q = 0;
  uint8_t stride_y_q = 0;
  uint8_t stride_x_q = 0;
  uint8_t win_h_q = 0;
  uint8_t win_w_q = 0;
  uint8_t dy_q = 0;
  uint8_t dx_q = 0;
  uint32_t avg_mul_q = 0;
  uint32_t avg_round_q = 0;
  // Derived.
  uint32_t extent_q = 0;
  uint32_t line_step_q = 0;
  uint16_t window_q = 0;
  uint32_t dy_lines_q = 0;  // 25 bits, signed
  // The queue's head, decoded.
  uint8_t next_halves_q = 0;
  uint32_t next_line_q = 0;
  uint32_t next_other_q = 0;
  // The operation.
  uint8_t run_q = 0;
  uint8_t func_q = 0;
  uint8_t pool_q = 0;
  uint32_t left_q = 0;  // turns of windows
  uint32_t x0_q = 0;
  uint32_t y0_q = 0;
  uint8_t wx_q = 0;
  uint8_t wy_q = 0;
  uint16_t ox_q = 0;
  uint32_t turn_q = 0;
  uint32_t l0_q = 0;
  uint32_t lw_q = 0;
  uint8_t halves_q = 0;  // bit h: half h is read
  uint8_t double_q = 0;
  uint8_t sum_q = 0;
  uint32_t set_q = 0;
  uint8_t done_q = 0;

  LaneBanks banks;

  // What follows from the registers alone: the write, states, the use of halves.
  void propagate_state();
  void propagate();
  void update(bool rst);

 private:
  Function function() const { return static_cast<Function>(func_q); }
  Pooling pooling() const { return static_cast<Pooling>(pool_q); }
  bool pools() const { return pooling() != Pooling::kNone; }
  Instruction head() const;
  uint8_t check_head() const;
  uint8_t head_halves() const;
  void decode_ahead(bool rst);
  void load();
  // The window position that is issued is the last of its window.
  bool window_last() const;
  bool turn_last() const { return turn_q == turns_ - 1; }
  // Whose columns the position that is issued is for.
  uint32_t position_turn() const;
  void advance(bool last);
  LaneOp lane_op() const;
  void update_config(bool rst, uint8_t step);

  Config config_;
  Widths widths_;
  uint32_t turns_;
  // From propagate() to update().
  bool take_ = false;
  // What code_q and the next_* are loaded with next.
  uint8_t code_ = 0;
  uint8_t halves_ = 0;
  uint32_t line_ = 0;
  uint32_t other_ = 0;
  bool inside_ = false;
  bool issue_ = false;
};

}  // namespace sparsys::mxu
