// SPDX-License-Identifier: Apache-2.0
// Random commands with faults of the memory, aborts and resets at random moments: the bus never
// hangs, no byte changes but those that a command may write, a command in error is told as the
// functional model's checks have it, and after each soft reset the next good job runs.
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "golden/function/top/model.hpp"
#include "tb/driver/fault_bench.hpp"
#include "tb/driver/random_commands.hpp"

namespace sparsys::top::test {
namespace {

constexpr uint64_t kSeeds = 100;
constexpr uint64_t kCommandsOfSeed = 1000;
constexpr uint32_t kWatchdogOfJobs = 150;
constexpr uint64_t kMostCycles = 6000;   // of a job until it is aborted
constexpr uint64_t kQuietCycles = 4000;  // until the bus is quiet

struct Tally {
  uint64_t commands = 0, jobs = 0, complete = 0, halted = 0, aborted = 0, good_jobs = 0, cycles = 0;
  std::array<uint64_t, 16> errors{};
};

class Fuzz {
 public:
  Fuzz(uint64_t seed, Tally& tally) : dice_(seed), bench_(seed % 16), tally_(tally) {}

  void run() {
    for (uint64_t commands = 0; commands < kCommandsOfSeed && !testing::Test::HasFailure();) {
      commands += run_job();
      if (dice_.chance(15)) good_job();
    }
    good_job();
    tally_.cycles += bench_.cycle;
  }

 private:
  void good_job() {
    calm();
    bench_.place();
    bench_.expect_good_job();
    ++tally_.good_jobs;
  }
  // The memory as a good job wants it.
  void calm() {
    bench_.memory.faults.clear();
    bench_.memory.stuck_ar = bench_.memory.stuck_aw = bench_.memory.stuck_w = false;
    axi::MemoryOptions& o = bench_.memory.options();
    o.read_errors = o.write_errors = 0;
    o.latency = 3;
    o.jitter = 0;
    o.stall_ar = o.stall_r = o.stall_aw = o.stall_w = o.stall_b = 0;
  }
  void stir() {
    axi::MemoryOptions& o = bench_.memory.options();
    o.latency = static_cast<uint32_t>(1 + dice_.below(30));
    o.jitter = static_cast<uint32_t>(dice_.below(20));
    o.reorder = dice_.chance(50);
    o.interleave = dice_.chance(50);
    for (uint32_t* stall : {&o.stall_ar, &o.stall_r, &o.stall_aw, &o.stall_w, &o.stall_b}) {
      *stall = dice_.chance(30) ? static_cast<uint32_t>(dice_.below(50)) : 0;
    }
    if (dice_.chance(8)) o.read_errors = 20'000;
    if (dice_.chance(8)) o.write_errors = 100'000;
    silent_ = dice_.chance(2);
    if (silent_) {
      axi::Memory& m = bench_.memory;
      const ByteRange all{0, ~uint64_t{0}};
      switch (dice_.below(5)) {
        case 0:
          m.stuck_ar = true;
          break;
        case 1:
          m.stuck_aw = true;
          break;
        case 2:
          m.stuck_w = true;
          break;
        case 3:
          m.faults = {{axi::Fault::kReadSilence, all, axi::kOkay, 1}};
          break;
        default:
          m.faults = {{axi::Fault::kWriteSilence, all, axi::kOkay, 1}};
      }
    }
    faults_ = silent_ || o.read_errors || o.write_errors;
  }

  // Bytes that commands up to the first in error may write.
  std::vector<ByteRange> writable(const std::vector<CommandWords>& job) {
    std::vector<ByteRange> ranges;
    for (size_t c = 0; c < job.size() && c < first_wrong_; ++c) {
      const Command command = decode(job[c]);
      uint64_t bytes = 0;
      if (command.opcode == Opcode::kSparseStore) {
        bytes = uint64_t{command.words} * ((command.flags & kBytes) != 0 ? 4 : 8);
      } else if (command.opcode == Opcode::kMatrixOut) {
        bytes = command.length;
      } else if (command.opcode == Opcode::kFence && (command.flags & kWrite) != 0) {
        bytes = 8;
      }
      if (bytes) ranges.push_back({command.address, command.address + bytes - 1});
    }
    return ranges;
  }

  uint64_t run_job() {
    calm();
    std::vector<CommandWords> job;
    RandomCommands random(config_, bench_.memory.store, dice_);
    for (uint64_t n = 1 + dice_.below(20); job.size() < n;) random.add(job);
    Command last{Opcode::kFence};
    last.flags = kInterrupt | kAll;
    last.number = 0x80000000U | static_cast<uint32_t>(dice_.bits(31));
    job.push_back(encode(last));

    RingSetup setup;
    setup.ring_page = static_cast<uint32_t>(kArenaBus / kPageBytes);
    setup.ring_log2 = bench_.device.ring_log2;
    setup.window_first = setup.ring_page;
    setup.window_last = static_cast<uint32_t>((kArenaBus + kArenaBytes) / kPageBytes - 1);
    first_wrong_ = job.size();
    Failure wrong;
    for (size_t c = 0; c < first_wrong_; ++c) {
      wrong = check(job[c], config_, setup);
      if (wrong.code) first_wrong_ = c;
    }

    EXPECT_EQ(sparsys_reset(&bench_.device), SPARSYS_OK);
    bench_.write(reg::kWatchdog, kWatchdogOfJobs);
    bench_.write(reg::kControl, bit::kControlRun);
    bench_.memory.written.clear();
    stir();
    give(job);
    ring_wrongly(job);
    const bool stopped = wait(last.number);
    judge(job, wrong, stopped);
    tally_.commands += job.size();
    ++tally_.jobs;
    return job.size();
  }

