// SPDX-License-Identifier: Apache-2.0
#include "sw/sparsys/sweeps/steps.hpp"

#include <algorithm>

#include "sw/sparsys/report/table.hpp"

namespace sparsys {

using nlohmann::json;

TrainOptions short_training(const SweepOptions& options, unsigned epochs, float rate,
                            uint32_t images) {
  TrainOptions train;
  train.seed = options.seed + 1000;
  train.epochs = options.quick ? 1 : epochs;
  train.train_limit = options.quick ? 500 : images;
  train.learning_rate = rate;
  train.final_learning_rate = rate / 20;
  train.validation_count = options.validation_count;
  train.threads = options.threads;
  return train;
}

std::vector<double> lenet_300_100_densities(double first) {
  return {first, std::min(1.0, first * 9 / 8), std::min(1.0, first * 26 / 8)};
}

std::vector<double> lenet_5_densities() { return {0.66, 0.12, 0.08, 0.19}; }

PruneOptions to_densities(const std::vector<double>& densities, unsigned balance) {
  PruneOptions prune;
  prune.densities = densities;
  prune.balance = balance;
  return prune;
}

json point(const Network& network, double error) {
  json per_layer = json::array();
  for (const Layer& layer : layers(network)) per_layer.push_back(100 * density(network, layer));
  return {{"density_pct", 100 * density(network)},
          {"validation_error_pct", error},
          {"layer_densities_pct", std::move(per_layer)}};
}

double validate(const Job& job, const Network& network, const Dataset& data,
                const SweepOptions& options) {
  job.stop_if_requested();
  return validation_error(network, data, options.validation_count, options.threads);
}

SharingOptions sharing(const SweepOptions& options, std::vector<unsigned> bits, CentroidInit init) {
  SharingOptions share;
  share.bits = std::move(bits);
  share.init = init;
  share.seed = options.seed + 2000;
  return share;
}

double fine_tune(Job& job, SharedNetwork& shared, const Dataset& data, const SweepOptions& options,
                 unsigned epochs, uint32_t images, const std::string& name) {
  FineTuneOptions tune;
  tune.train = short_training(options, epochs, 0.01F, images);
  tune.train.weight_decay = 0;
  job.add_training(tune.train, name);
  return fine_tune_centroids(shared, data, tune).validation_error;
}

std::string share_percent(double share) { return fixed(100 * share, share < 0.1 ? 1 : 0) + " %"; }

}  // namespace sparsys
