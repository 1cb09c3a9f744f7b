// SPDX-License-Identifier: Apache-2.0
// The functional model of the command stream against the functional models of networks, and its
// checks of commands.
#include "golden/function/top/model.hpp"

#include <gtest/gtest.h>

#include "tb/support/top/command_stream.hpp"

namespace sparsys::top {
namespace {

using test::CommandStream;

constexpr uint32_t kRingLog2 = 6;

Model model_of(const Config& config, const CommandStream& stream) {
  Model model(config);
  model.setup = {test::kRingPage, kRingLog2, static_cast<uint32_t>(test::kWindow >> 12),
                 static_cast<uint32_t>((test::kWindow + test::kWindowBytes) >> 12) - 1};
  model.store = stream.store;
  return model;
}

// Puts them into the ring as there is room.
void run(Model& model, const std::vector<Command>& commands) {
  model.start();
  uint32_t tail = model.head();
  for (const Command& command : commands) {
    CommandStream::put(model.store, kRingLog2, tail, command);
    model.ring(++tail);
    ASSERT_LE(tail - model.head(), 1U << kRingLog2);
  }
}

TEST(TopModel, NetworksOfBothEngines) {
  uint64_t checked = 0;
  for_seeds(20, [&](uint64_t seed) {
    const Config config = test::small_config();
    CommandStream stream(config, seed);
    stream.fill(8);
    Model model = model_of(config, stream);
    run(model, stream.commands);
    ASSERT_EQ(model.failure().code, 0U);
    ASSERT_TRUE(model.idle());
    ASSERT_EQ(model.complete(), stream.commands.size());
    EXPECT_EQ(model.fence(), stream.commands.back().number);
    for (const CommandStream::Expected& e : stream.expected) {
      ASSERT_EQ(model.store.read(e.address, e.bytes.size()), e.bytes) << std::hex << e.address;
    }
    checked += stream.expected.size();
  });
  if (!seed_is_given()) {
    EXPECT_GT(checked, 1000U);
  }
}

Command sparse_load() {
  Command c;
  c.opcode = Opcode::kSparseLoad;
  c.address = test::kWindow;
  c.port = 0x20000000;
  c.words = 3;
  return c;
}
Command matrix_run() {
  Command c;
  c.opcode = Opcode::kMatrixRun;
  c.address = test::kWindow;
  c.instructions = 2;
  c.beats = 1;
  c.weights = test::kWindow + 4096;
  return c;
}
Command rows(Opcode opcode) {
  Command c;
  c.opcode = opcode;
  c.address = test::kWindow;
  c.length = 8;
  c.row = 8;
  return c;
}

struct Wrong {
  const char* what;
  CommandWords words;
  uint8_t code;
  uint32_t detail;
};

template <class Change>
CommandWords changed(Command command, Change change) {
  change(command);
  return encode(command);
}
CommandWords with_bit(const Command& command, uint32_t word, uint32_t bit) {
  CommandWords words = encode(command);
  words[word] ^= uint64_t{1} << bit;
  return words;
}

TEST(TopModel, ChecksOfCommands) {
  const Config config = test::small_config();
  const RingSetup setup{test::kRingPage, kRingLog2, static_cast<uint32_t>(test::kWindow >> 12),
                        static_cast<uint32_t>(test::kWindow >> 12) + 1};
  const auto window = static_cast<uint32_t>(test::kWindow);
  for (const Command& c : {sparse_load(), matrix_run(), rows(Opcode::kMatrixIn),
                           rows(Opcode::kMatrixOut), Command()}) {
    EXPECT_EQ(check(encode(c), config, setup).code, 0U);
  }
  const Wrong all[] = {
      {"opcode", {0x03, 0, 0, 0}, 1, 0x03},
      {"bit 16", with_bit(sparse_load(), 0, 16), 2, 0},
      {"spread of activations", with_bit(sparse_load(), 0, 8), 2, 2},
      {"flag 7", with_bit(sparse_load(), 0, 15), 2, 0},
      {"address of 45 bits", with_bit(sparse_load(), 1, 44), 2, 1},
      {"address of a Nop", {0, 64, 0, 0}, 2, 1},
      {"multiplier without bytes", with_bit(sparse_load(), 3, 0), 2, 3},
      {"space 7", changed(sparse_load(), [](Command& c) { c.port = 0x70000000; }), 2, 2},
      {"weights without beats", changed(matrix_run(), [](Command& c) { c.beats = 0; }), 2, 3},
      {"row 0", changed(rows(Opcode::kMatrixIn), [](Command& c) { c.row = 0; }), 2, 2},
      {"row 9", changed(rows(Opcode::kMatrixOut), [](Command& c) { c.row = 9; }), 2, 2},
      {"alignment", with_bit(sparse_load(), 1, 5), 4, window + 32},
      {"of weights", changed(matrix_run(), [](Command& c) { c.weights += 64; }), 4,
       window + 4096 + 64},
      {"no words", changed(sparse_load(), [](Command& c) { c.words = 0; }), 5, 0},
      {"words", changed(sparse_load(), [](Command& c) { c.words = (1U << 28) + 1; }), 5,
       (1U << 28) + 1},
      {"below", changed(sparse_load(), [](Command& c) { c.address -= 64; }), 3, window - 64},
      {"beyond", changed(sparse_load(), [](Command& c) { c.words = 1025; }), 3, window},
      {"weights beyond", changed(matrix_run(), [](Command& c) { c.beats = 513; }), 3,
       window + 4096},
  };
  for (const Wrong& wrong : all) {
    SCOPED_TRACE(wrong.what);
    const Failure failure = check(wrong.words, config, setup);
    EXPECT_EQ(failure.code, wrong.code);
    EXPECT_EQ(failure.detail, wrong.detail);
  }
}

TEST(TopModel, HaltAndRingErrors) {
  const Config config = test::small_config();
  CommandStream stream(config, 1);
  Model model = model_of(config, stream);
  Command halt;
  halt.opcode = Opcode::kHalt;
  CommandStream::put(model.store, kRingLog2, 0, halt);
  CommandStream::put(model.store, kRingLog2, 1, Command());
  model.ring(2);
  EXPECT_EQ(model.head(), 0U);
  model.start();
  EXPECT_TRUE(model.halted());
  EXPECT_EQ(model.head(), 1U);
  model.start();
  EXPECT_FALSE(model.halted());
  EXPECT_EQ(model.head(), 2U);
  model.ring(2 + 65);
  EXPECT_EQ(model.failure().code, 6U);
  EXPECT_EQ(model.failure().detail, 65U);
  model.reset();
  CommandStream::put(model.store, kRingLog2, 0, halt);
  model.start();
  model.ring(1);
  ASSERT_TRUE(model.halted());
  model.ring(2);
  EXPECT_EQ(model.failure().code, 7U);
}

TEST(TopModel, ErrorsOfEngines) {
  const Config config = test::small_config();
  CommandStream stream(config, 1);
  {
    Model model = model_of(config, stream);
    Command run_list;
    run_list.opcode = Opcode::kSparseRun;
    run_list.first = 15;
    run_list.count = 2;
    run(model, {Command(), run_list});
    EXPECT_EQ(model.failure().code, 12U);
    EXPECT_EQ(model.failure().channel, 1U);
    EXPECT_EQ(model.failure().command, 1U);
    EXPECT_EQ(model.failure().detail, 15U << 16 | 1);
  }
  Model model = model_of(config, stream);
  model.store.write(test::kWindow, std::vector<uint8_t>(32));
  model.store.write_word(test::kWindow + 16 + 11, 0x77, 1);  // opcode of the second instruction
  run(model, {matrix_run()});
  EXPECT_EQ(model.failure().code, 13U);
  EXPECT_EQ(model.failure().channel, 2U);
  EXPECT_EQ(model.failure().detail, 1U << 8 | 1);
  model.reset();
  // Three beats from number 15 on, of which there is one: the second request, from 16 on.
  mxu::Instruction weights;
  weights.opcode = mxu::Opcode::kReadWeights;
  weights.beat = 15;
  weights.beats = 3;
  weights.tiles = 1;
  const mxu::InstructionWords words = mxu::encode(weights);
  for (uint32_t w = 0; w < 3; ++w) model.store.write_word(test::kWindow + 4 * w, words[w], 4);
  Command command = matrix_run();
  command.beats = 16;
  run(model, {command});
  EXPECT_EQ(model.failure().code, 14U);
  EXPECT_EQ(model.failure().detail, 16U);
  model.reset();
  Command in = rows(Opcode::kMatrixIn);
  in.length = 12;
  std::vector<uint8_t> program(32);
  mxu::Instruction read;
  read.opcode = mxu::Opcode::kReadHost;
  read.length = 1;
  const mxu::InstructionWords read_words = mxu::encode(read);
  for (uint32_t w = 0; w < 3; ++w) model.store.write_word(test::kWindow + 4 * w, read_words[w], 4);
  run(model, {matrix_run(), in});
  EXPECT_EQ(model.failure().code, 5U);
  EXPECT_EQ(model.failure().channel, 3U);
}

}  // namespace
}  // namespace sparsys::top
