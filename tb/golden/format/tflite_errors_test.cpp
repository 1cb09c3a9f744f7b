// SPDX-License-Identifier: Apache-2.0
// What is wrong with a .tflite file, in one line with the operator and what was expected; and what
// is read though it looks odd.
#include <gtest/gtest.h>

#include <functional>

#include "golden/format/tflite/import.hpp"
#include "tb/support/error_of.hpp"
#include "tb/support/temporary.hpp"
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

// What is wrong, without the way out that ends each line about an operator.
template <typename Call>
std::string told(const Call& call) {
  const std::string text = error_of(call);
  const size_t end = text.find(int8::kWayOut);
  const bool of_operator =
      text.find(": operator ") != std::string::npos && text.find("): ") != std::string::npos;
  EXPECT_EQ(end != std::string::npos, of_operator) << text;
  return text.substr(0, end);
}

std::string error(const std::function<void(TfliteModel&)>& change) {
  TfliteModel model = good();
  change(model);
  return told([&] { read(model); });
}

TEST(TfliteErrors, SayOperatorAndExpectation) {
  EXPECT_EQ(error([](TfliteModel&) {}), "no error");
  EXPECT_EQ(error([](TfliteModel& m) { m.ops[0].code = BuiltinOperator::SOFTMAX; }),
            "net.tflite: operator 1 (SOFTMAX): 3 inputs; supported: 1 inputs");
  EXPECT_EQ(
      error([](TfliteModel& m) { m.ops[1].code = BuiltinOperator::LSTM; }).substr(0, 110),
      "net.tflite: operator 2 (LSTM): operator number 16, which makes 'value6', is not supported; "
      "supported: CONV_2D,");
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
    return told([&] { tflite_from_bytes(bytes.data(), bytes.size(), "net.tflite"); });
  };
  EXPECT_EQ(of({}), "net.tflite: not a .tflite file: the file is empty");
  EXPECT_EQ(of(std::vector<uint8_t>(100, 'x')),
            "net.tflite: not a .tflite file: its identifier 'TFL3' is missing");
  // By its name alone.
  const TemporaryFolder folder;
  for (const std::string name : {"empty.tflite", "empty.onnx"}) {
    write_bytes(folder.file(name), {});
    EXPECT_EQ(is_tflite(folder.file(name)), name == "empty.tflite");
  }
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
      told([&] { read(other); }),
      "net.tflite: operator 3 (ADD): values of two shapes, [1, 6, 6, 4] and [1, 5]; supported: two "
      "values of one shape");
  TfliteModel rescaled = good();
  rescaled.output = rescaled.ops[0].output;
  rescaled.ops.pop_back();
  rescaled.pool(true, {3, 3}, 1, Padding::SAME);
  EXPECT_EQ(told([&] { read(rescaled); }), "no error");
  rescaled.ops.back().padding = Padding::VALID;
  tensor(rescaled, rescaled.output).shape = {1, 4, 4, 4};
  EXPECT_EQ(told([&] { read(rescaled); }), "no error");
  tensor(rescaled, rescaled.output).scale[0] *= 2;
  EXPECT_EQ(told([&] { read(rescaled); }),
            "net.tflite: operator 2 (AVERAGE_POOL_2D): its output has another scale or zero point "
            "than its input");
}

// What the matrix unit cannot do, or the file does not say.
TEST(TfliteErrors, OperatorsThatAreRefused) {
  const auto refused = [](const std::function<void(TfliteModel&, Random&)>& add) {
    Random random(3);
    TfliteModel model = good();
    model.output = model.ops[0].output;
    model.ops.pop_back();
    add(model, random);
    return told([&] { read(model); });
  };
  EXPECT_EQ(refused([](TfliteModel& m, Random& r) {
              const int32_t from = m.output;
              m.requantise(BuiltinOperator::LOGISTIC, r);
              m.add(BuiltinOperator::MUL, {from, m.output}, from + 20);
              m.ops.back().output = m.value({1, 6, 6, 4}, 0.02F, 0);
              m.output = m.ops.back().output;
            }),
            "net.tflite: operator 3 (MUL): a product of two values, which makes 'value8': the "
            "matrix unit multiplies by constants only; supported: products of a value and a "
            "constant; for squeeze and excitation a network without it");
  EXPECT_EQ(refused([](TfliteModel& m, Random& r) {
              m.requantise(BuiltinOperator::LEAKY_RELU, r).alpha = -1;
            }),
            "net.tflite: operator 2 (LEAKY_RELU): a slope of -1.000000; supported: slopes from 0");
  EXPECT_EQ(refused([](TfliteModel& m, Random& r) { m.mean(r, true, {3}); }),
            "net.tflite: operator 2 (MEAN): a mean over other dimensions than height and width; "
            "supported: means over height, width or both");
  EXPECT_EQ(refused([](TfliteModel& m, Random& r) {
              m.flatten();
              m.ops[m.ops.size() - 2].code = BuiltinOperator::POW;
              m.fully_connected(r, 3, Activation::NONE);
            }),
            "net.tflite: operator 4 (POW): operator number 78 of shapes, which makes 'value12', is "
            "not supported; supported: SHAPE, STRIDED_SLICE, GATHER, PACK, CONCATENATION, "
            "REDUCE_PROD, ADD, SUB, MUL, RESHAPE, SQUEEZE, EXPAND_DIMS, CAST; convert with a fixed "
            "number of samples");
  EXPECT_EQ(refused([](TfliteModel& m, Random&) {
              m.reshape({1, 12, 12, 1}).axis = 0;
            }),
            "no error");  // as long as nothing takes it
  EXPECT_EQ(
      refused([](TfliteModel& m, Random& r) {
        m.reshape({1, 12, 12, 1});
        m.conv(r, 2, {3, 3}, {1, 1}, Activation::NONE);
      }),
      "net.tflite: operator 3 (CONV_2D): input 1, 'value8', of the shape [1, 12, 12, 1] has pixels "
      "and channels that were others before: [1, 6, 6, 4]; supported: maps to vectors in front of "
      "FULLY_CONNECTED, maps to maps of as many channels, and the input to a map");
  EXPECT_EQ(refused([](TfliteModel& m, Random&) {
              m.reshape({1, 7, 6, 4});
            }),
            "net.tflite: operator 2 (RESHAPE): from [1, 6, 6, 4], 144 elements, to [1, 7, 6, 4]");
  // A floating-point function that stays one.
  EXPECT_EQ(refused([](TfliteModel& m, Random& r) {
              m.requantise(BuiltinOperator::ELU, r);
              m.ops.pop_back();
              m.output = m.ops.back().output;
            }),
            "net.tflite: output 'value8' is a floating-point function of bytes; convert with "
            "inference_output_type int8");
}

}  // namespace
}  // namespace sparsys
