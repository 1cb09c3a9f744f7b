// SPDX-License-Identifier: Apache-2.0
// Random compressed networks and inputs for tests: a seed and the options name one result.
#pragma once

#include <cstdint>
#include <vector>

#include "golden/network/eie_network.hpp"

namespace sparsys {

struct RandomNetworkOptions {
  // Vector sizes without constants: the network's input, then each layer's output. At least two.
  std::vector<uint32_t> sizes = {32, 24, 10};
  // Share of weights that are not zero, 0..1.
  double density = 0.2;
  // Every tenth column or so is empty, and every twentieth full: the extremes of the format.
  bool uneven = true;
  // ReLU in all layers but the last.
  bool relu = true;
  // Constant inputs of every layer, as biases make them (docs/reference/eie-format.md section 8).
  uint32_t constants = 0;
  // Codebooks and constants full of the largest, smallest and least values of 16 bits, and shifts
  // from 0 to 31. Otherwise values are small and shifts such that outputs use a good part of
  // 16 bits and rarely saturate.
  bool extreme = false;
};

// Throws Error if options are out of range.
eie::Network random_network(uint64_t seed, const RandomNetworkOptions& options = {});

// One layer, nothing constant: the matrix of sizes outputs x inputs, as above.
eie::Layer random_layer(uint64_t seed, uint32_t inputs, uint32_t outputs, double density,
                        bool uneven = false, bool extreme = false);

// An input of network.input_size() elements, of which about `density` are not zero. With `extreme`
// they are mostly the largest and smallest values.
std::vector<int16_t> random_input(uint64_t seed, const eie::Network& network, double density = 0.5,
                                  bool extreme = false);

// Options drawn from a seed for randomised suites: 1 to 4 layers of 1 to `max_size` elements, all
// other options anything.
RandomNetworkOptions random_options(uint64_t seed, uint32_t max_size);

// The seed of a randomised test: environment variable SPARSYS_SEED if set (a failing seed then
// reruns alone), else `seed`.
uint64_t seed_from_environment(uint64_t seed);
// Whether SPARSYS_SEED is set: loops over seeds then run only that one.
bool seed_is_given();

}  // namespace sparsys
