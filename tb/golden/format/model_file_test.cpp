// SPDX-License-Identifier: Apache-2.0
// Model files: what is saved is loaded, and what is wrong is said in one line.
#include "golden/format/model_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <zlib.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "golden/base/text.hpp"
#include "golden/network/check.hpp"
#include "tb/support/allocations.hpp"
#include "tb/support/error_of.hpp"
#include "tb/support/fuzz.hpp"
#include "tb/support/random_mxu_network.hpp"
#include "tb/support/random_network.hpp"
#include "tb/support/same_network.hpp"
#include "tb/support/small_networks.hpp"
#include "tb/support/temporary.hpp"

namespace sparsys {
namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<uint8_t>;
using nlohmann::json;

eie::Network small_network() {
  RandomNetworkOptions options;
  options.sizes = {6, 5, 3};
  options.density = 0.5;
  options.constants = 2;
  options.extreme = true;
  return random_network(11, options);
}

eie::Network load(const Bytes& bytes) {
  return model_from_bytes<eie::Network>(bytes.data(), bytes.size(), "file");
}

std::string load_error(const Bytes& bytes) {
  return error_of([&] { load(bytes); });
}

// A container of any payload, with the right CRC.
Bytes container(const Bytes& payload, ModelKind kind = ModelKind::kCompressed) {
  Bytes bytes = {0x89, 'S', 'P', 'S', 1, 0, static_cast<uint8_t>(kind), 0, 0, 0, 0, 0};
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  fix_crc(bytes);
  return bytes;
}

// The same behind the header of earlier versions.
Bytes earlier_container(const Bytes& payload, uint8_t kind) {
  Bytes bytes = {0x89, 'S', 'P', 'A', 'R', 'S', 'Y', 'S', 1, 0, 0, 0, kind, 0, 0, 0};
  for (size_t b = 0; b < 8; ++b) {
    bytes.push_back(static_cast<uint8_t>(uint64_t{payload.size()} >> (8 * b)));
  }
  const uLong crc = crc32_z(0, payload.data(), payload.size());
  for (size_t b = 0; b < 4; ++b) bytes.push_back(static_cast<uint8_t>(crc >> (8 * b)));
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  return bytes;
}

json payload_of(const Bytes& bytes) {
  return json::from_cbor(bytes.begin() + kHeaderSize, bytes.end());
}

class ModelFile : public ::testing::Test {
 protected:
  std::string path(const std::string& name) const { return folder_.file(name); }

