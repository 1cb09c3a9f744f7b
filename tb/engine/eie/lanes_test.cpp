// SPDX-License-Identifier: Apache-2.0
// Engines with several lanes in lockstep: what every engine does not try by itself.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "golden/base/bits.hpp"
#include "golden/cycle/eie/device.hpp"
#include "golden/engine/eie/dealing.hpp"
#include "tb/engine/eie/bench.hpp"
#include "tb/support/random_network.hpp"
#include "tb/support/seeds.hpp"

namespace sparsys::eie {
namespace {

class EveryLanes : public testing::TestWithParam<Config> {};

INSTANTIATE_TEST_SUITE_P(Configurations, EveryLanes, testing::ValuesIn(rtl_configs()),
                         [](const auto& info) { return name_of(info.param); });

// Outputs and inputs that the registers hold.
uint32_t reach(const Config& config, uint32_t most) {
  return std::min(most, config.n_pe * config.act_regs);
}

TEST_P(EveryLanes, MemoriesThroughTheBackDoorReadBackAsThroughThePort) {
  const Config& config = GetParam();
  RandomNetworkOptions options;
  options.sizes = {reach(config, 60), reach(config, 50)};
  options.density = 0.6;
  const Network network = random_network(22, options);
  const Image image = build_image(network, config);
  Lockstep device(config);
  Driver driver(device);
  driver.reset();
  driver.put(image);
  EXPECT_EQ(driver.cycles(), 1U);  // the reset
  ASSERT_NO_FATAL_FAILURE(expect_read_back(driver, image));
  const std::vector<int16_t> input = random_input(22, network, 0.5);
  EXPECT_EQ(driver.run(image, input), run(network, input, accumulators_of(config)));
  device.finish();
}

// Rows of one bank alone, so that each lane waits for the one before it; and of all banks.
TEST_P(EveryLanes, CrowdedBanks) {
  const Config& config = GetParam();
  const Dealing dealing(config);
  for (const uint32_t step : {config.banks, 2U, 1U}) {
    auto codes = zeros(config.n_pe * config.act_regs, reach(config, 30));
    for (uint32_t j = 0; j < codes[0].size(); ++j) {
      for (uint32_t r = j % step; r < config.rows(); r += step) {
        for (uint32_t team = 0; team < dealing.teams(); ++team) {
          codes[dealing.row(team, r)][j] = static_cast<uint8_t>(1 + (r + j) % 15);
        }
      }
    }
    Bench bench(config);
    bench.load(network_of(layer_of(codes)));
    bench.run(ones(static_cast<uint32_t>(codes[0].size())));
    bench.finish();
  }
}

TEST_P(EveryLanes, EntriesBehindTheLastRowSetTheFlagAndWriteNothing) {
  const Config& config = GetParam();
  Bench bench(config);
  RandomNetworkOptions options;
  options.sizes = {reach(config, 16), reach(config, 16)};
  options.density = 0.5;
  bench.load(random_network(1, options));
  for (const uint64_t entries : {uint64_t{0xF1F0F1F0F1F0F1F0}, uint64_t{0x010203F00405F0F0}}) {
    for (uint32_t k = 0; k < config.n_pe; ++k) {
      bench.driver().write(Driver::port_address(Space::kEntry, 0, k), entries);
    }
    try {
      bench.driver().run(bench.image(), ones(bench.image().input.size));
      ADD_FAILURE() << "no error";
    } catch (const ListError& error) {
      EXPECT_EQ(error.end.reason, Reason::kPe) << error.what();
    }
    EXPECT_TRUE(bench.driver().read_status().row_error);
  }
  bench.finish();
}

// The same sums, flags and broadcasts whatever the lanes and, unless sums saturate, the groups; the
// more lanes, the fewer cycles. With groups other rows follow one another in a PE, so padding
// differs.
TEST(EieLanes, ResultsAreThoseOfOneLane) {
  for_seeds(6, [](uint64_t seed) {
    RandomNetworkOptions options = random_options(seed, 60);
    const Network network = random_network(seed, options);
    const std::vector<int16_t> input = random_input(seed, network, 0.6, options.extreme);
    for (Config config : rtl_configs()) {
      SCOPED_TRACE(name_of(config));
      Bench bench(config);
      try {
        bench.load(network, Rows::kBalanced);
      } catch (const Error&) {
        continue;  // does not fit
      }
      bench.run(input);
      const uint64_t cycles = bench.statistics().cycles;
      const uint64_t broadcasts = bench.statistics().broadcasts;
      const uint64_t entries = bench.statistics().entries;
      bench.finish();
      const uint32_t groups = config.groups;
      bool saturated = false, saturated_of_one = false;
      run(network, input, accumulators_of(config), &saturated);
      run(network, input, static_cast<int>(config.acc_width), &saturated_of_one);
      if (groups > 1 && (saturated || saturated_of_one)) continue;
      config.lanes = config.banks = config.groups = 1;
      config.ptr_depth *= groups;
      CycleDevice one(config);
      Statistics statistics;
      one.statistics = &statistics;
      Driver driver(one);
      driver.reset();
      const Image image = build_image(network, config);
      driver.put(image);
      driver.run(image, input);
      EXPECT_EQ(statistics.broadcasts, broadcasts);
      if (groups == 1) {
        EXPECT_EQ(statistics.entries, entries);
      }
      // A pass has at most eight registers more on its way, and those of the sums over groups.
      EXPECT_LE(cycles, statistics.cycles + (8 + clog2(groups)) * image.passes.size());
    }
  });
}

}  // namespace
}  // namespace sparsys::eie
