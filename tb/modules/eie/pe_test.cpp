// SPDX-License-Identifier: Apache-2.0
// One processing element (docs/reference/eie-timing.md section 9): the control's phases in random
// order, with random columns, pauses and port requests; and the promise of an entry every cycle,
// measured.
#include <algorithm>
#include <vector>

#include "Vpe_1.h"
#include "Vpe_16.h"
#include "golden/base/error.hpp"
#include "tb/lockstep/eie/signals.hpp"
#include "tb/modules/module_bench.hpp"

namespace sparsys::eie {
namespace {

Config config_1() {
  Config config;
  config.n_pe = 1;
  config.entry_depth = 1024;
  config.ptr_depth = 64;
  config.act_regs = 64;
  config.act_ram_depth = 16;
  config.queue_depth = 8;
  config.acc_width = 32;
  return config;
}

Config config_16() {
  Config config;
  config.n_pe = 16;
  config.entry_depth = 256;
  config.ptr_depth = 32;
  config.act_regs = 8;
  config.act_ram_depth = 32;
  config.queue_depth = 2;
  config.acc_width = 24;
  return config;
}

// The PE, driven as the control drives it.
template <class Rtl>
class PeBench {
 public:
  PeBench(const Config& config, uint64_t seed)
      : config(config), dice(seed), id(dice.below(config.n_pe)), b("eie_pe", config) {
    PORT(full_o);
    PORT(leaf_valid_o);
    PORT(leaf_done_o);
    PORT(leaf_col_o);
    PORT(leaf_act_o);
    PORT(busy_o);
    PORT(flags_o);
    PORT(io_rdata_o);
    DRIVE(id_i, id);
    rest();
  }

  // All enables low, everything else anything that stands still within a pass.
  void rest() {
    b.rtl.rst_i = 0;
    DRIVE(advance_i, !b.model.full_o);
    DRIVE(b_valid_i, 0);
    DRIVE(leaf_pop_i, 0);
    DRIVE(flags_clear_i, 0);
    DRIVE(clear_i, 0);
    DRIVE(cb_we_i, 0);
    DRIVE(cb_word_i, dice.below(4));
    DRIVE(cb_data_i, dice.next());
    DRIVE(ld_read_i, 0);
    DRIVE(ld_we_i, 0);
    DRIVE(launch_i, 0);
    DRIVE(wb_read_i, 0);
    DRIVE(wb_row_i, dice.below(config.act_regs));
    DRIVE(io_en_i, 0);
    DRIVE(io_write_i, dice.bits(1));
    DRIVE(io_addr_i, dice.bits(32));
    DRIVE(io_wdata_i, dice.next());
  }

  // One cycle with what is driven now. False behind a failure.
  bool cycle(bool rst = false) {
    b.rtl.rst_i = rst;
    if (!b.check()) return false;
    b.edge(rst);
    rest();
    return true;
  }

  bool request(bool write, uint32_t space, uint64_t address, uint64_t word) {
    DRIVE(io_en_i, 1);
    DRIVE(io_write_i, write);
    DRIVE(io_addr_i, uint64_t{space} << 28 | (address & 0xFFFFFFF));
    DRIVE(io_wdata_i, word);
    return cycle();
  }
  uint64_t own(uint64_t row) const { return id << 20 | row; }

  bool load_entries() {
    for (uint32_t row = 0; row < config.entry_depth / 8; ++row) {
      uint64_t word = 0;
      for (int e = 0; e < 8; ++e) {
        const uint64_t code = dice.chance(10) ? 0 : dice.below(16);
        // Padding passes 16 times as many rows.
        const uint64_t skip = code == 0         ? dice.below(2)
                              : dice.chance(60) ? dice.below(2)
                              : dice.chance(30) ? 15
                                                : dice.below(16);
        word = word << 8 | skip << 4 | code;
      }
      if (!request(true, 0, own(row), word)) return false;
    }
    return true;
  }
  bool load_pointers(const std::vector<uint16_t>& pointer) {
    for (size_t pair = 0; pair < pointer.size() / 2; ++pair) {
      const uint64_t word = uint64_t{pointer[2 * pair + 1]} << 16 | pointer[2 * pair];
      if (!request(true, 1, own(pair), word)) return false;
    }
    return true;
  }
  bool load_codebook() {
    for (uint64_t word = 0; word < 4; ++word) {
      DRIVE(cb_we_i, 1);
      DRIVE(cb_word_i, word);
      uint64_t codes = 0;
      for (int c = 0; c < 4; ++c) codes = codes << 16 | dice.word(16);
      DRIVE(cb_data_i, codes);
      if (!cycle()) return false;
    }
    return true;
  }
  void broadcast(uint64_t column, uint64_t act) {
    DRIVE(b_valid_i, 1);
    DRIVE(b_act_i, act);
    DRIVE(b_odd_first_i, column & 1);
    DRIVE(b_odd_i, column >> 1);
    DRIVE(b_even_i, (column + 1) / 2 % (config.ptr_depth / 2));
  }

