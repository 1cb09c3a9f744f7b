// SPDX-License-Identifier: Apache-2.0
// Random networks for tests of fixed point, and what every conversion promises.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "golden/base/random.hpp"
#include "golden/compress/decode_eie_network.hpp"
#include "golden/compress/fixed_point.hpp"
#include "golden/compress/weight_sharing.hpp"
#include "golden/function/eie/model.hpp"
#include "golden/network/check.hpp"

namespace sparsys {

struct NetShape {
  std::vector<uint32_t> sizes;
  double density = 0.3;
  float weight_scale = 1;
  float bias_scale = 0.3F;
  int sign = 0;  // of all weights; 0: both
  bool relu = true;
};

inline SharedMlp random_net(const NetShape& shape, uint64_t seed) {
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

inline Eigen::MatrixXf random_inputs(uint32_t size, int count, uint64_t seed) {
  Random random(seed, 5);
  return Eigen::MatrixXf::NullaryExpr(size, count, [&] {
    return random.below(3) == 0 ? std::floor(random.uniform(0, 256)) / 256 : 0.0F;
  });
}

// What every conversion promises, whatever the network.
inline void expect_sound(const eie::Network& network, const SharedMlp& mlp, unsigned constants,
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
inline double deviation(const eie::Network& network, const SharedMlp& mlp,
                        const Eigen::MatrixXf& inputs) {
  Eigen::MatrixXf x = inputs;
  const auto decoded = mlp.decode();
  for (const DenseLayer& layer : decoded.layers) {
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

}  // namespace sparsys
