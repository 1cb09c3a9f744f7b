// SPDX-License-Identifier: Apache-2.0
// What tests of the matrix unit's modules share: a small unit's parameters, rows of bytes and words
// at flat ports, random operations as the sequencer sends them (docs/reference/mxu-timing.md
// section 6).
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "tb/lockstep/mxu/signals.hpp"
#include "tb/modules/module_bench.hpp"
#include "tb/support/mxu/assembler.hpp"

namespace sparsys::mxu {

// That of the Verilated modules in tb/modules/CMakeLists.txt.
inline Config module_config() {
  Config c;
  c.rows = 4;
  c.cols = 6;
  c.tile_rows = 2;
  c.tile_cols = 3;
  c.fifo_words = 32;
  c.ub_depth = 50;
  c.acc_depth = 16;
  c.param_sets = 5;
  c.queue_depth = 3;
  return c;
}

// A flat port of words of `width` bits, the first lowest.
template <class Port, class Word>
void set_words(Port& port, const std::vector<Word>& words, uint32_t width) {
  for (size_t i = 0; i < words.size(); ++i) {
    set_bits(port, static_cast<uint32_t>(i) * width, width, static_cast<uint64_t>(words[i]));
  }
}
template <class Port>
std::vector<uint64_t> get_words(const Port& port, size_t count, uint32_t width) {
  std::vector<uint64_t> words;
  for (size_t i = 0; i < count; ++i) {
    words.push_back(get_bits(port, static_cast<uint32_t>(i) * width, width));
  }
  return words;
}
// The model's words as the port has them.
template <class Word>
std::vector<uint64_t> masked(const Word* words, size_t count, uint32_t width) {
  std::vector<uint64_t> result;
  for (size_t i = 0; i < count; ++i) {
    result.push_back(static_cast<uint64_t>(words[i]) & low_mask(width));
  }
  return result;
}

inline std::vector<uint8_t> random_bytes(Dice& dice, size_t count) {
  std::vector<uint8_t> bytes(count);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(dice.word(8));
  return bytes;
}

// An instruction as a unit is given it: instruction bits 79:0 and 88, its number, and how many
// operations of each unit it waits for, few or none.
template <class Bench>
void drive_operation(Bench& b, Dice& dice, const test::RawInstruction& i, bool waits = true) {
  for (uint32_t at = 0; at < 80; at += 16) set_bits(b.rtl.op_i, at, 16, i.get(at, 16));
  set_bits(b.rtl.op_i, 80, 1, i.get(88, 1));
  for (uint32_t word = 0; word < b.model.op_i.size(); ++word) {
    b.model.op_i[word] =
        static_cast<uint32_t>(get_bits(b.rtl.op_i, 32 * word, word == 2 ? 17 : 32));
  }
  b.model.number_i = static_cast<uint32_t>(dice.bits(24));
  b.model.wait_i = 0;
  for (const uint32_t at : {0U, 7U, 11U, 15U}) {
    if (waits && dice.chance(30)) b.model.wait_i |= static_cast<uint32_t>(dice.below(4)) << at;
  }
  b.rtl.op_number_i = b.model.number_i;
  b.rtl.op_wait_i = b.model.wait_i;
}

// Units complete an operation now and then.
template <class Bench>
void drive_done(Bench& b, Dice& dice) {
  uint32_t pulses = 0;
  for (uint32_t unit = 0; unit < 4; ++unit) {
    b.model.done_i[unit] = dice.chance(30);
    pulses |= uint32_t{b.model.done_i[unit]} << unit;
  }
  b.rtl.done_i = static_cast<uint8_t>(pulses);
}

// A Set of a configuration register, or none.
template <class Bench>
void drive_set(Bench& b, const test::RawInstruction* i, uint32_t number_bits) {
  b.model.set_i = i != nullptr;
  b.rtl.set_i = b.model.set_i;
  if (i == nullptr) return;
  // The model is told the register's number, the RTL which of the unit's own it is.
  b.model.set_number_i = static_cast<uint8_t>(i->get(72, 8));
  b.model.set_value_i = static_cast<uint32_t>(i->get(0, 32));
  b.rtl.set_number_i = static_cast<uint8_t>(i->get(72, 8) & low_mask(number_bits));
  b.rtl.set_value_i = b.model.set_value_i;
}

// What follows from registers first, as in the whole unit.
template <class Unit>
struct Clocked : Unit {
  using Unit::Unit;
  void propagate() {
    Unit::propagate_state();
    Unit::propagate();
  }
};

}  // namespace sparsys::mxu
