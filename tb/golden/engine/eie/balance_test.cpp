// SPDX-License-Identifier: Apache-2.0
// Balanced row assignment: what the engine computes stays the same, and the PEs' entries come
// together.
#include "golden/engine/eie/balance.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <numeric>
#include <set>

#include "golden/base/random.hpp"
#include "golden/cycle/eie/device.hpp"
#include "golden/engine/eie/driver.hpp"
#include "golden/engine/eie/image.hpp"
#include "golden/function/eie/model.hpp"
#include "golden/network/random_layer.hpp"
#include "tb/support/random_network.hpp"
#include "tb/support/seeds.hpp"

namespace sparsys::eie {
namespace {

// The sizes of LeNet-300-100 with biases, pruned as real networks are: rows differ, as a factor of
// up to `spread` says, and a share of them is empty.
Network uneven_lenet(uint64_t seed, double density, double empty, double spread) {
  RandomNetworkOptions options;
  options.sizes = {784, 300, 100, 10};
  options.density = 0;
  options.uneven = false;
  options.constants = 1;
  Network network = random_network(seed, options);
  Random random(seed, 9);
  for (Layer& layer : network.layers) {
    std::vector<double> share(layer.outputs);
    const bool last = layer.outputs == 10;
    for (double& s : share) {
      s = !last && random.uniform() < empty ? 0 : density * std::exp(spread * random.normal());
    }
    Layer made = layer;
    made.column_start.assign(1, 0);
    made.row.clear();
    made.code.clear();
    for (uint32_t j = 0; j < layer.inputs; ++j) {
      const bool constant = j + layer.constant_inputs >= layer.inputs;
      for (uint32_t i = 0; i < layer.outputs; ++i) {
        const bool makes_constant = i + layer.constant_outputs >= layer.outputs;
        if (makes_constant ? !constant : random.uniform() >= share[i]) continue;
        made.row.push_back(i);
        made.code.push_back(static_cast<uint8_t>(1 + random.below(15)));
      }
      made.column_start.push_back(made.row.size());
    }
    layer = std::move(made);
  }
  return network;
}

// Entries of the fullest PE of a layer over their mean.
double imbalance(const LayerStats& layer) {
  const std::vector<uint64_t>& per_pe = layer.entries_per_pe;
  const double mean =
      static_cast<double>(std::accumulate(per_pe.begin(), per_pe.end(), uint64_t{0})) /
      static_cast<double>(per_pe.size());
  return static_cast<double>(*std::max_element(per_pe.begin(), per_pe.end())) / mean;
}

uint64_t cycles_of(const Network& network, const Image& image, const std::vector<int16_t>& input) {
  CycleDevice device(image.config);
  Driver driver(device);
  driver.reset();
  driver.put(image);
  std::vector<int16_t> outputs = driver.run(image, input);
  outputs.resize(network.output_size());
  EXPECT_EQ(outputs, run(network, input));
  return driver.list_cycles();
}

TEST(EieBalance, EntriesOfThePesComeTogether) {
  Config config;
  config.n_pe = 16;
  struct Case {
    const char* what;
    double density, empty, spread;
  };
  for (const Case& one : {Case{"8 % kept, uneven rows", 0.08, 0, 0.5},
                          Case{"2 % kept, most rows of the first layers empty", 0.06, 0.65, 0.5}}) {
    SCOPED_TRACE(one.what);
    const Network network = uneven_lenet(7, one.density, one.empty, one.spread);
    const Image plain = build_image(network, config, Rows::kInterleaved);
    const Image balanced = build_image(network, config, Rows::kBalanced);
    for (size_t l = 0; l < 2; ++l) {
      EXPECT_TRUE(balanced.layers[l].balanced);
      EXPECT_LE(imbalance(balanced.layers[l]), 1.05) << "layer " << l;
      EXPECT_GT(imbalance(plain.layers[l]), 1.05) << "layer " << l;
    }
    const std::vector<int16_t> input = random_input(3, network, 0.2);
    const uint64_t before = cycles_of(network, plain, input);
    const uint64_t after = cycles_of(network, balanced, input);
    // With few entries the broadcasts are the bound, and there is nothing to save.
    EXPECT_LE(after, before + before / 50);
    if (one.empty == 0) {
      EXPECT_LT(after, before);
    }
    std::cout << one.what << ": " << before << " cycles, balanced " << after << '\n';
  }
}

TEST(EieBalance, OutputsOfRandomNetworksStay) {
  for_seeds(40, [](uint64_t seed) {
    Config config;
    config.n_pe = 1U << seed % 7;
    config.act_regs = 4U << seed % 5;
    config.acc_width = 20 + static_cast<uint32_t>(seed % 29);
    const Network network = random_network(seed, random_options(seed, 150));
    const Image image = build_image(network, config, Rows::kBalanced);
    const std::set<uint32_t> places(image.output_position.begin(), image.output_position.end());
    ASSERT_EQ(places.size(), network.layers.back().outputs);
    ASSERT_EQ(*places.rbegin() + 1, network.layers.back().outputs);
    const std::vector<int16_t> input = random_input(seed, network, 0.5, seed % 3 == 0);
    CycleDevice device(config);
    Driver driver(device);
    driver.reset();
    driver.put(image);
    std::vector<int16_t> outputs = driver.run(image, input);
    outputs.resize(network.output_size());
    EXPECT_EQ(outputs, run(network, input, static_cast<int>(config.acc_width)));
  });
}

// Sums that saturate depend on the order of the inputs, so the rows in front of such a layer stay.
TEST(EieBalance, RowsStayWhereTheOrderOfAdditionsCounts) {
  RandomNetworkOptions options;
  options.sizes = {32, 64, 48};
  options.density = 0.5;
  Network network = random_network(4, options);
  Config config;
  config.n_pe = 8;
  EXPECT_TRUE(build_image(network, config, Rows::kBalanced).layers[0].balanced);
  network.layers[1].codebook.fill(INT16_MAX);
  network.layers[1].codebook[0] = 0;
  const Image image = build_image(network, config, Rows::kBalanced);
  EXPECT_FALSE(image.layers[0].balanced);
  EXPECT_TRUE(image.layers[1].balanced);
}

}  // namespace
}  // namespace sparsys::eie
