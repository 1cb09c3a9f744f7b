// SPDX-License-Identifier: Apache-2.0
// Commands of the accelerator, field by field (docs/reference/top-format.md section 4).
#pragma once

#include <array>
#include <cstdint>

#include "golden/engine/top/interface.hpp"

namespace sparsys::top {

const char* to_string(Opcode opcode);  // "Sparse_Load"; "" if unknown

// Bits of `flags`: of Sparse_Load and Sparse_Store; of a Fence.
constexpr uint8_t kSpread = flag::kSparseLoadSpread;
constexpr uint8_t kBytes = flag::kSparseLoadBytes;
constexpr uint8_t kInterrupt = flag::kFenceInterrupt;
constexpr uint8_t kWrite = flag::kFenceWrite;
constexpr uint8_t kAll = flag::kFenceAll;

// The four words of a command in memory.
using CommandWords = std::array<uint64_t, 4>;

// Fields by the names of section 4; those that an opcode does not have are 0.
struct Command {
  Opcode opcode = Opcode::kNop;
  uint8_t flags = 0;
  uint16_t wait = 0;
  uint16_t signal = 0;
  uint64_t address = 0;  // all of word 1
  // Fence
  uint32_t number = 0;
  // Sparse_Load, Sparse_Store
  uint32_t port = 0;
  uint32_t words = 0;
  uint16_t multiplier = 0;
  uint8_t right = 0;
  int8_t zero = 0;
  // Sparse_Run
  uint16_t first = 0;
  uint16_t count = 0;
  // Matrix_Run
  uint32_t instructions = 0;
  uint32_t beats = 0;
  uint64_t weights = 0;  // all of word 3
  // Matrix_In, Matrix_Out
  uint32_t length = 0;
  uint16_t row = 0;
  uint8_t fill = 0;
};

// Calls visit(name, lowest bit, bits, member) for each field in words 2 and 3 that the command has
// by its opcode; bits count from 0 in word 2, from 64 in word 3. C: Command, const or not.
template <class C, class Visit>
void visit_fields(C& c, Visit&& visit) {
  switch (c.opcode) {
    case Opcode::kFence:
      visit("number", 0, 32, c.number);
      break;
    case Opcode::kSparseLoad:
    case Opcode::kSparseStore:
      visit("port", 0, 32, c.port);
      visit("words", 32, 32, c.words);
      visit("multiplier", 64, 16, c.multiplier);
      visit("right", 80, 5, c.right);
      visit("zero", 88, 8, c.zero);
      break;
    case Opcode::kSparseRun:
      visit("first", 0, 16, c.first);
      visit("count", 32, 16, c.count);
      break;
    case Opcode::kMatrixRun:
      visit("instructions", 0, 32, c.instructions);
      visit("beats", 32, 32, c.beats);
      break;
    case Opcode::kMatrixIn:
      visit("length", 0, 32, c.length);
      visit("row", 32, 16, c.row);
      visit("fill", 48, 8, c.fill);
      break;
    case Opcode::kMatrixOut:
      visit("length", 0, 32, c.length);
      visit("row", 32, 16, c.row);
      break;
    default:
      break;
  }
}

// encode() throws Error naming a field that does not hold its value; decode() takes any bits,
// and leaves out those that no field of the opcode has.
CommandWords encode(const Command& command);
Command decode(const CommandWords& words);

}  // namespace sparsys::top
