// SPDX-License-Identifier: Apache-2.0
// Model files: what is saved is loaded, and what is wrong is said in one line.
#include "golden/format/model_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/network/check.hpp"
#include "tb/support/random_mxu_network.hpp"
#include "tb/support/random_network.hpp"

namespace sparsys {
namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<uint8_t>;
using nlohmann::json;

// Convolution, pooling and two layers on a picture of 6 x 6, with no field at its default.
Network small_float_network() {
  Network network;
  network.name = "tiny-5";
  network.origin = "by hand\nin two lines, Zürich";
  network.input = "image";
  network.input_shape = {1, 1, 6, 6};
  network.output = "logits";
  network.input_scale = 0.1F;
  network.input_offset = -0.0F;
  const auto node = [&](Op op, const char* name, std::vector<std::string> inputs,
                        const char* output) -> Node& {
    network.nodes.emplace_back();
    network.nodes.back().op = op;
    network.nodes.back().name = name;
    network.nodes.back().inputs = std::move(inputs);
    network.nodes.back().output = output;
    return network.nodes.back();
  };
  const auto parameter = [&](const char* name, Shape shape) {
    std::vector<float> values(static_cast<size_t>(element_count(shape)));
    for (size_t i = 0; i < values.size(); ++i) values[i] = 0.1F * static_cast<float>(i) - 0.5F;
    network.parameters.push_back({name, std::move(shape), std::move(values)});
  };
  Node& conv = node(Op::kConv, "conv", {"image", "conv.w", "conv.b"}, "c");
  conv.window.kernel = {3, 2};
  conv.window.stride = {1, 2};
  conv.window.dilation = {2, 1};
  conv.window.pad = {1, 0, 0, 2};
  parameter("conv.w", {2, 1, 3, 2});
  parameter("conv.b", {2});
  node(Op::kRelu, "", {"c"}, "r");
  Node& pool = node(Op::kMaxPool, "pool", {"r"}, "p");
  pool.window.kernel = {2, 2};
  pool.window.stride = {2, 2};
  pool.window.ceil_mode = true;
  node(Op::kFlatten, "", {"p"}, "f");
  Node& gemm = node(Op::kGemm, "fc1", {"f", "fc1.w", "fc1.b"}, "h");
  gemm.trans_b = true;
  parameter("fc1.w", {3, 8});
  parameter("fc1.b", {3});
  network.parameters.back().values = {1, -0.0F, std::numeric_limits<float>::denorm_min()};
  Node& mean = node(Op::kReshape, "", {"h", "map"}, "t");
  mean.shape = {1, 3, 1, 1};
  node(Op::kAveragePool, "mean", {"t"}, "a");
  node(Op::kSigmoid, "", {"a"}, "s");
  node(Op::kTanh, "", {"s"}, "u");
  node(Op::kFlatten, "", {"u"}, "v");
  node(Op::kMatMul, "fc2", {"v", "fc2.w"}, "m");
  parameter("fc2.w", {3, 2});
  node(Op::kAdd, "bias", {"m", "fc2.b"}, "logits");
  parameter("fc2.b", {2});
  return network;
}

void expect_equal(const Network& a, const Network& b) {
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.origin, b.origin);
  EXPECT_EQ(a.input, b.input);
  EXPECT_EQ(a.input_shape, b.input_shape);
  EXPECT_EQ(a.output, b.output);
  EXPECT_EQ(a.input_scale, b.input_scale);
  EXPECT_EQ(a.input_offset, b.input_offset);
  EXPECT_EQ(std::signbit(a.input_offset), std::signbit(b.input_offset));
  ASSERT_EQ(a.nodes.size(), b.nodes.size());
  for (size_t n = 0; n < a.nodes.size(); ++n) {
    const Node& x = a.nodes[n];
    const Node& y = b.nodes[n];
    EXPECT_EQ(x.op, y.op);
    EXPECT_EQ(x.name, y.name);
    EXPECT_EQ(x.inputs, y.inputs);
    EXPECT_EQ(x.output, y.output);
    EXPECT_EQ(x.window.kernel, y.window.kernel);
    EXPECT_EQ(x.window.stride, y.window.stride);
    EXPECT_EQ(x.window.dilation, y.window.dilation);
    EXPECT_EQ(x.window.pad, y.window.pad);
    EXPECT_EQ(x.window.ceil_mode, y.window.ceil_mode);
    EXPECT_EQ(x.group, y.group);
    EXPECT_EQ(x.alpha, y.alpha);
    EXPECT_EQ(x.beta, y.beta);
    EXPECT_EQ(x.trans_b, y.trans_b);
    EXPECT_EQ(x.axis, y.axis);
    EXPECT_EQ(x.shape, y.shape);
  }
  ASSERT_EQ(a.parameters.size(), b.parameters.size());
  for (size_t p = 0; p < a.parameters.size(); ++p) {
    EXPECT_EQ(a.parameters[p].name, b.parameters[p].name);
    EXPECT_EQ(a.parameters[p].shape, b.parameters[p].shape);
    ASSERT_EQ(a.parameters[p].values.size(), b.parameters[p].values.size());
    EXPECT_EQ(std::memcmp(a.parameters[p].values.data(), b.parameters[p].values.data(),
                          4 * a.parameters[p].values.size()),
              0);
  }
}

