// SPDX-License-Identifier: Apache-2.0
// The whole cycle model of the matrix unit behind its pins, against plain loops: products of
// matrices, convolution, pooling, all functions, requantisation, waits, errors, random programs.
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tb/support/mxu/bench.hpp"

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
  c.ub_depth = 300;
  c.acc_depth = 64;
  c.param_sets = 4;
  c.queue_depth = 5;
  return c;
}

std::vector<Config> small_shapes() {
  return {shape(1, 1, 1, 1),    shape(4, 4, 4, 4),      shape(4, 4, 2, 4),    shape(5, 7, 5, 7),
          shape(7, 5, 1, 5),    shape(8, 8, 4, 4),      shape(16, 16, 8, 16), shape(6, 36, 3, 12),
          shape(4, 4, 4, 4, 1), shape(4, 12, 2, 12, 4), shape(8, 8, 4, 4, 4)};
}

struct Bench : DeviceBench<CycleDevice> {
  using DeviceBench::DeviceBench;
  void set_accumulator(uint32_t row, uint32_t k, int32_t value) {
    const uint32_t half = c.acc_depth / 2;
    AccBank& bank = device.model.accumulators.bank[k / c.tile_cols];
    bank.half[row / half].row(row % half)[k % c.tile_cols] = static_cast<uint32_t>(value);
    reference.acc[row][k] = value;
  }
};

// y = x W of K inputs and N outputs over several tiles, straight from the definition.
void product(const Config& c, uint32_t batch, uint32_t tiles_k, uint32_t tiles_n,
             bool extreme = false) {
  SCOPED_TRACE(name_of(c) + ", batch " + std::to_string(batch));
  Bench b(c, batch + 100 * tiles_k);
  const uint32_t K = tiles_k * c.rows, N = tiles_n * c.cols;
  std::vector<std::vector<int>> x(batch, std::vector<int>(K)), w(K, std::vector<int>(N));
  for (auto& row : x) {
    for (int& v : row) v = extreme ? -128 : static_cast<int8_t>(b.byte());
  }
  for (auto& row : w) {
    for (int& v : row) v = extreme ? -128 : static_cast<int8_t>(b.byte());
  }
  // The batch in planes of ROWS inputs.
  for (uint32_t p = 0; p < tiles_k; ++p) {
    for (uint32_t n = 0; n < batch; ++n) {
      Row row(c.lanes(), 0x55);  // lanes beyond ROWS are not used
      for (uint32_t r = 0; r < c.rows; ++r) row[r] = static_cast<uint8_t>(x[n][p * c.rows + r]);
      b.host.input.push_back(row);
    }
  }
  b.add(read_host(0, tiles_k * batch));
  b.add(read_weights(0, tiles_k * tiles_n));
  for (uint32_t q = 0; q < tiles_n; ++q) {
    for (uint32_t p = 0; p < tiles_k; ++p) {
      b.host.weights[q * tiles_k + p] =
          tile_rows(c, [&](uint32_t r, uint32_t k) { return w[p * c.rows + r][q * c.cols + k]; });
      b.add(wait(multiply(p * batch, q * batch, batch, true, p != 0, c.rows, c.cols), kHostIn));
    }
  }
  ASSERT_TRUE(b.host.run());
  ASSERT_FALSE(b.host.last.error_o);
  for (uint32_t n = 0; n < batch; ++n) {
    for (uint32_t k = 0; k < N; ++k) {
      int64_t sum = 0;
      for (uint32_t r = 0; r < K; ++r) sum += x[n][r] * w[r][k];
      ASSERT_EQ(b.accumulator(k / c.cols * batch + n, k % c.cols), sum) << n << ' ' << k;
    }
  }
  EXPECT_EQ(b.host.read_status(2), uint64_t{batch} * K * N);
  EXPECT_EQ(b.host.read_status(1), uint64_t{batch} * tiles_k * tiles_n);
}

