// SPDX-License-Identifier: Apache-2.0
// Networks written as ONNX: what import and export hand on, and what the files are made of.
// scripts/check_onnx.py has them run by ONNX Runtime.
#include <gtest/gtest.h>

#include <filesystem>
#include <limits>

#include "golden/base/error.hpp"
#include "golden/format/onnx/export.hpp"
#include "tb/support/onnx_models.hpp"
#include "tb/support/same_network.hpp"
#include "tb/support/temporary.hpp"

namespace sparsys {
namespace {

Network read_bytes(const std::vector<uint8_t>& bytes) {
  return onnx_from_bytes(bytes.data(), bytes.size(), "exported");
}

std::vector<OnnxModel> models() {
  std::vector<OnnxModel> models = {gemm_model(), matmul_model(), lenet_model(), residual_model(),
                                   lenet_model(13, true)};
  models.push_back(gemm_model(11));
  models.push_back(smooth_model());
  // SAME padding is pads from then on.
  OnnxModel same;
  same.input("x", {1, 1, 5, 6});
  same.output("y", {1, 2, 3, 2});
  same.weights("w", {2, 1, 3, 4});
  onnx::NodeProto& conv = same.node("Conv", "", {"x", "w"}, "y");
  set(conv, "auto_pad", std::string("SAME_LOWER"));
  set(conv, "strides", std::vector<int64_t>{2, 3});
  models.push_back(same);
  // One shape for two nodes.
  OnnxModel shapes;
  shapes.input("x", {1, 6});
  shapes.output("y", {1, 2, 3});
  shapes.integers("s", {1, 2, 3});
  shapes.node("Reshape", "r1", {"x", "s"}, "a");
  shapes.node("Reshape", "r2", {"a", "s"}, "y");
  models.push_back(shapes);
  return models;
}

TEST(OnnxExport, ImportAndExportHandOnEverything) {
  for (const OnnxModel& model : models()) {
    Network network = read(model);
    network.origin = "trained on \"digits\", ümläut";
    network.input_scale = 1.0F / 255;
    network.input_offset = -0.13066F;
    const std::vector<uint8_t> bytes = onnx_to_bytes(network);
    expect_same(network, read_bytes(bytes));
    EXPECT_EQ(onnx_to_bytes(read_bytes(bytes)), bytes);
  }
}

TEST(OnnxExport, NamesAndShapesOfTheFile) {
  const OnnxModel model = lenet_model(13, true);
  const std::vector<uint8_t> bytes = onnx_to_bytes(read(model));
  onnx::ModelProto made;
  ASSERT_TRUE(made.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
  EXPECT_EQ(made.ir_version(), 7);
  EXPECT_EQ(made.producer_name(), "sparsys");
  ASSERT_EQ(made.opset_import_size(), 1);
  EXPECT_EQ(made.opset_import(0).version(), 13);
  const onnx::GraphProto& before = model.model.graph();
  const onnx::GraphProto& after = made.graph();
  EXPECT_EQ(after.name(), before.name());
  EXPECT_EQ(after.input(0).SerializeAsString(), before.input(0).SerializeAsString());
  EXPECT_EQ(after.output(0).SerializeAsString(), before.output(0).SerializeAsString());
  ASSERT_EQ(after.initializer_size(), before.initializer_size());
  for (int i = 0; i < before.initializer_size(); ++i) {
    EXPECT_TRUE(after.initializer(i).SerializeAsString() ==
                before.initializer(i).SerializeAsString())
        << before.initializer(i).name();
  }
  ASSERT_EQ(after.node_size(), before.node_size());
  for (int n = 0; n < before.node_size(); ++n) {
    EXPECT_EQ(after.node(n).name(), before.node(n).name());
    EXPECT_EQ(after.node(n).op_type(), before.node(n).op_type());
    EXPECT_EQ(after.node(n).output(0), before.node(n).output(0));
    EXPECT_TRUE(std::equal(after.node(n).input().begin(), after.node(n).input().end(),
                           before.node(n).input().begin(), before.node(n).input().end()));
  }
  EXPECT_EQ(after.value_info_size(), before.node_size() - 1);
}

TEST(OnnxExport, NumbersAsTextComeBackExactly) {
  Network network = read(gemm_model());
  for (const float value : {0.0F, -0.0F, 1e-45F, 3.4028235e38F, 0.1F, 1.0F / 3, -2.5e-10F}) {
    network.input_scale = value;
    network.input_offset = -value;
    const Network back = read_bytes(onnx_to_bytes(network));
    EXPECT_EQ(std::memcmp(&back.input_scale, &value, sizeof value), 0) << value;
    EXPECT_EQ(back.input_offset, -value);
  }
}

// Networks that were not imported have names that ONNX does not want, or none.
TEST(OnnxExport, NamesAreFound) {
  Network network;
  network.input_shape = {1, 4};
  network.output = "y";
  Node first;
  first.op = Op::kReshape;
  first.inputs = {"input", ""};
  first.output = "a";
  first.shape = {1, 2, 2};
  Node second = first;
  second.inputs = {"a", "shape"};
  second.output = "b";
  Node third = first;
  third.inputs = {"b", "shape"};
  third.output = "a_shape";
  third.shape = {1, 4};
  Node last;
  last.inputs = {"a_shape"};
  last.output = "y";
  network.nodes = {first, second, third, last};
  const std::vector<uint8_t> bytes = onnx_to_bytes(network);
  onnx::ModelProto model;
  ASSERT_TRUE(model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
  const onnx::GraphProto& graph = model.graph();
  EXPECT_EQ(graph.name(), "network");
  EXPECT_EQ(graph.node(0).input(1), "a_shape_");
  EXPECT_EQ(graph.node(1).input(1), "shape");
  EXPECT_EQ(graph.node(2).input(1), "shape_");
  // All of these come to one.
  EXPECT_EQ(read_bytes(bytes).nodes.size(), 1U);
}

TEST(OnnxExport, ErrorsLeaveNothingBehind) {
  const TemporaryFolder folder;
  Network network = read(gemm_model());
  const std::string path = folder.file("net.onnx");
  export_onnx(path, network);
  expect_same(network, import_onnx(path));
  EXPECT_THROW(export_onnx(folder.file("none/net.onnx"), network), Error);
  std::filesystem::remove(path);
  network.parameters[0].values[0] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THROW(export_onnx(path, network), Error);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace sparsys
