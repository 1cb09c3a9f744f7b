// SPDX-License-Identifier: Apache-2.0
// Puts a Verilated class of module `eie` behind EieRtl.
#pragma once

#include <memory>

#include "tb/lockstep/eie_rtl.hpp"
#include "verilated.h"

namespace sparsys {

template <class Verilated>
class EieRtlAdapter final : public EieRtl {
 public:
  explicit EieRtlAdapter(const EieConfig& config) : config_(config) {
    // Registers without reset start as 0, as in the cycle model; the Icarus bench, whose values are
    // four-valued, shows that nothing depends on it.
    context_->randReset(0);
    top_ = std::make_unique<Verilated>(context_.get(), "TOP");
    top_->clk_i = 0;
    top_->eval();
  }
  ~EieRtlAdapter() override {
    // Verilator 5.006 takes leave of its scopes in the thread's context, not in the model's own:
    // with several engines alive that is the one made last.
    ::Verilated::threadContextp(context_.get());
    top_->final();
    top_.reset();
  }

  const EieConfig& config() const override { return config_; }
  VerilatedContext& context() override { return *context_; }

  EieOutputs settle(const EieInputs& inputs) override {
    Verilated& t = *top_;
    t.rst_i = inputs.rst_i;
    t.start_i = inputs.start_i;
    t.list_first_i = inputs.list_first_i & (config_.list_depth - 1);
    t.list_count_i = inputs.list_count_i & (2 * config_.list_depth - 1);
    t.io_valid_i = inputs.io_valid_i;
    t.io_write_i = inputs.io_write_i;
    t.io_addr_i = inputs.io_addr_i;
    t.io_wdata_i = inputs.io_wdata_i;
    t.clk_i = 0;
    t.eval();
    EieOutputs outputs;
    outputs.busy_o = t.busy_o;
    outputs.done_o = t.done_o;
    outputs.flags_o = t.flags_o;
    outputs.io_ready_o = t.io_ready_o;
    outputs.io_rvalid_o = t.io_rvalid_o;
    outputs.io_rdata_o = t.io_rdata_o;
    return outputs;
  }

  void edge() override {
    top_->clk_i = 1;
    top_->eval();
  }

 private:
  EieConfig config_;
  std::unique_ptr<VerilatedContext> context_ = std::make_unique<VerilatedContext>();
  std::unique_ptr<Verilated> top_;
};

}  // namespace sparsys
