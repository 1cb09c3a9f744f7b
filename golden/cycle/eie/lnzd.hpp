// SPDX-License-Identifier: Apache-2.0
// Leading non-zero detection: the tree of eie_lnzd_node over the PEs of a group, which delivers the
// non-zero activations of their source registers in rising column (docs/reference/eie-timing.md
// sections 2 and 12.1).
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "golden/cycle/eie/lnzd_node.hpp"
#include "golden/engine/eie/config.hpp"

namespace sparsys::eie {

class Lnzd {
 public:
  explicit Lnzd(const Config& config);

  // Ports; the leaf vectors have an element per PE of the group, that is per team.
  std::vector<uint8_t> leaf_valid_i;
  std::vector<uint8_t> leaf_done_i;
  std::vector<uint16_t> leaf_col_i;
  std::vector<uint16_t> leaf_act_i;
  std::vector<uint8_t> leaf_pop_o;
  uint8_t root_valid_o = 0;
  uint8_t root_done_o = 0;
  uint8_t root_pop_i = 0;
  uint16_t root_col_o = 0;
  uint16_t root_act_o = 0;

  // Level by level, level 0 (over the leaves) first, the root last. None with one PE.
  std::vector<LnzdNode> node;

  void propagate() {
    propagate_up();
    propagate_down();
  }
  // From the leaves to the root: everything but the pops.
  void propagate_up();
  // From the root to the leaves: the pops.
  void propagate_down();

  // After propagate(): whether the edge changes anything in the tree.
  bool moves() const {
    return std::any_of(node.begin(), node.end(), [](const LnzdNode& n) { return n.moves(); });
  }

  void update(bool rst) {
    for (LnzdNode& n : node) n.update(rst);
  }

 private:
  struct Level {
    uint32_t first;     // the level's first node in `node`
    uint32_t count;     // its nodes
    uint32_t children;  // their children in all
    uint32_t below;     // the first of them in `node`; kLeaves on level 0
  };
  static constexpr uint32_t kLeaves = ~0U;
  std::vector<Level> levels_;
};

}  // namespace sparsys::eie
