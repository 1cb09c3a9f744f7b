// SPDX-License-Identifier: Apache-2.0
// Magnitude pruning with retraining (Han 2015, "Learning both weights and connections"; Deep
// Compression, Han 2016, section 2), and its load-balance-aware form (ESE, Han 2017, section 4).
//
// A weight that is 0 is pruned: masks are made of values, so that they only ever shrink, and zeros
// that a network came with stay. Biases are never pruned, but those that came
// as 0 among others stay 0.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "golden/data/dataset.hpp"
#include "golden/network/network.hpp"
#include "golden/train/train.hpp"

namespace sparsys {

// Mask of one layer's weights: keeps the round(density * size) of largest magnitude, of equal ones
// those that come first; weights that are 0 are never kept. density is clamped to 0..1.
//
// With `n_pe` > 0 load-balance-aware: row i belongs to PE i mod n_pe (docs/reference/eie-format.md
// section 1), and the number K to keep is dealt out to the PEs so that all have the same number of
// entries: each gets floor(K / PEs), those of the PEs with the largest next magnitude one more, and
// a PE with fewer weights other than 0 than its part keeps all of them, the others then sharing the
// rest in the same way. PEs without rows have no part. Within a PE the largest magnitudes are kept.
std::vector<uint8_t> mask_by_density(const Network& network, const Layer& layer, double density,
                                     unsigned n_pe = 0);

// Keeps the weights with |w| > quality * s (section 2), where s is the standard deviation, about
// their mean, of the layer's weights that are not pruned. With `n_pe` > 0 as many as that, balanced
// as above.
std::vector<uint8_t> mask_by_quality(const Network& network, const Layer& layer, double quality,
                                     unsigned n_pe = 0);

// Masks of all layers' weights that keep what is not 0.
ParameterMasks nonzero_masks(const Network& network);

// Sets what is outside the masks to 0. Throws Error if sizes differ.
void apply_masks(Network& network, const ParameterMasks& masks);

// Share of a layer's weights that are not 0, and of all layers' together; 1 for no weights. Weights
// that two layers multiply by count once.
double density(const Network& network, const Layer& layer);
double density(const Network& network);

// Entries of each PE of a layer's weights, rows interleaved over n_pe PEs.
std::vector<uint64_t> entries_per_pe(const Network& network, const Layer& layer, unsigned n_pe);

struct PruneOptions {
  // Exactly one of the two is given, a value per layer, or one for all.
  std::vector<double> densities;
  std::vector<double> qualities;
  unsigned balance = 0;  // PEs for load-balance-aware pruning; 0: none
  // Densities fall from those that are there to their targets geometrically over this many rounds
  // of prune + retrain (with qualities: they rise to theirs linearly).
  unsigned rounds = 3;
  // Epochs of each round but the last, whose settings are `retrain`.
  unsigned round_epochs = 2;
  float round_learning_rate = 0.05F;
  float round_final_rate = 0.02F;
  TrainOptions retrain;
};

// One round of pruning without training. Throws Error if options do not fit the network.
ParameterMasks prune(Network& network, const PruneOptions& options);

struct PruneReport {
  ParameterMasks masks;
  double validation_error = 0;  // percent, after the last retraining
  // Of the last retraining, if it made the network worse and was not kept; else negative.
  double tried_error = -1;
  double seconds = 0;
};

// Prunes and retrains in place. options.retrain.checkpoint is the beginning of the names of
// checkpoint files, one for each round. Throws Error if options do not fit the network.
PruneReport prune_and_retrain(Network& network, const Dataset& data, const PruneOptions& options);

}  // namespace sparsys
