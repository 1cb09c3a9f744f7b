// SPDX-License-Identifier: Apache-2.0
// The Verilated accelerator against the functional model of the command stream: random commands of
// both engines, memories of any latency, bandwidth, order and stalls; all of memory is compared.
#include <algorithm>
#include <map>

#include "Vtop_driver.h"
#include "golden/function/top/model.hpp"
#include "tb/support/top/command_stream.hpp"
#include "tb/support/top/top_bench.hpp"

namespace sparsys::top {
namespace {

using test::CommandStream;
using Bench = test::TopBench<Vtop_driver>;

constexpr uint64_t kPatience = 400000;  // cycles

RingSetup ring_setup(uint32_t ring_log2) {
  return {test::kRingPage, ring_log2, static_cast<uint32_t>(test::kWindow >> 12),
          static_cast<uint32_t>((test::kWindow + test::kWindowBytes) >> 12) - 1};
}

axi::MemoryOptions random_memory(Dice& dice, uint32_t bytes) {
  axi::MemoryOptions options;
  options.bytes = bytes;
  options.latency = static_cast<uint32_t>(1 + dice.below(40));
  options.jitter = dice.chance(50) ? static_cast<uint32_t>(dice.below(30)) : 0;
  options.bandwidth =
      dice.chance(30) ? bytes * (0.2 + 0.01 * static_cast<double>(dice.below(100))) : 0;
  options.outstanding = static_cast<uint32_t>(1 + dice.below(20));
  options.reorder = dice.chance(60);
  options.interleave = dice.chance(50);
  options.address_first = dice.chance(50);
  for (uint32_t* stall : {&options.stall_ar, &options.stall_r, &options.stall_aw, &options.stall_w,
                          &options.stall_b}) {
    *stall = dice.chance(40) ? static_cast<uint32_t>(dice.below(70)) : 0;
  }
  return options;
}

// Both sides, to which the same commands are given; the RTL's ring is filled as it empties.
class Pair {
 public:
  Pair(uint64_t seed, const Store& store)
      : dice(seed + 1000),
        config(test::small_config()),
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
    const uint64_t at = uint64_t{test::kRingPage} * 4096 + 32 * (tail & ((1U << ring_log2) - 1));
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
  Bench b;
  uint32_t tail = 0, complete = 0;
};

void run(uint64_t seed, uint32_t jobs) {
  CommandStream stream(test::small_config(), seed);
  stream.fill(jobs);
  Pair p(seed, stream.store);
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

TEST(TopCommands, RandomStreamsOfBothEngines) {
  for_seeds(40, [](uint64_t seed) { run(seed, 7); });
}

// A good command with some bits changed, such that it is in error.
CommandWords wrong_command(Dice& dice, const std::vector<Command>& good, const Config& config,
                           const RingSetup& setup) {
  while (true) {
    CommandWords words = encode(good[dice.below(good.size())]);
    switch (dice.below(4)) {
      case 0:
        words[0] = (words[0] & ~uint64_t{0xFF}) | dice.bits(8);
        break;
      case 1:
        words[1] = dice.chance(50) ? dice.bits(44) : (words[1] & ~low_mask(24)) + dice.bits(25);
        break;
      case 2:  // lengths
        words[2] =
            dice.chance(50) ? words[2] & 0xFFFFFFFF : (words[2] & 0xFFFFFFFF) | dice.word(32) << 32;
        break;
      default:
        break;
    }
    for (uint64_t n = dice.below(3); n > 0; --n) words[dice.below(4)] ^= 1ULL << dice.below(64);
    if (check(words, config, setup).code != 0) return words;
  }
}

TEST(TopCommands, WrongCommandsAreToldAsTheModelTellsThem) {
  std::map<uint32_t, uint32_t> codes;
  for_seeds(20, [&codes](uint64_t seed) {
    CommandStream stream(test::small_config(), seed);
    stream.fill(2);
    Pair p(seed, stream.store);
    for (uint32_t n = 0; n < 20; ++n) {
      const CommandWords words = wrong_command(p.dice, stream.commands, p.config, p.model.setup);
      SCOPED_TRACE(testing::Message() << std::hex << words[0] << " " << words[1] << " " << words[2]
                                      << " " << words[3]);
      p.put(words);
      p.bell();
      ++codes[p.model.failure().code];
      p.expect_error();
      p.reset();
      if (testing::Test::HasFailure()) return;
    }
    // It works as before.
    p.complete = p.model.complete();
    p.run(stream.commands);
    p.expect_same_memory(stream.written);
  });
  if (seed_is_given()) return;
  for (const uint32_t code : {1U, 2U, 3U, 4U, 5U}) EXPECT_GT(codes[code], 5U) << "code " << code;
}

// Programs and lists of noise, rows of a wrong length: errors of the engines and units.
TEST(TopCommands, ErrorsOfEnginesAreToldAsTheModelTellsThem) {
  std::map<uint32_t, uint32_t> codes;
  for_seeds(20, [&codes](uint64_t seed) {
    CommandStream stream(test::small_config(), seed);
    stream.fill(2);
    Pair p(seed, stream.store);
    for (uint32_t n = 0; n < 10; ++n) {
      Command c;
      switch (p.dice.below(3)) {
        case 0:  // descriptors behind the end
          c.opcode = Opcode::kSparseRun;
          c.first = static_cast<uint16_t>(p.dice.word(16));
          c.count = static_cast<uint16_t>(p.dice.between(17, 65535));
          break;
        case 1:  // an instruction that is noise
          c.opcode = Opcode::kMatrixRun;
          c.address = test::kWindow + 64 * p.dice.below(1000);
          c.instructions = 1;
          for (Store* store : {&p.model.store, &p.b.memory.store}) {
            store->write_word(c.address + 8, 0x77000000 | n);
          }
          break;
        default: {  // beats behind the last
          c.opcode = Opcode::kMatrixRun;
          c.address = test::kWindow + 64 * p.dice.below(1000);
          c.instructions = 1;
          c.beats = static_cast<uint32_t>(1 + p.dice.below(40));
          c.weights = test::kWindow;
          mxu::Instruction i;
          i.opcode = mxu::Opcode::kReadWeights;
          i.raw = true;
          i.beat = c.beats + static_cast<uint32_t>(p.dice.below(60));
          i.beats = static_cast<uint32_t>(1 + p.dice.below(40));
          i.tiles = 1;
          const mxu::InstructionWords words = mxu::encode(i);
          for (Store* store : {&p.model.store, &p.b.memory.store}) {
            for (uint32_t w = 0; w < 3; ++w) store->write_word(c.address + 4 * w, words[w], 4);
          }
          break;
        }
      }
      p.put(encode(c));
      p.bell();
      ASSERT_NE(p.model.failure().code, 0U);
      ++codes[p.model.failure().code];
      p.expect_error();
      p.reset();
      if (testing::Test::HasFailure()) return;
    }
  });
  if (seed_is_given()) return;
  for (const uint32_t code : {12U, 13U, 14U}) EXPECT_GT(codes[code], 5U) << "code " << code;
}

}  // namespace
}  // namespace sparsys::top
