// SPDX-License-Identifier: Apache-2.0
// Training of networks with convolution and pooling: it learns, alike on any number of threads.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "golden/base/error.hpp"
#include "golden/base/random.hpp"
#include "golden/data/synthetic_digits.hpp"
#include "golden/train/train.hpp"
#include "tb/golden/train/network_builder.hpp"
#include "tb/support/small_networks.hpp"

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

// A small convolutional network for digits.
Network small() {
  NetworkBuilder b({1, 1, 28, 28});
  Node& conv = b.node(Op::kConv, {"input", b.parameter({6, 1, 5, 5}), b.parameter({6})});
  conv.window.kernel = {5, 5};
  conv.window.stride = {2, 2};
  Node& pool = b.node(Op::kMaxPool, {b.add(Op::kRelu, {conv.output})});
  pool.window.kernel = {2, 2};
  pool.window.stride = {2, 2};
  std::string v = b.add(Op::kFlatten, {pool.output});
  Node& hidden = b.node(Op::kGemm, {v, b.parameter({24, 216}), b.parameter({24})});
  hidden.trans_b = true;
  v = b.add(Op::kRelu, {hidden.output});
  Node& last = b.node(Op::kGemm, {v, b.parameter({10, 24}), b.parameter({10})});
  last.trans_b = true;
  Network net = b.finish();
  net.input_scale = 1.0F / 256;
  net.input_offset = 0;
  for (Parameter& p : net.parameters) {
    for (float& w : p.values) w *= p.shape.size() == 1 ? 0.0F : 0.3F;
  }
  return net;
}

bool equal(const Network& a, const Network& b) {
  for (size_t p = 0; p < a.parameters.size(); ++p) {
    if (a.parameters[p].values != b.parameters[p].values) return false;
  }
  return true;
}

TEST(TrainNetwork, Learns) {
  const Dataset data = digits(6000, 1000);
  Network net = small();
  EXPECT_GT(test_error(net, data), 60);
  const TrainReport report = train(net, data, short_run());
  EXPECT_LT(test_error(net, data), 10);
  EXPECT_LT(report.validation_error, 10);
  EXPECT_EQ(report.validation_error, validation_error(net, data, 500));
  EXPECT_LT(report.loss, 0.5);
  // What infer() answers is what error_percent() counts.
  std::vector<float> x;
  for (const uint8_t pixel : data.test.bytes) x.push_back(static_cast<float>(pixel) / 256);
  const std::vector<float> y = infer(net, x.data(), data.test_count());
  size_t wrong = 0;
  for (size_t i = 0; i < data.test_count(); ++i) {
    const auto first = y.begin() + static_cast<long>(i * 10);
    wrong += std::max_element(first, first + 10) - first != data.test.labels[i] ? 1 : 0;
  }
  EXPECT_DOUBLE_EQ(test_error(net, data), 100.0 * static_cast<double>(wrong) / 1000);
}

TEST(TrainNetwork, LearnsFromATeacherAlone) {
  Dataset data = digits(4000, 500);
  Network teacher = small();
  train(teacher, data, short_run());
  TrainOptions options = short_run();
  options.teacher = &teacher;
  options.teacher_weight = 1;
  // The temperature multiplies the gradients; at the usual rate some processors' rounding ends with
  // every hidden unit at 0.
  options.learning_rate /= options.temperature;
  options.epochs = 8;
  Network net = small();
  for (uint32_t& label : data.train.labels) label = 0;
  train(net, data, options);
  EXPECT_LT(test_error(net, data), 20);
}

TEST(TrainNetwork, ResultDoesNotDependOnThreads) {
  const Dataset data = digits(1500, 0);
  TrainOptions options = short_run();
  options.max_shift = 1;
  options.max_rotation = 10;
  options.max_scale = 0.1F;
  options.shift_probability = 0.8F;
  options.hidden_dropout = 0.2F;
  options.batch = 200;
  const Network teacher = small();
  options.teacher = &teacher;
  options.teacher_weight = 0.3F;
  options.threads = 1;
  Network one = small();
  train(one, data, options);
  for (const unsigned threads : {2U, 3U}) {
    options.threads = threads;
    Network more = small();
    train(more, data, options);
    EXPECT_TRUE(equal(one, more));
  }
  const auto differs = [&](const char* what, const TrainOptions& changed) {
    Network other = small();
    train(other, data, changed);
    EXPECT_FALSE(equal(one, other)) << what;
  };
  TrainOptions changed = options;
  changed.seed = 2;
  differs("seed", changed);
  changed = options;
  changed.max_rotation = 11;
  differs("rotation", changed);
  changed = options;
  changed.max_scale = 0;
  differs("scale", changed);
  changed = options;
  changed.hidden_dropout = 0;
  differs("dropout", changed);
}

