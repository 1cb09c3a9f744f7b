// SPDX-License-Identifier: Apache-2.0
#include "golden/compress/fixed_point.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "golden/base/error.hpp"
#include "golden/base/random.hpp"
#include "golden/compress/decode_eie_network.hpp"
#include "golden/compress/weight_sharing.hpp"
#include "golden/function/eie/model.hpp"
#include "golden/network/check.hpp"

namespace sparsys {
namespace {

struct NetShape {
  std::vector<uint32_t> sizes;
  double density = 0.3;
  float weight_scale = 1;
  float bias_scale = 0.3F;
  int sign = 0;  // of all weights; 0: both
  bool relu = true;
};

SharedMlp random_net(const NetShape& shape, uint64_t seed) {
  Mlp mlp;
  mlp.name = "net";
  for (size_t l = 0; l + 1 < shape.sizes.size(); ++l) {
    Random random(seed, l);
    const float scale = std::sqrt(2.0F / static_cast<float>(shape.sizes[l]));
    DenseLayer layer;
    layer.name = "ip" + std::to_string(l + 1);
    layer.relu = l + 2 < shape.sizes.size();
    layer.bias = Eigen::VectorXf::Zero(shape.sizes[l + 1]);
    layer.weights.resize(shape.sizes[l + 1], shape.sizes[l]);
    for (float& w : layer.weights.reshaped()) w = scale * random.normal();
    mlp.layers.push_back(layer);
  }
  Random random(seed, 99);
  for (DenseLayer& layer : mlp.layers) {
    layer.relu = layer.relu && shape.relu;
    for (Eigen::Index i = 0; i < layer.weights.size(); ++i) {
      float& w = layer.weights.data()[i];
      w *= shape.weight_scale / std::sqrt(static_cast<float>(shape.density + 0.01));
      if (shape.sign != 0) w = std::abs(w) * static_cast<float>(shape.sign);
      if (random.uniform() >= shape.density) w = 0;
    }
    for (Eigen::Index i = 0; i < layer.bias.size(); ++i) {
      layer.bias[i] = shape.bias_scale * random.normal();
    }
  }
  return dense_chain(share_weights(to_network(mlp)));
}

Eigen::MatrixXf random_inputs(uint32_t size, int count, uint64_t seed) {
  Random random(seed, 5);
  return Eigen::MatrixXf::NullaryExpr(size, count, [&] {
    return random.below(3) == 0 ? std::floor(random.uniform(0, 256)) / 256 : 0.0F;
  });
}

// What every conversion promises, whatever the network.
void expect_sound(const eie::Network& network, const SharedMlp& mlp, unsigned constants,
                  const std::vector<FixedPointLayerReport>& report) {
  check(network, "network");
  ASSERT_EQ(network.layers.size(), mlp.layers.size());
  EXPECT_EQ(network.input_size(), mlp.layers.front().code.cols());
  EXPECT_EQ(network.output_size(), mlp.layers.back().code.rows());
  std::vector<int64_t> constant(network.input_constants.begin(), network.input_constants.end());
  for (size_t l = 0; l < network.layers.size(); ++l) {
    const eie::Layer& layer = network.layers[l];
    const uint32_t columns = layer.inputs - layer.constant_inputs;
    const uint32_t rows = layer.outputs - layer.constant_outputs;
    EXPECT_TRUE(layer.constant_inputs == constants || layer.constant_inputs == 0);
    EXPECT_EQ(layer.constant_inputs, constant.size());
    EXPECT_GE(layer.shift(), 0);
    EXPECT_LE(layer.shift(), 31);
    std::vector<int64_t> size(layer.outputs, 0);
    std::vector<int64_t> made(layer.outputs, 0);
    for (uint32_t c = 0; c < layer.inputs; ++c) {
      for (uint64_t k = layer.column_start[c]; k < layer.column_start[c + 1]; ++k) {
        const int64_t value = layer.codebook[layer.code[k]];
        EXPECT_NE(value, 0);
        if (c < columns) {
          EXPECT_LT(layer.row[k], rows) << "constants depend on data";
          size[layer.row[k]] += std::abs(value) * 32768;
        } else {
          size[layer.row[k]] += std::abs(value * constant[c - columns]);
          made[layer.row[k]] += value * constant[c - columns];
        }
      }
    }
    const int64_t rounding = layer.shift() == 0 ? 0 : int64_t{1} << (layer.shift() - 1);
    if (report[l].accumulator_is_safe_for_all_inputs) {
      for (const int64_t s : size) EXPECT_LT(s + rounding, int64_t{1} << 31) << "layer " << l;
    }
    // Biases, made of the constants that really arrive, are as near as the report says.
    double worst = 0;
    for (uint32_t r = 0; r < rows; ++r) {
      const double bias =
          std::ldexp(static_cast<double>(made[r]), -layer.input_frac - layer.weight_frac);
      worst = std::max(worst, std::abs(bias - static_cast<double>(mlp.layers[l].bias[r])));
    }
    EXPECT_NEAR(worst, report[l].largest_bias_error, 1e-9 + 1e-6 * worst) << "layer " << l;
    constant.clear();
    for (uint32_t r = rows; r < layer.outputs; ++r) {
      constant.push_back(eie::write_back(made[r], layer.shift(), layer.relu));
    }
  }
}

// Largest difference between the integer and the float network, relative to the largest output.
double deviation(const eie::Network& network, const SharedMlp& mlp, const Eigen::MatrixXf& inputs) {
  Eigen::MatrixXf x = inputs;
  for (const DenseLayer& layer : mlp.decode().layers) {
    Eigen::MatrixXf y = layer.weights * x;
    y.colwise() += layer.bias;
    if (layer.relu) y = y.cwiseMax(0.0F);
    x = y;
  }
  double worst = 0;
  const double scale = std::ldexp(1.0, -network.layers.back().output_frac);
  for (Eigen::Index i = 0; i < inputs.cols(); ++i) {
    std::vector<int16_t> in;
    for (Eigen::Index r = 0; r < inputs.rows(); ++r) {
      in.push_back(static_cast<int16_t>(std::lround(
          std::ldexp(static_cast<double>(inputs(r, i)), network.layers.front().input_frac))));
    }
    bool saturated = false;
    const std::vector<int16_t> out = run(network, in, 32, &saturated);
    EXPECT_FALSE(saturated);
    for (size_t r = 0; r < out.size(); ++r) {
      worst = std::max(worst, std::abs(out[r] * scale -
                                       static_cast<double>(x(static_cast<Eigen::Index>(r), i))));
    }
  }
  const double largest = x.cwiseAbs().maxCoeff();
  return largest > 0 ? worst / largest : worst;
}

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
  for (unsigned constants = 1; constants <= 3; ++constants) {
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
  EXPECT_LT(errors[2], 0.005);
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
  options.constants = 0;
  rejects(good, options);
  options.constants = 4;
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
