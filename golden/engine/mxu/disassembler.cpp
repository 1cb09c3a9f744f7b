// SPDX-License-Identifier: Apache-2.0
#include "golden/engine/mxu/disassembler.hpp"

#include "golden/base/text.hpp"

namespace sparsys::mxu {
namespace {

std::string pair(int64_t a, int64_t b) { return number(a) + " x " + number(b); }

std::string waits_of(const Instruction& i) {
  constexpr const char* kUnitNames[] = {"matrix", "activation", "input", "output"};
  std::string text;
  for (size_t u = 0; u < kUnits; ++u) {
    if (i.waits[u] == 0) continue;
    text += (text.empty() ? "; waits for " : ", ") + std::string(kUnitNames[u]);
    if (i.waits[u] > 1) text += " but " + number(i.waits[u] - 1);
  }
  return text;
}

std::string set_text(const Instruction& i) {
  const Setting s = setting_of(i.reg, i.value);
  switch (i.reg) {
    case Register::kMap:
      return "map " + pair(s.in_h, s.in_w);
    case Register::kPooledMap:
      return "pooled map " + pair(s.in_h, s.in_w);
    case Register::kResult:
      return "result " + pair(s.out_h, s.out_w);
    case Register::kWalk:
      return "pitch " + number(s.pitch) + ", stride " + pair(s.stride_y, s.stride_x);
    case Register::kPadding:
      return "padding " + number(s.zero);
    case Register::kBounds:
      return "zero " + number(s.zero) + ", low " + number(s.low) + ", high " + number(s.high);
    case Register::kPooledResult:
      return "pooled width " + number(s.out_w) + ", stride " + pair(s.stride_y, s.stride_x);
    case Register::kWindow:
      return "window " + pair(s.window_h, s.window_w) + " from " + number(s.dy) + ", " +
             number(s.dx);
    case Register::kAverageMultiplier:
      return "average multiplier " + number(s.average_multiplier);
    case Register::kAverageRound:
      return "average round " + number(s.average_round);
    case Register::kClearCounters:
      return "counters to 0";
  }
  return "unknown register " + number(static_cast<uint32_t>(i.reg)) + ", value " + number(i.value);
}

// What an operation does; its waits follow.
std::string operation_text(const Instruction& i) {
  constexpr const char* kPoolings[] = {"", ", maximum of windows", ", mean of windows",
                                       ", mean of windows"};
  const std::string ub = "ub " + number(i.buffer);
  const std::string acc = ", acc " + number(i.accumulators);
  const std::string rows = ", " + number(i.length) + (i.length == 1 ? " row" : " rows");
  switch (i.opcode) {
    case Opcode::kMatrixMultiply:
    case Opcode::kConvolve:
      return ub + acc +
             (i.opcode == Opcode::kConvolve ? ", tap " + number(i.dy) + ", " + number(i.dx)
                                            : rows) +
             ", uses " + pair(i.rows_less_one + 1, i.columns_less_one + 1) +
             (i.take ? ", switch" : "") + (i.add ? ", add" : "");
    case Opcode::kActivate:
      return ub + acc + rows + ", set " + number(i.set) + ", " + to_string(i.function) +
             kPoolings[static_cast<size_t>(i.pooling)] + (i.sum ? ", sum" : "") +
             (i.rounding == Rounding::kDouble ? ", rounded twice" : "");
    case Opcode::kReadHost:
      if (!i.parameters) return ub + rows;
      return "set " + number(i.buffer / 16) + ", plane " + number(i.buffer % 16) + ", " +
             number(i.length) + " planes";
    default:
      return ub + rows;
  }
}

}  // namespace

std::string disassemble(const InstructionWords& words) {
  const Instruction i = decode(words);
  const std::string name = to_string(i.opcode);
  switch (i.opcode) {
    case Opcode::kNop:
    case Opcode::kSynchronise:
    case Opcode::kHalt:
    case Opcode::kFlush:
      return name;
    case Opcode::kReadWeights:
      return name + " beat " + number(i.beat) + ", " + number(i.beats) + " beats, " +
             number(i.tiles) + (i.tiles == 1 ? " tile" : " tiles") + (i.raw ? ", raw" : "") +
             (i.codebook ? ", codebook" : "");
    case Opcode::kSet:
      return name + " " + set_text(i);
    case Opcode::kMatrixMultiply:
    case Opcode::kConvolve:
    case Opcode::kActivate:
    case Opcode::kReadHost:
    case Opcode::kWriteHost:
      return name + " " + operation_text(i) + waits_of(i);
  }
  return name + " " + number(static_cast<uint32_t>(i.opcode));
}

}  // namespace sparsys::mxu
