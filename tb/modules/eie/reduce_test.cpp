// SPDX-License-Identifier: Apache-2.0
// Sum over the groups (docs/reference/eie-timing.md section 12.6): any words and the extremes, row
// after row and with pauses, resets.
#include <gtest/gtest.h>

#include "Vreduce_2.h"
#include "Vreduce_8.h"
#include "tb/lockstep/eie/signals.hpp"
#include "tb/modules/module_bench.hpp"

namespace sparsys::eie {
namespace {

template <class Rtl>
void run_reduce(uint32_t groups, uint32_t acc_width, uint64_t seed) {
  Config config;
  config.groups = groups;
  config.acc_width = acc_width;
  Dice dice(seed);
  ModuleBench<Rtl, Reduce> b("eie_reduce", config);
  PORT(sum_valid_o);
  PORT_WHEN(sum_row_o, sum_valid_o);
  PORT_WHEN(sum_o, sum_valid_o);
  uint64_t sums = 0, least = 0;
  uint32_t reads = 50, extremes = 0;
  for (int n = 0; n < 20000; ++n) {
    if (n % 64 == 0) {
      reads = 20 + 40 * static_cast<uint32_t>(dice.below(3));
      extremes = 50 * static_cast<uint32_t>(dice.below(3));
    }
    const bool rst = dice.below(200) == 0;
    b.rtl.rst_i = rst;
    DRIVE(wb_read_i, dice.chance(reads));
    DRIVE(wb_row_i, dice.below(64));
    const bool all_least = dice.chance(extremes);
    for (uint32_t g = 0; g < groups; ++g) {
      const uint64_t word =
          (all_least ? uint64_t{1} << (acc_width - 1) : dice.next()) & low_mask(acc_width);
      b.model.words_i[g] = word;
      set_bits(b.rtl.words_i, g * acc_width, acc_width, word);
    }
    if (!b.check()) return;
    sums += b.model.sum_valid_o;
    least += b.model.sum_valid_o && b.model.sum_o == uint64_t{1} << (acc_width - 1 + clog2(groups));
    b.edge(rst);
  }
  EXPECT_GT(sums, 5000U);
  EXPECT_GT(least, 1000U);
}

TEST(Reduce, TwoGroupsOfNarrowAccumulators) {
  for_seeds(3, [](uint64_t seed) { run_reduce<Vreduce_2>(2, 20, seed); });
}
TEST(Reduce, EightGroupsOfWideAccumulators) {
  for_seeds(3, [](uint64_t seed) { run_reduce<Vreduce_8>(8, 48, seed); });
}

}  // namespace
}  // namespace sparsys::eie
