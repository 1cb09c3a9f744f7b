// SPDX-License-Identifier: Apache-2.0
// ONNX models for tests, made with the protobuf classes as exporters make them.
#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <string>
#include <vector>

#include "golden/base/random.hpp"
#include "golden/format/onnx/import.hpp"
#include "tb/support/error_of.hpp"

namespace sparsys {

struct OnnxModel {
  explicit OnnxModel(int64_t opset = 13) {
    model.set_ir_version(7);
    model.set_producer_name("test");
    model.add_opset_import()->set_version(opset);
    graph().set_name("net");
  }

  onnx::GraphProto& graph() { return *model.mutable_graph(); }

  static void describe(onnx::ValueInfoProto& info, const std::string& name, const Shape& shape) {
    info.set_name(name);
    auto& type = *info.mutable_type()->mutable_tensor_type();
    type.set_elem_type(onnx::TensorProto::FLOAT);
    type.mutable_shape();
    for (const int64_t size : shape) type.mutable_shape()->add_dim()->set_dim_value(size);
  }
  void input(const std::string& name, const Shape& shape) {
    describe(*graph().add_input(), name, shape);
  }
  void output(const std::string& name, const Shape& shape) {
    describe(*graph().add_output(), name, shape);
  }

  static void fill(onnx::TensorProto& tensor, const std::string& name, const Shape& shape) {
    tensor.set_name(name);
    tensor.set_data_type(onnx::TensorProto::FLOAT);
    size_t count = 1;
    for (const int64_t size : shape) {
      tensor.add_dims(size);
      count *= static_cast<size_t>(size);
    }
    Random random(count, name.size());
    std::vector<float> values(count);
    // Some zeros of both signs, as pruned networks have them.
    for (size_t i = 0; i < count; ++i) {
      values[i] = i % 3 == 1 ? (i % 2 == 0 ? 0.0F : -0.0F) : random.normal();
    }
    tensor.set_raw_data(values.data(), count * sizeof(float));
  }
  onnx::TensorProto& weights(const std::string& name, const Shape& shape) {
    onnx::TensorProto& tensor = *graph().add_initializer();
    fill(tensor, name, shape);
    return tensor;
  }
  static void fill_integers(onnx::TensorProto& tensor, const std::string& name,
                            const std::vector<int64_t>& values) {
    tensor.set_name(name);
    tensor.set_data_type(onnx::TensorProto::INT64);
    tensor.add_dims(static_cast<int64_t>(values.size()));
    for (const int64_t value : values) tensor.add_int64_data(value);
  }
  onnx::TensorProto& integers(const std::string& name, const std::vector<int64_t>& values) {
    onnx::TensorProto& tensor = *graph().add_initializer();
    fill_integers(tensor, name, values);
    return tensor;
  }

  onnx::NodeProto& node(const std::string& op, const std::string& name,
                        const std::vector<std::string>& inputs, const std::string& output) {
    onnx::NodeProto& node = *graph().add_node();
    node.set_op_type(op);
    node.set_name(name);
    for (const std::string& input : inputs) node.add_input(input);
    node.add_output(output);
    return node;
  }

  std::vector<uint8_t> bytes() const {
    std::vector<uint8_t> bytes(model.ByteSizeLong());
    model.SerializeToArray(bytes.data(), static_cast<int>(bytes.size()));
    return bytes;
  }

