// SPDX-License-Identifier: Apache-2.0
// Leading non-zero detection: a node, and the tree (docs/reference/eie-timing.md section 2).
#include <algorithm>
#include <deque>

#include "Vlnzd_1.h"
#include "Vlnzd_16.h"
#include "Vlnzd_2.h"
#include "Vlnzd_4.h"
#include "Vlnzd_64.h"
#include "Vlnzd_node_0.h"
#include "Vlnzd_node_2.h"
#include "tb/lockstep/eie/signals.hpp"
#include "tb/modules/module_bench.hpp"

namespace sparsys::eie {
namespace {

// With row_lsb > 0 a child's columns end in its number, as in the tree; else they are anything.
template <class Rtl>
void run_node(uint32_t col_w, uint32_t row_lsb, uint64_t seed) {
  Dice dice(seed);
  ModuleBench<Rtl, LnzdNode> b("eie_lnzd_node");
  PORT(valid_o);
  PORT(done_o);
  PORT(col_o);
  PORT(act_o);
  b.port(
      "child_pop_o", [&b] { return uint64_t{b.rtl.child_pop_o}; },
      [&b] {
        uint64_t pops = 0;
        for (uint32_t c = 0; c < 4; ++c) pops |= uint64_t{b.model.child_pop_o[c]} << c;
        return pops;
      });
  uint64_t ties = 0, taken = 0;
  for (uint64_t n = 0; n < 20000; ++n) {
    const bool rst = dice.below(200) == 0;
    b.rtl.rst_i = rst;
    const uint32_t valid_share = 25 * static_cast<uint32_t>(1 + dice.below(4));
    for (uint32_t c = 0; c < 4; ++c) {
      const bool valid = dice.chance(valid_share);
      const bool done = !valid && dice.chance(80);
      const uint64_t column = row_lsb != 0 ? dice.bits(col_w - row_lsb) << row_lsb | c
                              : dice.chance(50)
                                  ? dice.below(4) + dice.below(2) * (low_mask(col_w) - 4)
                                  : dice.bits(col_w);
      const uint64_t act = dice.bits(16);
      set_bits(b.rtl.child_valid_i, c, 1, valid);
      set_bits(b.rtl.child_done_i, c, 1, done);
      set_bits(b.rtl.child_col_i, c * col_w, col_w, column);
      set_bits(b.rtl.child_act_i, c * 16, 16, act);
      b.model.child_valid_i[c] = valid;
      b.model.child_done_i[c] = done;
      b.model.child_col_i[c] = static_cast<uint16_t>(column);
      b.model.child_act_i[c] = static_cast<uint16_t>(act);
    }
    const auto& m = b.model;
    ties += m.child_valid_i[0] && m.child_valid_i[2] &&
            m.child_col_i[0] >> row_lsb == m.child_col_i[2] >> row_lsb;
    DRIVE(pop_i, b.model.valid_o && dice.chance(70));
    if (!b.check()) return;
    taken += b.rtl.child_pop_o != 0;
    b.edge(rst);
  }
  EXPECT_GT(ties, 200U);
  EXPECT_GT(taken, 2000U);
}

TEST(LnzdNode, AnyColumns) {
  for_seeds(3, [](uint64_t seed) { run_node<Vlnzd_node_0>(12, 0, seed); });
}
TEST(LnzdNode, ColumnsOfATree) {
  for_seeds(3, [](uint64_t seed) { run_node<Vlnzd_node_2>(5, 2, seed); });
}

// Leaves with random rows, pauses in each of them and at the root. Besides the comparison: all
// columns come out, in rising order, each once.
template <class Rtl>
void run_tree(uint32_t n_pe, uint32_t reg_w, uint64_t seed, uint64_t cycles) {
  Config config;
  config.n_pe = n_pe;
  config.act_regs = 1U << reg_w;
  const uint32_t col_w = reg_w + clog2(n_pe);
  Dice dice(seed);
  ModuleBench<Rtl, Lnzd> b("eie_lnzd", config);
  PORT(root_valid_o);
  PORT(root_done_o);
  PORT(root_col_o);
  PORT(root_act_o);
  b.port(
      "leaf_pop_o", [&b, n_pe] { return get_bits(b.rtl.leaf_pop_o, 0, n_pe); },
      [&b, n_pe] {
        uint64_t pops = 0;
        for (uint32_t k = 0; k < n_pe; ++k) pops |= uint64_t{b.model.leaf_pop_o[k]} << k;
        return pops;
      });
  struct Element {
    uint16_t col;
    uint16_t act;
  };
  std::vector<std::deque<Element>> leaf(n_pe);
  std::vector<bool> offered(n_pe);
  std::deque<Element> expected;
  uint32_t pauses = 0, pops = 100;
  uint64_t runs = 0;
  while (b.cycle() < cycles) {
    const bool rst = dice.below(300) == 0;
    if (rst || (expected.empty() && b.model.root_done_o)) {  // The next run.
      ++runs;
      expected.clear();
      const uint32_t share = static_cast<uint32_t>(dice.below(5)) * 25;
      pauses = static_cast<uint32_t>(dice.below(3)) * 20;
      pops = 20 + static_cast<uint32_t>(dice.below(3)) * 40;
      std::vector<Element> all;
      for (uint32_t k = 0; k < n_pe; ++k) {
        leaf[k].clear();
        offered[k] = false;
        const uint32_t leaf_share = dice.chance(20) ? 0 : share;
        for (uint32_t row = 0; row < (1U << reg_w); ++row) {
          if (!dice.chance(leaf_share)) continue;
          leaf[k].push_back(
              {static_cast<uint16_t>(row * n_pe + k), static_cast<uint16_t>(dice.bits(16))});
          all.push_back(leaf[k].back());
        }
      }
      if (!rst) {
        std::sort(all.begin(), all.end(),
                  [](const Element& x, const Element& y) { return x.col < y.col; });
        expected.assign(all.begin(), all.end());
      } else {
        for (auto& l : leaf) l.clear();
      }
    }
    b.rtl.rst_i = rst;
    for (uint32_t k = 0; k < n_pe; ++k) {
      // Once offered an element stays; done is final within a run.
      if (!leaf[k].empty() && !offered[k]) offered[k] = !dice.chance(pauses);
      const bool valid = offered[k];
      const Element e = valid ? leaf[k].front()
                              : Element{static_cast<uint16_t>(dice.bits(col_w)),
                                        static_cast<uint16_t>(dice.bits(16))};
      b.model.leaf_valid_i[k] = valid;
      b.model.leaf_done_i[k] = leaf[k].empty();
      b.model.leaf_col_i[k] = e.col;
      b.model.leaf_act_i[k] = e.act;
      set_bits(b.rtl.leaf_valid_i, k, 1, valid);
      set_bits(b.rtl.leaf_done_i, k, 1, leaf[k].empty());
      set_bits(b.rtl.leaf_col_i, k * col_w, col_w, e.col);
      set_bits(b.rtl.leaf_act_i, k * 16, 16, e.act);
    }
    b.settle();  // With one PE the leaf is the root.
    DRIVE(root_pop_i, b.model.root_valid_o && dice.chance(pops));
    if (!b.check()) return;
    if (!rst && b.rtl.root_pop_i) {
      ASSERT_FALSE(expected.empty());
      ASSERT_EQ(get_bits(b.rtl.root_col_o, 0, col_w), expected.front().col);
      ASSERT_EQ(b.rtl.root_act_o, expected.front().act);
      expected.pop_front();
    }
    for (uint32_t k = 0; k < n_pe; ++k) {
      if (!b.model.leaf_pop_o[k] || rst) continue;
      ASSERT_TRUE(offered[k]);
      leaf[k].pop_front();
      offered[k] = false;
    }
    b.edge(rst);
  }
  EXPECT_GT(runs, 10U);
}

TEST(Lnzd, OneLeaf) {
  for_seeds(2, [](uint64_t seed) { run_tree<Vlnzd_1>(1, 3, seed, 30000); });
}
TEST(Lnzd, TwoLeaves) {
  for_seeds(2, [](uint64_t seed) { run_tree<Vlnzd_2>(2, 6, seed, 30000); });
}
TEST(Lnzd, FourLeaves) {
  for_seeds(2, [](uint64_t seed) { run_tree<Vlnzd_4>(4, 2, seed, 30000); });
}
TEST(Lnzd, SixteenLeaves) {
  for_seeds(2, [](uint64_t seed) { run_tree<Vlnzd_16>(16, 4, seed, 30000); });
}
TEST(Lnzd, SixtyFourLeaves) {
  for_seeds(1, [](uint64_t seed) { run_tree<Vlnzd_64>(64, 6, seed, 30000); });
}

}  // namespace
}  // namespace sparsys::eie
