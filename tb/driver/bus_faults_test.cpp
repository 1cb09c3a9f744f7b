// SPDX-License-Identifier: Apache-2.0
// What may happen to a job at any moment: errors on any beat, a memory that never answers, abort,
// resets. Each ends with its own error, an interrupt and a quiet bus, and the next good job runs.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "tb/driver/fault_bench.hpp"
#include "tb/support/seeds.hpp"

namespace sparsys::top::test {
namespace {

// What a job takes of the bus, without a fault.
struct Traffic {
  std::vector<std::pair<uint64_t, uint64_t>> reads;  // each beat's address and its burst's
  std::vector<uint64_t> writes;                      // each burst's address
  uint64_t cycles = 0;
};

Traffic traffic_of(FaultBench& bench) {
  Traffic traffic;
  EXPECT_EQ(bench.load(), SPARSYS_OK);
  const uint64_t first = bench.cycle;
  bench.watch = [&traffic](const axi::MasterPorts& m, const axi::SlavePorts& s) {
    for (uint64_t n = 0; m.arvalid && s.arready && n <= m.ar.len; ++n) {
      traffic.reads.emplace_back(m.ar.addr + n * small_config().axi_bytes, m.ar.addr);
    }
    if (m.awvalid && s.awready) traffic.writes.push_back(m.aw.addr);
  };
  EXPECT_EQ(bench.submit(), SPARSYS_OK);
  EXPECT_EQ(bench.wait_for_it(), SPARSYS_OK);
  traffic.cycles = bench.cycle - first;
  bench.watch = nullptr;
  return traffic;
}

class BusFaults : public ::testing::Test {
 protected:
  void SetUp() override { traffic_ = traffic_of(bench_); }

  // A loaded job; returns what the driver says of it. An error comes with an interrupt.
  int run_job() {
    EXPECT_EQ(bench_.submit(), SPARSYS_OK) << bench_.state();
    const uint64_t before = bench_.interrupts;
    const int result = bench_.wait_for_it();
    EXPECT_GT(bench_.interrupts, before);
    return result;
  }

