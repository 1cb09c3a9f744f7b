// SPDX-License-Identifier: Apache-2.0
#include "golden/data/synthetic_digits.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "golden/base/error.hpp"
#include "golden/base/random.hpp"
#include "golden/base/thread_pool.hpp"

namespace sparsys {
namespace {

constexpr int kSide = 28;
constexpr size_t kPixels = size_t{kSide} * kSide;
constexpr float kDegree = 0.017453293F;

struct Point {
  float x;
  float y;
};
using Stroke = std::vector<Point>;

// Outlines in a box of -0.5 .. 0.5, y downwards; parameters wobble by `loose`.
class Pen {
 public:
  Pen(Random& random, float loose) : random_(random), loose_(loose) {}

  bool chance(float probability) { return loose_ > 0 && random_.uniform(0, 1) < probability; }

  void move(float x, float y) { strokes_.push_back({{wobble(x), wobble(y)}}); }
  void line(float x, float y) {
    const Point from = strokes_.back().back();
    const Point to{wobble(x), wobble(y)};
    constexpr int kSteps = 5;
    for (int i = 1; i <= kSteps; ++i) {
      const float t = static_cast<float>(i) / kSteps;
      strokes_.back().push_back({from.x + t * (to.x - from.x), from.y + t * (to.y - from.y)});
    }
  }
  // Angles in degrees, clockwise from the right; goes on from the current stroke if there is one.
  void arc(float x, float y, float rx, float ry, float from, float to, bool continues) {
    if (!continues) strokes_.emplace_back();
    x = wobble(x);
    y = wobble(y);
    rx = wobble(rx);
    ry = wobble(ry);
    from += 150 * wobble(0);
    to += 150 * wobble(0);
    const int steps = std::max(3, static_cast<int>(std::abs(to - from) / 22));
    for (int i = 0; i <= steps; ++i) {
      const float a =
          kDegree * (from + (to - from) * static_cast<float>(i) / static_cast<float>(steps));
      strokes_.back().push_back({x + rx * std::cos(a), y + ry * std::sin(a)});
    }
  }

  std::vector<Stroke> take() { return std::move(strokes_); }

 private:
  float wobble(float v) { return v + loose_ * 0.032F * random_.normal(); }

