// SPDX-License-Identifier: Apache-2.0
// What an image of the sparse engine says, read from its memories (docs/reference/eie-format.md).
#pragma once

#include <vector>

#include "golden/engine/eie/image.hpp"

namespace sparsys::eie {

// The sparse matrices back from the image's memories alone: name, inputs, outputs (constants
// included), relu, codebook, column_start, row and code; the shift is in input_frac, and counts of
// constants, which the memories do not tell, are 0. Throws Error naming pass, PE and column if
// pointers fall or leave the memories, a row is not one of the pass's outputs, a row comes twice,
// or the passes do not make up layers.
std::vector<Layer> decode_image(const Image& image);

}  // namespace sparsys::eie
