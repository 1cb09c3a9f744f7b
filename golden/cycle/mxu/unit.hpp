// SPDX-License-Identifier: Apache-2.0
// What all units that carry out operations have: operations that wait, and what the sequencer tells
// them (docs/reference/mxu-timing.md sections 6 and 11).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "golden/cycle/mxu/op_queue.hpp"
#include "golden/cycle/mxu/widths.hpp"
#include "golden/engine/mxu/instruction.hpp"

namespace sparsys::mxu {

// What is handed to a unit: instruction bits 79:0 and, highest, bit 88 (1: Convolve).
constexpr uint32_t kOpWidth = 81;
using OpWords = std::array<uint32_t, 3>;

// A Set on its way to the units, and what the sequencer tells all of them.
struct UnitCommon {
  uint8_t stop_i = 0;
  std::array<uint8_t, kUnits> done_i{};  // the units' pulses
  uint8_t set_i = 0;                     // with the number and value below
  uint8_t set_number_i = 0;
  uint32_t set_value_i = 0;
};

class Unit : public UnitCommon {
 public:
  // Ports, besides mxu_unit_common. What comes with push_i need be set with it only.
  uint8_t push_i = 0;
  OpWords op_i{};
  uint32_t number_i = 0;
  uint32_t wait_i = 0;
  uint8_t full_o() const { return queue.full_o(); }
  uint8_t error_o() const { return queue.error_o(); }
  uint32_t error_number_o() const { return queue.error_number_q; }

  OpQueue queue;

 protected:
  // width: bits of the operation that the unit keeps.
  explicit Unit(uint32_t width) : queue(width) {}

  // An operation can begin in this cycle; check(): why that at the head is refused, 0 if it is not.
  // Returns whether it is loaded.
  template <class Check>
  bool propagate_queue(bool can, Check check) {
    queue.stop_i = stop_i;
    queue.can_i = can;
    queue.code_i = can && !queue.empty_o() ? check() : uint8_t{0};
    queue.propagate();
    return queue.load_o;
  }

  // kept: op_i without what the unit does not need, queue.width() bits; read with push_i only.
  void update_queue(bool rst, const OpWords& kept) {
    queue.push_i = push_i;
    queue.done_i = done_i;
    if (push_i) {
      std::copy_n(kept.begin(), queue.op_i.size(), queue.op_i.begin());
      queue.number_i = number_i;
      queue.wait_i = wait_i;
    }
    queue.update(rst);
  }
};

// A unit that decodes the queue's head two cycles ahead of taking it, and makes what follows from
// its configuration in steps behind a Set (docs/reference/mxu-timing.md section 7).
class DecodingUnit : public Unit {
 public:
  // Registers.
  uint8_t step_q = 0;
  uint8_t ahead_q = 0;  // bit 1: what is decoded belongs to the head
  uint8_t code_q = 0;   // why it is refused

  // For the sequencer: nothing is dispatched while something is still to follow from a Set.
  uint8_t full_o() const { return queue.full_o() || step_q != 0; }

 protected:
  // first, last: numbers of its registers; steps: to what it is counted.
  DecodingUnit(uint32_t width, Register first, Register last, uint8_t steps)
      : Unit(width), first_(first), last_(last), steps_(steps) {}

  bool decoded() const { return ahead_q >> 1 & 1; }

  // Before the queue and the configuration move on. Returns whether these may be others than in the
  // cycle before.
  bool update_ahead(bool rst) {
    const bool moved = moved_;
    const auto reg = static_cast<Register>(set_number_i);
    const bool set = set_i && reg >= first_ && reg <= last_;
    moved_ = rst || set || push_i || queue.takes() || step_q != 0;
    const bool stays = !queue.empty_o() && !queue.takes() && step_q == 0;
    ahead_q = rst || !stays ? 0 : static_cast<uint8_t>((ahead_q << 1 | 1) & 3);
    if (rst || (!set && step_q == steps_)) {
      step_q = 0;
    } else if (set) {
      step_q = 1;
    } else if (step_q != 0) {
      ++step_q;
    }
    return moved;
  }

 private:
  Register first_;
  Register last_;
  uint8_t steps_;
  bool moved_ = true;
};

}  // namespace sparsys::mxu
