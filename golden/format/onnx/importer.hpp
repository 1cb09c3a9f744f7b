// SPDX-License-Identifier: Apache-2.0
// What import.hpp reads a graph with. Nodes are read in the order of the file: what depends on
// constants alone is computed (fold.hpp), all else becomes nodes of a Network, often by one node of
// another kind. What the network then has too many of, simplify.hpp takes away.
//
//   importer.cpp     the graph: names, inputs, outputs, what of it is needed
//   values.cpp       inputs and outputs of a node; nodes that reshape, transpose, slice
//   operators.cpp    which operator is read by what; constants
//   matrices.cpp     products of matrices
//   windows.cpp      convolutions, poolings, means over axes, padding
//   elementwise.cpp  functions, sums, products, conditions
//   normalise.cpp    normalisations
//   layout.cpp       operators that move elements
//   recurrent.cpp    sequences, step by step
//   learn.cpp        operators of scikit-learn's exports
#pragma once

#include <onnx/onnx_pb.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "golden/format/onnx/attributes.hpp"
#include "golden/format/onnx/fold.hpp"
#include "golden/format/onnx/import.hpp"
#include "golden/format/onnx/tensor.hpp"
#include "golden/network/network.hpp"

namespace sparsys::onnx_import {

constexpr int64_t kMinOpset = 7;
constexpr int64_t kMaxOpset = 25;
constexpr int kMaxRank = 8;

constexpr const char* kOperators =
    "the operators of dense and convolutional networks that `sparsys import --help` lists";

// An initializer, the value of a Constant node, or what was computed from those.
struct Constant {
  onnx::TensorProto* proto = nullptr;  // not read yet
  std::optional<Tensor> tensor;
  bool sparse = false;
  std::string parameter;  // its name in the network, once a node used it as it is
  size_t order = 0;       // in the file
  bool finite = false;    // it was looked at
};

// What a name of the file stands for: elements that depend on the network's input. In the file a
// value may be without a sample dimension, [10] or, of 49 positions, [49, 64]; in a Network it has
// one always, so that it works for any batch: [1, 10], [1, 49, 64].
struct Value {
  std::string name;    // in the network
  Shape shape;         // in the file
  bool extra = false;  // the network's shape has a 1 in front
  int type = onnx::TensorProto::FLOAT;

  Shape network_shape() const;
  // Of a dimension in the file, its number in the network.
  int64_t network_axis(size_t axis) const { return static_cast<int64_t>(axis) + (extra ? 1 : 0); }
};

// Whether a value of this shape needs a sample dimension in front.
inline bool needs_extra(const Shape& shape) { return shape.size() < 2 || shape[0] != 1; }

class Importer {
 public:
  // `folder` is where external data may be, empty: nowhere.
  Importer(onnx::ModelProto& model, std::string file, std::string folder,
           const OnnxImportOptions& options)
      : model_(model), file_(std::move(file)), folder_(std::move(folder)), options_(options) {}

  Network run();
  // What was computed, folded or left out; after run().
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  // ---- messages ----

  [[noreturn]] void fail_file(const std::string& what, const std::string& supported = "") const;
  // "node 'fc1' (Gemm)", or its number in the file, from 1, if it has no name.
  std::string place(int index) const;
  // The node that is being read is to blame.
  [[noreturn]] void fail(const std::string& what, const std::string& supported = "") const;
  void check_text(const std::string& text, const std::string& what) const;
  void note(const std::string& text);
  // "--output 'v4' ends the network before it", or nothing.
  std::string way_out() const;

  // ---- the graph ----

