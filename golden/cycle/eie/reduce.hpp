// SPDX-License-Identifier: Apache-2.0
// Sum over the groups at write-back: each PE adds up one of the rows of its team, pairs of words
// level by level, a register in front of each (docs/reference/eie-timing.md section 12.6).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "golden/base/bits.hpp"
#include "golden/cycle/eie/widths.hpp"
#include "golden/engine/eie/config.hpp"

namespace sparsys::eie {

// A word of each group, of two's complement; those beyond the groups are 0.
using GroupWords = std::array<uint64_t, kMaxGroups>;

class ReduceStage {
 public:
  // `words` words of `width` bits.
  ReduceStage(uint32_t words, uint32_t width)
      : words_q(words * width), count_(words), width_(width) {}

  // Ports. words_i need be set with valid_i only.
  uint8_t valid_i = 0;
  uint8_t row_i = 0;
  uint8_t valid_o = 0;
  uint8_t row_o = 0;
  GroupWords words_i{};
  GroupWords sums_o{};  // half as many, a bit wider

  // Registers; words as the RTL has them, word 0 in the lowest bits.
  uint8_t valid_q = 0;
  uint8_t row_q = 0;
  BitVector words_q;

  // The outputs: from the registers alone.
  void propagate() {
    valid_o = valid_q;
    row_o = row_q;
    if (!valid_q) return;
    for (uint32_t i = 0; i < count_ / 2; ++i) {
      sums_o[i] = static_cast<uint64_t>(word(2 * i) + word(2 * i + 1)) & low_mask(width_ + 1);
    }
  }

  void update(bool rst) {
    valid_q = !rst && valid_i;
    if (rst || !valid_i) return;
    row_q = row_i;
    for (uint32_t i = 0; i < count_; ++i) {
      set_wide_field(words_q.words.data(), i * width_, width_, words_i[i]);
    }
  }

 private:
  int64_t word(uint32_t i) const {
    return sign_extend(get_wide_field(words_q.words.data(), i * width_, width_), width_);
  }

  uint32_t count_;
  uint32_t width_;
};

// With one group there is no stage and nothing to add; a PE goes without it.
class Reduce {
 public:
  explicit Reduce(const Config& config) {
    for (uint32_t l = 0; config.groups >> l > 1; ++l) {
      stage.emplace_back(config.groups >> l, config.acc_width + l);
    }
  }

  // Ports. words_i need be set with wb_read_i only.
  uint8_t wb_read_i = 0;
  uint8_t wb_row_i = 0;
  uint8_t sum_valid_o = 0;
  uint8_t sum_row_o = 0;
  GroupWords words_i{};
  uint64_t sum_o = 0;

  std::vector<ReduceStage> stage;

  void propagate() {
    propagate_state();
    propagate_inputs();
  }

  // The outputs that follow from the registers: all of them.
  void propagate_state() {
    for (ReduceStage& s : stage) s.propagate();
    const ReduceStage& last = stage.back();
    sum_valid_o = last.valid_o;
    sum_row_o = last.row_o;
    sum_o = last.sums_o[0];
  }

  void propagate_inputs() {
    stage[0].valid_i = wb_read_i;
    if (wb_read_i) {
      stage[0].row_i = wb_row_i;
      stage[0].words_i = words_i;
    }
    for (size_t l = 1; l < stage.size(); ++l) {
      stage[l].valid_i = stage[l - 1].valid_o;
      if (!stage[l].valid_i) continue;
      stage[l].row_i = stage[l - 1].row_o;
      stage[l].words_i = stage[l - 1].sums_o;
    }
  }

  void update(bool rst) {
    for (ReduceStage& s : stage) s.update(rst);
  }
};

}  // namespace sparsys::eie
