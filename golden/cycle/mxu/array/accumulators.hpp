// SPDX-License-Identifier: Apache-2.0
// Accumulators below the array: sums are brought side by side and overwrite an accumulator row or
// are added to it, bank after bank of columns (docs/reference/mxu-timing.md section 8).
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "golden/cycle/common/ram_1r1w.hpp"
#include "golden/cycle/mxu/array/skew.hpp"
#include "golden/cycle/mxu/widths.hpp"
#include "golden/engine/mxu/config.hpp"

namespace sparsys::mxu {

class AccBank {
 public:
  explicit AccBank(const Config& config);

  // Ports.
  uint8_t valid_i = 0;
  uint8_t add_i = 0;
  uint8_t act_re_i = 0;
  uint16_t addr_i = 0;
  uint16_t act_addr_i = 0;
  const int32_t* sum_i = nullptr;  // TILE_COLS
  const uint32_t* act_data_o() const { return half[act_half_q].rdata_o(); }

  // Registers. Sums have SUM_W bits in the RTL.
  uint8_t s1_valid_q = 0;
  uint8_t s1_add_q = 0;
  uint16_t s1_addr_q = 0;
  std::vector<int32_t> s1_sum_q;
  uint8_t s2_valid_q = 0;
  uint8_t s2_again_q = 0;  // the row in front is the same
  uint16_t s2_addr_q = 0;
  std::vector<int32_t> s2_sum_q;
  std::vector<uint32_t> s2_old_q;
  uint8_t s3_valid_q = 0;
  uint16_t s3_addr_q = 0;
  std::vector<uint32_t> s3_data_q;
  // The activation unit's read.
  uint8_t act_re_q = 0;
  uint8_t act_half_q = 0;  // which half act_data_o shows
  uint16_t act_addr_q = 0;

  Skew<int32_t, false> deskew;
  std::array<Ram1r1w<uint32_t>, 2> half;

  void propagate();
  void update(bool rst);

 private:
  uint32_t half_of(uint32_t address) const { return address / half_depth_; }
  uint32_t row_of(uint32_t address) const { return address % half_depth_; }
  void add_row();
  void load_old();

  uint32_t cols_;
  uint32_t half_depth_;
  const int32_t* row_ = nullptr;  // the sums side by side
  // With the same sums for longer than the deskew is, it stands still.
  std::vector<int32_t> last_sum_;
  uint32_t still_ = 0;
};

class Accumulators {
 public:
  explicit Accumulators(const Config& config);

  // Ports.
  uint8_t row_valid_i = 0;
  uint8_t row_add_i = 0;
  uint8_t row_last_i = 0;
  uint8_t act_re_i = 0;
  uint16_t row_addr_i = 0;
  uint16_t act_addr_i = 0;
  const int32_t* sum_i = nullptr;    // COLS
  std::vector<uint32_t> act_data_o;  // COLS
  uint8_t matrix_done_o = 0;
  uint8_t busy_o = 0;

  // Registers. Stage n of the delay lines is element n.
  BitVector line_valid_q;
  BitVector line_add_q;
  BitVector line_last_q;
  std::vector<uint16_t> line_addr_q;
  uint8_t s1_last_q = 0;
  uint8_t s2_last_q = 0;
  uint8_t done_q = 0;

  std::vector<AccBank> bank;

  // matrix_done_o, busy_o, act_data_o: from the registers alone.
  void propagate_state();
  void propagate();
  void update(bool rst);

 private:
  uint32_t stage(size_t j) const {  // of the delay lines, before bank j
    return config_.rows + config_.tile_cols * (static_cast<uint32_t>(j) + 1) - 1;
  }

  Config config_;
};

}  // namespace sparsys::mxu
