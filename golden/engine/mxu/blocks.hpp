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

  const OutPlane& output(const Layout& layout) const { return layout.plans[layer].outputs[tile]; }
  // Accumulators of an operand; of the block's layer.
  uint32_t rows(const Plan& plan) const { return images * conv_lines * plan.conv_width; }
};

// The blocks of a pass of so many images, layer after layer: each has at most `half` accumulator
// rows, those of all its operands. Throws Error if a line of output has more.
std::vector<Block> blocks_of(const Network& network, const Layout& layout, uint32_t half,
                             uint32_t pass, uint32_t images);

// Products of a block that follow one another: steps of its plane of outputs.
struct Part {
  size_t block = 0;
  size_t first_step = 0;
  size_t end_step = 0;
  uint32_t half = 0;    // of the accumulators
  uint32_t blocks = 1;  // that need room in it together, from this one on
};

// All products in their order (docs/reference/mxu-compile.md section 3).
std::vector<Part> parts_of(const std::vector<Block>& blocks, const Layout& layout,
                           const Program& program);

}  // namespace sparsys::mxu
