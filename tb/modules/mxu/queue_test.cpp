// SPDX-License-Identifier: Apache-2.0
// What holds an operation back and what refuses an instruction, against plain rules: the queue of
// operations with its counts, and the check of every field (docs/reference/mxu-timing.md sections 6
// and 11, mxu-format.md sections 3 to 5).
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <vector>

#include "Vmxu_flaw.h"
#include "Vmxu_op_queue.h"
#include "tb/modules/module_bench.hpp"
#include "tb/support/mxu/assembler.hpp"

namespace sparsys::mxu {
namespace {

using test::RawInstruction;

// Of the array (tb/modules/CMakeLists.txt).
constexpr uint32_t kRows = 4, kCols = 6;
// Counts of the units, and where they stand.
constexpr std::array<uint32_t, 4> kWidth = {7, 4, 4, 4};
constexpr std::array<uint32_t, 4> kAt = {0, 7, 11, 15};

struct Queued {
  uint64_t op = 0;
  uint32_t number = 0;
  std::array<uint32_t, 4> waits{};
  bool held() const { return waits[0] || waits[1] || waits[2] || waits[3]; }
};

// An operation begins once as many operations of each unit as it waits for are complete, in
// whatever place of the queue that finds it, and however many complete behind them.
TEST(MxuOpQueue, CountsDownInEveryPlace) {
  uint64_t loads = 0, refusals = 0, held = 0, longest = 0;
  for_seeds(6, [&](uint64_t seed) {
    Dice dice(seed);
    RtlTop<Vmxu_op_queue> rtl;
    Vmxu_op_queue& pins = *rtl.top;
    std::deque<Queued> queue;
    uint32_t error = 0, error_number = 0;
    uint32_t completions = 50;  // per cent, and how likely the unit takes one
    for (uint32_t n = 0; n < 20000; ++n) {
      const bool rst = n == 0 || dice.below(2000) == 0 || (error && dice.chance(10));
      if (dice.below(50) == 0) completions = static_cast<uint32_t>(dice.below(100));
      Queued next;
      next.op = dice.bits(41);
      next.number = static_cast<uint32_t>(dice.bits(24));
      uint32_t wait = 0;
      for (uint32_t u = 0; u < 4; ++u) {
        if (dice.chance(60)) continue;
        next.waits[u] =
            static_cast<uint32_t>(dice.chance(80) ? dice.below(4) : dice.bits(kWidth[u]));
        wait |= next.waits[u] << kAt[u];
      }
      const bool push = queue.size() < 4 && dice.chance(60);
      const auto done = static_cast<uint32_t>(dice.chance(completions) ? dice.bits(4) : 0);
      const bool stop = error || dice.chance(5);
      const bool can = dice.below(100) >= completions;
      const auto code = static_cast<uint32_t>(dice.below(200) ? 0 : 1 + dice.below(15));
      pins.rst_i = rst;
      pins.push_i = push;
      pins.op_i = next.op;
      pins.number_i = next.number;
      pins.wait_i = wait;
      pins.done_i = static_cast<uint8_t>(done);
      pins.stop_i = stop;
      pins.can_i = can;
      pins.code_i = static_cast<uint8_t>(code);
      pins.clk_i = 0;
      pins.eval();
      uint32_t blocked = 0;
      for (uint32_t u = 0; u < 4; ++u) {
        if (!queue.empty() && queue.front().waits[u]) blocked |= 1U << u;
      }
      const bool take = can && !stop && !queue.empty() && !queue.front().held();
      if (n > 0) {
        ASSERT_EQ(pins.empty_o, queue.empty());
        ASSERT_EQ(pins.full_o, queue.size() == 4);
        ASSERT_EQ(pins.blocked_o, blocked);
        ASSERT_EQ(pins.offer_o && can, take);
        ASSERT_EQ(pins.error_o, error);
        if (error) {
          ASSERT_EQ(pins.error_number_o, error_number);
        }
        if (!queue.empty()) {
          ASSERT_EQ(pins.op_o, queue.front().op);
        }
      }
      pins.clk_i = 1;
      pins.eval();
      held += blocked != 0;
      for (Queued& q : queue) {
        for (uint32_t u = 0; u < 4; ++u) {
          longest = std::max<uint64_t>(longest, q.waits[u]);
          if (q.waits[u] && (done >> u & 1)) --q.waits[u];
        }
      }
      if (rst) {
        queue.clear();
        error = 0;
        continue;
      }
      if (take) {
        if (code) {
          error = code;
          error_number = queue.front().number;
          ++refusals;
        }
        loads += code == 0;
        queue.pop_front();
      }
      if (push) queue.push_back(next);
    }
  });
  if (seed_is_given()) return;
  EXPECT_GT(loads, 2000U);
  EXPECT_GT(refusals, 10U);
  EXPECT_GT(held, 5000U);
  EXPECT_GT(longest, 100U);
}

// Fields that the table of mxu-format.md section 3 names: lowest bit and width.
struct Field {
  uint32_t lsb, width;
};
struct Form {
  uint32_t opcode;
  std::vector<Field> fields;
};
const std::vector<Form> kForms = {
    {0, {}},
    {1, {{0, 32}, {32, 24}, {56, 16}, {72, 1}, {73, 1}}},
    {2, {{0, 24}, {24, 16}, {40, 16}, {56, 8}, {64, 8}, {72, 1}, {73, 1}, {80, 8}}},
    {3, {{0, 24}, {24, 16}, {40, 8}, {48, 8}, {56, 8}, {64, 8}, {72, 1}, {73, 1}, {80, 8}}},
    {4, {{0, 24}, {24, 16}, {40, 16}, {56, 8}, {72, 2}, {74, 2}, {76, 1}, {77, 1}, {80, 8}}},
    {5, {{0, 24}, {24, 16}, {72, 1}, {80, 8}}},
    {6, {{0, 24}, {24, 16}, {80, 8}}},
    {8, {}},
    {9, {}},
    {10, {}}};
// Registers of section 4, and how many bits of the value each has.
const std::vector<Field> kRegisters = {{0, 32},  {1, 32},  {2, 32},  {3, 8},   {8, 24}, {9, 32},
                                       {10, 32}, {11, 32}, {12, 25}, {13, 24}, {15, 0}};

uint32_t flaw_of(Vmxu_flaw& flaw, const RawInstruction& i) {
  for (size_t w = 0; w < i.words.size(); ++w) flaw.inst_i[w] = i.words[w];
  flaw.eval();
  return flaw.flaw_o;
}

// One that is in order, of random fields; of a Set with this register.
RawInstruction sound(Dice& dice, const Form& form) {
  RawInstruction i = test::make(form.opcode);
  for (const Field& f : form.fields) i.put(f.lsb, f.width, dice.bits(f.width));
  if (form.opcode == 1)
    i.put(31, 1, 0)
        .put(32, 24, 1 + dice.below((1 << 24) - 1))
        .put(56, 16, 1 + dice.below(65535))
        .put(72, 2, dice.below(3));
  if (form.opcode == 2 || form.opcode == 3) {
    i.put(56, 8, dice.below(kRows)).put(64, 8, dice.below(kCols));
  }
  return i;
}

TEST(MxuFlaw, EveryReservedBit) {
  RtlTop<Vmxu_flaw> rtl;
  Vmxu_flaw& flaw = *rtl.top;
  Dice dice(1);
  for (const Form& form : kForms) {
    std::array<bool, 88> used{};
    for (const Field& f : form.fields) {
      for (uint32_t b = 0; b < f.width; ++b) used[f.lsb + b] = true;
    }
    for (uint32_t bit = 0; bit < 88; ++bit) {
      RawInstruction i = sound(dice, form);
      ASSERT_EQ(flaw_of(flaw, i), 0U) << "opcode " << form.opcode;
      if (used[bit]) continue;
      ASSERT_EQ(flaw_of(flaw, i.put(bit, 1, 1)), 7U) << "opcode " << form.opcode << " bit " << bit;
    }
  }
  for (const Field& r : kRegisters) {
    for (uint32_t bit = 0; bit < 88; ++bit) {
      if (bit >= 72 && bit < 80) continue;
      RawInstruction i = test::set_register(r.lsb, static_cast<uint32_t>(dice.bits(r.width)));
      ASSERT_EQ(flaw_of(flaw, i), 0U);
      ASSERT_EQ(flaw_of(flaw, i.put(bit, 1, 1)), bit < r.width ? 0U : 7U)
          << "register " << r.lsb << " bit " << bit;
    }
  }
}

TEST(MxuFlaw, UnknownOnesAndRanges) {
  RtlTop<Vmxu_flaw> rtl;
  Vmxu_flaw& flaw = *rtl.top;
  for (uint32_t opcode = 11; opcode < 256; ++opcode) {
    EXPECT_EQ(flaw_of(flaw, test::make(opcode)), 1U) << opcode;
    EXPECT_EQ(flaw_of(flaw, test::make(opcode).put(87, 1, 1)), 1U) << opcode;
  }
  for (uint32_t number = 0; number < 256; ++number) {
    bool known = false;
    for (const Field& r : kRegisters) known |= r.lsb == number;
    EXPECT_EQ(flaw_of(flaw, test::set_register(number, 0)), known ? 0U : 1U) << number;
  }
  for (uint32_t used = 1; used <= 256; ++used) {
    for (uint32_t opcode : {2U, 3U}) {
      RawInstruction i = test::multiply(0, 0, 1, false, false, used, 1).put(88, 8, opcode);
      EXPECT_EQ(flaw_of(flaw, i), used <= kRows ? 0U : 7U);
      i = test::multiply(0, 0, 1, false, false, 1, used).put(88, 8, opcode);
      EXPECT_EQ(flaw_of(flaw, i), used <= kCols ? 0U : 7U);
    }
  }
  const auto weights = [&](uint32_t beat, uint32_t beats, uint32_t tiles, bool raw = false,
                           bool codebook = false) {
    return flaw_of(flaw, test::read_beats(beat, beats, tiles, raw, codebook));
  };
  EXPECT_EQ(weights(0, 0, 1), 2U);
  EXPECT_EQ(weights(0, 1, 0), 2U);
  EXPECT_EQ(flaw_of(flaw, test::read_beats(0, 0, 0, false, false).put(74, 1, 1)), 7U);
  EXPECT_EQ(weights(0, 3, 1, true, false), 0U);
  EXPECT_EQ(weights(0, 3, 1, false, true), 0U);
  EXPECT_EQ(weights(0, 3, 1, true, true), 7U);
  EXPECT_EQ(weights(0xFFFFFFFF, 1, 65535), 0U);
  EXPECT_EQ(weights(0xFFFFFFFF, 2, 1), 6U);
  EXPECT_EQ(weights(0xFF000001, 0xFFFFFF, 1), 0U);
  EXPECT_EQ(weights(0xFF000002, 0xFFFFFF, 1), 6U);
}

}  // namespace
}  // namespace sparsys::mxu
