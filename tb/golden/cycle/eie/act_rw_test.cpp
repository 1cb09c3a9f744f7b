// SPDX-License-Identifier: Apache-2.0
// Activation read and write of the cycle model (docs/reference/eie-timing.md section 8).
#include "golden/cycle/eie/act_rw.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace sparsys::eie {
namespace {

class ActRw : public testing::Test {
 protected:
  ActRw() : unit(config()) {}
  static Config config() {
    Config config;
    config.n_pe = 4;
    config.act_regs = 8;
    config.act_ram_depth = 16;
    config.acc_width = 32;
    return config;
  }

  void step() {
    unit.propagate();
    unit.update(false);
    unit.io_ram_en_i = unit.io_src_en_i = unit.io_dst_en_i = 0;
    unit.wb_read_i = unit.ld_read_i = unit.ld_we_i = unit.launch_i = 0;
  }
  void write_source(uint16_t row, int16_t value) {
    unit.io_src_en_i = unit.io_write_i = 1;
    unit.io_addr_i = row;
    unit.io_wdata_i = static_cast<uint16_t>(value);
    step();
  }
  uint16_t read_register(bool source, uint16_t row) {
    (source ? unit.io_src_en_i : unit.io_dst_en_i) = 1;
    unit.io_write_i = 0;
    unit.io_addr_i = row;
    step();
    unit.propagate();
    return unit.io_reg_rdata_o;
  }
  void launch(uint8_t id, uint8_t in_first, uint16_t in_count) {
    unit.id_i = id;
    unit.in_first_i = in_first;
    unit.in_count_i = in_count;
    unit.launch_i = 1;
    step();
  }
  // The destination register that an accumulator becomes.
  int16_t written_back(int64_t acc, uint8_t shift, bool relu = false) {
    unit.shift_i = shift;
    unit.relu_i = relu;
    unit.wb_read_i = 1;
    unit.wb_row_i = 6;
    unit.wb_acc_i = static_cast<uint64_t>(acc) & 0xFFFFFFFF;
    step();
    EXPECT_TRUE(unit.wb_valid_q);
    step();
    EXPECT_FALSE(unit.wb_valid_q);
    return static_cast<int16_t>(read_register(false, 6));
  }

