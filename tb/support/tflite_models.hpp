// SPDX-License-Identifier: Apache-2.0
// Models in the .tflite format for tests: written to bytes, and computed as the format's reference
// kernels define it, without anything of what reads them.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "golden/base/random.hpp"
#include "golden/network/mxu_network.hpp"
#include "tflite_generated.h"

namespace sparsys {

class TfliteModel {
 public:
  struct Tensor {
    std::string name;
    std::vector<int32_t> shape;
    tflite::TensorType type = tflite::TensorType::INT8;
    std::vector<float> scale;
    std::vector<int64_t> zero;
    int32_t axis = 0;
    std::vector<int32_t> values;  // of a constant
    // Sizes as the file has them, -1 for those that are free; as `shape` if it is empty.
    std::vector<int32_t> signature;

    size_t elements() const;
    int32_t at(size_t d) const { return shape[d]; }
  };
  struct Op {
    tflite::BuiltinOperator code = tflite::BuiltinOperator::CONV_2D;
    std::vector<int32_t> inputs;
    int32_t output = 0;
    tflite::Padding padding = tflite::Padding::SAME;
    std::array<int32_t, 2> kernel{1, 1};  // of poolings
    std::array<int32_t, 2> stride{1, 1};
    std::array<int32_t, 2> dilation{1, 1};
    tflite::Activation activation = tflite::Activation::NONE;
    int32_t axis = -1;
    float alpha = 0;   // LEAKY_RELU
    bool keep = true;  // MEAN, REDUCE_MAX: dimensions of size 1
  };

  std::vector<Tensor> tensors;
  std::vector<Op> ops;
  int32_t input = 0;
  int32_t output = 0;

  // A value of bytes, or what it becomes outside of the network.
  int32_t value(std::vector<int32_t> shape, float scale, int32_t zero,
                tflite::TensorType type = tflite::TensorType::INT8);
  int32_t constant(std::vector<int32_t> shape, tflite::TensorType type, std::vector<int32_t> values,
                   std::vector<float> scale = {}, int32_t axis = 0);
  // The last operator's output becomes the model's; the operator is given back to be changed.
  Op& add(tflite::BuiltinOperator code, std::vector<int32_t> inputs, int32_t output);

  // Layers with random weights and scales that fit, on the model's output so far (or on `from`),
  // whose shape is [1, height, width, channels] or [1, size]; their output is the model's. Scales
  // of weights are per channel or, with `per_tensor`, one.
  Op& conv(Random& random, int32_t outputs, std::array<int32_t, 2> kernel,
           std::array<int32_t, 2> stride, tflite::Activation activation, bool per_tensor = false,
           tflite::Padding padding = tflite::Padding::SAME);
  Op& depthwise(Random& random, std::array<int32_t, 2> kernel, std::array<int32_t, 2> stride,
                tflite::Activation activation, int32_t multiplier = 1);
  Op& fully_connected(Random& random, int32_t outputs, tflite::Activation activation,
                      bool per_tensor = true);
  Op& pool(bool average, std::array<int32_t, 2> kernel, int32_t stride, tflite::Padding padding);
  // Over height, width or, as the first has it, both.
  Op& mean(Random& random, bool keep, const std::vector<int32_t>& axes = {1, 2});
  Op& reduce_max(bool keep, const std::vector<int32_t>& axes = {1, 2});
  Op& reshape(std::vector<int32_t> shape);
  Op& transpose_conv(Random& random, int32_t outputs, std::array<int32_t, 2> kernel,
                     std::array<int32_t, 2> stride, tflite::Padding padding);
  // To the nearest, by whole factors.
  Op& resize(std::array<int32_t, 2> factors);
  // To a vector, by the arithmetic of shapes that converters write for a free number of samples.
  Op& flatten();
  // QUANTIZE, RELU, RELU6, LEAKY_RELU, PRELU (slopes per channel or one), TANH, LOGISTIC,
  // HARD_SWISH; ELU as a floating-point function between DEQUANTIZE and QUANTIZE.
  Op& requantise(tflite::BuiltinOperator code, Random& random);
  // ADD, SUB, MUL by a constant, per channel or one.
  Op& with_constant(tflite::BuiltinOperator code, Random& random);
  Op& sum(Random& random, int32_t a, int32_t b, tflite::Activation activation);
  Op& concat(std::vector<int32_t> values);
  Op& pad(std::array<int32_t, 4> sides);  // top, left, bottom, right

  std::vector<uint8_t> bytes() const;
  // Of [height][width][channels] bytes, as the input's type has them; the same of the output.
  std::vector<int32_t> run(const std::vector<int32_t>& input) const;

 private:
  const Tensor& tensor(int32_t index) const { return tensors[static_cast<size_t>(index)]; }
  int32_t weights(Random& random, std::vector<int32_t> shape, int32_t outputs, int32_t axis,
                  bool per_tensor);
  Op& weighted(Random& random, tflite::BuiltinOperator code, std::vector<int32_t> weight_shape,
               int32_t outputs, int32_t axis, bool per_tensor, std::vector<int32_t> shape,
               tflite::Activation activation);
  int32_t slopes(Random& random, int32_t least, int32_t most, float scale);
  int32_t after(Random& random, std::vector<int32_t> shape, tflite::Activation activation);
};

// What operators that take each element by itself make of `x`, by the reference kernels'
// definition; `second` is the constant or slope beside it, of tensor `other`. Throws
// std::logic_error for others.
std::vector<int32_t> run_element_operator(const TfliteModel::Op& op, const TfliteModel::Tensor& in,
                                          const std::vector<int32_t>& x,
                                          const TfliteModel::Tensor& other,
                                          const std::vector<int32_t>& second,
                                          const TfliteModel::Tensor& out);
// The bounds of an operator with an activation.
int32_t bounded_by(const TfliteModel::Op& op, const TfliteModel::Tensor& out, int32_t value);

// Random inputs and what a model makes of them, as bytes of the network that it became, [channels]
// [height][width] of one sample after the other. Of the first inputs all are least or all largest.
struct TfliteSamples {
  std::vector<int8_t> inputs;
  std::vector<int8_t> outputs;
};
TfliteSamples samples_of(const TfliteModel& model, const mxu::Network& network, uint32_t samples,
                         uint64_t seed);

// The four networks of MLPerf Tiny, with random weights: MobileNetV1 x 0.25 on 96 x 96 x 3,
// ResNet-8, DS-CNN, and an autoencoder 640-128x4-8-128x4-640.
TfliteModel mobilenet_model(uint64_t seed);
TfliteModel resnet_model(uint64_t seed);
TfliteModel ds_cnn_model(uint64_t seed);
TfliteModel autoencoder_model(uint64_t seed);
// One to six operators of any kind on small maps.
TfliteModel random_tflite_model(uint64_t seed);

}  // namespace sparsys
