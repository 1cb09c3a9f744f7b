// SPDX-License-Identifier: Apache-2.0
// Networks from .tflite files compute what the format's reference kernels do, bit for bit.
#include <gtest/gtest.h>

#include <array>
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

// Each on random maps of all bytes.
TEST(Tflite, ElementOperatorsAreComputedBitForBit) {
  constexpr std::array<BuiltinOperator, 12> kOperators{
      BuiltinOperator::RELU,  BuiltinOperator::RELU6,    BuiltinOperator::QUANTIZE,
      BuiltinOperator::TANH,  BuiltinOperator::LOGISTIC, BuiltinOperator::LEAKY_RELU,
      BuiltinOperator::PRELU, BuiltinOperator::ELU,      BuiltinOperator::HARD_SWISH,
      BuiltinOperator::ADD,   BuiltinOperator::SUB,      BuiltinOperator::MUL};
  for_seeds(10, [&](uint64_t seed) {
    Random random(seed, 407);
    for (const BuiltinOperator code : kOperators) {
      TfliteModel model;
      model.input = model.output = model.value({1, 16, 16, 3}, random.uniform(0.01F, 0.05F),
                                               static_cast<int32_t>(random.below(256)) - 128);
      if (code == BuiltinOperator::ADD || code == BuiltinOperator::SUB ||
          code == BuiltinOperator::MUL) {
        model.with_constant(code, random);
      } else {
        model.requantise(code, random);
      }
      expect_same(model, 4, seed);
    }
  });
}

// As converters write a 1-D convolution, a pooling of it, and rows that a dense layer takes each by
// itself; the input has three dimensions.
TEST(Tflite, SequencesAreMapsOfOneLine) {
  for_seeds(10, [](uint64_t seed) {
    Random random(seed, 408);
    TfliteModel model;
    model.input = model.output = model.value({1, 12, 5}, 0.02F, -7);
    const auto expand = [&] {
      const std::vector<int32_t> shape = model.tensors[static_cast<size_t>(model.output)].shape;
      const int32_t from = model.output;
      const int32_t axis = model.constant({}, TensorType::INT32, {-3});
      const TfliteModel::Tensor in = model.tensors[static_cast<size_t>(from)];
      model.add(
          BuiltinOperator::EXPAND_DIMS, {from, axis},
          model.value({1, 1, shape[1], shape[2]}, in.scale[0], static_cast<int32_t>(in.zero[0])));
    };
    expand();
    model.conv(random, 6, {1, 3}, {1, 1}, Activation::RELU, false, tflite::Padding::VALID);
    model.reshape({1, 10, 6});
    expand();
    model.pool(false, {1, 2}, 2, tflite::Padding::VALID);
    model.reshape({5, 6});
    model.fully_connected(random, 4, Activation::NONE);
    expect_same(model, 4, seed);
  });
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
