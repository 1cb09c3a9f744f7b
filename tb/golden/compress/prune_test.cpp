// SPDX-License-Identifier: Apache-2.0
#include "golden/compress/prune.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "golden/base/error.hpp"
#include "golden/data/synthetic_digits.hpp"
#include "golden/train/train.hpp"
#include "tb/support/small_networks.hpp"

namespace sparsys {
namespace {

// One layer of these weights, by rows.
Network single(int64_t outputs, int64_t inputs, const std::vector<float>& weights) {
  Network network = small_chain({inputs, outputs}, 1);
  network.parameters[0].values = weights;
  return network;
}

std::vector<uint8_t> bytes(std::initializer_list<int> values) {
  return std::vector<uint8_t>(values.begin(), values.end());
}

size_t kept(const std::vector<uint8_t>& mask) {
  return static_cast<size_t>(std::count(mask.begin(), mask.end(), 1));
}

TEST(Prune, KeepsTheLargestMagnitudes) {
  const Network network = single(2, 4, {1, -8, 3, -4, 5, 6, -7, 2});
  const Layer layer = layers(network)[0];
  EXPECT_EQ(mask_by_density(network, layer, 3.0 / 8), bytes({0, 1, 0, 0, 0, 1, 1, 0}));
  EXPECT_EQ(kept(mask_by_density(network, layer, 0)), 0U);
  EXPECT_EQ(kept(mask_by_density(network, layer, 1)), 8U);
  EXPECT_EQ(kept(mask_by_density(network, layer, 7)), 8U);
  const Network ones = single(3, 3, std::vector<float>(9, 1));
  EXPECT_EQ(mask_by_density(ones, layers(ones)[0], 4.0 / 9), bytes({1, 1, 1, 1, 0, 0, 0, 0, 0}));
  const Network zeros = single(3, 3, {0, 0, 1, 0, 0, 0, -2, 0, 0});
  EXPECT_EQ(mask_by_density(zeros, layers(zeros)[0], 1), bytes({0, 0, 1, 0, 0, 0, 1, 0, 0}));
}

TEST(Prune, QualityIsInStandardDeviationsOfWhatIsThere) {
  const Network network = single(1, 6, {-3, -1, -1, 1, 1, 3});  // deviation sqrt(22 / 6) = 1.915
  const Layer layer = layers(network)[0];
  EXPECT_EQ(kept(mask_by_quality(network, layer, 0.5)), 6U);
  EXPECT_EQ(mask_by_quality(network, layer, 0.6), bytes({1, 0, 0, 0, 0, 1}));
  EXPECT_EQ(kept(mask_by_quality(network, layer, 1.6)), 0U);
  // The zeros do not count: the threshold is the same.
  const Network sparse = single(2, 5, {-3, -1, -1, 0, 0, 0, 1, 1, 3, 0});
  EXPECT_EQ(kept(mask_by_quality(sparse, layers(sparse)[0], 0.5)), 6U);
  EXPECT_EQ(kept(mask_by_quality(sparse, layers(sparse)[0], 0.6)), 2U);
  // About their mean, here 2.
  const Network shifted = single(1, 2, {1, 3});
  EXPECT_EQ(kept(mask_by_quality(shifted, layers(shifted)[0], 0.9)), 2U);
  EXPECT_EQ(kept(mask_by_quality(shifted, layers(shifted)[0], 1.1)), 1U);
  const Network normal = small_chain({300, 300}, 1);
  EXPECT_NEAR(kept(mask_by_quality(normal, layers(normal)[0], 2)) / 9e4, 0.0455, 0.003);
}

// Every PE with as many entries, the largest of its own rows, in both orders of storage.
TEST(Prune, BalancedMasks) {
  for (const bool columns_first : {false, true}) {
    Network network = small_chain({50, 64}, 3);
    if (columns_first) {
      network.nodes[0].trans_b = false;
      network.parameters[0].shape = {50, 64};
    }
    const Layer layer = layers(network)[0];
    ASSERT_EQ(layer.columns_first, columns_first);
    const Eigen::MatrixXf weights = weight_matrix(network, layer);
    for (const unsigned n_pe : {1U, 4U, 16U, 64U}) {
      Network pruned = network;
      PruneOptions options;
      options.densities = {0.1};  // 320 of 3200
      options.balance = n_pe;
      prune(pruned, options);
      EXPECT_EQ(entries_per_pe(pruned, layer, n_pe), std::vector<uint64_t>(n_pe, 320 / n_pe));
      const Eigen::MatrixXf left = weight_matrix(pruned, layer);
      for (unsigned pe = 0; pe < n_pe; ++pe) {
        float least_kept = 1e9F;
        float largest_pruned = 0;
        for (Eigen::Index r = pe; r < 64; r += n_pe) {
          for (Eigen::Index c = 0; c < 50; ++c) {
            const float w = std::abs(weights(r, c));
            if (left(r, c) != 0) {
              least_kept = std::min(least_kept, w);
            } else {
              largest_pruned = std::max(largest_pruned, w);
            }
          }
        }
        EXPECT_GT(least_kept, largest_pruned);
      }
    }
    // Without it PEs differ.
    Network plain = network;
    PruneOptions options;
    options.densities = {0.1};
    prune(plain, options);
    const std::vector<uint64_t> entries = entries_per_pe(plain, layer, 16);
    EXPECT_GT(std::set<uint64_t>(entries.begin(), entries.end()).size(), 1U);
  }
}

TEST(Prune, BalanceAsFarAsTheSizeAllows) {
  // 10 rows over 4 PEs: 3, 3, 2, 2 rows. 7 entries: one each, and 3 more.
  const Network network = small_chain({3, 10}, 5);
  const Layer layer = layers(network)[0];
  const auto per_pe = [&](const std::vector<uint8_t>& mask, unsigned n_pe) {
    Network pruned = network;
    ParameterMasks masks(2);
    masks[0] = mask;
    apply_masks(pruned, masks);
    return entries_per_pe(pruned, layer, n_pe);
  };
  const auto seven = per_pe(mask_by_density(network, layer, 7.0 / 30, 4), 4);
  EXPECT_EQ(std::accumulate(seven.begin(), seven.end(), uint64_t{0}), 7U);
  EXPECT_EQ(*std::min_element(seven.begin(), seven.end()), 1U);
  EXPECT_EQ(*std::max_element(seven.begin(), seven.end()), 2U);
  // 28 of 30: PEs with two rows keep all their 6 weights, the others share the rest.
  EXPECT_EQ(per_pe(mask_by_density(network, layer, 28.0 / 30, 4), 4),
            (std::vector<uint64_t>{8, 8, 6, 6}));
  // More PEs than rows.
  const auto wide = per_pe(mask_by_density(network, layer, 20.0 / 30, 16), 16);
  EXPECT_EQ(std::vector<uint64_t>(wide.begin(), wide.begin() + 10), std::vector<uint64_t>(10, 2));
  EXPECT_EQ(std::vector<uint64_t>(wide.begin() + 10, wide.end()), std::vector<uint64_t>(6, 0));
  // By quality: as many as without balance.
  EXPECT_EQ(kept(mask_by_quality(network, layer, 1, 4)), kept(mask_by_quality(network, layer, 1)));
}

TEST(Prune, ZerosStayAndMasksShrink) {
  Network network = small_conv(8, 2);
  for (const size_t p : {0U, 2U, 4U}) {
    for (size_t i = 0; i < network.parameters[p].values.size(); i += 2) {
      network.parameters[p].values[i] = 0;
    }
  }
  const ParameterMasks before = nonzero_masks(network);
  EXPECT_TRUE(before[1].empty());
  EXPECT_NEAR(density(network), 0.5, 0.01);
  PruneOptions options;
  options.densities = {0.9, 0.3, 0.2};
  options.balance = 4;
  const std::vector<float> bias = network.parameters[1].values;
  const ParameterMasks masks = prune(network, options);
  const std::vector<Layer> all = layers(network);
  EXPECT_EQ(density(network, all[0]), 0.5);  // there were no more
  EXPECT_NEAR(density(network, all[1]), 0.3, 0.01);
  EXPECT_NEAR(density(network, all[2]), 0.2, 0.01);
  for (const size_t p : {0U, 2U, 4U}) {
    for (size_t i = 0; i < masks[p].size(); ++i) EXPECT_LE(masks[p][i], before[p][i]);
  }
  EXPECT_EQ(network.parameters[1].values, bias);
  EXPECT_EQ(nonzero_masks(network), masks);
}

TEST(Prune, RejectsWhatDoesNotFit) {
  Network network = small_chain({6, 4, 3}, 1);
  PruneOptions options;
  EXPECT_THROW(prune(network, options), Error);
  for (const std::vector<double>& bad :
       std::vector<std::vector<double>>{{0.1, 0.1, 0.1}, {0.1, 1.1}, {0.1, NAN}, {-0.1}}) {
    options.densities = bad;
    EXPECT_THROW(prune(network, options), Error);
  }
  options.densities = {0.1};
  options.qualities = {1};
  EXPECT_THROW(prune(network, options), Error);
  EXPECT_THROW(apply_masks(network, ParameterMasks(1)), Error);
  ParameterMasks masks(4);
  masks[2] = {1, 1};
  EXPECT_THROW(apply_masks(network, masks), Error);
  EXPECT_THROW(entries_per_pe(network, layers(network)[0], 0), Error);
}

class PruneTraining : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    SyntheticDigitsOptions digits;
    digits.train_count = 6000;
    digits.test_count = 0;
    digits.difficulty = 0.6F;
    data_ = new Dataset(make_synthetic_digits(digits));
    network_ = new Network(small_chain({784, 40, 10}, 1));
    TrainOptions options;
    options.epochs = 4;
    options.validation_count = 1000;
    train(*network_, *data_, options);
  }
  static void TearDownTestSuite() {
    delete data_;
    delete network_;
  }
  static PruneOptions options() {
    PruneOptions prune;
    prune.retrain.epochs = 3;
    prune.retrain.learning_rate = 0.05F;
    prune.retrain.validation_count = 1000;
    prune.round_epochs = 1;
    return prune;
  }
  static Dataset* data_;
  static Network* network_;
};
Dataset* PruneTraining::data_ = nullptr;
Network* PruneTraining::network_ = nullptr;

