// SPDX-License-Identifier: Apache-2.0
#include "golden/compress/fixed_point.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "golden/base/error.hpp"
#include "tb/golden/compress/fixed_point_bench.hpp"

namespace sparsys {
namespace {

void expect_close(const NetShape& shape, uint64_t seed, double limit, unsigned constants = 2) {
  SCOPED_TRACE("seed " + std::to_string(seed) + ", constants " + std::to_string(constants));
  const SharedMlp mlp = random_net(shape, seed);
  const Eigen::MatrixXf inputs = random_inputs(shape.sizes.front(), 60, seed);
  FixedPointOptions options;
  options.constants = constants;
  std::vector<FixedPointLayerReport> report;
  const eie::Network network = to_fixed_point(mlp, inputs, options, &report);
  expect_sound(network, mlp, constants, report);
  EXPECT_LT(deviation(network, mlp, inputs), limit);
}

TEST(FixedPoint, FollowsTheFloatNetwork) {
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    expect_close({{100, 60, 40, 10}}, seed, 0.02);
    expect_close({{300, 50, 10}, 0.08}, seed, 0.02);
  }
}

TEST(FixedPoint, MoreConstantsMakeBetterBiases) {
  const NetShape shape{{80, 40, 30, 10}};
  const SharedMlp mlp = random_net(shape, 3);
  const Eigen::MatrixXf inputs = random_inputs(80, 40, 3);
  std::vector<double> errors;
  for (const unsigned constants : {1, 2, 3, 6}) {
    FixedPointOptions options;
    options.constants = constants;
    std::vector<FixedPointLayerReport> report;
    const eie::Network network = to_fixed_point(mlp, inputs, options, &report);
    expect_sound(network, mlp, constants, report);
    double worst = 0;
    for (const auto& layer : report) {
      worst = std::max(worst, layer.largest_bias_error / layer.largest_bias);
    }
    errors.push_back(worst);
  }
  EXPECT_LT(errors[0], 0.3);
  EXPECT_LT(errors[1], 0.03);
  EXPECT_LT(errors[2], 0.01);
  EXPECT_LT(errors[3], 0.0005);
}

TEST(FixedPoint, OddShapes) {
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    expect_close({{1, 1}, 1}, seed, 0.05);
    expect_close({{1, 20, 1}, 1}, seed, 0.05);
    expect_close({{50, 1, 1, 7}, 1}, seed, 0.1);
    expect_close({{200, 1}}, seed, 0.02);
    expect_close({{2, 2, 2, 2, 2}, 1}, seed, 0.15);
  }
}

TEST(FixedPoint, WithoutBiasThereAreNoConstants) {
  NetShape shape{{60, 30, 20, 5}};
  shape.bias_scale = 0;
  const SharedMlp mlp = random_net(shape, 1);
  const Eigen::MatrixXf inputs = random_inputs(60, 30, 1);
  const eie::Network network = to_fixed_point(mlp, inputs);
  EXPECT_TRUE(network.input_constants.empty());
  for (const eie::Layer& layer : network.layers) {
    EXPECT_EQ(layer.constant_inputs + layer.constant_outputs, 0U);
  }
  expect_close(shape, 1, 0.01);
}

TEST(FixedPoint, ConstantsEndWithTheLastBias) {
  SharedMlp mlp = random_net({{60, 30, 20, 5}}, 1);
  mlp.layers[2].bias.setZero();
  mlp.layers[0].bias.setZero();
  const Eigen::MatrixXf inputs = random_inputs(60, 30, 1);
  std::vector<FixedPointLayerReport> report;
  const eie::Network network = to_fixed_point(mlp, inputs, {}, &report);
  expect_sound(network, mlp, 2, report);
  EXPECT_EQ(network.layers[0].constant_inputs, 2U);
  EXPECT_EQ(network.layers[1].constant_inputs, 2U);
  EXPECT_EQ(network.layers[2].constant_inputs, 0U);
  EXPECT_LT(deviation(network, mlp, inputs), 0.02);
}

