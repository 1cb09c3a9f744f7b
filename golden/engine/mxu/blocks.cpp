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

namespace {

// How many blocks from b on have a half of the accumulators together. While their products are
// added to it, the blocks in the other half are activated, which begins only when no sum is on its
// way to that half any more: the products of one block may be too short for that.
size_t blocks_together(const std::vector<Block>& blocks, size_t b, const Layout& layout,
                       const Program& program) {
  const Block& block = blocks[b];
  const Plan& plan = layout.plans[block.layer];
  const Config& config = program.config;
  const uint32_t images =
      std::min(layout.pass_images, program.batch - block.pass * layout.pass_images);
  if (!plan.rows_as_they_are || plan.operands != 1 || block.images != images) return 1;
  const uint64_t rows = block.rows(plan);
  const uint64_t products = block.output(layout).steps.size() * rows;
  const uint64_t way = config.rows + config.cols + 24;
  size_t together = 1;
  while (together * products < way + together * (rows * config.turns() + 16)) {
    const size_t next = b + together;
    if (2 * (together + 1) > plan.outputs.size() + 1 || next >= blocks.size() ||
        blocks[next].layer != block.layer || blocks[next].pass != block.pass ||
        blocks[next].images != images || (together + 1) * rows > config.acc_depth / 2) {
      break;
    }
    ++together;
  }
  return together;
}

// The step from which on a block takes one of the last `late` planes of its inputs; 0 if that is no
// place to part it.
size_t late_step(const Block& block, const Layout& layout, size_t late) {
  const size_t planes = layout.plans[block.layer].inputs[0].size();
  const std::vector<Step>& steps = block.output(layout).steps;
  const auto found = std::find_if(steps.begin(), steps.end(),
                                  [&](const Step& step) { return step.plane + late >= planes; });
  return found == steps.end() || !found->take ? 0 : static_cast<size_t>(found - steps.begin());
}

}  // namespace

std::vector<Part> parts_of(const std::vector<Block>& blocks, const Layout& layout,
                           const Program& program) {
  std::vector<Part> parts;
  uint32_t half = 0;
  size_t before = 0;  // blocks that had the other half
  for (size_t b = 0; b < blocks.size();) {
    const size_t together = blocks_together(blocks, b, layout, program);
    const Plan& plan = layout.plans[blocks[b].layer];
    // What the blocks before make stands behind the rest.
    const bool follows = b > 0 && blocks[b].layer != blocks[b - 1].layer && plan.operands == 1 &&
                         plan.inputs[0].back().storage == layout.plans[blocks[b - 1].layer].storage;
    std::vector<size_t> cut(together);
    bool parted = follows && together > 1;
    for (size_t g = 0; g < together && parted; ++g) {
      cut[g] = late_step(blocks[b + g], layout, before);
      parted = cut[g] != 0;
    }
    for (size_t g = 0; g < together; ++g) {
      const size_t steps = blocks[b + g].output(layout).steps.size();
      parts.push_back(
          {b + g, 0, parted ? cut[g] : steps, half, static_cast<uint32_t>(together - g)});
    }
    for (size_t g = 0; g < together && parted; ++g) {
      parts.push_back({b + g, cut[g], blocks[b + g].output(layout).steps.size(), half});
    }
    b += together;
    before = together;
    half ^= 1;
  }
  return parts;
}

}  // namespace sparsys::mxu
