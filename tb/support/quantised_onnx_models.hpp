// SPDX-License-Identifier: Apache-2.0
// A quantised ONNX network of one layer, for tests.
#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <string>
#include <vector>

#include "golden/base/random.hpp"

namespace sparsys {

// y = Relu(W x + b) of unsigned bytes, weights signed with a scale each.
struct QuantisedDense {
  static constexpr int kInputs = 12;
  static constexpr int kOutputs = 5;
  static constexpr float kInScale = 0.02F;
  static constexpr float kOutScale = 0.05F;
  static constexpr int kInZero = 131;
  static constexpr int kOutZero = 7;

  std::vector<int8_t> weights;
  std::vector<float> scales;
  std::vector<int32_t> bias;
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
  void value(onnx::ValueInfoProto* info, const char* name, int64_t size) {
    info->set_name(name);
    auto* type = info->mutable_type()->mutable_tensor_type();
    type->set_elem_type(onnx::TensorProto::FLOAT);
    type->mutable_shape()->add_dim()->set_dim_value(1);
    type->mutable_shape()->add_dim()->set_dim_value(size);
  }

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
    value(graph->add_input(), "x", kInputs);
    value(graph->add_output(), "y", kOutputs);
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

  std::vector<uint8_t> bytes() const {
    const std::string text = model.SerializeAsString();
    return {text.begin(), text.end()};
  }
};

}  // namespace sparsys
