// SPDX-License-Identifier: Apache-2.0
#include "golden/compress/prune.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include "golden/error.hpp"

namespace sparsys {

Mask mask_by_density(const Eigen::MatrixXf& weights, double density) {
  const auto size = static_cast<size_t>(weights.size());
  const float* w = weights.data();
  const size_t kept = static_cast<size_t>(
      std::llround(std::min(1.0, std::max(0.0, density)) * static_cast<double>(size)));
  std::vector<uint32_t> order(size);
  std::iota(order.begin(), order.end(), 0U);
  const auto before = [w](uint32_t a, uint32_t b) {
    const float x = std::abs(w[a]);
    const float y = std::abs(w[b]);
    return x > y || (x == y && a < b);
  };
  if (kept < size) {
    std::nth_element(order.begin(), order.begin() + static_cast<long>(kept), order.end(), before);
  }
  Mask mask = Mask::Zero(weights.rows(), weights.cols());
  for (size_t i = 0; i < kept; ++i) mask.data()[order[i]] = w[order[i]] != 0 ? 1 : 0;
  return mask;
}

Mask mask_by_quality(const Eigen::MatrixXf& weights, double quality) {
  if (weights.size() == 0) return Mask::Zero(weights.rows(), weights.cols());
  const Eigen::ArrayXXd w = weights.cast<double>().array();
  const double deviation = std::sqrt((w - w.mean()).square().mean());
  return ((w.abs() > quality * deviation) && (w != 0)).cast<uint8_t>().matrix();
}

void apply_masks(Mlp& mlp, const std::vector<Mask>& masks) {
  if (masks.size() != mlp.layers.size()) {
    throw Error(mlp.name + ": " + std::to_string(masks.size()) + " masks, expected " +
                std::to_string(mlp.layers.size()) + ", one per layer");
  }
  for (size_t l = 0; l < masks.size(); ++l) {
    DenseLayer& layer = mlp.layers[l];
    if (masks[l].rows() != layer.weights.rows() || masks[l].cols() != layer.weights.cols()) {
      throw Error(mlp.name + ": mask of layer " + layer.name + " has another shape, expected " +
                  std::to_string(layer.weights.rows()) + "x" +
                  std::to_string(layer.weights.cols()));
    }
    layer.weights = (masks[l].array() != 0).select(layer.weights, 0.0F);
  }
}

double mask_density(const Mask& mask) { return mask_density(std::vector<Mask>{mask}); }

double mask_density(const std::vector<Mask>& masks) {
  double kept = 0;
  double size = 0;
  for (const Mask& mask : masks) {
    kept += static_cast<double>((mask.array() != 0).count());
    size += static_cast<double>(mask.size());
  }
  return size > 0 ? kept / size : 0;
}

PruneReport prune_and_retrain(Mlp& mlp, const Dataset& data, const PruneOptions& options) {
  const bool by_density = !options.densities.empty();
  if (by_density == !options.qualities.empty()) {
    throw Error(mlp.name + ": densities and qualities both given or both missing, expected one");
  }
  const std::vector<double>& targets = by_density ? options.densities : options.qualities;
  if (targets.size() != mlp.layers.size()) {
    throw Error(mlp.name + ": pruning targets for " + std::to_string(targets.size()) +
                " layers, expected " + std::to_string(mlp.layers.size()));
  }
  for (const double target : targets) {
    if (!(target >= 0 && (!by_density || target <= 1))) {
      throw Error(mlp.name + ": pruning target " + std::to_string(target) + ", expected " +
                  (by_density ? "a density from 0 to 1" : "a quality factor of at least 0"));
    }
  }
  if (options.rounds == 0) throw Error(mlp.name + ": no pruning rounds, expected at least one");

  const auto start = std::chrono::steady_clock::now();
  PruneReport report;
  for (unsigned round = 1; round <= options.rounds; ++round) {
    const bool last = round == options.rounds;
    const double progress = static_cast<double>(round) / options.rounds;
    report.masks.clear();
    for (size_t l = 0; l < mlp.layers.size(); ++l) {
      const Eigen::MatrixXf& weights = mlp.layers[l].weights;
      report.masks.push_back(by_density ? mask_by_density(weights, std::pow(targets[l], progress))
                                        : mask_by_quality(weights, targets[l] * progress));
    }
    apply_masks(mlp, report.masks);
    TrainOptions retrain = options.retrain;
    retrain.seed += round;
    retrain.step += " " + std::to_string(round) + "/" + std::to_string(options.rounds);
    if (!last) {
      retrain.epochs = options.round_epochs;
      retrain.learning_rate = options.round_learning_rate;
      retrain.final_learning_rate = std::min(retrain.learning_rate, options.round_final_rate);
    }
    report.validation_error = train(mlp, data, retrain, &report.masks).validation_error;
  }
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return report;
}

}  // namespace sparsys
