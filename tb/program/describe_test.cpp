// SPDX-License-Identifier: Apache-2.0
// The figures of `sparsys inspect`, against ones counted by hand.
#include "sw/sparsys/report/describe.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "golden/base/error.hpp"
#include "golden/network/bias_columns.hpp"
#include "tb/support/random_mxu_network.hpp"
#include "tb/support/random_network.hpp"
#include "tb/support/small_networks.hpp"

namespace sparsys {
namespace {

using nlohmann::json;

// 4 inputs, one of them constant, and 20 outputs.
eie::Network small_network() {
  eie::Network network;
  network.name = "small";
  network.origin = "by hand";
  network.input_constants = {256};
  eie::Layer layer;
  layer.name = "fc1";
  layer.inputs = 4;
  layer.outputs = 20;
  layer.constant_inputs = 1;
  layer.relu = true;
  layer.input_frac = 8;
  layer.weight_frac = 6;
  layer.output_frac = 4;
  layer.codebook = {0, 5, -7};
  layer.column_start = {0, 2, 2, 3, 5};
  layer.row = {0, 19, 18, 2, 3};
  layer.code = {1, 2, 1, 1, 1};
  network.layers.push_back(layer);
  return network;
}

const json& memory(const json& engine, const std::string& name) {
  for (const json& item : engine["memories"]) {
    if (item["name"] == name) return item;
  }
  throw Error("no memory " + name);
}

TEST(Describe, CompressedNetwork) {
  const json d = describe(small_network());
  EXPECT_EQ(d["kind"], "compressed network");
  EXPECT_EQ(d["name"], "small");
  EXPECT_EQ(d["origin"], "by hand");
  EXPECT_EQ(d["inputs"], 3);
  EXPECT_EQ(d["outputs"], 20);
  EXPECT_EQ(d["input_constants"], json({256}));
  EXPECT_EQ(d["weights"], 60);
  EXPECT_EQ(d["nonzeros"], 3);
  EXPECT_DOUBLE_EQ(d["density"], 5);
  const json& layer = d["layers"][0];
  EXPECT_EQ(layer["constant_inputs"], 1);
  EXPECT_EQ(layer["constant_nonzeros"], 2);
  EXPECT_EQ(layer["shift"], 10);
  EXPECT_EQ(layer["relu"], true);
  EXPECT_EQ(layer["codebook"][2], -7);
  EXPECT_EQ(layer["code_count"], json({0, 4, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_FALSE(d.contains("engine"));
}

TEST(Describe, Engine) {
  eie::Config config;
  config.n_pe = 2;
  config.act_regs = 32;
  config.entry_depth = 64;
  config.ptr_depth = 16;
  config.act_ram_depth = 32;
  config.codebooks = 4;
  config.list_depth = 8;
  const json d = describe(small_network(), config, eie::Rows::kInterleaved);
  const json& engine = d["engine"];
  EXPECT_EQ(engine["fits"], true);
  // PE 0: rows 0, 18, 2; PE 1: 19, 3. No gap of a PE has over 15 rows.
  EXPECT_EQ(engine["entries"], 5);
  EXPECT_EQ(engine["padding"], 0);
  EXPECT_EQ(engine["entries_per_pe"], json({{"min", 2}, {"mean", 2.5}, {"max", 3}}));
  EXPECT_NEAR(engine["balance"], 100 * 2.5 / 3, 1e-9);
  EXPECT_EQ(engine["layers"][0]["name"], "fc1");
  EXPECT_EQ(engine["layers"][0]["entries"], 5);
  EXPECT_EQ(engine["passes"], 1);
  EXPECT_EQ(engine["config"]["n_pe"], 2);
  EXPECT_EQ(memory(engine, "entry memory")["used"], 8);
  EXPECT_DOUBLE_EQ(memory(engine, "entry memory")["percent"], 12.5);
  // Of three inputs, the constant and its filler, and one behind the last.
  EXPECT_EQ(memory(engine, "pointer memory")["used"], 6);
  EXPECT_EQ(memory(engine, "registers")["used"], 10);
  EXPECT_EQ(memory(engine, "activation RAM")["used"], 0);
  EXPECT_DOUBLE_EQ(memory(engine, "list RAM")["percent"], 12.5);
  EXPECT_DOUBLE_EQ(memory(engine, "codebook RAM")["percent"], 25);

  // One PE: rows 0 and 19 of column 0 are 18 zeros apart, and row 18 of column 2 needs padding too.
  config.n_pe = 1;
  const json one = describe(small_network(), config, eie::Rows::kInterleaved)["engine"];
  EXPECT_EQ(one["padding"], 2);
  EXPECT_NEAR(one["padding_percent"], 100.0 * 2 / 7, 1e-9);
  EXPECT_EQ(one["balance"], 100.0);

  // Vectors of 4 and 20 over 4 registers: 20 outputs go to the RAM in five ranges.
  config.act_regs = 4;
  config.ptr_depth = 32;
  const json ranges = describe(small_network(), config, eie::Rows::kInterleaved)["engine"];
  EXPECT_EQ(ranges["passes"], 5);
  EXPECT_EQ(memory(ranges, "registers")["used"], 4);
  EXPECT_EQ(memory(ranges, "activation RAM")["used"], 20);
  EXPECT_EQ(memory(ranges, "pointer memory")["used"], 30);
}

TEST(Describe, BalancedRows) {
  eie::Config config;
  config.n_pe = 2;
  const json engine = describe(small_network(), config)["engine"];
  EXPECT_EQ(engine["layers"][0]["rows"], "balanced");
  EXPECT_EQ(engine["interleaved"]["max"], 3);
  EXPECT_NEAR(engine["interleaved"]["balance"], 100 * 2.5 / 3, 1e-9);
  EXPECT_FALSE(
      describe(small_network(), config, eie::Rows::kInterleaved)["engine"].contains("interleaved"));
}

// As the steps of a recurrence share theirs.
TEST(Describe, SharedWeightsCountOnce) {
  Network network = small_chain({4, 4, 4}, 1);
  const std::vector<Layer> all = layers(network);
  ASSERT_EQ(describe(network)["weights"], 32);
  const std::string first = network.nodes[all[0].node].inputs[1];
  network.nodes[all[1].node].inputs[1] = first;
  network.parameters.erase(network.parameters.begin() + static_cast<long>(all[1].weights));
  const json d = describe(network);
  EXPECT_EQ(d["layers"].size(), 2U);
  EXPECT_EQ(d["layers"][1]["weights"], 16);
  EXPECT_EQ(d["weights"], 16);
}

TEST(Describe, DoesNotFit) {
  eie::Config config;
  config.ptr_depth = 4;
  const json d = describe(small_network(), config, eie::Rows::kInterleaved);
  EXPECT_EQ(d["engine"]["fits"], false);
  EXPECT_EQ(d["engine"]["error"],
            "layer 1 (fc1): pointer memory: 6 pointers a PE needed, 4 available; --pointers 8 "
            "gives them, and more PEs need less each");
  std::ostringstream text;
  print_description(text, d);
  EXPECT_NE(text.str().find("does not fit: layer 1 (fc1): pointer memory"), std::string::npos);
}

TEST(Describe, PrintedForPeople) {
  RandomNetworkOptions options;
  options.sizes = {784, 300, 100, 10};
  options.density = 0.08;
  options.constants = 2;
  options.extreme = true;
  eie::Network network = random_network(1, options);
  network.origin = "line one\nline two";
  std::ostringstream text;
  print_description(text, describe(network, eie::Config()));
  EXPECT_NE(text.str().find("784 inputs, 10 outputs"), std::string::npos);
  EXPECT_NE(text.str().find("235,200"), std::string::npos);
  EXPECT_NE(text.str().find("sparse engine of 64 PEs"), std::string::npos);
  EXPECT_NE(text.str().find("activation RAM"), std::string::npos);
  EXPECT_NE(text.str().find("line one line two"), std::string::npos);
}

TEST(Describe, RandomNetworksCount) {
  const uint64_t base = seed_from_environment(1);
  for (uint64_t seed = base; seed < base + (seed_is_given() ? 1 : 60); ++seed) {
    SCOPED_TRACE("SPARSYS_SEED=" + std::to_string(seed));
    const eie::Network network = random_network(seed, random_options(seed, 80));
    const json d = describe(network, eie::Config());
    // The engine has no rows for constants that its control broadcasts.
    uint64_t entries = 0;
    for (const eie::Layer& layer : with_bias_columns(network).layers) entries += layer.row.size();
    for (size_t l = 0; l < network.layers.size(); ++l) {
      const json& layer = d["layers"][l];
      EXPECT_EQ(layer["nonzeros"].get<size_t>() + layer["constant_nonzeros"].get<size_t>(),
                network.layers[l].row.size());
    }
    EXPECT_EQ(d["engine"]["entries"].get<uint64_t>() - d["engine"]["padding"].get<uint64_t>(),
              entries);
    EXPECT_FALSE(d.dump().empty());
  }
}

// A convolution and a layer with half of its weights.
Network small_graph() {
  Network network;
  network.name = "graph";
  network.input_shape = {1, 1, 3, 3};
  network.nodes.resize(3);
  Node& conv = network.nodes[0];
  conv.op = Op::kConv;
  conv.name = "conv";
  conv.inputs = {"input", "cw"};
  conv.output = "c";
  conv.window.kernel = {2, 2};
  network.nodes[1].op = Op::kFlatten;
  network.nodes[1].inputs = {"c"};
  network.nodes[1].output = "f";
  Node& fc = network.nodes[2];
  fc.op = Op::kGemm;
  fc.inputs = {"f", "w", "b"};
  fc.output = "output";
  fc.trans_b = true;
  network.parameters = {
      {"cw", {1, 1, 2, 2}, {1, 2, 3, 4}}, {"w", {1, 4}, {0, 5, 0, 6}}, {"b", {1}, {7}}};
  return network;
}

TEST(Describe, Graph) {
  const json d = describe(small_graph());
  EXPECT_EQ(d["kind"], "float model");
  EXPECT_EQ(d["inputs"], 9);
  EXPECT_EQ(d["outputs"], 1);
  EXPECT_EQ(d["weights"], 8);
  EXPECT_EQ(d["nonzeros"], 6);
  EXPECT_EQ(d["density"], 75.0);
  EXPECT_EQ(d["nodes"].size(), 3U);
  EXPECT_EQ(d["nodes"][0]["op"], "Conv");
  EXPECT_EQ(d["nodes"][0]["shape"], (std::vector<int>{1, 1, 2, 2}));
  EXPECT_EQ(d["nodes"][0]["sources"], (std::vector<std::string>{"input"}));
  EXPECT_EQ(d["task"], "classification");
  EXPECT_EQ(d["multiplications"], 4 * 4 + 4);
  EXPECT_EQ(d["layers"].size(), 2U);
  EXPECT_EQ(d["layers"][0]["multiplications"], 16);
  EXPECT_EQ(d["layers"][1]["name"], "w");
  EXPECT_EQ(d["layers"][1]["biases"], 1);
  EXPECT_EQ(d["layers"][1]["nonzeros"], 2);
  EXPECT_EQ(d["layers"][1]["density"], 50.0);
  std::ostringstream out;
  print_description(out, d);
  EXPECT_NE(out.str().find("[1, 1, 2, 2]"), std::string::npos) << out.str();
  EXPECT_NE(out.str().find("task: classification"), std::string::npos) << out.str();
  EXPECT_NE(out.str().find("75.00 %"), std::string::npos) << out.str();
  // No layers at all.
  Network relu;
  relu.input_shape = {1, 2};
  relu.nodes.resize(1);
  relu.nodes[0].inputs = {"input"};
  relu.nodes[0].output = "output";
  print_description(out, describe(relu));
}

TEST(Describe, StoredModel) {
  SharedNetwork shared;
  shared.network = small_graph();
  for (Parameter& parameter : shared.network.parameters) {
    SharedParameter codes;
    if (parameter.name != "cw") {
      codes.codebook = {0, 5, 6};
      for (const float value : parameter.values) {
        codes.code.push_back(static_cast<uint8_t>(value == 0 ? 0 : value == 5 ? 1 : 2));
      }
      parameter.values.clear();
    }
    shared.parameters.push_back(codes);
  }
  StoredReport report;
  const std::vector<uint8_t> bytes = store(shared, {}, &report);
  const json d = describe(shared, report);
  EXPECT_EQ(d["kind"], "stored model");
  EXPECT_EQ(d["nonzeros"], 6);
  EXPECT_EQ(d["stored"]["stored_bytes"], bytes.size());
  EXPECT_EQ(d["stored"]["original_bytes"], 36);
  EXPECT_EQ(d["stored"]["layers"].size(), 2U);
  EXPECT_EQ(d["stored"]["layers"][0]["form"], "float32");
  EXPECT_EQ(d["stored"]["layers"][1]["biases"], 1);
  std::ostringstream out;
  print_description(out, d);
  EXPECT_NE(out.str().find("times smaller"), std::string::npos) << out.str();
}

// Weights that share few values are entries, others bytes; of an array that it does not fit the
// reason.
TEST(Describe, WeightMemory) {
  mxu::Network network = mxu::quantised_chain({64, 64, 10}, 1);
  for (size_t i = 0; i < network.layers[0].weights.size(); ++i) {
    // No tile is as the one before.
    network.layers[0].weights[i] =
        static_cast<int8_t>(i % 8 == 0 ? 1 + (i / 64 * 5 + i / 8) % 13 : 0);
  }
  mxu::Config config;
  config.rows = config.cols = 32;
  const nlohmann::json memory = describe(network, config)["weight_memory"];
  ASSERT_TRUE(memory["fits"]);
  const nlohmann::json& coded = memory["layers"][0];
  EXPECT_EQ(coded["form"], "entries");
  EXPECT_EQ(coded["tiles"], 4);
  EXPECT_EQ(coded["entries"].get<int>() - coded["fillers"].get<int>(), 64 * 8);
  // A codebook for each plane of outputs, and of each tile a header and the words.
  EXPECT_EQ(coded["bytes"],
            2 * 16 + 4 * 8 + coded["entries"].get<int>() + coded["padding"].get<int>());
  EXPECT_GE(coded["longest_over_mean"], 1);
  EXPECT_EQ(memory["layers"][1]["form"], "bytes");
  EXPECT_EQ(memory["bytes"], coded["bytes"].get<int>() + memory["layers"][1]["bytes"].get<int>());
  std::ostringstream out;
  print_description(out, describe(network, config));
  EXPECT_NE(out.str().find("weight memory of 32x32"), std::string::npos) << out.str();
  // 256 rows are longer than the 131 cycles of a dense tile; at 256 x 256 it takes 1,027.
  EXPECT_EQ(memory["batch"], 256);
  EXPECT_EQ(memory["keep"], 1);
  EXPECT_NE(out.str().find("batches of 256: 1 through a tile"), std::string::npos) << out.str();
  EXPECT_EQ(describe(mxu::quantised_chain({300, 300}, 1), mxu::Config())["weight_memory"]["keep"],
            2);
  config.ub_depth = 2;
  const nlohmann::json none = describe(network, config)["weight_memory"];
  EXPECT_FALSE(none["fits"]);
  EXPECT_NE(none["error"].get<std::string>().find("unified buffer"), std::string::npos);
}

}  // namespace
}  // namespace sparsys
