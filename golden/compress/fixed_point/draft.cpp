// SPDX-License-Identifier: Apache-2.0
#include "golden/compress/fixed_point/draft.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace sparsys {

double largest_value(const std::array<float, 16>& codebook) {
  double largest = 0;
  for (const float v : codebook) largest = std::max(largest, std::abs(static_cast<double>(v)));
  return largest;
}

size_t free_code(Draft& draft) {
  for (size_t c = 1; c < 16; ++c) {
    if (draft.uses[c] == 0 && draft.layer.codebook[c] == 0) return c;
  }
  size_t unused = 0;
  for (size_t c = 1; c < 16; ++c) {
    if (draft.uses[c] != 0) continue;
    const float size = std::abs(draft.layer.codebook[c]);
    if (unused == 0 || size < std::abs(draft.layer.codebook[unused])) unused = c;
  }
  if (unused != 0) return unused;
  size_t keep = 1;
  size_t drop = 2;
  double best = std::numeric_limits<double>::infinity();
  for (size_t a = 1; a < 16; ++a) {
    for (size_t b = a + 1; b < 16; ++b) {
      if (draft.uses[a] == 0 || draft.uses[b] == 0) continue;
      const auto n = static_cast<double>(draft.uses[a]);
      const auto m = static_cast<double>(draft.uses[b]);
      const double d = static_cast<double>(draft.layer.codebook[a]) - draft.layer.codebook[b];
      const double loss = n * m / (n + m) * d * d;
      if (loss < best) {
        best = loss;
        keep = a;
        drop = b;
      }
    }
  }
  std::array<float, 16>& codebook = draft.layer.codebook;
  const double n = static_cast<double>(draft.uses[keep]);
  const double m = static_cast<double>(draft.uses[drop]);
  codebook[keep] = static_cast<float>((codebook[keep] * n + codebook[drop] * m) / (n + m));
  codebook[drop] = 0;
  draft.uses[keep] += draft.uses[drop];
  draft.uses[drop] = 0;
  draft.layer.code = (draft.layer.code.array() == static_cast<uint8_t>(drop))
                         .select(static_cast<uint8_t>(keep), draft.layer.code.array());
  ++draft.codes_merged;
  return drop;
}

void prepare_codebook_for_bias(Draft& draft, bool positive_constants) {
  std::array<float, 16>& codebook = draft.layer.codebook;
  double scale = largest_value(codebook);
  if (scale == 0) {
    scale = draft.layer.bias.cwiseAbs().maxCoeff();
    if (scale == 0) scale = 1;
    codebook[free_code(draft)] = static_cast<float>(scale);
  }
  const bool positive = *std::max_element(codebook.begin(), codebook.end()) > 0;
  const bool negative = *std::min_element(codebook.begin(), codebook.end()) < 0;
  if (positive_constants && !(positive && negative)) {
    codebook[free_code(draft)] = static_cast<float>(positive ? -scale : scale);
  }
  // What is free anyhow makes more biases reachable.
  double value = scale;
  bool minus = false;
  for (size_t c = 1; c < 16; ++c) {
    if (draft.uses[c] != 0 || codebook[c] != 0) continue;
    codebook[c] = static_cast<float>(minus ? -value : value);
    if (minus) value *= 0.6;
    minus = !minus;
  }
}

}  // namespace sparsys
