// SPDX-License-Identifier: Apache-2.0
// The same data in other clothes, through training, compression and quantisation: inverted, from 0
// to 255, sorted by class, 10 and 47 classes; numbers; inputs as targets. Errors are at most 1.2
// times those of the shuffled, scaled form.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iostream>

#include "golden/compress/deep_compression.hpp"
#include "golden/compress/quantise.hpp"
#include "golden/data/order.hpp"
#include "golden/data/scale.hpp"
#include "golden/function/mxu/network.hpp"
#include "golden/train/train.hpp"
#include "tb/support/small_networks.hpp"

namespace sparsys {
namespace {

constexpr uint32_t kInputs = 30;

// Values from 0 to 1 around a point for each class; numbers are a curve over them.
Dataset make_data(uint32_t classes, DataTask task) {
  Dataset data;
  data.name = "kinds";
  data.shape = {kInputs};
  data.task = task;
  data.classes = task == DataTask::kClassification ? classes : 0;
  data.target_size = task == DataTask::kRegression ? 2 : 0;
  Random random(21, classes);
  std::vector<float> points(size_t{classes} * kInputs);
  for (float& p : points) p = random.uniform(0.2F, 0.8F);
  for (SampleSet* part : {&data.train, &data.test}) {
    for (uint32_t i = 0; i < (part == &data.train ? 3000U : 2000U); ++i) {
      const uint32_t label = i % classes;
      float sum = 0;
      for (uint32_t e = 0; e < kInputs; ++e) {
        const float x =
            std::clamp(points[label * kInputs + e] + 0.25F * random.normal(), 0.0F, 1.0F);
        part->floats.push_back(x);
        sum += (e % 2 == 0 ? x : -x);
      }
      if (task == DataTask::kClassification) part->labels.push_back(label);
      if (task == DataTask::kRegression) {
        part->targets.push_back(std::sin(sum));
        part->targets.push_back(3 * sum + 5);
      }
    }
  }
  return data;
}

void change(Dataset& data, const std::function<float(float)>& f) {
  for (SampleSet* part : {&data.train, &data.test}) {
    for (float& x : part->floats) x = f(x);
  }
}

void sort_by_class(Dataset& data) {
  std::vector<size_t> order(data.train_count());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  const SampleSet before = data.train;
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return before.labels[a] < before.labels[b]; });
  for (size_t i = 0; i < order.size(); ++i) {
    data.train.labels[i] = before.labels[order[i]];
    std::copy_n(&before.floats[order[i] * kInputs], kInputs, &data.train.floats[i * kInputs]);
  }
}

// In per cent, of the trained network, of its compressed form and of its bytes.
struct Errors {
  double trained;
  double compressed;
  double bytes;
};

// As the program does it.
Errors errors_of(Dataset data) {
  if (is_ordered(data)) shuffle_training(data);
  const auto outputs = static_cast<int64_t>(data.outputs());
  Network network = small_chain({kInputs, 60, outputs}, 2);
  const InputScale scale = choose_input_scale(data);
  network.input_scale = scale.scale;
  network.input_offset = scale.offset;
  network.task = data.task == DataTask::kClassification ? Task::kClassification : Task::kRegression;
  make_fresh(network, 2);
  fit_last_layer(network, data);
  TrainOptions train;
  adapt(train, data);
  train.validation_count = 300;
  train.epochs = 20;
  train.batch = 32;
  train.threads = 2;
  train_from_start(network, data, train);
  DeepCompressionOptions compression;
  adapt(compression, data);
  compression.densities = {0.5, 0.7};
  compression.sharing.bits = {5};
  compression.prune_rounds = 2;
  compression.round_epochs = 2;
  compression.retrain_epochs = 10;
  compression.fine_tune_epochs = 2;
  compression.validation_count = 300;
  compression.threads = 2;
  const Network compressed = deep_compress(network, &data, compression).decode();
  QuantisationOptions how;
  how.threads = 2;
  how.outputs = data.task == DataTask::kClassification ? QuantisationOutputs::kScores
                                                       : QuantisationOutputs::kValues;
  const mxu::Network bytes = quantise(network, data.samples(data.train), 500, how);
  return {test_error(network, data, 2), test_error(compressed, data, 2),
          score(bytes, data.samples(data.test), data.targets(data.test), data.test_count(), 2)
              .percent()};
}

void expect_no_worse(const Dataset& data, const Errors& plain) {
  const Errors errors = errors_of(data);
  EXPECT_LE(errors.trained, 1.2 * plain.trained);
  EXPECT_LE(errors.compressed, 1.2 * plain.compressed);
  EXPECT_LE(errors.bytes, 1.2 * plain.bytes);
}

// All forms of one data set; `most`: what the scaled form may be wrong in.
void check_forms(const Dataset& data, double most) {
  const Errors plain = errors_of(data);
  std::cout << plain.trained << " %, compressed " << plain.compressed << " %, bytes " << plain.bytes
            << " %\n";
  EXPECT_LT(plain.trained, most);
  EXPECT_LT(plain.compressed, 1.2 * plain.trained + 1);
  EXPECT_LT(plain.bytes, 1.2 * plain.trained + 1);
  {
    SCOPED_TRACE("inverted");
    Dataset other = data;
    change(other, [](float x) { return 1 - x; });
    if (data.task != DataTask::kAutoencoder) expect_no_worse(other, plain);
  }
  {
    SCOPED_TRACE("0 to 255");
    Dataset other = data;
    change(other, [](float x) { return 255 * x; });
    expect_no_worse(other, plain);
  }
  if (data.task != DataTask::kClassification) return;
  SCOPED_TRACE("sorted");
  Dataset other = data;
  sort_by_class(other);
  ASSERT_TRUE(is_ordered(other));
  expect_no_worse(other, plain);
}

TEST(DataKinds, TenClasses) { check_forms(make_data(10, DataTask::kClassification), 8); }
TEST(DataKinds, FortySevenClasses) { check_forms(make_data(47, DataTask::kClassification), 30); }
TEST(DataKinds, Numbers) { check_forms(make_data(10, DataTask::kRegression), 5); }
TEST(DataKinds, InputsAsTargets) { check_forms(make_data(10, DataTask::kAutoencoder), 2); }

}  // namespace
}  // namespace sparsys