  const TemporaryFolder folder_;
};

TEST_F(ModelFile, FloatModelRoundTrip) {
  Network network = every_operator_network();
  save_model(path("m"), network);
  EXPECT_EQ(model_kind(path("m")), ModelKind::kFloat);
  expect_same(load_model<Network>(path("m")), network);
  // Fields that this operator does not have are kept too.
  network.nodes[1].alpha = 2;
  network.nodes[1].beta = -3;
  network.nodes[1].group = 2;
  network.nodes[1].shape = {0, -1};
  save_model(path("m"), network);
  expect_same(load_model<Network>(path("m")), network);
}

TEST_F(ModelFile, CompressedNetworkRoundTrip) {
  const uint64_t base = seed_from_environment(1);
  for (uint64_t seed = base; seed < base + (seed_is_given() ? 1 : 50); ++seed) {
    SCOPED_TRACE("SPARSYS_SEED=" + std::to_string(seed));
    const eie::Network network = random_network(seed, random_options(seed, 60));
    save_model(path("m"), network);
    EXPECT_EQ(model_kind(path("m")), ModelKind::kCompressed);
    expect_same(load_model<eie::Network>(path("m")), network);
  }
}

// The header byte for byte: files must stay readable.
TEST_F(ModelFile, HeaderIsAsDocumented) {
  const Bytes bytes = model_to_bytes(small_network());
  const Bytes payload(bytes.begin() + kHeaderSize, bytes.end());
  EXPECT_EQ(bytes, container(payload));
  const Bytes network = model_to_bytes(every_operator_network());
  EXPECT_EQ(network,
            container(Bytes(network.begin() + kHeaderSize, network.end()), ModelKind::kFloat));
  const json fields = json::from_cbor(payload);
  EXPECT_EQ(fields.at("layers").size(), 2U);
  EXPECT_EQ(fields.at("layers")[0].at("codebook").get_binary().size(), 32U);
  EXPECT_EQ(fields.at("layers")[0].at("inputs"), 8);
  // Parameters row-major, float32: the first is -0.5.
  const Bytes values = payload_of(network).at("parameters")[0].at("values").get_binary();
  EXPECT_EQ(Bytes(values.begin(), values.begin() + 4), (Bytes{0x00, 0x00, 0x00, 0xBF}));
}

TEST_F(ModelFile, FilesThatCannotBeRead) {
  EXPECT_EQ(error_of([&] { load_model<eie::Network>(path("none")); }),
            path("none") + ": cannot read: no such file or directory");
  EXPECT_EQ(error_of([&] { load_model<eie::Network>(folder_.path().string()); }),
            folder_.path().string() + ": cannot read: not a regular file");
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(error_of([&] { model_kind(path("pipe")); }),
            path("pipe") + ": cannot read: not a regular file");
  std::ofstream(path("empty")).flush();
  EXPECT_EQ(error_of([&] { load_model<Network>(path("empty")); }),
            path("empty") + ": not a model file: 0 bytes, expected at least 12");
  std::ofstream(path("text")) << "this is a text and nothing else, really";
  EXPECT_EQ(error_of([&] { model_kind(path("text")); }),
            path("text") + ": not a model file: begins with 74 68 69 73, expected 89 53 50 53");
  save_model(path("float"), every_operator_network());
  write_bytes(path("old"), earlier_container({0xA0}, 1));
  save_model(path("compressed"), small_network());
  EXPECT_EQ(error_of([&] { load_model<eie::Network>(path("float")); }),
            path("float") + ": holds a float model, expected a compressed network");
  EXPECT_EQ(error_of([&] { load_model<Network>(path("compressed")); }),
            path("compressed") + ": holds a compressed network, expected a float model");
  EXPECT_EQ(error_of([&] { load_model<Network>(path("old")); }),
            path("old") + ": holds a float model as older versions wrote it: train again");
  EXPECT_EQ(
      error_of([&] { load_model<eie::Network>(path("old")); }),
      path("old") + ": holds a float model of an older version, expected a compressed network");
  EXPECT_EQ(model_kind(path("old")), ModelKind::kOldFloat);
  // Nothing of the kind asked for is allocated for a file that only claims to be huge.
  fs::resize_file(path("float"), uint64_t{1} << 40);
  EXPECT_EQ(error_of([&] { load_model<Network>(path("float")); }),
            path("float") + ": 1099511627776 bytes, expected at most 4294967296");
  write_bytes(path("earlier"), earlier_container({0xA0}, 3));
  fs::resize_file(path("earlier"), uint64_t{1} << 40);
  EXPECT_NE(error_of([&] { load_model<Network>(path("earlier")); }).find("payload length"),
            std::string::npos);
}

TEST_F(ModelFile, DamagedContainers) {
  const Bytes good = model_to_bytes(small_network());
  const auto changed = [&](size_t at, uint8_t value) {
    Bytes bytes = good;
    bytes[at] = value;
    return load_error(bytes);
  };
  EXPECT_EQ(load_error(good), "no error");
  EXPECT_EQ(changed(4, 2), "file: header: version 2, expected 1");
  EXPECT_EQ(changed(6, 6), "file: header: kind 6, expected 0 to 5");
  EXPECT_EQ(changed(6, 4), "file: holds a quantised network, expected a compressed network");
  EXPECT_EQ(changed(6, 3), "file: holds a float model, expected a compressed network");
  EXPECT_EQ(changed(6, 1), "file: holds a stored model, expected a compressed network");
  EXPECT_NE(changed(100, 0).find("damaged: CRC-32 of the payload is 0x"), std::string::npos);
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_EQ(load_error(longer).find("file: damaged: CRC-32 of the payload is 0x"), 0U);
}

// Headers of earlier versions, every byte of them.
TEST_F(ModelFile, DamagedEarlierContainers) {
  const Bytes current = model_to_bytes(small_network());
  const Bytes good = earlier_container(Bytes(current.begin() + kHeaderSize, current.end()), 2);
  const auto changed = [&](size_t at, uint8_t value) {
    Bytes bytes = good;
    bytes[at] = value;
    return load_error(bytes);
  };
  expect_same(load(good), small_network());
  EXPECT_EQ(changed(8, 2), "file: header: version 2, expected 1");
  EXPECT_EQ(changed(12, 5), "file: header: kind 5, expected 1 to 4");
  EXPECT_EQ(changed(12, 0), "file: header: kind 0, expected 1 to 4");
  EXPECT_EQ(changed(12, 4), "file: holds a quantised network, expected a compressed network");
  EXPECT_NE(changed(100, 0).find("damaged: CRC-32 of the payload is 0x"), std::string::npos);
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_EQ(load_error(longer), "file: header: payload length " + std::to_string(good.size() - 28) +
                                    ", but " + std::to_string(good.size() - 27) + " bytes follow");
  for (size_t at = 0; at < 28; ++at) {
    for (int value = 0; value < 256; ++value) {
      if (value != good[at]) {
        ASSERT_NE(changed(at, static_cast<uint8_t>(value)), "no error");
      }
    }
  }
  for (size_t size = 0; size < good.size(); ++size) {
    const Bytes part(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size));
    ASSERT_NE(load_error(part), "no error");
  }
}

