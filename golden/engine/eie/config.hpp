// SPDX-License-Identifier: Apache-2.0
// The parameters of a sparse engine, the same names and defaults as in rtl/eie/eie.v.
#pragma once

#include <cstdint>

namespace sparsys::eie {

struct Config {
  uint32_t n_pe = 64;             // processing elements, a power of two from 1 to 256
  uint32_t entry_depth = 131072;  // entries of a PE's entry memory, a power of two, at least 32
  uint32_t ptr_depth = 16384;     // pointers of a PE's two pointer banks together, a power of two
  uint32_t act_regs = 64;         // source registers (and as many destination registers), 4 to 64
  uint32_t act_ram_depth = 1024;  // words of a PE's activation RAM, a power of two
  uint32_t queue_depth = 8;       // activation queue, 1 to 255
  uint32_t acc_width = 32;        // accumulator bits, 20 to 48
  uint32_t codebooks = 16;        // codebook RAM, in codebooks
  uint32_t list_depth = 256;      // list RAM, in pass descriptors
};

// Throws Error naming the parameter that is out of range (docs/reference/eie-timing.md,
// Parameters).
void check(const Config& config);

}  // namespace sparsys::eie
