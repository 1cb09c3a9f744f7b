// SPDX-License-Identifier: Apache-2.0
// When things happen in the cycle model of the matrix unit: the formulas of
// docs/reference/mxu-timing.md section 13 over many shapes, operations without a bubble between
// them, waits, counters.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "golden/cycle/mxu/device.hpp"
#include "tb/support/mxu/host.hpp"
#include "tb/support/mxu/timeline.hpp"
#include "tb/support/seeds.hpp"

namespace sparsys::mxu {
namespace {

using namespace test;  // NOLINT

Config shape(uint32_t rows, uint32_t cols, uint32_t tile_rows, uint32_t tile_cols,
             uint32_t act_lanes = 0) {
  Config c;
  c.act_lanes = act_lanes;
  c.rows = rows;
  c.cols = cols;
  c.tile_rows = tile_rows;
  c.tile_cols = tile_cols;
  c.ub_depth = 600;
  c.acc_depth = 512;
  c.param_sets = 4;
  return c;
}

std::vector<Config> shapes() {
  return {shape(1, 1, 1, 1),    shape(1, 6, 1, 6),    shape(6, 1, 2, 1),     shape(4, 4, 4, 4),
          shape(5, 7, 5, 7),    shape(8, 8, 4, 4),    shape(16, 8, 16, 8),   shape(16, 16, 4, 8),
          shape(4, 4, 4, 4, 1), shape(8, 8, 4, 4, 4), shape(4, 12, 4, 12, 4)};
}

// Notes in which cycles things happen inside the model; cycle 0 is that of mark().
struct Watch {
  explicit Watch(const Config& config) : c(config), device(config), host(device) {
    host.reset();
    opened = host.cycle + 1;
    for (uint32_t t = 0; t < 64; ++t) {
      host.weights[t] = tile_rows(c, [t](uint32_t r, uint32_t k) { return 3 * r + 5 * k + t; });
    }
  }

  void clock() {
    host.clock();
    const uint64_t at = host.cycle - 1 - zero;
    const Mxu& m = device.model;
    if (m.matrix.row_valid_o) rows.push_back(at);
    if (m.matrix.swap_o) swaps.push_back(at);
    if (m.accumulators.matrix_done_o) matrix_done.push_back(at);
    const AccBank& last = m.accumulators.bank.back();
    if (last.half[0].we_i || last.half[1].we_i) accumulated.push_back(at);
    if (m.activation.act_re_o) positions.push_back(at);
    if (m.activation.a_we_o) activated.push_back(at);
    if (m.activation.done_o) activation_done.push_back(at);
    if (m.host_in.done_o) in_done.push_back(at);
  }
  void mark() {
    zero = host.cycle;
    rows.clear();
    swaps.clear();
    matrix_done.clear();
    accumulated.clear();
    positions.clear();
    activated.clear();
    activation_done.clear();
    in_done.clear();
    host.in_at.clear();
    host.out_at.clear();
    host.inst_at.clear();
  }
  void run(const std::vector<RawInstruction>& program, uint32_t limit = 100000) {
    for (const RawInstruction& i : program) host.program.push_back(i);
    for (uint32_t i = 0; i < limit; ++i) {
      const bool taken = host.program.empty();
      clock();
      if (taken && !host.last.busy_o) return;
    }
    FAIL() << "still busy";
  }
  void idle(uint32_t cycles) {
    for (uint32_t i = 0; i < cycles; ++i) clock();
  }

