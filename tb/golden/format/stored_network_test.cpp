// SPDX-License-Identifier: Apache-2.0
// Stored models of networks with shared weights: the same network back, the form that is smallest,
// the report against the file, a file worked out by hand, and bytes from an enemy.
#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <tuple>

#include "golden/base/atomic_file.hpp"
#include "golden/base/error.hpp"
#include "golden/base/random.hpp"
#include "golden/format/huffman.hpp"
#include "golden/format/model_file.hpp"
#include "golden/format/stored_model.hpp"
#include "golden/network/check.hpp"
#include "tb/support/allocations.hpp"
#include "tb/support/random_network.hpp"

namespace sparsys {
namespace {

void expect_same(const StoredReport& a, const StoredReport& b) {
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

constexpr size_t kHeader = 12;

void fix_crc(Bytes& bytes) {
  const uLong crc = crc32_z(0, bytes.data() + kHeader, bytes.size() - kHeader);
  for (size_t b = 0; b < 4; ++b) bytes[8 + b] = static_cast<uint8_t>(crc >> (8 * b));
}

Node& add_node(Network& network, Op op, const char* name, std::vector<std::string> inputs,
               const char* output) {
  network.nodes.emplace_back();
  Node& node = network.nodes.back();
  node.op = op;
  node.name = name;
  node.inputs = std::move(inputs);
  node.output = output;
  network.output = output;
  return node;
}

void add_parameter(SharedNetwork& network, const char* name, Shape shape, SharedParameter shared) {
  network.network.parameters.push_back({name, std::move(shape), {}});
  network.parameters.push_back(std::move(shared));
}

// `values` values, the first of them 0; a share of the codes is not 0.
SharedParameter random_codes(Random& random, const Shape& shape, size_t values, double density) {
  SharedParameter shared;
  shared.codebook.push_back(0);
  while (shared.codebook.size() < values) {
    const float value = random.normal();
    if (value != 0) shared.codebook.push_back(value);
  }
  std::sort(shared.codebook.begin() + 1, shared.codebook.end());
  for (int64_t i = element_count(shape); i > 0; --i) {
    const bool kept = values > 1 && random.uniform() < density;
    shared.code.push_back(static_cast<uint8_t>(kept ? 1 + random.below(values - 1) : 0));
  }
  return shared;
}

// One layer without bias.
SharedNetwork one_layer(int64_t outputs, int64_t inputs, SharedParameter shared) {
  SharedNetwork network;
  network.network.name = "n";
  network.network.input = "x";
  network.network.input_shape = {1, inputs};
  add_node(network.network, Op::kGemm, "", {"x", "w"}, "y").trans_b = true;
  add_parameter(network, "w", {outputs, inputs}, std::move(shared));
  return network;
}

SharedNetwork random_layer_network(uint64_t seed, int64_t outputs, int64_t inputs, size_t values,
                                   double density) {
  Random random(seed, 30);
  return one_layer(outputs, inputs, random_codes(random, {outputs, inputs}, values, density));
}

// Of LeNet-5's kind, of any size, with fields at their defaults and not.
SharedNetwork random_shared_network(uint64_t seed) {
  Random random(seed, 31);
  const auto size = [&](int most) {
    return static_cast<int64_t>(1 + random.below(static_cast<uint64_t>(most)));
  };
  const auto coin = [&] { return random.below(2) == 0; };
  const auto density = [&] { return coin() ? random.uniform() : 0.1 * random.uniform(); };
  const auto values = [&] { return static_cast<size_t>(1 + random.below(coin() ? 16 : 256)); };
  SharedNetwork shared;
  Network& network = shared.network;
  network.name = coin() ? "net" : "";
  network.origin = coin() ? "two\nlines \xC3\xA9" : "";
  network.input = "image";
  const int64_t channels = size(3);
  network.input_shape = {1, channels, 9, 9};
  if (coin()) network.input_scale = random.normal();
  if (coin()) network.input_offset = coin() ? -0.0F : random.normal();
  const auto parameter = [&](const char* name, const Shape& shape) {
    add_parameter(shared, name, shape, random_codes(random, shape, values(), density()));
  };
  const auto bias = [&](const char* name, const Shape& shape) {
    parameter(name, shape);
    SharedParameter& codes = shared.parameters.back();
    const uint64_t kind = random.below(3);
    if (kind == 0) codes.codebook[0] = coin() ? -0.0F : 0.5F;
    if (kind != 1) return;
    std::vector<float>& own = network.parameters.back().values;
    for (const uint8_t code : codes.code) own.push_back(codes.codebook[code]);
    codes = SharedParameter();
  };
  const int64_t maps = size(6);
  Node& conv =
      add_node(network, Op::kConv, coin() ? "conv" : "", {"image", "conv.w", "conv.b"}, "c");
  conv.window.kernel = {3, 2};
  if (coin()) conv.window.stride = {2, 1};
  if (coin()) conv.window.pad = {1, 0, 2, 3};
  parameter("conv.w", {maps, channels, 3, 2});
  bias("conv.b", {maps});
  const Op functions[] = {Op::kRelu, Op::kSigmoid, Op::kTanh};
  if (coin()) add_node(network, functions[random.below(3)], "", {"c"}, "r");
  Node& pool =
      add_node(network, coin() ? Op::kMaxPool : Op::kAveragePool, "pool", {network.output}, "p");
  pool.window.kernel = pool.window.stride = {2, 2};
  pool.window.ceil_mode = coin();
  if (coin()) {
    add_node(network, Op::kFlatten, "", {"p"}, "f");
  } else {
    add_node(network, Op::kReshape, "", {"p", "shape"}, "f").shape = {1, -1};
  }
  const int64_t flat = infer_shapes(network, true).back()[1];
  const int64_t hidden = size(30);
  Node& fc = add_node(network, Op::kGemm, "fc", {"f", "fc.w", "fc.b"}, "h");
  fc.trans_b = coin();
  if (coin()) fc.alpha = 0.5F;
  if (coin()) fc.beta = -2;
  parameter("fc.w", fc.trans_b ? Shape{hidden, flat} : Shape{flat, hidden});
  bias("fc.b", {hidden});
  const int64_t outputs = size(10);
  add_node(network, Op::kMatMul, "last", {"h", "last.w"}, "m");
  parameter("last.w", {hidden, outputs});
  if (coin()) {
    add_node(network, Op::kAdd, "", {"m", "last.b"}, "y");
    bias("last.b", {outputs});
  }
  if (coin()) add_node(network, Op::kSoftmax, "", {network.output}, "s").axis = coin() ? -1 : 1;
  // A field that its operator does not have is kept too.
  if (coin()) network.nodes.back().group = 3;
  return shared;
}

void expect_same(const SharedNetwork& a, const SharedNetwork& b) {
  ASSERT_EQ(a.parameters.size(), b.parameters.size());
  for (size_t p = 0; p < a.parameters.size(); ++p) {
    ASSERT_EQ(a.parameters[p].code, b.parameters[p].code);
    const std::vector<float>& x = a.parameters[p].codebook;
    const std::vector<float>& y = b.parameters[p].codebook;
    ASSERT_EQ(x.size(), y.size());
    // Bit by bit; an empty vector may have no address.
    if (!x.empty()) ASSERT_EQ(std::memcmp(x.data(), y.data(), 4 * x.size()), 0);
    ASSERT_EQ(a.network.parameters[p].values.size(), b.network.parameters[p].values.size());
  }
  // Model files hold every field of the rest, bit by bit.
  ASSERT_EQ(model_to_bytes(a.decode()), model_to_bytes(b.decode()));
}

std::string error_of(const Bytes& bytes) {
  try {
    load_stored_network(bytes, "file");
  } catch (const Error& error) {
    return error.what();
  }
  return "";
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
      ASSERT_EQ(bytes.size(), stored_bytes(network, options));
      if (bits == 0) best = bytes.size();
      // The best width is looked for where it is without contexts, which is right but for bytes.
      ASSERT_LE(best, bytes.size() + 4);
      StoredReport found;
      expect_same(load_stored_network(bytes.data(), bytes.size(), "file", &found), network);
      if (HasFatalFailure()) return;
      expect_same(found, report);
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
  EXPECT_EQ(Bytes(bytes.begin(), bytes.begin() + 8), (Bytes{0x89, 'S', 'P', 'S', 1, 0, 1, 0}));
  bytes.erase(bytes.begin(), bytes.begin() + kHeader);
  EXPECT_EQ(bytes, expected);
}

TEST(StoredNetwork, NothingKept) {
  SharedNetwork network = random_layer_network(1, 40, 4000, 1, 0);
  EXPECT_LT(store(network).size(), 60U);
  expect_same(load_stored_network(store(network)), network);
  network.parameters[0].codebook = {0, 1, 2};
  expect_same(load_stored_network(store(network)), network);
}

TEST(StoredNetwork, WhatCannotBeStored) {
  StoreOptions options;
  options.index_bits = kMaxIndexBits + 1;
  const SharedNetwork good = random_layer_network(1, 4, 5, 4, 0.5);
  EXPECT_THROW(store(good, options), Error);
  EXPECT_THROW(store(SharedNetwork()), Error);
  const auto error = [&](auto change) -> std::string {
    SharedNetwork network = good;
    change(network);
    try {
      store(network);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
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
  for (size_t at = kHeader; at + 1 < bomb.size(); ++at) {
    if (bomb[at] == 0xFE && bomb[at + 1] == 0x3F) bomb[at + 1] = 0x7F;
  }
  fix_crc(bomb);
  largest_block = 0;
  EXPECT_NE(error_of(bomb).find("more than a file of this size may stand for"), std::string::npos)
      << error_of(bomb);
  EXPECT_LT(largest_block, 10000U);
}

TEST(StoredNetwork, Files) {
  std::string directory = ::testing::TempDir() + "sparsys-stored-XXXXXX";
  ASSERT_NE(::mkdtemp(directory.data()), nullptr);
  const std::string path = directory + "/net.sps";
  const SharedNetwork network = random_shared_network(7);
  save_stored(path, network);
  EXPECT_EQ(model_kind(path), ModelKind::kStored);
  expect_same(load_stored_network(path), network);
  const auto message = [](auto load) -> std::string {
    try {
      load();
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(message([&] { load_stored_file(path); }),
            path + ": holds a stored model, expected a stored engine network");
  EXPECT_EQ(message([&] { load_float_network(path); }),
            path + ": holds a stored model, expected a float model");
  EXPECT_EQ(message([&] { load_compressed_network(path); }),
            path + ": holds a stored model, expected a compressed network");
  save_stored(path, random_network(7));
  EXPECT_EQ(model_kind(path), ModelKind::kStoredCompressed);
  EXPECT_EQ(message([&] { load_stored_network(path); }),
            path + ": holds a stored engine network, expected a stored model");
  save_model(path, network.decode());
  EXPECT_EQ(message([&] { load_stored_network(path); }),
            path + ": holds a float model, expected a stored model");
  write_file_atomically(path, std::string("A text, not a model."));
  EXPECT_EQ(message([&] { load_stored_network(path); }),
            path + ": not a stored model: begins with 41 20 74 65, expected 89 53 50 53");
  std::remove(path.c_str());
  EXPECT_EQ(::rmdir(directory.c_str()), 0);
}

TEST(StoredNetwork, Messages) {
  const Bytes good = store(random_layer_network(1, 8, 9, 4, 0.3));
  EXPECT_EQ(error_of(good), "");
  EXPECT_EQ(error_of({}), "file: not a stored model: 0 bytes, expected at least 12");
  Bytes bytes = good;
  bytes[4] = 2;
  EXPECT_EQ(error_of(bytes), "file: header: version 2, expected 1");
  bytes = good;
  bytes[6] = 2;
  EXPECT_EQ(error_of(bytes), "file: header: kind 2, expected 0 or 1");
  bytes = good;
  bytes.back() ^= 1;
  EXPECT_EQ(error_of(bytes).substr(0, 35), "file: damaged: CRC-32 of the payloa");
  bytes = good;
  bytes.push_back(0);
  fix_crc(bytes);
  EXPECT_EQ(error_of(bytes), "file: 1 bytes behind the last parameter");
}

// ---- bytes from an enemy ----

struct Tally {
  size_t sound = 0;
  size_t errors = 0;
};

// Loads a copy of exactly these bytes, so that a sanitiser sees reads beyond them.
void load(const Bytes& bytes, Tally& tally) {
  const Bytes exact(bytes.begin(), bytes.end());
  largest_block = 0;
  try {
    const SharedNetwork network = load_stored_network(exact, "file");
    check(network, "again");
    ++tally.sound;
  } catch (const Error& error) {
    const std::string text = error.what();
    ASSERT_EQ(text.compare(0, 6, "file: "), 0) << text;
    ASSERT_LT(text.size(), 500U);
    ASSERT_EQ(text.find('\n'), std::string::npos);
    ++tally.errors;
  }
  ASSERT_LT(largest_block, (size_t{1} << 24) + 256 * exact.size() + (1U << 20));
}

// All forms, contexts of both kinds, and all fields of nodes.
std::vector<Bytes> files_to_break() {
  std::vector<Bytes> files;
  for (const uint64_t seed : {1, 2, 5}) files.push_back(store(random_shared_network(seed)));
  files.push_back(store(random_layer_network(1, 8, 9, 4, 0.2)));
  return files;
}

TEST(StoredNetworkFuzz, Truncated) {
  Tally tally;
  for (const Bytes& good : files_to_break()) {
    for (size_t size = 0; size < good.size(); ++size) {
      Bytes bytes(good.begin(), good.begin() + static_cast<ptrdiff_t>(size));
      load(bytes, tally);
      if (size < kHeader) continue;
      fix_crc(bytes);
      load(bytes, tally);
      if (HasFatalFailure()) return;
    }
  }
  EXPECT_EQ(tally.sound, 0U);
}

TEST(StoredNetworkFuzz, EveryByteChanged) {
  const Bytes good = files_to_break().back();
  Tally tally;
  for (size_t at = 0; at < good.size(); ++at) {
    for (int value = 0; value < 256; ++value) {
      Bytes bytes = good;
      if (bytes[at] == value) continue;
      bytes[at] = static_cast<uint8_t>(value);
      load(bytes, tally);
    }
  }
  EXPECT_EQ(tally.sound, 0U);
}

// Behind a right CRC: what the validation of the payload is for.
TEST(StoredNetworkFuzz, EveryPayloadByteChangedToAnything) {
  for (const Bytes& good : files_to_break()) {
    Tally tally;
    const int step = good.size() < 500 ? 1 : 15;
    for (size_t at = kHeader; at < good.size(); ++at) {
      for (int value = 0; value < 256; value += step) {
        Bytes bytes = good;
        bytes[at] = static_cast<uint8_t>(value);
        fix_crc(bytes);
        load(bytes, tally);
        if (HasFatalFailure()) return;
      }
    }
    std::cout << good.size() << " bytes: " << tally.sound << " sound, " << tally.errors
              << " errors\n";
    EXPECT_GT(tally.sound, 0U);
    EXPECT_GT(tally.errors, good.size());
  }
}

TEST(StoredNetworkFuzz, RandomDamage) {
  const std::vector<Bytes> files = files_to_break();
  const uint64_t base = seed_from_environment(1);
  Tally tally;
  for (uint64_t seed = base; seed < base + (seed_is_given() ? 1 : 20000); ++seed) {
    SCOPED_TRACE("SPARSYS_SEED=" + std::to_string(seed));
    Random random(seed, 33);
    Bytes bytes = files[random.below(files.size())];
    for (uint64_t change = 1 + random.below(5); change > 0; --change) {
      const auto at = static_cast<ptrdiff_t>(kHeader + random.below(bytes.size() - kHeader));
      const auto end = static_cast<ptrdiff_t>(bytes.size());
      const auto length = std::min(end - at, static_cast<ptrdiff_t>(1 + random.below(8)));
      switch (random.below(5)) {
        case 0:
          bytes[static_cast<size_t>(at)] = static_cast<uint8_t>(random.next());
          break;
        case 1:
          std::fill_n(bytes.begin() + at, length, uint8_t{0xFF});
          break;
        case 2:
          if (end - length > static_cast<ptrdiff_t>(kHeader)) {
            bytes.erase(bytes.begin() + at, bytes.begin() + at + length);
          }
          break;
        case 3: {
          const Bytes piece(bytes.begin() + at, bytes.begin() + at + length);
          bytes.insert(bytes.begin() +
                           static_cast<ptrdiff_t>(kHeader + random.below(bytes.size() - kHeader)),
                       piece.begin(), piece.end());
          break;
        }
        default:
          bytes.insert(bytes.begin() + at, static_cast<uint8_t>(random.next()));
      }
    }
    fix_crc(bytes);
    load(bytes, tally);
    if (HasFatalFailure()) return;
  }
  std::cout << tally.sound << " sound, " << tally.errors << " errors\n";
}

TEST(StoredNetworkFuzz, RandomBytes) {
  const Bytes good = files_to_break().back();
  const uint64_t base = seed_from_environment(1);
  Tally tally;
  for (uint64_t seed = base; seed < base + (seed_is_given() ? 1 : 10000); ++seed) {
    SCOPED_TRACE("SPARSYS_SEED=" + std::to_string(seed));
    Random random(seed, 34);
    Bytes bytes(kHeader + random.below(150));
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random.next());
    load(bytes, tally);
    // With the right beginning, up to anywhere in the file.
    const auto kept = std::min<size_t>(bytes.size(), kHeader + random.below(good.size()));
    std::copy_n(good.begin(), std::min(kept, good.size()), bytes.begin());
    fix_crc(bytes);
    load(bytes, tally);
    if (HasFatalFailure()) return;
  }
  std::cout << tally.sound << " sound, " << tally.errors << " errors\n";
}

}  // namespace
}  // namespace sparsys
