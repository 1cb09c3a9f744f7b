// SPDX-License-Identifier: Apache-2.0
// Single engines in lockstep: throughput, large layers, saturation, errors.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "tb/engine/eie/bench.hpp"
#include "tb/support/random_network.hpp"

namespace sparsys::eie {
namespace {

TEST(EieBackDoor, MemoriesReadBackAsThroughThePort) {
  RandomNetworkOptions options;
  options.sizes = {60, 50};
  options.density = 0.4;
  const Config config = paper(4);
  const Network network = random_network(22, options);
  const Image image = build_image(network, config);
  Lockstep device(config);
  Driver driver(device);
  driver.reset();
  driver.put(image);
  EXPECT_EQ(driver.cycles(), 1u);  // the reset
  ASSERT_NO_FATAL_FAILURE(expect_read_back(driver, image));
  const std::vector<int16_t> input = random_input(22, network, 0.5);
  EXPECT_EQ(driver.run(image, input), run(network, input));
  device.finish();
}

// "In a PE with work queued, an entry every cycle: no bubble between columns, none for an empty
// column": with one PE and all of its columns queued in time, the run takes its entries and a
// constant, whatever the columns' lengths, and however many empty ones lie between.
TEST(EieThroughput, AnEntryEveryCycle) {
  for (uint32_t empty_between : {0u, 1u, 3u}) {
    const uint32_t columns = 48;
    auto codes = zeros(40, columns);
    std::mt19937_64 random(empty_between);
    uint64_t entries = 0;
    for (uint32_t j = 0; j < columns; j += 1 + empty_between) {
      // At least as many entries as columns that follow, so that the queue never runs dry.
      const uint32_t length = 5 + static_cast<uint32_t>(random() % 30);
      for (uint32_t r = 0; r < length; ++r) codes[r][j] = static_cast<uint8_t>(1 + random() % 15);
      entries += length;
    }
    Bench bench(paper(1));
    bench.load(network_of(layer_of(codes)));
    bench.run(ones(columns));
    EXPECT_EQ(bench.statistics().entries, entries);
    // The seven registers between the broadcast and the accumulators: p, queue, d, e, s1, s2, s3.
    EXPECT_EQ(bench.statistics().active_cycles(), entries + 7) << empty_between << " empty";
    bench.finish();
  }
}

TEST(EieLarge, LayersOver4096InputsAndOutputsOn64Pes) {
  RandomNetworkOptions options;
  options.density = 0.02;
  options.constants = 1;
  options.sizes = {5000, 70, 4500, 10};
  const Network network = random_network(8, options);
  check_network(paper(64), network,
                {random_input(1, network, 0.3), random_input(2, network, 0.02)});
}

TEST(EieLarge, PassesSplitBecauseAPeHoldsTooManyEntries) {
  // 64 rows x 1,024 columns in each of 16 PEs are 65,536 entries, one more than pointers can count.
  RandomNetworkOptions options;
  options.sizes = {1024, 1024};
  options.density = 1.0;
  options.uneven = false;
  const Network network = random_network(2, options);
  const Image image = build_image(network, paper(16), Rows::kInterleaved);
  ASSERT_EQ(image.passes.size(), 2u);
  EXPECT_GT(image.passes[1].in_first, 0u);
  check_network(paper(16), network, {random_input(3, network, 0.2)});
}

TEST(EieSaturation, IsTheSameInAllModels) {
  // 24-bit accumulators and extreme values: sums saturate on the way.
  bool any = false;
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    RandomNetworkOptions options;
    options.sizes = {30, 12};
    options.density = 0.6;
    options.extreme = true;
    const Network network = random_network(seed, options);
    const std::vector<int16_t> input = random_input(seed, network, 1.0, true);
    bool saturated = false;
    run(network, input, 24, &saturated);
    any |= saturated;
    check_network(small(4, 1), network, {input});
  }
  EXPECT_TRUE(any);
}

TEST(EieResults, AreTheSameForAllPeCountsAndQueueDepths) {
  RandomNetworkOptions options;
  options.sizes = {14, 12, 6};
  options.density = 0.4;
  const Network network = random_network(77, options);
  for (const Config& config : rtl_configs()) {
    check_network(config, network, {random_input(5, network), random_input(6, network, 1.0)});
  }
}

}  // namespace
}  // namespace sparsys::eie
