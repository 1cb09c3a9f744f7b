// SPDX-License-Identifier: Apache-2.0
// Activation unit: walks over accumulator rows, requantises, applies a function, pools, and writes
// to the unified buffer; a window position a cycle (docs/reference/mxu-timing.md section 9,
// arithmetic in docs/reference/mxu-format.md section 1).
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "golden/cycle/mxu/unit.hpp"
#include "golden/engine/mxu/config.hpp"

namespace sparsys::mxu {

class Activation : public Unit {
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
  // Unified buffer.
  uint8_t a_we_o = 0;
  uint32_t a_waddr_o = 0;
  std::vector<uint8_t> a_wdata_o;  // LANES
  // Sequencer.
  uint8_t idle_o = 0;
  uint8_t busy_o = 0;
  uint8_t pipeline_o = 0;  // any vN_q
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
  // The operation.
  uint8_t run_q = 0;
  uint8_t func_q = 0;
  uint8_t pool_mode_q = 0;  // `pool_q` of the operation; the lanes' pool_q is below
  uint32_t ub_q = 0;
  uint32_t left_q = 0;
  uint32_t x0_q = 0;
  uint32_t y0_q = 0;
  uint8_t wx_q = 0;
  uint8_t wy_q = 0;
  uint16_t ox_q = 0;
  uint32_t l0_q = 0;
  uint32_t lw_q = 0;
  uint8_t halves_q = 0;  // bit h: half h is read
  uint8_t double_q = 0;
  uint8_t sum_q = 0;
  uint32_t set_q = 0;
  uint8_t done_q = 0;
  // Flags along the pipeline: element N is that of stage N (1 to 6, 1 to 8), element 0 is unused.
  std::array<uint8_t, 9> v_valid_q{};  // vN_q
  std::array<uint8_t, 7> inside_q{};
  std::array<uint8_t, 7> first_q{};
  std::array<uint8_t, 9> last_q{};
  std::array<uint8_t, 9> end_q{};
  std::array<uint32_t, 9> row_q{};
  // Lanes, COLS of each.
  std::vector<uint32_t> v_q;
  std::vector<uint32_t> multiplier_q;
  std::vector<uint8_t> shift1_q;
  std::vector<uint64_t> prod_q;
  std::vector<uint8_t> shift2_q;
  std::vector<uint16_t> r_q;  // 10 bits
  std::vector<uint32_t> s_q;
  std::vector<uint8_t> c_q;
  std::vector<uint8_t> t_q;
  std::vector<uint32_t> total_q;
  std::vector<uint8_t> f_q;
  std::vector<uint16_t> pool_q;
  std::vector<uint8_t> out_q;

  // TANH and SIGMOID of docs/reference/mxu-format.md, by the argument's byte.
  static const std::array<uint8_t, 256>& tanh_table();
  static const std::array<uint8_t, 256>& sigmoid_table();

  // What follows from the registers alone: the write, states, the use of halves.
  void propagate_state();
  void propagate();
  void update(bool rst);

 private:
  Function function() const { return static_cast<Function>(func_q); }
  Pooling pooling() const { return static_cast<Pooling>(pool_mode_q); }
  bool pools() const { return pooling() != Pooling::kNone; }
  Instruction head() const;
  uint8_t check_head() const;
  uint8_t head_halves() const;
  void load();
  // Stage `n` has an operand of a sum.
  bool operand(size_t n) const { return sum_q && !last_q[n]; }
  // The window position that is issued is the last of its window.
  bool window_last() const;
  void advance(bool last);
  void load_operands();
  void update_config(bool rst);
  void update_pipeline();
  void requantise();
  void apply_function();
  void pool();

  Config config_;
  Widths widths_;
  // From propagate() to update().
  bool take_ = false;
  bool inside_ = false;
  bool issue_ = false;
};

}  // namespace sparsys::mxu