TEST(MxuProduct, SeveralTilesAndAccumulate) {
  for (const Config& c : small_shapes()) {
    product(c, 1, 3, 2);
    product(c, 2, 2, 3);
    product(c, 15, 4, 2);
    product(c, 16, 5, 4);
  }
}

TEST(MxuProduct, ExtremesInEveryCell) {
  for (const Config& c : small_shapes()) product(c, 3, 2, 1, true);
}

TEST(MxuProduct, BatchesOfEverySize) {
  for (uint32_t batch = 1; batch <= 32; ++batch) {
    product(shape(8, 8, 4, 4), batch, 2, 2);
    product(shape(5, 7, 5, 7), batch, 2, 2);
  }
}

TEST(MxuProduct, FullSize) {
  Config c;
  c.ub_depth = 1024;
  product(c, 1, 2, 1);
  product(c, 257, 2, 1);
  product(c, 3, 1, 1, true);
  c.ub_depth = 4096;
  product(c, 4096, 1, 1);
}

// More operations of one row under way than 8-bit stamps could tell apart without the limit. They
// only overwrite: nothing but the wait keeps the activation unit from reading too early.
TEST(MxuProduct, ManyOperationsOfOneRow) {
  Config c;
  c.ub_depth = 1024;
  Bench b(c);
  b.random_tiles(1);
  for (uint32_t n = 0; n < 4; ++n) b.give(b.random_row(c.lanes()));
  for (const Row& plane : planes(c, plain_parameters(c, 9))) b.give(plane);
  b.add(set_register(8, bytes(0, 128, 127)));
  b.add(read_host(0, 4));
  b.add(read_parameters(0, 0, 9));
  b.add(read_weights(0));
  b.add(synchronise());
  b.add(multiply(0, 0, 1, true, false));
  for (uint32_t n = 0; n < 400; ++n) b.add(multiply(n % 4, n % 300, 1, false, false));
  b.add(wait(activate(100, 0, 300, 0, kIdentity), kMatrix));
  b.add(wait(write_host(100, 300), kActivation));
  b.run_and_compare();
}

// Accumulation up to the last accumulator row, across the halves, again and again on few rows.
TEST(MxuProduct, AccumulatorsEndAndHazards) {
  for (const Config& c : small_shapes()) {
    SCOPED_TRACE(name_of(c));
    Bench b(c);
    b.random_tiles(2);
    for (uint32_t n = 0; n < 40; ++n) b.give(b.random_row(c.lanes()));
    for (uint32_t row = 0; row < c.acc_depth; ++row) {
      for (uint32_t k = 0; k < c.cols; ++k) {
        // So near to the end that additions wrap.
        b.set_accumulator(row, k, INT32_MAX - static_cast<int32_t>(b.dice.below(100000)));
      }
    }
    b.add(read_host(0, 40));
    b.add(read_weights(0, 2));
    b.add(wait(multiply(0, c.acc_depth - 40, 40, true, true), kHostIn));
    b.add(multiply(3, c.acc_depth - 1, 1, false, true));
    b.add(multiply(4, c.acc_depth - 1, 1, false, true));
    b.add(multiply(5, c.acc_depth - 1, 1, true, true));
    b.add(multiply(6, c.acc_depth - 1, 1, false, true));
    b.add(multiply(0, 0, 1, false, false));
    b.add(multiply(1, 0, 1, false, true));
    b.add(multiply(2, 0, 2, false, true));
    b.add(multiply(2, 0, 1, false, true));
    b.run_and_compare();
  }
}

