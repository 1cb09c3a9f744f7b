// SPDX-License-Identifier: Apache-2.0
// From shared float weights to the integers the sparse engine computes with: 16-bit activations and
// codebook entries with a radix point per layer (the method of Qiu 2016: radix points from
// statistics over sample data), biases as columns of constants (EIE, Han 2016, section III).
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <vector>

#include "golden/compress/dense_chain.hpp"
#include "golden/data/dataset.hpp"
#include "golden/network/eie_network.hpp"

namespace sparsys {

struct FixedPointOptions {
  // Constant input columns per layer, 1..3. A layer has none if neither it nor a later one has a
  // bias.
  unsigned constants = 2;
  int input_frac = 8;
  // Largest |activation| representable, as a multiple of the largest one in the sample.
  double headroom = 2;
};

// Calls f(name, field) for every field.
template <typename F>
void visit(const FixedPointOptions& options, F&& f) {
  const auto& [constants, input_frac, headroom] = options;
  f("constants", constants);
  f("input-frac", input_frac);
  f("headroom", headroom);
}

struct FixedPointLayerReport {
  double largest_activation = 0;  // in the sample
  double largest_bias = 0;
  double largest_bias_error = 0;  // after representation by constants
  // Whether no 16-bit input can drive an accumulator beyond 32 bits. Otherwise the sample's largest
  // input times headroom cannot.
  bool accumulator_is_safe_for_all_inputs = true;
  int codes_merged = 0;  // given up so that biases of both signs can be expressed
};

// `sample`: real inputs x samples, from the training set; decides the radix points. Guarantees:
// every intermediate sum, in any order of additions, and the rounding that follows stay within 32
// bits (see the report for which inputs); the values of codes in use are never 0; shifts lie in
// 0..31. Throws Error if shapes do not fit, a number is not finite, or options are out of range.
eie::Network to_fixed_point(const SharedMlp& mlp, const Eigen::MatrixXf& sample,
                            const FixedPointOptions& options = {},
                            std::vector<FixedPointLayerReport>* report = nullptr);

// Every (train_count / count)-th training image as a column of real inputs.
Eigen::MatrixXf calibration_sample(const Dataset& data, size_t count);

}  // namespace sparsys
