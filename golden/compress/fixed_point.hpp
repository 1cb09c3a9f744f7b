// SPDX-License-Identifier: Apache-2.0
// From shared float weights to the integers the sparse engine computes with: 16-bit activations and
// codebook entries with a radix point per layer (the method of Qiu 2016: radix points from
// statistics over sample data), biases as columns of constants (EIE, Han 2016, section III).
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <string>
#include <vector>

#include "golden/compress/dense_chain.hpp"
#include "golden/data/dataset.hpp"
#include "golden/network/eie_network.hpp"

namespace sparsys {

struct FixedPointOptions {
  // Constant input columns per layer, 1 to 6; 0: two, or more if biases need them. A layer has none
  // if neither it nor a later one has a bias.
  unsigned constants = 0;
  int input_frac = 8;
  // Largest |activation| representable, as a multiple of the largest one in the sample.
  double headroom = 2;
};

// What check_loss() is asked for unless a user says otherwise.
constexpr double kMostLoss = 0.1;

// Calls f(name, field) for every field.
template <typename F>
void visit(const FixedPointOptions& options, F&& f) {
  const auto& [constants, input_frac, headroom] = options;
  f("constants", constants);
  f("input-frac", input_frac);
  f("headroom", headroom);
}

// What a layer lost. Largest values are those in the sample.
struct FixedPointLayerReport {
  std::string name;
  double largest_activation = 0;  // of the layer's output, before its function
  double largest_bias = 0;
  double largest_bias_error = 0;  // after representation by constants
  unsigned constants = 0;
  // Whether no 16-bit input can drive an accumulator beyond 32 bits. Otherwise the sample's largest
  // input times headroom cannot.
  bool accumulator_is_safe_for_all_inputs = true;
  int codes_merged = 0;  // given up so that biases of both signs can be expressed
  // Of what the engine makes of the sample against the float layers of shared weights, from the
  // network's input on.
  double largest_output = 0;  // behind its function, as the next
  double largest_output_error = 0;
  uint64_t outputs = 0;    // compared
  uint64_t saturated = 0;  // of these, at the limits of 16 bits
  bool accumulator_saturated = false;

  // As shares of the layer's largest values, 0 if these are 0.
  double bias_loss() const;
  double output_loss() const;
};

// `sample`: real inputs x samples, from the training set; decides the radix points. Guarantees:
// every intermediate sum, in any order of additions, and the rounding that follows stay within 32
// bits (see the report for which inputs); the values of codes in use are never 0; shifts lie in
// 0..31. Throws Error if shapes do not fit, a number is not finite, or options are out of range.
eie::Network to_fixed_point(const SharedMlp& mlp, const Eigen::MatrixXf& sample,
                            const FixedPointOptions& options = {},
                            std::vector<FixedPointLayerReport>* report = nullptr);

// Throws Error "<network>: layer <last>: outputs ... are off by ..., expected at most ..." if that
// is more than `most` of the largest. What layers before lose is lost in the last too, if it
// counts.
void check_loss(const std::string& name, const std::vector<FixedPointLayerReport>& report,
                double most);

// The most bits behind the radix point of a first layer's inputs, `largest` the largest of them,
// with which headroom times it fits 16 bits; where a row has so many weights that these would be
// coarse, the most with which inputs and weights share the bits of a 32-bit sum evenly. -15 to 30.
int input_frac_for(const SharedLayer& layer, double largest, double headroom);

// Every (train_count / count)-th training sample as a column of real inputs, v / kPixelScale.
Eigen::MatrixXf calibration_sample(const Dataset& data, size_t count);

}  // namespace sparsys