  eie::ActRw unit;
};

TEST_F(ActRw, LeafDeliversNonZerosInOrderOneACycle) {
  write_source(1, 11);
  write_source(4, -44);
  write_source(5, 55);
  EXPECT_EQ(unit.nz0_q, 0b110010u);
  write_source(5, 0);
  write_source(7, 77);
  EXPECT_EQ(unit.nz0_q, 0b10010010u);
  launch(3, 0, 32);
  EXPECT_EQ(unit.pend_q, 0b10010010u);
  unit.propagate();
  EXPECT_FALSE(unit.leaf_valid_o);
  EXPECT_FALSE(unit.leaf_done_o);
  step();  // the first is found without a pop
  const std::vector<std::pair<int, int>> expected = {{1, 11}, {4, -44}, {7, 77}};
  unit.leaf_pop_i = 1;
  for (const auto& [row, act] : expected) {
    unit.propagate();
    EXPECT_TRUE(unit.leaf_valid_o);
    EXPECT_FALSE(unit.leaf_done_o);
    EXPECT_EQ(unit.leaf_col_o, 4 * row + 3);
    EXPECT_EQ(static_cast<int16_t>(unit.leaf_act_o), act);
    step();
  }
  unit.leaf_pop_i = 0;
  unit.propagate();
  EXPECT_FALSE(unit.leaf_valid_o);
  EXPECT_TRUE(unit.leaf_done_o);
}

TEST_F(ActRw, LeafWaitsForItsPop) {
  write_source(0, 5);
  write_source(1, 6);
  launch(0, 0, 32);
  for (int i = 0; i < 4; ++i) step();
  EXPECT_TRUE(unit.leaf_valid_q);
  EXPECT_EQ(unit.leaf_row_q, 0);
  EXPECT_EQ(unit.pend_q, 0b10u);
}

TEST_F(ActRw, OnlyInputsOfThePass) {
  for (uint16_t row = 0; row < 8; ++row) write_source(row, 1);
  // 14 inputs over 4 PEs: rows 0..3 in PEs 0 and 1, rows 0..2 in PEs 2 and 3.
  launch(1, 0, 14);
  EXPECT_EQ(unit.pend_q, 0b1111u);
  launch(2, 0, 14);
  EXPECT_EQ(unit.pend_q, 0b0111u);
  launch(1, 2, 14);
  EXPECT_EQ(unit.pend_q, 0b1100u);
  launch(2, 3, 14);
  EXPECT_EQ(unit.pend_q, 0u);
  launch(0, 0, 32);
  EXPECT_EQ(unit.pend_q, 0xFFu);
  launch(0, 0, 0);
  EXPECT_EQ(unit.pend_q, 0u);
}

TEST_F(ActRw, RoleSelectsTheSource) {
  write_source(2, 22);
  unit.role_i = 1;
  write_source(3, 33);
  EXPECT_EQ(unit.nz0_q, 0b0100u);
  EXPECT_EQ(unit.nz1_q, 0b1000u);
  launch(0, 0, 32);
  EXPECT_EQ(unit.pend_q, 0b1000u);
  step();
  EXPECT_EQ(unit.regs.rdata_q, 33);
  EXPECT_EQ(read_register(false, 2), 22);
  EXPECT_EQ(read_register(true, 3), 33);
}

TEST_F(ActRw, RoundsHalfUp) {
  EXPECT_EQ(written_back(7, 0), 7);
  EXPECT_EQ(written_back(-7, 0), -7);
  // Halves: 0.5 -> 1, 1.5 -> 2, -0.5 -> 0, -1.5 -> -1.
  EXPECT_EQ(written_back(1, 1), 1);
  EXPECT_EQ(written_back(3, 1), 2);
  EXPECT_EQ(written_back(-1, 1), 0);
  EXPECT_EQ(written_back(-3, 1), -1);
  // Just below and just above the half.
  EXPECT_EQ(written_back(0x7F, 8), 0);
  EXPECT_EQ(written_back(0x80, 8), 1);
  EXPECT_EQ(written_back(-0x80, 8), 0);
  EXPECT_EQ(written_back(-0x81, 8), -1);
  EXPECT_EQ(written_back(-0x180, 8), -1);
  // Nothing is lost at the accumulator's ends.
  EXPECT_EQ(written_back(INT32_MAX, 16), 32767);  // 32767.99998 rounds to 32768, saturates
  EXPECT_EQ(written_back(INT32_MAX, 17), 16384);
  EXPECT_EQ(written_back(INT32_MIN, 16), -32768);
  EXPECT_EQ(written_back(INT32_MAX, 31), 1);
  EXPECT_EQ(written_back(INT32_MIN, 31), -1);
  EXPECT_EQ(written_back(1 << 30, 31), 1);
  EXPECT_EQ(written_back((1 << 30) - 1, 31), 0);
  EXPECT_EQ(written_back(-(1 << 30), 31), 0);
}

TEST_F(ActRw, SaturatesTo16Bits) {
  EXPECT_EQ(written_back(32767, 0), 32767);
  EXPECT_EQ(written_back(32768, 0), 32767);
  EXPECT_EQ(written_back(-32768, 0), -32768);
  EXPECT_EQ(written_back(-32769, 0), -32768);
  EXPECT_EQ(written_back(65535, 1), 32767);
}

TEST_F(ActRw, ReluAfterSaturation) {
  EXPECT_EQ(written_back(-5, 0, true), 0);
  EXPECT_EQ(written_back(5, 0, true), 5);
  EXPECT_EQ(written_back(INT32_MIN, 0, true), 0);
  EXPECT_EQ(written_back(1 << 20, 0, true), 32767);
}

TEST_F(ActRw, WriteBackKeepsNonZeroBits) {
  written_back(100, 0);
  EXPECT_EQ(unit.nz1_q, 1u << 6);
  EXPECT_EQ(unit.nz0_q, 0u);
  written_back(100, 8);  // rounds to 0
  EXPECT_EQ(unit.nz1_q, 0u);
}

TEST_F(ActRw, StoresToTheActivationRamAndLoadsBack) {
  unit.store_dst_i = 1;
  unit.dst_addr_i = 12;
  EXPECT_EQ(written_back(-300, 0), -300);  // row 6: address 12 + 6 = 18, wraps to 2
  EXPECT_EQ(unit.act_ram.mem[2], static_cast<uint16_t>(-300));
  unit.store_dst_i = 0;
  unit.ld_read_i = 1;
  unit.ld_addr_i = 0x1232;
  step();
  unit.ld_we_i = 1;
  unit.ld_row_i = 5;
  step();
  EXPECT_EQ(unit.regs.mem[5], static_cast<uint16_t>(-300));
  EXPECT_EQ(unit.nz0_q, 1u << 5);
}

TEST_F(ActRw, RamThroughThePort) {
  unit.io_ram_en_i = unit.io_write_i = 1;
  unit.io_addr_i = 9;
  unit.io_wdata_i = 0xCAFE;
  step();
  unit.io_ram_en_i = 1;
  unit.io_write_i = 0;
  step();
  unit.propagate();
  EXPECT_EQ(unit.io_ram_rdata_o, 0xCAFE);
  // Registers take the low bits of the address.
  write_source(8 + 3, 5);
  EXPECT_EQ(unit.regs.mem[3], 5);
}

}  // namespace
}  // namespace sparsys::eie