TEST_F(PruneTraining, RetrainingRecoversTheError) {
  Network network = *network_;
  PruneOptions how = options();
  how.densities = {0.05, 0.3};
  Network cut = network;
  prune(cut, how);
  const double without = validation_error(cut, *data_, 1000);
  const PruneReport report = prune_and_retrain(network, *data_, how);
  const std::vector<Layer> all = layers(network);
  for (size_t l = 0; l < 2; ++l) EXPECT_NEAR(density(network, all[l]), how.densities[l], 0.002);
  EXPECT_EQ(report.masks, nonzero_masks(network));
  EXPECT_EQ(report.validation_error, validation_error(network, *data_, 1000));
  EXPECT_LT(report.validation_error, 0.7 * without);
  EXPECT_LT(report.validation_error, validation_error(*network_, *data_, 1000) + 2);

  // Balanced: the same number in each PE, at about the same error.
  Network balanced = *network_;
  how.balance = 8;
  const PruneReport even = prune_and_retrain(balanced, *data_, how);
  EXPECT_EQ(entries_per_pe(balanced, layers(balanced)[0], 8),
            std::vector<uint64_t>(8, 196));  // 5 % of 31360, over 8
  EXPECT_LT(even.validation_error, report.validation_error + 1.5);
}

TEST_F(PruneTraining, ByQualityAndWithZerosThatWereThere) {
  Network network = *network_;
  for (size_t i = 0; i < network.parameters[0].values.size(); i += 3) {
    network.parameters[0].values[i] = 0;
  }
  const Network before = network;
  PruneOptions how = options();
  how.rounds = 1;
  how.retrain.epochs = 1;
  how.qualities = {1, 0};
  const PruneReport report = prune_and_retrain(network, *data_, how);
  EXPECT_EQ(report.masks[0], mask_by_quality(before, layers(before)[0], 1));
  EXPECT_EQ(kept(report.masks[2]), report.masks[2].size());
  for (size_t i = 0; i < before.parameters[0].values.size(); ++i) {
    if (report.masks[0][i] == 0) {
      ASSERT_EQ(network.parameters[0].values[i], 0);
    }
  }
}

}  // namespace
}  // namespace sparsys
