// SPDX-License-Identifier: Apache-2.0
// Networks from .tflite files compute what the format's reference kernels do, bit for bit.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "golden/format/tflite/import.hpp"
#include "golden/function/mxu/network.hpp"
#include "tb/support/error_of.hpp"
#include "tb/support/seeds.hpp"
#include "tb/support/temporary.hpp"
#include "tb/support/tflite_models.hpp"

namespace sparsys {
namespace {

using tflite::Activation;
using tflite::BuiltinOperator;
using tflite::TensorType;

mxu::Network read(const TfliteModel& model) {
  const std::vector<uint8_t> bytes = model.bytes();
  return tflite_from_bytes(bytes.data(), bytes.size(), "file");
}

void expect_same(const TfliteModel& model, uint32_t samples, uint64_t seed) {
  const mxu::Network network = read(model);
  const TfliteSamples expected = samples_of(model, network, samples, seed);
  ASSERT_EQ(mxu::run_batch(network, expected.inputs, 1), expected.outputs);
}

TEST(Tflite, RandomNetworksAreComputedBitForBit) {
  for_seeds(300, [](uint64_t seed) { expect_same(random_tflite_model(seed), 6, seed); });
}

TEST(Tflite, NetworksOfMlperfTinyAreComputedBitForBit) {
  for_seeds(1, [](uint64_t seed) {
    expect_same(mobilenet_model(seed), 2, seed);
    expect_same(resnet_model(seed), 2, seed);
    expect_same(ds_cnn_model(seed), 2, seed);
    expect_same(autoencoder_model(seed), 10, seed);
  });
}

}  // namespace
}  // namespace sparsys
