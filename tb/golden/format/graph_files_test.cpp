// SPDX-License-Identifier: Apache-2.0
// Random networks of all operators in all files: what is saved is loaded, and ONNX files hold what
// the operator set wants.
#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include <set>

#include "golden/format/model_file.hpp"
#include "golden/format/onnx/export.hpp"
#include "golden/format/stored_model.hpp"
#include "tb/support/fuzz.hpp"
#include "tb/support/graph/random_graph.hpp"
#include "tb/support/random_shared_network.hpp"
#include "tb/support/same_network.hpp"
#include "tb/support/seeds.hpp"

namespace sparsys {
namespace {

Network any_network(uint64_t seed) {
  Network network = random_graph(seed);
  if (seed % 2 == 0) network.batch = "batch";
  if (seed % 3 == 0) network.task = Task::kRegression;
  return network;
}

// Some parameters shared, those of layers with zeros.
SharedNetwork any_shared_network(uint64_t seed) {
  SharedNetwork shared;
  shared.network = any_network(seed);
  Random random(seed, 3);
  for (Parameter& parameter : shared.network.parameters) {
    shared.parameters.emplace_back();
    if (random.uniform() < 0.3) continue;
    shared.parameters.back() =
        random_codes(random, parameter.shape, 2 + random.below(15), random.uniform());
    parameter.values.clear();
  }
  return shared;
}

TEST(GraphFiles, ModelFilesKeepEverything) {
  for_seeds(150, [](uint64_t seed) {
    const Network network = any_network(seed);
    const std::vector<uint8_t> bytes = model_to_bytes(network);
    const Network again = model_from_bytes<Network>(bytes.data(), bytes.size(), "file");
    expect_same(network, again);
    EXPECT_EQ(model_to_bytes(again), bytes);
  });
}

TEST(GraphFiles, StoredFilesKeepEverything) {
  for_seeds(150, [](uint64_t seed) {
    const SharedNetwork network = any_shared_network(seed);
    const std::vector<uint8_t> bytes = store(network);
    const SharedNetwork again = load_stored_network(bytes, "file");
    expect_same(network.decode(), again.decode());
    EXPECT_EQ(store(again), bytes);
    EXPECT_EQ(stored_report(network).stored_bytes, bytes.size());
  });
}

TEST(GraphFiles, DamagedFilesAreRefusedOrSound) {
  std::vector<std::vector<uint8_t>> models;
  std::vector<std::vector<uint8_t>> stored;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    models.push_back(model_to_bytes(any_network(seed)));
    stored.push_back(store(any_shared_network(seed)));
  }
  Tally tally;
  for_seeds(3000, [&](uint64_t seed) {
    Random random(seed, 5);
    const bool of_model = seed % 2 == 0;
    std::vector<uint8_t> bytes = damaged(of_model ? models : stored, kHeaderSize, 3, 12, random);
    if (bytes.size() < kHeaderSize) return;
    fix_crc(bytes);
    try {
      if (of_model) {
        infer_shapes(model_from_bytes<Network>(bytes.data(), bytes.size(), "file"));
      } else {
        infer_shapes(load_stored_network(bytes, "file").decode());
      }
      ++tally.sound;
    } catch (const Error& error) {
      expect_one_line(error, 2000);
      ++tally.errors;
    }
  });
}

TEST(GraphFiles, OnnxFilesAreGraphs) {
  for_seeds(150, [](uint64_t seed) {
    const Network network = any_network(seed);
    const std::vector<uint8_t> bytes = onnx_to_bytes(network);
    onnx::ModelProto model;
    ASSERT_TRUE(model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
    const onnx::GraphProto& graph = model.graph();
    bool hard_swish = false;
    std::set<std::string> known{graph.input(0).name()};
    for (const onnx::TensorProto& tensor : graph.initializer()) {
      EXPECT_TRUE(known.insert(tensor.name()).second) << tensor.name() << " is there twice";
    }
    for (const onnx::NodeProto& node : graph.node()) {
      hard_swish |= node.op_type() == "HardSwish";
      for (const std::string& input : node.input()) {
        EXPECT_TRUE(input.empty() || known.count(input) == 1) << input << " comes from nowhere";
      }
      EXPECT_TRUE(known.insert(node.output(0)).second) << node.output(0) << " is there twice";
    }
    EXPECT_EQ(model.opset_import(0).version(), hard_swish ? 14 : 13);
    EXPECT_EQ(known.count(graph.output(0).name()), 1U);
    for (const auto* info : {&graph.input(0), &graph.output(0)}) {
      const auto& first = info->type().tensor_type().shape().dim(0);
      EXPECT_EQ(first.dim_param(), network.batch);
      EXPECT_EQ(first.dim_value(), network.batch.empty() ? 1 : 0);
    }
    size_t regression = 0;
    for (const auto& entry : model.metadata_props()) {
      regression += entry.key() == "sparsys.task" && entry.value() == "regression";
    }
    EXPECT_EQ(regression, network.task == Task::kRegression ? 1U : 0U);
  });
}

}  // namespace
}  // namespace sparsys
