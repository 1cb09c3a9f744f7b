// SPDX-License-Identifier: Apache-2.0
// The Verilated sparse engine behind its pins. Verilator bakes parameters into a model, so there is
// one library per parameter set (tb/CMakeLists.txt); they register themselves here.
#pragma once

#include <memory>
#include <vector>

#include "golden/cycle/eie_device.hpp"
#include "tb/lockstep/rtl_device.hpp"

namespace sparsys {

using EieRtl = RtlDevice<EieDevice, EieInputs, EieOutputs>;

// The Verilated engine with these parameters. Throws Error listing the parameter sets that are
// built into this program if there is none.
std::unique_ptr<EieRtl> make_eie_rtl(const EieConfig& config);

// The parameter sets built into this program.
std::vector<EieConfig> eie_rtl_configs();

}  // namespace sparsys
