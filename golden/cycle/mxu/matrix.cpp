// SPDX-License-Identifier: Apache-2.0
#include "golden/cycle/mxu/matrix.hpp"

namespace sparsys::mxu {

namespace {
// The signed byte as 32 bits.
uint32_t extended(uint32_t byte) {
  return static_cast<uint32_t>(static_cast<int32_t>(static_cast<int8_t>(byte)));
}
}  // namespace

uint8_t Matrix::check_head() const {
  const Op op = head();
  const bool conv = op.opcode() == kConvolve;
  const uint64_t length = conv ? out_count_q : op.field(40, 16);
  if (length == 0) return kErrorLength;
  if (conv && !(in_h_q && in_w_q && out_w_q && stride_y_q && stride_x_q)) return kErrorLength;
  const uint64_t extent = conv ? extent_q : length;
  if (op.field(0, 24) + extent > config_.ub_depth) return kErrorBuffer;
  if (op.field(24, 16) + length > config_.acc_depth) return kErrorAccumulators;
  return 0;
}

void Matrix::propagate() {
  propagate_state();
  const bool act_half = act_half_i[half()] != 0;
  stall_weights_o = run_q && first_q && switch_q && !loaded_i;
  stall_half_o = run_q && add_q && act_half;
  issue_ = run_q && !stall_weights_o && !stall_half_o;
  const bool last = issue_ && left_q == 1;
  swap_o = issue_ && first_q && switch_q;

  const bool waiting = !queue.empty_o();
  take_ = (!run_q || last) && waiting && !stop_i && ready();
  code_ = take_ ? check_head() : uint8_t{0};
  for (uint32_t unit = 0; unit < kUnits; ++unit) {
    blocked_o[unit] = !run_q && waiting && held_by(unit);
  }

  const auto in_map = [](uint32_t place, uint32_t size) {
    return static_cast<int32_t>(place) >= 0 && place < size;
  };
  const bool inside = !conv_q || (in_map(iy_q, in_h_q) && in_map(ix_q, in_w_q));
  m_re_o = issue_ && inside;
  m_raddr_o = (line_q + ix_q) & static_cast<uint32_t>(low_mask(widths_.ub_w));
  pad_o = issue_ && !inside;
  pad_value_o = pad_value_q;
  row_valid_o = issue_;
  row_add_o = add_q;
  row_last_o = last;
  row_addr_o = static_cast<uint16_t>(acc_q & low_mask(widths_.acc_w));
  useful_o = m_re_o ? useful_q : 0;
  for (uint32_t h = 0; h < 2; ++h) {
    half_busy_o[h] = timer_q[h] != 0 || (issue_ && add_q && half() == h);
  }
}

void Matrix::load() {
  const Op op = head();
  conv_q = op.opcode() == kConvolve;
  first_q = 1;
  switch_q = op.flag(0);
  add_q = op.flag(1);
  useful_q = (op.field(56, 8) + 1) * (op.field(64, 8) + 1);
  acc_q = op.field(24, 16);
  ox_q = 0;
  if (conv_q) {
    left_q = out_count_q;
    iy_q = extended(op.field(40, 8));
    ix_q = extended(op.field(48, 8));
    dx_q = static_cast<uint8_t>(op.field(48, 8));
    line_q = op.field(0, 24) + iy_q * pitch_q;
  } else {
    left_q = op.field(40, 16);
    iy_q = ix_q = 0;
    dx_q = 0;
    line_q = op.field(0, 24);
  }
}

void Matrix::advance() {
  first_q = 0;
  --left_q;
  ++acc_q;
  if (!conv_q) {
    ++ix_q;
  } else if (ox_q == static_cast<uint16_t>(out_w_q - 1)) {
    ox_q = 0;
    ix_q = extended(dx_q);
    iy_q += stride_y_q;
    line_q += line_step_q;
  } else {
    ++ox_q;
    ix_q += stride_x_q;
  }
}

void Matrix::update_config(bool rst) {
  extent_q = (uint32_t{in_h_q} - 1) * pitch_q + in_w_q;
  line_step_q = uint32_t{stride_y_q} * pitch_q;
  out_count_q = uint32_t{out_h_q} * out_w_q;
  if (rst) {
    in_h_q = in_w_q = out_w_q = out_h_q = pitch_q = 0;
    stride_y_q = stride_x_q = pad_value_q = 0;
  } else if (set_i && set_number_i <= 3) {
    const uint16_t low = static_cast<uint16_t>(set_value_i);
    const uint16_t high = static_cast<uint16_t>(set_value_i >> 16);
    switch (set_number_i) {
      case 0:
        in_h_q = low;
        in_w_q = high;
        break;
      case 1:
        out_w_q = low;
        out_h_q = high;
        break;
      case 2:
        pitch_q = low;
        stride_y_q = static_cast<uint8_t>(high);
        stride_x_q = static_cast<uint8_t>(high >> 8);
        break;
      default:
        pad_value_q = static_cast<uint8_t>(low);
    }
  }
}

void Matrix::update(bool rst) {
  const bool loading = take_ && !code_;
  if (rst) {
    run_q = 0;
    timer_q = {};
  } else {
    for (uint32_t h = 0; h < 2; ++h) {
      if (issue_ && add_q && half() == h) {
        timer_q[h] = static_cast<uint16_t>(config_.rows + config_.cols + 2);
      } else if (timer_q[h]) {
        --timer_q[h];
      }
    }
    const bool last = issue_ && left_q == 1;
    if (loading) {
      load();
      run_q = 1;
    } else {
      if (issue_) advance();
      if (last) run_q = 0;
    }
  }
  update_queue(rst, take_, code_);
  update_config(rst);
}

}  // namespace sparsys::mxu
