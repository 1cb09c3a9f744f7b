// SPDX-License-Identifier: Apache-2.0
// Random graphs on the RTL in lockstep with the cycle model, every register: float networks as
// quantisation makes bytes of them, and graphs of all kinds of layers. Outputs are the functional
// model's.
#include <gtest/gtest.h>

#include <iostream>

#include "golden/base/error.hpp"
#include "golden/compress/quantise.hpp"
#include "golden/engine/mxu/compiler.hpp"
#include "golden/engine/mxu/driver.hpp"
#include "golden/function/mxu/network.hpp"
#include "tb/lockstep/mxu/lockstep.hpp"
#include "tb/support/graph/random_graph.hpp"
#include "tb/support/mxu/random_graph.hpp"
#include "tb/support/seeds.hpp"

namespace sparsys::mxu {
namespace {

// With the memories of the full size. False if the network does not fit a line of the accumulators.
bool run_in_lockstep(const Network& network, uint32_t side, uint64_t seed) {
  Config config;
  config.rows = config.cols = config.tile_rows = config.tile_cols = side;
  const auto batch = static_cast<uint32_t>(1 + seed % 3);
  Program program;
  try {
    program = compile(network, batch, config);
  } catch (const Error&) {
    return false;
  }
  Dice dice(seed);
  std::vector<int8_t> inputs(batch * network.input_size());
  for (int8_t& byte : inputs) byte = static_cast<int8_t>(dice.bits(8));
  LockstepOptions options;
  options.mismatch_waves.clear();
  Lockstep device(config, options);
  DriverOptions host;
  host.seed = seed;
  host.stall_percent = seed % 2 == 0 ? 0 : 20;
  Driver driver(device, host);
  EXPECT_EQ(driver.run(program, inputs), run_batch(network, inputs)) << "side " << side;
  device.finish();
  return true;
}

TEST(MxuRandomGraphsLockstep, QuantisedFloatGraphs) {
  size_t ran = 0;
  for_seeds(12, [&](uint64_t seed) {
    RandomGraphOptions options;
    options.matrix_unit = true;
    options.steps = 1 + seed % 5;
    options.most = 200;
    const sparsys::Network floats = sparsys::random_graph(8000 + seed, options);
    Random random(seed);
    std::vector<float> samples(static_cast<size_t>(16 * element_count(floats.input_shape)));
    for (float& x : samples) x = random.uniform(0, 255);
    Network network;
    try {
      network = quantise(floats, samples.data(), 16);
    } catch (const Error& error) {
      std::cout << "seed " << seed << ": " << error.what() << '\n';
      return;
    }
    ran += run_in_lockstep(network, seed % 2 == 0 ? 8 : 16, seed) ? 1 : 0;
  });
  if (!seed_is_given()) {
    EXPECT_GT(ran, 6U);
  }
}

TEST(MxuRandomGraphsLockstep, GraphsOfBytes) {
  size_t ran = 0;
  for_seeds(16, [&](uint64_t seed) {
    ran += run_in_lockstep(random_graph(seed), seed % 2 == 0 ? 8 : 16, seed) ? 1 : 0;
  });
  if (!seed_is_given()) {
    EXPECT_GT(ran, 10U);
  }
}

}  // namespace
}  // namespace sparsys::mxu
