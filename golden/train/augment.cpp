// SPDX-License-Identifier: Apache-2.0
#include "golden/train/augment.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "golden/base/input_value.hpp"

namespace sparsys {
namespace {

template <typename T>
void shift(const T* image, int64_t rows, int64_t cols, int64_t dx, int64_t dy, float background,
           float* pixels) {
  std::fill_n(pixels, rows * cols, background);
  const int64_t width = cols - std::abs(dx);
  if (width <= 0) return;
  for (int64_t r = std::max<int64_t>(0, dy); r < std::min(rows, rows + dy); ++r) {
    std::copy_n(image + (r - dy) * cols + std::max<int64_t>(0, -dx), width,
                pixels + r * cols + std::max<int64_t>(0, dx));
  }
}

// Pixel (x, y) becomes the image's value at the affine map of it.
template <typename T>
void resample(const T* image, int64_t rows, int64_t cols, float angle, float scale, float dx,
              float dy, float background, float* pixels) {
  const float c = std::cos(angle) / scale;
  const float s = std::sin(angle) / scale;
  const float middle_x = 0.5F * static_cast<float>(cols - 1);
  const float middle_y = 0.5F * static_cast<float>(rows - 1);
  const auto at = [&](int64_t x, int64_t y) {
    return x < 0 || y < 0 || x >= cols || y >= rows ? background
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
        to[i] = input_value(static_cast<float>(from[i * elements + e]), scale, offset);
      }
    }
  }
}

}  // namespace

Augmentation::Augmentation(const Dataset& data, const TrainOptions& options, float background)
    : options_(options),
      planes_(static_cast<int64_t>(data.planes())),
      rows_(data.rows()),
      cols_(data.cols()),
      active_(data.shape.size() > 1 &&
              (options.max_shift > 0 || options.max_rotation > 0 || options.max_scale > 0)),
      background_(background) {}

void Augmentation::run(Samples image, Random& random, float* pixels) const {
  image.bytes() != nullptr ? run_on(image.bytes(), random, pixels)
                           : run_on(image.floats(), random, pixels);
}

template <typename T>
void Augmentation::run_on(const T* image, Random& random, float* pixels) const {
  const int64_t size = rows_ * cols_;
  if (!active_ || random.uniform() >= options_.shift_probability) {
    std::copy_n(image, planes_ * size, pixels);
    return;
  }
  if (options_.max_rotation == 0 && options_.max_scale == 0) {
    const auto most = static_cast<int64_t>(options_.max_shift);
    const uint64_t steps = 2 * uint64_t{options_.max_shift} + 1;
    const int64_t dx = static_cast<int64_t>(random.below(steps)) - most;
    const int64_t dy = static_cast<int64_t>(random.below(steps)) - most;
    for (int64_t p = 0; p < planes_; ++p) {
      shift(image + p * size, rows_, cols_, dx, dy, background_, pixels + p * size);
    }
    return;
  }
  constexpr float kDegree = 3.14159265F / 180;
  const auto most = static_cast<float>(options_.max_shift);
  const float dx = random.uniform(-most, most);
  const float dy = random.uniform(-most, most);
  const float angle = kDegree * random.uniform(-options_.max_rotation, options_.max_rotation);
  const float scale = 1 + random.uniform(-options_.max_scale, options_.max_scale);
  for (int64_t p = 0; p < planes_; ++p) {
    resample(image + p * size, rows_, cols_, angle, scale, dx, dy, background_, pixels + p * size);
  }
}

float background_of(const Dataset& data) {
  if (!data.bytes() || data.shape.size() < 2) return 0;
  const size_t rows = data.rows();
  const size_t cols = data.cols();
  std::array<uint64_t, 256> occurs{};
  for (const uint8_t* plane = data.train.bytes.data();
       plane != data.train.bytes.data() + data.train.bytes.size(); plane += rows * cols) {
    for (size_t c = 0; c < cols; ++c) {
      ++occurs[plane[c]];
      ++occurs[plane[(rows - 1) * cols + c]];
    }
    for (size_t r = 0; r < rows; ++r) {
      ++occurs[plane[r * cols]];
      ++occurs[plane[r * cols + cols - 1]];
    }
  }
  return static_cast<float>(std::max_element(occurs.begin(), occurs.end()) - occurs.begin());
}

void load_input(const Network& network, Samples samples, Tape& tape) {
  samples.bytes() != nullptr ? load(network, samples.bytes(), tape)
                             : load(network, samples.floats(), tape);
}

}  // namespace sparsys
