// SPDX-License-Identifier: Apache-2.0
// Whose turn it is (docs/reference/top-timing.md section 5).
#pragma once

#include <cstdint>

namespace sparsys::top {

class RoundRobin {
 public:
  // ways: 2 to 8.
  explicit RoundRobin(uint32_t ways) : ways_(ways) {}

  // Ports; a bit for each way.
  uint8_t request_i = 0;
  uint8_t take_i = 0;
  uint8_t index_o = 0;
  uint8_t any_o = 0;

  // Registers.
  uint8_t above_q = 0;

  void propagate() {
    any_o = request_i != 0;
    const uint32_t above = request_i & above_q;
    index_o = any_o ? static_cast<uint8_t>(__builtin_ctz(above ? above : request_i)) : 0;
  }
  void update(bool rst) {
    if (rst) {
      above_q = 0;
    } else if (take_i && any_o) {
      above_q = static_cast<uint8_t>(((1U << ways_) - 1) & ~((2U << index_o) - 1));
    }
  }

 private:
  uint32_t ways_;
};

}  // namespace sparsys::top
