// SPDX-License-Identifier: Apache-2.0
// Random networks of all operators, forward and backward, against plain loops in double precision.
#include "tb/support/graph/random_graph.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "golden/base/random.hpp"
#include "tb/golden/train/gradient.hpp"
#include "tb/support/graph/reference_network.hpp"
#include "tb/support/seeds.hpp"

namespace sparsys {
namespace {

// Float sums of a few hundred products, one behind the other, of values below 100.
constexpr double kTolerance = 1e-4;

TEST(RandomGraph, ForwardIsThatOfPlainLoops) {
  std::array<size_t, kOps> operators{};
  for_seeds(400, [&](uint64_t seed) {
    const Network network = random_graph(seed);
    for (const Node& node : network.nodes) ++operators[static_cast<size_t>(node.op)];
    const std::vector<Shape> shapes = infer_shapes(network);
    const auto inputs = static_cast<size_t>(element_count(network.input_shape));
    const size_t samples = 1 + seed % 3;
    Random random(seed);
    std::vector<float> x(samples * inputs);
    for (float& v : x) v = random.uniform(-2, 2);
    const std::vector<float> y = infer(network, x.data(), samples, 1);
    const size_t outputs = y.size() / samples;
    for (size_t s = 0; s < samples; ++s) {
      const auto from = x.begin() + static_cast<long>(s * inputs);
      auto expected = reference(network, {from, from + static_cast<long>(inputs)});
      for (size_t n = 0; n < network.nodes.size(); ++n) {
        ASSERT_EQ(shapes[n + 1], expected[network.nodes[n].output].shape) << "node " << n + 1;
      }
      const Tensor& output = expected[network.output];
      ASSERT_EQ(output.values.size(), outputs);
      double largest = 1;
      for (const double v : output.values) largest = std::max(largest, std::abs(v));
      for (size_t o = 0; o < outputs; ++o) {
        ASSERT_NEAR(y[s * outputs + o], output.values[o], kTolerance * largest) << "output " << o;
      }
    }
  });
  if (seed_is_given()) return;
  for (size_t op = 0; op < kOps; ++op) {
    EXPECT_GT(operators[op], 30U) << to_string(static_cast<Op>(op));
  }
}

TEST(RandomGraph, GradientIsTheSlopeOfTheLoss) {
  std::array<size_t, kOps> operators{};
  for_seeds(160, [&](uint64_t seed) {
    RandomGraphOptions options;
    options.classes = 4;
    options.most = 120;
    options.steps = 5;
    const Network network = random_graph(1000 + seed, options);
    for (const Node& node : network.nodes) ++operators[static_cast<size_t>(node.op)];
    check_gradient(network, 1 + seed % 4, {}, false);
  });
  if (seed_is_given()) return;
  for (size_t op = 0; op < kOps; ++op) {
    EXPECT_GT(operators[op], 5U) << to_string(static_cast<Op>(op));
  }
}

// Weights and values below 1e-38 count, as they do in other runtimes.
TEST(RandomGraph, DenormalNumbers) {
  Network network;
  network.name = "tiny";
  network.input_shape = {1, 8};
  network.nodes.resize(2);
  for (size_t n = 0; n < 2; ++n) {
    Node& node = network.nodes[n];
    node.op = Op::kMatMul;
    node.inputs = {n == 0 ? "input" : "hidden", n == 0 ? "small" : "large"};
    node.output = n == 0 ? "hidden" : "output";
    Parameter p{node.inputs[1], {8, 8}, {}};
    Random random(n);
    for (size_t i = 0; i < 64; ++i) p.values.push_back(random.normal() * (n == 0 ? 1e-39F : 1e30F));
    network.parameters.push_back(p);
  }
  std::vector<float> x(8);
  Random random(9);
  for (float& v : x) v = random.normal();
  const std::vector<double> expected = reference(network, {x.begin(), x.end()})["output"].values;
  const std::vector<float> y = infer(network, x.data(), 1);
  for (size_t o = 0; o < 8; ++o) {
    EXPECT_NE(y[o], 0);
    EXPECT_NEAR(y[o], expected[o], 1e-13);  // of values of about 1e-8
  }
}

}  // namespace
}  // namespace sparsys
