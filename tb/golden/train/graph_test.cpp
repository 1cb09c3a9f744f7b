// SPDX-License-Identifier: Apache-2.0
// Networks forward and backward, against plain loops in double precision written from ONNX's
// definitions.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "golden/base/error.hpp"
#include "golden/base/random.hpp"
#include "golden/train/descend.hpp"
#include "golden/train/train.hpp"
#include "tb/golden/train/gradient.hpp"
#include "tb/golden/train/network_builder.hpp"
#include "tb/support/graph/reference_network.hpp"

namespace sparsys {
namespace {

// ---- Networks to try.

Network windows() {
  NetworkBuilder b({1, 4, 9, 8});
  Node& conv = b.node(Op::kConv, {"input", b.parameter({6, 2, 3, 2}), b.parameter({6})});
  conv.window.kernel = {3, 2};
  conv.window.stride = {1, 2};
  conv.window.dilation = {2, 1};
  conv.window.pad = {0, 1, 3, 2};
  conv.group = 2;
  std::string v = b.add(Op::kRelu, {conv.output});
  Node& pool = b.node(Op::kMaxPool, {v});
  pool.window.kernel = {3, 2};
  pool.window.stride = {2, 2};
  pool.window.pad = {1, 0, 1, 1};
  pool.window.ceil_mode = true;
  Node& second = b.node(Op::kConv, {b.add(Op::kRelu, {pool.output}), b.parameter({5, 6, 2, 2})});
  second.window.kernel = {2, 2};
  v = b.add(Op::kFlatten, {second.output});
  Node& gemm = b.node(Op::kGemm, {v, b.parameter({7, 40}), b.parameter({1, 7})});
  gemm.trans_b = true;
  gemm.alpha = 0.5F;
  gemm.beta = -2;
  return b.finish();
}

Network dilated_pool() {
  NetworkBuilder b({1, 2, 8, 9});
  Node& pool = b.node(Op::kMaxPool, {"input"});
  pool.window.kernel = {2, 3};
  pool.window.dilation = {3, 2};
  pool.window.stride = {1, 1};
  pool.window.pad = {0, 2, 1, 0};
  std::string v = b.add(Op::kRelu, {pool.output});
  v = b.add(Op::kFlatten, {v});
  b.add(Op::kMatMul, {v, b.parameter({2 * 6 * 7, 5})});
  return b.finish();
}

// Depthwise convolution with one output channel each, and padding wider than the image.
Network depthwise() {
  NetworkBuilder b({1, 3, 3, 4});
  Node& conv = b.node(Op::kConv, {"input", b.parameter({3, 1, 5, 5}), b.parameter({3})});
  conv.window.kernel = {5, 5};
  conv.window.stride = {3, 3};
  conv.window.pad = {4, 4, 4, 4};
  conv.group = 3;
  std::string v = b.add(Op::kFlatten, {conv.output});
  b.add(Op::kMatMul, {v, b.parameter({3 * 3 * 3, 4})});
  return b.finish();
}

// Values with several uses, added biases of all shapes.
Network branches() {
  NetworkBuilder b({1, 2, 5, 5});
  Node& one = b.node(Op::kConv, {"input", b.parameter({3, 2, 3, 3})});
  one.window.kernel = {3, 3};
  one.window.pad = {1, 1, 1, 1};
  std::string v = b.add(Op::kAdd, {b.parameter({3, 1, 1}), one.output});
  v = b.add(Op::kRelu, {v});
  Node& two = b.node(Op::kConv, {v, b.parameter({3, 3, 1, 1}), b.parameter({3})});
  std::string w = b.add(Op::kAdd, {two.output, b.parameter({1, 3, 1, 1})});
  w = b.add(Op::kRelu, {w});
  std::string sum = b.add(Op::kAdd, {v, w});
  sum = b.add(Op::kRelu, {sum});
  sum = b.add(Op::kAdd, {sum, b.parameter({5, 1})});
  const std::string positive = b.add(Op::kRelu, {sum});
  sum = b.add(Op::kAdd, {positive, sum});
  sum = b.add(Op::kAdd, {sum, sum});
  sum = b.add(Op::kAdd, {sum, b.parameter({1, 3, 5, 5})});
  sum = b.add(Op::kAdd, {sum, b.parameter({5})});
  const std::string flat = b.add(Op::kFlatten, {sum});
  const std::string rows = b.add(Op::kFlatten, {sum});
  sum = b.add(Op::kAdd, {flat, rows});
  b.add(Op::kMatMul, {sum, b.parameter({75, 4}, 0.05F)});
  return b.finish();
}

// Weights and biases that are used twice; a scalar bias; softmax.
Network shared() {
  NetworkBuilder b({1, 3, 2, 2});
  std::string v = b.add(Op::kFlatten, {"input"});
  const std::string w = b.parameter({12, 12});
  const std::string bias = b.parameter({12});
  v = b.add(Op::kAdd, {b.add(Op::kMatMul, {v, w}), bias});
  v = b.add(Op::kRelu, {v});
  Node& tied = b.node(Op::kGemm, {v, w, bias});
  tied.trans_b = true;
  Node& there = b.node(Op::kReshape, {b.add(Op::kRelu, {tied.output}), "shape1"});
  there.shape = {0, 2, -1};
  Node& back = b.node(Op::kReshape, {there.output, "shape2"});
  back.shape = {-1, 12};
  Node& scaled = b.node(Op::kGemm, {back.output, b.parameter({12, 6}), b.parameter({})});
  scaled.alpha = 1.5F;
  scaled.beta = 0.5F;
  v = b.add(Op::kMatMul, {b.add(Op::kRelu, {scaled.output}), b.parameter({6, 6})});
  Node& softmax = b.node(Op::kSoftmax, {v});
  softmax.axis = -1;
  return b.finish();
}

// Sigmoid, tanh and averages: of parts of windows, with gaps and overlaps; in place and not.
Network smooth() {
  NetworkBuilder b({1, 2, 9, 8});
  std::string v = b.add(Op::kTanh, {"input"});
  Node& conv = b.node(Op::kConv, {v, b.parameter({4, 2, 2, 2}), b.parameter({4})});
  conv.window.kernel = {2, 2};
  conv.window.pad = {1, 0, 0, 1};
  v = b.add(Op::kSigmoid, {conv.output});
  Node& overlap = b.node(Op::kAveragePool, {v});
  overlap.window.kernel = {3, 2};
  overlap.window.stride = {2, 1};
  overlap.window.pad = {2, 1, 1, 0};
  overlap.window.ceil_mode = true;
  v = b.add(Op::kTanh, {overlap.output});
  Node& gaps = b.node(Op::kAveragePool, {v});
  gaps.window.kernel = {1, 2};
  gaps.window.stride = {2, 3};
  gaps.window.ceil_mode = true;
  // Relu in the memory of an average; a value that two nodes need; functions behind each other.
  v = b.add(Op::kRelu, {gaps.output});
  const std::string w = b.add(Op::kSigmoid, {v});
  v = b.add(Op::kAdd, {b.add(Op::kTanh, {w}), w});
  v = b.add(Op::kFlatten, {b.add(Op::kSigmoid, {v})});
  Node& gemm = b.node(Op::kGemm, {b.add(Op::kTanh, {v}), b.parameter({36, 5}), b.parameter({5})});
  gemm.alpha = 2;
  v = b.add(Op::kTanh, {gemm.output});
  v = b.add(Op::kSigmoid, {b.add(Op::kMatMul, {v, b.parameter({5, 6})})});
  b.add(Op::kMatMul, {v, b.parameter({6, 4}, 8)});
  return b.finish();
}

std::vector<Network> all_networks() {
  return {windows(), dilated_pool(), depthwise(), branches(), shared(), smooth()};
}

TEST(Graph, ForwardIsThatOfPlainLoops) {
  for (const Network& net : all_networks()) {
    const auto inputs = static_cast<size_t>(element_count(net.input_shape));
    for (const size_t samples : {1, 3, 70}) {
      Random random(samples);
      std::vector<float> x(samples * inputs);
      for (float& v : x) v = random.normal();
      const std::vector<float> y = infer(net, x.data(), samples);
      const size_t outputs = y.size() / samples;
      for (size_t s = 0; s < samples; ++s) {
        const Values input(x.begin() + static_cast<long>(s * inputs),
                           x.begin() + static_cast<long>((s + 1) * inputs));
        const Values expected = reference(net, input)[net.output].values;
        ASSERT_EQ(expected.size(), outputs);
        for (size_t o = 0; o < outputs; ++o) {
          // Sums of at most a few hundred products of order 1.
          EXPECT_NEAR(y[s * outputs + o], expected[o], 1e-4) << net.nodes.size() << " nodes";
        }
      }
      EXPECT_EQ(infer(net, x.data(), samples, 1), y);
    }
  }
}

TEST(Graph, GradientIsTheSlopeOfTheLoss) {
  for (const Network& net : all_networks()) {
    check_gradient(net, 1);
    check_gradient(net, 19);
  }
  check_gradient(shared(), 150);  // several pieces of work
  check_gradient(dilated_pool(), 150);
  check_gradient(smooth(), 150);
}

// Far from zero they end at their limits, without anything that is not finite.
TEST(Graph, FunctionsFarOut) {
  for (const Op op : {Op::kSigmoid, Op::kTanh}) {
    NetworkBuilder b({1, 4});
    b.add(op, {"input"});
    const float inputs[4] = {-1e30F, -200, 200, 1e30F};
    const float low = op == Op::kTanh ? -1 : 0;
    const std::vector<float> y = infer(b.finish(), inputs, 1);
    for (const int i : {0, 1}) EXPECT_NEAR(y[static_cast<size_t>(i)], low, 1e-6);
    for (const int i : {2, 3}) EXPECT_NEAR(y[static_cast<size_t>(i)], 1, 1e-6);
  }
}

TEST(Graph, GradientOfDistillation) {
  const Network net = shared();
  Network teacher = shared();
  for (Parameter& p : teacher.parameters) {
    for (float& v : p.values) v = 0.7F * v + 0.1F;
  }
  teacher.input_scale = 1.0F / 80;
  teacher.input_offset = -0.5F;
  TrainOptions options;
  options.teacher = &teacher;
  options.teacher_weight = 0.7F;
  options.temperature = 3;
  check_gradient(net, 9, options);
  options.teacher_weight = 1;
  check_gradient(net, 100, options);
  const Network other = dilated_pool();
  options.teacher = &other;
  Network gradient;
  const std::vector<uint8_t> image(12);
  const uint32_t label = 0;
  EXPECT_THROW(loss_gradient(net, image.data(), &label, 1, gradient, options), Error);
}

// A layer of more than one part: 300 x 200 weights; and rows longer than a part.
TEST(Graph, GradientsInParts) {
  NetworkBuilder b({1, 300});
  const std::string w = b.parameter({300, 200});
  Node& gemm = b.node(Op::kGemm, {b.add(Op::kRelu, {b.add(Op::kMatMul, {"input", w})}),
                                  b.parameter({10, 200}), b.parameter({10})});
  gemm.trans_b = true;
  Network net = b.finish();
  for (Parameter& p : net.parameters) {
    for (float& v : p.values) v *= 0.1F;
  }
  EXPECT_LT(gradient_part(net.parameters[0]), 60000U);
  EXPECT_EQ(gradient_part(net.parameters[0]) % 200, 0U);
  EXPECT_EQ(gradient_part(Parameter{"long", {2, 100000}, std::vector<float>(200000)}), 100000U);
  EXPECT_EQ(gradient_part(Parameter{"scalar", {}, std::vector<float>(1)}), 1U);
  check_gradient(net, 5);
}

}  // namespace
}  // namespace sparsys
