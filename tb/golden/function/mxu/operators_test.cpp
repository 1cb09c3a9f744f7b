// SPDX-License-Identifier: Apache-2.0
// The matrix unit's arithmetic: rounding, saturation, functions and pooling at their edges, and
// convolutions against sums written down term by term.
#include "golden/function/mxu/operators.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "golden/base/error.hpp"
#include "tb/support/random_mxu_network.hpp"
#include "tb/support/seeds.hpp"

namespace sparsys::mxu {
namespace {

TEST(MxuRequantise, TiesGoUp) {
  for (const int32_t sign : {1, -1}) {
    EXPECT_EQ(requantise(sign * 4, 0, 1, 1), sign * 2);
    EXPECT_EQ(requantise(4, 0, sign * 1, 1), sign * 2);
  }
  EXPECT_EQ(requantise(5, 0, 1, 1), 3);
  EXPECT_EQ(requantise(-5, 0, 1, 1), -2);
  EXPECT_EQ(requantise(-1, 0, 1, 1), 0);
  EXPECT_EQ(requantise(1, 0, 1, 1), 1);
  EXPECT_EQ(requantise(7, 0, 1, 2), 2);
  EXPECT_EQ(requantise(-7, 0, 1, 2), -2);
  EXPECT_EQ(requantise(6, 0, 1, 2), 2);
  EXPECT_EQ(requantise(-6, 0, 1, 2), -1);
}

TEST(MxuRequantise, ShiftZeroIsExact) {
  for (int32_t a = -600; a <= 600; ++a) {
    EXPECT_EQ(requantise(a, 0, 1, 0), std::min(511, std::max(-512, a)));
    EXPECT_EQ(requantise(a, 3, -1, 0), std::min(511, std::max(-512, -(a + 3))));
  }
}

TEST(MxuRequantise, LargestShift) {
  // 2^31 * 2^31 / 2^62 is 1; below a half of that nothing is left.
  EXPECT_EQ(requantise(INT32_MIN, 0, INT32_MIN, 62), 1);
  EXPECT_EQ(requantise(INT32_MAX, 0, INT32_MIN, 62), -1);
  EXPECT_EQ(requantise(1 << 30, 0, INT32_MIN, 62), 0);  // -1/2 goes up
  EXPECT_EQ(requantise((1 << 30) + 1, 0, INT32_MIN, 62), -1);
  EXPECT_EQ(requantise(-(1 << 30), 0, INT32_MIN, 62), 1);  // +1/2 goes up
  EXPECT_EQ(requantise(-(1 << 30) + 1, 0, INT32_MIN, 62), 0);
  EXPECT_EQ(requantise(INT32_MAX, 0, 1, 62), 0);
  EXPECT_EQ(requantise(INT32_MIN, 0, 1, 62), 0);
}

TEST(MxuRequantise, BiasSaturates) {
  EXPECT_EQ(requantise(INT32_MAX, INT32_MAX, 1, 30), 2);  // not the 4 of a wider sum
  EXPECT_EQ(requantise(INT32_MAX, INT32_MAX, 1 << 30, 58), 8);
  EXPECT_EQ(requantise(INT32_MIN, INT32_MIN, 1 << 30, 58), -8);
  EXPECT_EQ(requantise(INT32_MAX, INT32_MAX, INT32_MAX, 0), 511);
  EXPECT_EQ(requantise(INT32_MIN, INT32_MIN, INT32_MAX, 0), -512);
  EXPECT_EQ(requantise(INT32_MIN, -1, INT32_MIN, 0), 511);
}

// One rounding of the exact product, in floating point wide enough for it.
TEST(MxuRequantise, RandomAgainstExactQuotient) {
  for_seeds(20, [](uint64_t seed) {
    Dice dice(seed);
    for (int i = 0; i < 5000; ++i) {
      const auto a = static_cast<int32_t>(dice.word(32));
      const auto bias = static_cast<int32_t>(dice.chance(50) ? 0 : dice.word(32));
      const auto multiplier = static_cast<int32_t>(dice.word(32));
      const auto shift = static_cast<uint32_t>(dice.below(63));
      const long double v = std::min<long double>(
          INT32_MAX, std::max<long double>(INT32_MIN, static_cast<long double>(a) + bias));
      const long double quotient = std::ldexp(v * multiplier, -static_cast<int>(shift));
      long double r = std::floor(quotient);
      if (quotient - r >= 0.5L) r += 1;
      r = std::min(511.0L, std::max(-512.0L, r));
      ASSERT_EQ(requantise(a, bias, multiplier, shift), static_cast<int32_t>(r))
          << a << " " << bias << " " << multiplier << " " << shift;
    }
  });
}

TEST(MxuFunctions, ClampAndRelu) {
  EXPECT_EQ(apply(Function::kIdentity, 511, 0, -128, 127), 127);
  EXPECT_EQ(apply(Function::kIdentity, -512, 0, -128, 127), -128);
  EXPECT_EQ(apply(Function::kIdentity, 255, -128, -128, 127), 127);
  EXPECT_EQ(apply(Function::kIdentity, -255, 127, -128, 127), -128);
  EXPECT_EQ(apply(Function::kIdentity, 40, 2, -10, 30), 30);
  EXPECT_EQ(apply(Function::kIdentity, -40, 2, -10, 30), -10);
  EXPECT_EQ(apply(Function::kRelu, -1, 5, -128, 127), 5);
  EXPECT_EQ(apply(Function::kRelu, 3, 5, -128, 127), 8);
  EXPECT_EQ(apply(Function::kRelu, -9, 5, 7, 127), 7);
  EXPECT_EQ(apply(Function::kRelu, 9, 5, 7, 10), 10);
  // Below `low` wins over above `high`, as the zero point may be above it.
  EXPECT_EQ(apply(Function::kRelu, -9, 20, -128, 10), 20);
}

TEST(MxuFunctions, TablesAreTheSameAndWithinTheirError) {
  double worst_tanh = 0;
  double worst_sigmoid = 0;
  for (int32_t i = -128; i <= 127; ++i) {
    const int t = apply(Function::kTanh, i, 0, 0, 0);
    EXPECT_EQ(apply(Function::kSigmoid, i, 99, -3, 3), t);
    // Anywhere in the step.
    for (double part = -0.5; part <= 0.5; part += 0.0625) {
      worst_tanh = std::max(worst_tanh, std::abs(std::tanh((i + part) / 32) - t / 128.0));
      worst_sigmoid = std::max(worst_sigmoid,
                               std::abs(1 / (1 + std::exp(-(i + part) / 16)) - (t + 128) / 256.0));
    }
  }
  // The largest output of all is 127/128 or 255/256, for a limit of 1.
  EXPECT_LT(worst_tanh, 1.0 / 64 + 1.0 / 256);
  EXPECT_LT(worst_sigmoid, 1.0 / 128 + 1.0 / 512);
  EXPECT_GT(worst_tanh, 1.0 / 64);
  EXPECT_EQ(apply(Function::kTanh, 511, 0, 0, 0), apply(Function::kTanh, 127, 0, 0, 0));
  EXPECT_EQ(apply(Function::kTanh, -512, 0, 0, 0), apply(Function::kTanh, -128, 0, 0, 0));
  EXPECT_EQ(apply(Function::kTanh, 0, 0, 0, 0), 0);
}

TEST(MxuPooling, RoundsHalfUp) {
  EXPECT_EQ(pool_average({1, 2}), 2);
  EXPECT_EQ(pool_average({-1, -2}), -1);
  EXPECT_EQ(pool_average({-128, -128}), -128);
  EXPECT_EQ(pool_average({1, 0, 0, 0}), 0);
  EXPECT_EQ(pool_average({-1, -1, -1, 0}), -1);
  EXPECT_EQ(pool_max({-128, -5, -7}), -5);
  EXPECT_THROW(pool_max({}), Error);
  EXPECT_THROW(pool_average({}), Error);
  EXPECT_THROW(pool_average(std::vector<int8_t>(256)), Error);
}

TEST(MxuMultiply, ExtremesAndWrapping) {
  const size_t terms = 131072;  // 2^17 products of 2^14: exactly one too many for 32 bits
  const std::vector<int8_t> least(terms, -128);
  EXPECT_EQ(multiply(least, least, 1, terms, 1), std::vector<int32_t>{INT32_MIN});
  EXPECT_EQ(multiply({1, 2, 3, 4}, {-1, 0, 5, 127}, 2, 2, 2),
            (std::vector<int32_t>{-1, 259, -3, 523}));
  EXPECT_THROW(multiply({1, 2, 3}, {1, 2}, 2, 2, 1), Error);
  EXPECT_THROW(multiply({1, 2}, {1, 2, 3}, 1, 2, 1), Error);
}

// One output after another, from the definition.
std::vector<int32_t> convolved(const Layer& l, const std::vector<int8_t>& input) {
  std::vector<int32_t> sums;
  for (int64_t o = 0; o < l.outputs; ++o) {
    for (int64_t y = 0; y < l.conv_height(); ++y) {
      for (int64_t x = 0; x < l.conv_width(); ++x) {
        int64_t sum = 0;
        size_t w = static_cast<size_t>(o) * l.terms();
        for (int64_t c = 0; c < l.channels; ++c) {
          for (int64_t i = 0; i < l.window.kernel[0]; ++i) {
            for (int64_t j = 0; j < l.window.kernel[1]; ++j, ++w) {
              const int64_t iy = y * l.window.stride[0] - l.window.pad[0] + i;
              const int64_t ix = x * l.window.stride[1] - l.window.pad[1] + j;
              const bool out = iy < 0 || ix < 0 || iy >= l.height || ix >= l.width;
              const int64_t value =
                  out ? l.input_zero
                      : input[static_cast<size_t>((c * l.height + iy) * l.width + ix)];
              sum += l.weights[w] * value;
            }
          }
        }
        sums.push_back(static_cast<int32_t>(sum));
      }
    }
  }
  return sums;
}

TEST(MxuConvolve, RandomLayers) {
  for_seeds(150, [](uint64_t seed) {
    Dice dice(seed);
    const Network network = random_quantised(seed);
    check(network, "random");
    for (const Layer& layer : network.layers) {
      std::vector<int8_t> input(layer.inputs());
      for (int8_t& value : input) value = static_cast<int8_t>(dice.bits(8));
      const std::vector<int32_t> sums = convolve(layer, input);
      ASSERT_EQ(sums, convolved(layer, input));
      ASSERT_EQ(activate(layer, sums).size(), layer.output_elements());
      // The input's zero point in the bias is the same as taking it from every input and padding
      // with 0.
      Layer plain = layer;
      plain.input_zero = 0;
      std::vector<int8_t> small(input.size());
      for (size_t i = 0; i < input.size(); ++i) small[i] = static_cast<int8_t>(input[i] / 2);
      Layer shifted = layer;
      shifted.input_zero = 37;
      std::vector<int8_t> moved(input.size());
      for (size_t i = 0; i < input.size(); ++i) moved[i] = static_cast<int8_t>(small[i] + 37);
      const std::vector<int32_t> a = convolve(plain, small);
      const std::vector<int32_t> b = convolve(shifted, moved);
      const size_t pixels = a.size() / layer.outputs;
      for (size_t i = 0; i < a.size(); ++i) {
        int32_t sum = 0;
        for (size_t w = 0; w < layer.terms(); ++w) {
          sum += layer.weights[i / pixels * layer.terms() + w];
        }
        ASSERT_EQ(a[i], b[i] - 37 * sum);
      }
    }
  });
}

TEST(MxuActivate, PoolingByHand) {
  Layer layer;
  layer.channels = 1;
  layer.height = 3;
  layer.width = 4;
  layer.outputs = 1;
  layer.weights = {1};
  layer.bias = {0};
  layer.multiplier = {1};
  layer.shift = {0};
  layer.pooling = Pooling::kMax;
  layer.pool.kernel = {2, 2};
  layer.pool.stride = {2, 2};
  layer.pool.pad = {0, 0, 1, 0};
  const std::vector<int8_t> map = {1, 2, 3, 4, -5, 6, -7, 8, -9, -10, -11, -12};
  EXPECT_EQ(activate(layer, convolve(layer, map)), (std::vector<int8_t>{6, 8, -9, -11}));
  layer.pooling = Pooling::kAverage;
  layer.pool.kernel = {3, 2};
  layer.pool.pad = {};
  EXPECT_EQ(activate(layer, convolve(layer, map)), (std::vector<int8_t>{-2, -2}));  // -15/6, -15/6
  EXPECT_THROW(activate(layer, {1, 2}), Error);
  EXPECT_THROW(convolve(layer, {1, 2}), Error);
}

}  // namespace
}  // namespace sparsys::mxu
