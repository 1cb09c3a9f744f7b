// SPDX-License-Identifier: Apache-2.0
// Arithmetic of the cycle model (docs/reference/eie-timing.md section 7).
#include "golden/cycle/eie/arith.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "golden/base/random.hpp"

namespace sparsys::eie {
namespace {

class Arith {
 public:
  explicit Arith(uint32_t acc_width = 32, uint32_t act_regs = 64)
      : unit(config(acc_width, act_regs)), width_(acc_width) {
    // Codes 1.. hold 1, -2, 3, -4 ..; 14 and 15 the extremes. Code 0 holds something too, to show
    // that it does not count.
    for (uint32_t word = 0; word < 4; ++word) {
      unit.cb_we_i = 1;
      unit.cb_word_i = static_cast<uint8_t>(word);
      unit.cb_data_i = 0;
      for (uint32_t c = 0; c < 4; ++c) {
        unit.cb_data_i |= uint64_t{static_cast<uint16_t>(weight(4 * word + c))} << (16 * c);
      }
      step();
    }
    unit.cb_we_i = 0;
  }

  static int16_t weight(uint32_t code) {
    if (code == 0) return 1234;
    if (code == 14) return INT16_MIN;
    if (code == 15) return INT16_MAX;
    return static_cast<int16_t>(code % 2 ? code : -static_cast<int>(code));
  }

  void step() {
    unit.propagate();
    unit.update(false);
    unit.e_valid_i = 0;
  }
  void entry(bool first, uint8_t skip, uint8_t code, int16_t act) {
    unit.e_valid_i = 1;
    unit.e_first_i = first;
    unit.e_skip_i = skip;
    unit.e_code_i = code;
    unit.e_act_i = static_cast<uint16_t>(act);
    step();
  }
  void bubbles(int n) {
    for (int i = 0; i < n; ++i) step();
  }
  // The value a write-back would read.
  int64_t acc(uint32_t row) {
    unit.wb_read_i = 1;
    unit.wb_row_i = static_cast<uint8_t>(row);
    unit.propagate();
    unit.wb_read_i = 0;
    const int64_t value = sign_extend(unit.wb_acc_o, width_);
    unit.propagate();
    return value;
  }

  eie::Arith unit;

