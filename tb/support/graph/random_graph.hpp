// SPDX-License-Identifier: Apache-2.0
// Random float networks of all operators: chains, branches, residual blocks, gates, autoencoders,
// with uneven windows, paddings, strides, dilations and groups.
#pragma once

#include <cstdint>
#include <string>

#include "golden/network/network.hpp"

namespace sparsys {

struct RandomGraphOptions {
  size_t steps = 8;     // operators or blocks of them
  int64_t most = 400;   // elements of a value
  int64_t classes = 0;  // of a head at the end with one vector of scores; 0: none
  bool softmax = true;  // some of these end with one
  // Of what the matrix unit can run, with paddings up to the kernel and beyond it.
  bool matrix_unit = false;
};

// The same for the same seed. Values of inputs between -2 and 2 stay below a few hundred.
Network random_graph(uint64_t seed, const RandomGraphOptions& options = {});

}  // namespace sparsys