  Config c;
  CycleDevice device;
  Host host;
  uint64_t zero = 0;
  uint64_t opened;  // the array, to the first tile
  std::vector<uint64_t> rows, swaps, matrix_done, accumulated, positions, activated,
      activation_done, in_done;
};

std::vector<uint64_t> span(uint64_t first, uint64_t last) {
  std::vector<uint64_t> cycles;
  for (uint64_t i = first; i <= last; ++i) cycles.push_back(i);
  return cycles;
}

// So many cycles, apart by so many.
std::vector<uint64_t> every(uint64_t apart, uint64_t count, uint64_t first) {
  std::vector<uint64_t> cycles;
  for (uint64_t i = 0; i < count; ++i) cycles.push_back(first + i * apart);
  return cycles;
}

TEST(MxuLatency, MatrixMultiply) {
  for (const Config& c : shapes()) {
    for (const uint64_t B : {1, 2, 3, 7, 16, 17, 255, 256, 257}) {
      Watch w(c);
      w.run({read_weights(0)});
      w.idle(8 * c.rows + 60);
      w.mark();
      w.run({multiply(0, 0, static_cast<uint32_t>(B), true, false)});
      ASSERT_EQ(w.host.inst_at.at(0), w.zero);
      EXPECT_EQ(w.rows, span(5, 4 + B));
      ASSERT_EQ(w.accumulated.size(), B);
      EXPECT_EQ(w.accumulated.back(), 4 + B + c.rows + c.cols + 2);
      EXPECT_EQ(w.matrix_done, (std::vector<uint64_t>{4 + B + c.rows + c.cols + 3}));
    }
  }
}

TEST(MxuLatency, Convolve) {
  for (const Config& c : shapes()) {
    for (const uint32_t side : {1U, 3U, 6U}) {
      Watch w(c);
      w.run({set_register(0, halves(8, 8)), set_register(1, halves(side, side)),
             set_register(2, 8 | 1 << 16 | 1 << 24), read_weights(0)});
      w.idle(8 * c.rows + 60);
      w.mark();
      w.run({convolve(0, 0, -1, -1, true, false)});
      const uint64_t B = side * side;
      EXPECT_EQ(w.rows, span(5, 4 + B));
      EXPECT_EQ(w.accumulated.back(), 4 + B + c.rows + c.cols + 2);
    }
  }
}

TEST(MxuLatency, Activate) {
  for (const Config& c : shapes()) {
    // From the issue of a position to the cycle in which its row is written.
    const uint64_t way = 15 + c.cols / c.tile_cols;
    const uint64_t turns = c.turns();
    for (const uint64_t n : {1, 2, 9, 100}) {
      Watch w(c);
      w.mark();
      w.run({activate(0, 0, static_cast<uint32_t>(n), 0, 0)});
      EXPECT_EQ(w.positions, span(5, 4 + n * turns));
      EXPECT_EQ(w.activated, every(turns, n, 4 + turns + way));
      EXPECT_EQ(w.activation_done, (std::vector<uint64_t>{4 + n * turns + way + 1}));
    }
    // Sums: an operand, the other, the sum of two turns before.
    {
      Watch w(c);
      w.mark();
      w.run({activate(0, 0, 5, 0, 0, kNoPool, true, true)});
      EXPECT_EQ(w.activated, every(3 * turns, 5, 10 + 3 * turns + way));
      EXPECT_EQ(w.activation_done, (std::vector<uint64_t>{4 + 3 * 5 * turns + 6 + way + 1}));
    }
    // Pooling 3 x 2: six positions an output.
    Watch w(c);
    w.run({set_register(9, halves(7, 6)), set_register(10, 2 | 2 << 16 | 2 << 24),
           set_register(11, bytes(3, 2))});
    w.idle(6);  // the geometry is made in steps
    w.mark();
    w.run({activate(0, 0, 5, 0, 0, kMaxPool)});
    EXPECT_EQ(w.positions, span(5, 4 + 30 * turns));
    EXPECT_EQ(w.activated, every(6 * turns, 5, 4 + 6 * turns + way));
  }
}

TEST(MxuLatency, Host) {
  for (const Config& c : shapes()) {
    for (const uint64_t n : {1, 2, 5, 100}) {
      Watch w(c);
      w.host.input.assign(n, Row(c.lanes()));
      w.mark();
      w.run({read_host(0, static_cast<uint32_t>(n))});
      EXPECT_EQ(w.host.in_at, span(w.zero + 3, w.zero + 2 + n));
      EXPECT_EQ(w.in_done, (std::vector<uint64_t>{3 + n}));
      w.mark();
      w.run({write_host(0, static_cast<uint32_t>(n))});
      EXPECT_EQ(w.host.out_at, span(w.zero + 5, w.zero + 4 + n));
    }
  }
}

// While the host takes nothing, four rows are read ahead.
TEST(MxuLatency, HostHoldsBack) {
  const Config c = shape(4, 4, 2, 4);
  Watch w(c);
  w.host.stall_out = 100;
  w.host.program = {write_host(0, 20)};
  w.idle(40);
  EXPECT_EQ(w.device.model.host_out.rows_q, 4);
  EXPECT_EQ(w.device.model.host_out.left_q, 16u);
  w.host.stall_out = 0;
  w.run({});
  EXPECT_EQ(w.host.output.size(), 20u);
  EXPECT_EQ(w.host.out_at.back() - w.host.out_at.front(), 19u);
}

// Requests of 16 beats at most, none across a multiple of 16, one in three cycles; the first beat
// is taken a cycle behind the first.
TEST(MxuLatency, Requests) {
  for (const Config& c : shapes()) {
    for (const uint32_t first : {0U, 5U, 15U, 31U}) {
      Watch w(c);
      w.host.memory.assign(StreamShape(c).beat_bytes() * 200, 1);  // any bytes, of one word each
      w.mark();
      w.run({read_beats(first, 100, 1, true, false)});
      std::vector<uint64_t> at;
      uint32_t beat = first;
      for (uint64_t cycle = 3; beat < first + 100; cycle += 3) {
        at.push_back(w.zero + cycle);
        const uint32_t beats = std::min(16 - beat % 16, first + 100 - beat);
        ASSERT_EQ(w.host.request_beats.at(at.size() - 1), beats);
        beat += beats;
        // A header of one word a bus: it ends, and the next beats are one tile too many. What was
        // asked for by then still comes.
        if (at.size() == w.host.request_at.size()) break;
      }
      EXPECT_EQ(w.host.request_at, at);
      EXPECT_EQ(w.host.beat_at.front(), w.zero + 4);
    }
  }
}

TEST(MxuLatency, Weights) {
  for (const Config& c : shapes()) {
    for (const uint32_t stall : {0U, 50U, 90U}) {
      Watch w(c);
      w.host.stall_weights = stall;
      w.host.program = {read_weights(0),
                        multiply(0, 0, 3, true, false),
                        read_weights(1, 3),
                        multiply(0, 0, 3, true, false),
                        multiply(0, 0, 3, true, false),
                        multiply(0, 0, 60, true, false)};
      w.run({});
      // Behind a reset the array is open from the second swap on that clears it.
      Loads loads(w.host, w.opened);
      ASSERT_EQ(w.swaps.size(), 4U);
      for (size_t n = 0; n < 4; ++n) {
        const uint64_t loaded = loads.next();
        EXPECT_EQ(w.swaps[n], n == 0 ? loaded : std::max(loaded, w.swaps[n - 1] + 3));
        loads.swap(w.swaps[n]);
      }
    }
  }
}

// m operations of B rows take m * B cycles of the array for B >= 8 L + 3, L being the words of the
// longest bus, weights arriving a beat a cycle; without new weights also for shorter ones.
TEST(MxuThroughput, NoBubbleBetweenTiles) {
  for (const Config& c : shapes()) {
    for (const uint32_t more : {0U, 1U, 5U}) {
      SCOPED_TRACE(std::to_string(c.rows) + "x" + std::to_string(c.cols));
      // A codebook is two words of the first of its tiles.
      const uint32_t m = 12, B = 8 * (StreamShape(c).most_words + 2) + 3 + more;
      Watch w(c);
      w.run({read_weights(0, 4)});
      w.idle(8 * c.rows + 60);
      w.mark();
      std::vector<RawInstruction> program = {read_weights(4, m - 4)};
      for (uint32_t i = 0; i < m; ++i) program.push_back(multiply(0, i % 2 * 256, B, true, i > 1));
      w.run(program);
      ASSERT_EQ(w.rows.size(), m * B);
      EXPECT_EQ(w.rows, span(w.rows.front(), w.rows.front() + m * B - 1));
      ASSERT_EQ(w.swaps.size(), m);
      for (uint32_t i = 1; i < m; ++i) EXPECT_EQ(w.swaps[i] - w.swaps[i - 1], B);
    }
    Watch w(c);
    w.run({read_weights(0)});
    w.idle(8 * c.rows + 60);
    w.mark();
    std::vector<RawInstruction> program = {multiply(0, 0, 3, true, false)};
    for (uint32_t i = 0; i < 30; ++i) program.push_back(multiply(0, i % 8, 3, false, true));
    w.run(program);
    EXPECT_EQ(w.rows, span(5, 4 + 93));
    // Each is decoded two cycles before it is taken: of one row, one in three cycles.
    w.mark();
    w.run({multiply(0, 0, 1, false, false), multiply(0, 1, 1, false, false),
           multiply(0, 2, 1, false, false)});
    EXPECT_EQ(w.rows, (std::vector<uint64_t>{5, 8, 11}));
  }
}

TEST(MxuThroughput, FullSizeBackToBack) {
  Config c;
  c.ub_depth = 1100;
  Watch w(c);
  w.run({read_weights(0, 4)});
  w.idle(1400);
  w.mark();
  // Dense tiles: 128 words of every bus.
  constexpr uint32_t B = 8 * 128 + 3;
  w.run({multiply(0, 0, B, true, false), multiply(0, 0, B, true, true),
         multiply(0, 0, B, true, true)});
  EXPECT_EQ(w.rows, span(5, 4 + 3 * B));
  EXPECT_EQ(w.matrix_done.back(), 4 + 3 * B + 512 + 3u);
}

// 2048 x 1024 by 1024 x 1024: the array is active in every cycle from the first to the last.
TEST(MxuThroughput, LargeProductUsesEveryCycle) {
  Config c;
  c.ub_depth = 4 * 2048;
  Watch w(c);
  w.run({read_weights(0, 4)});
  w.idle(1400);
  w.mark();
  std::vector<RawInstruction> program = {read_weights(4, 12), set_register(15, 0)};
  for (uint32_t q = 0; q < 4; ++q) {
    for (uint32_t p = 0; p < 4; ++p) {
      program.push_back(multiply(p * 2048, q % 2 * 2048, 2048, true, p != 0, 256, 256));
    }
  }
  w.run(program);
  ASSERT_EQ(w.rows.size(), 16 * 2048u);
  EXPECT_EQ(w.rows.back() - w.rows.front() + 1, 16 * 2048u);
  EXPECT_EQ(w.host.read_status(2), uint64_t{2048} * 1024 * 1024);
}

// A wait for all but the last w - 1 operations: the reader begins two cycles behind the done pulse
// of the last one it waits for (the count, then it is taken), or as soon as it can.
TEST(MxuWaits, AllButTheLast) {
  for (const Config& c : shapes()) {
    for (uint32_t wanted = 1; wanted <= 3; ++wanted) {
      Watch w(c);
      w.mark();
      w.run({multiply(0, 0, 20, false, false), multiply(0, 20, 20, false, false),
             multiply(0, 40, 20, false, false), multiply(0, 60, 20, false, false),
             wait(activate(0, 0, 3, 0, 0), kMatrix, wanted)});
      ASSERT_EQ(w.matrix_done.size(), 4u);
      EXPECT_EQ(w.positions.front(), w.matrix_done[4 - wanted] + 2);
    }
    // Nothing to wait for: at once.
    Watch w(c);
    w.mark();
    w.run({wait_all(activate(0, 0, 3, 0, 0))});
    EXPECT_EQ(w.positions.front(), 5u);
  }
}

TEST(MxuWaits, MatrixForActivationAndHost) {
  const Config c = shape(8, 8, 4, 4);
  Watch w(c);
  w.host.input.assign(50, Row(8));
  w.mark();
  w.run({activate(0, 256, 40, 0, 0), read_host(100, 50),
         wait(multiply(0, 0, 4, false, false), kActivation),
         wait(multiply(100, 0, 4, false, false), kHostIn)});
  ASSERT_EQ(w.rows.size(), 8u);
  EXPECT_EQ(w.rows[0], w.activation_done.at(0) + 2);
  EXPECT_EQ(w.rows[4], std::max(w.in_done.at(0) + 2, w.rows[3] + 1));
  EXPECT_GT(w.host.read_status(6), 0u);
}

// The halves of the accumulators: adding waits for the activation unit in the same half only, and
// the activation unit for reads under way.
TEST(MxuWaits, HalvesOfTheAccumulators) {
  for (const Config& c : shapes()) {
    for (const bool same : {false, true}) {
      Watch w(c);
      w.mark();
      const uint32_t row = same ? 3 : 300;
      w.run({activate(0, 0, 40, 0, 0), multiply(0, row, 4, false, true)});
      ASSERT_EQ(w.rows.size(), 4u);
      if (same) {
        EXPECT_EQ(w.rows.front(), w.positions.back() + 1);
      } else {
        EXPECT_LT(w.rows.front(), w.positions.back());
      }
    }
    Watch w(c);
    w.mark();
    w.run({multiply(0, 3, 4, false, true), activate(0, 0, 4, 0, 0)});
    // The timer runs out ROWS + COLS + 3 cycles behind the last row; then it is taken.
    EXPECT_EQ(w.positions.front(), w.rows.back() + c.rows + c.cols + 4);
    Watch o(c);
    o.mark();
    o.run({multiply(0, 3, 40, false, false), activate(0, 0, 4, 0, 0)});
    EXPECT_EQ(o.positions.front(), 6u);  // overwriting reads nothing
  }
}

// Weight stall while a bus waits for a word, weight shift while all are at work.
TEST(MxuCounters, WeightStallAndShift) {
  for (const Config& c : shapes()) {
    Watch w(c);
    w.run({set_register(15, 0), read_weights(0), multiply(0, 0, 4, true, false, c.rows, c.cols),
           nop(), nop()});
    Loads loads(w.host, w.opened);
    const uint64_t loaded = loads.next();
    ASSERT_EQ(w.swaps, (std::vector<uint64_t>{loaded}));
    uint64_t lacks = 0;
    const uint64_t waits = w.host.inst_at.at(2) + 5;  // in the unit's registers
    for (uint64_t t = waits; t < loaded; ++t) lacks += loads.lacks(t);
    const auto counter = [&w](uint8_t n) { return w.host.read_status(n); };
    EXPECT_EQ(counter(3), lacks);
    EXPECT_EQ(counter(4), loaded - waits - lacks);
    EXPECT_EQ(counter(1), 4u);
    EXPECT_EQ(counter(2), 4 * c.rows * c.cols);
    EXPECT_EQ(counter(0), counter(1) + counter(3) + counter(4) + counter(5));
    EXPECT_EQ(counter(9), 5u);
    EXPECT_EQ(counter(10), c.rows | c.cols << 16);
    w.run({set_register(15, 0)});
    EXPECT_EQ(counter(1), 0u);
    EXPECT_EQ(counter(2), 0u);
  }
}

TEST(MxuCounters, InputStall) {
  const Config c = shape(4, 4, 2, 4);
  Watch w(c);
  w.host.input.assign(30, Row(4));
  w.host.stall_in = 50;
  w.run({set_register(15, 0), read_host(0, 30), wait(multiply(0, 0, 4, false, false), kHostIn)});
  EXPECT_GT(w.host.read_status(7), 30u);
  EXPECT_EQ(w.host.read_status(6), 0u);
  EXPECT_LE(w.host.read_status(7), w.host.read_status(5));
}

// A stall of half and weights at once counts as one of weights, so that the parts stay parts.
TEST(MxuCounters, PartsOfNonMatrix) {
  const Config c = shape(4, 4, 2, 4);
  Watch w(c);
  w.run({set_register(15, 0), activate(0, 0, 100, 0, 0), nop(), nop(), read_weights(0),
         multiply(0, 0, 4, true, true)});
  EXPECT_LE(w.host.read_status(6), w.host.read_status(5));
  EXPECT_EQ(w.host.read_status(0), w.host.read_status(1) + w.host.read_status(3) +
                                       w.host.read_status(4) + w.host.read_status(5));
}

}  // namespace
}  // namespace sparsys::mxu
