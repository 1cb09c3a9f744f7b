// SPDX-License-Identifier: Apache-2.0
// Data sets out of files of all kinds: what they become, and what is said of damaged ones.
#include "golden/data/load.hpp"

#include <gtest/gtest.h>
#include <png.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "golden/base/error.hpp"
#include "golden/data/order.hpp"
#include "golden/data/scale.hpp"
#include "tb/support/error_of.hpp"
#include "tb/support/temporary.hpp"

namespace sparsys {
namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<uint8_t>;

Bytes npy(const std::string& descr, const std::string& shape, const void* data, size_t size,
          const char* order = "False") {
  std::string header =
      "{'descr': '" + descr + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
  Bytes file = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, static_cast<uint8_t>(header.size()), 0};
  file.insert(file.end(), header.begin(), header.end());
  const auto* bytes = static_cast<const uint8_t*>(data);
  file.insert(file.end(), bytes, bytes + size);
  return file;
}

template <typename T>
Bytes npy(const std::string& descr, const std::string& shape, const std::vector<T>& values) {
  return npy(descr, shape, values.data(), values.size() * sizeof(T));
}

void little(Bytes& out, uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<uint8_t>(value >> 8 * i));
}

// A zip archive of stored files.
Bytes zip(const std::vector<std::pair<std::string, Bytes>>& files) {
  Bytes out;
  Bytes directory;
  for (const auto& [name, data] : files) {
    const auto crc = static_cast<uint32_t>(crc32_z(0, data.data(), data.size()));
    const auto size = static_cast<uint32_t>(data.size());
    const auto at = static_cast<uint32_t>(out.size());
    const auto common = [&](Bytes& to) {
      little(to, 20, 2);
      little(to, 0, 2);
      little(to, 0, 2);
      little(to, 0, 4);
      little(to, crc, 4);
      little(to, size, 4);
      little(to, size, 4);
      little(to, static_cast<uint32_t>(name.size()), 2);
      little(to, 0, 2);
    };
    little(out, 0x04034B50, 4);
    common(out);
    out.insert(out.end(), name.begin(), name.end());
    out.insert(out.end(), data.begin(), data.end());
    little(directory, 0x02014B50, 4);
    little(directory, 20, 2);
    common(directory);
    little(directory, 0, 2);
    little(directory, 0, 4);
    little(directory, 0, 4);
    little(directory, at, 4);
    directory.insert(directory.end(), name.begin(), name.end());
  }
  const auto start = static_cast<uint32_t>(out.size());
  out.insert(out.end(), directory.begin(), directory.end());
  little(out, 0x06054B50, 4);
  little(out, 0, 4);
  little(out, static_cast<uint32_t>(files.size()), 2);
  little(out, static_cast<uint32_t>(files.size()), 2);
  little(out, static_cast<uint32_t>(directory.size()), 4);
  little(out, start, 4);
  little(out, 0, 2);
  return out;
}

Dataset load(const std::string& path, std::optional<DataTask> task = {}) {
  DatasetOptions options;
  options.path = path;
  options.task = task;
  return load_dataset(options);
}

TEST(LoadNumpy, ArraysOfAnArchive) {
  const TemporaryFolder folder;
  const std::string path = folder.file("points.npz");
  const std::vector<float> x = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  const std::vector<int64_t> y = {7, 9, 7, 9, 7};
  write_bytes(path, zip({{"x_train.npy", npy("<f4", "(5, 2)", x)},
                         {"y_train.npy", npy("<i8", "(5,)", y)},
                         {"x_test.npy", npy("<f4", "(1, 2)", std::vector<float>{0.5F, -1})},
                         {"y_test.npy", npy("<i8", "(1,)", std::vector<int64_t>{9})}}));
  const Dataset data = load(path);
  EXPECT_EQ(data.name, "points.npz");
  EXPECT_EQ(data.task, DataTask::kClassification);
  EXPECT_EQ(data.classes, 2U);
  EXPECT_EQ(data.train.floats, x);
  EXPECT_EQ(data.train.labels, (std::vector<uint32_t>{0, 1, 0, 1, 0}));
  EXPECT_EQ(data.test.labels, std::vector<uint32_t>{1});
  EXPECT_EQ(load(path, DataTask::kRegression).train.targets, (std::vector<float>{7, 9, 7, 9, 7}));
  EXPECT_EQ(load(path, DataTask::kAutoencoder).outputs(), 2U);
}

