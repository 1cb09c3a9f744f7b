// SPDX-License-Identifier: Apache-2.0
// RTL and cycle model of the accelerator in lockstep while it is disturbed: errors of the memory,
// answers that never come, aborts and resets at any moment, doorbells that are wrong. It always
// comes to rest, no byte outside of the commands' ranges changes, no rule of a bus is broken.
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "Vtop_driver.h"
#include "tb/engine/top/top_lockstep.hpp"
#include "tb/support/top/command_stream.hpp"
#include "tb/support/top/random_memory.hpp"

namespace sparsys::top {
namespace {

using test::CommandStream;
using Bench = test::TopLockstep<Vtop_driver>;

constexpr uint32_t kRingLog2 = 4;
constexpr uint64_t kPatience = 5000;  // cycles until all is quiet

void set_up(Bench& b, Dice& dice) {
  b.write(reg::kRingPage, test::kRingPage);
  b.write(reg::kRingLog2, kRingLog2);
  b.write(reg::kWindowFirst, static_cast<uint32_t>(test::kWindow >> 12));
  b.write(reg::kWindowLast, static_cast<uint32_t>((test::kWindow + test::kWindowBytes) >> 12) - 1);
  b.write(reg::kWatchdog, static_cast<uint32_t>(dice.chance(50) ? 2000 : 600));
  b.write(reg::kIrqEnable, static_cast<uint32_t>(dice.below(8)));
  b.write(reg::kControl, bit::kControlRun);
}

struct Tally {
  uint64_t codes[16] = {};
  uint64_t resets = 0, hard = 0, halts = 0;
};

void disturb(uint64_t seed, Tally& tally) {
  Dice dice(seed + 5000);
  const Config config = test::small_config();
  CommandStream stream(config, seed);
  stream.fill(5);
  axi::MemoryOptions options = test::random_memory(dice, config.axi_bytes);
  const bool faults = dice.chance(60);
  if (faults) {
    options.read_errors = static_cast<uint32_t>(dice.below(1000));
    options.write_errors = static_cast<uint32_t>(dice.below(200000));
  }
  Bench b(config, options);
  b.memory.store = stream.store;
  b.lite = axi::LiteMaster(dice.chance(50) ? 40 : 0, seed);
  b.reset();
  set_up(b, dice);
  uint32_t tail = 0;
  for (uint32_t round = 0; round < 12; ++round) {
    // Some commands, halts among them, and some time.
    const uint32_t head = b.read(reg::kRingHead);
    const uint32_t room = (1U << kRingLog2) - (tail - head);
    for (uint64_t n = dice.below(room + 1); n > 0; --n) {
      Command halt;
      halt.opcode = Opcode::kHalt;
      const bool stop = dice.chance(5);
      tally.halts += stop;
      CommandStream::put(b.memory.store, kRingLog2, tail,
                         stop ? halt : stream.commands[tail % stream.commands.size()]);
      ++tail;
    }
    b.write(reg::kRingTail, dice.chance(6) ? tail + 100 : tail);
    if (dice.chance(20)) {
      const ByteRange range{test::kWindow, test::kWindow + dice.below(test::kWindowBytes)};
      b.memory.faults = {{dice.chance(50) ? axi::Fault::kReadSilence : axi::Fault::kWriteSilence,
                          range, axi::kOkay, 1}};
    }
    b.clock(dice.below(dice.chance(50) ? 300 : 3000));
    if (b.mismatched) return;
    uint32_t status = b.read(reg::kStatus);
    const bool error = (status & bit::kStatusError) != 0;
    if (error) ++tally.codes[b.read(reg::kError) & 15];
    const uint64_t what = dice.below(10);
    if (what == 0) {  // reset of everything
      b.reset();
      ++tally.hard;
      b.memory.faults.clear();
      set_up(b, dice);
      tail = 0;
      continue;
    }
    if ((status & bit::kStatusHalted) && !error && what < 7) {
      b.write(reg::kControl, bit::kControlRun);
      continue;
    }
    if (what < 3) b.write(reg::kControl, bit::kControlAbort);
    if (!error && what > 5) continue;
    b.clock(dice.below(100));
    b.memory.faults.clear();
    // What the memory never answers, only a reset of both forgets.
    const bool stuck = !b.run([&] { return b.checker.quiet(); }, kPatience);
    if (b.mismatched) return;
    b.write(reg::kControl, bit::kControlReset | (stuck ? bit::kControlForce : 0U));
    ++tally.resets;
    if (stuck) {
      b.reset();
    } else {
      ASSERT_TRUE(b.run([&] { return b.read(reg::kStatus) == bit::kStatusQuiet; }, kPatience));
    }
    EXPECT_EQ(b.read(reg::kError), 0U);
    EXPECT_EQ(b.read(reg::kRingHead), 0U);
    set_up(b, dice);
    tail = 0;
    if (testing::Test::HasFailure()) return;
  }
  b.expect_no_violations();
  const auto outside = b.memory.written.outside(stream.written);
  EXPECT_FALSE(outside) << std::hex << *outside << " was written";
}

TEST(TopLockstep, Disturbed) {
  Tally tally;
  for_seeds(40, [&tally](uint64_t seed) { disturb(seed, tally); });
  if (seed_is_given()) return;
  // Errors of the ring, of both directions, of time, and aborts.
  for (const uint32_t code : {6U, 8U, 9U, 10U}) EXPECT_GT(tally.codes[code], 0U) << "code " << code;
  EXPECT_GT(tally.resets, 50U);
  EXPECT_GT(tally.hard, 10U);
  EXPECT_GT(tally.halts, 10U);
}

// The comparison under test at the RTL's side: a bit of any signal of bus, control and units (those
// of the engines have tests of their own), flipped in any cycle, is reported by its name.
TEST(TopLockstep, FlipsAreSeenInTheirCycleByName) {
  const Config config = test::small_config();
  CommandStream stream(config, 7);
  stream.fill(6);
  Dice dice(7);
  Bench b(config, test::random_memory(dice, config.axi_bytes));
  b.memory.store = stream.store;
  b.reset();
  std::vector<const Signal*> own;
  for (const Signal& s : b.table.signals()) {
    if (s.instance.find(".u_eie") == std::string::npos &&
        s.instance.find(".u_mxu") == std::string::npos) {
      own.push_back(&s);
    }
  }
  std::set<std::string> seen;
  b.watch = [&] {
    const Signal& s = *own[dice.below(own.size())];
    if (!s.active()) return;
    const uint64_t bit = dice.below(std::min(s.width, 64U));
    auto* byte = const_cast<uint8_t*>(s.rtl) + bit / 8;
    *byte = static_cast<uint8_t>(*byte ^ 1U << bit % 8);
    EXPECT_TRUE(b.table.differs()) << s.instance << "." << s.name;
    bool named = false;
    for (const Signal* differing : b.table.differing()) {
      named = named || (differing->instance == s.instance && differing->name == s.name);
    }
    EXPECT_TRUE(named) << s.instance << "." << s.name;
    *byte = static_cast<uint8_t>(*byte ^ 1U << bit % 8);
    seen.insert(s.instance + "." + s.name);
  };
  set_up(b, dice);
  b.write(reg::kControl, bit::kControlRun);
  for (uint32_t tail = 0; tail < stream.commands.size();) {
    if (tail - b.read(reg::kRingHead) == 1U << kRingLog2) continue;
    CommandStream::put(b.memory.store, kRingLog2, tail, stream.commands[tail]);
    b.write(reg::kRingTail, ++tail);
    if (testing::Test::HasFailure()) return;
  }
  ASSERT_TRUE(b.run([&] { return b.read(reg::kCommands) == stream.commands.size(); }, 100000));
  EXPECT_EQ(b.mismatched, 0U);
  EXPECT_GT(seen.size(), own.size() / 2);
  std::cout << own.size() << " words of bus, control and units among " << b.table.signals().size()
            << " that are compared in a cycle; flipped " << seen.size() << "\n";
}

}  // namespace
}  // namespace sparsys::top