// Convolution of a map with plain loops over pixels, one tile for each place of the filter.
void convolution(const Config& c, uint32_t size_y, uint32_t size_x, uint32_t filter,
                 uint32_t stride, uint32_t pad, int pad_value) {
  SCOPED_TRACE(name_of(c) + ", filter " + std::to_string(filter) + ", stride " +
               std::to_string(stride) + ", padding " + std::to_string(pad));
  Bench b(c, filter + 10 * stride + 100 * pad);
  const uint32_t out_y = (size_y + 2 * pad - filter) / stride + 1;
  const uint32_t out_x = (size_x + 2 * pad - filter) / stride + 1;
  ASSERT_LE(out_y * out_x, c.acc_depth);
  std::vector<Row> map;
  const uint32_t pitch = size_x + 1;  // a column that belongs to nobody
  for (uint32_t n = 0; n < size_y * pitch; ++n) {
    map.push_back(b.random_row(c.lanes()));
    b.give(map.back());
  }
  b.random_tiles(filter * filter);
  b.add(set_register(0, halves(size_y, size_x)));
  b.add(set_register(1, halves(out_x, out_y)));
  b.add(set_register(2, pitch | stride << 16 | stride << 24));
  b.add(set_register(3, static_cast<uint8_t>(pad_value)));
  b.add(read_host(7, size_y * pitch));
  b.add(read_weights(0, filter * filter));
  for (uint32_t f = 0; f < filter * filter; ++f) {
    const int dy = static_cast<int>(f / filter) - static_cast<int>(pad);
    const int dx = static_cast<int>(f % filter) - static_cast<int>(pad);
    b.add(wait(convolve(7, 0, dy, dx, true, f != 0, c.rows, c.cols), kHostIn));
  }
  b.run_and_compare();
  for (uint32_t y = 0; y < out_y; ++y) {
    for (uint32_t x = 0; x < out_x; ++x) {
      for (uint32_t k = 0; k < c.cols; ++k) {
        int64_t sum = 0;
        for (uint32_t f = 0; f < filter * filter; ++f) {
          const int64_t iy = int64_t{y} * stride + f / filter - pad;
          const int64_t ix = int64_t{x} * stride + f % filter - pad;
          const bool in = iy >= 0 && ix >= 0 && iy < size_y && ix < size_x;
          for (uint32_t r = 0; r < c.rows; ++r) {
            const int v =
                in ? static_cast<int8_t>(map[static_cast<size_t>(iy * pitch + ix)][r]) : pad_value;
            sum += v * static_cast<int8_t>(b.host.weights[f][r][k]);
          }
        }
        ASSERT_EQ(b.accumulator(y * out_x + x, k), sum) << y << ' ' << x << ' ' << k;
      }
    }
  }
  EXPECT_EQ(b.host.read_status(2), b.reference.useful);
}

TEST(MxuConvolve, StridesAndPadding) {
  for (const Config& c : small_shapes()) {
    convolution(c, 8, 8, 5, 1, 2, 0);
    convolution(c, 7, 9, 3, 2, 1, -77);
    convolution(c, 5, 6, 3, 1, 0, 5);
    convolution(c, 6, 4, 1, 3, 0, 5);
    convolution(c, 4, 4, 4, 4, 3, 127);
  }
}

// Every function and pooling on random accumulators, with random parameters.
void activation(const Config& c, uint64_t seed, const std::function<void(Bench&)>& add) {
  Bench b(c, seed);
  b.random_stalls();
  for (uint32_t row = 0; row < c.acc_depth; ++row) {
    for (uint32_t k = 0; k < c.cols; ++k) {
      b.set_accumulator(row, k, static_cast<int32_t>(b.dice.word(32)) >> b.dice.below(30));
    }
  }
  add(b);
  b.run_and_compare();
}

TEST(MxuActivation, FunctionsAndPooling) {
  for_seeds(20, [](uint64_t seed) {
    for (const Config& c : {shape(1, 1, 1, 1), shape(5, 7, 5, 7), shape(8, 8, 4, 4)}) {
      for (uint32_t function = 0; function < 4; ++function) {
        for (uint32_t pooling = 0; pooling < 4; ++pooling) {
          activation(c, seed, [&](Bench& b) { add_activation(b, function, pooling); });
          if (testing::Test::HasFatalFailure()) {
            FAIL() << name_of(c) << " function " << function << " pooling " << pooling;
          }
        }
        activation(c, seed, [&](Bench& b) { add_sum(b, function, seed % 3 != 0); });
        if (testing::Test::HasFatalFailure()) FAIL() << name_of(c) << " sum, function " << function;
      }
      activation(c, seed, [&](Bench& b) { add_halves(b); });
      if (testing::Test::HasFatalFailure()) FAIL() << name_of(c) << " halves";
    }
  });
}

