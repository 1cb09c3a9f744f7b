// SPDX-License-Identifier: Apache-2.0
// Pointer read, activation queue and sparse-matrix read (docs/reference/eie-timing.md sections 4 to
// 6).
#include <deque>

#include "Vact_queue_1.h"
#include "Vact_queue_256.h"
#include "Vact_queue_8.h"
#include "Vptr_read_4.h"
#include "Vptr_read_64.h"
#include "Vspmat_read_1024.h"
#include "Vspmat_read_32.h"
#include "tb/lockstep/eie/signals.hpp"
#include "tb/modules/module_bench.hpp"

namespace sparsys::eie {
namespace {

// Pointers such that full, empty and disordered columns are all frequent.
template <class Rtl>
void run_ptr_read(uint32_t ptr_depth, uint64_t seed) {
  Config config;
  config.ptr_depth = ptr_depth;
  const uint32_t rows = ptr_depth / 2;
  Dice dice(seed);
  ModuleBench<Rtl, PtrRead> b("eie_ptr_read", config);
  PORT(push_o);
  PORT(push_act_o);
  PORT(push_start_o);
  PORT(push_end_o);
  PORT(io_rdata_o);
  PORT(error_o);
  PORT(busy_o);
  uint32_t stalls = 0, pauses = 0;
  uint64_t pushes = 0, empty = 0, errors = 0, held = 0;
  bool loading = true;
  for (uint64_t n = 0; n < 40000; ++n) {
    if (n % 256 == 0) {
      stalls = 30 * static_cast<uint32_t>(dice.below(3));
      pauses = 30 * static_cast<uint32_t>(dice.below(3));
    }
    // Load and read-back while no column is under way; rarely in between: the port wins.
    if (!b.model.p_valid_q && dice.chance(10)) loading = !loading;
    const bool rst = dice.below(300) == 0;
    b.rtl.rst_i = rst;
    DRIVE(flags_clear_i, dice.chance(5));
    DRIVE(advance_i, !dice.chance(stalls));
    DRIVE(b_valid_i, !loading && !dice.chance(pauses));
    DRIVE(b_act_i, dice.bits(16));
    const uint64_t column = dice.bits(16) % ptr_depth;  // The last one wraps around to row 0.
    DRIVE(b_odd_first_i, column & 1);
    DRIVE(b_odd_i, column >> 1);
    DRIVE(b_even_i, (column + 1) / 2 % rows);
    DRIVE(io_en_i, loading && !b.model.p_valid_q ? dice.chance(80) : dice.below(80) == 0);
    DRIVE(io_write_i, dice.chance(70));
    DRIVE(io_addr_i, dice.below(rows));
    const uint64_t pointer = dice.word(16);
    const uint64_t next = dice.chance(30) ? pointer : pointer + dice.below(4) - 1;
    DRIVE(io_wdata_i,
          dice.chance(40) ? dice.word(16) << 16 | pointer : (next & 0xFFFF) << 16 | pointer);
    if (!b.check()) return;
    const auto& m = b.model;
    pushes += m.push_o;
    empty += m.p_valid_q && m.push_end_o == m.push_start_o;
    errors += m.p_valid_q && m.push_end_o < m.push_start_o;
    held += m.p_valid_q && !m.advance_i;
    b.edge(rst);
  }
  EXPECT_GT(pushes, 500U);
  EXPECT_GT(empty, 50U);
  EXPECT_GT(errors, 100U);
  EXPECT_GT(held, 500U);
}

TEST(PtrRead, FourPointers) {
  for_seeds(3, [](uint64_t seed) { run_ptr_read<Vptr_read_4>(4, seed); });
}
TEST(PtrRead, SixtyFourPointers) {
  for_seeds(3, [](uint64_t seed) { run_ptr_read<Vptr_read_64>(64, seed); });
}

template <class Rtl>
void run_act_queue(uint32_t depth, uint64_t seed) {
  Config config;
  config.queue_depth = depth;
  Dice dice(seed);
  ModuleBench<Rtl, ActQueue> b("eie_act_queue", config);
  PORT(head_act_o);
  PORT(head_start_o);
  PORT(head_end_o);
  PORT(empty_o);
  PORT(full_o);
  uint32_t pushes = 50, pops = 50;
  uint64_t full = 0, emptied = 0;
  bool was_full = false;
  const uint64_t cycles = 30000 + 600 * depth;
  for (uint64_t n = 0; n < cycles; ++n) {
    if (n % (64 + 8 * depth) == 0) {
      pushes = 10 + 40 * static_cast<uint32_t>(dice.below(3));
      pops = 10 + 40 * static_cast<uint32_t>(dice.below(3));
    }
    const bool rst = dice.below(200 + 16 * depth) == 0;
    b.rtl.rst_i = rst;
    DRIVE(push_i, dice.chance(pushes));
    DRIVE(pop_i, dice.chance(pops));
    DRIVE(push_act_i, dice.bits(16));
    DRIVE(push_start_i, dice.bits(16));
    DRIVE(push_end_i, dice.bits(16));
    if (!b.check()) return;
    full += b.model.full_o;
    was_full = !b.model.empty_o && !rst && (was_full || b.model.full_o);
    emptied += was_full && b.model.queue.count_q == 1 && b.model.pop_i;
    b.edge(rst);
  }
  EXPECT_GT(full, 500U);
  EXPECT_GT(emptied, 0U);  // from full on, word by word
}

TEST(ActQueue, OneColumn) {
  for_seeds(3, [](uint64_t seed) { run_act_queue<Vact_queue_1>(1, seed); });
}
TEST(ActQueue, EightColumns) {
  for_seeds(3, [](uint64_t seed) { run_act_queue<Vact_queue_8>(8, seed); });
}
TEST(ActQueue, MostColumns) {
  for_seeds(3, [](uint64_t seed) { run_act_queue<Vact_queue_256>(256, seed); });
}

struct Column {
  uint16_t act;
  uint16_t start;
  uint16_t end;
};

Column random_column(Dice& dice, uint32_t most) {
  const uint64_t entries = dice.between(1, most);
  // Also at the very end of the 16-bit range, and with the first entry last in its row.
  const uint64_t start = dice.chance(10)   ? 65535 - entries
                         : dice.chance(20) ? dice.below(8000) * 8 + 7
                                           : dice.below(65536 - entries);
  return {static_cast<uint16_t>(dice.bits(16)), static_cast<uint16_t>(start),
          static_cast<uint16_t>(start + entries)};
}

template <class Bench>
void spmat_ports(Bench& b) {
  PORT(pop_o);
  PORT(e_valid_o);
  PORT(e_first_o);
  PORT(e_code_o);
  PORT(e_skip_o);
  PORT(e_act_o);
  PORT(range_error_o);
  PORT(io_rdata_o);
  PORT(busy_o);
}

// The queue's head, kept until popped; anything while the queue is empty.
template <class Bench>
void drive_head(Bench& b, Dice& dice, const std::deque<Column>& queue) {
  const bool empty = queue.empty();
  DRIVE(head_empty_i, empty);
  DRIVE(head_act_i, empty ? dice.bits(16) : queue.front().act);
  DRIVE(head_start_i, empty ? dice.bits(16) : queue.front().start);
  DRIVE(head_end_i, empty ? dice.bits(16) : queue.front().end);
}

template <class Bench>
void no_port_request(Bench& b, Dice& dice, uint32_t rows) {
  DRIVE(io_en_i, 0);
  DRIVE(io_write_i, dice.bits(1));
  DRIVE(io_addr_i, dice.below(rows));
  DRIVE(io_wdata_i, dice.next());
}

template <class Bench>
void fill_entries(Bench& b, Dice& dice, uint32_t rows) {
  DRIVE(head_empty_i, 1);
  for (uint32_t row = 0; row < rows; ++row) {
    DRIVE(io_en_i, 1);
    DRIVE(io_write_i, 1);
    DRIVE(io_addr_i, row);
    DRIVE(io_wdata_i, dice.next());
    if (!b.check()) return;
    b.edge(false);
  }
}

template <class Rtl>
void run_spmat_read(uint32_t entry_depth, uint64_t seed) {
  Config config;
  config.entry_depth = entry_depth;
  const uint32_t rows = entry_depth / 8;
  Dice dice(seed);
  ModuleBench<Rtl, SpmatRead> b("eie_spmat_read", config);
  spmat_ports(b);
  fill_entries(b, dice, rows);
  std::deque<Column> queue;
  uint32_t arrivals = 10, most = 40;
  uint64_t base = 0, popped = 0, errors = 0, cleared = 0;
  for (uint64_t n = 0; n < 40000; ++n) {
    if (n % 256 == 0) {
      arrivals = 3 + 20 * static_cast<uint32_t>(dice.below(4));
      most = dice.chance(50) ? 3 : 40;
    }
    if (queue.size() < 8 && dice.chance(arrivals)) queue.push_back(random_column(dice, most));
    const bool rst = dice.below(400) == 0;
    if (rst && dice.chance(50)) queue.clear();
    b.rtl.rst_i = rst;
    drive_head(b, dice, queue);
    const bool idle = queue.empty() && !b.model.busy_o;
    if (idle) base = dice.below(rows);
    DRIVE(entry_base_i, base);
    DRIVE(flags_clear_i, dice.chance(5));
    no_port_request(b, dice, rows);
    DRIVE(io_en_i, idle ? dice.chance(80) : dice.below(100) == 0);
    if (!b.check()) return;
    const bool pop = b.rtl.pop_o;
    errors += b.model.range_error_q;
    cleared += b.model.range_error_q && b.model.flags_clear_i;
    b.edge(rst);
    if (rst) {
      queue.clear();
    } else if (pop) {
      queue.pop_front();
      ++popped;
    }
  }
  EXPECT_GT(popped, 1000U);
  EXPECT_GT(errors, 1000U);
  EXPECT_LT(errors, 39000U);
  EXPECT_GT(cleared, 100U);
}

TEST(SpmatRead, FourRows) {
  for_seeds(3, [](uint64_t seed) { run_spmat_read<Vspmat_read_32>(32, seed); });
}
TEST(SpmatRead, HundredTwentyEightRows) {
  for_seeds(3, [](uint64_t seed) { run_spmat_read<Vspmat_read_1024>(1024, seed); });
}

// The RTL's promise behind all utilisation figures: while the queue holds work an entry leaves in
// every cycle, across entry rows and columns. So n entries take n cycles plus the latency of two.
TEST(SpmatRead, AnEntryEveryCycle) {
  for_seeds(10, [](uint64_t seed) {
    Config config;
    config.entry_depth = 1024;
    Dice dice(seed);
    ModuleBench<Vspmat_read_1024, SpmatRead> b("eie_spmat_read", config);
    spmat_ports(b);
    fill_entries(b, dice, 128);
    std::deque<Column> queue;
    uint64_t entries = 0;
    const uint32_t most = dice.chance(50) ? 40 : 3;
    for (int n = 0; n < 200; ++n) {
      queue.push_back(random_column(dice, most));
      entries += static_cast<uint64_t>(queue.back().end - queue.back().start);
    }
    const uint64_t base = dice.below(128);
    const uint64_t first = b.cycle();
    uint64_t seen = 0;
    b.rtl.rst_i = 0;
    while (true) {
      drive_head(b, dice, queue);
      no_port_request(b, dice, 128);
      DRIVE(entry_base_i, base);
      if (!b.check()) return;
      const uint64_t cycle = b.cycle() - first;
      ASSERT_EQ(b.rtl.e_valid_o, cycle >= 2 && cycle < 2 + entries) << "cycle " << cycle;
      seen += b.rtl.e_valid_o;
      if (queue.empty() && !b.rtl.busy_o) break;
      const bool pop = b.rtl.pop_o;
      b.edge(false);
      if (pop) queue.pop_front();
    }
    EXPECT_EQ(seen, entries);
    EXPECT_EQ(b.cycle() - first, entries + 2);
  });
}

}  // namespace
}  // namespace sparsys::eie
