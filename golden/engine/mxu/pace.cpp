// SPDX-License-Identifier: Apache-2.0
#include "golden/engine/mxu/pace.hpp"

#include <algorithm>
#include <cmath>
#include <deque>

#include "golden/base/error.hpp"
#include "golden/engine/mxu/compiler.hpp"
#include "golden/engine/mxu/weight_stream.hpp"

namespace sparsys::mxu {
namespace {

// From one swap to the next at the earliest: 8 cycles a word of the longest bus, and 3
// (docs/reference/mxu-timing.md section 4).
constexpr uint64_t kWordCycles = 8;
constexpr uint64_t kSwapCycles = 3;

// The tiles that a Read_Weights asks for: cycles of each.
void add_tiles(const Program& program, const Instruction& i, double bandwidth,
               std::deque<uint64_t>& tiles) {
  const StreamShape shape(program.config);
  const double beat_cycles = bandwidth > 0 ? std::max(1.0, shape.beat_bytes() / bandwidth) : 1.0;
  uint64_t at = i.beat;
  for (uint32_t t = 0; t < i.tiles; ++t) {
    // In front of the first tile: each of its beats is a word of every bus.
    const uint64_t codebook = i.codebook && t == 0 ? StreamShape::kCodebookBeats : 0;
    at += codebook;
    if ((at + 1) * shape.beat_bytes() > program.weights.size()) {
      throw Error("weights of tile " + std::to_string(t) + " of beat " + std::to_string(i.beat) +
                  " begin behind the end of weight memory");
    }
    const TileSize size = tile_size(shape, &program.weights[at * shape.beat_bytes()]);
    at += 1 + size.beats;
    const double memory = beat_cycles * static_cast<double>(codebook + 1 + size.beats);
    tiles.push_back(std::max(kWordCycles * (codebook + size.longest) + kSwapCycles,
                             static_cast<uint64_t>(std::ceil(memory))));
  }
}

}  // namespace

Pace pace_of(const Program& program, double weight_bandwidth) {
  Pace pace;
  std::deque<uint64_t> tiles;  // asked for and not taken
  uint64_t convolved = 0;      // rows of a Convolve
  uint64_t rows = 0;           // through the tile that is in use
  for (const InstructionWords& words : program.instructions) {
    const Instruction i = decode(words);
    if (i.opcode == Opcode::kReadWeights) add_tiles(program, i, weight_bandwidth, tiles);
    if (i.opcode == Opcode::kSet && i.reg == Register::kResult) {
      convolved = uint64_t{i.value & 0xFFFF} * (i.value >> 16);
    }
    if (i.opcode != Opcode::kMatrixMultiply && i.opcode != Opcode::kConvolve) continue;
    if (i.take && !tiles.empty()) {
      // The weights come while the rows go through the tile in front of them.
      pace.cycles += std::max(rows, tiles.front());
      pace.weights += tiles.front();
      ++pace.tiles;
      tiles.pop_front();
      rows = 0;
    }
    const uint64_t length = i.opcode == Opcode::kConvolve ? convolved : i.length;
    rows += length;
    pace.rows += length;
  }
  pace.cycles += rows;
  return pace;
}

uint32_t batches_to_keep(const Network& network, uint32_t batch, const Config& config,
                         double weight_bandwidth) {
  const Pace one = pace_of(compile(network, batch, config), weight_bandwidth);
  // Not even if no tile had to be brought twice.
  const double least = static_cast<double>(std::max(one.weights, 2 * one.rows));
  const double apart = 2 * static_cast<double>(one.cycles) * (1 - kLeastGain);
  if (least > apart) return 1;
  try {
    const Pace both = pace_of(compile(network, 2 * batch, config), weight_bandwidth);
    return static_cast<double>(both.cycles) <= apart ? 2 : 1;
  } catch (const Error&) {
    return 1;  // no room
  }
}

}  // namespace sparsys::mxu
