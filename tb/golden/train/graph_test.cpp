// SPDX-License-Identifier: Apache-2.0
// Networks forward and backward, against plain loops in double precision written from ONNX's
// definitions.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "golden/base/error.hpp"
#include "golden/base/random.hpp"
#include "golden/train/descend.hpp"
#include "golden/train/train.hpp"
#include "tb/golden/train/network_builder.hpp"
#include "tb/support/small_networks.hpp"

namespace sparsys {
namespace {

// ---- Reference: one sample, row-major, double precision.

using Values = std::vector<double>;

struct Reference {
  std::map<std::string, Values> values;
  std::map<std::string, Shape> shapes;
};

double at(const Values& x, const Shape& s, int64_t c, int64_t y, int64_t z) {
  return x[static_cast<size_t>((c * s[2] + y) * s[3] + z)];
}

Values reference_window(const Node& n, const Values& x, const Shape& in, const Shape& out,
                        const Parameter* weights, const Parameter* bias) {
  const Window& w = n.window;
  Values y;
  for (int64_t o = 0; o < out[1]; ++o) {
    for (int64_t r = 0; r < out[2]; ++r) {
      for (int64_t c = 0; c < out[3]; ++c) {
        double sum = bias == nullptr ? 0 : bias->values[static_cast<size_t>(o)];
        double best = -1e300;
        double whole = 0;
        int inside = 0;
        const int64_t per_group = in[1] / n.group;
        const int64_t group = o / (out[1] / n.group);
        for (int64_t i = 0; i < (weights == nullptr ? 1 : per_group); ++i) {
          for (int64_t ky = 0; ky < w.kernel[0]; ++ky) {
            for (int64_t kx = 0; kx < w.kernel[1]; ++kx) {
              const int64_t iy = r * w.stride[0] - w.pad[0] + ky * w.dilation[0];
              const int64_t ix = c * w.stride[1] - w.pad[1] + kx * w.dilation[1];
              if (iy < 0 || ix < 0 || iy >= in[2] || ix >= in[3]) continue;
              if (weights == nullptr) {
                best = std::max(best, at(x, in, o, iy, ix));
                whole += at(x, in, o, iy, ix);
                ++inside;
              } else {
                const size_t k = static_cast<size_t>(
                    ((o * per_group + i) * w.kernel[0] + ky) * w.kernel[1] + kx);
                sum += weights->values[k] * at(x, in, group * per_group + i, iy, ix);
              }
            }
          }
        }
        if (weights == nullptr) sum = n.op == Op::kMaxPool ? best : whole / inside;
        y.push_back(sum);
      }
    }
  }
  return y;
}

// Element of a parameter that element e of a value of `shape` meets.
double broadcast(const Parameter& p, const Shape& shape, size_t e) {
  int64_t index = 0;
  int64_t stride = 1;
  auto rest = static_cast<int64_t>(e);
  for (size_t d = 1; d <= shape.size(); ++d) {
    const int64_t place = rest % shape[shape.size() - d];
    rest /= shape[shape.size() - d];
    if (d > p.shape.size()) continue;
    const int64_t size = p.shape[p.shape.size() - d];
    index += size == 1 ? 0 : place * stride;
    stride *= size;
  }
  return p.values[static_cast<size_t>(index)];
}

Reference reference(const Network& net, const Values& input) {
  Reference r;
  r.values[net.input] = input;
  r.shapes[net.input] = net.input_shape;
  const std::vector<Shape> shapes = infer_shapes(net);
  for (size_t i = 0; i < net.nodes.size(); ++i) {
    const Node& n = net.nodes[i];
    const Shape& out = shapes[i + 1];
    const auto elements = static_cast<size_t>(element_count(out));
    const Values x = r.values[n.inputs[0]];
    const Parameter* second = n.inputs.size() > 1 ? net.find(n.inputs[1]) : nullptr;
    const Parameter* third = n.inputs.size() > 2 ? net.find(n.inputs[2]) : nullptr;
    Values y;
    switch (n.op) {
      case Op::kConv:
      case Op::kMaxPool:
      case Op::kAveragePool:
        y = reference_window(n, x, r.shapes[n.inputs[0]], out, second, third);
        break;
      case Op::kGemm:
      case Op::kMatMul:
        for (size_t o = 0; o < elements; ++o) {
          double sum = 0;
          for (size_t k = 0; k < x.size(); ++k) {
            sum += x[k] * second->values[n.trans_b ? o * x.size() + k : k * elements + o];
          }
          if (n.op == Op::kGemm) sum *= n.alpha;
          if (third != nullptr) sum += n.beta * broadcast(*third, out, o);
          y.push_back(sum);
        }
        break;
      case Op::kAdd:
        for (size_t e = 0; e < elements; ++e) {
          double sum = 0;
          for (const std::string& name : n.inputs) {
            const Parameter* p = net.find(name);
            sum += p == nullptr ? r.values[name][e] : broadcast(*p, out, e);
          }
          y.push_back(sum);
        }
        break;
      case Op::kRelu:
        for (const double v : x) y.push_back(std::max(v, 0.0));
        break;
      case Op::kSigmoid:
        for (const double v : x) y.push_back(1 / (1 + std::exp(-v)));
        break;
      case Op::kTanh:
        for (const double v : x) y.push_back(std::tanh(v));
        break;
      case Op::kFlatten:
      case Op::kReshape:
        y = x;
        break;
      case Op::kSoftmax: {
        double sum = 0;
        for (const double v : x) sum += std::exp(v);
        for (const double v : x) y.push_back(std::exp(v) / sum);
        break;
      }
    }
    r.values[n.output] = y;
    r.shapes[n.output] = out;
  }
  return r;
}

Values logits(const Network& net, const uint8_t* image) {
  Values input;
  for (int64_t i = 0; i < element_count(net.input_shape); ++i) {
    input.push_back(static_cast<double>(image[i]) * net.input_scale + net.input_offset);
  }
  Reference r = reference(net, input);
  const Node& last = net.nodes.back();
  return r.values[last.op == Op::kSoftmax ? last.inputs[0] : last.output];
}

Values log_softmax(Values z, double temperature) {
  double sum = 0;
  for (double& v : z) sum += std::exp(v /= temperature);
  for (double& v : z) v -= std::log(sum);
  return z;
}

double reference_loss(const Network& net, const std::vector<uint8_t>& images,
                      const std::vector<uint8_t>& labels, const TrainOptions& options) {
  const size_t pixels = images.size() / labels.size();
  double sum = 0;
  for (size_t i = 0; i < labels.size(); ++i) {
    const Values z = logits(net, images.data() + i * pixels);
    const double w = options.teacher == nullptr ? 0 : options.teacher_weight;
    sum -= (1 - w) * log_softmax(z, 1)[labels[i]];
    if (w == 0) continue;
    const double t = options.temperature;
    const Values own = log_softmax(z, t);
    const Values other = log_softmax(logits(*options.teacher, images.data() + i * pixels), t);
    for (size_t c = 0; c < z.size(); ++c) {
      sum += w * t * t * std::exp(other[c]) * (other[c] - own[c]);
    }
  }
  return sum / static_cast<double>(labels.size());
}

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

std::vector<uint8_t> random_bytes(size_t count, uint64_t below, uint64_t seed) {
  Random random(seed);
  std::vector<uint8_t> bytes(count);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random.below(below));
  return bytes;
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
        const Values expected = reference(net, input).values[net.output];
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

void check_gradient(const Network& net, size_t samples, const TrainOptions& options = {}) {
  const auto inputs = static_cast<size_t>(element_count(net.input_shape));
  const auto classes = static_cast<uint64_t>(element_count(infer_shapes(net).back()));
  const std::vector<uint8_t> images = random_bytes(samples * inputs, 256, 3);
  const std::vector<uint8_t> labels = random_bytes(samples, classes, 4);
  Network gradient;
  const double loss = loss_gradient(net, images.data(), labels.data(), samples, gradient, options);
  EXPECT_NEAR(loss, reference_loss(net, images, labels, options), 1e-5 * (1 + std::abs(loss)));
  Random random(9);
  for (size_t p = 0; p < net.parameters.size(); ++p) {
    const size_t size = net.parameters[p].values.size();
    double largest = 0;
    for (size_t k = 0; k < std::min<size_t>(size, 12); ++k) {
      const size_t i = size <= 12 ? k : random.below(size);
      // A step that the float parameter can take exactly enough; the loss itself is in double.
      constexpr float kStep = 1e-5F;
      Network up = net;
      Network down = net;
      up.parameters[p].values[i] += kStep;
      down.parameters[p].values[i] -= kStep;
      const double width = static_cast<double>(up.parameters[p].values[i]) -
                           static_cast<double>(down.parameters[p].values[i]);
      const double slope = (reference_loss(up, images, labels, options) -
                            reference_loss(down, images, labels, options)) /
                           width;
      // For rounding of float sums; kinks within so short a step are rare, and seeds are fixed.
      EXPECT_NEAR(gradient.parameters[p].values[i], slope, 1e-4 * (1 + std::abs(slope)))
          << net.parameters[p].name << "[" << i << "] of a network of " << net.nodes.size()
          << " nodes";
      largest = std::max(largest, std::abs(slope));
    }
    // One sample may be answered with certainty.
    if (samples == 1) continue;
    EXPECT_GT(largest, 1e-3) << net.parameters[p].name << " has no influence: nothing was checked";
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
  EXPECT_THROW(loss_gradient(net, image.data(), image.data(), 1, gradient, options), Error);
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
