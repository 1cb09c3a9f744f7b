// SPDX-License-Identifier: Apache-2.0
#include "tb/support/random_network.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>

#include "golden/base/error.hpp"
#include "golden/base/random.hpp"
#include "golden/network/random_layer.hpp"

namespace sparsys {
namespace {

constexpr int16_t kExtremes[] = {-32768, -32767, 32767, 32766, -1, 1, 0, 16384};

int16_t random_value(Random& random, int16_t largest, bool extreme) {
  if (extreme && random.below(4) != 0) return kExtremes[random.below(8)];
  if (extreme) return static_cast<int16_t>(random.next());
  // Codes that hold 0 are legal, but then nothing can be seen of them: avoided here.
  const auto magnitude = static_cast<int16_t>(1 + random.below(static_cast<uint64_t>(largest)));
  return random.below(2) != 0 ? magnitude : static_cast<int16_t>(-magnitude);
}

double column_density(Random& random, double density, bool uneven) {
  if (!uneven) return density;
  const uint64_t dice = random.below(20);
  if (dice < 2) return 0;
  return dice == 2 ? 1 : density;
}

constexpr int kWeightBits = 8;
constexpr int kActivationBits = 12;

eie::Layer make_layer(Random& random, uint32_t inputs, uint32_t outputs, uint32_t constants_in,
                      uint32_t constants_out, double density, bool uneven, bool extreme) {
  eie::Layer layer;
  layer.inputs = inputs + constants_in;
  layer.outputs = outputs + constants_out;
  layer.constant_inputs = constants_in;
  layer.constant_outputs = constants_out;
  for (size_t c = 1; c < layer.codebook.size(); ++c) {
    layer.codebook[c] = random_value(random, 1 << kWeightBits, extreme);
  }
  layer.column_start.reserve(layer.inputs + 1);
  layer.column_start.push_back(0);
  for (uint32_t j = 0; j < layer.inputs; ++j) {
    const bool is_constant = j >= inputs;
    // Biases are dense: most rows have an entry in the constants' columns.
    eie::append_random_rows(random, 0, outputs,
                            is_constant ? 0.7 : column_density(random, density, uneven), layer);
    if (is_constant) eie::append_random_rows(random, outputs, constants_out, 0.7, layer);
    layer.column_start.push_back(layer.row.size());
  }
  const int shift =
      extreme ? static_cast<int>(random.below(32))
              : eie::usual_shift(density * inputs + constants_in, kWeightBits, kActivationBits);
  layer.input_frac = 8;
  layer.output_frac = 8;
  layer.weight_frac = shift;
  return layer;
}

}  // namespace

eie::Network random_network(uint64_t seed, const RandomNetworkOptions& options) {
  if (options.sizes.size() < 2) throw Error("random network: at least two sizes are needed");
  for (const uint32_t size : options.sizes) {
    if (size == 0) throw Error("random network: a vector size is 0");
  }
  if (!(options.density >= 0 && options.density <= 1)) {
    throw Error("random network: density is outside of 0 to 1");
  }
  Random random(seed, 1);
  eie::Network network;
  network.name = "random-" + std::to_string(seed);
  network.origin = "random, seed " + std::to_string(seed);
  for (uint32_t c = 0; c < options.constants; ++c) {
    network.input_constants.push_back(options.extreme ? random_value(random, 0, true)
                                                      : static_cast<int16_t>(256));
  }
  const size_t layers = options.sizes.size() - 1;
  for (size_t l = 0; l < layers; ++l) {
    const bool last = l + 1 == layers;
    network.layers.push_back(make_layer(random, options.sizes[l], options.sizes[l + 1],
                                        options.constants, last ? 0 : options.constants,
                                        options.density, options.uneven, options.extreme));
    network.layers.back().name = "fc" + std::to_string(l + 1);
    network.layers.back().relu = options.relu && !last;
  }
  return network;
}

eie::Layer random_layer(uint64_t seed, uint32_t inputs, uint32_t outputs, double density,
                        bool uneven, bool extreme) {
  RandomNetworkOptions options;
  options.sizes = {inputs, outputs};
  options.density = density;
  options.uneven = uneven;
  options.extreme = extreme;
  return random_network(seed, options).layers.front();
}

std::vector<int16_t> random_input(uint64_t seed, const eie::Network& network, double density,
                                  bool extreme) {
  Random random(seed, 2);
  std::vector<int16_t> input(network.input_size());
  for (int16_t& value : input) {
    if (random.uniform() < density) value = random_value(random, 1 << kActivationBits, extreme);
  }
  return input;
}

RandomNetworkOptions random_options(uint64_t seed, uint32_t max_size) {
  Random random(seed, 3);
  RandomNetworkOptions options;
  options.sizes.resize(2 + random.below(4));
  for (uint32_t& size : options.sizes) {
    // As many small as large sizes: both ends of the range matter.
    const double bits = random.uniform() * std::log2(static_cast<double>(max_size) + 1);
    size = std::clamp<uint32_t>(static_cast<uint32_t>(std::exp2(bits)), 1, max_size);
  }
  constexpr double kDensities[] = {0, 0.02, 0.05, 0.1, 0.3, 1};
  options.density = kDensities[random.below(6)];
  options.uneven = random.below(2) != 0;
  options.relu = random.below(4) != 0;
  options.constants = static_cast<uint32_t>(random.below(8));
  options.extreme = random.below(3) == 0;
  return options;
}

uint64_t seed_from_environment(uint64_t seed) {
  const char* text = std::getenv("SPARSYS_SEED");
  return text != nullptr && *text != '\0' ? std::strtoull(text, nullptr, 0) : seed;
}

bool seed_is_given() {
  const char* text = std::getenv("SPARSYS_SEED");
  return text != nullptr && *text != '\0';
}

}  // namespace sparsys
