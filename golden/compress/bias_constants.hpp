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

// All sums over constants[k] * codebook[code_k], rising; of equal sums the one with fewest entries.
std::vector<Sum> all_sums(const std::array<int16_t, 16>& codebook,
                          const std::vector<int64_t>& constants);

// Of sums that rise, at least one.
const Sum& nearest(const std::vector<Sum>& sums, double target);

// Picks `count` of the candidate constants (thinned out first) by coordinate descent, so that the
// sums come near all targets and the largest sum reaches `reach`. Without candidates all are 0.
std::vector<int64_t> choose_constants(const std::array<int16_t, 16>& codebook,
                                      const std::vector<int64_t>& candidates, unsigned count,
                                      const std::vector<double>& targets, double reach);

}  // namespace sparsys
