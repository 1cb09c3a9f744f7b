// SPDX-License-Identifier: Apache-2.0
#include "golden/cycle/mxu/lanes.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace sparsys::mxu {

namespace {

constexpr uint32_t kSumShift = 20;
constexpr uint64_t kQuarter = uint64_t{1} << 30;  // half of the last place of a doubled high half
constexpr uint32_t kMeanBits = 42;
constexpr uint32_t kAllStages = (1U << Lanes::kLaneStages) - 1;

constexpr uint32_t bit(uint32_t stage) { return 1U << stage; }

int32_t as_signed(uint8_t byte) { return static_cast<int8_t>(byte); }

}  // namespace

const std::array<uint8_t, 256>& Lanes::tanh_table() {
  static const auto table = [] {
    std::array<uint8_t, 256> values{};
    for (int i = -128; i < 128; ++i) {
      const double rounded = std::floor(128 * std::tanh(i / 32.0) + 0.5);
      values[static_cast<uint8_t>(i)] =
          static_cast<uint8_t>(static_cast<int8_t>(std::clamp(rounded, -128.0, 127.0)));
    }
    return values;
  }();
  return table;
}

Lanes::Lanes(uint32_t cols)
    : acc_q(cols),
      bias_q(cols),
      v_q(cols),
      multiplier_q(cols),
      shift3_q(cols),
      shift4_q(cols),
      shift5_q(cols),
      prod_q(cols),
      shift6_q(cols),
      s_q(cols),
      c_q(cols),
      fits_q(cols),
      sign_q(cols),
      r_q(cols),
      total_q(cols),
      t_q(cols),
      f_q(cols),
      pool_q(cols),
      value12_q(cols),
      value13_q(cols),
      mean_q(cols),
      value14_q(cols),
      out_q(cols),
      cols_(cols),
      next_total_(cols),
      product4_(cols),
      product5_(cols),
      mean12_(cols),
      below12_(cols),
      mean13_(cols) {}

// Stages 14 to 10.
void Lanes::update_pool(bool rst) {
  if (live_ & bit(14)) {
    if (op_q.average) {
      for (uint32_t c = 0; c < cols_; ++c) {
        const int64_t mean =
            static_cast<int64_t>(mean_q[c] << (64 - kMeanBits)) >> (64 - kMeanBits);
        out_q[c] = static_cast<uint8_t>(std::clamp<int64_t>(mean >> 24, -128, 127));
      }
    } else {
      out_q = value14_q;
    }
  }
  if (live_ & bit(13)) {
    mean_q = mean13_;
    value14_q = value13_q;
  }
  if (live_ & bit(12)) {
    for (uint32_t c = 0; c < cols_; ++c) {
      const uint64_t mean = mean12_[c] + (below12_[c] ? op_q.below : op_q.round);
      mean13_[c] = mean & low_mask(kMeanBits);
    }
    value13_q = value12_q;
  }
  if (live_ & bit(11)) {
    for (uint32_t c = 0; c < cols_; ++c) {
      const int64_t sum = static_cast<int16_t>(pool_q[c]);
      mean12_[c] = static_cast<uint64_t>(sum * op_q.mul);
      below12_[c] = sum < 0;
      value12_q[c] = static_cast<uint8_t>(pool_q[c]);
    }
  }
  if (!valid(10) || rst) return;
  next_live_ |= bit(11);
  const bool is_first = first(10);
  const bool inside = inside_q >> 10 & 1;
  for (uint32_t c = 0; c < cols_; ++c) {
    const int f = as_signed(f_q[c]);
    const int old = static_cast<int16_t>(pool_q[c]);
    int next = f;
    if (op_q.max) {
      next = std::max(is_first ? -128 : old, inside ? f : -128);
    } else if (op_q.average) {
      next = (is_first ? 0 : old) + (inside ? f : 0);
    }
    pool_q[c] = static_cast<uint16_t>(next);
  }
}