  Config config;
  Dice dice;
  uint64_t id;
  ModuleBench<Rtl, Pe> b;
};

template <class Rtl>
bool random_requests(PeBench<Rtl>& p, uint64_t count) {
  Dice& dice = p.dice;
  for (uint64_t n = 0; n < count; ++n) {
    const bool write = dice.chance(50);
    const uint32_t space = dice.chance(90) ? static_cast<uint32_t>(2 + dice.below(3))
                                           : static_cast<uint32_t>(dice.below(16));
    // Of the words of a memory a quarter or so is this PE's.
    const uint64_t address =
        space < 2 ? (dice.chance(50) ? p.own(dice.bits(5)) : dice.bits(28)) : dice.bits(28);
    if (write && space < 2) continue;
    if (!p.request(write, space, address, dice.chance(30) ? 0 : dice.next())) return false;
    if (dice.chance(20) && !p.cycle()) return false;
  }
  return true;
}

template <class Rtl>
void run_pe(const Config& config, uint64_t seed) {
  PeBench<Rtl> p(config, seed);
  auto& b = p.b;
  Dice& dice = p.dice;
  uint64_t full = 0, flags = 0, role = 0;
  ASSERT_TRUE(p.load_entries());
  while (b.cycle() < 40000) {
    std::vector<uint16_t> pointer(config.ptr_depth);
    uint64_t next = dice.below(1000);
    for (uint16_t& value : pointer) {
      value = static_cast<uint16_t>(next);
      next += dice.chance(30) ? 0 : dice.chance(80) ? dice.below(5) : dice.below(41);
      if (dice.below(100) == 0) next = dice.below(1000);  // Out of order.
    }
    if (!p.load_pointers(pointer) || !random_requests(p, 30)) return;
    if (dice.chance(70) && !p.load_codebook()) return;
    role ^= dice.bits(1);
    DRIVE(role_i, role);
    DRIVE(shift_i, dice.below(32));
    DRIVE(relu_i, dice.bits(1));
    DRIVE(store_dst_i, dice.bits(1));
    DRIVE(dst_addr_i, dice.bits(16));
    DRIVE(entry_base_i, dice.below(config.entry_depth / 8));  // the control checks it
    DRIVE(in_first_i, dice.chance(70) ? 0 : dice.below(config.act_regs));
    DRIVE(in_count_i, dice.below(config.act_regs * config.n_pe + 1));
    DRIVE(flags_clear_i, dice.bits(1));
    DRIVE(clear_i, dice.chance(70));
    if (!p.cycle()) return;
    if (dice.chance(50)) {  // Source registers from the activation RAM.
      const uint64_t from = dice.bits(16);
      for (uint32_t n = 0; n <= config.act_regs; ++n) {
        DRIVE(ld_read_i, n < config.act_regs);
        DRIVE(ld_addr_i, (from + n) & 0xFFFF);
        DRIVE(ld_we_i, n > 0);
        DRIVE(ld_row_i, (n - 1) % config.act_regs);
        if (!p.cycle()) return;
      }
    }
    DRIVE(launch_i, 1);
    if (!p.cycle()) return;
    // Leaf and broadcast at once; both pause.
    const uint32_t pops = 20 + 40 * static_cast<uint32_t>(dice.below(3));
    const uint32_t stalls = 20 * static_cast<uint32_t>(dice.below(3));
    const uint32_t pauses = 25 * static_cast<uint32_t>(dice.below(3));
    bool stopped = false;
    for (uint64_t columns = dice.below(60);
         columns > 0 || b.model.busy_o || !b.model.leaf_done_o;) {
      const bool advance = !b.model.full_o && !dice.chance(stalls);
      DRIVE(advance_i, advance);
      if (columns > 0 && !dice.chance(pauses)) {
        p.broadcast(dice.below(config.ptr_depth), dice.word(16));
        columns -= advance;
      }
      DRIVE(leaf_pop_i, b.model.leaf_valid_o && dice.chance(pops));
      full += b.model.full_o;
      flags |= b.model.flags_o;
      stopped = dice.below(2000) == 0;
      if (!p.cycle(stopped)) return;
      if (stopped) break;
    }
    if (stopped) continue;
    for (uint32_t row = 0; row < config.act_regs;) {
      const bool read = dice.chance(90);
      DRIVE(wb_read_i, read);
      DRIVE(wb_row_i, row);
      row += read;
      if (!p.cycle()) return;
    }
    if (!p.cycle() || !random_requests(p, 2 * config.act_regs)) return;
  }
  EXPECT_GT(full, 100U);
  EXPECT_EQ(flags, 15U);
}

TEST(Pe, AloneWithLargeQueue) {
  for_seeds(4, [](uint64_t seed) { run_pe<Vpe_1>(config_1(), seed); });
}
TEST(Pe, OneOfSixteenWithShortQueue) {
  for_seeds(4, [](uint64_t seed) { run_pe<Vpe_16>(config_16(), seed); });
}

const Signal& signal(const SignalTable& table, const std::string& instance,
                     const std::string& name) {
  for (const Signal& s : table.signals()) {
    if (s.instance == instance && s.name == name) return s;
  }
  throw Error(instance + "." + name + ": not compared");
}

// An entry every cycle, from the first broadcast on. Columns without entries in between cost
// nothing while those before them keep the unit busy: k of them behind a column of more than k.
// Broadcast, pointers, queue head, row, entry: the first leaves four cycles behind the broadcast.
TEST(Pe, AnEntryEveryCycle) {
  for_seeds(20, [](uint64_t seed) {
    PeBench<Vpe_1> p(config_1(), seed);
    auto& b = p.b;
    Dice& dice = p.dice;
    const Signal& entry = signal(b.table, "eie_pe.u_compute.g_one.u_spmat_read", "e_valid_q");
    const Signal& waiting = signal(b.table, "eie_pe.u_act_queue.u_queue", "count_q");
    ASSERT_TRUE(p.load_entries());
    uint64_t total_entries = 0;
    for (int round = 0; round < 5; ++round) {
      std::vector<uint16_t> pointer(64);
      uint64_t next = dice.below(8), entries = 0, empty_columns = 0, may_be_empty = 0;
      for (size_t column = 0; column < 63; ++column) {
        pointer[column] = static_cast<uint16_t>(next);
        if (may_be_empty > 0 && dice.chance(60)) {
          --may_be_empty;
          ++empty_columns;
          continue;
        }
        const uint64_t length = dice.chance(50) ? dice.between(1, 40) : dice.between(1, 4);
        may_be_empty = length - 1;
        next += length;
        entries += length;
      }
      pointer[63] = static_cast<uint16_t>(next);
      ASSERT_TRUE(p.load_pointers(pointer));
      DRIVE(entry_base_i, 0);
      const uint64_t first = b.cycle();
      uint64_t column = 0, seen = 0;
      bool before = false, two_before = false;
      while (column < 63 || b.model.busy_o) {
        const bool advance = !b.model.full_o;
        DRIVE(advance_i, advance);
        if (column < 63) p.broadcast(column, dice.bits(16));
        if (column < 63) column += advance;
        const uint64_t now = b.cycle() - first;
        const bool valid = entry.rtl_value() != 0;
        ASSERT_EQ(valid, now >= 4 && now < 4 + entries) << "cycle " << now;
        if (two_before) {
          ASSERT_TRUE(valid) << "cycle " << now;
        }
        two_before = before;
        before = waiting.rtl_value() != 0;
        seen += valid;
        ASSERT_TRUE(p.cycle());
      }
      EXPECT_EQ(seen, entries);
      // Behind the last entry: three stages of arithmetic.
      EXPECT_EQ(b.cycle() - first, 4 + entries + 3);
      EXPECT_GT(empty_columns, 0U);
      total_entries += entries;
    }
    EXPECT_GT(total_entries, 1000U);
  });
}

}  // namespace
}  // namespace sparsys::eie
