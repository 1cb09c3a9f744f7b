// SPDX-License-Identifier: Apache-2.0
#include "tb/support/tflite_models.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace sparsys {

using tflite::Activation;
using tflite::BuiltinOperator;
using tflite::Padding;
using tflite::TensorType;
using Op = TfliteModel::Op;

size_t TfliteModel::Tensor::elements() const {
  size_t count = 1;
  for (const int32_t size : shape) count *= static_cast<size_t>(size);
  return count;
}

int32_t TfliteModel::value(std::vector<int32_t> shape, float scale, int32_t zero, TensorType type) {
  Tensor made;
  made.name = "value" + std::to_string(tensors.size());
  made.shape = std::move(shape);
  made.type = type;
  if (scale > 0) {
    made.scale = {scale};
    made.zero = {zero};
  }
  tensors.push_back(std::move(made));
  return static_cast<int32_t>(tensors.size() - 1);
}

int32_t TfliteModel::constant(std::vector<int32_t> shape, TensorType type,
                              std::vector<int32_t> values, std::vector<float> scale, int32_t axis) {
  const int32_t index = value(std::move(shape), 0, 0, type);
  Tensor& made = tensors.back();
  made.values = std::move(values);
  made.zero.assign(scale.size(), 0);
  made.scale = std::move(scale);
  made.axis = axis;
  return index;
}

Op& TfliteModel::add(BuiltinOperator code, std::vector<int32_t> inputs, int32_t made) {
  Op op;
  op.code = code;
  op.inputs = std::move(inputs);
  op.output = output = made;
  ops.push_back(std::move(op));
  return ops.back();
}

// What a layer's results spread over: about [-4, 4].
int32_t TfliteModel::after(Random& random, std::vector<int32_t> shape, Activation activation) {
  const bool rises = activation == Activation::RELU || activation == Activation::RELU6;
  const int32_t zero = static_cast<int32_t>(random.below(60)) - (rises ? 158 : 30);
  return value(std::move(shape), random.uniform(0.02F, 0.05F), std::max(zero, -128));
}

int32_t TfliteModel::weights(Random& random, std::vector<int32_t> shape, int32_t outputs,
                             int32_t axis, bool per_tensor) {
  size_t count = 1;
  for (const int32_t size : shape) count *= static_cast<size_t>(size);
  const double terms = static_cast<double>(count) / outputs;
  std::vector<int32_t> values(count);
  for (int32_t& w : values) w = static_cast<int32_t>(random.below(255)) - 127;
  // Inputs of about the size 1 give results of about the size 1.
  const auto unit = static_cast<float>(1 / (73 * std::sqrt(terms)));
  std::vector<float> scales(per_tensor ? 1 : static_cast<size_t>(outputs));
  for (float& s : scales) s = unit * random.uniform(0.5F, 1.5F);
  return constant(std::move(shape), TensorType::INT8, std::move(values), std::move(scales), axis);
}

Op& TfliteModel::weighted(Random& random, BuiltinOperator code, std::vector<int32_t> weight_shape,
                          int32_t outputs, int32_t axis, bool per_tensor,
                          std::vector<int32_t> shape, Activation activation) {
  const int32_t from = output;
  const int32_t w = weights(random, std::move(weight_shape), outputs, axis, per_tensor);
  std::vector<float> steps = tensor(w).scale;
  for (float& step : steps) step *= tensor(from).scale[0];
  std::vector<int32_t> biases;
  for (int32_t o = 0; o < outputs; ++o) {
    const float step = steps[steps.size() > 1 ? static_cast<size_t>(o) : 0];
    biases.push_back(static_cast<int32_t>(random.uniform(-0.5F, 0.5F) / step));
  }
  const int32_t b = constant({outputs}, TensorType::INT32, std::move(biases), std::move(steps));
  Op& op = add(code, {from, w, b}, after(random, std::move(shape), activation));
  op.activation = activation;
  return op;
}

namespace {

int32_t positions(Padding padding, int32_t size, int32_t kernel, int32_t stride) {
  return padding == Padding::SAME ? (size + stride - 1) / stride : (size - kernel) / stride + 1;
}

}  // namespace

