// SPDX-License-Identifier: Apache-2.0
// The checkers: silent on good traffic (memory_test), and every rule's breach is reported. A trace
// of good traffic is changed in one place and watched again.
#include <functional>

#include "golden/memory/axi_checker.hpp"
#include "golden/memory/lite_checker.hpp"
#include "golden/memory/lite_master.hpp"
#include "tb/golden/memory/random_master.hpp"

namespace sparsys::axi {
namespace {

struct Cycle {
  MasterPorts m;
  SlavePorts s;
};
using Trace = std::vector<Cycle>;

Trace good_trace() {
  MemoryOptions options;
  options.reorder = true;
  options.bytes = 16;
  options.stall_ar = options.stall_aw = options.stall_w = 60;
  CheckerOptions checker;
  checker.bytes = 16;
  Memory memory(options);
  RandomMaster master(3, checker, memory.store);
  Trace trace;
  while (!master.done(100) && trace.size() < 100000) {
    trace.push_back({master.ports, memory.ports()});
    master.clock(trace.back().s, 100);
    memory.clock(trace.back().m);
  }
  return trace;
}

std::string check(const Trace& trace) {
  CheckerOptions options;
  options.bytes = 16;
  Checker checker(options);
  checker.clock(true, MasterPorts(), SlavePorts());
  for (const Cycle& cycle : trace) checker.clock(false, cycle.m, cycle.s);
  EXPECT_EQ(checker.violations.count() == 0, checker.violations.text().empty());
  return checker.violations.text();
}

struct Breach {
  const char* report;
  std::function<bool(const Trace&, size_t)> where;  // the first such cycle behind the 50th
  std::function<void(Trace&, size_t)> change;
};

const auto kArTaken = [](const Trace& t, size_t i) { return t[i].m.arvalid && t[i].s.arready; };
const auto kAwTaken = [](const Trace& t, size_t i) { return t[i].m.awvalid && t[i].s.awready; };
const auto kArWaits = [](const Trace& t, size_t i) {
  return t[i - 1].m.arvalid && !t[i - 1].s.arready;
};
const auto kAwWaits = [](const Trace& t, size_t i) {
  return t[i - 1].m.awvalid && !t[i - 1].s.awready;
};
const auto kWWaits = [](const Trace& t, size_t i) {
  return t[i - 1].m.wvalid && !t[i - 1].s.wready;
};
const auto kW = [](const Trace& t, size_t i) { return t[i].m.wvalid && t[i].s.wready; };
const auto kR = [](const Trace& t, size_t i) { return t[i].s.rvalid; };
const auto kB = [](const Trace& t, size_t i) { return t[i].s.bvalid; };

const Breach kBreaches[] = {
    {"ARVALID fell", kArWaits, [](Trace& t, size_t i) { t[i].m.arvalid = false; }},
    {"AR changed", kArWaits, [](Trace& t, size_t i) { t[i].m.ar.addr ^= 0x10; }},
    {"AR changed", kArWaits, [](Trace& t, size_t i) { t[i].m.ar.id ^= 1; }},
    {"AWVALID fell", kAwWaits, [](Trace& t, size_t i) { t[i].m.awvalid = false; }},
    {"AW changed", kAwWaits, [](Trace& t, size_t i) { t[i].m.aw.len ^= 1; }},
    {"WVALID fell", kWWaits, [](Trace& t, size_t i) { t[i].m.wvalid = false; }},
    {"WDATA changed", kWWaits, [](Trace& t, size_t i) { t[i].m.wdata[15] ^= 1; }},
    {"WSTRB changed", kWWaits, [](Trace& t, size_t i) { t[i].m.wstrb ^= 1; }},
    {"WLAST changed", kWWaits, [](Trace& t, size_t i) { t[i].m.wlast ^= true; }},
    {"ARBURST", kArTaken, [](Trace& t, size_t i) { t[i].m.ar.burst = kWrap; }},
    {"ARSIZE", kArTaken, [](Trace& t, size_t i) { t[i].m.ar.size = 3; }},
    {"ARLEN", kArTaken, [](Trace& t, size_t i) { t[i].m.ar.len = 16; }},
    {"ARCACHE", kArTaken, [](Trace& t, size_t i) { t[i].m.ar.cache = 0; }},
    {"ARPROT", kArTaken, [](Trace& t, size_t i) { t[i].m.ar.prot = 2; }},
    {"ARLOCK", kArTaken, [](Trace& t, size_t i) { t[i].m.ar.lock = 1; }},
    {"ARQOS", kArTaken, [](Trace& t, size_t i) { t[i].m.ar.qos = 1; }},
    {"ARID 5", kArTaken, [](Trace& t, size_t i) { t[i].m.ar.id = 5; }},
    {"ARADDR wider", kArTaken, [](Trace& t, size_t i) { t[i].m.ar.addr |= uint64_t{1} << 40; }},
    {"no multiple", kArTaken, [](Trace& t, size_t i) { t[i].m.ar.addr |= 8; }},
    {"crosses 4 KiB", kArTaken,
     [](Trace& t, size_t i) { t[i].m.ar.addr = 0x1FF0, t[i].m.ar.len = 1; }},
    {"AWID 3", kAwTaken, [](Trace& t, size_t i) { t[i].m.aw.id = 3; }},
    {"crosses 4 KiB", kAwTaken,
     [](Trace& t, size_t i) { t[i].m.aw.addr = 0x1FF0, t[i].m.aw.len = 1; }},
    {"WLAST", kW, [](Trace& t, size_t i) { t[i].m.wlast ^= true; }},
    {"WLAST", kAwTaken, [](Trace& t, size_t i) { t[i].m.aw.len ^= 1; }},
    {"WSTRB beyond", kW, [](Trace& t, size_t i) { t[i].m.wstrb |= 0x10000; }},
    {"RREADY", kR, [](Trace& t, size_t i) { t[i].m.rready = false; }},
    {"BREADY", kB, [](Trace& t, size_t i) { t[i].m.bready = false; }},
    {"nobody asked", kR, [](Trace& t, size_t i) { t[i].s.rid = 7; }},
    {"RLAST", kR, [](Trace& t, size_t i) { t[i].s.rlast ^= true; }},
    {"RRESP EXOKAY", kR, [](Trace& t, size_t i) { t[i].s.rresp = kExOkay; }},
    {"BRESP EXOKAY", kB, [](Trace& t, size_t i) { t[i].s.bresp = kExOkay; }},
    {"nothing is owed", kB, [](Trace& t, size_t i) { t[i].s.bid ^= 4; }},
    {"more beats than its buffer", kArTaken,
     [](Trace& t, size_t i) {
       Cycle again = t[i];
       again.s.rvalid = again.s.bvalid = again.m.wvalid = again.m.awvalid = false;
       again.m.ar = {0x1000, 0, 15, 4, kIncr, 0, 3, 0, 0};
       again.s.arready = true;
       t[i] = again;
       for (int n = 0; n < 4; ++n) t.insert(t.begin() + static_cast<std::ptrdiff_t>(i), again);
     }},
};

TEST(AxiChecker, ReportsEveryBreach) {
  const Trace good = good_trace();
  ASSERT_EQ(check(good), "");
  for (const Breach& breach : kBreaches) {
    SCOPED_TRACE(breach.report);
    Trace trace = good;
    size_t i = 50;
    while (i < trace.size() && !breach.where(trace, i)) ++i;
    ASSERT_LT(i, trace.size());
    breach.change(trace, i);
    EXPECT_NE(check(trace).find(breach.report), std::string::npos) << check(trace);
  }
}

TEST(AxiChecker, ValidAfterReset) {
  CheckerOptions options;
  Checker checker(options);
  MasterPorts m;
  m.rready = m.bready = true;
  m.arvalid = true;
  m.ar = {0, 0, 0, 3, kIncr, 0, 3, 0, 0};
  checker.clock(true, m, SlavePorts());
  EXPECT_EQ(checker.violations.count(), 0U);
  checker.clock(false, m, SlavePorts());
  EXPECT_EQ(checker.violations.count(), 1U);
}

TEST(AxiChecker, StrobeBelowTheAddress) {
  Checker checker{CheckerOptions()};
  MasterPorts m;
  m.rready = m.bready = true;
  checker.clock(true, m, SlavePorts());
  checker.clock(false, m, SlavePorts());
  m.awvalid = m.wvalid = m.wlast = true;
  m.aw = {4, 0, 0, 3, kIncr, 0, 3, 0, 0};
  m.wstrb = 0xF8;
  SlavePorts s;
  s.awready = s.wready = true;
  checker.clock(false, m, s);
  EXPECT_NE(checker.violations.text().find("WSTRB below AWADDR"), std::string::npos);
}

// A slave of AXI4-Lite with 16 words.
struct LiteSlave {
  LiteSlavePorts ports;
  std::array<uint32_t, 16> words{};
  Dice dice{1};
  std::optional<uint32_t> read, address;
  std::optional<uint32_t> word;

