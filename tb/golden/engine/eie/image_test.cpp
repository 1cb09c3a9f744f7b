// SPDX-License-Identifier: Apache-2.0
// Memory images: what the builder lays out, that it decodes to the network it came from, and that a
// plain interpreter of docs/reference/eie-format.md computes with it what the functional model
// computes.
#include "golden/engine/eie/image.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "golden/base/error.hpp"
#include "golden/base/random.hpp"
#include "golden/engine/eie/encode.hpp"
#include "golden/function/eie/model.hpp"
#include "tb/support/error_of.hpp"
#include "tb/support/random_network.hpp"
#include "tb/support/read_image.hpp"

namespace sparsys::eie {
namespace {

using Vector = std::vector<int16_t>;

Config small_config(uint32_t n_pe, uint32_t act_regs) {
  Config config;
  config.n_pe = n_pe;
  config.act_regs = act_regs;
  return config;
}

Network one_layer(uint32_t inputs, uint32_t outputs, double density, uint64_t seed = 1) {
  RandomNetworkOptions options;
  options.sizes = {inputs, outputs};
  options.density = density;
  options.uneven = false;
  return random_network(seed, options);
}

Network layers(const std::vector<uint32_t>& sizes, double density = 0.1) {
  RandomNetworkOptions options;
  options.sizes = sizes;
  options.density = density;
  return random_network(1, options);
}

// Rows where the format has them: this page tests the format.
Image plain_image(const Network& network, const Config& config) {
  return build_image(network, config, Rows::kInterleaved);
}

std::string build_error(const Network& network, const Config& config) {
  return error_of([&] { plain_image(network, config); });
}

void expect_same_matrices(const Image& image, const Network& network) {
  const std::vector<Layer> decoded = decode_image(image);
  ASSERT_EQ(decoded.size(), network.layers.size());
  for (size_t l = 0; l < decoded.size(); ++l) {
    SCOPED_TRACE("layer " + std::to_string(l));
    const Layer& expected = network.layers[l];
    EXPECT_EQ(decoded[l].name, expected.name);
    EXPECT_EQ(decoded[l].inputs, expected.inputs);
    EXPECT_EQ(decoded[l].outputs, expected.outputs);
    EXPECT_EQ(decoded[l].relu, expected.relu);
    EXPECT_EQ(decoded[l].shift(), expected.shift());
    EXPECT_EQ(decoded[l].codebook, expected.codebook);
    EXPECT_EQ(decoded[l].column_start, expected.column_start);
    EXPECT_EQ(decoded[l].row, expected.row);
    EXPECT_EQ(decoded[l].code, expected.code);
  }
}

// The engine by the words of docs/reference/eie-format.md, sections 4 to 7, memory by memory.
class Interpreter {
 public:
  explicit Interpreter(const Image& image) : image_(image), config_(image.config) {
    for (auto& bank : banks_) bank.resize(config_.act_regs * config_.n_pe, 0x5A5A);
    ram_.resize(config_.act_ram_depth * config_.n_pe, 0x3C3C);
    acc_.resize(config_.act_regs * config_.n_pe);
  }

  Vector run(Vector input) {
    input.insert(input.end(), image_.input_constants.begin(), image_.input_constants.end());
    EXPECT_EQ(input.size(), image_.input.size);
    std::copy(input.begin(), input.end(), at(image_.input));
    for (const Pass& pass : image_.passes) {
      uint64_t words[2];
      encode(pass, words);
      run_pass(decode(words));
    }
    const auto output = at(image_.output);
    return Vector(output, output + image_.output.size);
  }

  bool saturated = false;

 private:
  Vector::iterator at(const eie::Vector& vector) {
    return vector.in_ram ? ram_.begin() + vector.ram_row * config_.n_pe : banks_[role_].begin();
  }

  void run_pass(const Pass& pass) {
    const uint32_t n = config_.n_pe;
    Vector& source = banks_[role_];
    Vector& destination = banks_[1 - role_];
    ASSERT_LE(pass.in_count, source.size());
    ASSERT_LE(pass.out_count, source.size());
    if (pass.load_codebook) {
      for (size_t c = 0; c < 16; ++c) {
        codebook_[c] = static_cast<int16_t>(image_.codebook_words.at(4 * pass.codebook + c / 4) >>
                                            (16 * (c % 4)));
      }
    }
    if (pass.clear) std::fill(acc_.begin(), acc_.end(), 0);
    const uint32_t in_rows = (pass.in_count + n - 1) / n;
    const uint32_t out_rows = (pass.out_count + n - 1) / n;
    if (pass.load_src) {
      for (uint32_t e = 0; e < in_rows * n; ++e) source[e] = ram_.at(pass.src_addr * n + e);
    }
    const int64_t largest = (int64_t{1} << (config_.acc_width - 1)) - 1;
    for (uint32_t j = pass.in_first * n; j < pass.in_count; ++j) {
      if (source[j] == 0) continue;
      for (uint32_t pe = 0; pe < n; ++pe) {
        const uint32_t start = image_.pointers[pe].at((pass.ptr_base + j) % config_.ptr_depth);
        const uint32_t end = image_.pointers[pe].at((pass.ptr_base + j + 1) % config_.ptr_depth);
        ASSERT_LE(start, end);
        int row = -1;
        for (uint32_t p = start; p < end; ++p) {
          const uint64_t word = image_.entry_rows[pe].at(pass.entry_base + (p >> 3));
          const auto entry = static_cast<uint8_t>(word >> (8 * (p & 7)));
          row += (entry >> 4) + 1;
          ASSERT_LT(row, static_cast<int>(config_.act_regs));
          if ((entry & 15) == 0) continue;
          int64_t& acc = acc_[row * n + pe];
          acc += codebook_[entry & 15] * source[j];
          if (acc > largest || acc < -largest - 1) saturated = true;
          acc = std::min(std::max(acc, -largest - 1), largest);
        }
      }
    }
    if (pass.write_back) {
      for (uint32_t e = 0; e < out_rows * n; ++e) {
        destination[e] = write_back(acc_[e], static_cast<int>(pass.shift), pass.relu);
        if (pass.store_dst) ram_.at(pass.dst_addr * n + e) = destination[e];
      }
    }
    if (pass.swap) role_ = 1 - role_;
  }

