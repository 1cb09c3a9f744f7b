// SPDX-License-Identifier: Apache-2.0
// Arithmetic of the reference kernels of .tflite files, from its public definition (gemmlowp's
// fixed point): written for the tests, apart from every model of the matrix unit.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace sparsys::reference {

struct Multiplier {
  int32_t value = 0;
  int shift = 0;  // to the left; to the right below 0
};

inline Multiplier multiplier_of(double real) {
  Multiplier made;
  if (real == 0) return made;
  const double fraction = std::frexp(real, &made.shift);
  auto fixed = static_cast<int64_t>(std::round(fraction * (int64_t{1} << 31)));
  if (fixed == int64_t{1} << 31) {
    fixed /= 2;
    ++made.shift;
  }
  if (made.shift < -31) return {};
  made.value = static_cast<int32_t>(fixed);
  return made;
}

// The high half of the doubled product, rounded: its nudge has the product's sign.
inline int32_t doubling_high_multiply(int32_t a, int32_t b) {
  if (a == b && a == INT32_MIN) return INT32_MAX;
  const int64_t product = int64_t{a} * b;
  const int64_t nudge = product >= 0 ? int64_t{1} << 30 : 1 - (int64_t{1} << 30);
  return static_cast<int32_t>((product + nudge) / (int64_t{1} << 31));
}

// To nearest, half away from zero.
inline int32_t divide_by_power(int32_t x, int exponent) {
  const auto mask = static_cast<int32_t>((int64_t{1} << exponent) - 1);
  const int32_t remainder = x & mask;
  const int32_t threshold = (mask >> 1) + (x < 0 ? 1 : 0);
  return (x >> exponent) + (remainder > threshold ? 1 : 0);
}

inline int32_t multiply_twice_rounded(int32_t x, Multiplier m) {
  const int left = std::max(m.shift, 0);
  const int right = std::max(-m.shift, 0);
  return divide_by_power(doubling_high_multiply(x * (1 << left), m.value), right);
}

inline int32_t multiply_once_rounded(int32_t x, Multiplier m) {
  const int total = 31 - m.shift;
  return static_cast<int32_t>((int64_t{x} * m.value + (int64_t{1} << (total - 1))) >> total);
}

// To nearest, half away from zero.
inline int32_t divide(int32_t sum, int32_t count) {
  return sum > 0 ? (sum + count / 2) / count : (sum - count / 2) / count;
}

}  // namespace sparsys::reference
