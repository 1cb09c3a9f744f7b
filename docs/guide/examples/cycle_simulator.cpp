// SPDX-License-Identifier: Apache-2.0
// How many cycles a sparse layer takes on engines of several sizes: docs/guide/cycle-simulator.md.
#include <cstdio>
#include <random>

#include "golden/cycle/eie/device.hpp"
#include "golden/engine/eie/driver.hpp"
#include "golden/function/eie/model.hpp"

using namespace sparsys;

// A layer of `outputs` x `inputs` weights of which the share `density` is not zero.
eie::Network random_network(uint32_t inputs, uint32_t outputs, double density,
                            std::mt19937& random) {
  eie::Network network;
  network.layers.resize(1);
  eie::Layer& layer = network.layers[0];
  layer.inputs = inputs;
  layer.outputs = outputs;
  layer.weight_frac = 8;  // the sums are shifted right by 8
  for (int code = 1; code < 16; ++code)
    layer.codebook[code] = static_cast<int16_t>(32 * code - 272);
  std::bernoulli_distribution kept(density);
  layer.column_start.push_back(0);
  for (uint32_t column = 0; column < inputs; ++column) {
    for (uint32_t row = 0; row < outputs; ++row) {
      if (!kept(random)) continue;
      layer.row.push_back(row);
      layer.code.push_back(static_cast<uint8_t>(1 + random() % 15));
    }
    layer.column_start.push_back(layer.row.size());
  }
  return network;
}

int main() {
  std::mt19937 random(1);
  const eie::Network network = random_network(1024, 512, 0.09, random);
  std::vector<int16_t> input(1024);
  for (int16_t& value : input) value = random() % 3 == 0 ? static_cast<int16_t>(random() % 256) : 0;
  const std::vector<int16_t> expected = eie::run(network, input);  // the functional model

  std::printf("PEs  queue  cycles  held  utilisation\n");
  for (const uint32_t n_pe : {8U, 16U, 32U, 64U}) {
    for (const uint32_t queue_depth : {1U, 8U, 64U}) {
      eie::Config config;  // the paper's memories
      config.n_pe = n_pe;
      config.queue_depth = queue_depth;
      eie::CycleDevice device(config);
      eie::Statistics statistics;
      device.statistics = &statistics;
      eie::Driver driver(device);
      const eie::Image image = eie::build_image(network, config, eie::Rows::kInterleaved);
      driver.load(image);
      if (driver.run(image, input) != expected) return 1;
      std::printf("%3u  %5u  %6llu  %4llu  %9.1f %%\n", n_pe, queue_depth,
                  static_cast<unsigned long long>(statistics.cycles),
                  static_cast<unsigned long long>(statistics.held),
                  100 * statistics.pe_utilisation());
    }
  }
  return 0;
}
