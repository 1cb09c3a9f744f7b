// SPDX-License-Identifier: Apache-2.0
#include "golden/engine/mxu/blocks.hpp"

#include <algorithm>

#include "golden/base/text.hpp"

namespace sparsys::mxu {
namespace {

// Lines first .. first + lines - 1 of the output, and what of the convolution they come from.
void set_lines(Block& block, const Window& pool, const Plan& plan, uint32_t first, uint32_t lines) {
  block.first_line = first;
  block.lines = lines;
  const uint64_t begin = uint64_t{first} * pool.stride[0];
  const uint64_t end = uint64_t{first + lines - 1} * pool.stride[0] + pool.kernel[0];
  const uint64_t height = plan.conv_height;
  block.first_conv_line = static_cast<uint32_t>(begin > pool.pad[0] ? begin - pool.pad[0] : 0);
  block.conv_lines =
      static_cast<uint32_t>(std::min(end - pool.pad[0], height)) - block.first_conv_line;
}

// One for each tile of outputs.
void append_tiles(Block block, const Plan& plan, std::vector<Block>& blocks) {
  for (block.tile = 0; block.tile < plan.outputs.size(); ++block.tile) blocks.push_back(block);
}

// As many images as have room at a time.
void append_groups(Block block, const Plan& plan, uint32_t height, uint32_t most, uint32_t images,
                   std::vector<Block>& blocks) {
  const uint32_t group = ceil_divide(images, ceil_divide(images, most));
  block.lines = height;
  // All of it, though no window may reach the last lines.
  block.conv_lines = plan.conv_height;
  for (uint32_t first = 0; first < images; first += group) {
    block.first_image = first;
    block.images = std::min(group, images - first);
    append_tiles(block, plan, blocks);
  }
}

}  // namespace

std::vector<Block> blocks_of(const Network& network, const Layout& layout, uint32_t half,
                             uint32_t pass, uint32_t images) {
  std::vector<Block> blocks;
  for (size_t l = 0; l < layout.plans.size(); ++l) {
    const Plan& plan = layout.plans[l];
    if (!plan.computes) continue;
    const Window& pool = network.layers[l].pool;
    const uint32_t height = network.layers[l].out_height();
    const uint32_t room = std::min(half / plan.operands, kMaxRows);
    const uint64_t image_rows = uint64_t{plan.conv_height} * plan.conv_width;
    Block block;
    block.layer = l;
    block.pass = pass;
    if (image_rows <= room) {
      const auto most = static_cast<uint32_t>(std::min<uint64_t>(images, room / image_rows));
      append_groups(block, plan, height, most, images, blocks);
      continue;
    }
    // The most lines of output whose windows have room, wherever they begin.
    const uint64_t lines = room / plan.conv_width;
    if (lines < pool.kernel[0]) {
      layout.fail(l, "a line of output takes " +
                         number(uint64_t{pool.kernel[0]} * plan.conv_width) +
                         " accumulators of a channel, a half of them has " + number(half));
    }
    const auto strip = static_cast<uint32_t>((lines - pool.kernel[0]) / pool.stride[0] + 1);
    block.images = 1;
    for (block.first_image = 0; block.first_image < images; ++block.first_image) {
      for (uint32_t first = 0; first < height; first += strip) {
        set_lines(block, pool, plan, first, std::min(strip, height - first));
        append_tiles(block, plan, blocks);
      }
    }
  }
  return blocks;
}

}  // namespace sparsys::mxu