  FaultBench bench_;
  Traffic traffic_;
};

TEST_F(BusFaults, ErrorOfAnyReadBeat) {
  uint32_t n = 0;
  for (const auto& [at, burst] : traffic_.reads) {
    SCOPED_TRACE(std::to_string(at));
    ASSERT_EQ(bench_.load(), SPARSYS_OK);
    const uint8_t resp = ++n % 2 ? axi::kSlvErr : axi::kDecErr;
    bench_.memory.faults = {{axi::Fault::kReadError, {at, at + 15}, resp}};
    ASSERT_EQ(run_job(), static_cast<int>(SPARSYS_ERR_READ)) << bench_.state();
    bench_.memory.faults.clear();
    const sparsys_error error = bench_.expect_stopped();
    EXPECT_EQ(error.detail, static_cast<uint32_t>(burst));
    EXPECT_EQ(error.page, burst / kPageBytes);
    bench_.expect_good_job();
    if (HasFailure()) return;
  }
  EXPECT_GT(n, 30U);
}

TEST_F(BusFaults, ErrorOfAnyWrite) {
  for (const uint64_t burst : traffic_.writes) {
    SCOPED_TRACE(std::to_string(burst));
    ASSERT_EQ(bench_.load(), SPARSYS_OK);
    bench_.memory.faults = {{axi::Fault::kWriteError, {burst, burst + 15}, axi::kSlvErr}};
    ASSERT_EQ(run_job(), static_cast<int>(SPARSYS_ERR_WRITE)) << bench_.state();
    const sparsys_error error = bench_.expect_stopped();
    EXPECT_EQ(error.detail, static_cast<uint32_t>(burst));
    bench_.memory.faults.clear();
    bench_.expect_good_job();
    if (HasFailure()) return;
  }
  EXPECT_FALSE(traffic_.writes.empty());
}

TEST_F(BusFaults, ErrorsWhileLoading) {
  bench_.memory.faults = {
      {axi::Fault::kReadError, {kArenaBus + FaultBench::kImageAt, kArenaBus + kArenaBytes}}};
  EXPECT_EQ(bench_.load(), static_cast<int>(SPARSYS_ERR_READ));
  EXPECT_EQ(bench_.submit(), SPARSYS_E_NOT_READY);
  bench_.memory.faults.clear();
  bench_.expect_good_job();
}

// A memory that never answers: an error, and an interrupt; the bus owes until both are reset.
TEST_F(BusFaults, SilentMemory) {
  const auto silent = [this](const std::string& what, auto&& begin, auto&& end) {
    SCOPED_TRACE(what);
    ASSERT_EQ(bench_.load(), SPARSYS_OK) << bench_.state();
    begin();
    ASSERT_EQ(run_job(), static_cast<int>(SPARSYS_ERR_WATCHDOG)) << bench_.state();
    bench_.clock(1000);
    EXPECT_EQ(bench_.read(reg::kStatus) & bit::kStatusQuiet, 0U) << bench_.state();
    EXPECT_EQ(bench_.checker.quiet(), false);
    // A soft reset waits.
    bench_.deadline = bench_.cycle + 5000;
    EXPECT_EQ(sparsys_reset(&bench_.device), SPARSYS_E_TIMEOUT);
    end();
    bench_.hold_interconnect(true);
    bench_.deadline = bench_.cycle + 5000;
    EXPECT_EQ(sparsys_force_reset(&bench_.device), SPARSYS_OK) << bench_.state();
    bench_.hold_interconnect(false);
    bench_.expect_good_job();
  };
  axi::Memory& memory = bench_.memory;
  silent(
      "AR", [&] { memory.stuck_ar = true; }, [&] { memory.stuck_ar = false; });
  silent(
      "AW", [&] { memory.stuck_aw = true; }, [&] { memory.stuck_aw = false; });
  silent(
      "W", [&] { memory.stuck_w = true; }, [&] { memory.stuck_w = false; });
  const axi::Fault reads{axi::Fault::kReadSilence, {kArenaBus, kArenaBus + kArenaBytes - 1}};
  const axi::Fault writes{axi::Fault::kWriteSilence, {kArenaBus, kArenaBus + kArenaBytes - 1}};
  silent(
      "R", [&] { memory.faults = {reads}; }, [&] { memory.faults.clear(); });
  silent(
      "B", [&] { memory.faults = {writes}; }, [&] { memory.faults.clear(); });
}

// A memory that is slow: the watchdog is told when nothing moves, and what comes late is dropped.
TEST_F(BusFaults, SlowMemory) {
  ASSERT_EQ(bench_.load(), SPARSYS_OK);
  bench_.memory.options().latency = FaultBench::kWatchdog + 1000;
  ASSERT_EQ(run_job(), static_cast<int>(SPARSYS_ERR_WATCHDOG)) << bench_.state();
  EXPECT_EQ(bench_.expect_stopped().code, SPARSYS_ERR_WATCHDOG);
  bench_.memory.options().latency = FaultBench::kWatchdog / 2;
  bench_.expect_good_job();
  // The other way round: never.
  ASSERT_EQ(sparsys_reset(&bench_.device), SPARSYS_OK);
  bench_.write(reg::kWatchdog, 0);
  bench_.memory.options().latency = 5 * FaultBench::kWatchdog;
  bench_.expect_good_job();
}

// ---- At every cycle of a job. ----

class AtAnyMoment : public BusFaults {
 protected:
  // The job for so many cycles; whether it was complete then.
  bool run_for(uint64_t cycles) {
    EXPECT_EQ(bench_.load(), SPARSYS_OK) << bench_.state();
    EXPECT_EQ(bench_.submit(), SPARSYS_OK) << bench_.state();
    bench_.clock(cycles);
    int done = 0;
    EXPECT_EQ(sparsys_poll(&bench_.device, bench_.ticket, &done), SPARSYS_OK) << bench_.state();
    return done != 0;
  }
  uint64_t last() const { return traffic_.cycles + 20; }
};

TEST_F(AtAnyMoment, Abort) {
  uint64_t aborted = 0, complete = 0;
  for (uint64_t n = 0; n < last() && !HasFailure(); ++n) {
    SCOPED_TRACE("cycle " + std::to_string(n));
    const bool done = run_for(n);
    bench_.write(reg::kIrqStatus, 7);
    ASSERT_EQ(sparsys_abort(&bench_.device), SPARSYS_OK);
    sparsys_error error;
    sparsys_get_error(&bench_.device, &error);
    // Running, it is always an error, also with nothing to do.
    EXPECT_EQ(error.code, SPARSYS_ERR_ABORTED);
    EXPECT_EQ(bench_.read(reg::kIrqStatus) & bit::kIrqStatusError, bit::kIrqStatusError);
    EXPECT_EQ(bench_.submit(), SPARSYS_E_NOT_READY);
    bench_.expect_no_violations();
    bench_.expect_quiet();
    (done ? complete : aborted) += 1;
    if (n % 4 == 0) bench_.expect_good_job();
  }
  EXPECT_GT(aborted, 100U);
  EXPECT_GT(complete, 10U);
}

TEST_F(AtAnyMoment, SoftReset) {
  for (uint64_t n = 0; n < last() && !HasFailure(); ++n) {
    SCOPED_TRACE("cycle " + std::to_string(n));
    run_for(n);
    ASSERT_EQ(sparsys_reset(&bench_.device), SPARSYS_OK) << bench_.state();
    sparsys_error error;
    sparsys_get_error(&bench_.device, &error);
    EXPECT_EQ(error.code, 0U);
    for (const uint32_t offset : {reg::kErrorCommand, reg::kErrorDetail, reg::kErrorPage,
                                  reg::kIrqStatus, reg::kRingTail, reg::kRingHead, reg::kFence}) {
      EXPECT_EQ(bench_.read(offset), 0U) << std::hex << offset;
    }
    bench_.expect_no_violations();
    bench_.expect_quiet();
    if (n % 4 == 0) bench_.expect_good_job();
  }
}

TEST_F(AtAnyMoment, Reset) {
  for (uint64_t n = 0; n < last() && !HasFailure(); n += 1) {
    SCOPED_TRACE("cycle " + std::to_string(n));
    run_for(n);
    bench_.reset();
    for (const RegisterInfo& r : kRegisters) {
      if (!r.parameters) {
        EXPECT_EQ(bench_.read(r.offset), r.reset) << r.name;
      }
    }
    const sparsys_config config = bench_.driver_config(FaultBench::kWatchdog);
    ASSERT_EQ(sparsys_start(&bench_.device, &config), SPARSYS_OK);
    if (n % 4 == 0) bench_.expect_good_job();
  }
}

TEST_F(AtAnyMoment, ForcedReset) {
  for (uint64_t n = 0; n < last() && !HasFailure(); n += 3) {
    SCOPED_TRACE("cycle " + std::to_string(n));
    run_for(n);
    bench_.hold_interconnect(true);
    ASSERT_EQ(sparsys_force_reset(&bench_.device), SPARSYS_OK) << bench_.state();
    bench_.hold_interconnect(false);
    bench_.expect_good_job();
  }
}

// Aborts with a memory of stalls and late answers, at random moments.
TEST(Abort, UnderStalls) {
  for_seeds(60, [](uint64_t seed) {
    Dice dice(seed);
    const Config config = small_config();
    axi::MemoryOptions options = memory_options(config);
    options.seed = seed;
    options.latency = static_cast<uint32_t>(1 + dice.below(100));
    options.jitter = 20;
    options.reorder = options.interleave = true;
    options.stall_ar = options.stall_aw = static_cast<uint32_t>(dice.below(80));
    options.stall_r = options.stall_w = options.stall_b = static_cast<uint32_t>(dice.below(80));
    FaultBench bench(config, options, seed);
    ASSERT_EQ(bench.load(), SPARSYS_OK);
    ASSERT_EQ(bench.submit(), SPARSYS_OK);
    bench.clock(dice.below(2000));
    if (dice.chance(50)) {
      ASSERT_EQ(sparsys_abort(&bench.device), SPARSYS_OK);
    } else {
      ASSERT_EQ(sparsys_reset(&bench.device), SPARSYS_OK);
    }
    bench.expect_no_violations();
    bench.expect_quiet();
    bench.expect_good_job();
  });
}

}  // namespace
}  // namespace sparsys::top::test