Op& TfliteModel::conv(Random& random, int32_t outputs, std::array<int32_t, 2> kernel,
                      std::array<int32_t, 2> stride, Activation activation, bool per_tensor,
                      Padding padding) {
  const Tensor in = tensor(output);
  Op& op = weighted(random, BuiltinOperator::CONV_2D, {outputs, kernel[0], kernel[1], in.at(3)},
                    outputs, 0, per_tensor,
                    {1, positions(padding, in.at(1), kernel[0], stride[0]),
                     positions(padding, in.at(2), kernel[1], stride[1]), outputs},
                    activation);
  op.stride = stride;
  op.padding = padding;
  return op;
}

Op& TfliteModel::depthwise(Random& random, std::array<int32_t, 2> kernel,
                           std::array<int32_t, 2> stride, Activation activation,
                           int32_t multiplier) {
  const Tensor in = tensor(output);
  const int32_t outputs = in.at(3) * multiplier;
  Op& op = weighted(random, BuiltinOperator::DEPTHWISE_CONV_2D, {1, kernel[0], kernel[1], outputs},
                    outputs, 3, false,
                    {1, positions(Padding::SAME, in.at(1), kernel[0], stride[0]),
                     positions(Padding::SAME, in.at(2), kernel[1], stride[1]), outputs},
                    activation);
  op.stride = stride;
  return op;
}

Op& TfliteModel::fully_connected(Random& random, int32_t outputs, Activation activation,
                                 bool per_tensor) {
  const int32_t rows = tensor(output).at(0);
  const auto inputs = static_cast<int32_t>(tensor(output).elements()) / rows;
  return weighted(random, BuiltinOperator::FULLY_CONNECTED, {outputs, inputs}, outputs, 0,
                  per_tensor, {rows, outputs}, activation);
}

Op& TfliteModel::transpose_conv(Random& random, int32_t outputs, std::array<int32_t, 2> kernel,
                                std::array<int32_t, 2> stride, Padding padding) {
  const Tensor in = tensor(output);
  const int32_t from = output;
  std::vector<int32_t> shape{1, 0, 0, outputs};
  for (size_t s = 0; s < 2; ++s) {
    const int32_t more = padding == Padding::SAME ? 0 : kernel[s] - stride[s];
    shape[1 + s] = in.shape[1 + s] * stride[s] + more;
  }
  const int32_t w = weights(random, {outputs, kernel[0], kernel[1], in.at(3)}, outputs, 0, false);
  std::vector<float> steps = tensor(w).scale;
  for (float& step : steps) step *= in.scale[0];
  std::vector<int32_t> biases;
  for (const float step : steps) {
    biases.push_back(static_cast<int32_t>(random.uniform(-0.5F, 0.5F) / step));
  }
  const int32_t b = constant({outputs}, TensorType::INT32, std::move(biases), std::move(steps));
  const int32_t to = constant({4}, TensorType::INT32, shape);
  Op& op = add(BuiltinOperator::TRANSPOSE_CONV, {to, w, from, b},
               after(random, shape, Activation::NONE));
  op.stride = stride;
  op.padding = padding;
  return op;
}

Op& TfliteModel::resize(std::array<int32_t, 2> factors) {
  const Tensor in = tensor(output);
  const int32_t from = output;
  const std::vector<int32_t> shape{1, in.at(1) * factors[0], in.at(2) * factors[1], in.at(3)};
  const int32_t to = constant({2}, TensorType::INT32, {shape[1], shape[2]});
  return add(BuiltinOperator::RESIZE_NEAREST_NEIGHBOR, {from, to},
             value(shape, in.scale[0], static_cast<int32_t>(in.zero[0])));
}

Op& TfliteModel::pool(bool average, std::array<int32_t, 2> kernel, int32_t stride,
                      Padding padding) {
  const Tensor in = tensor(output);
  const int32_t made = value({1, positions(padding, in.at(1), kernel[0], stride),
                              positions(padding, in.at(2), kernel[1], stride), in.at(3)},
                             in.scale[0], static_cast<int32_t>(in.zero[0]));
  Op& op = add(average ? BuiltinOperator::AVERAGE_POOL_2D : BuiltinOperator::MAX_POOL_2D, {output},
               made);
  op.kernel = kernel;
  op.stride = {stride, stride};
  op.padding = padding;
  return op;
}

