// SPDX-License-Identifier: Apache-2.0
// Several lanes (docs/reference/eie-timing.md section 11), all units together: columns of any
// alignment and length, rows up to and beyond the last, banks that fill up, saturation, resets.
#include <algorithm>
#include <memory>

#include "Vlanes_16_32.h"
#include "Vlanes_4_8.h"
#include "Vlanes_4_8_g8.h"
#include "Vlanes_8_16_g4.h"
#include "Vlanes_8_4.h"
#include "tb/lockstep/eie/signals.hpp"
#include "tb/modules/module_bench.hpp"

namespace sparsys::eie {
namespace {

// The model with what it keeps in another form than the RTL.
struct MirroredLanes : Lanes {
  explicit MirroredLanes(const Config& c) : Lanes(c), config(c) {}
  void propagate() {
    Lanes::propagate();
    if (mirror) mirror->refresh();
  }
  Config config;
  mutable std::unique_ptr<SignalMirror> mirror;
};

void add_signals(SignalTable& table, const std::string& path, const MirroredLanes& m) {
  add_signals(table, path, static_cast<const Lanes&>(m));
  m.mirror = std::make_unique<SignalMirror>(table);
  add_mirrored_signals(*m.mirror, path, m, m.config);
}

struct Seen {
  uint64_t sets = 0, partial_sets = 0, held = 0, two_pushes = 0, rounds = 0;
  uint64_t saturated = 0, row_errors = 0, range_errors = 0, write_backs = 0, words_read = 0;
};

template <class Rtl>
class LanesBench {
 public:
  LanesBench(const Config& config, uint64_t seed)
      : config_(config), dice_(seed), b("eie_lanes", config) {
    b.port(
        "pop_o", [this] { return uint64_t{b.rtl.pop_o}; },
        [this] { return uint64_t{b.model.read.pop_o}; });
    PORT(saturated_o);
    PORT(row_error_o);
    PORT(range_error_o);
    PORT(busy_o);
    head(true, 0, 0, 0, 0);
    request(false, false, 0, 0);
  }

  // A list: memories loaded, columns run, accumulators read back. False behind a difference.
  bool run() { return load() && columns() && read_back(); }

  Seen seen;

 private:
  // Entries of column after column, whatever the columns' bounds: mostly small steps.
  bool load() {
    const uint32_t steps = 1 + static_cast<uint32_t>(dice_.below(12));
    const uint32_t padding = dice_.chance(50) ? 3 : 25;
    for (uint32_t w = 0; w < config_.entry_depth / 8; ++w) {
      uint64_t word = 0;
      for (int e = 0; e < 8; ++e) {
        const uint64_t code = dice_.chance(padding) ? 0 : 1 + dice_.below(15);
        const uint64_t skip = dice_.chance(2) ? 15 : code ? dice_.below(steps) : 0;
        word = word << 8 | skip << 4 | code;
      }
      request(true, true, w, word);
      if (!clock()) return false;
    }
    for (int n = 0; n < 20; ++n) {
      request(dice_.chance(80), false, static_cast<uint32_t>(dice_.below(config_.entry_depth / 8)),
              dice_.next());
      if (!clock()) return false;
      ++seen.words_read;
      if (b.rtl.io_rdata_o != b.model.read.io_rdata_o) {
        ADD_FAILURE() << "io_rdata_o: RTL 0x" << std::hex << b.rtl.io_rdata_o;
        return false;
      }
    }
    request(false, false, 0, 0);
    const bool extreme = dice_.chance(40);
    for (uint32_t w = 0; w < 4; ++w) {
      uint64_t codes = 0;
      for (int c = 0; c < 4; ++c) codes = codes << 16 | (extreme ? 0x8000 : dice_.word(16));
      DRIVE(cb_we_i, 1);
      DRIVE(cb_word_i, w);
      DRIVE(cb_data_i, codes);
      if (!clock()) return false;
    }
    DRIVE(cb_we_i, 0);
    DRIVE(clear_i, dice_.chance(70));
    DRIVE(flags_clear_i, dice_.chance(70));
    if (!clock()) return false;
    DRIVE(clear_i, 0);
    DRIVE(flags_clear_i, 0);
    return true;
  }

  bool columns() {
    const uint32_t base = static_cast<uint32_t>(dice_.below(config_.entry_depth / 8));
    const uint32_t longest = 1U << dice_.below(7);
    const uint32_t waits = dice_.chance(50) ? 0 : 20 + static_cast<uint32_t>(dice_.below(70));
    const bool extreme = dice_.chance(30);
    for (int column = 0; column < 150; ++column) {
      const uint32_t start = static_cast<uint32_t>(dice_.below(0xFF00));
      const uint32_t length = 1 + static_cast<uint32_t>(dice_.below(longest));
      const uint64_t act = extreme ? 0x8000 : dice_.word(16);
      bool popped = false;
      while (!popped) {
        head(dice_.chance(waits), act, start, start + length, base);
        popped = settled_pop();
        const bool rst = dice_.below(2000) == 0;
        if (!clock(rst)) return false;
      }
    }
    head(true, 0, 0, 0, base);
    for (int n = 0; n < 10000 && b.model.busy_o; ++n) {
      if (!clock()) return false;
    }
    EXPECT_FALSE(b.rtl.busy_o);
    return true;
  }

