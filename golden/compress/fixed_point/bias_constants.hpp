// SPDX-License-Identifier: Apache-2.0
// Biases on the sparse engine are columns of constant inputs (golden/network/eie_network.hpp): sums
// of constants times codebook values that come near the biases.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace sparsys {

// What constants times codebook values can add up to.
struct Sum {
  int64_t value;
  uint32_t codes;  // 4 bits per constant, the first lowest; 0: no entry
};

// Entries that a sum's codes take.
int entries(uint32_t codes);

// All sums over constants[k] * codebook[code_k] whose products' sizes add up to `budget` at most,
// rising; of equal sums the one with fewest entries. At least the empty sum, 0. Up to 3 constants.
std::vector<Sum> all_sums(const std::array<int16_t, 16>& codebook,
                          const std::vector<int64_t>& constants, int64_t budget);

// Of sums that rise, at least one.
const Sum& nearest(const std::vector<Sum>& sums, double target);

// Picks `count` of the candidate constants (thinned out first) by coordinate descent, so that the
// sums come near all targets and the largest sum reaches `reach`. Without candidates all are 0.
std::vector<int64_t> choose_constants(const std::array<int16_t, 16>& codebook,
                                      const std::vector<int64_t>& candidates, unsigned count,
                                      const std::vector<double>& targets, double reach,
                                      int64_t budget);

// The constants of a layer and what can be made of them. They come in pairs: the first is chosen
// for the biases, the next for what that leaves, and so on.
class BiasConstants {
 public:
  static constexpr unsigned kMost = 6;
  // Of the accumulator, what the products of one row with the first pair may use up, with another,
  // and with so many constants.
  static constexpr int64_t kBudget = int64_t{1} << 29;
  static constexpr int64_t kFineBudget = int64_t{1} << 27;
  static constexpr int64_t budget(unsigned count) {
    return count == 0 ? 0 : kBudget + (count - 1) / kGroup * kFineBudget;
  }

  // None: all that can be made is 0.
  BiasConstants() = default;
  // Arguments as of choose_constants(); count at most kMost.
  BiasConstants(const std::array<int16_t, 16>& codebook, const std::vector<int64_t>& candidates,
                unsigned count, const std::vector<double>& targets, double reach);

  const std::vector<int64_t>& values() const { return values_; }
  // What comes nearest to a target.
  Sum make(double target) const;
  // Sums of the first three or fewer, rising.
  std::vector<Sum> sums(const std::array<int16_t, 16>& codebook) const;

 private:
  static constexpr unsigned kGroup = 2;

  std::vector<int64_t> values_;
  std::vector<std::vector<Sum>> groups_;  // what each pair makes
};

}  // namespace sparsys