// The parser behind it is recursive and would take what it is told to.
TEST_F(ModelFile, HostileCbor) {
  const auto error = [&](const Bytes& payload) { return load_error(container(payload)); };
  const auto contains = [&](const Bytes& payload, const char* what) {
    largest_block = 0;
    const std::string text = error(payload);
    EXPECT_EQ(text.rfind("file: payload: ", 0), 0U) << text;
    EXPECT_NE(text.find(what), std::string::npos) << text;
    EXPECT_LT(largest_block, 20 * payload.size() + 10000);
  };
  contains({}, "unexpected end of input");
  contains({0xA0, 0x00}, "expected end of input");
  contains(Bytes(1000000, 0x81), "more than 6 levels");
  contains(Bytes(1000000, 0x7F), "item 0x7f has no definite length");
  contains(Bytes(1000000, 0x5F), "item 0x5f has no definite length");
  contains(Bytes(1000000, 0x9F), "item 0x9f has no definite length");
  contains(Bytes(1000000, 0xBF), "item 0xbf has no definite length");
  // Within a list, and as the name of a field.
  contains({0x82, 0x00, 0x7F, 0xFF}, "item 0x7f has no definite length");
  contains({0x82, 0x61, 0x7F, 0x5F, 0xFF}, "item 0x5f has no definite length");
  contains({0xA1, 0x7F, 0x61, 0x61, 0xFF, 0x00}, "item 0x7f has no definite length");
  contains({0x82, 0x80, 0x7F, 0xFF}, "item 0x7f has no definite length");
  contains(Bytes(1000000, 0xC1), "invalid byte: 0xC1");
  contains({0x5B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0}, "unexpected end of input");
  contains({0x5B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xF0, 0}, "unexpected end of input");
  contains({0xBB, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0}, "");
  contains({0x9B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xF0, 0}, "unexpected end of input");
  Bytes many(3000000, 0x00);
  many[0] = 0x9A;
  const auto count = static_cast<uint32_t>(many.size() - 5);
  for (size_t b = 0; b < 4; ++b) many[1 + b] = static_cast<uint8_t>(count >> (24 - 8 * b));
  contains(many, "more than 1048576 items");
  EXPECT_EQ(error({0x80}), "file: expected a map, found a list");
  EXPECT_EQ(error({0xA0}), "file: field 'name' is missing");
  contains({0xA1, 0x01, 0x02}, "");
  contains({0xF7}, "invalid byte: 0xF7");
}

