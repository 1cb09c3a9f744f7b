// SPDX-License-Identifier: Apache-2.0
// Sparse-matrix read of the cycle model (docs/reference/eie-timing.md section 6).
#include "golden/cycle/eie/spmat_read.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <vector>

#include "golden/base/random.hpp"

namespace sparsys::eie {
namespace {

struct Column {
  uint16_t start;
  uint16_t end;
  uint16_t act;
};

struct Entry {
  uint8_t code;
  uint8_t skip;
  bool first;
  uint16_t act;
  bool operator==(const Entry& o) const {
    return code == o.code && skip == o.skip && first == o.first && act == o.act;
  }
};

class SpmatRead : public testing::Test {
 protected:
  SpmatRead() : unit(config()) {
    Random random(1);
    for (uint64_t& word : unit.entry_ram.mem) word = random.next();
  }
  static Config config() {
    Config config;
    config.entry_depth = 256;  // 32 rows
    return config;
  }

  // Entry p of the pass whose first row is `base`.
  Entry entry(uint32_t base, uint32_t p, bool first, uint16_t act) const {
    const uint64_t word = unit.entry_ram.mem[(base + p / 8) % 32];
    const uint8_t byte = static_cast<uint8_t>(word >> (8 * (p % 8)));
    return {static_cast<uint8_t>(byte & 15), static_cast<uint8_t>(byte >> 4), first, act};
  }

  // One cycle with the queue as given; records the entry that leaves.
  void step() {
    unit.head_empty_i = queue.empty();
    if (!queue.empty()) {
      unit.head_start_i = queue.front().start;
      unit.head_end_i = queue.front().end;
      unit.head_act_i = queue.front().act;
    }
    unit.propagate();
    valid.push_back(unit.e_valid_o);
    reads.push_back(unit.entry_ram.en_i);
    if (unit.e_valid_o) {
      got.push_back({unit.e_code_o, unit.e_skip_o, unit.e_first_o != 0, unit.e_act_o});
    }
    if (unit.pop_o) {
      ASSERT_FALSE(queue.empty());
      queue.pop_front();
      popped_at.push_back(static_cast<uint32_t>(valid.size()) - 1);
    }
    unit.update(false);
  }

