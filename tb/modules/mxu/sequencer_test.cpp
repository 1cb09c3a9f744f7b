// SPDX-License-Identifier: Apache-2.0
// The sequencer by itself, RTL against the cycle model, with programs of all instructions, some of
// them wrong, and units that queue, work, complete and fail at random
// (docs/reference/mxu-timing.md section 11).
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <vector>

#include "Vmxu_sequencer.h"
#include "tb/modules/mxu/mxu_module.hpp"

namespace sparsys::mxu {
namespace {

using test::RawInstruction;

constexpr uint64_t kSeeds = 4;
constexpr uint64_t kCycles = 6000;

// One of any kind, most of them in order.
RawInstruction random_instruction(Dice& dice, const Config& c) {
  const std::array<uint32_t, 18> opcodes = {0, 1, 1, 1, 2, 2, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10};
  const uint32_t opcode = opcodes[dice.below(18)];
  const auto any = [&](uint64_t most) { return static_cast<uint32_t>(dice.below(most)); };
  RawInstruction i = test::make(opcode);
  switch (opcode) {
    case 1:
      i = test::read_beats(static_cast<uint32_t>(dice.word(32)), dice.chance(99) ? 1 + any(30) : 0,
                           1 + any(3), dice.chance(50), false);
      break;
    case 2:
    case 3:
      i = test::multiply(any(1 << 24), any(1 << 16), any(1 << 16), dice.chance(30), dice.chance(50),
                         1 + any(c.rows), 1 + any(c.cols))
              .put(88, 8, opcode);
      break;
    case 4:
      i = test::activate(any(1 << 24), any(1 << 16), any(1 << 16), any(256), any(4), any(4),
                         dice.chance(50), dice.chance(50));
      break;
    case 5:
    case 6:
      i.put(0, 24, dice.bits(24))
          .put(24, 16, dice.bits(16))
          .put(72, 1, opcode == 5 && dice.chance(50));
      break;
    case 7: {
      const std::array<uint32_t, 11> known = {0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 15};
      const std::array<uint32_t, 11> width = {32, 32, 32, 8, 24, 32, 32, 32, 25, 24, 0};
      const size_t r = dice.below(11);
      i = test::set_register(known[r], static_cast<uint32_t>(dice.bits(width[r])));
      break;
    }
    default:
      break;
  }
  for (uint32_t unit = 0; unit < 4 && opcode >= 2 && opcode <= 6; ++unit) {
    if (dice.chance(30)) i = test::wait(i, unit, any(4));
  }
  if (dice.below(200) == 0) i.put(88, 8, dice.bits(8));
  if (dice.below(200) == 0) i.put(any(88), 1, 1);
  return i;
}

// Units that queue, work and complete at random; programs of all operations, some unknown.
TEST(MxuSequencer, RandomPrograms) {
  uint64_t pushes = 0, sets = 0, halts = 0, errors = 0, flushes = 0, waits = 0;
  std::array<uint64_t, 10> codes{};
  for_seeds(kSeeds, [&](uint64_t seed) {
    Dice dice(seed);
    const Config c = module_config();
    ModuleBench<Vmxu_sequencer, Clocked<Sequencer>> b("mxu_sequencer", c);
    PORT(inst_ready_o);
    PORT(status_o);
    PORT(busy_o);
    PORT(quiet_o);
    PORT(flush_o);
    PORT(error_o);
    PORT(halted_o);
    b.port(
        "push_o", [&] { return uint64_t{b.rtl.push_o}; },
        [&] {
          uint64_t bits = 0;
          for (uint32_t q = 0; q < Sequencer::kQueues; ++q)
            bits |= uint64_t{b.model.push_o[q]} << q;
          return bits;
        });
    b.port(
        "stop_o", [&] { return uint64_t{b.rtl.stop_o}; },
        [&] { return uint64_t{b.model.common_o.stop_i}; });
    b.port(
        "set", [&] { return uint64_t{b.rtl.set_matrix_o} | uint64_t{b.rtl.set_act_o}; },
        [&] {
          // 15 clears the counters, within the sequencer.
          const UnitCommon& common = b.model.common_o;
          return uint64_t{common.set_i && common.set_number_i != 15};
        });
    // Operations that each queue still has to complete.
    std::array<uint32_t, Sequencer::kQueues> under_way{};
    for (uint64_t n = 0; n < kCycles; ++n) {
      const bool rst = dice.below(300) == 0 || (b.model.error_o && dice.below(20) == 0);
      b.rtl.rst_i = rst;
      DRIVE(inst_valid_i, dice.chance(70));
      DRIVE(resume_i, dice.chance(10));
      DRIVE(status_i, dice.below(16));
      const RawInstruction i = random_instruction(dice, c);
      for (size_t w = 0; w < i.words.size(); ++w) b.rtl.inst_i[w] = b.model.inst_i[w] = i.words[w];
      uint64_t full = 0, idle = 0, done = 0, busy = 0;
      for (uint32_t q = 0; q < Sequencer::kQueues; ++q) {
        const bool is_full = under_way[q] >= 4 || dice.chance(5);
        b.model.full_i[q] = is_full;
        b.model.idle_i[q] = under_way[q] == 0;
        b.model.busy_i[q] = under_way[q] != 0 && dice.chance(90);
        busy |= uint64_t{b.model.busy_i[q]} << q;
        full |= uint64_t{is_full} << q;
        idle |= uint64_t{b.model.idle_i[q]} << q;
        const bool completes = under_way[q] > 0 && dice.chance(40);
        if (q < kUnits) {
          b.model.unit_done_i[q] = completes;
          done |= uint64_t{completes} << q;
        }
        b.model.error_i[q] = 0;
        b.model.error_number_i[q] = static_cast<uint32_t>(dice.bits(24));
        set_bits(b.rtl.error_number_i, 24 * q, 24, b.model.error_number_i[q]);
        under_way[q] -= completes;
      }
      if (dice.below(300) == 0)
        b.model.error_i[dice.below(5)] = static_cast<uint8_t>(2 + dice.below(11));
      DRIVE(error_bus_i, dice.below(64));
      for (uint32_t q = 0; q < Sequencer::kQueues; ++q)
        set_bits(b.rtl.error_i, 4 * q, 4, b.model.error_i[q]);
      b.model.weights_full_i = b.rtl.w_full_i = dice.chance(30);
      b.rtl.full_i = static_cast<uint8_t>(full);
      b.rtl.idle_i = static_cast<uint8_t>(idle);
      b.rtl.done_i = static_cast<uint8_t>(done);
      b.model.accumulators_i = under_way[0] != 0;
      b.rtl.busy_i = static_cast<uint8_t>(busy | uint64_t{b.model.accumulators_i} << 5);
      b.model.pipeline_i = under_way[1] != 0;
      b.rtl.act_empty_i = !b.model.pipeline_i;
      DRIVE(row_valid_i, dice.chance(30));
      DRIVE(useful_i, dice.bits(17));
      DRIVE(stall_weights_i, dice.chance(20));
      DRIVE(shadow_i, dice.chance(50));
      DRIVE(stall_half_i, dice.chance(20));
      uint64_t blocked = 0;
      for (uint32_t unit = 0; unit < kUnits; ++unit) {
        b.model.blocked_i[unit] = dice.chance(15);
        blocked |= uint64_t{b.model.blocked_i[unit]} << unit;
      }
      b.rtl.blocked_i = static_cast<uint8_t>(blocked);
      if (!b.check()) return;
      for (uint32_t q = 0; q < Sequencer::kQueues; ++q) {
        if (!b.model.push_o[q]) continue;
        ++pushes;
        ++under_way[q];
        for (uint32_t word = 0; word < 3; ++word) {
          ASSERT_EQ(get_bits(b.rtl.op_o, 32 * word, word == 2 ? 17 : 32), b.model.op_o[word]);
        }
        ASSERT_EQ(b.rtl.op_number_o, b.model.number_o);
        ASSERT_EQ(b.rtl.op_wait_o, b.model.wait_o);
        waits += b.model.wait_o != 0;
      }
      if (b.model.common_o.set_i && b.model.common_o.set_number_i != 15) {
        ++sets;
        ASSERT_EQ(b.rtl.set_value_o, b.model.common_o.set_value_i);
        ASSERT_EQ(b.rtl.set_number_o, b.model.common_o.set_number_i & 7);
      }
      halts += b.model.halted_o;
      errors += b.model.error_o;
      flushes += b.model.flush_o;
      for (size_t k = 1; k < 10; ++k) codes[k] += b.model.error_q == k;
      if (rst || b.model.flush_o) under_way = {};
      b.edge(rst);
    }
  });
  EXPECT_GT(pushes, 500U);
  EXPECT_GT(sets, 50U);
  EXPECT_GT(halts, 50U);
  EXPECT_GT(errors, 10U);
  EXPECT_GT(flushes, 20U);
  EXPECT_GT(waits, 100U);
  for (const size_t code : {1, 2, 6, 7, 9}) EXPECT_GT(codes[code], 0U) << code;
}

// One after the other, until no more goes; one completes when it has stood for long: one more goes.
void hold_at_most(uint32_t unit, uint64_t most) {
  ModuleBench<Vmxu_sequencer, Clocked<Sequencer>> b("mxu_sequencer", module_config());
  PORT(inst_ready_o);
  b.port(
      "push_o", [&] { return uint64_t{b.rtl.push_o}; },
      [&] { return uint64_t{b.model.push_o[unit]} << unit; });
  const std::array<RawInstruction, 4> all = {test::multiply(0, 0, 1, false, false),
                                             test::activate(0, 0, 1, 0, 0), test::read_host(0, 1),
                                             test::write_host(0, 1)};
  const RawInstruction i = all[unit];
  uint64_t pushes = 0;
  for (uint64_t n = 0; n < 400; ++n) {
    const bool rst = n == 0;
    b.rtl.rst_i = rst;
    DRIVE(inst_valid_i, true);
    for (size_t w = 0; w < i.words.size(); ++w) b.rtl.inst_i[w] = b.model.inst_i[w] = i.words[w];
    b.model.unit_done_i[unit] = n == 300;
    b.rtl.done_i = n == 300 ? 1U << unit : 0;
    ASSERT_TRUE(b.check());
    pushes += !rst && b.model.push_o[unit];
    if (n == 299) {
      EXPECT_EQ(pushes, most);
    }
    b.edge(rst);
  }
  EXPECT_EQ(pushes, most + 1);
}

// Section 11: as many operations of a unit as can be counted are under way at most.
TEST(MxuSequencer, CountsNoFurther) {
  for (uint32_t unit = 0; unit < 4; ++unit) hold_at_most(unit, unit == 0 ? 127 : 15);
}

}  // namespace
}  // namespace sparsys::mxu
