// SPDX-License-Identifier: Apache-2.0
// Which PE gets which rows and columns of a matrix, and under which numbers
// (docs/reference/eie-format.md section 1): columns are dealt to groups, rows to teams of one PE of
// each group. With one group every PE is a team.
#pragma once

#include <cstdint>

#include "golden/engine/eie/config.hpp"
#include "golden/network/eie_network.hpp"

namespace sparsys::eie {

// Rows and columns count from the start of a range, a multiple of the number of PEs.
struct Dealing {
  // Both powers of two, groups at most n_pe.
  Dealing(uint32_t pes, uint32_t of_groups = 1) : n_pe(pes), groups(of_groups) {}
  explicit Dealing(const Config& config) : Dealing(config.n_pe, config.groups) {}

  uint32_t n_pe;
  uint32_t groups;

  uint32_t teams() const { return n_pe / groups; }
  uint32_t group_of_pe(uint32_t pe) const { return pe % groups; }
  uint32_t team_of_row(uint32_t row) const { return row % n_pe / groups; }
  // The PE that has the entry of this row and column.
  uint32_t pe(uint32_t row, uint32_t column) const {
    return team_of_row(row) * groups + column % groups;
  }
  // The accumulator of a row in its team's PEs, and back.
  uint32_t local_row(uint32_t row) const { return row / n_pe * groups + row % groups; }
  uint32_t row(uint32_t team, uint32_t local_row) const {
    return local_row / groups * n_pe + team * groups + local_row % groups;
  }
  // How many of the first `columns` columns a group has at most: as many have a number in it.
  uint32_t columns_of_group(uint32_t columns) const { return (columns + groups - 1) / groups; }
  // Bias columns (section 8): the groups that they are dealt to, column k to group k mod that, and
  // how many `pairs` of them take of a group.
  uint32_t bias_groups() const { return groups < kMaxBiasGroups ? groups : kMaxBiasGroups; }
  uint32_t bias_columns(uint32_t pairs) const {
    return (2 * pairs + bias_groups() - 1) / bias_groups();
  }
  // The column with number `column` in the group of PE `pe`.
  uint32_t column(uint32_t pe, uint32_t column) const { return column * groups + group_of_pe(pe); }
};

}  // namespace sparsys::eie
