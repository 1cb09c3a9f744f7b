// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <vector>

#include "golden/error.hpp"
#include "golden/nn/random.hpp"
#include "golden/nn/synthetic_digits.hpp"
#include "golden/nn/thread_pool.hpp"
#include "golden/nn/train.hpp"

namespace sparsys {
namespace {

Dataset digits(uint32_t train_count, uint32_t test_count) {
  SyntheticDigitsOptions options;
  options.train_count = train_count;
  options.test_count = test_count;
  options.difficulty = 0.5F;
  return make_synthetic_digits(options);
}

TrainOptions short_run() {
  TrainOptions options;
  options.epochs = 3;
  options.validation_count = 500;
  return options;
}

bool equal(const Mlp& a, const Mlp& b) {
  for (size_t l = 0; l < a.layers.size(); ++l) {
    if (a.layers[l].weights != b.layers[l].weights || a.layers[l].bias != b.layers[l].bias) {
      return false;
    }
  }
  return true;
}

TEST(ThreadPool, RunsEachTaskOnce) {
  ThreadPool pool(3);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::atomic<int>> done(static_cast<size_t>(round));
    pool.run(done.size(), [&](size_t i) { ++done[i]; });
    for (const auto& d : done) EXPECT_EQ(d, 1);
  }
  EXPECT_THROW(pool.run(5,
                        [](size_t i) {
                          if (i == 3) throw Error("three");
                        }),
               Error);
  std::atomic<int> after{0};
  pool.run(4, [&](size_t) { ++after; });
  EXPECT_EQ(after, 4);
}

TEST(Train, GradientIsTheSlopeOfTheLoss) {
  const Dataset data = digits(70, 0);
  Mlp mlp = make_mlp({784, 12, 11, 10}, 3, "check");
  for (DenseLayer& layer : mlp.layers) layer.bias.setRandom();
  const uint8_t* images = data.train_images.data();
  const uint8_t* labels = data.train_labels.data();
  Mlp gradient;
  loss_gradient(mlp, images, labels, 70, gradient);
  Random random(5);
  Mlp unused;
  int checked = 0;
  int wrong = 0;
  for (size_t l = 0; l < 3; ++l) {
    for (int i = 0; i < 25; ++i) {
      const bool bias = i % 5 == 0;
      DenseLayer& layer = mlp.layers[l];
      const auto index = static_cast<Eigen::Index>(
          random.below(static_cast<uint64_t>(bias ? layer.bias.size() : layer.weights.size())));
      float& parameter = bias ? layer.bias[index] : layer.weights.data()[index];
      const float slope =
          bias ? gradient.layers[l].bias[index] : gradient.layers[l].weights.data()[index];
      const float before = parameter;
      constexpr float kStep = 2e-3F;
      parameter = before + kStep;
      const double up = loss_gradient(mlp, images, labels, 70, unused);
      parameter = before - kStep;
      const double down = loss_gradient(mlp, images, labels, 70, unused);
      parameter = before;
      if (std::abs(slope - (up - down) / (2 * kStep)) > 2e-3 + 0.03 * std::abs(slope)) ++wrong;
      checked += std::abs(slope) > 1e-2 ? 1 : 0;
    }
  }
  EXPECT_GT(checked, 10);
  // A ReLU's kink may lie within a step.
  EXPECT_LE(wrong, 3);
}

TEST(Train, Learns) {
  const Dataset data = digits(6000, 1000);
  Mlp mlp = make_mlp({784, 32, 10}, 1, "small");
  const double before = test_error(mlp, data);
  const TrainReport report = train(mlp, data, short_run());
  EXPECT_GT(before, 60);
  EXPECT_LT(test_error(mlp, data), 10);
  EXPECT_LT(report.validation_error, 10);
  EXPECT_EQ(report.validation_error, validation_error(mlp, data, 500));
  EXPECT_LT(report.loss, 0.5);
}

TEST(Train, ValidationImagesAreNotTrainedOn) {
  Dataset data = digits(2000, 0);
  Mlp mlp = make_mlp({784, 16, 10}, 1, "small");
  Mlp other = mlp;
  train(mlp, data, short_run());
  for (size_t i = 1500; i < 2000; ++i) {
    data.train_labels[i] = 0;
    std::fill_n(data.train_images.begin() + static_cast<long>(i * 784), 784, uint8_t{77});
  }
  train(other, data, short_run());
  EXPECT_TRUE(equal(mlp, other));
}

TEST(Train, ResultDoesNotDependOnThreads) {
  const Dataset data = digits(3000, 0);
  TrainOptions options = short_run();
  options.max_shift = 1;
  options.hidden_dropout = 0.2F;
  options.batch = 200;
  options.threads = 1;
  Mlp one = make_mlp({784, 40, 20, 10}, 1, "small");
  Mlp three = one;
  Mlp reseeded = one;
  train(one, data, options);
  options.threads = 3;
  train(three, data, options);
  EXPECT_TRUE(equal(one, three));
  options.seed = 2;
  train(reseeded, data, options);
  EXPECT_FALSE(equal(one, reseeded));
}

TEST(Train, MaskedWeightsStayZero) {
  const Dataset data = digits(3000, 0);
  Mlp mlp = make_mlp({784, 30, 10}, 1, "small");
  std::vector<Mask> masks;
  Random random(1);
  for (const DenseLayer& layer : mlp.layers) {
    masks.push_back(Mask::NullaryExpr(layer.weights.rows(), layer.weights.cols(),
                                      [&] { return static_cast<uint8_t>(random.below(4) == 0); }));
  }
  const Mlp before = mlp;
  train(mlp, data, short_run(), &masks);
  for (size_t l = 0; l < 2; ++l) {
    const auto& mask = masks[l];
    Eigen::Index changed = 0;
    for (Eigen::Index i = 0; i < mask.size(); ++i) {
      const float w = mlp.layers[l].weights.data()[i];
      if (mask.data()[i] == 0) {
        EXPECT_EQ(w, 0);
      } else {
        changed += w != before.layers[l].weights.data()[i] ? 1 : 0;
      }
    }
    EXPECT_GT(changed, mask.size() / 8);
  }
  EXPECT_LT(validation_error(mlp, data, 500), 20);
}

TEST(Train, ReportsProgress) {
  const Dataset data = digits(1500, 0);
  Mlp mlp = make_mlp({784, 8, 10}, 1, "small");
  TrainOptions options = short_run();
  options.step = "some step";
  double last = 0;
  options.progress = [&](const Progress& p) {
    EXPECT_EQ(p.step, "some step");
    EXPECT_GE(p.fraction, last);
    EXPECT_GE(p.seconds_left, 0);
    last = p.fraction;
  };
  train(mlp, data, options);
  EXPECT_EQ(last, 1);
}

TEST(Train, RejectsWhatDoesNotFit) {
  const Dataset data = digits(600, 10);
  Mlp wide = make_mlp({785, 10}, 1, "wide");
  EXPECT_THROW(train(wide, data, short_run()), Error);
  Mlp few = make_mlp({784, 9}, 1, "few");
  EXPECT_THROW(train(few, data, short_run()), Error);
  Mlp good = make_mlp({784, 10}, 1, "good");
  TrainOptions options = short_run();
  options.validation_count = 600;
  EXPECT_THROW(train(good, data, options), Error);
  options = short_run();
  options.batch = 0;
  EXPECT_THROW(train(good, data, options), Error);
  const std::vector<Mask> masks(1, Mask::Ones(10, 783));
  EXPECT_THROW(train(good, data, short_run(), &masks), Error);
  EXPECT_THROW(validation_error(good, data, 601), Error);
  EXPECT_THROW(make_mlp({784}, 1, "one"), Error);
  EXPECT_THROW(make_mlp({784, 0, 10}, 1, "zero"), Error);
}

}  // namespace
}  // namespace sparsys
