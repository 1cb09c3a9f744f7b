// SPDX-License-Identifier: Apache-2.0
#include "golden/compress/code_choice.hpp"

#include <algorithm>
#include <cmath>

namespace sparsys {

float nonzero(float value, float member) {
  if (value != 0) return value;
  return std::max(std::abs(member) * 1e-3F, std::numeric_limits<float>::min());
}

void compact(SharedParameter& parameter, bool weights) {
  std::vector<size_t> count(parameter.codebook.size(), 0);
  for (const uint8_t code : parameter.code) ++count[code];
  std::vector<size_t> order;
  for (size_t k = weights ? 1 : 0; k < count.size(); ++k) {
    if (count[k] > 0) order.push_back(k);
  }
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return parameter.codebook[a] < parameter.codebook[b];
  });
  if (weights) order.insert(order.begin(), 0);
  std::vector<uint8_t> next(parameter.codebook.size(), 0);
  std::vector<float> codebook;
  for (const size_t k : order) {
    next[k] = static_cast<uint8_t>(codebook.size());
    codebook.push_back(parameter.codebook[k]);
  }
  for (uint8_t& code : parameter.code) code = next[code];
  parameter.codebook = std::move(codebook);
}

double mean_square(const std::vector<float>& values) {
  double sum = 0;
  double count = 0;
  for (const float v : values) {
    sum += static_cast<double>(v) * v;
    count += v != 0 ? 1 : 0;
  }
  return count > 0 ? sum / count : 0;
}

EntropyChoice::EntropyChoice(const std::vector<float>& codebook, const std::vector<size_t>& count,
                             double entropy, double square, bool prunes) {
  double all = 0;
  for (const size_t c : count) all += static_cast<double>(c);
  const double scale = entropy * (square > 0 ? square : 1);
  for (size_t k = prunes ? 0 : 1; k < codebook.size(); ++k) {
    double penalty = 0;
    if (entropy > 0) {
      // A value that nobody has is given up.
      if (count[k] == 0) continue;
      penalty = scale * -std::log2(static_cast<double>(count[k]) / all);
    }
    values_.push_back({codebook[k], static_cast<float>(penalty), static_cast<uint8_t>(k)});
  }
}

}  // namespace sparsys