// What docs/reference/mxu-format.md says by hand: ties, saturation, shift 0 and 62.
TEST(MxuActivation, RequantisationEdges) {
  struct Case {
    int32_t acc, bias, multiplier;
    uint32_t shift;
    int expected;
  };
  const std::vector<Case> cases = {
      {3, 0, 1, 1, 2},       // 1.5 up
      {-3, 0, 1, 1, -1},     // -1.5 up
      {1, 0, 1, 1, 1},       // 0.5
      {-1, 0, 1, 1, 0},      // -0.5
      {-5, 0, 1, 2, -1},     // -1.25
      {-6, 0, 1, 2, -1},     // -1.5
      {-7, 0, 1, 2, -2},     // -1.75
      {100, 27, 1, 0, 127},  // no rounding
      {100, 28, 1, 0, 127},  // clamped
      {-100, -28, 1, 0, -128},
      {INT32_MAX, 1, 1, 25, 64},  // saturates, does not wrap
      {INT32_MIN, -1, 1, 25, -64},
      {INT32_MAX, INT32_MAX, INT32_MAX, 62, 1},
      {INT32_MIN, INT32_MIN, INT32_MIN, 62, 1},
      {INT32_MIN, 0, INT32_MAX, 62, -1},
      {INT32_MIN, 0, 1 << 30, 62, 0},  // -0.5 up
      {INT32_MIN, 0, INT32_MIN, 0, 127},
      {INT32_MAX, 0, INT32_MIN, 0, -128},
      {7, 0, 0, 0, 0},
  };
  Config c = shape(1, 1, 1, 1);
  c.cols = c.tile_cols = static_cast<uint32_t>(cases.size());
  Bench b(c);
  Parameters p;
  for (uint32_t k = 0; k < cases.size(); ++k) {
    b.set_accumulator(5, k, cases[k].acc);
    p.bias.push_back(cases[k].bias);
    p.multiplier.push_back(cases[k].multiplier);
    p.shift.push_back(cases[k].shift);
  }
  for (const Row& plane : planes(c, p)) b.give(plane);
  b.add(set_register(8, bytes(0, 128, 127)));
  b.add(read_parameters(3, 0, 9));
  b.add(wait(activate(9, 5, 1, 3, kIdentity), kHostIn));
  b.add(wait(write_host(9, 1), kActivation));
  b.run_and_compare();
  for (uint32_t k = 0; k < cases.size(); ++k) {
    EXPECT_EQ(static_cast<int8_t>(b.host.output.at(0)[k]), cases[k].expected) << "case " << k;
  }
}

TEST(MxuActivation, TableIsBothFunctionsRounded) {
  for (int i = -128; i < 128; ++i) {
    const double tanh = 128 * std::tanh(i / 32.0);
    const double sigmoid = 256 / (1 + std::exp(-i / 16.0)) - 128;
    const int value = static_cast<int8_t>(Lanes::tanh_table()[static_cast<uint8_t>(i)]);
    for (const double function : {tanh, sigmoid}) {
      if (function < 127.5) {
        EXPECT_LE(std::abs(value - function), 0.5) << i;
      } else {
        EXPECT_EQ(value, 127);
      }
    }
  }
}

void pipelined(const Config& c, uint64_t seed) {
  Bench b(c, seed);
  add_overlapped_turns(b);
  b.run_and_compare();
  EXPECT_TRUE(b.host.input.empty());
  EXPECT_EQ(b.host.read_status(1), b.reference.active);
}

