// SPDX-License-Identifier: Apache-2.0
// Quantised networks with branches for tests: all kinds of layers on any values before them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "tb/support/random_mxu_network.hpp"

namespace sparsys::mxu {

// Grows a network, layer by layer; values are named by their numbers
// (golden/network/mxu_network.hpp).
class RandomGraph {
 public:
  explicit RandomGraph(uint64_t seed, uint32_t side = 8, uint32_t most = 12)
      : random_(seed, 79), most_(most) {
    network_.name = "graph " + std::to_string(seed);
    const bool maps = random_.below(5) != 0;
    input_ = {upto(random_, most), maps ? upto(random_, side) : 1, maps ? upto(random_, side) : 1,
              1, zeros_[random_.below(2)]};
  }

  Network grow(uint32_t layers) {
    while (network_.layers.size() < layers) {
      switch (random_.below(8)) {
        case 0:
        case 1:
          add_sum();
          break;
        case 2:
          add_concat();
          break;
        case 3:
          add_pool();
          break;
        case 4:
          add_reshape();
          break;
        default:
          add_convolution();
      }
    }
    return network_;
  }

 private:
  size_t values() const { return network_.layers.size() + 1; }
  Value value(uint32_t v) const { return network_.layers.empty() ? input_ : network_.value(v); }
  // The newer, the likelier. The first layer takes the input, so that it says what that is.
  uint32_t any() {
    const size_t all = values();
    return static_cast<uint32_t>(all - 1 - std::min(random_.below(all), random_.below(all)));
  }

  Layer layer_of(Kind kind, uint32_t source) {
    const Value from = value(source);
    Layer layer;
    layer.name = "layer" + std::to_string(values());
    layer.kind = kind;
    layer.sources = {source};
    layer.channels = layer.outputs = from.channels;
    layer.height = from.height;
    layer.width = from.width;
    layer.input_zero = layer.output_zero = from.zero;
    return layer;
  }

  // What all that requantise have.
  void finish(Layer& layer) {
    layer.rounding = static_cast<Rounding>(random_.below(2));
    layer.output_zero = zeros_[random_.below(2)];
    layer.function =
        static_cast<Function>(random_.below(6) == 0 ? random_.below(4) : random_.below(2));
    if (random_.below(3) == 0) {
      layer.low = static_cast<int8_t>(-static_cast<int>(random_.below(100)));
      layer.high = static_cast<int8_t>(random_.below(100));
    }
    network_.layers.push_back(layer);
  }
  void factor(Layer& layer, uint32_t least_shift, uint32_t shifts) {
    layer.multiplier.push_back(static_cast<int32_t>((1U << 30) + random_.below(1U << 30)));
    layer.shift.push_back(static_cast<uint8_t>(least_shift + random_.below(shifts)));
  }

  void add_convolution() {
    Layer layer = layer_of(Kind::kConvolution, any());
    layer.outputs = upto(random_, most_);
    switch (random_.below(4)) {
      case 0:
      case 1:  // depthwise
        layer.groups = layer.channels;
        layer.outputs = layer.channels * upto(random_, 2);
        break;
      case 2:
        layer.groups = layer.channels % 2 == 0 ? 2 : layer.channels % 3 == 0 ? 3 : 1;
        layer.outputs = layer.groups * upto(random_, most_ / 2);
        break;
      default:
        break;
    }
    if (random_.below(6) == 0) {
      layer.window.kernel = {layer.height, layer.width};
    } else {
      random_window(layer, random_);
      for (size_t s = 0; s < 2; ++s) {
        const uint32_t size = s == 0 ? layer.height : layer.width;
        Window& w = layer.window;
        if (w.kernel[s] > 1 && w.pad[s] + w.pad[s + 2] == 0 && random_.below(3) == 0 &&
            2 * w.kernel[s] - 1 <= size) {
          w.dilation[s] = 2;
        }
      }
    }
    random_pooling(layer, random_);
    if (random_.below(10) == 0) {  // a sum of a window: taps with the same tile
      fill_layer(layer, random_);
      std::fill(layer.weights.begin(), layer.weights.end(), int8_t{1});
      for (uint8_t& shift : layer.shift) shift = static_cast<uint8_t>(30 + random_.below(4));
      for (int32_t& bias : layer.bias) bias = static_cast<int32_t>(random_.below(200)) - 100;
    } else {
      fill_layer(layer, random_);
    }
    finish(layer);
  }

  void add_pool() {
    Layer layer = layer_of(Kind::kPool, any());
    random_pooling(layer, random_);
    if (layer.pooling == Pooling::kNone && layer.height < 12 && layer.width < 12) {
      layer.apart = {upto(random_, 3), upto(random_, 3)};
    }
    if (random_.below(2) == 0) {  // as it is
      layer.multiplier = {1};
      layer.shift = {0};
    } else {
      factor(layer, 29, 3);
    }
    finish(layer);
  }

  void add_sum() {
    const uint32_t first = any();
    const Value a = value(first);
    uint32_t second = first;
    for (uint32_t tries = 0; tries < 20 && second == first; ++tries) {
      const uint32_t other = any();
      const Value b = value(other);
      if (b.channels == a.channels && b.height == a.height && b.width == a.width) second = other;
    }
    Layer layer = layer_of(Kind::kAdd, first);
    layer.sources.push_back(second);
    layer.second_zero = value(second).zero;
    factor(layer, 31, 4);
    factor(layer, 31, 4);
    factor(layer, 48, 4);
    finish(layer);
  }

  void add_concat() {
    const uint32_t first = any();
    const Value a = value(first);
    Layer layer = layer_of(Kind::kConcat, first);
    for (uint32_t tries = 0; tries < 6; ++tries) {
      const uint32_t other = any();
      const Value b = value(other);
      if (b.height != a.height || b.width != a.width || b.zero != a.zero) continue;
      layer.sources.push_back(other);
      layer.outputs += b.channels;
      if (layer.outputs > 3 * most_) break;
    }
    if (layer.sources.size() > 1) network_.layers.push_back(layer);
  }

  void add_reshape() {
    Layer layer = layer_of(Kind::kReshape, any());
    layer.map = {layer.width, layer.height};
    network_.layers.push_back(layer);
  }

  Random random_;
  const uint32_t most_;
  const std::array<int8_t, 2> zeros_{static_cast<int8_t>(random_.next()), -128};
  Network network_;
  Value input_;
};

// Of 3 to 10 layers.
inline Network random_graph(uint64_t seed, uint32_t side = 8, uint32_t most = 12) {
  const auto layers = static_cast<uint32_t>(3 + seed * 7919 % 8);
  return RandomGraph(seed, side, most).grow(layers);
}

}  // namespace sparsys::mxu
