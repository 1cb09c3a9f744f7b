// SPDX-License-Identifier: Apache-2.0
// The non-zero tree of the cycle model (docs/reference/eie-timing.md section 2).
#include "golden/cycle/eie/lnzd.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "golden/base/random.hpp"

namespace sparsys::eie {
namespace {

TEST(LnzdNode, TakesTheSmallestColumnOfItsChildren) {
  LnzdNode node;
  node.child_valid_i = {1, 1, 0, 1};
  node.child_done_i = {0, 0, 1, 0};
  node.child_col_i = {9, 4, 1, 7};
  node.child_act_i = {90, 40, 10, 70};
  node.propagate();
  EXPECT_FALSE(node.valid_o);
  EXPECT_FALSE(node.done_o);
  EXPECT_EQ(node.child_pop_o, (std::array<uint8_t, 4>{0, 1, 0, 0}));
  node.update(false);
  EXPECT_TRUE(node.valid_q);
  EXPECT_EQ(node.col_q, 4);
  EXPECT_EQ(node.act_q, 40);
}

TEST(LnzdNode, WaitsForAChildThatIsNotSettled) {
  LnzdNode node;
  node.child_valid_i = {1, 0, 0, 0};
  node.child_done_i = {0, 0, 1, 1};  // child 1 is neither valid nor done
  node.child_col_i = {9, 0, 0, 0};
  node.propagate();
  EXPECT_EQ(node.child_pop_o, (std::array<uint8_t, 4>{}));
  node.update(false);
  EXPECT_FALSE(node.valid_q);
  node.child_done_i[1] = 1;
  node.propagate();
  EXPECT_EQ(node.child_pop_o[0], 1);
}

TEST(LnzdNode, HoldsItsValueUntilPopped) {
  LnzdNode node;
  node.child_valid_i = {1, 0, 0, 0};
  node.child_done_i = {0, 1, 1, 1};
  node.child_col_i[0] = 3;
  node.propagate();
  node.update(false);
  node.child_col_i[0] = 5;
  node.propagate();
  EXPECT_EQ(node.child_pop_o[0], 0);
  node.update(false);
  EXPECT_EQ(node.col_q, 3);
  node.pop_i = 1;
  node.propagate();
  EXPECT_EQ(node.child_pop_o[0], 1);  // refilled in the cycle of the pop
  node.update(false);
  EXPECT_TRUE(node.valid_q);
  EXPECT_EQ(node.col_q, 5);
  node.child_valid_i[0] = 0;
  node.child_done_i[0] = 1;
  node.propagate();
  EXPECT_FALSE(node.done_o);
  node.update(false);
  EXPECT_FALSE(node.valid_q);
  EXPECT_EQ(node.col_q, 5);  // the payload keeps its value
  node.pop_i = 0;
  node.propagate();
  EXPECT_TRUE(node.done_o);
}

// Leaves as eie_act_rw makes them: a list of columns each, popped one a cycle.
struct Leaves {
  std::vector<std::vector<uint16_t>> columns;
  std::vector<size_t> next;

  explicit Leaves(uint32_t n) : columns(n), next(n) {}
  void drive(Lnzd& tree) const {
    for (size_t k = 0; k < columns.size(); ++k) {
      const bool valid = next[k] < columns[k].size();
      tree.leaf_valid_i[k] = valid;
      tree.leaf_done_i[k] = !valid;
      tree.leaf_col_i[k] = valid ? columns[k][next[k]] : 0;
      tree.leaf_act_i[k] = static_cast<uint16_t>(tree.leaf_col_i[k] * 3);
    }
  }
  void update(const Lnzd& tree) {
    for (size_t k = 0; k < columns.size(); ++k) next[k] += tree.leaf_pop_o[k];
  }
};

class LnzdSize : public testing::TestWithParam<uint32_t> {};

TEST_P(LnzdSize, HasAQuarterOfTheNodesPerLevel) {
  Config config;
  config.n_pe = GetParam();
  size_t expected = 0;
  for (uint32_t n = config.n_pe; n > 1; expected += n) n = (n + 3) / 4;
  EXPECT_EQ(Lnzd(config).node.size(), expected);
  if (config.n_pe == 64) {
    EXPECT_EQ(expected, 21u);
  }
}

TEST_P(LnzdSize, DeliversAllColumnsInOrderOneACycle) {
  const uint32_t n_pe = GetParam();
  Random random(n_pe);
  for (double density : {1.0, 0.4, 0.05, 0.0}) {
    Config config;
    config.n_pe = n_pe;
    Lnzd tree(config);
    Leaves leaves(n_pe);
    std::vector<uint16_t> expected;
    for (uint32_t col = 0; col < 16 * n_pe; ++col) {
      if (random.uniform() >= density) continue;
      leaves.columns[col % n_pe].push_back(static_cast<uint16_t>(col));
      expected.push_back(static_cast<uint16_t>(col));
    }
    uint32_t levels = 0;
    for (uint32_t n = n_pe; n > 1; n = (n + 3) / 4) ++levels;

    std::vector<uint16_t> got;
    uint32_t first = 0, last = 0, cycle = 0;
    for (;; ++cycle) {
      ASSERT_LT(cycle, 10000u);
      leaves.drive(tree);
      tree.root_pop_i = 0;
      tree.propagate();
      tree.root_pop_i = tree.root_valid_o;
      tree.propagate();  // a second time, with the pop: outputs follow
      if (tree.root_valid_o) {
        if (got.empty()) first = cycle;
        last = cycle;
        got.push_back(tree.root_col_o);
        EXPECT_EQ(tree.root_act_o, static_cast<uint16_t>(tree.root_col_o * 3));
      }
      const bool done = tree.root_done_o;
      EXPECT_FALSE(done && tree.root_valid_o);
      leaves.update(tree);
      tree.update(false);
      if (done) break;
    }
    EXPECT_EQ(got, expected) << "density " << density;
    if (expected.empty()) {
      EXPECT_EQ(cycle, 0u);
    } else {
      EXPECT_EQ(first, levels);                      // a register per level
      EXPECT_EQ(last - first + 1, expected.size());  // one a cycle
      EXPECT_EQ(cycle, last + 1);                    // done at once
    }
  }
}

TEST_P(LnzdSize, KeepsOrderWhenHeldAtRandom) {
  const uint32_t n_pe = GetParam();
  Random random(1000 + n_pe);
  Config config;
  config.n_pe = n_pe;
  Lnzd tree(config);
  Leaves leaves(n_pe);
  std::vector<uint16_t> expected, got;
  for (uint32_t col = 0; col < 16 * n_pe; ++col) {
    if (random.below(3) == 0) continue;
    leaves.columns[col % n_pe].push_back(static_cast<uint16_t>(col));
    expected.push_back(static_cast<uint16_t>(col));
  }
  for (uint32_t cycle = 0; cycle < 64 * n_pe + 100; ++cycle) {
    leaves.drive(tree);
    tree.propagate();
    tree.root_pop_i = tree.root_valid_o && random.below(2) == 0;
    tree.propagate();
    if (tree.root_pop_i) got.push_back(tree.root_col_o);
    leaves.update(tree);
    tree.update(false);
    tree.root_pop_i = 0;
  }
  EXPECT_EQ(got, expected);
}

INSTANTIATE_TEST_SUITE_P(Sizes, LnzdSize, testing::Values(1, 2, 4, 8, 16, 64, 256));

}  // namespace
}  // namespace sparsys::eie
