// SPDX-License-Identifier: Apache-2.0
// Layers and activations with independent random non-zeros, for measurements without a network: a
// seed and the sizes name one result.
#pragma once

#include <cstdint>
#include <vector>

#include "golden/base/random.hpp"
#include "golden/network/eie_network.hpp"

namespace sparsys::eie {

// Appends rows first .. first + rows - 1 to a layer's last column, each with probability `density`,
// with codes of 1 to 15. The cost is that of the non-zeros.
void append_random_rows(Random& random, uint32_t first, uint32_t rows, double density,
                        Layer& layer);

// A shift that brings sums of `terms` products of a weight and an activation of these bits down to
// some 13 bits.
int usual_shift(double terms, int weight_bits, int activation_bits);

// The 15 shared values of a layer that is not trained: different, not 0, of 8 bits and a sign.
void set_uniform_codebook(Layer& layer);
// Radix points for such weights and activations of 12 bits, so that outputs take a good part of 16
// bits. `density`: share of weights times share of activations that are not 0.
void set_usual_shift(Layer& layer, double density);

// outputs x inputs weights of which about `density` are not 0, with ReLU.
Layer uniform_layer(uint64_t seed, uint32_t inputs, uint32_t outputs, double density);
// The same with rows of different densities, log-normal of this sigma, `density` in their mean; no
// row's is above 1. With a sigma of 0 it is uniform_layer.
Layer spread_layer(uint64_t seed, uint32_t inputs, uint32_t outputs, double density, double sigma);
// `size` activations of which about `density` are not 0.
std::vector<int16_t> uniform_activations(uint64_t seed, uint32_t size, double density);

}  // namespace sparsys::eie
