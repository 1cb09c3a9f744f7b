// SPDX-License-Identifier: Apache-2.0
// EIE's sparse format (Han 2016, section III; docs/reference/eie-format.md sections 1 to 3) for a
// slice of a matrix: rows interleaved over the processing elements (PEs), columns over their
// groups, and for each PE and column one byte per non-zero: its code, and how many zeros of this PE
// precede it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "golden/base/zero_run.hpp"
#include "golden/engine/eie/dealing.hpp"
#include "golden/network/eie_network.hpp"

namespace sparsys::eie {

// Bits of an entry's skip.
constexpr unsigned kSkipBits = 4;
// Most entries of one pass in one PE: its pointers have 16 bits.
constexpr uint32_t kMaxPassEntries = 65535;
constexpr uint32_t kEntriesPerRow = 8;

constexpr uint8_t make_entry(uint32_t code, uint32_t skip) {
  return static_cast<uint8_t>(skip << 4 | code);
}
constexpr uint32_t entry_code(uint8_t entry) { return entry & 0xF; }
constexpr uint32_t entry_skip(uint8_t entry) { return entry >> 4; }

// Rows that an entry advances by, as the engine takes it.
constexpr uint32_t entry_rows(uint8_t entry) {
  return static_cast<uint32_t>(
      run_advance(entry_code(entry) == 0, entry_skip(entry), kSkipBits, Padding::kTwoLevel));
}

// Appends the entries of one column of one PE. local_rows[k], strictly rising, holds code[k] in
// 1..15. The engine takes padding in two levels; Padding::kOneLevel is the paper's form. Returns
// how many entries were appended.
size_t encode_column(const std::vector<uint32_t>& local_rows, const std::vector<uint8_t>& codes,
                     std::vector<uint8_t>& entries, Padding padding = Padding::kTwoLevel);

struct Slice {
  uint32_t columns = 0;
  uint32_t bias_columns = 0;                  // of a group, in front of the columns
  std::vector<std::vector<uint8_t>> entries;  // [pe][number]
  // [pe][bias columns and columns of its group + 1], numbers of entries; all PEs have as many.
  std::vector<std::vector<uint32_t>> column_start;
  uint64_t padding = 0;  // entries of them that are padding
};

// Encodes columns first_column .. + columns - 1 and rows first_row .. + rows - 1 of a layer.
// first_row is a multiple of the number of PEs; rows and columns count from the first. A slice from
// column 0 has the layer's bias columns too. Throws Error if the slice does not lie in the layer.
Slice encode_slice(const Layer& layer, uint32_t first_row, uint32_t rows, uint32_t first_column,
                   uint32_t columns, Dealing dealing, Padding padding = Padding::kTwoLevel);

}  // namespace sparsys::eie
