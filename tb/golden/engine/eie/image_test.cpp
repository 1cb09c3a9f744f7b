// SPDX-License-Identifier: Apache-2.0
// Memory images: what the builder lays out, that it decodes to the network it came from, and that a
// plain interpreter of docs/reference/eie-format.md computes with it what the functional model
// computes.
#include "golden/engine/eie/image.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>

#include "golden/base/random.hpp"
#include "tb/golden/engine/eie/image_bench.hpp"

namespace sparsys::eie {
namespace {

TEST(EieImage, DescriptorFields) {
  Pass pass;
  uint64_t words[2];
  encode(pass, words);
  EXPECT_EQ(words[0], 0U);
  EXPECT_EQ(words[1], 0U);
  pass.ptr_base = 0x1234;
  pass.entry_base = 0x5678;
  pass.in_count = 0x9ABC;
  pass.out_count = 0xDEF0;
  pass.src_addr = 0x1111;
  pass.dst_addr = 0x2222;
  pass.in_first = 0x33;
  pass.codebook = 0x44;
  pass.shift = 31;
  pass.load_src = pass.clear = pass.store_dst = pass.swap = true;
  encode(pass, words);
  EXPECT_EQ(words[0], 0xDEF09ABC56781234U);
  EXPECT_EQ(words[1], 0x551F443322221111U);
  const Pass back = decode(words);
  uint64_t again[2];
  encode(back, again);
  EXPECT_EQ(again[0], words[0]);
  EXPECT_EQ(again[1], words[1]);
  EXPECT_TRUE(back.load_src && back.clear && back.store_dst && back.swap);
  EXPECT_FALSE(back.load_codebook || back.write_back || back.relu);
  const uint64_t others[2] = {0, 0x2A00000000000000U};
  EXPECT_TRUE(decode(others).load_codebook && decode(others).write_back && decode(others).relu);
  EXPECT_FALSE(decode(others).load_src || decode(others).swap);
}

TEST(EieImage, DescriptorFieldsTooWideAreErrors) {
  uint64_t words[2];
  const auto fails = [&](uint32_t Pass::*member, uint32_t largest) {
    Pass pass;
    pass.*member = largest;
    EXPECT_NO_THROW(encode(pass, words));
    pass.*member = largest + 1;
    EXPECT_THROW(encode(pass, words), Error);
  };
  for (const auto member : {&Pass::ptr_base, &Pass::entry_base, &Pass::in_count, &Pass::out_count,
                            &Pass::src_addr, &Pass::dst_addr}) {
    fails(member, 65535);
  }
  fails(&Pass::in_first, 255);
  fails(&Pass::codebook, 255);
  fails(&Pass::shift, 63);
}

TEST(EieImage, OneSmallLayerWordForWord) {
  Network network;
  Layer layer;
  layer.inputs = 3;
  layer.outputs = 5;
  layer.relu = true;
  layer.weight_frac = 9;
  for (int c = 1; c < 16; ++c) layer.codebook[static_cast<size_t>(c)] = static_cast<int16_t>(-c);
  layer.column_start = {0, 2, 2, 5};
  layer.row = {0, 4, 1, 2, 3};
  layer.code = {1, 2, 3, 4, 5};
  network.layers.push_back(layer);
  const Image image = plain_image(network, small_config(2, 4));

  // PE 0: rows 0 and 4 (local 0, 2) of column 0, row 2 (local 1) of column 2.
  EXPECT_EQ(image.entry_rows[0], std::vector<uint64_t>{0x141201});
  EXPECT_EQ(image.entry_rows[1], std::vector<uint64_t>{0x0503});
  EXPECT_EQ(image.pointers[0], (std::vector<uint16_t>{0, 2, 2, 3}));
  EXPECT_EQ(image.pointers[1], (std::vector<uint16_t>{0, 0, 0, 2}));
  EXPECT_EQ(image.codebook_words, (std::vector<uint64_t>{0xFFFDFFFEFFFF0000, 0xFFF9FFFAFFFBFFFC,
                                                         0xFFF5FFF6FFF7FFF8, 0xFFF1FFF2FFF3FFF4}));
  ASSERT_EQ(image.passes.size(), 1U);
  uint64_t words[2];
  encode(image.passes[0], words);
  EXPECT_EQ(words[0], 0x0005000300000000U);
  // load_codebook, clear, write_back, relu, swap; shift 9.
  EXPECT_EQ(words[1], 0x6E09000000000000U);
  EXPECT_EQ(image.input.size, 3U);
  EXPECT_FALSE(image.input.in_ram);
  EXPECT_EQ(image.output.size, 5U);
  EXPECT_FALSE(image.output.in_ram);
  ASSERT_EQ(image.layers.size(), 1U);
  EXPECT_EQ(image.layers[0].weights, 15U);
  EXPECT_EQ(image.layers[0].nonzeros, 5U);
  EXPECT_EQ(image.layers[0].entries, 5U);
  EXPECT_EQ(image.layers[0].padding, 0U);
  EXPECT_EQ(image.layers[0].entries_per_pe, (std::vector<uint64_t>{3, 2}));
  EXPECT_EQ(image.layers[0].passes, 1U);
}

TEST(EieImage, StatsLeaveConstantsOutOfWeights) {
  RandomNetworkOptions options;
  options.sizes = {20, 30, 10};
  options.constants = 2;
  options.density = 1;
  const Image image = plain_image(random_network(1, options), small_config(4, 16));
  EXPECT_EQ(image.layers[0].weights, 600U);
  EXPECT_GT(image.layers[0].nonzeros, 500U);
  EXPECT_LE(image.layers[0].nonzeros, 600U);
  EXPECT_GT(image.layers[0].entries, image.layers[0].nonzeros);
  EXPECT_EQ(image.input.size, 20U);
  EXPECT_TRUE(image.input_constants.empty());
  EXPECT_EQ(image.output.size, 10U);
}

// Layers placed one behind the other: entries at whole rows behind the longest PE, pointers without
// gaps, so from an odd number too.
TEST(EieImage, LayersFollowOneAnother) {
  const Network network = layers({12, 16, 9, 4}, 0.5);
  const Image image = plain_image(network, small_config(4, 8));
  ASSERT_EQ(image.passes.size(), 3U);
  EXPECT_EQ(image.passes[0].ptr_base, 0U);
  EXPECT_EQ(image.passes[1].ptr_base, 13U);
  EXPECT_EQ(image.passes[2].ptr_base, 30U);
  EXPECT_EQ(image.pointers[0].size(), 40U);
  uint64_t row = 0;
  for (size_t l = 0; l < 3; ++l) {
    EXPECT_EQ(image.passes[l].entry_base, row);
    EXPECT_EQ(image.passes[l].codebook, l);
    EXPECT_TRUE(image.passes[l].swap && image.passes[l].load_codebook);
    const auto& entries = image.layers[l].entries_per_pe;
    row += (*std::max_element(entries.begin(), entries.end()) + 7) / 8;
  }
  for (const auto& rows : image.entry_rows) EXPECT_EQ(rows.size(), row);
  expect_right(network, small_config(4, 8));
}

TEST(EieImage, EmptyColumnsEmptyPesAndAllZero) {
  for (const uint32_t n_pe : {1U, 2U, 16U, 256U}) {
    SCOPED_TRACE(n_pe);
    expect_right(layers({40, 20, 7}, 0), small_config(n_pe, 64));
    expect_right(layers({40, 20, 7}, 0.02), small_config(n_pe, 64));
    expect_right(layers({1, 1}, 1), small_config(n_pe, 4));
    const Image image = plain_image(one_layer(8, 8, 0), small_config(n_pe, 8));
    EXPECT_TRUE(image.entry_rows[0].empty());
    EXPECT_EQ(image.pointers[0], std::vector<uint16_t>(10, 0));
    EXPECT_EQ(image.layers[0].entries, 0U);
  }
}

// Vectors over one register file, for the engine's real sizes.
TEST(EieImage, MoreThan4096InputsOver64Pes) {
  const Network network = one_layer(5000, 100, 0.01);
  const Image image = plain_image(network, Config());
  ASSERT_EQ(image.passes.size(), 2U);
  EXPECT_TRUE(image.input.in_ram);
  EXPECT_FALSE(image.output.in_ram);
  const Pass& first = image.passes[0];
  const Pass& second = image.passes[1];
  EXPECT_EQ(first.in_count, 4096U);
  EXPECT_EQ(second.in_count, 904U);
  EXPECT_EQ(first.src_addr, 0U);
  EXPECT_EQ(second.src_addr, 64U);
  EXPECT_TRUE(first.load_src && first.clear && first.load_codebook);
  EXPECT_FALSE(first.write_back || first.swap);
  EXPECT_TRUE(second.load_src && second.write_back && second.swap);
  EXPECT_FALSE(second.clear || second.load_codebook || second.store_dst);
  expect_right(network, Config());
}

TEST(EieImage, MoreThan4096OutputsOver64Pes) {
  const Network network = layers({100, 5000, 30}, 0.01);
  const Image image = plain_image(network, Config());
  ASSERT_EQ(image.passes.size(), 4U);
  EXPECT_EQ(image.passes[0].out_count, 4096U);
  EXPECT_EQ(image.passes[1].out_count, 904U);
  EXPECT_EQ(image.passes[1].dst_addr, 64U);
  for (size_t p = 0; p < 2; ++p) {
    const Pass& pass = image.passes[p];
    EXPECT_TRUE(pass.clear && pass.write_back && pass.store_dst && pass.relu);
    EXPECT_FALSE(pass.swap || pass.load_src);
    EXPECT_EQ(pass.load_codebook, p == 0);
  }
  EXPECT_TRUE(image.passes[2].load_src && image.passes[2].clear);
  EXPECT_TRUE(image.passes[3].load_src && image.passes[3].write_back && image.passes[3].swap);
  EXPECT_FALSE(image.input.in_ram);
  EXPECT_FALSE(image.output.in_ram);
  expect_right(network, Config());
}

// Every mix of vectors that fit 16 registers and vectors that do not.
TEST(EieImage, AllMixesOfRegistersAndRam) {
  Config config = small_config(4, 4);
  config.act_ram_depth = 64;
  for (uint32_t mix = 0; mix < 32; ++mix) {
    SCOPED_TRACE(mix);
    std::vector<uint32_t> sizes;
    for (uint32_t v = 0; v < 5; ++v) sizes.push_back((mix >> v & 1) != 0 ? 17 + 12 * v : 9 + v);
    const Network network = layers(sizes, 0.3);
    const Image image = plain_image(network, config);
    EXPECT_EQ(image.input.in_ram, (mix & 1) != 0);
    EXPECT_EQ(image.output.in_ram, (mix & 16) != 0);
    expect_right(network, config, mix);
  }
}

// One load serves all output ranges while the source registers hold all there is.
TEST(EieImage, LoadsOnlyWhatTheRegistersDoNotHold) {
  Config config = small_config(4, 4);
  const Image image = plain_image(layers({20, 8}, 0.3), config);
  ASSERT_EQ(image.passes.size(), 2U);
  EXPECT_TRUE(image.passes[0].load_src && image.passes[1].load_src);
  const Network network = layers({33, 33, 5}, 0.3);
  const Image both = plain_image(network, config);
  for (size_t p = 0; p < 9; ++p) EXPECT_TRUE(both.passes[p].load_src) << p;
  EXPECT_EQ(both.output.in_ram, false);
  // Input at the low end of the RAM, output at the high end.
  EXPECT_EQ(both.passes[0].src_addr, 0U);
  EXPECT_EQ(both.passes[2].dst_addr, 1024U - 9U);
  EXPECT_EQ(both.passes[9].src_addr, 1024U - 9U);
}

// A pass with 65,535 entries in the longest PE, and a matrix with one more.
TEST(EieImage, PassHoldsAtMost65535Entries) {
  // 64 rows a PE x 1,024 columns = 65,536 entries.
  Network network = one_layer(1024, 1024, 1);
  Layer& layer = network.layers[0];
  ASSERT_EQ(layer.row.size(), 1024U * 1024U);
  const Config config = small_config(16, 64);
  Image image = plain_image(network, config);
  ASSERT_EQ(image.passes.size(), 2U);
  EXPECT_EQ(image.passes[0].in_first, 0U);
  EXPECT_EQ(image.passes[0].in_count, 1008U);
  EXPECT_TRUE(image.passes[0].clear);
  EXPECT_FALSE(image.passes[0].write_back);
  EXPECT_EQ(image.passes[1].in_first, 63U);
  EXPECT_EQ(image.passes[1].in_count, 1024U);
  // Pointers 1,009 to 1,025 belong to columns 1,008 to 1,024.
  EXPECT_EQ(image.passes[1].ptr_base, 1U);
  EXPECT_EQ(image.passes[1].entry_base, 64U * 1008U / 8U);
  EXPECT_FALSE(image.passes[1].clear);
  EXPECT_TRUE(image.passes[1].write_back && image.passes[1].swap);
  expect_right(network, config);

  // Without row 0 .. 15 of the last column every PE has one less.
  const auto last = static_cast<ptrdiff_t>(layer.column_start[1023]);
  layer.row.erase(layer.row.begin() + last, layer.row.begin() + last + 16);
  layer.code.erase(layer.code.begin() + last, layer.code.begin() + last + 16);
  layer.column_start[1024] -= 16;
  image = plain_image(network, config);
  ASSERT_EQ(image.passes.size(), 1U);
  EXPECT_EQ(image.pointers[3][1024], 65535U);
  expect_right(network, config);
}

TEST(EieImage, SplitsByEntriesWithInputsFromTheRam) {
  const Network network = one_layer(1200, 1024, 1);
  const Config config = small_config(16, 64);
  const Image image = plain_image(network, config);
  ASSERT_EQ(image.passes.size(), 3U);
  EXPECT_EQ(image.passes[0].in_count, 1008U);
  EXPECT_EQ(image.passes[1].in_count, 16U);
  EXPECT_EQ(image.passes[1].src_addr, 63U);
  EXPECT_EQ(image.passes[2].in_count, 176U);
  EXPECT_EQ(image.passes[2].src_addr, 64U);
  for (const Pass& pass : image.passes) {
    EXPECT_TRUE(pass.load_src);
    EXPECT_EQ(pass.in_first, 0U);
  }
  expect_right(network, config);
}

TEST(EieImage, RandomNetworksRoundTripAndRun) {
  const uint64_t base = seed_from_environment(1);
  uint64_t passes = 0;
  for (uint64_t seed = base; seed < base + (seed_is_given() ? 1 : 400); ++seed) {
    SCOPED_TRACE("SPARSYS_SEED=" + std::to_string(seed));
    Config config = small_config(1U << (seed % 9), 4U << (seed / 9 % 5));
    config.acc_width = 20 + static_cast<uint32_t>(seed % 29);
    config.list_depth = 32768;
    config.ptr_depth = 65536;
    const Network network = random_network(seed, random_options(seed, 150));
    expect_right(network, config, seed);
    passes += plain_image(network, config).passes.size();
    if (HasFailure()) break;
  }
  std::cout << passes << " passes\n";
}

// VGG-16's largest layer, which needs more pointers than the default.
TEST(EieImage, LargeLayer) {
  Config config;
  config.ptr_depth = 32768;
  const Network network = one_layer(25088, 4096, 0.04);
  const Image image = plain_image(network, config);
  const std::vector<Layer> decoded = decode_image(image);
  EXPECT_EQ(decoded[0].row, network.layers[0].row);
  EXPECT_EQ(decoded[0].code, network.layers[0].code);
  EXPECT_EQ(image.passes.size(), 7U);
}

}  // namespace
}  // namespace sparsys::eie
