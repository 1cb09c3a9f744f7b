// SPDX-License-Identifier: Apache-2.0
// The first error of a list: the reason, the descriptor and the PE (docs/reference/eie-timing.md
// section 3.5). Module eie_errors.
#pragma once

#include <array>
#include <cstdint>

#include "golden/base/bits.hpp"

namespace sparsys::eie {

class Errors {
 public:
  // Reasons that are not of the pass's own rules.
  static constexpr uint8_t kList = 1;
  static constexpr uint8_t kPe = 10;
  static constexpr uint8_t kAborted = 15;

  // Ports. pe_error_i: a bit per PE.
  uint8_t clear_i = 0;
  uint8_t set_i = 0;
  uint8_t set_reason_i = 0;
  uint16_t set_desc_i = 0;
  std::array<uint64_t, 4> pe_error_i{};
  uint8_t reason_o = 0;
  uint32_t word_o = 0;

  // Registers.
  uint8_t reason_q = 0;
  uint16_t desc_q = 0;
  uint8_t pe_found_q = 0;
  uint8_t pe_q = 0;

  void propagate() {
    reason_o = reason_q;
    word_o = reason_q;
    if (reason_q == kPe) word_o |= uint32_t{pe_q} << 8;
    if (reason_q != 0) word_o |= uint32_t{desc_q} << 16;
  }

  void update(bool rst) {
    if (rst) {
      reason_q = pe_found_q = 0;
      return;
    }
    if (set_i) {
      reason_q = set_reason_i;
      desc_q = set_desc_i;
    } else if (clear_i) {
      reason_q = 0;
    }
    if (clear_i) {
      pe_found_q = 0;
    } else {
      find();
    }
  }

  // The PE part of update(false) in a cycle without clear_i.
  void find() {
    for (uint32_t word = 0; word < pe_error_i.size(); ++word) {
      if (pe_error_i[word] != 0) return find(64 * word + lowest_bit(pe_error_i[word]));
    }
  }
  // The same with the lowest PE known.
  void find(uint32_t pe) {
    if (pe_found_q) return;
    pe_found_q = 1;
    pe_q = static_cast<uint8_t>(pe);
  }
};

}  // namespace sparsys::eie
