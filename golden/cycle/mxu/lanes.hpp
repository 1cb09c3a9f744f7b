// SPDX-License-Identifier: Apache-2.0
// The activation unit's lanes: requantise, apply a function, pool; in banks as the columns are,
// each of which does what the one before did a cycle earlier (docs/reference/mxu-timing.md section
// 9, arithmetic in docs/reference/mxu-format.md section 1).
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "golden/base/bits.hpp"
#include "golden/engine/mxu/config.hpp"

namespace sparsys::mxu {

// What an operation tells all lanes.
struct LaneOp {
  uint8_t sum = 0;
  uint8_t double_rounding = 0;
  uint8_t curve = 0;  // sigmoid or tanh
  uint8_t max = 0;
  uint8_t average = 0;
  uint8_t zero = 0;
  uint8_t low = 0;
  uint8_t high = 0;
  uint32_t mul = 0;  // 25 bits, as the next two
  uint32_t round = 0;
  uint32_t below = 0;

  bool operator!=(const LaneOp& o) const {
    return sum != o.sum || double_rounding != o.double_rounding || curve != o.curve ||
           max != o.max || average != o.average || zero != o.zero || low != o.low ||
           high != o.high || mul != o.mul || round != o.round || below != o.below;
  }
};

// A bank.
class Lanes {
 public:
  static constexpr uint32_t kStages = 11;      // valid, inside, first
  static constexpr uint32_t kLastStages = 8;   // last
  static constexpr uint32_t kLaneStages = 15;  // of a lane

  explicit Lanes(uint32_t cols);

  // Ports. Pointers are to COLS of the bank, stage 1 but multiplier and shift: stage 2.
  uint8_t valid_i = 0;
  uint8_t inside_i = 0;
  uint8_t first_i = 0;
  uint8_t last_i = 0;
  LaneOp op_i;
  const uint32_t* acc_i = nullptr;
  const int32_t* bias_i = nullptr;
  const int32_t* multiplier_i = nullptr;
  const uint8_t* shift_i = nullptr;

  // Registers. Bit N of these is stage N.
  uint16_t valid_q = 0;
  uint16_t inside_q = 0;
  uint16_t first_q = 0;
  uint16_t last_q = 0;
  LaneOp op_q;
  // Of the lanes.
  std::vector<uint32_t> acc_q;
  std::vector<uint32_t> bias_q;
  std::vector<uint32_t> v_q;
  std::vector<uint32_t> multiplier_q;
  std::vector<uint8_t> shift3_q;
  std::vector<uint8_t> shift4_q;
  std::vector<uint8_t> shift5_q;
  std::vector<uint64_t> prod_q;
  std::vector<uint8_t> shift6_q;
  std::vector<uint32_t> s_q;
  std::vector<uint8_t> c_q;
  std::vector<uint8_t> fits_q;
  std::vector<uint8_t> sign_q;
  std::vector<uint16_t> r_q;  // 10 bits
  std::vector<uint32_t> total_q;
  std::vector<uint8_t> t_q;
  std::vector<uint8_t> f_q;
  std::vector<uint16_t> pool_q;
  std::vector<uint8_t> value12_q;
  std::vector<uint8_t> value13_q;
  std::vector<uint64_t> mean_q;  // 42 bits
  std::vector<uint8_t> value14_q;
  std::vector<uint8_t> out_q;

  // out_q may be another than in the cycle before.
  bool out_moves() const { return out_moves_; }

  void update(bool rst);

  // TANH of docs/reference/mxu-format.md, which is SIGMOID too, by the argument's byte.
  static const std::array<uint8_t, 256>& tanh_table();

 private:
  bool valid(uint32_t stage) const { return valid_q >> stage & 1; }
  bool first(uint32_t stage) const { return first_q >> stage & 1; }
  bool last(uint32_t stage) const { return last_q >> stage & 1; }
  void update_pool(bool rst);
  void update_function();
  void shift_products(bool rst);
  void multiply();
  bool load_operands(bool rst);

