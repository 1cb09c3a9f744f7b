// SPDX-License-Identifier: Apache-2.0
#include "golden/train/train.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

#include "golden/base/error.hpp"
#include "golden/base/thread_pool.hpp"
#include "golden/data/synthetic_digits.hpp"
#include "tb/support/small_networks.hpp"

namespace sparsys {
namespace {

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

TEST(Train, ReportsProgress) {
  SyntheticDigitsOptions digits;
  digits.train_count = 1500;
  digits.test_count = 0;
  const Dataset data = make_synthetic_digits(digits);
  Network network = small_chain({784, 8, 10}, 1);
  TrainOptions options;
  options.epochs = 3;
  options.validation_count = 500;
  options.step = "some step";
  double last = 0;
  options.progress = [&](const Progress& p) {
    EXPECT_EQ(p.step, "some step");
    EXPECT_GE(p.fraction, last);
    EXPECT_GE(p.seconds_left, 0);
    last = p.fraction;
  };
  train(network, data, options);
  EXPECT_EQ(last, 1);
}

}  // namespace
}  // namespace sparsys
