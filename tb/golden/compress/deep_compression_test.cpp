// SPDX-License-Identifier: Apache-2.0
#include "golden/compress/deep_compression.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <array>
#include <string>
#include <vector>

#include "golden/base/error.hpp"
#include "golden/base/stop.hpp"
#include "golden/compress/sparse_engine/to_sparse_engine.hpp"
#include "golden/data/synthetic_digits.hpp"
#include "golden/function/eie/model.hpp"
#include "golden/host/host.hpp"
#include "golden/network/check.hpp"
#include "tb/support/small_networks.hpp"
#include "tb/support/temporary.hpp"

namespace sparsys {
namespace {

class DeepCompression : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    SyntheticDigitsOptions digits;
    digits.train_count = 8000;
    digits.test_count = 1000;
    digits.difficulty = 0.6F;
    data_ = new Dataset(make_synthetic_digits(digits));
    network_ = new Network(small_chain({784, 80, 30, 10}, 1));
    TrainOptions options;
    options.epochs = 6;
    options.validation_count = 1000;
    train(*network_, *data_, options);
  }
  static void TearDownTestSuite() {
    delete data_;
    delete network_;
  }
  static DeepCompressionOptions options() {
    DeepCompressionOptions options;
    options.retrain_epochs = 6;
    options.fine_tune_epochs = 2;
    options.max_shift = 0;
    options.validation_count = 1000;
    return options;
  }
  // With every step, and quick.
  static DeepCompressionOptions quick() {
    DeepCompressionOptions quick = options();
    quick.densities = {0.1, 0.2, 0.4};
    quick.prune_rounds = 2;
    quick.round_epochs = 1;
    quick.retrain_epochs = 1;
    quick.sharing.bits = {3};
    quick.sharing.bias_bits = {3, 2, 0};
    quick.sharing.entropy = 0.01;
    quick.reassign_epochs = 1;
    quick.fine_tune_epochs = 1;
    quick.centroid_rate = 0.1F;
    quick.centroid_power = 0.5F;
    quick.teacher_weight = 0.5F;
    return quick;
  }
  static Dataset* data_;
  static Network* network_;
};
Dataset* DeepCompression::data_ = nullptr;
Network* DeepCompression::network_ = nullptr;

void expect_equal(const SharedNetwork& a, const SharedNetwork& b) {
  ASSERT_EQ(a.parameters.size(), b.parameters.size());
  for (size_t p = 0; p < a.parameters.size(); ++p) {
    EXPECT_EQ(a.parameters[p].codebook, b.parameters[p].codebook);
    EXPECT_EQ(a.parameters[p].code, b.parameters[p].code);
    EXPECT_EQ(a.network.parameters[p].values, b.network.parameters[p].values);
  }
  EXPECT_EQ(a.network.origin, b.network.origin);
}

void expect_same_zeros(const Network& before, const Network& after) {
  for (const Layer& layer : layers(before)) {
    const std::vector<float>& a = before.parameters[layer.weights].values;
    const std::vector<float>& b = after.parameters[layer.weights].values;
    ASSERT_EQ(a.size(), b.size());
    for (size_t i = 0; i < a.size(); ++i) ASSERT_EQ(a[i] == 0, b[i] == 0);
  }
}

