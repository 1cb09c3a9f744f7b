// SPDX-License-Identifier: Apache-2.0
// What is refused of ONNX files, and with which words.
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

TEST(OnnxImportErrors, Operators) {
  OnnxModel m = gemm_model();
  m.graph().mutable_node(2)->set_op_type("NonMaxSuppression");
  expect_error(
      m, {"file: node 'fc2' (NonMaxSuppression): unsupported operator; supported: the operators of",
          "; --output b ends the network before it"});
  OnnxImportOptions options;
  options.output = "b";
  EXPECT_EQ(read(m, options).output, "b");
  m.graph().mutable_node(2)->clear_name();
  expect_error(m, {"file: node 3 (NonMaxSuppression): unsupported"});
  m.graph().mutable_node(2)->set_domain("com.example");
  expect_error(m, {"domain 'com.example'"});
  m.graph().mutable_node(2)->set_op_type("ArgMax");
  m.graph().mutable_node(2)->set_domain("ai.onnx.ml");
  expect_error(m, {"node 3 (ArgMax): unsupported operator; supported: Scaler, LinearClassifier"});
  m.graph().mutable_node(2)->set_op_type("If");
  m.graph().mutable_node(2)->clear_domain();
  expect_error(m, {"node 3 (If): unsupported", "onnxslim leaves it out"});
  m = gemm_model();
  m.graph().mutable_node(1)->set_domain("ai.onnx");
  EXPECT_NO_THROW(read(m));
}

// What hides scores from a Softmax may be infinite, nothing else.
TEST(OnnxImportErrors, InfiniteMasks) {
  const float hidden = -std::numeric_limits<float>::infinity();
  const auto masked = [&](const std::vector<float>& mask, const char* follows = "Softmax") {
    OnnxModel m;
    m.input("x", {1, 2, 3});
    m.output("y", {1, 2, 3});
    m.weights("mask", {2, 3}).set_raw_data(mask.data(), mask.size() * sizeof(float));
    m.node("Add", "add", {"x", "mask"}, "a");
    m.node(follows, "next", {"a"}, "y");
    return m;
  };
  const Network network = read(masked({0, hidden, 1, 0, 0, hidden}));
  ASSERT_EQ(network.parameters.size(), 1U);
  EXPECT_EQ(network.parameters[0].values, (std::vector<float>{0, -1e30F, 1, 0, 0, -1e30F}));
  expect_error(masked({0, 0, 0, hidden, hidden, hidden}),
               {"node 'add' (Add): tensor 'mask' has infinite elements that hide all scores of a "
                "row; supported: masks that leave a score"});
  expect_error(masked({0, hidden, 0, 0, 0, 0}, "Relu"),
               {"'mask' has infinite elements; supported: -infinity where nothing but a Softmax",
                "; --input a begins the network behind it"});
  expect_error(masked({0, -hidden, 0, 0, 0, 0}), {"tensor 'mask': element [0, 1] is infinite"});
}

