// SPDX-License-Identifier: Apache-2.0
// The memory model against a master that knows what it has written, watched by the checker.
#include "golden/base/error.hpp"
#include "golden/memory/axi_memory.hpp"
#include "tb/golden/memory/random_master.hpp"
#include "tb/support/error_of.hpp"

namespace sparsys::axi {
namespace {

constexpr uint64_t kBursts = 400;
constexpr uint64_t kPatience = 100000;  // cycles

struct Traffic {
  Traffic(uint64_t seed, const MemoryOptions& memory_options, const CheckerOptions& options)
      : memory(memory_options), checker(options), master(seed, options, memory.store) {}

  // Until all is answered, or `cycles` have passed.
  void run(uint64_t bursts, uint64_t cycles = kPatience) {
    checker.clock(true, MasterPorts(), SlavePorts());
    for (uint64_t c = 0; c < cycles && !master.done(bursts); ++c) {
      const MasterPorts m = master.ports;
      const SlavePorts s = memory.ports();
      checker.clock(false, m, s);
      master.clock(s, bursts);
      memory.clock(m);
    }
  }

  Memory memory;
  Checker checker;
  RandomMaster master;
};

MemoryOptions random_options(Dice& dice) {
  MemoryOptions options;
  options.bytes = 8U << dice.below(4);
  options.latency = static_cast<uint32_t>(1 + dice.below(40));
  options.jitter = dice.chance(50) ? static_cast<uint32_t>(dice.below(30)) : 0;
  options.bandwidth =
      dice.chance(50) ? options.bytes * (0.1 + 0.02 * static_cast<double>(dice.below(100))) : 0;
  options.outstanding = static_cast<uint32_t>(1 + dice.below(16));
  options.reorder = dice.chance(60);
  options.interleave = dice.chance(40);
  options.address_first = dice.chance(60);
  for (uint32_t* stall : {&options.stall_ar, &options.stall_r, &options.stall_aw, &options.stall_w,
                          &options.stall_b}) {
    *stall = dice.chance(50) ? static_cast<uint32_t>(dice.below(80)) : 0;
  }
  options.seed = dice.next();
  return options;
}

CheckerOptions checker_of(const MemoryOptions& options) {
  CheckerOptions checker;
  checker.bytes = options.bytes;
  return checker;
}

TEST(AxiMemory, KeepsWhatIsWrittenWhateverTheTiming) {
  uint64_t mixed = 0, overtaken = 0;
  for_seeds(60, [&](uint64_t seed) {
    Dice dice(seed);
    const MemoryOptions options = random_options(dice);
    CheckerOptions checker = checker_of(options);
    checker.always_ready = dice.chance(50);
    Traffic r(seed, options, checker);
    r.run(kBursts);
    ASSERT_TRUE(r.master.done(kBursts));
    EXPECT_EQ(r.checker.violations.text(), "");
    EXPECT_TRUE(r.checker.quiet());
    EXPECT_TRUE(r.memory.idle());
    EXPECT_EQ(r.master.wrong, 0U);
    EXPECT_EQ(r.master.errors, 0U);
    EXPECT_EQ(r.memory.read_beats(), r.master.beats);
    EXPECT_FALSE(r.memory.store.first_difference(r.master.expected));
    EXPECT_EQ(r.memory.written.count(), r.master.written.count());
    std::vector<ByteRange> areas;
    for (uint32_t id = 0; id < 3; ++id) {
      areas.push_back({write_area(id), write_area(id) + kArea - 1});
    }
    EXPECT_FALSE(r.memory.written.outside(areas));
    areas.pop_back();
    EXPECT_GE(r.memory.written.outside(areas).value_or(0), write_area(2));
    if (!options.interleave) {
      EXPECT_EQ(r.master.mixed, 0U);
    }
    if (!options.reorder) {
      EXPECT_EQ(r.master.overtaken, 0U);
    }
    mixed += r.master.mixed;
    overtaken += r.master.overtaken;
  });
  if (!seed_is_given()) {
    EXPECT_GT(mixed, 1000U);
    EXPECT_GT(overtaken, 1000U);
  }
}

TEST(AxiMemory, RandomErrorsAreAnsweredAndCounted) {
  for_seeds(10, [&](uint64_t seed) {
    Dice dice(seed);
    MemoryOptions options = random_options(dice);
    options.read_errors = options.write_errors = 50000;
    Traffic r(seed, options, checker_of(options));
    r.run(kBursts);
    ASSERT_TRUE(r.master.done(kBursts));
    EXPECT_EQ(r.checker.violations.text(), "");
    EXPECT_EQ(r.master.errors, r.memory.read_faults() + r.memory.write_faults());
    EXPECT_GT(r.memory.read_faults(), 10U);
    EXPECT_GT(r.memory.write_faults(), 1U);
    EXPECT_EQ(r.master.wrong, 0U);
  });
}

// One burst after another by hand.
struct OneBurst {
  explicit OneBurst(const MemoryOptions& options) : memory(options) { memory.clock(m); }
  // Cycles from the one in which the address is taken to the first beat; 0: none came.
  uint64_t read(uint64_t addr, uint8_t len, std::vector<uint8_t>* resps = nullptr) {
    m.arvalid = m.rready = true;
    m.ar = {addr, 1, len, 3, kIncr, 0, 3, 0, 0};
    uint64_t first = 0, taken = 0;
    for (uint64_t c = 1; c <= 1000; ++c) {
      const SlavePorts s = memory.ports();
      memory.clock(m);
      if (m.arvalid && s.arready) {
        taken = c;
        m.arvalid = false;
      }
      if (!s.rvalid) continue;
      if (first == 0) first = c;
      if (resps) resps->push_back(s.rresp);
      if (s.rlast) return first - taken;
    }
    m.arvalid = false;
    return 0;
  }
  // The response, or nothing.
  std::optional<uint8_t> write(uint64_t addr, uint8_t value) {
    m.awvalid = m.wvalid = m.wlast = m.bready = true;
    m.aw = {addr, 2, 0, 3, kIncr, 0, 3, 0, 0};
    m.wdata.fill(value);
    m.wstrb = 0xFF;
    for (uint64_t c = 0; c < 1000; ++c) {
      const SlavePorts s = memory.ports();
      memory.clock(m);
      if (s.awready) m.awvalid = false;
      if (s.wready) m.wvalid = false;
      if (s.bvalid) return s.bresp;
    }
    return std::nullopt;
  }
  Memory memory;
  MasterPorts m;
};

TEST(AxiMemory, LatencyIsExact) {
  for (const uint32_t latency : {1U, 2U, 17U, 100U}) {
    MemoryOptions options;
    options.latency = latency;
    EXPECT_EQ(OneBurst(options).read(0x1000, 3), latency);
  }
}

TEST(AxiMemory, FaultsAtChosenAddresses) {
  OneBurst b{MemoryOptions()};
  b.memory.faults = {{Fault::kReadError, {0x1010, 0x1013}, kDecErr, 1},
                     {Fault::kWriteError, {0x2000, 0x2000}, kSlvErr},
                     {Fault::kWriteError, {0x2008, 0x200F}, kDecErr}};
  std::vector<uint8_t> resps;
  EXPECT_GT(b.read(0x1000, 3, &resps), 0U);
  EXPECT_EQ(resps, (std::vector<uint8_t>{kOkay, kOkay, kDecErr, kOkay}));
  resps.clear();
  EXPECT_GT(b.read(0x1000, 3, &resps), 0U);
  EXPECT_EQ(resps, std::vector<uint8_t>(4, kOkay));  // once
  EXPECT_EQ(b.write(0x2000, 0x5A), kSlvErr);
  EXPECT_EQ(b.write(0x2008, 0x5A), kDecErr);
  EXPECT_EQ(b.write(0x2010, 0x5A), kOkay);
  EXPECT_EQ(b.memory.store.word(0x2010), 0x5A5A5A5A5A5A5A5A);
  EXPECT_NE(b.memory.store.word(0x2008), 0x5A5A5A5A5A5A5A5A);
}

TEST(AxiMemory, SilenceAndStuckChannels) {
  OneBurst b{MemoryOptions()};
  b.memory.faults = {{Fault::kReadSilence, {0x1000, 0x1FFF}, kOkay, 1},
                     {Fault::kWriteSilence, {0x3000, 0x3FFF}, kOkay, 1}};
  EXPECT_EQ(b.read(0x1100, 0), 0U);
  EXPECT_FALSE(b.write(0x3000, 1));
  EXPECT_FALSE(b.memory.idle());
  b.memory.reset();
  EXPECT_TRUE(b.memory.idle());
  EXPECT_GT(b.read(0x1100, 0), 0U);
  EXPECT_EQ(b.write(0x3000, 1), kOkay);
  for (bool Memory::*stuck : {&Memory::stuck_ar, &Memory::stuck_aw, &Memory::stuck_w}) {
    b.memory.*stuck = true;
    b.memory.clock(b.m);
    const bool reads = stuck == &Memory::stuck_ar;
    EXPECT_EQ(b.read(0x1100, 0) > 0, !reads);
    EXPECT_EQ(b.write(0x3000, 1).has_value(), reads);
    b.memory.*stuck = false;
    b.memory.reset();
    b.m = MasterPorts();
    b.memory.clock(b.m);
  }
}

TEST(AxiMemory, BandwidthIsThatAskedFor) {
  for (const double bandwidth : {5.0, 48.6, 64.0, 100.0}) {
    MemoryOptions options;
    options.bytes = 64;
    options.bandwidth = bandwidth;
    Memory memory(options);
    MasterPorts m;
    m.rready = true;
    m.ar = {0, 0, 15, 6, kIncr, 0, 3, 0, 0};
    m.arvalid = true;
    const uint64_t cycles = 20000;
    for (uint64_t c = 0; c < cycles; ++c) memory.clock(m);
    const double rate = static_cast<double>(memory.read_beats()) * 64 / cycles;
    EXPECT_NEAR(rate, std::min(bandwidth, 64.0), 0.01 * bandwidth);
  }
}

TEST(AxiMemory, BadOptions) {
  MemoryOptions options;
  options.bytes = 12;
  EXPECT_EQ(error_of([&] { Memory m(options); }),
            "memory: beats of 12 bytes, expected 8, 16, 32 or 64");
  options.bytes = 8;
  options.latency = 0;
  EXPECT_EQ(error_of([&] { Memory m(options); }), "memory: latency 0, expected 1 cycle or more");
}

TEST(Store, NoiseWhereNothingWasWritten) {
  Store a(5), b(5), c(6);
  EXPECT_EQ(a.word(0x123456789000), b.word(0x123456789000));
  EXPECT_NE(a.word(0x123456789000), c.word(0x123456789000));
  EXPECT_FALSE(a.first_difference(b));
  a.write_word(0x7FFC, 0x1122334455667788);  // over a page's end
  EXPECT_EQ(a.word(0x7FFC), 0x1122334455667788U);
  EXPECT_EQ(a.word(0x8000, 2), 0x3344U);
  Store copy = a;
  EXPECT_FALSE(a.first_difference(copy));
  b = a;
  b.write_word(0x8002, 0xFF, 1);
  EXPECT_EQ(a.first_difference(b), 0x8002U);
  EXPECT_EQ(b.first_difference(a), 0x8002U);
}

}  // namespace
}  // namespace sparsys::axi
