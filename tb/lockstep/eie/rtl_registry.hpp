// SPDX-License-Identifier: Apache-2.0
// Where the libraries of Verilated engines (cmake/verilate.cmake) enter themselves at start-up.
#pragma once

#include <vector>

#include "tb/lockstep/eie/rtl.hpp"

namespace sparsys::eie {

using RtlMaker = RtlMaker<Config, Rtl>;

std::vector<RtlMaker>& rtl_registry();

}  // namespace sparsys::eie
