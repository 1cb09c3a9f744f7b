// SPDX-License-Identifier: Apache-2.0
#include "golden/compress/cluster.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "golden/base/error.hpp"
#include "golden/base/random.hpp"

namespace sparsys {
namespace {

// What is told of a cluster.
struct Moments {
  double count = 0;
  double mean = 0;
  double spread = 0;  // sum of squared distances from the mean
};

// Of both together (Chan, Golub, LeVeque 1979): small values beside large ones lose nothing.
Moments join(const Moments& a, const Moments& b) {
  if (a.count == 0) return b;
  if (b.count == 0) return a;
  Moments both;
  both.count = a.count + b.count;
  const double step = b.mean - a.mean;
  both.mean = a.mean + step * (b.count / both.count);
  both.spread = a.spread + b.spread + step * step * (a.count * b.count / both.count);
  return both;
}

// Sorted values with the moments of blocks of them, a tree: those of any range are found by few
// steps and from its own values alone. In one dimension a cluster is a range, so a Lloyd iteration
// costs k binary searches.
class SortedValues {
 public:
  explicit SortedValues(const std::vector<float>& values) : sorted_(values) {
    std::sort(sorted_.begin(), sorted_.end());
    const size_t blocks = size() / kBlock;
    tree_.resize(2 * blocks);
    for (size_t b = 0; b < blocks; ++b) tree_[blocks + b] = sum(b * kBlock, (b + 1) * kBlock);
    for (size_t b = blocks; b-- > 1;) tree_[b] = join(tree_[2 * b], tree_[2 * b + 1]);
  }

  size_t size() const { return sorted_.size(); }
  float operator[](size_t i) const { return sorted_[i]; }
  double mean(size_t first, size_t last) const { return moments(first, last).mean; }
  // Sum of squared distances from the mean.
  double spread(size_t first, size_t last) const { return moments(first, last).spread; }
  size_t lower_bound(double value) const {
    return static_cast<size_t>(std::lower_bound(sorted_.begin(), sorted_.end(), value) -
                               sorted_.begin());
  }
  size_t upper_bound(double value) const {
    return static_cast<size_t>(std::upper_bound(sorted_.begin(), sorted_.end(), value) -
                               sorted_.begin());
  }
  std::vector<float> distinct() const {
    std::vector<float> values = sorted_;
    values.erase(std::unique(values.begin(), values.end()), values.end());
    return values;
  }

 private:
  static constexpr size_t kBlock = 16;

  // Value after value.
  Moments sum(size_t first, size_t last) const {
    Moments found;
    for (; first < last; ++first) found = join(found, {1, sorted_[first], 0});
    return found;
  }
  Moments moments(size_t first, size_t last) const {
    const size_t blocks = tree_.size() / 2;
    size_t from = (first + kBlock - 1) / kBlock;
    size_t to = last / kBlock;
    if (from >= to) return sum(first, last);
    Moments found = join(sum(first, from * kBlock), sum(to * kBlock, last));
    for (from += blocks, to += blocks; from < to; from /= 2, to /= 2) {
      if (from % 2 == 1) found = join(found, tree_[from++]);
      if (to % 2 == 1) found = join(found, tree_[--to]);
    }
    return found;
  }

