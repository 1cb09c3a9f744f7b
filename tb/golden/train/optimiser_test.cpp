// SPDX-License-Identifier: Apache-2.0
// Adam: its steps, and what it comes to on numbers beside a plain one of its own.
#include "golden/train/optimiser.hpp"

#include <gtest/gtest.h>

#include <Eigen/Core>
#include <cmath>
#include <iostream>
#include <vector>

#include "golden/base/random.hpp"
#include "golden/data/scale.hpp"
#include "golden/train/train.hpp"
#include "tb/support/small_networks.hpp"

namespace sparsys {
namespace {

// As in the paper, algorithm 1, in double precision.
TEST(Optimiser, StepsOfAdam) {
  TrainOptions options;
  options.optimiser = OptimiserKind::kAdam;
  options.momentum = 0.8F;
  Optimiser optimiser(options);
  std::vector<float> state = optimiser.state(3);
  std::vector<float> values{1, -2, 0.5F};
  double m = 0;
  double v = 0;
  double expected = -2;
  Random random(1);
  for (int t = 1; t <= 50; ++t) {
    const float rate = random.uniform(0.001F, 0.1F);
    const float gradient = random.normal();
    optimiser.begin_step(rate, static_cast<uint64_t>(t - 1));
    const std::vector<float> mask{0, 1};
    const std::vector<float> gradients{gradient, gradient};
    optimiser.run(state, 0, gradients.data(), 2, 0, mask.data(), 0.25F, values.data());
    m = 0.8 * m + 0.2 * gradient;
    v = 0.999 * v + 0.001 * gradient * gradient;
    expected -= rate * 0.25 * (m / (1 - std::pow(0.8, t))) /
                (std::sqrt(v / (1 - std::pow(0.999, t))) + 1e-12);
    ASSERT_NEAR(values[1], expected, 1e-4);
  }
  // Behind a mask nothing moves, and neither does what gets no step.
  EXPECT_EQ(values[0], 1);
  EXPECT_EQ(values[2], 0.5F);
}

TEST(Optimiser, UnitsFollowTheScale) {
  Network network = small_chain({20, 10, 4}, 3);
  make_fresh(network, 1);
  const std::vector<float> fresh = step_units(network);
  EXPECT_NEAR(fresh[0], std::sqrt(2.0 / 20), 0.05);
  EXPECT_EQ(fresh[1], fresh[0]);
  EXPECT_NEAR(fresh[2], std::sqrt(2.0 / 10), 0.15);
  for (float& w : network.parameters[0].values) w *= 100;
  // Half of them pruned: those that are left count.
  for (size_t i = 0; i < 100; ++i) network.parameters[0].values[2 * i] = 0;
  std::fill(network.parameters[2].values.begin(), network.parameters[2].values.end(), 0.0F);
  const std::vector<float> units = step_units(network);
  EXPECT_NEAR(units[0], 100 * fresh[0], 15 * fresh[0]);
  EXPECT_EQ(units[1], units[0]);
  EXPECT_FLOAT_EQ(units[2], std::sqrt(2.0F / 10));
}

using Matrix = Eigen::MatrixXf;

// Of 6 hidden numbers, in `scale` and with an offset; targets are the inputs or two functions.
Dataset surface(int64_t inputs, DataTask task, float scale) {
  Dataset data;
  data.name = "surface";
  data.task = task;
  data.shape = {static_cast<uint32_t>(inputs)};
  data.target_size = task == DataTask::kRegression ? 2 : 0;
  Random random(4);
  Matrix first = Matrix::NullaryExpr(24, 6, [&] { return random.normal(); });
  Matrix second = Matrix::NullaryExpr(inputs, 24, [&] { return 0.2F * random.normal(); });
  for (SampleSet* part : {&data.train, &data.test}) {
    for (int i = 0; i < (part == &data.train ? 3000 : 1000); ++i) {
      const Matrix z = Matrix::NullaryExpr(6, 1, [&] { return random.normal(); });
      const Matrix x = second * (0.5F * first * z).array().tanh().matrix();
      for (int64_t e = 0; e < inputs; ++e) {
        part->floats.push_back(scale * (x(e) + 0.05F * random.normal() + 2));
      }
      if (task != DataTask::kRegression) continue;
      part->targets.push_back(scale * std::sin(z(0)) * z(1));
      part->targets.push_back(scale * (z(2) - 0.5F * z(3) * z(3)) + 7);
    }
  }
  return data;
}

// Inputs and targets with mean 0 and deviation 1, a column each sample.
struct Scaled {
  Matrix x;
  Matrix t;
};

Scaled scaled(const Dataset& data, const SampleSet& part, const InputScale& scale) {
  const auto inputs = static_cast<Eigen::Index>(data.inputs());
  const auto count = static_cast<Eigen::Index>(part.floats.size()) / inputs;
  Scaled made;
  made.x = Eigen::Map<const Matrix>(part.floats.data(), inputs, count) * scale.scale;
  made.x.array() += scale.offset;
  if (data.task == DataTask::kAutoencoder) {
    made.t = made.x;
  } else {
    made.t = Eigen::Map<const Matrix>(part.targets.data(), data.target_size, count);
  }
  return made;
}

// What is left of the variance after training of a chain with ReLUs by Adam as its authors have it:
// learning rate 0.001 throughout, on targets of deviation 1. In per cent, on test samples.
double plain_adam(const Dataset& data, const std::vector<int64_t>& sizes, int epochs, int batch,
                  uint64_t seed) {
  const InputScale scale = choose_input_scale(data);
  Scaled train = scaled(data, data.train, scale);
  Scaled test = scaled(data, data.test, scale);
  const Eigen::VectorXf mean = train.t.rowwise().mean();
  for (Matrix* t : {&train.t, &test.t}) t->colwise() -= mean;
  const float deviation = std::sqrt(train.t.array().square().mean());
  train.t /= deviation;
  test.t /= deviation;
  struct Values {
    Matrix w, m, v;
    void step(const Matrix& g, double t) {
      m = 0.9F * m + 0.1F * g;
      v = 0.999F * v + 0.001F * g.cwiseAbs2();
      const auto rate =
          static_cast<float>(0.001 * std::sqrt(1 - std::pow(0.999, t)) / (1 - std::pow(0.9, t)));
      w.array() -= rate * m.array() / (v.array().sqrt() + 1e-8F);
    }
  };
  Random random(100 + seed);
  std::vector<Values> weights;
  std::vector<Values> biases;
  for (size_t l = 0; l + 1 < sizes.size(); ++l) {
    const float fresh = std::sqrt(2.0F / static_cast<float>(sizes[l]));
    const Matrix w =
        Matrix::NullaryExpr(sizes[l + 1], sizes[l], [&] { return fresh * random.normal(); });
    weights.push_back({w, 0 * w, 0 * w});
    const Matrix b = Matrix::Zero(sizes[l + 1], 1);
    biases.push_back({b, b, b});
  }
  const auto forward = [&](const Matrix& x, std::vector<Matrix>& y) {
    y = {x};
    for (size_t l = 0; l < weights.size(); ++l) {
      Matrix z = (weights[l].w * y.back()).colwise() + biases[l].w.col(0);
      if (l + 1 < weights.size()) z = z.cwiseMax(0);
      y.push_back(std::move(z));
    }
  };
  std::vector<Matrix> y;
  double t = 0;
  for (int e = 0; e < epochs; ++e) {
    for (Eigen::Index first = 0; first + batch <= train.x.cols(); first += batch) {
      forward(train.x.middleCols(first, batch), y);
      Matrix d = (y.back() - train.t.middleCols(first, batch)) / static_cast<float>(batch);
      ++t;
      for (size_t l = weights.size(); l-- > 0;) {
        const Matrix before = weights[l].w.transpose() * d;
        weights[l].step(d * y[l].transpose(), t);
        biases[l].step(d.rowwise().sum(), t);
        if (l > 0) d = (y[l].array() > 0).select(before, 0);
      }
    }
  }
  forward(test.x, y);
  return 100.0 * static_cast<double>((y.back() - test.t).squaredNorm()) /
         static_cast<double>(test.t.squaredNorm());
}

// Trained as the program does it by default.
double trained(const Dataset& data, const std::vector<int64_t>& sizes, unsigned epochs,
               uint64_t seed) {
  Network network = small_chain(sizes, seed);
  network.task = Task::kRegression;
  const InputScale scale = choose_input_scale(data);
  network.input_scale = scale.scale;
  network.input_offset = scale.offset;
  make_fresh(network, seed);
  fit_last_layer(network, data);
  TrainOptions options;
  options.seed = seed;
  adapt(options, data);
  EXPECT_EQ(options.optimiser, OptimiserKind::kAdam);
  options.validation_count = 0;
  options.epochs = epochs;
  train_from_start(network, data, options);
  return test_error(network, data);
}

TEST(Optimiser, NumbersAreLearntAsByPlainAdam) {
  struct Case {
    DataTask task;
    std::vector<int64_t> sizes;
  };
  for (const Case& c : {Case{DataTask::kAutoencoder, {64, 32, 6, 32, 64}},
                        Case{DataTask::kAutoencoder, {120, 32, 32, 8, 32, 32, 120}},
                        Case{DataTask::kRegression, {64, 40, 20, 2}}}) {
    // Of several starts, as some leave units of a bottleneck dead for good.
    constexpr uint64_t kStarts = 5;
    double error = 0;
    for (const float scale : {1.0F, 255.0F}) {
      const Dataset data = surface(c.sizes.front(), c.task, scale);
      double ours = 0;
      for (uint64_t seed = 1; seed <= kStarts; ++seed) {
        ours += trained(data, c.sizes, 20, seed) / kStarts;
        if (scale == 1) error += plain_adam(data, c.sizes, 20, 64, seed) / kStarts;
      }
      std::cout << c.sizes.front() << " inputs: " << ours << " %, plain Adam " << error << " %\n";
      EXPECT_LE(ours, 1.2 * error);
    }
  }
}

}  // namespace
}  // namespace sparsys
