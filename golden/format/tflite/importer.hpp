// SPDX-License-Identifier: Apache-2.0
// What import.hpp reads a graph with: values and constants in importer.cpp, operators in
// operators.cpp. Internal to golden/format/tflite.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "golden/format/int8/builder.hpp"
#include "golden/format/tflite/file.hpp"
#include "golden/format/tflite/import.hpp"

namespace sparsys::tflite {

constexpr const char* kOperators =
    "CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED, ADD, CONCATENATION, AVERAGE_POOL_2D, "
    "MAX_POOL_2D, MEAN, RELU, RELU6, PAD, RESHAPE, SQUEEZE, QUANTIZE, LOGISTIC and TANH in steps "
    "of the table, and SOFTMAX, LOGISTIC and DEQUANTIZE at the end";

class Importer {
 public:
  Importer(const File& file, const std::string& name, const Int8ImportOptions& options)
      : file_(file), name_(name), options_(options), known_(file.tensors.size()) {}

  mxu::Network run();

 private:
  // What a tensor stands for once it has been made.
  struct Known {
    static constexpr uint32_t kNone = ~uint32_t{0};
    uint32_t value = kNone;  // of the network
    // Zeros around it, which a convolution takes into its own: top, left, bottom, right.
    std::array<uint32_t, 4> pad{};
    bool outside = false;   // a floating-point number, in front of QUANTIZE or behind DEQUANTIZE
    bool left_out = false;  // behind an operator at the end that is left out
  };

  // ---- messages; the operator that is being read is to blame ----

  std::string place() const;
  [[noreturn]] void fail(const std::string& what, const std::string& supported = "") const;

  // ---- tensors ----

  const FileTensor& tensor(int32_t index) const {
    return file_.tensors[static_cast<size_t>(index)];
  }
  // Input `i` of the operator, which is there.
  int32_t input(size_t i) const;
  bool has_input(size_t i) const { return i < op_->inputs.size() && op_->inputs[i] >= 0; }
  int32_t output() const { return op_->outputs[0]; }
  void expect_inputs(size_t least, size_t most) const;
  // Shape, scale and zero point of a value of bytes.
  mxu::Value value_of(int32_t index) const;
  // Input `i` as a value that has been made; `padded` if zeros around it are fine.
  const Known& known(size_t i, bool padded = false) const;
  mxu::Value value(size_t i) const { return builder_.value(known(i, true).value); }
  // Input `i`, a constant of 32-bit or, with `wide`, 64-bit integers.
  std::vector<int64_t> integers(size_t i, bool wide) const;
  void count_weights(size_t count) const;
  // Input `i`, weights: [outputs][...], less their zero point of 128 if they are unsigned.
  std::vector<int8_t> weights(size_t i) const;
  std::vector<int32_t> bias(size_t i, uint32_t outputs) const;
  // Step of the products of x and weights over step of the output, for each of `outputs`.
  std::vector<int8::Fixed> factors(const FileTensor& weights, int64_t axis, uint32_t outputs) const;

  // ---- layers ----

  mxu::Layer start(mxu::Kind kind, std::vector<uint32_t> sources) const;
  // Weights, which are taken in, to the operator's output.
  void finish_convolution(mxu::Layer layer, const std::vector<int8_t>& weights,
                          std::array<size_t, 2> kernel, int64_t axis, Activation activation);
  // The operator's output is what the layer makes, bounded by its activation.
  void define(mxu::Layer layer, Activation activation);
  // The operator's output is a value that is there.
  Known& rename(uint32_t value);
  template <typename Options>
  const Options& options() const;
  mxu::Window window(Padding padding, std::array<int64_t, 2> kernel, std::array<int64_t, 2> stride,
                     std::array<int64_t, 2> dilation, std::array<uint32_t, 4> pad,
                     const mxu::Value& x) const;
  mxu::Layer requantisation() const;
  void expect_same_scale(const mxu::Value& x) const;
  bool is_last() const;

  void read_input();
  void read_operator();
  void read_conv();
  void read_depthwise();
  void read_fully_connected();
  void read_pool();
  void read_mean();
  void read_add();
  void read_concat();
  void read_relu();
  void read_pad();
  void read_reshape();
  void read_quantize();
  void read_dequantize();
  void read_softmax();
  void read_table();

  const File& file_;
  const std::string& name_;
  const Int8ImportOptions& options_;
  int8::Builder builder_;
  bool quantized_ = false;  // the input, if it is a floating-point number
  std::vector<Known> known_;
  size_t op_index_ = 0;
  const FileOperator* op_ = nullptr;
  mutable size_t taken_ = 0;  // weights so far
};

// Weights [outputs][height][width][channels] as [outputs][channels][height][width].
std::vector<int8_t> channels_first(const std::vector<int8_t>& weights, size_t outputs,
                                   std::array<size_t, 2> kernel, size_t channels);

}  // namespace sparsys::tflite
