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

// The values of a model's tensor, [height][width][channels], as signed bytes [channels][height]
// [width].
std::vector<int8_t> turned(const std::vector<int32_t>& values, const TfliteModel::Tensor& tensor) {
  const auto channels = static_cast<size_t>(tensor.shape.back());
  const size_t pixels = values.size() / channels;
  const int32_t less = tensor.type == TensorType::UINT8 ? 128 : 0;
  std::vector<int8_t> made(values.size());
  for (size_t p = 0; p < pixels; ++p) {
    for (size_t c = 0; c < channels; ++c) {
      made[c * pixels + p] = static_cast<int8_t>(values[p * channels + c] - less);
    }
  }
  return made;
}

// Runs both on random inputs, of which the first ones are all least and all largest.
void expect_same(const TfliteModel& model, int samples, uint64_t seed) {
  Random random(seed, 406);
  const mxu::Network network = read(model);
  const TfliteModel::Tensor& in = model.tensors[static_cast<size_t>(model.input)];
  const TfliteModel::Tensor& out = model.tensors[static_cast<size_t>(model.output)];
  const int32_t least = in.type == TensorType::UINT8 ? 0 : -128;
  // A map that became a vector has its sizes in the network alone.
  TfliteModel::Tensor map = out;
  const mxu::Value last = network.value(network.layers.size());
  map.shape = {1, static_cast<int32_t>(last.height), static_cast<int32_t>(last.width),
               static_cast<int32_t>(last.channels)};
  for (int sample = 0; sample < samples; ++sample) {
    std::vector<int32_t> input(in.elements());
    for (int32_t& x : input) {
      const auto any = static_cast<int32_t>(random.below(256));
      x = least + (sample == 0 ? 0 : sample == 1 ? 255 : any);
    }
    ASSERT_EQ(mxu::run_batch(network, turned(input, in), 1), turned(model.run(input), map))
        << "sample " << sample;
  }
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
