// SPDX-License-Identifier: Apache-2.0
// Arithmetic of the format's reference kernels that tables are filled with. Internal to
// golden/format/tflite.
#pragma once

#include <cstdint>
#include <functional>

#include "golden/format/int8/builder.hpp"
#include "golden/format/tflite/file.hpp"

namespace sparsys::tflite {

// value * factor, rounded twice: the high half of the doubled product, half up, then what is
// shifted off, half away from 0. The factor is below 1.
int32_t twice_rounded(int32_t value, int8::Fixed factor);

// A function of one real number, in 32-bit floats; none if the operator is no such function.
std::function<float(float)> real_function(BuiltinOperator code, const Operator& table);

// x * relu6(x + 3) / 6 in 16-bit fixed point.
class HardSwish {
 public:
  HardSwish(float in_scale, float out_scale);

  // Whether the kernel takes these scales.
  bool is_defined() const { return out_exponent_ <= 0; }
  // Of steps above the input's zero point: steps above the output's, not bounded.
  int32_t at(int16_t steps) const;

 private:
  int16_t out_multiplier_ = 0;
  int out_exponent_ = 0;
  int16_t relu_multiplier_ = 0;
  int relu_exponent_ = 0;
};

}  // namespace sparsys::tflite
