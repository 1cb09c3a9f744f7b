// SPDX-License-Identifier: Apache-2.0
#include "golden/engine/mxu/order.hpp"

#include <algorithm>

namespace sparsys::mxu {
namespace {

constexpr size_t kMaxBehind = 120;  // docs/reference/mxu-timing.md section 11: below 126

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
  keep_stamps_unambiguous(unit, needed);
  std::array<uint8_t, kUnits> waits{};
  const size_t index = operations_[unit].size();
  for (size_t v = 0; v < kUnits; ++v) {
    if (v == unit || needed[v] <= known_[unit][v]) continue;
    const size_t sent = operations_[v].size();
    const size_t spared = std::min<size_t>(2, sent - needed[v]);
    waits[v] = static_cast<uint8_t>(spared + 1);
    const size_t complete = sent - spared;
    waiting_[v].push_back({unit, index + 1, complete});
    know(unit, v, complete);
  }
  operations_[unit].push_back({accesses, known_[unit]});
  return waits;
}

// An operation that waits must begin before too many behind the one it waits for are complete: one
// that comes so late waits for it in turn.
void Order::keep_stamps_unambiguous(UnitNumber unit, Counts& needed) {
  std::deque<Waiting>& waiting = waiting_[unit];
  const size_t index = operations_[unit].size();
  while (!waiting.empty() && index + 1 >= waiting.front().complete + kMaxBehind) {
    const Waiting& first = waiting.front();
    needed[first.unit] = std::max(needed[first.unit], first.count);
    waiting.pop_front();
  }
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
