// SPDX-License-Identifier: Apache-2.0
// The sparse format against EIE's own worked examples and against the definition.
#include "golden/engine/eie/encode.hpp"

#include <gtest/gtest.h>

#include <map>

#include "golden/base/error.hpp"
#include "tb/support/random_network.hpp"

namespace sparsys::eie {
namespace {

using Bytes = std::vector<uint8_t>;

// A layer from (row, column) -> code.
Layer make_layer(uint32_t outputs, uint32_t inputs,
                 const std::map<std::pair<uint32_t, uint32_t>, uint8_t>& codes) {
  Layer layer;
  layer.inputs = inputs;
  layer.outputs = outputs;
  layer.column_start.push_back(0);
  for (uint32_t j = 0; j < inputs; ++j) {
    for (uint32_t i = 0; i < outputs; ++i) {
      const auto found = codes.find({i, j});
      if (found == codes.end()) continue;
      layer.row.push_back(i);
      layer.code.push_back(found->second);
    }
    layer.column_start.push_back(layer.row.size());
  }
  return layer;
}

// The definition, docs/reference/eie-format.md section 2: entries -> (local row, code) without
// zeros.
std::vector<std::pair<uint32_t, uint32_t>> decode_entries(const uint8_t* entries, size_t count,
                                                          Padding padding) {
  std::vector<std::pair<uint32_t, uint32_t>> found;
  int row = -1;
  for (size_t e = 0; e < count; ++e) {
    const int skip = entries[e] / 16;
    if (entries[e] % 16 != 0) {
      row += skip + 1;
      found.emplace_back(row, entries[e] % 16);
    } else {
      row += padding == Padding::kTwoLevel ? 16 * (skip + 1) : skip + 1;
    }
  }
  return found;
}

Bytes encode_rows(const std::vector<uint32_t>& rows, Padding padding = Padding::kTwoLevel) {
  Bytes entries;
  encode_column(rows, Bytes(rows.size(), 7), entries, padding);
  return entries;
}

// Han 2016, section III: [0,0,1,2, 18 zeros, 3] -> v = [1,2,0,3], z = [2,0,15,2].
TEST(EieEncode, PaperColumnOf23Rows) {
  Bytes entries;
  EXPECT_EQ(encode_column({2, 3, 22}, {1, 2, 3}, entries, Padding::kOneLevel), 4U);
  EXPECT_EQ(entries, (Bytes{0x21, 0x02, 0xF0, 0x23}));
  const Layer layer = make_layer(23, 1, {{{2, 0}, 1}, {{3, 0}, 2}, {{22, 0}, 3}});
  const Slice slice = encode_slice(layer, 0, 23, 0, 1, 1, Padding::kOneLevel);
  EXPECT_EQ(slice.entries[0], entries);
  EXPECT_EQ(slice.padding, 1U);
  // As the engine takes it.
  EXPECT_EQ(encode_slice(layer, 0, 23, 0, 1, 1).entries[0], (Bytes{0x21, 0x02, 0x00, 0x23}));
}

// Han 2016, figures 2 and 3: a 16 x 8 matrix over 4 PEs; what PE 0 holds.
TEST(EieEncode, PaperMatrix16x8Over4Pes) {
  std::map<std::pair<uint32_t, uint32_t>, uint8_t> codes;
  const std::vector<std::pair<uint32_t, uint32_t>> pe0 = {{0, 0},  {8, 0}, {12, 0}, {4, 1}, {0, 2},
                                                          {12, 2}, {0, 4}, {4, 4},  {0, 5}, {12, 5},
                                                          {0, 6},  {8, 7}, {12, 7}};
  uint8_t code = 0;
  for (const auto& place : pe0) codes[place] = static_cast<uint8_t>(1 + code++ % 15);
  // PE 2 in the text: W2,2 and W14,2; PE 1 has nothing in column 2. PE 3 stays empty here.
  codes[{2, 2}] = 5;
  codes[{14, 2}] = 6;
  codes[{1, 3}] = 9;
  codes[{13, 7}] = 4;
  const Slice slice = encode_slice(make_layer(16, 8, codes), 0, 16, 0, 8, 4);

  EXPECT_EQ(slice.column_start[0], (std::vector<uint32_t>{0, 3, 4, 6, 6, 8, 10, 11, 13}));
  const std::vector<uint32_t> relative_row = {0, 1, 0, 1, 0, 2, 0, 0, 0, 2, 0, 2, 0};
  ASSERT_EQ(slice.entries[0].size(), relative_row.size());
  for (size_t e = 0; e < relative_row.size(); ++e) {
    EXPECT_EQ(entry_skip(slice.entries[0][e]), relative_row[e]) << e;
    EXPECT_EQ(entry_code(slice.entries[0][e]), 1 + e % 15) << e;
  }
  EXPECT_EQ(slice.column_start[1], (std::vector<uint32_t>{0, 0, 0, 0, 1, 1, 1, 1, 2}));
  EXPECT_EQ(slice.entries[1], (Bytes{0x09, 0x34}));
  EXPECT_EQ(slice.column_start[2], (std::vector<uint32_t>{0, 0, 0, 2, 2, 2, 2, 2, 2}));
  EXPECT_EQ(slice.entries[2], (Bytes{0x05, 0x26}));
  EXPECT_EQ(slice.column_start[3], std::vector<uint32_t>(9, 0));
  EXPECT_TRUE(slice.entries[3].empty());
  EXPECT_EQ(slice.padding, 0U);
}

// The slides' smaller variant: 8 x 4, PE 0 holds W0,0 W0,1 W4,2 W0,3 W4,3.
TEST(EieEncode, SlidesMatrix8x4Over4Pes) {
  const Layer layer =
      make_layer(8, 4, {{{0, 0}, 1}, {{0, 1}, 2}, {{4, 2}, 3}, {{0, 3}, 4}, {{4, 3}, 5}});
  const Slice slice = encode_slice(layer, 0, 8, 0, 4, 4);
  EXPECT_EQ(slice.entries[0], (Bytes{0x01, 0x02, 0x13, 0x04, 0x05}));
  EXPECT_EQ(slice.column_start[0], (std::vector<uint32_t>{0, 1, 2, 3, 5}));
}

TEST(EieEncode, GapsBeforeTheFirstEntry) {
  EXPECT_EQ(encode_rows({0}), (Bytes{0x07}));
  EXPECT_EQ(encode_rows({14}), (Bytes{0xE7}));
  EXPECT_EQ(encode_rows({15}), (Bytes{0xF7}));
  EXPECT_EQ(encode_rows({16}), (Bytes{0x00, 0x07}));
  EXPECT_EQ(encode_rows({17}), (Bytes{0x00, 0x17}));
  EXPECT_EQ(encode_rows({31}), (Bytes{0x00, 0xF7}));
  EXPECT_EQ(encode_rows({32}), (Bytes{0x10, 0x07}));
  EXPECT_EQ(encode_rows({63}), (Bytes{0x20, 0xF7}));
  EXPECT_EQ(encode_rows({255}), (Bytes{0xE0, 0xF7}));
  EXPECT_EQ(encode_rows({256}), (Bytes{0xF0, 0x07}));
  EXPECT_EQ(encode_rows({271}), (Bytes{0xF0, 0xF7}));
  EXPECT_EQ(encode_rows({272}), (Bytes{0xF0, 0x00, 0x07}));
  EXPECT_EQ(encode_rows({1000}), (Bytes{0xF0, 0xF0, 0xF0, 0xD0, 0x87}));
}

TEST(EieEncode, GapsBetweenEntries) {
  const auto gap = [](uint32_t zeros) { return encode_rows({3, 4 + zeros}); };
  EXPECT_EQ(gap(0), (Bytes{0x37, 0x07}));
  EXPECT_EQ(gap(15), (Bytes{0x37, 0xF7}));
  EXPECT_EQ(gap(16), (Bytes{0x37, 0x00, 0x07}));
  EXPECT_EQ(gap(17), (Bytes{0x37, 0x00, 0x17}));
  EXPECT_EQ(gap(31), (Bytes{0x37, 0x00, 0xF7}));
  EXPECT_EQ(gap(32), (Bytes{0x37, 0x10, 0x07}));
  EXPECT_EQ(gap(59), (Bytes{0x37, 0x20, 0xB7}));
}

// The paper's form: an entry for each 16 rows.
TEST(EieEncode, OneLevelOfPadding) {
  EXPECT_EQ(encode_rows({15}, Padding::kOneLevel), (Bytes{0xF7}));
  EXPECT_EQ(encode_rows({16}, Padding::kOneLevel), (Bytes{0xF0, 0x07}));
  EXPECT_EQ(encode_rows({32}, Padding::kOneLevel), (Bytes{0xF0, 0xF0, 0x07}));
  EXPECT_EQ(encode_rows({63}, Padding::kOneLevel), (Bytes{0xF0, 0xF0, 0xF0, 0xF7}));
  EXPECT_EQ(encode_rows({3, 36}, Padding::kOneLevel), (Bytes{0x37, 0xF0, 0xF0, 0x07}));
}

// Every run of zeros up to many times the largest, for indices of any width: what is passed is the
// run, with as few entries as there can be.
TEST(ZeroRun, PassesEveryRunWithFewestEntries) {
  for (const Padding padding : {Padding::kOneLevel, Padding::kTwoLevel}) {
    for (const unsigned bits : {1U, 2U, 4U, 5U}) {
      for (uint64_t zeros = 0; zeros < (uint64_t{5} << 2 * bits); ++zeros) {
        uint64_t passed = 0;
        uint64_t entries = 0;
        const uint32_t rest = pad_run(zeros, bits, padding, [&](uint32_t index) {
          ASSERT_LT(index, 1U << bits);
          passed += run_advance(true, index, bits, padding);
          ++entries;
        });
        ASSERT_LT(rest, 1U << bits);
        ASSERT_EQ(passed + rest, zeros);
        ASSERT_EQ(entries, padding_entries(zeros, bits, padding));
        const uint64_t most = uint64_t{1} << (padding == Padding::kOneLevel ? bits : 2 * bits);
        ASSERT_LE((entries > 0 ? entries - 1 : 0) * most + rest, zeros);
        ASSERT_EQ(run_advance(false, rest, bits, padding), rest + 1U);
      }
    }
  }
}

TEST(EieEncode, EmptyColumnHasNoEntriesAndNoTrailingPadding) {
  EXPECT_TRUE(encode_rows({}).empty());
  // 61 zero rows follow the only non-zero.
  const Slice slice = encode_slice(make_layer(64, 3, {{{2, 1}, 3}}), 0, 64, 0, 3, 1);
  EXPECT_EQ(slice.entries[0], (Bytes{0x23}));
  EXPECT_EQ(slice.column_start[0], (std::vector<uint32_t>{0, 0, 1, 1}));
}

TEST(EieEncode, BadColumnsAndSlicesAreErrors) {
  Bytes entries;
  EXPECT_THROW(encode_column({3, 3}, {1, 1}, entries), Error);
  EXPECT_THROW(encode_column({3}, {0}, entries), Error);
  EXPECT_THROW(encode_column({3}, {16}, entries), Error);
  EXPECT_THROW(encode_column({3}, {}, entries), Error);
  const Layer layer = make_layer(16, 8, {});
  EXPECT_THROW(encode_slice(layer, 0, 17, 0, 8, 4), Error);
  EXPECT_THROW(encode_slice(layer, 0, 16, 1, 8, 4), Error);
  EXPECT_THROW(encode_slice(layer, 2, 4, 0, 8, 4), Error);
  EXPECT_THROW(encode_slice(layer, 0, 16, 0, 8, 3), Error);
}

// Any slice of any matrix decodes, by the definition, to that slice, in both forms.
TEST(EieEncode, RandomSlicesDecodeToTheMatrix) {
  const uint64_t base = seed_from_environment(1);
  for (uint64_t seed = base; seed < base + (seed_is_given() ? 1 : 200); ++seed) {
    SCOPED_TRACE("SPARSYS_SEED=" + std::to_string(seed));
    const Padding form = seed / 9 % 2 == 0 ? Padding::kTwoLevel : Padding::kOneLevel;
    const uint32_t n_pe = 1U << (seed % 9);
    const uint32_t outputs = 1 + static_cast<uint32_t>(seed * 37 % 700);
    const uint32_t inputs = 1 + static_cast<uint32_t>(seed * 11 % 40);
    const Layer layer =
        random_layer(seed, inputs, outputs, 0.002 * static_cast<double>(seed % 100), true);
    const uint32_t first_row = outputs / 3 / n_pe * n_pe;
    const uint32_t rows = (outputs - first_row + 1) / 2;
    const uint32_t first_column = inputs / 4;
    const uint32_t columns = inputs - first_column;
    const Slice slice = encode_slice(layer, first_row, rows, first_column, columns, n_pe, form);
    uint64_t padding = 0;
    for (uint32_t pe = 0; pe < n_pe; ++pe) {
      ASSERT_EQ(slice.column_start[pe].size(), columns + 1U);
      ASSERT_EQ(slice.column_start[pe].back(), slice.entries[pe].size());
    }
    for (uint32_t j = 0; j < columns; ++j) {
      std::map<uint32_t, uint32_t> expected;
      for (uint64_t k = layer.column_start[first_column + j];
           k < layer.column_start[first_column + j + 1]; ++k) {
        if (layer.row[k] >= first_row && layer.row[k] < first_row + rows) {
          expected[layer.row[k] - first_row] = layer.code[k];
        }
      }
      std::map<uint32_t, uint32_t> found;
      for (uint32_t pe = 0; pe < n_pe; ++pe) {
        const uint32_t start = slice.column_start[pe][j];
        const uint32_t count = slice.column_start[pe][j + 1] - start;
        for (uint32_t e = 0; e < count; ++e) {
          const uint8_t entry = slice.entries[pe][start + e];
          if (entry_code(entry) == 0) {
            if (form == Padding::kOneLevel) {
              EXPECT_EQ(entry, 0xF0);
            }
            EXPECT_LT(e + 1, count) << "padding at the end of a column";
            ++padding;
          }
        }
        for (const auto& [row, code] :
             decode_entries(slice.entries[pe].data() + start, count, form)) {
          EXPECT_TRUE(found.emplace(row * n_pe + pe, code).second);
        }
      }
      EXPECT_EQ(found, expected);
    }
    EXPECT_EQ(padding, slice.padding);
  }
}

}  // namespace
}  // namespace sparsys::eie
