// SPDX-License-Identifier: Apache-2.0
// Pass descriptors, field by field (docs/reference/eie-format.md section 5).
#pragma once

#include <cstdint>

namespace sparsys::eie {

struct Pass {
  uint32_t ptr_base = 0;
  uint32_t entry_base = 0;
  uint32_t in_count = 0;
  uint32_t out_count = 0;
  uint32_t src_addr = 0;
  uint32_t dst_addr = 0;
  uint32_t in_first = 0;
  uint32_t codebook = 0;
  uint32_t shift = 0;
  uint32_t bias = 0;  // pairs of constants
  bool load_src = false;
  bool load_codebook = false;
  bool clear = false;
  bool write_back = false;
  bool store_dst = false;
  bool relu = false;
  bool swap = false;
};

// The table of fields: calls visit(name, lowest bit, bits, member) for each. Bits of the second
// word count from 64. P: Pass, const or not.
template <class P, class Visit>
void visit_fields(P& pass, Visit&& visit) {
  visit("ptr_base", 0, 16, pass.ptr_base);
  visit("entry_base", 16, 16, pass.entry_base);
  visit("in_count", 32, 16, pass.in_count);
  visit("out_count", 48, 16, pass.out_count);
  visit("src_addr", 64, 16, pass.src_addr);
  visit("dst_addr", 80, 16, pass.dst_addr);
  visit("in_first", 96, 8, pass.in_first);
  visit("codebook", 104, 8, pass.codebook);
  visit("shift", 112, 6, pass.shift);
  visit("bias", 118, 2, pass.bias);
  visit("load_src", 120, 1, pass.load_src);
  visit("load_codebook", 121, 1, pass.load_codebook);
  visit("clear", 122, 1, pass.clear);
  visit("write_back", 123, 1, pass.write_back);
  visit("store_dst", 124, 1, pass.store_dst);
  visit("relu", 125, 1, pass.relu);
  visit("swap", 126, 1, pass.swap);
}

// The two words of a descriptor, and back. encode throws Error naming a field that is too wide for
// its bits.
void encode(const Pass& pass, uint64_t words[2]);
Pass decode(const uint64_t words[2]);

}  // namespace sparsys::eie
