// SPDX-License-Identifier: Apache-2.0
// The accelerator's RTL in lockstep with its cycle model, and the functional model of the command
// stream, with the same commands.
#pragma once

#include <string>
#include <vector>

#include "golden/function/top/model.hpp"
#include "tb/engine/top/top_lockstep.hpp"
#include "tb/support/top/command_stream.hpp"
#include "tb/support/top/random_memory.hpp"

namespace sparsys::top::test {

constexpr uint64_t kPatience = 2000000;  // cycles

inline RingSetup ring_setup(uint32_t ring_log2) {
  return {kRingPage, ring_log2, static_cast<uint32_t>(kWindow >> 12),
          static_cast<uint32_t>((kWindow + kWindowBytes) >> 12) - 1};
}

// Both sides, to which the same commands are given; the RTL's ring is filled as it empties.
template <class Rtl>
class Pair {
 public:
  Pair(uint64_t seed, const Store& store, const Config& of)
      : dice(seed + 1000),
        config(of),
        ring_log2(static_cast<uint32_t>(dice.between(1, 6))),
        model(config),
        b(config, random_memory(dice, config.axi_bytes)) {
    model.setup = ring_setup(ring_log2);
    model.store = b.memory.store = store;
    b.lite = axi::LiteMaster(dice.chance(50) ? 40 : 0, seed);
    b.reset();
    b.write(reg::kRingPage, model.setup.ring_page);
    b.write(reg::kRingLog2, ring_log2);
    b.write(reg::kWindowFirst, model.setup.window_first);
    b.write(reg::kWindowLast, model.setup.window_last);
    b.write(reg::kIrqEnable, 7);
    start();
  }
  void start() {
    b.write(reg::kControl, bit::kControlRun);
    model.start();
  }

  // Puts a command's words into both rings and rings both bells.
  void put(const CommandWords& words) {
    const uint64_t at = uint64_t{kRingPage} * 4096 + 32 * (tail & ((1U << ring_log2) - 1));
    for (uint32_t w = 0; w < 4; ++w) {
      b.memory.store.write_word(at + 8 * w, words[w]);
      model.store.write_word(at + 8 * w, words[w]);
    }
    ++tail;
  }
  void bell() {
    model.ring(tail);
    b.write(reg::kRingTail, tail);
  }

  // All of them, by and by; the last is to be a Fence with `all`.
  void run(const std::vector<Command>& commands) {
    for (size_t next = 0; next < commands.size();) {
      const uint32_t room = (1U << ring_log2) - (tail - b.read(reg::kRingHead));
      expect_no_error();
      if (testing::Test::HasFatalFailure()) return;
      for (uint64_t n = dice.below(room + 1); n > 0 && next < commands.size(); --n) {
        put(encode(commands[next++]));
        model.ring(tail);
      }
      b.write(reg::kRingTail, tail);
    }
    const uint32_t before = complete;
    complete += static_cast<uint32_t>(commands.size());
    ASSERT_EQ(model.failure().code, 0U);
    ASSERT_EQ(model.complete(), complete);
    while (b.read(reg::kCommands) != complete) {
      expect_no_error();
      if (testing::Test::HasFatalFailure()) return;
      ASSERT_LT(b.cycle, kPatience)
          << b.read(reg::kCommands) - before << " of " << commands.size() << " complete";
      b.clock(20);
    }
    EXPECT_EQ(b.read(reg::kFence), model.fence());
    EXPECT_EQ(b.read(reg::kRingHead), model.head());
    EXPECT_EQ(b.read(reg::kStatus), bit::kStatusRunning | bit::kStatusQuiet);
  }
  void expect_no_error() {
    ASSERT_EQ(b.read(reg::kError), 0U) << "command " << b.read(reg::kErrorCommand) << ", detail "
                                       << std::hex << b.read(reg::kErrorDetail);
  }
  // The same error on both sides, and nothing that moves any more.
  void expect_error() {
    ASSERT_TRUE(b.run([&] { return b.rtl->irq_o && (b.read(reg::kStatus) & bit::kStatusQuiet); },
                      kPatience));
    const Failure& f = model.failure();
    EXPECT_EQ(b.read(reg::kError), uint32_t{f.code} | uint32_t{f.channel} << 8);
    EXPECT_EQ(b.read(reg::kErrorCommand), f.command);
    EXPECT_EQ(b.read(reg::kErrorDetail), f.detail);
    EXPECT_EQ(b.read(reg::kErrorPage), f.page);
    EXPECT_EQ(b.read(reg::kStatus), bit::kStatusError | bit::kStatusQuiet);
    EXPECT_EQ(b.read(reg::kIrqStatus) & bit::kIrqStatusError, bit::kIrqStatusError);
    EXPECT_TRUE(b.checker.quiet());
  }
  void reset() {
    b.write(reg::kControl, bit::kControlReset);
    b.write(reg::kIrqStatus, 7);
    EXPECT_EQ(b.read(reg::kError), 0U);
    EXPECT_EQ(b.read(reg::kRingHead), 0U);
    model.reset();
    tail = 0;
    start();
  }
  void expect_same_memory(const std::vector<ByteRange>& written) {
    const auto difference = b.memory.store.first_difference(model.store);
    EXPECT_FALSE(difference) << std::hex << *difference << ": RTL "
                             << b.memory.store.word(*difference, 1) << ", functional model "
                             << model.store.word(*difference, 1);
    const auto outside = b.memory.written.outside(written);
    EXPECT_FALSE(outside) << std::hex << *outside << " was written";
    EXPECT_TRUE(b.memory.idle());
    b.expect_no_violations();
  }

  Dice dice;
  Config config;
  uint32_t ring_log2;
  Model model;
  TopLockstep<Rtl> b;
  uint32_t tail = 0, complete = 0;
};

// Random jobs on both sides; in the end all of memory is the same, and as the networks' functional
// models say.
template <class Rtl>
void run_random(uint64_t seed, uint32_t jobs, const Config& config) {
  CommandStream stream(config, seed);
  stream.fill(jobs);
  Pair<Rtl> p(seed, stream.store, config);
  p.run(stream.commands);
  if (testing::Test::HasFatalFailure()) return;
  EXPECT_EQ(p.b.read(reg::kIrqStatus), p.model.irq_status());
  EXPECT_EQ(p.b.rtl->irq_o, p.model.irq_status() != 0);
  EXPECT_EQ(p.b.read(reg::kReadBeats), p.b.memory.read_beats());
  EXPECT_EQ(p.b.read(reg::kWriteBeats), p.b.memory.write_beats());
  p.expect_same_memory(stream.written);
  for (const CommandStream::Expected& e : stream.expected) {
    ASSERT_EQ(p.b.memory.store.read(e.address, e.bytes.size()), e.bytes) << std::hex << e.address;
  }
}

}  // namespace sparsys::top::test