  static std::string text_of(const std::vector<CommandWords>& job, size_t number) {
    if (number >= job.size()) return "no such command";
    std::ostringstream text;
    text << "command " << number << std::hex;
    for (const uint64_t word : job[number]) text << " 0x" << word;
    return text.str();
  }

  // Doorbells for parts of the job, with pauses.
  void give(const std::vector<CommandWords>& job) {
    for (size_t c = 0; c < job.size(); ++c) {
      for (size_t w = 0; w < 4; ++w) {
        bench_.memory.store.write_word(kArenaBus + c * kCommandBytes + 8 * w, job[c][w]);
      }
      if (c + 1 == job.size() || dice_.chance(5)) {
        bench_.write(reg::kRingTail, static_cast<uint32_t>(c + 1));
        if (dice_.chance(30)) bench_.clock(dice_.below(60));
      }
    }
  }

  // At times a doorbell for more than the ring holds, or while halted.
  void ring_wrongly(const std::vector<CommandWords>& job) {
    if (dice_.below(200) == 0) {
      bench_.write(reg::kRingTail, static_cast<uint32_t>(2 * kRingBytes / kCommandBytes));
    }
    if (dice_.chance(20) && (bench_.read(reg::kStatus) & bit::kStatusHalted) != 0) {
      bench_.write(reg::kRingTail, static_cast<uint32_t>(job.size() + 1));
    }
  }

  // Until the last fence, an error or a Halt; at times it is aborted or reset before. Whether it
  // was stopped so.
  bool wait(uint32_t number) {
    const bool early = dice_.chance(10);
    const uint64_t until = bench_.cycle + (early ? dice_.below(500) : kMostCycles);
    while (bench_.cycle < until) {
      if (!bench_.irq()) {
        bench_.clock();
        continue;
      }
      if (bench_.read(reg::kIrqStatus) != bit::kIrqStatusFence) return false;
      bench_.write(reg::kIrqStatus, bit::kIrqStatusFence);
      if (bench_.read(reg::kFence) == number) return false;
    }
    if (bench_.read(reg::kIrqStatus) & (bit::kIrqStatusError | bit::kIrqStatusHalt)) return false;
    bench_.write(reg::kControl, dice_.chance(50) ? bit::kControlAbort : bit::kControlReset);
    return true;
  }

  void judge(const std::vector<CommandWords>& job, const Failure& wrong, bool stopped) {
    const uint32_t status = bench_.read(reg::kStatus);
    if (status & bit::kStatusError) {
      sparsys_error error;
      sparsys_get_error(&bench_.device, &error);
      ++tally_.errors[error.code & 15];
      EXPECT_GE(error.code, 1U);
      EXPECT_LE(error.code, 14U);
      if (error.code <= 5 && error.channel == 0) {
        SCOPED_TRACE(text_of(job, error.command));
        EXPECT_EQ(error.code, wrong.code);
        EXPECT_EQ(error.command, first_wrong_);
        EXPECT_EQ(error.detail, wrong.detail);
        EXPECT_EQ(error.page, wrong.page);
      }
      if (error.code == 8 || error.code == 9) {
        EXPECT_TRUE(faults_);
      }
    } else if (!stopped) {
      // Only a Halt keeps a command in error from being told.
      const bool halted = (status & bit::kStatusHalted) != 0;
      (halted ? tally_.halted : tally_.complete) += 1;
      EXPECT_TRUE(halted || first_wrong_ == job.size()) << first_wrong_;
    }
    tally_.aborted += stopped;
    if (silent_) {
      // What it owes it may never give.
      bench_.hold_interconnect(true);
      bench_.deadline = bench_.cycle + kQuietCycles;
      EXPECT_EQ(sparsys_force_reset(&bench_.device), SPARSYS_OK) << bench_.state();
      bench_.hold_interconnect(false);
    } else {
      const uint64_t until = bench_.cycle + kQuietCycles;
      while (!(bench_.read(reg::kStatus) & bit::kStatusQuiet) && bench_.cycle < until) {
      }
      bench_.expect_quiet();
      bench_.deadline = bench_.cycle + kQuietCycles;
      EXPECT_EQ(sparsys_reset(&bench_.device), SPARSYS_OK) << bench_.state();
    }
    bench_.expect_no_violations();
    const auto outside = bench_.memory.written.outside(writable(job));
    EXPECT_FALSE(outside.has_value()) << "written: " << std::hex << outside.value_or(0);
  }

  Dice dice_;
  const Config config_ = small_config();
  FaultBench bench_;
  Tally& tally_;
  size_t first_wrong_ = 0;
  bool silent_ = false, faults_ = false;
};

uint64_t times() {
  const char* text = std::getenv("SPARSYS_FUZZ_TIMES");
  return text ? std::strtoull(text, nullptr, 10) : 1;
}

TEST(Fuzz, RandomCommands) {
  Tally tally;
  for_seeds(kSeeds * times(), [&tally](uint64_t seed) { Fuzz(seed, tally).run(); });
  std::cout << tally.commands << " commands in " << tally.jobs << " jobs, " << tally.cycles
            << " cycles; complete " << tally.complete << ", halted " << tally.halted << ", stopped "
            << tally.aborted << ", good jobs " << tally.good_jobs << "; errors";
  for (uint32_t code = 1; code < 15; ++code) std::cout << ' ' << tally.errors[code];
  std::cout << '\n';
  if (seed_is_given()) return;
  EXPECT_GE(tally.commands, kSeeds * kCommandsOfSeed);
  EXPECT_GT(tally.complete, tally.jobs / 5);
  for (uint32_t code = 1; code < 15; ++code) {
    EXPECT_GT(tally.errors[code], 0U) << sparsys_text(static_cast<int>(code));
  }
}

}  // namespace
}  // namespace sparsys::top::test
