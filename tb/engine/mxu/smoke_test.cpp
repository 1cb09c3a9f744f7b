// SPDX-License-Identifier: Apache-2.0
// The matrix unit's RTL by itself, small: programs over its ports against the machine in program
// order, latencies against docs/reference/mxu-timing.md section 13.
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "Vmxu_4x4.h"
#include "Vmxu_5x7.h"
#include "tb/lockstep/mxu/rtl_adapter.hpp"
#include "tb/support/mxu/bench.hpp"
#include "tb/support/mxu/control.hpp"
#include "tb/support/mxu/timeline.hpp"

namespace sparsys::mxu {
namespace {

using namespace test;  // NOLINT

template <class Verilated>
using Bench = DeviceBench<RtlAdapter<Verilated>>;

// As in CMakeLists.txt.
Config small(uint32_t rows, uint32_t cols, uint32_t tile_rows, uint32_t tile_cols) {
  Config c;
  c.rows = rows;
  c.cols = cols;
  c.tile_rows = tile_rows;
  c.tile_cols = tile_cols;
  c.ub_depth = 64;
  c.acc_depth = 32;
  c.param_sets = 4;
  c.fifo_words = 32;
  c.queue_depth = 4;
  return c;
}
const Config k4x4 = small(4, 4, 2, 4);
const Config k5x7 = small(5, 7, 5, 7);

// Parameters for the host's port, edges of the rule among them.
template <class Bench>
void give_parameters(Bench& b) {
  Parameters p;
  for (uint32_t k = 0; k < b.c.cols; ++k) {
    p.bias.push_back(static_cast<int32_t>(b.dice.below(20000)) - 10000);
    p.multiplier.push_back(static_cast<int32_t>(b.dice.word(32) | 0x40000000U));
    p.shift.push_back(static_cast<uint32_t>(38 + b.dice.below(3)));
  }
  const Parameters edges{{INT32_MAX, -3, 0}, {1, INT32_MIN, 3}, {0, 62, 5}};
  for (uint32_t k = 0; k < 3; ++k) {
    p.bias[k] = edges.bias[k];
    p.multiplier[k] = edges.multiplier[k];
    p.shift[k] = edges.shift[k];
  }
  for (const Row& plane : planes(b.c, p)) b.give(plane);
}

// Two tiles deep, two wide: accumulation over tiles, weights handed over, all four functions.
template <class Verilated>
void layer(const Config& c, uint64_t seed) {
  SCOPED_TRACE(name_of(c) + ", seed " + std::to_string(seed));
  Bench<Verilated> b(c, seed);
  b.host.set_stalls(static_cast<uint32_t>(seed % 3 * 30));
  const auto batch = static_cast<uint32_t>(b.dice.between(3, 12));
  const auto function = static_cast<uint32_t>(seed % 4);
  b.random_tiles(4);
  for (int set = 0; set < 2; ++set) give_parameters(b);
  for (uint32_t n = 0; n < 2 * batch; ++n) b.give(b.random_row(c.lanes()));
  const auto zero = static_cast<uint32_t>(b.dice.below(40)) - 20;
  for (const RawInstruction& i :
       {read_weights(0, 1), set_register(8, bytes(zero, 156, 110)), read_parameters(0, 0, 9),
        read_parameters(1, 0, 9), read_host(0, batch), read_host(batch, batch), read_weights(1, 3),
        wait(multiply(0, 0, batch, true, false), kHostIn, 2),
        wait(multiply(batch, 0, batch, true, true), kHostIn), multiply(0, 16, batch, true, false),
        multiply(batch, 16, batch, true, true),
        wait(activate(40, 0, batch, 0, function), kMatrix, 3),
        wait(activate(40 + batch, 16, batch, 1, function), kMatrix),
        wait(write_host(40, batch), kActivation, 2),
        wait(write_host(40 + batch, batch), kActivation), halt()}) {
    b.add(i);
  }
  b.run_and_compare_output();
  ASSERT_EQ(b.host.output.size(), 2 * batch);
  Host& h = b.host;
  EXPECT_EQ(h.read_status(1), 4 * batch);
  EXPECT_EQ(h.read_status(0),
            h.read_status(1) + h.read_status(3) + h.read_status(4) + h.read_status(5));
  EXPECT_EQ(h.read_status(9), 16U);
  EXPECT_EQ(h.read_status(10), c.rows | uint64_t{c.cols} << 16);
}

// A convolution with stride and padding, one tap at a time, then pooling over windows that reach
// beyond the map (max) or lie inside (average).
template <class Verilated>
void convolution(const Config& c, uint64_t seed, bool average) {
  SCOPED_TRACE(name_of(c) + ", seed " + std::to_string(seed));
  Bench<Verilated> b(c, seed);
  b.host.set_stalls(30);
  b.random_tiles(9);
  for (uint32_t n = 0; n < 7 * 6; ++n) b.give(b.random_row(c.lanes()));
  give_parameters(b);
  // 2x2 windows: inside the 4x3 map for the mean, one to the left and above it for the largest.
  const uint32_t pool_h = average ? 2 : 3, pool_w = average ? 1 : 2, step_y = average ? 2 : 1;
  const uint32_t begin = average ? 0 : 255;
  for (const RawInstruction& i :
       {read_host(0, 7 * 6), read_parameters(2, 0, 9), set_register(0, halves(7, 6)),
        set_register(1, halves(3, 4)), set_register(2, 6 | 2 << 16 | 2 << 24),
        set_register(3, b.byte()), set_register(8, bytes(5, 128, 127)),
        set_register(9, halves(4, 3)), set_register(10, pool_w | step_y << 16 | 2 << 24),
        set_register(11, bytes(2, 2, begin, begin)), set_register(12, 1U << 22),
        set_register(13, (1U << 23) + 64 * 4), read_weights(0, 9)}) {
    b.add(i);
  }
  for (int tap = 0; tap < 9; ++tap) {
    const RawInstruction i = convolve(0, 3, tap / 3 - 1, tap % 3 - 1, true, tap != 0);
    b.add(tap == 0 ? wait(i, kHostIn) : i);
  }
  const uint32_t outputs = pool_h * pool_w;
  b.add(wait(activate(50, 3, outputs, 2, kIdentity, average ? kAveragePool : kMaxPool), kMatrix));
  b.add(wait(write_host(50, outputs), kActivation));
  b.add(halt());
  b.run_and_compare_output();
  ASSERT_EQ(b.host.output.size(), outputs);
}

// Section 13: host rows through an idle unit.
template <class Verilated>
void latencies(const Config& c) {
  SCOPED_TRACE(name_of(c));
  Bench<Verilated> b(c);
  Host& h = b.host;
  const auto clock = [&h](int cycles) {
    for (int n = 0; n < cycles; ++n) h.clock();
  };
  std::vector<Row> rows;
  for (int n = 0; n < 5; ++n) rows.emplace_back(c.lanes(), static_cast<uint8_t>(n - 2));
  h.input.assign(rows.begin(), rows.end());
  h.program = {read_host(9, 5)};
  clock(20);
  EXPECT_TRUE(h.input.empty());
  EXPECT_FALSE(h.last.busy_o);
  h.program = {write_host(9, 5)};
  const uint64_t taken = h.cycle;
  clock(20);
  EXPECT_EQ(h.output, rows);
  EXPECT_EQ(h.out_at,
            (std::vector<uint64_t>{taken + 5, taken + 6, taken + 7, taken + 8, taken + 9}));

  // Busy from the dispatch (cycle 1) to `done` of a multiply of three rows, weights loaded.
  h.weights[0] = tile_rows(c, [](uint32_t, uint32_t) { return 1; });
  h.program = {read_weights(0)};
  clock(120);
  ASSERT_FALSE(h.last.busy_o);
  h.program = {multiply(9, 0, 3, true, false)};
  const uint64_t start = h.cycle;
  uint64_t end = 0;
  for (int n = 0; n < 60; ++n) {
    h.clock();
    if (h.last.busy_o) end = h.cycle - 1;
  }
  EXPECT_EQ(end, start + 4 + 3 + c.rows + c.cols + 3);
}

// An operation out of range stops the unit: code, number, and nothing behind it happens.
template <class Verilated>
void errors(const Config& c) {
  for (const Wrong& wrong : wrong_instructions(c)) {
    SCOPED_TRACE(name_of(c) + ": " + wrong.what);
    Bench<Verilated> b(c);
    Host& h = b.host;
    b.random_tiles(1);
    h.input.assign(4, Row(c.lanes(), 1));
    b.add(read_host(0, 2));
    b.add(synchronise());
    for (const RawInstruction& i : wrong.before) b.add(i);
    b.add(wrong.instruction);
    b.add(synchronise());
    b.add(read_host(0, 2));
    b.add(halt());
    ASSERT_TRUE(h.run(1000));
    EXPECT_TRUE(h.last.error_o);
    ASSERT_TRUE(h.settle(1000));
    const size_t taken = h.inst_at.size();
    for (int n = 0; n < 50; ++n) h.clock();
    EXPECT_TRUE(h.last.quiet_o);
    EXPECT_FALSE(h.last.halted_o);
    EXPECT_EQ(h.inst_at.size(), taken);  // what is not taken is not lost
    EXPECT_EQ(h.owed(), 0U);
    expect_told(h.read_status(8), wrong, 2);
    EXPECT_EQ(h.input.size(), 2U);
    h.program.clear();
    if (wrong.code % 2) {
      h.reset();
    } else {
      h.flush();
    }
    h.clock();
    EXPECT_FALSE(h.last.error_o);
    EXPECT_FALSE(h.last.busy_o);
    EXPECT_EQ(h.read_status(8), 0U);
    EXPECT_EQ(h.read_status(9), 0U);
    b.add(read_host(0, 2));
    b.add(halt());
    EXPECT_TRUE(h.run(100));
    EXPECT_TRUE(h.last.halted_o);
  }
}

TEST(MxuSmoke, LayerOn4x4) {
  for (uint64_t seed = 1; seed <= 60; ++seed) layer<Vmxu_4x4>(k4x4, seed);
}
TEST(MxuSmoke, LayerOn5x7) {
  for (uint64_t seed = 1; seed <= 60; ++seed) layer<Vmxu_5x7>(k5x7, seed);
}
TEST(MxuSmoke, ConvolutionAndPooling) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    convolution<Vmxu_4x4>(k4x4, seed, seed % 2 == 0);
    convolution<Vmxu_5x7>(k5x7, seed, seed % 2 == 0);
  }
}
TEST(MxuSmoke, Latencies) {
  latencies<Vmxu_4x4>(k4x4);
  latencies<Vmxu_5x7>(k5x7);
}
TEST(MxuSmoke, ErrorsStopTheUnit) {
  errors<Vmxu_4x4>(k4x4);
  errors<Vmxu_5x7>(k5x7);
}

// What a program, a memory or a host may do to the unit's control.
template <class Verilated>
void control(const Config& c) {
  using B = Bench<Verilated>;
  control_cases<B>(
      c, [&c] { return std::make_unique<B>(c); }, [](B&) {});
}
TEST(MxuSmoke, Control) {
  control<Vmxu_4x4>(k4x4);
  control<Vmxu_5x7>(k5x7);
}

// The counters against a timeline from outside.
template <class Verilated>
void counters(const Config& c) {
  Shares all;
  for_seeds(150, [&](uint64_t seed) {
    Bench<Verilated> b(c, seed);
    b.random_stalls();
    timeline(b, all);
  });
  if (seed_is_given()) return;
  for (const uint64_t share :
       {all.weight_stall, all.weight_shift, all.raw_stall, all.input_stall}) {
    EXPECT_GT(share, 100U);
  }
}
TEST(MxuSmoke, CountersAreATimeline) {
  counters<Vmxu_4x4>(k4x4);
  counters<Vmxu_5x7>(k5x7);
}

}  // namespace
}  // namespace sparsys::mxu
