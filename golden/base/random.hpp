// SPDX-License-Identifier: Apache-2.0
// Random numbers that are the same with every standard library, unlike those of <random>'s
// distributions, so that a seed names one result.
#pragma once

#include <cmath>
#include <cstdint>

namespace sparsys {

// SplitMix64 (Steele 2014). Cheap to seed, so every sample can own a stream.
class Random {
 public:
  explicit Random(uint64_t seed, uint64_t stream = 0)
      : state_(mix(seed * 0x9E3779B97F4A7C15ULL + 0x632BE59BD9B4E019ULL) ^
               mix(stream + 0xD1B54A32D192ED03ULL)) {}

  uint64_t next() { return mix(state_ += 0x9E3779B97F4A7C15ULL); }
  // Uniform in [0, n), n > 0.
  uint64_t below(uint64_t n) { return static_cast<uint64_t>(uniform() * static_cast<double>(n)); }
  // Uniform in [0, 1).
  double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  float uniform(float low, float high) {
    return low + (high - low) * static_cast<float>(next() >> 40) * 0x1.0p-24F;
  }
  // Standard normal (Box and Muller).
  float normal() {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
    return static_cast<float>(radius * std::cos(6.283185307179586 * uniform()));
  }

 private:
  static uint64_t mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }
  uint64_t state_;
};

}  // namespace sparsys
