// SPDX-License-Identifier: Apache-2.0
// Random tests: values, and seeds that are printed and rerun alone (docs/method/verification.md).
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "golden/base/bits.hpp"
#include "tb/support/random_network.hpp"

namespace sparsys {

// Random values with a bias to where things go wrong.
class Dice {
 public:
  explicit Dice(uint64_t seed) : random_(seed) {}
  uint64_t next() { return random_(); }
  // 0 .. n-1.
  uint64_t below(uint64_t n) { return random_() % n; }
  uint64_t between(uint64_t low, uint64_t high) { return low + below(high - low + 1); }
  bool chance(uint32_t percent) { return below(100) < percent; }
  uint64_t bits(uint32_t width) { return random_() & low_mask(width); }
  // A word with a good share of the largest, the smallest and the least.
  uint64_t word(uint32_t width) {
    const uint64_t most = low_mask(width - 1);
    switch (below(10)) {
      case 0:
        return most;
      case 1:
        return most + 1;
      case 2:
        return low_mask(width);
      case 3:
        return below(3);
      case 4:
        return (most + 1 + below(5) - 2) & low_mask(width);
      default:
        return bits(width);
    }
  }

 private:
  std::mt19937_64 random_;
};

// The seeds of a randomised test: 1 .. count, or the one in SPARSYS_SEED alone.
inline std::vector<uint64_t> test_seeds(uint64_t count) {
  if (seed_is_given()) return {seed_from_environment(0)};
  std::vector<uint64_t> seeds;
  for (uint64_t seed = 1; seed <= count; ++seed) seeds.push_back(seed);
  return seeds;
}

// Runs `body` once for every seed, until a failure.
inline void for_seeds(uint64_t count, const std::function<void(uint64_t seed)>& body) {
  for (const uint64_t seed : test_seeds(count)) {
    SCOPED_TRACE("SPARSYS_SEED=" + std::to_string(seed));
    body(seed);
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace sparsys
