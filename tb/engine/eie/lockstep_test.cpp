// SPDX-License-Identifier: Apache-2.0
// The whole sparse engine: RTL and cycle model in lockstep, results against the functional model
// bit for bit. Every run ends with both sides idle and nothing pending.
#include "tb/lockstep/eie/lockstep.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <iostream>
#include <memory>
#include <ostream>
#include <random>
#include <string>

#include "golden/engine/eie/driver.hpp"
#include "golden/engine/eie/image.hpp"
#include "golden/function/eie/model.hpp"
#include "tb/support/random_network.hpp"

namespace sparsys::eie {
// Names of cases, in what CTest prints.
void PrintTo(const Config& config, std::ostream* out) {
  *out << config.n_pe << " PEs, queue " << config.queue_depth;
}

namespace {

Config paper(uint32_t n_pe) {
  Config config;
  config.n_pe = n_pe;
  return config;
}

// The parameter sets of CMakeLists.txt here that have small memories.
Config small(uint32_t n_pe, uint32_t queue_depth) {
  for (const Config& config : rtl_configs()) {
    if (config.n_pe == n_pe && config.queue_depth == queue_depth && config.entry_depth < 131072) {
      return config;
    }
  }
  throw Error("no such small engine");
}

std::string name_of(const Config& c) {
  return "pe" + std::to_string(c.n_pe) + "_q" + std::to_string(c.queue_depth) +
         (c.entry_depth < 131072 ? "_small" : "");
}

// A layer from its codes, codes[row][column]; the value of code c is 10 * c - 80.
Layer layer_of(const std::vector<std::vector<uint8_t>>& codes, bool relu = false) {
  Layer layer;
  layer.name = "fc";
  layer.outputs = static_cast<uint32_t>(codes.size());
  layer.inputs = static_cast<uint32_t>(codes[0].size());
  layer.relu = relu;
  layer.weight_frac = 2;
  for (int c = 1; c < 16; ++c) layer.codebook[c] = static_cast<int16_t>(c == 8 ? 5 : 10 * c - 80);
  layer.column_start.push_back(0);
  for (uint32_t j = 0; j < layer.inputs; ++j) {
    for (uint32_t i = 0; i < layer.outputs; ++i) {
      if (codes[i][j]) {
        layer.row.push_back(i);
        layer.code.push_back(codes[i][j]);
      }
    }
    layer.column_start.push_back(layer.row.size());
  }
  return layer;
}

Network network_of(Layer layer) {
  Network network;
  network.name = "test";
  network.layers.push_back(std::move(layer));
  return network;
}

std::vector<std::vector<uint8_t>> zeros(uint32_t rows, uint32_t columns) {
  return std::vector<std::vector<uint8_t>>(rows, std::vector<uint8_t>(columns));
}

class Bench {
 public:
  explicit Bench(const Config& config) : device_(config, options(this)), driver_(device_) {
    driver_.reset();
  }

  // The worked examples know which PE has which row.
  void load(const Network& network, Rows rows = Rows::kInterleaved) {
    network_ = network;
    image_ = build_image(network, device_.config(), rows);
    driver_.load(image_);
  }

  // One input through the loaded network, against the functional model.
  void run(const std::vector<int16_t>& input) {
    bool saturated = false;
    const std::vector<int16_t> expected =
        eie::run(network_, input, static_cast<int>(device_.config().acc_width), &saturated);
    std::vector<int16_t> got = driver_.run(image_, input);
    got.resize(network_.output_size());
    EXPECT_EQ(got, expected);
    const Status status = driver_.read_status();
    EXPECT_EQ(status.saturated, saturated);
    EXPECT_FALSE(status.row_error);
    EXPECT_FALSE(status.pointer_error);
  }

  void finish() {
    device_.finish();
    EXPECT_GT(device_.checked_cycles(), 0u);
    EXPECT_EQ(device_.mismatched_signals(), 0u);
  }

  Lockstep& device() { return device_; }
  Driver& driver() { return driver_; }
  const Image& image() const { return image_; }
  const Statistics& statistics() const { return statistics_; }

