// SPDX-License-Identifier: Apache-2.0
// Idioms of exporters: what is left of them in the network, and that it computes the same.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "golden/train/train.hpp"
#include "tb/support/error_of.hpp"
#include "tb/support/onnx_models.hpp"

namespace sparsys {
namespace {

using Numbers = std::vector<int64_t>;

std::vector<Op> operators(const Network& network) {
  std::vector<Op> found;
  for (const Node& node : network.nodes) found.push_back(node.op);
  return found;
}

std::vector<float> inputs_of(const Network& network) {
  Random random(9);
  std::vector<float> values(static_cast<size_t>(element_count(network.input_shape)));
  for (float& value : values) value = random.normal();
  return values;
}

void expect_near(const std::vector<float>& found, const std::vector<float>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) {
    EXPECT_NEAR(found[i], expected[i], 1e-5 * std::max(1.0F, std::abs(expected[i]))) << i;
  }
}

// Two models give the same on the same random values.
void expect_same(const OnnxModel& model, const OnnxModel& plain) {
  const Network a = read(model);
  const Network b = read(plain);
  ASSERT_EQ(element_count(a.input_shape), element_count(b.input_shape));
  const std::vector<float> values = inputs_of(a);
  expect_near(infer(a, values.data(), 1), infer(b, values.data(), 1));
}

void free_batch(OnnxModel& model, const char* name) {
  auto& type = *model.graph().mutable_input(0)->mutable_type()->mutable_tensor_type();
  type.mutable_shape()->mutable_dim(0)->set_dim_param(name);
}

// Scale, shift, mean and variance of four channels.
void add_norm(OnnxModel& m, const std::string& from, const std::string& to) {
  for (const char* name : {"s", "b", "m", "v"}) m.weights(name, {4});
  auto& variance = *m.graph().mutable_initializer(m.graph().initializer_size() - 1);
  const float values[] = {1, 4, 0.25F, 2};
  variance.set_raw_data(values, sizeof values);
  m.node("BatchNormalization", "norm", {from, "s", "b", "m", "v"}, to);
}

TEST(OnnxGraphs, BatchNormalizationGoesIntoWeights) {
  for (const bool image : {true, false}) {
    OnnxModel m;
    m.input("x", image ? Shape{1, 2, 5, 5} : Shape{1, 6});
    m.graph().add_output()->set_name("y");
    m.weights("w", image ? Shape{4, 2, 3, 3} : Shape{4, 6});
    if (image) {
      m.node("Conv", "layer", {"x", "w"}, "a");
    } else {
      set(m.node("Gemm", "layer", {"x", "w"}, "a"), "transB", int64_t{1});
    }
    OnnxModel plain = m;
    plain.graph().mutable_output(0)->set_name("a");
    add_norm(m, "a", "y");
    const Network network = read(m);
    EXPECT_EQ(operators(network), (std::vector<Op>{image ? Op::kConv : Op::kGemm}));
    EXPECT_EQ(network.output, "y");
    EXPECT_NE(network.origin.find("factors and summands folded into weights"), std::string::npos);
    const std::vector<float> values = inputs_of(network);
    std::vector<float> expected = infer(read(plain), values.data(), 1);
    const auto& t = m.graph().initializer();
    const size_t each = expected.size() / 4;
    for (size_t i = 0; i < expected.size(); ++i) {
      const auto at = [&](int k) { return floats_of(t[k])[i / each]; };
      expected[i] = (expected[i] - at(3)) / std::sqrt(at(4) + 1e-5F) * at(1) + at(2);
    }
    expect_near(infer(network, values.data(), 1), expected);
  }
}

TEST(OnnxGraphs, BatchNormalizationWithoutWeightsBeforeIt) {
  OnnxModel m;
  m.input("x", {1, 4, 2, 2});
  m.graph().add_output()->set_name("y");
  add_norm(m, "x", "y");
  EXPECT_EQ(operators(read(m)), (std::vector<Op>{Op::kMul, Op::kAdd}));
}

// x.view(x.size(0), -1)
TEST(OnnxGraphs, ShapeArithmeticIsComputed) {
  OnnxModel m;
  m.input("x", {1, 1, 4, 4});
  free_batch(m, "N");
  m.graph().add_output()->set_name("y");
  m.integers("zero", {0});
  m.graph().mutable_initializer(0)->clear_dims();
  m.integers("axis", {0});
  m.integers("rest", {-1});
  m.weights("w", {3, 16});
  m.node("Shape", "", {"x"}, "shape");
  m.node("Gather", "", {"shape", "zero"}, "n");
  m.node("Unsqueeze", "", {"n", "axis"}, "list");
  set(m.node("Concat", "", {"list", "rest"}, "sizes"), "axis", int64_t{0});
  m.node("Reshape", "flat", {"x", "sizes"}, "f");
  set(m.node("Gemm", "fc", {"f", "w"}, "y"), "transB", int64_t{1});
  const Network network = read(m);
  EXPECT_EQ(operators(network), (std::vector<Op>{Op::kReshape, Op::kGemm}));
  // As many samples as there are.
  EXPECT_EQ(network.nodes[0].shape, (Shape{0, -1}));
  EXPECT_EQ(network.batch, "N");
  EXPECT_EQ(network.parameters.size(), 1U);
}

// A model of Keras: channels last at the input and in front of the dense layer.
TEST(OnnxGraphs, ChannelsLast) {
  for (const int64_t channels : {1, 3}) {
    const auto make = [&](bool last) {
      OnnxModel m;
      m.input("x", last ? Shape{1, 6, 6, channels} : Shape{1, channels, 6, 6});
      m.graph().add_output()->set_name("y");
      m.weights("w", {2, channels, 3, 3});
      m.weights("dense", {32, 5});
      m.integers("flat", {-1, 32});
      if (last) set(m.node("Transpose", "in", {"x"}, "t"), "perm", Numbers{0, 3, 1, 2});
      m.node("Conv", "conv", {last ? "t" : "x", "w"}, "c");
      set(m.node("Transpose", "out", {"c"}, "u"), "perm", Numbers{0, 2, 3, 1});
      m.node("Relu", "relu", {"u"}, "r");
      m.node("Reshape", "reshape", {"r", "flat"}, "f");
      m.node("MatMul", "fc", {"f", "dense"}, "y");
      return m;
    };
    const Network network = read(make(true));
    EXPECT_EQ(operators(network),
              (std::vector<Op>{channels == 1 ? Op::kReshape : Op::kTranspose, Op::kConv, Op::kRelu,
                               Op::kReshape, Op::kMatMul}));
    // The same with the transposition done by hand.
    const std::vector<float> values = inputs_of(network);
    const Network plain = read(make(false));
    std::vector<float> first(values.size());
    for (size_t i = 0; i < values.size(); ++i) {
      const auto c = static_cast<size_t>(channels);
      first[i % c * 36 + i / c] = values[i];
    }
    const std::vector<float> conv = [&] {
      OnnxModel m = make(false);
      m.graph().mutable_output(0)->set_name("c");
      return infer(read(m), first.data(), 1);
    }();
    const std::vector<float> w = floats_of(make(true).graph().initializer(1));
    std::vector<float> expected(5);
    for (size_t k = 0; k < 32; ++k) {
      const float x = std::max(0.0F, conv[k % 2 * 16 + k / 2]);
      for (size_t o = 0; o < 5; ++o) expected[o] += x * w[k * 5 + o];
    }
    expect_near(infer(network, values.data(), 1), expected);
    expect_near(infer(plain, first.data(), 1), expected);
  }
}

TEST(OnnxGraphs, TranspositionsCancelThroughBranches) {
  OnnxModel m;
  m.input("x", {1, 4, 5, 3});
  m.graph().add_output()->set_name("y");
  m.weights("w", {3, 3, 1, 1});
  m.weights("b", {3});
  const auto turn = [&](const char* from, const char* to, bool back) {
    set(m.node("Transpose", "", {from}, to), "perm",
        back ? Numbers{0, 2, 3, 1} : Numbers{0, 3, 1, 2});
  };
  turn("x", "a", false);
  m.node("Conv", "c1", {"a", "w"}, "c");
  turn("c", "d", true);
  m.node("Add", "bias", {"d", "b"}, "e");
  turn("e", "f", false);
  m.node("Conv", "c2", {"f", "w"}, "g");
  turn("g", "h", true);
  m.node("Add", "sum", {"e", "h"}, "i");
  turn("i", "j", false);
  m.node("GlobalAveragePool", "mean", {"j"}, "y");
  const Network network = read(m);
  const std::vector<Op> found = operators(network);
  EXPECT_EQ(std::count(found.begin(), found.end(), Op::kTranspose), 1) << "the input's";
}

TEST(OnnxGraphs, HardSwishIsRecognised) {
  const std::function<void(OnnxModel&)> forms[] = {[](OnnxModel& m) {
                                                     m.node("Clip", "", {"p", "zero", "six"}, "c");
                                                     m.node("Mul", "", {"x", "c"}, "d");
                                                     m.node("Div", "", {"d", "six"}, "y");
                                                   },
                                                   [](OnnxModel& m) {
                                                     m.node("Clip", "", {"p", "zero", "six"}, "c");
                                                     m.node("Div", "", {"c", "six"}, "d");
                                                     m.node("Mul", "", {"d", "x"}, "y");
                                                   },
                                                   [](OnnxModel& m) {
                                                     onnx::NodeProto& gate =
                                                         m.node("HardSigmoid", "", {"x"}, "d");
                                                     set(gate, "alpha", 1 / 6.0F);
                                                     m.node("Mul", "", {"x", "d"}, "y");
                                                   }};
  for (const auto& form : forms) {
    OnnxModel m;
    m.input("x", {1, 9});
    m.graph().add_output()->set_name("y");
    for (const auto& [name, value] : {std::pair("zero", 0.0F), {"three", 3.0F}, {"six", 6.0F}}) {
      m.weights(name, {}).set_raw_data(&value, sizeof value);
    }
    m.node("Add", "", {"x", "three"}, "p");
    form(m);
    const Network network = read(m);
    EXPECT_EQ(operators(network), (std::vector<Op>{Op::kHardSwish}));
    const std::vector<float> x = {-5, -3, -1, 0, 0.5F, 1, 2.5F, 3, 7};
    std::vector<float> expected;
    for (const float v : x) expected.push_back(v * std::min(6.0F, std::max(0.0F, v + 3)) / 6);
    expect_near(infer(network, x.data(), 1), expected);
  }
}

// Comparisons are 1 and 0, exactly.
TEST(OnnxGraphs, Conditions) {
  const std::vector<float> x = {-2, -0.5F, -1e-20F, 0, 1e-20F, 0.5F, 0.50000006F, 3};
  const auto made = [&](const std::function<void(OnnxModel&)>& build) {
    OnnxModel m;
    m.input("x", {1, 8});
    m.graph().add_output()->set_name("y");
    for (const auto& [name, value] : {std::pair("half", 0.5F), {"zero", 0.0F}, {"high", 20.0F}}) {
      m.weights(name, {}).set_raw_data(&value, sizeof value);
    }
    build(m);
    return read(m);
  };
  const auto of = [&](const char* op, const char* a, const char* b) {
    const Network network = made([&](OnnxModel& m) {
      m.node(op, "", {a, b}, "c");
      set(m.node("Cast", "", {"c"}, "y"), "to", int64_t{onnx::TensorProto::FLOAT});
    });
    return infer(network, x.data(), 1);
  };
  using Values = std::vector<float>;
  EXPECT_EQ(of("Greater", "x", "half"), (Values{0, 0, 0, 0, 0, 0, 1, 1}));
  EXPECT_EQ(of("GreaterOrEqual", "x", "half"), (Values{0, 0, 0, 0, 0, 1, 1, 1}));
  EXPECT_EQ(of("Less", "x", "half"), (Values{1, 1, 1, 1, 1, 0, 0, 0}));
  EXPECT_EQ(of("LessOrEqual", "x", "half"), (Values{1, 1, 1, 1, 1, 1, 0, 0}));
  EXPECT_EQ(of("Equal", "half", "x"), (Values{0, 0, 0, 0, 0, 1, 0, 0}));
  EXPECT_EQ(of("Greater", "x", "zero"), (Values{0, 0, 0, 0, 1, 1, 1, 1}));
  EXPECT_EQ(of("Less", "zero", "x"), (Values{0, 0, 0, 0, 1, 1, 1, 1}));
  // A function of PyTorch: what is not above 0.5 becomes 0.5.
  const Network threshold = made([](OnnxModel& m) {
    m.node("LessOrEqual", "", {"x", "half"}, "c");
    m.node("Where", "", {"c", "half", "x"}, "y");
  });
  EXPECT_EQ(infer(threshold, x.data(), 1),
            (Values{0.5F, 0.5F, 0.5F, 0.5F, 0.5F, 0.5F, 0.50000006F, 3}));
  const auto softplus = [&](const char* bound, const char* from) {
    return made([&](OnnxModel& m) {
      m.node("Softplus", "", {from}, "s");
      m.node("Greater", "", {"x", bound}, "c");
      m.node("Where", "", {"c", "x", "s"}, "y");
    });
  };
  EXPECT_EQ(operators(softplus("high", "x")), (std::vector<Op>{Op::kSoftplus}));
  EXPECT_GT(operators(softplus("half", "x")).size(), 1U);
  // What is chosen between must be finite.
  EXPECT_NE(
      error_of([&] {
        made([](OnnxModel& m) {
          m.node("Exp", "", {"x"}, "e");
          m.node("Greater", "", {"x", "zero"}, "c");
          m.node("Where", "choice", {"c", "x", "e"}, "y");
        });
      })
          .find("node 'choice' (Where): a condition that is a value, on input 3, which is made "
                "by Exp and may be infinite where it is not chosen; supported: values that "
                "are finite everywhere"),
      std::string::npos);
  EXPECT_NE(error_of([&] {
              made([](OnnxModel& m) { m.node("Not", "", {"x"}, "y"); });
            }).find("input 1 of type FLOAT; supported: BOOL, as comparisons make"),
            std::string::npos);
}

TEST(OnnxGraphs, ReductionsOfExponents) {
  OnnxModel m;
  m.input("x", {1, 4});
  m.graph().add_output()->set_name("y");
  onnx::NodeProto& sum = m.node("ReduceLogSumExp", "", {"x"}, "y");
  set(sum, "axes", Numbers{1});
  // exp(200) is no float.
  const std::vector<float> x = {200, 200, -1000, 200};
  expect_near(infer(read(m), x.data(), 1), {200 + std::log(3.0F)});
}

TEST(OnnxGraphs, PaddingGoesIntoWindows) {
  const auto make = [](bool apart, const char* op) {
    OnnxModel m;
    m.input("x", {1, 2, 6, 7});
    m.graph().add_output()->set_name("y");
    m.weights("w", {3, 2, 3, 3});
    m.integers("pads", {0, 0, 0, 1, 0, 0, 2, 1});
    m.node("Relu", "", {"x"}, "r");
    if (apart) m.node("Pad", "pad", {"r", "pads"}, "p");
    const bool conv = std::string(op) == "Conv";
    const std::string from = apart ? "p" : "r";
    onnx::NodeProto& node = conv ? m.node(op, "", {from, "w"}, "y") : m.node(op, "", {from}, "y");
    set(node, "kernel_shape", Numbers{3, 3});
    if (!apart) set(node, "pads", Numbers{0, 1, 2, 1});
    return m;
  };
  for (const char* op : {"Conv", "MaxPool"}) {
    EXPECT_EQ(read(make(true, op)).nodes.size(), 2U);
    expect_same(make(true, op), make(false, op));
  }
  // Means count it.
  EXPECT_EQ(operators(read(make(true, "AveragePool"))),
            (std::vector<Op>{Op::kRelu, Op::kPad, Op::kAveragePool}));
}

TEST(OnnxGraphs, OneDimension) {
  const auto make = [](bool one) {
    OnnxModel m;
    m.input("x", one ? Shape{1, 3, 11} : Shape{1, 3, 1, 11});
    m.graph().add_output()->set_name("y");
    m.weights("w", one ? Shape{4, 3, 3} : Shape{4, 3, 1, 3});
    onnx::NodeProto& conv = m.node("Conv", "c", {"x", "w"}, "a");
    set(conv, "strides", one ? Numbers{2} : Numbers{1, 2});
    set(conv, "pads", one ? Numbers{1, 0} : Numbers{0, 1, 0, 0});
    m.node("Relu", "r", {"a"}, "b");
    set(m.node("MaxPool", "p", {"b"}, "q"), "kernel_shape", one ? Numbers{2} : Numbers{1, 2});
    m.node("GlobalAveragePool", "g", {"q"}, "y");
    return m;
  };
  expect_same(make(true), make(false));
  // One Reshape in front, and one behind.
  EXPECT_EQ(operators(read(make(true))),
            (std::vector<Op>{Op::kReshape, Op::kConv, Op::kRelu, Op::kMaxPool, Op::kAveragePool,
                             Op::kReshape}));
}

TEST(OnnxGraphs, ValuesWithoutSampleDimension) {
  OnnxModel m;
  m.input("x", {1, 2, 2, 3});
  free_batch(m, "N");
  m.graph().add_output()->set_name("y");
  m.integers("rows", {-1, 3});
  m.integers("back", {-1, 2, 2, 4});
  m.weights("w", {3, 4});
  m.node("Reshape", "", {"x", "rows"}, "a");
  m.node("MatMul", "fc", {"a", "w"}, "b");
  m.node("Relu", "", {"b"}, "c");
  m.node("Reshape", "", {"c", "back"}, "y");
  const Network network = read(m);
  const std::vector<Shape> shapes = infer_shapes(network);
  EXPECT_EQ(shapes.back(), (Shape{1, 2, 2, 4}));
  for (const Shape& shape : shapes) EXPECT_EQ(shape[0], 1);
  for (const Node& node : network.nodes) {
    if (node.op == Op::kReshape) EXPECT_EQ(node.shape[0], 0);
  }
}

TEST(OnnxGraphs, InputsAndOutputsAreChosen) {
  OnnxModel m = lenet_model();
  OnnxImportOptions options;
  options.output = "v5";
  EXPECT_EQ(read(m, options).nodes.size(), 5U);
  options.input = "v2";
  const Network middle = read(m, options);
  EXPECT_EQ(middle.nodes.size(), 3U);
  // Its shape is not in the file.
  EXPECT_EQ(middle.input_shape, (Shape{1, 4, 12, 12}));
  options.input = "f.w";
  expect_error(m, {"file: --input f.w: no value of this name"}, options);
  options.input = "";
  options.output = "none";
  expect_error(m,
               {"file: --output none: no node makes a value of this name; supported: outputs of "
                "nodes; those of the file are scores"},
               options);
  options.output = "v1";
  options.input = "v2";
  expect_error(m, {"node 'conv1' (Conv): it needs the input 'image' of the file"}, options);
}

TEST(OnnxGraphs, ManyIdiomsAtOnce) {
  const Network network = read(exporter_model());
  EXPECT_EQ(operators(network),
            (std::vector<Op>{Op::kTranspose, Op::kConv, Op::kHardSwish, Op::kSlice, Op::kSlice,
                             Op::kConcat, Op::kResize, Op::kPad, Op::kAveragePool, Op::kReshape,
                             Op::kMatMul, Op::kReshape, Op::kAveragePool, Op::kReshape, Op::kMul,
                             Op::kAdd, Op::kLogSoftmax}));
  EXPECT_EQ(network.batch, "n");
}

TEST(OnnxGraphs, LinearModelsOfScikitLearn) {
  OnnxModel m;
  auto& domain = *m.model.add_opset_import();
  domain.set_domain("ai.onnx.ml");
  domain.set_version(1);
  m.input("x", {1, 2});
  m.graph().add_output()->set_name("probabilities");
  onnx::NodeProto& scaler = m.node("Scaler", "scale", {"x"}, "a");
  scaler.set_domain("ai.onnx.ml");
  const auto numbers = [](onnx::NodeProto& node, const char* name, const std::vector<float>& list) {
    auto& attribute = add_attribute(node, name, onnx::AttributeProto::FLOATS);
    for (const float value : list) attribute.add_floats(value);
  };
  numbers(scaler, "offset", {1, 2});
  numbers(scaler, "scale", {2, 0.5F});
  onnx::NodeProto& linear = m.node("LinearClassifier", "linear", {"a"}, "label");
  linear.set_domain("ai.onnx.ml");
  linear.add_output("scores");
  numbers(linear, "coefficients", {1, -1, 0.5F, 2, -1, 0});
  numbers(linear, "intercepts", {0.1F, 0, -0.2F});
  set(linear, "post_transform", std::string("LOGISTIC"));
  onnx::NodeProto& normalizer = m.node("Normalizer", "norm", {"scores"}, "probabilities");
  normalizer.set_domain("ai.onnx.ml");
  set(normalizer, "norm", std::string("L1"));
  const Network network = read(m);
  const float x[] = {1.5F, 1};
  const float a[] = {(x[0] - 1) * 2, (x[1] - 2) * 0.5F};
  const float z[] = {a[0] - a[1] + 0.1F, 0.5F * a[0] + 2 * a[1], -a[0] - 0.2F};
  std::vector<float> expected;
  float sum = 0;
  for (const float score : z) expected.push_back(1 / (1 + std::exp(-score)));
  for (const float p : expected) sum += p;
  for (float& p : expected) p /= sum;
  expect_near(infer(network, x, 1), expected);
  OnnxImportOptions options;
  options.output = "label";
  expect_error(m, {"output 'label': no node that is supported makes it"}, options);
}

}  // namespace
}  // namespace sparsys
