// SPDX-License-Identifier: Apache-2.0
#include "golden/cycle/mxu/array/accumulators.hpp"

#include <algorithm>
#include <cstring>

namespace sparsys::mxu {

AccBank::AccBank(const Config& config)
    : s1_sum_q(config.tile_cols),
      s2_sum_q(config.tile_cols),
      s2_old_q(config.tile_cols),
      s3_data_q(config.tile_cols),
      deskew(config.tile_cols),
      half{Ram1r1w<uint32_t>(config.tile_cols, config.acc_depth / 2),
           Ram1r1w<uint32_t>(config.tile_cols, config.acc_depth / 2)},
      cols_(config.tile_cols),
      half_depth_(config.acc_depth / 2),
      last_sum_(config.tile_cols) {}

// The row of stage 2 goes to its half's write port.
void AccBank::add_row() {
  Ram1r1w<uint32_t>& ram = half[half_of(s2_addr_q)];
  ram.we_i = 1;
  ram.waddr_i = row_of(s2_addr_q);
  uint32_t* result = ram.wdata_i.data();
  const int32_t* sum = s2_sum_q.data();
  const uint32_t* old = s2_again_q ? s3_data_q.data() : s2_old_q.data();
  for (uint32_t c = 0; c < cols_; ++c) result[c] = old[c] + static_cast<uint32_t>(sum[c]);
}

// The row of stage 1 and what it is added to go to stage 2, before that goes on.
void AccBank::load_old() {
  s2_again_q = s1_add_q && s2_valid_q && s2_addr_q == s1_addr_q;
  if (!s1_add_q) {
    std::fill(s2_old_q.begin(), s2_old_q.end(), 0);
  } else {
    const bool forward = s3_valid_q && s3_addr_q == s1_addr_q;
    const uint32_t* old = forward ? s3_data_q.data() : half[half_of(s1_addr_q)].rdata_o();
    std::copy_n(old, cols_, s2_old_q.begin());
  }
  s2_addr_q = s1_addr_q;
  s2_sum_q = s1_sum_q;
}

void AccBank::propagate() {
  const bool same = std::memcmp(last_sum_.data(), sum_i, cols_ * sizeof(int32_t)) == 0;
  if (!same) std::copy_n(sum_i, cols_, last_sum_.begin());
  still_ = same ? std::min(still_ + 1, cols_ + 1) : 0;
  if (still_ <= cols_) row_ = deskew.propagate(sum_i);
  for (uint32_t h = 0; h < 2; ++h) {
    Ram1r1w<uint32_t>& ram = half[h];
    ram.we_i = 0;
    const bool own = valid_i && add_i && half_of(addr_i) == h;
    ram.re_i = own || (act_re_q && half_of(act_addr_q) == h);
    ram.raddr_i = row_of(own ? addr_i : act_addr_q);
  }
  if (s2_valid_q) add_row();
}

void AccBank::update(bool rst) {
  const uint16_t written = s2_addr_q;
  if (s1_valid_q && !rst) load_old();
  if (s2_valid_q && !rst) {
    s3_addr_q = written;
    s3_data_q = half[half_of(written)].wdata_i;
  }
  for (Ram1r1w<uint32_t>& ram : half) ram.update();
  if (valid_i && !rst) {
    s1_add_q = add_i;
    s1_addr_q = addr_i;
    std::copy_n(row_, cols_, s1_sum_q.begin());
  }
  s3_valid_q = rst ? 0 : s2_valid_q;
  s2_valid_q = rst ? 0 : s1_valid_q;
  s1_valid_q = rst ? 0 : valid_i;
  if (act_re_q && !rst) act_half_q = static_cast<uint8_t>(half_of(act_addr_q));
  act_re_q = rst ? 0 : act_re_i;
  act_addr_q = act_addr_i;
  if (still_ <= cols_) deskew.update(sum_i);
}

Accumulators::Accumulators(const Config& config)
    : act_data_o(config.cols),
      line_valid_q(config.rows + config.cols),
      line_add_q(config.rows + config.cols),
      line_last_q(config.rows + config.cols),
      line_addr_q(config.rows + config.cols),
      config_(config) {
  for (uint32_t j = 0; j < config.cols / config.tile_cols; ++j) bank.emplace_back(config);
}

void Accumulators::propagate_state() {
  matrix_done_o = done_q;
  busy_o = done_q || line_valid_q.any();
  for (size_t j = 0; j < bank.size(); ++j) {
    busy_o |= bank[j].s1_valid_q | bank[j].s2_valid_q;
    std::copy_n(bank[j].act_data_o(), config_.tile_cols, &act_data_o[j * config_.tile_cols]);
  }
}

void Accumulators::propagate() {
  propagate_state();
  for (size_t j = 0; j < bank.size(); ++j) {
    AccBank& b = bank[j];
    b.valid_i = line_valid_q.get(stage(j));
    b.add_i = line_add_q.get(stage(j));
    b.addr_i = line_addr_q[stage(j)];
    b.sum_i = sum_i + j * config_.tile_cols;
    b.act_re_i = j ? bank[j - 1].act_re_q : act_re_i;
    b.act_addr_i = j ? bank[j - 1].act_addr_q : act_addr_i;
    b.propagate();
  }
}

void Accumulators::update(bool rst) {
  const AccBank& end = bank.back();
  done_q = !rst && end.s2_valid_q && s2_last_q;
  if (end.s1_valid_q && !rst) s2_last_q = s1_last_q;
  if (end.valid_i && !rst) s1_last_q = line_last_q.get(stage(bank.size() - 1));
  for (AccBank& b : bank) b.update(rst);
  line_valid_q.shift_in(row_valid_i);
  line_add_q.shift_in(row_add_i);
  line_last_q.shift_in(row_last_i);
  std::copy_backward(line_addr_q.begin(), line_addr_q.end() - 1, line_addr_q.end());
  line_addr_q[0] = row_addr_i;
  if (rst) line_valid_q.clear();
}

}  // namespace sparsys::mxu