TEST(FixedPoint, WeightsOfOneSign) {
  for (const int sign : {-1, 1}) {
    for (uint64_t seed = 1; seed <= 4; ++seed) {
      NetShape shape{{60, 30, 20, 5}};
      shape.sign = sign;
      // Outputs after ReLU all die with negative weights, so a bias has to carry them.
      shape.bias_scale = sign < 0 ? 2.0F : 0.3F;
      shape.weight_scale = 0.3F;
      expect_close(shape, seed, 0.06);
    }
  }
  NetShape shape{{60, 30, 20, 5}};
  shape.sign = -1;
  const SharedMlp mlp = random_net(shape, 1);
  std::vector<FixedPointLayerReport> report;
  to_fixed_point(mlp, random_inputs(60, 30, 1), {}, &report);
  EXPECT_EQ(report[0].codes_merged, 0);
  EXPECT_EQ(report[1].codes_merged, 1);
}

TEST(FixedPoint, LayersWithoutWeights) {
  NetShape shape{{20, 10, 8, 5}};
  shape.density = 0;
  expect_close(shape, 1, 0.05);
  shape.bias_scale = 0;
  expect_close(shape, 1, 1e-9);
  SharedMlp mlp = random_net({{20, 10, 8, 5}}, 2);
  mlp.layers[1].code.setZero();
  const Eigen::MatrixXf inputs = random_inputs(20, 10, 1);
  std::vector<FixedPointLayerReport> report;
  const eie::Network network = to_fixed_point(mlp, inputs, {}, &report);
  expect_sound(network, mlp, 2, report);
  EXPECT_LT(deviation(network, mlp, inputs), 0.05);
}

TEST(FixedPoint, ScalesOfWeightsAndBiases) {
  for (const float weight : {1e-4F, 1e-2F, 30.0F}) {
    for (const float bias : {1e-3F, 0.3F, 20.0F}) {
      SCOPED_TRACE(std::to_string(weight) + " " + std::to_string(bias));
      NetShape shape{{60, 30, 5}};
      shape.weight_scale = weight;
      shape.bias_scale = bias;
      expect_close(shape, 1, 0.06);
    }
  }
}

TEST(FixedPoint, WithoutRelu) {
  NetShape shape{{60, 30, 20, 5}};
  shape.relu = false;
  for (uint64_t seed = 1; seed <= 4; ++seed) expect_close(shape, seed, 0.03);
}

TEST(FixedPoint, WideRowsStayInsideTheAccumulator) {
  // 4000 weights a row: the bound, not the codebook's 16 bits, decides the radix point.
  NetShape shape{{4000, 12, 10}, 1};
  for (uint64_t seed = 1; seed <= 2; ++seed) expect_close(shape, seed, 0.05);
}

TEST(FixedPoint, TinyValuesInUseNeverBecomeZero) {
  SharedMlp mlp = random_net({{60, 30, 5}}, 1);
  mlp.layers[0].codebook[7] = 1e-9F;
  mlp.layers[0].codebook[8] = -1e-9F;
  const Eigen::MatrixXf inputs = random_inputs(60, 30, 1);
  const eie::Network network = to_fixed_point(mlp, inputs);
  EXPECT_EQ(network.layers[0].codebook[7], 1);
  EXPECT_EQ(network.layers[0].codebook[8], -1);
}

TEST(FixedPoint, RejectsWhatDoesNotFit) {
  const SharedMlp good = random_net({{60, 30, 5}}, 1);
  const Eigen::MatrixXf inputs = random_inputs(60, 30, 1);
  const auto rejects = [&](const SharedMlp& mlp, const FixedPointOptions& options = {}) {
    EXPECT_THROW(to_fixed_point(mlp, inputs, options), Error);
  };
  EXPECT_THROW(to_fixed_point(good, Eigen::MatrixXf::Zero(59, 3)), Error);
  EXPECT_THROW(to_fixed_point(good, Eigen::MatrixXf::Zero(60, 0)), Error);
  FixedPointOptions options;
  options.constants = 7;
  rejects(good, options);
  options.constants = 2;
  options.headroom = 0.5;
  rejects(good, options);
  SharedMlp bad = good;
  bad.layers.clear();
  rejects(bad);
  bad = good;
  bad.layers[1].bias.resize(4);
  rejects(bad);
  bad = good;
  bad.layers[1].bias[2] = NAN;
  rejects(bad);
  bad = good;
  bad.layers[0].codebook[3] = INFINITY;
  rejects(bad);
  bad = good;
  bad.layers[0].codebook[0] = 1;
  rejects(bad);
  bad = good;
  bad.layers[0].code(2, 2) = 16;
  rejects(bad);
  bad = good;
  bad.layers[1].codebook[2] = 0;
  rejects(bad);
}

}  // namespace
}  // namespace sparsys
