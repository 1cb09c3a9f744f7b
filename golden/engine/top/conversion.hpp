// SPDX-License-Identifier: Apache-2.0
// Signed bytes to 16 bits of fixed point and back, bit-exact (docs/reference/top-format.md
// section 6).
#pragma once

#include <algorithm>
#include <cstdint>

namespace sparsys::top {

struct Conversion {
  uint16_t multiplier = 1;
  uint8_t right = 0;  // 0 to 31
  int8_t zero = 0;
};

// floor(v / 2^n + 1/2) for n above 0, v for 0.
constexpr int64_t half_up(int64_t v, uint32_t n) {
  return n == 0 ? v : (v + (int64_t{1} << (n - 1))) >> n;
}

constexpr int16_t to_fixed(int8_t b, const Conversion& c) {
  const int64_t x = half_up((int64_t{b} - c.zero) * c.multiplier, c.right);
  return static_cast<int16_t>(std::clamp<int64_t>(x, INT16_MIN, INT16_MAX));
}

constexpr int8_t to_byte(int16_t x, const Conversion& c) {
  const int64_t b = half_up(int64_t{x} * c.multiplier, c.right) + c.zero;
  return static_cast<int8_t>(std::clamp<int64_t>(b, INT8_MIN, INT8_MAX));
}

// The finest one with which a byte b, which stands for scale * (b - zero), becomes fixed point of
// `frac` bits behind the point. Throws Error if the multiplier has no bits for scale * 2^frac.
Conversion conversion_of(float scale, int8_t zero, int frac);

}  // namespace sparsys::top
