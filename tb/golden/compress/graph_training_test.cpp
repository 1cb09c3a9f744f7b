// SPDX-License-Identifier: Apache-2.0
// Training inside compression: networks with branches, distillation, steps that make a network
// worse, biases that are 0.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "golden/base/random.hpp"
#include "golden/compress/deep_compression.hpp"
#include "golden/compress/sparse_engine/to_sparse_engine.hpp"
#include "golden/network/check.hpp"
#include "golden/train/train.hpp"
#include "tb/support/small_networks.hpp"

namespace sparsys {
namespace {

constexpr uint32_t kClasses = 4;

// Images of 2 x 6 x 6 with a mean of their own for each class and noise.
Dataset pictures() {
  Dataset data;
  data.name = "pictures";
  data.shape = {2, 6, 6};
  data.classes = kClasses;
  Random random(11);
  std::vector<float> means(kClasses * 72);
  for (float& m : means) m = random.normal();
  for (SampleSet* part : {&data.train, &data.test}) {
    for (uint32_t i = 0; i < (part == &data.train ? 1200U : 200U); ++i) {
      const uint32_t label = i % kClasses;
      part->labels.push_back(label);
      for (size_t e = 0; e < 72; ++e) {
        part->floats.push_back(0.6F * means[label * 72 + e] + random.normal());
      }
    }
  }
  return data;
}

// A residual block between two convolutions, the mean over the map, scores.
Network residual() {
  Network network;
  network.name = "residual";
  network.input_shape = {1, 2, 6, 6};
  network.input_scale = 1;
  const auto conv = [&](const std::string& name, int64_t from, int64_t to) {
    add_parameter(network, name + ".w", {to, from, 3, 3},
                  std::sqrt(2.0F / static_cast<float>(9 * from)), 3);
    add_parameter(network, name + ".b", {to}, 0.1F, 3);
    Node& node = add_node(network, Op::kConv, name, {name + ".w", name + ".b"});
    node.window.kernel = {3, 3};
    node.window.pad = {1, 1, 1, 1};
  };
  conv("conv1", 2, 8);
  add_node(network, Op::kRelu, "relu1");
  conv("conv2", 8, 8);
  add_node(network, Op::kAdd, "sum", {"relu1_out"});
  add_node(network, Op::kRelu, "relu2");
  conv("conv3", 8, 12);
  add_node(network, Op::kRelu, "relu3");
  add_node(network, Op::kFlatten, "flatten");
  add_parameter(network, "fc.w", {kClasses, 12 * 36}, 0.07F, 3);
  add_parameter(network, "fc.b", {kClasses}, 0.1F, 3);
  add_node(network, Op::kGemm, "fc", {"fc.w", "fc.b"}).trans_b = true;
  return network;
}

class GraphTraining : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    data_ = new Dataset(pictures());
    network_ = new Network(residual());
    TrainOptions options;
    options.epochs = 5;
    options.learning_rate = 0.02F;
    options.validation_count = 300;
    train(*network_, *data_, options);
  }
  static void TearDownTestSuite() {
    delete data_;
    delete network_;
  }
  static DeepCompressionOptions options() {
    DeepCompressionOptions options;
    options.densities = {0.5};
    options.sharing.bits = {3};
    options.prune_rounds = 2;
    options.round_epochs = 1;
    options.retrain_epochs = 3;
    options.retrain_learning_rate = 0.02F;
    options.fine_tune_epochs = 2;
    options.validation_count = 300;
    options.max_shift = 0;
    return options;
  }
  static Dataset* data_;
  static Network* network_;
};
Dataset* GraphTraining::data_ = nullptr;
Network* GraphTraining::network_ = nullptr;

TEST_F(GraphTraining, BranchesAreCompressedAndTrained) {
  const double before = validation_error(*network_, *data_, 300);
  EXPECT_LT(before, 40);
  for (const float teacher : {0.0F, 0.7F}) {
    DeepCompressionOptions how = options();
    how.teacher_weight = teacher;
    how.reassign_epochs = 2;
    DeepCompressionReport report;
    const SharedNetwork shared = deep_compress(*network_, data_, how, &report);
    check(shared, "shared");
    ASSERT_EQ(report.steps.size(), 5U);
    const Network decoded = shared.decode();
    for (const Layer& layer : layers(decoded)) EXPECT_NEAR(density(decoded, layer), 0.5, 0.03);
    // What the report says is what there is, and it is no worse than the steps before.
    EXPECT_EQ(report.steps.back().validation_error, validation_error(decoded, *data_, 300));
    EXPECT_LE(report.steps.back().validation_error, report.steps[2].validation_error);
    EXPECT_LE(report.steps.back().validation_error, before + 5);
  }
}

