// SPDX-License-Identifier: Apache-2.0
// How values come to a network that is trained from nothing.
#pragma once

#include "golden/data/dataset.hpp"

namespace sparsys {

// A value v enters as v * scale + offset.
struct InputScale {
  float scale = 1;
  float offset = 0;
  bool plain = true;  // not by the data's statistics
  // Of the training samples' values.
  double mean = 0;
  double deviation = 0;
};

// Plain (bytes / 256, floats as they are) if that is a fair start: the mean is no further from 0
// than the standard deviation, which is from 1/8 to 2. So it is with MNIST (0.13, 0.31) and with
// most dark backgrounds. Otherwise scale and offset give the values mean 0 and deviation 1: bright
// backgrounds, whole numbers in floats, small differences of large values.
InputScale choose_input_scale(const Dataset& data);

}  // namespace sparsys
