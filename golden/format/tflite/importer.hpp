// SPDX-License-Identifier: Apache-2.0
// What import.hpp reads a graph with: values and constants in importer.cpp, operators with weights
// and windows in operators.cpp, those of each element in elementwise.cpp, shapes and what is
// computed of them in shapes.cpp. Internal to golden/format/tflite.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "golden/format/int8/builder.hpp"
#include "golden/format/tflite/file.hpp"
#include "golden/format/tflite/import.hpp"
#include "golden/network/byte_table.hpp"

namespace sparsys::tflite {

constexpr const char* kOperators =
    "CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED, ADD, SUB and MUL by constants, CONCATENATION, "
    "TRANSPOSE_CONV, AVERAGE_POOL_2D, MAX_POOL_2D, MEAN, REDUCE_MAX, RESIZE_NEAREST_NEIGHBOR by "
    "whole factors, RELU, RELU6, PRELU, LEAKY_RELU, LOGISTIC, "
    "TANH, HARD_SWISH, ELU, PAD, RESHAPE, SQUEEZE, EXPAND_DIMS, QUANTIZE, DEQUANTIZE, arithmetic "
    "of shapes, and SOFTMAX at the end";

using Dims = std::vector<int64_t>;

// Integers that are known: a constant, or what is computed of shapes.
struct Numbers {
  Dims shape;
  std::vector<int64_t> values;
};

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
    // As the file has it: in this order, the last dimension fastest, its elements are those of the
    // value, channels fastest. Sizes that the file declares may be those of another batch.
    Dims shape;
    // Zeros around it, which a convolution takes into its own: top, left, bottom, right.
    std::array<uint32_t, 4> pad{};
    bool outside = false;   // a floating-point number, in front of QUANTIZE or behind DEQUANTIZE
    bool left_out = false;  // behind an operator at the end that is left out
    // Of a floating-point number inside: what it is for each byte of the value, from -128 on.
    std::vector<float> function;
    bool plain = true;  // no operator but DEQUANTIZE made it of the value
    std::optional<Numbers> numbers;
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
  // Scale and zero point of a tensor of bytes.
  mxu::Value scale_of(int32_t index) const;
  // Input `i`, which has been made of something.
  const Known& made(size_t i) const;
  // Input `i` as a value that has been made; `padded` if zeros around it are fine.
  const Known& known(size_t i, bool padded = false) const;
  // The same as it lies in the network, which need not be as its shape says.
  mxu::Value value(size_t i) const { return builder_.value(known(i, true).value); }
  // The same, its channels and pixels being what its shape says.
  uint32_t map(size_t i, bool padded = false);
  // Input `i`, integers that are known.
  std::optional<Numbers> numbers(size_t i) const;
  std::vector<int64_t> integers(size_t i) const;
  // Dimensions in input `i` of a value of `rank` dimensions, sorted.
  std::vector<int64_t> axes(size_t i, size_t rank) const;
  void count_weights(size_t count) const;
  // Input `i`, weights: [outputs][...], less their zero point of 128 if they are unsigned.
  std::vector<int8_t> weights(size_t i) const;
  std::vector<int32_t> bias(size_t i, uint32_t outputs) const;
  // Step of the products of x and weights over step of the output, for each of `outputs`.
  std::vector<int8::Fixed> factors(const FileTensor& weights, float in, int64_t axis,
                                   uint32_t outputs) const;
  // Input `i`, a constant of bytes less its zero point, for each of `channels`.
  std::vector<int32_t> constant(size_t i, uint32_t channels) const;

  // ---- layers ----

  mxu::Layer start(mxu::Kind kind, std::vector<uint32_t> sources) const;
  // Weights, which are taken in, to the operator's output.
  void finish_convolution(mxu::Layer layer, const std::vector<int8_t>& weights,
                          std::array<size_t, 2> kernel, int64_t axis, Activation activation,
                          Dims shape);
  // Adds a layer named after the operator's output.
  uint32_t add(mxu::Layer layer, const char* part = "");
  void bound(mxu::Layer& layer, Activation activation) const;
  // The operator's output is what the layer makes, bounded by its activation; of the shape [1,
  // height, width, channels] if none is given.
  void define(mxu::Layer layer, Activation activation, Dims shape = {});
  // The operator's output is a value that is there.
  Known& rename(uint32_t value, Dims shape);
  // The shape, unless the file declares another.
  Dims declared(Dims shape) const;
  template <typename Options>
  const Options& options() const;
  mxu::Window window(Padding padding, std::array<int64_t, 2> kernel, std::array<int64_t, 2> stride,
                     std::array<int64_t, 2> dilation, std::array<uint32_t, 4> pad,
                     const mxu::Value& x) const;
  // To scale and zero point of the output.
  mxu::Layer requantisation(uint32_t source, double factor) const;
  void expect_same_scale() const;
  bool is_last() const;
  // The padded value as one of its own.
  uint32_t padded(uint32_t source, const std::array<uint32_t, 4>& pad);
  // The map with its pixels `by` lines and columns apart.
  uint32_t apart(uint32_t source, std::array<uint32_t, 2> by);
  // Each pixel as often as `by` says, one beside the other.
  void define_repeated(uint32_t source, std::array<uint32_t, 2> by, Dims shape);
  // A table for all channels, or one for each, of the value as it lies.
  void define_tables(uint32_t source, const std::vector<mxu::ByteTable>& tables, Dims shape);
  // The kernel's table of a function of a real number.
  void define_function(const std::function<float(float)>& function);

  void read_input();
  void read_operator();
  void read_elementwise();
  bool fold();
  std::optional<Numbers> computed() const;
  void read_conv();
  void read_depthwise();
  void read_fully_connected();
  void read_pool();
  void read_transpose_conv();
  void read_resize();
  void read_tile();
  void read_mean();
  void read_reduce_max();
  void read_sum();
  void read_product();
  void read_concat();
  void read_relu();
  void read_leaky();
  void read_prelu();
  // The output is the sum of two values of its scale, exactly.
  void define_sum(uint32_t a, uint32_t b);
  void read_pad();
  void read_view();
  void read_quantize();
  void read_dequantize();
  void read_left_out();
  void read_function();
  void read_hard_swish();
  void read_real_function();

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

template <typename Options>
const Options& Importer::options() const {
  const auto* found = op_->table->template builtin_options_as<Options>();
  if (found == nullptr) fail("its options are missing");
  return *found;
}

// Weights [outputs][height][width][channels] as [outputs][channels][height][width].
std::vector<int8_t> channels_first(const std::vector<int8_t>& weights, size_t outputs,
                                   std::array<size_t, 2> kernel, size_t channels);

// Channels, height and width of a shape: all but the last two dimensions of four are height.
mxu::Value map_of(const Dims& shape);
size_t elements_of(const Dims& shape);
std::string text_of(const Dims& shape);

}  // namespace sparsys::tflite