  std::vector<float> sorted_;
  std::vector<Moments> tree_;
};

std::vector<double> initial_centroids(const SortedValues& values, unsigned k, CentroidInit init,
                                      uint64_t seed) {
  std::vector<double> centroids(k);
  const size_t n = values.size();
  Random random(seed);
  for (unsigned i = 0; i < k; ++i) {
    switch (init) {
      case CentroidInit::kLinear: {
        const double low = values[0];
        const double high = values[n - 1];
        centroids[i] = k == 1 ? 0.5 * (low + high) : low + (high - low) * i / (k - 1);
        break;
      }
      case CentroidInit::kDensity:
        centroids[i] = values[(2 * size_t{i} + 1) * n / (2 * size_t{k})];
        break;
      case CentroidInit::kRandom:
        centroids[i] = values[random.below(n)];
        break;
    }
  }
  std::sort(centroids.begin(), centroids.end());
  return centroids;
}

// bounds[i] .. bounds[i + 1] - 1 are the values nearest to centroid i; of two equally near ones the
// lower gets the value.
std::vector<size_t> assign(const SortedValues& values, const std::vector<double>& centroids) {
  std::vector<size_t> bounds{0};
  for (size_t i = 0; i + 1 < centroids.size(); ++i) {
    const double middle = 0.5 * (centroids[i] + centroids[i + 1]);
    bounds.push_back(std::max(bounds.back(), values.upper_bound(middle)));
  }
  bounds.push_back(values.size());
  return bounds;
}

// Splits the widest cluster for every empty one. False if there was none.
bool refill_empty(const SortedValues& values, std::vector<size_t>& bounds) {
  bool changed = false;
  while (true) {
    size_t empty = bounds.size();
    size_t widest = bounds.size();
    double spread = 0;
    for (size_t i = 0; i + 1 < bounds.size(); ++i) {
      if (bounds[i] == bounds[i + 1]) {
        empty = i;
      } else if (values[bounds[i]] != values[bounds[i + 1] - 1]) {
        const double s = values.spread(bounds[i], bounds[i + 1]);
        if (widest == bounds.size() || s > spread) {
          widest = i;
          spread = s;
        }
      }
    }
    if (empty == bounds.size() || widest == bounds.size()) return changed;
    const size_t first = bounds[widest];
    const size_t last = bounds[widest + 1];
    size_t cut = values.lower_bound(values.mean(first, last));
    // Rounding of the mean must not make a half empty, nor may equal values be parted.
    if (cut <= first) cut = values.upper_bound(values[first]);
    if (cut >= last) cut = values.lower_bound(values[last - 1]);
    bounds.erase(bounds.begin() + static_cast<long>(empty));
    bounds.push_back(cut);
    std::sort(bounds.begin(), bounds.end());
    changed = true;
  }
}

}  // namespace

Clusters cluster_1d(const std::vector<float>& values, unsigned k, CentroidInit init,
                    uint64_t seed) {
  if (k < 1 || k > 256) {
    throw Error("clustering: " + std::to_string(k) + " clusters, expected 1 to 256");
  }
  for (size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) {
      throw Error("clustering: value " + std::to_string(i) + " is not finite");
    }
  }
  Clusters clusters;
  if (values.empty()) return clusters;
  const SortedValues sorted(values);
  std::vector<size_t> bounds;
  const std::vector<float> distinct = sorted.distinct();
  if (distinct.size() <= k) {
    for (const float value : distinct) bounds.push_back(sorted.lower_bound(value));
    bounds.push_back(sorted.size());
  } else {
    bounds = assign(sorted, initial_centroids(sorted, k, init, seed));
    // Each step lowers the sum of squares, so this ends by itself; the limit is for rounding.
    constexpr int kMaxIterations = 1000;
    for (int iteration = 0; iteration < kMaxIterations; ++iteration) {
      refill_empty(sorted, bounds);
      std::vector<double> centroids;
      for (size_t i = 0; i < k; ++i) centroids.push_back(sorted.mean(bounds[i], bounds[i + 1]));
      std::vector<size_t> next = assign(sorted, centroids);
      if (next == bounds) break;
      bounds = std::move(next);
    }
    refill_empty(sorted, bounds);
  }
  // Ranges of the sorted values; each value finds its own by the first value of the next range.
  std::vector<float> limits;
  for (size_t i = 0; i + 1 < bounds.size(); ++i) {
    clusters.centroids.push_back(static_cast<float>(sorted.mean(bounds[i], bounds[i + 1])));
    if (i > 0) limits.push_back(sorted[bounds[i]]);
  }
  clusters.index.reserve(values.size());
  for (const float value : values) {
    clusters.index.push_back(static_cast<uint8_t>(
        std::upper_bound(limits.begin(), limits.end(), value) - limits.begin()));
  }
  return clusters;
}

}  // namespace sparsys