// Stages 9 to 6.
void Lanes::update_function() {
  if (live_ & bit(9)) {
    if (op_q.curve) {
      const std::array<uint8_t, 256>& table = tanh_table();
      for (uint32_t c = 0; c < cols_; ++c) f_q[c] = table[t_q[c]];
    } else {
      f_q = t_q;
    }
  }
  if (live_ & bit(8)) {
    const int zero = op_q.curve ? 0 : as_signed(op_q.zero);
    const int low = op_q.curve ? -128 : as_signed(op_q.low);
    const int high = op_q.curve ? 127 : as_signed(op_q.high);
    for (uint32_t c = 0; c < cols_; ++c) {
      const int x = (static_cast<int16_t>(r_q[c] << 6) >> 6) + zero;
      t_q[c] = static_cast<uint8_t>(x < low ? low : x > high ? high : x);
    }
  }
}

// Stages 7 to 4.
void Lanes::shift_products(bool rst) {
  adds_ = valid(7) && op_q.sum && !last(7) && !rst;
  if (adds_) {
    const bool is_first = first(7);
    for (uint32_t c = 0; c < cols_; ++c) {
      next_total_[c] = (is_first ? 0 : total_q[c]) + s_q[c] + c_q[c];
    }
  }
  if (live_ & bit(7)) {
    for (uint32_t c = 0; c < cols_; ++c) {
      const int32_t beyond = sign_q[c] ? -512 : 511;
      const int32_t value = static_cast<int32_t>(s_q[c]) + c_q[c];
      r_q[c] = static_cast<uint16_t>(fits_q[c] ? std::min(value, 511) : beyond) & 0x3FF;
    }
  }
  if (live_ & bit(6)) {
    for (uint32_t c = 0; c < cols_; ++c) {
      const uint32_t shift = shift6_q[c];
      const int64_t value = static_cast<int64_t>(prod_q[c]) >> shift;
      s_q[c] = static_cast<uint32_t>(value);
      c_q[c] = shift == 0 ? 0 : prod_q[c] >> (shift - 1) & 1;
      fits_q[c] = value >= -512 && value <= 511;
      sign_q[c] = prod_q[c] >> 63;
    }
  }
  if (live_ & bit(5)) {
    prod_q = product5_;
    shift6_q = shift5_q;
  }
  if (live_ & bit(4)) {
    product5_ = product4_;
    shift5_q = shift4_q;
  }
}

// Stage 3.
void Lanes::multiply() {
  for (uint32_t c = 0; c < cols_; ++c) {
    const auto product = static_cast<uint64_t>(int64_t{static_cast<int32_t>(v_q[c])} *
                                               static_cast<int32_t>(multiplier_q[c]));
    const bool differ = (v_q[c] ^ multiplier_q[c]) >> 31 != 0;
    const bool nudged = op_q.double_rounding && shift3_q[c] > 31;
    product4_[c] = product + (!nudged ? 0 : differ ? -kQuarter : kQuarter);
  }
  shift4_q = shift3_q;
}

// Stages 2 and 1; whether there is something new for stage 3.
bool Lanes::load_operands(bool rst) {
  bool moves = false;
  if (valid(2) && !rst) {
    moves = true;
    if (op_q.sum && last(2)) {
      v_q = total_q;
    } else {
      const uint32_t shift = op_q.sum ? kSumShift : 0;
      for (uint32_t c = 0; c < cols_; ++c) {
        const int64_t v = int64_t{static_cast<int32_t>(acc_q[c])} + static_cast<int32_t>(bias_q[c]);
        v_q[c] = static_cast<uint32_t>(std::clamp<int64_t>(v, INT32_MIN, INT32_MAX)) << shift;
      }
    }
  }
  if (std::memcmp(multiplier_q.data(), multiplier_i, cols_ * sizeof(int32_t)) != 0 ||
      std::memcmp(shift3_q.data(), shift_i, cols_) != 0) {
    moves = true;
    std::copy_n(multiplier_i, cols_, multiplier_q.begin());
    std::copy_n(shift_i, cols_, shift3_q.begin());
  }
  if (valid(1) && !rst) {
    std::copy_n(acc_i, cols_, acc_q.begin());
    std::copy_n(bias_i, cols_, bias_q.begin());
  }
  return moves;
}

