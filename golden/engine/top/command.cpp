// SPDX-License-Identifier: Apache-2.0
#include "golden/engine/top/command.hpp"

#include <string>

#include "golden/base/bits.hpp"
#include "golden/base/fields.hpp"

namespace sparsys::top {

const char* to_string(Opcode opcode) {
  switch (opcode) {
    case Opcode::kNop:
      return "Nop";
    case Opcode::kFence:
      return "Fence";
    case Opcode::kHalt:
      return "Halt";
    case Opcode::kSparseLoad:
      return "Sparse_Load";
    case Opcode::kSparseStore:
      return "Sparse_Store";
    case Opcode::kSparseRun:
      return "Sparse_Run";
    case Opcode::kMatrixRun:
      return "Matrix_Run";
    case Opcode::kMatrixIn:
      return "Matrix_In";
    case Opcode::kMatrixOut:
      return "Matrix_Out";
  }
  return "";
}

CommandWords encode(const Command& command) {
  std::array<uint32_t, 4> fields{};  // of words 2 and 3
  visit_fields(command, [&](const char* name, uint32_t lsb, uint32_t width, auto member) {
    put_member(fields.data(), to_string(command.opcode), name, lsb, width, member);
  });
  CommandWords words{};
  words[0] = static_cast<uint64_t>(command.opcode) | uint64_t{command.flags} << 8 |
             uint64_t{command.wait} << 32 | uint64_t{command.signal} << 48;
  words[1] = command.address;
  words[2] = uint64_t{fields[1]} << 32 | fields[0];
  words[3] = command.opcode == Opcode::kMatrixRun ? command.weights
                                                  : uint64_t{fields[3]} << 32 | fields[2];
  return words;
}

Command decode(const CommandWords& words) {
  Command command;
  command.opcode = static_cast<Opcode>(words[0] & 0xFF);
  command.flags = static_cast<uint8_t>(words[0] >> 8);
  command.wait = static_cast<uint16_t>(words[0] >> 32);
  command.signal = static_cast<uint16_t>(words[0] >> 48);
  command.address = words[1];
  const std::array<uint32_t, 4> fields{
      static_cast<uint32_t>(words[2]), static_cast<uint32_t>(words[2] >> 32),
      static_cast<uint32_t>(words[3]), static_cast<uint32_t>(words[3] >> 32)};
  visit_fields(command, [&](const char*, uint32_t lsb, uint32_t width, auto& member) {
    get_member(fields.data(), lsb, width, member);
  });
  if (command.opcode == Opcode::kMatrixRun) command.weights = words[3];
  return command;
}

}  // namespace sparsys::top
