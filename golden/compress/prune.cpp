// SPDX-License-Identifier: Apache-2.0
#include "golden/compress/prune.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "golden/base/error.hpp"

namespace sparsys {
namespace {

// Elements of a layer's weights in their order: rows of the matrix, or columns if these are stored
// first.
class Elements {
 public:
  Elements(const Network& network, const Layer& layer)
      : values_(network.parameters.at(layer.weights).values),
        columns_first_(layer.columns_first),
        row_size_(std::max<int64_t>(1, layer.columns_first ? layer.outputs : layer.inputs)) {}

  size_t size() const { return values_.size(); }
  float operator[](size_t i) const { return values_[i]; }
  uint64_t row(size_t i) const {
    return columns_first_ ? i % static_cast<uint64_t>(row_size_)
                          : i / static_cast<uint64_t>(row_size_);
  }

 private:
  const std::vector<float>& values_;
  bool columns_first_;
  int64_t row_size_;
};

// Larger magnitudes first, of equal ones those that come first.
class ByMagnitude {
 public:
  explicit ByMagnitude(const Elements& elements) : elements_(elements) {}
  bool operator()(uint32_t a, uint32_t b) const {
    const float x = std::abs(elements_[a]);
    const float y = std::abs(elements_[b]);
    return x > y || (x == y && a < b);
  }

