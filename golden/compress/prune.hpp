// SPDX-License-Identifier: Apache-2.0
// Magnitude pruning with retraining (Han 2015, "Learning both weights and connections"; Deep
// Compression, Han 2016, section 2).
#pragma once

#include <Eigen/Core>
#include <vector>

#include "golden/nn/dataset.hpp"
#include "golden/nn/mlp.hpp"
#include "golden/nn/train.hpp"

namespace sparsys {

// Keeps the round(density * size) weights of largest magnitude; of equal ones those that come first
// by column, then row. density is clamped to 0..1. Weights that are zero are never kept.
Mask mask_by_density(const Eigen::MatrixXf& weights, double density);

// Keeps the weights with |w| > quality * (standard deviation of the layer's weights).
Mask mask_by_quality(const Eigen::MatrixXf& weights, double quality);

// Sets the weights outside the mask to zero. Throws Error if shapes differ.
void apply_masks(Mlp& mlp, const std::vector<Mask>& masks);

// Share of weights kept, of one mask or of all together; 0 for no weights.
double mask_density(const Mask& mask);
double mask_density(const std::vector<Mask>& masks);

struct PruneOptions {
  // Exactly one of the two is given, a value per layer.
  std::vector<double> densities;
  std::vector<double> qualities;
  // Densities fall to their targets geometrically over this many rounds of prune + retrain (with
  // qualities: thresholds rise to theirs linearly).
  unsigned rounds = 3;
  // Epochs of each round but the last, whose settings are `retrain`.
  unsigned round_epochs = 2;
  float round_learning_rate = 0.05F;
  float round_final_rate = 0.02F;
  TrainOptions retrain;
};

struct PruneReport {
  std::vector<Mask> masks;
  double validation_error = 0;  // percent, after the last retraining
  double seconds = 0;
};

// Prunes and retrains in place. Throws Error if options do not fit the network.
PruneReport prune_and_retrain(Mlp& mlp, const Dataset& data, const PruneOptions& options);

}  // namespace sparsys
