// SPDX-License-Identifier: Apache-2.0
// The back door of the Verilated sparse engine: its memories are written as variables.
#pragma once

#include "golden/engine/eie/image.hpp"

class VerilatedContext;

namespace sparsys::eie {

// Puts the image into the RAMs of the engine in this context. Throws Error if a RAM is not to be
// found, as in a netlist.
void put(VerilatedContext& context, const Image& image);

}  // namespace sparsys::eie
