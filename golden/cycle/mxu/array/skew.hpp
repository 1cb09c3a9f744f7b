// SPDX-License-Identifier: Apache-2.0
// The triangles of registers before and behind the systolic array: every lane of a row through its
// own number of registers, loaded every cycle, without reset (docs/reference/mxu-timing.md sections
// 3, 4, 8).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace sparsys::mxu {

// Lane l of `lanes` is delayed by l cycles (kRising), or by lanes - 1 - l.
//
// A lane's registers stand side by side, the one next to its input first, in a buffer with room in
// front of them: a shift is one value written in front of the others, and only when the room is
// used up do all of them move back.
template <class Word, bool kRising>
class Skew {
 public:
  explicit Skew(uint32_t lanes) : lanes_(lanes), out_(lanes) {
    for (uint32_t lane = 0; lane < lanes; ++lane) {
      start_.push_back(buffer_.size());
      if (delay(lane)) buffer_.resize(buffer_.size() + kRoom + delay(lane));
    }
  }

  // The row at the output, while `in` (lanes values) is at the input.
  const Word* propagate(const Word* in) {
    for (uint32_t lane = 0; lane < lanes_; ++lane) {
      const uint32_t d = delay(lane);
      out_[lane] = d ? buffer_[start_[lane] + room_ + d - 1] : in[lane];
    }
    return out_.data();
  }

  void update(const Word* in) {
    if (room_ == 0) move_back();
    --room_;
    for (uint32_t lane = 0; lane < lanes_; ++lane) {
      if (delay(lane)) buffer_[start_[lane] + room_] = in[lane];
    }
  }

  uint32_t delay(uint32_t lane) const { return kRising ? lane : lanes_ - 1 - lane; }
  // All delay(lane) registers of a lane; until the next update().
  const Word* regs(uint32_t lane) const { return &buffer_[start_[lane] + room_]; }
  // Register `stage` of a lane, 0 <= stage < delay(lane): 0 is the one next to the input.
  Word reg(uint32_t lane, uint32_t stage) const { return regs(lane)[stage]; }

 private:
  static constexpr uint32_t kRoom = 64;

  void move_back() {
    room_ = kRoom;
    for (uint32_t lane = 0; lane < lanes_; ++lane) {
      const auto first = buffer_.begin() + static_cast<std::ptrdiff_t>(start_[lane]);
      std::copy_backward(first, first + delay(lane), first + kRoom + delay(lane));
    }
  }

  uint32_t lanes_;
  uint32_t room_ = kRoom;
  std::vector<std::size_t> start_;  // of each lane's part of the buffer
  std::vector<Word> buffer_;
  std::vector<Word> out_;
};

}  // namespace sparsys::mxu
