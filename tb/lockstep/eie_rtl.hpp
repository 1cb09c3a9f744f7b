// SPDX-License-Identifier: Apache-2.0
// The Verilated sparse engine behind its pins. Verilator bakes parameters into a model, so there is
// one library per parameter set (tb/CMakeLists.txt); they register themselves here.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "golden/cycle/eie_device.hpp"

class VerilatedContext;

namespace sparsys {

class EieRtl : public EieDevice {
 public:
  // clock() in two halves, for the lockstep: settle() applies the inputs and returns the outputs
  // before the edge, edge() takes the rising edge.
  virtual EieOutputs settle(const EieInputs& inputs) = 0;
  virtual void edge() = 0;
  virtual VerilatedContext& context() = 0;

  EieOutputs clock(const EieInputs& inputs) final {
    const EieOutputs outputs = settle(inputs);
    edge();
    return outputs;
  }
};

// The Verilated engine with these parameters. Throws Error listing the parameter sets that are
// built into this program if there is none.
std::unique_ptr<EieRtl> make_eie_rtl(const EieConfig& config);

// The parameter sets built into this program.
std::vector<EieConfig> eie_rtl_configs();

}  // namespace sparsys
