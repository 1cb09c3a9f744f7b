// SPDX-License-Identifier: Apache-2.0
// Attributes of a node: each is looked up with its type, its default and since when it exists.
#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "golden/format/onnx/tensor.hpp"

namespace sparsys::onnx_import {

class Attributes {
 public:
  // Throws Refusal if one is there twice or belongs to a function. `opset` is that of the node's
  // domain. The node must stay where it is.
  Attributes(const onnx::NodeProto& node, int64_t opset);

  // All of these throw Refusal if it has another type. Attributes since a later operator set are
  // none before it.
  bool has(const char* name) const { return found_.count(name) != 0; }
  // Null if it is not there.
  const onnx::AttributeProto* find(const char* name, int type, int64_t since = 0);
  int64_t integer(const char* name, int64_t otherwise, int64_t since = 0);
  int64_t integer(const char* name, int64_t otherwise, int64_t least, int64_t most,
                  int64_t since = 0);
  // Finite.
  float real(const char* name, float otherwise, int64_t since = 0);
  std::string text(const char* name, const std::string& otherwise, int64_t since = 0);
  std::optional<Shape> integers(const char* name, int64_t since = 0);
  std::optional<std::vector<float>> reals(const char* name, int64_t since = 0);
  // `count` numbers, each from `least` to kMaxSize; `otherwise` that often if it is not there.
  Shape window(const char* name, size_t count, int64_t otherwise, int64_t least, int64_t since = 0);

  // Taken note of, whatever it says.
  void ignore(const char* name) { read_.insert(name); }
  // Throws Refusal if there is one that nobody asked for.
  void expect_all_read() const;

 private:
  const int64_t opset_;
  std::map<std::string, const onnx::AttributeProto*> found_;
  std::unordered_set<std::string> read_;
};

[[noreturn]] void refuse_value(const std::string& name, const std::string& value, int64_t least,
                               int64_t most);

}  // namespace sparsys::onnx_import