namespace {

// Of a map whose height (1) or width (2) is reduced to one.
std::vector<int32_t> reduced(std::vector<int32_t> shape, const std::vector<int32_t>& axes,
                             bool keep) {
  for (const int32_t axis : axes) shape[static_cast<size_t>(axis)] = keep ? 1 : 0;
  shape.erase(std::remove(shape.begin(), shape.end(), 0), shape.end());
  return shape;
}

}  // namespace

Op& TfliteModel::mean(Random& random, bool keep, const std::vector<int32_t>& axes) {
  const int32_t from = output;
  const std::vector<int32_t> shape = reduced(tensor(from).shape, axes, keep);
  const int32_t over = constant({static_cast<int32_t>(axes.size())}, TensorType::INT32, axes);
  Op& op = add(BuiltinOperator::MEAN, {from, over}, after(random, shape, Activation::NONE));
  op.keep = keep;
  return op;
}

Op& TfliteModel::reduce_max(bool keep, const std::vector<int32_t>& axes) {
  const int32_t from = output;
  const Tensor in = tensor(from);
  const std::vector<int32_t> shape = reduced(in.shape, axes, keep);
  const int32_t over = constant({static_cast<int32_t>(axes.size())}, TensorType::INT32, axes);
  Op& op = add(BuiltinOperator::REDUCE_MAX, {from, over},
               value(shape, in.scale[0], static_cast<int32_t>(in.zero[0])));
  op.keep = keep;
  return op;
}

Op& TfliteModel::flatten() {
  const Tensor in = tensor(output);
  const int32_t from = output;
  const auto elements = static_cast<int32_t>(in.elements());
  const auto integers = [&](std::vector<int32_t> shape) {
    return value(std::move(shape), 0, 0, TensorType::INT32);
  };
  const auto single = [&](int32_t number) { return constant({1}, TensorType::INT32, {number}); };
  const int32_t shape = integers({static_cast<int32_t>(in.shape.size())});
  add(BuiltinOperator::SHAPE, {from}, shape);
  const int32_t samples = integers({});
  add(BuiltinOperator::STRIDED_SLICE, {shape, single(0), single(1), single(1)}, samples);
  const int32_t target = integers({2});
  const int32_t size = constant({}, TensorType::INT32, {elements});
  add(BuiltinOperator::PACK, {samples, size}, target);
  const int32_t made = value({1, elements}, in.scale[0], static_cast<int32_t>(in.zero[0]));
  tensors.back().signature = {-1, elements};
  return add(BuiltinOperator::RESHAPE, {from, target}, made);
}

Op& TfliteModel::reshape(std::vector<int32_t> shape) {
  const Tensor in = tensor(output);
  const int32_t from = output;
  const int32_t target = constant({static_cast<int32_t>(shape.size())}, TensorType::INT32, shape);
  const int32_t made = value(shape, in.scale[0], static_cast<int32_t>(in.zero[0]));
  return add(BuiltinOperator::RESHAPE, {from, target}, made);
}

Op& TfliteModel::sum(Random& random, int32_t a, int32_t b, Activation activation) {
  Op& op = add(BuiltinOperator::ADD, {a, b}, after(random, tensor(a).shape, activation));
  op.activation = activation;
  return op;
}

Op& TfliteModel::concat(std::vector<int32_t> values) {
  Tensor in = tensor(values[0]);
  for (size_t i = 1; i < values.size(); ++i) in.shape.back() += tensor(values[i]).shape.back();
  const int32_t made = value(in.shape, in.scale[0], static_cast<int32_t>(in.zero[0]));
  Op& op = add(BuiltinOperator::CONCATENATION, std::move(values), made);
  op.axis = static_cast<int32_t>(in.shape.size()) - 1;
  return op;
}