TEST(TrainNetwork, ValidationImagesAreNotTrainedOn) {
  Dataset data = digits(1500, 0);
  Network net = small();
  Network other = small();
  train(net, data, short_run());
  for (size_t i = 1000; i < 1500; ++i) {
    data.train.labels[i] = 0;
    std::fill_n(data.train.bytes.begin() + static_cast<long>(i * 784), 784, uint8_t{77});
  }
  train(other, data, short_run());
  EXPECT_TRUE(equal(net, other));
}

TEST(TrainNetwork, MaskedWeightsStayZero) {
  const Dataset data = digits(3000, 0);
  Network net = small();
  ParameterMasks masks(net.parameters.size());
  Random random(1);
  for (const size_t p : {0U, 2U, 3U}) {
    for (size_t i = 0; i < net.parameters[p].values.size(); ++i) {
      masks[p].push_back(random.below(3) == 0);
    }
  }
  const Network before = net;
  train(net, data, short_run(), &masks);
  for (size_t p = 0; p < masks.size(); ++p) {
    size_t changed = 0;
    const std::vector<float>& values = net.parameters[p].values;
    for (size_t i = 0; i < values.size(); ++i) {
      if (!masks[p].empty() && masks[p][i] == 0) {
        EXPECT_EQ(values[i], 0);
      } else {
        changed += values[i] != before.parameters[p].values[i] ? 1 : 0;
      }
    }
    EXPECT_GT(changed, values.size() / (masks[p].empty() ? 2U : 8U));
  }
  EXPECT_LT(validation_error(net, data, 500), 30);
}

TEST(TrainNetwork, LeNets) {
  const Network dense = make_lenet_300_100(784, 10, 1);
  const Network conv = make_lenet_5({1, 28, 28}, 10, 1);
  const auto weights = [](const Network& net) {
    size_t sum = 0;
    for (const Parameter& p : net.parameters) sum += p.values.size();
    return sum;
  };
  EXPECT_EQ(weights(dense), 266610U);
  EXPECT_EQ(weights(conv), 431080U);
  EXPECT_EQ(multiplications(dense), 266200U);
  EXPECT_EQ(multiplications(conv), 288000U + 1600000 + 400000 + 5000);
  std::vector<std::string> names;
  for (const Layer& layer : layers(conv)) names.push_back(layer.name);
  EXPECT_EQ(names, (std::vector<std::string>{"conv1", "conv2", "ip1", "ip2"}));
  EXPECT_FALSE(make_lenet_5({1, 28, 28}, 10, 2).parameters[0].values == conv.parameters[0].values);
  EXPECT_THROW(make_lenet_300_100(0, 10, 1), Error);
}

TEST(TrainNetwork, RejectsWhatDoesNotFit) {
  const Dataset data = digits(600, 10);
  Network wide = make_lenet_300_100(785, 10, 1);
  EXPECT_THROW(train(wide, data, short_run()), Error);
  EXPECT_THROW(test_error(wide, data), Error);
  Network few = small_chain({784, 9}, 1);
  EXPECT_THROW(train(few, data, short_run()), Error);
  EXPECT_THROW(test_error(few, data), Error);
  Network good = make_lenet_300_100(784, 10, 1);
  const Network before = good;
  const auto reject = [&](const TrainOptions& options, const ParameterMasks* masks = nullptr) {
    EXPECT_THROW(train(good, data, options, masks), Error);
    EXPECT_TRUE(equal(good, before));
  };
  TrainOptions options = short_run();
  options.validation_count = 600;
  reject(options);
  options = short_run();
  options.batch = 0;
  reject(options);
  options = short_run();
  options.max_scale = 1;
  reject(options);
  options = short_run();
  options.max_rotation = NAN;
  reject(options);
  options = short_run();
  options.temperature = 0;
  reject(options);
  options = short_run();
  options.teacher = &wide;
  options.teacher_weight = 0.5F;
  reject(options);
  ParameterMasks masks(5);
  reject(short_run(), &masks);
  masks.resize(6);
  masks[1].resize(299);
  reject(short_run(), &masks);
  EXPECT_THROW(validation_error(good, data, 601), Error);
}

}  // namespace
}  // namespace sparsys
