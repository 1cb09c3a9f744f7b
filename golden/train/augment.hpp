// SPDX-License-Identifier: Apache-2.0
// Training samples as a network gets them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "golden/base/random.hpp"
#include "golden/base/samples.hpp"
#include "golden/data/dataset.hpp"
#include "golden/train/graph.hpp"
#include "golden/train/train.hpp"

namespace sparsys {

// Images of planes x rows x cols, moved, turned and scaled at random as options say.
class Augmentation {
 public:
  // What comes from outside of an image is `background`; background_of() of a data set.
  Augmentation(const Dataset& data, const TrainOptions& options, float background);

  // One image to floating-point numbers, all planes alike.
  void run(Samples image, Random& random, float* pixels) const;

 private:
  template <typename T>
  void run_on(const T* image, Random& random, float* pixels) const;

  const TrainOptions& options_;
  int64_t planes_;
  int64_t rows_;
  int64_t cols_;
  bool active_;
  float background_;
};

// What images of a data set mostly have at their edges: the value that occurs most often there. 0
// of floats and of MNIST.
float background_of(const Dataset& data);

// Writes samples (as many as the tape has at hand, x elements of the input) as the tape's input.
void load_input(const Network& network, Samples samples, Tape& tape);

}  // namespace sparsys
