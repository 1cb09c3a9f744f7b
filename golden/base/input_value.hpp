// SPDX-License-Identifier: Apache-2.0
// How values of samples become inputs, and numbers whole ones: the one rule each that float, int8
// and fixed point follow.
#pragma once

#include <cmath>

namespace sparsys {

// What value v of a sample, a pixel of 0..255 or any number, is to a network of this scale and
// offset. In float, as networks are trained and run, or in double where whole numbers are made of
// it.
template <typename Real>
Real input_value(Real v, float scale, float offset) {
  return v * Real{scale} + Real{offset};
}

// The nearest whole number, halves up: floor(x + 1/2).
inline double round_half_up(double x) { return std::floor(x + 0.5); }

}  // namespace sparsys
