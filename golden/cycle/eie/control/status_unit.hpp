// SPDX-License-Identifier: Apache-2.0
// Counters, flags and error of the list that runs, or ran last, as status words
// (docs/reference/eie-timing.md sections 3.5 and 3.6). Module eie_status.
#pragma once

#include <array>
#include <cstdint>

#include "golden/cycle/eie/control/errors.hpp"
#include "golden/cycle/eie/control/tally.hpp"
#include "golden/engine/eie/config.hpp"

namespace sparsys::eie {

class StatusUnit {
 public:
  explicit StatusUnit(const Config& config) : config_(config) {}

  // Ports. pe_error_i: a bit per PE; broadcast_i, held_i: a bit per group.
  uint8_t clear_i = 0;
  uint8_t busy_i = 0;
  uint8_t broadcast_i = 0;
  uint8_t held_i = 0;
  uint8_t flags_i = 0;
  uint8_t start_lost_i = 0;
  uint8_t error_set_i = 0;
  uint8_t error_reason_i = 0;
  uint16_t error_desc_i = 0;
  std::array<uint64_t, 4> pe_error_i{};
  uint8_t flags_o = 0;
  uint8_t number_i = 0;
  uint64_t word_o = 0;

  // Registers.
  uint32_t cycles_q = 0;
  uint32_t broadcasts_q = 0;
  uint32_t held_q = 0;

  Errors errors;
  // With several groups.
  Tally pops;
  Tally holds;

  bool has_groups() const { return config_.groups > 1; }

  void propagate() {
    pops.groups_i = broadcast_i;
    pops.propagate();
    holds.groups_i = held_i;
    holds.propagate();
    errors.clear_i = clear_i;
    errors.set_i = error_set_i;
    errors.set_reason_i = error_reason_i;
    errors.set_desc_i = error_desc_i;
    errors.pe_error_i = pe_error_i;
    errors.propagate();
    const bool refused = 1 <= errors.reason_o && errors.reason_o <= 9;
    const bool aborted = errors.reason_o == Errors::kAborted;
    flags_o = static_cast<uint8_t>(aborted << 6 | start_lost_i << 5 | refused << 4 | flags_i);
    word_o = word();
  }

  void update(bool rst) {
    errors.update(rst);
    if (rst) {
      cycles_q = broadcasts_q = held_q = 0;
    } else if (clear_i) {
      cycles_q = 1;
      broadcasts_q = held_q = 0;
    } else if (busy_i) {
      ++cycles_q;
      broadcasts_q += has_groups() ? pops.count_o : broadcast_i;
      held_q += has_groups() ? holds.count_o : held_i;
    }
    pops.update(rst);
    holds.update(rst);
  }

  // update(false) of `cycles` cycles of a run in which the broadcast is held and nothing else
  // changes.
  void wait(uint32_t cycles) {
    cycles_q += cycles;
    held_q += cycles;
    errors.find();
  }

 private:
  uint64_t word() const {
    switch (number_i) {
      case 0:
        return flags_o;
      case 1:
        return cycles_q;
      case 2:
        return broadcasts_q;
      case 3:
        return held_q;
      case 4:
        return uint64_t{config_.groups - 1} << 56 | uint64_t{config_.acc_width} << 48 |
               uint64_t{config_.queue_depth} << 32 | uint64_t{config_.act_regs} << 16 |
               config_.n_pe;
      case 5:
        return errors.word_o;
      default:
        return 0;
    }
  }

  Config config_;
};

}  // namespace sparsys::eie