// The last stage first: each takes the old registers of the one before. A stage whose inputs stand
// still holds what it would be loaded with.
void Lanes::update(bool rst) {
  out_moves_ = live_ & bit(14);
  // What is loaded every cycle moves on; stages 2 and 10, which wait for a valid, do not.
  next_live_ = (live_ & ~(bit(2) | bit(9) | bit(10) | bit(14))) << 1;
  adds_ = false;
  if (live_ || valid_q) {
    update_pool(rst);
    update_function();
    shift_products(rst);
    if (live_ & bit(3)) multiply();
  }
  // Stage 2 takes the old total.
  if (load_operands(rst)) next_live_ |= bit(3);
  if (adds_) total_q = next_total_;
  if (op_q != op_i) {
    op_q = op_i;
    next_live_ = kAllStages;
  }
  live_ = next_live_;
  const auto shifted = [](uint16_t line, uint8_t in, uint32_t stages) {
    return static_cast<uint16_t>((line << 1 | in) & low_mask(stages));
  };
  valid_q = rst ? uint16_t{0} : shifted(valid_q, valid_i, kStages);
  inside_q = shifted(inside_q, inside_i, kStages);
  first_q = shifted(first_q, first_i, kStages);
  last_q = shifted(last_q, last_i, kLastStages);
}

LaneBanks::LaneBanks(const Config& config)
    : wdata_o(config.lanes()),
      write_q(config.cols / config.tile_cols),
      write_end_q(config.cols / config.tile_cols),
      write_row_q(config.cols / config.tile_cols),
      part_q(config.cols / config.tile_cols),
      tile_cols_(config.tile_cols),
      turns_(config.turns()),
      row_mask_(static_cast<uint32_t>(low_mask(clog2(config.ub_depth)))),
      row_(config.tile_cols),
      moves_(config.cols / config.tile_cols) {
  const uint32_t banks = config.cols / config.tile_cols;
  for (uint32_t j = 0; j < banks; ++j) {
    bank.emplace_back(tile_cols_ / turns_);
    turns.emplace_back();
    turns.back().parts_q.resize(tile_cols_ - tile_cols_ / turns_);
    deskew_q.emplace_back((banks - 1 - j) * tile_cols_);
  }
}

const uint8_t* LaneBanks::finished_row(size_t j) {
  if (turns_ == 1) return bank[j].out_q.data();
  std::copy(turns[j].parts_q.begin(), turns[j].parts_q.end(), row_.begin());
  std::copy(bank[j].out_q.begin(), bank[j].out_q.end(),
            row_.begin() + static_cast<std::ptrdiff_t>(turns[j].parts_q.size()));
  return row_.data();
}

void LaneBanks::propagate_state() {
  const auto end = static_cast<uint32_t>(bank.size() - 1);
  empty_o = line_valid_q == 0;
  busy_o = line_valid_q != 0 || write_q.any();
  we_o = write_q.get(end);
  end_o = we_o && write_end_q.get(end);
  waddr_o = write_row_q[end];
  if (!we_o) return;
  for (size_t j = 0; j < bank.size(); ++j) {
    const uint8_t* row =
        deskew_q[j].empty() ? finished_row(j) : &deskew_q[j][deskew_q[j].size() - tile_cols_];
    std::copy_n(row, tile_cols_, &wdata_o[j * tile_cols_]);
  }
}

