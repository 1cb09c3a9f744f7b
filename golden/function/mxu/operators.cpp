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
uint32_t positions(uint32_t size, uint32_t before, uint32_t after, uint32_t kernel,
                   uint32_t stride) {
  uint32_t count = 0;
  for (uint64_t end = kernel; end <= uint64_t{before} + size + after; end += stride) ++count;
  return count;
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
  const size_t terms = layer.terms();
  const Window& w = layer.window;
  const uint32_t height = positions(layer.height, w.pad[0], w.pad[2], w.kernel[0], w.stride[0]);
  const uint32_t width = positions(layer.width, w.pad[1], w.pad[3], w.kernel[1], w.stride[1]);
  const size_t pixels = size_t{height} * width;
  std::vector<int32_t> sums(layer.outputs * pixels);
  std::vector<int8_t> patch(terms);  // in the order of an output's weights
  for (uint32_t oy = 0; oy < height; ++oy) {
    for (uint32_t ox = 0; ox < width; ++ox) {
      size_t t = 0;
      for (uint32_t c = 0; c < layer.channels; ++c) {
        for (uint32_t ky = 0; ky < w.kernel[0]; ++ky) {
          const int64_t y = int64_t{oy} * w.stride[0] + ky - w.pad[0];
          for (uint32_t kx = 0; kx < w.kernel[1]; ++kx, ++t) {
            const int64_t x = int64_t{ox} * w.stride[1] + kx - w.pad[1];
            const bool inside = y >= 0 && y < layer.height && x >= 0 && x < layer.width;
            patch[t] =
                inside ? input[(size_t{c} * layer.height + static_cast<size_t>(y)) * layer.width +
                               static_cast<size_t>(x)]
                       : layer.input_zero;
          }
        }
      }
      const size_t pixel = size_t{oy} * width + ox;
      for (size_t o = 0; o < layer.outputs; ++o) {
        sums[o * pixels + pixel] = dot(patch.data(), &layer.weights[o * terms], terms);
      }
    }
  }
  return sums;
}

int32_t requantise(int32_t accumulator, int32_t bias, int32_t multiplier, uint32_t shift) {
  const int64_t v = std::clamp<int64_t>(int64_t{accumulator} + bias, INT32_MIN, INT32_MAX);
  const int64_t divisor = int64_t{1} << shift;
  // floor(product / 2^shift + 1/2); shift 0 has no half.
  const int64_t rounded = v * multiplier + divisor / 2;
  int64_t r = rounded / divisor;
  if (rounded % divisor < 0) --r;
  return static_cast<int32_t>(std::clamp<int64_t>(r, -512, 511));
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

int8_t pool_average(const std::vector<int8_t>& values) {
  if (values.empty() || values.size() > 255) {
    throw Error("average of " + std::to_string(values.size()) + " values, expected 1 to 255");
  }
  int32_t sum = 0;
  for (const int8_t value : values) sum += value;
  // floor(sum / n + 1/2) = floor((2 sum + n) / 2 n).
  const auto n = static_cast<int32_t>(values.size());
  int32_t mean = (2 * sum + n) / (2 * n);
  if ((2 * sum + n) % (2 * n) < 0) --mean;
  return static_cast<int8_t>(mean);
}

std::vector<int8_t> activate(const Layer& layer, const std::vector<int32_t>& accumulators) {
  const Window& w = layer.window;
  const uint32_t height = positions(layer.height, w.pad[0], w.pad[2], w.kernel[0], w.stride[0]);
  const uint32_t width = positions(layer.width, w.pad[1], w.pad[3], w.kernel[1], w.stride[1]);
  const size_t pixels = size_t{height} * width;
  check_size(accumulators.size(), layer.outputs * pixels, "accumulators");
  std::vector<int8_t> bytes(accumulators.size());
  for (size_t o = 0; o < layer.outputs; ++o) {
    for (size_t p = o * pixels; p < (o + 1) * pixels; ++p) {
      bytes[p] =
          apply(layer.function,
                requantise(accumulators[p], layer.bias[o], layer.multiplier[o], layer.shift[o]),
                layer.output_zero, layer.low, layer.high);
    }
  }
  if (layer.pooling == Pooling::kNone) return bytes;
  const Window& pool = layer.pool;
  const uint32_t out_h =
      positions(height, pool.pad[0], pool.pad[2], pool.kernel[0], pool.stride[0]);
  const uint32_t out_w = positions(width, pool.pad[1], pool.pad[3], pool.kernel[1], pool.stride[1]);
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
        output.push_back(layer.pooling == Pooling::kMax ? pool_max(window) : pool_average(window));
      }
    }
  }
  return output;
}

}  // namespace sparsys::mxu
