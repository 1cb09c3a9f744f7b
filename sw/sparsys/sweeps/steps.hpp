// SPDX-License-Identifier: Apache-2.0
// What the steps of all sweeps are made of.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "golden/compress/fine_tune.hpp"
#include "golden/compress/prune.hpp"
#include "golden/compress/weight_sharing.hpp"
#include "sw/sparsys/models/job.hpp"
#include "sw/sparsys/sweeps/sweeps.hpp"

namespace sparsys {

// To be raised when settings of the sweeps, or what the library makes of them, change.
constexpr const char* kSettings = "sweeps 3";

// A short training of a series: its settings were chosen so that all of them are over in minutes.
TrainOptions short_training(const SweepOptions& options, unsigned epochs, float rate,
                            uint32_t images);

// Densities of the layers of LeNet-300-100 in the proportion of the paper's table 2, 8 : 9 : 26 %.
std::vector<double> lenet_300_100_densities(double first);
// Of LeNet-5, the paper's table 3.
std::vector<double> lenet_5_densities();
PruneOptions to_densities(const std::vector<double>& densities, unsigned balance = 0);
SharingOptions sharing(const SweepOptions& options, std::vector<unsigned> bits,
                       CentroidInit init = CentroidInit::kLinear);

// A network in a figure: density_pct, validation_error_pct, layer_densities_pct[].
nlohmann::json point(const Network& network, double error);
double validate(const Job& job, const Network& network, const Dataset& data,
                const SweepOptions& options);
// What a fine-tuning of a series changes in `shared`; returns the validation error.
double fine_tune(Job& job, SharedNetwork& shared, const Dataset& data, const SweepOptions& options,
                 unsigned epochs, uint32_t images, const std::string& name);
// "13 %", "1.4 %".
std::string share_percent(double share);

}  // namespace sparsys
