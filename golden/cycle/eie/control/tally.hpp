// SPDX-License-Identifier: Apache-2.0
// How many groups do something in a cycle, known in the next (docs/reference/eie-timing.md section
// 12.4). Module eie_tally.
#pragma once

#include <cstdint>

namespace sparsys::eie {

class Tally {
 public:
  // Ports: a bit per group.
  uint8_t groups_i = 0;
  uint8_t count_o = 0;

  // Register.
  uint8_t count_q = 0;

  void propagate() { count_o = count_q; }

  void update(bool rst) {
    count_q = rst ? uint8_t{0} : static_cast<uint8_t>(__builtin_popcount(groups_i));
  }
};

}  // namespace sparsys::eie
