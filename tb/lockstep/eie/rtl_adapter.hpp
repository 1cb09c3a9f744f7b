// SPDX-License-Identifier: Apache-2.0
// Puts a Verilated class of module `eie` behind eie::Rtl.
#pragma once

#include "tb/lockstep/core/verilated_top.hpp"
#include "tb/lockstep/eie/back_door.hpp"
#include "tb/lockstep/eie/rtl.hpp"

namespace sparsys::eie {

template <class Verilated>
class RtlAdapter final : public Rtl {
 public:
  explicit RtlAdapter(const Config& config) : config_(config) {}

  const Config& config() const override { return config_; }
  VerilatedContext& context() override { return top_.context(); }
  void put(const Image& image) override { sparsys::eie::put(top_.context(), image); }

  Outputs settle(const Inputs& inputs) override {
    Verilated& t = top_.pins();
    t.rst_i = inputs.rst_i;
    t.start_i = inputs.start_i;
    t.abort_i = inputs.abort_i;
    t.list_first_i = inputs.list_first_i & (config_.list_depth - 1);
    t.list_count_i = inputs.list_count_i & (2 * config_.list_depth - 1);
    t.io_valid_i = inputs.io_valid_i;
    t.io_write_i = inputs.io_write_i;
    t.io_addr_i = inputs.io_addr_i;
    t.io_wdata_i = inputs.io_wdata_i;
    top_.clock(false);
    Outputs outputs;
    outputs.busy_o = t.busy_o;
    outputs.done_o = t.done_o;
    outputs.flags_o = t.flags_o;
    outputs.io_ready_o = t.io_ready_o;
    outputs.io_rvalid_o = t.io_rvalid_o;
    outputs.io_rdata_o = t.io_rdata_o;
    return outputs;
  }

  void edge() override { top_.clock(true); }

 private:
  Config config_;
  VerilatedTop<Verilated> top_;
};

}  // namespace sparsys::eie
