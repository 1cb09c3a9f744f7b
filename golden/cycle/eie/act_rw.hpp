// SPDX-License-Identifier: Apache-2.0
// Activation read and write: source and destination registers with the activation RAM behind them;
// finds this PE's non-zero source activations, and rounds accumulators into destination registers
// on write-back (docs/reference/eie-timing.md section 8).
#pragma once

#include <algorithm>
#include <cstdint>

#include "golden/cycle/common/ram_1rw.hpp"
#include "golden/cycle/eie/widths.hpp"
#include "golden/engine/eie/config.hpp"

namespace sparsys::eie {

// Ports that carry the pass and what the control does in it.
struct ActRwCommon {
  uint8_t role_i = 0;
  uint8_t in_first_i = 0;
  uint8_t shift_i = 0;
  uint8_t relu_i = 0;
  uint8_t store_dst_i = 0;
  uint8_t launch_i = 0;
  uint8_t ld_read_i = 0;
  uint8_t ld_we_i = 0;
  uint8_t ld_row_i = 0;
  uint16_t in_count_i = 0;
  uint16_t ld_addr_i = 0;
  uint16_t dst_addr_i = 0;
};

class ActRw : public ActRwCommon {
 public:
  explicit ActRw(const Config& config)
      : regs(2 * config.act_regs),
        act_ram(config.act_ram_depth),
        pe_shift_(Widths(config).pe_shift),
        levels_(Widths(config).levels),
        acc_width_(config.acc_width + levels_),
        row_mask_(static_cast<uint8_t>(config.act_regs - 1)),
        ram_mask_(static_cast<uint16_t>(config.act_ram_depth - 1)) {}

  // Ports, besides those of eie_act_rw_common.
  uint8_t id_i = 0;
  uint8_t leaf_valid_o = 0;
  uint8_t leaf_done_o = 0;
  uint16_t leaf_col_o = 0;
  uint16_t leaf_act_o = 0;
  uint8_t wb_read_i = 0;
  uint8_t wb_row_i = 0;
  uint8_t io_ram_en_i = 0;
  uint8_t io_src_en_i = 0;
  uint8_t io_dst_en_i = 0;
  uint8_t io_write_i = 0;
  uint16_t io_addr_i = 0;
  uint16_t io_wdata_i = 0;
  uint16_t io_ram_rdata_o = 0;
  uint16_t io_reg_rdata_o = 0;
  uint64_t wb_acc_i = 0;
  uint8_t leaf_pop_i = 0;

  // Registers.
  uint8_t leaf_valid_q = 0;
  uint8_t leaf_row_q = 0;
  uint8_t wb_valid_q = 0;
  uint8_t wb_row_q = 0;
  uint64_t wb_acc_q = 0;
  uint64_t nz0_q = 0;
  uint64_t nz1_q = 0;
  uint64_t pend_q = 0;  // source registers still to be broadcast

  // Both banks: register r of bank b is word b * ACT_REGS + r.
  Ram1rw<uint16_t> regs;
  Ram1rw<uint16_t> act_ram;

  void propagate() {
    propagate_state();
    propagate_inputs();
  }

  // The outputs: all follow from the registers alone (and id_i, which is constant).
  void propagate_state() {
    act_ram.propagate();
    regs.propagate();
    propagate_leaf();
    io_ram_rdata_o = act_ram.rdata_o;
    io_reg_rdata_o = regs.rdata_o;
  }

  // Whether the inputs and registers are such that no register changes.
  bool does_nothing() const {
    const bool leaf_moves = leaf_valid_q ? leaf_pop_i != 0 : pend_q != 0;
    return !(leaf_moves | launch_i | ld_read_i | ld_we_i | wb_read_i | wb_valid_q | io_ram_en_i |
             io_src_en_i | io_dst_en_i);
  }

  void propagate_inputs() {
    advance_leaf_ = !launch_i && (!leaf_valid_q || leaf_pop_i);

    const uint8_t io_en = io_ram_en_i | io_src_en_i | io_dst_en_i;
    if (!(io_en | ld_read_i | ld_we_i | wb_valid_q)) {  // The usual case: nothing but the leaf.
      act_ram.en_i = regs.we_i = 0;
      regs.en_i = advance_leaf_ && pend_q;
      if (regs.en_i) regs.addr_i = word_of(role_i, lowest_bit(pend_q));
    } else {
      propagate_memories();
    }
  }

  void update(bool rst) {
    act_ram.update(rst);
    regs.update(rst);
    if (regs.en_i && regs.we_i) {
      const uint32_t act_regs = row_mask_ + 1U;
      write_bit(regs.addr_i >= act_regs ? nz1_q : nz0_q, regs.addr_i % act_regs, regs.wdata_i != 0);
    }
    if (rst) {
      pend_q = 0;
      leaf_valid_q = wb_valid_q = 0;
      return;
    }
    if (launch_i) {
      pend_q = launched();
    } else if (advance_leaf_) {
      advance_leaf();
    }
    wb_valid_q = wb_read_i;
    if (wb_read_i) {
      wb_row_q = wb_row_i;
      wb_acc_q = wb_acc_i;
    }
  }

