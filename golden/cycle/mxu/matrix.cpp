// SPDX-License-Identifier: Apache-2.0
#include "golden/cycle/mxu/matrix.hpp"

namespace sparsys::mxu {

Instruction Matrix::head() const {
  const uint32_t* op = queue.op_o();
  const Opcode opcode = op[2] >> 10 & 1 ? Opcode::kConvolve : Opcode::kMatrixMultiply;
  return decode({op[0], op[1], (op[2] & 0x3FF) | static_cast<uint32_t>(opcode) << 24});
}

uint8_t Matrix::check_head() const {
  const Instruction op = head();
  const bool conv = op.opcode == Opcode::kConvolve;
  const uint64_t length = conv ? out_count_q : op.length;
  if (length == 0) return kErrorLength;
  if (conv && !(in_h_q && in_w_q && out_w_q && stride_y_q && stride_x_q)) return kErrorLength;
  const uint64_t extent = conv ? extent_q : length;
  if (op.buffer + extent > config_.ub_depth) return kErrorBuffer;
  if (op.accumulators + length > config_.acc_depth) return kErrorAccumulators;
  return 0;
}

void Matrix::propagate() {
  propagate_state();
  const bool act_half = act_half_i[half()] != 0;
  stall_weights_o = run_q && first_q && switch_q && !loaded_i;
  stall_half_o = run_q && add_q && act_half;
  // A product that has not begun does not begin under stop.
  const bool held = run_q && first_q && stop_i;
  busy_o = run_q && !held;
  issue_ = busy_o && !stall_weights_o && !stall_half_o;
  const bool last = issue_ && left_q == 1;
  swap_o = issue_ && first_q && switch_q;

  take_ = propagate_queue(decoded() && (!run_q || last), [this] { return code_q; });
  for (uint32_t unit = 0; unit < kUnits; ++unit) {
    blocked_o[unit] = !run_q && queue.blocked_o(unit);
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

// What comes of the head and the configuration is there two cycles later, what comes of the head
// alone one.
void Matrix::decode_ahead(bool rst) {
  code_q = code_;
  next_line_q = line_;
  if (!update_ahead(rst)) return;
  const Instruction op = head();
  next_useful_q = (op.rows_less_one + 1) * (op.columns_less_one + 1);
  code_ = check_head();
  line_ = op.buffer;
  if (op.opcode == Opcode::kConvolve) line_ += static_cast<uint32_t>(op.dy) * pitch_q;
}

void Matrix::load() {
  const Instruction op = head();
  conv_q = op.opcode == Opcode::kConvolve;
  first_q = 1;
  switch_q = op.take;
  add_q = op.add;
  useful_q = next_useful_q;
  acc_q = op.accumulators;
  ox_q = 0;
  left_q = conv_q ? out_count_q : op.length;
  // Not of a Convolve: 0.
  iy_q = static_cast<uint32_t>(op.dy);
  ix_q = static_cast<uint32_t>(op.dx);
  dx_q = static_cast<uint8_t>(op.dx);
  line_q = next_line_q;
}

void Matrix::advance() {
  first_q = 0;
  --left_q;
  ++acc_q;
  if (!conv_q) {
    ++ix_q;
  } else if (ox_q == static_cast<uint16_t>(out_w_q - 1)) {
    ox_q = 0;
    ix_q = static_cast<uint32_t>(sign_extend(dx_q, 8));
    iy_q += stride_y_q;
    line_q += line_step_q;
  } else {
    ++ox_q;
    ix_q += stride_x_q;
  }
}

void Matrix::update_config(bool rst, uint8_t step) {
  if (!rst) {
    if (step == 2) extent_q = (uint32_t{in_h_q} - 1) * pitch_q + in_w_q;
    if (step == 3) line_step_q = uint32_t{stride_y_q} * pitch_q;
    if (step == 4) out_count_q = uint32_t{out_h_q} * out_w_q;
  }
  if (rst) {
    in_h_q = in_w_q = out_w_q = out_h_q = pitch_q = 0;
    stride_y_q = stride_x_q = pad_value_q = 0;
  } else if (set_i) {
    const auto reg = static_cast<Register>(set_number_i);
    const Setting s = setting_of(reg, set_value_i);
    switch (reg) {
      case Register::kMap:
        in_h_q = static_cast<uint16_t>(s.in_h);
        in_w_q = static_cast<uint16_t>(s.in_w);
        break;
      case Register::kResult:
        out_w_q = static_cast<uint16_t>(s.out_w);
        out_h_q = static_cast<uint16_t>(s.out_h);
        break;
      case Register::kWalk:
        pitch_q = static_cast<uint16_t>(s.pitch);
        stride_y_q = static_cast<uint8_t>(s.stride_y);
        stride_x_q = static_cast<uint8_t>(s.stride_x);
        break;
      case Register::kPadding:
        pad_value_q = static_cast<uint8_t>(s.zero);
        break;
      default:
        break;
    }
  }
}

void Matrix::update(bool rst) {
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
    if (take_) {
      load();
      run_q = 1;
    } else {
      if (issue_) advance();
      if (last) run_q = 0;
    }
  }
  const uint8_t step = step_q;
  decode_ahead(rst);
  update_config(rst, step);
  update_queue(rst, {op_i[0], op_i[1], (op_i[2] & 0x3FF) | (op_i[2] >> 16 & 1) << 10});
}

}  // namespace sparsys::mxu
