// SPDX-License-Identifier: Apache-2.0
// Training that is stopped and goes on.
#include "golden/train/checkpoint.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <type_traits>

#include "golden/base/error.hpp"
#include "golden/base/stop.hpp"
#include "golden/data/synthetic_digits.hpp"
#include "golden/train/train.hpp"
#include "tb/support/temporary.hpp"

namespace sparsys {
namespace {

namespace fs = std::filesystem;

class CheckpointTest : public testing::Test {
 protected:
  CheckpointTest() {
    SyntheticDigitsOptions digits;
    digits.train_count = 1300;
    digits.test_count = 0;
    data_ = make_synthetic_digits(digits);
    options_.epochs = 4;
    options_.batch = 100;
    options_.validation_count = 300;
    options_.max_rotation = 5;
    options_.max_shift = 1;
    options_.hidden_dropout = 0.1F;
    options_.step = "some step";
    clear_stop();
  }
  ~CheckpointTest() override { clear_stop(); }

  // Trains a fresh network; `stop_after` epochs and a few batches a stop is requested.
  Network run(TrainOptions options, TrainReport* report = nullptr, int stop_after = -1,
              std::string* stopped = nullptr) {
    Network net = make_lenet_300_100(784, 10, 1);
    batches_ = 0;
    warning_.clear();
    options.progress = [&](const Progress& progress) {
      warning_ += progress.warning;
      if (!progress.warning.empty()) return;
      ++batches_;
      if (stop_after >= 0 && progress.fraction * options.epochs > stop_after) request_stop();
    };
    try {
      const TrainReport result = train(net, data_, options, masks_.empty() ? nullptr : &masks_);
      if (report != nullptr) *report = result;
    } catch (const Stopped& error) {
      EXPECT_NE(stopped, nullptr) << error.what();
      if (stopped != nullptr) *stopped = error.what();
    }
    clear_stop();
    return net;
  }

  static bool equal(const Network& a, const Network& b) {
    for (size_t p = 0; p < a.parameters.size(); ++p) {
      if (a.parameters[p].values != b.parameters[p].values) return false;
    }
    return true;
  }