eie::Network small_network() {
  RandomNetworkOptions options;
  options.sizes = {6, 5, 3};
  options.density = 0.5;
  options.constants = 2;
  options.extreme = true;
  return random_network(11, options);
}

void expect_equal(const eie::Network& a, const eie::Network& b) {
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.origin, b.origin);
  EXPECT_EQ(a.input_constants, b.input_constants);
  ASSERT_EQ(a.layers.size(), b.layers.size());
  for (size_t l = 0; l < a.layers.size(); ++l) {
    const eie::Layer& x = a.layers[l];
    const eie::Layer& y = b.layers[l];
    EXPECT_EQ(x.name, y.name);
    EXPECT_EQ(x.inputs, y.inputs);
    EXPECT_EQ(x.outputs, y.outputs);
    EXPECT_EQ(x.constant_inputs, y.constant_inputs);
    EXPECT_EQ(x.constant_outputs, y.constant_outputs);
    EXPECT_EQ(x.relu, y.relu);
    EXPECT_EQ(x.input_frac, y.input_frac);
    EXPECT_EQ(x.weight_frac, y.weight_frac);
    EXPECT_EQ(x.output_frac, y.output_frac);
    EXPECT_EQ(x.codebook, y.codebook);
    EXPECT_EQ(x.column_start, y.column_start);
    EXPECT_EQ(x.row, y.row);
    EXPECT_EQ(x.code, y.code);
  }
}

eie::Network load(const Bytes& bytes) {
  return compressed_network_from_bytes(bytes.data(), bytes.size(), "file");
}

template <typename Load>
std::string error_of(Load load) {
  try {
    load();
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    return error.what();
  }
  return "no error";
}

std::string error_of(const Bytes& bytes) {
  return error_of([&] { load(bytes); });
}

// A container of any payload, with the right length and CRC.
Bytes container(const Bytes& payload, uint32_t kind = 2) {
  Bytes bytes = {0x89, 'S', 'P', 'A', 'R', 'S', 'Y', 'S', 1, 0, 0, 0, static_cast<uint8_t>(kind),
                 0,    0,   0};
  for (size_t b = 0; b < 8; ++b) {
    bytes.push_back(static_cast<uint8_t>(uint64_t{payload.size()} >> (8 * b)));
  }
  const uLong crc = crc32(0, payload.data(), static_cast<uInt>(payload.size()));
  for (size_t b = 0; b < 4; ++b) bytes.push_back(static_cast<uint8_t>(crc >> (8 * b)));
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  return bytes;
}

json payload_of(const Bytes& bytes) { return json::from_cbor(bytes.begin() + 28, bytes.end()); }

class ModelFile : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "sparsys-test-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  void TearDown() override { fs::remove_all(directory_); }
  std::string path(const std::string& name) const { return (directory_ / name).string(); }

  fs::path directory_;
};

TEST_F(ModelFile, FloatModelRoundTrip) {
  Network network = small_float_network();
  save_model(path("m"), network);
  EXPECT_EQ(model_kind(path("m")), ModelKind::kFloat);
  expect_equal(load_float_network(path("m")), network);
  // Fields that this operator does not have are kept too.
  network.nodes[1].alpha = 2;
  network.nodes[1].beta = -3;
  network.nodes[1].group = 2;
  network.nodes[1].shape = {0, -1};
  save_model(path("m"), network);
  expect_equal(load_float_network(path("m")), network);
}

TEST_F(ModelFile, CompressedNetworkRoundTrip) {
  const uint64_t base = seed_from_environment(1);
  for (uint64_t seed = base; seed < base + (seed_is_given() ? 1 : 50); ++seed) {
    SCOPED_TRACE("SPARSYS_SEED=" + std::to_string(seed));
    const eie::Network network = random_network(seed, random_options(seed, 60));
    save_model(path("m"), network);
    EXPECT_EQ(model_kind(path("m")), ModelKind::kCompressed);
    expect_equal(load_compressed_network(path("m")), network);
  }
}

