// SPDX-License-Identifier: Apache-2.0
// Networks of bytes out of ONNX graphs: those that quantise and dequantise around real operators
// (QuantizeLinear and DequantizeLinear: "QDQ"), and those whose operators take bytes (QLinearConv
// and the like: "QOperator"), as ONNX Runtime and exporters of PyTorch write them.
//
//   importer.cpp   names, constants, what is quantised and dequantised
//   products.cpp   products by weights, windows
//   operators.cpp  the other operators
#pragma once

#include <onnx/onnx_pb.h>

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "golden/format/int8/builder.hpp"
#include "golden/format/onnx/attributes.hpp"
#include "golden/format/onnx/fold.hpp"
#include "golden/format/onnx/tensor.hpp"

namespace sparsys::onnx_import {

// Whether values, and not only weights, are quantised in it.
bool is_quantised(const onnx::ModelProto& model);

// [1, channels, height, width], or [1, channels, width] if a value has three dimensions.
Shape map_shape(size_t rank, uint32_t channels, std::array<uint32_t, 2> size);

class QuantisedImporter {
 public:
  // `folder` is where external data may be, empty: nowhere.
  QuantisedImporter(onnx::ModelProto& model, std::string file, std::string folder,
                    const Int8ImportOptions& options)
      : model_(model), file_(std::move(file)), folder_(std::move(folder)), options_(options) {}

  mxu::Network run();

 private:
  // What bytes stand for: scale * (byte - zero), for each index of dimension `axis` if there are
  // several. Zero points are those of the file's type.
  struct Scale {
    std::vector<float> scale;
    std::vector<int64_t> zero;
    int64_t axis = 0;
    int type = onnx::TensorProto::UINT8;
  };

  // A result of a real operator that has not been quantised yet.
  struct Draft {
    enum Kind { kConvolution, kAdd, kMaxPool, kRescale, kConcat };
    Kind kind = kRescale;
    std::vector<uint32_t> sources;
    mxu::Layer layer;          // its window, outputs, groups and weights
    std::vector<double> bias;  // of convolutions
    std::vector<double> step;  // real value of a sum of products 1, per output
    double low = -std::numeric_limits<double>::infinity();  // the result's bounds
    double high = std::numeric_limits<double>::infinity();
  };

  // What a name stands for.
  struct Item {
    enum Kind {
      kConstant,  // `tensor`
      kWeights,   // `tensor` of bytes, which stand for real numbers by `scale`
      kBytes,     // a value of the network
      kReal,      // the real numbers that a value's bytes stand for
      kDraft,     // real numbers that are not quantised yet
      kInput      // real numbers that enter the network
    };
    Kind kind = kConstant;
    std::shared_ptr<Tensor> tensor;
    std::shared_ptr<Draft> draft;
    Scale scale;
    uint32_t value = 0;
    Shape shape;                    // in the file, for one sample
    std::array<uint32_t, 4> pad{};  // zeros around it: top, left, bottom, right
    bool left_out = false;          // behind a function at the end that is left out
  };

  // ---- the graph ----

  std::string place() const;
  [[noreturn]] void fail(const std::string& what, const std::string& supported = "") const;
  void read_opsets();
  void read_initializers();
  void read_input();
  void read_node();
  void read_operator(const std::string& op);
  bool fold_node();
  mxu::Network finish();
  bool is_last() const;

  // ---- inputs and outputs of the node that is being read ----

  int inputs() const { return node_->input_size(); }
  bool has_input(int i) const { return i < inputs() && !node_->input(i).empty(); }
  const Item& item(int i) const;
  const Tensor& constant(int i) const;
  // Input `i` as real numbers of a value; `padded` if zeros around it are fine.
  const Item& real(int i, bool padded = false) const;
  Scale scale_at(int scale, int zero, int64_t axis) const;
  Scale single_scale(int scale, int zero) const;
  mxu::Value value(const Item& item) const { return builder_.value(item.value); }
  void define(Item made);
  // The same elements in another shape.
  void define_shape(const Item& from, Shape shape);

  // ---- bytes ----

  // Of a value with one scale, its zero point less 128 if it is unsigned.
  mxu::Value byte_value(const Scale& scale) const;
  static mxu::Value map_value(const Shape& shape, mxu::Value scale);
  // The value of `item` as map of the sizes that its shape in the file has.
  uint32_t as_map(const Item& item);
  // The layer that makes the draft's values in this scale.
  uint32_t quantise(const Draft& draft, const Scale& scale);
  std::vector<int8_t> bytes(const Tensor& stored, const Scale& scale) const;
  // Weights at input `i`: bytes of a constant, and their scale.
  Item weights(int i) const;
  Item weights(int i, int scale, int zero, int64_t axis) const;

  // ---- operators; those of bytes make the same drafts as those of real numbers ----

  struct Result {
    Draft draft;
    Shape shape;
  };
  void define_draft(Result made);
  // Its bytes by the scale and zero point at these inputs.
  void define_bytes(const Result& made, int scale, int zero);
  // Input `i`, bytes, as what they stand for by the scale and zero point at these inputs.
  Item real_of_bytes(int i, int scale, int zero);

  void read_quantize();
  void read_dequantize();
  Result convolution(const Item& x, const Item& w);
  // By weights [outputs, inputs] if `transposed`, else [inputs, outputs].
  Result product(const Item& x, const Item& w, bool transposed);
  // Adds input `i`: real numbers, or 32-bit integers in steps of the products.
  void add_bias(Draft& draft, int i) const;
  void add_constant(Draft& draft, const Item& b) const;
  Result sum(const Item& a, const Item& b) const;
  // Of a value and real constants, one or one for each channel.
  Result sum_with(const Item& x, const Item& constant);
  Result concatenation(const std::vector<Item>& xs);
  Result average(const Item& x, const mxu::Window& window, Shape shape);
  Result global_average(const Item& x);
  Result average_pool(const Item& x);
  // That of a convolution or pooling; `size` is that of the map, which becomes the result's.
  mxu::Window window(Shape kernel, std::array<uint32_t, 2>& size, std::array<uint32_t, 4> pad);
  void read_gemm();
  void read_matmul();
  void read_add();
  void read_bound(double low, double high);
  void read_clip();
  void read_max_pool();
  void read_mean();
  void read_pad();
  void read_reshape(const std::string& op);
  void read_transpose();
  void read_last();
  void read_bytes_operator(const std::string& op);

  onnx::ModelProto& model_;
  const std::string file_;
  const std::string folder_;
  const Int8ImportOptions& options_;
  int64_t opset_ = 0;
  int8::Builder builder_;
  std::unordered_map<std::string, Item> items_;
  std::string input_;
  bool quantised_input_ = false;
  int node_index_ = 0;
  const onnx::NodeProto* node_ = nullptr;
  std::unique_ptr<Attributes> attributes_;
};

}  // namespace sparsys::onnx_import
