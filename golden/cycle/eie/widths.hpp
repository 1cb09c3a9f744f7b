// SPDX-License-Identifier: Apache-2.0
// Widths that follow from an engine's parameters (docs/reference/eie-timing.md, Widths).
#pragma once

#include <algorithm>
#include <cstdint>

#include "golden/base/bits.hpp"
#include "golden/engine/eie/config.hpp"

namespace sparsys::eie {

struct Widths {
  explicit Widths(const Config& c)
      : pe_shift(clog2(c.n_pe)),
        levels(clog2(c.groups)),
        team_shift(pe_shift - levels),
        pe_w(pe_shift ? pe_shift : 1),
        reg_w(clog2(c.act_regs)),
        col_w(reg_w + team_shift),
        row_w(clog2(c.entry_depth / 8)),
        bank_w(clog2(c.ptr_depth / 2)),
        ram_w(clog2(c.act_ram_depth)),
        list_w(clog2(c.list_depth)),
        codebook_w(clog2(c.codebooks)),
        cnt_w(reg_w + 2),
        lane_row_w(clog2(c.rows())),
        bank_addr_w(clog2(c.rows() / c.banks)),
        rank_w(std::max(1U, clog2(std::min(c.lanes, c.rows() / c.banks)))) {}

  uint32_t pe_shift;    // clog2(N_PE): dividing by N_PE is a shift by this
  uint32_t levels;      // clog2(GROUPS)
  uint32_t team_shift;  // clog2(N_PE / GROUPS), of the teams
  uint32_t pe_w;        // a PE's number, at least one bit
  uint32_t reg_w;       // an activation register
  uint32_t col_w;       // a column of a group
  uint32_t row_w;       // an entry row
  uint32_t bank_w;      // an address in a pointer bank
  uint32_t ram_w;       // an activation RAM row
  uint32_t list_w;      // a descriptor
  uint32_t codebook_w;  // a codebook
  uint32_t cnt_w;       // the CCU's step counter
  // With LANES above 1:
  uint32_t lane_row_w;   // an accumulator
  uint32_t bank_addr_w;  // an accumulator in a bank
  uint32_t rank_w;       // a lane's number among those of its bank
};

}  // namespace sparsys::eie
