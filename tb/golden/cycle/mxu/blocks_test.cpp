// SPDX-License-Identifier: Apache-2.0
// Small modules of the matrix unit's cycle model: parameters, RAM, FIFO, skews, set-up, unified
// buffer, parameter sets (docs/reference/mxu-timing.md sections 1, 3, 5, 9).
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include "golden/base/error.hpp"
#include "golden/cycle/common/wide_fifo.hpp"
#include "golden/cycle/mxu/array/setup.hpp"
#include "golden/cycle/mxu/array/skew.hpp"
#include "golden/cycle/mxu/params.hpp"
#include "golden/cycle/mxu/unified_buffer.hpp"
#include "golden/cycle/mxu/widths.hpp"
#include "tb/support/seeds.hpp"

namespace sparsys::mxu {
namespace {

std::string refusal(const Config& config) {
  try {
    check(config);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(MxuConfig, DefaultsAndLimits) {
  EXPECT_EQ(refusal(Config()), "");
  Config c;
  c.rows = c.cols = c.tile_rows = c.tile_cols = 1;
  c.ub_depth = c.param_sets = c.queue_depth = 2;
  c.fifo_words = 32;
  c.acc_depth = 4;
  EXPECT_EQ(refusal(c), "");
  c.rows = 5;
  c.cols = c.tile_cols = 7;
  EXPECT_EQ(refusal(c), "");
  EXPECT_EQ(c.lanes(), 7u);
}

TEST(MxuConfig, RefusalsNameTheParameter) {
  const auto with = [](uint32_t Config::*member, uint32_t value) {
    Config c;
    c.*member = value;
    return refusal(c);
  };
  EXPECT_EQ(with(&Config::rows, 0), "matrix unit configuration: ROWS is 0, must be 1 to 256");
  EXPECT_EQ(with(&Config::cols, 257), "matrix unit configuration: COLS is 257, must be 1 to 256");
  EXPECT_EQ(with(&Config::tile_rows, 33),
            "matrix unit configuration: TILE_ROWS is 33, must be a divisor of ROWS = 256");
  EXPECT_EQ(with(&Config::tile_cols, 0),
            "matrix unit configuration: TILE_COLS is 0, must be a divisor of COLS = 256");
  EXPECT_EQ(with(&Config::tile_cols, 2),
            "matrix unit configuration: TILE_COLS is 2, must be a multiple of 4, or all of COLS");
  EXPECT_NE(with(&Config::fifo_words, 16).find("FIFO_WORDS"), std::string::npos);
  EXPECT_NE(with(&Config::fifo_words, 48).find("FIFO_WORDS"), std::string::npos);
  EXPECT_NE(with(&Config::ub_depth, (1U << 24) + 1).find("UB_DEPTH"), std::string::npos);
  EXPECT_NE(with(&Config::acc_depth, 4095).find("power of two"), std::string::npos);
  EXPECT_NE(with(&Config::acc_depth, 2).find("ACC_DEPTH"), std::string::npos);
  EXPECT_NE(with(&Config::param_sets, 257).find("PARAM_SETS"), std::string::npos);
  EXPECT_NE(with(&Config::queue_depth, 256).find("QUEUE_DEPTH"), std::string::npos);
  EXPECT_EQ(with(&Config::act_lanes, 3),
            "matrix unit configuration: ACT_LANES is 3, must be a divisor of COLS = 256");
  EXPECT_EQ(with(&Config::act_lanes, 512),
            "matrix unit configuration: ACT_LANES is 512, must be a divisor of COLS = 256");
  EXPECT_EQ(
      with(&Config::act_lanes, 4),
      "matrix unit configuration: ACT_LANES is 4, must be 0, or such that COLS over it divides "
      "TILE_COLS = 32");
  for (const uint32_t lanes : {0, 8, 16, 128, 256}) {
    EXPECT_EQ(with(&Config::act_lanes, lanes), "");
  }
}

TEST(MxuConfig, BlocksForEverySize) {
  for (uint32_t rows = 1; rows <= 256; ++rows) {
    for (uint32_t cols = 1; cols <= 256; ++cols) {
      Config c;
      c.rows = rows;
      c.cols = cols;
      choose_blocks(c);
      ASSERT_EQ(refusal(c), "") << rows << " x " << cols;
      if (rows % 32 == 0 && cols % 32 == 0) {
        ASSERT_EQ(c.tile_rows, 32U);
        ASSERT_EQ(c.tile_cols, 32U);
      }
    }
  }
}

TEST(MxuWidths, SumsHoldTheExtremes) {
  EXPECT_EQ(sum_width(0), 16u);
  EXPECT_EQ(sum_width(1), 17u);
  EXPECT_EQ(sum_width(2), 17u);
  EXPECT_EQ(sum_width(3), 18u);
  EXPECT_EQ(sum_width(255), 24u);
  for (uint32_t row = 0; row < 256; ++row) {
    const int64_t most = int64_t{row + 1} * 16384;
    const int64_t least = int64_t{row + 1} * -16256;
    const int64_t limit = int64_t{1} << (sum_width(row) - 1);
    EXPECT_LT(most, limit) << row;
    EXPECT_GE(least, -limit) << row;
  }
}

TEST(MxuWidths, FieldsAndPackedSums) {
  std::vector<uint32_t> words(3);
  const std::vector<int32_t> sums = {-1, 5, -65536, 65535};
  pack_fields(sums.data(), 4, 18, words.data());
  for (uint32_t i = 0; i < 4; ++i) {
    EXPECT_EQ(sign_extend(get_field(words.data(), 18 * i, 18), 18), sums[i]);
  }
  EXPECT_EQ(words[2] >> 8, 0u);  // 72 bits
  set_field(words.data(), 20, 32, 0xDEADBEEF);
  EXPECT_EQ(get_field(words.data(), 20, 32), 0xDEADBEEFu);
  EXPECT_EQ(get_field(words.data(), 0, 18), 0x3FFFFu);
}

TEST(MxuWidths, BitVectorShifts) {
  for (const uint32_t size : {0U, 1U, 31U, 32U, 33U, 70U}) {
    BitVector bits(size);
    std::deque<bool> plain(size);
    Dice dice(size);
    for (int i = 0; i < 200; ++i) {
      const bool bit = dice.chance(50);
      bits.shift_in(bit);
      plain.push_front(bit);
      plain.pop_back();
      bool any = false;
      for (uint32_t b = 0; b < size; ++b) {
        ASSERT_EQ(bits.get(b), plain[b]) << size;
        any = any || plain[b];
      }
      ASSERT_EQ(bits.any(), any);
    }
  }
}

TEST(Ram1r1w, OldValueWhileWrittenAndKept) {
  Ram1r1w<uint8_t> ram(3, 5);
  ram.we_i = 1;
  ram.waddr_i = 4;
  ram.wdata_i = {1, 2, 3};
  ram.re_i = 1;
  ram.raddr_i = 4;
  ram.update();
  EXPECT_EQ(ram.rdata_q, (std::vector<uint8_t>{0, 0, 0}));
  ram.wdata_i = {4, 5, 6};
  ram.update();
  EXPECT_EQ(ram.rdata_q, (std::vector<uint8_t>{1, 2, 3}));
  ram.we_i = ram.re_i = 0;
  ram.wdata_i = {7, 8, 9};
  ram.update();
  EXPECT_EQ(ram.rdata_q, (std::vector<uint8_t>{1, 2, 3}));
  ram.re_i = 1;
  ram.update();
  EXPECT_EQ(ram.rdata_q, (std::vector<uint8_t>{4, 5, 6}));
}

TEST(WideFifo, AsAPlainQueue) {
  for_seeds(4, [](uint64_t seed) {
    Dice dice(seed);
    const uint32_t width = static_cast<uint32_t>(dice.between(1, 150));
    const uint32_t depth = static_cast<uint32_t>(dice.between(1, 5));
    WideFifo unit(width, depth);
    std::deque<std::vector<uint32_t>> plain;
    for (int i = 0; i < 500; ++i) {
      ASSERT_EQ(unit.empty_o(), plain.empty());
      ASSERT_EQ(unit.full_o(), plain.size() == depth);
      if (!plain.empty()) {
        ASSERT_TRUE(std::equal(plain.front().begin(), plain.front().end(), unit.head_o()));
      }
      const bool rst = dice.chance(2);
      unit.push_i = dice.chance(60);
      unit.pop_i = dice.chance(50);
      for (uint32_t& word : unit.data_i) word = static_cast<uint32_t>(dice.next());
      unit.update(rst);
      const bool push = unit.push_i && plain.size() < depth;
      if (unit.pop_i && !plain.empty()) plain.pop_front();
      if (push) plain.push_back(unit.data_i);
      if (rst) plain.clear();
    }
  });
}

// Against a line of registers for each lane.
template <bool kRising>
void skew_is_lines_of_registers(uint32_t lanes) {
  Skew<int32_t, kRising> unit(lanes);
  std::vector<std::deque<int32_t>> lines(lanes);
  for (uint32_t l = 0; l < lanes; ++l) lines[l].resize(kRising ? l : lanes - 1 - l);
  Dice dice(lanes);
  for (int i = 0; i < 300; ++i) {
    std::vector<int32_t> in(lanes);
    for (int32_t& value : in) value = static_cast<int32_t>(dice.next());
    const int32_t* out = unit.propagate(in.data());
    for (uint32_t l = 0; l < lanes; ++l) {
      ASSERT_EQ(out[l], lines[l].empty() ? in[l] : lines[l].back()) << l;
    }
    unit.update(in.data());
    for (uint32_t l = 0; l < lanes; ++l) {
      lines[l].push_front(in[l]);
      lines[l].pop_back();
      ASSERT_EQ(unit.delay(l), lines[l].size());
      for (uint32_t s = 0; s < lines[l].size(); ++s) ASSERT_EQ(unit.reg(l, s), lines[l][s]);
    }
  }
}

TEST(MxuSkew, LinesOfRegisters) {
  for (const uint32_t lanes : {1U, 2U, 5U, 16U}) {
    skew_is_lines_of_registers<true>(lanes);
    skew_is_lines_of_registers<false>(lanes);
  }
}

TEST(MxuSetup, PaddingStandsBesideTheData) {
  Config config;
  config.rows = config.tile_rows = 3;
  config.cols = config.tile_cols = 5;
  mxu::Setup unit(config);
  Dice dice(1);
  std::vector<std::vector<uint8_t>> rows;  // as they should enter, by cycle
  bool pad = false;
  uint8_t value = 0;
  for (uint32_t cycle = 0; cycle < 100; ++cycle) {
    std::vector<uint8_t> data(5);
    for (uint8_t& byte : data) byte = static_cast<uint8_t>(dice.next());
    rows.push_back(pad ? std::vector<uint8_t>(5, value) : data);
    unit.data_i = data.data();
    unit.pad_i = dice.chance(30);
    unit.pad_value_i = static_cast<uint8_t>(dice.next());
    unit.propagate();
    for (uint32_t l = 0; l < 3; ++l) {
      if (cycle >= l) {
        ASSERT_EQ(unit.a_o[l], rows[cycle - l][l]) << cycle;
      }
    }
    pad = unit.pad_i;
    value = unit.pad_value_i;
    unit.update(false);
  }
}

TEST(MxuUnifiedBuffer, MatrixReadsAndActivationWritesWin) {
  Config config;
  config.rows = config.cols = config.tile_rows = config.tile_cols = 2;
  config.ub_depth = 9;
  UnifiedBuffer unit(config);
  const std::vector<uint8_t> a = {1, 2}, h = {3, 4};
  unit.a_wdata_i = a.data();
  unit.h_wdata_i = h.data();
  unit.a_we_i = unit.h_we_i = 1;
  unit.a_waddr_i = 8;
  unit.h_waddr_i = 7;
  unit.propagate();
  EXPECT_FALSE(unit.h_wgrant_o);
  unit.update();
  unit.a_we_i = 0;
  unit.propagate();
  EXPECT_TRUE(unit.h_wgrant_o);
  unit.update();
  unit.h_we_i = 0;
  unit.m_re_i = unit.h_re_i = 1;
  unit.m_raddr_i = 8;
  unit.h_raddr_i = 7;
  unit.propagate();
  EXPECT_FALSE(unit.h_rgrant_o);
  unit.update();
  EXPECT_EQ(unit.rdata_o()[1], 2);
  unit.m_re_i = 0;
  unit.propagate();
  EXPECT_TRUE(unit.h_rgrant_o);
  unit.update();
  EXPECT_EQ(unit.rdata_o()[0], 3);
}

TEST(MxuParams, PlanesHeldUntilTheNextRead) {
  Config config;
  config.rows = config.cols = config.tile_rows = 2;
  config.tile_cols = 1;
  config.param_sets = 3;
  Params unit(config);
  for (uint32_t plane = 0; plane < 9; ++plane) {
    const std::vector<uint8_t> row = {static_cast<uint8_t>(0x11 + plane),
                                      static_cast<uint8_t>(0xF0 + plane)};
    unit.p_we_i = 1;
    unit.p_set_i = 2;
    unit.p_plane_i = static_cast<uint8_t>(plane);
    unit.p_data_i = row.data();
    unit.propagate();
    unit.update(false);
  }
  unit.p_we_i = 0;
  EXPECT_EQ(unit.bias_o[0], 0);
  // A read is in the first bank a cycle later, of multiplier and shift two, in the next one more.
  for (uint32_t cycle = 0; cycle < 8; ++cycle) {
    SCOPED_TRACE(cycle);
    EXPECT_EQ(unit.bias_o[0], cycle < 2 ? 0 : 0x14131211);
    EXPECT_EQ(static_cast<uint32_t>(unit.bias_o[1]), cycle < 3 ? 0 : 0xF3F2F1F0u);
    EXPECT_EQ(unit.multiplier_o[0], cycle < 3 ? 0 : 0x18171615);
    EXPECT_EQ(unit.shift_o[0], cycle < 3 ? 0 : 0x19);
    EXPECT_EQ(static_cast<uint32_t>(unit.multiplier_o[1]), cycle < 4 ? 0 : 0xF7F6F5F4u);
    EXPECT_EQ(unit.shift_o[1], cycle < 4 ? 0 : 0x38);
    unit.re_i = cycle == 0;
    unit.set_i = cycle == 0 ? 2 : 1;
    unit.propagate();
    unit.update(false);
  }
}

}  // namespace
}  // namespace sparsys::mxu