  bool read_back() {
    for (uint32_t row = 0; row < config_.act_regs; ++row) {
      DRIVE(wb_read_i, 1);
      DRIVE(wb_row_i, row);
      if (!clock()) return false;
      seen.write_backs += b.model.wb_acc_o.any();
    }
    DRIVE(wb_read_i, 0);
    return true;
  }

  void head(bool empty, uint64_t act, uint32_t start, uint32_t end, uint32_t base) {
    set_head(b.rtl, empty, act, start, end, base);
    set_head(b.model.read, empty, act, start, end, base);
  }
  template <class Side>
  void set_head(Side& side, bool empty, uint64_t act, uint32_t start, uint32_t end, uint32_t base) {
    assign(side.head_empty_i, empty);
    assign(side.head_act_i, act);
    assign(side.head_start_i, start);
    assign(side.head_end_i, end);
    assign(side.entry_base_i, base);
  }
  void request(bool en, bool write, uint32_t word, uint64_t data) {
    set_request(b.rtl, en, write, word, data);
    set_request(b.model.read, en, write, word, data);
  }
  template <class Side>
  void set_request(Side& side, bool en, bool write, uint32_t word, uint64_t data) {
    assign(side.io_en_i, en);
    assign(side.io_write_i, write);
    assign(side.io_addr_i, word);
    assign(side.io_wdata_i, data);
  }

  bool settled_pop() {
    b.settle();
    return b.model.read.pop_o;
  }

  bool clock(bool rst = false) {
    b.rtl.rst_i = rst;
    if (!b.check()) return false;
    const auto& m = b.model;
    seen.sets += m.read.a_valid_q && m.dispatch.step_o;
    seen.partial_sets += m.read.a_valid_q && m.dispatch.step_o && m.read.a_count_q < config_.lanes;
    seen.held += !m.dispatch.step_o;
    seen.rounds += m.dispatch.x_round_q != 0;
    for (const Bank& bank : m.bank) seen.two_pushes += bank.push_i == 3;
    seen.saturated += m.saturated_o;
    seen.row_errors += m.row_error_o;
    seen.range_errors += m.range_error_o;
    b.edge(rst);
    return true;
  }

  Config config_;
  Dice dice_;
  ModuleBench<Rtl, MirroredLanes> b;
};

template <class Rtl>
void run_lanes(const Config& config, bool saturates) {
  for_seeds(3, [&](uint64_t seed) {
    LanesBench<Rtl> bench(config, seed);
    for (int list = 0; list < 60; ++list) {
      if (!bench.run()) return;
    }
    const Seen& seen = bench.seen;
    EXPECT_GT(seen.sets, 1000U);
    EXPECT_GT(seen.partial_sets, 100U);
    EXPECT_GT(seen.held, 100U);
    EXPECT_GT(seen.two_pushes, 100U);
    EXPECT_GT(seen.row_errors, 100U);
    EXPECT_GT(seen.range_errors, 100U);
    EXPECT_GT(seen.write_backs, 100U);
    if (config.rows() / config.banks > 2) {
      EXPECT_GT(seen.rounds, 100U);
    }
    if (saturates) {
      EXPECT_GT(seen.saturated, 100U);
    }
  });
}

Config lanes_config(uint32_t lanes, uint32_t banks, uint32_t bank_depth, uint32_t act_regs,
                    uint32_t acc_width, uint32_t entry_depth, uint32_t groups = 1) {
  Config config;
  config.groups = groups;
  config.lanes = lanes;
  config.banks = banks;
  config.bank_depth = bank_depth;
  config.act_regs = act_regs;
  config.acc_width = acc_width;
  config.entry_depth = entry_depth;
  return config;
}

TEST(Lanes, FourOverEightBanks) {
  run_lanes<Vlanes_4_8>(lanes_config(4, 8, 4, 64, 32, 1024), true);
}
TEST(Lanes, EightOverFourBanksWithDeepFifos) {
  run_lanes<Vlanes_8_4>(lanes_config(8, 4, 8, 32, 48, 256), false);
}
TEST(Lanes, SixteenOverThirtyTwoBanksWithShallowFifos) {
  run_lanes<Vlanes_16_32>(lanes_config(16, 32, 2, 64, 20, 64), true);
}
TEST(Lanes, FourGroupsOver128Rows) {
  run_lanes<Vlanes_8_16_g4>(lanes_config(8, 16, 4, 32, 33, 512, 4), false);
}
TEST(Lanes, EightGroupsOver512Rows) {
  run_lanes<Vlanes_4_8_g8>(lanes_config(4, 8, 4, 64, 20, 2048, 8), true);
}

}  // namespace
}  // namespace sparsys::eie
