// SPDX-License-Identifier: Apache-2.0
// The same data in other clothes: scaled, inverted, sorted, as numbers; and training that fails.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "golden/base/error.hpp"
#include "golden/base/random.hpp"
#include "golden/data/order.hpp"
#include "golden/data/scale.hpp"
#include "golden/data/synthetic_digits.hpp"
#include "golden/train/train.hpp"
#include "tb/support/error_of.hpp"

namespace sparsys {
namespace {

Dataset digits() {
  SyntheticDigitsOptions options;
  options.train_count = 4000;
  options.test_count = 2000;
  return make_synthetic_digits(options);
}

// Trained as the program does it.
Network trained(const Dataset& data, unsigned epochs, float learning_rate = 0) {
  Network network = make_lenet_300_100(data.inputs(), data.outputs(), 1);
  const InputScale scale = choose_input_scale(data);
  network.input_scale = scale.scale;
  network.input_offset = scale.offset;
  fit_last_layer(network, data);
  TrainOptions options = lenet_300_100_options();
  adapt(options, data);
  options.epochs = epochs;
  options.validation_count = 400;
  if (learning_rate > 0) options.learning_rate = learning_rate;
  train_from_start(network, data, options);
  return network;
}

TEST(Kinds, InvertedFloatAndSortedDigitsTrainAsWell) {
  const Dataset plain = digits();
  const double bound = 1.2 * test_error(trained(plain, 4), plain);
  Dataset inverted = plain;
  for (SampleSet* part : {&inverted.train, &inverted.test}) {
    for (uint8_t& byte : part->bytes) byte = static_cast<uint8_t>(255 - byte);
  }
  EXPECT_LE(test_error(trained(inverted, 4), inverted), bound);
  Dataset floats = plain;
  for (SampleSet* part : {&floats.train, &floats.test}) {
    part->floats.assign(part->bytes.begin(), part->bytes.end());
    part->bytes.clear();
  }
  EXPECT_LE(test_error(trained(floats, 4), floats), bound);
  Dataset sorted = plain;
  std::vector<size_t> order(plain.train_count());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return plain.train.labels[a] < plain.train.labels[b];
  });
  for (size_t i = 0; i < order.size(); ++i) {
    sorted.train.labels[i] = plain.train.labels[order[i]];
    std::copy_n(&plain.train.bytes[order[i] * 784], 784, &sorted.train.bytes[i * 784]);
  }
  ASSERT_TRUE(is_ordered(sorted));
  shuffle_training(sorted);
  EXPECT_LE(test_error(trained(sorted, 4), sorted), bound);
}

// A curve in eight dimensions; values and targets on any scale.
Dataset curve(float scale, float offset) {
  Dataset data;
  data.task = DataTask::kRegression;
  data.shape = {8};
  data.target_size = 1;
  Random random(3);
  for (SampleSet* part : {&data.train, &data.test}) {
    for (int i = 0; i < (part == &data.train ? 3000 : 1000); ++i) {
      std::vector<float> x(8);
      for (float& v : x) v = random.normal();
      for (const float v : x) part->floats.push_back(v * scale + offset);
      const float y = std::sin(x[0]) + 0.5F * x[1] + 0.1F * random.normal();
      part->targets.push_back(y * scale + offset);
    }
  }
  return data;
}

TEST(Kinds, NumbersOnAnyScale) {
  const Dataset plain = curve(1, 0);
  const double error = test_error(trained(plain, 15), plain);
  EXPECT_LT(error, 15);
  for (const auto& [scale, offset] : {std::pair{1000.0F, 5000.0F}, std::pair{0.001F, 0.0F}}) {
    const Dataset other = curve(scale, offset);
    EXPECT_LE(test_error(trained(other, 15), other), 1.2 * error) << scale;
  }
}

TEST(Kinds, TrainingThatFailsSaysSo) {
  const Dataset data = curve(1, 0);
  EXPECT_NE(error_of([&] { trained(data, 2, 50); }).find("--learning-rate"), std::string::npos);
  // Nothing to learn: targets that have nothing to do with the samples.
  Dataset noise = data;
  Random random(4);
  for (float& target : noise.train.targets) target = random.normal();
  EXPECT_NE(error_of([&] { trained(noise, 3, 1e-9F); }).find("nothing was learnt"),
            std::string::npos);
}

// Sixteen steps, which need not come below the best constant answer, but must come somewhere.
TEST(Kinds, ShortTrainingThatFailsSaysSo) {
  Dataset data = digits();
  const auto train_on = [&](Network network, float learning_rate, unsigned epochs = 4) {
    TrainOptions options;
    options.epochs = epochs;
    options.batch = 1000;
    options.validation_count = 400;
    options.learning_rate = learning_rate;
    options.final_learning_rate = learning_rate / 100;
    train_from_start(network, data, options);
    return network;
  };
  Network fresh = make_lenet_300_100(data.inputs(), data.outputs(), 1);
  // One epoch of four steps is enough to fall.
  EXPECT_EQ(error_of([&] { train_on(fresh, 0.05F, 1); }), "no error");
  EXPECT_NE(error_of([&] { train_on(fresh, 1e-9F); }).find("more --epochs"), std::string::npos);
  // All units of the middle are silent: biases alone learn how frequent the classes are.
  Network silent = fresh;
  for (Parameter& parameter : silent.parameters) {
    if (parameter.name == "ip1.bias") parameter.values.assign(parameter.values.size(), -100.0F);
    if (parameter.name == "ip3.bias") parameter.values[0] = 3;
  }
  const std::string error = error_of([&] { train_on(silent, 0.05F); });
  EXPECT_NE(error.find("nothing was learnt"), std::string::npos) << error;
  // A network that is good already goes on as it is.
  EXPECT_EQ(error_of([&] { train_on(trained(data, 4), 1e-3F); }), "no error");
}

}  // namespace
}  // namespace sparsys
