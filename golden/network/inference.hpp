// SPDX-License-Identifier: Apache-2.0
// What infer_shapes() works with: the graph in shapes.cpp, the operators' rules in
// operator_shapes.cpp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "golden/base/text.hpp"
#include "golden/network/network.hpp"

namespace sparsys {

// Most elements of a value and of a parameter, and the largest number in a window: far beyond any
// network that this library can run, and small enough that nothing overflows.
constexpr int64_t kMaxElements = int64_t{1} << 28;
constexpr int64_t kMaxWindow = int64_t{1} << 20;

// "2 inputs", "1 input".
inline std::string plural(size_t count, const char* what) {
  return number(count) + " " + what + (count == 1 ? "" : "s");
}

class Inference {
 public:
  Inference(const Network& network, bool shared);
  std::vector<Shape> run();

 private:
  struct Value {
    size_t shape;
    bool used = false;
  };
  struct Use {
    const Parameter* parameter;
    bool used = false;
  };

  // ---- the graph ----

  [[noreturn]] void fail_network(const std::string& what) const;
  // The node at hand is to blame.
  [[noreturn]] void fail(const std::string& what) const;
  // What is wrong with it, empty if nothing.
  static std::string check_shape(const Shape& shape);
  void check_parameters();
  void define(const std::string& name, Shape shape, const char* what);
  void check_uses() const;

  // ---- inputs of the node at hand ----

  const Shape& value(size_t input);
  const Parameter* find_parameter(size_t input);  // null if it is none
  const Parameter& parameter(size_t input);
  void expect_inputs(size_t least, size_t most) const;
  void expect_rank(const Shape& shape, size_t rank) const;
  void expect_rank(const Parameter& parameter, size_t rank) const;
  void expect_depth(const Parameter& weights, size_t dimension, int64_t depth) const;
  void expect_shape(const Parameter& parameter, const Shape& shape) const;
  void expect_broadcasts(const Parameter& parameter, const Shape& shape) const;
  void expect_factors(const Node& node) const;
  // `axis` as a dimension behind that of the sample.
  size_t expect_axis(const Node& node, const Shape& x) const;
  // Node::shape as `lists` lists of a number for each dimension.
  void expect_lists(const Node& node, const Shape& x, size_t lists, const char* what) const;
  void check_window(const Window& window) const;
  void check_group(const Node& node, int64_t inputs, int64_t outputs) const;
  // Sizes of the output, vertical and horizontal.
  std::array<int64_t, 2> slide(const Window& window, const Shape& x, bool ceil_mode) const;

  // ---- the operators: shape of the output ----

  Shape infer(const Node& node);
  Shape infer_conv(const Node& node);
  Shape infer_conv_transpose(const Node& node);
  Shape infer_gemm(const Node& node);
  Shape infer_matmul(const Node& node);
  Shape infer_batch_matmul(const Node& node);
  Shape infer_arithmetic(const Node& node);  // Add, Mul
  Shape infer_function(const Node& node);    // of one value, element by element
  Shape infer_prelu(const Node& node);
  Shape infer_pooling(const Node& node);
  Shape infer_flatten(const Node& node);
  Shape infer_reshape(const Node& node);
  Shape infer_softmax(const Node& node);
  Shape infer_concat(const Node& node);
  Shape infer_transpose(const Node& node);
  Shape infer_pad(const Node& node);
  Shape infer_slice(const Node& node);
  Shape infer_resize(const Node& node);

  const Network& network_;
  const bool shared_;  // parameters may be without values
  const std::string name_;
  size_t index_ = 0;  // of the node at hand
  std::map<std::string, Value> values_;
  std::map<std::string, Use> parameters_;
  std::vector<Shape> shapes_;
};

}  // namespace sparsys
