// SPDX-License-Identifier: Apache-2.0
// The matrix unit behind the bus beside the unit alone, on one stream of weights from memories of
// the same bandwidth and latency: what its array keeps of its share of the time.
#include <algorithm>
#include <deque>

#include "Vmxu_share.h"
#include "Vtop_share.h"
#include "golden/engine/mxu/instruction.hpp"
#include "golden/engine/top/command.hpp"
#include "tb/support/top/top_bench.hpp"

namespace sparsys::top {
namespace {

// As the full unit has them, these engines have eight buses in a lane, and the bus's beats are
// theirs; a tile is a header and 32 words for each bus.
constexpr uint32_t kRows = 64, kCols = 32, kBuses = 8, kWords = kRows / 2;
constexpr uint32_t kTileBeats = 1 + kBuses * kWords;
// 34 GB/s at 700 MHz are 48.6 bytes a cycle on beats of 64 bytes.
constexpr double kBandwidth = 48.6 / 64 * 8;
constexpr uint64_t kPatience = 1000000;

// A fully connected layer whose weights take longer than its products: one tile after another.
std::vector<mxu::InstructionWords> program(uint32_t tiles, uint32_t batch) {
  std::vector<mxu::InstructionWords> words;
  mxu::Instruction read;
  read.opcode = mxu::Opcode::kReadWeights;
  read.beats = tiles * kTileBeats;
  read.tiles = tiles;
  read.raw = true;
  words.push_back(encode(read));
  mxu::Instruction product;
  product.opcode = mxu::Opcode::kMatrixMultiply;
  product.length = batch;
  product.rows_less_one = kRows - 1;
  product.columns_less_one = kCols - 1;
  product.take = true;
  for (uint32_t t = 0; t < tiles; ++t) words.push_back(encode(product));
  mxu::Instruction halt;
  halt.opcode = mxu::Opcode::kHalt;
  words.push_back(encode(halt));
  return words;
}
uint64_t weight_beat(uint64_t number) {
  return number % kTileBeats == 0 ? 0x0101010101010101 * kWords : 0x0102030405060708 * number | 1;
}

// Cycles from the first instruction to the Halt.
uint64_t alone(const std::vector<mxu::InstructionWords>& program, uint32_t latency) {
  VerilatedContext context;
  context.randReset(0);
  Vmxu_share unit(&context, "TOP");
  std::deque<std::pair<uint64_t, uint64_t>> owed;  // when, which beat
  double credit = 0;
  size_t at = 0;
  unit.wm_ready_i = 1;
  for (uint64_t cycle = 0; cycle < kPatience; ++cycle) {
    unit.rst_i = cycle < 2;
    unit.inst_valid_i = at < program.size();
    if (unit.inst_valid_i) std::copy(program[at].begin(), program[at].end(), &unit.inst_i[0]);
    credit = std::min(credit + kBandwidth, 8 + kBandwidth);
    unit.w_valid_i = !owed.empty() && owed.front().first <= cycle && credit >= 8;
    if (unit.w_valid_i) unit.w_data_i = weight_beat(owed.front().second);
    unit.clk_i = 0;
    unit.eval();
    const bool halted = unit.halted_o;
    at += !unit.rst_i && unit.inst_valid_i && unit.inst_ready_o;
    if (unit.w_valid_i && unit.w_ready_o) {
      owed.pop_front();
      credit -= 8;
    }
    for (uint64_t n = 0; unit.wm_valid_o && !unit.rst_i && n < unit.wm_beats_o; ++n) {
      owed.emplace_back(cycle + latency, unit.wm_addr_o + n);
    }
    unit.clk_i = 1;
    unit.eval();
    if (halted) return cycle - 2;
  }
  ADD_FAILURE() << "the unit alone does not halt";
  return 0;
}

// Cycles in which the command is begun.
uint64_t behind_bus(const std::vector<mxu::InstructionWords>& program, uint32_t latency) {
  constexpr uint64_t kRing = 0x10000, kProgram = 0x20000, kWeights = 0x100000;
  Config config;
  config.sparse = false;
  axi::MemoryOptions options;
  options.latency = latency;
  options.bandwidth = kBandwidth;
  test::TopBench<Vtop_share> b(config, options);
  for (size_t i = 0; i < program.size(); ++i) {
    const auto& [low, middle, high] = program[i];
    b.memory.store.write_word(kProgram + 16 * i, uint64_t{middle} << 32 | low);
    b.memory.store.write_word(kProgram + 16 * i + 8, high);
  }
  Command run{Opcode::kMatrixRun};
  run.address = kProgram;
  run.instructions = static_cast<uint32_t>(program.size());
  run.beats = static_cast<uint32_t>(program.size() - 2) * kTileBeats;
  run.weights = kWeights;
  for (uint64_t n = 0; n < run.beats; ++n) {
    b.memory.store.write_word(kWeights + 8 * n, weight_beat(n));
  }
  const CommandWords words = encode(run);
  for (size_t w = 0; w < words.size(); ++w) b.memory.store.write_word(kRing + 8 * w, words[w]);
  b.reset();
  b.write(reg::kRingPage, kRing >> 12);
  b.write(reg::kRingLog2, 1);
  b.write(reg::kWindowFirst, 1);
  b.write(reg::kWindowLast, 0xFFFF);
  b.write(reg::kControl, bit::kControlRun);
  b.write(reg::kRingTail, 1);
  EXPECT_TRUE(b.run([&] { return b.cycle % 64 == 0 && b.read(reg::kCommands) == 1; }, kPatience));
  EXPECT_EQ(b.read(reg::kError), 0U);
  b.expect_no_violations();
  return b.read(reg::kCyclesMatrix);
}

TEST(Share, OfTheArrayIsKeptBehindTheBus) {
  const auto words = program(24, 40);
  for (const uint32_t latency : {20U, 50U}) {
    const uint64_t without = alone(words, latency), with = behind_bus(words, latency);
    const double kept = 100.0 * static_cast<double>(without) / static_cast<double>(with);
    std::cout << "latency " << latency << ": " << without << " cycles alone, " << with
              << " behind the bus; of its share of the time the array keeps " << kept << " %\n";
    EXPECT_GE(kept, 97.0);
    EXPECT_LE(kept, 100.5);  // the same weights
  }
}

}  // namespace
}  // namespace sparsys::top
