// SPDX-License-Identifier: Apache-2.0
// The whole matrix unit, RTL against cycle model in every cycle, and its results against plain
// loops: random programs with random stalls on every port, every function and pooling, errors,
// reset at any time. And that a difference is seen and told.
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

#include "tb/golden/mxu_bench.hpp"
#include "tb/lockstep/mxu_lockstep.hpp"

namespace sparsys {
namespace {

using namespace mxu_test;  // NOLINT

// Without a waveform of a difference.
class Lockstep final : public MxuDevice {
 public:
  explicit Lockstep(const MxuConfig& config) : both_(config, options()) {}
  const MxuConfig& config() const override { return both_.config(); }
  MxuOutputs clock(const MxuInputs& inputs) override { return both_.clock(inputs); }
  void finish(bool stopped = false) { both_.finish(stopped); }
  const mxu& model() const { return both_.model(); }

 private:
  static MxuLockstepOptions options() {
    MxuLockstepOptions options;
    options.mismatch_waves.clear();
    return options;
  }
  MxuLockstep both_;
};
const mxu& model_of(const Lockstep& device) { return device.model(); }

using Bench = DeviceBench<Lockstep>;

void for_units(uint64_t seeds, const std::function<void(const MxuConfig&, uint64_t)>& body) {
  for_seeds(seeds, [&body](uint64_t seed) {
    for (const MxuConfig& c : mxu_rtl_configs()) {
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
  const std::vector<MxuConfig> units = mxu_rtl_configs();
  ASSERT_FALSE(units.empty());
  for (const MxuConfig& c : units) {
    const MxuLockstep device(c);
    std::cout << name_of(c) << ": " << device.signals_per_cycle() << " words a cycle\n";
  }
}

TEST(MxuLockstep, RandomPrograms) {
  for_units(15, [](const MxuConfig& c, uint64_t seed) {
    Bench b(c, seed);
    add_random_program(b);
    end(b);
  });
}

TEST(MxuLockstep, OverlappedTurns) {
  for_units(12, [](const MxuConfig& c, uint64_t seed) {
    Bench b(c, seed);
    add_overlapped_turns(b);
    end(b);
  });
}

TEST(MxuLockstep, FunctionsAndPooling) {
  for_units(4, [](const MxuConfig& c, uint64_t seed) {
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
        end(b);
        if (testing::Test::HasFailure()) {
          FAIL() << "function " << function << " pooling " << pooling;
        }
      }
    }
  });
}

TEST(MxuLockstep, Errors) {
  for_units(1, [](const MxuConfig& c, uint64_t seed) {
    for (const Wrong& wrong : wrong_instructions()) {
      SCOPED_TRACE(wrong.what);
      Bench b(c, seed);
      b.host.input.assign(20, Row(c.lanes(), 0x66));
      for (const Instruction& i : wrong.before) b.add(i);
      b.add(wrong.instruction);
      b.add(multiply(0, 0, 1, false, false));
      b.add(activate(0, 0, 1, 0, 0));
      b.add(halt());
      for (int i = 0; i < 100; ++i) b.host.clock();
      EXPECT_TRUE(b.host.last.error_o);
      EXPECT_EQ(b.host.read_status(8), wrong.code | wrong.before.size() << 8);
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
  for_units(6, [](const MxuConfig& c, uint64_t seed) {
    Bench b(c, seed);
    add_random_program(b);
    for (Instruction& i : b.host.program) i.put(80, 8, 0);
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
  for_units(15, [](const MxuConfig& c, uint64_t seed) {
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

// Who checks the checker: one register of the model changed in one cycle must be told by name.
TEST(MxuLockstep, SeesAChangedRegister) {
  struct Change {
    const char* instance;
    const char* signal;
    std::function<void(mxu&)> make;
  };
  const std::vector<Change> changes = {
      {"mxu.u_matrix", "left_q", [](mxu& m) { m.matrix.left_q ^= 1; }},
      {"mxu.u_sequencer", "number_q", [](mxu& m) { m.sequencer.number_q ^= 4; }},
      {"mxu.u_weight_fifo", "tiles_q", [](mxu& m) { m.weight_fifo.tiles_q ^= 1; }},
      {"mxu.u_activation", "run_q", [](mxu& m) { m.activation.run_q ^= 1; }},
      {"mxu.u_host_out", "rows_q", [](mxu& m) { m.host_out.rows_q ^= 1; }},
  };
  const MxuConfig c = mxu_rtl_configs().front();
  for (const Change& change : changes) {
    SCOPED_TRACE(change.signal);
    MxuLockstepOptions options;
    options.mismatch_waves.clear();
    options.tamper = [&change](uint64_t cycle, mxu& model) {
      if (cycle == 50) change.make(model);
    };
    MxuLockstep device(c, options);
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
}  // namespace sparsys
