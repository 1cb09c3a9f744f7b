// SPDX-License-Identifier: Apache-2.0
// ONNX files read: what each operator becomes.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>

#include "golden/base/error.hpp"
#include "golden/format/onnx/import.hpp"
#include "tb/support/onnx_models.hpp"
#include "tb/support/temporary.hpp"

namespace sparsys {
namespace {

using Texts = std::vector<std::string>;

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
  // The padding counts: it becomes part of the input.
  const Network padded = read(changed(with_pad));
  EXPECT_EQ(padded.nodes[2].op, Op::kPad);
  EXPECT_EQ(padded.nodes[2].shape, (Shape{0, 0, 1, 0, 0, 0, 0, 1}));
  EXPECT_EQ(padded.nodes[3].window.pad, (std::array<int64_t, 4>{}));
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
  // A free batch stays free.
  EXPECT_EQ(read(m).input_shape, (Shape{1, 6}));
  EXPECT_EQ(read(m).batch, "batch");
  OnnxImportOptions options;
  options.dims["batch"] = 1;
  EXPECT_EQ(read(m, options).batch, "batch");
  EXPECT_EQ(read(m, {{{"0", 1}}}).batch, "batch");
  expect_error(m, {"--dim batch and --dim 0: this dimension is given twice"},
               {{{"0", 1}, {"batch", 1}}});
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
    EXPECT_EQ(read(m).batch, "batch");
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
  expect_error(m, {"file: input 'x': dimension 1, 'features', has no fixed size; supported: fixed "
                   "sizes; --dim features=SIZE gives it one"});
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
  expect_error(now, {"node 'softmax' (Softmax): attribute 'axis' is 0", "supported: a dimension"});
  OnnxModel image(11);
  image.input("x", {1, 2, 3});
  image.output("y", {1, 2, 3});
  image.node("Softmax", "s", {"x"}, "y");
  const Network flat = read(image);
  ASSERT_EQ(flat.nodes.size(), 3U);
  EXPECT_EQ(infer_shapes(flat)[1], (Shape{1, 6}));
  EXPECT_EQ(infer_shapes(flat)[3], (Shape{1, 2, 3}));
}

TEST(OnnxImport, NegativeAxisOfFlatten) {
  OnnxModel m = lenet_model();
  set(*m.graph().mutable_node(5), "axis", int64_t{-3});
  EXPECT_EQ(read(m).nodes[5].axis, 1);
  OnnxModel old = lenet_model(9);
  set(*old.graph().mutable_node(5), "axis", int64_t{-3});
  expect_error(old, {"node 'flatten' (Flatten): attribute 'axis' is -3 on an input of the shape"});
  OnnxModel two = lenet_model();
  set(*two.graph().mutable_node(5), "axis", int64_t{2});
  expect_error(two, {"node 'fc' (Gemm): inputs of the shapes [6, 4] and [24, 10]"});
}

}  // namespace
}  // namespace sparsys