TEST_F(ModelFile, UnsoundPayloads) {
  const json good = payload_of(model_to_bytes(small_network()));
  const auto broken = [&](auto change) {
    json payload = good;
    change(payload);
    return load_error(container(json::to_cbor(payload)));
  };
  const auto field = [&](const char* name, const json& value) {
    return broken([&](json& p) { p["layers"][1][name] = value; });
  };
  EXPECT_EQ(broken([](json&) {}), "no error");
  EXPECT_EQ(broken([](json& p) { p["more"] = 1; }), "file: unknown field 'more'");
  EXPECT_EQ(broken([](json& p) { p.erase("origin"); }), "file: field 'origin' is missing");
  EXPECT_EQ(broken([](json& p) { p["name"] = 5; }),
            "file: field 'name' is a number, expected a text");
  EXPECT_EQ(broken([](json& p) { p["name"] = "a\nb"; }),
            "file: the network's name has a control character");
  EXPECT_EQ(broken([](json& p) { p["name"] = "\xC3("; }), "file: the network's name is not UTF-8");
  EXPECT_EQ(broken([](json& p) { p["layers"] = json::array(); }),
            "file: 0 layers, expected 1 to 4096");
  EXPECT_EQ(broken([](json& p) { p["layers"] = 3; }),
            "file: field 'layers' is a number, expected a list");
  EXPECT_EQ(broken([](json& p) { p["layers"][0] = 3; }),
            "file: layer 1: expected a map, found a number");
  EXPECT_EQ(broken([](json& p) { p["input_constants"] = json::binary({1}); }),
            "file: field 'input_constants' has 1 bytes, expected a multiple of 2");
  EXPECT_EQ(broken([](json& p) {
              p["input_constants"] = json::binary({1, 0});
            }),
            "file: 1 input constants, expected 2");
  EXPECT_EQ(broken([](json& p) { p["layers"].push_back(p["layers"][1]); }),
            "file: layer 3 (fc2): 7 inputs, but the layer before has 3 outputs");
  EXPECT_EQ(field("type", "convolution"),
            "file: layer 2: unknown layer type 'convolution', expected 'fully_connected'");
  EXPECT_EQ(field("relu", 1), "file: layer 2: field 'relu' is a number, expected true or false");
  EXPECT_EQ(field("inputs", 0), "file: layer 2: field 'inputs' is 0, expected 1 to 16777216");
  EXPECT_EQ(field("inputs", -1), "file: layer 2: field 'inputs' is -1, expected 1 to 16777216");
  EXPECT_EQ(field("inputs", 1.5), "file: layer 2: field 'inputs' is a number, expected an integer");
  EXPECT_EQ(field("inputs", 8), "file: layer 2: field 'column_start' has 64 bytes, expected 72");
  EXPECT_EQ(field("outputs", std::numeric_limits<uint64_t>::max()),
            "file: layer 2: field 'outputs' is 18446744073709551615, expected 1 to 16777216");
  EXPECT_NE(field("outputs", 1).find("has row"), std::string::npos);
  EXPECT_EQ(field("constant_inputs", 7),
            "file: layer 2 (fc2): 7 constant inputs of 7 inputs, expected fewer");
  EXPECT_EQ(field("constant_inputs", 1),
            "file: layer 2 (fc2): 1 constant inputs, but the layer before has 2 constant outputs");
  EXPECT_EQ(field("constant_outputs", 3),
            "file: layer 2 (fc2): 3 constant outputs of 3 outputs, expected fewer");
  EXPECT_EQ(field("input_frac", 65), "file: layer 2: field 'input_frac' is 65, expected -64 to 64");
  EXPECT_EQ(field("weight_frac", -1),
            "file: layer 2 (fc2): radix points give shift -1, expected 0 to 31");
  EXPECT_EQ(field("weight_frac", 32),
            "file: layer 2 (fc2): radix points give shift 32, expected 0 to 31");
  EXPECT_EQ(broken([](json& p) {
              p["layers"][1]["input_frac"] = 7;
              p["layers"][1]["output_frac"] = 7;
            }),
            "file: layer 2 (fc2): input_frac is 7, but the layer before has output_frac 8");
  EXPECT_EQ(field("codebook", json::binary(Bytes(30))),
            "file: layer 2: field 'codebook' has 30 bytes, expected 32");
  EXPECT_EQ(field("codebook", json::binary(Bytes(32, 1))),
            "file: layer 2 (fc2): codebook value 0 is 257, expected 0");
  EXPECT_EQ(field("codebook", "text"),
            "file: layer 2: field 'codebook' is a text, expected a byte string");
  const auto bytes = [&](const char* name, size_t at, uint8_t value) {
    return broken([&](json& p) { p["layers"][1][name].get_binary().at(at) = value; });
  };
  EXPECT_EQ(bytes("column_start", 0, 1), "file: layer 2 (fc2): column 0 starts at 1, expected 0");
  EXPECT_NE(bytes("column_start", 8 * 7, 200).find("columns end at 200, expected"),
            std::string::npos);
  EXPECT_NE(bytes("column_start", 8 * 3 + 7, 255).find("before its start"), std::string::npos);
  EXPECT_NE(bytes("row", 3, 1).find("has row 167"), std::string::npos);
  EXPECT_NE(bytes("code", 0, 0).find("has code 0, expected 1 to 15"), std::string::npos);
  EXPECT_NE(bytes("code", 0, 16).find("has code 16, expected 1 to 15"), std::string::npos);
  EXPECT_NE(
      broken([](json& p) { p["layers"][1]["row"].get_binary().pop_back(); }).find("'row' has"),
      std::string::npos);
  EXPECT_NE(
      broken([](json& p) { p["layers"][1]["code"].get_binary().pop_back(); }).find("'code' has"),
      std::string::npos);
  // Rows that do not rise.
  EXPECT_NE(broken([](json& p) {
              auto& layer = p["layers"][1];
              auto& rows = layer["row"].get_binary();
              for (size_t i = 0; i < rows.size(); ++i) rows[i] = 0;
            }).find("has row 0, expected 1 to 2"),
            std::string::npos);
}

