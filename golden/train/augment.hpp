// SPDX-License-Identifier: Apache-2.0
// Training images as a network gets them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "golden/base/random.hpp"
#include "golden/train/graph.hpp"
#include "golden/train/train.hpp"

namespace sparsys {

// An image of rows x cols bytes as floating-point numbers 0..255, moved, turned and scaled at
// random as options say. What comes from outside the image is 0.
void augment(const uint8_t* image, uint32_t rows, uint32_t cols, const TrainOptions& options,
             Random& random, float* pixels);

// Whether options ask for any of that.
bool augments(const TrainOptions& options);

// Writes images (samples x elements of the input) as the tape's input.
void load_input(const Network& network, const float* images, Tape& tape);
void load_input(const Network& network, const uint8_t* images, Tape& tape);

}  // namespace sparsys
