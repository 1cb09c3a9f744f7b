// SPDX-License-Identifier: Apache-2.0
// Whether a network's outputs can be held against a data set's targets.
#pragma once

#include <cstdint>
#include <string>

#include "golden/data/dataset.hpp"

namespace sparsys {

// Throws Error "<name>: ..." unless a network of so many outputs fits: as many as there are classes
// or more, or exactly as many as there are numbers.
void check_outputs_fit(const std::string& name, uint64_t outputs, const Dataset& data);

}  // namespace sparsys
