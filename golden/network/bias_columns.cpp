// SPDX-License-Identifier: Apache-2.0
#include "golden/network/bias_columns.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "golden/network/eie_write_back.hpp"

namespace sparsys::eie {
namespace {

using Constants = std::optional<std::vector<int16_t>>;

// What a layer's constant rows make of its constant inputs; nothing if that depends on others.
Constants made_by(const Layer& layer, const Constants& inputs) {
  const uint32_t first_row = layer.outputs - layer.constant_outputs;
  const uint32_t first_column = layer.inputs - layer.constant_inputs;
  std::vector<int64_t> sums(layer.constant_outputs);
  for (uint32_t j = 0; j < layer.inputs; ++j) {
    for (uint64_t k = layer.column_start[j]; k < layer.column_start[j + 1]; ++k) {
      if (layer.row[k] < first_row) continue;
      if (j < first_column || !inputs) return std::nullopt;
      sums[layer.row[k] - first_row] +=
          int64_t{layer.codebook[layer.code[k]]} * (*inputs)[j - first_column];
    }
  }
  std::vector<int16_t> made;
  for (const int64_t sum : sums) made.push_back(write_back(sum, layer.shift(), layer.relu));
  return made;
}

// Columns stay where they are, behind the inputs.
void make_bias(Layer& layer, std::vector<int16_t> constants) {
  layer.inputs -= layer.constant_inputs;
  layer.constant_inputs = 0;
  layer.bias = std::move(constants);
}

void leave_out_constant_rows(Layer& layer) {
  layer.outputs -= layer.constant_outputs;
  layer.constant_outputs = 0;
  uint64_t kept = 0;
  uint64_t k = 0;
  for (size_t j = 0; j + 1 < layer.column_start.size(); ++j) {
    for (; k < layer.column_start[j + 1]; ++k) {
      if (layer.row[k] >= layer.outputs) continue;
      layer.row[kept] = layer.row[k];
      layer.code[kept++] = layer.code[k];
    }
    layer.column_start[j + 1] = kept;
  }
  layer.row.resize(kept);
  layer.code.resize(kept);
}

}  // namespace

Network with_bias_columns(Network network) {
  Constants constants = network.input_constants;
  for (size_t l = 0; l < network.layers.size(); ++l) {
    Layer& layer = network.layers[l];
    Constants next = made_by(layer, constants);
    if (constants && !constants->empty() && constants->size() <= kMaxBias) {
      make_bias(layer, *constants);
      if (l == 0) {
        network.input_constants.clear();
      } else {
        leave_out_constant_rows(network.layers[l - 1]);
      }
    }
    constants = std::move(next);
  }
  return network;
}

}  // namespace sparsys::eie