TEST(LoadNumpy, TargetsThatAreNoWholeNumbersAreForRegressionAndAFifthIsForTests) {
  const TemporaryFolder folder;
  std::vector<double> x(60);
  std::vector<double> y(20);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<double>(i);
  for (size_t i = 0; i < y.size(); ++i) y[i] = 0.5 * static_cast<double>(i);
  write_bytes(folder.file("x.npy"), npy("<f8", "(20, 3)", x));
  write_bytes(folder.file("y.npy"), npy("<f8", "(20,)", y));
  const Dataset data = load(folder.path().string());
  EXPECT_EQ(data.task, DataTask::kRegression);
  EXPECT_EQ(data.train_count(), 16U);
  EXPECT_EQ(data.test_count(), 4U);
  // A sample goes with its target, wherever it went.
  for (size_t i = 0; i < 16; ++i) EXPECT_EQ(data.train.floats[3 * i], 6 * data.train.targets[i]);
  EXPECT_EQ(load(folder.path().string()).test.floats, data.test.floats);
}

TEST(LoadNumpy, TypesOrdersAndColoursLast) {
  const TemporaryFolder folder;
  const std::string path = folder.file("a.npy");
  const Bytes columns = {1, 4, 2, 5, 3, 6};
  write_bytes(path, npy("|u1", "(2, 3)", columns.data(), columns.size(), "True"));
  EXPECT_EQ(find_numpy(path)->train.bytes, (Bytes{1, 2, 3, 4, 5, 6}));
  const Bytes half = {0, 0xBC, 0x3C, 0};  // -1 as <f2, then 1 as >f2
  write_bytes(path, npy("<f2", "(1,)", half.data(), 2));
  EXPECT_EQ(find_numpy(path)->train.floats, std::vector<float>{-1});
  write_bytes(path, npy(">f2", "(1,)", half.data() + 2, 2));
  EXPECT_EQ(find_numpy(path)->train.floats, std::vector<float>{1});
  Bytes pixels(5 * 5 * 3);
  for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<uint8_t>(i);
  Bytes many;
  for (int i = 0; i < 5; ++i) many.insert(many.end(), pixels.begin(), pixels.end());
  write_bytes(path, npy("|u1", "(5, 5, 5, 3)", many));
  const Dataset data = load(path);
  EXPECT_EQ(data.shape, (std::vector<uint32_t>{3, 5, 5}));
  EXPECT_EQ(data.train.bytes[1], 3);
  EXPECT_EQ(data.train.bytes[25], 1);
}

TEST(LoadNumpy, DamagedFilesGiveOneLineWithTheFile) {
  const TemporaryFolder folder;
  const std::string path = folder.file("bad.npz");
  const Bytes whole = zip({{"x.npy", npy("<f4", "(2, 2)", std::vector<float>{1, 2, 3, 4})},
                           {"y.npy", npy("|u1", "(2,)", Bytes{0, 1})}});
  write_bytes(path, whole);
  EXPECT_EQ(load(path).train_count() + load(path).test_count(), 2U);
  const auto refused = [&](const Bytes& file) {
    write_bytes(path, file);
    const std::string text = error_of([&] { load(path); });
    EXPECT_NE(text.find("bad.npz"), std::string::npos) << text;
    EXPECT_NE(text.find("expected"), std::string::npos) << text;
    EXPECT_EQ(text.find('\n'), std::string::npos) << text;
    return text;
  };
  for (size_t size = 4; size < whole.size(); size += 41) {
    refused(Bytes(whole.begin(), whole.begin() + static_cast<long>(size)));
  }
  Bytes other = whole;
  other[whole.size() / 4] ^= 1;
  refused(other);
  refused(zip({{"a.npy", npy("<f4", "(1,)", std::vector<float>{1})},
               {"b.npy", npy("<f4", "(1,)", std::vector<float>{1})}}));
  refused(zip({{"x.npy", npy("<U3", "(1,)", std::vector<float>{1, 2, 3})}}));
  refused(zip({{"x.npy", npy("<f4", "(2, 1)", std::vector<float>{1, 2})},
               {"y.npy", npy("|u1", "(3,)", Bytes{0, 1, 1})}}));
}

