// SPDX-License-Identifier: Apache-2.0
// Deep Compression from end to end (Han 2016): prune, retrain, share weights, fine-tune, and then
// to fixed point as EIE runs it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "golden/compress/fixed_point.hpp"
#include "golden/compress/prune.hpp"
#include "golden/compress/weight_sharing.hpp"
#include "golden/format/compressed_network.hpp"
#include "golden/nn/dataset.hpp"
#include "golden/nn/mlp.hpp"
#include "golden/nn/train.hpp"

namespace sparsys {

struct DeepCompressionOptions {
  uint64_t seed = 1;
  unsigned threads = 0;  // 0: all processors
  // Share of weights to keep, per layer. Empty: 7.3 % of the first, 9 % of the middle ones and 26 %
  // of the last layer.
  std::vector<double> densities;
  unsigned prune_rounds = 3;
  unsigned retrain_epochs = 40;  // of the last round
  float retrain_learning_rate = 0.1F;
  unsigned max_shift = 1;  // augmentation, as in TrainOptions
  unsigned fine_tune_epochs = 6;
  float fine_tune_learning_rate = 0.01F;
  float centroid_rate = 0.003F;
  CentroidInit init = CentroidInit::kLinear;
  uint32_t validation_count = 5000;
  FixedPointOptions fixed_point;
  ProgressCallback progress;
};

struct CompressionStep {
  std::string name;                     // "float", "prune", "share", "fine-tune", "fixed point"
  std::vector<double> layer_densities;  // weights kept, biases excluded
  double density = 1;                   // of all layers together
  double validation_error = 0;          // percent
  double seconds = 0;
};

struct DeepCompressionReport {
  std::vector<CompressionStep> steps;
  std::vector<FixedPointLayerReport> fixed_point;
};

// Compresses a trained network. `data` gives training and validation images; the test images are
// not read. Throws Error if network, data and options do not fit each other.
CompressedNetwork deep_compress(const Mlp& trained, const Dataset& data,
                                const DeepCompressionOptions& options,
                                DeepCompressionReport* report = nullptr,
                                SharedMlp* shared = nullptr);

// One line per step for people.
std::string to_string(const DeepCompressionReport& report);

}  // namespace sparsys
