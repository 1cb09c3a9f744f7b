// SPDX-License-Identifier: Apache-2.0
// The control's units by themselves (docs/reference/eie-timing.md sections 3.1 to 3.7): the
// sequencer, the pass, the broadcast, the port, the status words with the first error, the columns.
#include <algorithm>
#include <array>
#include <map>

#include "Vbroadcast_1.h"
#include "Vbroadcast_13.h"
#include "Vcolumns_1.h"
#include "Vcolumns_2.h"
#include "Vcolumns_4.h"
#include "Vcolumns_8.h"
#include "Vpass_1.h"
#include "Vpass_256.h"
#include "Vpass_32_g8.h"
#include "Vpass_64.h"
#include "Vport.h"
#include "Vsequencer_2.h"
#include "Vsequencer_256.h"
#include "Vsequencer_g8.h"
#include "Vstatus_1.h"
#include "Vstatus_256.h"
#include "Vstatus_g2.h"
#include "Vstatus_g8.h"
#include "tb/lockstep/eie/signals.hpp"
#include "tb/modules/module_bench.hpp"
#include "tb/support/eie/faults.hpp"

namespace sparsys::eie {
namespace {

// The module has no reset.
template <class Rtl>
void run_pass(const Config& config, uint64_t seed) {
  Dice dice(seed);
  ModuleBench<Rtl, PassUnit> b("eie_pass", config);
  PORT(reason_o);
  PORT(in_rows_o);
  PORT(out_rows_o);
  PORT(bias_columns_o);
#define FIELD(name)                                                 \
  b.port(                                                           \
      #name, [&] { return static_cast<uint64_t>(b.rtl.name##_o); }, \
      [&] { return static_cast<uint64_t>(b.model.pass_o.name); })
  FIELD(ptr_base);
  FIELD(entry_base);
  FIELD(in_count);
  FIELD(src_addr);
  FIELD(dst_addr);
  FIELD(in_first);
  FIELD(codebook);
  FIELD(shift);
  FIELD(bias);
  FIELD(load_src);
  FIELD(load_codebook);
  FIELD(clear);
  FIELD(write_back);
  FIELD(store_dst);
  FIELD(relu);
  FIELD(swap);
#undef FIELD
  std::map<uint32_t, uint64_t> reasons;
  uint64_t words[2] = {};
  for (uint64_t n = 0; n < 60000; ++n) {
    // Mostly word 0, then word 1; now and then one alone, or both in one cycle.
    if (n % 2 == 0) random_descriptor(dice.next(), config, words);
    DRIVE(we0_i, n % 2 == 0 || dice.chance(3));
    DRIVE(we1_i, n % 2 == 1 || dice.chance(3));
    DRIVE(word_i, words[n % 2]);
    if (!b.check()) return;
    if (n % 2 == 0) ++reasons[b.model.reason_o];
    b.edge(false);
  }
  for (uint32_t reason = 2; reason <= 9; ++reason) {
    // There may be no such value: fields end where the largest memories do.
    const bool never = (reason == 6 && config.entry_depth == 8 * 65536) ||
                       (reason == 9 && config.codebooks == 256);
    EXPECT_EQ(reasons[reason] > 20, !never) << "reason " << reason;
  }
  EXPECT_GT(reasons[0], 5000U);
}

Config config_of(uint32_t n_pe, uint32_t entries, uint32_t pointers, uint32_t ram,
                 uint32_t codebooks) {
  Config config;
  config.n_pe = n_pe;
  config.entry_depth = entries;
  config.ptr_depth = pointers;
  config.act_regs = 64;
  config.act_ram_depth = ram;
  config.codebooks = codebooks;
  return config;
}

TEST(Pass, OnePeSmallestMemories) {
  for_seeds(3, [](uint64_t seed) { run_pass<Vpass_1>(config_of(1, 32, 4, 4, 2), seed); });
}
TEST(Pass, SixtyFourPes) {
  for_seeds(
      3, [](uint64_t seed) { run_pass<Vpass_64>(config_of(64, 131072, 16384, 1024, 16), seed); });
}
TEST(Pass, MostPesLargestMemories) {
  for_seeds(3, [](uint64_t seed) {
    run_pass<Vpass_256>(config_of(256, 524288, 65536, 65536, 256), seed);
  });
}

TEST(Pass, EightGroups) {
  Config config = config_of(32, 4096, 64, 128, 4);
  config.groups = 8;
  for_seeds(3, [&](uint64_t seed) { run_pass<Vpass_32_g8>(config, seed); });
}

template <class Rtl>
void run_sequencer(uint32_t list_depth, uint32_t act_regs, uint64_t seed, uint32_t groups = 1) {
  Config config;
  config.list_depth = list_depth;
  config.act_regs = act_regs;
  config.groups = groups;
  Dice dice(seed);
  ModuleBench<Rtl, Sequencer> b("eie_sequencer", config);
  PORT(busy_o);
  PORT(done_o);
  PORT(start_lost_o);
  PORT(list_read_o);
  PORT_WHEN(list_addr_o, list_read_o);
  PORT(we0_o);
  PORT(we1_o);
  PORT(run_o);
  PORT(role_o);
  PORT(flags_clear_o);
  PORT(clear_o);
  PORT(cb_read_o);
  PORT_WHEN(cb_step_o, cb_read_o);
  PORT(cb_we_o);
  PORT_WHEN(cb_word_o, cb_we_o);
  PORT(ld_read_o);
  PORT_WHEN(ld_addr_o, ld_read_o);
  PORT(ld_we_o);
  PORT_WHEN(ld_row_o, ld_we_o);
  PORT(launch_o);
  PORT(wb_read_o);
  PORT_WHEN(wb_row_o, wb_read_o);
  PORT(flush_o);
  PORT(error_set_o);
  PORT_WHEN(error_reason_o, error_set_o);
  PORT(desc_o);
  std::array<uint64_t, 13> states{}, aborted{};
  std::map<uint32_t, uint64_t> reasons;
  uint64_t lost = 0, last = 0;
  for (uint64_t n = 0; n < 60000; ++n) {
    const bool rst = dice.below(1000) == 0;
    b.rtl.rst_i = rst;
    DRIVE(start_i, dice.chance(b.model.busy_o ? 2 : 40));
    DRIVE(abort_i, dice.below(60) == 0);
    // Lists of a few descriptors, often up to the last or one more.
    const uint64_t count = dice.below(std::min(4U, list_depth) + 1);
    const uint64_t first = dice.chance(40) ? list_depth + dice.below(2) - count : dice.next();
    DRIVE(list_first_i, first % list_depth);
    DRIVE(list_count_i, dice.chance(95) ? count : dice.below(2 * list_depth));
    // The pass stands still while it runs.
    if (b.model.state_q <= Sequencer::CHECK) {
      DRIVE(pass_reason_i, dice.chance(90) ? 0 : dice.between(2, 9));
      DRIVE(in_rows_i, dice.below(act_regs + 1));
      DRIVE(out_rows_i, dice.below(act_regs + 1));
      DRIVE(src_addr_i, dice.word(16));
      DRIVE(load_src_i, dice.bits(1));
      DRIVE(load_codebook_i, dice.bits(1));
      DRIVE(clear_i, dice.bits(1));
      DRIVE(write_back_i, dice.bits(1));
      DRIVE(swap_i, dice.bits(1));
    }
    DRIVE(root_done_i, dice.chance(50));
    DRIVE(b_valid_i, dice.chance(50));
    DRIVE(pe_busy_i, dice.chance(50));
    DRIVE(pe_error_i, dice.chance(5));
    if (!b.check()) return;
    const auto& m = b.model;
    ++states[m.state_q];
    aborted[m.state_q] += m.abort_i;
    if (m.error_set_o) ++reasons[m.error_reason_o];
    lost += m.start_lost_o;
    last += m.state_q == Sequencer::NEXT && m.desc_q == list_depth - 1;
    b.edge(rst);
  }
  for (size_t state = 0; state < states.size(); ++state) {
    EXPECT_GT(states[state], 100U) << "state " << state;
    EXPECT_GT(aborted[state], 3U) << "state " << state;
  }
  for (const uint32_t reason : {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15}) {
    EXPECT_GT(reasons[reason], 5U) << "reason " << reason;
  }
  EXPECT_GT(lost, 1000U);
  EXPECT_GT(last, 50U);
}

TEST(Sequencer, TwoDescriptorsFourRegisters) {
  for_seeds(3, [](uint64_t seed) { run_sequencer<Vsequencer_2>(2, 4, seed); });
}
TEST(Sequencer, SumsOverEightGroups) {
  for_seeds(3, [](uint64_t seed) { run_sequencer<Vsequencer_g8>(8, 4, seed, 8); });
}
TEST(Sequencer, TheDefaults) {
  for_seeds(3, [](uint64_t seed) { run_sequencer<Vsequencer_256>(256, 64, seed); });
}

template <class Rtl>
void run_broadcast(uint32_t ptr_depth, uint32_t column_width, uint64_t seed) {
  Config config;
  config.ptr_depth = ptr_depth;
  Dice dice(seed);
  ModuleBench<Rtl, Broadcast> b("eie_broadcast", config);
  PORT(root_pop_o);
  PORT(advance_o);
  PORT(b_valid_o);
  PORT(b_act_o);
  PORT(b_even_o);
  PORT(b_odd_o);
  PORT(b_odd_first_o);
  uint64_t odd = 0, held = 0, flushed = 0;
  for (uint64_t n = 0; n < 40000; ++n) {
    const bool rst = dice.below(30) == 0;
    b.rtl.rst_i = rst;
    DRIVE(run_i, dice.chance(80));
    DRIVE(hold_i, dice.chance(30));
    DRIVE(root_valid_i, dice.chance(60));
    DRIVE(root_col_i, dice.word(column_width));
    DRIVE(root_act_i, dice.bits(16));
    DRIVE(ptr_base_i, dice.word(clog2(ptr_depth)));
    if (!b.check()) return;
    odd += b.model.b_valid_o && b.model.b_odd_first_o;
    held += b.model.b_valid_o && b.model.hold_i;
    flushed += b.model.b_valid_o && rst;
    b.edge(rst);
  }
  EXPECT_GT(odd, 1000U);
  EXPECT_GT(held, 1000U);
  EXPECT_GT(flushed, 100U);
}

TEST(Broadcast, FourPointers) {
  for_seeds(3, [](uint64_t seed) { run_broadcast<Vbroadcast_1>(4, 2, seed); });
}
TEST(Broadcast, TheDefaults) {
  for_seeds(3, [](uint64_t seed) { run_broadcast<Vbroadcast_13>(16384, 12, seed); });
}

// A column of a tree has `column_width` bits.
template <class Rtl>
void run_columns(uint32_t groups, uint32_t ptr_depth, uint32_t column_width, uint64_t seed) {
  Config config;
  config.groups = groups;
  config.ptr_depth = ptr_depth;
  const uint32_t bank_w = Widths(config).bank_w;
  Dice dice(seed);
  ModuleBench<Rtl, Columns> b("eie_columns", config);
  PORT(read_o);
  PORT_WHEN(word_o, read_o);
  PORT(pending_o);
  PORT(root_pop_o);
  PORT(taken_o);
  PORT(advance_o);
  PORT(b_valid_o);
  PORT(b_odd_first_o);
  for (uint32_t g = 0; g < groups; ++g) {
    const auto element = [&](const char* name, const auto& rtl, const auto& model, uint32_t width) {
      b.port(
          name, [&rtl, g, width] { return get_bits(rtl, g * width, width); },
          [&model, g] { return uint64_t{model[g]}; });
    };
    element("b_act_o", b.rtl.b_act_o, b.model.b_act_o, 16);
    element("b_even_o", b.rtl.b_even_o, b.model.b_even_o, bank_w);
    element("b_odd_o", b.rtl.b_odd_o, b.model.b_odd_o, bank_w);
  }
  std::array<uint64_t, 4> passes{};  // by their bias
  uint64_t steps = 0, held = 0, second_words = 0, flushed = 0;
  uint32_t launch = 0;  // cycles until the next
  for (uint64_t n = 0; n < 40000; ++n) {
    const bool rst = dice.below(50) == 0;
    b.rtl.rst_i = rst;
    // Passes of a few cycles: the descriptor changes in between.
    const bool launches = launch-- == 0;
    if (launches) {
      launch = 2 + static_cast<uint32_t>(dice.below(20));
      const auto bias = static_cast<uint32_t>(dice.below(4));
      ++passes[bias];
      DRIVE(bias_i, bias);
      DRIVE(bias_columns_i, Dealing(config).bias_columns(bias));
      DRIVE(ptr_base_i, dice.word(clog2(ptr_depth)));
    }
    DRIVE(launch_i, launches);
    DRIVE(run_i, !launches && launch != 0);
    DRIVE(word_i, dice.next());
    uint64_t valid = 0, hold = 0;
    for (uint32_t g = 0; g < groups; ++g) {
      valid |= uint64_t{dice.chance(60)} << g;
      hold |= uint64_t{dice.chance(10)} << g;
      b.model.root_col_i[g] = static_cast<uint16_t>(dice.word(column_width));
      b.model.root_act_i[g] = static_cast<uint16_t>(dice.bits(16));
      set_bits(b.rtl.root_col_i, g * column_width, column_width, b.model.root_col_i[g]);
      set_bits(b.rtl.root_act_i, 16 * g, 16, b.model.root_act_i[g]);
    }
    DRIVE(root_valid_i, valid);
    DRIVE(hold_i, hold);
    if (!b.check()) return;
    const bool pending = b.model.run_i && b.model.pending_o;
    steps += pending && hold == 0;
    held += pending && hold != 0;
    second_words += b.model.read_o && b.model.word_o;
    flushed += pending && rst;
    b.edge(rst);
  }
  for (const uint64_t of_bias : passes) EXPECT_GT(of_bias, 500U);
  EXPECT_GT(steps, 1000U);
  EXPECT_GT(held, 200U);
  EXPECT_GT(second_words, 100U);
  EXPECT_GT(flushed, 10U);
}

TEST(Columns, FourPointers) {
  for_seeds(3, [](uint64_t seed) { run_columns<Vcolumns_1>(1, 4, 2, seed); });
}
TEST(Columns, TwoGroups) {
  for_seeds(3, [](uint64_t seed) { run_columns<Vcolumns_2>(2, 16, 3, seed); });
}
TEST(Columns, FourGroups) {
  for_seeds(3, [](uint64_t seed) { run_columns<Vcolumns_4>(4, 16384, 12, seed); });
}
TEST(Columns, EightGroups) {
  for_seeds(3, [](uint64_t seed) { run_columns<Vcolumns_8>(8, 64, 9, seed); });
}

TEST(Port, Random) {
  for_seeds(3, [](uint64_t seed) {
    Dice dice(seed);
    ModuleBench<Vport, Port> b("eie_port");
    PORT(io_ready_o);
    PORT(io_rvalid_o);
    PORT(io_rdata_o);
    PORT(io_en_o);
    PORT_WHEN(io_write_o, io_en_o);
    PORT(io_addr_o);
    PORT_WHEN(io_wdata_o, io_en_o);
    PORT(io_list_o);
    PORT(io_codebook_o);
    std::array<uint64_t, 16> answers{};
    for (uint64_t n = 0; n < 40000; ++n) {
      const bool rst = dice.below(100) == 0;
      b.rtl.rst_i = rst;
      DRIVE(idle_i, dice.chance(80));
      DRIVE(io_valid_i, dice.chance(70));
      DRIVE(io_write_i, dice.chance(40));
      DRIVE(io_addr_i, dice.bits(32));
      DRIVE(io_wdata_i, dice.next());
      DRIVE(status_i, dice.next());
      DRIVE(list_rdata_i, dice.next());
      DRIVE(codebook_rdata_i, dice.next());
      DRIVE(io_rdata_i, dice.next());
      if (!b.check()) return;
      answers[b.model.io2_space_q] += b.model.io2_read_q;
      b.edge(rst);
    }
    for (const uint64_t count : answers) EXPECT_GT(count, 300U);
  });
}

template <class Rtl>
void run_status(const Config& config, uint64_t seed) {
  Dice dice(seed);
  ModuleBench<Rtl, StatusUnit> b("eie_status", config);
  PORT(flags_o);
  PORT(word_o);
  std::map<uint32_t, uint64_t> pes, reasons;
  uint32_t errors = 0;
  for (uint64_t n = 0; n < 60000; ++n) {
    if (n % 64 == 0) errors = static_cast<uint32_t>(dice.below(3));
    const bool rst = dice.below(500) == 0;
    b.rtl.rst_i = rst;
    DRIVE(clear_i, dice.below(30) == 0);
    DRIVE(busy_i, dice.chance(80));
    DRIVE(broadcast_i, dice.bits(config.groups));
    DRIVE(held_i, dice.bits(config.groups));
    DRIVE(flags_i, dice.bits(4));
    DRIVE(start_lost_i, dice.bits(1));
    DRIVE(error_set_i, dice.below(20) == 0);
    DRIVE(error_reason_i, dice.chance(50) ? 10 : dice.between(1, 15));
    DRIVE(error_desc_i, dice.word(clog2(config.list_depth)));
    DRIVE(number_i, dice.chance(50) ? 5 : dice.below(8));
    // None, one, or many.
    const uint64_t one = dice.below(config.n_pe);
    for (uint32_t word = 0; 64 * word < config.n_pe; ++word) {
      const uint32_t bits = std::min(64U, config.n_pe - 64 * word);
      uint64_t value = errors == 2 && dice.chance(20) ? dice.bits(bits) & dice.next() : 0;
      if (errors == 1 && one / 64 == word && dice.chance(20)) value |= uint64_t{1} << one % 64;
      b.model.pe_error_i[word] = value;
      set_bits(b.rtl.pe_error_i, 64 * word, bits, value);
    }
    if (!b.check()) return;
    ++reasons[b.model.errors.reason_q];
    if (b.model.errors.pe_found_q) ++pes[b.model.errors.pe_q];
    b.edge(rst);
  }
  EXPECT_EQ(reasons.size(), 16U);
  EXPECT_GT(pes.size(), config.n_pe / 2);
}

TEST(Status, OnePe) {
  Config config;
  config.n_pe = 1;
  config.act_regs = 4;
  config.queue_depth = 1;
  config.acc_width = 20;
  config.list_depth = 2;
  for_seeds(3, [&](uint64_t seed) { run_status<Vstatus_1>(config, seed); });
}
TEST(Status, TwoGroups) {
  Config config;
  config.n_pe = config.groups = 2;
  config.act_regs = 8;
  config.queue_depth = 3;
  config.acc_width = 33;
  config.list_depth = 8;
  for_seeds(3, [&](uint64_t seed) { run_status<Vstatus_g2>(config, seed); });
}
TEST(Status, EightGroups) {
  Config config;
  config.groups = 8;
  for_seeds(3, [&](uint64_t seed) { run_status<Vstatus_g8>(config, seed); });
}
TEST(Status, MostPes) {
  Config config;
  config.n_pe = 256;
  config.act_regs = 64;
  config.queue_depth = 256;
  config.acc_width = 48;
  config.list_depth = 32768;
  for_seeds(3, [&](uint64_t seed) { run_status<Vstatus_256>(config, seed); });
}

}  // namespace
}  // namespace sparsys::eie
