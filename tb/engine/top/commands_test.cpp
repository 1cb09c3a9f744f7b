// SPDX-License-Identifier: Apache-2.0
// The Verilated accelerator against the functional model of the command stream, in lockstep with
// the cycle model: random commands of both engines, memories of any latency, bandwidth, order and
// stalls; all of memory is compared.
#include <map>

#include "Vtop_driver.h"
#include "tb/engine/top/pair.hpp"

namespace sparsys::top {
namespace {

using test::CommandStream;

struct Pair : test::Pair<Vtop_driver> {
  Pair(uint64_t seed, const Store& store)
      : test::Pair<Vtop_driver>(seed, store, test::small_config()) {}
};

TEST(TopCommands, RandomStreamsOfBothEngines) {
  for_seeds(40,
            [](uint64_t seed) { test::run_random<Vtop_driver>(seed, 7, test::small_config()); });
}

// Cycles from the one in which the doorbell's data is taken to that in which the ring's address
// stands on the bus.
TEST(TopCommands, FromDoorbellToRequest) {
  Pair p(1, Store(1));
  p.b.lite = axi::LiteMaster();
  p.put(encode(Command()));
  p.b.lite.write(reg::kRingTail, p.tail);
  uint64_t rung = 0;
  ASSERT_TRUE(p.b.run(
      [&] {
        const axi::LiteMasterPorts& m = p.b.lite.ports();
        if (m.wvalid && axi::lite_slave_ports(*p.b.rtl).wready) rung = p.b.cycle;
        return p.b.rtl->m_arvalid_o != 0;
      },
      100));
  const uint64_t cycles = p.b.cycle - rung;
  RecordProperty("cycles", static_cast<int>(cycles));
  std::cout << "from the doorbell to the address on the bus: " << cycles << " cycles\n";
  EXPECT_LE(cycles, 20U);
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