 private:
  const Elements& elements_;
};

void check_size(const Elements& elements) {
  if (elements.size() > UINT32_MAX) throw Error("layer of more than 2^32 weights");
}

// The `kept` candidates of largest magnitude.
void keep_largest(const Elements& elements, std::vector<uint32_t>& candidates, size_t kept,
                  std::vector<uint8_t>& mask) {
  kept = std::min(kept, candidates.size());
  if (kept < candidates.size()) {
    std::nth_element(candidates.begin(), candidates.begin() + static_cast<long>(kept),
                     candidates.end(), ByMagnitude(elements));
  }
  for (size_t i = 0; i < kept; ++i) mask[candidates[i]] = 1;
}

std::vector<uint8_t> keep(const Elements& elements, size_t kept, unsigned n_pe) {
  check_size(elements);
  std::vector<uint8_t> mask(elements.size(), 0);
  std::vector<std::vector<uint32_t>> share(std::max(1U, n_pe));
  for (size_t i = 0; i < elements.size(); ++i) {
    if (elements[i] == 0) continue;
    share[n_pe == 0 ? 0 : elements.row(i) % n_pe].push_back(static_cast<uint32_t>(i));
  }
  if (n_pe == 0) {
    keep_largest(elements, share[0], kept, mask);
    return mask;
  }
  const ByMagnitude before(elements);
  for (std::vector<uint32_t>& pe : share) std::sort(pe.begin(), pe.end(), before);
  // The level that all PEs reach, as far as they can.
  size_t level = 0;
  size_t longest = 0;
  for (const auto& pe : share) longest = std::max(longest, pe.size());
  const auto taken = [&share](size_t at) {
    size_t sum = 0;
    for (const auto& pe : share) sum += std::min(at, pe.size());
    return sum;
  };
  for (size_t low = 0, high = longest; low <= high;) {
    const size_t middle = low + (high - low) / 2;
    if (taken(middle) <= kept) {
      level = middle;
      low = middle + 1;
    } else {
      high = middle - 1;  // taken(0) is 0, so middle is not 0 here
    }
  }
  std::vector<uint32_t> next;
  for (const auto& pe : share) {
    for (size_t i = 0; i < std::min(level, pe.size()); ++i) mask[pe[i]] = 1;
    if (level < pe.size()) next.push_back(pe[level]);
  }
  keep_largest(elements, next, kept - std::min(kept, taken(level)), mask);
  return mask;
}

size_t nonzeros(const std::vector<float>& values) {
  return values.size() - static_cast<size_t>(std::count(values.begin(), values.end(), 0.0F));
}

}  // namespace

std::vector<uint8_t> mask_by_density(const Network& network, const Layer& layer, double density,
                                     unsigned n_pe) {
  const Elements elements(network, layer);
  return keep(elements,
              static_cast<size_t>(std::llround(std::min(1.0, std::max(0.0, density)) *
                                               static_cast<double>(elements.size()))),
              n_pe);
}

std::vector<uint8_t> mask_by_quality(const Network& network, const Layer& layer, double quality,
                                     unsigned n_pe) {
  const Elements elements(network, layer);
  double sum = 0;
  double count = 0;
  for (size_t i = 0; i < elements.size(); ++i) {
    sum += static_cast<double>(elements[i]);
    count += elements[i] != 0 ? 1 : 0;
  }
  const double mean = sum / std::max(1.0, count);
  double square = 0;
  for (size_t i = 0; i < elements.size(); ++i) {
    if (elements[i] != 0) square += (elements[i] - mean) * (elements[i] - mean);
  }
  const double threshold = quality * std::sqrt(square / std::max(1.0, count));
  size_t kept = 0;
  for (size_t i = 0; i < elements.size(); ++i) {
    if (elements[i] != 0 && std::abs(static_cast<double>(elements[i])) > threshold) ++kept;
  }
  return keep(elements, kept, n_pe);
}

ParameterMasks nonzero_masks(const Network& network) {
  ParameterMasks masks(network.parameters.size());
  for (const Layer& layer : layers(network)) {
    const std::vector<float>& values = network.parameters[layer.weights].values;
    masks[layer.weights].assign(values.size(), 0);
    for (size_t i = 0; i < values.size(); ++i) masks[layer.weights][i] = values[i] != 0 ? 1 : 0;
  }
  return masks;
}

void apply_masks(Network& network, const ParameterMasks& masks) {
  if (masks.size() != network.parameters.size()) {
    throw Error(network.name + ": " + std::to_string(masks.size()) + " masks, expected " +
                std::to_string(network.parameters.size()) + ", one per parameter");
  }
  for (size_t p = 0; p < masks.size(); ++p) {
    Parameter& parameter = network.parameters[p];
    if (masks[p].empty()) continue;
    if (masks[p].size() != parameter.values.size()) {
      throw Error(network.name + ": mask of " + parameter.name + " has " +
                  std::to_string(masks[p].size()) + " elements, expected " +
                  std::to_string(parameter.values.size()));
    }
    for (size_t i = 0; i < masks[p].size(); ++i) {
      if (masks[p][i] == 0) parameter.values[i] = 0;
    }
  }
}

double density(const Network& network, const Layer& layer) {
  const std::vector<float>& values = network.parameters.at(layer.weights).values;
  if (values.empty()) return 1;
  return static_cast<double>(nonzeros(values)) / static_cast<double>(values.size());
}

double density(const Network& network) {
  const std::vector<Layer> all = layers(network);
  double kept = 0;
  double size = 0;
  for (size_t l = 0; l < all.size(); ++l) {
    if (!is_first(all, l)) continue;
    const std::vector<float>& values = network.parameters[all[l].weights].values;
    kept += static_cast<double>(nonzeros(values));
    size += static_cast<double>(values.size());
  }
  return size > 0 ? kept / size : 1;
}

std::vector<uint64_t> entries_per_pe(const Network& network, const Layer& layer, unsigned n_pe) {
  if (n_pe == 0) throw Error("0 PEs, expected at least 1");
  const Elements elements(network, layer);
  std::vector<uint64_t> entries(n_pe, 0);
  for (size_t i = 0; i < elements.size(); ++i) {
    if (elements[i] != 0) ++entries[elements.row(i) % n_pe];
  }
  return entries;
}

namespace {

// One target per layer.
std::vector<double> targets_of(const Network& network, size_t count, const PruneOptions& options) {
  const bool by_density = !options.densities.empty();
  if (by_density == !options.qualities.empty()) {
    throw Error(network.name +
                ": densities and qualities both given or both missing, expected one");
  }
  std::vector<double> targets = by_density ? options.densities : options.qualities;
  if (targets.size() == 1) targets.resize(count, targets[0]);
  if (targets.size() != count) {
    throw Error(network.name + ": pruning targets for " + std::to_string(targets.size()) +
                " layers, expected " + std::to_string(count) + " or one for all");
  }
  for (const double target : targets) {
    if (!(target >= 0 && (!by_density || target <= 1))) {
      throw Error(network.name + ": pruning target " + std::to_string(target) + ", expected " +
                  (by_density ? "a density from 0 to 1" : "a quality factor of at least 0"));
    }
  }
  if (options.rounds == 0) throw Error(network.name + ": no pruning rounds, expected at least one");
  return targets;
}

// Prunes to `progress` (0..1) of the way from `first` densities to the targets.
ParameterMasks prune_to(Network& network, const std::vector<Layer>& all, bool by_density,
                        const std::vector<double>& first, const std::vector<double>& targets,
                        double progress, unsigned n_pe) {
  ParameterMasks masks(network.parameters.size());
  for (size_t l = 0; l < all.size(); ++l) {
    if (!is_first(all, l)) continue;
    if (!by_density) {
      masks[all[l].weights] = mask_by_quality(network, all[l], targets[l] * progress, n_pe);
      continue;
    }
    double target = targets[l];
    if (progress < 1 && first[l] > target) {
      target = std::pow(first[l], 1 - progress) * std::pow(target, progress);
    }
    masks[all[l].weights] = mask_by_density(network, all[l], target, n_pe);
  }
  // A bias that is 0 among others that are not is a pruned one, and stays so.
  for (const Layer& layer : all) {
    if (layer.bias < 0) continue;
    const auto b = static_cast<size_t>(layer.bias);
    const std::vector<float>& biases = network.parameters[b].values;
    const size_t kept = nonzeros(biases);
    if (kept == 0 || kept == biases.size() || !masks[b].empty()) continue;
    for (const float value : biases) masks[b].push_back(value != 0 ? 1 : 0);
  }
  apply_masks(network, masks);
  return masks;
}

}  // namespace

ParameterMasks prune(Network& network, const PruneOptions& options) {
  const std::vector<Layer> all = layers(network);
  return prune_to(network, all, !options.densities.empty(), {},
                  targets_of(network, all.size(), options), 1, options.balance);
}

PruneReport prune_and_retrain(Network& network, const Dataset& data, const PruneOptions& options) {
  const std::vector<Layer> all = layers(network);
  const std::vector<double> targets = targets_of(network, all.size(), options);
  std::vector<double> first;
  for (const Layer& layer : all) first.push_back(density(network, layer));
  const auto start = std::chrono::steady_clock::now();
  PruneReport report;
  for (unsigned round = 1; round <= options.rounds; ++round) {
    const double progress = static_cast<double>(round) / options.rounds;
    report.masks = prune_to(network, all, !options.densities.empty(), first, targets, progress,
                            options.balance);
    const std::string which = std::to_string(round);
    TrainOptions retrain = options.retrain;
    retrain.seed += round;
    retrain.step += " " + which + "/" + std::to_string(options.rounds);
    if (!retrain.checkpoint.empty()) retrain.checkpoint += "-" + which + ".checkpoint";
    if (round < options.rounds) {
      retrain.epochs = options.round_epochs;
      retrain.learning_rate = options.round_learning_rate;
      retrain.final_learning_rate = std::min(retrain.learning_rate, options.round_final_rate);
    }
    const bool last = round == options.rounds;
    const Network before = last ? network : Network();
    const double start =
        last ? validation_error(network, data, retrain.validation_count, retrain.threads) : 0;
    report.validation_error = train(network, data, retrain, &report.masks).validation_error;
    if (last && report.validation_error > start) {
      report.tried_error = report.validation_error;
      report.validation_error = start;
      network = before;
    }
  }
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return report;
}

}  // namespace sparsys
