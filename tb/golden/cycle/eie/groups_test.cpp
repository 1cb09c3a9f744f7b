// SPDX-License-Identifier: Apache-2.0
// Several groups in the cycle model (docs/reference/eie-timing.md section 12): sums over groups and
// tallies against plain arithmetic, what a full queue holds, refusals, aborts and errors of PEs.
#include <gtest/gtest.h>

#include <deque>
#include <vector>

#include "golden/base/random.hpp"
#include "golden/cycle/eie/device.hpp"
#include "golden/engine/eie/driver.hpp"
#include "tb/golden/cycle/eie/descriptors.hpp"
#include "tb/support/eie/accumulators.hpp"
#include "tb/support/eie/faults.hpp"
#include "tb/support/random_network.hpp"
#include "tb/support/seeds.hpp"

namespace sparsys::eie {
namespace {

Config groups_config(uint64_t seed) {
  Random random(seed, 50);
  Config config;
  config.groups = 2U << seed % 3;
  config.n_pe = config.groups << random.below(4);
  config.lanes = 4U << random.below(3);
  config.act_regs = 2 * config.groups << random.below(2);
  config.banks = config.act_regs / 2;
  config.bank_depth = 2U << random.below(3);
  config.entry_depth = 4096;
  config.ptr_depth = 128;
  config.act_ram_depth = 64;
  config.queue_depth = 1 + static_cast<uint32_t>(random.below(5));
  config.acc_width = 20 + static_cast<uint32_t>(random.below(29));
  config.codebooks = 4;
  config.list_depth = 32;
  return config;
}

// Words of any value, pauses and resets: each sum leaves LEVELS cycles behind its words.
TEST(CycleReduce, AddsTheWordsOfAllGroups) {
  for (const uint32_t groups : {2U, 4U, 8U}) {
    for (const uint32_t width : {20U, 31U, 32U, 33U, 48U}) {
      Config config;
      config.groups = groups;
      config.acc_width = width;
      Reduce unit(config);
      Random random(groups + width);
      struct Sum {
        bool valid;
        uint32_t row;
        int64_t value;
      };
      std::deque<Sum> under_way(clog2(groups), Sum{false, 0, 0});
      uint64_t seen = 0;
      for (int cycle = 0; cycle < 2000; ++cycle) {
        unit.wb_read_i = random.below(4) != 0;
        unit.wb_row_i = static_cast<uint8_t>(random.below(64));
        int64_t sum = 0;
        for (uint32_t g = 0; g < groups; ++g) {
          const uint64_t any = random.next() & low_mask(width);
          const uint64_t least = uint64_t{1} << (width - 1);
          const uint64_t extremes[] = {any, least, least - 1, 0};
          unit.words_i[g] = extremes[random.below(4)];
          sum += sign_extend(unit.words_i[g], width);
        }
        unit.propagate();
        ASSERT_EQ(unit.sum_valid_o, under_way.front().valid);
        if (unit.sum_valid_o) {
          ASSERT_EQ(unit.sum_row_o, under_way.front().row);
          ASSERT_EQ(sign_extend(unit.sum_o, width + clog2(groups)), under_way.front().value);
          ++seen;
        }
        const bool rst = random.below(100) == 0;
        unit.update(rst);
        under_way.pop_front();
        under_way.push_back({unit.wb_read_i != 0, unit.wb_row_i, sum});
        if (rst) {
          for (Sum& s : under_way) s.valid = false;
        }
      }
      EXPECT_GT(seen, 1000U);
    }
  }
}

// A group whose queues are full holds its own broadcast, and no other.
TEST(EngineGroups, HoldEachItsOwnBroadcast) {
  uint64_t one_held = 0, all_popped = 0;
  for_seeds(12, [&](uint64_t seed) {
    Config config = groups_config(seed);
    config.queue_depth = 1;
    RandomNetworkOptions options;
    options.sizes = {config.n_pe * config.act_regs, config.n_pe * config.act_regs};
    options.density = seed % 2 ? 0.7 : 0.05;
    const Network network = random_network(seed, options);
    config.ptr_depth = 4096;
    config.entry_depth = 65536;
    const Image image = build_image(network, config);
    CycleDevice device(config);
    Driver driver(device);
    driver.reset();
    driver.put(image);
    driver.write_vector(Space::kSource, 0, random_input(seed, network, 0.9));
    driver.start(0, static_cast<uint32_t>(image.passes.size()));
    const Ccu& ccu = device.model.ccu;
    const auto all = static_cast<uint8_t>(low_mask(config.groups));
    for (bool done = false; !done;) {
      // Queues are as the last edge left them, pops follow in the cycle.
      const uint8_t holds = ccu.hold_i;
      done = device.clock(Inputs()).done_o;
      const uint8_t pops = ccu.root_pop_o;
      ASSERT_EQ(pops & holds, 0);
      one_held += holds != 0 && pops != 0;
      all_popped += pops == all;
    }
  });
  if (seed_is_given()) return;
  EXPECT_GT(one_held, 100U);
  EXPECT_GT(all_popped, 30U);
}

TEST(EngineGroups, EveryDescriptorAsTheFormatSays) {
  expect_reasons_of_the_format(60000, 100, [](uint64_t seed) { return groups_config(seed % 24); });
}

TEST(EngineGroups, RefusalsAbortsLostStartsAndErrorsOfPes) {
  uint8_t flags = 0;
  for_seeds(12, [&](uint64_t seed) {
    CycleDevice device(groups_config(seed));
    check_refusals(device, seed, 60);
    check_aborts(device, seed, 20);
    check_lost_starts(device, seed);
    flags |= check_pe_errors(device, seed, 6);
  });
  if (!seed_is_given()) {
    EXPECT_EQ(flags, kRowError | kPointerError | kEntryError);
  }
}

// Accumulators of the groups saturate each for itself; their sum does once, at write-back.
TEST(EngineGroups, SaturateEachForItself) {
  uint64_t saturations = 0, differences = 0;
  for_seeds(24, [&](uint64_t seed) {
    Config config = groups_config(seed);
    config.acc_width = 20 + static_cast<uint32_t>(seed % 6);
    RandomNetworkOptions options;
    options.sizes = {config.n_pe * config.act_regs, 20};
    options.density = 0.8;
    options.extreme = true;
    const Network network = random_network(seed, options);
    const std::vector<int16_t> input = random_input(seed, network, 0.9, true);
    config.ptr_depth = 1024;
    const Image image = build_image(network, config);
    CycleDevice device(config);
    Driver driver(device);
    driver.reset();
    driver.put(image);
    bool saturated = false;
    const std::vector<int16_t> expected = run(network, input, accumulators_of(config), &saturated);
    ASSERT_EQ(driver.run(image, input), expected);
    EXPECT_EQ(driver.read_status().saturated, saturated);
    saturations += saturated;
    differences += expected != run(network, input, static_cast<int>(config.acc_width));
  });
  if (seed_is_given()) return;
  EXPECT_GT(saturations, 6U);
  EXPECT_GT(differences, 1U);
}

TEST(EngineGroups, ImagesOfAnotherNumberOfGroupsAreRefused) {
  const Config config = groups_config(1);
  RandomNetworkOptions options;
  options.sizes = {10, 10};
  Config other = config;
  other.groups /= 2;
  const Image image = build_image(random_network(1, options), other);
  CycleDevice device(config);
  Driver driver(device);
  try {
    driver.put(image);
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "image: built for GROUPS = 2, but the engine has 4");
  }
}

}  // namespace
}  // namespace sparsys::eie
