// SPDX-License-Identifier: Apache-2.0
// The Verilated matrix unit behind its pins, one library for each parameter set, as eie_rtl.hpp.
#pragma once

#include <memory>
#include <vector>

#include "golden/cycle/mxu_device.hpp"
#include "tb/lockstep/rtl_device.hpp"

namespace sparsys {

using MxuRtl = RtlDevice<MxuDevice, MxuInputs, MxuOutputs>;
using MxuRtlMaker = RtlMaker<MxuConfig, MxuRtl>;

// Where the libraries of Verilated units enter themselves.
std::vector<MxuRtlMaker>& mxu_rtl_registry();

// The Verilated unit with these parameters. Throws Error listing the parameter sets that are built
// into this program if there is none.
std::unique_ptr<MxuRtl> make_mxu_rtl(const MxuConfig& config);

// The parameter sets built into this program.
std::vector<MxuConfig> mxu_rtl_configs();

struct MxuRtlBuildTime {
  MxuConfig config;
  BuildTime time;
};
// Where libraries enter how long they took (verilate.cmake, TIMED).
std::vector<MxuRtlBuildTime>& mxu_rtl_build_times();
// Null if that was not measured.
const BuildTime* mxu_rtl_build_time(const MxuConfig& config);

}  // namespace sparsys
