// SPDX-License-Identifier: Apache-2.0
// RAM with one port, a read or a write a cycle; read data one cycle later, kept until the next read
// (docs/reference/eie-timing.md section 1).
#pragma once

#include <cstdint>
#include <vector>

namespace sparsys {

// Word: the unsigned integer that holds WIDTH bits.
template <class Word>
class Ram1rw {
 public:
  explicit Ram1rw(uint32_t depth) : mem(depth) {}

  // Ports.
  uint8_t en_i = 0;
  uint8_t we_i = 0;
  uint32_t addr_i = 0;
  Word wdata_i = 0;
  Word rdata_o = 0;

  // Registers and memory.
  Word rdata_q = 0;
  std::vector<Word> mem;

  void propagate() { rdata_o = rdata_q; }
  // For the processor's caches: what update() will touch.
  void prefetch() const {
    if (en_i) __builtin_prefetch(&mem[addr_i]);
  }

  // No reset: what the ports ask for takes place in a cycle of reset, too.
  void update(bool /*rst*/) {
    if (!en_i) return;
    if (we_i) {
      mem[addr_i] = wdata_i;
    } else {
      rdata_q = mem[addr_i];
    }
  }
};

}  // namespace sparsys
