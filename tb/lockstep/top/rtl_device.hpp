// SPDX-License-Identifier: Apache-2.0
// A Verilated sparsys_top, clock by clock between a memory behind AXI4 and a master of its
// AXI4-Lite, both checked in every cycle, alone or in lockstep with the cycle model.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "golden/base/error.hpp"
#include "golden/engine/top/device.hpp"
#include "golden/engine/top/interface.hpp"
#include "golden/memory/axi_checker.hpp"
#include "golden/memory/axi_memory.hpp"
#include "golden/memory/lite_checker.hpp"
#include "golden/memory/lite_master.hpp"
#include "tb/lockstep/core/lockstep_options.hpp"
#include "tb/lockstep/top/rtl.hpp"
#include "tb/lockstep/top/signals.hpp"
#include "tb/support/top/axi_ports.hpp"
#include "verilated.h"

namespace sparsys::top {

template <class Rtl>
class RtlDevice final : public Device {
 public:
  RtlDevice(const Config& config, bool lockstep)
      : config_(config), memory_(memory_options(config)), checker_(checker_options(config)) {
    context_.randReset(0);
    rtl_ = std::make_unique<Rtl>(&context_, "TOP");
    if (lockstep) beside_ = std::make_unique<Beside>(context_, config);
    rtl_->rst_i = 1;
    clock();
    clock();
    rtl_->rst_i = 0;
  }
  ~RtlDevice() override {
    Verilated::threadContextp(&context_);  // as in tb/lockstep/core/verilated_top.hpp
    rtl_->final();
    rtl_.reset();
  }

  const Config& config() const override { return config_; }
  uint32_t read(uint32_t offset) override {
    lite_.read(offset);
    return answer(offset).data;
  }
  void write(uint32_t offset, uint32_t value) override {
    if (offset == reg::kRingTail) patience_ = kPatience;
    lite_.write(offset, value);
    answer(offset);
  }
  bool wait() override {
    constexpr uint32_t kWhile = 200;
    for (uint32_t n = 0; n < kWhile && !(n > 0 && rtl_->irq_o); ++n) clock();
    patience_ -= patience_ < kWhile ? patience_ : kWhile;
    return patience_ > 0;
  }
  void put(uint64_t address, const uint8_t* bytes, uint64_t count) override {
    memory_.store.write(address, bytes, count);
  }
  void get(uint64_t address, uint8_t* bytes, uint64_t count) const override {
    memory_.store.read(address, bytes, count);
  }
  BusFigures figures() const override {
    return {cycles_, memory_.read_beats() * config_.axi_bytes,
            memory_.write_beats() * config_.axi_bytes,
            checker_.violations.count() + lite_checker_.violations.count()};
  }
  LockstepFigures lockstep() const override {
    if (beside_ == nullptr) return {};
    return {beside_->cycles, beside_->table.signals().size()};
  }

 private:
  static constexpr uint64_t kPatience = 200'000'000;  // cycles that commands may take

  // The cycle model, and what of it is compared.
  struct Beside {
    Beside(VerilatedContext& context, const Config& config)
        : model(config), table(context), mirror(table) {
      add_signals(table, mirror, "sparsys_top", model, config);
      table.finish({});
    }
    Top model;
    SignalTable table;
    SignalMirror mirror;
    uint64_t cycles = 0;
  };

  // As all stands before the edge.
  void compare() {
    Top& model = beside_->model;
    model.lite_i = lite_.ports();
    model.bus_i = memory_.ports();
    model.propagate();
    beside_->mirror.refresh();
    ++beside_->cycles;
    if (beside_->table.differs()) {
      const auto signals = beside_->table.differing();
      const Signal& first = *signals.front();
      throw LockstepMismatch("lockstep of the accelerator: cycle " + std::to_string(cycles_) +
                                 ": " + first.instance + "." + first.name + ": RTL " +
                                 std::to_string(first.rtl_value()) + ", cycle model " +
                                 std::to_string(first.model_value()) + "; " +
                                 std::to_string(signals.size()) + " signals differ",
                             cycles_, first.instance, first.name, signals.size());
    }
    model.update(rtl_->rst_i != 0);
  }

  static axi::MemoryOptions memory_options(const Config& config) {
    axi::MemoryOptions options;
    options.bytes = config.axi_bytes;
    return options;
  }
  static axi::CheckerOptions checker_options(const Config& config) {
    axi::CheckerOptions options;
    options.bytes = config.axi_bytes;
    options.address_bits = config.axi_addr_w;
    options.burst_beats = config.burst_beats;
    options.read_bursts = config.read_bursts;
    return options;
  }

  void clock() {
    axi::drive(*rtl_, memory_.ports());
    axi::drive(*rtl_, lite_.ports());
    rtl_->clk_i = 0;
    rtl_->eval();
    const axi::MasterPorts master = axi::master_ports(*rtl_);
    const axi::LiteSlavePorts slave = axi::lite_slave_ports(*rtl_);
    checker_.clock(rtl_->rst_i, master, memory_.ports());
    lite_checker_.clock(rtl_->rst_i, lite_.ports(), slave);
    if (beside_ != nullptr) compare();
    rtl_->clk_i = 1;
    rtl_->eval();
    if (rtl_->rst_i) {
      memory_.reset();
      lite_.reset();
    } else {
      memory_.clock(master);
      lite_.clock(slave);
    }
    ++cycles_;
  }
  const axi::LiteMaster::Answer& answer(uint32_t offset) {
    constexpr uint32_t kMost = 1000;
    for (uint32_t n = 0; lite_.busy() && n < kMost; ++n) clock();
    if (lite_.busy() || lite_.answer().resp != axi::kOkay) {
      throw Error("accelerator: register " + std::to_string(offset) +
                  (lite_.busy() ? " does not answer" : " refuses an access"));
    }
    return lite_.answer();
  }

  const Config config_;
  axi::Memory memory_;
  axi::Checker checker_;
  axi::LiteMaster lite_;
  axi::LiteChecker lite_checker_;
  VerilatedContext context_;
  std::unique_ptr<Rtl> rtl_;
  std::unique_ptr<Beside> beside_;  // null: alone
  uint64_t cycles_ = 0;
  uint64_t patience_ = kPatience;
};

// Enters a library into the registry.
template <class Rtl>
bool register_rtl(const Config& config) {
  rtl_registry().push_back({config, [](const Config& c, bool lockstep) -> std::unique_ptr<Device> {
                              return std::make_unique<RtlDevice<Rtl>>(c, lockstep);
                            }});
  return true;
}

}  // namespace sparsys::top
