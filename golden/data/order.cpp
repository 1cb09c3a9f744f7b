// SPDX-License-Identifier: Apache-2.0
#include "golden/data/order.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "golden/base/random.hpp"

namespace sparsys {
namespace {

constexpr uint64_t kSeed = 0x5A3D1E5;

// Samples at random, but for their classes, which are spread evenly: the i-th of n of a class has
// its place in the i-th of n equal parts of the whole.
std::vector<uint32_t> random_order(const Dataset& data) {
  const size_t count = data.train_count();
  std::vector<uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0U);
  Random random(kSeed, count);
  for (size_t i = count; i-- > 1;) std::swap(order[i], order[random.below(i + 1)]);
  if (data.train.labels.empty()) return order;
  std::vector<double> all(data.classes, 0);
  std::vector<double> seen(data.classes, 0);
  for (const uint32_t label : data.train.labels) ++all[label];
  std::vector<std::pair<double, uint32_t>> places;
  places.reserve(count);
  for (const uint32_t sample : order) {
    const uint32_t label = data.train.labels[sample];
    places.emplace_back((seen[label]++ + random.uniform()) / all[label], sample);
  }
  std::sort(places.begin(), places.end());
  for (size_t i = 0; i < count; ++i) order[i] = places[i].second;
  return order;
}

template <typename T>
void reorder(std::vector<T>& values, const std::vector<uint32_t>& order) {
  if (values.empty()) return;
  const size_t size = values.size() / order.size();
  const std::vector<T> old = values;
  for (size_t i = 0; i < order.size(); ++i) {
    std::copy_n(&old[order[i] * size], size, &values[i * size]);
  }
}

// The elements behind the first `kept` of `count` samples go from one part to the other.
template <typename T>
void move_rest(std::vector<T>& from, std::vector<T>& to, size_t kept, size_t count) {
  if (from.empty()) return;
  const auto first = from.begin() + static_cast<long>(from.size() / count * kept);
  to.assign(first, from.end());
  from.erase(first, from.end());
}

}  // namespace

bool is_ordered(const Dataset& data) {
  if (data.task != DataTask::kClassification) return true;
  constexpr size_t kParts = 10;
  constexpr double kDeviations = 6;
  const std::vector<uint32_t>& labels = data.train.labels;
  if (labels.size() < kParts) return false;
  std::vector<double> all(data.classes, 0);
  std::vector<std::vector<double>> counts(kParts, all);
  std::vector<double> sizes(kParts, 0);
  for (size_t i = 0; i < labels.size(); ++i) {
    const size_t part = i * kParts / labels.size();
    ++counts[part][labels[i]];
    ++sizes[part];
    ++all[labels[i]];
  }
  double sum = 0;
  double classes = 0;
  for (size_t c = 0; c < all.size(); ++c) {
    if (all[c] == 0) continue;
    ++classes;
    for (size_t p = 0; p < kParts; ++p) {
      const double expected = all[c] * sizes[p] / static_cast<double>(labels.size());
      const double difference = counts[p][c] - expected;
      sum += difference * difference / expected;
    }
  }
  const double freedom = (kParts - 1) * (classes - 1);
  return sum > freedom + kDeviations * std::sqrt(2 * freedom);
}

void shuffle_training(Dataset& data) {
  if (data.train_count() == 0) return;
  const std::vector<uint32_t> order = random_order(data);
  reorder(data.train.bytes, order);
  reorder(data.train.floats, order);
  reorder(data.train.labels, order);
  reorder(data.train.targets, order);
}

void split_test(Dataset& data) {
  shuffle_training(data);
  const size_t count = data.train_count();
  const size_t kept = count - count / 5;
  move_rest(data.train.bytes, data.test.bytes, kept, count);
  move_rest(data.train.floats, data.test.floats, kept, count);
  move_rest(data.train.labels, data.test.labels, kept, count);
  move_rest(data.train.targets, data.test.targets, kept, count);
}

}  // namespace sparsys