// The header byte for byte: files must stay readable.
TEST_F(ModelFile, HeaderIsAsDocumented) {
  const Bytes bytes = model_to_bytes(small_network());
  const Bytes payload(bytes.begin() + 28, bytes.end());
  EXPECT_EQ(bytes, container(payload));
  const Bytes network = model_to_bytes(small_float_network());
  EXPECT_EQ(network, container(Bytes(network.begin() + 28, network.end()), 3));
  const json fields = json::from_cbor(payload);
  EXPECT_EQ(fields.at("layers").size(), 2U);
  EXPECT_EQ(fields.at("layers")[0].at("codebook").get_binary().size(), 32U);
  EXPECT_EQ(fields.at("layers")[0].at("inputs"), 8);
  // Parameters row-major, float32: the first is -0.5.
  const Bytes values = payload_of(network).at("parameters")[0].at("values").get_binary();
  EXPECT_EQ(Bytes(values.begin(), values.begin() + 4), (Bytes{0x00, 0x00, 0x00, 0xBF}));
}

TEST_F(ModelFile, FilesThatCannotBeRead) {
  EXPECT_EQ(error_of([&] { load_compressed_network(path("none")); }),
            path("none") + ": cannot read: no such file or directory");
  EXPECT_EQ(error_of([&] { load_compressed_network(directory_.string()); }),
            directory_.string() + ": cannot read: not a regular file");
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(error_of([&] { model_kind(path("pipe")); }),
            path("pipe") + ": cannot read: not a regular file");
  std::ofstream(path("empty")).flush();
  EXPECT_EQ(error_of([&] { load_float_network(path("empty")); }),
            path("empty") + ": not a model file: 0 bytes, expected at least 28");
  std::ofstream(path("text")) << "this is a text and nothing else, really";
  EXPECT_EQ(error_of([&] { model_kind(path("text")); }),
            path("text") +
                ": not a model file: begins with 74 68 69 73 20 69 73 20, expected 89 "
                "53 50 41 52 53 59 53");
  save_model(path("float"), small_float_network());
  const Bytes old = container({0xA0}, 1);
  std::ofstream(path("old"), std::ios::binary)
      .write(reinterpret_cast<const char*>(old.data()), static_cast<std::streamsize>(old.size()));
  save_model(path("compressed"), small_network());
  EXPECT_EQ(error_of([&] { load_compressed_network(path("float")); }),
            path("float") + ": holds a float model, expected a compressed network");
  EXPECT_EQ(error_of([&] { load_float_network(path("compressed")); }),
            path("compressed") + ": holds a compressed network, expected a float model");
  EXPECT_EQ(error_of([&] { load_float_network(path("old")); }),
            path("old") + ": holds a float model as older versions wrote it: train again");
  EXPECT_EQ(
      error_of([&] { load_compressed_network(path("old")); }),
      path("old") + ": holds a float model of an older version, expected a compressed network");
  EXPECT_EQ(model_kind(path("old")), ModelKind::kOldFloat);
  // Nothing of the kind asked for is allocated for a file that only claims to be huge.
  fs::resize_file(path("float"), uint64_t{1} << 40);
  EXPECT_NE(error_of([&] { load_float_network(path("float")); }).find("payload length"),
            std::string::npos);
}

TEST_F(ModelFile, DamagedContainers) {
  const Bytes good = model_to_bytes(small_network());
  const auto changed = [&](size_t at, uint8_t value) {
    Bytes bytes = good;
    bytes[at] = value;
    return error_of(bytes);
  };
  EXPECT_EQ(error_of(good), "no error");
  EXPECT_EQ(changed(8, 2), "file: header: version 2, expected 1");
  EXPECT_EQ(
      changed(12, 5),
      "file: header: kind 5, expected 2 (compressed network), 3 (float model) or 4 (quantised "
      "network)");
  EXPECT_EQ(changed(12, 4), "file: holds a quantised network, expected a compressed network");
  EXPECT_EQ(changed(12, 3), "file: holds a float model, expected a compressed network");
  EXPECT_NE(changed(100, 0).find("damaged: CRC-32 of the payload is 0x"), std::string::npos);
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_EQ(error_of(longer), "file: header: payload length " + std::to_string(good.size() - 28) +
                                  ", but " + std::to_string(good.size() - 27) + " bytes follow");
}

