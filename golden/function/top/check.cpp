// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "golden/base/bits.hpp"
#include "golden/function/top/model.hpp"

namespace sparsys::top {
namespace {

constexpr uint64_t kMostWords = uint64_t{1} << 28;
constexpr uint64_t kMostInstructions = uint64_t{1} << 24;

// What of a command's four words is no field of its opcode.
CommandWords reserved(const Command& c) {
  CommandWords mask{0xFFFF0000, ~low_mask(44), ~uint64_t{0}, ~uint64_t{0}};
  const auto fields = [&](uint64_t word2, uint64_t word3) {
    mask[2] = ~word2;
    mask[3] = ~word3;
  };
  uint64_t flags = 0;
  bool address = true;
  switch (c.opcode) {
    case Opcode::kFence:
      flags = kInterrupt | kWrite | kAll;
      address = (c.flags & kWrite) != 0;
      fields(0xFFFFFFFF, 0);
      break;
    case Opcode::kSparseLoad:
    case Opcode::kSparseStore:
      flags = kBytes | (c.opcode == Opcode::kSparseLoad ? kSpread : 0);
      fields(~uint64_t{0}, c.flags & kBytes ? 0xFF1FFFFF : 0);
      break;
    case Opcode::kSparseRun:
      address = false;
      fields(0x0000FFFF0000FFFF, 0);
      break;
    case Opcode::kMatrixRun:
      fields(~uint64_t{0}, low_mask(44));
      break;
    case Opcode::kMatrixIn:
      fields(0x00FFFFFFFFFFFFFF, 0);
      break;
    case Opcode::kMatrixOut:
      fields(0x0000FFFFFFFFFFFF, 0);
      break;
    default:
      address = false;
      break;
  }
  mask[0] |= ~flags << 8 & 0xFF00;
  if (c.opcode == Opcode::kHalt) mask[0] |= ~uint64_t{0xFFFFFFFF};  // it is no channel's
  if (!address) mask[1] = ~uint64_t{0};
  return mask;
}

bool is_known(Opcode opcode, const Config& config) {
  switch (opcode) {
    case Opcode::kNop:
    case Opcode::kFence:
    case Opcode::kHalt:
      return true;
    case Opcode::kSparseLoad:
    case Opcode::kSparseStore:
    case Opcode::kSparseRun:
      return config.sparse;
    case Opcode::kMatrixRun:
    case Opcode::kMatrixIn:
    case Opcode::kMatrixOut:
      return config.matrix;
  }
  return false;
}

// Space and PE of a port's address.
bool port_fits(const Command& c) {
  const uint32_t space = c.port >> 28;
  if (c.flags & kSpread) {
    if (space > 1 || (c.port >> 20 & 0xFF) != 0) return false;
  }
  if (c.flags & kBytes) return space == 2 || space == 3;
  return c.opcode == Opcode::kSparseLoad ? space <= 6 : space >= 2 && space <= 4;
}

struct Extent {
  uint64_t address;
  uint64_t bytes;
};

}  // namespace

Failure check(const CommandWords& words, const Config& config, const RingSetup& setup) {
  Failure f;
  const Command c = decode(words);
  const auto failure = [&f](ErrorCode code, uint64_t detail, uint64_t address = 0) {
    f.code = static_cast<uint8_t>(code);
    f.detail = static_cast<uint32_t>(detail);
    f.page = static_cast<uint32_t>(address >> kPageBits);
    return f;
  };
  if (!is_known(c.opcode, config)) return failure(ErrorCode::kOpcode, words[0] & 0xFF);
  const bool moves = c.opcode == Opcode::kSparseLoad || c.opcode == Opcode::kSparseStore;
  const bool rows = c.opcode == Opcode::kMatrixIn || c.opcode == Opcode::kMatrixOut;
  const CommandWords mask = reserved(c);
  for (uint32_t w = 0; w < 4; ++w) {
    bool wrong = (words[w] & mask[w]) != 0;
    if (w == 2) {
      wrong = wrong || (moves && !port_fits(c)) ||
              (rows && (c.row == 0 || c.row > config.mxu.lanes())) ||
              (c.opcode == Opcode::kSparseRun && c.count == 0);
    }
    if (w == 3) wrong = wrong || (c.opcode == Opcode::kMatrixRun && c.beats == 0 && c.weights != 0);
    if (wrong) return failure(ErrorCode::kField, w);
  }
  // What it touches in memory.
  Extent extents[2] = {{c.address, 0}, {c.weights, 0}};
  uint64_t length = 1;
  uint64_t most = ~uint64_t{0};
  switch (c.opcode) {
    case Opcode::kFence:
      extents[0].bytes = c.flags & kWrite ? 8 : 0;
      break;
    case Opcode::kSparseLoad:
    case Opcode::kSparseStore:
      length = c.words;
      most = kMostWords;
      extents[0].bytes = length * (c.flags & kBytes ? word_lanes(config.eie) : 8);
      break;
    case Opcode::kMatrixRun:
      length = c.instructions;
      most = kMostInstructions;
      extents[0].bytes = 16 * length;
      extents[1].bytes = c.beats * uint64_t{mxu::StreamShape(config.mxu).beat_bytes()};
      break;
    case Opcode::kMatrixIn:
    case Opcode::kMatrixOut:
      length = extents[0].bytes = c.length;
      break;
    default:
      break;
  }
  const uint64_t alignment = c.opcode == Opcode::kFence ? 8 : 64;
  if (c.address % alignment != 0) return failure(ErrorCode::kAlignment, c.address, c.address);
  if (c.weights % 4096 != 0) return failure(ErrorCode::kAlignment, c.weights, c.weights);
  if (length == 0 || length > most) return failure(ErrorCode::kLength, length);
  for (const Extent& e : extents) {
    if (e.bytes == 0) continue;
    if (e.address >> kPageBits < setup.window_first ||
        (e.address + e.bytes - 1) >> kPageBits > setup.window_last) {
      return failure(ErrorCode::kAddress, e.address, e.address);
    }
  }
  return f;
}

}  // namespace sparsys::top
