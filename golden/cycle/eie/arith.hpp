// SPDX-License-Identifier: Apache-2.0
// Arithmetic: an entry a cycle through four stages (decode and accumulate the row; multiply; read
// the accumulator; add and write), with the sum forwarded to the next entry, so nothing ever stalls
// (docs/reference/eie-timing.md section 7).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "golden/cycle/common/regfile_1r1w.hpp"
#include "golden/cycle/eie/widths.hpp"
#include "golden/engine/eie/config.hpp"

namespace sparsys::eie {

// Ports that carry the codebook and the clear.
struct ArithCommon {
  uint8_t clear_i = 0;
  uint8_t cb_we_i = 0;
  uint8_t cb_word_i = 0;
  uint64_t cb_data_i = 0;
};

// Its registers but the codebook, and their way through the pipeline. Apart from the ports, so that
// a caller can keep them in a variable of its own for many cycles. Accumulator values are ACC_WIDTH
// bits of two's complement.
struct ArithRegisters {
  uint8_t row_q = 0;
  uint8_t s1_valid_q = 0;
  uint8_t s1_write_q = 0;
  uint8_t s1_row_q = 0;
  uint8_t s2_valid_q = 0;
  uint8_t s2_write_q = 0;
  uint8_t s2_row_q = 0;
  uint8_t s3_valid_q = 0;
  uint8_t s3_write_q = 0;
  uint8_t s3_row_q = 0;
  uint8_t saturated_q = 0;
  uint8_t row_error_q = 0;
  uint16_t s1_weight_q = 0;
  uint16_t s1_act_q = 0;
  uint32_t s2_product = 0;  // the RTL has it in parts
  uint32_t s3_product_q = 0;
  uint64_t s3_acc_q = 0;
  uint64_t acc_valid_q = 0;  // a bit per accumulator; one that is not valid counts as 0

  bool busy() const { return s1_valid_q | s2_valid_q | s3_valid_q; }

  bool writes() const { return s3_valid_q & s3_write_q; }

  // What stage 4 writes, and whether it saturates.
  uint64_t sum(uint32_t acc_width, uint8_t& saturates) const {
    const int64_t exact = sign_extend(s3_acc_q, acc_width) + static_cast<int32_t>(s3_product_q);
    const int64_t largest = static_cast<int64_t>(low_mask(acc_width - 1));
    const int64_t saturated = std::min(std::max(exact, -largest - 1), largest);
    saturates = saturated != exact;
    return static_cast<uint64_t>(saturated) & low_mask(acc_width);
  }

  // Stages 3 and 2, whose payloads are loaded in every cycle. The accumulator of row s2_row_q: as
  // stage 4 writes it, else as it stands.
  void update_stages(uint64_t accumulator) {
    s3_valid_q = s2_valid_q;
    s3_write_q = s2_write_q;
    s3_row_q = s2_row_q;
    s3_product_q = s2_product;
    s3_acc_q = accumulator;

    s2_valid_q = s1_valid_q;
    s2_write_q = s1_write_q;
    s2_row_q = s1_row_q;
    s2_product = static_cast<uint32_t>(static_cast<int16_t>(s1_weight_q) *
                                       int32_t{static_cast<int16_t>(s1_act_q)});
  }

  // Look up the weight, accumulate the row.
  void update_stage1(uint8_t e_valid, uint8_t e_first, uint8_t e_code, uint8_t e_skip,
                     uint16_t e_act, const std::array<uint16_t, 16>& cb, uint32_t act_regs) {
    s1_valid_q = e_valid;
    s1_weight_q = e_code ? cb[e_code] : uint16_t{0};
    s1_act_q = e_act;
    if (!e_valid) return;
    // Padding passes blocks of 16 rows.
    const uint32_t step = e_code ? e_skip : 16U * e_skip + 15;
    const uint32_t row = std::min(act_regs, e_first ? step : row_q + 1U + step);
    const bool inside = row < act_regs;
    row_q = static_cast<uint8_t>(row);
    row_error_q |= !inside;
    s1_write_q = e_code != 0 && inside;
    s1_row_q = static_cast<uint8_t>(row & (act_regs - 1));
  }
};

class Arith : public ArithCommon, public ArithRegisters {
 public:
  explicit Arith(const Config& config)
      : acc(config.act_regs), act_regs_(config.act_regs), acc_width_(config.acc_width) {}

