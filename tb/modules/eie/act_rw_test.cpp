// SPDX-License-Identifier: Apache-2.0
// Activation read and write (docs/reference/eie-timing.md section 8), one phase after the other as
// the control gives them: port requests, loads, launches, write-backs, in random order and with
// random pauses.
#include <algorithm>

#include "Vact_rw_1.h"
#include "Vact_rw_4.h"
#include "Vact_rw_4_g4.h"
#include "Vact_rw_64.h"
#include "Vact_rw_64_g8.h"
#include "tb/lockstep/eie/signals.hpp"
#include "tb/modules/module_bench.hpp"

namespace sparsys::eie {
namespace {

enum Phase { kPort, kLoad, kLeaf, kWriteBack, kPhases };

// An accumulator at, just below or just above where rounding, saturation or sign change.
uint64_t random_accumulator(Dice& dice, uint32_t width, uint32_t shift) {
  if (dice.chance(30)) return dice.word(width);
  const int64_t y = dice.chance(40)
                        ? (dice.chance(50) ? 32767 : -32768) + int64_t(dice.below(5)) - 2
                        : static_cast<int16_t>(dice.word(16));
  const int64_t half = shift ? int64_t{1} << (shift - 1) : 0;
  const int64_t acc = (y << shift) + (dice.chance(60) ? half : 0) + int64_t(dice.below(3)) - 1;
  return static_cast<uint64_t>(acc) & low_mask(width);
}

template <class Rtl>
void run_act_rw(uint32_t n_pe, uint32_t act_regs, uint32_t ram_depth, uint32_t acc_width,
                uint64_t seed, uint32_t groups = 1) {
  Config config;
  config.n_pe = n_pe;
  config.act_regs = act_regs;
  config.act_ram_depth = ram_depth;
  config.acc_width = acc_width;
  config.groups = groups;
  Dice dice(seed);
  ModuleBench<Rtl, ActRw> b("eie_act_rw", config);
  PORT(leaf_valid_o);
  PORT(leaf_done_o);
  PORT(leaf_col_o);
  PORT(leaf_act_o);
  PORT(io_ram_rdata_o);
  PORT(io_reg_rdata_o);
  const uint64_t id = dice.below(n_pe);
  DRIVE(id_i, id);
  uint64_t role = 0, shift = 0, relu = 0, store = 0, dst = 0, src = 0;
  uint64_t in_first = 0, in_count = 0;
  Phase phase = kPort;
  uint64_t step = 0, steps = 100, launched = 0, leaves = 0, ties = 0;
  uint32_t pops = 50;
  bool load_pending = false;
  for (uint64_t n = 0; n < 40000; ++n) {
    const bool quiet = phase == kLeaf ? step > 0 && b.model.leaf_done_o && !b.model.leaf_valid_o
                                      : step >= steps && !load_pending && !b.model.wb_valid_q;
    if (quiet) {
      phase = static_cast<Phase>(dice.below(kPhases));
      step = 0;
      steps = phase == kPort ? dice.between(1, 2 * act_regs) : act_regs;
      pops = 20 + 40 * static_cast<uint32_t>(dice.below(3));
      role ^= dice.chance(40);
      shift = dice.below(32);
      relu = dice.bits(1);
      store = dice.bits(1);
      dst = dice.below(ram_depth);
      src = dice.below(ram_depth);
      const uint64_t all = uint64_t{act_regs} * n_pe;
      in_count = dice.chance(60)   ? all - dice.below(2 * n_pe)
                 : dice.chance(50) ? dice.below(all + 1)
                                   : dice.bits(16);
      in_first = dice.chance(60) ? 0 : dice.chance(80) ? dice.below(act_regs) : dice.bits(8);
    }
    const bool rst = dice.below(400) == 0;
    b.rtl.rst_i = rst;
    DRIVE(role_i, role);
    DRIVE(shift_i, shift);
    DRIVE(relu_i, relu);
    DRIVE(store_dst_i, store);
    DRIVE(dst_addr_i, dst);
    DRIVE(in_first_i, in_first);
    DRIVE(in_count_i, in_count);

    const uint64_t place = phase == kPort && step < steps ? dice.below(4) : 3;
    DRIVE(io_ram_en_i, place == 0);
    DRIVE(io_src_en_i, place == 1);
    DRIVE(io_dst_en_i, place == 2);
    DRIVE(io_write_i, dice.chance(60));
    DRIVE(io_addr_i, dice.below(std::max(ram_depth, act_regs)));
    DRIVE(io_wdata_i, dice.chance(40) ? 0 : dice.word(16));

    // The row read in one cycle is written in the next.
    const bool ld_read = phase == kLoad && step < steps;
    DRIVE(ld_read_i, ld_read);
    DRIVE(ld_addr_i, (src + step) % ram_depth);
    DRIVE(ld_we_i, load_pending);
    DRIVE(ld_row_i, load_pending ? (step - 1) % act_regs : dice.below(act_regs));

    DRIVE(launch_i, phase == kLeaf && step == 0);
    DRIVE(leaf_pop_i, b.model.leaf_valid_o && dice.chance(pops));

    const bool wb_read = phase == kWriteBack && step < steps && (step == 0 || dice.chance(80));
    DRIVE(wb_read_i, wb_read);
    DRIVE(wb_row_i, step % act_regs);
    const uint64_t acc =
        random_accumulator(dice, acc_width + clog2(groups), static_cast<uint32_t>(shift));
    DRIVE(wb_acc_i, acc);
    if (!b.check()) return;
    launched += b.model.launch_i;
    leaves += b.model.leaf_pop_i;
    ties += wb_read && shift != 0 &&
            (acc & low_mask(static_cast<uint32_t>(shift))) == uint64_t{1} << (shift - 1);
    b.edge(rst);
    load_pending = ld_read && !rst;
    if (phase != kWriteBack || wb_read || step >= steps) ++step;
    if (rst) step = steps = 1;  // A new phase.
  }
  EXPECT_GT(launched, 20U);
  EXPECT_GT(leaves, 100U);
  EXPECT_GT(ties, 50U);
}

TEST(ActRw, SixtyFourRegistersOneRamRowBitShort) {
  for_seeds(4, [](uint64_t seed) { run_act_rw<Vact_rw_1>(1, 64, 16, 20, seed); });
}
TEST(ActRw, EightRegistersOfFourPes) {
  for_seeds(4, [](uint64_t seed) { run_act_rw<Vact_rw_4>(4, 8, 64, 32, seed); });
}
TEST(ActRw, FourRegistersOf64Pes) {
  for_seeds(4, [](uint64_t seed) { run_act_rw<Vact_rw_64>(64, 4, 4, 48, seed); });
}
TEST(ActRw, OneTeamOfFourGroups) {
  for_seeds(4, [](uint64_t seed) { run_act_rw<Vact_rw_4_g4>(4, 16, 32, 32, seed, 4); });
}
TEST(ActRw, SumsOfEightGroups) {
  for_seeds(4, [](uint64_t seed) { run_act_rw<Vact_rw_64_g8>(64, 8, 16, 48, seed, 8); });
}

}  // namespace
}  // namespace sparsys::eie
