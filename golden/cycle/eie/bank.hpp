// SPDX-License-Identifier: Apache-2.0
// A bank of accumulators with its FIFO, codebook port and multiplier: an entry a cycle through four
// stages, of which the last reads, adds and writes, so that nothing is forwarded
// (docs/reference/eie-timing.md section 11.4).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "golden/cycle/common/fifo_2w1r.hpp"
#include "golden/cycle/common/regfile_1r1w.hpp"
#include "golden/cycle/eie/widths.hpp"
#include "golden/engine/eie/config.hpp"

namespace sparsys::eie {

class Bank {
 public:
  explicit Bank(const Config& config)
      : fifo(config.bank_depth),
        acc(config.rows() / config.banks),
        addr_w_(Widths(config).bank_addr_w),
        acc_width_(config.acc_width) {}

  // Ports.
  uint8_t push_i = 0;  // bit s for push s; likewise room_o
  std::array<uint8_t, 2> code_i{};
  std::array<uint8_t, 2> addr_i{};
  uint16_t act_i = 0;
  uint8_t clear_i = 0;
  uint8_t flags_clear_i = 0;
  uint8_t wb_read_i = 0;
  uint8_t wb_addr_i = 0;
  uint8_t room_o = 3;
  uint8_t busy_o = 0;
  uint8_t saturated_o = 0;
  uint64_t wb_acc_o = 0;

  // Registers. Accumulator values are ACC_WIDTH bits of two's complement.
  uint8_t s1_valid_q = 0;
  uint8_t s1_addr_q = 0;
  uint8_t s2_valid_q = 0;
  uint8_t s2_addr_q = 0;
  uint8_t s3_valid_q = 0;
  uint8_t s3_addr_q = 0;
  uint8_t saturated_q = 0;
  uint16_t s1_weight_q = 0;
  uint16_t s1_act_q = 0;
  uint32_t s2_product = 0;  // the RTL has it in parts
  uint32_t s3_product_q = 0;
  uint64_t acc_valid_q = 0;

  // Words: bits 3:0 code, address above, activation in the top 16.
  Fifo2w1r<uint64_t> fifo;
  Regfile1r1w<uint64_t> acc;

  // The outputs that follow from the registers alone: all but wb_acc_o.
  void propagate_state() {
    fifo.propagate();
    room_o = fifo.room_o;
    busy_o = (!fifo.empty_o) | s1_valid_q | s2_valid_q | s3_valid_q;
    saturated_o = saturated_q;
  }

  void propagate_inputs() {
    fifo.push0_i = push_i & 1;
    fifo.push1_i = push_i >> 1;
    fifo.pop_i = !fifo.empty_o;
    if (push_i) {
      fifo.data0_i = word(0);
      fifo.data1_i = word(1);
    }
    acc.we_i = s3_valid_q;
    if (!(s3_valid_q | wb_read_i)) return;
    acc.raddr_i = wb_read_i ? wb_addr_i : s3_addr_q;
    acc.propagate();
    wb_acc_o = acc_valid_q >> acc.raddr_i & 1 ? acc.rdata_o : 0;
    const int64_t sum = sign_extend(wb_acc_o, acc_width_) + static_cast<int32_t>(s3_product_q);
    const int64_t largest = static_cast<int64_t>(low_mask(acc_width_ - 1));
    const int64_t saturated = std::min(std::max(sum, -largest - 1), largest);
    saturates_ = s3_valid_q & (saturated != sum);
    acc.waddr_i = s3_addr_q;
    acc.wdata_i = static_cast<uint64_t>(saturated) & low_mask(acc_width_);
  }

  // cb: the codebook before the edge.
  void update(bool rst, const std::array<uint16_t, 16>& cb) {
    acc.update(rst);
    if (rst) {
      update_payloads(cb);
      fifo.update(true);
      s1_valid_q = s2_valid_q = s3_valid_q = 0;
      acc_valid_q = 0;
      saturated_q = 0;
      return;
    }
    if (s3_valid_q) {
      acc_valid_q |= uint64_t{1} << s3_addr_q;
      saturated_q |= saturates_;
    }
    if (clear_i) acc_valid_q = 0;
    if (flags_clear_i) saturated_q = 0;
    s3_valid_q = s2_valid_q;
    s2_valid_q = s1_valid_q;
    s1_valid_q = fifo.pop_i;
    update_payloads(cb);
    fifo.update(false);
  }

 private:
  // From the last stage to the first, so that each finds the registers before it unchanged.
  void update_payloads(const std::array<uint16_t, 16>& cb) {
    s3_addr_q = s2_addr_q;
    s3_product_q = s2_product;
    s2_addr_q = s1_addr_q;
    s2_product = static_cast<uint32_t>(static_cast<int16_t>(s1_weight_q) *
                                       int32_t{static_cast<int16_t>(s1_act_q)});
    if (!fifo.pop_i) return;
    s1_weight_q = cb[fifo.head_o & 15];
    s1_addr_q = static_cast<uint8_t>(fifo.head_o >> 4 & low_mask(addr_w_));
    s1_act_q = static_cast<uint16_t>(fifo.head_o >> (4 + addr_w_));
  }

  uint64_t word(size_t slot) const {
    return uint64_t{act_i} << (4 + addr_w_) | uint64_t{addr_i[slot]} << 4 | code_i[slot];
  }

  uint32_t addr_w_;
  uint32_t acc_width_;
  bool saturates_ = false;  // from propagate_inputs() to update()
};

}  // namespace sparsys::eie