TEST_F(DeepCompression, KeepsTheErrorAtEightPercent) {
  DeepCompressionReport report;
  const SharedNetwork shared = deep_compress(*network_, data_, options(), &report);
  check(shared, "shared");
  const eie::SplitNetwork split = to_sparse_engine(shared, *data_, 1000, &report);
  EXPECT_TRUE(split.is_plain());
  const eie::Network& network = split.engine;
  check(network, "network");
  ASSERT_EQ(report.steps.size(), 5U);
  EXPECT_EQ(report.steps.front().density, 1);
  EXPECT_EQ(report.steps.front().validation_error, validation_error(*network_, *data_, 1000));
  EXPECT_EQ(report.steps[3].validation_error, validation_error(shared.decode(), *data_, 1000));
  EXPECT_LE(report.steps.back().density, 0.08);
  EXPECT_GE(report.steps.back().density, 0.05);
  ASSERT_EQ(report.steps.back().layer_densities.size(), 3U);
  EXPECT_NEAR(report.steps.back().layer_densities[2], 0.26, 0.01);

  // The engine's function on all test images, bit for bit what the hardware gives.
  const Score result = eie::score(split, data_->samples(data_->test), data_->targets(data_->test),
                                  data_->test_count());
  bool saturated = true;
  eie::FunctionalModel(network).run_batch(
      eie::image_inputs(network, data_->samples(data_->test), data_->test_count()), 0, &saturated);
  EXPECT_FALSE(saturated);
  const double trained = test_error(*network_, *data_);
  EXPECT_LT(trained, 8);
  EXPECT_LT(result.percent(), trained + 3);
  // 16-bit numbers and bias constants cost next to nothing.
  EXPECT_NEAR(result.percent(), test_error(shared.decode(), *data_), 0.5);
  EXPECT_NEAR(report.steps[4].validation_error, report.steps[3].validation_error, 0.5);

  const std::array<const char*, 5> steps = {"float", "prune", "share", "fine-tune", "fixed point"};
  ASSERT_EQ(report.steps.size(), steps.size());
  for (size_t i = 0; i < steps.size(); ++i) EXPECT_EQ(report.steps[i].name, steps[i]);
}

TEST_F(DeepCompression, ResultDoesNotDependOnThreads) {
  DeepCompressionOptions how = quick();
  how.threads = 1;
  DeepCompressionReport report;
  const SharedNetwork one = deep_compress(*network_, data_, how, &report);
  ASSERT_EQ(report.steps.size(), 5U);
  EXPECT_EQ(report.steps[3].name, "reassign");
  how.threads = 3;
  expect_equal(one, deep_compress(*network_, data_, how));
  // The weight on code lengths has pruned some more.
  EXPECT_LT(report.steps.back().density, report.steps[1].density);
}

TEST_F(DeepCompression, TestImagesAreNotRead) {
  Dataset blind = *data_;
  blind.test.bytes.clear();
  blind.test.labels.clear();
  const SharedNetwork with = deep_compress(*network_, data_, quick());
  expect_equal(with, deep_compress(*network_, &blind, quick()));
  to_sparse_engine(with, blind, 1000, nullptr);
}

// Stopped in each of its steps and run again: the same result, and steps that were finished are not
// trained again.
TEST_F(DeepCompression, GoesOnFromCheckpoints) {
  const SharedNetwork straight = deep_compress(*network_, data_, quick());
  const TemporaryFolder folder;
  DeepCompressionOptions how = quick();
  how.checkpoints = folder.path().string();
  std::vector<std::string> begun;
  std::string stop_in;
  how.progress = [&](const Progress& progress) {
    if (begun.empty() || begun.back() != progress.step) begun.push_back(progress.step);
    if (progress.step == stop_in) request_stop();
  };
  for (const char* step : {"prune 1/2", "prune 2/2", "reassign", "fine-tune"}) {
    stop_in = step;
    begun.clear();
    EXPECT_THROW(deep_compress(*network_, data_, how), Stopped) << step;
    clear_stop();
    ASSERT_FALSE(begun.empty());
    EXPECT_EQ(begun.back(), step);
  }
  stop_in = "";
  expect_equal(straight, deep_compress(*network_, data_, how));
  // All is there now.
  expect_equal(straight, deep_compress(*network_, data_, how));
  // Other options: their own result, not that of the checkpoints.
  how.sharing.entropy = 0.02;
  DeepCompressionOptions other = quick();
  other.sharing.entropy = 0.02;
  const SharedNetwork anew = deep_compress(*network_, data_, other);
  expect_equal(anew, deep_compress(*network_, data_, how));
  EXPECT_NE(anew.parameters[0].code, straight.parameters[0].code);
}

