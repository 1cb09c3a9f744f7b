// SPDX-License-Identifier: Apache-2.0
// The common blocks of the cycle model against hand-worked cases of docs/reference/eie-timing.md
// section 1.
#include <gtest/gtest.h>

#include <cstdint>
#include <deque>

#include "golden/cycle/common/fifo.hpp"
#include "golden/cycle/common/ram_1rw.hpp"
#include "golden/cycle/common/regfile_1r1w.hpp"

namespace sparsys {
namespace {

void step(Fifo<uint64_t>& f, bool push, uint64_t data, bool pop) {
  f.push_i = push;
  f.data_i = data;
  f.pop_i = pop;
  f.propagate();
  f.update(false);
  f.propagate();
}

class FifoDepth : public testing::TestWithParam<uint32_t> {};

TEST_P(FifoDepth, FillsDrainsAndWraps) {
  const uint32_t depth = GetParam();
  Fifo<uint64_t> f(depth);
  f.propagate();
  EXPECT_TRUE(f.empty_o);
  EXPECT_FALSE(f.full_o);
  uint64_t written = 100, expected = 100;
  for (int round = 0; round < 3; ++round) {
    for (uint32_t i = 0; i < depth; ++i) {
      EXPECT_FALSE(f.full_o);
      step(f, true, written++, false);
      EXPECT_EQ(f.count_q, i + 1);
      EXPECT_EQ(f.head_o, expected);
    }
    EXPECT_TRUE(f.full_o);
    step(f, true, 999, false);  // ignored
    EXPECT_EQ(f.count_q, depth);
    for (uint32_t i = 0; i < depth; ++i) {
      EXPECT_EQ(f.head_o, expected);
      step(f, false, 0, true);
      ++expected;
    }
    EXPECT_TRUE(f.empty_o);
    step(f, false, 0, true);  // ignored
    EXPECT_EQ(f.count_q, 0);
    // One word through an otherwise empty FIFO moves both places on, so that rounds differ.
    step(f, true, written++, false);
    step(f, false, 0, true);
    ++expected;
    EXPECT_EQ(f.wr_q, (round + 1) % depth);
    EXPECT_EQ(f.rd_q, f.wr_q);
  }
}

TEST_P(FifoDepth, PushIntoFullIsLostEvenIfPoppedInThatCycle) {
  const uint32_t depth = GetParam();
  Fifo<uint64_t> f(depth);
  for (uint32_t i = 0; i < depth; ++i) step(f, true, i, false);
  step(f, true, 777, true);
  EXPECT_EQ(f.count_q, depth - 1);
  for (uint32_t i = 1; i < depth; ++i) {
    EXPECT_EQ(f.head_o, i);
    step(f, false, 0, true);
  }
  EXPECT_TRUE(f.empty_o);
}

TEST_P(FifoDepth, PopOfEmptyIsIgnoredEvenIfPushedInThatCycle) {
  Fifo<uint64_t> f(GetParam());
  step(f, true, 5, true);
  EXPECT_EQ(f.count_q, 1);
  EXPECT_EQ(f.head_o, 5u);
  EXPECT_EQ(f.rd_q, 0);
}

TEST_P(FifoDepth, PushAndPopInOneCycleKeepOrder) {
  const uint32_t depth = GetParam();
  if (depth < 2) return;  // never both: one word is either none or full
  Fifo<uint64_t> f(depth);
  step(f, true, 0, false);
  for (uint64_t i = 1; i < 20; ++i) {
    EXPECT_EQ(f.head_o, i - 1);
    step(f, true, i, true);
    EXPECT_EQ(f.count_q, 1);
  }
}

TEST_P(FifoDepth, ResetEmptiesAndWins) {
  Fifo<uint64_t> f(GetParam());
  step(f, true, 42, false);
  f.push_i = f.pop_i = 1;
  f.data_i = 43;
  f.propagate();
  f.update(true);
  EXPECT_EQ(f.count_q, 0);
  EXPECT_EQ(f.wr_q, 0);
  EXPECT_EQ(f.rd_q, 0);
  EXPECT_EQ(f.mem_q[0], 42u);  // contents are no matter of reset
}

INSTANTIATE_TEST_SUITE_P(Depths, FifoDepth, testing::Values(1, 2, 3, 4, 5, 6, 7, 8, 255, 256));

TEST(Ram, ReadsACycleLaterAndKeeps) {
  Ram1rw<uint16_t> ram(8);
  const auto step = [&ram](bool en, bool we, uint32_t addr, uint16_t data) {
    ram.en_i = en;
    ram.we_i = we;
    ram.addr_i = addr;
    ram.wdata_i = data;
    ram.propagate();
    ram.update(false);
    ram.propagate();
  };
  step(true, true, 3, 0xBEEF);
  EXPECT_EQ(ram.rdata_o, 0);  // a write does not show
  step(true, false, 3, 0);
  EXPECT_EQ(ram.rdata_o, 0xBEEF);
  step(true, true, 3, 0x1234);
  EXPECT_EQ(ram.rdata_o, 0xBEEF);
  step(false, false, 5, 0);
  EXPECT_EQ(ram.rdata_o, 0xBEEF);
  step(false, true, 3, 0x5555);  // not enabled
  step(true, false, 3, 0);
  EXPECT_EQ(ram.rdata_o, 0x1234);
}

TEST(Regfile, ReadsCombinationallyTheOldValue) {
  Regfile1r1w<uint16_t> file(4);
  file.we_i = 1;
  file.waddr_i = 2;
  file.wdata_i = 77;
  file.raddr_i = 2;
  file.propagate();
  EXPECT_EQ(file.rdata_o, 0);
  file.update(false);
  file.we_i = 0;
  file.propagate();
  EXPECT_EQ(file.rdata_o, 77);
  file.raddr_i = 1;
  file.propagate();
  EXPECT_EQ(file.rdata_o, 0);
}

}  // namespace
}  // namespace sparsys
