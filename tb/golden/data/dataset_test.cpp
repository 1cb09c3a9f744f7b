// SPDX-License-Identifier: Apache-2.0
#include "golden/data/dataset.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "golden/base/error.hpp"
#include "golden/data/synthetic_digits.hpp"
#include "golden/train/train.hpp"
#include "tb/support/small_networks.hpp"
#include "tb/support/temporary.hpp"

namespace sparsys {
namespace {

namespace fs = std::filesystem;

void save(const fs::path& path, const std::vector<uint32_t>& header,
          const std::vector<uint8_t>& payload) {
  std::vector<uint8_t> bytes;
  for (const uint32_t v : header) {
    for (int s = 24; s >= 0; s -= 8) bytes.push_back(static_cast<uint8_t>(v >> s));
  }
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  gzFile file = gzopen(path.c_str(), path.extension() == ".gz" ? "wb" : "wbT");
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size())),
            static_cast<int>(bytes.size()));
  gzclose(file);
}

class DatasetTest : public testing::Test {
 protected:
  void SetUp() override {
    save(directory_ / "train-images-idx3-ubyte.gz", {0x803, 3, 2, 2},
         {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
    save(directory_ / "train-labels-idx1-ubyte", {0x801, 3}, {7, 8, 9});
    save(directory_ / "t10k-images-idx3-ubyte", {0x803, 1, 2, 2}, {50, 60, 70, 80});
    save(directory_ / "t10k-labels-idx1-ubyte.gz", {0x801, 1}, {5});
    unsetenv("SPARSYS_DATA");
  }
  void TearDown() override { unsetenv("SPARSYS_DATA"); }

  const TemporaryFolder folder_;
  const fs::path directory_ = folder_.path();
};

TEST_F(DatasetTest, ReadsDirectory) {
  DatasetOptions options;
  options.path = directory_.string();
  const Dataset data = load_dataset(options);
  EXPECT_EQ(data.name, directory_.filename().string());
  EXPECT_NE(data.description.find(directory_.string()), std::string::npos);
  EXPECT_EQ(data.train_count(), 3U);
  EXPECT_EQ(data.test_count(), 1U);
  EXPECT_EQ(data.inputs(), 4U);
  EXPECT_EQ(data.train.bytes[11], 11);
  EXPECT_EQ(data.train.labels, (std::vector<uint32_t>{1, 2, 3}));
  EXPECT_EQ(data.test.bytes, (std::vector<uint8_t>{50, 60, 70, 80}));
  EXPECT_EQ(data.test.labels, std::vector<uint32_t>{0});
}

TEST_F(DatasetTest, EnvironmentNamesDirectory) {
  setenv("SPARSYS_DATA", directory_.c_str(), 1);
  EXPECT_EQ(load_dataset().train_count(), 3U);
  setenv("SPARSYS_DATA", (directory_ / "no_such").c_str(), 1);
  EXPECT_THROW(load_dataset(), Error);
}

TEST_F(DatasetTest, NamedDirectoryIsNeverReplaced) {
  DatasetOptions options;
  options.path = (directory_ / "no_such").string();
  setenv("SPARSYS_DATA", directory_.c_str(), 1);
  EXPECT_THROW(load_dataset(options), Error);
  options.path = directory_.string();
  fs::remove(directory_ / "t10k-images-idx3-ubyte");
  EXPECT_THROW(load_dataset(options), Error);
  save(directory_ / "t10k-images-idx3-ubyte", {0x803, 1, 1, 4}, {50, 60, 70, 80});
  EXPECT_THROW(load_dataset(options), Error);
}

TEST_F(DatasetTest, SyntheticOnRequest) {
  setenv("SPARSYS_DATA", directory_.c_str(), 1);
  DatasetOptions options;
  options.synthetic = true;
  options.train_count = 50;
  options.test_count = 20;
  const Dataset data = load_dataset(options);
  EXPECT_EQ(data.name, "synthetic");
  EXPECT_EQ(data.train.bytes.size(), 50U * 784);
  EXPECT_EQ(data.test_count(), 20U);
}

TEST(SyntheticDigits, DependOnSeedAlone) {
  SyntheticDigitsOptions options;
  options.train_count = 1700;
  options.test_count = 300;
  options.threads = 1;
  const Dataset one = make_synthetic_digits(options);
  options.threads = 3;
  const Dataset three = make_synthetic_digits(options);
  EXPECT_EQ(one.train.bytes, three.train.bytes);
  EXPECT_EQ(one.train.labels, three.train.labels);
  EXPECT_EQ(one.test.bytes, three.test.bytes);
  options.seed = 2;
  EXPECT_NE(one.train.bytes, make_synthetic_digits(options).train.bytes);
  EXPECT_FALSE(std::equal(one.test.bytes.begin(), one.test.bytes.end(), one.train.bytes.begin()));
}

TEST(SyntheticDigits, LookLikeDigits) {
  SyntheticDigitsOptions options;
  options.train_count = 5000;
  options.test_count = 0;
  const Dataset data = make_synthetic_digits(options);
  std::vector<int> count(10);
  double ink = 0;
  for (const uint32_t label : data.train.labels) ++count.at(label);
  for (const uint8_t pixel : data.train.bytes) ink += pixel > 0 ? 1 : 0;
  for (const int n : count) EXPECT_NEAR(n, 500, 120);
  // MNIST has 19 % of its pixels inked.
  ink /= static_cast<double>(data.train.bytes.size());
  EXPECT_GT(ink, 0.08);
  EXPECT_LT(ink, 0.25);
}

TEST(SyntheticDigits, CanBeLearntButNotPerfectly) {
  SyntheticDigitsOptions options;
  options.train_count = 12000;
  options.test_count = 3000;
  const Dataset data = make_synthetic_digits(options);
  Network network = small_chain({784, 64, 10}, 1);
  TrainOptions train_options;
  train_options.epochs = 5;
  train_options.validation_count = 1000;
  train(network, data, train_options);
  const double error = test_error(network, data);
  EXPECT_LT(error, 12);
  EXPECT_GT(error, 0.5);
}

TEST(SyntheticDigits, RejectsAbsurdOptions) {
  SyntheticDigitsOptions options;
  options.train_count = 0xFFFFFFFF;
  EXPECT_THROW(make_synthetic_digits(options), Error);
  options.train_count = 1;
  options.difficulty = -1;
  EXPECT_THROW(make_synthetic_digits(options), Error);
}

}  // namespace
}  // namespace sparsys