TEST_F(DeepCompression, NetworksThatArrivePrunedKeepTheirZeros) {
  Network network = small_conv(28, 7);
  PruneOptions prune_options;
  prune_options.densities = {1, 0.2, 0.5};
  prune(network, prune_options);
  DeepCompressionOptions how = quick();
  how.densities.clear();
  // Without data and with.
  for (const Dataset* data :
       {static_cast<const Dataset*>(nullptr), const_cast<const Dataset*>(data_)}) {
    DeepCompressionReport report;
    const SharedNetwork shared = deep_compress(network, data, how, &report);
    check(shared, "shared");
    expect_same_zeros(network, shared.decode());
    for (const CompressionStep& step : report.steps) {
      EXPECT_NE(step.name, "prune");
      EXPECT_EQ(step.validation_error < 0, data == nullptr);
    }
    EXPECT_EQ(report.steps.size(), data == nullptr ? 2U : 4U);
  }
}

TEST_F(DeepCompression, WithoutData) {
  DeepCompressionOptions how;
  // Few zeros, nothing asked: they stay too, and no weight becomes one.
  Network network = small_conv(12, 3);
  network.parameters[2].values[5] = 0;
  expect_same_zeros(network, deep_compress(network, nullptr, how).decode());
  // Asked: once.
  how.densities = {0.3};
  DeepCompressionReport report;
  const Network pruned = deep_compress(network, nullptr, how, &report).decode();
  for (const Layer& layer : layers(pruned)) EXPECT_NEAR(density(pruned, layer), 0.3, 0.02);
  EXPECT_LT(report.steps.back().validation_error, 0);
  PruneOptions once;
  once.densities = {0.3};
  prune(network, once);
  expect_same_zeros(network, pruned);
}

TEST_F(DeepCompression, Recipes) {
  const DeepCompressionOptions lenet = deep_compression_recipe(make_lenet_300_100(784, 10, 1));
  EXPECT_EQ(lenet.densities.size(), 3U);
  EXPECT_EQ(deep_compression_recipe(make_lenet_5({1, 28, 28}, 10, 1)).densities.size(), 4U);
  // Of one that arrives pruned the zeros stay.
  Network pruned = make_lenet_300_100(784, 10, 1);
  PruneOptions half;
  half.densities = {0.5};
  prune(pruned, half);
  EXPECT_TRUE(deep_compression_recipe(pruned).densities.empty());
  // Of others nothing is known but their operators.
  Network other = small_conv(28, 1);
  EXPECT_EQ(deep_compression_recipe(other).sharing.bits, (std::vector<unsigned>{8, 5, 5}));
  EXPECT_TRUE(deep_compression_recipe(other).densities.empty());
  EXPECT_EQ(default_densities(other), (std::vector<double>{0.66, 0.073, 0.26}));
  EXPECT_EQ(default_densities(*network_), (std::vector<double>{0.073, 0.09, 0.26}));
}

TEST_F(DeepCompression, RejectsWhatDoesNotFit) {
  DeepCompressionOptions bad = options();
  bad.densities = {0.1, 0.1};
  EXPECT_THROW(deep_compress(*network_, data_, bad), Error);
  bad = options();
  bad.validation_count = 8000;
  EXPECT_THROW(deep_compress(*network_, data_, bad), Error);
  EXPECT_THROW(deep_compress(Network(), data_, options()), Error);
  EXPECT_THROW(deep_compress(small_chain({100, 10}, 1), data_, options()), Error);
  const SharedNetwork small = share_weights(small_chain({100, 10}, 1));
  EXPECT_THROW(to_sparse_engine(small, *data_, 1000, nullptr), Error);
}

}  // namespace
}  // namespace sparsys
