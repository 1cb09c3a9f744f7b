// SPDX-License-Identifier: Apache-2.0
// What import.hpp reads a graph with: its names, sizes and metadata in importer.cpp, elements of
// tensors and attributes in tensors.cpp, the operators in operators.cpp.
#pragma once

#include <onnx/onnx_pb.h>

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "golden/base/text.hpp"
#include "golden/format/onnx/import.hpp"
#include "golden/network/network.hpp"

namespace sparsys::onnx_import {

constexpr int64_t kMinOpset = 7;
constexpr int64_t kMaxOpset = 25;
// Sizes, and numbers in attributes: sums and products of two of them fit 64 bits.
constexpr int64_t kMaxSize = (int64_t{1} << 31) - 1;
constexpr int kMaxRank = 8;

constexpr const char* kOperators =
    "Gemm, MatMul, Add, Conv, Relu, Sigmoid, Tanh, MaxPool, AveragePool, Flatten, Reshape, Softmax "
    "at the end, and Constant, Identity and Dropout around them";

// TensorProto's name of a type of elements.
std::string type_name(int type);

// A tensor that nodes can use: an initializer or the value of a Constant node.
struct Constant {
  onnx::TensorProto* tensor = nullptr;
  bool sparse = false;
  int64_t parameter = -1;  // in Network::parameters, once a node used it
};

class Importer {
 public:
  Importer(onnx::ModelProto& model, std::string file, const OnnxImportOptions& options)
      : model_(model), file_(std::move(file)), options_(options) {}

  Network run();

 private:
  // ---- messages ----

  [[noreturn]] void fail_file(const std::string& what, const std::string& supported = "") const;
  // "node 'fc1' (Gemm)", or its number in the file, from 1, if it has no name.
  std::string place(int index) const;
  // The node that is being read is to blame.
  [[noreturn]] void fail(const std::string& what, const std::string& supported = "") const;
  void check_text(const std::string& text, const std::string& what) const;

  // ---- the graph ----

  void read_versions();
  static bool is_default_domain(const std::string& domain);
  // Throws Error if there is a value or constant of this name.
  void define(const std::string& name, const std::string& what);
  void read_initializers();
  void read_input();
  int64_t dimension(const onnx::TensorShapeProto::Dimension& dim, int index,
                    const std::string& where, std::unordered_set<std::string>& used) const;
  void check_type(const onnx::ValueInfoProto& info, const std::string& where) const;
  void read_output();
  void finish_output();
  // Parameters in the order of the file, so that export and import keep it.
  void order_parameters();
  void read_metadata();
  float metadata_number(const onnx::StringStringEntryProto& entry) const;
  // `shape` is for one sample.
  void check_output_shape(const Shape& shape) const;

  // ---- inputs and outputs of the node that is being read ----

  // What the name stands for where nodes were left out.
  const std::string& resolve(const std::string& name) const;
  // The name of input `i`, which is there.
  const std::string& input(int i);
  // Input `i` as a value, not a constant.
  const std::string& value(int i);
  std::string define_output();
  void expect_inputs(int least, int most) const;
  bool is_constant(int i) { return constants_.count(input(i)) != 0; }
  const Shape& shape_of(const std::string& name) const { return shapes_.at(name); }

  // ---- tensors ----

  // Input `i`, a constant, as weights or bias.
  const Parameter& parameter(int i);
  void check_dense(const Constant& constant, const std::string& name) const;
  Shape tensor_shape(const onnx::TensorProto& tensor, const std::string& name) const;
  void check_tensor(const onnx::TensorProto& tensor, const std::string& name, int type,
                    const std::string& supported, int64_t count, size_t element_size,
                    int64_t listed) const;
  // Takes the tensor's elements, so that they are not twice in memory.
  std::vector<float> floats(onnx::TensorProto& tensor, const std::string& name,
                            const Shape& shape) const;
  // Input `i`, a constant of integers: a shape.
  Shape integers(int i);

  // ---- attributes ----

  void read_attributes();
  // Null if it is not there. Attributes since a later operator set are none before it.
  const onnx::AttributeProto* attribute(const char* name, int type, int64_t since = kMinOpset);
  int64_t integer(const char* name, int64_t otherwise, int64_t since = kMinOpset);
  int64_t integer(const char* name, int64_t otherwise, int64_t least, int64_t most,
                  int64_t since = kMinOpset);
  [[noreturn]] void fail_value(const std::string& name, const std::string& value, int64_t least,
                               int64_t most) const;
  float real(const char* name, float otherwise);
  // Leaves `values` as they are if it is not there.
  template <size_t kCount>
  bool integers(const char* name, std::array<int64_t, kCount>& values, int64_t least,
                int64_t since = kMinOpset) {
    const auto* found = attribute(name, onnx::AttributeProto::INTS, since);
    if (found == nullptr) return false;
    if (found->ints_size() != static_cast<int>(kCount)) {
      fail("attribute '" + std::string(name) + "' has " + number(found->ints_size()) + " numbers",
           number(kCount) + ", for two dimensions");
    }
    for (size_t i = 0; i < kCount; ++i) {
      values[i] = found->ints(static_cast<int>(i));
      if (values[i] < least || values[i] > kMaxSize) {
        fail_value(name, number(values[i]), least, kMaxSize);
      }
    }
    return true;
  }

  // ---- operators; each sets result_ and result_shape_, which is empty where infer_shapes() is
  // going to complain ----

  void read_node();
  void read_gemm();
  void read_matmul();
  void read_add();
  void read_conv();
  void read_max_pool();
  void read_average_pool();
  // Strides and padding of a window whose kernel and dilation are known.
  void read_window(const std::string& x, int64_t channels);
  // Of one value, element by element.
  void read_function();
  void read_flatten();
  // Elements behind the first `skip` dimensions; 0 if that is not known or too many.
  static int64_t rest(const Shape& shape, size_t skip);
  void read_reshape();
  void read_softmax();
  void read_constant();
  // Identity, and Dropout outside training: their output is their input.
  void leave_out();

  onnx::ModelProto& model_;
  const std::string file_;
  const OnnxImportOptions& options_;
  int64_t opset_ = 0;
  Network network_;

  std::unordered_set<std::string> defined_;        // values made so far, and all constants
  std::unordered_set<std::string> used_;           // values that a node takes
  std::unordered_map<std::string, Shape> shapes_;  // of values; empty: not known
  std::unordered_map<std::string, std::string> aliases_;
  std::unordered_map<std::string, int> makers_;  // of every output, also of later nodes
  std::unordered_map<std::string, Constant> constants_;
  std::vector<std::string> constant_order_;
  std::deque<onnx::TensorProto> tensors_;  // of Constant nodes whose value is no tensor

  // The node that is being read.
  int node_index_ = 0;
  onnx::NodeProto* node_ = nullptr;
  std::map<std::string, const onnx::AttributeProto*> attributes_;
  std::unordered_set<std::string> read_attributes_;
  Node result_;
  Shape result_shape_;
};

}  // namespace sparsys::onnx_import