  Random& random_;
  float loose_;
  std::vector<Stroke> strokes_;
};

std::vector<Stroke> outline(int digit, Random& random, float loose) {
  Pen pen(random, loose);
  switch (digit) {
    case 0:
      pen.arc(0, 0, 0.28F, 0.48F, -100, 260, false);
      break;
    case 1:
      if (pen.chance(0.35F)) {
        pen.move(-0.16F, -0.3F);
        pen.line(0.02F, -0.5F);
      } else {
        pen.move(0.02F, -0.5F);
      }
      pen.line(0, 0.5F);
      if (pen.chance(0.12F)) {
        pen.move(-0.17F, 0.5F);
        pen.line(0.17F, 0.5F);
      }
      break;
    case 2:
      pen.arc(0, -0.22F, 0.27F, 0.27F, -165, 35, false);
      if (pen.chance(0.4F)) {
        pen.arc(-0.17F, 0.38F, 0.1F, 0.1F, 60, 290, true);
        pen.line(0.32F, 0.48F);
      } else {
        pen.line(-0.27F, 0.48F);
        pen.line(0.3F, 0.47F);
      }
      break;
    case 3:
      pen.arc(-0.02F, -0.25F, 0.25F, 0.24F, -150, 85, false);
      pen.arc(-0.03F, 0.24F, 0.29F, 0.26F, -85, 150, true);
      break;
    case 4:
      if (pen.chance(0.5F)) {
        pen.move(-0.22F, -0.45F);
        pen.line(-0.27F, 0.05F);
        pen.line(0.28F, 0.02F);
        pen.move(0.2F, -0.48F);
        pen.line(0.14F, 0.5F);
      } else {
        pen.move(0.12F, -0.5F);
        pen.line(-0.3F, 0.14F);
        pen.line(0.32F, 0.13F);
        pen.move(0.12F, -0.45F);
        pen.line(0.11F, 0.5F);
      }
      break;
    case 5:
      pen.move(0.28F, -0.48F);
      pen.line(-0.18F, -0.46F);
      pen.line(-0.22F, -0.05F);
      pen.arc(-0.02F, 0.19F, 0.28F, 0.28F, -125, 145, true);
      break;
    case 6:
      pen.move(0.2F, -0.48F);
      pen.arc(0.15F, 0.1F, 0.4F, 0.5F, -115, -190, true);
      pen.arc(0.01F, 0.24F, 0.25F, 0.25F, 180, -180, true);
      break;
    case 7:
      pen.move(-0.28F, -0.46F);
      pen.line(0.27F, -0.48F);
      pen.line(-0.06F, 0.5F);
      if (pen.chance(0.15F)) {
        pen.move(-0.16F, 0.02F);
        pen.line(0.25F, 0);
      }
      break;
    case 8:
      pen.arc(0, -0.25F, 0.2F, 0.23F, 90, 450, false);
      pen.arc(0, 0.24F, 0.25F, 0.25F, -90, 270, true);
      break;
    default:
      pen.arc(-0.01F, -0.23F, 0.24F, 0.25F, 0, -360, false);
      if (pen.chance(0.5F)) {
        pen.line(0.2F, 0.5F);
      } else {
        pen.arc(-0.13F, 0, 0.36F, 0.48F, -10, 110, true);
      }
      break;
  }
  return pen.take();
}

void stamp(const Point& a, const Point& b, float radius, std::array<float, kPixels>& ink) {
  const float margin = radius + 1;
  const int x0 = std::max(0, static_cast<int>(std::floor(std::min(a.x, b.x) - margin)));
  const int x1 = std::min(kSide - 1, static_cast<int>(std::ceil(std::max(a.x, b.x) + margin)));
  const int y0 = std::max(0, static_cast<int>(std::floor(std::min(a.y, b.y) - margin)));
  const int y1 = std::min(kSide - 1, static_cast<int>(std::ceil(std::max(a.y, b.y) + margin)));
  const float dx = b.x - a.x;
  const float dy = b.y - a.y;
  const float length2 = std::max(1e-6F, dx * dx + dy * dy);
  for (int y = y0; y <= y1; ++y) {
    for (int x = x0; x <= x1; ++x) {
      const float px = static_cast<float>(x) - a.x;
      const float py = static_cast<float>(y) - a.y;
      const float t = std::min(1.0F, std::max(0.0F, (px * dx + py * dy) / length2));
      const float ex = px - t * dx;
      const float ey = py - t * dy;
      const float cover = radius + 0.5F - std::sqrt(ex * ex + ey * ey);
      float& pixel = ink[static_cast<size_t>(y * kSide + x)];
      pixel = std::max(pixel, std::min(1.0F, cover));
    }
  }
}

}  // namespace

void draw_digit(int digit, uint64_t seed, uint64_t stream, float difficulty, uint8_t* pixels) {
  Random random(seed, stream);
  const float d = difficulty;
  std::vector<Stroke> strokes = outline(digit, random, d);

  // Affine map to pixels.
  const float angle = kDegree * 10 * d * random.normal();
  const float shear = 0.15F * d * random.normal();
  const float size = 19.5F * (1 + 0.09F * d * random.normal());
  const float aspect = 1 + 0.13F * d * random.normal();
  const float centre_x = 13.5F + 1.1F * d * random.normal();
  const float centre_y = 13.5F + 1.1F * d * random.normal();
  const float c = std::cos(angle);
  const float s = std::sin(angle);
  // A few slow waves make the elastic distortion.
  struct Wave {
    float kx, ky, phase, ax, ay;
  };
  std::array<Wave, 3> waves;
  for (Wave& wave : waves) {
    wave = {random.uniform(-0.35F, 0.35F), random.uniform(-0.35F, 0.35F), random.uniform(0, 6.28F),
            0.65F * d * random.normal(), 0.65F * d * random.normal()};
  }
  for (Stroke& stroke : strokes) {
    for (Point& p : stroke) {
      const float x = (p.x + shear * -p.y) * size * aspect;
      const float y = p.y * size;
      const Point q{centre_x + c * x - s * y, centre_y + s * x + c * y};
      p = q;
      for (const Wave& wave : waves) {
        const float w = std::sin(wave.kx * q.x + wave.ky * q.y + wave.phase);
        p.x += wave.ax * w;
        p.y += wave.ay * w;
      }
    }
  }

  std::array<float, kPixels> ink{};
  const float radius = std::max(0.45F, 1.15F + 0.35F * d * random.normal());
  for (const Stroke& stroke : strokes) {
    for (size_t i = 0; i + 1 < stroke.size(); ++i) stamp(stroke[i], stroke[i + 1], radius, ink);
  }
  // A stray mark on some images, and a gap on others.
  if (random.uniform() < 0.1 * d) {
    const Point from{random.uniform(4, 24), random.uniform(4, 24)};
    const Point to{from.x + 4 * random.normal(), from.y + 4 * random.normal()};
    stamp(from, to, 0.7F * radius, ink);
  }
  if (random.uniform() < 0.15 * d) {
    const float x = random.uniform(6, 22);
    const float y = random.uniform(4, 24);
    const float gap = random.uniform(1.5F, 3.2F);
    for (size_t i = 0; i < kPixels; ++i) {
      const float ex = static_cast<float>(i % kSide) - x;
      const float ey = static_cast<float>(i / kSide) - y;
      ink[i] *= std::min(1.0F, std::max(0.0F, std::sqrt(ex * ex + ey * ey) - gap));
    }
  }
  const float strength = 255 * (1 - 0.3F * d * static_cast<float>(random.uniform()));
  for (size_t i = 0; i < kPixels; ++i) {
    float value = 0;
    if (ink[i] > 0) value = strength * ink[i] + 12 * d * random.normal();
    pixels[i] = static_cast<uint8_t>(std::min(255.0F, std::max(0.0F, value)));
  }
}

Dataset make_synthetic_digits(const SyntheticDigitsOptions& options) {
  constexpr uint32_t kMaxImages = 4000000;
  if (options.train_count > kMaxImages || options.test_count > kMaxImages) {
    throw Error(
        "synthetic digits: " + std::to_string(std::max(options.train_count, options.test_count)) +
        " images, expected at most " + std::to_string(kMaxImages));
  }
  if (!(options.difficulty >= 0 && options.difficulty <= 4)) {
    throw Error("synthetic digits: difficulty " + std::to_string(options.difficulty) +
                ", expected 0 to 4");
  }
  Dataset data;
  data.name = "synthetic";
  data.description = "synthetic digits (seed " + std::to_string(options.seed) + ")";
  data.shape = {kSide, kSide};
  data.classes = 10;
  ThreadPool pool(options.threads);
  const auto draw = [&](uint64_t set, uint32_t count, std::vector<uint8_t>& images,
                        std::vector<uint32_t>& labels) {
    images.resize(count * kPixels);
    labels.resize(count);
    constexpr size_t kPiece = 500;
    pool.run((count + kPiece - 1) / kPiece, [&](size_t piece) {
      for (size_t i = piece * kPiece; i < std::min<size_t>(count, (piece + 1) * kPiece); ++i) {
        const uint64_t stream = set << 32 | i;
        Random choice(options.seed ^ 0x5EED0FD161757ULL, stream);
        labels[i] = static_cast<uint32_t>(choice.below(10));
        draw_digit(static_cast<int>(labels[i]), options.seed, stream, options.difficulty,
                   images.data() + i * kPixels);
      }
    });
  };
  draw(1, options.train_count, data.train.bytes, data.train.labels);
  draw(2, options.test_count, data.test.bytes, data.test.labels);
  return data;
}

}  // namespace sparsys