TEST(MxuPrograms, OverlappedTurns) {
  for_seeds(12, [](uint64_t seed) {
    for (const Config& c : small_shapes()) {
      SCOPED_TRACE(name_of(c));
      pipelined(c, seed);
      if (testing::Test::HasFatalFailure()) return;
    }
  });
}

void random_program(const Config& c, uint64_t seed) {
  Bench b(c, seed);
  add_random_program(b);
  b.run_and_compare();
  const auto counter = [&b](uint8_t n) { return b.host.read_status(n); };
  EXPECT_EQ(counter(0), counter(1) + counter(3) + counter(4) + counter(5));
  EXPECT_LE(counter(6) + counter(7), counter(5));
  EXPECT_EQ(counter(1), b.reference.active);
  EXPECT_EQ(counter(2), b.reference.useful);
}

TEST(MxuPrograms, RandomPrograms) {
  for_seeds(25, [](uint64_t seed) {
    for (const Config& c : small_shapes()) {
      SCOPED_TRACE(name_of(c));
      random_program(c, seed);
      if (testing::Test::HasFatalFailure()) return;
    }
  });
}

// ---- Errors ----

TEST(MxuErrors, StopsAndWritesNothing) {
  const Config c = shape(4, 4, 2, 4);
  for (const Wrong& wrong : wrong_instructions(c)) {
    SCOPED_TRACE(wrong.what);
    Bench b(c, 3);
    b.random_tiles(1);
    for (uint32_t row = 0; row < c.ub_depth; ++row) {
      uint8_t* place = b.device.model.unified_buffer.ram.row(row);
      for (uint32_t l = 0; l < 4; ++l) place[l] = b.reference.ub[row][l] = b.byte();
    }
    for (uint32_t row = 0; row < c.acc_depth; ++row) {
      for (uint32_t k = 0; k < 4; ++k)
        b.set_accumulator(row, k, static_cast<int32_t>(b.dice.next()));
    }
    const auto parameters = b.device.model.params.bank;
    b.host.input.assign(20, Row(4, 0x66));
    for (const RawInstruction& i : wrong.before) b.add(i);
    b.add(wrong.instruction);
    // The error shows at most seven cycles behind dispatch, behind a Set: only what is dispatched
    // until then could begin.
    for (int i = 0; i < 6; ++i) b.add(nop());
    b.add(multiply(0, 0, 1, false, false));
    b.add(activate(0, 0, 1, 0, 0));
    b.add(halt());
    for (int i = 0; i < 300; ++i) b.host.clock();
    EXPECT_TRUE(b.host.last.error_o);
    EXPECT_FALSE(b.host.last.halted_o);
    expect_told(b.host.read_status(8), wrong, 0);
    EXPECT_TRUE(b.host.output.empty());
    EXPECT_EQ(b.host.input.size(), 20u);
    for (size_t j = 0; j < parameters.size(); ++j) {
      for (uint32_t p = 0; p < 9; ++p) {
        EXPECT_EQ(b.device.model.params.bank[j].plane[p].mem, parameters[j].plane[p].mem);
      }
    }
    for (uint32_t row = 0; row < c.ub_depth; ++row) {
      const uint8_t* got = b.device.model.unified_buffer.ram.row(row);
      ASSERT_EQ(Row(got, got + 4), b.reference.ub[row]) << row;
    }
    for (uint32_t row = 0; row < c.acc_depth; ++row) {
      for (uint32_t k = 0; k < 4; ++k) ASSERT_EQ(b.accumulator(row, k), b.reference.acc[row][k]);
    }
    // Reset, and it works.
    b.host.program.clear();
    b.host.input.clear();
    b.host.reset();
    EXPECT_EQ(b.host.read_status(8), 0u);
    b.add(write_host(17, 3));
    b.reference.output = {b.reference.ub[17], b.reference.ub[18], b.reference.ub[19]};
    ASSERT_TRUE(b.host.run(100));
    EXPECT_EQ(b.host.output, b.reference.output);
  }
}

