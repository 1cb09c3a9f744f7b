// SPDX-License-Identifier: Apache-2.0
#include "golden/engine/eie/encode.hpp"

#include <algorithm>
#include <string>

#include "golden/base/error.hpp"

namespace sparsys::eie {
namespace {

// Appends the entry of `local_row`, with padding before it where needed. `next` is the row after
// the last entry of this column. Returns the number of padding entries.
inline uint32_t append(uint32_t local_row, uint8_t code, uint32_t next, Padding padding,
                       std::vector<uint8_t>& entries) {
  uint32_t paddings = 0;
  const uint32_t skip = pad_run(local_row - next, kSkipBits, padding, [&](uint32_t index) {
    entries.push_back(make_entry(0, index));
    ++paddings;
  });
  entries.push_back(make_entry(code, skip));
  return paddings;
}

}  // namespace

size_t encode_column(const std::vector<uint32_t>& local_rows, const std::vector<uint8_t>& codes,
                     std::vector<uint8_t>& entries, Padding padding) {
  if (local_rows.size() != codes.size()) throw Error("column: rows and codes differ in number");
  const size_t before = entries.size();
  uint32_t next = 0;
  for (size_t k = 0; k < local_rows.size(); ++k) {
    if (local_rows[k] < next) {
      throw Error("column: row " + std::to_string(local_rows[k]) + " does not rise");
    }
    if (codes[k] < 1 || codes[k] > 15) {
      throw Error("column: code " + std::to_string(codes[k]) + " is outside of 1 to 15");
    }
    append(local_rows[k], codes[k], next, padding, entries);
    next = local_rows[k] + 1;
  }
  return entries.size() - before;
}

Slice encode_slice(const Layer& layer, uint32_t first_row, uint32_t rows, uint32_t first_column,
                   uint32_t columns, Dealing dealing, Padding padding) {
  const uint32_t n_pe = dealing.n_pe;
  const uint32_t groups = dealing.groups;
  if (n_pe == 0 || (n_pe & (n_pe - 1)) != 0) throw Error("slice: PEs must be a power of two");
  if (first_row % n_pe != 0 || uint64_t{first_row} + rows > layer.outputs ||
      uint64_t{first_column} + columns > layer.inputs) {
    throw Error("slice: outside of the layer, or not starting at PE 0");
  }
  if (groups == 0 || (groups & (groups - 1)) != 0 || groups > n_pe) {
    throw Error("slice: groups must be a power of two, at most the PEs");
  }

  Slice slice;
  slice.columns = columns;
  const auto biases = static_cast<uint32_t>(first_column == 0 ? layer.bias.size() : 0);
  slice.bias_columns = dealing.bias_columns((biases + 1) / 2);
  slice.entries.resize(n_pe);
  slice.column_start.resize(n_pe);
  const size_t starts_of_pe = size_t{slice.bias_columns} + dealing.columns_of_group(columns) + 1;
  for (auto& starts : slice.column_start) {
    starts.reserve(starts_of_pe);
    starts.push_back(0);
  }
  const bool all_rows = first_row == 0 && rows == layer.outputs;
  std::vector<uint32_t> next(n_pe);
  // The entries of the layer's column j, in the PEs of a group.
  const auto encode = [&](uint32_t j, uint32_t group) {
    const uint32_t* begin = layer.row.data() + layer.column_start[j];
    const uint32_t* end = layer.row.data() + layer.column_start[j + 1];
    if (!all_rows) {
      begin = std::lower_bound(begin, end, first_row);
      end = std::lower_bound(begin, end, first_row + rows);
    }
    std::fill(next.begin(), next.end(), 0);
    const uint8_t* code = layer.code.data() + (begin - layer.row.data());
    for (const uint32_t* row = begin; row != end; ++row, ++code) {
      const uint32_t offset = *row - first_row;
      const uint32_t pe = dealing.pe(offset, group);
      const uint32_t local_row = dealing.local_row(offset);
      slice.padding += append(local_row, *code, next[pe], padding, slice.entries[pe]);
      next[pe] = local_row + 1;
    }
    for (uint32_t pe = group; pe < n_pe; pe += groups) {
      slice.column_start[pe].push_back(static_cast<uint32_t>(slice.entries[pe].size()));
    }
  };
  // A group with a column less than others has an empty one at the end.
  const auto fill_up = [&](size_t number) {
    for (auto& starts : slice.column_start) starts.resize(number, starts.back());
  };
  for (uint32_t k = 0; k < biases; ++k) encode(layer.inputs + k, k % dealing.bias_groups());
  fill_up(size_t{slice.bias_columns} + 1);
  for (uint32_t column = 0; column < columns; ++column) {
    encode(first_column + column, column % groups);
  }
  fill_up(starts_of_pe);
  return slice;
}

}  // namespace sparsys::eie
