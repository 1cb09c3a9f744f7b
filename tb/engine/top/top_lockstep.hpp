// SPDX-License-Identifier: Apache-2.0
// The accelerator's RTL on its bench and its cycle model beside it: the same inputs, clocked
// together, all listed signals and all ports compared in every cycle.
#pragma once

#include <functional>
#include <string>

#include "tb/lockstep/top/signals.hpp"
#include "tb/support/top/top_bench.hpp"

namespace sparsys::top::test {

template <class Rtl>
class TopLockstep : public TopBench<Rtl> {
 public:
  TopLockstep(const Config& config, const axi::MemoryOptions& memory_options)
      : TopBench<Rtl>(config, memory_options), model(config), table(this->context), mirror(table) {
    add_signals(table, mirror, "sparsys_top", model, config);
    table.finish({});
    this->before_edge = [this] { step(); };
  }

  Top model;
  SignalTable table;
  SignalMirror mirror;
  uint64_t mismatched = 0;      // signals, in the first cycle with any
  uint64_t compared = 0;        // cycles
  std::function<void()> watch;  // called in every cycle, as all stands to be compared

 private:
  void step() {
    if (mismatched) return;
    model.lite_i = this->lite.ports();
    model.bus_i = this->memory.ports();
    model.propagate();
    mirror.refresh();
    if (watch) watch();
    ++compared;
    if (table.differs()) {
      for (const Signal* s : table.differing()) {
        if (++mismatched > 20) continue;
        ADD_FAILURE() << "cycle " << this->cycle << ": " << s->instance << "." << s->name
                      << ": RTL 0x" << std::hex << s->rtl_value() << ", cycle model 0x"
                      << s->model_value();
      }
      if (mismatched) return;
    }
    compare_ports();
    model.update(this->rst);
  }
  void compare_ports() {
    const axi::MasterPorts r = axi::master_ports(*this->rtl), m = model.bus_o();
    const axi::LiteSlavePorts s = axi::lite_slave_ports(*this->rtl), t = model.lite_o();
    const bool same =
        r.arvalid == m.arvalid && (!r.arvalid || r.ar == m.ar) && r.awvalid == m.awvalid &&
        (!r.awvalid || r.aw == m.aw) && r.wvalid == m.wvalid &&
        (!r.wvalid || (r.wdata == m.wdata && r.wstrb == m.wstrb && r.wlast == m.wlast)) &&
        r.rready == m.rready && r.bready == m.bready && s.arready == t.arready &&
        s.rvalid == t.rvalid && (!s.rvalid || (s.rdata == t.rdata && s.rresp == t.rresp)) &&
        s.awready == t.awready && s.wready == t.wready && s.bvalid == t.bvalid &&
        (!s.bvalid || s.bresp == t.bresp) && this->rtl->irq_o == model.irq_o();
    if (!same) {
      ++mismatched;
      ADD_FAILURE() << "cycle " << this->cycle << ": a port differs";
    }
  }
};

}  // namespace sparsys::top::test
