// SPDX-License-Identifier: Apache-2.0
// The Verilated sparse engine behind its pins. Verilator bakes parameters into a model, so there is
// one library per parameter set (tb/CMakeLists.txt); they register themselves here.
#pragma once

#include <memory>
#include <vector>

#include "golden/engine/eie/pins.hpp"
#include "tb/lockstep/core/rtl_device.hpp"

namespace sparsys::eie {

using Rtl = RtlDevice<Device, Inputs, Outputs>;
using RtlMaker = sparsys::RtlMaker<Config, Rtl>;

// Where the libraries of Verilated engines enter themselves (cmake/verilate.cmake).
std::vector<RtlMaker>& rtl_registry();

// The Verilated engine with these parameters. Throws Error listing the parameter sets that are
// built into this program if there is none.
std::unique_ptr<Rtl> make_rtl(const Config& config);

// The parameter sets built into this program.
std::vector<Config> rtl_configs();

}  // namespace sparsys::eie
