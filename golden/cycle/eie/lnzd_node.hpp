// SPDX-License-Identifier: Apache-2.0
// A node of the non-zero tree: merges four streams of (column, activation), each rising in its
// column, into one. One cycle of latency, one a cycle (docs/reference/eie-timing.md section 2).
#pragma once

#include <array>
#include <cstdint>

namespace sparsys::eie {

class LnzdNode {
 public:
  static constexpr uint32_t kChildren = 4;

  // Ports. A child that does not exist is done and not valid.
  std::array<uint8_t, kChildren> child_valid_i{};
  std::array<uint8_t, kChildren> child_done_i{{1, 1, 1, 1}};
  std::array<uint8_t, kChildren> child_pop_o{};
  std::array<uint16_t, kChildren> child_col_i{};
  std::array<uint16_t, kChildren> child_act_i{};
  uint8_t valid_o = 0;
  uint8_t done_o = 0;
  uint8_t pop_i = 0;
  uint16_t col_o = 0;
  uint16_t act_o = 0;

  // Registers.
  uint8_t valid_q = 0;
  uint16_t col_q = 0;
  uint16_t act_q = 0;

  void propagate() {
    propagate_up();
    propagate_down();
  }

  // What the parent sees: from the registers and whether the children are done.
  void propagate_up() {
    valid_o = valid_q;
    col_o = col_q;
    act_o = act_q;
    done_o = !valid_q && child_done_i[0] && child_done_i[1] && child_done_i[2] && child_done_i[3];
  }

  // What the children see: needs the parent's pop.
  void propagate_down() {
    child_pop_o = {};
    take_ = 0;
    if (valid_q && !pop_i) return;
    uint32_t settled = 1;
    uint32_t smallest = kNone;
    uint32_t taken = 0;
    for (uint32_t c = 0; c < kChildren; ++c) {
      settled &= child_valid_i[c] | child_done_i[c];
      const uint32_t col = child_valid_i[c] ? child_col_i[c] : kNone;
      // Strictly less: of equal columns, which no tree delivers, the first child's.
      taken = col < smallest ? c : taken;
      smallest = col < smallest ? col : smallest;
    }
    take_ = settled && smallest != kNone;
    taken_ = static_cast<uint8_t>(taken);
    child_pop_o[taken] = take_;
  }

  // After propagate_down(): whether the edge changes a register.
  bool moves() const { return take_ || (valid_q && pop_i); }

  void update(bool rst) {
    if (rst) {
      valid_q = 0;
    } else if (take_) {
      valid_q = 1;
      col_q = child_col_i[taken_];
      act_q = child_act_i[taken_];
    } else if (pop_i) {
      valid_q = 0;
    }
  }

 private:
  static constexpr uint32_t kNone = 0x10000;  // above every column

  uint8_t take_ = 0;
  uint8_t taken_ = 0;
};

}  // namespace sparsys::eie
