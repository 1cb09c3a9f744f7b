// SPDX-License-Identifier: Apache-2.0
// What the compiler cuts a layer's work into, so that the accumulators hold it
// (docs/reference/mxu-compile.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "golden/engine/mxu/layout.hpp"
#include "golden/network/mxu_network.hpp"

namespace sparsys::mxu {

// The work of one range of accumulators: one tile of outputs of some images, or of some lines of
// one image.
struct Block {
  size_t layer = 0;
  uint32_t pass = 0;
  uint32_t first_image = 0;  // in the pass
  uint32_t images = 0;
  uint32_t first_line = 0;  // of the output
  uint32_t lines = 0;
  uint32_t first_conv_line = 0;
  uint32_t conv_lines = 0;
  uint32_t tile = 0;  // of outputs

  // Accumulators of an operand; of the block's layer.
  uint32_t rows(const Plan& plan) const { return images * conv_lines * plan.conv_width; }
};

// The blocks of a pass of so many images, layer after layer: each has at most `half` accumulator
// rows, those of all its operands. Throws Error if a line of output has more.
std::vector<Block> blocks_of(const Network& network, const Layout& layout, uint32_t half,
                             uint32_t pass, uint32_t images);

}  // namespace sparsys::mxu
