// SPDX-License-Identifier: Apache-2.0
// ONNX files read: what each operator becomes, and what each error says.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>

#include "golden/base/error.hpp"
#include "golden/format/onnx/import.hpp"
#include "tb/support/error_of.hpp"
#include "tb/support/onnx_models.hpp"
#include "tb/support/temporary.hpp"

namespace sparsys {
namespace {

using Texts = std::vector<std::string>;

// Every text is in the one line that reading the model gives.
void expect_error(const OnnxModel& model, const Texts& texts,
                  const OnnxImportOptions& options = {}) {
  const std::string error = error_of([&] { read(model, options); });
  for (const std::string& text : texts) {
    EXPECT_NE(error.find(text), std::string::npos) << "no '" << text << "' in: " << error;
  }
}

std::vector<float> floats_of(const onnx::TensorProto& tensor) {
  std::vector<float> values(tensor.raw_data().size() / sizeof(float));
  tensor.raw_data().copy(reinterpret_cast<char*>(values.data()), tensor.raw_data().size());
  return values;
}

TEST(OnnxImport, FullyConnectedByGemm) {
  const OnnxModel model = gemm_model();
  const Network network = read(model);
  EXPECT_EQ(network.name, "net");
  EXPECT_EQ(network.origin, "ONNX file of test");
  EXPECT_EQ(network.input, "x");
  EXPECT_EQ(network.input_shape, (Shape{1, 6}));
  EXPECT_EQ(network.output, "y");
  ASSERT_EQ(network.nodes.size(), 4U);
  EXPECT_EQ(network.nodes[0].op, Op::kGemm);
  EXPECT_EQ(network.nodes[0].name, "fc1");
  EXPECT_EQ(network.nodes[0].inputs, (Texts{"x", "fc1.weight", "fc1.bias"}));
  EXPECT_EQ(network.nodes[0].output, "a");
  EXPECT_TRUE(network.nodes[0].trans_b);
  EXPECT_EQ(network.nodes[0].alpha, 1);
  EXPECT_EQ(network.nodes[1].op, Op::kRelu);
  EXPECT_FALSE(network.nodes[2].trans_b);
  EXPECT_EQ(network.nodes[2].alpha, 0.5F);
  EXPECT_EQ(network.nodes[2].beta, 2);
  EXPECT_EQ(network.nodes[3].op, Op::kSoftmax);
  EXPECT_EQ(network.nodes[3].axis, -1);
  ASSERT_EQ(network.parameters.size(), 4U);
  for (int p = 0; p < 4; ++p) {
    const Parameter& parameter = network.parameters[static_cast<size_t>(p)];
    const onnx::TensorProto& tensor = model.model.graph().initializer(p);
    EXPECT_EQ(parameter.name, tensor.name());
    EXPECT_EQ(parameter.shape, Shape(tensor.dims().begin(), tensor.dims().end()));
    EXPECT_EQ(parameter.values, floats_of(tensor));
  }
}

TEST(OnnxImport, FullyConnectedByMatMulAndAdd) {
  const Network network = read(matmul_model());
  ASSERT_EQ(network.nodes.size(), 5U);
  EXPECT_EQ(network.nodes[0].op, Op::kMatMul);
  EXPECT_EQ(network.nodes[0].name, "");
  EXPECT_EQ(network.nodes[1].op, Op::kAdd);
  EXPECT_EQ(network.nodes[1].inputs, (Texts{"b1", "a"}));
  const std::vector<Layer> found = layers(network);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(network.parameters[static_cast<size_t>(found[0].bias)].name, "b1");
  EXPECT_TRUE(found[0].columns_first);
}

TEST(OnnxImport, ConvolutionAndPooling) {
  for (const bool reshape : {false, true}) {
    const Network network = read(lenet_model(13, reshape));
    ASSERT_EQ(network.nodes.size(), 7U);
    const Node& conv = network.nodes[0];
    EXPECT_EQ(conv.op, Op::kConv);
    EXPECT_EQ(conv.window.kernel, (std::array<int64_t, 2>{5, 5}));
    EXPECT_EQ(conv.window.stride, (std::array<int64_t, 2>{1, 1}));
    EXPECT_EQ(conv.inputs.size(), 3U);
    EXPECT_EQ(network.nodes[2].op, Op::kMaxPool);
    EXPECT_EQ(network.nodes[2].window.kernel, (std::array<int64_t, 2>{2, 2}));
    EXPECT_EQ(network.nodes[2].window.stride, (std::array<int64_t, 2>{2, 2}));
    // Its kernel is known from the weights alone.
    EXPECT_EQ(network.nodes[3].window.kernel, (std::array<int64_t, 2>{3, 3}));
    EXPECT_EQ(network.nodes[3].inputs.size(), 2U);
    EXPECT_EQ(network.nodes[5].op, reshape ? Op::kReshape : Op::kFlatten);
    if (reshape) {
      EXPECT_EQ(network.nodes[5].shape, (Shape{0, -1}));
      EXPECT_EQ(network.nodes[5].inputs[1], "flat");
      EXPECT_EQ(network.find("flat"), nullptr);
    }
    EXPECT_EQ(infer_shapes(network)[6], (Shape{1, 24}));
  }
}

TEST(OnnxImport, GroupsDilationShortcutsAndCeilMode) {
  const Network network = read(residual_model());
  const Node& conv = network.nodes[0];
  EXPECT_EQ(conv.group, 2);
  EXPECT_EQ(conv.window.dilation, (std::array<int64_t, 2>{2, 1}));
  EXPECT_EQ(conv.window.pad, (std::array<int64_t, 4>{2, 1, 2, 1}));
  // An input that is left out by an empty name is no input.
  EXPECT_EQ(conv.inputs, (Texts{"x", "w"}));
  EXPECT_EQ(network.nodes[2].inputs, (Texts{"b", "x"}));
  EXPECT_TRUE(network.nodes[3].window.ceil_mode);
}

TEST(OnnxImport, AveragePoolSigmoidAndTanh) {
  for (const int64_t opset : {7, 10, 13, 19, 22}) {
    const Network network = read(smooth_model(opset));
    ASSERT_EQ(network.nodes.size(), 6U);
    EXPECT_EQ(network.nodes[1].op, Op::kTanh);
    const Node& pool = network.nodes[2];
    EXPECT_EQ(pool.op, Op::kAveragePool);
    EXPECT_EQ(pool.window.kernel, (std::array<int64_t, 2>{3, 2}));
    EXPECT_EQ(pool.window.stride, (std::array<int64_t, 2>{3, 3}));
    EXPECT_EQ(pool.window.pad, (std::array<int64_t, 4>{1, 0, 0, 1}));
    EXPECT_EQ(network.nodes[5].op, Op::kSigmoid);
    EXPECT_EQ(infer_shapes(network)[3], (Shape{1, 2, 3, 3}));
  }
}

TEST(OnnxImport, AveragePoolAttributes) {
  const auto changed = [](const std::function<void(onnx::NodeProto&)>& change, int64_t opset = 19) {
    OnnxModel m = smooth_model(opset);
    change(*m.graph().mutable_node(2));
    return m;
  };
  const std::string place = "file: node 'pool' (AveragePool): ";
  const auto with_pad = [](onnx::NodeProto& n) { set(n, "count_include_pad", int64_t{1}); };
  expect_error(changed(with_pad),
               {place + "attribute 'count_include_pad' is 1 and there is padding",
                "supported: means of the values that are no padding"});
  // Without padding it is the same.
  const auto unpadded = [&](onnx::NodeProto& n) {
    with_pad(n);
    for (onnx::AttributeProto& a : *n.mutable_attribute()) {
      if (a.name() == "pads") a.clear_ints();
      if (a.name() == "pads") a.mutable_ints()->Resize(4, 0);
    }
  };
  EXPECT_EQ(read(changed(unpadded)).nodes[2].window.pad, (std::array<int64_t, 4>{}));
  expect_error(changed([](onnx::NodeProto& n) {
                 set(n, "dilations", std::vector<int64_t>{1, 2});
               }),
               {place + "attribute 'dilations' is [1, 2]; supported: [1, 1]"});
  EXPECT_NO_THROW(read(changed([](onnx::NodeProto& n) {
    set(n, "dilations", std::vector<int64_t>{1, 1});
  })));
  // Its dilation is since operator set 19.
  expect_error(changed(
                   [](onnx::NodeProto& n) {
                     set(n, "dilations", std::vector<int64_t>{1, 1});
                   },
                   18),
               {place + "unknown attribute 'dilations'"});
  expect_error(changed([](onnx::NodeProto& n) { n.mutable_attribute(0)->set_name("kernel"); }),
               {place + "no attribute 'kernel_shape'"});
  expect_error(changed([](onnx::NodeProto& n) { n.add_input("v1"); }), {place + "2 inputs"});
}

// From the definition: as many outputs as ceil(size / stride), padding in equal parts, what is left
// over at the end (SAME_UPPER) or at the beginning.
TEST(OnnxImport, SamePaddingIsResolved) {
  for (int64_t size = 1; size <= 9; ++size) {
    for (int64_t kernel = 1; kernel <= 4; ++kernel) {
      for (int64_t stride = 1; stride <= 4; ++stride) {
        for (int64_t dilation = 1; dilation <= 2; ++dilation) {
          for (const bool upper : {true, false}) {
            OnnxModel m;
            m.input("x", {1, 1, size, 5});
            m.graph().add_output()->set_name("y");
            m.weights("w", {1, 1, kernel, 1});
            onnx::NodeProto& conv = m.node("Conv", "c", {"x", "w"}, "y");
            set(conv, "auto_pad", std::string(upper ? "SAME_UPPER" : "SAME_LOWER"));
            set(conv, "strides", std::vector<int64_t>{stride, 1});
            set(conv, "dilations", std::vector<int64_t>{dilation, 1});
            const Network network = read(m);
            const int64_t outputs = (size + stride - 1) / stride;
            EXPECT_EQ(infer_shapes(network).back(), (Shape{1, 1, outputs, 5}));
            const auto& pad = network.nodes[0].window.pad;
            EXPECT_EQ(pad[1], 0);
            EXPECT_EQ(pad[3], 0);
            const int64_t odd = upper ? pad[2] - pad[0] : pad[0] - pad[2];
            EXPECT_TRUE(odd == 0 || odd == 1) << pad[0] << " " << pad[2];
            // No more than is needed for the last window to end with the padding.
            const int64_t end = (outputs - 1) * stride + (kernel - 1) * dilation + 1;
            EXPECT_EQ(pad[0] + pad[2], std::max<int64_t>(0, end - size));
          }
        }
      }
    }
  }
}

TEST(OnnxImport, SamePaddingBehindOtherNodes) {
  OnnxModel m;
  m.input("x", {1, 12});
  m.output("y", {1, 1, 2, 3});
  m.integers("s", {1, 1, 3, -1});
  m.node("Reshape", "r", {"x", "s"}, "a");
  onnx::NodeProto& pool = m.node("MaxPool", "p", {"a"}, "b");
  set(pool, "kernel_shape", std::vector<int64_t>{2, 2});
  set(pool, "auto_pad", std::string("VALID"));
  onnx::NodeProto& last = m.node("MaxPool", "q", {"b"}, "y");
  set(last, "kernel_shape", std::vector<int64_t>{2, 2});
  set(last, "auto_pad", std::string("SAME_LOWER"));
  const Network network = read(m);
  EXPECT_EQ(network.nodes[1].window.pad, (std::array<int64_t, 4>{}));
  EXPECT_EQ(network.nodes[2].window.pad, (std::array<int64_t, 4>{1, 1, 0, 0}));
}

// A window that would begin behind the input is none; ONNX Runtime has it so.
TEST(OnnxImport, CeilModeWithoutEffect) {
  for (const int64_t width : {2, 3, 4, 5}) {
    OnnxModel m;
    m.input("x", {1, 1, 4, width});
    m.graph().add_output()->set_name("y");
    onnx::NodeProto& pool = m.node("MaxPool", "p", {"x"}, "y");
    set(pool, "kernel_shape", std::vector<int64_t>{1, 1});
    set(pool, "strides", std::vector<int64_t>{1, 3});
    set(pool, "ceil_mode", int64_t{1});
    const Network network = read(m);
    EXPECT_FALSE(network.nodes[0].window.ceil_mode);
    EXPECT_EQ(infer_shapes(network).back(), (Shape{1, 1, 4, width < 4 ? 1 : 2}));
  }
}

TEST(OnnxImport, ConstantNodesIdentityAndDropout) {
  OnnxModel m(13);
  m.input("x", {1, 2, 2});
  m.output("y", {1, 3});
  onnx::NodeProto& shape = m.node("Constant", "", {}, "shape");
  set(shape, "value_ints", std::vector<int64_t>{1, 4});
  onnx::NodeProto& weights = m.node("Constant", "", {}, "w");
  OnnxModel::fill(*add_attribute(weights, "value", onnx::AttributeProto::TENSOR).mutable_t(), "",
                  {4, 3});
  onnx::NodeProto& bias = m.node("Constant", "", {}, "b");
  auto& values = add_attribute(bias, "value_floats", onnx::AttributeProto::FLOATS);
  for (const float v : {1.0F, 2.0F, 3.0F}) values.add_floats(v);
  set(m.node("Constant", "", {}, "ratio"), "value_float", 0.5F);
  onnx::NodeProto& training = m.node("Constant", "", {}, "training");
  auto& no = *add_attribute(training, "value", onnx::AttributeProto::TENSOR).mutable_t();
  no.set_data_type(onnx::TensorProto::BOOL);
  no.add_int32_data(0);
  m.node("Identity", "i1", {"x"}, "x2");
  m.node("Reshape", "r", {"x2", "shape"}, "flat");
  m.node("Dropout", "d", {"flat", "ratio", "training"}, "dropped").add_output("mask");
  m.node("Identity", "i2", {"w"}, "w2");
  m.node("MatMul", "m", {"dropped", "w2"}, "product");
  m.node("Add", "a", {"product", "b"}, "sum");
  m.node("Relu", "relu", {"sum"}, "inner");
  m.node("Identity", "i3", {"inner"}, "y");
  const Network network = read(m);
  ASSERT_EQ(network.nodes.size(), 4U);
  EXPECT_EQ(network.nodes[0].inputs, (Texts{"x", "shape"}));
  EXPECT_EQ(network.nodes[0].shape, (Shape{1, 4}));
  EXPECT_EQ(network.nodes[1].inputs, (Texts{"flat", "w"}));
  EXPECT_EQ(network.nodes[2].inputs, (Texts{"product", "b"}));
  // The graph's output keeps the name that the outside knows.
  EXPECT_EQ(network.nodes[3].output, "y");
  ASSERT_EQ(network.parameters.size(), 2U);
  EXPECT_EQ(network.parameters[0].name, "w");
  EXPECT_EQ(network.parameters[1].values, (std::vector<float>{1, 2, 3}));
}

TEST(OnnxImport, InitializersAsInputsAndInFloatData) {
  OnnxModel m = gemm_model();
  m.model.set_ir_version(3);
  for (onnx::TensorProto& tensor : *m.graph().mutable_initializer()) {
    OnnxModel::describe(*m.graph().add_input(), tensor.name(),
                        Shape(tensor.dims().begin(), tensor.dims().end()));
    const std::vector<float> values = floats_of(tensor);
    tensor.clear_raw_data();
    for (const float value : values) tensor.add_float_data(value);
  }
  const Network a = read(gemm_model());
  const Network b = read(m);
  ASSERT_EQ(a.parameters.size(), b.parameters.size());
  for (size_t p = 0; p < a.parameters.size(); ++p) {
    EXPECT_EQ(a.parameters[p].values, b.parameters[p].values);
  }
  EXPECT_EQ(b.input, "x");
}

TEST(OnnxImport, UnusedInitializersAreDropped) {
  OnnxModel m = gemm_model();
  m.integers("num_batches_tracked", {1});
  m.weights("unused", {2});
  EXPECT_EQ(read(m).parameters.size(), 4U);
}

TEST(OnnxImport, RawIntegersAndSharedConstants) {
  OnnxModel m = lenet_model(13, true);
  onnx::TensorProto& shape = *m.graph().mutable_initializer(m.graph().initializer_size() - 1);
  const int64_t values[2] = {1, 24};
  shape.clear_int64_data();
  shape.set_raw_data(values, sizeof values);
  m.graph().mutable_node(6)->set_output(0, "inner");
  m.node("Add", "twice", {"inner", "f.b"}, "scores");
  const Network network = read(m);
  EXPECT_EQ(network.nodes[5].shape, (Shape{1, 24}));
  EXPECT_EQ(network.parameters.size(), 5U);
}

TEST(OnnxImport, SymbolicSizes) {
  OnnxModel m = gemm_model();
  auto& dim = *m.graph()
                   .mutable_input(0)
                   ->mutable_type()
                   ->mutable_tensor_type()
                   ->mutable_shape()
                   ->mutable_dim(0);
  dim.set_dim_param("batch");
  expect_error(m, {"file: input 'x': dimension 0, 'batch', has no fixed size; supported: fixed "
                   "sizes; --dim batch=1 gives it one"});
  OnnxImportOptions options;
  options.dims["batch"] = 1;
  EXPECT_EQ(read(m, options).input_shape, (Shape{1, 6}));
  options.dims["batch"] = 2;
  expect_error(m, {"sample dimension is 2", "--dim batch=1"}, options);
  options.dims["batch"] = 0;
  expect_error(m, {"dimension 0 is 0"}, options);
  options.dims["batch"] = 1;
  options.dims["other"] = 1;
  expect_error(m, {"--dim other=1", "no dimension of this name"}, options);
  options.dims = {{"0", 1}};
  for (int kind = 0; kind < 3; ++kind) {
    dim.Clear();
    if (kind == 1) dim.set_dim_value(0);
    if (kind == 2) dim.set_dim_value(-1);
    expect_error(m, {"dimension 0 has no fixed size", "--dim 0=1"});
    EXPECT_EQ(read(m, options).input_shape, (Shape{1, 6}));
  }
  // A batch of a fixed size.
  dim.set_dim_value(64);
  expect_error(m, {"sample dimension is 64", "--dim 0=1"});
  EXPECT_EQ(read(m, options).input_shape, (Shape{1, 6}));
  dim.set_dim_value(1);
  auto& second = *m.graph()
                      .mutable_input(0)
                      ->mutable_type()
                      ->mutable_tensor_type()
                      ->mutable_shape()
                      ->mutable_dim(1);
  second.set_dim_param("features");
  options.dims = {{"features", 6}};
  EXPECT_EQ(read(m, options).input_shape, (Shape{1, 6}));
  options.dims = {{"features", 7}};
  expect_error(m, {"node 'fc1' (Gemm)"}, options);
}

TEST(OnnxImport, ScaleAndOffset) {
  OnnxModel m = gemm_model();
  EXPECT_EQ(read(m).input_scale, 1.0F / 256);
  auto& entry = *m.model.add_metadata_props();
  entry.set_key("sparsys.input_scale");
  entry.set_value("0.125");
  EXPECT_EQ(read(m).input_scale, 0.125F);
  OnnxImportOptions options;
  options.input_scale = 2.0F;
  options.input_offset = -1.0F;
  EXPECT_EQ(read(m, options).input_scale, 2);
  EXPECT_EQ(read(m, options).input_offset, -1);
  for (const char* wrong : {"", "x", "1 ", "nan", "inf", "1e99", "0.1.2"}) {
    entry.set_value(wrong);
    expect_error(m, {"file: metadata 'sparsys.input_scale'", "a finite number"});
  }
}

TEST(OnnxImport, OperatorSets) {
  for (int64_t opset = 7; opset <= 25; ++opset) {
    OnnxModel m = gemm_model(opset);
    EXPECT_EQ(read(m).nodes.back().axis, opset < 13 ? 1 : -1);
    EXPECT_EQ(read(lenet_model(opset, true)).nodes.size(), 7U);
  }
  expect_error(gemm_model(6), {"file: operator set 6; supported: operator sets 7 to 25"});
  expect_error(gemm_model(26), {"operator set 26"});
  OnnxModel none = gemm_model();
  none.model.clear_opset_import();
  expect_error(none, {"no operator set"});
  none.model.add_opset_import()->set_version(13);
  none.model.add_opset_import()->set_version(14);
  expect_error(none, {"two versions of the operator set"});
  OnnxModel other = gemm_model();
  auto& set = *other.model.add_opset_import();
  set.set_domain("ai.onnx.ml");
  set.set_version(2);
  EXPECT_NO_THROW(read(other));
  OnnxModel ir = gemm_model();
  ir.model.set_ir_version(2);
  expect_error(ir, {"IR version 2; supported: IR versions 3 to 14"});
  ir.model.clear_ir_version();
  expect_error(ir, {"not an ONNX model: no IR version"});
}

// Before operator set 13 softmax went over all dimensions from the axis on.
TEST(OnnxImport, SoftmaxOfOldOperatorSets) {
  OnnxModel m = gemm_model(11);
  set(*m.graph().mutable_node(3), "axis", int64_t{0});
  // One sample: all of it is the last dimension, but the axis is the sample's.
  EXPECT_EQ(read(m).nodes.back().axis, -1);
  OnnxModel now = gemm_model(13);
  set(*now.graph().mutable_node(3), "axis", int64_t{0});
  expect_error(now, {"node 'softmax' (Softmax): attribute 'axis' is 0", "supported: softmax over"});
  OnnxModel image(11);
  image.input("x", {1, 2, 3});
  image.output("y", {1, 2, 3});
  image.node("Softmax", "s", {"x"}, "y");
  expect_error(image, {"node 's' (Softmax): attribute 'axis' is 1", "[1, 2, 3]"});
}

TEST(OnnxImport, NegativeAxisOfFlatten) {
  OnnxModel m = lenet_model();
  set(*m.graph().mutable_node(5), "axis", int64_t{-3});
  EXPECT_EQ(read(m).nodes[5].axis, 1);
  OnnxModel old = lenet_model(9);
  set(*old.graph().mutable_node(5), "axis", int64_t{-3});
  expect_error(old, {"node 'flatten' (Flatten): attribute 'axis' is -3; supported: 1"});
  OnnxModel two = lenet_model();
  set(*two.graph().mutable_node(5), "axis", int64_t{2});
  expect_error(two, {"node 'flatten' (Flatten): attribute 'axis' is 2; supported: 1"});
}

TEST(OnnxImportErrors, Operators) {
  OnnxModel m = gemm_model();
  m.graph().mutable_node(1)->set_op_type("Elu");
  expect_error(m, {"file: node 'relu' (Elu): unsupported operator; supported: Gemm, MatMul, "
                   "Add, Conv, Relu, Sigmoid, Tanh, MaxPool, AveragePool, Flatten, Reshape, "
                   "Softmax at the end"});
  m.graph().mutable_node(1)->clear_name();
  expect_error(m, {"file: node 2 (Elu): unsupported"});
  m.graph().mutable_node(1)->set_domain("com.example");
  expect_error(m, {"domain 'com.example'"});
  m = gemm_model();
  m.graph().mutable_node(1)->set_domain("ai.onnx");
  EXPECT_NO_THROW(read(m));
  m.graph().mutable_node(1)->set_op_type("Softmax");
  expect_error(m, {"node 'relu' (Softmax): not the last node", "supported: Softmax at the end"});
}

TEST(OnnxImportErrors, Tensors) {
  const std::string fc1 = "file: node 'fc1' (Gemm): ";
  const auto changed = [](const std::function<void(onnx::TensorProto&)>& change) {
    OnnxModel m = gemm_model();
    change(*m.graph().mutable_initializer(0));
    return m;
  };
  using onnx::TensorProto;
  expect_error(changed([](TensorProto& t) { t.set_name("other"); }),
               {fc1 + "missing tensor 'fc1.weight'"});
  expect_error(changed([](TensorProto& t) {
                 t.clear_raw_data();
                 t.set_data_location(TensorProto::EXTERNAL);
                 auto& entry = *t.add_external_data();
                 entry.set_key("location");
                 entry.set_value("/etc/passwd");
               }),
               {fc1 + "tensor 'fc1.weight' is external", "; supported: tensors inside"});
  for (const auto type : {TensorProto::FLOAT16, TensorProto::DOUBLE, TensorProto::INT8,
                          TensorProto::BFLOAT16, TensorProto::INT64}) {
    expect_error(
        changed([&](TensorProto& t) { t.set_data_type(type); }),
        {fc1 + "tensor 'fc1.weight' has elements of type " + TensorProto::DataType_Name(type),
         "; supported: FLOAT"});
  }
  expect_error(changed([](TensorProto& t) { t.set_data_type(99); }), {"type number 99"});
  expect_error(changed([](TensorProto& t) { t.clear_data_type(); }), {"type none"});
  for (const float value :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
        -std::numeric_limits<float>::infinity()}) {
    expect_error(changed([&](TensorProto& t) {
                   std::vector<float> values = floats_of(t);
                   values[15] = value;
                   t.set_raw_data(values.data(), values.size() * sizeof(float));
                 }),
                 {fc1 + "tensor 'fc1.weight': element [2, 3] is " +
                  (value != value ? "NaN" : "infinite") + "; supported: finite numbers"});
  }
  expect_error(changed([](TensorProto& t) { t.mutable_raw_data()->pop_back(); }),
               {"tensor 'fc1.weight' has 95 bytes, its shape asks for 96"});
  expect_error(changed([](TensorProto& t) { t.clear_raw_data(); }),
               {"tensor 'fc1.weight' has 0 elements, its shape asks for 24"});
  expect_error(changed([](TensorProto& t) { t.add_float_data(1); }), {"has its elements twice"});
  expect_error(changed([](TensorProto& t) { t.set_dims(0, 0); }), {"has the shape [0, 6]"});
  expect_error(changed([](TensorProto& t) { t.set_dims(0, -4); }), {"has the shape [-4, 6]"});
  expect_error(changed([](TensorProto& t) {
                 t.set_dims(0, int64_t{1} << 40);
                 t.set_dims(1, int64_t{1} << 40);
               }),
               {"has the shape [1099511627776, 1099511627776]"});
  expect_error(changed([](TensorProto& t) {
                 for (int i = 0; i < 9; ++i) t.add_dims(1);
               }),
               {"has 11 dimensions"});
  expect_error(changed([](TensorProto& t) { t.mutable_segment()->set_begin(0); }), {"in segments"});
  OnnxModel sparse = gemm_model();
  sparse.graph().mutable_initializer()->DeleteSubrange(0, 1);
  sparse.graph().add_sparse_initializer()->mutable_values()->set_name("fc1.weight");
  expect_error(sparse, {fc1 + "tensor 'fc1.weight' is sparse; supported: dense"});
}

TEST(OnnxImportErrors, Graphs) {
  const auto changed = [](const std::function<void(OnnxModel&)>& change) {
    OnnxModel m = gemm_model();
    change(m);
    return m;
  };
  expect_error(changed([](OnnxModel& m) {
                 m.input("z", {1, 6});
               }),
               {"file: several inputs: 'x' and 'z'; supported: one input"});
  expect_error(changed([](OnnxModel& m) {
                 m.output("a", {1, 4});
               }),
               {"file: several outputs: 'y' and 'a'; supported: one output"});
  expect_error(changed([](OnnxModel& m) { m.graph().clear_input(); }), {"file: no input"});
  expect_error(changed([](OnnxModel& m) { m.graph().clear_output(); }), {"file: no output"});
  expect_error(changed([](OnnxModel& m) { m.model.clear_graph(); }), {"no graph"});
  expect_error(changed([](OnnxModel& m) { m.graph().clear_node(); }), {"no nodes"});
  expect_error(changed([](OnnxModel& m) { m.graph().mutable_output(0)->set_name("q"); }),
               {"output 'q': missing tensor"});
  expect_error(changed([](OnnxModel& m) { m.graph().mutable_output(0)->set_name("x"); }),
               {"output 'x': no node computes it"});
  expect_error(changed([](OnnxModel& m) { m.graph().mutable_output(0)->set_name("c"); }),
               {"node 'softmax' (Softmax)"});
  expect_error(changed([](OnnxModel& m) { m.graph().mutable_node()->SwapElements(0, 1); }),
               {"node 'relu' (Relu): input 'a' is made by node 'fc1' (Gemm), which comes later",
                "supported: nodes in topological order"});
  expect_error(changed([](OnnxModel& m) { m.graph().mutable_node(1)->set_input(0, "b"); }),
               {"node 'relu' (Relu): input 'b' is made by node 'relu' (Relu)"});
  expect_error(changed([](OnnxModel& m) { m.graph().mutable_node(1)->set_input(0, "nothing"); }),
               {"node 'relu' (Relu): missing tensor 'nothing'"});
  expect_error(changed([](OnnxModel& m) { m.graph().mutable_node(1)->set_output(0, "a"); }),
               {"node 'relu' (Relu): its output: the name 'a' is taken already"});
  expect_error(changed([](OnnxModel& m) { m.graph().mutable_node(1)->set_output(0, ""); }),
               {"node 'relu' (Relu): 0 outputs"});
  expect_error(changed([](OnnxModel& m) { m.graph().mutable_initializer(1)->set_name("x"); }),
               {"file: no input; supported: one input"});
  expect_error(
      changed([](OnnxModel& m) { m.graph().mutable_initializer(1)->set_name("fc1.weight"); }),
      {"an initializer: the name 'fc1.weight' is taken already"});
  expect_error(changed([](OnnxModel& m) { m.node("Relu", "extra", {"a"}, "z"); }),
               {"node 'extra' (Relu): its output 'z' is used by no node"});
  expect_error(changed([](OnnxModel& m) { m.graph().mutable_node(1)->set_input(0, "fc1.bias"); }),
               {"node 'relu' (Relu): input 1, 'fc1.bias', is a constant"});
  expect_error(changed([](OnnxModel& m) { m.graph().mutable_node(0)->set_input(1, "x"); }),
               {"node 'fc1' (Gemm): input 2, 'x', is not constant"});
  expect_error(changed([](OnnxModel& m) { m.graph().mutable_node(0)->set_input(1, ""); }),
               {"node 'fc1' (Gemm): input 2 is left out"});
  expect_error(changed([](OnnxModel& m) { m.graph().mutable_node(1)->add_input("x"); }),
               {"node 'relu' (Relu): 2 inputs; supported: 1"});
  expect_error(changed([](OnnxModel& m) { m.graph().mutable_node(1)->set_name("a\nb"); }),
               {"node 2: its name", "'a?b'"});
  expect_error(changed([](OnnxModel& m) { m.graph().mutable_node(1)->set_name("\xFF"); }),
               {"not UTF-8"});
  expect_error(changed([](OnnxModel& m) { m.graph().set_name(std::string(1 << 17, 'x')); }),
               {"the graph's name has 131072 bytes"});
  const auto type_of = [](OnnxModel& m) {
    return m.graph().mutable_input(0)->mutable_type()->mutable_tensor_type();
  };
  expect_error(changed([&](OnnxModel& m) { type_of(m)->set_elem_type(onnx::TensorProto::UINT8); }),
               {"input 'x': elements of type UINT8; supported: FLOAT"});
  expect_error(changed([&](OnnxModel& m) { type_of(m)->clear_shape(); }), {"input 'x': no shape"});
  expect_error(changed([&](OnnxModel& m) { m.graph().mutable_input(0)->clear_type(); }),
               {"input 'x': not a tensor"});
  expect_error(changed([&](OnnxModel& m) {
                 for (int i = 0; i < 9; ++i) type_of(m)->mutable_shape()->add_dim();
               }),
               {"input 'x': 11 dimensions"});
  expect_error(changed([&](OnnxModel& m) {
                 type_of(m)->mutable_shape()->mutable_dim(1)->set_dim_value(int64_t{1} << 60);
               }),
               {"input 'x': dimension 1 is"});
  expect_error(changed([](OnnxModel& m) {
                 m.graph().clear_output();
                 m.output("y", {1, 4});
               }),
               {"output 'y': the file declares the shape [1, 4], the nodes make [1, 3]"});
}

TEST(OnnxImportErrors, AttributesAndSizes) {
  const auto gemm = [](const std::function<void(onnx::NodeProto&)>& change) {
    OnnxModel m = gemm_model();
    change(*m.graph().mutable_node(0));
    return m;
  };
  using onnx::NodeProto;
  expect_error(gemm([](NodeProto& n) { set(n, "transA", int64_t{1}); }),
               {"node 'fc1' (Gemm): attribute 'transA' is 1; supported: 0"});
  expect_error(gemm([](NodeProto& n) { set(n, "transB", int64_t{1}); }), {"'transB' twice"});
  expect_error(gemm([](NodeProto& n) { set(n, "broadcast", int64_t{1}); }),
               {"unknown attribute 'broadcast'"});
  expect_error(gemm([](NodeProto& n) { set(n, "alpha", int64_t{1}); }),
               {"attribute 'alpha' has a wrong type"});
  expect_error(gemm([](NodeProto& n) { set(n, "alpha", std::numeric_limits<float>::infinity()); }),
               {"attribute 'alpha' is not finite"});
  expect_error(gemm([](NodeProto& n) { n.mutable_attribute(0)->set_ref_attr_name("t"); }),
               {"refers to one of a function"});
  expect_error(gemm([](NodeProto& n) { n.mutable_attribute(0)->set_i(0); }),
               {"file: node 'fc1' (Gemm)", "'fc1.weight'", "[4, 6]"});
  OnnxModel old = gemm_model(9);
  old.graph().mutable_node(0)->mutable_input()->RemoveLast();
  expect_error(old, {"node 'fc1' (Gemm): 2 inputs; supported: 3"});

  const auto conv = [](const std::function<void(onnx::NodeProto&)>& change) {
    OnnxModel m = residual_model();
    change(*m.graph().mutable_node(0));
    return m;
  };
  using Numbers = std::vector<int64_t>;
  expect_error(conv([](NodeProto& n) { set(n, "strides", Numbers{1}); }),
               {"node 'conv' (Conv): attribute 'strides' has 1 numbers; supported: 2"});
  expect_error(conv([](NodeProto& n) {
                 set(n, "strides", Numbers{1, 0});
               }),
               {"attribute 'strides' is 0; supported: 1 to"});
  expect_error(conv([](NodeProto& n) {
                 set(n, "kernel_shape", Numbers{3, 2});
               }),
               {"'kernel_shape' is [3, 2], but the weights are [2, 1, 3, 3]"});
  expect_error(conv([](NodeProto& n) { set(n, "auto_pad", std::string("SAME_UPPER")); }),
               {"'pads' and 'auto_pad' at once"});
  expect_error(conv([](NodeProto& n) { set(n, "auto_pad", std::string("SAME")); }),
               {"attribute 'auto_pad' is 'SAME'; supported: NOTSET, VALID"});
  expect_error(conv([](NodeProto& n) { n.mutable_attribute(2)->set_ints(0, -1); }),
               {"attribute 'pads' is -1"});
  expect_error(conv([](NodeProto& n) { n.mutable_attribute(2)->set_ints(0, 1LL << 40); }),
               {"attribute 'pads' is 1099511627776"});
  expect_error(conv([](NodeProto& n) { n.mutable_attribute(0)->set_i(3); }),
               {"node 'conv' (Conv)", "group 3"});
  expect_error(conv([](NodeProto& n) { n.mutable_attribute(0)->set_i(0); }), {"'group' is 0"});
  OnnxModel one = residual_model();
  one.graph().mutable_initializer(0)->mutable_dims()->RemoveLast();
  one.graph().mutable_initializer(0)->mutable_raw_data()->resize(24);
  expect_error(one, {"weights of the shape [2, 1, 3]; supported: 2-D convolution"});
  OnnxModel flat = residual_model();
  flat.graph().clear_input();
  flat.input("x", {1, 126});
  expect_error(flat, {"node 'conv' (Conv): input of the shape [1, 126]; supported: four"});

  const auto pool = [](const std::function<void(onnx::NodeProto&)>& change) {
    OnnxModel m = residual_model();
    change(*m.graph().mutable_node(3));
    return m;
  };
  expect_error(pool([](NodeProto& n) { n.mutable_attribute()->DeleteSubrange(0, 1); }),
               {"node 'pool' (MaxPool): no attribute 'kernel_shape'"});
  expect_error(pool([](NodeProto& n) { n.add_output("indices"); }),
               {"node 'pool' (MaxPool): 2 outputs; supported: one output"});
  expect_error(pool([](NodeProto& n) { n.mutable_attribute(3)->set_i(2); }), {"'ceil_mode' is 2"});
  expect_error(pool([](NodeProto& n) {
                 n.mutable_attribute()->DeleteSubrange(2, 1);
                 set(n, "auto_pad", std::string("VALID"));
               }),
               {"'ceil_mode' and 'auto_pad' contradict"});
  OnnxModel early = lenet_model(8);
  set(*early.graph().mutable_node(2), "ceil_mode", int64_t{1});
  expect_error(early, {"node 'pool1' (MaxPool): unknown attribute 'ceil_mode'"});

  const auto reshape = [](const Numbers& shape, int64_t allow_zero = 0) {
    OnnxModel m = lenet_model(14, true);
    m.graph().mutable_initializer()->RemoveLast();
    m.integers("flat", shape);
    if (allow_zero != 0) set(*m.graph().mutable_node(5), "allowzero", allow_zero);
    return m;
  };
  for (const Numbers& shape : {Numbers{1, 24}, Numbers{-1, 24}, Numbers{0, -1}, Numbers{0, 24}}) {
    EXPECT_EQ(infer_shapes(read(reshape(shape)))[6], (Shape{1, 24}));
  }
  EXPECT_NO_THROW(read(reshape({1, -1}, 1)));
  for (const Numbers& shape : {Numbers{2, 12}, Numbers{-1, 12}, Numbers{1, 23}, Numbers{-1, -1},
                               Numbers{24}, Numbers{1, -2}, Numbers{1, 24, 1, 1, 0}}) {
    expect_error(reshape(shape), {"file: node 'flatten' (Reshape): shape ["});
  }
  expect_error(reshape({0, -1}, 1), {"node 'flatten' (Reshape): size 0", "allowzero 0"});
  expect_error(reshape({1, 1, 1, 1, 1, 1, 1, 1, 24}), {"tensor 'flat' has the shape [9]"});
  OnnxModel computed = lenet_model(13, true);
  computed.graph().mutable_node(5)->set_input(1, "v4");
  expect_error(computed, {"node 'flatten' (Reshape): input 2, 'v4', is not constant"});
  OnnxModel real = lenet_model(13, true);
  real.graph().mutable_node(5)->set_input(1, "f.b");
  expect_error(real, {"node 'flatten' (Reshape): tensor 'f.b' has"});
  OnnxModel both = matmul_model();
  both.graph().mutable_node(1)->set_input(1, "b2");
  expect_error(both, {"node 2 (Add): input 2, 'b2', is a constant"});
  OnnxModel reversed = matmul_model();
  reversed.graph().mutable_node(0)->mutable_input()->SwapElements(0, 1);
  expect_error(reversed, {"node 1 (MatMul): input 1, 'w1', is a constant", "as input 2"});
  OnnxModel vector = matmul_model();
  vector.graph().mutable_initializer(0)->clear_dims();
  vector.graph().mutable_initializer(0)->add_dims(24);
  expect_error(vector, {"node 1 (MatMul): weights of the shape [24]; supported: matrices"});
}

TEST(OnnxImportErrors, DropoutAndConstants) {
  const auto with = [](const std::function<void(OnnxModel&)>& change) {
    OnnxModel m = gemm_model();
    m.graph().mutable_node(1)->set_op_type("Dropout");
    change(m);
    return m;
  };
  EXPECT_EQ(read(with([](OnnxModel&) {})).nodes.size(), 3U);
  expect_error(with([](OnnxModel& m) {
                 auto& yes = m.weights("yes", {});
                 yes.set_data_type(onnx::TensorProto::BOOL);
                 yes.set_raw_data("\1");
                 m.graph().mutable_node(1)->add_input("");
                 m.graph().mutable_node(1)->add_input("yes");
               }),
               {"node 'relu' (Dropout): 'training_mode' is not the constant false"});
  expect_error(with([](OnnxModel& m) {
                 m.graph().mutable_node(1)->add_output("mask");
                 m.graph().mutable_node(2)->set_input(0, "mask");
               }),
               {"node 'fc2' (Gemm): input 'mask' is another than the first output of node 'relu'"});
  OnnxModel text = gemm_model();
  set(text.node("Constant", "c", {}, "t"), "value_string", std::string("x"));
  expect_error(text, {"node 'c' (Constant): attribute 'value_string'", "supported: value"});
  OnnxModel none = gemm_model();
  none.node("Constant", "c", {}, "t");
  expect_error(none, {"node 'c' (Constant): 0 attributes"});
}

TEST(OnnxImportErrors, Files) {
  const TemporaryFolder folder;
  const std::string path = folder.file("net.onnx");
  const auto import = [&] { import_onnx(path); };
  EXPECT_EQ(error_of(import), path + ": cannot read: no such file or directory");
  EXPECT_EQ(error_of([&] { import_onnx(folder.path().string()); }),
            folder.path().string() + ": cannot read: not a regular file");
  std::ofstream(path).flush();
  EXPECT_EQ(error_of(import), path + ": not an ONNX model: the file is empty");
  const std::vector<uint8_t> bytes = gemm_model().bytes();
  const auto write = [&](size_t size) {
    write_bytes(path, {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)});
  };
  write(bytes.size());
  EXPECT_EQ(import_onnx(path).nodes.size(), 4U);
  // What protobuf has to say is not to stand beside our line.
  testing::internal::CaptureStderr();
  write(bytes.size() - 3);
  EXPECT_EQ(error_of(import).find(path + ": not an ONNX model, or damaged, or cut"), 0U);
  std::ofstream(path) << "# a text\n";
  EXPECT_EQ(error_of(import).find(path + ": not an ONNX model"), 0U);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace sparsys
