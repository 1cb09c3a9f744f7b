// SPDX-License-Identifier: Apache-2.0
// Instructions of the matrix unit, field by field (docs/reference/mxu-format.md sections 3 and 4).
#pragma once

#include <array>
#include <cstdint>

#include "golden/network/mxu_network.hpp"

namespace sparsys::mxu {

// Bits 31:0 first.
using InstructionWords = std::array<uint32_t, 3>;

enum class Opcode : uint8_t {
  kNop,
  kReadWeights,
  kMatrixMultiply,
  kConvolve,
  kActivate,
  kReadHost,
  kWriteHost,
  kSet,
  kSynchronise,
  kHalt,
  kFlush
};
const char* to_string(Opcode opcode);  // "Matrix_Multiply"

// The units that an instruction can wait for.
enum UnitNumber : uint32_t { kMatrixUnit, kActivationUnit, kHostInUnit, kHostOutUnit };
constexpr uint32_t kUnits = 4;

enum class Register : uint8_t {
  kMap = 0,
  kResult = 1,
  kWalk = 2,
  kPadding = 3,
  kBounds = 8,
  kPooledMap = 9,
  kPooledResult = 10,
  kWindow = 11,
  kAverageMultiplier = 12,
  kAverageRound = 13,
  kClearCounters = 15
};

struct Instruction {
  Opcode opcode = Opcode::kNop;
  std::array<uint8_t, kUnits> waits{};
  uint32_t beat = 0;  // of weight memory, the first
  uint32_t beats = 0;
  uint32_t tiles = 0;
  bool raw = false;           // bytes are weights
  bool codebook = false;      // one stands in front of the first tile
  uint32_t buffer = 0;        // the first row; with `parameters` 16 * set + plane
  uint32_t accumulators = 0;  // the first row
  uint32_t length = 0;        // rows
  int32_t dy = 0, dx = 0;
  uint32_t rows_less_one = 0;  // used ones
  uint32_t columns_less_one = 0;
  bool take = false;  // the next tile of weights
  bool add = false;
  uint32_t set = 0;  // of parameters
  Function function = Function::kIdentity;
  Pooling pooling = Pooling::kNone;
  Rounding rounding = Rounding::kSingle;
  bool sum = false;  // of two operands
  bool parameters = false;
  Register reg = Register::kMap;
  uint32_t value = 0;  // of the register
};

// What the registers hold.
struct Setting {
  uint32_t in_h = 0, in_w = 0, out_h = 0, out_w = 0;
  uint32_t pitch = 0;
  uint32_t stride_y = 0, stride_x = 0;
  int32_t zero = 0;  // also the pad value
  int32_t low = 0, high = 0;
  uint32_t window_h = 0, window_w = 0;
  int32_t dy = 0, dx = 0;
  uint32_t average_multiplier = 0, average_round = 0;
};

// The table of fields: calls visit(name, lowest bit, bits, member) for each of an instruction by
// its opcode, opcode and waits left out. Names are those of the page, cut short. I: Instruction,
// const or not.
template <class I, class Visit>
void visit_fields(I& i, Visit&& visit) {
  switch (i.opcode) {
    case Opcode::kReadWeights:
      visit("number of the first beat", 0, 32, i.beat);
      visit("number of beats", 32, 24, i.beats);
      visit("number of tiles", 56, 16, i.tiles);
      visit("raw", 72, 1, i.raw);
      visit("codebook", 73, 1, i.codebook);
      break;
    case Opcode::kMatrixMultiply:
    case Opcode::kConvolve:
      visit("first row in the unified buffer", 0, 24, i.buffer);
      visit("first accumulator row", 24, 16, i.accumulators);
      if (i.opcode == Opcode::kConvolve) {
        visit("dy", 40, 8, i.dy);
        visit("dx", 48, 8, i.dx);
      } else {
        visit("length", 40, 16, i.length);
      }
      visit("rows used minus 1", 56, 8, i.rows_less_one);
      visit("columns used minus 1", 64, 8, i.columns_less_one);
      visit("switch", 72, 1, i.take);
      visit("add", 73, 1, i.add);
      break;
    case Opcode::kActivate:
      visit("first row in the unified buffer", 0, 24, i.buffer);
      visit("first accumulator row", 24, 16, i.accumulators);
      visit("length", 40, 16, i.length);
      visit("parameter set", 56, 8, i.set);
      visit("function", 72, 2, i.function);
      visit("pooling", 74, 2, i.pooling);
      visit("double", 76, 1, i.rounding);
      visit("sum", 77, 1, i.sum);
      break;
    case Opcode::kReadHost:
      visit("first row", 0, 24, i.buffer);
      visit("number of rows", 24, 16, i.length);
      visit("parameters", 72, 1, i.parameters);
      break;
    case Opcode::kWriteHost:
      visit("first row", 0, 24, i.buffer);
      visit("number of rows", 24, 16, i.length);
      break;
    case Opcode::kSet:
      visit("register number", 72, 8, i.reg);
      visit("value", 0, 32, i.value);
      break;
    default:
      break;
  }
}

// The same for the value of a register; none for one that is unknown.
template <class S, class Visit>
void visit_fields(Register reg, S& s, Visit&& visit) {
  switch (reg) {
    case Register::kMap:
    case Register::kPooledMap:
      visit("in_h", 0, 16, s.in_h);
      visit("in_w", 16, 16, s.in_w);
      break;
    case Register::kResult:
      visit("out_w", 0, 16, s.out_w);
      visit("out_h", 16, 16, s.out_h);
      break;
    case Register::kWalk:
    case Register::kPooledResult:
      if (reg == Register::kWalk) {
        visit("pitch", 0, 16, s.pitch);
      } else {
        visit("out_w", 0, 16, s.out_w);
      }
      visit("stride_y", 16, 8, s.stride_y);
      visit("stride_x", 24, 8, s.stride_x);
      break;
    case Register::kPadding:
      visit("pad value", 0, 8, s.zero);
      break;
    case Register::kBounds:
      visit("zero point", 0, 8, s.zero);
      visit("low", 8, 8, s.low);
      visit("high", 16, 8, s.high);
      break;
    case Register::kWindow:
      visit("window height", 0, 8, s.window_h);
      visit("width", 8, 8, s.window_w);
      visit("dy", 16, 8, s.dy);
      visit("dx", 24, 8, s.dx);
      break;
    case Register::kAverageMultiplier:
      visit("average_multiplier", 0, 25, s.average_multiplier);
      break;
    case Register::kAverageRound:
      visit("average_round", 0, 24, s.average_round);
      break;
    case Register::kClearCounters:
      break;
  }
}

// Throws Error naming a field that does not hold its value.
InstructionWords encode(const Instruction& instruction);
// Of any bits; fields that its opcode does not have stay as they are in Instruction().
Instruction decode(const InstructionWords& words);

// A Set of `reg` to those of the values that it holds, and back. Throws Error as encode().
Instruction set_of(Register reg, const Setting& setting);
Setting setting_of(Register reg, uint32_t value);

}  // namespace sparsys::mxu
