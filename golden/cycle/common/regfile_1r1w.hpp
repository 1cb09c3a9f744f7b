// SPDX-License-Identifier: Apache-2.0
// Register file with a write port and a combinational read port, which shows the old value in the
// cycle of a write (docs/reference/eie-timing.md section 1).
#pragma once

#include <cstdint>
#include <vector>

namespace sparsys {

// Word: the unsigned integer that holds WIDTH bits.
template <class Word>
class Regfile1r1w {
 public:
  explicit Regfile1r1w(uint32_t depth) : mem(depth) {}

  // Ports.
  uint8_t we_i = 0;
  uint8_t waddr_i = 0;
  uint8_t raddr_i = 0;
  Word wdata_i = 0;
  Word rdata_o = 0;

  // Memory.
  std::vector<Word> mem;

  void propagate() { rdata_o = mem[raddr_i]; }

  // No reset: what the ports ask for takes place in a cycle of reset, too.
  void update(bool /*rst*/) {
    if (we_i) mem[waddr_i] = wdata_i;
  }
};

}  // namespace sparsys
