// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>

#include "golden/compress/prune.hpp"
#include "golden/error.hpp"
#include "golden/nn/synthetic_digits.hpp"

namespace sparsys {
namespace {

TEST(Prune, KeepsTheLargestMagnitudes) {
  Eigen::MatrixXf weights(2, 4);
  weights << 1, -8, 3, -4,  //
      5, 6, -7, 2;
  Mask expected(2, 4);
  expected << 0, 1, 0, 0,  //
      0, 1, 1, 0;
  EXPECT_EQ(mask_by_density(weights, 3.0 / 8), expected);
  EXPECT_EQ(mask_by_density(weights, 0).sum(), 0);
  EXPECT_EQ(mask_by_density(weights, 1).cast<int>().sum(), 8);
  EXPECT_EQ(mask_by_density(weights, 7).cast<int>().sum(), 8);
}

TEST(Prune, EqualMagnitudesAndZeros) {
  const Eigen::MatrixXf ones = Eigen::MatrixXf::Ones(3, 3);
  Mask expected = Mask::Zero(3, 3);
  expected(0, 0) = expected(1, 0) = expected(2, 0) = expected(0, 1) = 1;
  EXPECT_EQ(mask_by_density(ones, 4.0 / 9), expected);
  EXPECT_EQ(mask_by_density(Eigen::MatrixXf::Zero(3, 3), 1).cast<int>().sum(), 0);
}

TEST(Prune, QualityIsInStandardDeviations) {
  Eigen::MatrixXf weights(1, 6);
  weights << -3, -1, -1, 1, 1, 3;  // standard deviation sqrt(22 / 6) = 1.915
  EXPECT_EQ(mask_by_quality(weights, 0.5).cast<int>().sum(), 6);
  EXPECT_EQ(mask_by_quality(weights, 0.6).cast<int>().sum(), 2);
  EXPECT_EQ(mask_by_quality(weights, 1.6).cast<int>().sum(), 0);
  const Eigen::MatrixXf normal = make_mlp({300, 300}, 1, "n").layers[0].weights;
  EXPECT_NEAR(mask_density(mask_by_quality(normal, 1)), 0.3173, 0.006);
  EXPECT_NEAR(mask_density(mask_by_quality(normal, 2)), 0.0455, 0.003);
  EXPECT_EQ(mask_by_quality(Eigen::MatrixXf::Zero(3, 3), 0).cast<int>().sum(), 0);
}

TEST(Prune, DensityOfAll) {
  std::vector<Mask> masks = {Mask::Ones(2, 2), Mask::Zero(3, 4)};
  EXPECT_EQ(mask_density(masks), 0.25);
  EXPECT_EQ(mask_density(std::vector<Mask>{}), 0);
}

class PruneTraining : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    SyntheticDigitsOptions digits;
    digits.train_count = 6000;
    digits.test_count = 0;
    digits.difficulty = 0.6F;
    data_ = new Dataset(make_synthetic_digits(digits));
    mlp_ = new Mlp(make_mlp({784, 40, 10}, 1, "net"));
    TrainOptions options;
    options.epochs = 4;
    options.validation_count = 1000;
    train(*mlp_, *data_, options);
  }
  static void TearDownTestSuite() {
    delete data_;
    delete mlp_;
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
  static Mlp* mlp_;
};
Dataset* PruneTraining::data_ = nullptr;
Mlp* PruneTraining::mlp_ = nullptr;

TEST_F(PruneTraining, RetrainingRecoversTheError) {
  Mlp mlp = *mlp_;
  PruneOptions prune = options();
  prune.densities = {0.05, 0.3};
  std::vector<Mask> at_once;
  for (size_t l = 0; l < 2; ++l) {
    at_once.push_back(mask_by_density(mlp.layers[l].weights, prune.densities[l]));
  }
  Mlp cut = mlp;
  apply_masks(cut, at_once);
  const double without = validation_error(cut, *data_, 1000);
  const PruneReport report = prune_and_retrain(mlp, *data_, prune);
  for (size_t l = 0; l < 2; ++l) {
    EXPECT_NEAR(mask_density(report.masks[l]), prune.densities[l], 0.002);
    const auto kept = (mlp.layers[l].weights.array() != 0).count();
    EXPECT_EQ(kept, report.masks[l].cast<Eigen::Index>().sum());
  }
  EXPECT_EQ(report.validation_error, validation_error(mlp, *data_, 1000));
  EXPECT_LT(report.validation_error, 0.7 * without);
  EXPECT_LT(report.validation_error, validation_error(*mlp_, *data_, 1000) + 2);
}

TEST_F(PruneTraining, ByQuality) {
  Mlp mlp = *mlp_;
  PruneOptions prune = options();
  prune.rounds = 1;
  prune.qualities = {1, 0};
  const PruneReport report = prune_and_retrain(mlp, *data_, prune);
  EXPECT_EQ(report.masks[0], mask_by_quality(mlp_->layers[0].weights, 1));
  EXPECT_EQ(mask_density(report.masks[1]), 1);
}

TEST_F(PruneTraining, RejectsWhatDoesNotFit) {
  Mlp mlp = *mlp_;
  PruneOptions prune = options();
  EXPECT_THROW(prune_and_retrain(mlp, *data_, prune), Error);
  prune.densities = {0.1};
  EXPECT_THROW(prune_and_retrain(mlp, *data_, prune), Error);
  prune.densities = {0.1, 1.1};
  EXPECT_THROW(prune_and_retrain(mlp, *data_, prune), Error);
  prune.densities = {0.1, NAN};
  EXPECT_THROW(prune_and_retrain(mlp, *data_, prune), Error);
  prune.densities = {0.1, 0.1};
  prune.qualities = {1, 1};
  EXPECT_THROW(prune_and_retrain(mlp, *data_, prune), Error);
  prune.qualities.clear();
  prune.rounds = 0;
  EXPECT_THROW(prune_and_retrain(mlp, *data_, prune), Error);
  EXPECT_THROW(apply_masks(mlp, {Mask::Ones(1, 1)}), Error);
  EXPECT_THROW(apply_masks(mlp, {Mask::Ones(40, 784), Mask::Ones(10, 39)}), Error);
}

}  // namespace
}  // namespace sparsys
