// SPDX-License-Identifier: Apache-2.0
#include "golden/cycle/eie/lnzd.hpp"

#include <algorithm>

namespace sparsys::eie {

namespace {
constexpr uint32_t kChildren = LnzdNode::kChildren;

// Of one node; nearly all have all of them, which is a copy of known length.
template <class From, class To>
void copy_children(From from, uint32_t children, To to) {
  if (children == kChildren) {
    std::copy_n(from, kChildren, to);
  } else {
    std::copy_n(from, children, to);
  }
}
}  // namespace

Lnzd::Lnzd(const Config& config)
    : leaf_valid_i(config.n_pe / config.groups),
      leaf_done_i(leaf_valid_i.size()),
      leaf_col_i(leaf_valid_i.size()),
      leaf_act_i(leaf_valid_i.size()),
      leaf_pop_o(leaf_valid_i.size()) {
  uint32_t first = 0, below = kLeaves;
  for (uint32_t children = config.n_pe / config.groups; children > 1;) {
    const uint32_t count = (children + kChildren - 1) / kChildren;
    levels_.push_back({first, count, children, below});
    below = first;
    first += count;
    children = count;
  }
  node.resize(first);
}

void Lnzd::propagate_up() {
  if (node.empty()) {
    root_valid_o = leaf_valid_i[0];
    root_done_o = leaf_done_i[0];
    root_col_o = leaf_col_i[0];
    root_act_o = leaf_act_i[0];
    return;
  }
  for (const Level& level : levels_) {
    for (uint32_t n = 0; n < level.count; ++n) {
      LnzdNode& parent = node[level.first + n];
      const uint32_t first = kChildren * n;
      const uint32_t children = std::min(kChildren, level.children - first);
      if (level.below == kLeaves) {
        copy_children(&leaf_valid_i[first], children, parent.child_valid_i.begin());
        copy_children(&leaf_done_i[first], children, parent.child_done_i.begin());
        copy_children(&leaf_col_i[first], children, parent.child_col_i.begin());
        copy_children(&leaf_act_i[first], children, parent.child_act_i.begin());
      } else {
        const LnzdNode* child = &node[level.below + first];
        for (uint32_t c = 0; c < children; ++c) {
          parent.child_valid_i[c] = child[c].valid_o;
          parent.child_done_i[c] = child[c].done_o;
          parent.child_col_i[c] = child[c].col_o;
          parent.child_act_i[c] = child[c].act_o;
        }
      }
      parent.propagate_up();
    }
  }
  const LnzdNode& root = node.back();
  root_valid_o = root.valid_o;
  root_done_o = root.done_o;
  root_col_o = root.col_o;
  root_act_o = root.act_o;
}

void Lnzd::propagate_down() {
  if (node.empty()) {
    leaf_pop_o[0] = root_pop_i;
    return;
  }
  node.back().pop_i = root_pop_i;
  for (auto level = levels_.rbegin(); level != levels_.rend(); ++level) {
    for (uint32_t n = 0; n < level->count; ++n) {
      LnzdNode& parent = node[level->first + n];
      const uint32_t first = kChildren * n;
      const uint32_t children = std::min(kChildren, level->children - first);
      parent.propagate_down();
      if (level->below == kLeaves) {
        copy_children(parent.child_pop_o.begin(), children, &leaf_pop_o[first]);
      } else {
        LnzdNode* child = &node[level->below + first];
        for (uint32_t c = 0; c < children; ++c) child[c].pop_i = parent.child_pop_o[c];
      }
    }
  }
}

}  // namespace sparsys::eie