void LaneBanks::propagate() {
  propagate_state();
  const auto flags = static_cast<uint8_t>(inside_i | first_i << 1 | last_i << 2 | end_i << 3);
  if (load_i || valid_i || !factors_still_i || flags != flags_ || turn_i != turn_ ||
      op_i != bank[0].op_q) {
    moving_ = Lanes::kLaneStages + 2 * static_cast<uint32_t>(bank.size()) + 2;
  }
  flags_ = flags;
  turn_ = turn_i;
  if (moving_ == 0) return;
  const size_t turn_cols = tile_cols_ / turns_;
  for (size_t j = 0; j < bank.size(); ++j) {
    Lanes& lanes = bank[j];
    if (j == 0) {
      lanes.valid_i = valid_i;
      lanes.inside_i = inside_i;
      lanes.first_i = first_i;
      lanes.last_i = last_i;
      lanes.op_i = op_i;
    } else {
      const Lanes& before = bank[j - 1];
      lanes.valid_i = before.valid_q & 1;
      lanes.inside_i = before.inside_q & 1;
      lanes.first_i = before.first_q & 1;
      lanes.last_i = before.last_q & 1;
      lanes.op_i = before.op_q;
    }
    // The columns whose turn it is in stages 1 and 2.
    const std::array<uint32_t, 3>& turn = turns[j].turn_q;
    const size_t in_stage1 = j * tile_cols_ + turn[1] * turn_cols;
    const size_t in_stage2 = j * tile_cols_ + turn[2] * turn_cols;
    lanes.acc_i = acc_i + in_stage1;
    lanes.bias_i = bias_i + in_stage1;
    lanes.multiplier_i = multiplier_i + in_stage2;
    lanes.shift_i = shift_i + in_stage2;
  }
}

// What there is with turns only: the last bank first, each takes the turn of the one before.
void LaneBanks::update_turns(bool rst, bool finished) {
  for (size_t j = bank.size(); j-- > 0;) {
    if (part_q.get(static_cast<uint32_t>(j)) && !rst) {
      std::copy_n(finished_row(j) + bank[j].out_q.size(), turns[j].parts_q.size(),
                  turns[j].parts_q.begin());
    }
    std::array<uint32_t, 3>& turn = turns[j].turn_q;
    turn = {j == 0 ? turn_i : turns[j - 1].turn_q[0], turn[0], turn[1]};
  }
  part_q.shift_in(finished);
  if (rst) part_q.clear();
  line_turn_q = static_cast<uint16_t>((line_turn_q << 1 | (turn_i == turns_ - 1 ? 1 : 0)) &
                                      low_mask(Lanes::kLaneStages));
}

void LaneBanks::update(bool rst) {
  constexpr uint32_t kEnd = Lanes::kLaneStages - 1;
  if (moving_ == 0) return;
  --moving_;
  const bool part = line_valid_q & line_last_q & bit(kEnd);
  const bool finished = part && (turns_ == 1 || (line_turn_q & bit(kEnd)) != 0);
  std::copy_backward(write_row_q.begin(), write_row_q.end() - 1, write_row_q.end());
  write_row_q[0] = row_q;
  write_end_q.shift_in(line_end_q & bit(kEnd));
  write_q.shift_in(finished);
  if (rst) {
    write_q.clear();
  } else if (load_i) {
    row_q = row_i;
  } else if (finished) {
    row_q = (row_q + 1) & row_mask_;
  }
  const auto shifted = [](uint16_t line, uint8_t in) {
    return static_cast<uint16_t>((line << 1 | in) & low_mask(Lanes::kLaneStages));
  };
  line_valid_q = rst ? uint16_t{0} : shifted(line_valid_q, valid_i);
  line_last_q = shifted(line_last_q, last_i);
  line_end_q = shifted(line_end_q, end_i);
  for (size_t j = 0; j < bank.size(); ++j) {
    std::vector<uint8_t>& line = deskew_q[j];
    if (bank[j].out_moves() || turns_ > 1) moves_[j] = static_cast<uint32_t>(bank.size() - 1 - j);
    if (moves_[j]) {
      std::memmove(line.data() + tile_cols_, line.data(), line.size() - tile_cols_);
      std::copy_n(finished_row(j), tile_cols_, line.begin());
      --moves_[j];
    }
  }
  if (turns_ > 1) update_turns(rst, part);
  for (Lanes& lanes : bank) lanes.update(rst);
}

}  // namespace sparsys::mxu
