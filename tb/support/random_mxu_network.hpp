// SPDX-License-Identifier: Apache-2.0
// Quantised networks for tests: any windows, strides, pads, functions and poolings.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "golden/base/random.hpp"
#include "golden/network/mxu_network.hpp"

namespace sparsys::mxu {

// Weights, bias and requantisation of a layer whose shapes are set: outputs spread over the bytes.
inline void fill_layer(Layer& layer, Random& random) {
  const size_t terms = layer.terms();
  layer.weights.resize(layer.outputs * terms);
  for (int8_t& w : layer.weights) w = static_cast<int8_t>(random.next());
  const double spread = 75.0 * 75.0 * std::sqrt(static_cast<double>(terms));
  for (uint32_t o = 0; o < layer.outputs; ++o) {
    layer.bias.push_back(static_cast<int32_t>(spread * (random.uniform() - 0.5)));
    int exponent = 0;
    const double mantissa = std::frexp((30 + 60 * random.uniform()) / spread, &exponent);
    layer.multiplier.push_back(static_cast<int32_t>(std::ldexp(mantissa, 30)));
    layer.shift.push_back(static_cast<uint8_t>(30 - exponent));
  }
}

// Of some layers the weights become few values, and most of them 0, as deep compression leaves
// them: a codebook holds them.
inline void share_weights(Network& network, Random& random) {
  for (Layer& layer : network.layers) {
    if (random.below(100) < 40) continue;
    std::vector<int8_t> values(1 + random.below(15));
    for (int8_t& value : values) value = static_cast<int8_t>(random.next());
    const uint64_t density = 1 + random.below(60);
    for (int8_t& w : layer.weights) {
      w = random.below(100) < density ? values[random.below(values.size())] : int8_t{0};
    }
  }
}

// A layer on the output of the last, or on the network's input.
inline Layer& add_layer(Network& network, uint32_t channels, uint32_t height, uint32_t width,
                        uint32_t outputs) {
  Layer layer;
  layer.name = "layer" + std::to_string(network.layers.size() + 1);
  layer.channels = channels;
  layer.height = height;
  layer.width = width;
  if (!network.layers.empty()) {
    const Layer& before = network.layers.back();
    layer.channels = before.outputs;
    layer.height = before.out_height();
    layer.width = before.out_width();
    layer.input_zero = before.output_zero;
    layer.input_scale = before.output_scale;
  }
  layer.outputs = outputs;
  network.layers.push_back(layer);
  return network.layers.back();
}

// Fully connected layers of these sizes, ReLU between them.
inline Network quantised_chain(const std::vector<uint32_t>& sizes, uint64_t seed) {
  Random random(seed, 77);
  Network network;
  network.name = "chain";
  for (size_t l = 0; l + 1 < sizes.size(); ++l) {
    Layer& layer = add_layer(network, sizes[0], 1, 1, sizes[l + 1]);
    layer.output_zero = -128;
    if (l + 2 < sizes.size()) layer.function = Function::kRelu;
    if (l == 0) layer.input_zero = -128;
    fill_layer(layer, random);
  }
  return network;
}

inline uint32_t upto(Random& random, uint64_t n) {
  return static_cast<uint32_t>(1 + random.below(n));
}

// A window of a convolution that has a part of the map in it wherever it stands.
inline void random_window(Layer& layer, Random& random) {
  const std::array<uint32_t, 2> size{layer.height, layer.width};
  for (size_t s = 0; s < 2; ++s) {
    const uint32_t kernel = upto(random, std::min<uint64_t>(4, size[s] + 2));
    uint32_t before = static_cast<uint32_t>(random.below(kernel));
    uint32_t behind = static_cast<uint32_t>(random.below(kernel));
    if (kernel > size[s] + before + behind) behind = kernel - size[s] - before;
    layer.window.kernel[s] = kernel;
    layer.window.pad[s] = before;
    layer.window.pad[s + 2] = std::min(behind, kernel - 1);
    layer.window.stride[s] = upto(random, 3);
    // No window behind the map.
    const uint32_t padded = size[s] + before + layer.window.pad[s + 2];
    if (padded < kernel) layer.window.kernel[s] = padded;
    if ((padded - layer.window.kernel[s]) / layer.window.stride[s] * layer.window.stride[s] >=
        size[s] + before) {
      layer.window.pad[s + 2] = 0;
    }
    if (size[s] + before + layer.window.pad[s + 2] < layer.window.kernel[s] ||
        before >= layer.window.kernel[s]) {
      layer.window.kernel[s] = 1;
      layer.window.pad[s] = layer.window.pad[s + 2] = 0;
    }
  }
}

// A pooling or none, of what the convolution gives.
inline void random_pooling(Layer& layer, Random& random) {
  const std::array<uint32_t, 2> out{layer.conv_height(), layer.conv_width()};
  layer.pooling = static_cast<Pooling>(random.below(3));
  if (layer.pooling != Pooling::kNone) {
    for (size_t s = 0; s < 2; ++s) {
      layer.pool.kernel[s] = upto(random, std::min<uint32_t>(3, out[s]));
      layer.pool.stride[s] = upto(random, 3);
      if (layer.pooling == Pooling::kMax || random.below(2) == 0) {
        layer.pool.pad[s] = static_cast<uint32_t>(random.below(layer.pool.kernel[s]));
        const uint32_t padded = out[s] + layer.pool.pad[s] + 1;
        const uint32_t last =
            (padded - layer.pool.kernel[s]) / layer.pool.stride[s] * layer.pool.stride[s];
        layer.pool.pad[s + 2] = last < out[s] + layer.pool.pad[s] ? 1 : 0;
      }
    }
  }
}

// One to four layers on maps of up to `side` x `side`, with up to `most` channels.
inline Network random_quantised(uint64_t seed, uint32_t side = 7, uint32_t most = 12) {
  Random random(seed, 78);
  const auto upto = [&](uint64_t n) { return static_cast<uint32_t>(1 + random.below(n)); };
  Network network;
  network.name = "random";
  const bool maps = random.below(4) != 0;
  for (uint32_t l = upto(4); l > 0; --l) {
    Layer& layer =
        add_layer(network, upto(most), maps ? upto(side) : 1, maps ? upto(side) : 1, upto(most));
    if (network.layers.size() == 1) layer.input_zero = static_cast<int8_t>(random.next());
    const std::array<uint32_t, 2> size{layer.height, layer.width};
    if (random.below(3) == 0) {
      layer.window.kernel = size;
    } else {
      random_window(layer, random);
    }
    layer.function = static_cast<Function>(random.below(4));
    random_pooling(layer, random);
    layer.output_zero = static_cast<int8_t>(random.next());
    if (random.below(3) == 0) {
      layer.low = static_cast<int8_t>(-static_cast<int>(random.below(100)));
      layer.high = static_cast<int8_t>(random.below(100));
    }
    fill_layer(layer, random);
  }
  return network;
}

}  // namespace sparsys::mxu
