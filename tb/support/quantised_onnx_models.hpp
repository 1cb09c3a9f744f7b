// SPDX-License-Identifier: Apache-2.0
// Quantised ONNX networks, for tests.
#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <string>
#include <vector>

#include "golden/base/random.hpp"

namespace sparsys {

// A file that is being made.
struct QuantisedOnnx {
  onnx::ModelProto model;

  void tensor(const std::string& name, int type, const std::vector<int64_t>& dims,
              const std::string& raw) {
    onnx::TensorProto* made = model.mutable_graph()->add_initializer();
    made->set_name(name);
    made->set_data_type(type);
    for (const int64_t d : dims) made->add_dims(d);
    made->set_raw_data(raw);
  }
  template <typename T>
  static std::string raw(const std::vector<T>& values) {
    return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
  }
  void node(const char* op, const std::vector<std::string>& inputs, const std::string& output,
            const char* attribute = nullptr, int64_t value = 0) {
    onnx::NodeProto* made = model.mutable_graph()->add_node();
    made->set_op_type(op);
    for (const std::string& input : inputs) made->add_input(input);
    made->add_output(output);
    if (attribute == nullptr) return;
    onnx::AttributeProto* set = made->add_attribute();
    set->set_name(attribute);
    set->set_type(onnx::AttributeProto::INT);
    set->set_i(value);
  }
  // Of the last node.
  void numbers(const char* attribute, const std::vector<int64_t>& values) {
    onnx::GraphProto* graph = model.mutable_graph();
    onnx::AttributeProto* set = graph->mutable_node(graph->node_size() - 1)->add_attribute();
    set->set_name(attribute);
    set->set_type(onnx::AttributeProto::INTS);
    for (const int64_t v : values) set->add_ints(v);
  }
  static void value(onnx::ValueInfoProto* info, const char* name,
                    const std::vector<int64_t>& shape) {
    info->set_name(name);
    auto* type = info->mutable_type()->mutable_tensor_type();
    type->set_elem_type(onnx::TensorProto::FLOAT);
    for (const int64_t size : shape) type->mutable_shape()->add_dim()->set_dim_value(size);
  }

  std::vector<uint8_t> bytes() const {
    const std::string text = model.SerializeAsString();
    return {text.begin(), text.end()};
  }
};

// y = Relu(W x + b) of unsigned bytes, weights signed with a scale each.
struct QuantisedDense : QuantisedOnnx {
  static constexpr int kInputs = 12;
  static constexpr int kOutputs = 5;
  static constexpr float kInScale = 0.02F;
  static constexpr float kOutScale = 0.05F;
  static constexpr int kInZero = 131;
  static constexpr int kOutZero = 7;

  std::vector<int8_t> weights;
  std::vector<float> scales;
  std::vector<int32_t> bias;

