// SPDX-License-Identifier: Apache-2.0
#include "golden/network/random_layer.hpp"

#include <algorithm>
#include <cmath>

namespace sparsys::eie {
namespace {

constexpr int kWeightBits = 8;
constexpr int kActivationBits = 12;

// A layer without non-zeros yet.
Layer empty_layer(uint32_t inputs, uint32_t outputs, double density) {
  Layer layer;
  layer.inputs = inputs;
  layer.outputs = outputs;
  layer.relu = true;
  set_uniform_codebook(layer);
  set_usual_shift(layer, density);
  layer.column_start.reserve(size_t{inputs} + 1);
  layer.column_start.push_back(0);
  return layer;
}

}  // namespace

void append_random_rows(Random& random, uint32_t first, uint32_t rows, double density,
                        Layer& layer) {
  if (density <= 0) return;
  // Distances between non-zeros are geometric; drawing those makes the cost that of the non-zeros
  // and not of the matrix.
  const double scale = density >= 1 ? 0 : 1.0 / std::log1p(-density);
  double next = 0;
  while (true) {
    if (density < 1) next += std::floor(std::log(1.0 - random.uniform()) * scale);
    if (next >= rows) return;
    layer.row.push_back(first + static_cast<uint32_t>(next));
    layer.code.push_back(static_cast<uint8_t>(1 + random.below(15)));
    next += 1;
  }
}

int usual_shift(double terms, int weight_bits, int activation_bits) {
  const double bits = weight_bits + activation_bits + 0.5 * std::log2(std::max(1.0, terms));
  return std::clamp(static_cast<int>(bits) - 13, 0, 31);
}

void set_uniform_codebook(Layer& layer) {
  for (int c = 1; c < 16; ++c) {
    const int magnitude = (c + 1) / 2 << (kWeightBits - 3);
    layer.codebook[static_cast<size_t>(c)] =
        static_cast<int16_t>(c % 2 != 0 ? magnitude : -magnitude);
  }
}

void set_usual_shift(Layer& layer, double density) {
  layer.input_frac = layer.output_frac = 8;
  layer.weight_frac = usual_shift(density * layer.inputs, kWeightBits, kActivationBits);
}

Layer uniform_layer(uint64_t seed, uint32_t inputs, uint32_t outputs, double density) {
  Random random(seed, 1);
  Layer layer = empty_layer(inputs, outputs, density);
  for (uint32_t j = 0; j < inputs; ++j) {
    append_random_rows(random, 0, outputs, density, layer);
    layer.column_start.push_back(layer.row.size());
  }
  return layer;
}

Layer spread_layer(uint64_t seed, uint32_t inputs, uint32_t outputs, double density, double sigma) {
  if (sigma == 0) return uniform_layer(seed, inputs, outputs, density);
  Random of_rows(seed, 3);
  std::vector<double> row_density(outputs);
  double sum = 0;
  for (double& row : row_density) sum += row = std::exp(sigma * of_rows.normal());
  for (double& row : row_density) row = std::min(1.0, row * density * outputs / sum);
  const double most = *std::max_element(row_density.begin(), row_density.end());
  // Non-zeros of the densest row in all rows, of which each row keeps its share.
  Random random(seed, 1);
  Layer layer = empty_layer(inputs, outputs, density);
  for (uint32_t j = 0; j < inputs; ++j) {
    size_t kept = layer.row.size();
    const size_t first = kept;
    append_random_rows(random, 0, outputs, most, layer);
    for (size_t e = first; e < layer.row.size(); ++e) {
      if (random.uniform() * most >= row_density[layer.row[e]]) continue;
      layer.row[kept] = layer.row[e];
      layer.code[kept++] = layer.code[e];
    }
    layer.row.resize(kept);
    layer.code.resize(kept);
    layer.column_start.push_back(kept);
  }
  return layer;
}

std::vector<int16_t> uniform_activations(uint64_t seed, uint32_t size, double density) {
  Random random(seed, 2);
  std::vector<int16_t> values(size);
  for (int16_t& value : values) {
    if (random.uniform() >= density) continue;
    const auto magnitude = static_cast<int16_t>(1 + random.below(1U << kActivationBits));
    value = random.below(2) != 0 ? magnitude : static_cast<int16_t>(-magnitude);
  }
  return values;
}

}  // namespace sparsys::eie