  eie::SpmatRead unit;
  std::deque<Column> queue;
  std::vector<bool> valid, reads;
  std::vector<uint32_t> popped_at;
  std::vector<Entry> got;
};

TEST_F(SpmatRead, OneEntryTakesTwoCyclesToLeave) {
  queue = {{3, 4, 77}};
  for (int i = 0; i < 5; ++i) step();
  // Fetched in cycle 0, in decode in 1, at the output in 2.
  EXPECT_EQ(valid, (std::vector<bool>{false, false, true, false, false}));
  EXPECT_EQ(reads, (std::vector<bool>{true, false, false, false, false}));
  EXPECT_EQ(popped_at, (std::vector<uint32_t>{0}));
  EXPECT_EQ(got, (std::vector<Entry>{entry(0, 3, true, 77)}));
  EXPECT_FALSE(unit.busy_o);
}

TEST_F(SpmatRead, ColumnOverThreeRows) {
  // Entries 6..17: 2 of row 0, 8 of row 1, 2 of row 2.
  queue = {{6, 18, 9}};
  unit.entry_base_i = 5;
  for (int i = 0; i < 16; ++i) step();
  ASSERT_EQ(got.size(), 12u);
  for (uint16_t p = 6; p < 18; ++p) {
    EXPECT_EQ(got[p - 6u], entry(5, p, p == 6, 9)) << p;
  }
  // No bubble: entries at the output in cycles 2 to 13.
  for (uint32_t t = 0; t < 16; ++t) EXPECT_EQ(valid[t], t >= 2 && t < 14) << t;
  // Rows are fetched when the decoder is at its last entry: cycles 0, 2 and 10.
  for (uint32_t t = 0; t < 16; ++t) EXPECT_EQ(reads[t], t == 0 || t == 2 || t == 10) << t;
  EXPECT_EQ(popped_at, (std::vector<uint32_t>{10}));
}

TEST_F(SpmatRead, ColumnThatEndsWithTheRow) {
  queue = {{0, 8, 1}, {8, 9, 2}};
  for (int i = 0; i < 13; ++i) step();
  EXPECT_EQ(popped_at, (std::vector<uint32_t>{0, 8}));
  ASSERT_EQ(got.size(), 9u);
  EXPECT_EQ(got[7], entry(0, 7, false, 1));
  EXPECT_EQ(got[8], entry(0, 8, true, 2));
  for (uint32_t t = 0; t < 13; ++t) EXPECT_EQ(valid[t], t >= 2 && t < 11) << t;
}

TEST_F(SpmatRead, ColumnsOfOneEntryLeaveOneACycle) {
  for (uint16_t c = 0; c < 10; ++c) {
    queue.push_back({c, static_cast<uint16_t>(c + 1), static_cast<uint16_t>(100 + c)});
  }
  for (int i = 0; i < 13; ++i) step();
  ASSERT_EQ(got.size(), 10u);
  for (uint16_t c = 0; c < 10; ++c) {
    EXPECT_EQ(got[c], entry(0, c, true, static_cast<uint16_t>(100 + c)));
    EXPECT_EQ(popped_at[c], c);
  }
  for (uint32_t t = 0; t < 13; ++t) EXPECT_EQ(valid[t], t >= 2 && t < 12) << t;
}

// The column's second row is the first behind the memory: reported with its fetch, and read where
// the number wraps to.
TEST_F(SpmatRead, RowsBehindTheMemorysEndAreAnError) {
  queue = {{4, 12, 3}};
  unit.entry_base_i = 31;
  std::vector<bool> error;
  for (int i = 0; i < 12; ++i) {
    step();
    error.push_back(unit.range_error_o);
  }
  ASSERT_EQ(got.size(), 8u);
  for (uint16_t p = 4; p < 12; ++p) EXPECT_EQ(got[p - 4u], entry(31, p, p == 4, 3));
  // Rows are fetched in cycles 0 and 4.
  for (uint32_t t = 0; t < 12; ++t) EXPECT_EQ(error[t], t > 4) << t;
  unit.flags_clear_i = 1;
  step();
  unit.flags_clear_i = 0;
  step();
  EXPECT_FALSE(unit.range_error_o);
}

// The last entry of the last row is none.
TEST_F(SpmatRead, TheLastRowIsNoError) {
  queue = {{0, 8, 3}};
  unit.entry_base_i = 31;
  for (int i = 0; i < 12; ++i) step();
  EXPECT_EQ(got.size(), 8u);
  EXPECT_FALSE(unit.range_error_o);
}

TEST_F(SpmatRead, LoadAndReadBack) {
  unit.head_empty_i = 1;
  unit.io_en_i = unit.io_write_i = 1;
  unit.io_addr_i = 17;
  unit.io_wdata_i = 0x0123456789ABCDEF;
  unit.propagate();
  unit.update(false);
  unit.io_write_i = 0;
  unit.propagate();
  unit.update(false);
  unit.io_en_i = 0;
  unit.propagate();
  EXPECT_EQ(unit.io_rdata_o, 0x0123456789ABCDEFu);
  EXPECT_FALSE(unit.busy_o);
}

// Work in the queue means an entry every cycle, whatever the columns' lengths and alignment.
TEST_F(SpmatRead, NeverABubbleWhileTheQueueHasWork) {
  Random random(7);
  uint32_t expected = 0;
  bool work_before = false, work_two_before = false;
  uint16_t start = 0;
  for (int cycle = 0; cycle < 5000; ++cycle) {
    if (queue.size() < 8 && random.below(3) == 0) {
      const uint16_t length = static_cast<uint16_t>(1 + random.below(random.below(4) ? 4 : 30));
      queue.push_back(
          {start, static_cast<uint16_t>(start + length), static_cast<uint16_t>(random.next())});
      start = static_cast<uint16_t>(random.below(200));
      expected += length;
    }
    const bool work = !queue.empty();
    step();
    EXPECT_GE(valid.back(), work_two_before) << "cycle " << cycle;
    work_two_before = work_before;
    work_before = work;
  }
  while (!queue.empty() || unit.d_valid_q || unit.e_valid_q) step();
  EXPECT_EQ(got.size(), expected);
}

}  // namespace
}  // namespace sparsys::eie
