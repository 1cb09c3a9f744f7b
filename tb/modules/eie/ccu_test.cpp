// SPDX-License-Identifier: Apache-2.0
// Central control (docs/reference/eie-timing.md section 3): lists of random descriptors, with
// everything that the engine around it can do at random, and the load and read-back port.
#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "Vccu_1.h"
#include "Vccu_64.h"
#include "Vccu_8_g4.h"
#include "tb/lockstep/eie/signals.hpp"
#include "tb/modules/module_bench.hpp"
#include "tb/support/eie/faults.hpp"

namespace sparsys::eie {
namespace {

template <class Rtl>
void run_ccu(const Config& config, uint64_t seed) {
  const Widths widths(config);
  Dice dice(seed);
  ModuleBench<Rtl, Ccu> b("eie_ccu", config);
  PORT(busy_o);
  PORT(done_o);
  PORT(flags_o);
  PORT(flush_o);
  PORT(io_ready_o);
  PORT(io_rvalid_o);
  PORT(io_rdata_o);
  PORT(io_en_o);
  PORT_WHEN(io_write_o, io_en_o);
  PORT_WHEN(io_addr_o, io_en_o);
  PORT_WHEN(io_wdata_o, io_en_o);
  PORT(root_pop_o);
  PORT(advance_o);
  PORT(b_valid_o);
  // Elements of the groups, side by side.
  for (uint32_t g = 0; g < config.groups; ++g) {
    const auto element = [&](const char* name, const auto& rtl, const auto& model, uint32_t width) {
      b.port(
          name, [&rtl, g, width] { return get_bits(rtl, g * width, width); },
          [&model, g] { return uint64_t{model[g]}; });
    };
    element("b_act_o", b.rtl.b_act_o, b.model.b_act_o, 16);
    element("b_even_o", b.rtl.b_even_o, b.model.b_even_o, widths.bank_w);
    element("b_odd_o", b.rtl.b_odd_o, b.model.b_odd_o, widths.bank_w);
  }
  PORT(b_odd_first_o);
  PORT(role_o);
  PORT(flags_clear_o);
  PORT(clear_o);
  PORT(cb_we_o);
  PORT_WHEN(cb_word_o, cb_we_o);
  PORT(cb_data_o);
  PORT(ld_read_o);
  PORT_WHEN(ld_addr_o, ld_read_o);
  PORT(ld_we_o);
  PORT_WHEN(ld_row_o, ld_we_o);
  PORT(launch_o);
  PORT(wb_read_o);
  PORT_WHEN(wb_row_o, wb_read_o);
  PORT(in_first_o);
  PORT(in_count_o);
  PORT(entry_base_o);
  PORT(dst_addr_o);
  PORT(shift_o);
  PORT(relu_o);
  PORT(store_dst_o);
  std::array<uint64_t, 13> states{};
  uint64_t answers = 0, done = 0, request_with_start = 0, edge_columns = 0;
  uint64_t biases = 0, biases_held = 0;
  std::map<uint32_t, uint64_t> reasons;
  std::vector<uint64_t> descriptors(config.list_depth);  // seeds
  uint64_t words[2] = {};
  uint32_t valid = 50, last = 10, holds = 0, busy = 0;
  for (uint64_t n = 0; n < 60000; ++n) {
    if (n % 128 == 0) {
      valid = 20 + 40 * static_cast<uint32_t>(dice.below(3));
      last = 2 + 20 * static_cast<uint32_t>(dice.below(3));
      holds = 30 * static_cast<uint32_t>(dice.below(3));
      busy = 30 * static_cast<uint32_t>(dice.below(3));
    }
    const bool rst = dice.below(1000) == 0;
    b.rtl.rst_i = rst;
    DRIVE(start_i, dice.chance(b.model.busy_o ? 3 : 5));
    DRIVE(abort_i, dice.chance(b.model.busy_o ? 1 : 5));
    DRIVE(list_first_i, dice.below(config.list_depth));
    DRIVE(list_count_i, dice.chance(90) ? dice.below(4) % (config.list_depth + 1)
                                        : dice.below(config.list_depth + 1));
    // The port: mostly the spaces that are the CCU's own.
    DRIVE(io_valid_i, dice.chance(60));
    DRIVE(io_write_i, dice.chance(50));
    const uint64_t space = dice.chance(80) ? 5 + dice.below(3) : dice.below(16);
    const uint64_t address = dice.bits(20);
    DRIVE(io_addr_i, space << 28 | (dice.chance(50) ? address & 7 : address) | dice.bits(8) << 20);
    uint64_t& descriptor = descriptors[b.model.io_addr_i / 2 % config.list_depth];
    if (dice.chance(20)) descriptor = dice.next();
    random_descriptor(descriptor, config, words);
    DRIVE(io_wdata_i, space == 5 ? words[b.model.io_addr_i & 1] : dice.next());
    DRIVE(io_rdata_i, dice.next());
    // Tree and PEs.
    uint64_t root_valid = 0, root_done = 0, hold = 0;
    const bool over = dice.chance(last);
    for (uint32_t g = 0; g < config.groups; ++g) {
      const bool one = !over && dice.chance(valid);
      root_valid |= uint64_t{one} << g;
      root_done |= uint64_t{over || (!one && dice.chance(last))} << g;
      hold |= uint64_t{dice.chance(holds)} << g;
      b.model.root_col_i[g] = static_cast<uint16_t>(dice.word(widths.col_w));
      b.model.root_act_i[g] = static_cast<uint16_t>(dice.bits(16));
      set_bits(b.rtl.root_col_i, g * widths.col_w, widths.col_w, b.model.root_col_i[g]);
      set_bits(b.rtl.root_act_i, 16 * g, 16, b.model.root_act_i[g]);
    }
    DRIVE(root_valid_i, root_valid);
    DRIVE(root_done_i, root_done);
    DRIVE(hold_i, hold);
    DRIVE(pe_busy_i, dice.chance(busy));
    // Of the PEs' flags errors are rare.
    DRIVE(flags_i, dice.chance(90) ? dice.below(2) : dice.bits(4));
    b.model.pe_error_i = {};
    for (uint32_t word = 0; 64 * word < config.n_pe; ++word) {
      const uint32_t bits = std::min(64U, config.n_pe - 64 * word);
      b.model.pe_error_i[word] = dice.chance(90) ? 0 : dice.bits(bits) & dice.next();
      set_bits(b.rtl.pe_error_i, 64 * word, bits, b.model.pe_error_i[word]);
    }
    if (!b.check()) return;
    const auto& m = b.model;
    ++states[m.sequencer.state_q];
    reasons[m.status.errors.reason_q] += m.done_o;
    answers += m.io_rvalid_o;
    done += m.done_o;
    request_with_start += m.start_i && m.io_valid_i && m.io_ready_o;
    biases += m.columns.pending_o && m.columns.taken_o != 0;
    biases_held += m.columns.run_i && m.columns.pending_o && m.hold_i != 0;
    edge_columns += (m.b_valid_o & m.b_odd_first_o & 1) && m.b_even_o[0] == 0;
    b.edge(rst);
  }
  for (size_t state = 0; state < states.size(); ++state) {
    EXPECT_GT(states[state], 100U) << "state " << state;
  }
  for (const uint32_t reason : {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15}) {
    EXPECT_GT(reasons[reason], 2U) << "reason " << reason;
  }
  EXPECT_GT(biases, 15U);
  EXPECT_GT(biases_held, 3U);
  EXPECT_GT(answers, 500U);
  EXPECT_GT(done, 100U);
  EXPECT_GT(request_with_start, 50U);
  if (config.ptr_depth < 64) {  // The even bank's address wraps around.
    EXPECT_GT(edge_columns, 100U);
  }
}

TEST(Ccu, OnePeSmallestMemories) {
  Config config;
  config.n_pe = 1;
  config.ptr_depth = 4;
  config.act_regs = 4;
  config.queue_depth = 1;
  config.acc_width = 20;
  config.codebooks = 2;
  config.list_depth = 2;
  for_seeds(4, [&](uint64_t seed) { run_ccu<Vccu_1>(config, seed); });
}

TEST(Ccu, SixtyFourPes) {
  Config config;
  config.n_pe = 64;
  config.ptr_depth = 16384;
  config.act_regs = 16;
  config.queue_depth = 8;
  config.acc_width = 32;
  config.codebooks = 4;
  config.list_depth = 8;
  for_seeds(4, [&](uint64_t seed) { run_ccu<Vccu_64>(config, seed); });
}

TEST(Ccu, FourGroups) {
  Config config;
  config.n_pe = 8;
  config.groups = 4;
  config.ptr_depth = 16;
  config.act_regs = 16;
  config.queue_depth = 3;
  config.acc_width = 33;
  config.codebooks = 4;
  config.list_depth = 8;
  for_seeds(4, [&](uint64_t seed) { run_ccu<Vccu_8_g4>(config, seed); });
}

}  // namespace
}  // namespace sparsys::eie
