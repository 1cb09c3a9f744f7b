// SPDX-License-Identifier: Apache-2.0
// Layers of MLPerf Tiny's networks, for those in floating point and those as int8 files.
#pragma once

#include <array>
#include <cstdint>

namespace sparsys {

// MobileNetV1 x 0.25: of each depthwise layer the stride, of the pointwise one behind it the
// outputs.
struct SeparableShape {
  int32_t stride;
  int32_t outputs;
};
constexpr std::array<SeparableShape, 13> kMobilenetLayers{{{1, 16},
                                                           {2, 32},
                                                           {1, 32},
                                                           {2, 64},
                                                           {1, 64},
                                                           {2, 128},
                                                           {1, 128},
                                                           {1, 128},
                                                           {1, 128},
                                                           {1, 128},
                                                           {1, 128},
                                                           {2, 256},
                                                           {1, 256}}};

// Outputs of ResNet-8's blocks; those behind the first halve the map.
constexpr std::array<int32_t, 3> kResnetBlocks{16, 32, 64};

// Outputs of the autoencoder's layers with ReLU; one of 640 without follows.
constexpr std::array<int32_t, 9> kAutoencoderLayers{128, 128, 128, 128, 8, 128, 128, 128, 128};

}  // namespace sparsys