TEST_F(ModelFile, UnsoundFloatNetworks) {
  const json good = payload_of(model_to_bytes(every_operator_network()));
  const auto broken = [&](auto change) {
    json payload = good;
    change(payload);
    const Bytes bytes = container(json::to_cbor(payload), ModelKind::kFloat);
    return error_of([&] { model_from_bytes<Network>(bytes.data(), bytes.size(), "file"); });
  };
  const auto node = [&](const char* name, const json& value) {
    return broken([&](json& p) { p["nodes"][0][name] = value; });
  };
  EXPECT_EQ(broken([](json&) {}), "no error");
  EXPECT_EQ(broken([](json& p) { p["more"] = 1; }), "file: unknown field 'more'");
  EXPECT_EQ(broken([](json& p) { p["nodes"] = 1; }),
            "file: field 'nodes' is a number, expected a list");
  EXPECT_EQ(broken([](json& p) { p["input"] = "a\nb"; }),
            "file: its input's name has a control character");
  EXPECT_EQ(broken([](json& p) { p["input_scale"] = 1e39; }),
            "file: field 'input_scale' is not finite as a 32-bit number");
  EXPECT_EQ(broken([](json& p) { p["input_scale"] = std::nan(""); }),
            "file: field 'input_scale' is not finite as a 32-bit number");
  EXPECT_EQ(broken([](json& p) { p["input_shape"] = json::binary(Bytes(9)); }),
            "file: field 'input_shape' has 9 bytes, expected a multiple of 8");
  EXPECT_EQ(broken([](json& p) { p["input_shape"] = json::binary(Bytes(72, 1)); }),
            "file: its input's shape has 9 elements, expected at most 8");
  // Sizes that would take 2^48 bytes if they were believed.
  EXPECT_NE(broken([](json& p) {
              Bytes& shape = p["input_shape"].get_binary();
              shape[8 + 5] = 1;
            }),
            "no error");
  EXPECT_EQ(node("op", "LSTM"), "file: node 1: unknown operator 'LSTM'");
  EXPECT_EQ(node("inputs", {1}), "file: node 1: an input's name is not a text");
  EXPECT_EQ(node("inputs", std::vector<std::string>(257, "x")),
            "file: node 1: its list of inputs has 257 elements, expected at most 256");
  EXPECT_EQ(broken([](json& p) { p["task"] = "sorting"; }), "file: unknown task 'sorting'");
  EXPECT_EQ(broken([](json& p) { p["batch"] = 1; }),
            "file: field 'batch' is a number, expected a text");
  EXPECT_EQ(node("kernel", json::binary(Bytes(24))),
            "file: node 1: field 'kernel' has 24 bytes, expected 16");
  EXPECT_NE(node("kernel", json::binary(Bytes(16))), "no error");
  EXPECT_NE(node("stride", json::binary(Bytes(16))), "no error");
  EXPECT_NE(node("dilation", json::binary(Bytes(16, 0xFF))), "no error");
  EXPECT_NE(node("pad", json::binary(Bytes(32, 0x7F))), "no error");
  EXPECT_NE(node("group", 0), "no error");
  EXPECT_EQ(node("name", "\xFF"), "file: node 1: its name is not UTF-8");
  EXPECT_NE(node("output", "other"), "no error");
  EXPECT_EQ(node("axis", std::numeric_limits<uint64_t>::max()).substr(0, 33),
            "file: node 1: field 'axis' is 184");
  EXPECT_EQ(broken([](json& p) { p["nodes"][0].erase("pad"); }),
            "file: node 1: field 'pad' is missing");
  EXPECT_EQ(broken([](json& p) { p["parameters"][0]["values"].get_binary().pop_back(); }),
            "file: parameter 1: field 'values' has 47 bytes, expected a multiple of 4");
  EXPECT_NE(broken([](json& p) { p["parameters"][0]["values"].get_binary().resize(44); }),
            "no error");
  // 0x7F800000 is infinity.
  EXPECT_NE(broken([](json& p) {
              Bytes& values = p["parameters"][0]["values"].get_binary();
              values[2] = 0x80;
              values[3] = 0x7F;
            }).find("finite"),
            std::string::npos);
  EXPECT_NE(broken([](json& p) { p["parameters"].erase(0); }), "no error");
  EXPECT_NE(broken([](json& p) { p["parameters"].push_back(p["parameters"][0]); }), "no error");
}

