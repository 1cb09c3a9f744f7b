// SPDX-License-Identifier: Apache-2.0
#include "golden/cycle/mxu/activation.hpp"

#include <algorithm>
#include <cmath>

namespace sparsys::mxu {

namespace {

constexpr uint32_t kOperands = 2;  // of a sum, whose window has a position more
constexpr uint32_t kSumShift = 20;
constexpr uint32_t kLargestAverage = 255;         // positions of a window
constexpr uint64_t kQuarter = uint64_t{1} << 30;  // half of the last place of a doubled high half

uint32_t extended(uint8_t byte) { return static_cast<uint32_t>(sign_extend(byte, 8)); }

// The byte of `value` rounded half up and saturated.
uint8_t rounded(double value) {
  return static_cast<uint8_t>(
      static_cast<int8_t>(std::clamp(std::floor(value + 0.5), -128.0, 127.0)));
}

template <class Function>
std::array<uint8_t, 256> make_table(Function function) {
  std::array<uint8_t, 256> table{};
  for (int i = -128; i < 128; ++i) table[static_cast<uint8_t>(i)] = function(i);
  return table;
}

}  // namespace

const std::array<uint8_t, 256>& Activation::tanh_table() {
  static const auto table = make_table([](int i) { return rounded(128 * std::tanh(i / 32.0)); });
  return table;
}

const std::array<uint8_t, 256>& Activation::sigmoid_table() {
  static const auto table =
      make_table([](int i) { return rounded(256 / (1 + std::exp(-i / 16.0)) - 128); });
  return table;
}

Activation::Activation(const Config& config)
    : Unit(kKept),
      a_wdata_o(config.lanes()),
      v_q(config.cols),
      multiplier_q(config.cols),
      shift1_q(config.cols),
      prod_q(config.cols),
      shift2_q(config.cols),
      r_q(config.cols),
      s_q(config.cols),
      c_q(config.cols),
      t_q(config.cols),
      total_q(config.cols),
      f_q(config.cols),
      pool_q(config.cols),
      out_q(config.cols),
      config_(config),
      widths_(config) {}

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
  const uint32_t first = op.accumulators;
  const uint32_t extent = op.pooling != Pooling::kNone ? extent_q
                          : op.sum                     ? kOperands * op.length
                                                       : op.length;
  const uint32_t half = config_.acc_depth / 2;
  return static_cast<uint8_t>((first < half ? 1 : 0) | (first + extent - 1 >= half ? 2 : 0));
}

void Activation::propagate_state() {
  pipeline_o = 0;
  for (uint32_t n = 1; n <= 8; ++n) pipeline_o |= v_valid_q[n];
  idle_o = !run_q && queue.empty_o();
  done_o = done_q;
  busy_o = run_q | pipeline_o | done_q;
  for (uint32_t h = 0; h < 2; ++h) act_half_o[h] = run_q & (halves_q >> h & 1);
  a_we_o = v_valid_q[8] & last_q[8];
  a_waddr_o = row_q[8];
  if (a_we_o) std::copy(out_q.begin(), out_q.end(), a_wdata_o.begin());
}

void Activation::propagate() {
  propagate_state();
  if (!run_q && !pipeline_o && !queue.empty_o()) {
    const uint8_t code = check_head();
    const uint8_t halves = head_halves();
    const bool held = ((halves & 1) && half_busy_i[0]) || ((halves & 2) && half_busy_i[1]);
    take_ = propagate_queue(code != 0 || !held, [code] { return code; });
  } else {
    take_ = propagate_queue(false, [] { return uint8_t{0}; });
  }
  param_re_o = take_ || (run_q && sum_q);
  param_set_o = (take_ ? head().set : set_q + wx_q) & low_mask(widths_.set_w);

  const uint32_t iy = y0_q + wy_q;
  const uint32_t ix = x0_q + wx_q;
  const auto in_map = [](uint32_t place, uint32_t size) {
    return static_cast<int32_t>(place) >= 0 && place < size;
  };
  inside_ = !pools() || (in_map(iy, in_h_q) && in_map(ix, in_w_q));
  uint32_t address = lw_q + x0_q + wx_q;
  if (sum_q) {
    // Two operands of every window but the last, and from the second on the sum of those before.
    const bool operand = wx_q != kOperands;
    issue_ = run_q && (operand ? left_q != 1 : ox_q != 0);
    act_re_o = run_q && operand && left_q != 1;
    address = (wx_q == 0 ? lw_q : l0_q) + x0_q;
  } else {
    issue_ = run_q;
    act_re_o = run_q && inside_;
  }
  act_addr_o = static_cast<uint16_t>(address & low_mask(widths_.acc_w));
}

