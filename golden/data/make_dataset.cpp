// SPDX-License-Identifier: Apache-2.0
// From arrays to a data set: what the task is, which numbers classes have, what is kept for tests.
#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "golden/base/digest.hpp"
#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/data/load.hpp"
#include "golden/data/order.hpp"

namespace sparsys {
namespace {

// More would be no classes.
constexpr uint32_t kMaxClasses = 65536;

std::string shape_text(const Array& array, size_t first) {
  std::string text;
  for (size_t d = first; d < array.shape.size(); ++d) {
    text += (text.empty() ? "" : "x") + number(array.shape[d]);
  }
  return text.empty() ? "1" : text;
}

void check_pair(const Array& samples, const std::optional<Array>& targets) {
  if (samples.shape.empty()) {
    fail(samples.name, "a single number, expected an array of samples");
  }
  if (samples.sample_size() == 0) fail(samples.name, "samples of no values, expected at least one");
  if (!targets || targets->count() == samples.count()) return;
  fail(targets->name, number(targets->count()) + " labels or targets, expected " +
                          number(samples.count()) + " as there are samples in " + samples.name);
}

// Whether every row has a single 1 and else zeros.
bool is_one_hot(const Array& array) {
  const uint64_t columns = array.sample_size();
  if (array.shape.size() != 2 || columns < 2) return false;
  for (uint64_t row = 0; row < array.count(); ++row) {
    uint64_t ones = 0;
    for (uint64_t c = 0; c < columns; ++c) {
      const float value = array[row * columns + c];
      if (value == 1) {
        ++ones;
      } else if (value != 0) {
        return false;
      }
    }
    if (ones != 1) return false;
  }
  return array.count() > 0;
}

DataTask task_of(const DataArrays& found) {
  if (!found.train_targets) return DataTask::kAutoencoder;
  const Array& targets = *found.train_targets;
  const bool classes = (targets.whole && targets.sample_size() == 1) || is_one_hot(targets);
  return classes ? DataTask::kClassification : DataTask::kRegression;
}

// Labels as whole numbers, as the file has them.
std::vector<int64_t> labels_of(const Array& array) {
  std::vector<int64_t> labels;
  if (is_one_hot(array)) {
    for (uint64_t row = 0, at = 0; row < array.count(); ++row) {
      for (uint64_t c = 0; c < array.sample_size(); ++c, ++at) {
        if (array[at] == 1) labels.push_back(static_cast<int64_t>(c));
      }
    }
    return labels;
  }
  if (array.sample_size() != 1) {
    fail(array.name, "labels of " + shape_text(array, 1) +
                         " numbers, expected one a sample, or a 1 among zeros");
  }
  for (size_t i = 0; i < array.size(); ++i) {
    const float label = array[i];
    if (label != std::floor(label) || std::abs(label) > 16777216) {
      fail(array.name, "label " + std::to_string(label) + " of sample " + number(i) +
                           ", expected a whole number (--task regression takes others)");
    }
    labels.push_back(static_cast<int64_t>(label));
  }
  return labels;
}

// Classes are numbered from 0. Labels stay as they are if they begin with 0 and half of those up to
// the largest occur; else they are numbered in their order.
void number_classes(const std::vector<int64_t>& train, const std::vector<int64_t>& test,
                    const std::string& name, Dataset& data) {
  std::map<int64_t, uint32_t> number_of;
  for (const int64_t label : train) number_of[label] = 0;
  for (const int64_t label : test) number_of[label] = 0;
  if (number_of.empty()) return;
  const int64_t largest = number_of.rbegin()->first;
  const bool dense = number_of.begin()->first == 0 &&
                     largest < 2 * static_cast<int64_t>(number_of.size()) && largest < kMaxClasses;
  uint32_t next = 0;
  for (auto& [label, number] : number_of) {
    number = dense ? static_cast<uint32_t>(label) : next;
    next = number + 1;
  }
  if (next > kMaxClasses) {
    fail(name, number(next) + " different labels, expected at most " + number(kMaxClasses) +
                   " (--task regression takes numbers)");
  }
  data.classes = next;
  for (const int64_t label : train) data.train.labels.push_back(number_of[label]);
  for (const int64_t label : test) data.test.labels.push_back(number_of[label]);
}

// Floats, if the other part has floats.
void take_samples(Array& array, bool floats, SampleSet& part) {
  if (!floats) {
    part.bytes = std::move(array.bytes);
  } else if (array.floats.empty()) {
    part.floats.assign(array.bytes.begin(), array.bytes.end());
  } else {
    part.floats = std::move(array.floats);
  }
}

void take_targets(const Array& array, SampleSet& part) {
  part.targets.reserve(array.size());
  for (size_t i = 0; i < array.size(); ++i) part.targets.push_back(array[i]);
}

// Images whose colours come last, as Keras has them, are turned to channels first.
void channels_first(Dataset& data) {
  const auto few = [](uint32_t size) { return size == 1 || size == 3 || size == 4; };
  if (data.shape.size() != 3 || !few(data.shape[2]) || few(data.shape[0])) return;
  const size_t pixels = size_t{data.shape[0]} * data.shape[1];
  const size_t planes = data.shape[2];
  const auto turn = [&](auto& values) {
    auto old = values;
    for (size_t first = 0; first < values.size(); first += pixels * planes) {
      for (size_t i = 0; i < pixels * planes; ++i) {
        values[first + i % planes * pixels + i / planes] = old[first + i];
      }
    }
  };
  if (planes > 1) {
    for (SampleSet* part : {&data.train, &data.test}) {
      turn(part->bytes);
      turn(part->floats);
    }
  }
  data.shape = {data.shape[2], data.shape[0], data.shape[1]};
}

// The data set that bounds of errors are known for.
bool is_mnist(const Dataset& data) {
  constexpr uint64_t kDigest = 0x55DAF004BDAB99B9;
  if (data.shape != std::vector<uint32_t>{28, 28} || data.train_count() != 60000 ||
      data.test_count() != 10000) {
    return false;
  }
  Digest digest;
  digest.add(data.train.bytes);
  digest.add(data.train.labels);
  digest.add(data.test.bytes);
  digest.add(data.test.labels);
  return digest.value() == kDigest;
}

}  // namespace

Dataset make_dataset(DataArrays found, std::optional<DataTask> task) {
  check_pair(found.train, found.train_targets);
  if (found.has_test) check_pair(found.test, found.test_targets);
  Dataset data;
  data.name = printable(found.name);
  data.description = found.description;
  data.task = task.value_or(task_of(found));
  for (size_t d = 1; d < found.train.shape.size(); ++d) {
    data.shape.push_back(static_cast<uint32_t>(found.train.shape[d]));
  }
  if (data.shape.empty()) data.shape = {1};
  if (found.has_test && !std::equal(found.train.shape.begin() + 1, found.train.shape.end(),
                                    found.test.shape.begin() + 1, found.test.shape.end())) {
    fail(found.test.name, "samples of " + shape_text(found.test, 1) + " values, expected " +
                              shape_text(found.train, 1) + " as in " + found.train.name);
  }
  if (data.task != DataTask::kAutoencoder && !found.train_targets) {
    fail(found.train.name, std::string("no labels or targets beside it, expected them for ") +
                               to_string(data.task) + " (--task autoencoder needs none)");
  }
  const bool floats = found.train.bytes.empty() || (found.has_test && found.test.bytes.empty());
  if (data.task == DataTask::kClassification) {
    std::vector<int64_t> test;
    if (found.has_test) test = labels_of(*found.test_targets);
    number_classes(labels_of(*found.train_targets), test, found.train_targets->name, data);
  } else if (data.task == DataTask::kRegression) {
    data.target_size = static_cast<uint32_t>(found.train_targets->sample_size());
    if (found.has_test && found.test_targets->sample_size() != data.target_size) {
      fail(found.test_targets->name, "targets of " + shape_text(*found.test_targets, 1) +
                                         " numbers, expected " + number(data.target_size) +
                                         " as in " + found.train_targets->name);
    }
    take_targets(*found.train_targets, data.train);
    if (found.has_test) take_targets(*found.test_targets, data.test);
  }
  take_samples(found.train, floats, data.train);
  if (found.has_test) take_samples(found.test, floats, data.test);
  channels_first(data);
  if (!found.has_test) split_test(data);
  if (data.train_count() == 0) fail(found.train.name, "no samples, expected at least one");
  if (is_mnist(data)) {
    data.name = "mnist";
    data.description = "MNIST (" + found.description + ")";
  }
  return data;
}

}  // namespace sparsys
