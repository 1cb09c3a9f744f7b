// SPDX-License-Identifier: Apache-2.0
// Conversion of a word's elements between signed bytes and 16 bits, six cycles
// (docs/reference/top-units-timing.md section 1).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "golden/base/bits.hpp"

namespace sparsys::top {

class ConvertLane {
 public:
  // Ports.
  uint8_t to_bytes_i = 0;
  uint16_t multiplier_i = 0;
  uint8_t right_i = 0;
  uint8_t zero_i = 0;
  uint16_t value_i = 0;

  // Registers.
  uint16_t a_q = 0;
  uint16_t high_q = 0, low_q = 0;
  uint32_t middle_q = 0;  // 18 bits
  uint32_t product_q = 0;
  uint32_t shifted_q = 0;
  uint8_t half_q = 0;
  uint64_t sum_q = 0;  // 33 bits
  uint16_t result_q = 0;

  void update() {
    const auto signed_byte = [](uint32_t bits) {
      return static_cast<int32_t>(sign_extend(bits, 8));
    };
    const int64_t sum = sign_extend(sum_q, 33);
    const int64_t least = to_bytes_i ? INT8_MIN : INT16_MIN,
                  most = to_bytes_i ? INT8_MAX : INT16_MAX;
    result_q = static_cast<uint16_t>(std::clamp(sum, least, most) & (to_bytes_i ? 0xFF : 0xFFFF));
    sum_q = static_cast<uint64_t>(sign_extend(shifted_q, 32) + half_q +
                                  (to_bytes_i ? signed_byte(zero_i) : 0)) &
            low_mask(33);
    shifted_q = static_cast<uint32_t>(static_cast<int32_t>(product_q) >> right_i);
    half_q = right_i == 0 ? 0 : product_q >> (right_i - 1) & 1;
    product_q = static_cast<uint32_t>(sign_extend(high_q, 16)) * 65536 + low_q +
                static_cast<uint32_t>(sign_extend(middle_q, 18)) * 256;
    const int32_t h = signed_byte(a_q >> 8), l = a_q & 0xFF;
    const int32_t mh = multiplier_i >> 8, ml = multiplier_i & 0xFF;
    high_q = static_cast<uint16_t>(h * mh);
    low_q = static_cast<uint16_t>(l * ml);
    middle_q = static_cast<uint32_t>(l * mh + h * ml) & 0x3FFFF;
    a_q = to_bytes_i ? value_i
                     : static_cast<uint16_t>(signed_byte(value_i & 0xFF) - signed_byte(zero_i));
  }
};

class Convert {
 public:
  static constexpr uint32_t kStages = 6;

  explicit Convert(uint32_t lanes) : lane(lanes) {}

  // Ports. A word has 16 bits a lane.
  uint8_t to_bytes_i = 0;
  uint16_t multiplier_i = 0;
  uint8_t right_i = 0;
  uint8_t zero_i = 0;
  uint8_t valid_i = 0;
  uint8_t last_i = 0;
  uint64_t word_i = 0;
  uint8_t valid_o() const { return valid_q >> (kStages - 1) & 1; }
  uint8_t last_o() const { return last_q >> (kStages - 1) & 1; }
  uint64_t word_o() const {
    uint64_t word = 0;
    for (size_t e = 0; e < lane.size(); ++e) word |= uint64_t{lane[e].result_q} << (16 * e);
    return word;
  }

  // Registers: of entry n bit n.
  uint8_t valid_q = 0, last_q = 0;

  std::vector<ConvertLane> lane;

  void update(bool rst) {
    for (size_t e = 0; e < lane.size(); ++e) {
      ConvertLane& l = lane[e];
      l.to_bytes_i = to_bytes_i;
      l.multiplier_i = multiplier_i;
      l.right_i = right_i;
      l.zero_i = zero_i;
      l.value_i = static_cast<uint16_t>(word_i >> (16 * e));
      l.update();
    }
    const uint8_t mask = (1U << kStages) - 1;
    last_q = static_cast<uint8_t>((last_q << 1 | last_i) & mask);
    valid_q = rst ? 0 : static_cast<uint8_t>((valid_q << 1 | valid_i) & mask);
  }
};

}  // namespace sparsys::top
