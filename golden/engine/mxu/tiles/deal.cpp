// SPDX-License-Identifier: Apache-2.0
#include "golden/engine/mxu/tiles/deal.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "golden/engine/mxu/config.hpp"

namespace sparsys::mxu {

namespace {

// Of all tiles together.
uint64_t longest_buses(const std::vector<std::vector<uint32_t>>& loads,
                       const std::vector<uint16_t>& column) {
  uint64_t sum = 0;
  for (size_t t = 0; !loads.empty() && t < loads.front().size(); ++t) {
    std::vector<uint64_t> bus(*std::max_element(column.begin(), column.end()) / kBusColumns + 1);
    for (size_t o = 0; o < loads.size(); ++o) bus[column[o] / kBusColumns] += loads[o][t];
    sum += *std::max_element(bus.begin(), bus.end());
  }
  return sum;
}

}  // namespace

std::vector<uint16_t> deal_columns(const std::vector<std::vector<uint32_t>>& loads,
                                   uint32_t columns) {
  const size_t tiles = loads.empty() ? 0 : loads.front().size();
  const uint32_t buses = bus_count(columns);
  std::vector<uint64_t> total(loads.size());
  for (size_t o = 0; o < loads.size(); ++o) {
    total[o] = std::accumulate(loads[o].begin(), loads[o].end(), uint64_t{0});
  }
  std::vector<size_t> order(loads.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&total](size_t a, size_t b) { return total[a] > total[b]; });

  struct Bus {
    std::vector<uint64_t> load;  // in each tile
    uint64_t total = 0;
    uint32_t used = 0;  // columns
  };
  std::vector<Bus> bus(buses, {std::vector<uint64_t>(tiles), 0, 0});
  std::vector<uint64_t> longest(tiles);
  std::vector<uint16_t> column(loads.size());
  for (const size_t o : order) {
    size_t best = buses;
    std::pair<uint64_t, uint64_t> least;  // growth of the longest buses, load so far
    for (size_t b = 0; b < buses; ++b) {
      if (b * kBusColumns + bus[b].used >= std::min<size_t>(columns, (b + 1) * kBusColumns))
        continue;
      std::pair<uint64_t, uint64_t> cost{0, bus[b].total};
      for (size_t t = 0; t < tiles; ++t) {
        const uint64_t load = bus[b].load[t] + loads[o][t];
        if (load > longest[t]) cost.first += load - longest[t];
      }
      if (best == buses || cost < least) {
        best = b;
        least = cost;
      }
    }
    Bus& to = bus[best];
    column[o] = static_cast<uint16_t>(best * kBusColumns + to.used);
    ++to.used;
    to.total += total[o];
    for (size_t t = 0; t < tiles; ++t) {
      to.load[t] += loads[o][t];
      longest[t] = std::max(longest[t], to.load[t]);
    }
  }
  std::vector<uint16_t> in_order(loads.size());
  std::iota(in_order.begin(), in_order.end(), uint16_t{0});
  return longest_buses(loads, column) < longest_buses(loads, in_order) ? column : in_order;
}

}  // namespace sparsys::mxu
