// SPDX-License-Identifier: Apache-2.0
// A matrix unit, its host and the machine in program order, and random programs for them: for tests
// of the cycle model by itself and in lockstep with the RTL.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "golden/cycle/mxu/device.hpp"
#include "tb/support/mxu/host.hpp"
#include "tb/support/mxu/reference.hpp"
#include "tb/support/seeds.hpp"

namespace sparsys::mxu {
namespace test {

inline std::string name_of(const Config& c) {
  return std::to_string(c.rows) + "x" + std::to_string(c.cols) + " of " +
         std::to_string(c.tile_rows) + "x" + std::to_string(c.tile_cols) +
         (c.act_lanes ? ", " + std::to_string(c.act_lanes) + " activation lanes" : "");
}

// A device whose memories a bench can read; others have a function of their own.
inline const Mxu& model_of(const CycleDevice& device) { return device.model; }

// A device, its host and the machine in program order.
template <class Device>
struct DeviceBench {
  // What is left goes to the device, behind the configuration.
  template <class... Options>
  explicit DeviceBench(const Config& config, uint64_t seed = 1, Options&&... options)
      : c(config),
        device(config, std::forward<Options>(options)...),
        host(device),
        reference(config),
        dice(seed) {
    host.seed(seed);
    host.reset();
    // The second swap behind the last cycle of reset, which is the one before.
    opened = host.cycle + 1;
  }

  uint8_t byte() {
    switch (dice.below(8)) {
      case 0:
        return 0x80;
      case 1:
        return 0x7F;
      default:
        return static_cast<uint8_t>(dice.next());
    }
  }
  Row random_row(size_t bytes) {
    Row row(bytes);
    for (uint8_t& b : row) b = byte();
    return row;
  }
  // Dense ones, or of few values and zeros.
  void random_tiles(uint32_t count) {
    const bool dense = dice.chance(50);
    const auto density = static_cast<uint32_t>(dice.between(1, 60));
    std::vector<uint8_t> values(dice.between(1, 15));
    for (uint8_t& value : values) value = byte();
    for (uint32_t t = 0; t < count; ++t) {
      host.weights[t] = tile_rows(c, [&](uint32_t, uint32_t) -> int {
        if (dense) return byte();
        return dice.chance(density) ? values[dice.below(values.size())] : 0;
      });
    }
  }
  void give(const Row& row) {
    host.input.push_back(row);
    reference.input.push_back(row);
  }
  void add(const RawInstruction& i) { host.program.push_back(i); }
  void random_stalls() {
    const auto share = [this] {
      return static_cast<uint32_t>(dice.chance(40) ? 0 : dice.below(90));
    };
    host.stall_inst = share();
    host.stall_in = share();
    host.stall_out = share();
    host.stall_requests = share();
    host.stall_weights = share();
    host.longer = share();
  }

  // Runs what has been added on both sides and compares what came out.
  void run_and_compare_output(uint64_t limit = 200000) {
    for (const RawInstruction& i : host.program) reference.run(i, host.weights);
    ASSERT_TRUE(host.run(limit)) << "still busy";
    ASSERT_EQ(host.read_status(8), 0u);
    ASSERT_EQ(host.output, reference.output);
  }
  // And all memories.
  void run_and_compare(uint64_t limit = 200000) {
    run_and_compare_output(limit);
    if (testing::Test::HasFatalFailure()) return;
    for (uint32_t row = 0; row < c.ub_depth; ++row) {
      const uint8_t* got = model_of(device).unified_buffer.ram.row(row);
      ASSERT_EQ(Row(got, got + c.lanes()), reference.ub[row]) << "row " << row;
    }
    for (uint32_t row = 0; row < c.acc_depth; ++row) {
      for (uint32_t k = 0; k < c.cols; ++k) {
        ASSERT_EQ(accumulator(row, k), reference.acc[row][k]) << "row " << row << " column " << k;
      }
    }
  }

  uint32_t accumulator_word(uint32_t row, uint32_t k) const {
    const AccBank& bank = model_of(device).accumulators.bank[k / c.tile_cols];
    const uint32_t half = c.acc_depth / 2;
    return bank.half[row / half].row(row % half)[k % c.tile_cols];
  }
  int32_t accumulator(uint32_t row, uint32_t k) const {
    return static_cast<int32_t>(accumulator_word(row, k));
  }