Op& TfliteModel::pad(std::array<int32_t, 4> sides) {
  Tensor in = tensor(output);
  const int32_t from = output;
  in.shape[1] += sides[0] + sides[2];
  in.shape[2] += sides[1] + sides[3];
  const int32_t pads =
      constant({4, 2}, TensorType::INT32, {0, 0, sides[0], sides[2], sides[1], sides[3], 0, 0});
  const int32_t made = value(in.shape, in.scale[0], static_cast<int32_t>(in.zero[0]));
  return add(BuiltinOperator::PAD, {from, pads}, made);
}

// ---- bytes ----

namespace {

size_t bytes_of(TensorType type) {
  return type == TensorType::INT8 || type == TensorType::UINT8 ? 1 : 4;
}

// The first version of an operator that has signed bytes and scales per channel.
int32_t version_of(BuiltinOperator code) {
  switch (code) {
    case BuiltinOperator::CONV_2D:
    case BuiltinOperator::DEPTHWISE_CONV_2D:
      return 3;
    case BuiltinOperator::FULLY_CONNECTED:
      return 5;
    case BuiltinOperator::TRANSPOSE_CONV:
      return 3;
    case BuiltinOperator::RESHAPE:
    case BuiltinOperator::SHAPE:
    case BuiltinOperator::STRIDED_SLICE:
    case BuiltinOperator::PACK:
    case BuiltinOperator::ELU:
    case BuiltinOperator::HARD_SWISH:
    case BuiltinOperator::PRELU:
      return 1;
    default:
      return 2;
  }
}

flatbuffers::Offset<void> options_of(flatbuffers::FlatBufferBuilder& fbb, const Op& op,
                                     tflite::BuiltinOptions& type) {
  using tflite::BuiltinOptions;
  switch (op.code) {
    case BuiltinOperator::CONV_2D:
      type = BuiltinOptions::Conv2DOptions;
      return tflite::CreateConv2DOptions(fbb, op.padding, op.stride[1], op.stride[0], op.activation,
                                         op.dilation[1], op.dilation[0])
          .Union();
    case BuiltinOperator::DEPTHWISE_CONV_2D:
      type = BuiltinOptions::DepthwiseConv2DOptions;
      return tflite::CreateDepthwiseConv2DOptions(fbb, op.padding, op.stride[1], op.stride[0], 1,
                                                  op.activation, op.dilation[1], op.dilation[0])
          .Union();
    case BuiltinOperator::AVERAGE_POOL_2D:
    case BuiltinOperator::MAX_POOL_2D:
      type = BuiltinOptions::Pool2DOptions;
      return tflite::CreatePool2DOptions(fbb, op.padding, op.stride[1], op.stride[0], op.kernel[1],
                                         op.kernel[0], op.activation)
          .Union();
    case BuiltinOperator::TRANSPOSE_CONV:
      type = BuiltinOptions::TransposeConvOptions;
      return tflite::CreateTransposeConvOptions(fbb, op.padding, op.stride[1], op.stride[0],
                                                op.activation)
          .Union();
    case BuiltinOperator::RESIZE_NEAREST_NEIGHBOR:
      type = BuiltinOptions::ResizeNearestNeighborOptions;
      return tflite::CreateResizeNearestNeighborOptions(fbb).Union();
    case BuiltinOperator::FULLY_CONNECTED:
      type = BuiltinOptions::FullyConnectedOptions;
      return tflite::CreateFullyConnectedOptions(fbb, op.activation).Union();
    case BuiltinOperator::CONCATENATION:
      type = BuiltinOptions::ConcatenationOptions;
      return tflite::CreateConcatenationOptions(fbb, op.axis, op.activation).Union();
    case BuiltinOperator::ADD:
      type = BuiltinOptions::AddOptions;
      return tflite::CreateAddOptions(fbb, op.activation).Union();
    case BuiltinOperator::MEAN:
    case BuiltinOperator::REDUCE_MAX:
      type = BuiltinOptions::ReducerOptions;
      return tflite::CreateReducerOptions(fbb, op.keep).Union();
    case BuiltinOperator::MUL:
      type = BuiltinOptions::MulOptions;
      return tflite::CreateMulOptions(fbb, op.activation).Union();
    case BuiltinOperator::SUB:
      type = BuiltinOptions::SubOptions;
      return tflite::CreateSubOptions(fbb, op.activation).Union();
    case BuiltinOperator::LEAKY_RELU:
      type = BuiltinOptions::LeakyReluOptions;
      return tflite::CreateLeakyReluOptions(fbb, op.alpha).Union();
    case BuiltinOperator::SHAPE:
      type = BuiltinOptions::ShapeOptions;
      return tflite::CreateShapeOptions(fbb, TensorType::INT32).Union();
    case BuiltinOperator::STRIDED_SLICE:
      type = BuiltinOptions::StridedSliceOptions;
      return tflite::CreateStridedSliceOptions(fbb, 0, 0, 0, 0, 1).Union();
    case BuiltinOperator::PACK:
      type = BuiltinOptions::PackOptions;
      return tflite::CreatePackOptions(fbb, static_cast<int32_t>(op.inputs.size()), 0).Union();
    default:
      type = BuiltinOptions::NONE;
      return 0;
  }
}

}  // namespace