  std::string bytes() const {
    std::ifstream in(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void write(const std::string& text) const {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << text;
  }

  const TemporaryFolder folder_;
  const fs::path path_ = folder_.path() / "run.checkpoint";
  Dataset data_;
  TrainOptions options_;
  ParameterMasks masks_;
  int batches_ = 0;  // calls of the progress callback, but for warnings
  std::string warning_;
};

TEST_F(CheckpointTest, ResumedRunEndsAsAnUninterruptedOne) {
  TrainReport whole_report;
  const Network whole = run(options_, &whole_report);
  options_.checkpoint = path_;
  std::string stopped;
  run(options_, nullptr, 2, &stopped);
  EXPECT_EQ(stopped, "some step stopped after epoch 2 of 4; run the same command again to go on");
  ASSERT_TRUE(fs::exists(path_));
  run(options_, nullptr, 3, &stopped);
  EXPECT_EQ(stopped, "some step stopped after epoch 3 of 4; run the same command again to go on");
  TrainReport report;
  options_.threads = 1;  // decides nothing
  const Network resumed = run(options_, &report);
  EXPECT_TRUE(equal(whole, resumed));
  EXPECT_EQ(report.loss, whole_report.loss);
  EXPECT_EQ(report.validation_error, whole_report.validation_error);
  EXPECT_GT(report.seconds, 0);

  // A finished run is over at once, with its result.
  TrainReport again;
  EXPECT_TRUE(equal(whole, run(options_, &again)));
  EXPECT_EQ(batches_, 1);
  EXPECT_EQ(again.loss, report.loss);
  EXPECT_EQ(again.validation_error, report.validation_error);
  EXPECT_EQ(again.seconds, report.seconds);
}

TEST_F(CheckpointTest, WithMasks) {
  masks_.resize(6);
  masks_[0].assign(784 * 300, 0);
  for (size_t i = 0; i < masks_[0].size(); i += 3) masks_[0][i] = 1;
  const Network whole = run(options_);
  options_.checkpoint = path_;
  std::string stopped;
  run(options_, nullptr, 1, &stopped);
  EXPECT_FALSE(stopped.empty());
  EXPECT_TRUE(equal(whole, run(options_)));
  // Others, of the same zeros at the start: another run.
  masks_[1].assign(300, 0);
  EXPECT_FALSE(equal(whole, run(options_)));
  EXPECT_NE(warning_.find("of another run"), std::string::npos);
}

TEST_F(CheckpointTest, WithoutAFileNothingIsKept) {
  std::string stopped;
  run(options_, nullptr, 1, &stopped);
  EXPECT_EQ(stopped, "some step stopped after epoch 1 of 4; nothing of it was kept");
  request_stop();
  Network net = make_lenet_300_100(784, 10, 1);
  EXPECT_THROW(train(net, data_, options_), Stopped);
  EXPECT_TRUE(equal(net, make_lenet_300_100(784, 10, 1)));
}

TEST_F(CheckpointTest, StopIsLookedAtWhileTrainingOnly) {
  EXPECT_FALSE(Stoppable::any());
  bool seen = false;
  options_.progress = [&](const Progress&) { seen |= Stoppable::any(); };
  Network net = make_lenet_300_100(784, 10, 1);
  train(net, data_, options_);
  EXPECT_TRUE(seen);
  EXPECT_FALSE(Stoppable::any());
}

TEST_F(CheckpointTest, AnotherRunBeginsAnew) {
  options_.checkpoint = path_;
  run(options_);
  const std::string first = bytes();
  const auto anew = [&](const char* what, const TrainOptions& options) {
    write(first);
    TrainOptions plain = options;
    plain.checkpoint.clear();
    const Network with = run(options);
    EXPECT_EQ(warning_, path_.string() + ": of another run; training begins anew") << what;
    EXPECT_TRUE(equal(with, run(plain))) << what;
    EXPECT_NE(bytes(), first) << what;
  };
  // Every field that decides a result, changed a little.
  size_t fields = 0;
  visit(options_, [&fields](const char*, auto&) { ++fields; });
  for (size_t f = 0; f < fields; ++f) {
    TrainOptions other = options_;
    const char* changed = "";
    size_t number = 0;
    visit(other, [&](const char* name, auto& field) {
      if (number++ != f) return;
      changed = name;
      using Field = std::remove_reference_t<decltype(field)>;
      if constexpr (std::is_enum_v<Field>) {
        field = OptimiserKind::kAdam;
      } else {
        field = std::is_integral_v<Field> ? field + 1 : field / 2 + Field(0.25);
      }
    });
    anew(changed, other);
  }
  TrainOptions other = options_;
  const Network teacher = make_lenet_300_100(784, 10, 2);
  other.teacher = &teacher;
  other.teacher_weight = 0.5F;
  anew("teacher", other);
  data_.train.bytes[5] ^= 1;
  anew("data", options_);
}

TEST_F(CheckpointTest, DamagedFilesBeginAnew) {
  options_.epochs = 1;
  options_.checkpoint = path_;
  const Network whole = run(options_);
  const std::string good = bytes();
  const auto anew = [&](const std::string& file, const std::string& why) {
    write(file);
    EXPECT_TRUE(equal(whole, run(options_)));
    EXPECT_EQ(warning_.rfind(path_.string() + ": " + why, 0), 0U) << warning_;
    EXPECT_EQ(warning_.find('\n'), std::string::npos);
    EXPECT_EQ(bytes().size(), good.size());
  };
  anew("", "too short");
  anew(std::string(100, 'x'), "not a checkpoint");
  anew(good.substr(0, good.size() - 1), "damaged");
  anew(good + "x", "damaged");
  for (const size_t at : {size_t{13}, size_t{24}, size_t{30}, size_t{60}, good.size() - 1}) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    anew(bad, "damaged: its CRC-32 is wrong");
  }
  std::string version = good;
  version[8] = 9;
  anew(version, "of another run");
  fs::remove(path_);
  fs::create_directory(path_);
  EXPECT_THROW(run(options_), Error);  // there is no way to keep the run
  EXPECT_NE(warning_.find("not a regular file"), std::string::npos);
}

TEST_F(CheckpointTest, FileThatCannotBeWritten) {
  options_.checkpoint = folder_.path() / "nowhere" / "run.checkpoint";
  EXPECT_THROW(run(options_), Error);
}

}  // namespace
}  // namespace sparsys
