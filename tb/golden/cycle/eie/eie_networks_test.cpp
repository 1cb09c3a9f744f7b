// SPDX-License-Identifier: Apache-2.0
// The cycle model of the sparse engine at many sizes: vectors through the port, random networks
// against plain matrix-vector arithmetic, no bubbles in the pipeline, its speed.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <string>
#include <vector>

#include "golden/base/random.hpp"
#include "golden/cycle/eie/device.hpp"
#include "golden/engine/eie/driver.hpp"
#include "golden/engine/eie/image.hpp"
#include "golden/function/eie/model.hpp"
#include "tb/support/eie/accumulators.hpp"
#include "tb/support/random_network.hpp"

namespace sparsys::eie {
namespace {

class EngineSize : public testing::TestWithParam<uint32_t> {};

TEST_P(EngineSize, VectorsThroughThePort) {
  Config config;
  config.n_pe = GetParam();
  config.act_regs = 8;
  config.act_ram_depth = 32;
  config.entry_depth = 32;
  config.ptr_depth = 16;
  CycleDevice device(config);
  Driver driver(device);
  driver.reset();
  Random random(GetParam());
  const auto vector = [&random](uint32_t size) {
    std::vector<int16_t> values(size);
    for (int16_t& v : values) v = static_cast<int16_t>(random.next());
    return values;
  };
  const uint32_t n = config.n_pe;
  const std::vector<int16_t> ram = vector(20 * n), source = vector(8 * n - n / 2),
                             destination = vector(7 * n + 1);
  driver.write_vector(Space::kActRam, 3, ram);
  driver.write_vector(Space::kSource, 0, source);
  driver.write_vector(Space::kDestination, 1,
                      std::vector<int16_t>(destination.begin(), destination.begin() + 6 * n));
  EXPECT_EQ(driver.read_vector(Space::kActRam, 3, 20 * n), ram);
  EXPECT_EQ(driver.read_vector(Space::kSource, 0, 8 * n - n / 2), source);
  EXPECT_EQ(driver.read_vector(Space::kDestination, 1, 6 * n),
            std::vector<int16_t>(destination.begin(), destination.begin() + 6 * n));
  // Element i is register i div N of PE i mod N.
  for (uint32_t i = 0; i < source.size(); ++i) {
    EXPECT_EQ(device.model.pe[i % n].act_rw.regs.mem[i / n], static_cast<uint16_t>(source[i]));
  }
  const Status status = driver.read_status();
  EXPECT_EQ(status.n_pe, n);
  EXPECT_EQ(status.act_regs, 8u);
  EXPECT_EQ(status.queue_depth, 8u);
  EXPECT_EQ(status.acc_width, 32u);
  // A pipelined read takes a cycle a word and three more.
  const uint64_t before = driver.cycles();
  driver.read_vector(Space::kActRam, 3, 20 * n);
  const uint32_t lanes = std::min(4u, n);
  EXPECT_EQ(driver.cycles() - before, 20 * n / lanes + 3);
}

INSTANTIATE_TEST_SUITE_P(Sizes, EngineSize, testing::Values(1, 2, 4, 8, 64, 256));

// Every cycle of a run with LANES 1: an entry leaves decode two cycles after the queue had work,
// whatever happened in between (docs/reference/eie-timing.md section 6).
class BubbleWatch {
 public:
  explicit BubbleWatch(const Eie& model) : model_(model), work_(model.pe.size()) {}
  void observe() {
    for (size_t k = 0; k < model_.pe.size(); ++k) {
      const Pe& pe = model_.pe[k];
      if (!pe.lanes.empty()) {
        observe_lanes(pe.act_queue.queue.count_q != 0, pe.lanes[0], work_[k]);
        continue;
      }
      if ((work_[k] & 2) && !pe.spmat_read.e_valid_q) ++bubbles;
      const bool work = pe.act_queue.queue.count_q != 0;
      work_[k] = static_cast<uint8_t>((work_[k] << 1 | work) & 3);
      cycles_with_work += work;
    }
  }
  uint64_t bubbles = 0;
  uint64_t cycles_with_work = 0;

 private:
  // With lanes: where sets may go on, a column of the queue follows the one before at once (section
  // 11). `due`: whether one must have come in this cycle.
  void observe_lanes(bool work, const Lanes& lanes, uint8_t& due) {
    const LaneRead& read = lanes.read;
    if (due && !(read.c_valid_q && read.c_first_q)) ++bubbles;
    const bool ends = read.c_left_q <= lanes.dispatch.lanes() && lanes.dispatch.step_o;
    due = work && (!read.c_valid_q || ends);
    cycles_with_work += work;
  }