  void read_versions();
  static bool is_default_domain(const std::string& domain);
  // Throws Error if there is a value or constant of this name.
  void define(const std::string& name, const std::string& what);
  void read_initializers();
  void read_names();
  void choose_output();
  void choose_input();
  // Nodes that lead to `name`, back to the values in `stop`.
  std::vector<bool> ancestors(const std::string& name,
                              const std::unordered_set<std::string>& stop) const;
  // What the file says about a value, if it does.
  const onnx::ValueInfoProto* find_info(const std::string& name) const;
  void read_input(const std::string& name, const onnx::ValueInfoProto& info);
  void start_at(const std::string& name);
  int64_t dimension(const onnx::TensorShapeProto::Dimension& dim, int index, int rank,
                    const std::string& where, std::unordered_set<std::string>& used);
  void finish_output();
  // Parameters in the order of the file, so that export and import keep it.
  void order_parameters();
  void read_metadata();
  float metadata_number(const onnx::StringStringEntryProto& entry) const;
  void check_output_shape(const Value& output);

  // ---- inputs and outputs of the node that is being read ----

  int input_count() const { return node_->input_size(); }
  bool has_input(int i) const { return i < input_count() && !node_->input(i).empty(); }
  // The name of input `i`, which is there.
  const std::string& input(int i) const;
  bool is_constant(int i) const { return has_input(i) && constants_.count(input(i)) != 0; }
  // Input `i` as a value, not a constant; of real numbers unless `any_type`.
  Value value(int i, bool any_type = false) const;
  // Input `i`, a constant of finite numbers; or of any.
  const Tensor& constant(int i);
  const Tensor& known(int i);
  const Tensor& read(const std::string& name, Constant& constant);
  // The same as list of whole numbers; as one number.
  Shape numbers(int i);
  float scalar(int i);
  // An attribute that is input `i` since operator set `since`.
  std::optional<Shape> numbers(const char* attribute, int i, int64_t since);
  void expect_inputs(int least, int most) const;
  // Output `i` of the node is `value`. The last node made so far takes its name if it made it.
  void bind(const Value& value, int i = 0);
  std::string fresh(const std::string& base);

  // ---- nodes of the network ----

  Node make(Op op) const;
  // Appends it; gives its value. `shape` is the file's, `extra` as in Value.
  Value push(Node node, const Shape& shape, bool extra);
  // Of one value, of the same shape.
  Value push_function(Node node, const Value& x);
  // The value in the network's shape `shape`, by a Reshape if it has another.
  std::string in_shape(const Value& x, const Shape& shape);
  // The same elements in another shape.
  Value view(const Value& x, const Shape& shape);
  Value transpose(const Value& x, const Shape& permutation);
  Value slice(const Value& x, const Slices& slices);
  Value concat(const std::vector<Value>& parts, size_t axis);
  // Elements of an axis by their indices, which may be of any order and number.
  Value pick(const Value& x, size_t axis, const Shape& indices);
  // Repeated where `shape` is larger, as Expand has it.
  Value expand(const Value& x, const Shape& shape);
  // Name of a parameter: input `i` as it is in the file, or a tensor that was computed.
  std::string parameter(int i);
  std::string parameter(const std::string& base, const Tensor& tensor);
  Value scaled(const Value& x, float factor);
  Value shifted(const Value& x, float summand);
  // Value and constant: Add or Mul. With `i`, the constant is input `i` as it is.
  Value with_constant(Op op, const Value& x, const Tensor& tensor, int i = -1, bool first = false);
  Value with_value(Op op, Value a, Value b);
  // x [..., depth] times weights [depth, outputs].
  Value dense(const Value& x, const Tensor& weights, int i);
  // [..., n, k] times [..., k, m], both values.
  Value batch_matmul(const Value& first, const Value& second);
  Value power(const Value& x, float exponent);
  Value magnitude(const Value& x);
  // Over some axes, which become 1.
  Value mean(const Value& x, const std::vector<bool>& axes);
  // x / sqrt(mean of its squares + epsilon); of x - its mean.
  Value over_root_mean(const Value& x, const std::vector<bool>& axes, float epsilon);
  Value standardised(const Value& x, const std::vector<bool>& axes, float epsilon);
  // Times input 1, plus input 2, if there are any; in this shape, unless it is empty.
  Value with_scale_and_bias(const Value& x, const Shape& shape);
  // Largest or mean element over some axes.
  Value pool(Op op, const Value& x, const std::vector<bool>& axes, bool keep);

