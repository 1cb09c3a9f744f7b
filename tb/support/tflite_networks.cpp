// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "tb/support/mxu/tiny_shapes.hpp"
#include "tb/support/tflite_models.hpp"

namespace sparsys {
namespace {

using tflite::Activation;
using tflite::BuiltinOperator;
using tflite::Padding;

constexpr float kInputScale = 1.0F / 64;  // bytes stand for -2 to 2

// Maps to class scores: an average over what is left of them, and a fully connected layer.
void finish(TfliteModel& model, Random& random, int32_t classes) {
  const std::vector<int32_t> shape = model.tensors[static_cast<size_t>(model.output)].shape;
  model.pool(true, {shape[1], shape[2]}, 1, Padding::VALID);
  model.reshape({1, shape[3]});
  model.fully_connected(random, classes, Activation::NONE);
}

TfliteModel begin(std::vector<int32_t> shape) {
  TfliteModel model;
  model.input = model.output = model.value(std::move(shape), kInputScale, 0);
  return model;
}

}  // namespace

TfliteModel mobilenet_model(uint64_t seed) {
  Random random(seed, 401);
  TfliteModel model = begin({1, 96, 96, 3});
  model.conv(random, 8, {3, 3}, {2, 2}, Activation::RELU6);
  for (const auto& [stride, outputs] : kMobilenetLayers) {
    model.depthwise(random, {3, 3}, {stride, stride}, Activation::RELU6);
    model.conv(random, outputs, {1, 1}, {1, 1}, Activation::RELU6);
  }
  finish(model, random, 2);
  return model;
}

TfliteModel resnet_model(uint64_t seed) {
  Random random(seed, 402);
  TfliteModel model = begin({1, 32, 32, 3});
  model.conv(random, 16, {3, 3}, {1, 1}, Activation::RELU);
  for (const int32_t channels : kResnetBlocks) {
    const int32_t from = model.output;
    const int32_t stride = channels == 16 ? 1 : 2;
    model.conv(random, channels, {3, 3}, {stride, stride}, Activation::RELU);
    model.conv(random, channels, {3, 3}, {1, 1}, Activation::NONE);
    const int32_t body = model.output;
    int32_t shortcut = from;
    if (stride == 2) {
      model.output = from;
      model.conv(random, channels, {1, 1}, {2, 2}, Activation::NONE);
      shortcut = model.output;
    }
    model.sum(random, shortcut, body, Activation::RELU);
  }
  finish(model, random, 10);
  return model;
}

TfliteModel ds_cnn_model(uint64_t seed) {
  Random random(seed, 403);
  TfliteModel model = begin({1, 49, 10, 1});
  model.conv(random, 64, {10, 4}, {2, 2}, Activation::RELU);
  for (int layer = 0; layer < 4; ++layer) {
    model.depthwise(random, {3, 3}, {1, 1}, Activation::RELU);
    model.conv(random, 64, {1, 1}, {1, 1}, Activation::RELU);
  }
  finish(model, random, 12);
  return model;
}

TfliteModel autoencoder_model(uint64_t seed) {
  Random random(seed, 404);
  TfliteModel model = begin({1, 640});
  for (const int32_t outputs : kAutoencoderLayers) {
    model.fully_connected(random, outputs, Activation::RELU);
  }
  model.fully_connected(random, 640, Activation::NONE);
  return model;
}

TfliteModel random_tflite_model(uint64_t seed) {
  Random random(seed, 405);
  const auto upto = [&](uint64_t n) { return static_cast<int32_t>(1 + random.below(n)); };
  const auto activation = [&] {
    constexpr std::array<Activation, 3> kAll{Activation::NONE, Activation::RELU, Activation::RELU6};
    return kAll[random.below(3)];
  };
  TfliteModel model;
  const bool is_unsigned = random.below(4) == 0;
  model.input = model.output =
      model.value({1, upto(9), upto(9), upto(6)}, random.uniform(0.01F, 0.05F),
                  static_cast<int32_t>(random.below(256)) - (is_unsigned ? 0 : 128),
                  is_unsigned ? tflite::TensorType::UINT8 : tflite::TensorType::INT8);
  if (is_unsigned) model.requantise(BuiltinOperator::QUANTIZE, random);
  for (int32_t left = upto(6); left > 0; --left) {
    const int32_t from = model.output;
    const std::vector<int32_t> shape = model.tensors[static_cast<size_t>(from)].shape;
    const Padding padding = random.below(2) == 0 ? Padding::SAME : Padding::VALID;
    const auto within = [&](size_t d, uint64_t most) {
      return upto(std::min<uint64_t>(most, static_cast<uint64_t>(shape[d])));
    };
    switch (random.below(15)) {
      case 0:
        model.depthwise(random, {upto(3), upto(3)}, {upto(2), upto(2)}, activation(), upto(2));
        break;
      case 1:
        model.pool(random.below(2) == 0, {within(1, 3), within(2, 3)}, upto(2), Padding::VALID);
        break;
      case 2:
        model.pool(random.below(2) == 0, {upto(3), upto(3)}, upto(2), Padding::SAME);
        break;
      case 13: {
        if (shape[1] * shape[2] > 100) break;
        const std::array<int32_t, 2> stride{upto(2), upto(3)};
        model.transpose_conv(random, upto(6), {stride[0] + upto(3) - 1, stride[1] + upto(3) - 1},
                             stride, random.below(2) == 0 ? Padding::SAME : Padding::VALID);
        break;
      }
      case 14:
        if (shape[1] * shape[2] > 100) break;
        model.resize({upto(3), upto(2)});
        break;
      case 3:
      case 10: {
        constexpr std::array<BuiltinOperator, 9> kElements{
            BuiltinOperator::RELU,       BuiltinOperator::RELU6, BuiltinOperator::QUANTIZE,
            BuiltinOperator::LEAKY_RELU, BuiltinOperator::PRELU, BuiltinOperator::TANH,
            BuiltinOperator::LOGISTIC,   BuiltinOperator::ELU,   BuiltinOperator::HARD_SWISH};
        model.requantise(kElements[random.below(kElements.size())], random);
        break;
      }
      case 11: {
        constexpr std::array<BuiltinOperator, 3> kSums{BuiltinOperator::ADD, BuiltinOperator::SUB,
                                                       BuiltinOperator::MUL};
        model.with_constant(kSums[random.below(kSums.size())], random);
        break;
      }
      case 12:
        model.pad({1, upto(3) - 1, upto(2) - 1, 1});
        model.pool(random.below(2) == 0, {2, 2}, upto(2), Padding::VALID);
        break;
      case 4: {
        model.conv(random, shape[3], {3, 3}, {1, 1}, activation());
        model.sum(random, from, model.output, activation());
        break;
      }
      case 5: {
        // Branches of one scale side by side.
        model.pool(false, {3, 3}, 1, Padding::SAME);
        model.concat({model.output, from, model.output});
        break;
      }
      case 6:
        model.pad({upto(2) - 1, upto(2) - 1, 1, 1});
        model.conv(random, upto(8), {2, 2}, {1, 1}, activation(), true, Padding::VALID);
        break;
      default:
        model.conv(random, upto(8), {within(1, 4), within(2, 4)}, {upto(3), upto(3)}, activation(),
                   random.below(2) == 0, padding);
    }
  }
  const std::vector<int32_t> shape = model.tensors[static_cast<size_t>(model.output)].shape;
  switch (random.below(5)) {
    case 0:
      model.mean(random, random.below(2) == 0);
      break;
    case 1:
      model.reduce_max(true, {upto(2)});
      model.mean(random, true, {upto(2)});
      break;
    case 2:
      model.flatten();
      model.fully_connected(random, upto(10), activation(), true);
      break;
    case 3:
      model.reshape({1, shape[1] * shape[2] * shape[3]});
      model.fully_connected(random, upto(10), activation(), random.below(2) == 0);
      break;
    default:
      break;
  }
  return model;
}

}  // namespace sparsys