void Activation::load() {
  const Instruction op = head();
  halves_q = head_halves();
  func_q = static_cast<uint8_t>(op.function);
  pool_mode_q = static_cast<uint8_t>(op.pooling);
  double_q = op.rounding == Rounding::kDouble;
  sum_q = op.sum;
  set_q = static_cast<uint32_t>(op.set & low_mask(widths_.set_w));
  ub_q = static_cast<uint32_t>(op.buffer & low_mask(widths_.ub_w));
  left_q = op.length + sum_q;
  wx_q = wy_q = 0;
  ox_q = 0;
  x0_q = pools() ? extended(dx_q) : 0;
  y0_q = pools() ? extended(dy_q) : 0;
  l0_q = lw_q = op.accumulators + y0_q * in_w_q;
  if (sum_q) l0_q += op.length;
}

bool Activation::window_last() const {
  if (sum_q) return wx_q == kOperands;
  return !pools() ||
         (wx_q == static_cast<uint8_t>(win_w_q - 1) && wy_q == static_cast<uint8_t>(win_h_q - 1));
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
  if (!sum_q || ox_q != 0) ub_q = static_cast<uint32_t>((ub_q + 1) & low_mask(widths_.ub_w));
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

// Stage 1: what is multiplied, and by what. A total is not in this stage while one of its operands
// is in stage 4.
void Activation::load_operands() {
  const size_t cols = v_q.size();
  std::copy_n(multiplier_i, cols, multiplier_q.begin());
  std::copy_n(shift_i, cols, shift1_q.begin());
  if (sum_q && last_q[1]) {
    v_q = total_q;
    return;
  }
  for (size_t c = 0; c < cols; ++c) {
    const int64_t v = int64_t{static_cast<int32_t>(act_data_i[c])} + bias_i[c];
    v_q[c] = static_cast<uint32_t>(std::clamp<int64_t>(v, INT32_MIN, INT32_MAX));
    if (sum_q) v_q[c] <<= kSumShift;
  }
}

// Stages 4 (of sums) to 1.
void Activation::requantise() {
  const size_t cols = v_q.size();
  if (v_valid_q[4] && operand(4)) {
    for (size_t c = 0; c < cols; ++c) total_q[c] = (first_q[4] ? 0 : total_q[c]) + s_q[c] + c_q[c];
  }
  if (v_valid_q[3]) {
    for (size_t c = 0; c < cols; ++c) {
      const uint32_t shift = shift2_q[c];
      // 2^(shift - 1), or 0: half of the last place, rounded down.
      const int64_t half = static_cast<int64_t>((uint64_t{1} << shift) >> 1);
      const auto product = static_cast<int64_t>(prod_q[c]);
      r_q[c] =
          static_cast<uint16_t>(std::clamp<int64_t>((product + half) >> shift, -512, 511)) & 0x3FF;
      if (!operand(3)) continue;
      s_q[c] = static_cast<uint32_t>(product >> shift);
      c_q[c] = shift == 0 ? 0 : prod_q[c] >> (shift - 1) & 1;
    }
  }
  if (v_valid_q[2]) {
    for (size_t c = 0; c < cols; ++c) {
      const auto product = static_cast<uint64_t>(int64_t{static_cast<int32_t>(v_q[c])} *
                                                 static_cast<int32_t>(multiplier_q[c]));
      const bool differ = (v_q[c] ^ multiplier_q[c]) >> 31 != 0;
      const bool nudged = double_q && shift1_q[c] > 31;
      prod_q[c] = product + (!nudged ? 0 : differ ? -kQuarter : kQuarter);
    }
    shift2_q = shift1_q;
  }
  if (v_valid_q[1]) load_operands();
}

void Activation::apply_function() {
  const size_t cols = v_q.size();
  const bool table = function() >= Function::kSigmoid;
  if (v_valid_q[5]) {
    if (table) {
      const std::array<uint8_t, 256>& f =
          function() == Function::kSigmoid ? sigmoid_table() : tanh_table();
      for (size_t c = 0; c < cols; ++c) f_q[c] = f[t_q[c]];
    } else {
      f_q = t_q;
    }
  }
  if (v_valid_q[4]) {
    const int zero = table ? 0 : static_cast<int8_t>(zero_q);
    const int least = static_cast<int8_t>(low_q);
    const int low = table ? -128 : function() == Function::kRelu ? std::max(least, zero) : least;
    const int high = table ? 127 : static_cast<int8_t>(high_q);
    for (size_t c = 0; c < cols; ++c) {
      const int x = (static_cast<int16_t>(r_q[c] << 6) >> 6) + zero;
      t_q[c] = static_cast<uint8_t>(x < low ? low : x > high ? high : x);
    }
  }
}

void Activation::pool() {
  const size_t cols = v_q.size();
  if (v_valid_q[7]) {
    if (pooling() > Pooling::kMax) {
      for (size_t c = 0; c < cols; ++c) {
        const int64_t sum = static_cast<int16_t>(pool_q[c]);
        const bool away = double_q && sum < 0;
        const int64_t round = away ? (int64_t{1} << 24) - avg_round_q : int64_t{avg_round_q};
        const int64_t mean = (sum * avg_mul_q + round) >> 24;
        out_q[c] = static_cast<uint8_t>(std::clamp<int64_t>(mean, -128, 127));
      }
    } else {
      for (size_t c = 0; c < cols; ++c) out_q[c] = static_cast<uint8_t>(pool_q[c]);
    }
  }
  if (v_valid_q[6]) {
    const bool first = first_q[6] != 0;
    const bool inside = inside_q[6] != 0;
    for (size_t c = 0; c < cols; ++c) {
      const int f = static_cast<int8_t>(f_q[c]);
      const int old = static_cast<int16_t>(pool_q[c]);
      int next = f;
      if (pooling() == Pooling::kMax) {
        next = std::max(first ? -128 : old, inside ? f : -128);
      } else if (pools()) {
        next = (first ? 0 : old) + (inside ? f : 0);
      }
      pool_q[c] = static_cast<uint16_t>(next);
    }
  }
}

// The last stage first: each takes the old registers of the one before.
void Activation::update_pipeline() {
  pool();
  apply_function();
  requantise();
  for (uint32_t n = 8; n > 1; --n) {
    if (!v_valid_q[n - 1]) continue;
    last_q[n] = last_q[n - 1];
    end_q[n] = end_q[n - 1];
    row_q[n] = row_q[n - 1];
    if (n > 6) continue;
    inside_q[n] = inside_q[n - 1];
    first_q[n] = first_q[n - 1];
  }
  for (uint32_t n = 8; n > 1; --n) v_valid_q[n] = v_valid_q[n - 1];
  v_valid_q[1] = issue_;
}

void Activation::update_config(bool rst) {
  extent_q = uint32_t{in_h_q} * in_w_q;
  line_step_q = uint32_t{stride_y_q} * in_w_q;
  window_q = static_cast<uint16_t>(win_h_q * win_w_q);
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
  if (rst) {
    run_q = done_q = 0;
    v_valid_q = {};
  } else {
    done_q = v_valid_q[8] & end_q[8];
    if (pipeline_o | run_q) update_pipeline();
    if (run_q) {
      const bool last = window_last();
      if (issue_) {
        inside_q[1] = inside_;
        first_q[1] = wy_q == 0 && wx_q == 0;
        last_q[1] = last;
        end_q[1] = last && left_q == 1;
        row_q[1] = ub_q;
      }
      advance(last);
    }
    if (take_) {
      load();
      run_q = 1;
    }
  }
  update_queue(rst, {op_i[0], op_i[1], op_i[2] >> 8 & 0x3F});
  update_config(rst);
}

}  // namespace sparsys::mxu
