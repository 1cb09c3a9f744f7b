// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <vector>

#include "golden/compress/deep_compression.hpp"
#include "golden/error.hpp"
#include "golden/format/validate.hpp"
#include "golden/function/eie.hpp"
#include "golden/nn/synthetic_digits.hpp"

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
    mlp_ = new Mlp(make_mlp({784, 80, 30, 10}, 1, "small"));
    TrainOptions options;
    options.epochs = 6;
    options.validation_count = 1000;
    train(*mlp_, *data_, options);
  }
  static void TearDownTestSuite() {
    delete data_;
    delete mlp_;
  }
  static DeepCompressionOptions options() {
    DeepCompressionOptions options;
    options.retrain_epochs = 6;
    options.fine_tune_epochs = 2;
    options.max_shift = 0;
    options.validation_count = 1000;
    return options;
  }
  static Dataset* data_;
  static Mlp* mlp_;
};
Dataset* DeepCompression::data_ = nullptr;
Mlp* DeepCompression::mlp_ = nullptr;

TEST_F(DeepCompression, KeepsTheErrorAtEightPercent) {
  DeepCompressionReport report;
  SharedMlp shared;
  const CompressedNetwork network = deep_compress(*mlp_, *data_, options(), &report, &shared);
  check(network, "network");
  ASSERT_EQ(report.steps.size(), 5U);
  EXPECT_EQ(report.steps.front().density, 1);
  EXPECT_EQ(report.steps.front().validation_error, validation_error(*mlp_, *data_, 1000));
  EXPECT_LE(report.steps.back().density, 0.08);
  EXPECT_GE(report.steps.back().density, 0.05);
  ASSERT_EQ(report.steps.back().layer_densities.size(), 3U);
  EXPECT_NEAR(report.steps.back().layer_densities[2], 0.26, 0.01);

  // The engine's function on all test images, bit for bit what the hardware gives.
  const std::vector<int16_t> inputs(data_->test_images.begin(), data_->test_images.end());
  const EieEvaluation result = EieFunction(network).evaluate(inputs, data_->test_labels);
  EXPECT_FALSE(result.saturated);
  const double trained = test_error(*mlp_, *data_);
  EXPECT_LT(trained, 8);
  EXPECT_LT(result.error_percent(), trained + 3);
  // 16-bit numbers and bias constants cost next to nothing.
  EXPECT_NEAR(result.error_percent(), test_error(shared.decode(), *data_), 0.5);

  const std::string text = to_string(report);
  for (const char* step : {"float", "prune", "share", "fine-tune", "fixed point"}) {
    EXPECT_NE(text.find(step), std::string::npos);
  }
}

TEST_F(DeepCompression, ResultDoesNotDependOnThreads) {
  DeepCompressionOptions quick = options();
  quick.retrain_epochs = 1;
  quick.prune_rounds = 1;
  quick.fine_tune_epochs = 1;
  quick.threads = 1;
  const CompressedNetwork one = deep_compress(*mlp_, *data_, quick);
  quick.threads = 3;
  const CompressedNetwork three = deep_compress(*mlp_, *data_, quick);
  EXPECT_EQ(one.input_constants, three.input_constants);
  EXPECT_EQ(one.origin, three.origin);
  for (size_t l = 0; l < one.layers.size(); ++l) {
    EXPECT_EQ(one.layers[l].codebook, three.layers[l].codebook);
    EXPECT_EQ(one.layers[l].column_start, three.layers[l].column_start);
    EXPECT_EQ(one.layers[l].row, three.layers[l].row);
    EXPECT_EQ(one.layers[l].code, three.layers[l].code);
  }
}

TEST_F(DeepCompression, TestImagesAreNotRead) {
  DeepCompressionOptions quick = options();
  quick.retrain_epochs = 1;
  quick.prune_rounds = 1;
  quick.fine_tune_epochs = 0;
  Dataset blind = *data_;
  blind.test_images.clear();
  blind.test_labels.clear();
  const CompressedNetwork with = deep_compress(*mlp_, *data_, quick);
  const CompressedNetwork without = deep_compress(*mlp_, blind, quick);
  for (size_t l = 0; l < with.layers.size(); ++l) {
    EXPECT_EQ(with.layers[l].code, without.layers[l].code);
  }
}

TEST_F(DeepCompression, RejectsWhatDoesNotFit) {
  DeepCompressionOptions bad = options();
  bad.densities = {0.1, 0.1};
  EXPECT_THROW(deep_compress(*mlp_, *data_, bad), Error);
  bad = options();
  bad.validation_count = 8000;
  EXPECT_THROW(deep_compress(*mlp_, *data_, bad), Error);
  EXPECT_THROW(deep_compress(Mlp(), *data_, options()), Error);
  EXPECT_THROW(deep_compress(make_mlp({100, 10}, 1, "net"), *data_, options()), Error);
}

}  // namespace
}  // namespace sparsys
