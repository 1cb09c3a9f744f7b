// SPDX-License-Identifier: Apache-2.0
// What an engine adds up in, as the functional model takes it.
#pragma once

#include "golden/engine/eie/config.hpp"
#include "golden/function/eie/model.hpp"

namespace sparsys::eie {

inline Accumulators accumulators_of(const Config& config) {
  return {static_cast<int>(config.acc_width), config.groups};
}

}  // namespace sparsys::eie
