// SPDX-License-Identifier: Apache-2.0
#include "golden/cycle/mxu/activation.hpp"

#include <algorithm>

namespace sparsys::mxu {

namespace {

constexpr uint32_t kOperands = 2;          // of a sum, whose window has a position more
constexpr uint32_t kSumTurns = 2;          // of which the operands are ahead of their sum
constexpr uint32_t kLargestAverage = 255;  // positions of a window

uint32_t extended(uint8_t byte) { return static_cast<uint32_t>(sign_extend(byte, 8)); }

}  // namespace

Activation::Activation(const Config& config)
    : DecodingUnit(kKept, Register::kBounds, Register::kAverageRound, 5),
      banks(config),
      config_(config),
      widths_(config),
      turns_(config.turns()) {}

Instruction Activation::head() const {
  const uint32_t* op = queue.op_o();
  return decode(
      {op[0], op[1], (op[2] & 0x3F) << 8 | static_cast<uint32_t>(Opcode::kActivate) << 24});
}

uint8_t Activation::check_head() const {
  const Instruction op = head();
  const uint64_t length = op.length;
  const bool pooled = op.pooling != Pooling::kNone;
  if (length == 0 || (op.sum && pooled)) return kErrorLength;
  if (pooled && !(in_h_q && in_w_q && out_w_q && stride_y_q && stride_x_q && win_h_q && win_w_q)) {
    return kErrorLength;
  }
  const uint64_t extent = pooled ? extent_q : op.sum ? kOperands * length : length;
  if (op.buffer + length > config_.ub_depth) return kErrorBuffer;
  if (op.accumulators + extent > config_.acc_depth) return kErrorAccumulators;
  if (op.set + (op.sum ? kOperands : 0) >= config_.param_sets) return kErrorParameters;
  if (pooled && op.pooling != Pooling::kMax && window_q > kLargestAverage) return kErrorAverage;
  return 0;
}

// Which halves an operation that is in order reads.
uint8_t Activation::head_halves() const {
  const Instruction op = head();
  const uint64_t first = op.accumulators;
  const uint64_t extent = op.pooling != Pooling::kNone ? extent_q
                          : op.sum                     ? kOperands * op.length
                                                       : op.length;
  const uint32_t half = config_.acc_depth / 2;
  return static_cast<uint8_t>((first < half ? 1 : 0) | (first + extent > half ? 2 : 0));
}

void Activation::propagate_state() {
  banks.propagate_state();
  pipeline_o = !banks.empty_o;
  idle_o = !run_q && queue.empty_o();
  done_o = done_q;
  busy_o = run_q | banks.busy_o | done_q;
  for (uint32_t h = 0; h < 2; ++h) act_half_o[h] = run_q & (halves_q >> h & 1);
  a_we_o = banks.we_o;
  a_waddr_o = banks.waddr_o;
}

// Constants of the operation for the lanes.
LaneOp Activation::lane_op() const {
  constexpr uint32_t kOne = 1U << 24;
  LaneOp op;
  op.sum = sum_q;
  op.double_rounding = double_q;
  op.curve = function() >= Function::kSigmoid;
  op.max = pooling() == Pooling::kMax;
  op.average = pooling() > Pooling::kMax;
  op.zero = zero_q;
  const bool raised =
      function() == Function::kRelu && static_cast<int8_t>(zero_q) > static_cast<int8_t>(low_q);
  op.low = raised ? zero_q : low_q;
  op.high = high_q;
  op.mul = avg_mul_q;
  op.round = avg_round_q;
  op.below = double_q ? kOne - avg_round_q : avg_round_q;
  return op;
}

void Activation::propagate() {
  propagate_state();
  const bool held =
      ((next_halves_q & 1) && half_busy_i[0]) || ((next_halves_q & 2) && half_busy_i[1]);
  take_ = propagate_queue(decoded() && !run_q && !pipeline_o && (code_q != 0 || !held),
                          [this] { return code_q; });
  param_re_o = take_ || (run_q && sum_q);
  param_set_o = (take_ ? head().set : set_q + (wx_q & 3U)) & low_mask(widths_.set_w);

  const uint32_t iy = y0_q + wy_q;
  const uint32_t ix = x0_q + wx_q;
  const auto in_map = [](uint32_t place, uint32_t size) {
    return static_cast<int32_t>(place) >= 0 && place < size;
  };
  inside_ = !pools() || (in_map(iy, in_h_q) && in_map(ix, in_w_q));
  uint32_t address = lw_q + x0_q + wx_q;
  if (sum_q) {
    // Two operands in every turn but the last two, and from the third on the sum of those of two
    // turns before.
    const bool operand = wx_q != kOperands;
    issue_ = run_q && (operand ? left_q > kSumTurns : ox_q * turns_ + turn_q >= kSumTurns);
    act_re_o = issue_ && operand;
    address = (wx_q == 1 ? l0_q : lw_q) + x0_q;
  } else {
    issue_ = run_q;
    act_re_o = run_q && inside_;
  }
  act_addr_o = static_cast<uint16_t>(address & low_mask(widths_.acc_w));

  banks.load_i = take_;
  if (take_) banks.row_i = static_cast<uint32_t>(head().buffer & low_mask(widths_.ub_w));
  banks.valid_i = issue_;
  banks.inside_i = inside_;
  banks.first_i = wy_q == 0 && wx_q == 0;
  banks.last_i = window_last();
  banks.end_i = banks.last_i && left_q == 1;
  banks.turn_i = position_turn();
  banks.op_i = lane_op();
  banks.acc_i = act_data_i;
  banks.bias_i = bias_i;
  banks.multiplier_i = multiplier_i;
  banks.shift_i = shift_i;
  banks.factors_still_i = factors_still_i;
  banks.propagate();
}

// As Matrix::decode_ahead().
void Activation::decode_ahead(bool rst) {
  code_q = code_;
  next_halves_q = halves_;
  next_line_q = line_;
  next_other_q = other_;
  if (!update_ahead(rst)) return;
  const Instruction op = head();
  code_ = check_head();
  halves_ = head_halves();
  line_ = op.accumulators;
  if (op.pooling != Pooling::kNone) line_ += static_cast<uint32_t>(sign_extend(dy_lines_q, 25));
  other_ = op.sum ? op.accumulators + op.length : line_;
}

void Activation::load() {
  const Instruction op = head();
  halves_q = next_halves_q;
  func_q = static_cast<uint8_t>(op.function);
  pool_q = static_cast<uint8_t>(op.pooling);
  double_q = op.rounding == Rounding::kDouble;
  sum_q = op.sum;
  set_q = static_cast<uint32_t>(op.set & low_mask(widths_.set_w));
  left_q = op.length * turns_ + (sum_q ? kSumTurns : 0);
  turn_q = 0;
  wx_q = wy_q = 0;
  ox_q = 0;
  x0_q = pools() ? extended(dx_q) : 0;
  y0_q = pools() ? extended(dy_q) : 0;
  lw_q = next_line_q;
  l0_q = next_other_q;
}

bool Activation::window_last() const {
  if (sum_q) return wx_q == kOperands;
  return !pools() ||
         (wx_q == static_cast<uint8_t>(win_w_q - 1) && wy_q == static_cast<uint8_t>(win_h_q - 1));
}

uint32_t Activation::position_turn() const {
  if (!sum_q || wx_q != kOperands) return turn_q;
  return (turn_q + kSumTurns * (turns_ - 1)) % turns_;
}

// Behind a window position; last: of its window.
void Activation::advance(bool last) {
  const bool line_last = sum_q ? last : !pools() || wx_q == static_cast<uint8_t>(win_w_q - 1);
  if (!line_last) {
    ++wx_q;
    return;
  }
  wx_q = 0;
  if (!last) {
    ++wy_q;
    lw_q += in_w_q;
    return;
  }
  wy_q = 0;
  if (left_q == 1) run_q = 0;
  --left_q;
  if (!turn_last()) {
    ++turn_q;
    if (!sum_q) lw_q = l0_q;
    return;
  }
  turn_q = 0;
  if (sum_q) {
    ++ox_q;
    ++x0_q;
    return;
  }
  if (pools() && ox_q == static_cast<uint16_t>(out_w_q - 1)) {
    ox_q = 0;
    x0_q = extended(dx_q);
    y0_q += stride_y_q;
    l0_q += line_step_q;
  } else {
    ++ox_q;
    x0_q += pools() ? stride_x_q : 1;
  }
  lw_q = l0_q;
}

void Activation::update_config(bool rst, uint8_t step) {
  if (!rst) {
    if (step == 2) extent_q = uint32_t{in_h_q} * in_w_q;
    if (step == 3) line_step_q = uint32_t{stride_y_q} * in_w_q;
    if (step == 4) window_q = static_cast<uint16_t>(win_h_q * win_w_q);
    if (step == 5) dy_lines_q = extended(dy_q) * in_w_q & static_cast<uint32_t>(low_mask(25));
  }
  if (rst) {
    zero_q = low_q = high_q = stride_y_q = stride_x_q = win_h_q = win_w_q = dy_q = dx_q = 0;
    in_h_q = in_w_q = out_w_q = 0;
    avg_mul_q = avg_round_q = 0;
  } else if (set_i) {
    const auto reg = static_cast<Register>(set_number_i);
    const Setting s = setting_of(reg, set_value_i);
    switch (reg) {
      case Register::kBounds:
        zero_q = static_cast<uint8_t>(s.zero);
        low_q = static_cast<uint8_t>(s.low);
        high_q = static_cast<uint8_t>(s.high);
        break;
      case Register::kPooledMap:
        in_h_q = static_cast<uint16_t>(s.in_h);
        in_w_q = static_cast<uint16_t>(s.in_w);
        break;
      case Register::kPooledResult:
        out_w_q = static_cast<uint16_t>(s.out_w);
        stride_y_q = static_cast<uint8_t>(s.stride_y);
        stride_x_q = static_cast<uint8_t>(s.stride_x);
        break;
      case Register::kWindow:
        win_h_q = static_cast<uint8_t>(s.window_h);
        win_w_q = static_cast<uint8_t>(s.window_w);
        dy_q = static_cast<uint8_t>(s.dy);
        dx_q = static_cast<uint8_t>(s.dx);
        break;
      case Register::kAverageMultiplier:
        avg_mul_q = s.average_multiplier;
        break;
      case Register::kAverageRound:
        avg_round_q = s.average_round;
        break;
      default:
        break;
    }
  }
}

void Activation::update(bool rst) {
  banks.update(rst);
  if (rst) {
    run_q = done_q = 0;
  } else {
    done_q = banks.end_o;
    if (run_q) advance(banks.last_i);
    if (take_) {
      load();
      run_q = 1;
    }
  }
  const uint8_t step = step_q;
  decode_ahead(rst);
  update_config(rst, step);
  update_queue(rst, {op_i[0], op_i[1], op_i[2] >> 8 & 0x3F});
}

}  // namespace sparsys::mxu
