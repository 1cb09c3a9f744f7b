// SPDX-License-Identifier: Apache-2.0
// Where the libraries of Verilated engines (tb/cmake/verilate.cmake) enter themselves at start-up.
#pragma once

#include <vector>

#include "tb/lockstep/eie_rtl.hpp"

namespace sparsys {

using EieRtlMaker = RtlMaker<EieConfig, EieRtl>;

std::vector<EieRtlMaker>& eie_rtl_registry();

}  // namespace sparsys
