// SPDX-License-Identifier: Apache-2.0
// The matrix unit's performance counters as a JSON object, by their names in golden/engine/mxu.
#pragma once

#include <nlohmann/json.hpp>

#include "golden/engine/mxu/driver.hpp"

namespace sparsys::mxu {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Counters, cycles, active, useful, weight_stall, weight_shift,
                                   non_matrix, raw_stall, input_stall)

}  // namespace sparsys::mxu
