// SPDX-License-Identifier: Apache-2.0
// A data set in memory: samples, and what a network should make of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "golden/base/samples.hpp"

namespace sparsys {

enum class DataTask : uint8_t {
  kClassification,  // a class for each sample
  kRegression,      // numbers for each sample; what counts is the mean squared error
  kAutoencoder      // the same, and the numbers are the input's
};
const char* to_string(DataTask task);  // "classification", "regression", "autoencoder"

// Samples and targets, contiguous, one behind the other. Samples are bytes or floats; classes have
// labels from 0, regression has targets, an autoencoder neither.
struct SampleSet {
  std::vector<uint8_t> bytes;
  std::vector<float> floats;
  std::vector<uint32_t> labels;
  std::vector<float> targets;
};

struct Dataset {
  std::string name;         // short: "mnist", "synthetic", else that of the folder or file
  std::string description;  // for people: where it came from
  DataTask task = DataTask::kClassification;
  std::vector<uint32_t> shape;  // of a sample: [28, 28], [3, 32, 32] (channels first), [784]
  uint32_t classes = 0;         // kClassification
  uint32_t target_size = 0;     // kRegression: numbers of a target
  SampleSet train;
  SampleSet test;

  // Values of a sample.
  size_t inputs() const;
  // That a network for it has to have: classes or numbers.
  size_t outputs() const;
  size_t count(const SampleSet& part) const;
  size_t train_count() const { return count(train); }
  size_t test_count() const { return count(test); }
  // Of 8-bit data; else floats.
  bool bytes() const { return train.floats.empty() && test.floats.empty(); }

  // Views of a part, from sample number `first` on.
  Samples samples(const SampleSet& part, size_t first = 0) const;
  Targets targets(const SampleSet& part, size_t first = 0) const;

  // Samples as images: planes x rows x cols; those of one dimension have one row.
  uint32_t cols() const { return shape.empty() ? 1 : shape.back(); }
  uint32_t rows() const { return shape.size() < 2 ? 1 : shape[shape.size() - 2]; }
  size_t planes() const { return inputs() / (size_t{rows()} * cols()); }
};

struct DatasetOptions {
  // A folder or file (golden/data/load.hpp). Empty: see load_dataset().
  std::string path;
  // None: as the data are. Whole numbers in one column are classes, and so are rows with a single
  // 1 and else zeros; other numbers are for regression; without targets it is an autoencoder.
  std::optional<DataTask> task;
  // Draws digits, whatever SPARSYS_DATA says.
  bool synthetic = false;
  // For the built-in generator only.
  uint64_t seed = 1;
  uint32_t train_count = 60000;
  uint32_t test_count = 10000;
  unsigned threads = 0;  // 0: all processors
};

// The first that applies: options.path; what the environment variable SPARSYS_DATA names; the
// built-in generator. What was named must be complete: Error otherwise, never another data set in
// its place.
Dataset load_dataset(const DatasetOptions& options = {});

// Keeps the first `count` training samples.
void limit_training(Dataset& data, size_t count);

}  // namespace sparsys
