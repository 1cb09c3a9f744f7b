// SPDX-License-Identifier: Apache-2.0
// The matrix unit's sequencer by itself, RTL against the cycle model (docs/reference/mxu-timing.md
// section 11).
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "Vmxu_sequencer.h"
#include "tb/modules/mxu/unit_bench.hpp"

namespace sparsys::mxu {
namespace {

// Units that queue, work and complete at random; programs of all operations, some unknown.
TEST(MxuSequencer, RandomPrograms) {
  uint64_t pushes = 0, sets = 0, halts = 0, errors = 0;
  for_seeds(kSeeds, [&](uint64_t seed) {
    Dice dice(seed);
    const Config c = module_config();
    ModuleBench<Vmxu_sequencer, Clocked<Sequencer>> b("mxu_sequencer", c);
    PORT(inst_ready_o);
    PORT(status_o);
    PORT(busy_o);
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
      const std::array<uint32_t, 16> opcodes = {0, 1, 1, 2, 2, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9};
      RawInstruction i = test::make(opcodes[dice.below(16)]);
      if (dice.below(200) == 0) i.put(88, 8, dice.bits(8));
      for (uint32_t at = 0; at < 80; at += 16) i.put(at, 16, dice.bits(16));
      for (uint32_t unit = 0; unit < 4; ++unit) {
        if (dice.chance(30)) i = test::wait(i, unit, static_cast<uint32_t>(dice.below(4)));
      }
      if (i.get(88, 8) == 7) {
        const std::array<uint32_t, 11> known = {0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 15};
        i.put(72, 8, dice.chance(97) ? known[dice.below(11)] : dice.bits(8));
      }
      for (size_t w = 0; w < i.words.size(); ++w) {
        b.rtl.inst_i[w] = i.words[w];
        b.model.queue.data_i[w] = i.words[w];
      }
      uint64_t full = 0, idle = 0, done = 0;
      for (uint32_t q = 0; q < Sequencer::kQueues; ++q) {
        const bool is_full = under_way[q] >= 4 || dice.chance(5);
        b.model.full_i[q] = is_full;
        b.model.idle_i[q] = under_way[q] == 0;
        b.model.busy_i[q] = q > 0 && q < 4 && under_way[q] != 0;
        full |= uint64_t{is_full} << q;
        idle |= uint64_t{b.model.idle_i[q]} << q;
        const bool completes = under_way[q] > 0 && dice.chance(40);
        if (q < kUnits) {
          b.model.unit_done_i[q] = completes;
          done |= uint64_t{completes} << q;
        }
        under_way[q] -= completes;
        b.model.error_i[q] = 0;
        b.model.error_number_i[q] = static_cast<uint32_t>(dice.bits(24));
        set_bits(b.rtl.error_number_i, 24 * q, 24, b.model.error_number_i[q]);
      }
      if (dice.below(300) == 0)
        b.model.error_i[dice.below(5)] = static_cast<uint8_t>(1 + dice.below(5));
      for (uint32_t q = 0; q < Sequencer::kQueues; ++q) {
        set_bits(b.rtl.error_i, 3 * q, 3, b.model.error_i[q]);
      }
      b.rtl.full_i = static_cast<uint8_t>(full);
      b.rtl.idle_i = static_cast<uint8_t>(idle);
      b.rtl.done_i = static_cast<uint8_t>(done);
      b.model.accumulators_i = under_way[0] != 0;
      b.rtl.busy_i = static_cast<uint8_t>(b.model.busy_i[1] | b.model.busy_i[2] << 1 |
                                          b.model.busy_i[3] << 2 | b.model.accumulators_i << 3);
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
        for (uint32_t word = 0; word < 5; ++word) {
          ASSERT_EQ(get_bits(b.rtl.op_o, 32 * word, word == 4 ? 20 : 32), b.model.op_o[word]);
        }
      }
      if (b.model.common_o.set_i && b.model.common_o.set_number_i != 15) {
        ++sets;
        ASSERT_EQ(b.rtl.set_value_o, b.model.common_o.set_value_i);
        ASSERT_EQ(b.rtl.set_number_o, b.model.common_o.set_number_i & 7);
      }
      halts += b.model.halted_o;
      errors += b.model.error_o;
      if (rst) under_way = {};
      b.edge(rst);
    }
  });
  EXPECT_GT(pushes, 500U);
  EXPECT_GT(sets, 50U);
  EXPECT_GT(halts, 50U);
  EXPECT_GT(errors, 10U);
}

// Section 11: with 127 operations of a unit under way nothing more is sent to it, for stamps would
// be ambiguous.
TEST(MxuSequencer, HoldsAt127UnderWay) {
  ModuleBench<Vmxu_sequencer, Clocked<Sequencer>> b("mxu_sequencer", module_config());
  PORT(inst_ready_o);
  b.port(
      "push_o", [&] { return uint64_t{b.rtl.push_o}; },
      [&] { return uint64_t{b.model.push_o[3]} << 3; });
  const RawInstruction i = test::write_host(0, 1);
  uint64_t pushes = 0;
  for (uint64_t n = 0; n < 400; ++n) {
    const bool rst = n == 0;
    b.rtl.rst_i = rst;
    DRIVE(inst_valid_i, true);
    for (size_t w = 0; w < i.words.size(); ++w) {
      b.rtl.inst_i[w] = i.words[w];
      b.model.queue.data_i[w] = i.words[w];
    }
    // One completes when it has stood for long: one more goes.
    b.model.unit_done_i[3] = n == 300;
    b.rtl.done_i = n == 300 ? 8 : 0;
    ASSERT_TRUE(b.check());
    pushes += !rst && b.model.push_o[3];
    if (n == 299) EXPECT_EQ(pushes, 127U);
    b.edge(rst);
  }
  EXPECT_EQ(pushes, 128U);
}

}  // namespace
}  // namespace sparsys::mxu
