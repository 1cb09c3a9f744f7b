// SPDX-License-Identifier: Apache-2.0
#include "golden/cycle/eie/pe.hpp"

#include <algorithm>

namespace sparsys::eie {

namespace {
enum Space : uint32_t { kEntry, kPointer, kActRam, kSource, kDestination };
}

Pe::Pe(const Config& config)
    : ptr_read(config),
      act_queue(config),
      spmat_read(config),
      arith(config),
      act_rw(config),
      pe_shift_(Widths(config).pe_shift),
      lane_shift_(std::min(pe_shift_, 2U)),
      row_mask_(static_cast<uint16_t>(low_mask(Widths(config).row_w))),
      bank_mask_(static_cast<uint16_t>(low_mask(Widths(config).bank_w))),
      ram_mask_(static_cast<uint16_t>(low_mask(Widths(config).ram_w))) {}

// This PE's part of a request: spaces 0 and 1 name a PE, a word of spaces 2 to 4 is spread over L
// PEs (docs/reference/eie-format.md section 9).
void Pe::propagate_io() {
  const uint32_t space = io_addr_i >> 28;
  const uint32_t address = io_addr_i & 0xFFFFF;
  const uint32_t groups_shift = pe_shift_ - lane_shift_;  // clog2(N_PE / L)
  const bool my_pe = (io_addr_i >> 20 & low_mask(pe_shift_)) == id_i;
  const bool my_group = (address & low_mask(groups_shift)) == uint32_t{id_i} >> lane_shift_;
  const bool selected = io_en_i && (space <= kPointer       ? my_pe
                                    : space <= kDestination ? my_group
                                                            : false);
  io_select_ = selected && !io_write_i ? static_cast<uint8_t>(1 + space) : uint8_t{0};

  spmat_read.io_en_i = selected && space == kEntry;
  spmat_read.io_write_i = io_write_i;
  spmat_read.io_addr_i = address & row_mask_;
  spmat_read.io_wdata_i = io_wdata_i;

  ptr_read.io_en_i = selected && space == kPointer;
  ptr_read.io_write_i = io_write_i;
  ptr_read.io_addr_i = address & bank_mask_;
  ptr_read.io_wdata_i = static_cast<uint32_t>(io_wdata_i);

  act_rw.io_ram_en_i = selected && space == kActRam;
  act_rw.io_src_en_i = selected && space == kSource;
  act_rw.io_dst_en_i = selected && space == kDestination;
  act_rw.io_write_i = io_write_i;
  act_rw.io_addr_i = address >> groups_shift & ram_mask_;
  act_rw.io_wdata_i = static_cast<uint16_t>(io_wdata_i >> (16 * lane()));

  io_active_ = io_en_i;
}

}  // namespace sparsys::eie
