// SPDX-License-Identifier: Apache-2.0
// Hand-drawn looking digits, for machines without MNIST.
#pragma once

#include <cstdint>

#include "golden/data/dataset.hpp"

namespace sparsys {

struct SyntheticDigitsOptions {
  uint64_t seed = 1;
  uint32_t train_count = 60000;
  uint32_t test_count = 10000;
  unsigned threads = 0;     // 0: all processors; the images do not depend on it
  float difficulty = 1.0F;  // scales every distortion; 0 draws each digit's outline unchanged
};

// 28x28 grey images of stroked outlines under random affine maps, stroke widths, elastic
// distortion, blots and noise. Image i of a set depends on the seed and i alone.
Dataset make_synthetic_digits(const SyntheticDigitsOptions& options = {});

// One image of 28x28 bytes into `pixels`; `stream` selects the random numbers.
void draw_digit(int digit, uint64_t seed, uint64_t stream, float difficulty, uint8_t* pixels);

}  // namespace sparsys
