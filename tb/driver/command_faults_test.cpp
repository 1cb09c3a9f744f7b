// SPDX-License-Identifier: Apache-2.0
// Commands in error (docs/reference/top-format.md section 7): each is told with its own code, place
// and detail, by an interrupt; the bus is quiet, and the next good job runs.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tb/driver/fault_bench.hpp"
#include "tb/support/mxu/assembler.hpp"

namespace sparsys::top::test {
namespace {

constexpr uint64_t kSafe = kArenaBus + FaultBench::kOutputAt;  // bytes that nobody needs

// One right command of each kind, alone harmless.
std::vector<Command> right_commands() {
  std::vector<Command> all;
  all.push_back(Command{Opcode::kNop});
  Command fence{Opcode::kFence};
  fence.flags = kWrite;
  fence.address = kSafe + 8;
  fence.number = 7;
  all.push_back(fence);
  all.push_back(Command{Opcode::kHalt});
  Command load{Opcode::kSparseLoad};
  load.address = kSafe;
  load.port = 2U << 28;
  load.words = 4;
  all.push_back(load);
  load.flags = kBytes;
  load.multiplier = 1;
  all.push_back(load);
  Command store = load;
  store.opcode = Opcode::kSparseStore;
  all.push_back(store);
  Command run{Opcode::kSparseRun};
  run.count = 1;
  all.push_back(run);
  Command in{Opcode::kMatrixIn};
  in.address = kSafe;
  in.length = 16;
  in.row = 8;
  all.push_back(in);
  in.opcode = Opcode::kMatrixOut;
  all.push_back(in);
  Command program{Opcode::kMatrixRun};
  program.address = kSafe;
  program.instructions = 1;
  all.push_back(program);
  return all;
}

class Commands : public ::testing::Test {
 protected:
  // A command of a list in error, behind a Nop.
  void expect(const CommandWords& words, ErrorCode code, uint32_t detail, uint64_t address = 0) {
    bench_.give({encode(Command{Opcode::kNop}), words});
    const sparsys_error error = bench_.expect_stop();
    EXPECT_EQ(error.code, static_cast<uint32_t>(code)) << bench_.state();
    EXPECT_EQ(error.channel, 0U);
    EXPECT_EQ(error.command, 1U);
    EXPECT_EQ(error.detail, detail);
    EXPECT_EQ(error.page, static_cast<uint32_t>(address / kPageBytes));
    EXPECT_EQ(bench_.read(reg::kRingHead), 1U);
  }
  void expect(const Command& command, ErrorCode code, uint32_t detail, uint64_t address = 0) {
    SCOPED_TRACE(to_string(command.opcode));
    expect(encode(command), code, detail, address);
  }
  void TearDown() override {
    EXPECT_EQ(sparsys_reset(&bench_.device), SPARSYS_OK);
    bench_.expect_good_job();
  }
  FaultBench bench_;
};

TEST_F(Commands, UnknownOpcode) {
  for (uint32_t opcode = 0; opcode < 256; ++opcode) {
    if (*to_string(static_cast<Opcode>(opcode)) != '\0') continue;
    expect(CommandWords{opcode, 0, 0, 0}, ErrorCode::kOpcode, opcode);
    if (HasFailure()) return;
  }
}

TEST_F(Commands, ReservedBits) {
  uint32_t seen = 0;
  for (const Command& right : right_commands()) {
    const CommandWords words = encode(right);
    for (uint32_t bit = 8; bit < 256; ++bit) {
      CommandWords wrong = words;
      wrong[bit / 64] ^= uint64_t{1} << bit % 64;
      // Reserved is what no field of the opcode holds; in word 1 what no address has.
      const bool lost = encode(decode(wrong)) != wrong;
      const bool word_1 = bit / 64 == 1 && bit % 64 >= 44;
      const bool word_3 = right.opcode == Opcode::kMatrixRun && bit / 64 == 3 && bit % 64 >= 44;
      if (!lost && !word_1 && !word_3) continue;
      ++seen;
      SCOPED_TRACE(std::string(to_string(right.opcode)) + " bit " + std::to_string(bit));
      expect(wrong, ErrorCode::kField, bit / 64);
      if (HasFailure()) return;
    }
  }
  EXPECT_GT(seen, 500U);
}

TEST_F(Commands, FieldsOutOfRange) {
  const auto changed = [](Opcode opcode, auto change) {
    for (Command c : right_commands()) {
      if (c.opcode == opcode && c.flags == 0) {
        change(c);
        return c;
      }
    }
    return Command{};
  };
  using C = Command&;
  const auto wrong = [&](Opcode opcode, uint32_t word, auto change) {
    expect(changed(opcode, change), ErrorCode::kField, word);
  };
  wrong(Opcode::kNop, 1, [](C c) { c.address = 64; });
  wrong(Opcode::kSparseRun, 1, [](C c) { c.address = kSafe; });
  wrong(Opcode::kSparseRun, 2, [](C c) { c.count = 0; });
  wrong(Opcode::kSparseLoad, 0, [](C c) { c.flags = 4; });
  wrong(Opcode::kSparseLoad, 2, [](C c) { c.port = 7U << 28; });
  wrong(Opcode::kSparseLoad, 2, [](C c) { c.port = 8U << 28; });
  wrong(Opcode::kSparseLoad, 2, [](C c) { c.flags = kSpread; });
  wrong(Opcode::kSparseLoad, 2, [](C c) { c.flags = kSpread, c.port = 1U << 20; });
  wrong(Opcode::kSparseLoad, 2, [](C c) { c.flags = kBytes, c.port = 4U << 28; });
  wrong(Opcode::kSparseLoad, 3, [](C c) { c.multiplier = 1; });
  wrong(Opcode::kMatrixIn, 2, [](C c) { c.row = 0; });
  wrong(Opcode::kMatrixIn, 2, [](C c) { c.row = 9; });
  wrong(Opcode::kMatrixOut, 2, [](C c) { c.row = 0; });
  wrong(Opcode::kMatrixOut, 2, [](C c) { c.row = 9; });
  wrong(Opcode::kMatrixRun, 3, [](C c) { c.weights = 4096; });
}

TEST_F(Commands, Lengths) {
  for (const Command& right : right_commands()) {
    Command wrong = right;
    std::vector<std::pair<uint32_t*, std::vector<uint32_t>>> fields;
    if (right.words) fields = {{&wrong.words, {0, (1U << 28) + 1, 0xFFFFFFFF}}};
    if (right.instructions) fields = {{&wrong.instructions, {0, (1U << 24) + 1, 0xFFFFFFFF}}};
    if (right.length) fields = {{&wrong.length, {0}}};
    for (const auto& [field, values] : fields) {
      for (const uint32_t value : values) {
        *field = value;
        expect(wrong, ErrorCode::kLength, value);
      }
    }
  }
}

TEST_F(Commands, Alignment) {
  for (const Command& right : right_commands()) {
    if (right.address == 0) continue;
    const uint64_t step = right.opcode == Opcode::kFence ? 8 : 64;
    for (uint64_t off = 1; off < step; off *= 2) {
      Command wrong = right;
      wrong.address += off;
      expect(wrong, ErrorCode::kAlignment, static_cast<uint32_t>(wrong.address), wrong.address);
      if (HasFailure()) return;
    }
  }
  Command run = right_commands().back();
  run.beats = 1;
  for (uint64_t off = 1; off < 4096; off *= 2) {
    run.weights = kArenaBus + 0x8000 + off;
    expect(run, ErrorCode::kAlignment, static_cast<uint32_t>(run.weights), run.weights);
  }
}

TEST_F(Commands, Addresses) {
  const uint64_t end = kArenaBus + kArenaBytes;
  for (const Command& right : right_commands()) {
    if (right.address == 0) continue;
    const uint64_t top = uint64_t{1} << 44;
    for (const uint64_t address :
         {uint64_t{0}, kArenaBus - 64, end, top - 64, uint64_t{1} << small_config().axi_addr_w}) {
      Command wrong = right;
      wrong.address = address;
      expect(wrong, ErrorCode::kAddress, static_cast<uint32_t>(address), address);
      if (HasFailure()) return;
    }
    // Its last byte alone lies outside.
    Command wrong = right;
    wrong.address = end - 64;
    if (right.words) wrong.words = right.flags ? 17 : 9;
    if (right.instructions) wrong.instructions = 5;
    if (right.length) wrong.length = 72;
    if (right.opcode == Opcode::kFence) continue;
    expect(wrong, ErrorCode::kAddress, static_cast<uint32_t>(wrong.address), wrong.address);
  }
  Command run = right_commands().back();
  run.beats = 513;
  run.weights = end - 4096;
  expect(run, ErrorCode::kAddress, static_cast<uint32_t>(run.weights), run.weights);
}

// Of several errors the first in the order 1, 2, 4, 5, 3.
TEST_F(Commands, FirstOfSeveral) {
  Command c{Opcode::kMatrixIn};
  c.address = 32;
  CommandWords words = encode(c);
  expect(words, ErrorCode::kField, 2);  // row 0
  c.row = 1;
  expect(c, ErrorCode::kAlignment, 32, 32);
  c.address = 64;
  expect(c, ErrorCode::kLength, 0);
  c.length = 1;
  expect(c, ErrorCode::kAddress, 64, 64);
  c.row = 0;
  c.opcode = static_cast<Opcode>(0x99);
  expect(c, ErrorCode::kOpcode, 0x99);
}

TEST_F(Commands, RingOverrun) {
  bench_.give({encode(Command{Opcode::kNop})});
  bench_.write(reg::kRingTail, 1 + kRingBytes / kCommandBytes + 1);
  const sparsys_error error = bench_.expect_stop();
  EXPECT_EQ(error.code, SPARSYS_ERR_RING);
  EXPECT_EQ(error.channel, 0U);
  EXPECT_GT(error.detail, kRingBytes / kCommandBytes);
}

TEST_F(Commands, RingOfNoSize) {
  for (const uint32_t log2 : {0U, 17U, 31U}) {
    ASSERT_EQ(sparsys_reset(&bench_.device), SPARSYS_OK);
    bench_.write(reg::kRingLog2, log2);
    bench_.write(reg::kControl, bit::kControlRun);
    EXPECT_EQ(bench_.expect_stop().code, SPARSYS_ERR_RING);
  }
  ASSERT_EQ(sparsys_reset(&bench_.device), SPARSYS_OK);
  bench_.write(reg::kRingLog2, bench_.device.ring_log2);
}

TEST_F(Commands, DoorbellWhileHalted) {
  bench_.give({encode(Command{Opcode::kHalt})});
  while (!bench_.irq() && bench_.cycle < 100'000) bench_.clock();
  EXPECT_EQ(bench_.read(reg::kIrqStatus), bit::kIrqStatusHalt);
  EXPECT_EQ(bench_.read(reg::kStatus), bit::kStatusHalted | bit::kStatusQuiet);
  // Running again clears it.
  bench_.write(reg::kControl, bit::kControlRun);
  EXPECT_EQ(bench_.read(reg::kStatus), bit::kStatusRunning | bit::kStatusQuiet);
  bench_.write(reg::kIrqStatus, bit::kIrqStatusHalt);
  EXPECT_FALSE(bench_.irq());
  bench_.append({encode(Command{Opcode::kHalt})});
  while (!bench_.irq() && bench_.cycle < 100'000) bench_.clock();
  bench_.append({encode(Command{Opcode::kNop})});
  const sparsys_error error = bench_.expect_stop();
  EXPECT_EQ(error.code, SPARSYS_ERR_HALTED);
  EXPECT_EQ(error.channel, 0U);
  EXPECT_EQ(error.detail, 3U);
}

TEST_F(Commands, SparseEngineInError) {
  ASSERT_EQ(bench_.load(), SPARSYS_OK);
  Command run{Opcode::kSparseRun};
  run.first = 15;
  run.count = 2;  // beyond the list RAM: reason 9
  bench_.give({encode(Command{Opcode::kNop}), encode(run)});
  const sparsys_error error = bench_.expect_stop();
  EXPECT_EQ(error.code, SPARSYS_ERR_SPARSE);
  EXPECT_EQ(error.channel, SPARSYS_CHANNEL_SPARSE);
  EXPECT_EQ(error.command, 1U);
  EXPECT_NE(error.detail & 0xF, 0U);
}

// Programs by hand in the arena.
class Programs : public Commands {
 protected:
  Command program(const std::vector<mxu::test::RawInstruction>& instructions, uint32_t beats = 0) {
    constexpr uint64_t kAt = kArenaBus + 0x22000;
    for (size_t i = 0; i < instructions.size(); ++i) {
      const auto& words = instructions[i].words;
      bench_.memory.store.write_word(kAt + 16 * i, uint64_t{words[1]} << 32 | words[0]);
      bench_.memory.store.write_word(kAt + 16 * i + 8, words[2]);
    }
    Command run{Opcode::kMatrixRun};
    run.address = kAt;
    run.instructions = static_cast<uint32_t>(instructions.size());
    run.beats = beats;
    run.weights = beats ? kArenaBus + 0x23000 : 0;
    return run;
  }
  sparsys_error after(const std::vector<Command>& commands) {
    std::vector<CommandWords> words;
    for (const Command& command : commands) words.push_back(encode(command));
    bench_.give(words);
    return bench_.expect_stop();
  }
};

TEST_F(Programs, ShortLastRow) {
  using namespace mxu::test;  // NOLINT
  const Command in = program({read_host(0, 3), halt()});
  Command rows{Opcode::kMatrixIn};
  rows.address = kSafe;
  rows.row = 8;
  for (const uint32_t length : {20U, 4U}) {
    rows.length = length;
    const sparsys_error error = after({in, rows});
    EXPECT_EQ(error.code, SPARSYS_ERR_LENGTH);
    EXPECT_EQ(error.channel, SPARSYS_CHANNEL_ROWS_IN);
    EXPECT_EQ(error.command, 1U);
    EXPECT_EQ(error.detail, length);
  }
  const Command out = program({write_host(0, 3), halt()});
  rows.opcode = Opcode::kMatrixOut;
  for (const uint32_t length : {20U, 4U}) {
    rows.length = length;
    const sparsys_error error = after({out, rows});
    EXPECT_EQ(error.code, SPARSYS_ERR_LENGTH);
    EXPECT_EQ(error.channel, SPARSYS_CHANNEL_ROWS_OUT);
    EXPECT_EQ(error.detail, length);
  }
}

TEST_F(Programs, InstructionInError) {
  for (const mxu::test::Wrong& wrong : mxu::test::wrong_instructions(small_config().mxu)) {
    if (wrong.code > 5) continue;
    std::vector<mxu::test::RawInstruction> instructions = wrong.before;
    instructions.push_back(wrong.instruction);
    const sparsys_error error = after({program(instructions)});
    EXPECT_EQ(error.code, SPARSYS_ERR_MATRIX) << wrong.what;
    EXPECT_EQ(error.channel, SPARSYS_CHANNEL_MATRIX) << wrong.what;
    EXPECT_EQ(error.detail & 0xFF, wrong.code) << wrong.what;
    EXPECT_EQ(error.detail >> 8, wrong.before.size()) << wrong.what;
    if (HasFailure()) return;
  }
}

TEST_F(Programs, WeightsBeyondTheirEnd) {
  // The last beat is one too far, or the first.
  for (const uint32_t first : {1U, 4U, 1000U}) {
    const sparsys_error error =
        after({program({mxu::test::read_beats(first, 4, 1, true, false), mxu::test::halt()}, 4)});
    EXPECT_EQ(error.code, SPARSYS_ERR_WEIGHTS);
    EXPECT_EQ(error.channel, SPARSYS_CHANNEL_MATRIX);
    EXPECT_EQ(error.detail, first);
  }
}

TEST_F(Programs, EventThatNeverComes) {
  Command nop{Opcode::kNop};
  nop.wait = 0x8000;
  const sparsys_error error = after({nop});
  EXPECT_EQ(error.code, SPARSYS_ERR_WATCHDOG);
  EXPECT_NE(error.detail & bit::kStatusRunning, 0U);
}

TEST_F(Programs, RowsThatNeverCome) {
  const Command run = program({mxu::test::read_host(0, 4), mxu::test::halt()});
  EXPECT_EQ(after({run}).code, SPARSYS_ERR_WATCHDOG);
}

}  // namespace
}  // namespace sparsys::top::test
