// SPDX-License-Identifier: Apache-2.0
#include "golden/engine/mxu/layout.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/network/check.hpp"

namespace sparsys::mxu {

Layout::Layout(const Network& network, Program& program)
    : network_(network), name_("network '" + printable(network.name) + "'") {
  check(program.config);
  check(network_, name_);
  if (program.batch < 1) throw Error(name_ + ": a batch of no images");
  program.plane_width = std::min(program.config.rows, program.config.cols);
  plan(program);
  place_values(program);
  for (size_t l = 0; l < plans.size(); ++l) {
    program.layers.emplace_back();
    if (!plans[l].computes) continue;
    const bool in_order =
        program.in_order && storages[plans[l].storage].last_use == network_.layers.size() + 1;
    add_tiles(network_.layers[l], plans[l], storages, program, in_order, name_);
    for (const OutPlane& out : plans[l].outputs) {
      check_field(l, static_cast<int64_t>(out.tile_ends.size()), 1, kMaxRows,
                  "tiles for an output");
      check_field(l, static_cast<int64_t>(out.tile_ends.back()), 1, kMaxBeats,
                  "beats of weights for an output");
    }
  }
  write_parameters(program);
  for (const Plane& plane : output) {
    std::vector<uint16_t> lanes;
    for (uint32_t c = 0; c < plane.channels; ++c) {
      lanes.push_back(static_cast<uint16_t>(storages[plane.storage].lane(plane.index, c)));
    }
    program.out_planes.push_back({plane.first_channel, std::move(lanes)});
  }
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

uint64_t Layout::row_of(const Plane& plane, uint64_t image) const {
  const Storage& storage = storages[plane.storage];
  return storage.base + (uint64_t{plane.index} * pass_images + image) * storage.pixels;
}

// Planes of what a Concat or Reshape gives: those of what it takes.
std::vector<Plane> Layout::planes_of(size_t l,
                                     const std::vector<std::vector<Plane>>& values) const {
  const Layer& layer = network_.layers[l];
  const std::vector<uint32_t> sources = network_.sources_of(l);
  if (layer.kind == Kind::kReshape) {
    if (layer.outputs != layer.channels) {
      fail(l, "makes " + number(layer.outputs) + " channels of " + number(layer.channels) +
                  ": the matrix unit has no operation that moves pixels into channels");
    }
    return values[sources[0]];
  }
  std::vector<Plane> planes;
  uint32_t first = 0;
  for (const uint32_t v : sources) {
    for (Plane plane : values[v]) {
      plane.first_channel += first;
      planes.push_back(plane);
    }
    first += network_.value(v).channels;
  }
  return planes;
}

void Layout::check_windows(size_t l, Plan& plan) const {
  const Layer& from = network_.layers[l];
  const Window& window = from.window;
  const bool no_pad = window.pad == std::array<uint32_t, 4>{};
  const std::array<uint32_t, 2> one{1, 1};
  plan.apart = from.apart != one;
  if (plan.apart) return;
  plan.rows_as_they_are =
      no_pad && window.kernel == one && (window.stride == one || plan.in_pixels == 1);
  plan.one_result =
      !plan.rows_as_they_are && no_pad && plan.conv_height == 1 && plan.conv_width == 1;
  if (plan.one_result) {
    check_field(l, plan.in_pixels, 1, kMaxRows, "pitch");
  } else if (!plan.rows_as_they_are) {
    check_field(l, window.reach(0), 1, 128, "vertical window");
    check_field(l, window.reach(1), 1, 128, "horizontal window");
    check_field(l, -int64_t{window.pad[0]}, -128, 0, "vertical padding");
    check_field(l, -int64_t{window.pad[1]}, -128, 0, "horizontal padding");
  }
}

void Layout::plan(Program& program) {
  const uint32_t width = program.plane_width;
  const size_t count = network_.layers.size();
  std::vector<std::vector<Plane>> values(count + 1);
  const auto store = [&](size_t v) {
    const Value value = network_.value(v);
    Storage storage;
    storage.planes = ceil_divide(value.channels, width);
    storage.pixels = value.height * value.width;
    storage.made_by = storage.last_use = v;
    for (uint32_t k = 0; k < storage.planes; ++k) {
      values[v].push_back(
          {k * width, std::min(width, value.channels - k * width), storages.size(), k});
    }
    storages.push_back(storage);
  };
  store(0);
  for (size_t l = 0; l < count; ++l) {
    const Layer& from = network_.layers[l];
    Plan plan;
    if (from.kind == Kind::kConcat || from.kind == Kind::kReshape) {
      values[l + 1] = planes_of(l, values);
      plans.push_back(plan);
      continue;
    }
    plan.computes = true;
    for (const uint32_t v : network_.sources_of(l)) {
      plan.inputs.push_back(values[v]);
      for (const Plane& plane : values[v]) storages[plane.storage].last_use = l + 1;
    }
    plan.operands = static_cast<uint32_t>(plan.inputs.size());
    plan.in_pixels = from.height * from.width;
    plan.out_pixels = from.out_height() * from.out_width();
    plan.conv_height = from.conv_height();
    plan.conv_width = from.conv_width();
    check_windows(l, plan);
    plan.storage = storages.size();
    store(l + 1);
    plan.outputs.resize(storages.back().planes);
    plan.shared_sets = from.kind != Kind::kConvolution;
    plan.sets = from.kind == Kind::kAdd ? 3 : 1;
    if (plan.sets > program.config.param_sets) {
      fail(l, "takes " + number(plan.sets) + " parameter sets, the unit has " +
                  number(program.config.param_sets));
    }
    plans.push_back(plan);
  }
  output = values.back();
  for (const Plane& plane : output) storages[plane.storage].last_use = count + 1;
  if (storages.size() == 1) throw Error(name_ + ": has no layer that computes");
  const Value in = network_.value(0);
  const Value out = network_.value(count);
  program.in_channels = in.channels;
  program.in_pixels = in.height * in.width;
  program.out_channels = out.channels;
  program.out_pixels = out.height * out.width;
}

// Gives each value rows that no other has while it is needed. With `both_ends` they are taken from
// the two ends of the buffer in turns, so that a chain's values change places; else from its
// beginning.
bool Layout::place(uint64_t images, uint64_t depth, bool both_ends) {
  bool at_end = false;
  for (size_t s = 0; s < storages.size(); ++s) {
    Storage& storage = storages[s];
    const uint64_t rows = storage.rows(images);
    std::vector<std::array<uint64_t, 2>> taken;  // by values that are needed still
    for (size_t t = 0; t < s; ++t) {
      if (storages[t].last_use >= storage.made_by) {
        taken.push_back({storages[t].base, storages[t].base + storages[t].rows(images)});
      }
    }
    std::sort(taken.begin(), taken.end());
    bool found = false;
    uint64_t begin = 0;
    taken.push_back({depth, depth});
    for (const std::array<uint64_t, 2>& other : taken) {
      if (other[0] >= begin + rows) {
        storage.base = at_end && both_ends ? other[0] - rows : begin;
        found = true;
        if (!at_end || !both_ends) break;  // the first gap, else the last
      }
      begin = std::max(begin, other[1]);
    }
    if (!found) return false;
    at_end = !at_end;
  }
  return true;
}

// The batch is cut into as few passes as the unified buffer has room for.
void Layout::place_values(Program& program) {
  const uint64_t depth = program.config.ub_depth;
  uint64_t images = program.batch;
  for (size_t l = 0; l < plans.size(); ++l) {
    if (!plans[l].computes) continue;
    uint64_t rows = 0;  // of an image, of all values that are needed while the layer is computed
    for (const Storage& storage : storages) {
      if (storage.made_by <= l + 1 && storage.last_use >= l + 1) rows += storage.rows(1);
    }
    images = std::min(images, depth / rows);
    if (images == 0) {
      fail(l, "input and output of an image take " + number(rows) +
                  " rows of the unified buffer, which has " + number(depth));
    }
  }
  // Gaps between values may leave room for fewer.
  for (;; --images) {
    if (images == 0) {
      throw Error(name_ + ": the values of an image have no room together in the " + number(depth) +
                  " rows of the unified buffer");
    }
    program.passes = ceil_divide(program.batch, images);
    pass_images = ceil_divide(program.batch, program.passes);
    program.passes = ceil_divide(program.batch, pass_images);
    if (place(pass_images, depth, true) || place(pass_images, depth, false)) return;
  }
}

namespace {

// A channel's column of a set.
struct Factor {
  int32_t bias = 0;
  int32_t multiplier = 0;
  uint8_t shift = 0;
};

// Set s of a layer, of output o.
Factor factor_of(const Layer& layer, uint32_t s, uint32_t o) {
  switch (layer.kind) {
    case Kind::kPool:
      return {-layer.input_zero, layer.multiplier[0], layer.shift[0]};
    case Kind::kAdd:
      return {s == 0   ? -layer.input_zero
              : s == 1 ? -layer.second_zero
                       : 0,
              layer.multiplier[s], layer.shift[s]};
    default:
      return {layer.bias[o], layer.multiplier[o], layer.shift[o]};
  }
}

}  // namespace

void Layout::write_parameters(Program& program) {
  const size_t lanes = program.config.lanes();
  const uint32_t width = program.plane_width;
  for (size_t l = 0; l < plans.size(); ++l) {
    Plan& plan = plans[l];
    if (!plan.computes) continue;
    const Layer& from = network_.layers[l];
    plan.first_set = program.parameters.size() / (kPlanes * lanes);
    const uint32_t planes = plan.shared_sets ? 1 : static_cast<uint32_t>(plan.outputs.size());
    for (uint32_t n = 0; n < planes; ++n) {
      for (uint32_t s = 0; s < plan.sets; ++s) {
        const size_t first = program.parameters.size();
        program.parameters.resize(first + kPlanes * lanes);
        const uint32_t outputs =
            plan.shared_sets ? width : std::min(width, from.outputs - n * width);
        for (uint32_t o = 0; o < outputs; ++o) {
          const Factor factor = factor_of(from, s, n * width + o);
          const uint32_t lane = plan.shared_sets ? o : storages[plan.storage].lane(n, o);
          uint8_t* at = &program.parameters[first + lane];
          for (unsigned b = 0; b < 4; ++b) {
            at[b * lanes] = static_cast<uint8_t>(static_cast<uint32_t>(factor.bias) >> (8 * b));
            at[(4 + b) * lanes] =
                static_cast<uint8_t>(static_cast<uint32_t>(factor.multiplier) >> (8 * b));
          }
          at[8 * lanes] = factor.shift;
        }
      }
    }
  }
}

}  // namespace sparsys::mxu
