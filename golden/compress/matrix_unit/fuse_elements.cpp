// SPDX-License-Identifier: Apache-2.0
// Functions, poolings, sums, concatenations, padding.
#include <algorithm>
#include <cmath>
#include <string>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/compress/matrix_unit/fuser.hpp"
#include "golden/compress/matrix_unit/mxu_window.hpp"

namespace sparsys {

float Fuser::bound(float value) {
  return std::abs(value) == std::numeric_limits<float>::max() ? value * 2 : value;
}

bool Fuser::clipped(const FloatLayer& fused) {
  return fused.least > -std::numeric_limits<float>::infinity() ||
         fused.largest < std::numeric_limits<float>::infinity();
}

bool Fuser::has_table(const FloatLayer& fused) {
  return fused.layer.function == mxu::Function::kSigmoid ||
         fused.layer.function == mxu::Function::kTanh;
}

FloatLayer& Fuser::for_function(size_t value) {
  FloatLayer* last = last_of(value);
  if (last != nullptr && last->layer.pooling != mxu::Pooling::kAverage && !has_table(*last)) {
    last->keeps = false;
    return *last;
  }
  return new_layer(unpadded(value), mxu::Kind::kPool);
}

void Fuser::clip(const Graph::Step& step, float least, float largest) {
  FloatLayer& fused = for_function(step.x);
  const float before = fused.least;
  fused.least = std::clamp(least, before, fused.largest);
  fused.largest = std::clamp(largest, before, fused.largest);
  fused.layer.function = fused.least == 0 ? mxu::Function::kRelu : mxu::Function::kIdentity;
  finish(step);
}

void Fuser::add_table(const Graph::Step& step, mxu::Function function) {
  FloatLayer* fused = &for_function(step.x);
  if (clipped(*fused)) fused = &new_layer(unpadded(step.x), mxu::Kind::kPool);
  fused->layer.function = function;
  finish(step);
}

void Fuser::add_curve(const Graph::Step& step) {
  FloatLayer& fused = new_layer(unpadded(step.x), mxu::Kind::kPool);
  if (step.op == Op::kPRelu) {
    // A slope for each channel.
    for (const double slope : per_output(step, fused.layer.channels)) {
      fused.curves.push_back({Op::kLeakyRelu, static_cast<float>(slope), 1});
    }
  } else {
    fused.curves.push_back(step.function);
  }
  finish(step);
}

FloatLayer& Fuser::for_pooling(const Graph::Step& step) {
  const Seen& from = map(step.x);
  FloatLayer* last = last_of(step.x);
  if (last != nullptr && last->layer.pooling == mxu::Pooling::kNone &&
      last->layer.kind != mxu::Kind::kAdd) {
    return *last;
  }
  FloatLayer& fused = new_layer(from, mxu::Kind::kPool);
  fused.keeps = true;
  return fused;
}

void Fuser::add_maximum(const Graph::Step& step) {
  const mxu::Window window = window_of(step.sliding);
  if (window.dilation != std::array<uint32_t, 2>{1, 1}) refuse("has a dilation");
  unpadded(step.x);
  mxu::Layer& layer = for_pooling(step).layer;
  layer.pooling = mxu::Pooling::kMax;
  layer.pool = window;
  finish(step);
}

void Fuser::add_average(const Graph::Step& step) {
  mxu::Window window = window_of(step.sliding);
  const uint64_t values = uint64_t{window.kernel[0]} * window.kernel[1];
  const Seen from = map(step.x);
  if (values > 255 || from.pad != kNoPad) {
    if (window.pad != kNoPad) {
      refuse(
          "averages windows of more than 255 values, or of a padding, that reach beyond the map");
    }
    // Of zeros around the map, too, if there is a padding: sums with weights.
    FloatLayer& fused = new_layer(from, mxu::Kind::kConvolution);
    window.pad = from.pad;
    fused.layer.window = window;
    fused.layer.groups = fused.layer.channels;
    fused.weights.assign(values * from.channels,
                         static_cast<float>(1 / static_cast<double>(values)));
    fused.bias.assign(from.channels, 0);
    return finish(step);
  }
  FloatLayer& fused = for_pooling(step);
  fused.spread = step.x;
  fused.layer.pooling = mxu::Pooling::kAverage;
  fused.layer.pool = window;
  finish(step);
}

void Fuser::add_sum(const Graph::Step& step) {
  const Seen from[2] = {unpadded(step.x), unpadded(step.other)};
  if (from[0].channels != from[1].channels || from[0].height != from[1].height ||
      from[0].width != from[1].width) {
    refuse("adds values of different sizes, the matrix unit only equal ones");
  }
  mxu::Layer& layer = new_layer(from[0], mxu::Kind::kAdd).layer;
  layer.sources = {from[0].value, from[1].value};
  finish(step);
}

void Fuser::add_concat(const Graph::Step& step) {
  const size_t rank = shapes_[step.y].size();
  if (axis_of(network_.nodes[n_].axis, rank) != 1) {
    refuse("joins along another axis than the channels");
  }
  // Values of another's scale, or that others take, are brought to that of the whole first.
  std::vector<Seen> sources;
  std::vector<size_t> tied;
  for (const size_t value : step.sources) {
    Seen from = unpadded(value);
    if (from.flat) refuse("joins vectors that are maps of the matrix unit");
    const bool own = from.value > 0 && graph_.values()[value].uses == 1 &&
                     layers_[from.value - 1].value == value &&
                     layers_[from.value - 1].layer.kind != mxu::Kind::kReshape &&
                     !has_table(layers_[from.value - 1]) && !layers_[from.value - 1].keeps;
    if (!own) {
      FloatLayer& fused = new_layer(from, mxu::Kind::kPool);
      fused.layer.name += " of " + number(sources.size() + 1);
      fused.value = fused.spread = value;
      from.value = static_cast<uint32_t>(layers_.size());
    }
    tied.push_back(from.value - 1);
    sources.push_back(from);
  }
  FloatLayer& fused = new_layer(sources[0], mxu::Kind::kConcat);
  fused.layer.sources.clear();
  fused.layer.outputs = 0;
  for (const Seen& from : sources) {
    if (from.height != sources[0].height || from.width != sources[0].width) {
      refuse("joins maps of different sizes");
    }
    fused.layer.sources.push_back(from.value);
    fused.layer.outputs += from.channels;
  }
  for (const size_t l : tied) layers_[l].tied = layers_.size() - 1;
  finish(step);
}

void Fuser::add_padding(const Graph::Step& step) {
  const Node& node = network_.nodes[n_];
  const size_t rank = node.shape.size() / 2;
  Seen& seen = seen_[step.y];
  seen = seen_[step.x];
  for (size_t d = 0; d < rank; ++d) {
    const int64_t ends[2] = {node.shape[d], node.shape[rank + d]};
    if (ends[0] == 0 && ends[1] == 0) continue;
    if (d < 2 || rank > 4 || seen.flat || ends[0] < 0 || ends[1] < 0) {
      refuse("pads what is no map of the matrix unit");
    }
    if (node.alpha != 0) refuse("pads with " + std::to_string(node.alpha) + ", not with 0");
    const size_t side = rank == 4 ? d - 2 : 1;
    seen.pad[side] += static_cast<uint32_t>(ends[0]);
    seen.pad[side + 2] += static_cast<uint32_t>(ends[1]);
  }
}

}  // namespace sparsys
