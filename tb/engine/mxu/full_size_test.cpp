// SPDX-License-Identifier: Apache-2.0
// The matrix unit at full size, 256x256 with all of its memories, and 16x16 with the same memories:
// RTL in lockstep with the cycle model, every boundary between tiles of cells in every cycle, and
// results against plain loops.
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <iostream>
#include <set>
#include <string>
#include <vector>

#include "golden/engine/mxu/compiler.hpp"
#include "golden/engine/mxu/driver.hpp"
#include "golden/function/mxu/network.hpp"
#include "tb/support/mxu/exercises.hpp"

namespace sparsys::mxu {
namespace {

using namespace test;  // NOLINT

class MxuFullSize : public testing::TestWithParam<uint32_t> {
 protected:
  static Config config() {
    Config c;
    c.rows = c.cols = GetParam();
    c.tile_rows = c.tile_cols = std::min(c.rows, c.tile_rows);
    return c;
  }
};

INSTANTIATE_TEST_SUITE_P(Array, MxuFullSize, testing::Values(16U, 256U),
                         testing::PrintToStringParamName());

TEST_P(MxuFullSize, ComparesEveryBoundary) {
  const Config c = config();
  const Lockstep device(c);
  // What enters each tile, in words of up to 64 bits; setting up and collecting, two lanes a word
  // at least.
  const uint32_t tiles = (c.rows / c.tile_rows) * (c.cols / c.tile_cols);
  const uint32_t of_tile = 1 + (c.tile_rows * 8 + c.tile_cols * (16 + 3)) / 64;
  EXPECT_GT(device.signals_per_cycle(), tiles * of_tile + 7 * c.cols);
  std::cout << name_of(c) << ": " << device.signals_per_cycle() << " words a cycle\n";
}

TEST_P(MxuFullSize, Batches) {
  LockstepBench b(config());
  batches(b, {1, 2, 255, 256, 257, 4096});
}

TEST_P(MxuFullSize, HandOverAtPhasesOfTheWavefront) {
  LockstepBench b(config());
  const int n = static_cast<int>(b.c.rows);
  // The words of a dense tile take four cycles a row: from there on each phase is a distance.
  std::vector<int> phases = {-n,        -20,       0,         4 * n - 20,    4 * n,
                             4 * n + 1, 4 * n + 2, 5 * n,     5 * n + 1,     5 * n + n / 3,
                             6 * n - 1, 6 * n,     6 * n + 1, 6 * n + n / 2, 6 * n + 20};
  for (int phase = 12; phase < 20; ++phase) phases.push_back(4 * n + phase);
  std::set<uint64_t> distances;
  for (const int phase : phases) {
    SCOPED_TRACE("phase " + std::to_string(phase));
    hand_over(b, phase, distances);
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GE(distances.size(), 12U);
  EXPECT_GE(*distances.rbegin(), 6 * b.c.rows);
  b.device.finish();
}

TEST_P(MxuFullSize, ExtremesInEveryCell) {
  LockstepBench b(config());
  extremes(b);
}

TEST_P(MxuFullSize, AccumulateToTheLastRow) {
  LockstepBench b(config());
  accumulate(b, 7, 300);
}

TEST_P(MxuFullSize, WeightFifoFullAndEmpty) {
  LockstepBench b(config());
  full_and_empty(b);
}

TEST_P(MxuFullSize, OutOfRange) {
  LockstepBench b(config());
  out_of_range(b);
}

TEST_P(MxuFullSize, FunctionsAndPooling) {
  LockstepBench b(config());
  b.random_tiles(1);
  for (uint32_t n = 0; n < 200; ++n) b.give(b.random_row(b.c.lanes()));
  b.add(read_host(100, 200));
  b.add(read_weights(0));
  b.add(wait(multiply(100, 0, 200, true, false), kHostIn));
  b.add(synchronise());
  for (uint32_t function = 0; function < 4; ++function) {
    for (uint32_t pooling = 0; pooling < 4; ++pooling) {
      b.add(synchronise());
      add_activation(b, function, pooling);
    }
    b.add(synchronise());
    add_sum(b, function, function != kRelu);
  }
  b.run_and_compare();
  b.device.finish();
}

TEST_P(MxuFullSize, StallsOnEveryPort) {
  LockstepBench b(config(), 3);
  add_overlapped_turns(b);
  b.host.set_stalls(40);
  b.run_and_compare();
  b.device.finish();
}

TEST_P(MxuFullSize, RandomProgram) {
  LockstepBench b(config(), 2);
  add_random_program(b);
  b.host.set_stalls(15);
  b.run_and_compare();
  b.device.finish();
}

TEST_P(MxuFullSize, Convolutions) {
  const Config c = config();
  Lockstep device(c, quiet());
  Driver driver(device);
  Dice dice(1);
  for (const Network& network : {lenet_5_shapes(1), strided_shapes(2)}) {
    SCOPED_TRACE(network.name);
    const Program program = compile(network, 1, c);
    std::vector<int8_t> inputs(network.input_size());
    for (int8_t& byte : inputs) byte = static_cast<int8_t>(dice.bits(8));
    EXPECT_EQ(driver.run(program, inputs), run_batch(network, inputs));
  }
  device.finish();
}

// One bit of one register deep within a tile, changed in the middle of a product: it must reach a
// boundary within a tile's width and be told there.
TEST(MxuFullSizeChecker, SeesAChangedRegister) {
  const Config c;
  const uint32_t tiles = (c.rows / c.tile_rows) * (c.cols / c.tile_cols);
  const uint32_t inner = c.tile_cols * (c.tile_rows / 3) + c.tile_cols / 2;  // a cell's number
  struct Change {
    const char* what;
    uint32_t tile;
    uint64_t within;  // cycles
    std::function<void(Tile&)> make;
  };
  const uint64_t across = c.tile_rows + c.tile_cols;
  const std::vector<Change> changes = {
      {"a weight in use", tiles / 2, across, [=](Tile& t) { t.w_q[inner] ^= 1; }},
      {"a sum", tiles - 1, across, [=](Tile& t) { t.sum_q[inner] ^= 1 << 5; }},
      {"an activation", tiles / 3, across, [=](Tile& t) { t.a_q[inner] ^= 0x80; }},
      // In use only behind the next swap, a dense tile's time later.
      {"the next weight", 0, 4 * c.rows + 100, [=](Tile& t) { t.shadow_q[inner] ^= 4; }},
      {"a packet", 0, across, [=](Tile& t) { t.packet_q[3 * t.buses() + 1] ^= 1; }},
  };
  // While rows pass through the array, and the next tile of weights comes down: behind the cell.
  constexpr uint64_t kAt = 1400;
  for (const Change& change : changes) {
    SCOPED_TRACE(change.what);
    LockstepOptions options;
    options.mismatch_waves.clear();
    options.tamper = [&change](uint64_t cycle, Mxu& model) {
      if (cycle == kAt) change.make(model.array.tile[change.tile]);
    };
    Lockstep device(c, options);
    Host host(device);
    host.reset();
    for (uint32_t t = 0; t < 4; ++t) {
      host.weights[t] = tile_rows(c, [t](uint32_t r, uint32_t k) {
        return static_cast<int>((r * 7 + k * 5 + t * 3) % 255) - 127;
      });
    }
    host.input.assign(200, Row(c.lanes(), 3));
    host.program = {read_host(0, 200), read_weights(0, 4)};
    for (uint32_t n = 0; n < 4; ++n) {
      RawInstruction i = multiply(0, 0, 200, true, false);
      if (n == 0) i = wait(i, kHostIn);
      host.program.push_back(i);
      host.program.push_back(multiply(0, 0, 200, false, true));
    }
    try {
      host.run(3000);
      ADD_FAILURE() << "not seen";
    } catch (const LockstepMismatch& difference) {
      EXPECT_GE(difference.cycle, kAt);
      EXPECT_LE(difference.cycle, kAt + change.within);
      std::cout << change.what << ": " << difference.cycle - kAt << " cycles later in "
                << difference.instance << "." << difference.signal << "\n";
    }
  }
}

}  // namespace
}  // namespace sparsys::mxu
