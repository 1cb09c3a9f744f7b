// SPDX-License-Identifier: Apache-2.0
#include "golden/compress/bias_constants.hpp"

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
                          const std::vector<int64_t>& constants) {
  std::vector<Sum> sums{{0, 0}};
  for (size_t k = 0; k < constants.size(); ++k) {
    const std::vector<Sum> before = sums;
    for (uint32_t c = 1; c < 16; ++c) {
      if (codebook[c] == 0) continue;
      for (const Sum& s : before) {
        sums.push_back({s.value + constants[k] * codebook[c], s.codes | c << (4 * k)});
      }
    }
  }
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
                                      const std::vector<double>& targets, double reach) {
  const std::vector<int64_t> candidates = thin_out(all_candidates);
  if (candidates.empty()) return std::vector<int64_t>(count, 0);
  const auto cost = [&](const std::vector<int64_t>& constants) {
    const std::vector<Sum> sums = all_sums(codebook, constants);
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

}  // namespace sparsys