  // Ports, besides those of eie_arith_common.
  uint8_t e_valid_i = 0;
  uint8_t e_first_i = 0;
  uint8_t e_code_i = 0;
  uint8_t e_skip_i = 0;
  uint16_t e_act_i = 0;
  uint8_t flags_clear_i = 0;
  uint8_t wb_read_i = 0;
  uint8_t wb_row_i = 0;
  uint8_t busy_o = 0;
  uint8_t saturated_o = 0;
  uint8_t row_error_o = 0;
  uint64_t wb_acc_o = 0;

  // Registers, besides ArithRegisters, and the accumulators.
  std::array<uint16_t, 16> cb_q{};
  Regfile1r1w<uint64_t> acc;

  void propagate() {
    propagate_state();
    propagate_inputs();
  }

  // wb_acc_o and the accumulators.
  void propagate_inputs() {
    acc.we_i = writes();
    acc.waddr_i = s3_row_q;
    acc.wdata_i = sum(acc_width_, saturates_);
    acc.raddr_i = wb_read_i ? wb_row_i : s2_row_q;
    acc.propagate();
    wb_acc_o = acc_valid_q >> acc.raddr_i & 1 ? acc.rdata_o : 0;
  }

  // The outputs that follow from the registers alone: all but wb_acc_o.
  void propagate_state() {
    busy_o = busy();
    saturated_o = saturated_q;
    row_error_o = row_error_q;
  }

  void update(bool rst) {
    acc.update(rst);
    const bool writes = acc.we_i;
    // From the last stage to the first, so that each finds the registers before it unchanged; what
    // stage 4 writes in this cycle stands at the ports of `acc`.
    update_stages(writes && acc.waddr_i == s2_row_q ? acc.wdata_i : wb_acc_o);
    update_stage1(e_valid_i, e_first_i, e_code_i, e_skip_i, e_act_i, cb_q, act_regs_);
    if (rst) {
      s1_valid_q = s2_valid_q = s3_valid_q = 0;
      acc_valid_q = 0;
      saturated_q = row_error_q = 0;
      return;
    }
    if (writes) acc_valid_q |= uint64_t{1} << acc.waddr_i;
    saturated_q |= writes & saturates_;

    if (clear_i) acc_valid_q = 0;
    if (flags_clear_i) saturated_q = row_error_q = 0;
    if (cb_we_i) {
      for (uint32_t c = 0; c < 4; ++c) {
        cb_q[4 * cb_word_i + c] = static_cast<uint16_t>(cb_data_i >> (16 * c));
      }
    }
  }

  // propagate() and update(false) of this unit with registers `r`, in one go, for a cycle in which
  // the control asks for nothing: the entry comes as arguments, no port is set.
  void step(ArithRegisters& r, uint8_t e_valid, uint8_t e_first, uint8_t e_code, uint8_t e_skip,
            uint16_t e_act) {
    if (r.writes()) {
      uint8_t saturates = 0;
      acc.mem[r.s3_row_q] = r.sum(acc_width_, saturates);
      r.acc_valid_q |= uint64_t{1} << r.s3_row_q;
      r.saturated_q |= saturates;
    }
    // What stage 4 writes in this cycle stands in the file already.
    r.update_stages(r.acc_valid_q >> r.s2_row_q & 1 ? acc.mem[r.s2_row_q] : 0);
    r.update_stage1(e_valid, e_first, e_code, e_skip, e_act, cb_q, act_regs_);
  }

 private:
  uint32_t act_regs_;
  uint32_t acc_width_;
  uint8_t saturates_ = 0;  // from propagate_inputs() to update()
};

}  // namespace sparsys::eie
