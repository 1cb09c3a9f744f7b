// SPDX-License-Identifier: Apache-2.0
#include "golden/format/tflite/kernels.hpp"

#include <algorithm>
#include <cmath>

namespace sparsys::tflite {
namespace {

// To nearest, half away from 0.
int32_t divided(int32_t value, int bits) {
  const auto more = static_cast<int64_t>(bits == 0 ? 0 : int64_t{1} << (bits - 1));
  const int64_t size = std::abs(int64_t{value});
  const auto rounded = static_cast<int32_t>((size + more) >> bits);
  return value < 0 ? -rounded : rounded;
}

int16_t saturated(int64_t value) {
  return static_cast<int16_t>(std::clamp<int64_t>(value, INT16_MIN, INT16_MAX));
}

// High half of the doubled product, rounded half away from 0 but for halves below 0, which go up.
int16_t high_half(int16_t a, int16_t b) {
  if (a == b && a == INT16_MIN) return INT16_MAX;
  const int32_t product = int32_t{a} * b;
  const int32_t nudge = product >= 0 ? 1 << 14 : 1 - (1 << 14);
  return static_cast<int16_t>((product + nudge) / (1 << 15));
}

// The high 16 bits of the 32-bit multiplier, and its shift to the left.
void narrow_multiplier(float factor, int16_t& multiplier, int& exponent) {
  const double fraction = std::frexp(double{factor}, &exponent);
  auto wide = static_cast<int64_t>(std::llround(fraction * 0x1p31));
  if (wide == int64_t{1} << 31) {
    wide /= 2;
    ++exponent;
  }
  constexpr int64_t kHalf = 1 << 15;
  multiplier = static_cast<int16_t>(std::min<int64_t>((wide + kHalf) >> 16, INT16_MAX));
}

}  // namespace

int32_t twice_rounded(int32_t value, int8::Fixed factor) {
  const int64_t product = int64_t{value} * factor.multiplier;
  const auto high = static_cast<int32_t>((product + (int64_t{1} << 30)) >> 31);
  return divided(high, factor.shift - 31);
}

std::function<float(float)> real_function(BuiltinOperator code, const Operator& table) {
  switch (code) {
    case BuiltinOperator::RELU:
      return [](float x) { return std::max(x, 0.0F); };
    case BuiltinOperator::RELU6:
      return [](float x) { return std::clamp(x, 0.0F, 6.0F); };
    case BuiltinOperator::RELU_N1_TO_1:
      return [](float x) { return std::clamp(x, -1.0F, 1.0F); };
    case BuiltinOperator::RELU_0_TO_1:
      return [](float x) { return std::clamp(x, 0.0F, 1.0F); };
    case BuiltinOperator::ELU:
      return [](float x) { return x < 0 ? std::expm1(x) : x; };
    case BuiltinOperator::LOGISTIC:
      return [](float x) { return 1 / (1 + std::exp(-x)); };
    case BuiltinOperator::TANH:
      return [](float x) { return std::tanh(x); };
    case BuiltinOperator::HARD_SWISH:
      return [](float x) { return x * std::clamp(x + 3, 0.0F, 6.0F) / 6; };
    case BuiltinOperator::EXP:
      return [](float x) { return std::exp(x); };
    case BuiltinOperator::ABS:
      return [](float x) { return std::abs(x); };
    case BuiltinOperator::NEG:
      return [](float x) { return -x; };
    case BuiltinOperator::SQUARE:
      return [](float x) { return x * x; };
    case BuiltinOperator::SQRT:
      return [](float x) { return std::sqrt(x); };
    case BuiltinOperator::RSQRT:
      return [](float x) { return 1 / std::sqrt(x); };
    case BuiltinOperator::LEAKY_RELU: {
      const auto* options = table.builtin_options_as<LeakyReluOptions>();
      if (options == nullptr) return nullptr;
      return [alpha = options->alpha()](float x) { return x > 0 ? x : x * alpha; };
    }
    case BuiltinOperator::GELU: {
      const auto* options = table.builtin_options_as<GeluOptions>();
      if (options != nullptr && options->approximate()) {
        return [](float x) {
          const float inner = 0.7978845608028654F * (x + 0.044715F * x * x * x);
          return 0.5F * x * (1 + std::tanh(inner));
        };
      }
      return [](float x) { return 0.5F * x * std::erfc(x * -0.70710678118654752440F); };
    }
    default:
      return nullptr;
  }
}

HardSwish::HardSwish(float in_scale, float out_scale) {
  const float fine = (1.0F / 128.0F) * in_scale;
  narrow_multiplier(fine / out_scale, out_multiplier_, out_exponent_);
  narrow_multiplier(fine / (3.0F / 32768.0F), relu_multiplier_, relu_exponent_);
}

int32_t HardSwish::at(int16_t steps) const {
  const auto fine = static_cast<int16_t>(steps * 128);
  const int16_t scaled = high_half(fine, out_multiplier_);
  int16_t relu = fine;
  if (relu_exponent_ > 0) relu = saturated(int64_t{relu} * (int64_t{1} << (relu_exponent_ - 1)));
  relu = high_half(relu, relu_multiplier_);
  if (relu_exponent_ > 0) relu = saturated(int64_t{relu} * 2);
  if (relu_exponent_ < 0) relu = static_cast<int16_t>(divided(relu, -relu_exponent_));
  relu = static_cast<int16_t>((relu + (1 << 15)) >> 1);
  const auto product = static_cast<int16_t>(int32_t{relu} * scaled / (1 << 15));
  return divided(product, -out_exponent_);
}

}  // namespace sparsys::tflite
