// SPDX-License-Identifier: Apache-2.0
// Arithmetic (docs/reference/eie-timing.md section 7): hazards at every distance, saturation on
// both sides, rows up to and beyond the last.
#include "Varith_4_48.h"
#include "Varith_64_32.h"
#include "Varith_8_20.h"
#include "tb/lockstep/eie/signals.hpp"
#include "tb/modules/module_bench.hpp"

namespace sparsys::eie {
namespace {

struct Seen {
  uint64_t distance1 = 0, distance2 = 0, distance3 = 0;
  uint64_t saturated = 0, row_errors = 0, clear_with_write = 0, write_backs = 0;
};

template <class Rtl>
Seen run_arith(uint32_t act_regs, uint32_t acc_width, uint64_t seed) {
  Config config;
  config.act_regs = act_regs;
  config.acc_width = acc_width;
  Dice dice(seed);
  ModuleBench<Rtl, Arith> b("eie_arith", config);
  PORT_WHEN(wb_acc_o, wb_read_i);
  PORT(saturated_o);
  PORT(row_error_o);
  PORT(busy_o);
  Seen seen;
  uint32_t entries = 50, firsts = 50;
  bool extreme = false, resting = false;
  int last_row = -1, row_before = -1, row_two_before = -1;
  for (uint64_t n = 0; n < 40000; ++n) {
    if (n % 128 == 0) {
      entries = 30 + 35 * static_cast<uint32_t>(dice.below(3));
      // Runs of one sign drive accumulators into their limits.
      firsts = 5 + 30 * static_cast<uint32_t>(dice.below(4));
      extreme = dice.chance(50);
    }
    if (dice.below(40) == 0) resting = !resting;
    const bool rst = dice.below(500) == 0;
    b.rtl.rst_i = rst;
    const bool valid = !resting && dice.chance(entries);
    DRIVE(e_valid_i, valid);
    DRIVE(e_first_i, dice.chance(firsts));
    DRIVE(e_code_i, dice.chance(15) ? 0 : dice.below(16));
    DRIVE(e_skip_i, dice.chance(60) ? dice.below(3) : dice.chance(30) ? 15 : dice.below(16));
    DRIVE(e_act_i, extreme ? 0x8000 - dice.below(2) : dice.word(16));
    DRIVE(cb_we_i, dice.chance(2));
    DRIVE(cb_word_i, dice.below(4));
    uint64_t codes = 0;
    for (int c = 0; c < 4; ++c) {
      codes = codes << 16 | (extreme ? 0x8000 - dice.below(2) : dice.word(16));
    }
    DRIVE(cb_data_i, codes);
    DRIVE(clear_i, dice.below(300) == 0);
    DRIVE(flags_clear_i, dice.below(60) == 0);
    DRIVE(wb_read_i, !valid && !b.model.busy_o && dice.chance(80));
    DRIVE(wb_row_i, dice.below(act_regs));
    if (!b.check()) break;
    const auto& m = b.model;
    const bool writes = m.s1_valid_q && m.s1_write_q;
    const int row = writes ? m.s1_row_q : -1;
    seen.distance1 += writes && row == last_row;
    seen.distance2 += writes && row == row_before;
    seen.distance3 += writes && row == row_two_before;
    row_two_before = row_before;
    row_before = last_row;
    last_row = row;
    seen.saturated += m.saturated_q && !m.flags_clear_i;
    seen.row_errors += m.row_error_q;
    seen.clear_with_write += m.clear_i && m.acc.we_i;
    seen.write_backs += m.wb_read_i && m.wb_acc_o != 0;
    b.edge(rst);
  }
  return seen;
}

template <class Rtl>
void arith_seeds(uint32_t act_regs, uint32_t acc_width, bool saturates) {
  for_seeds(4, [&](uint64_t seed) {
    const Seen seen = run_arith<Rtl>(act_regs, acc_width, seed);
    if (testing::Test::HasFailure()) return;
    EXPECT_GT(seen.distance1, 100U);
    EXPECT_GT(seen.distance2, 100U);
    EXPECT_GT(seen.distance3, 100U);
    EXPECT_GT(seen.row_errors, 100U);
    EXPECT_GT(seen.clear_with_write, 10U);
    EXPECT_GT(seen.write_backs, 100U);
    if (saturates) {
      EXPECT_GT(seen.saturated, 100U);
    }
  });
}

TEST(Arith, SixtyFourAccumulatorsOf32Bits) { arith_seeds<Varith_64_32>(64, 32, true); }
TEST(Arith, EightAccumulatorsOf20Bits) { arith_seeds<Varith_8_20>(8, 20, true); }
TEST(Arith, FourAccumulatorsOf48Bits) { arith_seeds<Varith_4_48>(4, 48, false); }

// 48 bits saturate only after 2^17 of the largest products: one accumulator, nothing else.
TEST(Arith, FortyEightBitsSaturate) {
  Config config;
  config.act_regs = 4;
  config.acc_width = 48;
  for (const uint16_t weight : {0x8000, 0x7FFF}) {
    ModuleBench<Varith_4_48, Arith> b("eie_arith", config);
    b.rtl.rst_i = 0;
    DRIVE(cb_we_i, 1);
    DRIVE(cb_data_i, uint64_t{weight} << 16);
    ASSERT_TRUE(b.check());
    b.edge(false);
    DRIVE(cb_we_i, 0);
    DRIVE(e_valid_i, 1);
    DRIVE(e_first_i, 1);
    DRIVE(e_code_i, 1);
    DRIVE(e_act_i, 0x8000);
    for (int n = 0; n < (1 << 17) + 100; ++n) {
      ASSERT_TRUE(b.check());
      b.edge(false);
    }
    EXPECT_TRUE(b.rtl.saturated_o);
    DRIVE(e_valid_i, 0);
    for (int n = 0; n < 5; ++n) b.edge(false);
    DRIVE(wb_read_i, 1);
    ASSERT_TRUE(b.check());
    EXPECT_EQ(b.rtl.wb_acc_o, weight == 0x8000 ? low_mask(47) : uint64_t{1} << 47);
  }
}

}  // namespace
}  // namespace sparsys::eie