// What is under way in other units ends normally.
TEST(MxuErrors, OtherUnitsEndTheirOperations) {
  const Config c = shape(4, 4, 2, 4);
  Bench b(c);
  for (int n = 0; n < 30; ++n) b.host.input.push_back(Row(4, static_cast<uint8_t>(n + 1)));
  b.add(read_host(10, 30));
  b.add(write_host(300, 1));
  b.host.stall_in = 50;
  for (int i = 0; i < 20; ++i) b.host.clock();
  EXPECT_TRUE(b.host.last.error_o);
  for (int i = 0; i < 200; ++i) b.host.clock();
  EXPECT_TRUE(b.host.input.empty());
  EXPECT_EQ(b.device.model.unified_buffer.ram.row(39)[0], 30);
  EXPECT_EQ(b.host.read_status(8), 3u | 1 << 8);
}

TEST(MxuPrograms, HaltAndResume) {
  const Config c = shape(4, 4, 2, 4);
  Bench b(c);
  b.give(Row(4, 7));
  b.add(read_host(2, 1));
  b.add(halt());
  b.add(wait_all(write_host(2, 1)));
  for (int i = 0; i < 100; ++i) b.host.clock();
  EXPECT_TRUE(b.host.last.halted_o);
  EXPECT_FALSE(b.host.last.busy_o);
  EXPECT_TRUE(b.host.output.empty());
  b.host.resume = true;
  b.host.clock();
  b.host.resume = false;
  ASSERT_TRUE(b.host.run(100));
  EXPECT_FALSE(b.host.last.halted_o);
  EXPECT_EQ(b.host.output.size(), 1u);
}

TEST(MxuPrograms, ResetAtAnyTime) {
  for_seeds(20, [](uint64_t seed) {
    const Config c = shape(5, 7, 5, 7);
    Bench b(c, seed);
    b.random_tiles(6);
    for (int n = 0; n < 40; ++n) b.host.input.push_back(b.random_row(c.lanes()));
    for (uint32_t turn = 0; turn < 4; ++turn) {
      b.add(read_host(0, 10));
      b.add(read_weights(turn));
      b.add(wait(multiply(0, turn, 10, true, turn > 1), kHostIn));
      b.add(wait(activate(20, 0, 10, 0, 0), kMatrix));
    }
    const uint64_t cycles = b.dice.below(120);
    for (uint64_t i = 0; i < cycles; ++i) b.host.clock();
    // The same device, reset, with the memories as they are.
    b.host.program.clear();
    b.host.input.clear();
    Host host(b.device);
    host.reset();
    host.reset();
    EXPECT_EQ(host.read_status(0), 0u);
    for (uint32_t row = 0; row < c.ub_depth; ++row) {
      const uint8_t* got = b.device.model.unified_buffer.ram.row(row);
      b.reference.ub[row] = Row(got, got + c.lanes());
    }
    for (uint32_t row = 0; row < c.acc_depth; ++row) {
      for (uint32_t k = 0; k < c.cols; ++k) b.reference.acc[row][k] = b.accumulator(row, k);
    }
    host.weights = b.host.weights;
    host.program = {read_weights(5), multiply(3, 40, 12, true, false),
                    multiply(3, 41, 12, false, true), wait_all(write_host(0, 30))};
    for (const RawInstruction& i : host.program) b.reference.run(i, host.weights);
    ASSERT_TRUE(host.run(5000));
    EXPECT_EQ(host.output, b.reference.output);
    for (uint32_t row = 0; row < c.acc_depth; ++row) {
      for (uint32_t k = 0; k < c.cols; ++k) {
        ASSERT_EQ(b.accumulator(row, k), b.reference.acc[row][k]) << row << ' ' << k;
      }
    }
  });
}

}  // namespace
}  // namespace sparsys::mxu
