// SPDX-License-Identifier: Apache-2.0
// A layer on its way to fixed point: the shared weights, with codes freed or filled for biases.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "golden/compress/dense_chain.hpp"

namespace sparsys {

struct Draft {
  SharedLayer layer;
  std::array<int64_t, 16> uses{};  // by weights
  bool has_constants = false;
  double need = 0;  // what the largest constant input must reach, as a real number
  double largest_input = 0;
  double largest_output = 0;
  int codes_merged = 0;
};

// The largest size of a value.
double largest_value(const std::array<float, 16>& codebook);

// A code no weight uses, best one without a value; merges the two values that lose least by it if
// there is none.
size_t free_code(Draft& draft);

// Sees to it that biases can be made of codebook values times constants. Constants that come out of
// a ReLU are not negative, so then the codebook must hold both signs.
void prepare_codebook_for_bias(Draft& draft, bool positive_constants);

}  // namespace sparsys