  const Image& image_;
  const Config& config_;
  Vector banks_[2];
  int role_ = 0;
  Vector ram_;
  std::vector<int64_t> acc_;
  int16_t codebook_[16] = {};
};

void expect_right(const Network& network, const Config& config, uint64_t seed = 1) {
  const Image image = plain_image(network, config);
  expect_same_matrices(image, network);
  const Vector input = random_input(seed, network, 0.5, seed % 3 == 0);
  bool saturated = false;
  const Vector expected =
      run_layers(network, input, static_cast<int>(config.acc_width), &saturated).back();
  Interpreter interpreter(image);
  EXPECT_EQ(interpreter.run(input), expected);
  EXPECT_EQ(interpreter.saturated, saturated);
  // A second run finds the registers' roles as the first left them.
  EXPECT_EQ(interpreter.run(input), expected);
}

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
  EXPECT_EQ(image.input.size, 22U);
  EXPECT_EQ(image.input_constants.size(), 2U);
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

// Everything that may not fit says what, where, how much and how much there is.
TEST(EieImage, EntryMemoryTooSmall) {
  Config config = small_config(4, 16);
  const Network network = layers({32, 32, 16}, 1);
  uint64_t rows = plain_image(network, config).entry_rows[0].size();
  config.entry_depth = 256;
  EXPECT_EQ(build_error(network, config),
            "layer 2 (fc2): entry memory: " + std::to_string(rows * 8) +
                " entries a PE needed, 256 available");
  config.entry_depth = 512;
  expect_right(network, config);
}

TEST(EieImage, PointerMemoryTooSmall) {
  Config config = small_config(4, 16);
  config.ptr_depth = 64;
  EXPECT_EQ(build_error(layers({32, 32, 16}), config),
            "layer 2 (fc2): pointer memory: 66 pointers a PE needed, 64 available");
  expect_right(layers({31, 31, 16}), config);  // 32 + 32: exactly full
  config.ptr_depth = 32;
  EXPECT_EQ(build_error(layers({32, 32, 16}), config),
            "layer 1 (fc1): pointer memory: 33 pointers a PE needed, 32 available");
}

TEST(EieImage, ActivationRamTooSmall) {
  Config config = small_config(4, 4);
  config.act_ram_depth = 16;
  EXPECT_EQ(build_error(layers({65, 16}), config),
            "layer 1 (fc1): activation RAM: 17 words a PE needed, 16 available");
  EXPECT_EQ(build_error(layers({8, 32, 33}), config),
            "layer 2 (fc2): activation RAM: 17 words a PE needed, 16 available");
  expect_right(layers({64, 16}), config);
  expect_right(layers({32, 32, 29}), config);  // exactly full, twice
}

TEST(EieImage, ListTooSmall) {
  Config config = small_config(4, 4);
  config.list_depth = 4;
  EXPECT_EQ(build_error(layers({33, 33}), config),
            "layer 1 (fc1): list RAM: 9 passes needed, 4 available");
  expect_right(layers({32, 32}), config);
  EXPECT_EQ(build_error(layers({32, 32, 5}), config),
            "layer 2 (fc2): list RAM: 6 passes needed, 4 available");
}

// The list may also overflow by passes that only entries make necessary.
TEST(EieImage, ListTooSmallForEntries) {
  Config config = small_config(16, 64);
  config.list_depth = 2;
  EXPECT_EQ(build_error(one_layer(1200, 1024, 1), config),
            "layer 1 (fc1): list RAM: 3 passes needed, 2 available");
}

TEST(EieImage, TooManyCodebooks) {
  Config config = small_config(4, 4);
  config.codebooks = 2;
  EXPECT_EQ(build_error(layers({8, 8, 8, 8}), config),
            "layer 3 (fc3): codebook RAM: 3 codebooks needed, 2 available");
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