  Config c;
  Device device;
  Host host;
  Reference reference;
  Dice dice;
  uint64_t opened;  // the array, to the first tile
};

// What the unit tells of a wrong instruction behind `before` others: of weights asked for too far
// ahead it may be an earlier one.
inline void expect_told(uint64_t status, const Wrong& wrong, uint64_t before) {
  const uint64_t number = status >> 8;
  EXPECT_EQ(status & 255, wrong.code);
  if (wrong.code == 9) {
    EXPECT_GE(number, before + kSurelyAhead);
    EXPECT_LE(number, before + wrong.before.size());
  } else {
    EXPECT_EQ(number, before + wrong.before.size());
  }
}

// Random parameters, an activation of what the accumulators hold, its result and a row around it.
template <class Bench>
void add_activation(Bench& b, uint32_t function, uint32_t pooling) {
  const Config& c = b.c;
  Parameters p;
  for (uint32_t k = 0; k < c.cols; ++k) {
    p.bias.push_back(static_cast<int32_t>(b.dice.word(32)));
    p.multiplier.push_back(static_cast<int32_t>(b.dice.word(32)) >> b.dice.below(30));
    p.shift.push_back(static_cast<uint32_t>(b.dice.below(63)));
  }
  for (const Row& plane : planes(c, p)) b.give(plane);
  const uint32_t set = static_cast<uint32_t>(b.dice.below(c.param_sets));
  b.add(set_register(8, bytes(b.byte(), b.byte(), b.byte())));
  b.add(read_parameters(set, 0, 9));
  uint32_t rows = static_cast<uint32_t>(b.dice.between(1, 40));
  uint32_t from = static_cast<uint32_t>(b.dice.below(c.acc_depth - rows + 1));
  if (pooling != kNoPool) {
    const uint32_t in_h = static_cast<uint32_t>(b.dice.between(1, 8));
    const uint32_t in_w = static_cast<uint32_t>(b.dice.between(1, 8));
    const uint32_t win_h = static_cast<uint32_t>(b.dice.between(1, in_h));
    const uint32_t win_w = static_cast<uint32_t>(b.dice.between(1, in_w));
    const uint32_t n = win_h * win_w;
    rows = static_cast<uint32_t>(b.dice.between(1, 30));
    from = static_cast<uint32_t>(b.dice.below(c.acc_depth - in_h * in_w + 1));
    b.add(set_register(9, halves(in_h, in_w)));
    b.add(set_register(10, static_cast<uint32_t>(b.dice.between(1, 6)) |
                               static_cast<uint32_t>(b.dice.between(1, 3)) << 16 |
                               static_cast<uint32_t>(b.dice.between(1, 3)) << 24));
    b.add(set_register(11, bytes(win_h, win_w, static_cast<uint32_t>(b.dice.below(4)) - 2,
                                 static_cast<uint32_t>(b.dice.below(4)) - 2)));
    b.add(set_register(12, ((1U << 24) + n / 2) / n));
    b.add(set_register(13, (1U << 23) + 64 * n));
  }
  b.add(wait(activate(11, from, rows, set, function, pooling, b.dice.chance(50)), kHostIn));
  b.add(wait(write_host(10, rows + 2), kActivation));
}

// Random parameters of three sets, a sum of what the accumulators hold, its result and a row around
// it. Most factors are such that neither all sums saturate nor all are 0.
template <class Bench>
void add_sum(Bench& b, uint32_t function, bool twice) {
  const Config& c = b.c;
  const uint32_t set = static_cast<uint32_t>(b.dice.below(c.param_sets - 2));
  for (uint32_t s = 0; s < 3; ++s) {
    Parameters p;
    for (uint32_t k = 0; k < c.cols; ++k) {
      p.bias.push_back(
          static_cast<int32_t>(b.dice.chance(70) ? b.dice.below(256) - 128 : b.dice.word(32)));
      const auto multiplier = static_cast<int32_t>(b.dice.word(32));
      p.multiplier.push_back(multiplier == INT32_MIN ? -1 : multiplier);
      const uint64_t usual = s < 2 ? b.dice.between(29, 36) : b.dice.between(44, 54);
      p.shift.push_back(static_cast<uint32_t>(b.dice.chance(80) ? usual : b.dice.below(63)));
    }
    for (const Row& plane : planes(c, p)) b.give(plane);
    // Not while an activation in front still reads a set.
    b.add(wait(read_parameters(set + s, 0, 9), kActivation));
  }
  b.add(set_register(8, bytes(b.byte(), b.byte(), b.byte())));
  const auto rows = static_cast<uint32_t>(b.dice.between(1, std::min(30U, c.acc_depth / 2)));
  const auto from = static_cast<uint32_t>(b.dice.below(c.acc_depth - 2 * rows + 1));
  b.add(wait(activate(11, from, rows, set, function, kNoPool, twice, true), kHostIn));
  b.add(wait(write_host(10, rows + 2), kActivation));
}

// Products at and around halves of both roundings, on either side of 0: with a multiplier of 2^30
// and a shift above 31 a value's last bits are the first rounding's, what is left the second's.
template <class Bench>
void add_halves(Bench& b) {
  const Config& c = b.c;
  b.add(set_register(8, bytes(0, 128, 127)));
  for (uint32_t turn = 0; turn < 8; ++turn) {
    Parameters p = plain_parameters(c);
    for (uint32_t k = 0; k < c.cols; ++k) {
      const auto shift = static_cast<uint32_t>(b.dice.below(4));
      const auto whole = static_cast<int32_t>(b.dice.below(200)) - 100;
      p.bias[k] = (2 * whole + 1) * (1 << shift) + static_cast<int32_t>(b.dice.below(5)) - 2;
      p.multiplier[k] = b.dice.chance(30) ? -(1 << 30) : 1 << 30;
      p.shift[k] = 31 + shift;
    }
    for (const Row& plane : planes(c, p)) b.give(plane);
    b.add(wait_all(read_parameters(0, 0, 9)));
    b.add(wait_all(activate(10 * turn, 0, 1, 0, kIdentity, kNoPool, turn % 4 != 0)));
  }
  b.add(wait_all(write_host(0, 80)));
}

// Requantisation of values so small that every rounding shows: shifts of 0 to 3.
template <class Bench>
void add_small_shifts(Bench& b) {
  const Config& c = b.c;
  b.add(set_register(8, bytes(0, 128, 127)));
  for (uint32_t turn = 0; turn < 8; ++turn) {
    Parameters p = plain_parameters(c);
    for (uint32_t k = 0; k < c.cols; ++k) {
      p.bias[k] = static_cast<int32_t>(b.dice.below(9)) - 4;
      p.multiplier[k] = static_cast<int32_t>(b.dice.below(7)) - 3;
      p.shift[k] = static_cast<uint32_t>(b.dice.below(4));
    }
    for (const Row& plane : planes(c, p)) b.give(plane);
    b.add(wait_all(read_parameters(0, 0, 9)));
    b.add(wait_all(activate(10 * turn, 0, 2, 0, kIdentity, kNoPool, turn % 2 != 0)));
  }
  b.add(wait_all(write_host(0, 80)));
}

// One unit's turns of the same program: with the weights' gaps, host stalls and phases at random,
// operations ordered by nothing but the waits that they need.
template <class Bench>
void add_overlapped_turns(Bench& b) {
  const Config& c = b.c;
  b.random_stalls();
  b.random_tiles(6);
  const uint32_t half = c.acc_depth / 2;
  for (const Row& plane : planes(c, plain_parameters(c, 7))) b.give(plane);
  b.add(set_register(8, bytes(3, 128, 120)));
  b.add(read_parameters(1, 0, 9));
  // Turns of: input to one of two places, product into one half, activation, output.
  for (uint32_t turn = 0; turn < 12; ++turn) {
    const uint32_t rows = static_cast<uint32_t>(b.dice.between(1, 20));
    const uint32_t in = turn % 2 * 40, out = 100 + turn % 2 * 40, acc = turn % 2 * half;
    for (uint32_t n = 0; n < rows; ++n) b.give(b.random_row(c.lanes()));
    // The place's last reader was two turns ago: of its two products of the turn before none may
    // be waited for.
    RawInstruction i = read_host(in, rows);
    if (turn >= 2) i = wait(i, kMatrix, 3);
    b.add(i);
    b.add(read_weights(turn % 5, 2));
    i = wait(multiply(in, acc, rows, true, false), kHostIn);
    if (turn >= 2) i = wait(i, kActivation, 2);
    b.add(i);
    b.add(multiply(in, acc, rows, true, true));
    i = wait(activate(out, acc, rows, 1, kRelu), kMatrix);
    if (turn >= 2) i = wait(i, kHostOut, 2);
    if (turn == 0) i = wait(i, kHostIn, 2);
    b.add(i);
    b.add(wait(write_host(out, rows), kActivation));
  }
}

// Any operation behind any other, each waiting for all before it.
template <class Bench>
void add_random_program(Bench& b) {
  const Config& c = b.c;
  b.random_stalls();
  b.random_tiles(8);
  const auto upto = [&b](uint64_t n) { return static_cast<uint32_t>(b.dice.below(n)); };
  uint32_t tiles = 0;
  for (uint32_t set = 0; set < c.param_sets; ++set) {
    Parameters p = plain_parameters(c);
    for (uint32_t k = 0; k < c.cols; ++k) {
      p.bias[k] = static_cast<int32_t>(upto(5000)) - 2500;
      p.multiplier[k] = static_cast<int32_t>(upto(1U << 20));
      p.shift[k] = 20 + upto(6);
    }
    for (const Row& plane : planes(c, p)) b.give(plane);
    b.add(read_parameters(set, 0, 9));
  }
  b.add(set_register(8, bytes(b.byte(), 128, 127)));
  for (uint32_t n = 0; n < 40; ++n) {
    const uint32_t rows = 1 + upto(c.acc_depth / 2);
    const uint32_t ub = upto(c.ub_depth - rows + 1), acc = upto(c.acc_depth - rows + 1);
    switch (upto(9)) {
      case 0:
      case 1: {
        // Further ahead the unit's queue of fetches does not reach.
        if (tiles > 12) break;
        const uint32_t take = 1 + upto(3);
        b.add(read_weights(upto(8 - take), take));
        tiles += take;
        break;
      }
      case 2:
      case 3: {
        const bool take = tiles && b.dice.chance(70);
        tiles -= take;
        b.add(wait_all(
            multiply(ub, acc, rows, take, b.dice.chance(50), 1 + upto(c.rows), 1 + upto(c.cols))));
        break;
      }
      case 4: {
        const uint32_t in_h = 1 + upto(6), in_w = 1 + upto(6), pitch = in_w + upto(3);
        const uint32_t out_h = 1 + upto(5), out_w = 1 + upto(6);
        const bool take = tiles && b.dice.chance(50);
        tiles -= take;
        b.add(set_register(0, halves(in_h, in_w)));
        b.add(set_register(1, halves(out_w, out_h)));
        b.add(set_register(2, pitch | (1 + upto(3)) << 16 | (1 + upto(3)) << 24));
        b.add(set_register(3, b.byte()));
        b.add(wait_all(convolve(upto(c.ub_depth - 6 * 9), upto(c.acc_depth - 30 + 1),
                                static_cast<int>(upto(5)) - 2, static_cast<int>(upto(5)) - 2, take,
                                b.dice.chance(50), 1 + upto(c.rows), 1 + upto(c.cols))));
        break;
      }
      case 5:
        if (c.param_sets > 2 && b.dice.chance(40)) {
          b.add(
              wait_all(activate(ub, upto(c.acc_depth - 2 * rows + 1), rows, upto(c.param_sets - 2),
                                upto(4), kNoPool, b.dice.chance(50), true)));
          break;
        }
        b.add(wait_all(
            activate(ub, acc, rows, upto(c.param_sets), upto(4), kNoPool, b.dice.chance(50))));
        break;
      case 6: {
        const uint32_t in_h = 1 + upto(7), in_w = 1 + upto(7), win = 1 + upto(3);
        b.add(set_register(9, halves(in_h, in_w)));
        b.add(set_register(10, (1 + upto(5)) | (1 + upto(2)) << 16 | (1 + upto(2)) << 24));
        b.add(set_register(11, bytes(win, win, upto(3) - 1, upto(3) - 1)));
        b.add(set_register(12, (1U << 24) / (win * win)));
        b.add(set_register(13, (1U << 23) + 64 * win * win));
        b.add(wait_all(activate(ub, upto(c.acc_depth - in_h * in_w + 1), rows, upto(c.param_sets),
                                upto(4), 1 + upto(3), b.dice.chance(50))));
        break;
      }
      case 7:
        for (uint32_t r = 0; r < rows; ++r) b.give(b.random_row(c.lanes()));
        b.add(wait_all(read_host(ub, rows)));
        break;
      default:
        b.add(wait_all(write_host(ub, rows)));
    }
    if (b.dice.chance(10)) b.add(nop());
    if (b.dice.chance(5)) b.add(synchronise());
  }
  // All tiles that are left are used, so that nothing waits at the end.
  for (; tiles; --tiles) b.add(wait_all(multiply(0, 0, 1, true, false)));
}

}  // namespace test
}  // namespace sparsys::mxu
