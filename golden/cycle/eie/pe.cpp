// SPDX-License-Identifier: Apache-2.0
#include "golden/cycle/eie/pe.hpp"

#include <algorithm>

namespace sparsys::eie {

namespace {
enum Space : uint32_t { kEntry, kPointer, kActRam, kSource, kDestination };

std::vector<Lanes> lanes_of(const Config& config) {
  if (config.lanes == 1) return {};
  return std::vector<Lanes>(1, Lanes(config));
}

std::vector<Reduce> reduce_of(const Config& config) {
  if (config.groups == 1) return {};
  return std::vector<Reduce>(1, Reduce(config));
}
}  // namespace

Pe::Pe(const Config& config)
    : ptr_read(config),
      act_queue(config),
      spmat_read(config),
      arith(config),
      act_rw(config),
      lanes(lanes_of(config)),
      reduce(reduce_of(config)),
      pe_shift_(Widths(config).pe_shift),
      lane_shift_(std::min(pe_shift_, 2U)),
      row_mask_(static_cast<uint16_t>(low_mask(Widths(config).row_w))),
      bank_mask_(static_cast<uint16_t>(low_mask(Widths(config).bank_w))),
      act_mask_(
          static_cast<uint16_t>(low_mask(std::max(Widths(config).ram_w, Widths(config).reg_w)))) {}

// This PE's part of a request: spaces 0 and 1 name a PE, a word of spaces 2 to 4 is spread over L
// PEs (docs/reference/eie-format.md section 9).
void Pe::propagate_io() {
  const uint32_t space = io_addr_i >> 28;
  const uint32_t address = io_addr_i & 0xFFFFF;         // spaces 0 and 1
  const uint32_t word = io_addr_i & 0xFFFFFFF;          // spaces 2 to 4
  const uint32_t word_shift = pe_shift_ - lane_shift_;  // clog2(N_PE / L)
  const bool my_pe = (io_addr_i >> 20 & low_mask(pe_shift_)) == id_i;
  const bool my_word = (word & low_mask(word_shift)) == uint32_t{id_i} >> lane_shift_;
  const bool selected = io_en_i && (space <= kPointer       ? my_pe
                                    : space <= kDestination ? my_word
                                                            : false);
  if (!selected && !io_active_) return;  // the enables are 0 as it is
  io_select_ = selected && !io_write_i ? static_cast<uint8_t>(1 + space) : uint8_t{0};

  spmat_read.io_en_i = selected && space == kEntry;
  spmat_read.io_write_i = io_write_i;
  spmat_read.io_addr_i = address & row_mask_;
  spmat_read.io_wdata_i = io_wdata_i;

  if (!lanes.empty()) {
    LaneRead& read = lanes[0].read;
    read.io_en_i = spmat_read.io_en_i;
    read.io_write_i = io_write_i;
    read.io_addr_i = spmat_read.io_addr_i;
    read.io_wdata_i = io_wdata_i;
  }

  ptr_read.io_en_i = selected && space == kPointer;
  ptr_read.io_write_i = io_write_i;
  ptr_read.io_addr_i = address & bank_mask_;
  ptr_read.io_wdata_i = static_cast<uint32_t>(io_wdata_i);

  act_rw.io_ram_en_i = selected && space == kActRam;
  act_rw.io_src_en_i = selected && space == kSource;
  act_rw.io_dst_en_i = selected && space == kDestination;
  act_rw.io_write_i = io_write_i;
  act_rw.io_addr_i = static_cast<uint16_t>(word >> word_shift & act_mask_);
  act_rw.io_wdata_i = static_cast<uint16_t>(io_wdata_i >> (16 * lane()));

  io_active_ = selected;
}

// The outputs of sparse-matrix read and arithmetic come from the lanes.
void Pe::propagate_lanes_state() {
  Lanes& l = lanes[0];
  l.propagate_state();
  spmat_read.io_rdata_o = l.read.io_rdata_o;
  spmat_read.busy_o = l.busy_o;
  spmat_read.range_error_o = l.range_error_o;
  arith.busy_o = 0;
  arith.row_error_o = l.row_error_o;
  arith.saturated_o = l.saturated_o;
}

void Pe::propagate_lanes_inputs() {
  Lanes& l = lanes[0];
  static_cast<ArithCommon&>(l) = *this;
  l.flags_clear_i = flags_clear_i;
  l.wb_read_i = wb_read_i;
  l.wb_row_i = wb_row_i;
  l.read.entry_base_i = entry_base_i;
  l.read.head_empty_i = act_queue.empty_o;
  l.read.head_act_i = act_queue.head_act_o;
  l.read.head_start_i = act_queue.head_start_o;
  l.read.head_end_i = act_queue.head_end_o;
  l.propagate_inputs();
  spmat_read.pop_o = l.read.pop_o;
  arith.wb_acc_o = l.wb_acc(0);
}

}  // namespace sparsys::eie
