// SPDX-License-Identifier: Apache-2.0
#include "golden/engine/mxu/instruction.hpp"

#include "golden/base/fields.hpp"

namespace sparsys::mxu {
namespace {

constexpr uint32_t kOpcodeAt = 88;
constexpr uint32_t kWaitsAt = 80;

}  // namespace

const char* to_string(Opcode opcode) {
  constexpr const char* kNames[] = {
      "Nop",        "Read_Weights", "Matrix_Multiply", "Convolve", "Activate", "Read_Host",
      "Write_Host", "Set",          "Synchronise",     "Halt",     "Flush"};
  return opcode <= Opcode::kFlush ? kNames[static_cast<size_t>(opcode)] : "unknown operation";
}

InstructionWords encode(const Instruction& instruction) {
  InstructionWords words{};
  const auto put = [&](const char* name, uint32_t lsb, uint32_t width, auto member) {
    put_member(words.data(), to_string(instruction.opcode), name, lsb, width, member);
  };
  put("opcode", kOpcodeAt, 8, instruction.opcode);
  for (uint32_t u = 0; u < kUnits; ++u) put("wait", kWaitsAt + 2 * u, 2, instruction.waits[u]);
  visit_fields(instruction, put);
  return words;
}

Instruction decode(const InstructionWords& words) {
  Instruction instruction;
  const auto get = [&](const char*, uint32_t lsb, uint32_t width, auto& member) {
    get_member(words.data(), lsb, width, member);
  };
  get("", kOpcodeAt, 8, instruction.opcode);
  for (uint32_t u = 0; u < kUnits; ++u) get("", kWaitsAt + 2 * u, 2, instruction.waits[u]);
  visit_fields(instruction, get);
  return instruction;
}

Instruction set_of(Register reg, const Setting& setting) {
  Instruction instruction;
  instruction.opcode = Opcode::kSet;
  instruction.reg = reg;
  visit_fields(reg, setting, [&](const char* name, uint32_t lsb, uint32_t width, auto member) {
    put_member(&instruction.value, "Set", name, lsb, width, member);
  });
  return instruction;
}

Setting setting_of(Register reg, uint32_t value) {
  Setting setting;
  visit_fields(reg, setting, [&](const char*, uint32_t lsb, uint32_t width, auto& member) {
    get_member(&value, lsb, width, member);
  });
  return setting;
}

}  // namespace sparsys::mxu