std::vector<uint8_t> TfliteModel::bytes() const {
  flatbuffers::FlatBufferBuilder fbb;
  std::vector<flatbuffers::Offset<tflite::Buffer>> buffers{tflite::CreateBuffer(fbb)};
  std::vector<flatbuffers::Offset<tflite::Tensor>> made;
  for (const Tensor& t : tensors) {
    uint32_t buffer = 0;
    if (!t.values.empty()) {
      const size_t size = bytes_of(t.type);
      std::vector<uint8_t> data(t.values.size() * size);
      for (size_t i = 0; i < t.values.size(); ++i) {
        std::memcpy(&data[i * size], &t.values[i], size);
      }
      fbb.ForceVectorAlignment(data.size(), 1, 16);
      buffer = static_cast<uint32_t>(buffers.size());
      buffers.push_back(tflite::CreateBuffer(fbb, fbb.CreateVector(data)));
    }
    flatbuffers::Offset<tflite::QuantizationParameters> quantisation = 0;
    if (!t.scale.empty()) {
      quantisation = tflite::CreateQuantizationParametersDirect(fbb, &t.scale, &t.zero, t.axis);
    }
    made.push_back(tflite::CreateTensorDirect(fbb, &t.shape, t.type, buffer, t.name.c_str(),
                                              quantisation, false, 0,
                                              t.signature.empty() ? nullptr : &t.signature));
  }
  std::vector<BuiltinOperator> codes;
  std::vector<flatbuffers::Offset<tflite::Operator>> operators;
  for (const Op& op : ops) {
    const auto at = std::find(codes.begin(), codes.end(), op.code);
    const auto index = static_cast<uint32_t>(at - codes.begin());
    if (at == codes.end()) codes.push_back(op.code);
    tflite::BuiltinOptions type{};
    const flatbuffers::Offset<void> options = options_of(fbb, op, type);
    const std::vector<int32_t> outputs{op.output};
    operators.push_back(
        tflite::CreateOperatorDirect(fbb, index, &op.inputs, &outputs, type, options));
  }
  std::vector<flatbuffers::Offset<tflite::OperatorCode>> made_codes;
  for (const BuiltinOperator code : codes) {
    made_codes.push_back(tflite::CreateOperatorCode(
        fbb, static_cast<int8_t>(std::min(static_cast<int32_t>(code), 127)), 0, version_of(code),
        code));
  }
  const std::vector<int32_t> inputs{input};
  const std::vector<int32_t> outputs{output};
  const std::vector<flatbuffers::Offset<tflite::SubGraph>> graphs{
      tflite::CreateSubGraphDirect(fbb, &made, &inputs, &outputs, &operators, "main")};
  tflite::FinishModelBuffer(
      fbb, tflite::CreateModelDirect(fbb, 3, &made_codes, &graphs, "made in a test", &buffers));
  return {fbb.GetBufferPointer(), fbb.GetBufferPointer() + fbb.GetSize()};
}

}  // namespace sparsys
