// SPDX-License-Identifier: Apache-2.0
// Layers of the shapes of the TPU paper's networks (Jouppi, ISCA 2017, table 1), dense and with
// weights left out, for what is measured of the matrix unit.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "golden/network/mxu_network.hpp"
#include "tb/support/random_mxu_network.hpp"

namespace sparsys::mxu {

// Weight memory of TPU v1 in bytes a cycle: 34 GB/s at 700 MHz.
constexpr double kPaperBandwidth = 34e9 / 700e6;

struct PaperShape {
  const char* name;
  uint32_t layers;
  uint32_t width;  // inputs and outputs of each
  uint32_t batch;
  uint32_t side = 1;  // of the maps: above 1 layers convolve, 3 x 3
};

// The table has weights (20, 5, 52, 34 and 8 million), layers (5, 4, 24, 37 fully connected ones,
// 16 that convolve) and batches; layers of one width, one behind the other, are ours. Two of the
// convolutions are measured: each is as the others.
constexpr std::array<PaperShape, 5> kPaperShapes = {{{"MLP0", 5, 2000, 200},
                                                     {"MLP1", 4, 1118, 168},
                                                     {"LSTM0", 24, 1472, 64},
                                                     {"LSTM1", 37, 959, 96},
                                                     {"CNN0", 2, 256, 8, 19}}};

// Layers of one width whose weights are random: all of them, or that share, of fifteen values. A
// weight more often than not is small, as they are.
inline Network paper_network(const PaperShape& shape, uint32_t density_pct) {
  Random random(1, density_pct);
  Network network;
  network.name = shape.name;
  for (uint32_t l = 0; l < shape.layers; ++l) {
    Layer& layer = add_layer(network, shape.width, shape.side, shape.side, shape.width);
    if (shape.side > 1) {
      layer.window.kernel = {3, 3};
      layer.window.pad = {1, 1, 1, 1};
    }
    layer.output_zero = -128;
    layer.input_zero = -128;
    layer.function = Function::kRelu;
    fill_layer(layer, random);
    if (density_pct == 100) continue;
    for (int8_t& weight : layer.weights) {
      const auto code = static_cast<int>(random.below(15)) - 7;
      weight = static_cast<int8_t>(random.below(100) < density_pct ? 17 * code + 8 : 0);
    }
  }
  return network;
}

// A batch for it, signed bytes of any value.
inline std::vector<int8_t> paper_inputs(const PaperShape& shape, const Network& network) {
  std::vector<int8_t> inputs(shape.batch * network.input_size());
  Random random(2);
  for (int8_t& value : inputs) value = static_cast<int8_t>(random.next());
  return inputs;
}

}  // namespace sparsys::mxu
