// SPDX-License-Identifier: Apache-2.0
// What the array waits for, by a program alone, against a count by hand and against cycles of the
// cycle model; how many batches are kept on a tile.
#include "golden/engine/mxu/pace.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "golden/base/error.hpp"
#include "golden/cycle/mxu/device.hpp"
#include "golden/engine/mxu/compiler.hpp"
#include "golden/engine/mxu/driver.hpp"
#include "tb/support/random_mxu_network.hpp"

namespace sparsys::mxu {
namespace {

Config unit(uint32_t side, uint32_t ub_depth = 1024) {
  Config c;
  c.rows = c.cols = side;
  choose_blocks(c);
  c.ub_depth = ub_depth;
  c.acc_depth = 512;
  return c;
}

// Fully connected layers of these widths.
Network chain(const std::vector<uint32_t>& widths, uint64_t seed) {
  Random random(seed);
  Network network;
  network.name = "chain";
  for (size_t l = 1; l < widths.size(); ++l) {
    fill_layer(add_layer(network, widths[0], 1, 1, widths[l]), random);
  }
  return network;
}

uint64_t cycles_of(const Network& network, uint32_t batch, const Config& config, double bandwidth) {
  CycleDevice device(config);
  DriverOptions options;
  options.weight_bandwidth = bandwidth;
  Driver driver(device, options);
  driver.run(compile(network, batch, config),
             std::vector<int8_t>(uint64_t{batch} * network.input_size()));
  return driver.counters().cycles;
}

// 8 x 8 cells: two buses in one lane. A dense tile has four words a bus, a header and 8 beats.
TEST(MxuPace, OfDenseTilesByHand) {
  const Network network = chain({16, 8}, 1);  // two tiles
  const Program program = compile(network, 5, unit(8));
  const Pace pace = pace_of(program, 0);
  EXPECT_EQ(pace.tiles, 2U);
  EXPECT_EQ(pace.rows, 10U);
  EXPECT_EQ(pace.weights, 2U * (8 * 4 + 3));
  EXPECT_EQ(pace.cycles, 2U * 35 + 5);
  // Two bytes a cycle: a beat of eight takes four.
  EXPECT_EQ(pace_of(program, 2).weights, 2U * 9 * 4);
  // 50 rows are longer than the weights.
  EXPECT_EQ(pace_of(compile(network, 50, unit(8)), 0).cycles, 35U + 50 + 50);
}

// Entries of a word a bus; the codebook's two words stand in front of the first tile.
TEST(MxuPace, OfEntriesByHand) {
  Network network = chain({16, 8}, 1);
  for (int8_t& weight : network.layers[0].weights) weight = 0;
  network.layers[0].weights[3 * 16 + 7] = 3;  // of four words as bytes
  const Pace pace = pace_of(compile(network, 5, unit(8)), 0);
  EXPECT_EQ(pace.tiles, 2U);
  EXPECT_EQ(pace.weights, (8U * 3 + 3) + (8 + 3));
}

TEST(MxuPace, DamagedStreamIsAnError) {
  Program program = compile(chain({16, 8}, 1), 5, unit(8));
  program.weights.resize(program.weights.size() / 4);
  EXPECT_THROW(pace_of(program, 0), Error);
}

TEST(MxuKeep, TwoWhereWeightsAreWaitedForAndThereIsRoom) {
  const Network network = chain({40, 24, 16}, 2);
  EXPECT_EQ(batches_to_keep(network, 10, unit(8), 0), 2U);
  EXPECT_EQ(batches_to_keep(network, 40, unit(8), 0), 1U);      // rows are longer
  EXPECT_EQ(batches_to_keep(network, 40, unit(8), 1), 2U);      // less bandwidth
  EXPECT_EQ(batches_to_keep(network, 10, unit(8, 80), 0), 1U);  // one batch takes all the buffer
  EXPECT_THROW(batches_to_keep(network, 10, unit(8, 6), 0), Error);
}

// Random networks and batches: what is kept is faster on the cycle model, and the sum over the
// tiles is no more than it takes.
TEST(MxuKeep, PaysOnTheCycleModel) {
  Random random(7);
  uint32_t kept = 0;
  uint32_t apart = 0;
  for (uint64_t seed = 1; seed <= 24; ++seed) {
    std::vector<uint32_t> widths(2 + random.below(3));
    for (uint32_t& width : widths) width = 1 + static_cast<uint32_t>(random.below(60));
    Network network = chain(widths, seed);
    share_weights(network, random);
    const auto batch = static_cast<uint32_t>(1 + random.below(60));
    const double bandwidth = random.below(2) == 0 ? 0 : 1 + static_cast<double>(random.below(8));
    const Config config = unit(random.below(2) == 0 ? 8 : 16);
    const uint64_t one = cycles_of(network, batch, config, bandwidth);
    // With less bandwidth FIFOs take weights ahead.
    if (bandwidth == 0) {
      EXPECT_LE(pace_of(compile(network, batch, config), 0).cycles, one) << seed;
    }
    if (batches_to_keep(network, batch, config, bandwidth) == 1) {
      ++apart;
      continue;
    }
    ++kept;
    EXPECT_LT(cycles_of(network, 2 * batch, config, bandwidth), 2 * one) << seed;
  }
  EXPECT_GE(kept, 4U);
  EXPECT_GE(apart, 4U);
}

}  // namespace
}  // namespace sparsys::mxu