  const Eie& model_;
  std::vector<uint8_t> work_;  // bit 0 a cycle ago, bit 1 two
};

class WatchedDevice final : public Device {
 public:
  explicit WatchedDevice(const Config& config) : device(config), watch(device.model) {}
  const Config& config() const override { return device.config(); }
  Outputs clock(const Inputs& inputs) override {
    watch.observe();
    return device.clock(inputs);
  }
  CycleDevice device;
  BubbleWatch watch;
};

Config random_config(Random& random) {
  Config config;
  config.n_pe = 1u << random.below(6);
  config.act_regs = 4u << random.below(5);
  config.entry_depth = 1u << 18;
  config.ptr_depth = 1u << 16;
  config.list_depth = 4096;
  config.act_ram_depth = 1024;
  config.queue_depth = static_cast<uint32_t>(1 + random.below(9));
  config.acc_width = static_cast<uint32_t>(20 + random.below(29));
  if (random.below(2) == 0) return config;
  config.lanes = 4U << random.below(3);
  config.banks = 2U << random.below(clog2(config.act_regs) - 1);
  config.bank_depth = 2U << random.below(3);
  const uint32_t most = std::min({config.n_pe, config.banks, kMaxGroups});
  config.groups = 1U << random.below(clog2(most) + 1);
  return config;
}

TEST(EngineRandom, NetworksAgainstPlainArithmetic) {
  const uint64_t first_seed = seed_from_environment(1);
  const uint64_t seeds = seed_is_given() ? 1 : 60;
  uint64_t work = 0;
  for (uint64_t seed = first_seed; seed < first_seed + seeds; ++seed) {
    SCOPED_TRACE("rerun with SPARSYS_SEED=" + std::to_string(seed));
    Random random(seed);
    const Config config = random_config(random);
    const RandomNetworkOptions options = random_options(seed, 150);
    const Network network = random_network(seed, options);
    const Image image = build_image(network, config);
    WatchedDevice device(config);
    Statistics statistics;
    device.device.statistics = &statistics;
    Driver driver(device);
    driver.reset();
    driver.load(image);
    for (uint64_t run = 0; run < 3; ++run) {
      const std::vector<int16_t> input =
          random_input(seed + 1000 * run, network, random.uniform(), options.extreme);
      bool saturated = false;
      ASSERT_EQ(driver.run(image, input),
                eie::run(network, input, accumulators_of(config), &saturated));
      const Status status = driver.read_status();
      EXPECT_EQ(status.saturated, saturated);
      EXPECT_EQ(status.end.reason, Reason::kNone);
      EXPECT_EQ(status.cycles, statistics.cycles);
      EXPECT_EQ(status.broadcasts, statistics.broadcasts);
      EXPECT_EQ(status.held, statistics.held);
      EXPECT_LE(statistics.pe_utilisation(), 1.0);
    }
    ASSERT_EQ(device.watch.bubbles, 0u);
    work += device.watch.cycles_with_work;
  }
  if (!seed_is_given()) {
    EXPECT_GT(work, seeds * 100);
  }
}

TEST(EngineRandom, SixtyFourPes) {
  const uint64_t seed = seed_from_environment(64);
  SCOPED_TRACE("rerun with SPARSYS_SEED=" + std::to_string(seed));
  RandomNetworkOptions options;
  options.sizes = {5000, 4500, 300};  // more than the registers hold: several passes, through RAM
  options.density = 0.02;
  options.constants = 1;
  const Network network = random_network(seed, options);
  const Config config;
  const Image image = build_image(network, config);
  WatchedDevice device(config);
  Driver driver(device);
  driver.reset();
  driver.load(image);
  const std::vector<int16_t> input = random_input(seed, network, 0.35);
  EXPECT_EQ(driver.run(image, input), run(network, input, static_cast<int>(config.acc_width)));
  EXPECT_EQ(device.watch.bubbles, 0u);
}

// What the engine says of a run, whose outputs must be those expected.
Status status_of(const Config& config, const Network& network, const std::vector<int16_t>& input,
                 const std::vector<int16_t>& expected) {
  CycleDevice device(config);
  Driver driver(device);
  driver.reset();
  const Image image = build_image(network, config);
  driver.put(image);
  EXPECT_EQ(driver.run(image, input), expected);
  return driver.read_status();
}

// As many inputs as there are registers, and biases: one pass, which costs little more than the
// weights. The same constants as inputs take another pass.
TEST(EngineRandom, BiasColumnsTakeNoSecondPass) {
  const Config config;
  RandomNetworkOptions options;
  options.sizes = {config.act_regs * config.n_pe, 256};
  options.density = 0.1;
  options.uneven = false;
  options.constants = 2;
  const Network network = random_network(7, options);
  std::vector<int16_t> input = random_input(8, network, 0.35);
  const std::vector<int16_t> expected = run(network, input);
  EXPECT_EQ(build_image(network, config).passes.size(), 1U);
  const Status biased = status_of(config, network, input, expected);

  Network former = network;
  former.layers[0].constant_inputs = 0;
  former.input_constants.clear();
  input.insert(input.end(), network.input_constants.begin(), network.input_constants.end());
  EXPECT_EQ(build_image(former, config).passes.size(), 2U);
  const Status as_inputs = status_of(config, former, input, expected);
  std::printf("4096 inputs with biases: %u cycles, with constants as inputs %u\n", biased.cycles,
              as_inputs.cycles);
  EXPECT_LT(biased.cycles + 30, as_inputs.cycles);
  EXPECT_EQ(biased.broadcasts, as_inputs.broadcasts);

  Network none = network;
  none.layers[0].inputs -= 2;
  none.layers[0].constant_inputs = 0;
  none.input_constants.clear();
  none.layers[0].column_start.resize(none.layers[0].inputs + 1);
  none.layers[0].row.resize(none.layers[0].column_start.back());
  none.layers[0].code.resize(none.layers[0].column_start.back());
  input.resize(none.input_size());
  const Status plain = status_of(config, none, input, run(none, input));
  EXPECT_EQ(biased.broadcasts, plain.broadcasts + 2);
  EXPECT_LT(biased.cycles, plain.cycles + 20);
}

// The same layer takes the fewer cycles, the more lanes there are, up to a broadcast a cycle.
TEST(EngineRandom, LanesSaveCycles) {
  RandomNetworkOptions options;
  options.sizes = {2048, 4096};
  options.density = 0.1;
  options.uneven = false;
  const Network network = random_network(3, options);
  const std::vector<int16_t> input = random_input(4, network, 0.35);
  const std::vector<int16_t> expected = run(network, input);
  std::vector<double> cycles;
  uint32_t broadcasts = 0;
  for (const uint32_t lanes : {1U, 4U, 8U, 16U}) {
    Config config;
    config.lanes = lanes;
    config.banks = usual_banks(lanes);
    const Status status = status_of(config, network, input, expected);
    cycles.push_back(status.cycles);
    broadcasts = status.broadcasts;
  }
  EXPECT_LT(cycles[1], 0.40 * cycles[0]);
  EXPECT_LT(cycles[2], 0.65 * cycles[1]);
  EXPECT_LE(cycles[3], cycles[2]);
  EXPECT_GT(cycles[3], broadcasts);
}

// Few rows a PE: with one group the run is bound by broadcasts, of which groups have one each.
TEST(EngineRandom, GroupsSaveCycles) {
  RandomNetworkOptions options;
  options.sizes = {2048, 1024};
  options.density = 0.1;
  options.uneven = false;
  const Network network = random_network(5, options);
  const std::vector<int16_t> input = random_input(6, network, 0.35);
  const std::vector<int16_t> expected = run(network, input);
  std::vector<double> cycles;
  for (const uint32_t groups : {1U, 2U, 4U, 8U}) {
    Config config;
    config.lanes = 16;
    config.banks = 32;
    config.groups = groups;
    const Status status = status_of(config, network, input, expected);
    EXPECT_EQ(status.groups, groups);
    EXPECT_GT(uint64_t{status.cycles} * groups, status.broadcasts);
    cycles.push_back(status.cycles);
  }
  EXPECT_LT(cycles[1], 0.7 * cycles[0]);
  EXPECT_LT(cycles[2], 0.8 * cycles[1]);
  EXPECT_LE(cycles[3], cycles[2]);
}

// Two full layers of 4096 x 4096; also prints how fast the model runs.
TEST(EngineSpeed, SixtyFourPes) {
  RandomNetworkOptions options;
  options.sizes = {4096, 4096, 4096};
  options.density = 0.1;
  options.uneven = false;
  const Network network = random_network(1, options);
  const Image image = build_image(network, Config());
  CycleDevice device{Config()};
  Driver driver(device);
  driver.reset();
  driver.load(image);
  const std::vector<int16_t> input = random_input(2, network, 0.35);
  const std::vector<int16_t> expected = run(network, input);
  double best = 0;
  for (int run = 0; run < 3; ++run) {
    const uint64_t before = driver.cycles();
    const std::clock_t start = std::clock();
    const std::vector<int16_t> output = driver.run(image, input);
    const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    best = std::max(best, static_cast<double>(driver.cycles() - before) / seconds);
    ASSERT_EQ(output, expected);
  }
  std::printf("%.0f engine cycles per second of processor time, 64 PEs\n", best);
}

}  // namespace
}  // namespace sparsys::eie
