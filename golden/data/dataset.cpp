// SPDX-License-Identifier: Apache-2.0
#include "golden/data/dataset.hpp"

#include <cstdlib>
#include <filesystem>

#include "golden/base/error.hpp"
#include "golden/data/idx.hpp"
#include "golden/data/synthetic_digits.hpp"

namespace sparsys {
namespace {

namespace fs = std::filesystem;

std::string find_file(const std::string& directory, const std::string& name) {
  for (const char* suffix : {"", ".gz"}) {
    const fs::path path = fs::path(directory) / (name + suffix);
    std::error_code ignored;
    if (fs::exists(path, ignored)) return path.string();
  }
  throw Error(directory + ": neither " + name + " nor " + name +
              ".gz is there, expected the four MNIST files");
}

}  // namespace

Dataset load_mnist(const std::string& directory) {
  std::error_code ignored;
  if (!fs::is_directory(directory, ignored)) {
    throw Error(directory + ": not a directory, expected one with the four MNIST files");
  }
  const std::string train_images = find_file(directory, "train-images-idx3-ubyte");
  const std::string train_labels = find_file(directory, "train-labels-idx1-ubyte");
  const std::string test_images = find_file(directory, "t10k-images-idx3-ubyte");
  const std::string test_labels = find_file(directory, "t10k-labels-idx1-ubyte");

  Dataset data;
  data.name = "mnist";
  data.description = "MNIST (" + directory + ")";
  IdxImages train;
  IdxImages test;
  load_idx_pair(train_images, train_labels, train, data.train_labels);
  load_idx_pair(test_images, test_labels, test, data.test_labels);
  if (test.rows != train.rows || test.cols != train.cols) {
    throw Error(test_images + ": images of " + std::to_string(test.rows) + "x" +
                std::to_string(test.cols) + " pixels at byte 8, expected " +
                std::to_string(train.rows) + "x" + std::to_string(train.cols) + " as in " +
                train_images);
  }
  data.rows = train.rows;
  data.cols = train.cols;
  data.train_images = std::move(train.pixels);
  data.test_images = std::move(test.pixels);
  return data;
}

Dataset load_dataset(const DatasetOptions& options) {
  if (!options.synthetic) {
    if (!options.directory.empty()) return load_mnist(options.directory);
    const char* named = std::getenv("SPARSYS_DATA");
    if (named != nullptr && *named != '\0') return load_mnist(named);
  }
  SyntheticDigitsOptions synthetic;
  synthetic.seed = options.seed;
  synthetic.train_count = options.train_count;
  synthetic.test_count = options.test_count;
  synthetic.threads = options.threads;
  return make_synthetic_digits(synthetic);
}

}  // namespace sparsys
