// SPDX-License-Identifier: Apache-2.0
#include "golden/engine/top/conversion.hpp"

#include <cmath>
#include <string>

#include "golden/base/error.hpp"

namespace sparsys::top {

Conversion conversion_of(float scale, int8_t zero, int frac) {
  const double factor = std::ldexp(static_cast<double>(scale), frac);
  const auto multiplier = [factor](int right) {
    return std::floor(std::ldexp(factor, right) + 0.5);
  };
  int right = 31;
  while (right > 0 && multiplier(right) > UINT16_MAX) --right;
  if (!(multiplier(right) >= 1 && multiplier(right) <= UINT16_MAX)) {
    throw Error("conversion to 16 bits: a byte's step of " + std::to_string(factor) +
                " of the fixed point's, expected 2^-31 to 65535");
  }
  Conversion conversion;
  conversion.multiplier = static_cast<uint16_t>(multiplier(right));
  conversion.right = static_cast<uint8_t>(right);
  conversion.zero = zero;
  return conversion;
}

}  // namespace sparsys::top
