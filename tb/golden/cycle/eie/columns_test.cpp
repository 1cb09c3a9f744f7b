// SPDX-License-Identifier: Apache-2.0
// Columns of a pass in the cycle model (docs/reference/eie-timing.md section 3.7).
#include "golden/cycle/eie/control/columns.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace sparsys::eie {
namespace {

constexpr uint16_t kConstants[] = {2, 3, 4, 5, 6, 0x8007};

// A pass with these constants, whose first input's pointer is 6, in the first cycle of RUN.
struct Bench {
  Bench(uint32_t groups, uint8_t bias_columns) : unit(config(groups)) {
    unit.bias_i = 3;
    unit.bias_columns_i = bias_columns;
    unit.ptr_base_i = 6;
    unit.launch_i = 1;
    cycle();
    unit.launch_i = 0;
    unit.run_i = 1;
  }
  static Config config(uint32_t groups) {
    Config config;
    config.groups = groups;
    config.ptr_depth = 32;
    return config;
  }
  // A cycle and its edge, the codebook RAM's too; returns which broadcasts took a column.
  uint32_t cycle() {
    unit.propagate();
    unit.update(false);
    if (unit.read_o) unit.word_i = unit.word_o ? 0x80070006 : 0x0005000400030002;
    return unit.taken_o;
  }

  Columns unit;
};

void expect_broadcast(const Broadcast& b, uint16_t act, uint32_t pointer) {
  EXPECT_TRUE(b.b_valid_q);
  EXPECT_EQ(b.b_act_q, act);
  EXPECT_EQ(b.b_odd_first_q, pointer % 2);
  EXPECT_EQ(b.b_odd_q, pointer / 2);
  EXPECT_EQ(b.b_even_q, (pointer + 1) / 2);
}

TEST(Columns, OfOneGroupComeOneByOneInFrontOfTheTrees) {
  Bench b(1, 6);
  b.unit.root_valid_i = 1;
  b.unit.root_col_i[0] = 2;
  b.unit.root_act_i[0] = 0x77;
  for (uint32_t k = 0; k < 6; ++k) {
    if (k == 4) {  // whose word was read in the cycle before
      b.unit.hold_i = 1;
      EXPECT_EQ(b.cycle(), 0U);
      expect_broadcast(b.unit.broadcast[0], kConstants[3], 3);
      b.unit.hold_i = 0;
    }
    EXPECT_EQ(b.cycle(), 1U);
    EXPECT_FALSE(b.unit.root_pop_o);
    expect_broadcast(b.unit.broadcast[0], kConstants[k], k);
  }
  EXPECT_EQ(b.cycle(), 1U);
  EXPECT_TRUE(b.unit.root_pop_o);
  expect_broadcast(b.unit.broadcast[0], 0x77, 8);
}

// Groups 0 to 3 take a constant each, then 0 and 1; none if any group is held.
TEST(Columns, OfEightGroupsAreDealtToFour) {
  Bench b(8, 2);
  b.unit.root_valid_i = 0xFF;
  b.unit.hold_i = 0x80;
  EXPECT_EQ(b.cycle(), 0U);
  b.unit.hold_i = 0;
  EXPECT_EQ(b.cycle(), 0x0FU);
  for (uint32_t g = 0; g < 4; ++g) expect_broadcast(b.unit.broadcast[g], kConstants[g], 4);
  EXPECT_EQ(b.cycle(), 0x03U);
  for (uint32_t g = 0; g < 2; ++g) expect_broadcast(b.unit.broadcast[g], kConstants[4 + g], 5);
  for (uint32_t g = 2; g < 8; ++g) EXPECT_FALSE(b.unit.broadcast[g].b_valid_q);
  EXPECT_FALSE(b.unit.root_pop_o);
  EXPECT_EQ(b.cycle(), 0xFFU);
  EXPECT_EQ(b.unit.root_pop_o, 0xFF);
}

TEST(Columns, ANewPassStartsWithItsFirst) {
  Bench b(2, 3);
  EXPECT_EQ(b.cycle(), 3U);
  b.unit.run_i = 0;
  EXPECT_EQ(b.cycle(), 0U);
  b.unit.launch_i = 1;
  EXPECT_EQ(b.cycle(), 0U);
  b.unit.launch_i = 0;
  b.unit.run_i = 1;
  for (uint32_t k = 0; k < 3; ++k) {
    EXPECT_EQ(b.cycle(), 3U);
    expect_broadcast(b.unit.broadcast[0], kConstants[2 * k], 3 + k);
    expect_broadcast(b.unit.broadcast[1], kConstants[2 * k + 1], 3 + k);
  }
  b.unit.propagate();
  EXPECT_FALSE(b.unit.pending_o);
}

}  // namespace
}  // namespace sparsys::eie
