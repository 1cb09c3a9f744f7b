// SPDX-License-Identifier: Apache-2.0
// The units of several lanes in the cycle model, each against plain arithmetic
// (docs/reference/eie-timing.md sections 10 and 11).
#include "golden/cycle/eie/lanes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "golden/base/random.hpp"
#include "golden/engine/eie/config.hpp"
#include "tb/support/seeds.hpp"

namespace sparsys::eie {
namespace {

Config lanes_config(uint32_t lanes, uint32_t banks, uint32_t bank_depth = 4) {
  Config config;
  config.lanes = lanes;
  config.banks = banks;
  config.bank_depth = bank_depth;
  config.entry_depth = 1024;
  return config;
}

// Every number of lanes, with fewest, usual and most banks.
std::vector<Config> all_configs() {
  std::vector<Config> configs;
  for (const uint32_t lanes : {4U, 8U, 16U}) {
    for (const uint32_t banks : {2U, lanes, 2 * lanes, 32U}) {
      configs.push_back(lanes_config(lanes, banks, 2U << configs.size() % 3));
    }
  }
  Config small = lanes_config(8, 2);
  small.act_regs = 4;
  configs.push_back(small);
  return configs;
}

// Pushes and pops as the room allows, against a deque.
TEST(Fifo2w1rTest, AgainstADeque) {
  for (const uint32_t depth : {2U, 4U, 8U}) {
    Random random(depth);
    Fifo2w1r<uint64_t> f(depth);
    std::deque<uint64_t> expected;
    uint64_t pairs = 0, full = 0;
    for (uint64_t n = 0; n < 5000; ++n) {
      f.propagate();
      ASSERT_EQ(f.empty_o, expected.empty());
      ASSERT_EQ(f.room_o & 1, expected.size() < depth);
      ASSERT_EQ(f.room_o >> 1, expected.size() + 1 < depth);
      if (!expected.empty()) {
        ASSERT_EQ(f.head_o, expected.front());
      }
      const bool drain = n / 50 % 2 == 0;
      f.push0_i = (f.room_o & 1) && random.below(drain ? 3 : 2) == 0;
      f.push1_i = (f.room_o >> 1) && random.below(drain ? 3 : 2) == 0;
      f.pop_i = !f.empty_o && random.below(drain ? 2 : 4) == 0;
      f.data0_i = random.next();
      f.data1_i = random.next();
      pairs += f.push0_i & f.push1_i;
      full += expected.size() == depth;
      if (f.pop_i) expected.pop_front();
      if (f.push0_i) expected.push_back(f.data0_i);
      if (f.push1_i) expected.push_back(f.data1_i);
      const bool rst = random.below(500) == 0;
      if (rst) expected.clear();
      f.update(rst);
    }
    EXPECT_GT(pairs, 100U);
    EXPECT_GT(full, 100U);
  }
}

// ---- sparse-matrix read ----

struct Column {
  uint32_t base, start, end;
  uint16_t act;
};

// Columns of any alignment and length, with random stalls: the sets are the memory's entries, in
// order, none left out. Without stalls a set leaves every cycle.
void read_columns(const Config& config, uint64_t seed, bool stalls) {
  Random random(seed);
  LaneRead unit(config);
  std::vector<uint8_t> memory(config.entry_depth);
  for (uint32_t w = 0; w < config.entry_depth / 8; ++w) {
    const uint64_t word = random.next();
    unit.put(w, word);
    for (uint32_t e = 0; e < 8; ++e) memory[8 * w + e] = static_cast<uint8_t>(word >> (8 * e));
  }
  std::deque<Column> queue;
  for (int n = 0; n < 200; ++n) {
    const uint32_t base = static_cast<uint32_t>(random.below(config.entry_depth / 8));
    const uint32_t start = static_cast<uint32_t>(random.below(100));
    const uint32_t length = static_cast<uint32_t>(1 + random.below(n % 3 == 0 ? 60 : 6));
    queue.push_back({base, start, start + length, static_cast<uint16_t>(random.next())});
  }
  std::deque<Column> expected = queue;
  uint32_t at = 0;  // entries of expected.front() that have come
  int idle = 0;
  for (int n = 0; n < 100000 && !expected.empty(); ++n) {
    const bool waits = stalls && random.below(8) == 0;
    unit.step_i = !stalls || random.below(3) != 0;
    unit.head_empty_i = queue.empty() || waits;
    if (!queue.empty()) {
      // One base for all columns that are under way is the engine's: here each has its own.
      unit.entry_base_i = static_cast<uint16_t>(queue.front().base);
      unit.head_start_i = static_cast<uint16_t>(queue.front().start);
      unit.head_end_i = static_cast<uint16_t>(queue.front().end);
      unit.head_act_i = queue.front().act;
    }
    unit.propagate_state();
    unit.propagate_inputs();
    if (unit.a_valid_q && unit.step_i) {
      const Column& column = expected.front();
      const uint32_t left = column.end - column.start - at;
      ASSERT_EQ(unit.a_count_q, std::min(config.lanes, left));
      ASSERT_EQ(unit.a_first_q, at == 0);
      ASSERT_EQ(unit.a_act_q, column.act);
      for (uint32_t i = 0; i < unit.a_count_q; ++i) {
        const uint32_t place = (8 * column.base + column.start + at + i) % config.entry_depth;
        ASSERT_EQ(unit.a_entry_q[i], memory[place]) << "lane " << i;
      }
      at += unit.a_count_q;
      if (at == column.end - column.start) {
        expected.pop_front();
        at = 0;
      }
      idle = 0;
    } else if (!stalls) {
      ++idle;
      ASSERT_LE(idle, 3);  // only in the beginning
      ASSERT_EQ(expected.size(), 200U);
    }
    if (unit.pop_o) queue.pop_front();
    unit.update(false);
  }
  EXPECT_TRUE(expected.empty());
  unit.propagate_state();
  unit.propagate_inputs();
  EXPECT_FALSE(unit.busy_o);
}

TEST(LaneReadTest, SetsOfEveryColumn) {
  for (const uint32_t lanes : {4U, 8U, 16U}) {
    for (const bool stalls : {false, true}) {
      SCOPED_TRACE(std::to_string(lanes) + " lanes, stalls " + std::to_string(stalls));
      for (uint64_t seed = 1; seed <= 5; ++seed) {
        read_columns(lanes_config(lanes, 2 * lanes), seed, stalls);
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST(LaneReadTest, PortAndBackDoorAreTheSame) {
  for (const uint32_t lanes : {4U, 8U, 16U}) {
    const Config config = lanes_config(lanes, 2 * lanes);
    LaneRead by_port(config), by_door(config);
    Random random(lanes);
    std::vector<uint64_t> words(config.entry_depth / 8);
    const auto request = [](LaneRead& unit, bool write, uint32_t address, uint64_t word) {
      unit.io_en_i = 1;
      unit.io_write_i = write;
      unit.io_addr_i = static_cast<uint16_t>(address);
      unit.io_wdata_i = word;
      unit.propagate_state();
      unit.propagate_inputs();
      unit.update(false);
      unit.io_en_i = 0;
      unit.propagate_state();
      unit.propagate_inputs();
      return unit.io_rdata_o;
    };
    for (uint32_t w = 0; w < words.size(); ++w) {
      words[w] = random.next();
      request(by_port, true, w, words[w]);
      by_door.put(w, words[w]);
    }
    for (uint32_t w = 0; w < words.size(); ++w) {
      ASSERT_EQ(request(by_port, false, w, 0), words[w]) << lanes << " lanes, word " << w;
      ASSERT_EQ(request(by_door, false, w, 0), words[w]) << lanes << " lanes, word " << w;
    }
    for (size_t h = 0; h < by_port.half.size(); ++h) {
      EXPECT_EQ(by_port.half[h].even.mem, by_door.half[h].even.mem);
      EXPECT_EQ(by_port.half[h].odd.mem, by_door.half[h].odd.mem);
    }
  }
}

// ---- decoding ----

// Random columns in sets: rows by the definition, ranks within a bank, the error flag.
TEST(LaneDecodeTest, RowsAndRanks) {
  for (const Config& config : all_configs()) {
    SCOPED_TRACE(std::to_string(config.lanes) + " lanes, " + std::to_string(config.banks) +
                 " banks, " + std::to_string(config.act_regs) + " rows");
    Random random(config.lanes + config.banks);
    LaneDecode unit(config);
    uint32_t row = 0;  // behind the entry before
    bool error = false;
    uint64_t beyond = 0, written = 0;
    bool full = false;  // a set that is not full ends its column
    for (int n = 0; n < 20000; ++n) {
      const bool first = !full || random.below(3) == 0;
      full = random.below(2) == 0;
      const uint32_t count =
          full ? config.lanes : static_cast<uint32_t>(1 + random.below(config.lanes));
      LaneBytes entries{};
      for (uint8_t& entry : entries) {
        const uint64_t code = random.below(random.below(4) == 0 ? 2 : 16);
        const uint64_t skip = random.below(random.below(6) == 0 ? 16 : 2);
        entry = static_cast<uint8_t>(skip << 4 | code);
      }
      // The set goes in, and is asked for in the next cycle.
      unit.step_i = 1;
      unit.flags_clear_i = 0;
      unit.a_valid_i = 1;
      unit.a_first_i = first;
      unit.a_count_i = static_cast<uint8_t>(count);
      unit.a_act_i = static_cast<uint16_t>(n);
      unit.a_entry_i = entries;
      unit.propagate_state();
      unit.propagate_inputs();
      unit.update(false);
      unit.a_valid_i = 0;
      unit.step_i = random.below(2) == 0;
      while (true) {
        unit.propagate_state();
        unit.propagate_inputs();
        ASSERT_TRUE(unit.r_valid_o);
        if (unit.step_i) break;
        unit.update(false);
        unit.step_i = 1;
      }
      ASSERT_EQ(unit.r_act_o, static_cast<uint16_t>(n));
      if (first) row = 0;
      std::vector<uint32_t> in_bank(config.banks);
      for (uint32_t i = 0; i < config.lanes; ++i) {
        const uint32_t code = entries[i] % 16, skip = entries[i] / 16;
        row += code == 0 ? 16 * (skip + 1) : skip + 1;
        const uint32_t place = row - 1;
        const bool writes = i < count && code != 0 && place < config.act_regs;
        ASSERT_EQ(unit.r_write_o >> i & 1, writes) << "lane " << i;
        if (i < count) error |= place >= config.act_regs;
        if (i >= count) continue;
        beyond += place >= config.act_regs;
        if (!writes) continue;
        ++written;
        ASSERT_EQ(unit.r_row_o[i], place);
        ASSERT_EQ(unit.r_code_o >> (4 * i) & 15, code);
        ASSERT_EQ(unit.r_rank_o[i], in_bank[place % config.banks]++);
      }
      unit.update(false);
      ASSERT_EQ(unit.row_error_q, error);
      unit.propagate_state();
      ASSERT_FALSE(unit.busy_o);
      if (random.below(4) == 0) {
        unit.flags_clear_i = 1;
        unit.step_i = 0;
        unit.propagate_inputs();
        unit.update(false);
        ASSERT_FALSE(unit.row_error_q);
        error = false;
      }
    }
    EXPECT_GT(beyond, 1000U);
    EXPECT_GT(written, 10000U);
  }
}

// ---- dispatch ----

// Sets of rising rows to banks with random room: each lane is pushed once, those of one bank in the
// order of the lanes, at most one in each slot, and the next set is taken once none is left.
TEST(DispatchTest, PushesEachLaneOnceInOrder) {
  for (const Config& config : all_configs()) {
    SCOPED_TRACE(std::to_string(config.lanes) + " lanes, " + std::to_string(config.banks) +
                 " banks");
    Random random(config.lanes + config.banks);
    Dispatch unit(config);
    std::vector<std::deque<uint32_t>> expected(config.banks);  // code and address, by bank
    uint64_t sets = 0, stalls = 0, pairs = 0;
    for (int n = 0; n < 30000; ++n) {
      const bool crowded = n / 500 % 2 == 0;
      for (uint8_t& room : unit.room_i) {
        // Room for two implies room for one.
        const uint64_t free = random.below(crowded ? 4 : 20);
        room = free == 0 ? 0 : free == 1 ? 1 : 3;
      }
      unit.propagate();
      bool left = false;
      for (uint32_t b = 0; b < config.banks; ++b) {
        ASSERT_EQ(unit.push_o[b] & ~unit.room_i[b], 0);
        pairs += unit.push_o[b] == 3;
        for (uint32_t slot = 0; slot < 2; ++slot) {
          if (!(unit.push_o[b] >> slot & 1)) continue;
          const uint32_t word = unit.code_o[b][slot] | uint32_t{unit.addr_o[b][slot]} << 4;
          ASSERT_FALSE(expected[b].empty());
          ASSERT_EQ(word, expected[b].front()) << "bank " << b;
          expected[b].pop_front();
        }
        left |= !expected[b].empty();
      }
      ASSERT_EQ(unit.step_o, !left);
      unit.r_valid_i = unit.r_write_i = 0;
      if (unit.step_o && random.below(10) != 0) {
        // Rows rise from lane to lane; ranks count within a bank.
        ++sets;
        unit.r_valid_i = 1;
        unit.r_act_i = static_cast<uint16_t>(n);
        unit.r_code_i = 0;
        std::vector<uint32_t> in_bank(config.banks);
        uint32_t row = 0;
        for (uint32_t i = 0; i < config.lanes; ++i) {
          row += static_cast<uint32_t>(1 + random.below(2));
          const uint32_t code = static_cast<uint32_t>(1 + random.below(15));
          if (row >= config.act_regs || random.below(8) == 0) continue;
          const uint32_t bank = row % config.banks;
          unit.r_write_i = static_cast<uint16_t>(unit.r_write_i | 1U << i);
          unit.r_code_i |= uint64_t{code} << (4 * i);
          unit.r_row_i[i] = static_cast<uint8_t>(row);
          unit.r_rank_i[i] = static_cast<uint8_t>(in_bank[bank]++);
          expected[bank].push_back(code | row / config.banks << 4);
        }
      }
      stalls += !unit.step_o;
      unit.update(false);
    }
    EXPECT_GT(sets, 3000U);
    EXPECT_GT(stalls, 1000U);
    if (config.lanes > config.banks) {
      EXPECT_GT(pairs, 1000U);
    }
  }
}

// ---- bank ----

TEST(BankTest, SumsAndSaturates) {
  for (const uint32_t width : {20U, 32U, 48U}) {
    Config config = lanes_config(4, 8, 2);
    config.acc_width = width;
    Random random(width);
    Bank unit(config);
    std::array<uint16_t, 16> cb{};
    for (uint16_t& value : cb) value = static_cast<uint16_t>(random.next());
    const int64_t largest = (int64_t{1} << (width - 1)) - 1;
    std::vector<int64_t> expected(8);
    std::vector<bool> written(8);
    bool saturated = false;
    const auto cycle = [&](uint8_t push) {
      unit.propagate_state();
      unit.push_i = push & unit.room_o;
      if (unit.push_i == 2) unit.push_i = 0;
      for (uint32_t s = 0; s < 2; ++s) {
        unit.code_i[s] = static_cast<uint8_t>(1 + random.below(15));
        unit.addr_i[s] = static_cast<uint8_t>(random.below(8));
      }
      unit.act_i = static_cast<uint16_t>(random.next() >> random.below(14));
      for (uint32_t s = 0; s < 2; ++s) {
        if (!(unit.push_i >> s & 1)) continue;
        int64_t& acc = expected[unit.addr_i[s]];
        const int64_t sum = acc + int64_t{static_cast<int16_t>(cb[unit.code_i[s]])} *
                                      static_cast<int16_t>(unit.act_i);
        acc = std::min(std::max(sum, -largest - 1), largest);
        saturated |= acc != sum;
        written[unit.addr_i[s]] = true;
      }
      unit.propagate_inputs();
      unit.update(false, cb);
    };
    for (int n = 0; n < 4000; ++n) cycle(static_cast<uint8_t>(random.below(4)));
    int drain = 0;
    for (unit.propagate_state(); unit.busy_o; unit.propagate_state()) {
      cycle(0);
      ASSERT_LT(++drain, 8);
    }
    EXPECT_EQ(unit.saturated_o, saturated);
    if (width != 32) {
      EXPECT_EQ(saturated, width == 20);
    }
    unit.wb_read_i = 1;
    for (uint8_t row = 0; row < 8; ++row) {
      EXPECT_TRUE(written[row]);
      unit.wb_addr_i = row;
      unit.propagate_inputs();
      EXPECT_EQ(sign_extend(unit.wb_acc_o, width), expected[row]);
    }
    unit.wb_read_i = 0;
    unit.clear_i = unit.flags_clear_i = 1;
    unit.propagate_inputs();
    unit.update(false, cb);
    EXPECT_EQ(unit.acc_valid_q, 0U);
    EXPECT_FALSE(unit.saturated_q);
  }
}

// One entry through the bank, stage by stage.
TEST(BankTest, OneEntryThroughTheStages) {
  Bank unit(lanes_config(4, 8));
  std::array<uint16_t, 16> cb{};
  cb[3] = static_cast<uint16_t>(-7);
  const auto cycle = [&] {
    unit.propagate_state();
    unit.propagate_inputs();
    unit.update(false, cb);
    unit.push_i = 0;
  };
  unit.push_i = 1;
  unit.code_i = {3, 0};
  unit.addr_i = {5, 0};
  unit.act_i = 100;
  cycle();
  EXPECT_EQ(unit.fifo.count_q, 1);
  cycle();
  EXPECT_EQ(unit.fifo.count_q, 0);
  EXPECT_TRUE(unit.s1_valid_q);
  EXPECT_EQ(unit.s1_weight_q, static_cast<uint16_t>(-7));
  EXPECT_EQ(unit.s1_addr_q, 5);
  cycle();
  EXPECT_FALSE(unit.s1_valid_q);
  EXPECT_TRUE(unit.s2_valid_q);
  EXPECT_EQ(static_cast<int32_t>(unit.s2_product), -700);
  cycle();
  EXPECT_TRUE(unit.s3_valid_q);
  EXPECT_EQ(static_cast<int32_t>(unit.s3_product_q), -700);
  EXPECT_EQ(unit.acc_valid_q, 0U);
  cycle();
  EXPECT_EQ(unit.acc_valid_q, 1U << 5);
  EXPECT_EQ(sign_extend(unit.acc.mem[5], 32), -700);
  unit.propagate_state();
  EXPECT_FALSE(unit.busy_o);
}

}  // namespace
}  // namespace sparsys::eie
