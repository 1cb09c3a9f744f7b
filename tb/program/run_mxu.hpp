// SPDX-License-Identifier: Apache-2.0
// `sparsys run --engine mxu`: quantised networks on the matrix unit.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

#include "tb/program/options.hpp"

namespace sparsys {

struct MxuRunOptions {
  uint32_t array = 256;
  uint32_t batch = 256;
  double weight_bandwidth = 0;

  void add_to(CLI::App& command);
};

// Runs test images first .. first + images - 1 on the cycle model, batch by batch, and compares all
// outputs with the functional model. Prints a table unless `json` is "-". Throws Error, and
// ExpectationFailed if an output differs.
void run_mxu(const MxuRunOptions& options, const std::string& model, const DataOptions& data,
             uint64_t first, uint64_t images, const std::string& json);

}  // namespace sparsys
