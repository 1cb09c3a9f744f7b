// SPDX-License-Identifier: Apache-2.0
// Operations that wait for other units, in front of a unit, and the unit's error state
// (docs/reference/mxu-timing.md section 6).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "golden/base/bits.hpp"
#include "golden/engine/mxu/instruction.hpp"

namespace sparsys::mxu {

// Codes of docs/reference/mxu-format.md section 5; 0 is none.
enum ErrorCode : uint8_t {
  kErrorOpcode = 1,
  kErrorLength = 2,
  kErrorBuffer = 3,
  kErrorAccumulators = 4,
  kErrorParameters = 5,
  kErrorWeights = 6,
  kErrorReserved = 7,
  kErrorAverage = 8,
  kErrorTooFarAhead = 9
};

// How many operations of each unit are to complete, in one word: 7, 4, 4, 4 bits, that of unit 0
// lowest.
struct UnitCounts {
  static constexpr std::array<uint8_t, kUnits> kBits{7, 4, 4, 4};
  static constexpr std::array<uint8_t, kUnits> kLowest{0, 7, 11, 15};

  static constexpr uint32_t largest(uint32_t unit) { return (1U << kBits[unit]) - 1; }
  static constexpr uint32_t one(uint32_t unit) { return 1U << kLowest[unit]; }
  static constexpr uint32_t get(uint32_t counts, uint32_t unit) {
    return counts >> kLowest[unit] & largest(unit);
  }
};

class OpQueue {
 public:
  static constexpr uint32_t kEntries = 4;

  // width: bits of an operation.
  explicit OpQueue(uint32_t width)
      : op_i((width + 31) / 32), op_q(kEntries * op_i.size()), width_(width) {}

  // Ports. What comes with push_i need be set with it only.
  uint8_t push_i = 0;
  std::vector<uint32_t> op_i;
  uint32_t number_i = 0;
  uint32_t wait_i = 0;
  std::array<uint8_t, kUnits> done_i{};
  uint8_t stop_i = 0;
  uint8_t can_i = 0;
  uint8_t code_i = 0;  // of op_o, if there is one
  uint8_t load_o = 0;
  bool empty_o() const { return count_q == 0; }
  bool full_o() const { return count_q == kEntries; }
  bool takes() const { return take_; }  // it is loaded or refused
  uint8_t error_o() const { return error_q; }
  const uint32_t* op_o() const { return op_q.data(); }
  bool blocked_o(uint32_t unit) const {
    return !empty_o() && UnitCounts::get(wait_q[0], unit) != 0;
  }

  // Registers; entry 0 is the next. Of `wait_q` UnitCounts, 19 bits an entry.
  uint8_t count_q = 0;
  std::vector<uint32_t> op_q;
  std::array<uint32_t, kEntries> number_q{};
  std::array<uint32_t, kEntries> wait_q{};
  uint8_t error_q = 0;
  uint32_t error_number_q = 0;

  uint32_t width() const { return width_; }

  void propagate() {
    take_ = can_i && !empty_o() && wait_q[0] == 0 && !stop_i;
    load_o = take_ && code_i == 0;
  }

  void update(bool rst) {
    if (rst) {
      count_q = error_q = 0;
      return;
    }
    if (take_ && code_i != 0) {
      error_q = code_i;
      error_number_q = number_q[0];
    }
    count_down();
    const size_t words = op_i.size();
    if (take_) {
      std::copy(op_q.begin() + words, op_q.end(), op_q.begin());
      std::copy(number_q.begin() + 1, number_q.end(), number_q.begin());
      std::copy(wait_q.begin() + 1, wait_q.end(), wait_q.begin());
      --count_q;
    }
    if (push_i) {
      std::copy(op_i.begin(), op_i.end(), op_q.begin() + count_q * words);
      number_q[count_q] = number_i;
      wait_q[count_q] = wait_i;
      ++count_q;
    }
  }

 private:
  void count_down() {
    for (uint32_t unit = 0; unit < kUnits; ++unit) {
      if (!done_i[unit]) continue;
      for (uint32_t& wait : wait_q) {
        if (UnitCounts::get(wait, unit) != 0) wait -= UnitCounts::one(unit);
      }
    }
  }

  uint32_t width_;
  bool take_ = false;  // from propagate() to update()
};

}  // namespace sparsys::mxu