 private:
  static LockstepOptions options(Bench* bench) {
    LockstepOptions options;
    options.statistics = &bench->statistics_;
    return options;
  }

  Statistics statistics_;
  Lockstep device_;
  Driver driver_;
  Network network_;
  Image image_;
};

// Loads, runs the inputs, finishes.
void check_network(const Config& config, const Network& network,
                   const std::vector<std::vector<int16_t>>& inputs) {
  SCOPED_TRACE(name_of(config));
  Bench bench(config);
  bench.load(network);
  for (const auto& input : inputs) bench.run(input);
  bench.finish();
}

std::vector<int16_t> ones(uint32_t size) {
  std::vector<int16_t> input(size);
  for (uint32_t j = 0; j < size; ++j) input[j] = static_cast<int16_t>(j % 2 ? -3 - j : 5 + j);
  return input;
}

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
  const Image& image = bench.image();
  for (uint32_t k = 0; k < config.n_pe; ++k) {
    for (uint32_t r = 0; r < image.entry_rows[k].size(); ++r) {
      ASSERT_EQ(driver.read_entry_row(k, r), image.entry_rows[k][r]) << "PE " << k << " row " << r;
    }
    for (uint32_t q = 0; 2 * q + 1 < image.pointers[k].size(); ++q) {
      ASSERT_EQ(driver.read_pointer_pair(k, q),
                image.pointers[k][2 * q] | uint32_t{image.pointers[k][2 * q + 1]} << 16);
    }
  }
  for (uint32_t w = 0; w < image.codebook_words.size(); ++w) {
    EXPECT_EQ(driver.read_codebook_word(w), image.codebook_words[w]);
  }
  for (uint32_t d = 0; d < image.passes.size(); ++d) {
    uint64_t words[2];
    encode(image.passes[d], words);
    EXPECT_EQ(driver.read_list_word(2 * d), words[0]);
    EXPECT_EQ(driver.read_list_word(2 * d + 1), words[1]);
  }
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
  for (uint32_t k = 0; k < config.n_pe; ++k) {
    for (uint32_t r = 0; r < image.entry_rows[k].size(); ++r) {
      ASSERT_EQ(driver.read_entry_row(k, r), image.entry_rows[k][r]) << "PE " << k << " row " << r;
    }
    for (uint32_t q = 0; 2 * q + 1 < image.pointers[k].size(); ++q) {
      ASSERT_EQ(driver.read_pointer_pair(k, q),
                image.pointers[k][2 * q] | uint32_t{image.pointers[k][2 * q + 1]} << 16);
    }
  }
  for (uint32_t w = 0; w < image.codebook_words.size(); ++w) {
    EXPECT_EQ(driver.read_codebook_word(w), image.codebook_words[w]);
  }
  const std::vector<uint64_t> list = list_words(image);
  for (uint32_t w = 0; w < list.size(); ++w) EXPECT_EQ(driver.read_list_word(w), list[w]);
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

TEST(EieErrors, EntriesBehindTheLastRowSetTheFlagAndWriteNothing) {
  Bench bench(small(4, 1));
  RandomNetworkOptions options;
  options.sizes = {16, 16};
  options.density = 0.5;
  bench.load(random_network(1, options));
  // An entry row whose first entries skip far beyond the accumulators.
  for (uint32_t k = 0; k < 4; ++k) {
    bench.driver().write(Driver::port_address(Space::kEntry, 0, k), 0xF1F1F1F1F1F1F1F1);
  }
  bench.driver().run(bench.image(), ones(16));
  EXPECT_TRUE(bench.driver().read_status().row_error);
  // Pointers in falling order.
  bench.driver().write(Driver::port_address(Space::kPointer, 0, 2), 0x0000'0005);
  bench.driver().run(bench.image(), ones(16));
  EXPECT_TRUE(bench.driver().read_status().pointer_error);
  bench.finish();
}

}  // namespace
}  // namespace sparsys::eie
