// SPDX-License-Identifier: Apache-2.0
// What a matrix unit of any size must do, run against the machine in program order: batches,
// weights handed over at every phase, extreme values, full and empty FIFO, errors. For tests of
// lockstep, small and at full size.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "golden/base/error.hpp"
#include "golden/network/mxu_network.hpp"
#include "tb/lockstep/mxu/lockstep.hpp"
#include "tb/support/mxu/bench.hpp"
#include "tb/support/random_mxu_network.hpp"

namespace sparsys::mxu {

inline const Mxu& model_of(const Lockstep& device) { return device.model(); }

namespace test {

// Both sides in lockstep; without a waveform of a difference.
inline LockstepOptions quiet(std::function<std::unique_ptr<Rtl>()> make_rtl = {}) {
  LockstepOptions options;
  options.make_rtl = std::move(make_rtl);
  options.mismatch_waves.clear();
  return options;
}

struct LockstepBench : DeviceBench<Lockstep> {
  explicit LockstepBench(const Config& config, uint64_t seed = 1,
                         std::function<std::unique_ptr<Rtl>()> make_rtl = {})
      : DeviceBench(config, seed, quiet(std::move(make_rtl))) {}
};

// Batches of these sizes against a tile each, at both ends of the accumulators: a cycle of the
// array for each row.
inline void batches(LockstepBench& b, const std::vector<uint32_t>& sizes) {
  const Config& c = b.c;
  const uint32_t largest = *std::max_element(sizes.begin(), sizes.end());
  ASSERT_LE(2 * largest, c.ub_depth);
  ASSERT_LE(largest, c.acc_depth);
  b.random_tiles(3);
  for (uint32_t n = 0; n < largest; ++n) b.give(b.random_row(c.lanes()));
  for (const Row& plane : planes(c, plain_parameters(c, 9))) b.give(plane);
  b.add(set_register(8, bytes(0, 128, 127)));
  b.add(read_host(0, largest));
  b.add(read_parameters(0, 0, 9));
  uint64_t rows = 0;
  for (size_t i = 0; i < sizes.size(); ++i) {
    const uint32_t acc = i % 2 ? 0 : c.acc_depth - sizes[i];
    b.add(read_weights(i % 3));
    b.add(wait_all(multiply(0, acc, sizes[i], true, false, c.rows, c.cols)));
    b.add(wait_all(activate(largest, acc, sizes[i], 0, kIdentity)));
    b.add(wait_all(write_host(largest, sizes[i])));
    rows += sizes[i];
  }
  b.run_and_compare();
  EXPECT_EQ(b.host.read_status(1), rows);
  EXPECT_EQ(b.host.read_status(2), rows * c.rows * c.cols);
  b.device.finish();
}

// The last words of a second tile arrive `phase` cycles behind (if negative: before) a cycle that
// is always the same number of cycles ahead of the swap to the first tile, so that they follow its
// wavefront through the array at any distance; a third tile is there already when the second is
// taken. Adds to `distances` the cycles from the swap to the first until the second can be swapped.
inline void hand_over(LockstepBench& b, int phase, std::set<uint64_t>& distances) {
  const Config& c = b.c;
  b.random_tiles(3);
  // A second tile that fills the FIFOs would leave no room for the request with its last beat.
  if (c.rows / 2 + 16 > c.fifo_words) {
    std::vector<Row>& second_rows = b.host.weights[1];
    std::fill(second_rows.begin() + 3 * c.rows / 4, second_rows.end(), Row(c.cols, 0));
  }
  const auto length = [&b, &c] {
    return static_cast<uint32_t>(
        b.dice.between(1, std::min(c.acc_depth / 2, c.rows + c.cols / 2 + 1)));
  };
  const uint32_t rows = std::min(c.acc_depth / 2, c.rows + c.cols);
  for (uint32_t n = 0; n < rows; ++n) b.give(b.random_row(c.lanes()));
  b.add(read_weights(0, 3));
  b.add(wait_all(read_host(0, rows)));
  b.add(wait(multiply(0, 0, length(), true, false), kHostIn));
  b.add(multiply(0, 3, length(), false, true));
  b.add(multiply(1, c.acc_depth - rows, length(), true, false));
  b.add(multiply(0, c.acc_depth - rows, length(), false, true));
  b.add(multiply(0, 1, length(), true, true));
  // The last row of the input and the last beat of the second tile are held until both are next.
  Host& host = b.host;
  const size_t second = host.tile_words.size() + 1;
  uint64_t both_at = UINT64_MAX;
  uint64_t swap_at = 0;
  uint64_t loaded_at = 0;
  host.before = [&, second, phase] {
    const Mxu& model = model_of(b.device);
    if (swap_at != 0 && loaded_at == 0 && model.weights.loaded_q) loaded_at = host.cycle;
    if (model.matrix.swap_o && swap_at == 0) swap_at = host.cycle - 1;
    size_t last = SIZE_MAX;
    if (second < host.tile_words.size()) {
      last = 0;
      for (const std::vector<size_t>& bus : host.tile_words[second]) {
        last = std::max(last, bus.back());
      }
    }
    const bool held_in = host.input.size() == 1;
    const bool held_weight = host.beat_at.size() == last;
    // The first tile is there.
    if (held_in && held_weight && model.weights.loaded_q) both_at = std::min(both_at, host.cycle);
    const auto until = [&](int delay) {
      return both_at == UINT64_MAX || host.cycle < both_at + static_cast<uint64_t>(delay);
    };
    host.stall_in = held_in && until(std::max(0, -phase)) ? 100 : 0;
    host.stall_weights = held_weight && until(std::max(0, phase)) ? 100 : 0;
  };
  b.run_and_compare();
  host.before = nullptr;
  ASSERT_LT(both_at, UINT64_MAX);
  ASSERT_GE(loaded_at, swap_at);
  distances.insert(loaded_at - swap_at);
}

// The largest and smallest sums in every column, with all rows' products; then additions of the
// largest until an accumulator wraps.
inline void extremes(LockstepBench& b) {
  const Config& c = b.c;
  const auto tile = [&c](int even, int odd) {
    return tile_rows(c, [=](uint32_t r, uint32_t k) { return (r + k) % 2 ? odd : even; });
  };
  b.host.weights[0] = tile(-128, -128);
  b.host.weights[1] = tile(127, 127);
  b.host.weights[2] = tile(-128, 127);
  b.give(Row(c.lanes(), 0x80));
  b.give(Row(c.lanes(), 0x7F));
  Row row(c.lanes());
  for (uint32_t l = 0; l < c.lanes(); ++l) row[l] = l % 2 ? 0x80 : 0x7F;
  b.give(row);
  b.add(read_host(0, 3));
  for (uint32_t t = 0; t < 3; ++t) {
    b.add(read_weights(t));
    b.add(wait(multiply(0, 3 * t, 3, true, false), kHostIn));
  }
  b.add(read_weights(0));
  b.add(multiply(0, c.acc_depth - 3, 3, true, false));
  b.run_and_compare();
  const int32_t largest = 16384 * static_cast<int32_t>(c.rows);
  for (uint32_t k = 0; k < c.cols; ++k) {
    ASSERT_EQ(b.accumulator(0, k), largest);
    ASSERT_EQ(b.accumulator(1, k), -largest / 128 * 127);
  }
  const uint32_t last = c.acc_depth - 1;
  b.add(multiply(0, last, 1, false, false));
  const uint32_t times = (1U << 31) / (16384 * c.rows) + 1;
  for (uint32_t n = 1; n < times; ++n) b.add(multiply(0, last, 1, false, true));
  b.run_and_compare(uint64_t{4} * times + 10000);  // three cycles for an operation of one row
  for (uint32_t k = 0; k < c.cols; ++k) ASSERT_LT(b.accumulator(last, k), 0);
  b.device.finish();
}

// A product over several tiles, to the accumulators' last row.
inline void accumulate(LockstepBench& b, uint32_t tiles, uint32_t rows) {
  const Config& c = b.c;
  b.random_tiles(tiles);
  for (uint32_t n = 0; n < rows + tiles; ++n) b.give(b.random_row(c.lanes()));
  b.add(read_host(0, rows + tiles));
  for (uint32_t t = 0; t < tiles; ++t) {
    b.add(read_weights(t));
    b.add(wait(multiply(t, c.acc_depth - rows, rows, true, t > 0), kHostIn));
  }
  b.run_and_compare();
  b.device.finish();
}

// The FIFOs fill up and hold the weight memory back; then the array waits for weights.
inline void full_and_empty(LockstepBench& b) {
  const Config& c = b.c;
  const uint32_t words = (c.rows + 1) / 2;  // of a dense tile's bus
  const uint32_t tiles = c.fifo_words / words + 4;
  for (uint32_t t = 0; t < tiles; ++t) {
    b.host.weights[t] = tile_rows(c, [&b](uint32_t, uint32_t) { return b.byte() | 1; });
  }
  b.give(b.random_row(c.lanes()));
  b.add(read_host(0, 1));
  b.add(read_weights(0, tiles));
  for (uint32_t n = 0; n < 20000 && !model_of(b.device).weights.full_o; ++n) b.host.clock();
  ASSERT_TRUE(model_of(b.device).weights.full_o);
  for (uint32_t n = 0; n < 50; ++n) b.host.clock();
  EXPECT_FALSE(b.host.last.w_ready_o);
  EXPECT_FALSE(b.host.last.wm_valid_o);
  EXPECT_EQ(b.host.owed(), 0U);
  uint32_t most = 0;
  for (const WeightBus& bus : model_of(b.device).weights.bus) {
    most = std::max<uint32_t>(most, bus.reader.level_q);
  }
  EXPECT_GT(most, c.fifo_words - 16);
  EXPECT_LE(most, c.fifo_words);
  // The program is taken; the machine in program order has it still to do.
  b.reference.run(read_host(0, 1), {});
  b.reference.run(read_weights(0, tiles), b.host.weights);
  for (uint32_t t = 0; t < tiles; ++t) b.add(multiply(0, t % c.acc_depth, 1, true, false));
  b.run_and_compare();
  for (const WeightBus& bus : model_of(b.device).weights.bus) EXPECT_EQ(bus.reader.level_q, 0U);

  b.host.stall_weights = 100;
  b.add(read_weights(1));
  b.add(multiply(0, 1, 1, true, true));
  for (const RawInstruction& i : b.host.program) b.reference.run(i, b.host.weights);
  for (uint32_t n = 0; n < 100; ++n) b.host.clock();
  EXPECT_TRUE(b.host.last.busy_o);
  EXPECT_GT(b.host.read_status(3), 80U);
  b.host.stall_weights = 0;
  b.run_and_compare();
  b.device.finish();
}

// An operation out of range stops the unit with its code; no memory changes, nothing behind it
// begins.
inline void out_of_range(LockstepBench& b) {
  const Config& c = b.c;
  const uint32_t ub = c.ub_depth;
  const uint32_t acc = c.acc_depth;
  const std::vector<RawInstruction> fill = {read_host(0, 20), read_host(ub - 2, 2), read_weights(0),
                                            wait_all(multiply(0, 0, 20, true, false)),
                                            multiply(0, acc - 2, 2, false, false)};
  b.random_tiles(1);
  for (uint32_t n = 0; n < 22; ++n) b.give(b.random_row(c.lanes()));
  for (const RawInstruction& i : fill) b.add(i);
  b.run_and_compare();
  for (const Wrong& wrong : wrong_instructions(c)) {
    if (wrong.code < 3 || wrong.code == 7) continue;
    SCOPED_TRACE(wrong.what);
    for (const RawInstruction& i : wrong.before) b.add(i);
    b.add(wrong.instruction);
    b.add(multiply(3, 0, 1, false, true));
    b.add(activate(5, 0, 1, 0, kIdentity));
    b.add(read_host(7, 1));
    b.host.input.assign(4, Row(c.lanes(), 0x66));
    ASSERT_TRUE(b.host.run(10000));
    EXPECT_TRUE(b.host.last.error_o);
    ASSERT_TRUE(b.host.settle(10000));
    EXPECT_EQ(b.host.read_status(8) & 255, wrong.code);
    b.host.program.clear();
    b.host.input.clear();
    b.host.reset();
    b.run_and_compare();
    if (testing::Test::HasFailure()) return;
  }
  b.device.finish();
}

// Networks that convolve, with random weights: the layers of LeNet-5, and 3x3 with stride 2 and
// padding.
inline Network lenet_5_shapes(uint64_t seed) {
  Random random(seed, 80);
  Network network;
  network.name = "lenet-5";
  for (const uint32_t outputs : {20U, 50U, 500U, 10U}) {
    Layer& layer = add_layer(network, 1, 28, 28, outputs);
    if (network.layers.size() <= 2) {
      layer.window.kernel = {5, 5};
      layer.pooling = Pooling::kMax;
      layer.pool.kernel = layer.pool.stride = {2, 2};
    } else {
      layer.window.kernel = {layer.height, layer.width};
    }
    if (outputs == 500) layer.function = Function::kRelu;
    if (network.layers.size() == 1) layer.input_zero = -128;
    fill_layer(layer, random);
  }
  return network;
}

inline Network strided_shapes(uint64_t seed) {
  Random random(seed, 81);
  Network network;
  network.name = "3x3 with stride 2";
  for (const uint32_t outputs : {12U, 30U}) {
    Layer& layer = add_layer(network, 5, 15, 13, outputs);
    layer.window.kernel = {3, 3};
    layer.window.stride = {2, 2};
    layer.window.pad = {1, 1, 1, 1};
    layer.function = Function::kRelu;
    layer.output_zero = -100;
    if (network.layers.size() == 1) layer.input_zero = 17;
    fill_layer(layer, random);
  }
  return network;
}

}  // namespace test
}  // namespace sparsys::mxu
