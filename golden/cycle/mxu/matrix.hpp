// SPDX-License-Identifier: Apache-2.0
// Matrix unit's issue: walks over the unified buffer and the accumulators, a row a cycle, for
// Matrix_Multiply and Convolve (docs/reference/mxu-timing.md section 7).
#pragma once

#include <array>
#include <cstdint>

#include "golden/cycle/mxu/unit.hpp"
#include "golden/engine/mxu/config.hpp"

namespace sparsys::mxu {

class Matrix : public DecodingUnit {
 public:
  // Of an operation: instruction bits 73:0 and 88.
  static constexpr uint32_t kKept = 75;

  explicit Matrix(const Config& config)
      : DecodingUnit(kKept, Register::kMap, Register::kPadding, 4),
        config_(config),
        widths_(config) {}

  // Ports: weights.
  uint8_t loaded_i = 0;
  uint8_t swap_o = 0;
  // The activation unit's use of the accumulators' halves, and this unit's.
  std::array<uint8_t, 2> act_half_i{};
  std::array<uint8_t, 2> half_busy_o{};
  // Unified buffer, padding.
  uint8_t m_re_o = 0;
  uint8_t pad_o = 0;
  uint8_t pad_value_o = 0;
  uint32_t m_raddr_o = 0;
  // Accumulators.
  uint8_t row_valid_o = 0;
  uint8_t row_add_o = 0;
  uint8_t row_last_o = 0;
  uint16_t row_addr_o = 0;
  // Sequencer.
  uint32_t useful_o = 0;
  uint8_t idle_o = 0;
  uint8_t busy_o = 0;
  uint8_t stall_weights_o = 0;
  uint8_t stall_half_o = 0;
  std::array<uint8_t, kUnits> blocked_o{};

  // Registers: configuration.
  uint16_t in_h_q = 0;
  uint16_t in_w_q = 0;
  uint16_t out_w_q = 0;
  uint16_t out_h_q = 0;
  uint16_t pitch_q = 0;
  uint8_t stride_y_q = 0;
  uint8_t stride_x_q = 0;
  uint8_t pad_value_q = 0;
  // Derived.
  uint32_t extent_q = 0;
  uint32_t line_step_q = 0;
  uint32_t out_count_q = 0;
  // The queue's head, decoded.
  uint32_t next_useful_q = 0;
  uint32_t next_line_q = 0;
  // The operation.
  uint8_t run_q = 0;
  uint8_t first_q = 0;
  uint8_t switch_q = 0;
  uint8_t add_q = 0;
  uint8_t conv_q = 0;
  uint32_t left_q = 0;
  uint32_t useful_q = 0;
  uint32_t acc_q = 0;
  uint32_t line_q = 0;
  uint32_t ix_q = 0;
  uint32_t iy_q = 0;
  uint16_t ox_q = 0;
  uint8_t dx_q = 0;
  // Cycles until a half of the accumulators is read no more.
  std::array<uint16_t, 2> timer_q{};

  // What follows from the registers alone; busy_o in propagate().
  void propagate_state() { idle_o = !run_q && queue.empty_o(); }
  void propagate();
  void update(bool rst);

 private:
  uint32_t half() const { return acc_q >> (widths_.acc_w - 1) & 1; }
  Instruction head() const;
  uint8_t check_head() const;
  void decode_ahead(bool rst);
  void load();
  void advance();
  void update_config(bool rst, uint8_t step);

  Config config_;
  Widths widths_;
  // From propagate() to update().
  bool issue_ = false;
  bool take_ = false;
  // What code_q and next_line_q are loaded with next.
  uint8_t code_ = 0;
  uint32_t line_ = 0;
};

}  // namespace sparsys::mxu
