// SPDX-License-Identifier: Apache-2.0
// Pointer read and activation queue of the cycle model (docs/reference/eie-timing.md sections 4 and
// 5).
#include "golden/cycle/eie/ptr_read.hpp"

#include <gtest/gtest.h>

#include <cstdint>

#include "golden/cycle/eie/act_queue.hpp"

namespace sparsys::eie {
namespace {

Config small() {
  Config config;
  config.ptr_depth = 16;
  return config;
}

class PtrRead : public testing::Test {
 protected:
  PtrRead() : unit(small()) {}

  void step() {
    unit.propagate();
    unit.update(false);
    unit.b_valid_i = 0;
    unit.io_en_i = 0;
  }
  // Writes pointers 2 * pair and 2 * pair + 1 through the port.
  void write(uint16_t pair, uint16_t even, uint16_t odd) {
    unit.io_en_i = 1;
    unit.io_write_i = 1;
    unit.io_addr_i = pair;
    unit.io_wdata_i = uint32_t{odd} << 16 | even;
    step();
  }
  // Broadcasts the column whose first pointer is number `a`, then shows what is pushed.
  void broadcast(uint32_t a, uint16_t act) {
    unit.advance_i = 1;
    unit.b_valid_i = 1;
    unit.b_act_i = act;
    unit.b_odd_first_i = a & 1;
    unit.b_odd_i = static_cast<uint16_t>(a >> 1 & 7);
    unit.b_even_i = static_cast<uint16_t>((a + 1) >> 1 & 7);
    step();
    unit.propagate();
  }

  eie::PtrRead unit;
};

TEST_F(PtrRead, EvenAndOddFirstPointers) {
  write(2, 10, 13);  // pointers 4 and 5
  write(3, 17, 17);  // pointers 6 and 7
  broadcast(4, 0x1111);
  EXPECT_TRUE(unit.push_o);
  EXPECT_TRUE(unit.busy_o);
  EXPECT_EQ(unit.push_start_o, 10);
  EXPECT_EQ(unit.push_end_o, 13);
  EXPECT_EQ(unit.push_act_o, 0x1111);
  broadcast(5, 0x2222);
  EXPECT_TRUE(unit.push_o);
  EXPECT_EQ(unit.push_start_o, 13);
  EXPECT_EQ(unit.push_end_o, 17);
  EXPECT_EQ(unit.push_act_o, 0x2222);
  broadcast(6, 0x3333);  // an empty column
  EXPECT_FALSE(unit.push_o);
  EXPECT_TRUE(unit.busy_o);
  step();
  EXPECT_FALSE(unit.p_valid_q);
  EXPECT_FALSE(unit.error_q);
}

TEST_F(PtrRead, WrapsFromTheLastPointerToTheFirst) {
  write(7, 1, 40);  // pointers 14 and 15
  write(0, 45, 0);  // pointer 0, the end of the column that starts at 15
  broadcast(15, 7);
  EXPECT_TRUE(unit.push_o);
  EXPECT_EQ(unit.push_start_o, 40);
  EXPECT_EQ(unit.push_end_o, 45);
}

TEST_F(PtrRead, HeldColumnIsPushedOnceAndItsPointersStay) {
  write(0, 3, 5);
  write(1, 9, 9);
  broadcast(0, 1);
  unit.advance_i = 0;
  unit.b_valid_i = 1;  // the next broadcast waits
  unit.b_act_i = 2;
  unit.b_odd_first_i = 1;
  unit.b_odd_i = 0;
  unit.b_even_i = 1;
  for (int i = 0; i < 3; ++i) {
    unit.propagate();
    EXPECT_FALSE(unit.push_o);
    EXPECT_FALSE(unit.even.en_i);
    EXPECT_EQ(unit.push_start_o, 3);
    EXPECT_EQ(unit.push_end_o, 5);
    unit.update(false);
  }
  unit.advance_i = 1;
  unit.propagate();
  EXPECT_TRUE(unit.push_o);
  EXPECT_EQ(unit.push_act_o, 1);
  unit.update(false);
  unit.b_valid_i = 0;
  unit.propagate();
  EXPECT_TRUE(unit.push_o);
  EXPECT_EQ(unit.push_act_o, 2);
  EXPECT_EQ(unit.push_start_o, 5);
  EXPECT_EQ(unit.push_end_o, 9);
}

TEST_F(PtrRead, FallingPointersRaiseAStickyFlag) {
  write(0, 5, 4);
  broadcast(0, 1);
  EXPECT_FALSE(unit.push_o);
  EXPECT_FALSE(unit.error_q);
  step();
  EXPECT_TRUE(unit.error_q);
  step();
  EXPECT_TRUE(unit.error_q);
  unit.flags_clear_i = 1;
  step();
  EXPECT_FALSE(unit.error_q);
}

TEST_F(PtrRead, PointersCompareUnsigned) {
  write(0, 0x7FFF, 0x8001);
  broadcast(0, 1);
  EXPECT_TRUE(unit.push_o);
  step();
  EXPECT_FALSE(unit.error_q);
}

TEST_F(PtrRead, ReadBack) {
  write(5, 0xAAAA, 0x5555);
  unit.io_en_i = 1;
  unit.io_write_i = 0;
  unit.io_addr_i = 5;
  step();
  unit.propagate();
  EXPECT_EQ(unit.io_rdata_o, 0x5555AAAAu);
  EXPECT_FALSE(unit.busy_o);
}

TEST(ActQueue, PacksColumns) {
  Config config;
  config.queue_depth = 2;
  ActQueue queue(config);
  queue.push_i = 1;
  queue.push_act_i = 0x1234;
  queue.push_start_i = 0x5678;
  queue.push_end_i = 0x9ABC;
  queue.propagate();
  EXPECT_TRUE(queue.empty_o);
  queue.update(false);
  queue.push_i = 0;
  queue.propagate();
  EXPECT_FALSE(queue.empty_o);
  EXPECT_FALSE(queue.full_o);
  EXPECT_EQ(queue.queue.mem_q[0], 0x12349ABC5678u);
  EXPECT_EQ(queue.head_act_o, 0x1234);
  EXPECT_EQ(queue.head_start_o, 0x5678);
  EXPECT_EQ(queue.head_end_o, 0x9ABC);
  queue.push_i = 1;
  queue.propagate();
  queue.update(false);
  queue.propagate();
  EXPECT_TRUE(queue.full_o);
}

}  // namespace
}  // namespace sparsys::eie
