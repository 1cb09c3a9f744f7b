// SPDX-License-Identifier: Apache-2.0
// Files as the program of commit 4a407e0 wrote them, one of each kind, in data/: they are read,
// hold what was put into them, and what is saved of it now is the same again.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "golden/format/model_file.hpp"
#include "golden/format/stored_model.hpp"
#include "tb/support/random_shared_network.hpp"
#include "tb/support/same_network.hpp"
#include "tb/support/small_networks.hpp"
#include "tb/support/temporary.hpp"

namespace sparsys {
namespace {

std::string data_file(const char* name) { return std::string(SPARSYS_FORMAT_DATA "/") + name; }

std::vector<uint8_t> content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// ---- the networks that were written ----

eie::Network eie_network() {
  eie::Network network;
  network.name = "sparse";
  network.origin = "by hand";
  network.input_constants = {256};
  eie::Layer first;
  first.name = "fc1";
  first.inputs = 5;
  first.outputs = 4;
  first.constant_inputs = 1;
  first.constant_outputs = 1;
  first.relu = true;
  first.input_frac = 8;
  first.weight_frac = 12;
  first.output_frac = 7;
  first.codebook = {0, 100, -100, 32767, -32768};
  first.column_start = {0, 2, 2, 3, 5, 7};
  first.row = {0, 2, 1, 0, 2, 1, 3};
  first.code = {1, 2, 3, 4, 1, 15, 3};
  eie::Layer second;
  second.name = "fc2";
  second.inputs = 4;
  second.outputs = 2;
  second.constant_inputs = 1;
  second.input_frac = 7;
  second.weight_frac = -1;
  second.output_frac = 5;
  second.codebook = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, -15};
  second.column_start = {0, 1, 3, 3, 4};
  second.row = {1, 0, 1, 0};
  second.code = {15, 14, 1, 9};
  network.layers = {first, second};
  return network;
}

mxu::Network mxu_network() {
  mxu::Network network;
  network.name = "bytes";
  network.origin = "by hand";
  network.pixel_scale = 0.25F;
  network.pixel_offset = -0.5F;
  mxu::Layer conv;
  conv.name = "conv";
  conv.channels = 1;
  conv.height = 5;
  conv.width = 6;
  conv.outputs = 2;
  conv.window.kernel = {2, 3};
  conv.window.stride = {1, 2};
  conv.window.pad = {1, 0, 0, 1};
  conv.weights = {1, -1, 127, -127, 5, 0, 7, 8, 9, -10, -11, -12};
  conv.bias = {100000, -100000};
  conv.multiplier = {1 << 30, (1 << 30) + 5};
  conv.shift = {38, 40};
  conv.function = mxu::Function::kRelu;
  conv.pooling = mxu::Pooling::kMax;
  conv.pool.kernel = {2, 2};
  conv.pool.stride = {2, 1};
  conv.pool.pad = {0, 1, 1, 0};
  conv.input_scale = 0.125F;
  conv.input_zero = -7;
  conv.output_scale = 0.5F;
  conv.output_zero = -100;
  conv.low = -100;
  conv.high = 99;
  mxu::Layer last;
  last.name = "last";
  last.channels = 2;
  last.height = 3;
  last.width = 3;
  last.outputs = 1;
  last.window.kernel = {3, 3};
  for (int w = 0; w < 18; ++w) last.weights.push_back(static_cast<int8_t>(7 * w - 60));
  last.bias = {-3};
  last.multiplier = {1234567890};
  last.shift = {62};
  last.function = mxu::Function::kTanh;
  last.input_scale = 0.5F;
  last.input_zero = -100;
  last.output_scale = 1.0F / 128;
  network.layers = {conv, last};
  return network;
}

// The float network with one parameter as each form makes smallest, and one not shared.
SharedNetwork shared_network() {
  SharedNetwork shared;
  shared.network = every_operator_network();
  shared.parameters.resize(shared.network.parameters.size());
  const auto share = [&](size_t p, std::vector<float> codebook, std::vector<uint8_t> codes) {
    shared.parameters[p].codebook = std::move(codebook);
    shared.parameters[p].code = std::move(codes);
    shared.network.parameters[p].values.clear();
  };
  share(0, {0, -1.5F, 0.25F, 2}, {1, 2, 3, 1, 0, 2, 0, 0, 3, 3, 1, 2});
  share(1, {-0.0F, 0.5F}, {0, 1});
  share(2, {0, 1.25F}, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  share(4, {0, 3, -3}, {2, 1, 2, 0, 0, 1});
  return shared;
}

TEST(EarlierFiles, FloatModel) {
  const Network read = load_model<Network>(data_file("float.model"));
  expect_same(read, every_operator_network());
  const TemporaryFolder folder;
  save_model(folder.file("again"), read);
  expect_same(load_model<Network>(folder.file("again")), read);
}

TEST(EarlierFiles, CompressedNetwork) {
  const eie::Network read = load_model<eie::Network>(data_file("compressed.model"));
  expect_same(read, eie_network());
  const TemporaryFolder folder;
  save_model(folder.file("again"), read);
  expect_same(load_model<eie::Network>(folder.file("again")), read);
}

TEST(EarlierFiles, QuantisedNetwork) {
  const mxu::Network read = load_model<mxu::Network>(data_file("quantised.model"));
  expect_same(read, mxu_network());
  const TemporaryFolder folder;
  save_model(folder.file("again"), read);
  expect_same(load_model<mxu::Network>(folder.file("again")), read);
}

// The sizes of stored files are results: they are no larger than they were.
TEST(EarlierFiles, StoredEngineNetwork) {
  expect_same(load_stored_file(data_file("engine.sps")), eie_network());
  EXPECT_LE(store(eie_network()).size(), content(data_file("engine.sps")).size());
}

// Written by the program of commit 72d2ba6: indices of 2 bits, so that there is much padding, of
// one level.
TEST(EarlierFiles, PaddingOfOneLevel) {
  const SharedNetwork expected = random_layer_network(5, 20, 60, 8, 0.03);
  StoredReport earlier;
  expect_same_stored(load_stored_network(data_file("padded.sps"), &earlier), expected);
  StoreOptions options;
  options.index_bits = 2;
  StoredReport now;
  expect_same_stored(load_stored_network(store(expected, options, &now)), expected);
  EXPECT_EQ(earlier.layers[0].index_bits, 2);
  EXPECT_LT(2 * now.layers[0].padding, earlier.layers[0].padding);
  EXPECT_LT(now.stored_bytes, earlier.stored_bytes);
}

TEST(EarlierFiles, StoredModel) {
  expect_same(load_stored_network(data_file("shared.sps")), shared_network());
  // What is smaller as floats is stored so by now.
  const std::vector<uint8_t> bytes = store(shared_network());
  EXPECT_LT(bytes.size(), content(data_file("shared.sps")).size());
  expect_same_stored(load_stored_network(bytes), shared_network());
}

TEST(EarlierFiles, Kinds) {
  EXPECT_EQ(model_kind(data_file("float.model")), ModelKind::kFloat);
  EXPECT_EQ(model_kind(data_file("compressed.model")), ModelKind::kCompressed);
  EXPECT_EQ(model_kind(data_file("quantised.model")), ModelKind::kQuantised);
  EXPECT_EQ(model_kind(data_file("engine.sps")), ModelKind::kStoredCompressed);
  EXPECT_EQ(model_kind(data_file("shared.sps")), ModelKind::kStored);
}

}  // namespace
}  // namespace sparsys
