// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <set>
#include <vector>

#include "golden/compress/weight_sharing.hpp"
#include "golden/error.hpp"
#include "golden/nn/random.hpp"
#include "golden/nn/synthetic_digits.hpp"

namespace sparsys {
namespace {

// Deep Compression (Han 2016), figure 3.
const std::vector<float> kFigure3 = {2.09F,  -0.98F, 1.48F, 0.09F,  0.05F, -0.14F, -1.08F, 2.12F,
                                     -0.91F, 1.92F,  0,     -1.03F, 1.87F, 0,      1.53F,  1.49F};
const std::vector<uint8_t> kFigure3Index = {3, 0, 2, 1, 1, 1, 0, 3, 0, 3, 1, 0, 3, 1, 2, 2};

double spread(const std::vector<float>& values, const Clusters& clusters) {
  double sum = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const double d = static_cast<double>(values[i]) - clusters.centroids[clusters.index[i]];
    sum += d * d;
  }
  return sum;
}

TEST(WeightSharing, Figure3Clusters) {
  for (const auto init : {CentroidInit::kLinear, CentroidInit::kDensity}) {
    const Clusters clusters = cluster_1d(kFigure3, 4, init);
    EXPECT_EQ(clusters.index, kFigure3Index);
    const std::vector<float> expected = {-1.00F, 0.00F, 1.50F, 2.00F};
    ASSERT_EQ(clusters.centroids.size(), 4U);
    for (size_t k = 0; k < 4; ++k) EXPECT_NEAR(clusters.centroids[k], expected[k], 1e-6);
  }
}

// The figure's step: centroids -1.00 0.00 1.50 2.00 become -0.97 -0.04 1.48 1.96 at rate 1, so its
// gradients sum to -0.03 0.04 0.02 0.04 per group. These gradients have those sums.
TEST(WeightSharing, Figure3GradientsAreSummedByGroup) {
  Eigen::Matrix<uint8_t, Eigen::Dynamic, Eigen::Dynamic> code(4, 4);
  Eigen::MatrixXf gradient(4, 4);
  gradient << -0.03F, -0.01F, 0.03F, 0.02F,  //
      -0.01F, 0.01F, -0.02F, 0.12F,          //
      -0.01F, 0.02F, 0.04F, 0.01F,           //
      -0.07F, -0.02F, 0.01F, -0.02F;
  // Code 0 is the value 0 here, so the figure's codes 0..3 are 1..4.
  for (Eigen::Index i = 0; i < 16; ++i) {
    code(i / 4, i % 4) = static_cast<uint8_t>(kFigure3Index[static_cast<size_t>(i)] + 1);
  }
  const std::array<double, 16> sums = centroid_gradient(code, gradient);
  const std::vector<double> before = {-1.00, 0.00, 1.50, 2.00};
  const std::vector<double> after = {-0.97, -0.04, 1.48, 1.96};
  for (size_t k = 0; k < 4; ++k) EXPECT_NEAR(before[k] - sums[k + 1], after[k], 1e-6);
  EXPECT_EQ(sums[0], 0);
  code(0, 0) = 0;
  EXPECT_EQ(centroid_gradient(code, gradient)[0], 0);
  EXPECT_THROW(centroid_gradient(code, Eigen::MatrixXf::Zero(4, 3)), Error);
}

TEST(WeightSharing, Figure3Rate) { EXPECT_DOUBLE_EQ(sharing_rate(16, 4, 32), 3.2); }

// The smallest within-cluster sum of squares by dynamic programming.
double best_spread(std::vector<float> values, unsigned k) {
  std::sort(values.begin(), values.end());
  const size_t n = values.size();
  std::vector<double> best(n + 1, 1e300);
  best[0] = 0;
  for (unsigned c = 0; c < k; ++c) {
    std::vector<double> next(n + 1, 1e300);
    next[0] = 0;
    for (size_t first = 0; first < n; ++first) {
      double sum = 0;
      double square = 0;
      for (size_t last = first; last < n; ++last) {
        sum += values[last];
        square += static_cast<double>(values[last]) * values[last];
        const double cost = square - sum * sum / static_cast<double>(last - first + 1);
        next[last + 1] = std::min(next[last + 1], best[first] + cost);
      }
    }
    best = next;
  }
  return best[n];
}

TEST(WeightSharing, ClustersAreStableAndNearTheOptimum) {
  Random random(4);
  for (const auto init : {CentroidInit::kLinear, CentroidInit::kDensity, CentroidInit::kRandom}) {
    for (int round = 0; round < 20; ++round) {
      std::vector<float> values(40 + random.below(200));
      for (float& v : values) {
        v = random.normal();
        if (round % 2 == 0) v += v > 0 ? 3.0F : -3.0F;
        if (round % 3 == 0) v = std::round(v * 4);
      }
      const unsigned k = 1 + static_cast<unsigned>(random.below(15));
      const Clusters clusters = cluster_1d(values, k, init, 7);
      const std::set<float> distinct(values.begin(), values.end());
      ASSERT_EQ(clusters.centroids.size(), std::min<size_t>(k, distinct.size()));
      ASSERT_TRUE(std::is_sorted(clusters.centroids.begin(), clusters.centroids.end()));
      std::vector<double> sum(k);
      std::vector<int> count(k);
      for (size_t i = 0; i < values.size(); ++i) {
        const uint8_t index = clusters.index[i];
        ASSERT_LT(index, clusters.centroids.size());
        sum[index] += values[i];
        ++count[index];
        for (const float centroid : clusters.centroids) {
          EXPECT_LE(std::abs(values[i] - clusters.centroids[index]),
                    std::abs(values[i] - centroid) + 1e-4);
        }
      }
      for (size_t c = 0; c < clusters.centroids.size(); ++c) {
        ASSERT_GT(count[c], 0);
        EXPECT_NEAR(clusters.centroids[c], sum[c] / count[c], 1e-4);
      }
      const double best = best_spread(values, k);
      EXPECT_GE(spread(values, clusters), best - 1e-3);
      // Lloyd's algorithm ends in a local optimum.
      EXPECT_LE(spread(values, clusters), 10 * best + 1e-3);
    }
  }
}

TEST(WeightSharing, OddInputs) {
  EXPECT_TRUE(cluster_1d({}, 15).centroids.empty());
  const Clusters same = cluster_1d({2, 2, 2}, 15);
  EXPECT_EQ(same.centroids, std::vector<float>{2});
  EXPECT_EQ(same.index, (std::vector<uint8_t>{0, 0, 0}));
  const Clusters few = cluster_1d({5, -1, 5, 3}, 15);
  EXPECT_EQ(few.centroids, (std::vector<float>{-1, 3, 5}));
  EXPECT_EQ(few.index, (std::vector<uint8_t>{2, 0, 2, 1}));
  EXPECT_THROW(cluster_1d({1}, 0), Error);
  EXPECT_THROW(cluster_1d({1}, 257), Error);
  EXPECT_THROW(cluster_1d({1, NAN}, 3), Error);
  EXPECT_THROW(cluster_1d({1, INFINITY}, 3), Error);
}

TEST(WeightSharing, MillionsOfWeights) {
  Random random(6);
  std::vector<float> values(2000000);
  for (float& v : values) v = random.normal() + (random.below(2) == 0 ? 1.5F : -1.5F);
  const auto start = std::chrono::steady_clock::now();
  const Clusters clusters = cluster_1d(values, 15);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
  EXPECT_EQ(clusters.centroids.size(), 15U);
}

TEST(WeightSharing, CodeZeroIsTheZerosAndNothingElse) {
  Mlp mlp = make_mlp({40, 30, 10}, 1, "net");
  mlp.layers[0].weights =
      (mlp.layers[0].weights.array().abs() > 0.3F).select(mlp.layers[0].weights, 0.0F);
  // Mean zero within one cluster.
  mlp.layers[1].weights.setZero();
  mlp.layers[1].weights(0, 0) = 1e-30F;
  mlp.layers[1].weights(1, 0) = -1e-30F;
  mlp.layers[1].weights.row(2).setLinSpaced(30, -8, 9);
  const SharedMlp shared = share_weights(mlp);
  const Mlp decoded = shared.decode();
  for (size_t l = 0; l < 2; ++l) {
    for (Eigen::Index i = 0; i < mlp.layers[l].weights.size(); ++i) {
      const float w = mlp.layers[l].weights.data()[i];
      const uint8_t code = shared.layers[l].code.data()[i];
      EXPECT_EQ(w == 0, code == 0);
      EXPECT_EQ(w == 0, decoded.layers[l].weights.data()[i] == 0);
      EXPECT_LE(code, 15);
      EXPECT_EQ(decoded.layers[l].weights.data()[i], shared.layers[l].codebook[code]);
    }
    EXPECT_EQ(shared.layers[l].codebook[0], 0);
  }
  EXPECT_LT((decoded.layers[0].weights - mlp.layers[0].weights).cwiseAbs().maxCoeff(), 0.12F);
}

TEST(WeightSharing, SymmetricClusterIsNotPruned) {
  // -25 .. -10, 10 .. 25 and one pair whose mean is exactly 0, too close for clusters of their own.
  std::vector<float> values = {-0.125F, 0.125F};
  for (int i = 10; i <= 25; ++i) {
    values.push_back(static_cast<float>(i));
    values.push_back(static_cast<float>(-i));
  }
  const Clusters clusters = cluster_1d(values, 15);
  ASSERT_EQ(clusters.index[0], clusters.index[1]);
  ASSERT_EQ(clusters.centroids[clusters.index[0]], 0);
  Mlp mlp = make_mlp({static_cast<uint32_t>(values.size()), 1}, 1, "net");
  for (size_t i = 0; i < values.size(); ++i) {
    mlp.layers[0].weights(0, static_cast<Eigen::Index>(i)) = values[i];
  }
  const SharedLayer layer = share_weights(mlp).layers[0];
  EXPECT_EQ(layer.code(0, 0), layer.code(0, 1));
  EXPECT_NE(layer.code(0, 0), 0);
  EXPECT_NE(layer.codebook[layer.code(0, 0)], 0);
  EXPECT_LT(std::abs(layer.codebook[layer.code(0, 0)]), 0.125F);
}

TEST(WeightSharing, FineTuningLowersTheLoss) {
  SyntheticDigitsOptions digits;
  digits.train_count = 6000;
  digits.test_count = 0;
  const Dataset data = make_synthetic_digits(digits);
  Mlp mlp = make_mlp({784, 30, 10}, 1, "net");
  TrainOptions options;
  options.epochs = 4;
  options.validation_count = 1000;
  train(mlp, data, options);
  for (DenseLayer& layer : mlp.layers) {
    layer.weights = (layer.weights.array().abs() > 0.05F).select(layer.weights, 0.0F);
  }
  const SharedMlp shared = share_weights(mlp);
  const auto loss = [&](const SharedMlp& net) {
    Mlp unused;
    return loss_gradient(net.decode(), data.train_images.data(), data.train_labels.data(), 5000,
                         unused);
  };
  FineTuneOptions tune;
  tune.train = options;
  tune.train.learning_rate = 0.05F;
  tune.centroid_rate = 0.01F;
  SharedMlp one = shared;
  tune.train.threads = 1;
  fine_tune_centroids(one, data, tune);
  EXPECT_LT(loss(one), 0.97 * loss(shared));
  SharedMlp three = shared;
  tune.train.threads = 3;
  fine_tune_centroids(three, data, tune);
  for (size_t l = 0; l < 2; ++l) {
    EXPECT_EQ(one.layers[l].code, shared.layers[l].code);
    EXPECT_NE(one.layers[l].codebook, shared.layers[l].codebook);
    EXPECT_EQ(one.layers[l].codebook, three.layers[l].codebook);
    EXPECT_EQ(one.layers[l].bias, three.layers[l].bias);
    EXPECT_EQ(one.layers[l].codebook[0], 0);
  }
}

// One step without momentum moves each centroid against the summed gradient of its weights.
TEST(WeightSharing, FineTuningStepIsTheSummedGradient) {
  SyntheticDigitsOptions digits;
  digits.train_count = 300;
  digits.test_count = 0;
  const Dataset data = make_synthetic_digits(digits);
  const SharedMlp before = share_weights(make_mlp({784, 20, 10}, 1, "net"));
  SharedMlp after = before;
  FineTuneOptions tune;
  tune.train.epochs = 1;
  tune.train.batch = 300;
  tune.train.validation_count = 0;
  tune.train.weight_decay = 0;
  tune.train.learning_rate = 0.1F;
  tune.centroid_rate = 0.1F;
  fine_tune_centroids(after, data, tune);
  Mlp gradient;
  loss_gradient(before.decode(), data.train_images.data(), data.train_labels.data(), 300, gradient);
  for (size_t l = 0; l < 2; ++l) {
    const auto sums = centroid_gradient(before.layers[l].code, gradient.layers[l].weights);
    for (size_t k = 1; k < 16; ++k) {
      EXPECT_NEAR(after.layers[l].codebook[k], before.layers[l].codebook[k] - 0.01 * sums[k], 1e-5);
    }
  }
}

}  // namespace
}  // namespace sparsys
