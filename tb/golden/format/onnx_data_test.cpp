// SPDX-License-Identifier: Apache-2.0
// Elements of tensors: in other files, of other types.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <filesystem>

#include "tb/support/onnx_models.hpp"
#include "tb/support/temporary.hpp"

namespace sparsys {
namespace {

using onnx::TensorProto;

void put_outside(TensorProto& tensor, const std::string& file, int64_t offset) {
  const auto entry = [&](const char* key, const std::string& value) {
    auto& made = *tensor.add_external_data();
    made.set_key(key);
    made.set_value(value);
  };
  tensor.set_data_location(TensorProto::EXTERNAL);
  entry("location", file);
  if (offset > 0) entry("offset", std::to_string(offset));
  entry("length", std::to_string(tensor.raw_data().size()));
  tensor.clear_raw_data();
}

TEST(OnnxData, InAnotherFile) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder.path() / "parts");
  const OnnxModel inside = gemm_model();
  OnnxModel model = gemm_model();
  auto& tensors = *model.graph().mutable_initializer();
  const std::string first = tensors[0].raw_data();
  const std::string second = tensors[1].raw_data();
  std::vector<uint8_t> bytes(16, 0xAA);
  bytes.insert(bytes.end(), first.begin(), first.end());
  write_bytes(folder.file("net.onnx.data"), bytes);
  write_bytes(folder.file("parts/bias"), {second.begin(), second.end()});
  put_outside(tensors[0], "net.onnx.data", 16);
  put_outside(tensors[1], "parts/bias", 0);
  const std::string path = folder.file("net.onnx");
  write_bytes(path, model.bytes());
  const Network a = read(inside);
  const Network b = import_onnx(path);
  ASSERT_EQ(a.parameters.size(), b.parameters.size());
  for (size_t p = 0; p < a.parameters.size(); ++p) {
    EXPECT_EQ(a.parameters[p].values, b.parameters[p].values);
  }
  // In memory there is no folder.
  expect_error(model, {"node 'fc1' (Gemm): tensor 'fc1.weight' is external, in file "
                       "'net.onnx.data', and no folder is known"});
}

// What is computed may be as large as what is read, wherever it stands.
TEST(OnnxData, WeightsInAnotherFileAreComputedWith) {
  const TemporaryFolder folder;
  OnnxModel model;
  model.input("x", {1, 200});
  model.output("y", {1, 150});
  model.integers("begin", {0});
  model.integers("end", {150});
  TensorProto& weights = model.weights("w", {200, 200});
  const std::string raw = weights.raw_data();
  write_bytes(folder.file("net.onnx.data"), {raw.begin(), raw.end()});
  put_outside(weights, "net.onnx.data", 0);
  model.node("Slice", "part", {"w", "begin", "end"}, "part");
  set(model.node("Gemm", "fc", {"x", "part"}, "y"), "transB", int64_t{1});
  write_bytes(folder.file("net.onnx"), model.bytes());
  const Network network = import_onnx(folder.file("net.onnx"));
  ASSERT_EQ(network.parameters.size(), 1U);
  ASSERT_EQ(network.parameters[0].values.size(), 30000U);
  EXPECT_EQ(std::memcmp(network.parameters[0].values.data(), raw.data(), 120000), 0);
}

TEST(OnnxData, OtherFilesAreRefused) {
  const TemporaryFolder outer;
  const std::filesystem::path folder = outer.path() / "model";
  std::filesystem::create_directory(folder);
  const std::string path = (folder / "net.onnx").string();
  const std::vector<uint8_t> bytes(200);
  write_bytes(outer.file("secret"), bytes);
  write_bytes((folder / "short").string(), {1, 2, 3});
  std::filesystem::create_symlink("../secret", folder / "link");
  const auto error_with = [&](const std::string& file, const char* offset = "0",
                              const char* length = "96") {
    OnnxModel model = gemm_model();
    TensorProto& tensor = *model.graph().mutable_initializer(0);
    put_outside(tensor, file, 1);
    tensor.mutable_external_data(1)->set_value(offset);
    tensor.mutable_external_data(2)->set_value(length);
    write_bytes(path, model.bytes());
    return error_of([&] { import_onnx(path); });
  };
  for (const std::string& file :
       {std::string("../secret"), outer.file("secret"), std::string("link"),
        std::string("a/../../secret"), std::string("")}) {
    EXPECT_NE(error_with(file).find("supported: files in the folder of the model"),
              std::string::npos)
        << file;
  }
  EXPECT_NE(error_with("missing").find("missing: cannot read: no such file"), std::string::npos);
  EXPECT_NE(error_with("short").find("which has 3 bytes; its shape asks for 96"),
            std::string::npos);
  EXPECT_NE(error_with("short", "18446744073709551615").find("from byte 18446744073709551615"),
            std::string::npos);
  EXPECT_NE(error_with("short", "x").find("external with offset 'x'"), std::string::npos);
  EXPECT_NE(error_with("short", "0", "95").find("with 95 bytes, its shape asks for 96"),
            std::string::npos);
}

// Values that all types hold exactly, and what is beyond float32.
TEST(OnnxData, RealNumbersOfAllWidths) {
  const std::vector<float> values = {
      0, -0.5F, 1.5F, 65504, 6.103515625e-05F, 5.9604644775390625e-08F};
  const uint16_t halves[] = {0, 0xB800, 0x3E00, 0x7BFF, 0x0400, 0x0001};
  const auto read_as = [&](int type, const std::string& raw) {
    OnnxModel m;
    m.input("x", {1, 6});
    m.output("y", {1, 6});
    TensorProto& tensor = m.weights("b", {6});
    tensor.set_data_type(type);
    tensor.set_raw_data(raw);
    m.node("Add", "add", {"x", "b"}, "y");
    return m;
  };
  const auto raw = [](const auto* data, size_t bytes) {
    return std::string(reinterpret_cast<const char*>(data), bytes);
  };
  EXPECT_EQ(read(read_as(TensorProto::FLOAT16, raw(halves, sizeof halves))).parameters[0].values,
            values);
  std::vector<double> doubles(values.begin(), values.end());
  const auto bytes = [&] { return raw(doubles.data(), 6 * sizeof(double)); };
  EXPECT_EQ(read(read_as(TensorProto::DOUBLE, bytes())).parameters[0].values, values);
  doubles[3] = 1e300;
  expect_error(read_as(TensorProto::DOUBLE, bytes()), {"tensor 'b': element [3] is infinite"});
  uint16_t upper[6];
  for (size_t i = 0; i < 6; ++i) {
    uint32_t bits = 0;
    std::memcpy(&bits, &values[i], sizeof bits);
    upper[i] = static_cast<uint16_t>(bits >> 16);
  }
  const std::vector<float> brain =
      read(read_as(TensorProto::BFLOAT16, raw(upper, sizeof upper))).parameters[0].values;
  EXPECT_EQ(brain[2], 1.5F);
  EXPECT_NEAR(brain[3], 65504, 256);
  // As a list of bits.
  OnnxModel listed = read_as(TensorProto::FLOAT16, "");
  listed.graph().mutable_initializer(0)->clear_raw_data();
  for (const uint16_t bits : halves) listed.graph().mutable_initializer(0)->add_int32_data(bits);
  EXPECT_EQ(read(listed).parameters[0].values, values);
  const uint16_t nan = 0x7E00;
  std::string with_nan = raw(halves, sizeof halves);
  with_nan.replace(4, 2, raw(&nan, 2));
  expect_error(read_as(TensorProto::FLOAT16, with_nan), {"tensor 'b': element [2] is NaN"});
}

}  // namespace
}  // namespace sparsys
