// SPDX-License-Identifier: Apache-2.0
// The descriptor of the pass under way: keeps its words, derives what control needs of them, and
// checks every field (docs/reference/eie-timing.md section 3.2). Module eie_pass.
#pragma once

#include <cstdint>

#include "golden/cycle/eie/widths.hpp"
#include "golden/engine/eie/dealing.hpp"
#include "golden/engine/eie/pass.hpp"

namespace sparsys::eie {

class PassUnit {
 public:
  explicit PassUnit(const Config& config) : config_(config), widths_(config) {
    reason_o = reason();
  }

  // Ports. The fields of the descriptor are one, by their names in golden/engine/eie/pass.hpp.
  uint8_t we0_i = 0;
  uint8_t we1_i = 0;
  uint64_t word_i = 0;
  Pass pass_o;
  uint8_t in_rows_o = 0;
  uint8_t out_rows_o = 0;
  uint8_t bias_columns_o = 0;
  uint8_t reason_o = 0;

  // Registers.
  uint64_t d0_q = 0;
  uint64_t d1_q = 0;
  uint32_t in_rows_q = 0;
  uint32_t out_rows_q = 0;
  uint16_t ptr_end_q = 0;

  // The outputs follow from the registers alone and are set at the edge.
  void propagate() {}

  // There is no reset.
  void update(bool /*rst*/) {
    if (!(we0_i | we1_i)) return;
    if (we1_i) {
      in_rows_q = rows(field(d0_q, 32));
      out_rows_q = rows(field(d0_q, 48));
      ptr_end_q =
          static_cast<uint16_t>((field(d0_q, 0) + columns(field(d0_q, 32))) & pointer_mask());
      d1_q = word_i;
    }
    if (we0_i) d0_q = word_i;

    const uint64_t words[2] = {d0_q, d1_q};
    pass_o = decode(words);
    in_rows_o = static_cast<uint8_t>(in_rows_q & low_mask(widths_.cnt_w));
    out_rows_o = static_cast<uint8_t>(out_rows_q & low_mask(widths_.cnt_w));
    bias_columns_o = static_cast<uint8_t>(Dealing(config_).bias_columns(pass_o.bias));
    reason_o = reason();
  }

 private:
  static uint32_t field(uint64_t word, uint32_t lsb) { return word >> lsb & 0xFFFF; }
  uint32_t rows(uint32_t count) const { return (count + config_.n_pe - 1) >> widths_.pe_shift; }
  // Of a group.
  uint32_t columns(uint32_t count) const { return (count + config_.groups - 1) >> widths_.levels; }
  uint32_t pointer_mask() const { return config_.ptr_depth - 1; }

  // The first rule that is broken, in the order of the table.
  uint8_t reason() const {
    const Pass& p = pass_o;
    if (d1_q >> 63 || p.shift > 31) return 2;
    if (in_rows_q > config_.act_regs || out_rows_q > config_.act_regs) return 3;
    if (p.in_first > in_rows_q || (p.bias != 0 && p.in_first != 0)) return 4;
    if (p.ptr_base >= config_.ptr_depth || p.ptr_base < bias_columns_o) return 5;
    const uint32_t first = p.in_first << widths_.team_shift;
    if (first < columns(p.in_count)) {
      const uint32_t first_pointer = (p.ptr_base + first) & pointer_mask();
      if (ptr_end_q < first_pointer || columns(p.in_count) - first >= config_.ptr_depth) {
        return 5;
      }
    }
    if (p.entry_base >= config_.entry_depth / 8) return 6;
    if (p.load_src && p.src_addr + in_rows_q > config_.act_ram_depth) return 7;
    if (p.write_back && p.store_dst && p.dst_addr + out_rows_q > config_.act_ram_depth) return 8;
    if ((p.load_codebook || p.bias != 0) && p.codebook >= config_.codebooks) return 9;
    return 0;
  }

  Config config_;
  Widths widths_;
};

}  // namespace sparsys::eie