// What infer_shapes() tells is told in one line of bounded length.
TEST_F(ModelFile, LongNames) {
  Network network = every_operator_network();
  network.name = std::string(60000, 'n');
  network.nodes[0].name = std::string(60000, 'c');
  network.nodes[0].group = 7;
  EXPECT_LT(error_of([&] { check(network, "file"); }).size(), 400U);
}

// What could not be loaded is not saved, and a file that was there stays.
TEST_F(ModelFile, UnsoundNetworksAreNotSaved) {
  save_model(path("m"), small_network());
  eie::Network network = small_network();
  network.layers[0].code[0] = 0;
  EXPECT_NE(error_of([&] { save_model(path("m"), network); }).find("layer 1 (fc1)"),
            std::string::npos);
  expect_same(load_model<eie::Network>(path("m")), small_network());
  Network unsound = every_operator_network();
  unsound.parameters[0].values[0] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(error_of([&] { save_model(path("m"), unsound); }).substr(0, 13), "model 'tiny':");
  EXPECT_EQ(error_of([&] { save_model(path("no/m"), every_operator_network()); }),
            path("no/m") + ": cannot write: no such file or directory");
  EXPECT_EQ(error_of([&] { save_model("/dev/full", every_operator_network()); }),
            "/dev/full: cannot write: no space left on device");
}

