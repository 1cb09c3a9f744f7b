// SPDX-License-Identifier: Apache-2.0
// What is wrong with a .tflite file, in one line with the operator and what was expected; and what
// is read though it looks odd.
#include <gtest/gtest.h>

#include <functional>

#include "golden/format/tflite/import.hpp"
#include "tb/support/error_of.hpp"
#include "tb/support/tflite_models.hpp"

namespace sparsys {
namespace {

using tflite::Activation;
using tflite::BuiltinOperator;
using tflite::Padding;
using tflite::TensorType;

mxu::Network read(const TfliteModel& model) {
  const std::vector<uint8_t> bytes = model.bytes();
  return tflite_from_bytes(bytes.data(), bytes.size(), "net.tflite");
}

// A convolution and a fully connected layer: tensors 0 the input, 1 to 4 weights, bias and output
// of the first.
TfliteModel good() {
  Random random(1);
  TfliteModel model;
  model.input = model.output = model.value({1, 6, 6, 3}, 0.02F, -5);
  model.conv(random, 4, {3, 3}, {1, 1}, Activation::RELU);
  model.fully_connected(random, 5, Activation::NONE);
  return model;
}

TfliteModel::Tensor& tensor(TfliteModel& model, int32_t index) {
  return model.tensors[static_cast<size_t>(index)];
}

std::string error(const std::function<void(TfliteModel&)>& change) {
  TfliteModel model = good();
  change(model);
  return error_of([&] { read(model); });
}

TEST(TfliteErrors, SayOperatorAndExpectation) {
  EXPECT_EQ(error([](TfliteModel&) {}), "no error");
  EXPECT_EQ(error([](TfliteModel& m) { m.ops[0].code = BuiltinOperator::SOFTMAX; }),
            "net.tflite: operator 1 (SOFTMAX): 3 inputs; supported: 1 inputs");
  EXPECT_EQ(
      error([](TfliteModel& m) { m.ops[1].code = static_cast<BuiltinOperator>(77); }).substr(0, 92),
      "net.tflite: operator 2 (number 77): this operator is not supported; supported: CONV_2D, "
      "DEPT");
  EXPECT_EQ(error([](TfliteModel& m) { tensor(m, m.ops[0].inputs[1]).zero[0] = 3; }),
            "net.tflite: operator 1 (CONV_2D): weights 'value1' have zero points that differ; "
            "supported: one zero point");
  EXPECT_NE(
      error([](TfliteModel& m) {
        for (int64_t& zero : tensor(m, m.ops[0].inputs[1]).zero) zero = 90;
      })
          .find(" less the zero point 90 is no signed byte; supported: zero point 0, or 128 of "
                "unsigned weights"),
      std::string::npos);
  EXPECT_EQ(error([](TfliteModel& m) { tensor(m, m.ops[0].inputs[2]).type = TensorType::FLOAT32; }),
            "net.tflite: operator 1 (CONV_2D): bias 'value2' is no constant of type INT32; "
            "supported: constant 32-bit biases");
  EXPECT_EQ(
      error([](TfliteModel& m) { tensor(m, m.ops[0].output).scale.clear(); }),
      "net.tflite: operator 1 (CONV_2D): tensor 'value3' has 0 scales; supported: values with "
      "one scale");
  EXPECT_EQ(error([](TfliteModel& m) { tensor(m, m.ops[0].output).type = TensorType::INT16; }),
            "net.tflite: operator 1 (CONV_2D): tensor 'value3' has elements of type INT16; "
            "supported: INT8 and UINT8");
  EXPECT_EQ(error([](TfliteModel& m) { tensor(m, m.input).shape[0] = 2; }),
            "net.tflite: operator 1 (CONV_2D): tensor 'value0' has the shape [2, 6, 6, 3]; "
            "supported: [1, height, width, channels], [1, width, channels] and [1, size], one "
            "sample at a time");
  EXPECT_EQ(
      error([](TfliteModel& m) { tensor(m, m.ops[0].output).shape[3] = 5; }),
      "net.tflite: operator 1 (CONV_2D): its output 'value3' is declared as [1, 6, 6, 5], but "
      "what it makes is [1, 6, 6, 4]");
  EXPECT_EQ(error([](TfliteModel& m) {
              m.ops[0].stride = {0, 1};
            }),
            "net.tflite: operator 1 (CONV_2D): vertical window 3, stride 0, dilation 1; supported: "
            "windows of 1 to 65535, strides and dilations of 1 to 255");
  EXPECT_EQ(error([](TfliteModel& m) { m.ops[1].inputs[0] = m.ops[1].output; }),
            "net.tflite: operator 2 (FULLY_CONNECTED): input 1, 'value6', is made by no operator "
            "before this one");
  EXPECT_EQ(
      error([](TfliteModel& m) { m.ops[1].inputs[0] = m.ops[0].inputs[1]; }),
      "net.tflite: operator 2 (FULLY_CONNECTED): input 1, 'value1', is a constant; supported: "
      "values that are computed");
  EXPECT_EQ(error([](TfliteModel& m) { m.ops[1].output = m.ops[0].output; }),
            "net.tflite: operator 2 (FULLY_CONNECTED): its output 'value3' is made twice");
  EXPECT_EQ(error([](TfliteModel& m) { m.output = m.input; }),
            "net.tflite: output 'value0' is no value that is computed");
  EXPECT_EQ(error([](TfliteModel& m) { m.ops[0].inputs[1] = 99; }),
            "net.tflite: operator 1: there is no tensor 99");
  EXPECT_EQ(error([](TfliteModel& m) { tensor(m, m.ops[0].inputs[1]).values.pop_back(); }),
            "net.tflite: tensor 1 'value1': 107 bytes, its shape and type ask for 108");
}

TEST(TfliteErrors, FilesThatAreNone) {
  const auto of = [](const std::vector<uint8_t>& bytes) {
    return error_of([&] { tflite_from_bytes(bytes.data(), bytes.size(), "net.tflite"); });
  };
  EXPECT_EQ(of({}), "net.tflite: not a .tflite file: its identifier 'TFL3' is missing");
  std::vector<uint8_t> cut = good().bytes();
  cut.resize(cut.size() / 2);
  EXPECT_EQ(of(cut),
            "net.tflite: a .tflite file that is damaged or cut: its tables do not lie within it");
}

// Values with which an operator cannot go on.
TEST(TfliteErrors, OperatorsByTheirInputs) {
  Random random(2);
  TfliteModel other = good();
  other.sum(random, other.ops[0].output, other.ops[1].output, Activation::NONE);
  EXPECT_EQ(
      error_of([&] { read(other); }),
      "net.tflite: operator 3 (ADD): values of two shapes; supported: two values of one shape");
  TfliteModel rescaled = good();
  rescaled.output = rescaled.ops[0].output;
  rescaled.ops.pop_back();
  rescaled.pool(true, {3, 3}, 1, Padding::SAME);
  EXPECT_EQ(error_of([&] { read(rescaled); }),
            "net.tflite: operator 2 (AVERAGE_POOL_2D): windows that reach beyond the map; "
            "supported: averages of windows inside of it");
  rescaled.ops.back().padding = Padding::VALID;
  tensor(rescaled, rescaled.output).shape = {1, 4, 4, 4};
  EXPECT_EQ(error_of([&] { read(rescaled); }), "no error");
  tensor(rescaled, rescaled.output).scale[0] *= 2;
  EXPECT_EQ(error_of([&] { read(rescaled); }),
            "net.tflite: operator 2 (AVERAGE_POOL_2D): its output has another scale or zero point "
            "than its input");
}

}  // namespace
}  // namespace sparsys
