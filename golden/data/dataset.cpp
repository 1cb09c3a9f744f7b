// SPDX-License-Identifier: Apache-2.0
#include "golden/data/dataset.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/data/load.hpp"
#include "golden/data/synthetic_digits.hpp"

namespace sparsys {
namespace {

namespace fs = std::filesystem;

// What is in a folder, for a message.
std::string listing(const std::string& path) {
  constexpr size_t kMost = 6;
  std::error_code ignored;
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(path, ignored)) {
    names.push_back(printable(entry.path().filename().string(), 40));
  }
  std::sort(names.begin(), names.end());
  std::string text;
  for (size_t i = 0; i < std::min(names.size(), kMost); ++i) {
    text += (i == 0 ? "" : ", ") + names[i];
  }
  if (names.size() > kMost) text += " and " + number(names.size() - kMost) + " more";
  return names.empty() ? "nothing" : text;
}

Dataset load(const DatasetOptions& options, const std::string& path) {
  for (const auto find : {find_idx, find_numpy, find_png}) {
    if (std::optional<DataArrays> found = find(path)) {
      return make_dataset(std::move(*found), options.task);
    }
  }
  std::error_code ignored;
  const std::string name = printable(path, 0);
  if (!fs::exists(path, ignored)) fail(name, "is not there, expected a data set");
  if (!fs::is_directory(path, ignored)) {
    fail(name,
         "is no data set, expected NumPy's .npz, or a folder with IDX files, .npy files or "
         "class folders of PNG images");
  }
  fail(name, "holds " + listing(path) +
                 ", expected four IDX files (train-images-idx3-ubyte and so on), NumPy's .npz or "
                 ".npy files, or class folders of PNG images");
}

}  // namespace

const char* to_string(DataTask task) {
  switch (task) {
    case DataTask::kClassification:
      return "classification";
    case DataTask::kRegression:
      return "regression";
    case DataTask::kAutoencoder:
      return "autoencoder";
  }
  return "";
}

std::string name_of(const std::string& path) {
  std::error_code ignored;
  const fs::path absolute = fs::absolute(path, ignored).lexically_normal();
  return (absolute.has_filename() ? absolute : absolute.parent_path()).filename().string();
}

size_t Dataset::inputs() const {
  size_t product = 1;
  for (const uint32_t size : shape) product *= size;
  return product;
}

size_t Dataset::outputs() const {
  switch (task) {
    case DataTask::kClassification:
      return classes;
    case DataTask::kRegression:
      return target_size;
    case DataTask::kAutoencoder:
      break;
  }
  return inputs();
}

size_t Dataset::count(const SampleSet& part) const {
  return (part.bytes.size() + part.floats.size()) / inputs();
}

Samples Dataset::samples(const SampleSet& part, size_t first) const {
  if (bytes()) return Samples(part.bytes.data()) + first * inputs();
  return Samples(part.floats.data()) + first * inputs();
}

Targets Dataset::targets(const SampleSet& part, size_t first) const {
  switch (task) {
    case DataTask::kClassification:
      return Targets(part.labels.data()) + first;
    case DataTask::kRegression:
      return Targets(part.targets.data(), target_size) + first;
    case DataTask::kAutoencoder:
      break;
  }
  return Targets::inputs();
}

void limit_training(Dataset& data, size_t count) {
  const size_t all = data.train_count();
  if (count >= all) return;
  const auto cut = [&](auto& values) { values.resize(values.size() / all * count); };
  cut(data.train.bytes);
  cut(data.train.floats);
  cut(data.train.labels);
  cut(data.train.targets);
}

Dataset load_dataset(const DatasetOptions& options) {
  if (!options.synthetic) {
    if (!options.path.empty()) return load(options, options.path);
    const char* named = std::getenv("SPARSYS_DATA");
    if (named != nullptr && *named != '\0') return load(options, named);
  }
  SyntheticDigitsOptions synthetic;
  synthetic.seed = options.seed;
  synthetic.train_count = options.train_count;
  synthetic.test_count = options.test_count;
  synthetic.threads = options.threads;
  Dataset data = make_synthetic_digits(synthetic);
  data.task = options.task.value_or(data.task);
  if (data.task == DataTask::kClassification) return data;
  data.classes = 0;
  for (SampleSet* part : {&data.train, &data.test}) {
    // As numbers, 0 to 9.
    if (data.task == DataTask::kRegression) {
      part->targets.assign(part->labels.begin(), part->labels.end());
      data.target_size = 1;
    }
    part->labels.clear();
  }
  return data;
}

}  // namespace sparsys
