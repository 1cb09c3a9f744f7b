// SPDX-License-Identifier: Apache-2.0
// The probability of a bit from several contexts: each has learnt one of its own from the bits that
// followed it, and these are mixed in the logistic domain by weights that learn too (Mahoney 2005).
// Integers alone.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "golden/format/arithmetic/bit_coder.hpp"

namespace sparsys::arithmetic {

// ln(p / (1 - p)) in 256ths, of p in 65,536ths, between -kMostLogit and kMostLogit; and back.
constexpr int kMostLogit = 2560;
int logit(uint32_t probability);
uint32_t probability_of(int logit);

// What has followed a context.
class Adaptive {
 public:
  // In 65,536ths, 1 to 65,535.
  uint32_t probability() const { return std::max(uint32_t{1}, value_ >> (kBits - 16)); }
  unsigned count() const { return count_; }
  // The first bits count most; at last a bit is worth one in 256.
  void add(int bit);

 private:
  static constexpr unsigned kBits = 24;
  uint32_t value_ = uint32_t{1} << (kBits - 1);
  uint16_t count_ = 0;
};

class Mixture {
 public:
  // How contexts are weighed: each at first, in 65,536ths, and the bits after which its probability
  // is trusted by half.
  struct Start {
    int32_t weight;
    int32_t trusted;
  };
  // sizes: of each context, how many values it has; sets: of weights.
  Mixture(const std::vector<size_t>& sizes, size_t sets, Start start = {11000, 4});

  // contexts: of each its value. Both coders have int code(int bit, uint32_t probability).
  template <typename Coder>
  int code(Coder& coder, int bit, const uint32_t* contexts, size_t set) {
    const uint32_t probability = predict(contexts, set);
    bit = coder.code(bit, probability);
    learn(bit, probability);
    return bit;
  }
  // What an ideal code has taken so far.
  double bits() const { return bits_; }

 private:
  uint32_t predict(const uint32_t* contexts, size_t set);
  void learn(int bit, uint32_t probability);

  int32_t trusted_;
  std::vector<std::vector<Adaptive>> tables_;
  std::vector<int32_t> weights_;  // in 65,536ths, sets x (tables + 1)
  std::vector<Adaptive*> at_;
  std::vector<int32_t> inputs_;  // one of each table, and a constant
  int32_t* used_ = nullptr;      // weights
  double bits_ = 0;
};

}  // namespace sparsys::arithmetic
