// SPDX-License-Identifier: Apache-2.0
// Module `fifo` for words of any width, each in 32-bit parts, the lowest first
// (docs/reference/eie-timing.md section 1).
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace sparsys {

class WideFifo {
 public:
  // width: bits of a word. depth: 1 to 255.
  WideFifo(uint32_t width, uint32_t depth)
      : data_i((width + 31) / 32),
        mem_q(size_t{depth} * data_i.size()),
        width_(width),
        depth_(static_cast<uint8_t>(depth)) {}

  // Ports. data_i need be set with push_i only.
  uint8_t push_i = 0;
  uint8_t pop_i = 0;
  std::vector<uint32_t> data_i;
  bool empty_o() const { return count_q == 0; }
  bool full_o() const { return count_q == depth_; }
  const uint32_t* head_o() const { return &mem_q[rd_q * data_i.size()]; }

  // Registers.
  uint8_t wr_q = 0;
  uint8_t rd_q = 0;
  uint8_t count_q = 0;
  std::vector<uint32_t> mem_q;

  uint32_t width() const { return width_; }
  uint32_t depth() const { return depth_; }

  void update(bool rst) {
    if (rst) {
      wr_q = rd_q = count_q = 0;
      return;
    }
    const bool push = push_i && !full_o();
    const bool pop = pop_i && !empty_o();
    if (push) {
      std::copy(data_i.begin(), data_i.end(), &mem_q[wr_q * data_i.size()]);
      wr_q = after(wr_q);
    }
    if (pop) rd_q = after(rd_q);
    count_q = static_cast<uint8_t>(count_q + push - pop);
  }

 private:
  uint8_t after(uint8_t place) const {
    return place + 1 == depth_ ? uint8_t{0} : static_cast<uint8_t>(place + 1);
  }

  uint32_t width_;
  uint8_t depth_;
};

}  // namespace sparsys
