// SPDX-License-Identifier: Apache-2.0
// First in, first out, 1 to 65535 words. A push into a full FIFO and a pop of an empty one are
// ignored, each by the state before the edge (docs/reference/eie-timing.md section 1).
#pragma once

#include <cstdint>
#include <vector>

namespace sparsys {

// Word: the unsigned integer that holds WIDTH bits.
template <class Word>
class Fifo {
 public:
  explicit Fifo(uint32_t depth) : mem_q(depth), depth_(static_cast<uint16_t>(depth)) {}

  // Ports.
  uint8_t push_i = 0;
  uint8_t pop_i = 0;
  uint8_t empty_o = 0;
  uint8_t full_o = 0;
  Word data_i = 0;
  Word head_o = 0;

  // Registers.
  uint16_t wr_q = 0;
  uint16_t rd_q = 0;
  uint16_t count_q = 0;
  std::vector<Word> mem_q;

  // The outputs follow from the registers alone.
  void propagate() {
    head_o = mem_q[rd_q];
    empty_o = count_q == 0;
    full_o = full();
  }

  bool full() const { return count_q == depth_; }

  void update(bool rst) {
    if (rst) {
      wr_q = rd_q = count_q = 0;
      return;
    }
    const bool push = push_i && !full();
    const bool pop = pop_i && count_q != 0;
    if (push) {
      mem_q[wr_q] = data_i;
      wr_q = after(wr_q);
    }
    if (pop) rd_q = after(rd_q);
    count_q = static_cast<uint16_t>(count_q + push - pop);
  }

 private:
  uint16_t after(uint16_t place) const {
    return place + 1 == depth_ ? uint16_t{0} : static_cast<uint16_t>(place + 1);
  }

  uint16_t depth_;
};

}  // namespace sparsys
