// SPDX-License-Identifier: Apache-2.0
// What all units that carry out operations have: a queue of four, waits, the check of an operation
// when it is taken, and an error state (docs/reference/mxu-timing.md section 6).
#pragma once

#include <array>
#include <cstdint>

#include "golden/cycle/common/wide_fifo.hpp"
#include "golden/cycle/mxu/widths.hpp"
#include "golden/engine/mxu/instruction.hpp"

namespace sparsys::mxu {

// Codes of docs/reference/mxu-format.md section 5; 0 is none.
enum ErrorCode : uint8_t {
  kErrorOpcode = 1,
  kErrorLength = 2,
  kErrorBuffer = 3,
  kErrorAccumulators = 4,
  kErrorParameters = 5
};

constexpr uint32_t kOpWidth = 148;
constexpr uint32_t kOpQueue = 4;

// A word of a unit's queue: number 24 bits, stamps 4 x 8, wanted 4, instruction bits 79:0, opcode.
struct Op {
  static constexpr uint32_t kStamps = 24;
  static constexpr uint32_t kWanted = 56;
  static constexpr uint32_t kInstruction = 60;
  static constexpr uint32_t kOpcode = 140;

  const uint32_t* words;

  uint32_t number() const { return get_field(words, 0, 24); }
  uint8_t stamp(uint32_t unit) const {
    return static_cast<uint8_t>(get_field(words, kStamps + 8 * unit, 8));
  }
  bool wanted(uint32_t unit) const { return get_field(words, kWanted + unit, 1) != 0; }
  Instruction instruction() const {
    return decode({get_field(words, kInstruction, 32), get_field(words, kInstruction + 32, 32),
                   get_field(words, kInstruction + 64, 16) | get_field(words, kOpcode, 8) << 24});
  }
};

// A Set on its way to the units, and what the sequencer tells all of them.
struct UnitCommon {
  uint8_t stop_i = 0;
  std::array<uint8_t, kUnits> done_i{};
  uint8_t set_i = 0;  // with the number and value below
  uint8_t set_number_i = 0;
  uint32_t set_value_i = 0;
};

class Unit : public UnitCommon {
 public:
  // Ports, besides mxu_unit_common. op_i is queue.data_i.
  uint8_t push_i = 0;
  uint8_t full_o() const { return queue.full_o(); }
  uint8_t error_o() const { return error_q; }

  // Registers.
  uint8_t error_q = 0;
  uint32_t error_number_q = 0;

  WideFifo queue{kOpWidth, kOpQueue};

 protected:
  Op head() const { return {queue.head_o()}; }
  // Pair `unit` holds the head of the queue back.
  bool held_by(uint32_t unit) const {
    return head().wanted(unit) && ((done_i[unit] - head().stamp(unit)) & 0x80) != 0;
  }
  bool ready() const {
    for (uint32_t unit = 0; unit < kUnits; ++unit) {
      if (held_by(unit)) return false;
    }
    return true;
  }

  // code: of the operation taken, 0 if it is in order.
  void update_queue(bool rst, bool take, uint8_t code) {
    if (!rst && take && code) {
      error_q = code;
      error_number_q = head().number();
    }
    if (rst) error_q = 0;
    queue.push_i = push_i;
    queue.pop_i = take;
    queue.update(rst);
  }
};

}  // namespace sparsys::mxu
