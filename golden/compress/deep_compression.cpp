// SPDX-License-Identifier: Apache-2.0
#include "golden/compress/deep_compression.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "golden/base/error.hpp"
#include "golden/compress/fine_tune.hpp"

namespace sparsys {
namespace {

class Stopwatch {
 public:
  // Seconds since the last call.
  double lap() {
    const auto now = std::chrono::steady_clock::now();
    const double seconds = std::chrono::duration<double>(now - start_).count();
    start_ = now;
    return seconds;
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// What all training has in common.
TrainOptions training(const DeepCompressionOptions& options, const Network& teacher,
                      const std::string& step) {
  TrainOptions train;
  train.batch = options.batch;
  train.optimiser = options.optimiser;
  train.momentum = options.momentum;
  train.max_shift = options.max_shift;
  train.max_rotation = options.max_rotation;
  train.max_scale = options.max_scale;
  train.validation_count = options.validation_count;
  train.threads = options.threads;
  train.step = step;
  train.progress = options.progress;
  if (options.teacher_weight > 0) {
    train.teacher = &teacher;
    train.teacher_weight = options.teacher_weight;
    train.temperature = options.temperature;
  }
  if (!options.checkpoints.empty()) train.checkpoint = options.checkpoints + "/" + step;
  return train;
}

PruneOptions pruning(const Network& trained, const DeepCompressionOptions& options) {
  PruneOptions prune;
  prune.densities = options.densities;
  prune.qualities = options.qualities;
  if (prune.densities.empty() && prune.qualities.empty()) {
    prune.densities = default_densities(trained);
  }
  prune.balance = options.balance;
  prune.rounds = options.prune_rounds;
  prune.round_epochs = options.round_epochs;
  prune.round_learning_rate = options.retrain_learning_rate;
  prune.retrain = training(options, trained, "prune");
  prune.retrain.seed = options.seed + 100;
  prune.retrain.epochs = options.retrain_epochs;
  prune.retrain.learning_rate = options.retrain_learning_rate;
  prune.retrain.final_learning_rate = options.retrain_learning_rate / 50;
  prune.retrain.weight_decay = options.weight_decay;
  return prune;
}

bool arrives_pruned(const Network& network) { return 1 - density(network) >= kPrunedShare; }

}  // namespace

CompressionStep compression_step(const std::string& name, const Network& network, double error,
                                 double seconds) {
  CompressionStep step;
  step.name = name;
  step.validation_error = error;
  step.seconds = seconds;
  for (const Layer& layer : layers(network)) {
    step.layer_densities.push_back(density(network, layer));
  }
  step.density = density(network);
  return step;
}

std::vector<double> default_densities(const Network& network) {
  std::vector<double> densities;
  bool connected = false;
  const std::vector<Layer> all = layers(network);
  for (size_t l = 0; l < all.size(); ++l) {
    if (is_convolution(network.nodes[all[l].node].op)) {
      densities.push_back(l == 0 ? 0.66 : 0.35);
    } else if (l + 1 == all.size()) {
      densities.push_back(0.26);
    } else {
      densities.push_back(connected ? 0.09 : 0.073);
      connected = true;
    }
  }
  return densities;
}

DeepCompressionOptions deep_compression_recipe(const Network& network) {
  DeepCompressionOptions options;
  const std::vector<Layer> all = layers(network);
  const size_t count = all.size();
  if (network.name == "lenet-300-100" && count == 3) {
    options.densities = {0.075, 0.12, 0.3};
    options.sharing.bits = {4, 4, 4};
    options.sharing.bias_bits = {4, 4, 0};
    options.sharing.entropy = 0.004;
    options.prune_rounds = 6;
    options.round_epochs = 5;
    options.retrain_epochs = 180;
    options.reassign_epochs = 25;
    options.fine_tune_epochs = 0;
    options.max_rotation = 10;
    options.max_scale = 0.1F;
  } else if (network.name == "lenet-5" && count == 4) {
    options.densities = {0.7, 0.16, 0.038, 0.3};
    options.sharing.bits = {6, 5, 5, 5};
    options.sharing.bias_bits = {0, 5, 5, 0};
    options.sharing.entropy = 0.002;
    options.prune_rounds = 5;
    options.round_epochs = 2;
    options.retrain_epochs = 40;
    options.retrain_learning_rate = 0.05F;
    options.reassign_epochs = 0;
    options.fine_tune_epochs = 0;
    options.teacher_weight = 0.5F;
  } else {
    options.sharing.bits.clear();
    for (const Layer& layer : all) {
      options.sharing.bits.push_back(is_convolution(network.nodes[layer.node].op) ? 8 : 5);
    }
    return options;
  }
  if (arrives_pruned(network)) options.densities.clear();
  options.weight_decay = 0;
  options.centroid_rate = 0.1F;
  options.centroid_power = 0.5F;
  return options;
}

void adapt(DeepCompressionOptions& options, const Dataset& data,
           const std::optional<OptimiserKind>& optimiser) {
  TrainOptions train;
  train.learning_rate = 1;
  train.max_shift = options.max_shift;
  adapt(train, data, optimiser);
  options.max_shift = train.max_shift;
  if (train.max_shift == 0) options.max_rotation = options.max_scale = 0;
  options.optimiser = train.optimiser;
  options.batch = train.batch;
  if (options.optimiser == OptimiserKind::kAdam) {
    options.retrain_learning_rate = train.learning_rate / 2;
    options.reassign_learning_rate = train.learning_rate / 4;
    options.fine_tune_learning_rate = train.learning_rate / 10;
    return;
  }
  for (float* rate : {&options.retrain_learning_rate, &options.fine_tune_learning_rate,
                      &options.reassign_learning_rate}) {
    *rate *= train.learning_rate;
  }
}

SharedNetwork deep_compress(const Network& trained, const Dataset* data,
                            const DeepCompressionOptions& options, DeepCompressionReport* report) {
  if (layers(trained).empty()) {
    throw Error(trained.name + ": no layers with weights, expected at least one");
  }
  DeepCompressionReport steps;
  Stopwatch watch;
  const auto validate = [&](const Network& network) {
    if (data == nullptr) return -1.0;
    return validation_error(network, *data, options.validation_count, options.threads);
  };
  const auto add = [&](const char* name, const Network& network, double error) {
    steps.steps.push_back(compression_step(name, network, error, watch.lap()));
  };
  add("float", trained, validate(trained));

  const bool asked = !options.densities.empty() || !options.qualities.empty();
  const bool prunes = asked || (data != nullptr && !arrives_pruned(trained));
  Network network = trained;
  if (prunes) {
    const PruneOptions how = pruning(trained, options);
    if (data == nullptr) {
      prune(network, how);
      add("prune", network, -1);
    } else {
      const PruneReport pruned = prune_and_retrain(network, *data, how);
      add("prune", network, pruned.validation_error);
      steps.steps.back().tried_error = pruned.tried_error;
    }
  }

  SharingOptions sharing = options.sharing;
  sharing.seed = options.seed;
  sharing.entropy_prunes = sharing.entropy_prunes && prunes;
  SharedNetwork shared = share_weights(network, sharing);
  Network decoded = shared.decode();
  add("share", decoded, validate(decoded));

  // A step of training, or its start if that was better.
  const auto improve = [&](const char* name, const auto& train) {
    const SharedNetwork before = shared;
    const double start = steps.steps.back().validation_error;
    const double error = train();
    const bool kept = error <= start;
    if (!kept) shared = before;
    add(name, shared.decode(), kept ? error : start);
    if (!kept) steps.steps.back().tried_error = error;
  };
  const auto tuning = [&](const char* name, uint64_t seed, unsigned epochs, float rate) {
    TrainOptions train = training(options, trained, name);
    if (!train.checkpoint.empty()) train.checkpoint += ".checkpoint";
    train.seed = seed;
    train.epochs = epochs;
    train.learning_rate = rate;
    train.final_learning_rate = rate / 50;
    train.weight_decay = 0;
    return train;
  };
  if (data != nullptr && options.reassign_epochs > 0) {
    ReassignOptions reassign;
    reassign.train = tuning("reassign", options.seed + 300, options.reassign_epochs,
                            options.reassign_learning_rate);
    reassign.entropy = sharing.entropy;
    reassign.entropy_prunes = sharing.entropy_prunes;
    improve("reassign",
            [&] { return reassign_codes(shared, network, *data, reassign).validation_error; });
  }

  if (data != nullptr && options.fine_tune_epochs > 0) {
    FineTuneOptions tune;
    tune.train = tuning("fine-tune", options.seed + 200, options.fine_tune_epochs,
                        options.fine_tune_learning_rate);
    tune.centroid_rate = options.centroid_rate;
    tune.centroid_power = options.centroid_power;
    improve("fine-tune", [&] { return fine_tune_centroids(shared, *data, tune).validation_error; });
  }

  const CompressionStep& last = steps.steps.back();
  std::array<char, 96> text{};
  std::snprintf(text.data(), text.size(), "; %.2f %% of weights kept", 100 * last.density);
  shared.network.origin += text.data();
  if (data != nullptr) {
    std::snprintf(text.data(), text.size(), ", validation error %.2f %%", last.validation_error);
    shared.network.origin += text.data();
  }
  steps.pruned = std::move(network);
  if (report != nullptr) *report = std::move(steps);
  return shared;
}

}  // namespace sparsys