// Training samples with wrong labels, validation samples with right ones: whatever is trained makes
// the network worse. Each step says what came out, and its start is kept.
TEST_F(GraphTraining, WorseStepsAreNotKept) {
  constexpr uint32_t kValidation = 300;
  Dataset wrong = *data_;
  for (size_t i = 0; i + kValidation < wrong.train_count(); ++i) {
    wrong.train.labels[i] = (wrong.train.labels[i] + 1) % kClasses;
  }
  DeepCompressionOptions how = options();
  how.prune_rounds = 1;
  how.retrain_epochs = 0;
  how.fine_tune_epochs = 0;
  const SharedNetwork kept = deep_compress(*network_, &wrong, how);
  how.retrain_epochs = 2;
  how.reassign_epochs = 2;
  how.fine_tune_epochs = 2;
  how.centroid_rate = 0.1F;
  DeepCompressionReport report;
  const SharedNetwork shared = deep_compress(*network_, &wrong, how, &report);
  ASSERT_EQ(report.steps.size(), 5U);
  const double error = validation_error(kept.decode(), wrong, kValidation);
  for (const size_t step : {1, 3, 4}) {
    const CompressionStep& made = report.steps[step];
    EXPECT_GT(made.tried_error, made.validation_error) << made.name;
    if (step > 1) {
      EXPECT_EQ(made.validation_error, error) << made.name;
    }
  }
  for (size_t p = 0; p < kept.parameters.size(); ++p) {
    EXPECT_EQ(shared.parameters[p].codebook, kept.parameters[p].codebook);
    EXPECT_EQ(shared.parameters[p].code, kept.parameters[p].code);
    EXPECT_EQ(shared.network.parameters[p].values, kept.network.parameters[p].values);
  }
}

// Numbers of any range keep their bits on the sparse engine, where pixels have eight behind the
// point.
TEST(SparseEngineInputs, RadixPointByTheData) {
  for (const float range : {0.01F, 1.0F, 40.0F, 255.0F, 1e5F}) {
    SCOPED_TRACE(range);
    Dataset data;
    data.name = "numbers";
    data.shape = {12};
    data.classes = 3;
    Random random(5);
    for (uint32_t i = 0; i < 200; ++i) {
      data.train.labels.push_back(i % 3);
      for (int e = 0; e < 12; ++e) data.train.floats.push_back(range * random.uniform(-1, 1));
    }
    Network network = small_chain({12, 10, 3}, 6);
    network.input_scale = 1 / range;
    SharingOptions sharing;
    sharing.bits = {3};
    DeepCompressionReport report;
    to_sparse_engine(share_weights(network, sharing), data, 50, &report);
    EXPECT_LT(report.fixed_point.back().output_loss(), 0.01);
  }
  // Pixels as they were.
  Dataset pixels;
  pixels.name = "pixels";
  pixels.shape = {12};
  pixels.classes = 3;
  for (uint32_t i = 0; i < 60; ++i) {
    pixels.train.labels.push_back(i % 3);
    for (uint32_t e = 0; e < 12; ++e) pixels.train.bytes.push_back(static_cast<uint8_t>(i * e));
  }
  Network network = small_chain({12, 3}, 6);
  for (float& bias : network.parameters[1].values) bias = 0;
  SharingOptions sharing;
  sharing.bits = {3};
  const eie::SplitNetwork made =
      to_sparse_engine(share_weights(network, sharing), pixels, 10, nullptr);
  EXPECT_EQ(made.engine.layers.front().input_frac, 8);
}

// Biases that are 0, as pruning of whole outputs leaves them, stay exactly 0.
TEST_F(GraphTraining, BiasesThatAreZeroStay) {
  Network sparse = *network_;
  for (const Layer& layer : layers(sparse)) {
    std::vector<float>& bias = sparse.parameters[static_cast<size_t>(layer.bias)].values;
    for (size_t o = 0; o < bias.size(); o += 2) bias[o] = 0;
  }
  for (const unsigned bits : {0U, 2U, 3U}) {
    DeepCompressionOptions how = options();
    how.sharing.bias_bits = {bits};
    how.reassign_epochs = 1;
    how.prune_rounds = 1;
    how.retrain_epochs = 0;
    const Network decoded = deep_compress(sparse, data_, how).decode();
    for (const Layer& layer : layers(decoded)) {
      const std::vector<float>& bias = decoded.parameters[static_cast<size_t>(layer.bias)].values;
      size_t moved = 0;
      for (size_t o = 0; o < bias.size(); ++o) {
        if (o % 2 == 0) {
          ASSERT_EQ(bias[o], 0) << layer.name << " with " << bits << " bits";
        }
        moved += bias[o] != 0 ? 1 : 0;
      }
      EXPECT_GT(moved, 0U) << layer.name;
    }
  }
}

}  // namespace
}  // namespace sparsys
