// SPDX-License-Identifier: Apache-2.0
#include "golden/engine/mxu/order.hpp"

#include <algorithm>

namespace sparsys::mxu {
namespace {

bool conflict(const Access& a, const Access& b) {
  return (a.write || b.write) && a.space == b.space && a.first < b.first + b.rows &&
         b.first < a.first + a.rows;
}

bool touches(const std::vector<Access>& a, const std::vector<Access>& b) {
  return std::any_of(a.begin(), a.end(), [&](const Access& x) {
    return std::any_of(b.begin(), b.end(), [&](const Access& y) { return conflict(x, y); });
  });
}

}  // namespace

std::array<uint8_t, kUnits> Order::add(UnitNumber unit, const std::vector<Access>& accesses) {
  Counts needed{};
  for (size_t v = 0; v < kUnits; ++v) {
    if (v == unit) continue;
    const std::vector<Operation>& others = operations_[v];
    for (size_t n = others.size(); n > known_[unit][v]; --n) {
      if (!touches(accesses, others[n - 1].accesses)) continue;
      needed[v] = n;
      break;
    }
  }
  std::array<uint8_t, kUnits> waits{};
  for (size_t v = 0; v < kUnits; ++v) {
    if (v == unit || needed[v] <= known_[unit][v]) continue;
    const size_t sent = operations_[v].size();
    const size_t spared = std::min<size_t>(2, sent - needed[v]);
    waits[v] = static_cast<uint8_t>(spared + 1);
    const size_t complete = sent - spared;
    know(unit, v, complete);
  }
  operations_[unit].push_back({accesses, known_[unit]});
  return waits;
}

// What the last of these operations waited for is complete, too.
void Order::know(UnitNumber unit, size_t v, size_t complete) {
  known_[unit][v] = std::max(known_[unit][v], complete);
  const Counts& theirs = operations_[v][complete - 1].known;
  for (size_t w = 0; w < kUnits; ++w) {
    if (w != unit) known_[unit][w] = std::max(known_[unit][w], theirs[w]);
  }
}

}  // namespace sparsys::mxu
