// SPDX-License-Identifier: Apache-2.0
// Every engine that is built into the program, in lockstep.
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

#include "tb/engine/eie/bench.hpp"
#include "tb/support/random_network.hpp"

namespace sparsys::eie {
namespace {

class EveryEngine : public testing::TestWithParam<Config> {};

INSTANTIATE_TEST_SUITE_P(Configurations, EveryEngine, testing::ValuesIn(rtl_configs()),
                         [](const auto& info) { return name_of(info.param); });

// EIE, Han 2016, figures 2 and 3: the 16x8 matrix. PE 0's rows as published, others made up.
TEST_P(EveryEngine, RunsTheWorkedExample) {
  auto codes = zeros(16, 8);
  const std::vector<std::vector<uint32_t>> pe0 = {{0, 8, 12}, {4},     {0, 12}, {},
                                                  {0, 4},     {0, 12}, {0},     {8, 12}};
  for (uint32_t j = 0; j < 8; ++j) {
    for (uint32_t i : pe0[j]) codes[i][j] = static_cast<uint8_t>(1 + (i + j) % 15);
  }
  codes[2][2] = 3;
  codes[14][2] = 4;
  codes[5][4] = 9;
  codes[3][5] = 15;
  const Network network = network_of(layer_of(codes, true));
  check_network(GetParam(), network, {{0, 0, 7, 0, -3, 11, 0, 200}, ones(8)});
}

TEST_P(EveryEngine, SkipsGapsOfUpTo62Zeros) {
  const uint32_t n = GetParam().n_pe;
  const std::vector<uint32_t> gaps = {15, 16, 17, 31, 32, 0, 1, 14, 33, 47, 48, 62};
  const uint32_t rows = std::min(GetParam().act_regs, 64u);
  auto codes = zeros(n * rows, static_cast<uint32_t>(2 * gaps.size()));
  for (uint32_t g = 0; g < gaps.size(); ++g) {
    for (uint32_t k = 0; k < n; ++k) {
      // At the beginning of a column, and between two entries.
      if (gaps[g] < rows) codes[gaps[g] * n + k][2 * g] = 7;
      codes[k][2 * g + 1] = 3;
      if (gaps[g] + 1 < rows) codes[(gaps[g] + 1) * n + k][2 * g + 1] = 12;
    }
  }
  check_network(GetParam(), network_of(layer_of(codes)), {ones(24), ones(24)});
}

// Entries of a column ending at, before and behind the edge of an entry row; odd and even columns.
TEST_P(EveryEngine, CrossesEntryRowsAndPointerBanks) {
  const uint32_t n = GetParam().n_pe;
  const uint32_t rows = std::min(GetParam().act_regs, 24u);
  const std::vector<uint32_t> lengths = {8, 7, 1, 9, 8, 16, 15, 1, 1, 6, 3, 17, 0, 8, 5};
  auto codes = zeros(n * rows, static_cast<uint32_t>(lengths.size()));
  for (uint32_t j = 0; j < lengths.size(); ++j) {
    for (uint32_t r = 0; r < std::min(lengths[j], rows); ++r) {
      for (uint32_t k = 0; k < n; ++k) codes[r * n + k][j] = static_cast<uint8_t>(1 + (r + j) % 15);
    }
  }
  std::vector<int16_t> every_other = ones(static_cast<uint32_t>(lengths.size()));
  for (size_t j = 0; j < every_other.size(); j += 2) every_other[j] = 0;
  check_network(GetParam(), network_of(layer_of(codes)),
                {ones(static_cast<uint32_t>(lengths.size())), every_other});
}

// The same accumulator after 1, 2, 3 entries, which can only happen across column ends.
TEST_P(EveryEngine, ForwardsAtDistance1And2And3) {
  const uint32_t n = GetParam().n_pe;
  for (uint32_t distance = 1; distance <= 4; ++distance) {
    // Columns of `distance` entries in the same rows follow one another.
    const uint32_t columns = std::min(32u, n * GetParam().act_regs);
    auto codes = zeros(n * 4, columns);
    for (uint32_t j = 0; j < columns; ++j) {
      for (uint32_t r = 0; r < distance; ++r) {
        for (uint32_t k = 0; k < n; ++k) codes[r * n + k][j] = static_cast<uint8_t>(1 + j % 15);
      }
    }
    check_network(GetParam(), network_of(layer_of(codes)), {ones(columns)});
  }
}

TEST_P(EveryEngine, TakesEmptyColumnsEmptyPesAndZeroInputs) {
  const uint32_t n = GetParam().n_pe;
  const uint32_t columns = std::min(40u, n * GetParam().act_regs);
  auto codes = zeros(2 * n, columns);
  for (uint32_t j = 0; j < columns; j += 7) codes[0][j] = 5;  // PE 0 only, most columns empty
  const Network network = network_of(layer_of(codes));
  check_network(GetParam(), network,
                {ones(columns), std::vector<int16_t>(columns, 0), ones(columns)});
  // Nothing at all.
  check_network(GetParam(), network_of(layer_of(zeros(n + 1, columns))), {ones(columns)});
}

TEST_P(EveryEngine, RunsThreeLayersInOneListAndListsBackToBack) {
  RandomNetworkOptions options;
  const uint32_t reach = GetParam().n_pe * GetParam().act_regs;
  options.sizes = {std::min(60u, reach), std::min(40u, reach), std::min(30u, reach), 10};
  for (uint32_t& size : options.sizes) size = std::max(1u, std::min(size, reach - 2));
  options.constants = 2;
  options.density = 0.3;
  const Network network = random_network(11, options);
  std::vector<std::vector<int16_t>> inputs;
  for (uint64_t i = 0; i < 5; ++i) inputs.push_back(random_input(i, network));
  check_network(GetParam(), network, inputs);
}

TEST_P(EveryEngine, ResetInTheMiddleOfALayer) {
  RandomNetworkOptions options;
  const uint32_t reach = GetParam().n_pe * GetParam().act_regs;
  options.sizes = {std::min(64u, reach), std::min(64u, reach)};
  options.density = 0.5;
  const Network network = random_network(3, options);
  const std::vector<int16_t> input = random_input(4, network, 0.9);
  Bench bench(GetParam());
  bench.load(network);
  bench.run(input);
  const uint64_t whole = bench.statistics().cycles;
  for (uint64_t cut = 1; cut < whole; cut += std::max<uint64_t>(1, whole / 23)) {
    SCOPED_TRACE("reset after " + std::to_string(cut) + " cycles");
    bench.driver().write_vector(Space::kSource, 0, input);
    Inputs start;
    start.start_i = true;
    start.list_count_i = static_cast<uint16_t>(bench.image().passes.size());
    bench.device().clock(start);
    for (uint64_t i = 0; i < cut; ++i) bench.device().clock({});
    bench.driver().reset();
    EXPECT_FALSE(bench.device().clock({}).busy_o);
    bench.run(input);  // memories are unchanged
  }
  bench.finish();
}

TEST_P(EveryEngine, RunsRandomNetworks) {
  const uint64_t first = seed_from_environment(1);
  const uint64_t last = seed_is_given() ? first : first + (GetParam().n_pe >= 16 ? 7 : 19);
  std::cout << "seeds " << first << " to " << last << "; SPARSYS_SEED=n reruns one\n";
  uint32_t ran = 0;
  for (uint64_t seed = first; seed <= last; ++seed) {
    SCOPED_TRACE("SPARSYS_SEED=" + std::to_string(seed));
    const uint32_t size = GetParam().n_pe >= 16 ? 200 : 80;
    const RandomNetworkOptions options = random_options(seed, size);
    const Network network = random_network(seed, options);
    try {
      build_image(network, GetParam());
    } catch (const Error& e) {
      // Some do not fit the small memories; that is said in one line.
      EXPECT_EQ(std::string(e.what()).find('\n'), std::string::npos);
      continue;
    }
    ++ran;
    check_network(GetParam(), network,
                  {random_input(seed, network, 0.5, options.extreme),
                   random_input(seed + 1, network, 0.1), random_input(seed + 2, network, 1.0)});
  }
  if (!seed_is_given()) {
    EXPECT_GE(ran, 4u);
  }
}

TEST_P(EveryEngine, ReadsBackWhatWasLoaded) {
  const Config& config = GetParam();
  RandomNetworkOptions options;
  options.sizes = {std::min(50u, config.n_pe * config.act_regs), 20};
  options.sizes[1] = std::min(options.sizes[1], config.n_pe * config.act_regs);
  Bench bench(config);
  bench.load(random_network(21, options));
  Driver& driver = bench.driver();
  ASSERT_NO_FATAL_FAILURE(expect_read_back(driver, bench.image()));
  for (Space space : {Space::kActRam, Space::kSource, Space::kDestination}) {
    std::vector<int16_t> values(config.n_pe * std::min(4u, config.act_regs));
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<int16_t>(1000 - 77 * i);
    driver.write_vector(space, 0, values);
    EXPECT_EQ(driver.read_vector(space, 0, static_cast<uint32_t>(values.size())), values);
  }
  const Status status = driver.read_status();
  EXPECT_EQ(status.n_pe, config.n_pe);
  EXPECT_EQ(status.act_regs, config.act_regs);
  EXPECT_EQ(status.queue_depth, config.queue_depth);
  EXPECT_EQ(status.acc_width, config.acc_width);
  EXPECT_EQ(driver.read(0x9000'0000), 0u);  // no such space
  bench.finish();
}

}  // namespace
}  // namespace sparsys::eie