 private:
  static Config config(uint32_t acc_width, uint32_t act_regs) {
    Config config;
    config.acc_width = acc_width;
    config.act_regs = act_regs;
    return config;
  }
  uint32_t width_;
};

TEST(ArithTest, OneEntryThroughTheStages) {
  Arith a;
  a.entry(true, 5, 3, 100);
  EXPECT_TRUE(a.unit.s1_valid_q);
  EXPECT_TRUE(a.unit.s1_write_q);
  EXPECT_EQ(a.unit.s1_row_q, 5);
  EXPECT_EQ(a.unit.s1_weight_q, 3);
  EXPECT_EQ(a.unit.s1_act_q, 100);
  a.step();
  EXPECT_FALSE(a.unit.s1_valid_q);
  EXPECT_TRUE(a.unit.s2_valid_q);
  EXPECT_EQ(a.unit.s2_product, 300u);
  a.step();
  EXPECT_TRUE(a.unit.s3_valid_q);
  EXPECT_EQ(a.unit.s3_product_q, 300u);
  EXPECT_EQ(a.unit.s3_acc_q, 0u);
  EXPECT_EQ(a.unit.acc_valid_q, 0u);
  a.unit.propagate();
  EXPECT_TRUE(a.unit.busy_o);
  a.step();
  EXPECT_EQ(a.unit.acc_valid_q, uint64_t{1} << 5);
  EXPECT_EQ(a.unit.acc.mem[5], 300u);
  a.unit.propagate();
  EXPECT_FALSE(a.unit.busy_o);
  EXPECT_EQ(a.acc(5), 300);
  EXPECT_EQ(a.acc(4), 0);
}

TEST(ArithTest, WorkedColumnOfThePaper) {
  // [0,0,1,2, 18 zeros, 3] is v = 1 2 0 3, z = 2 0 15 2; with padding in two levels z = 2 0 0 2.
  Arith a;
  a.entry(true, 2, 1, 10);
  a.entry(false, 0, 2, 10);
  a.entry(false, 0, 0, 10);
  a.entry(false, 2, 3, 10);
  a.bubbles(4);
  EXPECT_EQ(a.acc(2), 10);
  EXPECT_EQ(a.acc(3), -20);
  EXPECT_EQ(a.acc(22), 30);
  EXPECT_EQ(a.unit.acc_valid_q, uint64_t{1} << 2 | uint64_t{1} << 3 | uint64_t{1} << 22);
  EXPECT_FALSE(a.unit.row_error_q);
}

TEST(ArithTest, PaddingPassesBlocksOf16Rows) {
  for (const bool first : {true, false}) {
    for (uint8_t skip = 0; skip < 3; ++skip) {
      Arith a;
      if (!first) a.entry(true, 4, 1, 10);
      a.entry(first, skip, 0, 10);
      const uint32_t row = 16 * (skip + 1U) - 1 + (first ? 0 : 5);
      EXPECT_EQ(a.unit.row_q, row);
      EXPECT_FALSE(a.unit.s1_write_q);
      a.entry(false, 2, 3, 10);
      EXPECT_EQ(a.unit.s1_row_q, row + 3);
      a.bubbles(4);
      EXPECT_EQ(a.acc(row + 3), 30);
      EXPECT_EQ(a.unit.acc_valid_q, uint64_t{1} << (row + 3) | uint64_t{!first} << 4);
      EXPECT_FALSE(a.unit.row_error_q);
    }
    // 64 rows are one too many behind row 4.
    Arith a;
    if (!first) a.entry(true, 4, 1, 10);
    a.entry(first, 3, 0, 10);
    EXPECT_EQ(a.unit.row_error_q, !first);
    EXPECT_EQ(a.unit.row_q, first ? 63 : 64);
    a.entry(false, 0, 1, 10);
    EXPECT_TRUE(a.unit.row_error_q);
    EXPECT_FALSE(a.unit.s1_write_q);
  }
}

// Two additions to one row, `distance` cycles apart.
class ArithHazard : public testing::TestWithParam<int> {};

TEST_P(ArithHazard, SecondAdditionSeesTheFirst) {
  Arith a;
  a.entry(true, 7, 1, 1000);
  for (int i = 1; i < GetParam(); ++i) a.entry(true, 1, 3, 1);  // another row in between
  a.entry(true, 7, 2, 30);
  a.bubbles(4);
  EXPECT_EQ(a.acc(7), 1000 - 60);
  EXPECT_EQ(a.acc(1), 3 * (GetParam() - 1));
}

TEST_P(ArithHazard, SecondAdditionSeesTheFirstOverBubbles) {
  Arith a;
  a.entry(true, 7, 1, 1000);
  a.bubbles(GetParam() - 1);
  a.entry(true, 7, 2, 30);
  a.bubbles(4);
  EXPECT_EQ(a.acc(7), 1000 - 60);
}

TEST_P(ArithHazard, EntryOfCodeZeroForwardsNothing) {
  Arith a;
  a.entry(true, 15, 1, 1000);
  for (int i = 1; i < GetParam(); ++i) a.entry(true, 0, 0, 5);  // padding on the same row
  a.entry(true, 15, 2, 30);
  a.entry(true, 0, 0, 5);
  a.bubbles(4);
  EXPECT_EQ(a.acc(15), 1000 - 60);
}

INSTANTIATE_TEST_SUITE_P(Distances, ArithHazard, testing::Values(1, 2, 3, 4, 5));

TEST(ArithTest, LongRunOnOneRow) {
  Arith a;
  int64_t expected = 0;
  for (int i = 0; i < 100; ++i) {
    a.entry(true, 9, static_cast<uint8_t>(1 + i % 13), static_cast<int16_t>(i - 40));
    expected += int64_t{Arith::weight(1 + static_cast<uint32_t>(i) % 13)} * (i - 40);
  }
  a.bubbles(4);
  EXPECT_EQ(a.acc(9), expected);
}

TEST(ArithTest, ClearMakesAccumulatorsZero) {
  Arith a;
  a.entry(true, 9, 1, 5);
  a.bubbles(4);
  a.unit.clear_i = 1;
  a.step();
  a.unit.clear_i = 0;
  EXPECT_EQ(a.unit.acc_valid_q, 0u);
  EXPECT_EQ(a.acc(9), 0);
  EXPECT_EQ(a.unit.acc.mem[9], 5u);  // only the valid bit went
  a.entry(true, 9, 1, 6);
  a.bubbles(4);
  EXPECT_EQ(a.acc(9), 6);
}

class ArithWidth : public testing::TestWithParam<uint32_t> {};

TEST_P(ArithWidth, SaturatesAtBothEnds) {
  const uint32_t width = GetParam();
  const int64_t largest = (int64_t{1} << (width - 1)) - 1;
  Arith a(width);
  // Far from it first: exact sums, no flag.
  a.entry(true, 3, 1, 2);
  a.bubbles(4);
  EXPECT_FALSE(a.unit.saturated_q);
  // Up to one below the largest value, then exactly onto it, then over.
  a.unit.acc.mem[3] = static_cast<uint64_t>(largest - 3);
  a.entry(true, 3, 3, 1);
  a.bubbles(4);
  EXPECT_EQ(a.acc(3), largest);
  EXPECT_FALSE(a.unit.saturated_q);
  a.entry(true, 3, 1, 1);
  a.bubbles(2);
  EXPECT_FALSE(a.unit.saturated_q);
  a.step();  // stage 4's sum saturates in this cycle
  EXPECT_TRUE(a.unit.saturated_q);
  a.bubbles(4);
  EXPECT_EQ(a.acc(3), largest);
  a.unit.flags_clear_i = 1;
  a.step();
  a.unit.flags_clear_i = 0;
  EXPECT_FALSE(a.unit.saturated_q);
  // Back from the largest value.
  a.entry(true, 3, 2, 1);
  a.bubbles(4);
  EXPECT_EQ(a.acc(3), largest - 2);
  EXPECT_FALSE(a.unit.saturated_q);
  // And the same at the smallest value.
  a.unit.acc.mem[3] = static_cast<uint64_t>(-largest + 1) & low_mask(width);
  a.entry(true, 3, 2, 1);
  a.bubbles(4);
  EXPECT_EQ(a.acc(3), -largest - 1);
  EXPECT_FALSE(a.unit.saturated_q);
  a.entry(true, 3, 2, 1);
  a.bubbles(4);
  EXPECT_EQ(a.acc(3), -largest - 1);
  EXPECT_TRUE(a.unit.saturated_q);
}

TEST_P(ArithWidth, LargestProducts) {
  const uint32_t width = GetParam();
  const int64_t largest = (int64_t{1} << (width - 1)) - 1;
  Arith a(width);
  int64_t expected = 0;
  for (int i = 0; i < 5; ++i) {
    a.entry(true, 0, 14, INT16_MIN);  // 2^30 each
    expected = std::min(expected + (int64_t{1} << 30), largest);
  }
  a.bubbles(4);
  EXPECT_EQ(a.acc(0), expected);
  EXPECT_EQ(a.unit.saturated_q, 5 * (int64_t{1} << 30) > largest);
}

INSTANTIATE_TEST_SUITE_P(Widths, ArithWidth, testing::Values(20, 32, 48));

TEST(ArithTest, CodeZeroSaturatesNothing) {
  Arith a(20);
  a.entry(true, 15, 1, 1);
  a.bubbles(4);
  a.unit.acc.mem[15] = low_mask(19);
  a.entry(true, 0, 0, INT16_MAX);
  a.bubbles(4);
  EXPECT_FALSE(a.unit.saturated_q);
  EXPECT_EQ(a.acc(15), static_cast<int64_t>(low_mask(19)));
}

class ArithRows : public testing::TestWithParam<uint32_t> {};

TEST_P(ArithRows, RowBeyondTheLastIsFlaggedAndWritesNothing) {
  const uint32_t rows = GetParam();
  Arith a(32, rows);
  // To the last row in steps of at most 16.
  uint32_t row = std::min(rows - 1, 15u);
  a.entry(true, static_cast<uint8_t>(row), 1, 1);
  while (row < rows - 1) {
    const uint32_t step = std::min(rows - 1 - row, 16u);
    a.entry(false, static_cast<uint8_t>(step - 1), 1, 1);
    row += step;
  }
  EXPECT_EQ(a.unit.row_q, rows - 1);
  EXPECT_FALSE(a.unit.row_error_q);
  a.bubbles(4);
  EXPECT_EQ(a.acc(rows - 1), 1);
  const uint64_t valid = a.unit.acc_valid_q;

  a.entry(false, 0, 1, 50);
  EXPECT_TRUE(a.unit.row_error_q);
  EXPECT_EQ(a.unit.row_q, rows);
  EXPECT_FALSE(a.unit.s1_write_q);
  a.entry(false, 15, 1, 50);  // stays there, whatever is skipped
  EXPECT_EQ(a.unit.row_q, rows);
  a.bubbles(4);
  EXPECT_EQ(a.unit.acc_valid_q, valid);
  a.entry(true, 0, 1, 3);  // the next column starts anew
  EXPECT_EQ(a.unit.row_q, 0);
  EXPECT_TRUE(a.unit.row_error_q);  // sticky
  a.unit.flags_clear_i = 1;
  a.step();
  EXPECT_FALSE(a.unit.row_error_q);
}

// The sum of an entry that writes nothing is not forwarded, though its row's low bits match.
TEST_P(ArithRows, EntryBeyondTheLastRowForwardsNothing) {
  Arith a(32, GetParam());
  for (uint32_t row = 0; row < GetParam(); row += 16) a.entry(row == 0, 0, 0, 1);
  a.entry(false, 15, 1, 50);
  EXPECT_EQ(a.unit.row_q, GetParam());
  EXPECT_EQ(a.unit.s1_row_q, 0);
  a.entry(true, 0, 1, 3);
  a.bubbles(4);
  EXPECT_EQ(a.acc(0), 3);
}

INSTANTIATE_TEST_SUITE_P(Rows, ArithRows, testing::Values(4, 8, 16, 32, 64));

TEST(ArithTest, RandomEntriesAgainstPlainSums) {
  for (uint32_t width : {20u, 32u, 48u}) {
    Random random(width);
    Arith a(width, 16);
    const int64_t largest = (int64_t{1} << (width - 1)) - 1;
    std::vector<int64_t> expected(16);
    bool saturated = false;
    uint32_t row = 0;
    for (int i = 0; i < 20000; ++i) {
      if (random.below(8) == 0) {
        a.step();
        continue;
      }
      const bool first = i == 0 || row == 15 || random.below(3) == 0;
      const uint32_t code = static_cast<uint32_t>(random.below(16));
      // Of padding, the one that goes to the last row.
      const uint32_t skip =
          code == 0 ? 0 : static_cast<uint32_t>(random.below(first ? 4 : 15 - row));
      if (code == 0 && !first) continue;
      const int16_t act = static_cast<int16_t>(random.next() >> random.below(14));
      row = code == 0 ? 15 : first ? skip : row + 1 + skip;
      a.entry(first, static_cast<uint8_t>(skip), static_cast<uint8_t>(code), act);
      if (code == 0) continue;
      const int64_t sum = expected[row] + int64_t{Arith::weight(code)} * act;
      expected[row] = std::clamp(sum, -largest - 1, largest);
      saturated |= expected[row] != sum;
    }
    a.bubbles(4);
    for (uint32_t r = 0; r < 16; ++r) EXPECT_EQ(a.acc(r), expected[r]) << width << " row " << r;
    EXPECT_EQ(a.unit.saturated_q, saturated);
  }
}

}  // namespace
}  // namespace sparsys::eie
