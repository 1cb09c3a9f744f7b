// SPDX-License-Identifier: Apache-2.0
#include "golden/function/mxu/operators.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "golden/base/error.hpp"

namespace sparsys::mxu {
namespace {

void check_size(size_t found, size_t expected, const char* what) {
  if (found == expected) return;
  throw Error(std::string(what) + ": " + std::to_string(found) + " elements, expected " +
              std::to_string(expected));
}

// Unsigned, so that it wraps.
int32_t dot(const int8_t* a, const int8_t* b, size_t count) {
  uint32_t sum = 0;
  for (size_t i = 0; i < count; ++i) sum += static_cast<uint32_t>(int32_t{a[i]} * int32_t{b[i]});
  return static_cast<int32_t>(sum);
}

int8_t table_value(double value) {
  return static_cast<int8_t>(std::clamp(std::floor(value + 0.5), -128.0, 127.0));
}

// How often a window lies within a padded line, counted one by one: not the formula that the
// compiler goes by.
uint32_t positions(uint32_t size, const Window& window, size_t side) {
  uint32_t count = 0;
  const uint64_t padded = uint64_t{window.pad[side]} + size + window.pad[side + 2];
  for (uint64_t end = uint64_t{window.kernel[side] - 1} * window.dilation[side] + 1; end <= padded;
       end += window.stride[side]) {
    ++count;
  }
  return count;
}

int32_t with_bias(int32_t accumulator, int32_t bias) {
  return static_cast<int32_t>(
      std::clamp<int64_t>(int64_t{accumulator} + bias, INT32_MIN, INT32_MAX));
}

// A map whose pixels stand in every n-th line and column, the input's zero point between them.
std::vector<int32_t> moved_apart(const Layer& layer, const std::vector<int8_t>& input) {
  const size_t height = size_t{layer.height} * layer.apart[0];
  const size_t width = size_t{layer.width} * layer.apart[1];
  std::vector<int32_t> map(layer.channels * height * width, layer.input_zero);
  size_t from = 0;
  for (size_t c = 0; c < layer.channels; ++c) {
    for (size_t y = 0; y < height; y += layer.apart[0]) {
      for (size_t x = 0; x < width; x += layer.apart[1]) {
        map[(c * height + y) * width + x] = input[from++];
      }
    }
  }
  return map;
}

// floor(value / 2^bits + 1/2) and the same with halves away from zero, by division.
int64_t half_up(int64_t value, uint32_t bits) {
  const int64_t divisor = int64_t{1} << bits;
  const int64_t more = value + divisor / 2;
  return more / divisor - (more % divisor < 0 ? 1 : 0);
}
int64_t half_away(int64_t value, uint32_t bits) {
  return value < 0 ? -half_up(-value, bits) : half_up(value, bits);
}

}  // namespace

std::vector<int32_t> multiply(const std::vector<int8_t>& inputs, const std::vector<int8_t>& weights,
                              size_t rows, size_t terms, size_t outputs) {
  check_size(inputs.size(), rows * terms, "inputs");
  check_size(weights.size(), outputs * terms, "weights");
  std::vector<int32_t> sums(rows * outputs);
  for (size_t r = 0; r < rows; ++r) {
    for (size_t o = 0; o < outputs; ++o) {
      sums[r * outputs + o] = dot(&inputs[r * terms], &weights[o * terms], terms);
    }
  }
  return sums;
}

std::vector<int32_t> convolve(const Layer& layer, const std::vector<int8_t>& input) {
  check_size(input.size(), layer.inputs(), "input");
  if (layer.kind == Kind::kPool) return moved_apart(layer, input);
  const size_t terms = layer.terms();
  const Window& w = layer.window;
  const uint32_t height = positions(layer.height, w, 0);
  const uint32_t width = positions(layer.width, w, 1);
  const size_t pixels = size_t{height} * width;
  const uint32_t group_inputs = layer.channels / layer.groups;
  const uint32_t group_outputs = layer.outputs / layer.groups;
  std::vector<int32_t> sums(layer.outputs * pixels);
  std::vector<int8_t> patch(terms * layer.groups);  // in the order of an output's weights
  for (uint32_t oy = 0; oy < height; ++oy) {
    for (uint32_t ox = 0; ox < width; ++ox) {
      size_t t = 0;
      for (uint32_t c = 0; c < layer.channels; ++c) {
        for (uint32_t ky = 0; ky < w.kernel[0]; ++ky) {
          const int64_t y = int64_t{oy} * w.stride[0] + int64_t{ky} * w.dilation[0] - w.pad[0];
          for (uint32_t kx = 0; kx < w.kernel[1]; ++kx, ++t) {
            const int64_t x = int64_t{ox} * w.stride[1] + int64_t{kx} * w.dilation[1] - w.pad[1];
            const bool inside = y >= 0 && y < layer.height && x >= 0 && x < layer.width;
            patch[t] =
                inside ? input[(size_t{c} * layer.height + static_cast<size_t>(y)) * layer.width +
                               static_cast<size_t>(x)]
                       : layer.input_zero;
          }
        }
      }
      const size_t pixel = size_t{oy} * width + ox;
      const size_t taps = terms / group_inputs;
      for (size_t o = 0; o < layer.outputs; ++o) {
        const size_t first = o / group_outputs * group_inputs * taps;
        sums[o * pixels + pixel] = dot(&patch[first], &layer.weights[o * terms], terms);
      }
    }
  }
  return sums;
}

int64_t rounded_product(int32_t v, int32_t multiplier, uint32_t shift, Rounding rounding) {
  const int64_t product = int64_t{v} * multiplier;
  // A shift to the left comes before the high half is taken, so that nothing is rounded twice.
  if (rounding == Rounding::kSingle || shift < 31) return half_up(product, shift);
  const int64_t high = std::min<int64_t>(half_up(product, 31), INT32_MAX);
  return half_away(high, shift - 31);
}

int32_t requantise(int32_t accumulator, int32_t bias, int32_t multiplier, uint32_t shift,
                   Rounding rounding) {
  const int64_t r = rounded_product(with_bias(accumulator, bias), multiplier, shift, rounding);
  return static_cast<int32_t>(std::clamp<int64_t>(r, -512, 511));
}

int32_t add(const std::array<int32_t, 2>& values, const std::array<int32_t, 2>& bias,
            const std::array<int32_t, 3>& multiplier, const std::array<uint32_t, 3>& shift,
            Rounding rounding) {
  constexpr uint32_t kLeft = 20;
  uint32_t sum = 0;
  for (size_t i = 0; i < 2; ++i) {
    const uint32_t v = static_cast<uint32_t>(with_bias(values[i], bias[i])) << kLeft;
    sum += static_cast<uint32_t>(
        rounded_product(static_cast<int32_t>(v), multiplier[i], shift[i], rounding));
  }
  return requantise(static_cast<int32_t>(sum), 0, multiplier[2], shift[2], rounding);
}

int8_t apply(Function function, int32_t r10, int8_t zero, int8_t low, int8_t high) {
  const int32_t steps = std::clamp(r10, -128, 127);
  switch (function) {
    case Function::kSigmoid:
      return table_value(256 / (1 + std::exp(-steps / 16.0)) - 128);
    case Function::kTanh:
      return table_value(128 * std::tanh(steps / 32.0));
    default: {
      const int32_t least = function == Function::kRelu ? std::max(low, zero) : low;
      const int32_t value = r10 + zero;
      if (value < least) return static_cast<int8_t>(least);
      return static_cast<int8_t>(std::min<int32_t>(value, high));
    }
  }
}

int8_t pool_max(const std::vector<int8_t>& values) {
  if (values.empty()) throw Error("pooling of nothing");
  return *std::max_element(values.begin(), values.end());
}

int8_t pool_average(const std::vector<int8_t>& values, Rounding rounding) {
  if (values.empty() || values.size() > 255) {
    throw Error("average of " + std::to_string(values.size()) + " values, expected 1 to 255");
  }
  int32_t sum = 0;
  for (const int8_t value : values) sum += value;
  const auto n = static_cast<int32_t>(values.size());
  if (rounding == Rounding::kDouble) {
    return static_cast<int8_t>((sum > 0 ? sum + n / 2 : sum - n / 2) / n);
  }
  // floor(sum / n + 1/2) = floor((2 sum + n) / 2 n).
  int32_t mean = (2 * sum + n) / (2 * n);
  if ((2 * sum + n) % (2 * n) < 0) --mean;
  return static_cast<int8_t>(mean);
}

namespace {

std::vector<int8_t> pool_maps(const Layer& layer, const std::vector<int8_t>& bytes, uint32_t height,
                              uint32_t width) {
  const size_t pixels = size_t{height} * width;
  const Window& pool = layer.pool;
  const uint32_t out_h = positions(height, pool, 0);
  const uint32_t out_w = positions(width, pool, 1);
  std::vector<int8_t> output;
  output.reserve(size_t{layer.outputs} * out_h * out_w);
  std::vector<int8_t> window;
  for (size_t o = 0; o < layer.outputs; ++o) {
    for (uint32_t oy = 0; oy < out_h; ++oy) {
      for (uint32_t ox = 0; ox < out_w; ++ox) {
        window.clear();
        for (uint32_t ky = 0; ky < pool.kernel[0]; ++ky) {
          const int64_t y = int64_t{oy} * pool.stride[0] + ky - pool.pad[0];
          for (uint32_t kx = 0; kx < pool.kernel[1]; ++kx) {
            const int64_t x = int64_t{ox} * pool.stride[1] + kx - pool.pad[1];
            if (y < 0 || y >= height || x < 0 || x >= width) continue;
            window.push_back(
                bytes[o * pixels + static_cast<size_t>(y) * width + static_cast<size_t>(x)]);
          }
        }
        output.push_back(layer.pooling == Pooling::kMax ? pool_max(window)
                                                        : pool_average(window, layer.rounding));
      }
    }
  }
  return output;
}

}  // namespace

std::vector<int8_t> activate(const Layer& layer, const std::vector<int32_t>& accumulators) {
  const uint32_t height = layer.apart[0] * positions(layer.height, layer.window, 0);
  const uint32_t width = layer.apart[1] * positions(layer.width, layer.window, 1);
  const size_t pixels = size_t{height} * width;
  check_size(accumulators.size(), layer.outputs * pixels, "accumulators");
  std::vector<int8_t> bytes(accumulators.size());
  const bool one = layer.kind == Kind::kPool;
  for (size_t o = 0; o < layer.outputs; ++o) {
    const size_t at = one ? 0 : o;
    const int32_t bias = one ? -layer.input_zero : layer.bias[o];
    for (size_t p = o * pixels; p < (o + 1) * pixels; ++p) {
      bytes[p] = apply(
          layer.function,
          requantise(accumulators[p], bias, layer.multiplier[at], layer.shift[at], layer.rounding),
          layer.output_zero, layer.low, layer.high);
    }
  }
  return layer.pooling == Pooling::kNone ? bytes : pool_maps(layer, bytes, height, width);
}

std::vector<int8_t> run_layer(const Layer& layer,
                              const std::vector<const std::vector<int8_t>*>& inputs) {
  check_size(inputs.size(), std::max<size_t>(layer.sources.size(), 1), "inputs");
  switch (layer.kind) {
    case Kind::kReshape:
      check_size(inputs[0]->size(), layer.inputs(), "input");
      return *inputs[0];
    case Kind::kConcat: {
      // Channels are the slowest: behind one another they are the whole.
      std::vector<int8_t> all;
      for (const auto* input : inputs) all.insert(all.end(), input->begin(), input->end());
      check_size(all.size(), layer.output_elements(), "inputs");
      return all;
    }
    case Kind::kAdd: {
      for (const auto* input : inputs) check_size(input->size(), layer.inputs(), "input");
      const std::array<int32_t, 2> bias{-layer.input_zero, -layer.second_zero};
      std::vector<int8_t> sums;
      for (size_t i = 0; i < layer.inputs(); ++i) {
        const int32_t r10 = add({(*inputs[0])[i], (*inputs[1])[i]}, bias,
                                {layer.multiplier[0], layer.multiplier[1], layer.multiplier[2]},
                                {layer.shift[0], layer.shift[1], layer.shift[2]}, layer.rounding);
        sums.push_back(apply(layer.function, r10, layer.output_zero, layer.low, layer.high));
      }
      return sums;
    }
    default:
      return activate(layer, convolve(layer, *inputs[0]));
  }
}

}  // namespace sparsys::mxu
