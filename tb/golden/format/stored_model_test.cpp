// SPDX-License-Identifier: Apache-2.0
// Stored models: the same network back, the report against the file, a file worked out by hand, and
// what is wrong.
#include "golden/format/stored_model.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "golden/base/atomic_file.hpp"
#include "golden/base/error.hpp"
#include "golden/format/model_file.hpp"
#include "tb/support/error_of.hpp"
#include "tb/support/fuzz.hpp"
#include "tb/support/random_network.hpp"
#include "tb/support/same_network.hpp"
#include "tb/support/temporary.hpp"

namespace sparsys {
namespace {

using Bytes = std::vector<uint8_t>;

// One layer of one column whose only non-zeros are at `rows`, all of code 1.
eie::Network column(uint32_t outputs, const std::vector<uint32_t>& rows) {
  eie::Network network;
  network.name = "n";
  eie::Layer layer;
  layer.name = "l";
  layer.inputs = 1;
  layer.outputs = outputs;
  layer.codebook[1] = -2;
  layer.row = rows;
  layer.code.assign(rows.size(), 1);
  layer.column_start = {0, rows.size()};
  network.layers.push_back(layer);
  return network;
}

std::string load_error(const Bytes& bytes) {
  return error_of([&] { load_stored(bytes, "file"); });
}

TEST(StoredModel, ThereAndBack) {
  const uint64_t base = seed_from_environment(1);
  for (uint64_t seed = base; seed < base + (seed_is_given() ? 1 : 400); ++seed) {
    SCOPED_TRACE("SPARSYS_SEED=" + std::to_string(seed));
    eie::Network network = random_network(seed, random_options(seed, 200));
    if (seed % 5 == 0) network.layers[0].codebook[15] = 0;
    if (seed % 7 == 0) network.origin = "two\nlines \xC3\xA9";
    uint64_t best = UINT64_MAX;
    for (unsigned bits = 0; bits <= kMaxIndexBits; ++bits) {
      if (bits > 9 && seed % 10 != 0) continue;
      StoreOptions options;
      options.index_bits = bits;
      StoredReport report;
      const Bytes bytes = store(network, options, &report);
      ASSERT_EQ(bytes.size(), report.stored_bytes);
      ASSERT_EQ(bytes.size(), stored_report(network, options).stored_bytes);
      if (bits == 0) best = bytes.size();
      ASSERT_LE(best, bytes.size());
      expect_same(load_stored(bytes), network);
      if (HasFatalFailure()) return;
    }
  }
}

TEST(StoredModel, Report) {
  RandomNetworkOptions options;
  options.sizes = {300, 100, 10};
  options.constants = 1;
  options.density = 0.1;
  const eie::Network network = random_network(seed_from_environment(5), options);
  StoreOptions store_options;
  store_options.index_bits = 4;
  const StoredReport report = stored_report(network, store_options);
  ASSERT_EQ(report.layers.size(), 2U);
  EXPECT_EQ(report.original_bytes, 4U * (300 * 100 + 100 + 100 * 10 + 10));
  EXPECT_EQ(report.layers[0].weights, 30000U);
  EXPECT_EQ(report.layers[0].biases, 100U);
  uint64_t layers = 0;
  for (size_t l = 0; l < 2; ++l) {
    const StoredLayerReport& layer = report.layers[l];
    layers += layer.stored_bytes;
    EXPECT_EQ(layer.name, network.layers[l].name);
    EXPECT_EQ(layer.entries, layer.padding + network.layers[l].row.size());
    EXPECT_GT(layer.padding, 0U);
    EXPECT_EQ(layer.weight_bits, 4);
    EXPECT_EQ(layer.index_bits, 4);
    EXPECT_LT(layer.index_bits_huffman, layer.index_bits + 0.5);
    // All but names, sizes and codebook are the two streams.
    const double streams = static_cast<double>(layer.entries) *
                           (layer.weight_bits_huffman + layer.index_bits_huffman) / 8;
    EXPECT_NEAR(streams, static_cast<double>(layer.stored_bytes), 60);
    EXPECT_LT(streams, static_cast<double>(layer.stored_bytes));
  }
  EXPECT_LT(layers, report.stored_bytes);
  EXPECT_LT(report.stored_bytes, layers + 60);
  EXPECT_DOUBLE_EQ(report.ratio(), static_cast<double>(report.original_bytes) /
                                       static_cast<double>(report.stored_bytes));
}

// Rows 1 and 6 of one column with indices of 2 bits: gaps of 1 and 4, so that a padding entry comes
// before an index of 0: with index 0 as it stands for one block of 4, in the form of old with 3.
TEST(StoredModel, WorkedExample) {
  StoreOptions options;
  options.index_bits = 2;
  // clang-format off
  const Bytes expected = {
      1, 'n', 0, 1,   // names, number of layers
      1, 0, 0,        // inputs, constants, input_frac
      1, 'l', 8, 0,   // name, outputs, constants
      0, 0, 0,        // ReLU, radix points
      1, 0xFE, 0xFF,  // codebook: -2
      3, 2,           // entries, width
      // Codes 1, 0, 1. Table of 2: gamma(3) = 011, lengths 1, 1 = 0 0. Entries 1 0 1.
      1, 0b01100101,
      // Indices 1, 0, 0. Table of 2: 011, lengths 1, 1. Entries 1 0 0.
      1, 0b01100100,
  };
  const Bytes old = {
      1, 'n', 0, 1, 1, 0, 0, 1, 'l', 8, 0, 0, 0, 0, 1, 0xFE, 0xFF, 3, 2, 1, 0b01100101,  // as above
      // Indices 1, 3, 0, once each: lengths 2, 2, 0, 1 (the last one is the shortest). Table of 4:
      // gamma(5) = 00101, then 10, 0, 11100000 gamma(1) = 1, and 1 as one less than 2: 110. Codes
      // of 3, 0, 1 are 0, 10, 11; entries 11 0 10.
      4, 0b00101100, 0b11100000, 0b11101101, 0b00000000,
  };
  // clang-format on
  const Bytes file = store(column(8, {1, 6}), options);
  EXPECT_EQ(Bytes(file.begin() + kHeaderSize, file.end()), expected);
  EXPECT_EQ(file[4], 2);
  // A file of version 1, which is read as it was.
  Bytes earlier(file.begin(), file.begin() + kHeaderSize);
  earlier.insert(earlier.end(), old.begin(), old.end());
  earlier[4] = 1;
  fix_crc(earlier);
  expect_same(load_stored(earlier), column(8, {1, 6}));
  // What padding means is told by the version alone, which the CRC covers.
  earlier[4] = 2;
  EXPECT_EQ(load_error(earlier).substr(0, 13), "file: damaged");
  fix_crc(earlier);
  EXPECT_EQ(load_error(earlier), "file: layer 1: entry 1 is behind the end of the matrix");
  Bytes current = file;
  current[4] = 1;
  fix_crc(current);
  EXPECT_EQ(load_error(current), "file: layer 1: entry 1 is padding with index 0, expected 3");
}

// At the width's limit: the largest gap without padding, and the next one, which takes one. One
// padding entry stands for up to as many blocks as there are indices.
TEST(StoredModel, Padding) {
  for (unsigned bits = 1; bits <= kMaxIndexBits; ++bits) {
    StoreOptions options;
    options.index_bits = bits;
    const uint32_t most = 1U << bits;
    for (uint32_t gap : {0U, 1U, most - 2, most - 1, most, most + 1, 2 * most - 1, 2 * most,
                         5 * most - 1, 5 * most}) {
      if (gap > 4000000) continue;
      const eie::Network network = column(6 * most + 2, {gap, gap + 1});
      const StoredReport report = stored_report(network, options);
      const uint64_t padding = (gap / most + most - 1) / most;
      EXPECT_EQ(report.layers[0].padding, padding) << bits << " bits, gap " << gap;
      EXPECT_EQ(report.layers[0].entries, 2 + padding);
      EXPECT_EQ(report.layers[0].index_bits, bits);
      expect_same(load_stored(store(network, options)), network);
    }
  }
}

// Gaps that run over many columns, beyond any width.
TEST(StoredModel, LongGaps) {
  eie::Network network = column(1000, {});
  eie::Layer& layer = network.layers[0];
  layer.inputs = 3000;
  layer.row = {999, 0};
  layer.code = {15, 1};
  layer.column_start.assign(3001, 2);
  std::fill_n(layer.column_start.begin(), 100, 0);
  std::fill_n(layer.column_start.begin() + 100, 2850, 1);
  for (const unsigned bits : {0U, 1U, 5U, 16U}) {
    StoreOptions options;
    options.index_bits = bits;
    expect_same(load_stored(store(network, options)), network);
  }
}

TEST(StoredModel, WhatCannotBeStored) {
  StoreOptions options;
  options.index_bits = kMaxIndexBits + 1;
  EXPECT_THROW(store(column(8, {1}), options), Error);
  EXPECT_THROW(store(eie::Network()), Error);
  eie::Network unsound = column(8, {1});
  unsound.layers[0].row[0] = 8;
  EXPECT_THROW(store(unsound), Error);
  // A file of 20 bytes that stands for a million inputs.
  eie::Network empty = column(8, {});
  empty.layers[0].inputs = 1000000;
  empty.layers[0].column_start.assign(1000001, 0);
  EXPECT_THROW(stored_report(empty), Error);
  empty.layers[0].inputs = 60000;
  empty.layers[0].column_start.resize(60001);
  expect_same(load_stored(store(empty)), empty);
}

TEST(StoredModel, Files) {
  const TemporaryFolder folder;
  const std::string path = folder.file("net.sps");
  const eie::Network network = random_network(7);
  StoredReport report;
  save_stored(path, network, {}, &report);
  EXPECT_EQ(std::filesystem::file_size(path), report.stored_bytes);
  expect_same(load_stored_file(path), network);
  const auto error = [](const std::string& file) {
    return error_of([&] { load_stored_file(file); });
  };
  EXPECT_EQ(error(folder.path().string()),
            folder.path().string() + ": cannot read: not a regular file");
  EXPECT_EQ(error(path + "x"), path + "x: cannot read: no such file or directory");
  write_file_atomically(path, std::string("A text, not a model."));
  EXPECT_EQ(error(path),
            path + ": not a model file: begins with 41 20 74 65, expected 89 53 50 53");
  EXPECT_THROW(save_stored(folder.file("no/net.sps"), network), Error);
}

TEST(StoredModel, Messages) {
  const Bytes good = store(column(8, {1, 6}));
  EXPECT_EQ(load_error({}), "file: not a model file: 0 bytes, expected at least 12");
  Bytes bytes = good;
  bytes[4] = 3;
  EXPECT_EQ(load_error(bytes), "file: header: version 3, expected 1 to 2");
  bytes[4] = 0;
  EXPECT_EQ(load_error(bytes), "file: header: version 0, expected 1 to 2");
  bytes = good;
  bytes.back() ^= 1;
  EXPECT_EQ(load_error(bytes).substr(0, 35), "file: damaged: CRC-32 of the payloa");
  bytes = good;
  bytes.push_back(0);
  fix_crc(bytes);
  EXPECT_EQ(load_error(bytes), "file: 1 bytes behind the last layer");
  bytes = good;
  bytes[kHeaderSize + 3] = 0;
  fix_crc(bytes);
  EXPECT_EQ(load_error(bytes), "file: number of layers is 0, expected 1 to 4096");
}

}  // namespace
}  // namespace sparsys
