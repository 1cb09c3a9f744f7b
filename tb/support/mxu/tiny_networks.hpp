// SPDX-License-Identifier: Apache-2.0
// The networks of MLPerf Tiny's shapes as int8 files, on a matrix unit of 16 x 16: bit for bit what
// the format's reference kernels make.
#pragma once

#include <gtest/gtest.h>

#include <iostream>

#include "golden/engine/mxu/compiler.hpp"
#include "golden/engine/mxu/driver.hpp"
#include "golden/format/tflite/import.hpp"
#include "tb/support/tflite_models.hpp"

namespace sparsys::mxu {
namespace test {

struct TinyNetwork {
  const char* name;
  TfliteModel (*make)(uint64_t seed);
  uint32_t batch;
};

inline const TinyNetwork kTinyNetworks[] = {{"MobileNetV1_025", mobilenet_model, 1},
                                            {"ResNet_8", resnet_model, 1},
                                            {"DS_CNN", ds_cnn_model, 1},
                                            {"Autoencoder", autoencoder_model, 8}};

inline void PrintTo(const TinyNetwork& network, std::ostream* stream) { *stream << network.name; }

inline Config tiny_config() {
  Config config;
  config.rows = config.cols = config.tile_rows = config.tile_cols = 16;
  return config;
}

inline void expect_reference(const TinyNetwork& tiny, Device& device) {
  const TfliteModel model = tiny.make(1);
  const std::vector<uint8_t> file = model.bytes();
  const Network network = tflite_from_bytes(file.data(), file.size(), tiny.name);
  const TfliteSamples samples = samples_of(model, network, tiny.batch, 1);
  Driver driver(device);
  const Program program = compile(network, tiny.batch, tiny_config());
  EXPECT_EQ(driver.run(program, samples.inputs), samples.outputs);
  const Counters& counters = driver.counters();
  std::cout << tiny.name << ": " << counters.cycles << " cycles, " << counters.useful
            << " useful multiply-accumulates\n";
}

}  // namespace test
}  // namespace sparsys::mxu
