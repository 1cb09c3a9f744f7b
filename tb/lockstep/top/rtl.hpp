// SPDX-License-Identifier: Apache-2.0
// The Verilated accelerator, with a memory and the checkers of its buses, as a driver sees it. One
// library per parameter set (tb/lockstep/CMakeLists.txt); they register themselves here.
#pragma once

#include <memory>
#include <vector>

#include "golden/engine/top/device.hpp"

namespace sparsys::top {

struct RtlMaker {
  Config config;
  std::unique_ptr<Device> (*make)(const Config& config, bool lockstep);
};
std::vector<RtlMaker>& rtl_registry();

// Of these engines; one that `config` does not have may be there, and the bus is the device's.
// Throws Error listing those that are built into this program if there is none. With `lockstep` the
// cycle model goes along, and all listed signals are compared in every cycle: the device throws
// LockstepMismatch at the first difference.
std::unique_ptr<Device> make_rtl(const Config& config, bool lockstep = false);

}  // namespace sparsys::top
