// SPDX-License-Identifier: Apache-2.0
#include "golden/compress/weight_sharing.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <set>
#include <vector>

#include "golden/base/error.hpp"
#include "golden/base/random.hpp"
#include "golden/compress/fine_tune.hpp"
#include "golden/compress/prune.hpp"
#include "golden/data/synthetic_digits.hpp"
#include "golden/train/train.hpp"
#include "tb/support/small_networks.hpp"

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
  const std::vector<float> gradient = {-0.03F, -0.01F, 0.03F,  0.02F, -0.01F, 0.01F,
                                       -0.02F, 0.12F,  -0.01F, 0.02F, 0.04F,  0.01F,
                                       -0.07F, -0.02F, 0.01F,  -0.02F};
  SharedParameter parameter;
  parameter.codebook = {-1.00F, 0.00F, 1.50F, 2.00F};
  parameter.code = kFigure3Index;
  const std::vector<double> sums = centroid_gradient(parameter, gradient.data());
  const std::vector<double> after = {-0.97, -0.04, 1.48, 1.96};
  for (size_t k = 0; k < 4; ++k) EXPECT_NEAR(parameter.codebook[k] - sums[k], after[k], 1e-6);
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

// O(n log n): ten times the weights take about ten times as long, and not a hundred times.
TEST(WeightSharing, MillionsOfWeights) {
  Random random(6);
  std::vector<float> values(2000000);
  for (float& v : values) v = random.normal() + (random.below(2) == 0 ? 1.5F : -1.5F);
  const auto seconds = [](const std::vector<float>& weights) {
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(cluster_1d(weights, 15).centroids.size(), 15U);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  const std::vector<float> tenth(values.begin(), values.begin() + 200000);
  const double base = std::max(seconds(tenth), seconds(tenth));
  EXPECT_LT(seconds(values) / base, 50);
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
  Network network = small_chain({static_cast<int64_t>(values.size()), 1}, 1);
  network.parameters[0].values = values;
  const SharedNetwork shared = share_weights(network);
  check(shared, "shared");
  const std::vector<uint8_t>& code = shared.parameters[0].code;
  EXPECT_EQ(code[0], code[1]);
  EXPECT_NE(code[0], 0);
  EXPECT_LT(std::abs(shared.parameters[0].codebook[code[0]]), 0.125F);
}

Network pruned_conv(uint64_t seed) {
  Network network = small_conv(12, seed);
  PruneOptions options;
  options.densities = {0.6, 0.2, 0.4};
  prune(network, options);
  return network;
}

TEST(WeightSharing, CodeZeroIsTheZerosAndNothingElse) {
  const Network network = pruned_conv(1);
  SharingOptions options;
  options.bits = {2, 5, 3};
  for (const auto init : {CentroidInit::kLinear, CentroidInit::kDensity, CentroidInit::kRandom}) {
    options.init = init;
    const SharedNetwork shared = share_weights(network, options);
    check(shared, "shared");
    const Network decoded = shared.decode();
    const size_t weights[] = {0, 2, 4};
    for (size_t l = 0; l < 3; ++l) {
      const size_t p = weights[l];
      const std::vector<float>& w = network.parameters[p].values;
      const SharedParameter& parameter = shared.parameters[p];
      ASSERT_LE(parameter.codebook.size(), size_t{1} << options.bits[l]);
      EXPECT_GT(parameter.codebook.size(), size_t{1} << (options.bits[l] - 1));
      EXPECT_TRUE(shared.network.parameters[p].values.empty());
      double square = 0;
      double all = 0;
      for (size_t i = 0; i < w.size(); ++i) {
        ASSERT_EQ(w[i] == 0, parameter.code[i] == 0);
        ASSERT_EQ(w[i] == 0, decoded.parameters[p].values[i] == 0);
        square += std::pow(w[i] - decoded.parameters[p].values[i], 2);
        all += w[i] * w[i];
      }
      EXPECT_LT(square, 0.1 * all);
      // Biases are as they were.
      EXPECT_FALSE(shared.parameters[p + 1].shared());
      EXPECT_EQ(decoded.parameters[p + 1].values, network.parameters[p + 1].values);
    }
  }
}

TEST(WeightSharing, Biases) {
  Network network = small_chain({20, 60, 10}, 3);
  network.parameters[1].values[7] = 0;
  SharingOptions options;
  options.bits = {3};
  options.bias_bits = {4};
  const SharedNetwork shared = share_weights(network, options);
  check(shared, "shared");
  ASSERT_TRUE(shared.parameters[1].shared());
  EXPECT_EQ(shared.parameters[1].codebook.size(), 16U);
  const Network decoded = shared.decode();
  for (size_t i = 0; i < 60; ++i) {
    EXPECT_NEAR(decoded.parameters[1].values[i], network.parameters[1].values[i], 0.02);
  }
  // Ten biases of up to 16 values would not be smaller.
  EXPECT_FALSE(shared.parameters[3].shared());
  options.bias_bits = {4, 2};
  const SharedNetwork few = share_weights(network, options);
  EXPECT_EQ(few.parameters[3].codebook.size(), 4U);
  check(few, "few");
}

TEST(WeightSharing, EntropyAwareAssignmentReducesBits) {
  const Network network = pruned_conv(5);
  SharingOptions options;
  options.bits = {4};
  const SharedNetwork plain = share_weights(network, options);
  double last = 1e9;
  for (const double entropy : {0.0, 0.003, 0.01, 0.05, 0.2}) {
    options.entropy = entropy;
    options.entropy_prunes = false;
    const SharedNetwork kept = share_weights(network, options);
    options.entropy_prunes = true;
    const SharedNetwork shared = share_weights(network, options);
    check(shared, "shared");
    double bits = 0;
    double kept_bits = 0;
    for (const size_t p : {0U, 2U, 4U}) {
      bits += entropy_bits(shared.parameters[p]);
      kept_bits += entropy_bits(kept.parameters[p]);
      for (size_t i = 0; i < plain.parameters[p].code.size(); ++i) {
        const bool zero = plain.parameters[p].code[i] == 0;
        // What was pruned stays so, and without leave to prune nothing else is.
        if (zero) {
          ASSERT_EQ(shared.parameters[p].code[i], 0);
        }
        ASSERT_EQ(kept.parameters[p].code[i] == 0, zero);
      }
    }
    EXPECT_LE(bits, kept_bits);
    EXPECT_LT(bits, last);
    last = bits;
    if (entropy == 0) {
      for (size_t p = 0; p < 6; ++p) EXPECT_EQ(plain.parameters[p].code, shared.parameters[p].code);
    }
  }
}

TEST(WeightSharing, EntropyBitsAreThoseOfAnIdealCode) {
  SharedParameter parameter;
  EXPECT_EQ(entropy_bits(parameter), 0);
  parameter.codebook = {0, 1, 2};
  parameter.code = {0, 0, 0, 0, 1, 1, 2, 2};
  EXPECT_DOUBLE_EQ(entropy_bits(parameter), 4 * 1 + 2 * 2 + 2 * 2);
  const std::vector<float> gradient = {1, 2, 3, 4, 5, 6, 7, -8};
  EXPECT_EQ(centroid_gradient(parameter, gradient.data()), (std::vector<double>{10, 11, -1}));
}

TEST(WeightSharing, RejectsWhatDoesNotFit) {
  const Network network = small_chain({6, 4, 3}, 1);
  SharingOptions options;
  for (const std::vector<unsigned>& bad : std::vector<std::vector<unsigned>>{{}, {9}, {4, 4, 4}}) {
    options.bits = bad;
    EXPECT_THROW(share_weights(network, options), Error);
  }
  options.bits = {4};
  options.bias_bits = {9};
  EXPECT_THROW(share_weights(network, options), Error);
  options.bias_bits = {0};
  options.entropy = -1;
  EXPECT_THROW(share_weights(network, options), Error);
  options.entropy = NAN;
  EXPECT_THROW(share_weights(network, options), Error);
}

Dataset digits(uint32_t count) {
  SyntheticDigitsOptions options;
  options.train_count = count;
  options.test_count = 0;
  return make_synthetic_digits(options);
}

double loss(const SharedNetwork& shared, const Dataset& data, size_t count) {
  Network unused;
  return loss_gradient(shared.decode(), data.train.bytes.data(), data.train.labels.data(), count,
                       unused);
}

// One step without momentum moves each value against the derivative of the loss by it, which is
// measured by moving it a little.
TEST(WeightSharing, FineTuningFollowsTheNumericGradient) {
  const Dataset data = digits(64);
  Network network = small_conv(28, 4);
  PruneOptions prune_options;
  prune_options.densities = {0.7, 0.1, 0.5};
  prune(network, prune_options);
  SharingOptions options;
  options.bits = {2};
  options.bias_bits = {0, 2, 0};
  const SharedNetwork before = share_weights(network, options);
  ASSERT_TRUE(before.parameters[3].shared());
  FineTuneOptions tune;
  tune.train.epochs = 1;
  tune.train.batch = 64;
  tune.train.momentum = 0;
  tune.train.weight_decay = 0;
  tune.train.validation_count = 0;
  tune.train.learning_rate = 1e-3F;
  tune.centroid_rate = 0.5F;
  for (const float power : {0.0F, 0.5F}) {
    tune.centroid_power = power;
    SharedNetwork after = before;
    fine_tune_centroids(after, data, tune);
    for (const size_t p : {0U, 2U, 3U, 4U}) {
      EXPECT_EQ(after.parameters[p].code, before.parameters[p].code);
      const bool weights = p != 3;
      for (size_t k = weights ? 1 : 0; k < before.parameters[p].codebook.size(); ++k) {
        const float value = before.parameters[p].codebook[k];
        const float step = 2e-3F * std::max(0.1F, std::abs(value));
        SharedNetwork moved = before;
        moved.parameters[p].codebook[k] = value + step;
        const double above = loss(moved, data, 64);
        moved.parameters[p].codebook[k] = value - step;
        const double gradient = (above - loss(moved, data, 64)) / (2 * static_cast<double>(step));
        const auto count = static_cast<double>(
            std::count(before.parameters[p].code.begin(), before.parameters[p].code.end(), k));
        const double rate = weights ? 0.5e-3 / std::pow(count, power) : 1e-3 / count;
        EXPECT_NEAR(after.parameters[p].codebook[k] - value, -rate * gradient,
                    rate * (0.05 * std::abs(gradient) + 0.005) + 1e-7)
            << "parameter " << p << ", value " << k;
      }
    }
  }
}

TEST(WeightSharing, TrainingOfSharedNetworks) {
  const Dataset data = digits(3000);
  Network network = small_conv(28, 4);
  TrainOptions train_options;
  train_options.epochs = 2;
  train_options.validation_count = 500;
  train(network, data, train_options);
  PruneOptions prune_options;
  prune_options.densities = {0.7, 0.1, 0.5};
  prune(network, prune_options);
  SharingOptions options;
  options.bits = {3, 2, 3};
  options.bias_bits = {0, 2, 0};
  const SharedNetwork shared = share_weights(network, options);

  FineTuneOptions tune;
  tune.train = train_options;
  tune.train.learning_rate = 0.02F;
  tune.centroid_rate = 0.1F;
  tune.centroid_power = 0.5F;
  SharedNetwork one = shared;
  tune.train.threads = 1;
  const TrainReport report = fine_tune_centroids(one, data, tune);
  EXPECT_EQ(report.validation_error, validation_error(one.decode(), data, 500));
  EXPECT_LT(loss(one, data, 2500), 0.9 * loss(shared, data, 2500));
  check(one, "one");
  SharedNetwork three = shared;
  tune.train.threads = 3;
  fine_tune_centroids(three, data, tune);

  ReassignOptions reassign;
  reassign.train = tune.train;
  reassign.train.threads = 1;
  SharedNetwork anew = shared;
  reassign_codes(anew, network, data, reassign);
  check(anew, "anew");
  EXPECT_LT(loss(anew, data, 2500), loss(one, data, 2500));
  SharedNetwork anew3 = shared;
  reassign.train.threads = 3;
  reassign_codes(anew3, network, data, reassign);
  SharedNetwork small = shared;
  reassign.entropy = 0.2;
  const double error = reassign_codes(small, network, data, reassign).validation_error;
  EXPECT_EQ(error, validation_error(small.decode(), data, 500));
  check(small, "small");
  double bits = 0;
  double small_bits = 0;
  for (size_t p = 0; p < 6; ++p) {
    EXPECT_EQ(one.parameters[p].code, shared.parameters[p].code);
    EXPECT_EQ(one.parameters[p].codebook, three.parameters[p].codebook);
    EXPECT_EQ(one.network.parameters[p].values, three.network.parameters[p].values);
    EXPECT_EQ(anew.parameters[p].code, anew3.parameters[p].code);
    EXPECT_EQ(anew.parameters[p].codebook, anew3.parameters[p].codebook);
    if (p % 2 == 1) continue;
    EXPECT_NE(one.parameters[p].codebook, shared.parameters[p].codebook);
    EXPECT_NE(anew.parameters[p].code, shared.parameters[p].code);
    for (size_t i = 0; i < shared.parameters[p].code.size(); ++i) {
      const bool zero = shared.parameters[p].code[i] == 0;
      // Without weight on code lengths no weight is pruned, nor is any pruned one brought back.
      ASSERT_EQ(anew.parameters[p].code[i] == 0, zero);
      if (zero) {
        ASSERT_EQ(small.parameters[p].code[i], 0);
      }
    }
    bits += entropy_bits(anew.parameters[p]);
    small_bits += entropy_bits(small.parameters[p]);
  }
  EXPECT_LT(small_bits, 0.8 * bits);
  Network other = small_conv(26, 1);
  EXPECT_THROW(reassign_codes(small, other, data, reassign), Error);
}

}  // namespace
}  // namespace sparsys