TEST(OnnxImportErrors, WaysOut) {
  OnnxModel m = gemm_model();
  m.graph().mutable_node(0)->set_op_type("GridSample");
  expect_error(m,
               {"node 'fc1' (GridSample): unsupported", "; --input a begins the network behind"});
  m.graph().mutable_node(0)->set_op_type("Loop");
  expect_error(m, {"unroll=True", "; --input a begins"});
  m = gemm_model();
  m.graph().mutable_node(0)->set_input(0, "fc1.weight");
  m.graph().mutable_node(0)->set_op_type("InstanceNormalization");
  expect_error(m, {"node 'fc1' (InstanceNormalization): input 1, 'fc1.weight', is a constant",
                   "onnxslim may compute it"});
  // Told once, behind what is supported.
  m = gemm_model();
  onnx::NodeProto& relu = *m.graph().mutable_node(1);
  relu.set_op_type("Cast");
  set(relu, "to", int64_t{onnx::TensorProto::STRING});
  expect_error(m,
               {"file: node 'relu' (Cast): a cast from FLOAT to STRING; supported: casts to real "
                "numbers; --output a ends the network before it"});
  const std::string error = error_of([&] { read(m); });
  const size_t once = error.find("ends the network");
  EXPECT_EQ(error.find("ends the network", once + 1), std::string::npos) << error;
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
  expect_error(
      changed([](TensorProto& t) {
        t.clear_raw_data();
        t.set_data_location(TensorProto::EXTERNAL);
        auto& entry = *t.add_external_data();
        entry.set_key("location");
        entry.set_value("weights.bin");
      }),
      {fc1 + "tensor 'fc1.weight' is external, in file 'weights.bin', and no folder is known",
       "; supported: tensors inside"});
  for (const auto type : {TensorProto::STRING, TensorProto::COMPLEX64}) {
    expect_error(
        changed([&](TensorProto& t) { t.set_data_type(type); }),
        {fc1 + "tensor 'fc1.weight' has elements of type " + TensorProto::DataType_Name(type),
         "; supported: FLOAT, DOUBLE"});
  }
  // Integers are no weights.
  expect_error(changed([](TensorProto& t) { t.set_data_type(TensorProto::INT32); }),
               {fc1 + "tensor 'fc1.weight' has elements of type INT32", "; supported: FLOAT"});
  expect_error(changed([](TensorProto& t) { t.set_data_type(TensorProto::FLOAT16); }),
               {fc1 + "tensor 'fc1.weight' has 96 bytes, its shape asks for 48"});
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
  expect_error(changed([](TensorProto& t) { t.set_dims(0, 0); }), {"its shape asks for 0"});
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
  expect_error(changed([](OnnxModel& m) { m.input("z", {1, 6}); }), {"no error"});
  expect_error(changed([](OnnxModel& m) {
                 m.input("z", {1, 4});
                 m.node("Add", "sum", {"b", "z"}, "q");
                 m.graph().mutable_node(2)->set_input(0, "q");
                 m.graph().mutable_node()->SwapElements(2, 4);
                 m.graph().mutable_node()->SwapElements(3, 4);
               }),
               {"file: several inputs; supported: one input; choose it, or a value in the middle: "
                "--input x, --input z"});
  expect_error(changed([](OnnxModel& m) {
                 m.output("a", {1, 4});
               }),
               {"file: several outputs; supported: one output; choose it: --output y, --output a"});
  expect_error(changed([](OnnxModel& m) { m.graph().clear_input(); }), {"file: no input"});
  expect_error(changed([](OnnxModel& m) { m.graph().clear_output(); }), {"file: no output"});
  expect_error(changed([](OnnxModel& m) { m.model.clear_graph(); }), {"no graph"});
  expect_error(changed([](OnnxModel& m) { m.graph().clear_node(); }), {"output 'y': missing"});
  expect_error(changed([](OnnxModel& m) { m.graph().mutable_output(0)->set_name("q"); }),
               {"output 'q': missing tensor"});
  expect_error(changed([](OnnxModel& m) { m.graph().mutable_output(0)->set_name("x"); }),
               {"output 'x': no node computes it"});
  // What leads elsewhere is left out.
  expect_error(changed([](OnnxModel& m) { m.graph().mutable_output(0)->set_name("c"); }),
               {"no error"});
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
               {"node 'fc2' (Gemm): missing tensor 'b': no node makes it"});
  expect_error(changed([](OnnxModel& m) { m.graph().mutable_initializer(1)->set_name("x"); }),
               {"file: no input"});
  expect_error(
      changed([](OnnxModel& m) { m.graph().mutable_initializer(1)->set_name("fc1.weight"); }),
      {"an initializer: the name 'fc1.weight' is taken already"});
  expect_error(changed([](OnnxModel& m) { m.node("Relu", "extra", {"a"}, "z"); }), {"no error"});
  // Constants are computed with.
  expect_error(changed([](OnnxModel& m) { m.graph().mutable_node(3)->set_input(0, "fc1.bias"); }),
               {"node 'softmax' (Softmax): input 1, 'fc1.bias', is a constant"});
  expect_error(changed([](OnnxModel& m) { m.graph().mutable_node(2)->set_input(0, "fc1.bias"); }),
               {"node 'fc2' (Gemm): constants of the shapes [4] and "});
  expect_error(changed([](OnnxModel& m) { m.graph().mutable_node(0)->set_input(1, "x"); }),
               {"node 'fc1' (Gemm): a summand of the shape [4] for a product of [1, 1]"});
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
               {"node 'fc1' (Gemm): input 1, 'x', has elements of type UINT8; supported: real"});
  expect_error(changed([&](OnnxModel& m) { type_of(m)->set_elem_type(onnx::TensorProto::STRING); }),
               {"input 'x': elements of type STRING; supported: FLOAT"});
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
               {"no error"});
}

