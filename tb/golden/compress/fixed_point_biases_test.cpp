// SPDX-License-Identifier: Apache-2.0
// Biases of any size beside weights of any size: what the fixed-point function makes of them stays
// within what radix points, codebook and constants allow, and is near the float network.
#include <gtest/gtest.h>

#include <cmath>

#include "golden/base/error.hpp"
#include "tb/golden/compress/fixed_point_bench.hpp"
#include "tb/support/error_of.hpp"
#include "tb/support/seeds.hpp"

namespace sparsys {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;

// Weights of the engine's layer in real numbers, without the constants.
MatrixXd weights_of(const eie::Layer& layer) {
  MatrixXd weights =
      MatrixXd::Zero(layer.outputs - layer.constant_outputs, layer.inputs - layer.constant_inputs);
  for (Index c = 0; c < weights.cols(); ++c) {
    for (uint64_t k = layer.column_start[c]; k < layer.column_start[c + 1]; ++k) {
      weights(layer.row[k], c) = std::ldexp(layer.codebook[layer.code[k]], -layer.weight_frac);
    }
  }
  return weights;
}

// Every output of every layer against the float network: off by no more than its own rounding, its
// bias's error, what its weights lost, and what its inputs were off by. Returns how far the last
// layer is off, as a share of its largest output.
double check_bounds(const SharedMlp& mlp, const eie::Network& network, const MatrixXd& inputs,
                    const std::vector<FixedPointLayerReport>& report) {
  const eie::FunctionalModel model(network);
  MatrixXd x = inputs;
  const int frac = network.layers.front().input_frac;
  std::vector<std::vector<std::vector<int16_t>>> made;
  MatrixXd bound = MatrixXd::Zero(x.rows(), x.cols());
  for (Index i = 0; i < x.cols(); ++i) {
    std::vector<int16_t> input;
    for (Index r = 0; r < x.rows(); ++r) {
      input.push_back(static_cast<int16_t>(std::floor(std::ldexp(x(r, i), frac) + 0.5)));
      bound(r, i) = std::abs(std::ldexp(input.back(), -frac) - x(r, i));
    }
    made.push_back(model.run_layers(input));
  }
  double share = 0;
  for (size_t l = 0; l < network.layers.size(); ++l) {
    const eie::Layer& layer = network.layers[l];
    const MatrixXd weights = mlp.layers[l].weights().cast<double>();
    MatrixXd y = weights * x;
    y.colwise() += mlp.layers[l].bias.cast<double>();
    const MatrixXd engine = weights_of(layer);
    bound = (engine.cwiseAbs() * bound + (engine - weights).cwiseAbs() * x.cwiseAbs()).eval();
    bound.array() += report[l].largest_bias_error + std::ldexp(0.5, -layer.output_frac) +
                     1e-9 * y.cwiseAbs().maxCoeff();
    if (layer.relu) y = y.cwiseMax(0.0);
    share = 0;
    for (Index i = 0; i < y.cols(); ++i) {
      for (Index r = 0; r < y.rows(); ++r) {
        const int16_t value = made[static_cast<size_t>(i)][l + 1][static_cast<size_t>(r)];
        const double error = std::abs(std::ldexp(value, -layer.output_frac) - y(r, i));
        share = std::max(share, error / y.cwiseAbs().maxCoeff());
        EXPECT_LE(error, bound(r, i)) << "layer " << l << ", output " << r << " of sample " << i;
        if (error > bound(r, i)) return share;
      }
    }
    EXPECT_NEAR(report[l].output_loss(), share, 1e-4 + 0.01 * share) << "layer " << l;
    x = y;
  }
  return share;
}

void expect_right(const NetShape& shape, uint64_t seed) {
  SCOPED_TRACE("weights " + std::to_string(shape.weight_scale) + ", biases " +
               std::to_string(shape.bias_scale));
  const SharedMlp mlp = random_net(shape, seed);
  const Eigen::MatrixXf inputs = random_inputs(shape.sizes.front(), 40, seed);
  std::vector<FixedPointLayerReport> report;
  const eie::Network network = to_fixed_point(mlp, inputs, {}, &report);
  for (const FixedPointLayerReport& layer : report) {
    EXPECT_EQ(layer.saturated, 0U);
    EXPECT_FALSE(layer.accumulator_saturated);
    EXPECT_LT(layer.bias_loss(), 0.05);
  }
  EXPECT_LT(check_bounds(mlp, network, inputs.cast<double>(), report), 0.03);
  EXPECT_NO_THROW(check_loss("net", report, kMostLoss));
}

TEST(FixedPointBiases, AnySizeBesideWeightsOfAnySize) {
  for (const float weight : {1e-4F, 1e-3F, 1e-2F, 0.1F, 1.0F, 1000.0F}) {
    for (const float bias : {1e-3F, 0.3F, 20.0F, 1000.0F}) {
      NetShape shape{{40, 25, 20, 5}};
      shape.weight_scale = weight;
      shape.bias_scale = bias;
      expect_right(shape, 1);
    }
  }
}

TEST(FixedPointBiases, RandomSizes) {
  for_seeds(12, [](uint64_t seed) {
    Random random(seed, 77);
    NetShape shape{{1 + static_cast<uint32_t>(random.below(50))}};
    for (uint64_t layers = 1 + random.below(3); layers > 0; --layers) {
      shape.sizes.push_back(2 + static_cast<uint32_t>(random.below(30)));
    }
    shape.density = random.uniform(0.1F, 1);
    shape.weight_scale = std::pow(10.0F, random.uniform(-3, 3));
    shape.bias_scale = std::pow(10.0F, random.uniform(-4, 3));
    shape.relu = random.below(4) != 0;
    expect_right(shape, seed);
  });
}

TEST(FixedPointBiases, LossIsRefusedAboveItsBound) {
  FixedPointLayerReport layer;
  layer.name = "ip7";
  layer.largest_output = 2;
  layer.largest_output_error = 0.3;
  EXPECT_NO_THROW(check_loss("net", {layer}, 0.2));
  const std::string error = error_of([&] { check_loss("net", {layer}, 0.1); });
  for (const char* part : {"net: layer 'ip7'", "off by up to 0.3, 15 %", "at most 10 %",
                           "--max-error", "--target stored"}) {
    EXPECT_NE(error.find(part), std::string::npos) << error;
  }
}

}  // namespace
}  // namespace sparsys