  uint32_t cols_;
  std::vector<uint32_t> next_total_;
  bool adds_ = false;  // it is that
  // On their way: products behind stages 3 and 4, those of means, and the signs of their sums,
  // behind stage 11, means behind stage 12.
  std::vector<uint64_t> product4_;
  std::vector<uint64_t> product5_;
  std::vector<uint64_t> mean12_;
  std::vector<uint8_t> below12_;
  std::vector<uint64_t> mean13_;
  // Bit N: what stage N loads every cycle may be other than what it holds.
  uint32_t live_ = (1U << kLaneStages) - 1;
  uint32_t next_live_ = 0;
  bool out_moves_ = false;
};

// What a bank has beside its lanes if its columns take turns at them (module mxu_lane_turns).
struct LaneTurns {
  std::array<uint32_t, 3> turn_q{};  // of stages 0 to 2
  std::vector<uint8_t> parts_q;      // results of the turns before, the first turn first
};

// All banks, and the rows they finish (module mxu_lane_banks).
class LaneBanks {
 public:
  explicit LaneBanks(const Config& config);

  // Ports. Pointers are to COLS.
  uint8_t load_i = 0;   // an operation begins,
  uint32_t row_i = 0;   // with this row of its result
  uint8_t valid_i = 0;  // a window position
  uint8_t inside_i = 0;
  uint8_t first_i = 0;
  uint8_t last_i = 0;
  uint8_t end_i = 0;    // the operation's last
  uint32_t turn_i = 0;  // whose columns it is for
  LaneOp op_i;
  const uint32_t* acc_i = nullptr;
  const int32_t* bias_i = nullptr;
  const int32_t* multiplier_i = nullptr;
  const uint8_t* shift_i = nullptr;
  // Not a port: multiplier and shift are those of the cycle before, as far as the caller knows.
  bool factors_still_i = false;
  uint8_t empty_o = 0;  // nothing in any stage of the first bank
  uint8_t busy_o = 0;   // rows are under way
  uint8_t end_o = 0;    // the operation's last row is written
  uint8_t we_o = 0;
  uint32_t waddr_o = 0;
  std::vector<uint8_t> wdata_o;  // LANES, with we_o

  // Registers. Bit N of the first three is stage N, entry 0 of the next is next to the lanes.
  uint16_t line_valid_q = 0;
  uint16_t line_last_q = 0;
  uint16_t line_end_q = 0;
  uint32_t row_q = 0;
  BitVector write_q;
  BitVector write_end_q;
  std::vector<uint32_t> write_row_q;
  // With turns only: the position is one of the last turn; a bank's columns of a turn are finished.
  uint16_t line_turn_q = 0;
  BitVector part_q;
  std::vector<LaneTurns> turns;  // of each bank
  // Of each bank its rows on their way, TILE_COLS bytes each, that next to the lanes first.
  std::vector<std::vector<uint8_t>> deskew_q;

  std::vector<Lanes> bank;

  // Outputs, which follow from the registers alone.
  void propagate_state();
  // Hands the inputs on to the banks.
  void propagate();
  void update(bool rst);

 private:
  // The columns of bank j of the row that it has finished: TILE_COLS.
  const uint8_t* finished_row(size_t j);
  void update_turns(bool rst, bool finished);

  uint32_t tile_cols_;
  uint32_t turns_;
  uint32_t row_mask_;
  std::vector<uint8_t> row_;     // TILE_COLS, of finished_row()
  std::vector<uint32_t> moves_;  // cycles until a bank's deskew_q holds the same everywhere
  // Cycles until what comes in has left all banks: then no register changes.
  uint32_t moving_ = 0;
  uint8_t flags_ = 0;  // inside_i, first_i, last_i, end_i of the cycle before
  uint32_t turn_ = 0;  // and its turn_i
};

}  // namespace sparsys::mxu
