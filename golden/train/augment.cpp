// SPDX-License-Identifier: Apache-2.0
#include "golden/train/augment.hpp"

#include <algorithm>
#include <cmath>

namespace sparsys {
namespace {

void shift(const uint8_t* image, int64_t rows, int64_t cols, int64_t dx, int64_t dy,
           float* pixels) {
  std::fill_n(pixels, rows * cols, 0.0F);
  const int64_t width = cols - std::abs(dx);
  if (width <= 0) return;
  for (int64_t r = std::max<int64_t>(0, dy); r < std::min(rows, rows + dy); ++r) {
    std::copy_n(image + (r - dy) * cols + std::max<int64_t>(0, -dx), width,
                pixels + r * cols + std::max<int64_t>(0, dx));
  }
}

// Pixel (x, y) becomes the image's value at the affine map of it.
void resample(const uint8_t* image, int64_t rows, int64_t cols, float angle, float scale, float dx,
              float dy, float* pixels) {
  const float c = std::cos(angle) / scale;
  const float s = std::sin(angle) / scale;
  const float middle_x = 0.5F * static_cast<float>(cols - 1);
  const float middle_y = 0.5F * static_cast<float>(rows - 1);
  const auto at = [&](int64_t x, int64_t y) {
    return x < 0 || y < 0 || x >= cols || y >= rows ? 0.0F
                                                    : static_cast<float>(image[y * cols + x]);
  };
  for (int64_t row = 0; row < rows; ++row) {
    const float v = static_cast<float>(row) - middle_y - dy;
    for (int64_t column = 0; column < cols; ++column) {
      const float u = static_cast<float>(column) - middle_x - dx;
      const float x = c * u + s * v + middle_x;
      const float y = c * v - s * u + middle_y;
      const float left = std::floor(x);
      const float top = std::floor(y);
      const auto x0 = static_cast<int64_t>(left);
      const auto y0 = static_cast<int64_t>(top);
      const float fx = x - left;
      const float fy = y - top;
      const float upper = (1 - fx) * at(x0, y0) + fx * at(x0 + 1, y0);
      const float lower = (1 - fx) * at(x0, y0 + 1) + fx * at(x0 + 1, y0 + 1);
      pixels[row * cols + column] = (1 - fy) * upper + fy * lower;
    }
  }
}

// Samples become innermost. In blocks, so that few lines of the cache are written at a time.
template <typename T>
void load(const Network& network, const T* images, Tape& tape) {
  constexpr int64_t kBlock = 16;
  const int64_t samples = tape.samples();
  const int64_t elements = element_count(network.input_shape);
  const float scale = network.input_scale;
  const float offset = network.input_offset;
  float* input = tape.value(0);
  for (int64_t first = 0; first < samples; first += kBlock) {
    const int64_t count = std::min(kBlock, samples - first);
    const T* from = images + first * elements;
    for (int64_t e = 0; e < elements; ++e) {
      float* to = input + e * samples + first;
      for (int64_t i = 0; i < count; ++i) {
        to[i] = static_cast<float>(from[i * elements + e]) * scale + offset;
      }
    }
  }
}

}  // namespace

bool augments(const TrainOptions& options) {
  return options.max_shift > 0 || options.max_rotation > 0 || options.max_scale > 0;
}

void augment(const uint8_t* image, uint32_t rows, uint32_t cols, const TrainOptions& options,
             Random& random, float* pixels) {
  if (!augments(options) || random.uniform() >= options.shift_probability) {
    std::copy_n(image, size_t{rows} * cols, pixels);
    return;
  }
  if (options.max_rotation == 0 && options.max_scale == 0) {
    const auto most = static_cast<int64_t>(options.max_shift);
    const uint64_t steps = 2 * uint64_t{options.max_shift} + 1;
    const int64_t dx = static_cast<int64_t>(random.below(steps)) - most;
    const int64_t dy = static_cast<int64_t>(random.below(steps)) - most;
    shift(image, rows, cols, dx, dy, pixels);
    return;
  }
  constexpr float kDegree = 3.14159265F / 180;
  const auto most = static_cast<float>(options.max_shift);
  const float dx = random.uniform(-most, most);
  const float dy = random.uniform(-most, most);
  const float angle = kDegree * random.uniform(-options.max_rotation, options.max_rotation);
  const float scale = 1 + random.uniform(-options.max_scale, options.max_scale);
  resample(image, rows, cols, angle, scale, dx, dy, pixels);
}

void load_input(const Network& network, const float* images, Tape& tape) {
  load(network, images, tape);
}

void load_input(const Network& network, const uint8_t* images, Tape& tape) {
  load(network, images, tape);
}

}  // namespace sparsys
