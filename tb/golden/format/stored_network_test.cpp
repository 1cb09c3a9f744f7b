// SPDX-License-Identifier: Apache-2.0
// Stored models of networks with shared weights: the same network back, the form that is smallest,
// the report against the file, and a file worked out by hand.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <tuple>

#include "golden/base/atomic_file.hpp"
#include "golden/base/error.hpp"
#include "golden/base/random.hpp"
#include "golden/format/huffman.hpp"
#include "golden/format/model_file.hpp"
#include "golden/format/stored_model.hpp"
#include "tb/golden/format/packed_file.hpp"
#include "tb/support/allocations.hpp"
#include "tb/support/error_of.hpp"
#include "tb/support/fuzz.hpp"
#include "tb/support/random_network.hpp"
#include "tb/support/random_shared_network.hpp"
#include "tb/support/same_network.hpp"
#include "tb/support/temporary.hpp"

namespace sparsys {
namespace {

void expect_same_report(const StoredReport& a, const StoredReport& b) {
  EXPECT_EQ(a.stored_bytes, b.stored_bytes);
  ASSERT_EQ(a.layers.size(), b.layers.size());
  for (size_t l = 0; l < a.layers.size(); ++l) {
    const auto fields = [](const StoredLayerReport& r) {
      return std::tie(r.name, r.form, r.weights, r.biases, r.density_pct, r.entries, r.padding,
                      r.weight_bits, r.weight_bits_huffman, r.index_bits, r.index_bits_huffman,
                      r.stored_bytes, r.code_bytes, r.index_bytes, r.table_bits, r.codebook_bytes,
                      r.bias_bytes);
    };
    EXPECT_EQ(fields(a.layers[l]), fields(b.layers[l])) << "layer " << l;
  }
}

using Bytes = std::vector<uint8_t>;

std::string load_error(const Bytes& bytes) {
  return error_of([&] { load_stored_network(bytes, "file"); });
}

TEST(StoredNetwork, ThereAndBack) {
  const uint64_t base = seed_from_environment(1);
  for (uint64_t seed = base; seed < base + (seed_is_given() ? 1 : 200); ++seed) {
    SCOPED_TRACE("SPARSYS_SEED=" + std::to_string(seed));
    const SharedNetwork network = random_shared_network(seed);
    uint64_t best = UINT64_MAX;
    for (unsigned bits = 0; bits <= kMaxIndexBits; bits += seed % 10 == 0 || bits < 8 ? 1 : 4) {
      StoreOptions options;
      options.index_bits = bits;
      StoredReport report;
      const Bytes bytes = store(network, options, &report);
      ASSERT_EQ(bytes.size(), report.stored_bytes);
      ASSERT_EQ(bytes.size(), stored_report(network, options).stored_bytes);
      if (bits == 0) best = bytes.size();
      // The best width is looked for where it is without contexts, which is right but for bytes.
      ASSERT_LE(best, bytes.size() + 4);
      StoredReport found;
      expect_same_stored(load_stored_network(bytes.data(), bytes.size(), "file", &found), network);
      if (HasFatalFailure()) return;
      expect_same_report(found, report);
    }
  }
}

// The rows of a report are the file but for header, graph and network's names.
TEST(StoredNetwork, Report) {
  const uint64_t base = seed_from_environment(1);
  for (uint64_t seed = base; seed < base + (seed_is_given() ? 1 : 50); ++seed) {
    SCOPED_TRACE("SPARSYS_SEED=" + std::to_string(seed));
    const SharedNetwork network = random_shared_network(seed);
    const StoredReport report = stored_report(network);
    uint64_t elements = 0;
    uint64_t bytes = 0;
    for (const StoredLayerReport& row : report.layers) {
      elements += row.weights + row.biases;
      bytes += row.stored_bytes;
      ASSERT_GE(row.stored_bytes,
                row.code_bytes + row.index_bytes + row.codebook_bytes + row.bias_bytes);
      ASSERT_LE(row.padding, row.entries);
    }
    ASSERT_EQ(4 * elements, report.original_bytes);
    ASSERT_GT(report.stored_bytes, bytes);
    ASSERT_LT(report.stored_bytes, bytes + 260);
  }
  StoreOptions options;
  options.index_bits = 5;
  const SharedNetwork network = random_layer_network(4, 100, 300, 16, 0.08);
  const StoredReport report = stored_report(network, options);
  ASSERT_EQ(report.layers.size(), 1U);
  const StoredLayerReport& row = report.layers[0];
  const auto& code = network.parameters[0].code;
  const auto nonzeros = static_cast<uint64_t>(code.size()) -
                        static_cast<uint64_t>(std::count(code.begin(), code.end(), 0));
  EXPECT_EQ(row.name, "w");
  EXPECT_EQ(row.weights, 30000U);
  EXPECT_EQ(row.biases, 0U);
  EXPECT_DOUBLE_EQ(row.density_pct, static_cast<double>(nonzeros) / 300);
  EXPECT_EQ(row.entries, nonzeros + row.padding);
  EXPECT_GT(row.padding, 0U);
  EXPECT_EQ(row.weight_bits, 4);
  EXPECT_EQ(row.index_bits, 5);
  EXPECT_EQ(row.codebook_bytes, 60U);
  EXPECT_DOUBLE_EQ(row.weight_bits_huffman * static_cast<double>(row.entries),
                   8.0 * static_cast<double>(row.code_bytes));
}

TEST(StoredNetwork, SmallestForm) {
  const auto form = [](const SharedNetwork& network) {
    return stored_report(network).layers.at(0).form;
  };
  EXPECT_EQ(form(random_layer_network(1, 50, 50, 16, 0.9)), "codes");
  EXPECT_EQ(form(random_layer_network(1, 50, 50, 16, 0.05)).substr(0, 7), "entries");
  // Whole rows, or whole columns, some here and there: the indices are nearly all 0 along them.
  Random random(2, 35);
  std::vector<bool> kept(60);
  for (size_t i = 0; i < 60; ++i) kept[i] = random.below(5) == 0;
  SharedNetwork network = random_layer_network(2, 60, 60, 4, 1);
  for (size_t i = 0; i < 3600; ++i) {
    if (!kept[i / 60]) network.parameters[0].code[i] = 0;
  }
  EXPECT_EQ(form(network), "entries by rows");
  expect_same(load_stored_network(store(network)), network);
  network = random_layer_network(2, 60, 60, 4, 1);
  for (size_t i = 0; i < 3600; ++i) {
    if (!kept[i % 60]) network.parameters[0].code[i] = 0;
  }
  EXPECT_EQ(form(network), "entries by columns");
  expect_same(load_stored_network(store(network)), network);
}

// Never larger than its floats, and without the zeros where they are many.
TEST(StoredNetwork, FloatsWhereTheyAreSmaller) {
  const auto stored = [](const SharedNetwork& network, const std::string& form) {
    StoredReport report;
    const Bytes bytes = store(network, {}, &report);
    EXPECT_EQ(report.layers.at(0).form, form);
    EXPECT_LE(report.layers[0].stored_bytes, 4 * report.layers[0].weights + 16);
    expect_same_stored(load_stored_network(bytes), network);
    StoredReport found;
    load_stored_network(bytes.data(), bytes.size(), "file", &found);
    expect_same_report(found, report);
    return bytes.size();
  };
  // As many values as weights.
  stored(random_layer_network(5, 4, 5, 256, 1), "float32");
  stored(random_layer_network(5, 40, 50, 256, 1), "codes");
  // Floats that are not shared, 36 of 410 not zero, as biases of a pruned network are.
  SharedNetwork network = one_layer(1, 410, SharedParameter());
  network.network.parameters[0].values.assign(410, 0);
  const size_t raw = 4 * 410;
  for (int i = 0; i < 36; ++i) network.network.parameters[0].values[i * 11 % 410] = 0.5F + i;
  EXPECT_LT(stored(network, "sparse float32"), 50 + 36 * 5U);
  // -0 is no zero.
  network.network.parameters[0].values.assign(410, -0.0F);
  EXPECT_GT(stored(network, "float32"), raw);
  network.network.parameters[0].values.assign(410, 0);
  EXPECT_LT(stored(network, "sparse float32"), 60U);
  network.network.parameters[0].values[409] = -0.0F;
  stored(network, "sparse float32");
}

// Where neighbours are alike, tables by context take fewer bits than one table could.
TEST(StoredNetwork, Contexts) {
  SharedNetwork network = random_layer_network(3, 100, 1000, 9, 1);
  Random random(3, 32);
  std::vector<uint8_t>& code = network.parameters[0].code;
  const std::vector<float>& codebook = network.parameters[0].codebook;
  std::vector<uint8_t> negative;
  std::vector<uint8_t> positive;
  for (size_t c = 1; c < codebook.size(); ++c) {
    (codebook[c] < 0 ? negative : positive).push_back(static_cast<uint8_t>(c));
  }
  ASSERT_FALSE(negative.empty() || positive.empty());
  // Pairs of one sign, and stretches of many and of few of them.
  std::fill(code.begin(), code.end(), uint8_t{0});
  for (size_t i = 0; i + 1 < code.size(); i += 2) {
    const double density = i / 500 % 2 == 0 ? 0.2 : 0.02;
    if (random.uniform() >= density) continue;
    const std::vector<uint8_t>& sign = random.below(2) == 0 ? negative : positive;
    code[i] = sign[random.below(sign.size())];
    code[i + 1] = sign[random.below(sign.size())];
  }
  const StoredReport report = stored_report(network);
  const StoredLayerReport& row = report.layers.at(0);
  EXPECT_EQ(row.form, "entries by rows");
  std::vector<uint64_t> counts(codebook.size());
  for (const uint8_t c : code) ++counts[c];
  counts[0] = row.padding;
  const uint64_t one_table = huffman_bits(counts, huffman_lengths(counts)) / 8;
  EXPECT_LT(row.code_bytes, one_table * 19 / 20);
  expect_same(load_stored_network(store(network)), network);
}

TEST(StoredNetwork, WorkedExample) {
  SharedParameter shared;
  shared.codebook = {0, -2};
  shared.code = {0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  SharedNetwork network = one_layer(1, 24, shared);
  network.network.input_offset = 1;
  StoreOptions options;
  options.index_bits = 2;
  // clang-format off
  const Bytes expected = {
      1, 'n', 0,               // name, origin
      0, 1, 'x', 2, 2, 48,     // input, its shape [1, 24]
      2, 0, 0, 0x80, 0x3F,     // offset 1
      1,                       // nodes
      16 + 1, 1, 0,            // Gemm with trans_b, no name
      2, 1, 0, 1, 'w',         // inputs: the last name, a new one
      0, 1, 'y', 1,            // output of the node, of the network
      1,                       // parameters
      2, 2, 2, 48,             // name before the last, shape [1, 24]
      1 + 4, 2, 0, 0, 0, 0xC0, // codes, value 0 is 0; codebook: -2
      // Table of 2: gamma(3) = 011, lengths 1, 1 = 0 0; 24 bits of codes.
      4, 0b01100010, 0b00010000, 0b00000000, 0b00000000,
  };
  // clang-format on
  Bytes bytes = store(network, options);
  EXPECT_EQ(Bytes(bytes.begin(), bytes.begin() + 8), (Bytes{0x89, 'S', 'P', 'S', 2, 0, 1, 0}));
  bytes.erase(bytes.begin(), bytes.begin() + kHeaderSize);
  EXPECT_EQ(bytes, expected);
}

TEST(StoredNetwork, NothingKept) {
  SharedNetwork network = random_layer_network(1, 40, 4000, 1, 0);
  EXPECT_LT(store(network).size(), 60U);
  expect_same_stored(load_stored_network(store(network)), network);
  network.parameters[0].codebook = {0, 1, 2};
  expect_same_stored(load_stored_network(store(network)), network);
}

TEST(StoredNetwork, WhatCannotBeStored) {
  StoreOptions options;
  options.index_bits = kMaxIndexBits + 1;
  const SharedNetwork good = random_layer_network(1, 4, 5, 4, 0.5);
  EXPECT_THROW(store(good, options), Error);
  EXPECT_THROW(store(SharedNetwork()), Error);
  const auto error = [&](auto change) {
    SharedNetwork network = good;
    change(network);
    return error_of([&] { store(network); });
  };
  const std::string place = "stored model 'n': parameter 1 (w): ";
  EXPECT_EQ(error([](SharedNetwork&) {}), "no error");
  EXPECT_EQ(error([](SharedNetwork& n) { n.parameters[0].code[3] = 4; }),
            place + "code 4, expected below 4");
  EXPECT_EQ(error([](SharedNetwork& n) { n.parameters[0].code.pop_back(); }),
            place + "19 codes, expected 20 for shape [4, 5]");
  EXPECT_EQ(error([](SharedNetwork& n) { n.parameters[0].codebook[0] = 1; }),
            place + "codebook value 0 is not 0");
  EXPECT_EQ(error([](SharedNetwork& n) { n.parameters[0].codebook[2] = -0.0F; }),
            place + "codebook value 2 is 0, as only value 0 is");
  EXPECT_EQ(error([](SharedNetwork& n) { n.parameters[0].codebook.resize(257, 1); }),
            place + "a codebook of 257 values, expected at most 256");
  EXPECT_EQ(error([](SharedNetwork& n) { n.parameters[0].codebook[1] = INFINITY; }),
            place + "a codebook value is not finite");
  EXPECT_EQ(error([](SharedNetwork& n) { n.parameters[0].codebook.clear(); }),
            place + "codes without a codebook");
  EXPECT_EQ(error([](SharedNetwork& n) { n.parameters[0] = SharedParameter(); }),
            place + "neither codes nor values");
  EXPECT_EQ(error([](SharedNetwork& n) { n.network.parameters[0].values.resize(20); }),
            place + "both codes and values of its own");
  EXPECT_EQ(error([](SharedNetwork& n) { n.parameters.clear(); }),
            "stored model 'n': 0 shared parameters, expected 1");
}

// A file stands for 16 Mi elements whatever its size, but not for many more.
TEST(StoredNetwork, MoreThanAFileMayStandFor) {
  SharedParameter zeros;
  zeros.codebook = {0};
  zeros.code.resize(4096 * 4095);
  const SharedNetwork large = one_layer(4095, 4096, zeros);
  const Bytes bytes = store(large);
  EXPECT_LT(bytes.size(), 100U);
  EXPECT_EQ(load_stored_network(bytes).parameters[0].code, zeros.code);
  zeros.code.resize(4096 * 4100);
  EXPECT_THROW(store(one_layer(4100, 4096, zeros)), Error);
  // The same file with another number of rows: 4095 as zigzag LEB128 is FE 3F, 8191 is FE 7F.
  Bytes bomb = bytes;
  for (size_t at = kHeaderSize; at + 1 < bomb.size(); ++at) {
    if (bomb[at] == 0xFE && bomb[at + 1] == 0x3F) bomb[at + 1] = 0x7F;
  }
  fix_crc(bomb);
  largest_block = 0;
  EXPECT_NE(load_error(bomb).find("more than a file of this size may stand for"), std::string::npos)
      << load_error(bomb);
  EXPECT_LT(largest_block, 10000U);
}

// Names and structure of many nodes take little, and no more than what they stand for.
TEST(StoredNetwork, PackedDescription) {
  const SharedNetwork network = many_small_nodes(300);
  StoredReport report;
  const Bytes bytes = store(network, {}, &report);
  EXPECT_EQ(bytes[4], 3);
  EXPECT_EQ(bytes.size(), report.stored_bytes);
  const auto [plain, packed] = payloads_of(network);
  EXPECT_EQ(Bytes(bytes.begin() + kHeaderSize, bytes.end()), packed);
  EXPECT_LT(bytes.size(), plain.size() / 5);
  EXPECT_LT(bytes.size(), 4 * 100 * 4 + 400 * 8U);  // floats, and 8 bytes for each name
  StoredReport found;
  expect_same(load_stored_network(bytes.data(), bytes.size(), "file", &found), network);
  expect_same_report(found, report);
  // The same network in a file of version 2.
  Bytes before(kHeaderSize);
  before.insert(before.end(), plain.begin(), plain.end());
  put_header(ModelKind::kStored, before);
  EXPECT_EQ(before[4], 2);
  expect_same(load_stored_network(before), network);
  // As it is, without deflating.
  const PackedFile parts = take_apart(bytes);
  const uint64_t size = parts.description.size();
  const uint64_t deflated = parts.deflated.size();
  expect_same(load_stored_network(put_together(parts, size, 0, parts.description)), network);
  // Sizes that are wrong.
  const auto error_with = [&](uint64_t of, uint64_t in) {
    return load_error(put_together(parts, of, in, parts.deflated));
  };
  EXPECT_EQ(error_with(size, deflated), "no error");
  EXPECT_EQ(error_with(size + 1, deflated), "file: the description has " + std::to_string(size) +
                                                " bytes, expected " + std::to_string(size + 1));
  EXPECT_EQ(error_with(size - 1, deflated),
            "file: compressed data are corrupt, expected " + std::to_string(size - 1) + " bytes");
  EXPECT_NE(error_with(size, deflated - 9), "no error");
  largest_block = 0;
  const std::string bomb = error_with(1 << 30, deflated);
  EXPECT_EQ(bomb.rfind("file: a description of 1073741824 bytes in ", 0), 0U) << bomb;
  EXPECT_LT(largest_block, 10000U);
  Bytes behind = parts.description;
  behind.push_back(0);
  EXPECT_EQ(load_error(put_together(parts, size + 1, 0, behind)),
            "file: 1 bytes behind the last parameter");
}

// What does not become smaller stays as it was.
TEST(StoredNetwork, SmallDescription) {
  EXPECT_EQ(store(random_layer_network(1, 4, 5, 4, 0.5))[4], 2);
}

TEST(StoredNetwork, Files) {
  const TemporaryFolder folder;
  const std::string path = folder.file("net.sps");
  const SharedNetwork network = random_shared_network(7);
  save_stored(path, network);
  EXPECT_EQ(model_kind(path), ModelKind::kStored);
  expect_same_stored(load_stored_network(path), network);
  EXPECT_EQ(error_of([&] { load_stored_file(path); }),
            path + ": holds a stored model, expected a stored engine network");
  EXPECT_EQ(error_of([&] { load_model<Network>(path); }),
            path + ": holds a stored model, expected a float model");
  EXPECT_EQ(error_of([&] { load_model<eie::Network>(path); }),
            path + ": holds a stored model, expected a compressed network");
  save_stored(path, random_network(7));
  EXPECT_EQ(model_kind(path), ModelKind::kStoredCompressed);
  EXPECT_EQ(error_of([&] { load_stored_network(path); }),
            path + ": holds a stored engine network, expected a stored model");
  save_model(path, network.decode());
  EXPECT_EQ(error_of([&] { load_stored_network(path); }),
            path + ": holds a float model, expected a stored model");
  write_file_atomically(path, std::string("A text, not a model."));
  EXPECT_EQ(error_of([&] { load_stored_network(path); }),
            path + ": not a model file: begins with 41 20 74 65, expected 89 53 50 53");
}

TEST(StoredNetwork, Messages) {
  const Bytes good = store(random_layer_network(1, 8, 9, 4, 0.3));
  EXPECT_EQ(load_error(good), "no error");
  EXPECT_EQ(load_error({}), "file: not a model file: 0 bytes, expected at least 12");
  Bytes bytes = good;
  bytes[4] = 5;
  EXPECT_EQ(load_error(bytes), "file: header: version 5, expected 1 to 4");
  bytes = good;
  bytes[6] = 6;
  EXPECT_EQ(load_error(bytes), "file: header: kind 6, expected 0 to 5");
  bytes = good;
  bytes.back() ^= 1;
  EXPECT_EQ(load_error(bytes).substr(0, 35), "file: damaged: CRC-32 of the payloa");
  bytes = good;
  bytes.push_back(0);
  fix_crc(bytes);
  EXPECT_EQ(load_error(bytes), "file: 1 bytes behind the last parameter");
}

}  // namespace
}  // namespace sparsys