// The parser behind it is recursive and would take what it is told to.
TEST_F(ModelFile, HostileCbor) {
  const auto error = [&](const Bytes& payload) { return error_of(container(payload)); };
  EXPECT_EQ(error({}), "file: payload byte 0: ends early");
  EXPECT_EQ(error({0xA0, 0x00}), "file: payload byte 1: 1 bytes behind the end");
  EXPECT_EQ(error(Bytes(1000000, 0x81)), "file: payload byte 6: more than 6 levels");
  EXPECT_EQ(error(Bytes(1000000, 0x7F)), "file: payload byte 0: item 0x7f has no definite length");
  EXPECT_EQ(error(Bytes(1000000, 0x5F)), "file: payload byte 0: item 0x5f has no definite length");
  EXPECT_EQ(error(Bytes(1000000, 0xC1)), "file: payload byte 0: tags are not expected here");
  EXPECT_EQ(error({0x5B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0}),
            "file: payload byte 0: string of 18446744073709551615 bytes, but 1 follow");
  EXPECT_EQ(error({0xBB, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0}),
            "file: payload byte 0: list of 18446744073709551615 items, but 1 bytes follow");
  Bytes many(3000000, 0x00);
  many[0] = 0x9A;
  const auto count = static_cast<uint32_t>(many.size() - 5);
  for (size_t b = 0; b < 4; ++b) many[1 + b] = static_cast<uint8_t>(count >> (24 - 8 * b));
  EXPECT_NE(error(many).find("more than 1048576 items"), std::string::npos);
  EXPECT_EQ(error({0x80}), "file: expected a map, found a list");
  EXPECT_EQ(error({0xA0}), "file: field 'name' is missing");
  EXPECT_NE(error({0xA1, 0x01, 0x02}).find("file: payload: "), std::string::npos);
  EXPECT_EQ(error({0xF7}), "file: payload byte 0: item 0xf7 is not expected here");
}

TEST_F(ModelFile, UnsoundPayloads) {
  const json good = payload_of(model_to_bytes(small_network()));
  const auto broken = [&](auto change) {
    json payload = good;
    change(payload);
    return error_of(container(json::to_cbor(payload)));
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
  const json good = payload_of(model_to_bytes(small_float_network()));
  const auto broken = [&](auto change) {
    json payload = good;
    change(payload);
    const Bytes bytes = container(json::to_cbor(payload), 3);
    return error_of([&] { float_network_from_bytes(bytes.data(), bytes.size(), "file"); });
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
  EXPECT_EQ(node("inputs", json::array({"1", "2", "3", "4", "5", "6", "7", "8", "9"})),
            "file: node 1: its list of inputs has 9 elements, expected at most 8");
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
  Network network = small_float_network();
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
  expect_equal(load_compressed_network(path("m")), small_network());
  Network unsound = small_float_network();
  unsound.parameters[0].values[0] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(error_of([&] { save_model(path("m"), unsound); }).substr(0, 15), "model 'tiny-5':");
  EXPECT_EQ(error_of([&] { save_model(path("no/m"), small_float_network()); }),
            path("no/m") + ": cannot write: no such file or directory");
  EXPECT_EQ(error_of([&] { save_model("/dev/full", small_float_network()); }),
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

bool operator_equal(const mxu::Layer& a, const mxu::Layer& b) {
  const auto window = [](const mxu::Window& w) { return std::tie(w.kernel, w.stride, w.pad); };
  return std::tie(a.name, a.channels, a.height, a.width, a.outputs, a.weights, a.bias, a.multiplier,
                  a.shift, a.function, a.pooling, a.input_scale, a.input_zero, a.output_scale,
                  a.output_zero, a.low, a.high) ==
             std::tie(b.name, b.channels, b.height, b.width, b.outputs, b.weights, b.bias,
                      b.multiplier, b.shift, b.function, b.pooling, b.input_scale, b.input_zero,
                      b.output_scale, b.output_zero, b.low, b.high) &&
         window(a.window) == window(b.window) && window(a.pool) == window(b.pool);
}

TEST_F(ModelFile, QuantisedNetworksComeBack) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    mxu::Network network = mxu::random_quantised(seed);
    network.origin = "somewhere";
    network.pixel_scale = 0.25F;
    network.pixel_offset = -0.5F;
    save_model(path("int8"), network);
    EXPECT_EQ(model_kind(path("int8")), ModelKind::kQuantised);
    const mxu::Network back = load_quantised_network(path("int8"));
    EXPECT_EQ(back.name, network.name);
    EXPECT_EQ(back.origin, network.origin);
    EXPECT_EQ(back.pixel_scale, network.pixel_scale);
    EXPECT_EQ(back.pixel_offset, network.pixel_offset);
    ASSERT_EQ(back.layers.size(), network.layers.size());
    for (size_t l = 0; l < back.layers.size(); ++l) {
      EXPECT_TRUE(operator_equal(back.layers[l], network.layers[l])) << seed;
    }
  }
}

TEST_F(ModelFile, UnsoundQuantisedNetworks) {
  const auto error = [](const std::function<void(mxu::Network&)>& spoil) -> std::string {
    mxu::Network network = mxu::quantised_chain({4, 3, 2}, 1);
    spoil(network);
    try {
      model_to_bytes(network);
    } catch (const Error& caught) {
      return caught.what();
    }
    return "no error";
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
              l.pooling = mxu::Pooling::kAverage;
              l.window.pad = {0, 0, 0, 0};
              l.pool.kernel = {1, 2};
              l.pool.pad = {0, 1, 0, 0};
            }),
            at + "average pooling with padding");
}

}  // namespace
}  // namespace sparsys
