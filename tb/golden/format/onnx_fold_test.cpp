// SPDX-License-Identifier: Apache-2.0
// What is computed from constants: each operator on numbers that can be checked by hand.
#include <gtest/gtest.h>

#include <limits>

#include "golden/format/onnx/fold.hpp"
#include "tb/support/onnx_models.hpp"

namespace sparsys::onnx_import {
namespace {

using Numbers = std::vector<int64_t>;
using Reals = std::vector<float>;
constexpr int64_t kMost = 1000;

struct Call {
  explicit Call(const std::string& op, int64_t version = 13) : opset(version) {
    node.set_op_type(op);
    node.add_output("y");
  }
  Call& with(Tensor tensor) {
    inputs.push_back(std::move(tensor));
    return *this;
  }
  template <typename Value>
  Call& set(const std::string& name, const Value& value) {
    sparsys::set(node, name, value);
    return *this;
  }
  std::vector<Tensor> all() {
    Attributes attributes(node, opset);
    std::vector<const Tensor*> pointers;
    for (const Tensor& tensor : inputs) pointers.push_back(&tensor);
    return fold(node, attributes, opset, pointers, kMost);
  }
  Tensor run() { return all().at(0); }
  std::string refused() {
    try {
      all();
    } catch (const Refusal& refusal) {
      return refusal.what;
    }
    return "not refused";
  }

