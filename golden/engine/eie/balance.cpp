// SPDX-License-Identifier: Apache-2.0
#include "golden/engine/eie/balance.hpp"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <numeric>
#include <queue>
#include <utility>

#include "golden/engine/eie/dealing.hpp"

namespace sparsys::eie {
namespace {

using Positions = std::vector<uint32_t>;  // new place of each row or column

// The largest magnitude that each element of a vector can have.
using Limits = std::vector<int64_t>;

int64_t weight(const Layer& layer, uint64_t k) { return layer.codebook[layer.code[k]]; }

// What the layer's outputs can be at most: constants are known, as their rows have entries in the
// columns of constants alone, everything else is any number of 16 bits.
Limits output_limits(const Layer& layer, const Limits& inputs) {
  Limits limits(layer.outputs, layer.relu ? INT16_MAX : -int64_t{INT16_MIN});
  const uint32_t first_row = layer.outputs - layer.constant_outputs;
  const uint32_t first_column = layer.inputs - layer.constant_inputs;
  std::vector<int64_t> sums(layer.constant_outputs);
  std::vector<bool> known(layer.constant_outputs, true);
  for (uint32_t j = 0; j < layer.inputs && layer.constant_outputs > 0; ++j) {
    for (uint64_t k = layer.column_start[j]; k < layer.column_start[j + 1]; ++k) {
      if (layer.row[k] < first_row) continue;
      const uint32_t c = layer.row[k] - first_row;
      known[c] = known[c] && j >= first_column;
      sums[c] += std::abs(weight(layer, k)) * inputs[j];
    }
  }
  for (uint32_t c = 0; c < layer.constant_outputs; ++c) {
    if (known[c])
      limits[first_row + c] = std::min(limits[first_row + c], (sums[c] >> layer.shift()) + 1);
  }
  return limits;
}

// Whether no order of additions can saturate a sum of the layer.
bool order_is_free(const Layer& layer, Limits inputs, uint32_t acc_width) {
  for (const int16_t constant : layer.bias) inputs.push_back(std::abs(int64_t{constant}));
  std::vector<int64_t> sums(layer.outputs);
  for (size_t j = 0; j < inputs.size(); ++j) {
    for (uint64_t k = layer.column_start[j]; k < layer.column_start[j + 1]; ++k) {
      sums[layer.row[k]] += std::abs(weight(layer, k)) * inputs[j];
    }
  }
  const int64_t most = (int64_t{1} << (acc_width - 1)) - 1;
  return std::all_of(sums.begin(), sums.end(), [&](int64_t sum) { return sum <= most; });
}

// A team of PEs and its rows, in the order in which they were given: most non-zeros first. Sparse
// rows come last, where gaps in front of them take no padding.
struct Share {
  uint64_t load = 0;
  std::vector<uint32_t> rows;
};

// Exchanges rows between the fullest and the emptiest team as long as that brings them together.
void exchange(std::vector<Share>& shares, const std::vector<uint32_t>& counts) {
  const auto by_load = [](const Share& a, const Share& b) { return a.load < b.load; };
  for (size_t round = 0; round < counts.size(); ++round) {
    Share& most = *std::max_element(shares.begin(), shares.end(), by_load);
    Share& least = *std::min_element(shares.begin(), shares.end(), by_load);
    const int64_t gap = static_cast<int64_t>(most.load - least.load);
    int64_t best = 0;
    std::pair<size_t, size_t> pair;
    for (size_t a = 0; a < most.rows.size(); ++a) {
      for (size_t b = 0; b < least.rows.size(); ++b) {
        const int64_t moved = int64_t{counts[most.rows[a]]} - int64_t{counts[least.rows[b]]};
        const int64_t gain = std::min(moved, gap - moved);  // of the fuller of the two
        if (gain > best) {
          best = gain;
          pair = {a, b};
        }
      }
    }
    if (best <= 0) return;
    uint32_t& a = most.rows[pair.first];
    uint32_t& b = least.rows[pair.second];
    const uint64_t moved = counts[a] - counts[b];
    std::swap(a, b);
    most.load -= moved;
    least.load += moved;
  }
}

// Rows first .. first + count - 1 over the teams; first is a multiple of the number of PEs.
void assign(uint32_t first, uint32_t count, const Dealing& dealing,
            const std::vector<uint32_t>& counts, Positions& positions) {
  std::vector<uint32_t> order(count);
  std::iota(order.begin(), order.end(), first);
  const auto fuller = [&](uint32_t a, uint32_t b) { return counts[a] > counts[b]; };
  std::stable_sort(order.begin(), order.end(), fuller);
  std::vector<uint32_t> room(dealing.teams());
  for (uint32_t row = 0; row < count; ++row) ++room[dealing.team_of_row(row)];
  room.erase(std::find(room.begin(), room.end(), 0U), room.end());
  std::vector<Share> shares(room.size());
  using Load = std::pair<uint64_t, uint32_t>;
  std::priority_queue<Load, std::vector<Load>, std::greater<>> emptiest;
  for (uint32_t team = 0; team < shares.size(); ++team) emptiest.push({0, team});
  for (const uint32_t row : order) {
    const uint32_t team = emptiest.top().second;
    emptiest.pop();
    Share& share = shares[team];
    share.load += counts[row];
    share.rows.push_back(row);
    if (share.rows.size() < room[team]) emptiest.push({share.load, team});
  }
  exchange(shares, counts);
  for (uint32_t team = 0; team < shares.size(); ++team) {
    std::vector<uint32_t>& rows = shares[team].rows;
    std::stable_sort(rows.begin(), rows.end(), fuller);
    for (uint32_t r = 0; r < rows.size(); ++r) positions[rows[r]] = first + dealing.row(team, r);
  }
}

Positions identity(uint32_t size) {
  Positions positions(size);
  std::iota(positions.begin(), positions.end(), 0);
  return positions;
}

Positions balanced_positions(const Layer& layer, const Config& config) {
  std::vector<uint32_t> counts(layer.outputs);
  for (const uint32_t row : layer.row) ++counts[row];
  Positions positions(layer.outputs);
  const uint32_t range = config.act_regs * config.n_pe;
  for (uint32_t row = 0; row < layer.outputs; row += range) {
    assign(row, std::min(range, layer.outputs - row), Dealing(config), counts, positions);
  }
  return positions;
}

// The layer with its columns and rows in their new places; bias columns stay behind.
Layer moved(const Layer& layer, const Positions& columns, const Positions& rows) {
  Layer result = layer;
  result.column_start.assign(1, 0);
  result.row.clear();
  result.code.clear();
  std::vector<uint32_t> column_at(columns.size());
  for (uint32_t j = 0; j < columns.size(); ++j) column_at[columns[j]] = j;
  for (uint32_t k = 0; k < layer.bias.size(); ++k) column_at.push_back(layer.inputs + k);
  std::vector<std::pair<uint32_t, uint8_t>> column;
  for (const uint32_t j : column_at) {
    column.clear();
    for (uint64_t k = layer.column_start[j]; k < layer.column_start[j + 1]; ++k) {
      column.emplace_back(rows[layer.row[k]], layer.code[k]);
    }
    std::sort(column.begin(), column.end());
    for (const auto& [row, code] : column) {
      result.row.push_back(row);
      result.code.push_back(code);
    }
    result.column_start.push_back(result.row.size());
  }
  return result;
}

}  // namespace

const char* to_string(Rows rows) {
  switch (rows) {
    case Rows::kInterleaved:
      return "interleaved";
    case Rows::kBalanced:
      return "balanced";
    default:
      return "outputs in order";
  }
}

Arrangement balance_rows(const Network& network, const Config& config, bool last) {
  Arrangement result;
  result.network = network;
  result.network.layers.clear();
  Limits limits(network.layers.front().inputs, -int64_t{INT16_MIN});
  for (size_t c = 0; c < network.input_constants.size(); ++c) {
    limits[network.input_size() + c] = std::abs(int64_t{network.input_constants[c]});
  }
  Positions columns = identity(network.layers.front().inputs);
  for (size_t l = 0; l < network.layers.size(); ++l) {
    const Layer& layer = network.layers[l];
    limits = output_limits(layer, limits);
    const bool at_end = l + 1 == network.layers.size();
    result.balanced.push_back(
        at_end ? last : order_is_free(network.layers[l + 1], limits, config.acc_width));
    Positions rows =
        result.balanced.back() ? balanced_positions(layer, config) : identity(layer.outputs);
    result.network.layers.push_back(moved(layer, columns, rows));
    columns = std::move(rows);
  }
  result.output_position = std::move(columns);
  return result;
}

}  // namespace sparsys::eie
