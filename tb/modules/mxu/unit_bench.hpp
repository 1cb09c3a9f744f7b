// SPDX-License-Identifier: Apache-2.0
// What tests of the matrix unit's units share.
#pragma once

#include <cstdint>

#include "tb/modules/mxu/mxu_module.hpp"

namespace sparsys::mxu {

using test::RawInstruction;

inline constexpr uint64_t kSeeds = 4;
inline constexpr uint64_t kCycles = 6000;

// What follows from registers first, as in the whole unit.
template <class Unit>
struct Clocked : Unit {
  using Unit::Unit;
  void propagate() {
    Unit::propagate_state();
    Unit::propagate();
  }
};

// Reset now and then, and always some cycles behind an error, which stops the sequencer.
template <class Bench>
bool reset_now(Bench& b, Dice& dice) {
  const bool rst = dice.below(500) == 0 || (b.model.error_q && dice.below(10) == 0);
  b.rtl.rst_i = rst;
  return rst;
}

template <class Bench>
void drive_queue(Bench& b, Dice& dice, const RawInstruction& i) {
  drive_operation(b, dice, i);
  DRIVE(push_i, !b.model.full_o() && dice.chance(50));
  DRIVE(stop_i, dice.chance(3) || b.model.error_q);
}

template <class Bench>
void compare_unit(Bench& b) {
  b.port(
      "full_o", [&] { return uint64_t{b.rtl.full_o}; }, [&] { return uint64_t{b.model.full_o()}; });
  b.port(
      "error_o", [&] { return uint64_t{b.rtl.error_o}; },
      [&] { return uint64_t{b.model.error_q}; });
  PORT(idle_o);
}

}  // namespace sparsys::mxu
