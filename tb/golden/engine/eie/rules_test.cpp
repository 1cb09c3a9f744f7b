// SPDX-License-Identifier: Apache-2.0
// The rules of descriptors and images: what breaks them is said with numbers.
#include "golden/engine/eie/rules.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "tb/golden/engine/eie/image_bench.hpp"
#include "tb/support/error_of.hpp"

namespace sparsys::eie {
namespace {

Config config() {
  Config config;
  config.n_pe = 4;
  config.entry_depth = 256;
  config.ptr_depth = 64;
  config.act_regs = 8;
  config.act_ram_depth = 32;
  config.codebooks = 4;
  config.list_depth = 16;
  return config;
}

Breach of(const std::function<void(Pass&)>& change) {
  Pass pass;
  pass.in_count = 29;  // 8 rows
  pass.out_count = 13;
  pass.ptr_base = 34;  // to the last
  pass.entry_base = 31;
  change(pass);
  uint64_t words[2];
  encode(pass, words);
  return breach_of(words, config());
}

void expect_breach(const Breach& breach, Reason reason, const std::string& text) {
  EXPECT_EQ(breach.reason, reason);
  EXPECT_EQ(breach.text, text);
}

TEST(EieRules, EachAtItsBorder) {
  expect_breach(of([](Pass&) {}), Reason::kNone, "");
  expect_breach(breach_of_list(15, 1, config()), Reason::kNone, "");
  expect_breach(breach_of_list(15, 2, config()), Reason::kList,
                "descriptors 15 to 16, the list RAM has 16");
  expect_breach(of([](Pass& p) { p.shift = 32; }), Reason::kReserved,
                "shift 32, must be at most 31");
  const uint64_t reserved[2] = {0, uint64_t{1} << 63};
  expect_breach(breach_of(reserved, config()), Reason::kReserved,
                "reserved bit 63 of its second word is not 0");
  expect_breach(of([](Pass& p) { p.out_count = 32; }), Reason::kNone, "");
  expect_breach(of([](Pass& p) { p.out_count = 33; }), Reason::kCounts,
                "29 inputs and 33 outputs, must be at most 32 (ACT_REGS * N_PE)");
  expect_breach(of([](Pass& p) { p.in_first = 8; }), Reason::kNone, "");
  expect_breach(of([](Pass& p) { p.in_first = 9; }), Reason::kFirstRow,
                "in_first 9, its 29 inputs take 8 rows");
  expect_breach(of([](Pass& p) { p.ptr_base = 35; }), Reason::kPointers,
                "pointers 35 to 64, the pointer memory has 64");
  expect_breach(of([](Pass& p) { p.ptr_base = 64; }), Reason::kPointers,
                "ptr_base 64, must be below 64 (PTR_DEPTH)");
  // The first column broadcast is 28, whose pointers are the last two.
  expect_breach(of([](Pass& p) { p.in_first = 7, p.ptr_base = 34; }), Reason::kNone, "");
  expect_breach(of([](Pass& p) { p.in_first = 7, p.ptr_base = 35; }), Reason::kPointers,
                "pointers 63 to 64, the pointer memory has 64");
  expect_breach(of([](Pass& p) { p.in_first = 7, p.ptr_base = 36; }), Reason::kNone, "");
  expect_breach(of([](Pass& p) { p.entry_base = 32; }), Reason::kEntries,
                "entry_base 32, must be below 32 (ENTRY_DEPTH / 8)");
  expect_breach(of([](Pass& p) { p.src_addr = 65535; }), Reason::kNone, "");
  expect_breach(of([](Pass& p) { p.load_src = true, p.src_addr = 24; }), Reason::kNone, "");
  expect_breach(of([](Pass& p) { p.load_src = true, p.src_addr = 25; }), Reason::kSource,
                "inputs: 8 rows from src_addr 25, the activation RAM has 32");
  expect_breach(of([](Pass& p) { p.store_dst = true, p.dst_addr = 99; }), Reason::kNone, "");
  const auto stored = [](uint32_t address) {
    return of([address](Pass& p) {
      p.write_back = p.store_dst = true;
      p.dst_addr = address;
    });
  };
  expect_breach(stored(28), Reason::kNone, "");
  expect_breach(stored(29), Reason::kDestination,
                "outputs: 4 rows from dst_addr 29, the activation RAM has 32");
  expect_breach(of([](Pass& p) { p.codebook = 4; }), Reason::kNone, "");
  expect_breach(of([](Pass& p) { p.load_codebook = true, p.codebook = 4; }), Reason::kCodebook,
                "codebook 4, must be below 4 (CODEBOOKS)");
  // Bias columns.
  const auto biased = [](uint32_t bias, uint32_t ptr_base, uint32_t in_first = 0) {
    return of([=](Pass& p) { p.bias = bias, p.ptr_base = ptr_base, p.in_first = in_first; });
  };
  expect_breach(biased(3, 6), Reason::kNone, "");
  expect_breach(biased(3, 34), Reason::kNone, "");
  expect_breach(biased(3, 35), Reason::kPointers, "pointers 29 to 64, the pointer memory has 64");
  expect_breach(biased(1, 1), Reason::kPointers,
                "ptr_base 1, must be at least 2, its bias columns");
  expect_breach(biased(3, 5), Reason::kPointers,
                "ptr_base 5, must be at least 6, its bias columns");
  expect_breach(biased(1, 8, 1), Reason::kFirstRow,
                "in_first 1, must be 0 in a pass with bias columns");
  expect_breach(of([](Pass& p) { p.bias = 1, p.ptr_base = 2, p.codebook = 4; }), Reason::kCodebook,
                "codebook 4, must be below 4 (CODEBOOKS)");
}

TEST(EieRules, ImagesThatAPeWouldRefuse) {
  const Image sound = plain_image(layers({16, 16, 40}, 0.5), small_config(4, 4));
  const auto broken = [&](const std::function<void(Image&)>& change) {
    Image image = sound;
    change(image);
    return error_of([&] { check(image); });
  };
  EXPECT_EQ(broken([](Image&) {}), "no error");
  EXPECT_EQ(broken([](Image& i) { i.pointers[2][5] = 0; }),
            "image: descriptor 0: PE 2: column 4: pointers fall from 8 to 0");
  EXPECT_EQ(broken([](Image& i) { i.entry_rows[0][0] = ~uint64_t{0}; }),
            "image: descriptor 0: PE 0: column 0: entry 0 is of row 15, a PE has 4 (ACT_REGS)");
  EXPECT_EQ(broken([](Image& i) { i.entry_rows[3].clear(); }),
            "image: descriptor 0: PE 3: column 0: entry 0 lies in row 0, the image has 0");
  EXPECT_EQ(broken([](Image& i) { i.pointers[2].resize(20); }),
            "image: descriptor 1: PE 2: pointers 17 to 33, the image has 20");
  EXPECT_EQ(broken([](Image& i) { i.passes[1].out_count = 17; }),
            "image: descriptor 1: 16 inputs and 17 outputs, must be at most 16 (ACT_REGS * N_PE)");
  EXPECT_EQ(broken([](Image& i) { i.pointers.pop_back(); }),
            "image: memories of 4 and 3 PEs, expected 4");
  EXPECT_EQ(broken([](Image& i) { i.config.codebooks = 2, i.codebook_words.resize(9); }),
            "image: codebook words: 9, the engine has 8");
  EXPECT_EQ(broken([](Image& i) { i.config.list_depth = 2; }).substr(0, 19), "image: descriptors:");
}

// A pass without entries behind a memory that is exactly full: its first row must be one that there
// is.
TEST(EieRules, EmptyPassBehindAFullEntryMemory) {
  Config config = small_config(1, 8);
  config.entry_depth = 64;
  Network network = layers({8, 8, 8}, 1.0);
  Layer& last = network.layers.back();
  last.row.clear();
  last.code.clear();
  last.column_start.assign(last.column_start.size(), 0);
  const Image image = build_image(network, config, Rows::kInterleaved);
  ASSERT_EQ(image.entry_rows[0].size(), 8U);
  EXPECT_EQ(image.passes[1].entry_base, 7U);
}

}  // namespace
}  // namespace sparsys::eie