  void clock(const LiteMasterPorts& m) {
    if (ports.rvalid && m.rready) ports.rvalid = false;
    if (ports.bvalid && m.bready) ports.bvalid = false;
    if (m.arvalid && ports.arready) read = m.araddr;
    if (m.awvalid && ports.awready) address = m.awaddr;
    if (m.wvalid && ports.wready) word = m.wdata;
    if (read && !ports.rvalid && dice.chance(50)) {
      ports.rvalid = true;
      ports.rresp = *read < 64 ? kOkay : kSlvErr;
      ports.rdata = *read < 64 ? words[*read / 4] : 0;
      read.reset();
    }
    if (address && word && !ports.bvalid && dice.chance(50)) {
      ports.bvalid = true;
      ports.bresp = *address < 64 ? kOkay : kSlvErr;
      if (*address < 64) words[*address / 4] = *word;
      address.reset();
      word.reset();
    }
    ports.arready = !read && !ports.rvalid && dice.chance(60);
    ports.awready = !address && !ports.bvalid && dice.chance(60);
    ports.wready = !word && !ports.bvalid && dice.chance(60);
  }
};

struct LiteCycle {
  LiteMasterPorts m;
  LiteSlavePorts s;
};

std::vector<LiteCycle> good_lite_trace() {
  LiteSlave slave;
  LiteMaster master(40, 5);
  Dice dice(7);
  std::array<uint32_t, 16> expected{};
  std::vector<LiteCycle> trace;
  for (int n = 0; n < 400; ++n) {
    const auto at = static_cast<uint32_t>(dice.below(18));
    const bool write = dice.chance(50);
    const auto value = static_cast<uint32_t>(dice.next());
    write ? master.write(4 * at, value) : master.read(4 * at);
    while (master.busy()) {
      trace.push_back({master.ports(), slave.ports});
      master.clock(trace.back().s);
      slave.clock(trace.back().m);
    }
    EXPECT_EQ(master.answer().resp, at < 16 ? kOkay : kSlvErr);
    if (at >= 16) continue;
    if (write) {
      expected[at] = value;
    } else {
      EXPECT_EQ(master.answer().data, expected[at]);
    }
  }
  return trace;
}

std::string check(const std::vector<LiteCycle>& trace) {
  LiteChecker checker(60);
  checker.clock(true, LiteMasterPorts(), LiteSlavePorts());
  for (const LiteCycle& cycle : trace) checker.clock(false, cycle.m, cycle.s);
  return checker.violations.text();
}

TEST(LiteChecker, ReportsEveryBreach) {
  using T = std::vector<LiteCycle>;
  const T good = good_lite_trace();
  ASSERT_EQ(check(good), "");
  struct LiteBreach {
    const char* report;
    std::function<bool(const T&, size_t)> where;
    std::function<void(T&, size_t)> change;
  };
  const LiteBreach breaches[] = {
      {"AR changed", [](const T& t, size_t i) { return t[i - 1].m.arvalid && !t[i - 1].s.arready; },
       [](T& t, size_t i) { t[i].m.araddr ^= 4; }},
      {"AW changed", [](const T& t, size_t i) { return t[i - 1].m.awvalid && !t[i - 1].s.awready; },
       [](T& t, size_t i) { t[i].m.awvalid = false; }},
      {"W changed", [](const T& t, size_t i) { return t[i - 1].m.wvalid && !t[i - 1].s.wready; },
       [](T& t, size_t i) { t[i].m.wdata ^= 4; }},
      {"R changed", [](const T& t, size_t i) { return t[i - 1].s.rvalid && !t[i - 1].m.rready; },
       [](T& t, size_t i) { t[i].s.rdata ^= 4; }},
      {"B changed", [](const T& t, size_t i) { return t[i - 1].s.bvalid && !t[i - 1].m.bready; },
       [](T& t, size_t i) { t[i].s.bvalid = false; }},
      {"nothing was read", [](const T& t, size_t i) { return t[i].m.awvalid; },
       [](T& t, size_t i) { t[i].s.rvalid = true; }},
      {"without an address and a word", [](const T& t, size_t i) { return t[i].m.arvalid; },
       [](T& t, size_t i) { t[i].s.bvalid = true; }},
      {"RRESP EXOKAY", [](const T& t, size_t i) { return t[i].s.rvalid; },
       [](T& t, size_t i) { t[i].s.rresp = kExOkay; }},
      {"BRESP EXOKAY", [](const T& t, size_t i) { return t[i].s.bvalid; },
       [](T& t, size_t i) { t[i].s.bresp = kExOkay; }},
      {"a read waits too long", [](const T& t, size_t i) { return t[i].m.arvalid; },
       [](T& t, size_t i) {
         t.resize(i + 1);
         t[i].s.arready = false;
         for (int n = 0; n < 60; ++n) t.push_back(t[i]);
       }},
      {"a write waits too long",
       [](const T& t, size_t i) { return t[i].m.awvalid && t[i].m.wvalid; },
       [](T& t, size_t i) {
         t.resize(i + 1);
         t[i].s.awready = t[i].s.wready = false;
         for (int n = 0; n < 60; ++n) t.push_back(t[i]);
       }},
  };
  for (const LiteBreach& breach : breaches) {
    SCOPED_TRACE(breach.report);
    T trace = good;
    size_t i = 20;
    while (i < trace.size() && !breach.where(trace, i)) ++i;
    ASSERT_LT(i, trace.size());
    breach.change(trace, i);
    EXPECT_NE(check(trace).find(breach.report), std::string::npos) << check(trace);
  }
}

}  // namespace
}  // namespace sparsys::axi