  explicit QuantisedDense(bool of_bytes) {
    Random random(3);
    for (int i = 0; i < kInputs * kOutputs; ++i) {
      weights.push_back(static_cast<int8_t>(random.below(255) - 127));
    }
    for (int o = 0; o < kOutputs; ++o) {
      scales.push_back(random.uniform(0.002F, 0.01F));
      bias.push_back(static_cast<int32_t>(random.below(4000)) - 2000);
    }
    model.set_ir_version(8);
    model.add_opset_import()->set_version(13);
    onnx::GraphProto* graph = model.mutable_graph();
    graph->set_name("dense");
    value(graph->add_input(), "x", {1, kInputs});
    value(graph->add_output(), "y", {1, kOutputs});
    std::vector<float> steps;
    for (const float s : scales) steps.push_back(s * kInScale);
    using T = onnx::TensorProto;
    tensor("xs", T::FLOAT, {}, raw<float>({kInScale}));
    tensor("xz", T::UINT8, {}, raw<uint8_t>({kInZero}));
    tensor("ys", T::FLOAT, {}, raw<float>({kOutScale}));
    tensor("yz", T::UINT8, {}, raw<uint8_t>({kOutZero}));
    tensor("w", T::INT8, {kOutputs, kInputs}, raw(weights));
    tensor("ws", T::FLOAT, {kOutputs}, raw(scales));
    tensor("wz", T::INT8, {kOutputs}, raw(std::vector<int8_t>(kOutputs)));
    tensor("b", T::INT32, {kOutputs}, raw(bias));
    tensor("bs", T::FLOAT, {kOutputs}, raw(steps));
    node("QuantizeLinear", {"x", "xs", "xz"}, "xq");
    if (of_bytes) {
      node("QGemm", {"xq", "xs", "xz", "w", "ws", "wz", "b", "ys", "yz"}, "yq", "transB", 1);
    } else {
      node("DequantizeLinear", {"xq", "xs", "xz"}, "xd");
      node("DequantizeLinear", {"w", "ws", "wz"}, "wd", "axis", 0);
      node("DequantizeLinear", {"b", "bs"}, "bd", "axis", 0);
      node("Gemm", {"xd", "wd", "bd"}, "g", "transB", 1);
      node("Relu", {"g"}, "r");
      node("QuantizeLinear", {"r", "ys", "yz"}, "yq");
    }
    node("DequantizeLinear", {"yq", "ys", "yz"}, "y");
  }
};

// A convolution of maps, two branches, their sum, a pooling and a mean over the maps, all between
// DequantizeLinear and QuantizeLinear.
struct QuantisedMaps : QuantisedOnnx {
  QuantisedMaps() {
    constexpr int kChannels = 3;
    constexpr int kMaps = 4;
    Random random(5);
    const auto bytes = [&](int count) {
      std::vector<int8_t> values;
      for (int i = 0; i < count; ++i) {
        values.push_back(static_cast<int8_t>(random.below(255) - 127));
      }
      return raw(values);
    };
    model.set_ir_version(8);
    model.add_opset_import()->set_version(13);
    onnx::GraphProto* graph = model.mutable_graph();
    graph->set_name("maps");
    value(graph->add_input(), "x", {1, kChannels, 6, 6});
    value(graph->add_output(), "y", {1, kMaps, 1, 1});
    using T = onnx::TensorProto;
    tensor("s", T::FLOAT, {}, raw<float>({0.03F}));
    tensor("z", T::INT8, {}, raw<int8_t>({-5}));
    tensor("ws", T::FLOAT, {kMaps}, raw<float>({0.004F, 0.01F, 0.006F, 0.002F}));
    tensor("wz", T::INT8, {kMaps}, raw(std::vector<int8_t>(kMaps)));
    tensor("w1", T::INT8, {kMaps, kChannels, 3, 3}, bytes(kMaps * kChannels * 9));
    tensor("w2", T::INT8, {kMaps, 1, 3, 3}, bytes(kMaps * 9));
    const auto requantised = [&](const std::string& name) {
      node("QuantizeLinear", {name, "s", "z"}, name + "q");
      node("DequantizeLinear", {name + "q", "s", "z"}, name + "d");
    };
    requantised("x");
    node("DequantizeLinear", {"w1", "ws", "wz"}, "w1d", "axis", 0);
    node("DequantizeLinear", {"w2", "ws", "wz"}, "w2d", "axis", 0);
    node("Conv", {"xd", "w1d"}, "c");
    numbers("pads", {1, 1, 1, 1});
    node("Relu", {"c"}, "a");
    requantised("a");
    node("Conv", {"ad", "w2d"}, "b", "group", kMaps);
    numbers("pads", {1, 1, 1, 1});
    requantised("b");
    node("Add", {"ad", "bd"}, "t");
    requantised("t");
    node("MaxPool", {"td"}, "p");
    numbers("kernel_shape", {2, 2});
    numbers("strides", {2, 2});
    requantised("p");
    node("GlobalAveragePool", {"pd"}, "m");
    node("QuantizeLinear", {"m", "s", "z"}, "mq");
    node("DequantizeLinear", {"mq", "s", "z"}, "y");
  }
};

}  // namespace sparsys
