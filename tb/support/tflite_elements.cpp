// SPDX-License-Identifier: Apache-2.0
// Operators that take each element by itself: models of them, and what the reference kernels make
// of their bytes.
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "tb/support/tflite_models.hpp"
#include "tb/support/tflite_reference.hpp"

namespace sparsys {

using tflite::Activation;
using tflite::BuiltinOperator;
using tflite::TensorType;
using Op = TfliteModel::Op;
using Tensor = TfliteModel::Tensor;
using Values = std::vector<int32_t>;

namespace {

constexpr int32_t kSumBits = 20;

int32_t zero_of(const Tensor& t) { return static_cast<int32_t>(t.zero.at(0)); }

// Index of a constant beside element i: by channel, or the only one.
size_t beside(const Values& second, size_t i) { return second.size() == 1 ? 0 : i % second.size(); }

// What the kernels fill a table of 256 bytes with.
template <typename F>
int32_t table_entry(F function, const Tensor& in, int32_t x, const Tensor& out) {
  const float real = in.scale[0] * static_cast<float>(x - zero_of(in));
  const float inverse = 1.0F / out.scale[0];
  const float steps = std::round(function(real) * inverse);
  const auto made = static_cast<int32_t>(steps + static_cast<float>(zero_of(out)));
  const int32_t low = out.type == TensorType::UINT8 ? 0 : -128;
  return std::max(std::min(low + 255, made), low);
}

// ---- 16-bit fixed point of HARD_SWISH ----

int16_t saturating_left(int16_t value, int amount) {
  const int64_t made = static_cast<int64_t>(value) << amount;
  if (made > 32767) return 32767;
  return made < -32768 ? int16_t{-32768} : static_cast<int16_t>(made);
}

// Round of a * b / 2^15, a tie going away from 0 for positive products and towards it for others.
int16_t doubling_high(int16_t a, int16_t b) {
  const double exact = static_cast<double>(a) * b / 32768.0;
  const double rounded = std::floor(exact + 0.5);
  return rounded > 32767 ? int16_t{32767} : static_cast<int16_t>(rounded);
}

int16_t upper_half(int32_t multiplier) {
  return multiplier >= 0x7FFFFFFF - 32768 ? int16_t{32767}
                                          : static_cast<int16_t>((multiplier + 32768) >> 16);
}

int32_t hard_swish(const Tensor& in, int32_t x, const Tensor& out) {
  const float fine_scale = (1.0F / 128.0F) * in.scale[0];
  const reference::Multiplier to_out = reference::multiplier_of(fine_scale / out.scale[0]);
  const reference::Multiplier to_relu = reference::multiplier_of(fine_scale / (3.0F / 32768.0F));
  const auto fine = static_cast<int16_t>((x - zero_of(in)) * 128);
  const int16_t before_shift = doubling_high(fine, upper_half(to_out.value));
  int16_t relu = fine;
  if (to_relu.shift > 0) relu = saturating_left(relu, to_relu.shift - 1);
  relu = doubling_high(relu, upper_half(to_relu.value));
  if (to_relu.shift > 0) relu = saturating_left(relu, 1);
  if (to_relu.shift < 0) {
    relu = static_cast<int16_t>(reference::divide_by_power(relu, -to_relu.shift));
  }
  const auto zero_to_one = static_cast<int16_t>((relu + 32768) / 2);
  // Towards 0, as a quotient of integers is.
  const auto product = static_cast<int16_t>(int32_t{zero_to_one} * before_shift / 32768);
  return reference::divide_by_power(product, -to_out.shift) + zero_of(out);
}

int32_t sum(const Op& op, const Tensor& ta, int32_t a, const Tensor& tb, int32_t b,
            const Tensor& out) {
  const double twice = 2 * std::max(double{ta.scale[0]}, double{tb.scale[0]});
  const int32_t sa = reference::multiply_twice_rounded(
      (a - zero_of(ta)) * (1 << kSumBits), reference::multiplier_of(double{ta.scale[0]} / twice));
  const int32_t sb = reference::multiply_twice_rounded(
      (b - zero_of(tb)) * (1 << kSumBits), reference::multiplier_of(double{tb.scale[0]} / twice));
  const int32_t both = op.code == BuiltinOperator::SUB ? sa - sb : sa + sb;
  return reference::multiply_twice_rounded(
             both, reference::multiplier_of(twice / ((1 << kSumBits) * double{out.scale[0]}))) +
         zero_of(out);
}

// Products of scales are those of 32-bit floats here.
int32_t leaky(const Tensor& in, int32_t x, float slope, int32_t steps, const Tensor& out) {
  const int32_t value = x - zero_of(in);
  const float factor = value >= 0 ? in.scale[0] / out.scale[0] : in.scale[0] * slope / out.scale[0];
  return reference::multiply_twice_rounded(value >= 0 ? value : value * steps,
                                           reference::multiplier_of(double{factor})) +
         zero_of(out);
}

}  // namespace

int32_t bounded_by(const Op& op, const Tensor& out, int32_t value) {
  int32_t low = out.type == TensorType::UINT8 ? 0 : -128;
  int32_t high = low + 255;
  const int32_t zero = zero_of(out);
  const bool relu6 = op.activation == Activation::RELU6 || op.code == BuiltinOperator::RELU6;
  if (relu6 || op.activation == Activation::RELU || op.code == BuiltinOperator::RELU) {
    low = std::max(low, zero);
  }
  if (relu6) high = std::min(high, zero + static_cast<int32_t>(std::round(6 / out.scale[0])));
  return std::clamp(value, low, high);
}

Values run_element_operator(const Op& op, const Tensor& in, const Values& x, const Tensor& other,
                            const Values& second, const Tensor& out) {
  Values y;
  for (size_t i = 0; i < x.size(); ++i) {
    int32_t made = 0;
    switch (op.code) {
      case BuiltinOperator::QUANTIZE:
        made = reference::multiply_twice_rounded(
                   x[i] - zero_of(in),
                   reference::multiplier_of(double{in.scale[0]} / double{out.scale[0]})) +
               zero_of(out);
        break;
      case BuiltinOperator::RELU:
      case BuiltinOperator::RELU6:
      case BuiltinOperator::LEAKY_RELU:
        made = leaky(in, x[i], op.code == BuiltinOperator::LEAKY_RELU ? op.alpha : 1, 1, out);
        break;
      case BuiltinOperator::PRELU:
        made = leaky(in, x[i], other.scale[0], second[beside(second, i)] - zero_of(other), out);
        break;
      case BuiltinOperator::TANH:
        made = table_entry([](float v) { return std::tanh(v); }, in, x[i], out);
        break;
      case BuiltinOperator::LOGISTIC:
        made = table_entry([](float v) { return 1.0F / (1.0F + std::exp(-v)); }, in, x[i], out);
        break;
      case BuiltinOperator::HARD_SWISH:
        made = hard_swish(in, x[i], out);
        break;
      case BuiltinOperator::ADD:
      case BuiltinOperator::SUB:
        made = sum(op, in, x[i], other, second[beside(second, i)], out);
        break;
      case BuiltinOperator::MUL: {
        const float factor = in.scale[0] * other.scale[0] / out.scale[0];
        const int32_t by = second[beside(second, i)] - zero_of(other);
        made = reference::multiply_twice_rounded((x[i] - zero_of(in)) * by,
                                                 reference::multiplier_of(double{factor})) +
               zero_of(out);
        break;
      }
      default:
        throw std::logic_error("an operator without a reference");
    }
    y.push_back(bounded_by(op, out, made));
  }
  return y;
}

// ---- models ----

int32_t TfliteModel::slopes(Random& random, int32_t least, int32_t most, float scale) {
  const int32_t channels = random.below(2) == 0 ? 1 : tensor(output).shape.back();
  std::vector<int32_t> values;
  for (int32_t c = 0; c < channels; ++c) {
    values.push_back(least +
                     static_cast<int32_t>(random.below(static_cast<uint64_t>(most - least + 1))));
  }
  return constant({1, 1, channels}, TensorType::INT8, std::move(values), {scale});
}

Op& TfliteModel::requantise(BuiltinOperator code, Random& random) {
  const std::vector<int32_t> shape = tensor(output).shape;
  int32_t from = output;
  switch (code) {
    case BuiltinOperator::LOGISTIC:
      return add(code, {from}, value(shape, 1.0F / 256, -128));
    case BuiltinOperator::TANH:
      return add(code, {from}, value(shape, 1.0F / 128, 0));
    case BuiltinOperator::PRELU: {
      const int32_t beside = slopes(random, -127, 127, random.uniform(0.001F, 0.01F));
      return add(code, {from, beside}, after(random, shape, Activation::NONE));
    }
    case BuiltinOperator::LEAKY_RELU: {
      Op& op = add(code, {from}, after(random, shape, Activation::NONE));
      op.alpha = random.below(8) == 0 ? 0 : random.uniform(0.01F, 0.5F);
      return op;
    }
    case BuiltinOperator::ELU: {
      add(BuiltinOperator::DEQUANTIZE, {from}, value(shape, 0, 0, TensorType::FLOAT32));
      from = output;
      add(code, {from}, value(shape, 0, 0, TensorType::FLOAT32));
      from = output;
      return add(BuiltinOperator::QUANTIZE, {from}, after(random, shape, Activation::NONE));
    }
    default:
      return add(code, {from}, after(random, shape, Activation::NONE));
  }
}

Op& TfliteModel::with_constant(BuiltinOperator code, Random& random) {
  const int32_t from = output;
  const int32_t by = slopes(random, -100, 100, random.uniform(0.005F, 0.03F));
  // A factor is a weight: a byte when its zero point is taken off.
  tensors.back().zero[0] = static_cast<int64_t>(random.below(20)) - 10;
  return add(code, {from, by}, after(random, tensor(from).shape, Activation::NONE));
}

}  // namespace sparsys
