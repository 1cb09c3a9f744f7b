// SPDX-License-Identifier: Apache-2.0
#include "golden/compress/fixed_point/bias_constants.hpp"

#include <algorithm>
#include <cmath>

namespace sparsys {
namespace {

// Candidates of each sign that are tried.
constexpr size_t kCandidates = 64;

// At most kCandidates of the values of each sign, spread evenly over their logarithms.
std::vector<int64_t> thin_out(const std::vector<int64_t>& values) {
  std::vector<int64_t> thin;
  for (const int64_t sign : {1, -1}) {
    std::vector<int64_t> sizes;
    for (const int64_t v : values) {
      if (v * sign > 0) sizes.push_back(v * sign);
    }
    if (sizes.empty()) continue;
    std::sort(sizes.begin(), sizes.end());
    const auto logarithm = [](int64_t v) { return std::log(static_cast<double>(v)); };
    const double step =
        sizes.size() <= kCandidates
            ? 0
            : (logarithm(sizes.back()) - logarithm(sizes.front())) / (kCandidates - 1);
    double next = 0;
    for (const int64_t v : sizes) {
      if (logarithm(v) < next && v != sizes.back()) continue;
      thin.push_back(v * sign);
      next = logarithm(v) + step;
    }
  }
  return thin;
}

}  // namespace

int entries(uint32_t codes) {
  int count = 0;
  for (; codes != 0; codes >>= 4) count += (codes & 15) != 0 ? 1 : 0;
  return count;
}

std::vector<Sum> all_sums(const std::array<int16_t, 16>& codebook,
                          const std::vector<int64_t>& constants, int64_t budget) {
  struct Part {
    Sum sum;
    int64_t size;  // of its products
  };
  std::vector<Part> parts{{{0, 0}, 0}};
  for (size_t k = 0; k < constants.size(); ++k) {
    const size_t before = parts.size();
    for (uint32_t c = 1; c < 16; ++c) {
      const int64_t product = constants[k] * codebook[c];
      if (product == 0) continue;
      for (size_t p = 0; p < before; ++p) {
        const Part part = parts[p];
        if (part.size + std::abs(product) > budget) continue;
        parts.push_back({{part.sum.value + product, part.sum.codes | c << (4 * k)},
                         part.size + std::abs(product)});
      }
    }
  }
  std::vector<Sum> sums;
  sums.reserve(parts.size());
  for (const Part& part : parts) sums.push_back(part.sum);
  std::sort(sums.begin(), sums.end(), [](const Sum& a, const Sum& b) {
    if (a.value != b.value) return a.value < b.value;
    const int x = entries(a.codes);
    const int y = entries(b.codes);
    return x != y ? x < y : a.codes < b.codes;
  });
  sums.erase(std::unique(sums.begin(), sums.end(),
                         [](const Sum& a, const Sum& b) { return a.value == b.value; }),
             sums.end());
  return sums;
}

const Sum& nearest(const std::vector<Sum>& sums, double target) {
  const auto above = std::lower_bound(sums.begin(), sums.end(), target, [](const Sum& s, double t) {
    return static_cast<double>(s.value) < t;
  });
  if (above == sums.begin()) return *above;
  const auto below = above - 1;
  if (above == sums.end()) return *below;
  return target - static_cast<double>(below->value) <= static_cast<double>(above->value) - target
             ? *below
             : *above;
}

std::vector<int64_t> choose_constants(const std::array<int16_t, 16>& codebook,
                                      const std::vector<int64_t>& all_candidates, unsigned count,
                                      const std::vector<double>& targets, double reach,
                                      int64_t budget) {
  const std::vector<int64_t> candidates = thin_out(all_candidates);
  if (candidates.empty()) return std::vector<int64_t>(count, 0);
  const auto cost = [&](const std::vector<int64_t>& constants) {
    const std::vector<Sum> sums = all_sums(codebook, constants, budget);
    double sum = 0;
    for (const double target : targets) {
      const double error = static_cast<double>(nearest(sums, target).value) - target;
      sum += error * error;
    }
    const double lacking = reach - static_cast<double>(sums.back().value);
    if (lacking > 0) sum += lacking * lacking * static_cast<double>(targets.size());
    return sum;
  };
  // The descent starts from one large constant and finer ones.
  std::vector<int64_t> sorted = candidates;
  std::sort(sorted.begin(), sorted.end(),
            [](int64_t a, int64_t b) { return std::abs(a) < std::abs(b); });
  std::vector<int64_t> best(count);
  for (unsigned k = 0; k < count; ++k) {
    best[k] = sorted[(sorted.size() - 1) * (2 * (count - k) - 1) / (2 * count)];
  }
  double best_cost = cost(best);
  bool improved = true;
  for (int sweep = 0; improved && sweep < 6; ++sweep) {
    improved = false;
    for (unsigned k = 0; k < count; ++k) {
      std::vector<int64_t> trial = best;
      for (const int64_t candidate : candidates) {
        trial[k] = candidate;
        const double trial_cost = cost(trial);
        if (trial_cost < best_cost) {
          best_cost = trial_cost;
          best = trial;
          improved = true;
        }
      }
    }
  }
  return best;
}

BiasConstants::BiasConstants(const std::array<int16_t, 16>& codebook,
                             const std::vector<int64_t>& candidates, unsigned count,
                             const std::vector<double>& targets, double reach) {
  std::vector<double> left = targets;
  while (count > 0) {
    const unsigned group = std::min(count, kGroup);
    const int64_t budget = groups_.empty() ? kBudget : kFineBudget;
    const std::vector<int64_t> chosen =
        choose_constants(codebook, candidates, group, left, groups_.empty() ? reach : 0, budget);
    groups_.push_back(all_sums(codebook, chosen, budget));
    for (double& target : left) {
      target -= static_cast<double>(nearest(groups_.back(), target).value);
    }
    values_.insert(values_.end(), chosen.begin(), chosen.end());
    count -= group;
  }
}

Sum BiasConstants::make(double target) const {
  Sum sum{0, 0};
  unsigned shift = 0;
  for (const std::vector<Sum>& group : groups_) {
    const Sum& part = nearest(group, target - static_cast<double>(sum.value));
    sum.value += part.value;
    sum.codes |= part.codes << shift;
    shift += 4 * kGroup;
  }
  return sum;
}

std::vector<Sum> BiasConstants::sums(const std::array<int16_t, 16>& codebook) const {
  std::vector<int64_t> first = values_;
  first.resize(std::min<size_t>(first.size(), 3));
  return all_sums(codebook, first, kBudget);
}

}  // namespace sparsys
