// SPDX-License-Identifier: Apache-2.0
// A labelled image data set, and where it comes from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace sparsys {

struct Dataset {
  std::string name;         // short: "mnist" or "synthetic"
  std::string description;  // for people: where it came from
  uint32_t rows = 0;
  uint32_t cols = 0;
  std::vector<uint8_t> train_images;  // train_count() x pixels(), contiguous, 0..255
  std::vector<uint8_t> train_labels;  // 0..9
  std::vector<uint8_t> test_images;
  std::vector<uint8_t> test_labels;

  uint32_t pixels() const { return rows * cols; }
  size_t train_count() const { return train_labels.size(); }
  size_t test_count() const { return test_labels.size(); }
};

struct DatasetOptions {
  // Directory with the four MNIST files (train-images-idx3-ubyte, train-labels-idx1-ubyte,
  // t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte; each plain or with ".gz"). Empty: see
  // load_dataset().
  std::string directory;
  // Draws digits, whatever SPARSYS_DATA says.
  bool synthetic = false;
  // For the built-in generator only.
  uint64_t seed = 1;
  uint32_t train_count = 60000;
  uint32_t test_count = 10000;
  unsigned threads = 0;  // 0: all processors
};

// Reads the four files of one directory. Throws Error if the directory or a file is missing or bad,
// or if training and test images differ in size.
Dataset load_mnist(const std::string& directory);

// The first that applies: options.directory; the directory named by the environment variable
// SPARSYS_DATA; the built-in generator. A directory that was named must be complete: Error
// otherwise, never another data set in its place.
Dataset load_dataset(const DatasetOptions& options = {});

}  // namespace sparsys
