// SPDX-License-Identifier: Apache-2.0
// Functions of one value, element by element, and their slopes.
#pragma once

#include <cstdint>

#include "golden/network/network.hpp"

namespace sparsys {

// An operator with what its node says of it; is_function().
struct Function {
  Op op = Op::kRelu;
  float alpha = 1;
  float beta = 1;
};

// y = f(x) of `count` elements; x and y may be the same memory.
void apply(const Function& function, const float* x, float* y, int64_t count);
// Whether apply_back() needs no x, so that y may have its memory, and dx that of dy.
constexpr bool needs_result_only(Op op) {
  return op == Op::kRelu || op == Op::kSigmoid || op == Op::kTanh;
}
// dx += f'(x) dy, where y = f(x); if dx is dy, dx = f'(x) dy. Relu's y may have been multiplied by
// `keep` or zero behind the function: that is part of the slope then.
void apply_back(const Function& function, const float* x, const float* y, const float* dy,
                float* dx, int64_t count, float keep = 1);

}  // namespace sparsys
