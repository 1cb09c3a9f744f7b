// SPDX-License-Identifier: Apache-2.0
// What the sparse engine stores for an accumulator, as arithmetic (docs/reference/eie-format.md
// section 7).
#pragma once

#include <algorithm>
#include <cstdint>

namespace sparsys::eie {

// Shifted right by `shift` bits, 0 to 31, halves rounded up; saturated to 16 bits; with `relu` not
// below 0.
inline int16_t write_back(int64_t acc, int shift, bool relu) {
  // floor(acc / 2^shift + 1/2) = floor((acc + 2^(shift - 1)) / 2^shift), and floor(acc) for shift
  // 0.
  const int64_t divisor = int64_t{1} << shift;
  const int64_t rounded = acc + divisor / 2;
  int64_t y = rounded / divisor;
  if (rounded % divisor < 0) --y;
  y = std::clamp<int64_t>(y, -32768, 32767);
  return static_cast<int16_t>(relu && y < 0 ? 0 : y);
}

}  // namespace sparsys::eie