  // ---- operators ----

  void read_node();
  void read_operator();
  void read_learn_operator();
  bool fold_node();
  void read_constant();
  void read_gemm();
  void read_matmul();
  void read_einsum();
  void read_recurrent();
  struct Recurrence;
  void read_activations(Recurrence& r, int64_t directions);
  std::optional<Value> initial(const Recurrence& r, int i, int64_t direction, bool batch_first);
  void step(Recurrence& r, const Value& inputs);
  Value gate(const Recurrence& r, const Value& x, int64_t first, int64_t last);
  Value times(const Value& x, const std::string& weights);
  void read_conv();
  void read_conv_transpose();
  void read_pool();
  void read_volume_pool();
  void read_global_pool();
  void read_reduction();
  void read_batch_normalization();
  void read_layer_normalization();
  void read_group_normalization();
  void read_mean_variance_normalization();
  void read_lp_normalization();
  void read_local_response();
  void read_pad();
  void read_binary();
  void read_many();
  void read_pow();
  void read_function();
  void read_clip();
  void read_where();
  void read_comparison();
  void read_logic();
  // Input `a` - input `b`, at most one of them a constant.
  Value difference(int a, int b);
  Value above_zero(const Value& x);
  Value not_zero(const Value& x);
  Value inverse(const Value& condition);
  Value condition(int i) const;
  std::unordered_set<size_t> makers_of(const std::string& value) const;
  // The node of the network that a value is the output of; null: none, it is the input.
  const Node* maker_of(const Value& x) const;
  bool is_softplus() const;
  void choose();
  // A constant that is added to scores of this shape and hides some of them from the Softmax that
  // follows: finite numbers that do the same as -infinity.
  Tensor hiding(const Tensor& tensor, const std::string& name, const Shape& scores) const;
  // Whether a value of the file goes to nothing but Softmax over the last of `rank` dimensions.
  bool only_softmax_follows(const std::string& name, size_t rank) const;
  void read_prelu();
  void read_softmax();
  void read_flatten();
  void read_reshape();
  void read_squeeze();
  void read_transpose();
  void read_slice();
  void read_split();
  void read_gather();
  void read_concat();
  void read_expand();
  void read_cast();
  void read_resize();
  // Along one axis: a product by a matrix [size, outputs].
  Value resample(const Value& x, size_t axis, const Tensor& matrix);
  void read_depth_to_space();
  void leave_out();
  void read_scaler();
  void read_linear();
  void read_normalizer();
  void read_zip_map();
  void read_extractor();
  void read_binarizer();
  void read_imputer();

  // Strides and padding of a window over `spatial` dimensions whose kernel and dilation are known.
  // Gives the sizes that come out.
  Shape read_window(Window& window, const Shape& in, size_t spatial);
  Value softmax_of(const Value& x, Op op, size_t axis);

  onnx::ModelProto& model_;
  const std::string file_;
  const std::string folder_;
  const OnnxImportOptions& options_;
  int64_t opset_ = 0;
  int64_t learn_opset_ = 1;  // of scikit-learn's operators
  Network network_;
  std::vector<std::string> notes_;
  int64_t folded_nodes_ = 0;
  int64_t room_ = 0;  // elements that constants may still be made of

  std::unordered_set<std::string> names_;  // of the file, and made since
  std::unordered_map<std::string, Value> values_;
  std::unordered_map<std::string, int> makers_;  // of every output, also of later nodes
  std::unordered_map<std::string, Constant> constants_;
  std::unordered_map<std::string, size_t> parameter_order_;
  std::unordered_map<std::string, std::string> same_;  // constants by another name
  std::vector<bool> needed_;                           // nodes that lead to the output
  std::unordered_set<std::string> other_inputs_;
  std::unordered_set<std::string> used_dims_;

  // The node that is being read.
  int node_index_ = 0;
  onnx::NodeProto* node_ = nullptr;
  std::unique_ptr<Attributes> attributes_;
  size_t first_made_ = 0;  // its first node in the network
};

}  // namespace sparsys::onnx_import
