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

}  // namespace sparsys::mxu
