// SPDX-License-Identifier: Apache-2.0
// `sparsys run --engine mxu`: quantised networks on the matrix unit.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

#include "sw/sparsys/options.hpp"

namespace sparsys {

struct MxuRunOptions {
  // mxu: the RTL; mxu-cycle: the cycle model; mxu-function: the functional model.
  std::string engine = "mxu";
  uint32_t array = 256;
  uint32_t batch = 256;
  double weight_bandwidth = 0;
  bool no_lockstep = false;  // of the RTL only, as are the waves
  std::string waves;

  // Options of the matrix unit alone.
  void add_to(CLI::App& command);
};

// Test images.
struct MxuRunRange {
  uint64_t first = 0;
  uint64_t images = 0;
};

// Runs them batch by batch and compares all outputs with the functional model. Prints a table
// unless `json` is "-". Throws Error, and ExpectationFailed if an output differs, or RTL and cycle
// model.
void run_mxu(const MxuRunOptions& options, const std::string& model, const DataOptions& data,
             const MxuRunRange& range, const std::string& json);

}  // namespace sparsys