  onnx::NodeProto node;
  int64_t opset;
  std::vector<Tensor> inputs;
};

Tensor list(const Numbers& values) {
  return make_integers({static_cast<int64_t>(values.size())}, values);
}
Tensor one(int64_t value) { return make_integers({}, {value}); }
Tensor reals(const Reals& values) {
  return make_reals({static_cast<int64_t>(values.size())}, values);
}
Tensor typed(Tensor tensor, int type) {
  tensor.type = type;
  return tensor;
}
const Tensor kSix = make_integers({2, 3}, {0, 1, 2, 3, 4, 5});

TEST(OnnxFold, ShapesOfTensors) {
  EXPECT_EQ(Call("Shape").with(kSix).run().integers, (Numbers{2, 3}));
  EXPECT_EQ(Call("Shape", 15).with(kSix).set("start", int64_t{-1}).run().integers, (Numbers{3}));
  EXPECT_EQ(Call("Size").with(kSix).run().integers, (Numbers{6}));
  EXPECT_EQ(Call("Unsqueeze").with(kSix).with(list({0, -1})).run().shape, (Shape{1, 2, 3, 1}));
  EXPECT_EQ(Call("Unsqueeze", 11).with(kSix).set("axes", Numbers{1}).run().shape, (Shape{2, 1, 3}));
  const Tensor wide = make_integers({1, 6, 1}, kSix.integers);
  EXPECT_EQ(Call("Squeeze").with(wide).run().shape, (Shape{6}));
  EXPECT_EQ(Call("Squeeze").with(wide).with(list({-1})).run().shape, (Shape{1, 6}));
  EXPECT_EQ(Call("Squeeze").with(wide).with(list({1})).refused(),
            "axis 1 of an input of [1, 6, 1]");
  EXPECT_EQ(Call("Reshape").with(kSix).with(list({-1, 2})).run().shape, (Shape{3, 2}));
  EXPECT_EQ(Call("Reshape").with(kSix).with(list({0, -1, 1})).run().shape, (Shape{2, 3, 1}));
  for (const Numbers& wrong : {Numbers{4}, Numbers{-1, -1}, Numbers{1, 1, 0}, Numbers{-1, 4}}) {
    EXPECT_NE(Call("Reshape").with(kSix).with(list(wrong)).refused(), "not refused");
  }
  EXPECT_EQ(Call("Flatten").with(kSix).set("axis", int64_t{2}).run().shape, (Shape{6, 1}));
}

TEST(OnnxFold, PartsOfTensors) {
  EXPECT_EQ(Call("Gather").with(kSix).with(one(-1)).run().integers, (Numbers{3, 4, 5}));
  const Tensor columns = Call("Gather").with(kSix).with(list({2, 0})).set("axis", int64_t{1}).run();
  EXPECT_EQ(columns.shape, (Shape{2, 2}));
  EXPECT_EQ(columns.integers, (Numbers{2, 0, 5, 3}));
  EXPECT_EQ(Call("Gather").with(kSix).with(one(2)).refused(), "index 2");
  const auto slice = [](const Numbers& starts, const Numbers& ends, const Numbers& axes,
                        const Numbers& steps) {
    return Call("Slice")
        .with(kSix)
        .with(list(starts))
        .with(list(ends))
        .with(list(axes))
        .with(list(steps));
  };
  EXPECT_EQ(slice({1}, {INT64_MAX}, {1}, {1}).run().integers, (Numbers{1, 2, 4, 5}));
  EXPECT_EQ(slice({-1}, {INT64_MIN}, {1}, {-1}).run().integers, (Numbers{2, 1, 0, 5, 4, 3}));
  EXPECT_EQ(slice({0}, {3}, {-1}, {2}).run().integers, (Numbers{0, 2, 3, 5}));
  EXPECT_EQ(slice({2}, {1}, {1}, {1}).run().shape, (Shape{2, 0}));
  EXPECT_NE(slice({0}, {1}, {0}, {0}).refused(), "not refused");
  EXPECT_EQ(
      Call("Slice", 9).with(kSix).set("starts", Numbers{1}).set("ends", Numbers{2}).run().integers,
      (Numbers{3, 4, 5}));
  Call split("Split");
  split.node.add_output("z");
  const std::vector<Tensor> parts =
      split.with(kSix).with(list({1, 2})).set("axis", int64_t{1}).all();
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(parts[0].integers, (Numbers{0, 3}));
  EXPECT_EQ(parts[1].integers, (Numbers{1, 2, 4, 5}));
}

TEST(OnnxFold, Gemm) {
  const Tensor a = make_reals({2, 1}, {1, 2});
  const Tensor b = make_reals({1, 3}, {1, 10, 100});
  EXPECT_EQ(Call("Gemm").with(a).with(b).run().reals, (Reals{1, 10, 100, 2, 20, 200}));
  const Tensor made = Call("Gemm")
                          .with(b)
                          .with(a)
                          .with(reals({1, 2}))
                          .set("transA", int64_t{1})
                          .set("transB", int64_t{1})
                          .set("alpha", 0.5F)
                          .set("beta", 3.0F)
                          .run();
  EXPECT_EQ(made.shape, (Shape{3, 2}));
  EXPECT_EQ(made.reals, (Reals{3.5F, 7, 8, 16, 53, 106}));
  EXPECT_NE(Call("Gemm").with(a).with(a).refused(), "not refused");
}

TEST(OnnxFold, CumSum) {
  EXPECT_EQ(Call("CumSum").with(kSix).with(one(1)).run().integers, (Numbers{0, 1, 3, 3, 7, 12}));
  EXPECT_EQ(Call("CumSum").with(kSix).with(one(-2)).run().integers, (Numbers{0, 1, 2, 3, 5, 7}));
  EXPECT_EQ(Call("CumSum")
                .with(reals({1, 2, 4}))
                .with(list({0}))
                .set("reverse", int64_t{1})
                .set("exclusive", int64_t{1})
                .run()
                .reals,
            (Reals{6, 4, 0}));
  EXPECT_NE(Call("CumSum").with(kSix).with(one(2)).refused(), "not refused");
}

TEST(OnnxFold, TensorsMadeOfOthers) {
  const Tensor joined = Call("Concat").with(kSix).with(kSix).set("axis", int64_t{-1}).run();
  EXPECT_EQ(joined.integers, (Numbers{0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5}));
  EXPECT_EQ(Call("Transpose").with(kSix).run().integers, (Numbers{0, 3, 1, 4, 2, 5}));
  EXPECT_NE(Call("Transpose").with(kSix).set("perm", Numbers{0, 0}).refused(), "not refused");
  EXPECT_EQ(Call("Expand").with(list({1, 2})).with(list({2, 1})).run().integers,
            (Numbers{1, 2, 1, 2}));
  EXPECT_EQ(Call("Tile").with(list({1, 2})).with(list({2})).run().integers, (Numbers{1, 2, 1, 2}));
  EXPECT_EQ(Call("Range").with(one(5)).with(one(0)).with(one(-2)).run().integers,
            (Numbers{5, 3, 1}));
  EXPECT_EQ(Call("ConstantOfShape").with(list({2, 2})).run().reals, (Reals{0, 0, 0, 0}));
  // Nothing large is made of little.
  EXPECT_NE(Call("ConstantOfShape").with(list({1 << 20, 1 << 10})).refused(), "not refused");
  EXPECT_NE(Call("Expand").with(one(1)).with(list({1 << 20})).refused(), "not refused");
  EXPECT_NE(Call("Range").with(one(0)).with(one(1 << 30)).with(one(1)).refused(), "not refused");
}

TEST(OnnxFold, Numbers) {
  const auto two = [](const char* op, const Tensor& a, const Tensor& b) {
    return Call(op).with(a).with(b).run();
  };
  EXPECT_EQ(two("Div", list({7, -7}), one(2)).integers, (Numbers{3, -3}));
  EXPECT_EQ(two("Mod", list({7, -7}), one(4)).integers, (Numbers{3, 1}));
  EXPECT_EQ(two("Mul", kSix, list({1, 10, 100})).integers, (Numbers{0, 10, 200, 3, 40, 500}));
  EXPECT_EQ(two("Pow", reals({2, 3}), reals({2})).reals, (Reals{4, 9}));
  EXPECT_EQ(two("Equal", list({1, 2}), one(2)).integers, (Numbers{0, 1}));
  EXPECT_EQ(two("Less", reals({1, 2}), reals({2})).type, onnx::TensorProto::BOOL);
  EXPECT_EQ(Call("Div").with(one(1)).with(one(0)).refused(), "Div of the constants 1 and 0");
  EXPECT_NE(Call("Add").with(one(INT64_MAX)).with(one(1)).refused(), "not refused");
  EXPECT_NE(Call("Add").with(one(1)).with(reals({1})).refused(), "not refused");
  EXPECT_EQ(Call("Where")
                .with(typed(list({1, 0}), onnx::TensorProto::BOOL))
                .with(one(5))
                .with(list({6, 7}))
                .run()
                .integers,
            (Numbers{5, 7}));
  EXPECT_EQ(Call("Sqrt").with(reals({9})).run().reals, (Reals{3}));
  EXPECT_EQ(Call("Neg").with(list({3})).run().integers, (Numbers{-3}));
  EXPECT_EQ(Call("ReduceSum").with(kSix).with(list({0})).run().integers, (Numbers{3, 5, 7}));
  EXPECT_EQ(Call("ReduceProd").with(list({2, 3})).set("keepdims", int64_t{0}).run().shape, Shape{});
  EXPECT_EQ(Call("Max").with(list({1, 5})).with(one(3)).run().integers, (Numbers{3, 5}));
  EXPECT_EQ(
      Call("MatMul").with(make_reals({1, 2}, {1, 2})).with(make_reals({2, 1}, {3, 4})).run().reals,
      (Reals{11}));
  const Tensor stack = Call("MatMul")
                           .with(make_reals({2, 1, 2}, {1, 2, 3, 4}))
                           .with(make_reals({2, 1}, {3, 4}))
                           .run();
  EXPECT_EQ(stack.shape, (Shape{2, 1, 1}));
  EXPECT_EQ(stack.reals, (Reals{11, 25}));
  EXPECT_NE(Call("MatMul")
                .with(make_reals({5000, 1}, Reals(5000)))
                .with(make_reals({1, 5000}, Reals(5000)))
                .refused(),
            "not refused");
  EXPECT_EQ(Call("Sum").with(reals({1, 2})).with(reals({5})).run().reals, (Reals{6, 7}));
  EXPECT_EQ(Call("Mean").with(reals({1, 2})).with(reals({5})).run().reals, (Reals{3, 3.5F}));
  EXPECT_FLOAT_EQ(Call("Erfc").with(reals({0.5F})).run().reals[0], 0.47950012F);
}

TEST(OnnxFold, Masks) {
  const auto part = [](int64_t upper, int64_t diagonal) {
    return Call("Trilu").with(kSix).with(one(diagonal)).set("upper", upper).run().integers;
  };
  EXPECT_EQ(Call("Trilu").with(kSix).run().integers, (Numbers{0, 1, 2, 0, 4, 5}));
  EXPECT_EQ(part(1, 1), (Numbers{0, 1, 2, 0, 0, 5}));
  EXPECT_EQ(part(0, 0), (Numbers{0, 0, 0, 3, 4, 0}));
  EXPECT_EQ(part(0, -1), (Numbers{0, 0, 0, 3, 0, 0}));
  EXPECT_EQ(part(0, INT64_MAX), (Numbers{0, 1, 2, 3, 4, 5}));
  EXPECT_NE(Call("Trilu").with(list({1})).refused(), "not refused");
  const auto replaced = [](const Tensor& indices, const Tensor& updates) {
    return Call("ScatterND", 18).with(kSix).with(indices).with(updates);
  };
  // Whole rows, and elements; the last of equal places stays.
  EXPECT_EQ(replaced(make_integers({1, 1}, {-1}), make_integers({1, 3}, {7, 8, 9})).run().integers,
            (Numbers{0, 1, 2, 7, 8, 9}));
  EXPECT_EQ(replaced(make_integers({3, 2}, {0, 1, 1, 2, 0, 1}), list({7, 8, 9})).run().integers,
            (Numbers{0, 9, 2, 3, 4, 8}));
  EXPECT_NE(replaced(make_integers({1, 1}, {2}), make_integers({1, 3}, {7, 8, 9})).refused(),
            "not refused");
  EXPECT_NE(replaced(make_integers({1, 1}, {0}), list({7})).refused(), "not refused");
  EXPECT_NE(replaced(make_integers({1, 3}, {0, 0, 0}), list({7})).refused(), "not refused");
  const float infinite = std::numeric_limits<float>::infinity();
  const Tensor odd = reals({1, -infinite, std::numeric_limits<float>::quiet_NaN()});
  EXPECT_EQ(Call("IsNaN").with(odd).run().integers, (Numbers{0, 0, 1}));
  EXPECT_EQ(Call("IsInf").with(odd).run().integers, (Numbers{0, 1, 0}));
  EXPECT_EQ(Call("IsNaN").with(list({1, 2})).run().integers, (Numbers{0, 0}));
}

TEST(OnnxFold, Types) {
  const auto cast = [](const Tensor& from, int type) {
    return Call("Cast").with(from).set("to", static_cast<int64_t>(type)).run();
  };
  EXPECT_EQ(cast(reals({1.9F, -1.9F}), onnx::TensorProto::INT64).integers, (Numbers{1, -1}));
  EXPECT_EQ(cast(list({300}), onnx::TensorProto::UINT8).integers, (Numbers{44}));
  EXPECT_EQ(cast(reals({0.5F, 0}), onnx::TensorProto::BOOL).integers, (Numbers{1, 0}));
  EXPECT_EQ(cast(list({3}), onnx::TensorProto::FLOAT).reals, (Reals{3}));
  const Tensor codes = typed(make_integers({2, 2}, {1, 2, 3, 4}), onnx::TensorProto::INT8);
  const Tensor zero = typed(list({0, 1}), onnx::TensorProto::INT8);
  EXPECT_EQ(Call("DequantizeLinear")
                .with(codes)
                .with(reals({1, 10}))
                .with(zero)
                .set("axis", int64_t{0})
                .run()
                .reals,
            (Reals{1, 2, 20, 30}));
  // Half to even, and no further than the type goes.
  EXPECT_EQ(Call("QuantizeLinear")
                .with(reals({0.5F, 1.5F, -1, 400}))
                .with(make_reals({}, {1}))
                .run()
                .integers,
            (Numbers{0, 2, 0, 255}));
}

}  // namespace
}  // namespace sparsys::onnx_import
