// SPDX-License-Identifier: Apache-2.0
// The driver on the Verilated accelerator: its platform's functions clock the RTL, a memory model
// and the checkers. The processor's memory is an array of its own that only a barrier brings
// together with the bus's memory, as caches do that are not coherent: a barrier that is missing in
// the driver is seen.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "golden/engine/top/config.hpp"
#include "golden/engine/top/interface.hpp"
#include "golden/memory/axi_checker.hpp"
#include "golden/memory/axi_memory.hpp"
#include "golden/memory/lite_checker.hpp"
#include "golden/memory/lite_master.hpp"
#include "sw/driver/sparsys.h"
#include "tb/support/top/axi_ports.hpp"

namespace sparsys::top::test {

// Memory that processor and device see.
constexpr uint64_t kArenaBus = 0x4A'0012'3000;
constexpr uint32_t kArenaBytes = 1U << 18;
constexpr uint32_t kRingBytes = 4096;

inline axi::MemoryOptions memory_options(const Config& config) {
  axi::MemoryOptions options;
  options.bytes = config.axi_bytes;
  return options;
}

template <class Rtl>
class Bench {
 public:
  explicit Bench(const Config& config, const axi::MemoryOptions& options = {})
      : config_(config),
        memory(options),
        checker(checker_options(config)),
        arena(kArenaBytes),
        rtl_(std::make_unique<Rtl>()),
        seen_(kArenaBytes) {
    memory.store.read(kArenaBus, arena.data(), kArenaBytes);
    memory.store.write(kArenaBus, arena);
    seen_ = arena;
    reset();
  }
  ~Bench() { rtl_->final(); }

  // Of accelerator, interconnect and checkers.
  void reset() {
    rtl_->rst_i = 1;
    memory.reset();
    lite_.reset();
    clock();
    clock();
    rtl_->rst_i = 0;
  }

  // A cycle.
  void clock() {
    drive(*rtl_, memory.ports());
    drive(*rtl_, lite_.ports());
    rtl_->clk_i = 0;
    rtl_->eval();
    const axi::MasterPorts master = axi::master_ports(*rtl_);
    const axi::LiteSlavePorts slave = axi::lite_slave_ports(*rtl_);
    interrupts += rtl_->irq_o && !irq_before_;
    irq_before_ = rtl_->irq_o;
    checker.clock(rtl_->rst_i || held_, master, memory.ports());
    if (watch) watch(master, memory.ports());
    lite_checker_.clock(rtl_->rst_i, lite_.ports(), slave);
    rtl_->clk_i = 1;
    rtl_->eval();
    if (rtl_->rst_i || held_) {
      memory.reset();
    } else {
      memory.clock(master);
    }
    if (!rtl_->rst_i) lite_.clock(slave);
    ++cycle;
  }
  void clock(uint64_t cycles) {
    for (; cycles > 0; --cycles) clock();
  }
  // Holds the interconnect in reset, and not the accelerator.
  void hold_interconnect(bool held) {
    held_ = held;
    clock();
  }
  bool irq() const { return rtl_->irq_o; }

  // A register's access; the answer must not be an error.
  uint32_t read(uint32_t offset) {
    lite_.read(offset);
    return finish(offset).data;
  }
  void write(uint32_t offset, uint32_t value) {
    lite_.write(offset, value);
    finish(offset);
  }
  // A write of which the answer alone is wanted.
  uint8_t try_write(uint32_t offset, uint32_t value, uint8_t strobes = 15) {
    lite_.write(offset, value, strobes);
    return answer().resp;
  }

  // What the processor has written to its memory goes to the bus's, then all of that comes back.
  void synchronise() {
    constexpr uint32_t kPiece = 64;
    for (uint32_t at = 0; at < kArenaBytes; at += kPiece) {
      if (std::equal(&arena[at], &arena[at] + kPiece, &seen_[at])) continue;
      for (uint32_t b = at; b < at + kPiece; ++b) {
        if (arena[b] != seen_[b]) memory.store.write(kArenaBus + b, &arena[b], 1);
      }
    }
    memory.store.read(kArenaBus, arena.data(), kArenaBytes);
    seen_ = arena;
  }

  sparsys_platform platform() {
    return {this, [](void* b, uint32_t offset) { return static_cast<Bench*>(b)->read(offset); },
            [](void* b, uint32_t offset, uint32_t value) {
              static_cast<Bench*>(b)->write(offset, value);
            },
            [](void* b) { static_cast<Bench*>(b)->synchronise(); },
            [](void* b) { return static_cast<Bench*>(b)->wait(); }};
  }

  // A part of the arena.
  sparsys_memory part(uint32_t at, uint32_t bytes) {
    EXPECT_LE(uint64_t{at} + bytes, kArenaBytes);
    return {&arena[at], kArenaBus + at, bytes};
  }
  sparsys_config driver_config(uint32_t watchdog = 0, uint32_t ring_bytes = kRingBytes) {
    return {part(0, ring_bytes), kArenaBus, kArenaBytes, watchdog};
  }

  // What the registers say, for a failure's text.
  std::string state() {
    std::string text;
    for (const RegisterInfo& r : kRegisters) {
      if (r.offset < reg::kStatus || r.offset == reg::kCountersClear) continue;
      text += std::string(text.empty() ? "" : ", ") + r.name + " " + std::to_string(read(r.offset));
    }
    return text;
  }

  // No rule of a bus was broken.
  void expect_no_violations() const {
    EXPECT_EQ(checker.violations.count(), 0U) << checker.violations.text();
    EXPECT_EQ(lite_checker_.violations.count(), 0U) << lite_checker_.violations.text();
  }
  // Nothing is owed, and the accelerator says so.
  void expect_quiet() {
    EXPECT_TRUE(checker.quiet());
    EXPECT_EQ(read(reg::kStatus) & bit::kStatusQuiet, bit::kStatusQuiet);
    EXPECT_TRUE(memory.idle());
  }

 private:
  static axi::CheckerOptions checker_options(const Config& config) {
    axi::CheckerOptions options;
    options.bytes = config.axi_bytes;
    options.address_bits = config.axi_addr_w;
    options.burst_beats = config.burst_beats;
    options.read_bursts = config.read_bursts;
    return options;
  }
  const axi::LiteMaster::Answer& answer() {
    constexpr uint32_t kPatience = 1000;
    for (uint32_t n = 0; lite_.busy() && n < kPatience; ++n) clock();
    EXPECT_FALSE(lite_.busy()) << "a register does not answer";
    return lite_.answer();
  }
  const axi::LiteMaster::Answer& finish(uint32_t offset) {
    const auto& all = answer();
    EXPECT_EQ(all.resp, axi::kOkay) << "register " << std::hex << offset;
    return all;
  }
  int wait() {
    constexpr uint32_t kWhile = 100;
    for (uint32_t n = 0; n < kWhile && !(n > 0 && irq()); ++n) clock();
    return cycle > deadline;
  }

  Config config_;

 public:
  axi::Memory memory;
  axi::Checker checker;
  std::vector<uint8_t> arena;  // as the processor sees it
  std::function<void(const axi::MasterPorts&, const axi::SlavePorts&)> watch;  // every cycle's
  uint64_t cycle = 0;
  uint64_t interrupts = 0;         // times that it rose
  uint64_t deadline = 20'000'000;  // wait gives up behind it

 private:
  std::unique_ptr<Rtl> rtl_;
  std::vector<uint8_t> seen_;  // the arena as of the last barrier
  bool held_ = false, irq_before_ = false;
  axi::LiteMaster lite_;
  axi::LiteChecker lite_checker_;
};

}  // namespace sparsys::top::test
