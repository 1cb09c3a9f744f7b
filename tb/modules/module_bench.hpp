// SPDX-License-Identifier: Apache-2.0
// One RTL module, Verilated as the top, and the cycle model's class of the same name: driven with
// the same inputs, clocked together, all outputs and listed signals compared in every cycle.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "tb/lockstep/core/signal_table.hpp"
#include "tb/lockstep/core/signals.hpp"
#include "tb/support/seeds.hpp"
#include "verilated.h"

namespace sparsys {

// Bits of a flat port of any width.
template <class Port>
void set_bits(Port& port, uint32_t lsb, uint32_t width, uint64_t value) {
  if constexpr (std::is_integral<Port>::value) {
    port = static_cast<Port>((port & ~(low_mask(width) << lsb)) | (value & low_mask(width)) << lsb);
  } else {
    for (uint32_t b = 0; b < width; ++b) {
      uint32_t& word = port[(lsb + b) / 32];
      word = (word & ~(1U << (lsb + b) % 32)) | static_cast<uint32_t>(value >> b & 1)
                                                    << (lsb + b) % 32;
    }
  }
}
template <class Port>
uint64_t get_bits(const Port& port, uint32_t lsb, uint32_t width) {
  uint64_t value = 0;
  if constexpr (std::is_integral<Port>::value) {
    value = uint64_t{port} >> lsb & low_mask(width);
  } else {
    for (uint32_t b = 0; b < width; ++b) {
      value |= uint64_t{port[(lsb + b) / 32] >> (lsb + b) % 32 & 1} << b;
    }
  }
  return value;
}

template <class Port>
void assign(Port& port, uint64_t value) {
  port = static_cast<Port>(value);
}

// A Verilated module whose registers start as 0.
template <class Rtl>
class RtlTop {
 public:
  RtlTop() {
    context.randReset(0);
    top = std::make_unique<Rtl>(&context, "TOP");
  }
  ~RtlTop() {
    Verilated::threadContextp(&context);  // as in tb/lockstep/core/verilated_top.hpp
    top->final();
    top.reset();
  }
  VerilatedContext context;
  std::unique_ptr<Rtl> top;
};

// The order of a cycle: drive all inputs (DRIVE), check(), edge(). Behind edge() the outputs that
// follow from registers alone already stand at the ports.
template <class Rtl, class Model>
class ModuleBench : private RtlTop<Rtl> {
 public:
  // `module`: the RTL's name of the top module.
  template <class... Arguments>
  explicit ModuleBench(const std::string& module, const Arguments&... arguments)
      : rtl(*this->top), model(arguments...), table(this->context) {
    add_signals(table, module, model);
    table.finish({});
    settle();
  }

  // An output to compare: get_rtl(), get_model(), and only while when() holds.
  void port(const char* name, std::function<uint64_t()> get_rtl,
            std::function<uint64_t()> get_model, std::function<bool()> when = {}) {
    ports_.push_back({name, std::move(get_rtl), std::move(get_model), std::move(when)});
  }

  void settle() {
    rtl.clk_i = 0;
    rtl.eval();
    model.propagate();
  }

  // To be called with all inputs driven. False behind the first difference, which it reports.
  bool check() {
    settle();
    bool same = true;
    for (const Port& p : ports_) {
      if (p.when && !p.when()) continue;
      const uint64_t r = p.rtl(), m = p.model();
      if (r != m) same = report(p.name, r, m);
    }
    if (table.differs()) {
      for (const Signal& s : table.signals()) {
        if (s.differs()) same = report(s.instance + "." + s.name, s.rtl_value(), s.model_value());
      }
      if (same) same = report("fast comparison", 1, 0);
    }
    return same;
  }

  void edge(bool rst) {
    model.update(rst);
    rtl.clk_i = 1;
    rtl.eval();
    ++cycle_;
    settle();
  }

  uint64_t cycle() const { return cycle_; }

  Rtl& rtl;
  Model model;
  SignalTable table;

 private:
  struct Port {
    const char* name;
    std::function<uint64_t()> rtl;
    std::function<uint64_t()> model;
    std::function<bool()> when;
  };

  bool report(const std::string& name, uint64_t rtl_value, uint64_t model_value) {
    ADD_FAILURE() << "cycle " << cycle_ << ": " << name << ": RTL 0x" << std::hex << rtl_value
                  << ", cycle model 0x" << model_value;
    return false;
  }

  std::vector<Port> ports_;
  uint64_t cycle_ = 0;
};

// Of a bench `b`: one input on both sides; one output; one output under a condition on the model m.
#define DRIVE(name, value)       \
  do {                           \
    const uint64_t v_ = (value); \
    assign(b.rtl.name, v_);      \
    assign(b.model.name, v_);    \
  } while (false)
#define PORT(name)                                              \
  b.port(                                                       \
      #name, [&] { return static_cast<uint64_t>(b.rtl.name); }, \
      [&] { return static_cast<uint64_t>(b.model.name); })
#define PORT_WHEN(name, enable)                                 \
  b.port(                                                       \
      #name, [&] { return static_cast<uint64_t>(b.rtl.name); }, \
      [&] { return static_cast<uint64_t>(b.model.name); }, [&] { return b.model.enable != 0; })

}  // namespace sparsys
