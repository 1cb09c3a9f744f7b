// SPDX-License-Identifier: Apache-2.0
// The matrix unit's memories and what stands between them and the array: unified buffer,
// parameters, set-up, accumulator bank and accumulators, RTL against the cycle model
// (docs/reference/mxu-timing.md sections 3, 5, 8 and 9).
#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "Vmxu_acc_bank.h"
#include "Vmxu_accumulators.h"
#include "Vmxu_params.h"
#include "Vmxu_setup.h"
#include "Vmxu_unified_buffer.h"
#include "tb/modules/mxu/mxu_module.hpp"

namespace sparsys::mxu {
namespace {

constexpr uint64_t kSeeds = 3;
constexpr uint64_t kCycles = 4000;

struct ClockedBuffer : UnifiedBuffer {
  using UnifiedBuffer::UnifiedBuffer;
  void update(bool /*rst*/) { UnifiedBuffer::update(); }
};
// The accumulators' models read the sums through pointers that must always lead somewhere.
struct ClockedAccBank : AccBank {
  explicit ClockedAccBank(const Config& c) : AccBank(c), sums(c.tile_cols) { sum_i = sums.data(); }
  std::vector<int32_t> sums;
};
struct ClockedAccumulators : Accumulators {
  explicit ClockedAccumulators(const Config& c) : Accumulators(c), sums(c.cols) {
    sum_i = sums.data();
  }
  void propagate() {
    propagate_state();
    Accumulators::propagate();
  }
  std::vector<int32_t> sums;
};
struct ClockedSetup : Setup {
  explicit ClockedSetup(const Config& c) : Setup(c), data(c.lanes()) { data_i = data.data(); }
  std::vector<uint8_t> data;
};
TEST(MxuUnifiedBuffer, RandomAccesses) {
  for_seeds(kSeeds, [](uint64_t seed) {
    Dice dice(seed);
    const Config c = module_config();
    ModuleBench<Vmxu_unified_buffer, ClockedBuffer> b("mxu_unified_buffer", c);
    PORT(h_rgrant_o);
    PORT(h_wgrant_o);
    for (uint64_t n = 0; n < kCycles; ++n) {
      DRIVE(m_re_i, dice.chance(40));
      DRIVE(h_re_i, dice.chance(50));
      DRIVE(a_we_i, dice.chance(40));
      DRIVE(h_we_i, dice.chance(50));
      DRIVE(m_raddr_i, dice.below(c.ub_depth));
      DRIVE(h_raddr_i, dice.below(c.ub_depth));
      DRIVE(a_waddr_i, dice.chance(30) ? b.model.m_raddr_i : dice.below(c.ub_depth));
      DRIVE(h_waddr_i, dice.chance(30) ? b.model.h_raddr_i : dice.below(c.ub_depth));
      const std::vector<uint8_t> a = random_bytes(dice, c.lanes());
      const std::vector<uint8_t> h = random_bytes(dice, c.lanes());
      b.model.a_wdata_i = a.data();
      b.model.h_wdata_i = h.data();
      set_words(b.rtl.a_wdata_i, a, 8);
      set_words(b.rtl.h_wdata_i, h, 8);
      if (!b.check()) return;
      b.edge(false);
      ASSERT_EQ(get_words(b.rtl.rdata_o, c.lanes(), 8), masked(b.model.rdata_o(), c.lanes(), 8));
    }
  });
}

TEST(MxuParams, RandomAccesses) {
  for_seeds(kSeeds, [](uint64_t seed) {
    Dice dice(seed);
    const Config c = module_config();
    ModuleBench<Vmxu_params, Params> b("mxu_params", c);
    for (uint64_t n = 0; n < kCycles; ++n) {
      const bool rst = dice.below(200) == 0;
      b.rtl.rst_i = rst;
      DRIVE(p_we_i, dice.chance(70));
      DRIVE(p_plane_i, dice.below(9));
      DRIVE(p_set_i, dice.below(c.param_sets));
      DRIVE(re_i, dice.chance(30));
      DRIVE(set_i, dice.chance(30) ? b.model.p_set_i : dice.below(c.param_sets));
      const std::vector<uint8_t> row = random_bytes(dice, c.lanes());
      b.model.p_data_i = row.data();
      set_words(b.rtl.p_data_i, row, 8);
      if (!b.check()) return;
      b.edge(rst);
      const Params& m = b.model;
      ASSERT_EQ(get_words(b.rtl.bias_o, c.cols, 32), masked(m.bias_o.data(), c.cols, 32));
      ASSERT_EQ(get_words(b.rtl.multiplier_o, c.cols, 32),
                masked(m.multiplier_o.data(), c.cols, 32));
      ASSERT_EQ(get_words(b.rtl.shift_o, c.cols, 6), masked(m.shift_o.data(), c.cols, 6));
    }
  });
}

TEST(MxuSetup, RandomRows) {
  for_seeds(kSeeds, [](uint64_t seed) {
    Dice dice(seed);
    const Config c = module_config();
    ModuleBench<Vmxu_setup, ClockedSetup> b("mxu_setup", c);
    for (uint64_t n = 0; n < kCycles; ++n) {
      const bool rst = dice.below(200) == 0;
      b.rtl.rst_i = rst;
      DRIVE(pad_i, dice.chance(30));
      DRIVE(pad_value_i, dice.word(8));
      b.model.data = random_bytes(dice, c.lanes());
      b.model.data_i = b.model.data.data();
      set_words(b.rtl.data_i, b.model.data, 8);
      if (!b.check()) return;  // a_o is in the list
      b.edge(rst);
    }
  });
}

// A row that the bank adds to or overwrites, at distances 1 to 3 from the one before.
TEST(MxuAccBank, ForwardsAndReads) {
  for_seeds(kSeeds, [](uint64_t seed) {
    Dice dice(seed);
    const Config c = module_config();
    const uint32_t sum_w = sum_width(c.rows - 1);
    ModuleBench<Vmxu_acc_bank, ClockedAccBank> b("mxu_acc_bank", c);
    uint64_t half = 0;
    for (uint64_t n = 0; n < kCycles; ++n) {
      const bool rst = dice.below(300) == 0;
      b.rtl.rst_i = rst;
      DRIVE(valid_i, dice.chance(80));
      DRIVE(add_i, dice.chance(70));
      DRIVE(addr_i, half * (c.acc_depth / 2) + dice.below(4));
      // The activation unit reads a cycle later, the half that is not at work then (section 9).
      half = dice.below(2);
      DRIVE(act_re_i, dice.chance(40));
      DRIVE(act_addr_i, (1 - half) * (c.acc_depth / 2) + dice.below(4));
      for (int32_t& sum : b.model.sums) {
        sum = static_cast<int32_t>(sign_extend(dice.word(sum_w), sum_w));
      }
      b.model.sum_i = b.model.sums.data();
      set_words(b.rtl.sum_i, b.model.sums, sum_w);
      if (!b.check()) return;
      ASSERT_EQ(b.rtl.s1_valid_o, b.model.s1_valid_q);
      ASSERT_EQ(b.rtl.s2_valid_o, b.model.s2_valid_q);
      ASSERT_EQ(b.rtl.act_re_o, b.model.act_re_q);
      ASSERT_EQ(b.rtl.act_addr_o, b.model.act_addr_q);
      ASSERT_EQ(get_words(b.rtl.act_data_o, c.tile_cols, 32),
                masked(b.model.act_data_o(), c.tile_cols, 32));
      b.edge(rst);
    }
  });
}

TEST(MxuAccumulators, RowsThroughAllBanks) {
  uint64_t rows_done = 0;
  for_seeds(kSeeds, [&](uint64_t seed) {
    Dice dice(seed);
    const Config c = module_config();
    const uint32_t sum_w = sum_width(c.rows - 1);
    ModuleBench<Vmxu_accumulators, ClockedAccumulators> b("mxu_accumulators", c);
    PORT(matrix_done_o);
    PORT(busy_o);
    for (uint64_t n = 0; n < kCycles; ++n) {
      const bool rst = dice.below(300) == 0;
      b.rtl.rst_i = rst;
      // Rows of one half for a while, reads of the other.
      const uint32_t half = n / 64 % 2;
      const bool quiet = n % 64 >= 40;  // what is under way must be over before the halves change
      DRIVE(row_valid_i, !quiet && dice.chance(70));
      DRIVE(row_add_i, dice.chance(60));
      DRIVE(row_last_i, dice.chance(20));
      DRIVE(row_addr_i, half * (c.acc_depth / 2) + dice.below(4));
      DRIVE(act_re_i, !quiet && dice.chance(40));
      DRIVE(act_addr_i, (1 - half) * (c.acc_depth / 2) + dice.below(4));
      for (int32_t& sum : b.model.sums) {
        sum = static_cast<int32_t>(sign_extend(dice.word(sum_w), sum_w));
      }
      b.model.sum_i = b.model.sums.data();
      set_words(b.rtl.sum_i, b.model.sums, sum_w);
      if (!b.check()) return;  // act_data_o is in the list
      rows_done += b.model.matrix_done_o;
      b.edge(rst);
    }
  });
  EXPECT_GT(rows_done, 100U);
}

}  // namespace
}  // namespace sparsys::mxu