TEST(Validate, PrintableKeepsOneLine) {
  EXPECT_EQ(printable("plain, Zürich \xF0\x9F\x98\x80"), "plain, Zürich \xF0\x9F\x98\x80");
  EXPECT_EQ(printable("a\nb\tc\x7F"), "a?b?c?");
  EXPECT_EQ(printable("\xFF\xC3"), "??");
  EXPECT_EQ(printable("\xED\xA0\x80"), "???");       // a surrogate
  EXPECT_EQ(printable("\xC0\x80"), "??");            // overlong
  EXPECT_EQ(printable("\xF4\x90\x80\x80"), "????");  // above 0x10FFFF
  EXPECT_EQ(printable(std::string(100, 'x')), std::string(80, 'x') + "...");
  EXPECT_EQ(printable(std::string(79, 'x') + "ü"), std::string(79, 'x') + "...");
  EXPECT_EQ(layer_name(1, "fc"), "layer 2 (fc)");
  EXPECT_EQ(layer_name(0, ""), "layer 1");
}

TEST_F(ModelFile, QuantisedNetworksComeBack) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    mxu::Network network = mxu::random_quantised(seed);
    network.origin = "somewhere";
    network.pixel_scale = 0.25F;
    network.pixel_offset = -0.5F;
    save_model(path("int8"), network);
    EXPECT_EQ(model_kind(path("int8")), ModelKind::kQuantised);
    expect_same(load_model<mxu::Network>(path("int8")), network);
  }
}

TEST_F(ModelFile, UnsoundQuantisedNetworks) {
  const auto error = [](const std::function<void(mxu::Network&)>& spoil) {
    mxu::Network network = mxu::quantised_chain({4, 3, 2}, 1);
    spoil(network);
    return error_of([&] { model_to_bytes(network); });
  };
  const auto layer = [&](const std::function<void(mxu::Layer&)>& spoil) {
    return error([&](mxu::Network& network) { spoil(network.layers[1]); });
  };
  const std::string at = "model 'chain': layer 2 (layer2): ";
  EXPECT_EQ(error([](mxu::Network&) {}), "no error");
  EXPECT_EQ(error([](mxu::Network& n) { n.layers.clear(); }),
            "model 'chain': 0 layers, expected 1 to 4096");
  EXPECT_EQ(layer([](mxu::Layer& l) { l.shift[0] = 63; }), at + "shift 63 is outside of 0 to 62");
  EXPECT_EQ(layer([](mxu::Layer& l) { l.weights.pop_back(); }), at + "5 weights, expected 6");
  EXPECT_EQ(layer([](mxu::Layer& l) { l.bias.pop_back(); }), at + "1 biases, expected 2");
  EXPECT_EQ(layer([](mxu::Layer& l) { l.input_zero = 5; }),
            at + "scale or zero point of its input is not that of the layer before");
  EXPECT_EQ(layer([](mxu::Layer& l) {
              l.channels = 1;
              l.width = 3;
              l.window.kernel = {1, 3};
            }),
            at + "takes 1 x 1 x 3, but the layer before gives 3 x 1 x 1");
  EXPECT_EQ(layer([](mxu::Layer& l) { l.output_scale = -1; }),
            at + "scale of the output is not positive and finite");
  EXPECT_EQ(layer([](mxu::Layer& l) { l.low = 5, l.high = 4; }), at + "low is above high");
  EXPECT_EQ(layer([](mxu::Layer& l) { l.window.pad[0] = 1; }),
            at + "vertical window has no part of the map in it");
  EXPECT_EQ(layer([](mxu::Layer& l) { l.window.stride[1] = 0; }),
            at + "horizontal stride 0 is outside of 1 to 255");
  EXPECT_EQ(layer([](mxu::Layer& l) { l.pool.kernel[1] = 2; }),
            at + "horizontal pooling window 2 is larger than the padded map");
  EXPECT_EQ(layer([](mxu::Layer& l) {
              l.apart = {2, 1};
            }),
            at + "pixels apart in another layer than one that takes a value as it is");
}

}  // namespace
}  // namespace sparsys
