// SPDX-License-Identifier: Apache-2.0
// Deep Compression from end to end (Han 2016): prune, retrain, share weights, fine-tune. On to
// fixed point, as EIE runs it: golden/compress/sparse_engine/to_sparse_engine.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "golden/compress/fine_tune.hpp"
#include "golden/compress/fixed_point.hpp"
#include "golden/compress/prune.hpp"
#include "golden/compress/weight_sharing.hpp"
#include "golden/data/dataset.hpp"
#include "golden/network/network.hpp"
#include "golden/network/shared_network.hpp"
#include "golden/train/train.hpp"

namespace sparsys {

// A network arrives pruned if this share of its weights or more is 0.
constexpr double kPrunedShare = 0.1;

struct DeepCompressionOptions {
  uint64_t seed = 1;
  unsigned threads = 0;  // 0: all processors

  // Share of weights to keep, or quality factors (golden/compress/prune.hpp), one per layer or one
  // for all; at most one of the two. Both empty: a network that arrives pruned keeps exactly its
  // zeros, and so does any without data; others keep default_densities().
  std::vector<double> densities;
  std::vector<double> qualities;
  unsigned balance = 0;  // PEs for load-balance-aware pruning; 0: none
  unsigned prune_rounds = 3;
  unsigned round_epochs = 2;     // of each round but the last
  unsigned retrain_epochs = 40;  // of the last round
  float retrain_learning_rate = 0.1F;
  float weight_decay = 1e-5F;  // in pruning

  // Of all training.
  uint32_t batch = 128;
  OptimiserKind optimiser = OptimiserKind::kMomentum;
  float momentum = 0.9F;

  SharingOptions sharing;  // its seed is the one above, and it prunes only if pruning is allowed
  unsigned fine_tune_epochs = 6;
  float fine_tune_learning_rate = 0.01F;
  float centroid_rate = 0.003F;
  float centroid_power = 0;

  // Beyond the paper: reassign_codes() between sharing and fine-tuning, with sharing.entropy; and
  // distillation from the float network, as in TrainOptions, wherever there is training.
  unsigned reassign_epochs = 0;
  float reassign_learning_rate = 0.02F;
  float teacher_weight = 0;
  float temperature = 4;

  // Augmentation, as in TrainOptions.
  unsigned max_shift = 1;
  float max_rotation = 0;
  float max_scale = 0;

  uint32_t validation_count = 5000;
  // Directory of checkpoint files, one for each step that trains; it must exist. With it a run that
  // was stopped goes on where it stopped. "": none.
  std::string checkpoints;
  ProgressCallback progress;
};

// As visit() of TrainOptions. Of sharing the seed is left out: it is the one above.
template <
    typename Options, typename F,
    std::enable_if_t<std::is_same_v<std::remove_const_t<Options>, DeepCompressionOptions>, int> = 0>
void visit(Options& options, F&& f) {
  auto& [seed, threads, densities, qualities, balance, prune_rounds, round_epochs, retrain_epochs,
         retrain_rate, weight_decay, batch, optimiser, momentum, sharing, fine_tune_epochs,
         fine_tune_rate, centroid_rate, centroid_power, reassign_epochs, reassign_rate,
         teacher_weight, temperature, max_shift, max_rotation, max_scale, validation_count,
         checkpoints, progress] = options;
  auto& [bits, bias_bits, init, sharing_seed, entropy, entropy_prunes, max_error] = sharing;
  f("seed", seed);
  f("density", densities);
  f("quality", qualities);
  f("balance", balance);
  f("prune-rounds", prune_rounds);
  f("round-epochs", round_epochs);
  f("retrain-epochs", retrain_epochs);
  f("retrain-rate", retrain_rate);
  f("weight-decay", weight_decay);
  f("batch", batch);
  f("optimiser", optimiser);
  f("momentum", momentum);
  f("bits", bits);
  f("bias-bits", bias_bits);
  f("init", init);
  f("entropy", entropy);
  f("entropy-prunes", entropy_prunes);
  f("max-weight-error", max_error);
  f("reassign-epochs", reassign_epochs);
  f("reassign-rate", reassign_rate);
  f("fine-tune-epochs", fine_tune_epochs);
  f("fine-tune-rate", fine_tune_rate);
  f("centroid-rate", centroid_rate);
  f("centroid-power", centroid_power);
  f("teacher", teacher_weight);
  f("temperature", temperature);
  f("max-shift", max_shift);
  f("max-rotation", max_rotation);
  f("max-scale", max_scale);
  f("validation-count", validation_count);
}

// 66 % of a convolution that comes first and 35 % of the others; 7.3 % of the first fully connected
// layer, 9 % of others, and 26 % of the network's last layer: about what Han 2016 has in its tables
// 2 to 5 (a little less in the first, as an engine network has entries for its biases too).
std::vector<double> default_densities(const Network& network);

// Settings chosen on the validation images of MNIST for networks named "lenet-300-100" or "lenet-5"
// that have as many layers as those; for others the defaults above, with the 8 bits of convolutions
// and 5 bits of fully connected layers that Han 2016 has. A network that arrives pruned gets no
// densities.
DeepCompressionOptions deep_compression_recipe(const Network& network);

// What of options suits a data set, as adapt() of TrainOptions.
void adapt(DeepCompressionOptions& options, const Dataset& data,
           const std::optional<OptimiserKind>& optimiser = {});

struct CompressionStep {
  // "float", "prune", "share", "reassign", "fine-tune", "fixed point"; those that there were.
  std::string name;
  std::vector<double> layer_densities;  // weights kept, biases excluded
  double density = 1;                   // of all layers together
  double validation_error = -1;         // percent; negative: without data
  // What its training came to, if that was worse than its start, which was kept; else negative.
  double tried_error = -1;
  double seconds = 0;
};

// Of a network that a step made.
CompressionStep compression_step(const std::string& name, const Network& network, double error,
                                 double seconds);

struct DeepCompressionReport {
  std::vector<CompressionStep> steps;
  std::vector<FixedPointLayerReport> fixed_point;
  Network pruned;  // what was shared: after pruning and retraining
};

// Compresses a trained network. `data` gives training and validation images; the test images are
// not read. Without data (null) it is pruned once if `options` say how, its weights are shared, and
// that is all. Throws Error if network, data and options do not fit each other, and Stopped.
SharedNetwork deep_compress(const Network& trained, const Dataset* data,
                            const DeepCompressionOptions& options,
                            DeepCompressionReport* report = nullptr);

}  // namespace sparsys
