// SPDX-License-Identifier: Apache-2.0
#include "golden/cycle/eie_lnzd.hpp"

#include <algorithm>

namespace sparsys {

namespace {
constexpr uint32_t kChildren = eie_lnzd_node::kChildren;
}

eie_lnzd::eie_lnzd(const EieConfig& config)
    : leaf_valid_i(config.n_pe),
      leaf_done_i(config.n_pe),
      leaf_col_i(config.n_pe),
      leaf_act_i(config.n_pe),
      leaf_pop_o(config.n_pe) {
  uint32_t first = 0;
  for (uint32_t children = config.n_pe; children > 1;) {
    const uint32_t count = (children + kChildren - 1) / kChildren;
    levels_.push_back({first, count, children});
    first += count;
    children = count;
  }
  node.resize(first);
}

void eie_lnzd::propagate_up() {
  if (node.empty()) {
    root_valid_o = leaf_valid_i[0];
    root_done_o = leaf_done_i[0];
    root_col_o = leaf_col_i[0];
    root_act_o = leaf_act_i[0];
    return;
  }
  const eie_lnzd_node* below = nullptr;  // the level below; the leaves below level 0
  for (const Level& level : levels_) {
    for (uint32_t n = 0; n < level.count; ++n) {
      eie_lnzd_node& parent = node[level.first + n];
      const uint32_t end = std::min(kChildren, level.children - kChildren * n);
      for (uint32_t c = 0; c < end; ++c) {
        const uint32_t child = kChildren * n + c;
        parent.child_valid_i[c] = below ? below[child].valid_o : leaf_valid_i[child];
        parent.child_done_i[c] = below ? below[child].done_o : leaf_done_i[child];
        parent.child_col_i[c] = below ? below[child].col_o : leaf_col_i[child];
        parent.child_act_i[c] = below ? below[child].act_o : leaf_act_i[child];
      }
      parent.propagate_up();
    }
    below = &node[level.first];
  }
  const eie_lnzd_node& root = node.back();
  root_valid_o = root.valid_o;
  root_done_o = root.done_o;
  root_col_o = root.col_o;
  root_act_o = root.act_o;
}

void eie_lnzd::propagate_down() {
  if (node.empty()) {
    leaf_pop_o[0] = root_pop_i;
    return;
  }
  node.back().pop_i = root_pop_i;
  for (size_t l = levels_.size(); l-- > 0;) {
    const Level& level = levels_[l];
    for (uint32_t n = 0; n < level.count; ++n) {
      eie_lnzd_node& parent = node[level.first + n];
      parent.propagate_down();
      const uint32_t end = std::min(kChildren, level.children - kChildren * n);
      for (uint32_t c = 0; c < end; ++c) {
        const uint32_t child = kChildren * n + c;
        if (l > 0) {
          node[levels_[l - 1].first + child].pop_i = parent.child_pop_o[c];
        } else {
          leaf_pop_o[child] = parent.child_pop_o[c];
        }
      }
    }
  }
}

}  // namespace sparsys
