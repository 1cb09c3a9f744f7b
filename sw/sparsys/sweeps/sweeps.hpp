// SPDX-License-Identifier: Apache-2.0
// What pruning and weight sharing cost in accuracy, as series of small networks: the figures of
// `sparsys compress-report`. All accuracies are of the validation images.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "golden/data/dataset.hpp"
#include "golden/network/network.hpp"
#include "golden/network/shared_network.hpp"
#include "golden/train/train.hpp"
#include "sw/sparsys/models/job.hpp"

namespace sparsys {

struct SweepOptions {
  uint64_t seed = 1;
  unsigned threads = 0;
  uint32_t validation_count = 5000;
  bool quick = false;  // a few points with hardly any training, for tests
};

// Steps are planned by the constructor and done by run(). `data` has no test images.
class DensitySweep {
 public:
  DensitySweep(Job& job, const SweepOptions& options, const std::string& key);
  // Accuracy against density: {network, caption, float_validation_error_pct, series[]: name,
  // points[]: density_pct, validation_error_pct, layer_densities_pct[]}.
  nlohmann::json run(const Network& network, const Dataset& data);
  // Accuracy against size, with the pruned networks of run().
  nlohmann::json run_sizes(const Network& network, const Dataset& data);

 private:
  nlohmann::json iterative(const Network& network, const Dataset& data) const;

  Job& job_;
  SweepOptions options_;
  std::vector<double> densities_;
  std::vector<double> qualities_;
  size_t once_;
  size_t retrained_;
  size_t iterative_;
  size_t quality_;
  size_t shared_only_;
  nlohmann::json iterative_series_;
};

// Accuracy against bits per shared weight, convolutional and fully connected layers apart: [{kind,
// title, network, caption, reference_validation_error_pct, series[]: init, fine_tuned, points[]:
// bits, validation_error_pct}].
class BitsSweep {
 public:
  BitsSweep(Job& job, const SweepOptions& options, const std::string& key);
  nlohmann::json run(const Network& network, const Dataset& data);

 private:
  Job& job_;
  SweepOptions options_;
  std::vector<unsigned> bits_;
  size_t prune_;
  std::vector<size_t> series_;  // kind by kind, initialisation by initialisation
};

// Load-balance-aware pruning (ESE, Han 2017) beside plain pruning at equal density: {caption,
// rows[]: network, n_pe, pruning, density_pct, validation_error_pct, entries, balance_pct,
// cycles_per_image, speedup (null for plain), pe_utilisation_pct; loads[]: name, layer,
// entries_per_pe[]}. Cycles are of the cycle model, each output checked against the functional
// model.
class BalanceComparison {
 public:
  BalanceComparison(Job& job, const SweepOptions& options, const std::string& key);
  nlohmann::json run(const Network& network, const Dataset& data);

 private:
  Job& job_;
  SweepOptions options_;
  struct Steps {
    size_t plain;
    std::vector<size_t> balanced;  // one for each of kBalancePes
  };
  Steps lenet_;
  size_t wide_training_;
  Steps wide_;
};

}  // namespace sparsys
