// SPDX-License-Identifier: Apache-2.0
// The triangles of registers before and behind the systolic array: every lane of a row through its
// own number of registers, loaded every cycle, without reset (docs/mxu-timing.md sections 3, 4, 8).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sparsys {

// Lane l of `lanes` is delayed by l cycles (kRising), or by lanes - 1 - l.
//
// The registers are kept by the cycle in which they come out, in a ring of rows: a value moves
// once, to the row that stands at the output when its time has come.
template <class Word, bool kRising>
class mxu_skew {
 public:
  explicit mxu_skew(uint32_t lanes) : lanes_(lanes), ring_(std::size_t{lanes} * lanes) {}

  // The row at the output, while `in` (lanes values) is at the input.
  const Word* propagate(const Word* in) {
    const uint32_t direct = kRising ? 0 : lanes_ - 1;  // the lane without a register
    row(now_)[direct] = in[direct];
    return row(now_);
  }

  void update(const Word* in) {
    for (uint32_t lane = 0; lane < lanes_; ++lane) {
      const uint32_t d = delay(lane);
      if (d) row(wrap(now_ + d))[lane] = in[lane];
    }
    now_ = wrap(now_ + 1);
  }

  uint32_t delay(uint32_t lane) const { return kRising ? lane : lanes_ - 1 - lane; }
  // Register `stage` of a lane, 0 <= stage < delay(lane): 0 is the one next to the input.
  Word reg(uint32_t lane, uint32_t stage) const {
    const uint32_t slot = wrap(now_ + delay(lane) - 1 - stage);
    return ring_[std::size_t{slot} * lanes_ + lane];
  }

 private:
  uint32_t wrap(uint32_t slot) const { return slot >= lanes_ ? slot - lanes_ : slot; }
  Word* row(uint32_t slot) { return &ring_[std::size_t{slot} * lanes_]; }

  uint32_t lanes_;
  uint32_t now_ = 0;
  std::vector<Word> ring_;
};

}  // namespace sparsys
