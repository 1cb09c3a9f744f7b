// SPDX-License-Identifier: Apache-2.0
// Where a layer comes from: sizes and densities, or files.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

#include "sw/sparsys/layers/sparse_layer.hpp"

namespace sparsys {

struct LayerSource {
  std::string shape;
  double density = 0;
  double activations = 1;
  std::string matrix;
  std::string input;
  uint64_t seed = 11;
  CLI::Option* shape_option = nullptr;
  CLI::Option* density_option = nullptr;
  CLI::Option* activations_option = nullptr;

  // Without `shape`, a matrix file alone.
  void add_to(CLI::App& command, bool shape);
  bool given() const { return !shape.empty() || !matrix.empty(); }
  // Throws Error if options do not fit each other or a file is wrong.
  SparseLayer load() const;
};

}  // namespace sparsys
