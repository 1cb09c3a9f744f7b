// SPDX-License-Identifier: Apache-2.0
// Columns of the pass: bias columns first, whose constants the codebook RAM has, then what the
// groups' trees find; a broadcast for each group (docs/reference/eie-timing.md section 3.7). Module
// eie_columns.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "golden/cycle/eie/control/broadcast.hpp"
#include "golden/engine/eie/dealing.hpp"

namespace sparsys::eie {

// Ports of the control that are of the groups, a bit or an element each. From the trees, and
// whether a PE's queue is full (hold_i); to the trees and the PEs.
struct GroupInputs {
  uint8_t root_valid_i = 0;
  uint8_t hold_i = 0;
  std::array<uint16_t, kMaxGroups> root_col_i{};
  std::array<uint16_t, kMaxGroups> root_act_i{};
};
struct GroupOutputs {
  uint8_t root_pop_o = 0;
  uint8_t advance_o = 0;
  uint8_t b_valid_o = 0;
  uint8_t b_odd_first_o = 0;
  std::array<uint16_t, kMaxGroups> b_act_o{};
  std::array<uint16_t, kMaxGroups> b_even_o{};
  std::array<uint16_t, kMaxGroups> b_odd_o{};
};

class Columns : public GroupInputs, public GroupOutputs {
 public:
  explicit Columns(const Config& config)
      : broadcast(config.groups, Broadcast(config)), dealt_(Dealing(config).bias_groups()) {}

  // Ports, besides those of the groups.
  uint8_t launch_i = 0;
  uint8_t run_i = 0;
  uint8_t bias_i = 0;
  uint8_t bias_columns_i = 0;
  uint8_t read_o = 0;
  uint8_t word_o = 0;
  uint8_t pending_o = 0;
  uint8_t taken_o = 0;  // a bit per group
  uint16_t ptr_base_i = 0;
  uint64_t word_i = 0;

  // Registers.
  uint8_t step_q = 0;

  std::vector<Broadcast> broadcast;  // of each group

  // pending_o, for the sequencer, which settles first.
  bool pending(uint8_t bias_columns) const { return step_q != bias_columns; }

  void propagate() {
    pending_o = pending(bias_columns_i);
    step_ = run_i && pending_o && hold_i == 0;
    const uint32_t next = (step_q + step_) & 7U;
    read_o = (launch_i || step_) && next != bias_columns_i;
    word_o = next * dealt_ / 4 & 1;
    taken_o = advance_o = b_valid_o = b_odd_first_o = 0;
    for (uint32_t g = 0; g < broadcast.size(); ++g) {
      Broadcast& b = broadcast[g];
      b.run_i = run_i;
      b.hold_i = hold_i >> g & 1;
      b.ptr_base_i = ptr_base_i;
      if (pending_o) {
        const uint32_t constant = step_q * dealt_ + g;
        b.root_valid_i = step_ && g < dealt_ && constant / 2 < bias_i;
        b.root_col_i = static_cast<uint16_t>(step_q - bias_columns_i);
        b.root_act_i = static_cast<uint16_t>(word_i >> (16 * (constant % 4)));
      } else {
        b.root_valid_i = root_valid_i >> g & 1;
        b.root_col_i = root_col_i[g];
        b.root_act_i = root_act_i[g];
      }
      b.propagate();
      taken_o = static_cast<uint8_t>(taken_o | b.root_pop_o << g);
      advance_o = static_cast<uint8_t>(advance_o | b.advance_o << g);
      b_valid_o = static_cast<uint8_t>(b_valid_o | b.b_valid_o << g);
      b_odd_first_o = static_cast<uint8_t>(b_odd_first_o | b.b_odd_first_o << g);
      b_act_o[g] = b.b_act_o;
      b_even_o[g] = b.b_even_o;
      b_odd_o[g] = b.b_odd_o;
    }
    root_pop_o = pending_o ? uint8_t{0} : taken_o;
  }

  // rst: of the engine, or flush.
  void update(bool rst) {
    for (Broadcast& b : broadcast) b.update(rst);
    step_q = rst || !run_i ? uint8_t{0} : static_cast<uint8_t>((step_q + step_) & 7U);
  }

 private:
  uint32_t dealt_;  // groups that bias columns are dealt to
  uint8_t step_ = 0;
};

}  // namespace sparsys::eie
