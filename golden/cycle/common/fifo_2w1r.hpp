// SPDX-License-Identifier: Apache-2.0
// First in, first out, with two pushes and a pop a cycle; a power of two of words. Whoever pushes
// looks at the room, whoever pops at empty_o (docs/reference/eie-timing.md section 10).
#pragma once

#include <cassert>
#include <cstdint>
#include <vector>

namespace sparsys {

// Word: the unsigned integer that holds WIDTH bits.
template <class Word>
class Fifo2w1r {
 public:
  explicit Fifo2w1r(uint32_t depth) : mem_q(depth), mask_(static_cast<uint8_t>(depth - 1)) {}

  // Ports.
  uint8_t push0_i = 0;
  uint8_t push1_i = 0;
  uint8_t pop_i = 0;
  uint8_t empty_o = 1;
  uint8_t room_o = 3;  // bit s for push s
  Word data0_i = 0;
  Word data1_i = 0;
  Word head_o = 0;

  // Registers.
  uint8_t wr_q = 0;
  uint8_t rd_q = 0;
  uint8_t count_q = 0;
  std::vector<Word> mem_q;

  // The outputs follow from the registers alone.
  void propagate() {
    head_o = mem_q[rd_q];
    empty_o = count_q == 0;
    room_o = static_cast<uint8_t>((count_q <= mask_) | (count_q < mask_) << 1);
  }

  void update(bool rst) {
    if (rst) {
      wr_q = rd_q = count_q = 0;
      return;
    }
    assert(count_q + push1_i + (push0_i | push1_i) <= mask_ + 1);
    assert(!pop_i || count_q != 0);
    if (push0_i) mem_q[wr_q] = data0_i;
    if (push1_i) mem_q[(wr_q + push0_i) & mask_] = data1_i;
    wr_q = (wr_q + push0_i + push1_i) & mask_;
    rd_q = (rd_q + pop_i) & mask_;
    count_q = static_cast<uint8_t>(count_q + push0_i + push1_i - pop_i);
  }

 private:
  uint8_t mask_;
};

}  // namespace sparsys
