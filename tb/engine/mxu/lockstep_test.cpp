// SPDX-License-Identifier: Apache-2.0
// The whole matrix unit, RTL against cycle model in every cycle, and its results against plain
// loops: random programs with random stalls on every port, every function and pooling, errors,
// reset at any time. And that a difference is seen and told.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <iostream>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "golden/base/error.hpp"
#include "golden/engine/mxu/compiler.hpp"
#include "golden/engine/mxu/driver.hpp"
#include "golden/function/mxu/network.hpp"
#include "tb/support/mxu/control.hpp"
#include "tb/support/mxu/exercises.hpp"

namespace sparsys::mxu {
namespace {

using namespace test;  // NOLINT

using Bench = LockstepBench;

void for_units(uint64_t seeds, const std::function<void(const Config&, uint64_t)>& body) {
  for_seeds(seeds, [&body](uint64_t seed) {
    for (const Config& c : rtl_configs()) {
      SCOPED_TRACE(name_of(c));
      body(c, seed);
      if (testing::Test::HasFailure()) return;
    }
  });
}

// The last rows are known to have left when the unit is idle.
void end(Bench& b) {
  b.run_and_compare();
  if (!testing::Test::HasFatalFailure()) b.device.finish();
}

TEST(MxuLockstep, UnitsOfAllSizes) {
  const std::vector<Config> units = rtl_configs();
  ASSERT_FALSE(units.empty());
  for (const Config& c : units) {
    const Lockstep device(c);
    EXPECT_GT(device.signals_per_cycle(), 4 * c.rows * c.cols);  // every cell's registers, too
    std::cout << name_of(c) << ": " << device.signals_per_cycle() << " words a cycle\n";
  }
}

TEST(MxuLockstep, RandomPrograms) {
  for_units(15, [](const Config& c, uint64_t seed) {
    Bench b(c, seed);
    add_random_program(b);
    end(b);
  });
}

TEST(MxuLockstep, OverlappedTurns) {
  for_units(12, [](const Config& c, uint64_t seed) {
    Bench b(c, seed);
    add_overlapped_turns(b);
    end(b);
  });
}

TEST(MxuLockstep, Batches) {
  for_units(1, [](const Config& c, uint64_t seed) {
    Bench b(c, seed);
    std::vector<uint32_t> sizes;
    for (uint32_t size = 1; size <= c.acc_depth; ++size) sizes.push_back(size);
    batches(b, sizes);
  });
}

TEST(MxuLockstep, HandOverAtEveryPhase) {
  for_units(1, [](const Config& c, uint64_t seed) {
    Bench b(c, seed);
    // From the cycles that the second tile's words take at least on.
    const uint32_t least = 8 * ((c.rows + 1) / 2 + 2) + 3;
    const int last = static_cast<int>(least + 2 * (c.rows + c.cols) + 8);
    std::set<uint64_t> distances;
    for (int phase = -static_cast<int>(c.rows) - 8; phase <= last; ++phase) {
      SCOPED_TRACE("phase " + std::to_string(phase));
      hand_over(b, phase, distances);
      if (testing::Test::HasFailure()) return;
    }
    for (uint64_t distance = least; distance <= least + 2 * (c.rows + c.cols); ++distance) {
      EXPECT_EQ(distances.count(distance), 1U) << distance;
    }
    b.device.finish();
  });
}

TEST(MxuLockstep, ExtremesInEveryCell) {
  for_units(1, [](const Config& c, uint64_t seed) {
    Bench b(c, seed);
    extremes(b);
  });
}

TEST(MxuLockstep, AccumulateToTheLastRow) {
  for_units(4, [](const Config& c, uint64_t seed) {
    Bench b(c, seed);
    accumulate(b, 20, 1 + static_cast<uint32_t>(seed * 13 % c.acc_depth));
  });
}

TEST(MxuLockstep, WeightFifoFullAndEmpty) {
  for_units(1, [](const Config& c, uint64_t seed) {
    Bench b(c, seed);
    full_and_empty(b);
  });
}

TEST(MxuLockstep, OutOfRange) {
  for_units(1, [](const Config& c, uint64_t seed) {
    Bench b(c, seed);
    out_of_range(b);
  });
}

TEST(MxuLockstep, FunctionsAndPooling) {
  for_units(4, [](const Config& c, uint64_t seed) {
    for (uint32_t function = 0; function < 4; ++function) {
      for (uint32_t pooling = 0; pooling < 4; ++pooling) {
        Bench b(c, seed);
        b.random_stalls();
        b.random_tiles(1);
        for (uint32_t n = 0; n < c.acc_depth; ++n) b.give(b.random_row(c.lanes()));
        b.add(read_host(100, c.acc_depth));
        b.add(read_weights(0));
        b.add(wait(multiply(100, 0, c.acc_depth, true, false), kHostIn));
        b.add(synchronise());
        add_activation(b, function, pooling);
        add_sum(b, function, pooling != kNoPool);
        end(b);
        if (testing::Test::HasFailure()) {
          FAIL() << "function " << function << " pooling " << pooling;
        }
      }
    }
  });
}

TEST(MxuLockstep, SmallShifts) {
  for_units(4, [](const Config& c, uint64_t seed) {
    Bench b(c, seed);
    add_small_shifts(b);
    add_halves(b);
    end(b);
  });
}

TEST(MxuLockstep, Control) {
  for_units(1, [](const Config& c, uint64_t seed) {
    control_cases<Bench>(
        c, [&] { return std::make_unique<Bench>(c, seed); }, [](Bench& b) { b.device.finish(); });
  });
}

TEST(MxuLockstep, Errors) {
  for_units(1, [](const Config& c, uint64_t seed) {
    for (const Wrong& wrong : wrong_instructions(c)) {
      SCOPED_TRACE(wrong.what);
      Bench b(c, seed);
      b.random_tiles(1);
      b.host.input.assign(20, Row(c.lanes(), 0x66));
      for (const RawInstruction& i : wrong.before) b.add(i);
      b.add(wrong.instruction);
      b.add(multiply(0, 0, 1, false, false));
      b.add(activate(0, 0, 1, 0, 0));
      b.add(halt());
      ASSERT_TRUE(b.host.run(10000));
      EXPECT_TRUE(b.host.last.error_o);
      ASSERT_TRUE(b.host.settle(10000));
      expect_told(b.host.read_status(8), wrong, 0);
      b.host.program.clear();
      b.host.input.clear();
      b.host.reset();
      EXPECT_EQ(b.host.read_status(8), 0U);
      b.device.finish();
    }
  });
}

// Also with no waits at all: whatever comes out then, both sides must do the same.
TEST(MxuLockstep, HaltResumeStatusAndNoWaits) {
  for_units(6, [](const Config& c, uint64_t seed) {
    Bench b(c, seed);
    add_random_program(b);
    for (RawInstruction& i : b.host.program) i.put(80, 8, 0);
    b.host.program.insert(b.host.program.begin() + 20, halt());
    b.add(set_register(15, 0));
    for (uint64_t n = 0; n < 200000; ++n) {
      b.host.status = static_cast<uint8_t>(n & 15);
      b.host.resume = b.dice.chance(2);
      const bool taken = b.host.program.empty();
      b.host.clock();
      if (taken && !b.host.last.busy_o && !b.host.last.halted_o) break;
    }
    EXPECT_FALSE(b.host.last.busy_o);
    EXPECT_FALSE(b.host.last.error_o);
  });
}

TEST(MxuLockstep, ResetAtAnyTime) {
  for_units(15, [](const Config& c, uint64_t seed) {
    Bench b(c, seed);
    add_random_program(b);
    const uint64_t cycles = b.dice.below(3000);
    for (uint64_t i = 0; i < cycles; ++i) b.host.clock();
    b.host.program.clear();
    b.host.input.clear();
    Host host(b.device);
    host.reset();
    for (uint32_t row = 0; row < c.ub_depth; ++row) {
      const uint8_t* got = b.device.model().unified_buffer.ram.row(row);
      b.reference.ub[row] = Row(got, got + c.lanes());
    }
    host.weights = b.host.weights;
    b.reference.output.clear();
    host.program = {read_weights(5), multiply(3, 40, 12, true, false),
                    multiply(3, 41, 12, false, true), wait_all(write_host(0, 30))};
    for (uint32_t n = 0; n < 30; ++n) b.reference.output.push_back(b.reference.ub[n]);
    ASSERT_TRUE(host.run(5000));
    EXPECT_EQ(host.output, b.reference.output);
    b.device.finish();
  });
}

// A Set, mostly of a value that makes sense.
RawInstruction wild_set(Bench& b, uint32_t number) {
  const auto upto = [&b](uint64_t n) { return static_cast<uint32_t>(b.dice.below(n)); };
  const auto size = [&] { return b.dice.chance(99) ? 1 + upto(5) : upto(1U << 16); };
  const auto step = [&] { return b.dice.chance(98) ? 1 + upto(3) : upto(256); };
  uint32_t value = static_cast<uint32_t>(b.dice.word(32));
  if (b.dice.chance(98)) {
    if (number < 2 || number == 9) value = halves(size(), size());
    if (number == 2 || number == 10) value = size() | step() << 16 | step() << 24;
    if (number == 11) value = bytes(step(), step(), upto(4) - 2, upto(4) - 2);
    if (number == 3) value &= 0xFF;
    if (number == 8 || number == 13) value &= 0xFFFFFF;
    if (number == 12) value &= 0x1FFFFFF;
  }
  return set_register(number, value);
}

// Instructions and registers of any bits, waits at random: most programs end in an error. Only what
// the units do in corners of their arithmetic is compared here. `tiles`: asked for and not taken.
RawInstruction wild_instruction(Bench& b, uint32_t& tiles) {
  const Config& c = b.c;
  const auto upto = [&b](uint64_t n) { return static_cast<uint32_t>(b.dice.below(n)); };
  const auto row = [&](uint32_t depth) {
    return b.dice.chance(99) ? upto(depth) : static_cast<uint32_t>(b.dice.word(24));
  };
  const uint32_t rows = b.dice.chance(99) ? 1 + upto(12) : upto(1U << 16);
  const int dy = static_cast<int8_t>(b.dice.chance(80) ? upto(5) - 2 : b.byte());
  const int dx = static_cast<int8_t>(b.dice.chance(80) ? upto(5) - 2 : b.byte());
  const auto used = [&](uint32_t most) { return 1 + upto(b.dice.below(500) ? most : 256); };
  const bool take = (tiles > 0 || b.dice.below(200) == 0) && b.dice.chance(60);
  RawInstruction i;
  switch (upto(12)) {
    case 0:
    case 1:
      i = read_weights(upto(6), b.dice.below(500) ? 1 + upto(2) : 0);
      break;
    case 2:
      i = multiply(row(c.ub_depth - 12), row(c.acc_depth - 12), rows, take, b.dice.chance(50),
                   used(c.rows), used(c.cols));
      break;
    case 3:
      i = convolve(row(c.ub_depth / 2), row(c.acc_depth / 2), dy, dx, take, b.dice.chance(50),
                   used(c.rows), used(c.cols));
      break;
    case 4:
    case 5:
      i = activate(row(c.ub_depth - 12), row(c.acc_depth / 2), rows,
                   b.dice.chance(99) ? upto(c.param_sets) : upto(256), upto(4), upto(4),
                   b.dice.chance(50), b.dice.chance(20));
      break;
    case 6:
      i = read_host(row(c.ub_depth - 12), rows);
      break;
    case 7:
      i = read_parameters(upto(c.param_sets), 0, 9);
      if (b.dice.chance(5)) i = read_parameters(upto(2 * c.param_sets), upto(16), 1 + upto(4));
      break;
    case 8:
      i = write_host(row(c.ub_depth - 12), rows);
      break;
    case 9:
    case 10: {
      static const uint32_t known[] = {0, 1, 2, 3, 8, 9, 10, 11, 12, 13};
      i = wild_set(b, b.dice.chance(98) ? known[upto(10)] : upto(256));
      break;
    }
    default:
      i = b.dice.chance(60) ? nop() : b.dice.chance(95) ? synchronise() : make(upto(20));
      if (i.get(88, 8) == 10) tiles = 0;
  }
  if (b.dice.below(200) == 0) i.put(upto(80), 8, b.dice.next());
  if (i.by_tiles) i.put(0, 32, upto(6)).put(32, 16, i.get(32, 16) & 3);
  const bool waits = i.get(88, 8) >= 2 && i.get(88, 8) <= 6;
  if (b.dice.chance(60) && (waits || b.dice.below(500) == 0)) i.put(80, 8, b.dice.next());
  if (i.get(88, 8) == 1) tiles += static_cast<uint32_t>(i.get(32, 16));
  if (i.get(88, 8) == 2 || i.get(88, 8) == 3)
    tiles -= std::min(tiles, static_cast<uint32_t>(i.get(72, 1)));
  return i;
}

TEST(MxuLockstep, WildInstructions) {
  uint64_t errors = 0, idle = 0, cut = 0;
  for_units(10, [&](const Config& c, uint64_t seed) {
    Bench b(c, seed);
    b.random_tiles(10);
    for (uint32_t program = 0; program < 60; ++program) {
      b.random_stalls();
      for (const uint32_t number : {0, 1, 2, 9, 10, 11, 12}) b.add(wild_set(b, number));
      uint32_t tiles = 0;
      for (uint32_t n = 0; n < 60; ++n) b.add(wild_instruction(b, tiles));
      while (b.host.input.size() < 600) b.host.input.push_back(b.random_row(c.lanes()));
      uint64_t n = 0;
      const uint64_t limit = 1500;
      for (; n < limit; ++n) {
        const bool taken = b.host.program.empty();
        b.host.status = static_cast<uint8_t>(b.dice.below(16));
        b.host.resume = b.dice.chance(5);
        b.host.clock();
        if (b.host.last.error_o || (taken && !b.host.last.busy_o)) break;
      }
      // What is cut short here or there would come to an end, but for the longest windows.
      const bool is_long = n == limit;
      bool flush = false;
      if ((is_long || b.host.last.error_o) && b.dice.chance(50)) {
        ++(is_long ? cut : errors);
        for (uint64_t more = b.dice.below(60); more > 0; --more) b.host.clock();
      } else {
        b.host.set_stalls(0);
        b.host.resume = !b.host.last.error_o;
        uint64_t more = 0;
        for (; more < 20000; ++more) {
          if (b.host.input.size() < 10) b.host.input.push_back(b.random_row(c.lanes()));
          const bool taken = b.host.program.empty();
          b.host.clock();
          const Outputs& last = b.host.last;
          if (last.error_o) b.host.resume = false;
          if (last.quiet_o && (last.error_o || taken)) break;
        }
        if (more == 20000) {
          ASSERT_TRUE(model_of(b.device).activation.run_q) << "no end";
        } else {
          flush = b.host.last.error_o && b.dice.chance(50);
        }
        ++(is_long ? cut : b.host.last.error_o ? errors : idle);
        EXPECT_EQ(b.host.owed(), 0U);
      }
      b.host.resume = false;
      b.host.program.clear();
      b.host.output.clear();
      if (flush) {
        b.host.flush();
      } else {
        b.host.reset();
      }
    }
  });
  std::cout << errors << " errors, " << idle << " to the end, " << cut << " cut short\n";
  // With all seeds, each way for a program to end must be there.
  if (seed_is_given()) return;
  EXPECT_GT(errors, 100U);
  EXPECT_GT(idle, 30U);
  EXPECT_GT(cut, 30U);
}

// Compiled networks, by the driver, against the functional model.
TEST(MxuLockstep, RandomNetworks) {
  uint32_t ran = 0;
  for_units(20, [&ran](const Config& c, uint64_t seed) {
    const Network network = random_quantised(seed);
    Program program;
    const auto batch = static_cast<uint32_t>(1 + seed % 3);
    try {
      program = compile(network, batch, c);
    } catch (const Error&) {
      return;  // Too large for these memories.
    }
    Dice dice(seed);
    std::vector<int8_t> inputs(batch * network.input_size());
    for (int8_t& byte : inputs) byte = static_cast<int8_t>(dice.bits(8));
    Lockstep device(c, quiet());
    DriverOptions options;
    options.stall_percent = seed % 2 ? 0 : static_cast<unsigned>(dice.below(60));
    options.seed = seed;
    Driver driver(device, options);
    EXPECT_EQ(driver.run(program, inputs), run_batch(network, inputs));
    device.finish();
    ++ran;
  });
  std::cout << ran << " networks\n";
  if (!seed_is_given()) {
    EXPECT_GT(ran, 10U);
  }
}

// Who checks the checker: one register of the model changed in one cycle must be told by name.
TEST(MxuLockstep, SeesAChangedRegister) {
  struct Change {
    const char* instance;
    const char* signal;
    std::function<void(Mxu&)> make;
  };
  const std::vector<Change> changes = {
      {"mxu.u_multiply.u_matrix", "left_q", [](Mxu& m) { m.matrix.left_q ^= 1; }},
      {"mxu.u_sequencer", "number_q", [](Mxu& m) { m.sequencer.number_q ^= 4; }},
      {"mxu.u_multiply.u_weights.u_arrival", "owed_q",
       [](Mxu& m) { m.weights.arrival.owed_q ^= 1; }},
      {"mxu.u_multiply.u_weights.g_bus[0].u_bus.u_ahead", "level_q",
       [](Mxu& m) { m.weights.bus[0].ahead.level_q ^= 1; }},
      {"mxu.u_activation.u_walk", "left_q", [](Mxu& m) { m.activation.left_q ^= 1; }},
      {"mxu.u_multiply.u_array.g_row[0].g_col[0].u_tile", "w_q",
       [](Mxu& m) { m.array.tile[0].w_q[3] ^= 1; }},
      {"mxu.u_multiply.u_array.g_row[0].g_col[0].u_tile", "packet_q",
       [](Mxu& m) { m.array.tile[0].packet_q[0] ^= 1; }},
      {"mxu.u_multiply.u_array.g_row[0].g_col[0].u_tile", "sum_q",
       [](Mxu& m) { m.array.tile[0].sum_q[1] ^= 1; }},
      {"mxu.u_storage.u_host_out", "rows_q", [](Mxu& m) { m.host_out.rows_q ^= 1; }},
  };
  const Config c = rtl_configs().front();
  for (const Change& change : changes) {
    SCOPED_TRACE(change.signal);
    LockstepOptions options;
    options.mismatch_waves.clear();
    options.tamper = [&change](uint64_t cycle, Mxu& model) {
      if (cycle == 50) change.make(model);
    };
    Lockstep device(c, options);
    Host host(device);
    host.reset();
    try {
      for (int i = 0; i < 100; ++i) host.clock();
      ADD_FAILURE() << "not seen";
    } catch (const LockstepMismatch& difference) {
      EXPECT_EQ(difference.cycle, 50U);
      EXPECT_EQ(difference.instance, change.instance);
      EXPECT_EQ(difference.signal.substr(0, difference.signal.find('[')), change.signal);
      EXPECT_NE(std::string(difference.what()).find("RTL above cycle model"), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace sparsys::mxu
