// SPDX-License-Identifier: Apache-2.0
#include "golden/compress/deep_compression.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

#include "golden/error.hpp"

namespace sparsys {
namespace {

constexpr size_t kSampleImages = 2000;

std::vector<double> default_densities(size_t layers) {
  // The published densities of LeNet-300-100 are 8, 9 and 26 % (Han 2016, table 2); a little less
  // in the first layer leaves room for the entries that make the biases.
  std::vector<double> densities;
  for (size_t l = 0; l < layers; ++l) {
    densities.push_back(l + 1 == layers ? 0.26 : l == 0 ? 0.073 : 0.09);
  }
  return densities;
}

CompressionStep measure(const std::string& name, const Mlp& mlp, double error, double seconds) {
  CompressionStep step;
  step.name = name;
  step.validation_error = error;
  step.seconds = seconds;
  double kept = 0;
  double all = 0;
  for (const DenseLayer& layer : mlp.layers) {
    const auto nonzero = static_cast<double>((layer.weights.array() != 0).count());
    const auto size = static_cast<double>(layer.weights.size());
    step.layer_densities.push_back(nonzero / size);
    kept += nonzero;
    all += size;
  }
  step.density = kept / all;
  return step;
}

// The integers back in floating point, to measure what rounding and bias constants cost. (The
// rounding of activations, 2^-8 of a pixel step and finer, is not in it.)
Mlp decode(const CompressedNetwork& network) {
  Mlp mlp;
  mlp.name = network.name;
  std::vector<double> constants(network.input_constants.begin(), network.input_constants.end());
  for (const CompressedLayer& layer : network.layers) {
    const uint32_t rows = layer.outputs - layer.constant_outputs;
    const uint32_t columns = layer.inputs - layer.constant_inputs;
    const float scale = std::ldexp(1.0F, -layer.weight_frac);
    DenseLayer dense;
    dense.name = layer.name;
    dense.relu = layer.relu;
    dense.weights = Eigen::MatrixXf::Zero(rows, columns);
    std::vector<double> sums(layer.outputs, 0.0);
    for (uint32_t c = 0; c < layer.inputs; ++c) {
      for (uint64_t k = layer.column_start[c]; k < layer.column_start[c + 1]; ++k) {
        const int16_t value = layer.codebook[layer.code[k]];
        if (c < columns) {
          dense.weights(layer.row[k], c) = static_cast<float>(value) * scale;
        } else {
          sums[layer.row[k]] += value * constants[c - columns];
        }
      }
    }
    dense.bias.resize(rows);
    for (uint32_t r = 0; r < rows; ++r) {
      dense.bias[r] =
          static_cast<float>(std::ldexp(sums[r], -layer.input_frac - layer.weight_frac));
    }
    constants.clear();
    for (uint32_t r = rows; r < layer.outputs; ++r) {
      const double y = std::floor(std::ldexp(sums[r], -layer.shift()) + 0.5);
      constants.push_back(layer.relu ? std::max(0.0, y) : y);
    }
    mlp.layers.push_back(std::move(dense));
  }
  return mlp;
}

}  // namespace

CompressedNetwork deep_compress(const Mlp& trained, const Dataset& data,
                                const DeepCompressionOptions& options,
                                DeepCompressionReport* report, SharedMlp* shared_out) {
  if (trained.layers.empty()) throw Error(trained.name + ": no layers, expected at least one");
  DeepCompressionReport steps;
  auto start = std::chrono::steady_clock::now();
  const auto lap = [&start] {
    const auto now = std::chrono::steady_clock::now();
    const double seconds = std::chrono::duration<double>(now - start).count();
    start = now;
    return seconds;
  };
  const auto validate = [&](const Mlp& mlp) {
    return validation_error(mlp, data, options.validation_count, options.threads);
  };
  steps.steps.push_back(measure("float", trained, validate(trained), lap()));

  Mlp mlp = trained;
  PruneOptions prune;
  prune.densities =
      options.densities.empty() ? default_densities(mlp.layers.size()) : options.densities;
  prune.rounds = options.prune_rounds;
  prune.round_learning_rate = options.retrain_learning_rate;
  prune.retrain.seed = options.seed + 100;
  prune.retrain.epochs = options.retrain_epochs;
  prune.retrain.learning_rate = options.retrain_learning_rate;
  prune.retrain.final_learning_rate = options.retrain_learning_rate / 50;
  prune.retrain.max_shift = options.max_shift;
  prune.retrain.validation_count = options.validation_count;
  prune.retrain.threads = options.threads;
  prune.retrain.step = "prune";
  prune.retrain.progress = options.progress;
  const PruneReport pruned = prune_and_retrain(mlp, data, prune);
  steps.steps.push_back(measure("prune", mlp, pruned.validation_error, lap()));

  SharedMlp shared = share_weights(mlp, options.init, options.seed);
  const Mlp decoded = shared.decode();
  steps.steps.push_back(measure("share", decoded, validate(decoded), lap()));

  FineTuneOptions tune;
  tune.train.seed = options.seed + 200;
  tune.train.epochs = options.fine_tune_epochs;
  tune.train.learning_rate = options.fine_tune_learning_rate;
  tune.train.final_learning_rate = options.fine_tune_learning_rate / 50;
  tune.train.weight_decay = 0;
  tune.train.max_shift = options.max_shift;
  tune.train.validation_count = options.validation_count;
  tune.train.threads = options.threads;
  tune.train.step = "fine-tune";
  tune.train.progress = options.progress;
  tune.centroid_rate = options.centroid_rate;
  const TrainReport tuned = fine_tune_centroids(shared, data, tune);
  steps.steps.push_back(measure("fine-tune", shared.decode(), tuned.validation_error, lap()));

  const Eigen::MatrixXf sample = calibration_sample(data, kSampleImages);
  CompressedNetwork network =
      to_fixed_point(shared, sample, options.fixed_point, &steps.fixed_point);
  const Mlp rounded = decode(network);
  steps.steps.push_back(measure("fixed point", rounded, validate(rounded), lap()));

  std::array<char, 96> text{};
  std::snprintf(text.data(), text.size(), "; %.2f %% of weights kept, validation error %.2f %%",
                100 * steps.steps.back().density, steps.steps.back().validation_error);
  network.origin = trained.origin + text.data();
  if (report != nullptr) *report = std::move(steps);
  if (shared_out != nullptr) *shared_out = std::move(shared);
  return network;
}

std::string to_string(const DeepCompressionReport& report) {
  std::string text = "step          validation error   weights kept   (per layer)   seconds\n";
  for (const CompressionStep& step : report.steps) {
    std::array<char, 128> line{};
    std::snprintf(line.data(), line.size(), "%-12s  %8.2f %%         %8.2f %%     ",
                  step.name.c_str(), step.validation_error, 100 * step.density);
    text += line.data();
    for (const double density : step.layer_densities) {
      std::snprintf(line.data(), line.size(), " %.1f", 100 * density);
      text += line.data();
    }
    std::snprintf(line.data(), line.size(), "   %.1f\n", step.seconds);
    text += line.data();
  }
  return text;
}

}  // namespace sparsys
