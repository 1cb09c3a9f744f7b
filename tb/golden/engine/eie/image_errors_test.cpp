// SPDX-License-Identifier: Apache-2.0
// Memory images: networks and images that do not fit or are not sound.
#include <gtest/gtest.h>

#include <string>

#include "golden/base/error.hpp"
#include "golden/base/random.hpp"
#include "tb/golden/engine/eie/image_bench.hpp"

namespace sparsys::eie {
namespace {

// Everything that may not fit says what, where, how much and how much there is.
TEST(EieImage, EntryMemoryTooSmall) {
  Config config = small_config(4, 16);
  const Network network = layers({32, 32, 16}, 1);
  uint64_t rows = plain_image(network, config).entry_rows[0].size();
  config.entry_depth = 256;
  EXPECT_EQ(build_error(network, config),
            "layer 2 (fc2): entry memory: " + std::to_string(rows * 8) +
                " entries a PE needed, 256 available; --entries 512 gives them, and more PEs need "
                "less each");
  config.entry_depth = 512;
  expect_right(network, config);
}

TEST(EieImage, PointerMemoryTooSmall) {
  Config config = small_config(4, 16);
  config.ptr_depth = 64;
  EXPECT_EQ(build_error(layers({32, 32, 16}), config),
            "layer 2 (fc2): pointer memory: 66 pointers a PE needed, 64 available; --pointers 128 "
            "gives them, and more PEs need less each");
  expect_right(layers({31, 31, 16}), config);  // 32 + 32: exactly full
  config.ptr_depth = 32;
  EXPECT_EQ(build_error(layers({32, 32, 16}), config),
            "layer 1 (fc1): pointer memory: 33 pointers a PE needed, 32 available; --pointers 64 "
            "gives them, and more PEs need less each");
}

TEST(EieImage, ActivationRamTooSmall) {
  Config config = small_config(4, 4);
  config.act_ram_depth = 16;
  EXPECT_EQ(
      build_error(layers({65, 16}), config),
      "layer 1 (fc1): activation RAM: 17 words a PE needed, 16 available; --activation-ram 32 "
      "gives them, and more PEs need less each");
  EXPECT_EQ(
      build_error(layers({8, 32, 33}), config),
      "layer 2 (fc2): activation RAM: 17 words a PE needed, 16 available; --activation-ram 32 "
      "gives them, and more PEs need less each");
  expect_right(layers({64, 16}), config);
  expect_right(layers({32, 32, 29}), config);  // exactly full, twice
}

// No option is named that would be refused.
TEST(EieImage, MoreThanAnyEngineHas) {
  EXPECT_EQ(build_error(layers({70000, 4}), small_config(1, 4)),
            "layer 1 (fc1): activation RAM: 70000 words a PE needed, " +
                std::to_string(small_config(1, 4).act_ram_depth) +
                " available; no engine has more than 65536, and more PEs need less each");
}

TEST(EieImage, ListTooSmall) {
  Config config = small_config(4, 4);
  config.list_depth = 4;
  EXPECT_EQ(build_error(layers({33, 33}), config),
            "layer 1 (fc1): list RAM: 9 passes needed, 4 available; --list 16 gives them, and more "
            "PEs need less each");
  expect_right(layers({32, 32}), config);
  EXPECT_EQ(build_error(layers({32, 32, 5}), config),
            "layer 2 (fc2): list RAM: 6 passes needed, 4 available; --list 8 gives them, and more "
            "PEs need less each");
}

// The list may also overflow by passes that only entries make necessary.
TEST(EieImage, ListTooSmallForEntries) {
  Config config = small_config(16, 64);
  config.list_depth = 2;
  EXPECT_EQ(build_error(one_layer(1200, 1024, 1), config),
            "layer 1 (fc1): list RAM: 3 passes needed, 2 available; --list 4 gives them, and more "
            "PEs need less each");
}

TEST(EieImage, TooManyCodebooks) {
  Config config = small_config(4, 4);
  config.codebooks = 2;
  EXPECT_EQ(
      build_error(layers({8, 8, 8, 8}), config),
      "layer 3 (fc3): codebook RAM: 3 codebooks needed, 2 available; --codebooks 4 gives them");
  expect_right(layers({8, 8, 8}), config);
}

TEST(EieImage, UnsoundNetworksAreErrors) {
  const Network sound = layers({8, 8, 8}, 0.5);
  const Config config = small_config(4, 4);
  const auto broken = [&](auto change) {
    Network network = sound;
    change(network);
    return build_error(network, config);
  };
  EXPECT_EQ(broken([](auto&) {}), "no error");
  EXPECT_EQ(broken([](auto& n) { n.layers.clear(); }),
            "network 'random-1': 0 layers, expected 1 to 4096");
  EXPECT_EQ(broken([](auto& n) { n.layers[1].inputs = 9; }),
            "network 'random-1': layer 2 (fc2): 9 column starts, expected 10");
  EXPECT_EQ(broken([](auto& n) { n.layers[1].code[0] = 16; }).find("no error"), std::string::npos);
  EXPECT_EQ(broken([](auto& n) { n.layers[0].outputs = 1; }).find("no error"), std::string::npos);
  EXPECT_EQ(broken([](auto& n) { n.input_constants = {1}; }),
            "network 'random-1': 1 input constants, expected 0");
  EXPECT_EQ(broken([](auto& n) { n.name = "two\nlines"; }),
            "network 'two?lines': the network's name has a control character");
  Config odd = config;
  odd.n_pe = 3;
  EXPECT_NE(build_error(sound, odd).find("N_PE"), std::string::npos);
}

TEST(EieImage, DecodingChecksTheMemories) {
  const Network network = layers({16, 16, 40}, 0.5);
  const Image sound = plain_image(network, small_config(4, 4));
  const auto broken = [&](auto change) -> std::string {
    Image image = sound;
    change(image);
    try {
      decode_image(image);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(broken([](auto&) {}), "no error");
  EXPECT_EQ(broken([](auto& i) { i.pointers[1][3] = 9999; }),
            "image: pass 0: PE 1, column 2: row 29 of 16");
  EXPECT_EQ(broken([](auto& i) { i.entry_rows[3].clear(); }),
            "image: pass 0: PE 3, column 0: its entries are not there");
  EXPECT_EQ(broken([](auto& i) { i.pointers[2][5] = 0; }),
            "image: pass 0: PE 2, column 4: pointers fall");
  EXPECT_EQ(broken([](auto& i) { i.pointers[2].resize(20); }),
            "image: pass 1: PE 2, column 2: its pointers are not there");
  EXPECT_NE(broken([](auto& i) { i.entry_rows[0][0] = ~uint64_t{0}; }).find("row"),
            std::string::npos);
  EXPECT_NE(broken([](auto& i) { i.passes[0].out_count = 12; }), "no error");
  EXPECT_NE(broken([](auto& i) { i.passes[0].out_count = 70000; }), "no error");
  EXPECT_NE(broken([](auto& i) { i.passes[0].in_count = 17; }), "no error");
  EXPECT_NE(broken([](auto& i) { i.passes[0].codebook = 2; }), "no error");
  EXPECT_NE(broken([](auto& i) { i.passes[0].load_codebook = false; }), "no error");
  EXPECT_NE(broken([](auto& i) { i.passes[0].write_back = false; }), "no error");
  EXPECT_NE(broken([](auto& i) { i.passes[1].load_src = true; }), "no error");
  EXPECT_NE(broken([](auto& i) { i.passes[2].dst_addr = 0; }), "no error");
  EXPECT_NE(broken([](auto& i) { i.pointers.pop_back(); }), "no error");
}

// Anything may be wrong in an image; reading it back gives matrices or one clear line.
TEST(EieImage, DamagedImagesDecodeOrAreErrors) {
  const uint64_t base = seed_from_environment(1);
  int errors = 0;
  for (uint64_t seed = base; seed < base + (seed_is_given() ? 1 : 3000); ++seed) {
    SCOPED_TRACE("SPARSYS_SEED=" + std::to_string(seed));
    Image image = plain_image(layers({16, 24, 40}, 0.3), small_config(4, 4));
    Random random(seed, 6);
    for (uint64_t change = 1 + random.below(3); change > 0; --change) {
      const size_t pe = random.below(4);
      Pass& pass = image.passes[random.below(image.passes.size())];
      const auto number = static_cast<uint32_t>(random.next() >> random.below(64));
      switch (random.below(12)) {
        case 0:
        case 1:
          image.pointers[pe][random.below(image.pointers[pe].size())] =
              static_cast<uint16_t>(number);
          break;
        case 2:
        case 3:
          image.entry_rows[pe][random.below(image.entry_rows[pe].size())] ^= random.next();
          break;
        case 4:
          pass.ptr_base = number;
          break;
        case 5:
          pass.entry_base = number;
          break;
        case 6:
          pass.in_count = number;
          break;
        case 7:
          pass.out_count = number;
          break;
        case 8:
          pass.in_first = number;
          break;
        case 9:
          (random.below(2) != 0 ? pass.src_addr : pass.dst_addr) = number;
          break;
        case 10:
          pass.codebook = number;
          break;
        default: {
          bool Pass::*const flags[] = {&Pass::load_src, &Pass::load_codebook, &Pass::write_back,
                                       &Pass::store_dst, &Pass::swap};
          bool& flag = pass.*flags[random.below(5)];
          flag = !flag;
        }
      }
    }
    try {
      decode_image(image);
    } catch (const Error& error) {
      ++errors;
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    }
  }
  if (!seed_is_given()) {
    EXPECT_GT(errors, 1000);
  }
}

}  // namespace
}  // namespace sparsys::eie
