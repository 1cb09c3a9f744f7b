// SPDX-License-Identifier: Apache-2.0
// Groups in the format (docs/reference/eie-format.md sections 1, 3 and 5): who has which entry,
// what images hold, what is refused.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "golden/base/random.hpp"
#include "golden/engine/eie/dealing.hpp"
#include "golden/engine/eie/rules.hpp"
#include "tb/golden/engine/eie/image_bench.hpp"
#include "tb/support/seeds.hpp"

namespace sparsys::eie {
namespace {

// The page's words: PE k is in group k mod G and team k div G; column j in group j mod G; row i in
// team (i mod N) div G as local row (i div N) * G + i mod G.
TEST(EieGroups, EveryRowAndColumnHasOnePlace) {
  for (const uint32_t n : {1U, 2U, 8U, 64U, 256U}) {
    for (const uint32_t g : {1U, 2U, 4U, 8U}) {
      if (g > n) continue;
      const Dealing dealing(n, g);
      EXPECT_EQ(dealing.teams(), n / g);
      std::set<std::pair<uint32_t, uint32_t>> places;
      for (uint32_t i = 0; i < 4 * n; ++i) {
        const uint32_t team = dealing.team_of_row(i), local = dealing.local_row(i);
        ASSERT_EQ(team, i % n / g);
        ASSERT_EQ(local, i / n * g + i % g);
        ASSERT_LT(local, 4 * g);
        ASSERT_EQ(dealing.row(team, local), i);
        ASSERT_TRUE(places.emplace(team, local).second);
        for (uint32_t j = 0; j < 2 * g; ++j) {
          const uint32_t pe = dealing.pe(i, j);
          ASSERT_EQ(pe % g, j % g);
          ASSERT_EQ(pe / g, team);
          ASSERT_EQ(dealing.column(pe, j / g), j);
        }
      }
      EXPECT_EQ(dealing.columns_of_group(0), 0U);
      EXPECT_EQ(dealing.columns_of_group(1), 1U);
      EXPECT_EQ(dealing.columns_of_group(g), 1U);
      EXPECT_EQ(dealing.columns_of_group(g + 1), 2U);
    }
  }
}

// All entries of a slice, PE by PE and column by column of its group, are those of the matrix.
TEST(EieGroups, RandomSlicesDecodeToTheMatrix) {
  for_seeds(120, [](uint64_t seed) {
    Random random(seed, 40);
    const uint32_t n = 1U << random.below(9);
    const uint32_t g = 1U << random.below(std::min(4U, clog2(n) + 1));
    const uint32_t outputs = 1 + static_cast<uint32_t>(random.below(900));
    const uint32_t inputs = 1 + static_cast<uint32_t>(random.below(40));
    const Layer layer = random_layer(seed, inputs, outputs, random.uniform(), true);
    const uint32_t first_row = outputs / 3 / n * n;
    const uint32_t rows = outputs - first_row;
    const uint32_t first_column = inputs / 4;
    const uint32_t columns = inputs - first_column;
    const Slice slice = encode_slice(layer, first_row, rows, first_column, columns, {n, g});
    std::map<std::pair<uint32_t, uint32_t>, uint32_t> found;
    for (uint32_t k = 0; k < n; ++k) {
      const std::vector<uint32_t>& starts = slice.column_start[k];
      ASSERT_EQ(starts.size(), (columns + g - 1) / g + 1);
      ASSERT_EQ(starts.back(), slice.entries[k].size());
      for (uint32_t c = 0; c + 1 < starts.size(); ++c) {
        const uint32_t column = c * g + k % g;
        ASSERT_TRUE(column < columns || starts[c] == starts[c + 1]);
        uint32_t next = 0;
        for (uint32_t e = starts[c]; e < starts[c + 1]; ++e) {
          const uint8_t entry = slice.entries[k][e];
          const uint32_t local = next + entry_rows(entry) - 1;
          next = local + 1;
          if (entry_code(entry) == 0) continue;
          const uint32_t row = local / g * n + k / g * g + local % g;
          ASSERT_TRUE(found.emplace(std::pair(column, row), entry_code(entry)).second);
        }
      }
    }
    std::map<std::pair<uint32_t, uint32_t>, uint32_t> expected;
    for (uint32_t j = 0; j < columns; ++j) {
      for (uint64_t e = layer.column_start[first_column + j];
           e < layer.column_start[first_column + j + 1]; ++e) {
        if (layer.row[e] >= first_row) expected[{j, layer.row[e] - first_row}] = layer.code[e];
      }
    }
    EXPECT_EQ(found, expected);
  });
  const Layer layer = random_layer(1, 8, 16, 0.5);
  EXPECT_THROW(encode_slice(layer, 0, 16, 0, 8, {4, 3}), Error);
  EXPECT_THROW(encode_slice(layer, 0, 16, 0, 8, {4, 8}), Error);
}

Config groups_config(uint32_t n_pe, uint32_t act_regs, uint32_t groups) {
  Config config = small_config(n_pe, act_regs);
  config.groups = groups;
  if (groups == 1) return config;
  config.lanes = 4;
  config.banks = std::min(std::max(groups, 8U), act_regs / 2);
  return config;
}

TEST(EieGroups, RandomNetworksRoundTripAndRun) {
  uint64_t passes = 0;
  for_seeds(120, [&](uint64_t seed) {
    Random random(seed, 41);
    const uint32_t groups = 2U << random.below(3);
    const uint32_t act_regs = std::max(2 * groups, 4U << random.below(5));
    Config config = groups_config(groups << random.below(5), act_regs, groups);
    config.acc_width = 20 + static_cast<uint32_t>(seed % 29);
    config.list_depth = 32768;
    config.ptr_depth = 65536;
    const Network network = random_network(seed, random_options(seed, 150));
    expect_right(network, config, seed);
    passes += plain_image(network, config).passes.size();
  });
  std::cout << passes << " passes\n";
}

// Inputs from the registers, in passes that a PE's entries cut.
TEST(EieGroups, PassesSplitByEntries) {
  const Config config = groups_config(16, 64, 2);  // 128 rows a PE x 512 columns: 65,536 entries
  const Network network = one_layer(1024, 1024, 1.0);
  ASSERT_EQ(plain_image(network, config).passes.size(), 2U);
  expect_right(network, config);
}

TEST(EieGroups, PointersAreSharedByTheGroups) {
  const Network network = one_layer(100, 40, 0.5);
  Config config = groups_config(8, 32, 4);
  config.ptr_depth = 32;
  const Image image = plain_image(network, config);
  EXPECT_EQ(image.pointers[0].size(), 26U);  // 25 columns and the end
  const Network more = one_layer(125, 40, 0.5);
  EXPECT_EQ(build_error(more, config),
            "layer 1 (fc1): pointer memory: 33 pointers a PE needed, 32 available; --pointers 64 "
            "gives them, and more PEs need less each");
  EXPECT_EQ(build_error(one_layer(124, 40, 0.5), config), "no error");
}

TEST(EieGroups, Rules) {
  Config config = groups_config(8, 8, 4);
  config.ptr_depth = 16;
  const auto of = [&](uint32_t in_count, uint32_t in_first, uint32_t ptr_base) {
    Pass pass;
    pass.in_count = in_count;
    pass.in_first = in_first;
    pass.ptr_base = ptr_base;
    uint64_t words[2];
    encode(pass, words);
    return breach_of(words, config);
  };
  EXPECT_EQ(of(60, 0, 0).reason, Reason::kNone);  // 15 columns a group, 16 pointers
  EXPECT_EQ(of(61, 0, 0).text, "pointers 0 to 16, the pointer memory has 16");
  EXPECT_EQ(of(60, 0, 1).text, "pointers 1 to 16, the pointer memory has 16");
  EXPECT_EQ(of(64, 4, 0).text, "pointers 8 to 16, the pointer memory has 16");
  EXPECT_EQ(of(64, 4, 15).reason, Reason::kNone);  // 7 to 15
  EXPECT_EQ(of(64, 8, 15).reason, Reason::kNone);  // no column
  EXPECT_EQ(of(65, 0, 0).reason, Reason::kCounts);

  const Image sound = plain_image(one_layer(20, 50, 0.5), config);
  Image image = sound;
  image.pointers[5][2] = 0;
  EXPECT_EQ(error_of([&] { check(image); }).substr(0, 56),
            "image: descriptor 0: PE 5: column 5: pointers fall from ");
  image = sound;
  image.entry_rows[6][0] = ~uint64_t{0};
  EXPECT_EQ(error_of([&] { check(image); }),
            "image: descriptor 0: PE 6: column 2: entry 2 is of row 47, a PE has 32 (ACT_REGS * "
            "GROUPS)");
}

TEST(EieGroups, Configurations) {
  const auto error = [](uint32_t n_pe, uint32_t lanes, uint32_t banks, uint32_t groups) {
    Config config;
    config.n_pe = n_pe;
    config.lanes = lanes;
    config.banks = banks;
    config.groups = groups;
    return error_of([&] { check(config); });
  };
  for (uint32_t groups = 0; groups <= 17; ++groups) {
    const bool power = groups == 1 || groups == 2 || groups == 4 || groups == 8;
    for (const uint32_t n_pe : {1U, 2U, 4U, 8U, 64U}) {
      for (const uint32_t banks : {2U, 4U, 8U, 32U}) {
        const bool sound = power && groups <= n_pe && groups <= banks;
        EXPECT_EQ(error(n_pe, 8, banks, groups) == "no error", sound)
            << n_pe << " PEs, " << banks << " banks, " << groups << " groups";
      }
    }
    EXPECT_EQ(error(64, 1, 1, groups) == "no error", groups == 1);
  }
  EXPECT_EQ(error(64, 8, 16, 3),
            "engine configuration: GROUPS is 3, must be a power of two from 1 to 8");
  EXPECT_EQ(error(64, 1, 1, 4), "engine configuration: GROUPS is 4, must be 1 with LANES 1");
  EXPECT_EQ(error(2, 8, 16, 4),
            "engine configuration: GROUPS is 4, must be at most 2, the smaller of N_PE and BANKS");
}

}  // namespace
}  // namespace sparsys::eie