void write_png(const fs::path& path, uint32_t rows, uint32_t cols, uint32_t format, uint8_t first) {
  png_image image = {};
  image.version = PNG_IMAGE_VERSION;
  image.width = cols;
  image.height = rows;
  image.format = format;
  Bytes pixels(PNG_IMAGE_SIZE(image));
  for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<uint8_t>(first + i);
  fs::create_directories(path.parent_path());
  ASSERT_NE(png_image_write_to_file(&image, path.c_str(), 0, pixels.data(), 0, nullptr), 0);
}

TEST(LoadPng, ClassFolders) {
  const TemporaryFolder folder;
  for (int i = 0; i < 5; ++i) {
    const std::string name = "image" + std::to_string(i) + ".png";
    write_png(folder.path() / "10" / name, 6, 5, PNG_FORMAT_GRAY, 100);
    write_png(folder.path() / "9" / name, 6, 5, PNG_FORMAT_GRAY, 50);
  }
  Dataset data = load(folder.path().string());
  EXPECT_EQ(data.classes, 2U);
  EXPECT_EQ(data.shape, (std::vector<uint32_t>{6, 5}));
  EXPECT_EQ(data.train_count(), 8U);
  for (size_t i = 0; i < 8; ++i) {
    EXPECT_EQ(data.train.bytes[30 * i], data.train.labels[i] == 0 ? 50 : 100);  // 9 before 10
  }
  write_png(folder.path() / "9" / "other.png", 6, 5, PNG_FORMAT_RGB, 0);
  data = load(folder.path().string());
  EXPECT_EQ(data.shape, (std::vector<uint32_t>{3, 6, 5}));
  write_png(folder.path() / "9" / "small.png", 2, 3, PNG_FORMAT_GRAY, 0);
  EXPECT_NE(error_of([&] { load(folder.path().string()); }).find("small.png: 2x3 pixels"),
            std::string::npos);
  write_bytes((folder.path() / "9" / "small.png").string(), Bytes{1, 2, 3});
  EXPECT_NE(error_of([&] { load(folder.path().string()); }).find("small.png"), std::string::npos);
}

TEST(Order, SortedSetsAreToldFromMixedOnes) {
  Dataset data;
  data.shape = {1};
  data.classes = 4;
  for (uint32_t i = 0; i < 4000; ++i) {
    data.train.bytes.push_back(static_cast<uint8_t>(i * 4 / 4000));
    data.train.labels.push_back(i * 4 / 4000);
  }
  EXPECT_TRUE(is_ordered(data));
  shuffle_training(data);
  EXPECT_FALSE(is_ordered(data));
  for (size_t i = 0; i < 4000; ++i) EXPECT_EQ(data.train.bytes[i], data.train.labels[i]);
  // Every tenth has each class as often.
  for (uint32_t c = 0; c < 4; ++c) {
    EXPECT_NEAR(std::count(data.train.labels.end() - 400, data.train.labels.end(), c), 100, 2);
  }
}

TEST(Scale, IsPlainUnlessTheDataSayOtherwise) {
  Dataset data;
  data.shape = {2};
  data.train.bytes = {0, 200, 0, 0, 0, 250};
  EXPECT_TRUE(choose_input_scale(data).plain);
  for (uint8_t& byte : data.train.bytes) byte = static_cast<uint8_t>(255 - byte);
  const InputScale inverted = choose_input_scale(data);
  EXPECT_FALSE(inverted.plain);
  EXPECT_NEAR(inverted.mean * inverted.scale + inverted.offset, 0, 1e-5);
  EXPECT_NEAR(inverted.deviation * inverted.scale, 1, 1e-5);
}

}  // namespace
}  // namespace sparsys
