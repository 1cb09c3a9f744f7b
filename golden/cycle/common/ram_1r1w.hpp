// SPDX-License-Identifier: Apache-2.0
// RAM with a read and a write port; read data one cycle later, kept until the next read; a read of
// the row being written gives its old contents (docs/reference/mxu-timing.md section 1).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace sparsys {

// Rows of `lanes` unsigned values of type Word: WIDTH = lanes * bits of Word.
template <class Word>
class Ram1r1w {
 public:
  Ram1r1w(uint32_t lanes, uint32_t depth)
      : wdata_i(lanes), rdata_q(lanes), mem(size_t{lanes} * depth), lanes_(lanes) {}

  // Ports. wdata_i need be set with we_i only.
  uint8_t we_i = 0;
  uint8_t re_i = 0;
  uint32_t waddr_i = 0;
  uint32_t raddr_i = 0;
  std::vector<Word> wdata_i;
  const Word* rdata_o() const { return rdata_q.data(); }

  // Registers and memory.
  std::vector<Word> rdata_q;
  std::vector<Word> mem;

  const Word* row(uint32_t address) const { return &mem[size_t{address} * lanes_]; }
  Word* row(uint32_t address) { return &mem[size_t{address} * lanes_]; }

  // No reset: what the ports ask for takes place in a cycle of reset, too.
  void update() {
    if (re_i) std::copy_n(row(raddr_i), lanes_, rdata_q.data());
    if (we_i) std::copy_n(wdata_i.data(), lanes_, row(waddr_i));
  }

 private:
  size_t lanes_;
};

}  // namespace sparsys