  // propagate() and update(false) in one go, for a cycle in which only the leaf moves: no launch,
  // no load, no write-back, no request of the I/O port. Returns whether the leaf's outputs change,
  // which are set.
  bool step(bool leaf_pop) {
    if (leaf_valid_q ? !leaf_pop : pend_q == 0) return false;
    if (pend_q) regs.rdata_o = regs.rdata_q = regs.mem[word_of(role_i, lowest_bit(pend_q))];
    advance_leaf();
    propagate_leaf();
    return true;
  }

 private:
  void propagate_leaf() {
    leaf_valid_o = leaf_valid_q;
    leaf_done_o = !leaf_valid_q && pend_q == 0;
    leaf_col_o = static_cast<uint16_t>((leaf_row_q << (pe_shift_ - levels_)) + (id_i >> levels_));
    leaf_act_o = regs.rdata_o;
  }

  // The lowest pending register becomes the leaf; the RAM reads it.
  void advance_leaf() {
    leaf_valid_q = pend_q != 0;
    if (!pend_q) return;
    leaf_row_q = static_cast<uint8_t>(lowest_bit(pend_q));
    pend_q &= pend_q - 1;
  }

  // Word of a register in `regs`.
  uint32_t word_of(uint32_t bank, uint32_t row) const { return bank * (row_mask_ + 1U) + row; }

  // Ports of the memories in a cycle in which a load, a write-back or the I/O port uses them.
  void propagate_memories() {
    const uint32_t io_row = io_addr_i & row_mask_;
    const uint8_t source = role_i, destination = !role_i;
    const uint16_t y = wb_valid_q ? rounded() : uint16_t{0};

    regs.en_i = 1;
    if (wb_valid_q) {
      regs.we_i = 1;
      regs.addr_i = word_of(destination, wb_row_q);
      regs.wdata_i = y;
    } else if (ld_we_i) {
      regs.we_i = 1;
      regs.addr_i = word_of(source, ld_row_i);
      regs.wdata_i = act_ram.rdata_o;
    } else if (io_src_en_i | io_dst_en_i) {
      regs.we_i = io_write_i;
      regs.addr_i = word_of(io_dst_en_i ? destination : source, io_row);
      regs.wdata_i = io_wdata_i;
    } else {
      regs.we_i = 0;
      regs.en_i = advance_leaf_ && pend_q;
      if (regs.en_i) regs.addr_i = word_of(source, lowest_bit(pend_q));
    }

    if (wb_valid_q && store_dst_i) {
      act_ram.en_i = act_ram.we_i = 1;
      act_ram.addr_i = (dst_addr_i + wb_row_q) & ram_mask_;
      act_ram.wdata_i = y;
    } else {
      act_ram.en_i = ld_read_i | io_ram_en_i;
      act_ram.we_i = !ld_read_i && io_ram_en_i && io_write_i;
      act_ram.addr_i = (ld_read_i ? ld_addr_i : io_addr_i) & ram_mask_;
      act_ram.wdata_i = io_wdata_i;
    }
  }

  // Non-zero source registers, only rows in_first <= r < limit.
  uint64_t launched() const {
    const uint32_t limit =
        (in_count_i >> pe_shift_) + (id_i < (in_count_i & low_mask(pe_shift_)) ? 1 : 0);
    return (role_i ? nz1_q : nz0_q) & low_mask(limit) & ~low_mask(in_first_i);
  }

  // floor(acc / 2^shift + 1/2), saturated to 16 bits, then ReLU (docs/reference/eie-format.md
  // section 7).
  uint16_t rounded() const {
    const int64_t half = shift_i ? int64_t{1} << (shift_i - 1) : 0;
    const int64_t y = (sign_extend(wb_acc_q, acc_width_) + half) >> shift_i;
    const int64_t saturated = std::min<int64_t>(std::max<int64_t>(y, INT16_MIN), INT16_MAX);
    return static_cast<uint16_t>(relu_i && saturated < 0 ? 0 : saturated);
  }

  static void write_bit(uint64_t& bits, uint32_t place, bool value) {
    bits = (bits & ~(uint64_t{1} << place)) | uint64_t{value} << place;
  }

  uint32_t pe_shift_;
  uint32_t levels_;
  uint32_t acc_width_;  // of the sum over the groups
  uint8_t row_mask_;
  uint8_t advance_leaf_ = 0;
  uint16_t ram_mask_;
};

}  // namespace sparsys::eie
