// SPDX-License-Identifier: Apache-2.0
// A Verilated top module of a class `Verilated` in a context of its own.
#pragma once

#include <memory>

#include "verilated.h"

namespace sparsys {

template <class Verilated>
class VerilatedTop {
 public:
  VerilatedTop() {
    // Registers without reset start as 0, as in the cycle model; the Icarus bench, whose values are
    // four-valued, shows that nothing depends on it.
    context_->randReset(0);
    top_ = std::make_unique<Verilated>(context_.get(), "TOP");
    top_->clk_i = 0;
    top_->eval();
  }
  ~VerilatedTop() {
    // Verilator 5.006 takes leave of its scopes in the thread's context, not in the model's own:
    // with several engines alive that is the one made last.
    ::Verilated::threadContextp(context_.get());
    top_->final();
    top_.reset();
  }
  VerilatedTop(const VerilatedTop&) = delete;
  VerilatedTop& operator=(const VerilatedTop&) = delete;

  VerilatedContext& context() { return *context_; }
  Verilated& pins() { return *top_; }
  void clock(bool level) {
    top_->clk_i = level;
    top_->eval();
  }

 private:
  std::unique_ptr<VerilatedContext> context_ = std::make_unique<VerilatedContext>();
  std::unique_ptr<Verilated> top_;
};

}  // namespace sparsys
