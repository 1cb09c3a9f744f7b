// SPDX-License-Identifier: Apache-2.0
// The Verilated accelerator between a memory and a processor, both watched by checkers, clock by
// clock.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "golden/engine/top/config.hpp"
#include "golden/engine/top/interface.hpp"
#include "golden/memory/axi_checker.hpp"
#include "golden/memory/axi_memory.hpp"
#include "golden/memory/lite_checker.hpp"
#include "golden/memory/lite_master.hpp"
#include "tb/support/top/axi_ports.hpp"
#include "verilated.h"

namespace sparsys::top::test {

inline axi::CheckerOptions checker_options(const Config& config) {
  axi::CheckerOptions options;
  options.bytes = config.axi_bytes;
  options.address_bits = config.axi_addr_w;
  options.burst_beats = config.burst_beats;
  options.read_bursts = config.read_bursts;
  return options;
}

template <class Rtl>
class TopBench {
 public:
  TopBench(const Config& config, const axi::MemoryOptions& memory_options)
      : memory(memory_options), checker(checker_options(config)) {
    context.randReset(0);
    rtl = std::make_unique<Rtl>(&context, "TOP");
  }
  ~TopBench() {
    Verilated::threadContextp(&context);  // as in tb/lockstep/core/verilated_top.hpp
    rtl->final();
    rtl.reset();
  }

  // Of accelerator, interconnect and checkers.
  void reset() {
    rst = true;
    clock();
    clock();
    rst = false;
  }

  // A cycle. `before_edge`, if set, is called with all inputs driven and all outputs there,
  // `behind_edge` behind its rising edge.
  void clock() {
    drive(*rtl, memory.ports());
    drive(*rtl, lite.ports());
    rtl->rst_i = rst;
    rtl->clk_i = 0;
    rtl->eval();
    const axi::MasterPorts master = axi::master_ports(*rtl);
    const axi::LiteSlavePorts slave = axi::lite_slave_ports(*rtl);
    checker.clock(rst, master, memory.ports());
    lite_checker.clock(rst, lite.ports(), slave);
    if (before_edge) before_edge();
    rtl->clk_i = 1;
    rtl->eval();
    if (rst) {
      memory.reset();
      lite.reset();
    } else {
      memory.clock(master);
      lite.clock(slave);
    }
    ++cycle;
  }
  void clock(uint64_t cycles) {
    for (; cycles > 0; --cycles) clock();
  }

  uint32_t read(uint32_t offset) {
    lite.read(offset);
    return finish(offset).data;
  }
  void write(uint32_t offset, uint32_t value) {
    lite.write(offset, value);
    finish(offset);
  }
  // Clocks until `done`, at most `most` cycles.
  bool run(const std::function<bool()>& done, uint64_t most) {
    for (uint64_t n = 0; n < most; ++n) {
      if (done()) return true;
      clock();
    }
    return done();
  }

  void expect_no_violations() const {
    EXPECT_EQ(checker.violations.text(), "");
    EXPECT_EQ(lite_checker.violations.text(), "");
  }

  VerilatedContext context;
  std::unique_ptr<Rtl> rtl;
  axi::Memory memory;
  axi::Checker checker;
  axi::LiteMaster lite;
  axi::LiteChecker lite_checker;
  std::function<void()> before_edge;
  uint64_t cycle = 0;
  bool rst = false;

 private:
  const axi::LiteMaster::Answer& finish(uint32_t offset) {
    constexpr uint32_t kPatience = 1000;
    for (uint32_t n = 0; lite.busy() && n < kPatience; ++n) clock();
    EXPECT_FALSE(lite.busy()) << "a register does not answer";
    EXPECT_EQ(lite.answer().resp, axi::kOkay) << "register " << std::hex << offset;
    return lite.answer();
  }
};

}  // namespace sparsys::top::test