TEST(OnnxImportErrors, AttributesAndSizes) {
  const auto gemm = [](const std::function<void(onnx::NodeProto&)>& change) {
    OnnxModel m = gemm_model();
    change(*m.graph().mutable_node(0));
    return m;
  };
  using onnx::NodeProto;
  expect_error(gemm([](NodeProto& n) { set(n, "transA", int64_t{1}); }),
               {"node 'fc1' (Gemm): inputs of the shapes [6, 1] and [6, 4]"});
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
  expect_error(one, {"weights of the shape [2, 1, 3] on an input of the shape [1, 2, 7, 9]"});
  OnnxModel flat = residual_model();
  flat.graph().clear_input();
  flat.input("x", {1, 126});
  expect_error(flat, {"node 'conv' (Conv): input of the shape [1, 126]; supported: three or four"});

  const auto pool = [](const std::function<void(onnx::NodeProto&)>& change) {
    OnnxModel m = residual_model();
    change(*m.graph().mutable_node(3));
    return m;
  };
  expect_error(pool([](NodeProto& n) { n.mutable_attribute()->DeleteSubrange(0, 1); }),
               {"node 'pool' (MaxPool): no attribute 'kernel_shape'"});
  OnnxModel indices = pool([](NodeProto& n) { n.add_output("indices"); });
  EXPECT_NO_THROW(read(indices));
  indices.graph().mutable_output(0)->set_name("indices");
  expect_error(indices, {"output 'indices': no node that is supported makes it"});
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
  for (const Numbers& shape :
       {Numbers{1, 23}, Numbers{-1, -1}, Numbers{1, -2}, Numbers{1, 24, 1, 1, 0}}) {
    expect_error(reshape(shape), {"file: node 'flatten' (Reshape): shape ["});
  }
  // Other numbers of samples: they fit no dense layer.
  for (const Numbers& shape : {Numbers{2, 12}, Numbers{-1, 12}, Numbers{24}}) {
    expect_error(reshape(shape), {"file: node 'fc' (Gemm): inputs of the shapes ["});
  }
  expect_error(reshape({0, -1}, 1), {"node 'flatten' (Reshape): size 0", "allowzero 0"});
  OnnxModel computed = lenet_model(13, true);
  computed.graph().mutable_node(5)->set_input(1, "v4");
  expect_error(computed, {"node 'flatten' (Reshape): input 2, 'v4', is not constant"});
  OnnxModel real = lenet_model(13, true);
  real.graph().mutable_node(5)->set_input(1, "f.b");
  expect_error(real, {"node 'flatten' (Reshape): tensor 'f.b' has"});
  OnnxModel both = matmul_model();
  both.graph().mutable_node(1)->set_input(1, "b2");
  expect_error(both, {"node 2 (Add): shapes [4] and [3]"});
  OnnxModel reversed = matmul_model();
  reversed.graph().mutable_node(0)->mutable_input()->SwapElements(0, 1);
  expect_error(reversed, {"node 1 (MatMul): inputs of the shapes [6, 1] and [4, 6]"});
  OnnxModel values = matmul_model();
  values.graph().mutable_node(3)->set_input(1, "a");
  expect_error(
      values,
      {"node 4 (MatMul): inputs of the shapes [1, 4] and [1, 4]; supported: matrices that fit"});
  OnnxModel vector = matmul_model();
  vector.graph().mutable_initializer(0)->clear_dims();
  vector.graph().mutable_initializer(0)->add_dims(24);
  expect_error(vector, {"node 1 (MatMul): inputs of the shapes [1, 6] and [24, 1]"});
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
  expect_error(
      with([](OnnxModel& m) {
        m.graph().mutable_node(1)->add_output("mask");
        m.graph().mutable_node(2)->set_input(0, "mask");
      }),
      {"node 'fc2' (Gemm): input 'mask' is an output of node 'relu' (Dropout) that is not"});
  const auto with_constant = [] {
    OnnxModel m = matmul_model();
    m.graph().mutable_initializer()->RemoveLast();  // b2
    m.node("Constant", "c", {}, "b2");
    m.graph().mutable_node()->SwapElements(5, 4);
    return m;
  };
  OnnxModel text = with_constant();
  set(*text.graph().mutable_node(4), "value_string", std::string("x"));
  expect_error(text, {"node 'c' (Constant): attribute 'value_string'", "supported: value"});
  OnnxModel none = with_constant();
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
