// SPDX-License-Identifier: Apache-2.0
#include "golden/engine/mxu/layout.hpp"

#include <algorithm>
#include <array>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/network/check.hpp"

namespace sparsys::mxu {
namespace {

constexpr uint64_t kMaxWeightBytes = uint64_t{1} << 33;

}  // namespace

Layout::Layout(const Network& network, Program& program)
    : network_(network), name_("network '" + printable(network.name) + "'") {
  check(program.config);
  check(network_, name_);
  if (program.batch < 1) throw Error(name_ + ": a batch of no images");
  program.plane_width = std::min(program.config.rows, program.config.cols);
  plan(program);
  place_values(program);
  write_weights(program);
  write_parameters(program);
}

void Layout::fail(size_t l, const std::string& what) const {
  throw Error(name_ + ": " + layer_name(l, network_.layers[l].name) + ": " + what);
}

void Layout::check_field(size_t l, int64_t value, int64_t least, int64_t most,
                         const char* what) const {
  if (value >= least && value <= most) return;
  fail(l, std::string(what) + " " + std::to_string(value) + " does not fit, expected " +
              std::to_string(least) + " to " + std::to_string(most));
}

void Layout::plan(Program& program) {
  const uint32_t width = program.plane_width;
  for (size_t l = 0; l < network_.layers.size(); ++l) {
    const Layer& from = network_.layers[l];
    if (from.kind != Kind::kConvolution || !from.sources.empty() || from.groups != 1 ||
        from.window.dilation != std::array<uint32_t, 2>{1, 1} ||
        from.rounding != Rounding::kSingle) {
      fail(l, "is no layer of a chain with single rounding");
    }
    Plan plan;
    plan.in_planes = ceil_divide(from.channels, width);
    plan.out_planes = ceil_divide(from.outputs, width);
    plan.in_pixels = from.height * from.width;
    plan.out_pixels = from.out_height() * from.out_width();
    plan.conv_height = from.conv_height();
    plan.conv_width = from.conv_width();
    plan.taps = from.window.kernel[0] * from.window.kernel[1];
    const bool no_pad = from.window.pad == std::array<uint32_t, 4>{};
    const std::array<uint32_t, 2> one{1, 1};
    plan.rows_as_they_are =
        no_pad && from.window.kernel == one && (from.window.stride == one || plan.in_pixels == 1);
    plan.one_result =
        !plan.rows_as_they_are && no_pad && plan.conv_height == 1 && plan.conv_width == 1;
    if (plan.one_result) {
      check_field(l, plan.in_pixels, 1, kMaxRows, "pitch");
    } else if (!plan.rows_as_they_are) {
      check_field(l, from.window.kernel[0], 1, 128, "vertical window");
      check_field(l, from.window.kernel[1], 1, 128, "horizontal window");
      check_field(l, -int64_t{from.window.pad[0]}, -128, 0, "vertical padding");
      check_field(l, -int64_t{from.window.pad[1]}, -128, 0, "horizontal padding");
    }
    check_field(l, uint64_t{plan.in_planes} * plan.taps, 1, kMaxRows, "tiles for an output");
    plan.first_tile = program.tiles;
    program.tiles += uint64_t{plan.in_planes} * plan.out_planes * plan.taps;
    plans.push_back(plan);
  }
  const Layer& last = network_.layers.back();
  program.in_channels = network_.layers[0].channels;
  program.in_pixels = plans.front().in_pixels;
  program.out_channels = last.outputs;
  program.out_pixels = plans.back().out_pixels;
}

// Inputs and outputs of a layer lie at opposite ends of the unified buffer. The batch is cut into
// as few passes as they have room for.
void Layout::place_values(Program& program) {
  uint64_t images = program.batch;
  for (size_t l = 0; l < plans.size(); ++l) {
    const uint64_t rows = uint64_t{plans[l].in_planes} * plans[l].in_pixels +
                          uint64_t{plans[l].out_planes} * plans[l].out_pixels;
    images = std::min(images, program.config.ub_depth / rows);
    if (images == 0) {
      fail(l, "input and output of an image take " + number(rows) +
                  " rows of the unified buffer, which has " + number(program.config.ub_depth));
    }
  }
  program.passes = ceil_divide(program.batch, images);
  pass_images = ceil_divide(program.batch, program.passes);
  program.passes = ceil_divide(program.batch, pass_images);
  for (size_t l = 0; l < plans.size(); ++l) {
    Plan& plan = plans[l];
    const uint64_t in = uint64_t{plan.in_planes} * plan.in_pixels * pass_images;
    const uint64_t out = uint64_t{plan.out_planes} * plan.out_pixels * pass_images;
    plan.in_base = l % 2 == 0 ? 0 : program.config.ub_depth - in;
    plan.out_base = l % 2 == 0 ? program.config.ub_depth - out : 0;
  }
}

// Tile (outputs n, inputs k, tap): in this order, the last fastest.
void Layout::write_weights(Program& program) const {
  const uint64_t tile_bytes = uint64_t{program.config.rows} * program.config.cols;
  if (program.tiles * tile_bytes > kMaxWeightBytes) {
    throw Error(name_ + ": takes " + number(program.tiles * tile_bytes) +
                " bytes of weight memory, which has " + number(kMaxWeightBytes));
  }
  program.weights.assign(static_cast<size_t>(program.tiles * tile_bytes), 0);
  const uint32_t width = program.plane_width;
  for (size_t l = 0; l < plans.size(); ++l) {
    const Plan& plan = plans[l];
    const Layer& from = network_.layers[l];
    for (uint32_t o = 0; o < from.outputs; ++o) {
      for (uint32_t c = 0; c < from.channels; ++c) {
        for (uint32_t tap = 0; tap < plan.taps; ++tap) {
          const uint64_t tile = plan.first_tile +
                                (uint64_t{o / width} * plan.in_planes + c / width) * plan.taps +
                                tap;
          const uint64_t row = program.config.rows - 1 - c % width;  // the array's last row first
          program.weights[tile * tile_bytes + row * program.config.cols + o % width] =
              static_cast<uint8_t>(from.weights[(size_t{o} * from.channels + c) * plan.taps + tap]);
        }
      }
    }
  }
}

void Layout::write_parameters(Program& program) {
  const size_t lanes = program.config.lanes();
  const uint32_t width = program.plane_width;
  size_t sets = 0;
  for (Plan& plan : plans) {
    plan.first_set = sets;
    sets += plan.out_planes;
  }
  program.parameters.assign(sets * kPlanes * lanes, 0);
  for (size_t l = 0; l < plans.size(); ++l) {
    const Layer& from = network_.layers[l];
    for (uint32_t o = 0; o < from.outputs; ++o) {
      uint8_t* at =
          &program.parameters[(plans[l].first_set + o / width) * kPlanes * lanes + o % width];
      for (unsigned b = 0; b < 4; ++b) {
        at[b * lanes] = static_cast<uint8_t>(static_cast<uint32_t>(from.bias[o]) >> (8 * b));
        at[(4 + b) * lanes] =
            static_cast<uint8_t>(static_cast<uint32_t>(from.multiplier[o]) >> (8 * b));
      }
      at[8 * lanes] = from.shift[o];
    }
  }
}

}  // namespace sparsys::mxu
