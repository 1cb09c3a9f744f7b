// SPDX-License-Identifier: Apache-2.0
// The Verilated matrix unit behind its pins, one library for each parameter set, as
// tb/lockstep/eie/rtl.hpp.
#pragma once

#include <memory>
#include <vector>

#include "golden/engine/mxu/pins.hpp"
#include "tb/lockstep/core/rtl_device.hpp"

namespace sparsys::mxu {

using Rtl = RtlDevice<Device, Inputs, Outputs>;
using RtlMaker = sparsys::RtlMaker<Config, Rtl>;

// Where the libraries of Verilated units enter themselves.
std::vector<RtlMaker>& rtl_registry();

// The Verilated unit with these parameters. Throws Error listing the parameter sets that are built
// into this program if there is none.
std::unique_ptr<Rtl> make_rtl(const Config& config);

// The parameter sets built into this program.
std::vector<Config> rtl_configs();

// How long its library took to verilate and compile. Throws Error as make_rtl().
BuildTime rtl_build_time(const Config& config);

}  // namespace sparsys::mxu
