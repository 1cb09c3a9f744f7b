// SPDX-License-Identifier: Apache-2.0
// Widths that follow from an engine's parameters (docs/eie-timing.md, Widths), and the few bit
// operations of the cycle model.
#pragma once

#include <cstdint>

#include "golden/format/eie_config.hpp"

namespace sparsys {

// Smallest w with 2^w >= n; clog2(1) = 0.
constexpr uint32_t clog2(uint64_t n) {
  uint32_t width = 0;
  while ((uint64_t{1} << width) < n) ++width;
  return width;
}

constexpr uint64_t low_mask(uint32_t width) {
  return width >= 64 ? ~uint64_t{0} : (uint64_t{1} << width) - 1;
}

// The signed number that the low `width` bits (1 to 64) of `bits` stand for.
constexpr int64_t sign_extend(uint64_t bits, uint32_t width) {
  return static_cast<int64_t>(bits << (64 - width)) >> (64 - width);
}

// Number of the lowest set bit; `bits` is not 0.
inline uint32_t lowest_bit(uint64_t bits) { return static_cast<uint32_t>(__builtin_ctzll(bits)); }

struct EieWidths {
  explicit EieWidths(const EieConfig& c)
      : pe_shift(clog2(c.n_pe)),
        pe_w(pe_shift ? pe_shift : 1),
        reg_w(clog2(c.act_regs)),
        col_w(reg_w + pe_shift),
        row_w(clog2(c.entry_depth / 8)),
        bank_w(clog2(c.ptr_depth / 2)),
        ram_w(clog2(c.act_ram_depth)),
        list_w(clog2(c.list_depth)),
        codebook_w(clog2(c.codebooks)),
        cnt_w(reg_w + 2) {}

  uint32_t pe_shift;    // clog2(N_PE): dividing by N_PE is a shift by this
  uint32_t pe_w;        // a PE's number, at least one bit
  uint32_t reg_w;       // an activation register or accumulator row
  uint32_t col_w;       // a column
  uint32_t row_w;       // an entry row
  uint32_t bank_w;      // an address in a pointer bank
  uint32_t ram_w;       // an activation RAM row
  uint32_t list_w;      // a descriptor
  uint32_t codebook_w;  // a codebook
  uint32_t cnt_w;       // the CCU's step counter
};

}  // namespace sparsys
