// SPDX-License-Identifier: Apache-2.0
// Training of networks whose weights are shared (Deep Compression, Han 2016, section 3.3).
//
// What goes beyond the paper is marked so, and off unless asked for.
#pragma once

#include "golden/data/dataset.hpp"
#include "golden/network/shared_network.hpp"
#include "golden/train/train.hpp"

namespace sparsys {

// Trains codebooks and biases; codes stay. options.learning_rate is that of biases. A centroid
// moves by the sum of its weights' gradients (section 3.3) times options.learning_rate *
// centroid_rate / n^centroid_power, where n is the number of its weights: sums over many weights
// are large, and with a power of 0.5 layers of all sizes learn about as fast. Values of shared
// biases move by the mean of the gradients.
struct FineTuneOptions {
  TrainOptions train;
  float centroid_rate = 0.003F;
  float centroid_power = 0;
};
TrainReport fine_tune_centroids(SharedNetwork& shared, const Dataset& data,
                                const FineTuneOptions& options);

// Beyond the paper: codes and values anew in every batch. `weights`, the network before sharing,
// is trained with the gradients of the shared one ("straight-through", Courbariaux 2015); after
// each batch its weights choose among the values anew, which then move to the means of their
// weights: a step of k-means. With entropy > 0 they choose by entropy-constrained assignment, as in
// SharingOptions. Weights that are pruned in `shared` stay so.
struct ReassignOptions {
  TrainOptions train;
  double entropy = 0;
  bool entropy_prunes = true;
};
TrainReport reassign_codes(SharedNetwork& shared, const Network& weights, const Dataset& data,
                           const ReassignOptions& options);

}  // namespace sparsys