  onnx::ModelProto model;
};

inline onnx::AttributeProto& add_attribute(onnx::NodeProto& node, const std::string& name,
                                           onnx::AttributeProto::AttributeType type) {
  onnx::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(type);
  return attribute;
}
inline void set(onnx::NodeProto& node, const std::string& name, int64_t value) {
  add_attribute(node, name, onnx::AttributeProto::INT).set_i(value);
}
inline void set(onnx::NodeProto& node, const std::string& name, float value) {
  add_attribute(node, name, onnx::AttributeProto::FLOAT).set_f(value);
}
inline void set(onnx::NodeProto& node, const std::string& name, const std::string& value) {
  add_attribute(node, name, onnx::AttributeProto::STRING).set_s(value);
}
inline void set(onnx::NodeProto& node, const std::string& name,
                const std::vector<int64_t>& values) {
  auto& attribute = add_attribute(node, name, onnx::AttributeProto::INTS);
  for (const int64_t value : values) attribute.add_ints(value);
}

inline Network read(const OnnxModel& model, const OnnxImportOptions& options = {}) {
  const std::vector<uint8_t> bytes = model.bytes();
  return onnx_from_bytes(bytes.data(), bytes.size(), "file", options);
}

// Every text is in the one line that reading the model gives.
inline void expect_error(const OnnxModel& model, const std::vector<std::string>& texts,
                         const OnnxImportOptions& options = {}) {
  const std::string error = error_of([&] { read(model, options); });
  for (const std::string& text : texts) {
    EXPECT_NE(error.find(text), std::string::npos) << "no '" << text << "' in: " << error;
  }
}

inline std::vector<float> floats_of(const onnx::TensorProto& tensor) {
  std::vector<float> values(tensor.raw_data().size() / sizeof(float));
  tensor.raw_data().copy(reinterpret_cast<char*>(values.data()), tensor.raw_data().size());
  return values;
}

// Two fully connected layers by Gemm, and softmax.
inline OnnxModel gemm_model(int64_t opset = 13) {
  OnnxModel m(opset);
  m.input("x", {1, 6});
  m.output("y", {1, 3});
  m.weights("fc1.weight", {4, 6});
  m.weights("fc1.bias", {4});
  m.weights("fc2.weight", {4, 3});
  m.weights("fc2.bias", {1, 3});
  set(m.node("Gemm", "fc1", {"x", "fc1.weight", "fc1.bias"}, "a"), "transB", int64_t{1});
  m.node("Relu", "relu", {"a"}, "b");
  onnx::NodeProto& second = m.node("Gemm", "fc2", {"b", "fc2.weight", "fc2.bias"}, "c");
  set(second, "alpha", 0.5F);
  set(second, "beta", 2.0F);
  m.node("Softmax", "softmax", {"c"}, "y");
  return m;
}

// The same by MatMul and Add.
inline OnnxModel matmul_model() {
  OnnxModel m;
  m.input("x", {1, 6});
  m.output("y", {1, 3});
  m.weights("w1", {6, 4});
  m.weights("b1", {4});
  m.weights("w2", {4, 3});
  m.weights("b2", {3});
  m.node("MatMul", "", {"x", "w1"}, "a");
  m.node("Add", "", {"b1", "a"}, "b");
  m.node("Relu", "", {"b"}, "c");
  m.node("MatMul", "", {"c", "w2"}, "d");
  m.node("Add", "", {"d", "b2"}, "y");
  return m;
}

// Convolutions and pooling as in LeNet-5, smaller; a flattening in the middle.
inline OnnxModel lenet_model(int64_t opset = 13, bool reshape = false) {
  OnnxModel m(opset);
  m.input("image", {1, 1, 16, 16});
  m.output("scores", {1, 10});
  m.weights("c1.w", {4, 1, 5, 5});
  m.weights("c1.b", {4});
  m.weights("c2.w", {6, 4, 3, 3});
  m.weights("f.w", {10, 24});
  m.weights("f.b", {10});
  set(m.node("Conv", "conv1", {"image", "c1.w", "c1.b"}, "v1"), "kernel_shape",
      std::vector<int64_t>{5, 5});
  m.node("Relu", "relu1", {"v1"}, "v2");
  onnx::NodeProto& pool1 = m.node("MaxPool", "pool1", {"v2"}, "v3");
  set(pool1, "kernel_shape", std::vector<int64_t>{2, 2});
  set(pool1, "strides", std::vector<int64_t>{2, 2});
  m.node("Conv", "conv2", {"v3", "c2.w"}, "v4");
  onnx::NodeProto& pool2 = m.node("MaxPool", "pool2", {"v4"}, "v5");
  set(pool2, "kernel_shape", std::vector<int64_t>{2, 2});
  set(pool2, "strides", std::vector<int64_t>{2, 2});
  if (reshape) {
    m.integers("flat", {0, -1});
    m.node("Reshape", "flatten", {"v5", "flat"}, "v6");
  } else {
    m.node("Flatten", "flatten", {"v5"}, "v6");
  }
  set(m.node("Gemm", "fc", {"v6", "f.w", "f.b"}, "scores"), "transB", int64_t{1});
  return m;
}

// Averages and the functions that are no ReLU, as in LeCun's LeNet-5, smaller.
inline OnnxModel smooth_model(int64_t opset = 13) {
  OnnxModel m(opset);
  m.input("image", {1, 1, 10, 9});
  m.output("y", {1, 3});
  m.weights("c.w", {2, 1, 3, 3});
  m.weights("f.w", {3, 18});
  m.node("Conv", "conv", {"image", "c.w"}, "v1");
  m.node("Tanh", "tanh", {"v1"}, "v2");
  onnx::NodeProto& pool = m.node("AveragePool", "pool", {"v2"}, "v3");
  set(pool, "kernel_shape", std::vector<int64_t>{3, 2});
  set(pool, "strides", std::vector<int64_t>{3, 3});
  set(pool, "pads", std::vector<int64_t>{1, 0, 0, 1});
  if (opset >= 10) set(pool, "ceil_mode", int64_t{1});
  m.node("Flatten", "flatten", {"v3"}, "v4");
  set(m.node("Gemm", "fc", {"v4", "f.w", "f.b"}, "v5"), "transB", int64_t{1});
  m.weights("f.b", {3});
  m.node("Sigmoid", "sigmoid", {"v5"}, "y");
  return m;
}

// A block with a shortcut: grouped and dilated convolution, padding of its own, an Add of values.
inline OnnxModel residual_model() {
  OnnxModel m;
  m.input("x", {1, 2, 7, 9});
  m.output("y", {1, 2, 4, 5});
  m.weights("w", {2, 1, 3, 3});
  m.weights("scale", {2, 1, 1});
  onnx::NodeProto& conv = m.node("Conv", "conv", {"x", "w", ""}, "a");
  set(conv, "group", int64_t{2});
  set(conv, "dilations", std::vector<int64_t>{2, 1});
  set(conv, "pads", std::vector<int64_t>{2, 1, 2, 1});
  m.node("Add", "bias", {"a", "scale"}, "b");
  m.node("Add", "sum", {"b", "x"}, "c");
  onnx::NodeProto& pool = m.node("MaxPool", "pool", {"c"}, "y");
  set(pool, "kernel_shape", std::vector<int64_t>{3, 2});
  set(pool, "strides", std::vector<int64_t>{2, 2});
  set(pool, "pads", std::vector<int64_t>{1, 0, 0, 0});
  set(pool, "ceil_mode", int64_t{1});
  return m;
}

// Idioms of exporters: channels last, shape arithmetic, normalisation, a HardSwish written out,
// parts that are joined again, integer weights, a free batch.
inline OnnxModel exporter_model() {
  OnnxModel m;
  m.input("x", {1, 6, 6, 2});
  auto& type = *m.graph().mutable_input(0)->mutable_type()->mutable_tensor_type();
  type.mutable_shape()->mutable_dim(0)->set_dim_param("n");
  m.graph().add_output()->set_name("y");
  const auto scalar = [&](const char* name, float value) {
    m.weights(name, {}).set_raw_data(&value, sizeof value);
  };
  scalar("zero", 0);
  scalar("three", 3);
  scalar("six", 6);
  m.weights("w", {4, 2, 3, 3});
  for (const char* name : {"s", "b", "m"}) m.weights(name, {4});
  const float variance[] = {1, 2, 0.5F, 4};
  m.weights("v", {4}).set_raw_data(variance, sizeof variance);
  m.integers("pads", {0, 0, 0, 0, 0, 0, 1, 1});
  m.integers("first", {0});
  m.integers("end", {1});
  m.integers("rest", {-1});
  onnx::TensorProto& codes = m.integers("codes", std::vector<int64_t>(300, 3));
  codes.set_data_type(onnx::TensorProto::INT8);
  codes.clear_int64_data();
  codes.set_raw_data(std::string(300, '\3'));
  codes.clear_dims();
  codes.add_dims(100);
  codes.add_dims(3);
  set(m.node("Transpose", "in", {"x"}, "a"), "perm", std::vector<int64_t>{0, 3, 1, 2});
  m.node("Pad", "pad", {"a", "pads"}, "c");
  m.node("Conv", "conv", {"c", "w"}, "d");
  m.node("BatchNormalization", "norm", {"d", "s", "b", "m", "v"}, "e");
  m.node("Add", "plus", {"e", "three"}, "f");
  m.node("Clip", "clip", {"f", "zero", "six"}, "g");
  m.node("Div", "gate", {"g", "six"}, "h");
  m.node("Mul", "swish", {"e", "h"}, "i");
  onnx::NodeProto& split = m.node("Split", "split", {"i"}, "j");
  split.add_output("k");
  set(split, "axis", int64_t{1});
  set(m.node("Concat", "join", {"k", "j"}, "l"), "axis", int64_t{1});
  onnx::NodeProto& resize = m.node("Resize", "up", {"l", "", "scales"}, "o");
  set(resize, "coordinate_transformation_mode", std::string("asymmetric"));
  set(resize, "nearest_mode", std::string("floor"));
  const float scales[] = {1, 1, 1, 2};
  m.weights("scales", {4}).set_raw_data(scales, sizeof scales);
  onnx::NodeProto& pool = m.node("AveragePool", "pool", {"o"}, "o2");
  set(pool, "kernel_shape", std::vector<int64_t>{1, 3});
  set(pool, "strides", std::vector<int64_t>{1, 2});
  set(pool, "pads", std::vector<int64_t>{0, 1, 0, 0});
  set(pool, "count_include_pad", int64_t{1});
  set(m.node("Transpose", "out", {"o2"}, "p"), "perm", std::vector<int64_t>{0, 2, 3, 1});
  m.node("Shape", "", {"p"}, "sizes");
  m.node("Slice", "", {"sizes", "first", "end"}, "q");
  set(m.node("Concat", "", {"q", "rest"}, "flat"), "axis", int64_t{0});
  m.node("Reshape", "flatten", {"p", "flat"}, "r");
  m.node("DequantizeLinear", "", {"codes", "six"}, "dense");
  m.node("MatMul", "fc", {"r", "dense"}, "t");
  set(m.node("ReduceMean", "mean", {"t"}, "u"), "axes", std::vector<int64_t>{-1});
  m.node("Sub", "centred", {"t", "u"}, "z");
  m.node("LogSoftmax", "softmax", {"z"}, "y");
  return m;
}

}  // namespace sparsys
