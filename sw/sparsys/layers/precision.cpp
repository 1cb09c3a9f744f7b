// SPDX-License-Identifier: Apache-2.0
#include "sw/sparsys/layers/precision.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "golden/base/error.hpp"

namespace sparsys {
namespace {

using Matrix = Eigen::MatrixXf;

constexpr std::array<int, 8> kBits = {16, 12, 10, 8, 6, 5, 4, 3};

// `count` images as columns.
Matrix inputs_of(const Samples& images, size_t pixels, size_t count) {
  Matrix x(pixels, count);
  for (size_t i = 0; i < count; ++i) {
    for (size_t p = 0; p < pixels; ++p) {
      x(static_cast<long>(p), static_cast<long>(i)) = images[i * pixels + p] / 256;
    }
  }
  return x;
}

// Signed numbers of `bits` bits; `largest` just fits.
void round_to(Matrix& values, int bits, float largest) {
  if (bits == 32 || largest <= 0) return;
  int exponent = 0;
  std::frexp(largest, &exponent);
  const float step = std::ldexp(1.0F, exponent - (bits - 1));
  const float most = step * static_cast<float>((1 << (bits - 1)) - 1);
  values = ((values.array() / step).round() * step).cwiseMin(most).cwiseMax(-most - step);
}

// Activations of a layer; in `largest` the largest of each layer's inputs, noted or used.
Matrix run(const Mlp& network, const std::vector<Matrix>& weights, Matrix x, int bits,
           std::vector<float>& largest, bool note) {
  for (size_t l = 0; l < network.layers.size(); ++l) {
    if (note) {
      largest[l] = std::max(largest[l], x.cwiseAbs().maxCoeff());
    } else {
      round_to(x, bits, largest[l]);
    }
    x = (weights[l] * x).colwise() + network.layers[l].bias;
    if (network.layers[l].relu) x = x.cwiseMax(0.0F);
  }
  return x;
}

}  // namespace

nlohmann::json precision_sweep(const Mlp& network, const Dataset& data) {
  if (data.task != DataTask::kClassification) {
    throw Error(data.name + ": no classes, expected for accuracy");
  }
  const size_t pixels = data.inputs();
  std::vector<float> largest(network.layers.size());
  std::vector<Matrix> plain;
  for (const DenseLayer& layer : network.layers) plain.push_back(layer.weights);
  run(network, plain,
      inputs_of(data.samples(data.train), pixels, std::min<size_t>(1000, data.train_count())), 32,
      largest, true);
  nlohmann::json rows = nlohmann::json::array();
  std::vector<int> all = {32};
  all.insert(all.end(), kBits.begin(), kBits.end());
  for (const int bits : all) {
    std::vector<Matrix> weights = plain;
    for (Matrix& w : weights) round_to(w, bits, w.cwiseAbs().maxCoeff());
    size_t wrong = 0;
    constexpr size_t kBatch = 1000;
    for (size_t first = 0; first < data.test_count(); first += kBatch) {
      const size_t count = std::min(kBatch, data.test_count() - first);
      const Matrix y =
          run(network, weights, inputs_of(data.samples(data.test, first), pixels, count), bits,
              largest, false);
      for (size_t i = 0; i < count; ++i) {
        long answer = 0;
        y.col(static_cast<long>(i)).maxCoeff(&answer);
        wrong += answer != static_cast<long>(data.test.labels[first + i]);
      }
    }
    rows.push_back(
        {{"bits", bits},
         {"error_pct", 100.0 * static_cast<double>(wrong) /
                           static_cast<double>(std::max<size_t>(1, data.test_count()))}});
  }
  return rows;
}

}  // namespace sparsys
