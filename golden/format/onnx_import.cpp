// SPDX-License-Identifier: Apache-2.0
#include "golden/format/onnx_import.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/stubs/logging.h>
#include <onnx/onnx_pb.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <deque>
#include <unordered_map>
#include <unordered_set>

#include "golden/base/error.hpp"
#include "golden/base/input_file.hpp"
#include "golden/base/text.hpp"
#include "golden/network/check.hpp"

namespace sparsys {
namespace {

using google::protobuf::RepeatedField;

constexpr int64_t kMinIr = 3;
constexpr int64_t kMaxIr = 14;
constexpr int64_t kMinOpset = 7;
constexpr int64_t kMaxOpset = 25;
// Sizes, and numbers in attributes: sums and products of two of them fit 64 bits.
constexpr int64_t kMaxSize = (int64_t{1} << 31) - 1;
constexpr int kMaxRank = 8;
// Messages, texts and unknown fields of a file. Each may take a hundred times its bytes in memory,
// so that their number must have a bound; weights are not among them.
constexpr size_t kMaxParts = size_t{1} << 18;
constexpr int kMaxDepth = 64;

constexpr const char* kOperators =
    "Gemm, MatMul, Add, Conv, Relu, Sigmoid, Tanh, MaxPool, AveragePool, Flatten, Reshape, Softmax "
    "at the end, and Constant, Identity and Dropout around them";

std::string quoted(const std::string& name) { return "'" + printable(name, 60) + "'"; }
std::string number(int64_t value) { return std::to_string(value); }

std::string type_name(int type) {
  if (type == onnx::TensorProto::UNDEFINED) return "none";
  return onnx::TensorProto::DataType_IsValid(type)
             ? onnx::TensorProto::DataType_Name(static_cast<onnx::TensorProto::DataType>(type))
             : "number " + number(type);
}

// ---- the file's structure ----

// Walks over a message's encoding and counts its parts, so that the parser behind it, which takes
// memory for each, meets only what an ONNX model can be.
class Structure {
 public:
  explicit Structure(std::string name) : name_(std::move(name)) {}

  // False if the bytes are no message.
  bool walk(const uint8_t* data, size_t size, const google::protobuf::Descriptor* type, int depth) {
    if (depth > kMaxDepth) return false;
    const uint8_t* const end = data + size;
    while (data != end) {
      uint64_t tag = 0;
      uint64_t value = 0;
      if (!varint(data, end, tag) || tag >> 32 != 0 || tag >> 3 == 0) return false;
      const google::protobuf::FieldDescriptor* field =
          type == nullptr ? nullptr : type->FindFieldByNumber(static_cast<int>(tag >> 3));
      if (field == nullptr) count();
      switch (tag & 7) {
        case 0:
          if (!varint(data, end, value)) return false;
          break;
        case 1:
          if (end - data < 8) return false;
          data += 8;
          break;
        case 2:
          if (!varint(data, end, value) || value > static_cast<uint64_t>(end - data)) return false;
          if (field != nullptr) {
            if (field->type() == google::protobuf::FieldDescriptor::TYPE_MESSAGE) {
              count();
              if (!walk(data, value, field->message_type(), depth + 1)) return false;
            } else if (!field->is_packable()) {
              count();
            }
          }
          data += value;
          break;
        case 3:  // groups, which ONNX has none of
        case 4:
          count();
          break;
        case 5:
          if (end - data < 4) return false;
          data += 4;
          break;
        default:
          return false;
      }
    }
    return true;
  }

 private:
  static bool varint(const uint8_t*& data, const uint8_t* end, uint64_t& value) {
    value = 0;
    for (int shift = 0; shift < 64 && data != end; shift += 7) {
      const uint8_t byte = *data++;
      value |= uint64_t{byte & 0x7FU} << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }
  void count() {
    if (++parts_ > kMaxParts) {
      throw Error(name_ + ": more than " + std::to_string(kMaxParts) +
                  " nodes, attributes and names; no network that is supported has as many");
    }
  }

  const std::string name_;
  size_t parts_ = 0;
};

void parse(const uint8_t* data, size_t size, const std::string& name, onnx::ModelProto& model) {
  if (size == 0) throw Error(name + ": not an ONNX model: the file is empty");
  if (size > kMaxOnnxBytes) {
    throw Error(name + ": " + std::to_string(size) + " bytes, an ONNX model has at most " +
                std::to_string(kMaxOnnxBytes));
  }
  // What protobuf says about damage would stand beside our line.
  const google::protobuf::LogSilencer silencer;
  if (!Structure(name).walk(data, size, onnx::ModelProto::descriptor(), 0) ||
      !model.ParseFromArray(data, static_cast<int>(size))) {
    throw Error(name + ": not an ONNX model, or damaged, or cut: protobuf cannot read it");
  }
}

// ---- the graph ----

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

  Network run() {
    read_versions();
    if (!model_.has_graph()) fail_file("not an ONNX model: no graph");
    check_text(model_.graph().name(), "the graph's name");
    read_initializers();
    read_input();
    read_output();
    onnx::GraphProto& graph = *model_.mutable_graph();
    for (int i = 0; i < graph.node_size(); ++i) {
      for (const std::string& output : graph.node(i).output()) makers_.emplace(output, i);
    }
    for (node_index_ = 0; node_index_ < graph.node_size(); ++node_index_) {
      node_ = graph.mutable_node(node_index_);
      read_node();
    }
    finish_output();
    order_parameters();
    read_metadata();
    // Its messages begin with the network's name, and are to begin with the file's.
    network_.name = file_;
    const std::vector<Shape> shapes = infer_shapes(network_);
    check_output_shape(shapes.back());
    network_.name = graph.name();
    return std::move(network_);
  }

 private:
  // ---- messages ----

  [[noreturn]] void fail_file(const std::string& what, const std::string& supported = "") const {
    throw Error(file_ + ": " + what + (supported.empty() ? "" : "; supported: " + supported));
  }
  // "node 'fc1' (Gemm)", or its number in the file, from 1, if it has no name.
  std::string place(int index) const {
    const onnx::NodeProto& node = model_.graph().node(index);
    return "node " + (node.name().empty() ? number(index + 1) : quoted(node.name())) + " (" +
           printable(node.op_type(), 40) + ")";
  }
  // The node that is being read is to blame.
  [[noreturn]] void fail(const std::string& what, const std::string& supported = "") const {
    fail_file(place(node_index_) + ": " + what, supported);
  }
  void check_text(const std::string& text, const std::string& what) const {
    if (text.size() > kMaxText) {
      fail_file(what + " has " + number(static_cast<int64_t>(text.size())) + " bytes",
                "at most " + number(static_cast<int64_t>(kMaxText)));
    }
    if (printable(text, 0) != text) {
      fail_file(what + ", " + quoted(text) + ", is not UTF-8 or has control characters");
    }
  }

  // ---- model and graph ----

  void read_versions() {
    if (!model_.has_ir_version()) fail_file("not an ONNX model: no IR version");
    const int64_t ir = model_.ir_version();
    if (ir < kMinIr || ir > kMaxIr) {
      fail_file("IR version " + number(ir),
                "IR versions " + number(kMinIr) + " to " + number(kMaxIr));
    }
    opset_ = 0;
    for (const onnx::OperatorSetIdProto& set : model_.opset_import()) {
      if (!is_default_domain(set.domain())) continue;
      if (opset_ != 0 && opset_ != set.version()) fail_file("two versions of the operator set");
      opset_ = set.version();
    }
    if (opset_ < kMinOpset || opset_ > kMaxOpset) {
      fail_file((opset_ == 0 ? "no operator set" : "operator set " + number(opset_)),
                "operator sets " + number(kMinOpset) + " to " + number(kMaxOpset));
    }
  }

  static bool is_default_domain(const std::string& domain) {
    return domain.empty() || domain == "ai.onnx";
  }

  // Throws Error if there is a value or constant of this name.
  void define(const std::string& name, const std::string& what) {
    check_text(name, what);
    if (name.empty()) fail_file(what + " has no name");
    if (!defined_.insert(name).second) {
      fail_file(what + ": the name " + quoted(name) + " is taken already", "each name once");
    }
  }

  void read_initializers() {
    onnx::GraphProto& graph = *model_.mutable_graph();
    for (onnx::TensorProto& tensor : *graph.mutable_initializer()) {
      define(tensor.name(), "an initializer");
      constants_[tensor.name()].tensor = &tensor;
      constant_order_.push_back(tensor.name());
    }
    for (const onnx::SparseTensorProto& tensor : graph.sparse_initializer()) {
      define(tensor.values().name(), "a sparse initializer");
      constants_[tensor.values().name()].sparse = true;
    }
  }

  void read_input() {
    // Until IR version 3 initializers are inputs too.
    const onnx::ValueInfoProto* input = nullptr;
    for (const onnx::ValueInfoProto& info : model_.graph().input()) {
      if (constants_.count(info.name()) != 0) continue;
      if (input != nullptr) {
        fail_file("several inputs: " + quoted(input->name()) + " and " + quoted(info.name()),
                  "one input");
      }
      input = &info;
    }
    if (input == nullptr) fail_file("no input", "one input");
    define(input->name(), "an input");
    const std::string where = "input " + quoted(input->name());
    check_type(*input, where);
    const onnx::TypeProto::Tensor& type = input->type().tensor_type();
    if (!type.has_shape() || type.shape().dim_size() == 0) {
      fail_file(where + ": no shape", "fixed shapes with the sample dimension first");
    }
    if (type.shape().dim_size() > kMaxRank) {
      fail_file(where + ": " + number(type.shape().dim_size()) + " dimensions",
                "at most " + number(kMaxRank));
    }
    std::unordered_set<std::string> used;
    for (int d = 0; d < type.shape().dim_size(); ++d) {
      network_.input_shape.push_back(dimension(type.shape().dim(d), d, where, used));
    }
    for (const auto& [name, size] : options_.dims) {
      if (used.count(name) == 0) {
        fail_file("--dim " + printable(name, 60) + "=" + number(size) + ": " + where +
                  " has no dimension of this name without a size");
      }
    }
    network_.input = input->name();
    shapes_[network_.input] = network_.input_shape;
  }

  int64_t dimension(const onnx::TensorShapeProto::Dimension& dim, int index,
                    const std::string& where, std::unordered_set<std::string>& used) const {
    int64_t size = dim.dim_value();
    // Some exporters write 0 or -1 where they mean any size.
    const bool is_fixed = dim.has_dim_value() && size > 0;
    const std::string key = dim.dim_param().empty() || is_fixed ? number(index) : dim.dim_param();
    const auto given = options_.dims.find(key);
    // A fixed batch can be given up for one sample at a time.
    const bool may_be_given = !is_fixed || index == 0;
    if (may_be_given && given != options_.dims.end()) {
      used.insert(key);
      size = given->second;
    } else if (!is_fixed) {
      fail_file(where + ": dimension " + number(index) +
                    (dim.dim_param().empty() ? "" : ", " + quoted(key) + ",") +
                    " has no fixed size",
                "fixed sizes; --dim " + printable(key, 60) + "=1 gives it one");
    }
    if (size < 1 || size > kMaxSize) {
      fail_file(where + ": dimension " + number(index) + " is " + number(size),
                "1 to " + number(kMaxSize));
    }
    if (index == 0 && size != 1) {
      fail_file(where + ": the sample dimension is " + number(size),
                "one sample at a time; --dim " + printable(key, 60) + "=1 makes it so");
    }
    return size;
  }

  void check_type(const onnx::ValueInfoProto& info, const std::string& where) const {
    if (!info.type().has_tensor_type()) fail_file(where + ": not a tensor", "float32 tensors");
    const int type = info.type().tensor_type().elem_type();
    if (type != onnx::TensorProto::FLOAT) {
      fail_file(where + ": elements of type " + type_name(type), "FLOAT (float32)");
    }
  }

  void read_output() {
    const onnx::GraphProto& graph = model_.graph();
    if (graph.output_size() == 0) fail_file("no output", "one output");
    if (graph.output_size() > 1) {
      fail_file("several outputs: " + quoted(graph.output(0).name()) + " and " +
                    quoted(graph.output(1).name()),
                "one output");
    }
    network_.output = graph.output(0).name();
    // The type may be left out: it follows from the graph.
    if (graph.output(0).has_type()) {
      check_type(graph.output(0), "output " + quoted(network_.output));
    }
  }

  // ---- nodes ----

  void read_node() {
    if (!is_default_domain(node_->domain())) {
      fail("operator of the domain " + quoted(node_->domain()), kOperators);
    }
    check_text(node_->name(), "node " + number(node_index_ + 1) + ": its name");
    // What is left out at the end may stand there with an empty name.
    auto* inputs = node_->mutable_input();
    while (!inputs->empty() && inputs->rbegin()->empty()) inputs->RemoveLast();
    auto* outputs = node_->mutable_output();
    while (!outputs->empty() && outputs->rbegin()->empty()) outputs->RemoveLast();
    read_attributes();
    result_ = Node();
    result_.name = node_->name();
    const std::string& op = node_->op_type();
    if (op == "Constant") {
      read_constant();
    } else if (op == "Identity" || op == "Dropout") {
      leave_out();
    } else {
      if (op == "Gemm") {
        read_gemm();
      } else if (op == "MatMul") {
        read_matmul();
      } else if (op == "Add") {
        read_add();
      } else if (op == "Conv") {
        read_conv();
      } else if (op == "Relu") {
        read_function(Op::kRelu);
      } else if (op == "Sigmoid") {
        read_function(Op::kSigmoid);
      } else if (op == "Tanh") {
        read_function(Op::kTanh);
      } else if (op == "MaxPool") {
        read_max_pool();
      } else if (op == "AveragePool") {
        read_average_pool();
      } else if (op == "Flatten") {
        read_flatten();
      } else if (op == "Reshape") {
        read_reshape();
      } else if (op == "Softmax") {
        read_softmax();
      } else {
        fail("unsupported operator", kOperators);
      }
      for (const auto& [name, attribute] : attributes_) {
        if (read_attributes_.count(name) == 0) fail("unknown attribute " + quoted(name));
      }
      result_.output = define_output();
      shapes_[result_.output] = result_shape_;
      network_.nodes.push_back(std::move(result_));
    }
  }

  std::string define_output() {
    if (node_->output_size() != 1) {
      fail(number(node_->output_size()) + " outputs", "one output");
    }
    define(node_->output(0), place(node_index_) + ": its output");
    return node_->output(0);
  }

  void expect_inputs(int least, int most) const {
    const int count = node_->input_size();
    if (count < least || count > most) {
      fail(number(count) + " inputs",
           least == most ? number(least) : number(least) + " to " + number(most));
    }
  }

  // What the name stands for where nodes were left out.
  const std::string& resolve(const std::string& name) const {
    const auto found = aliases_.find(name);
    return found == aliases_.end() ? name : found->second;
  }

  // The name of input `i`, which is there.
  const std::string& input(int i) {
    const std::string& given = node_->input(i);
    if (given.empty()) fail("input " + number(i + 1) + " is left out");
    const std::string& name = resolve(given);
    if (defined_.count(name) == 0) {
      const auto maker = makers_.find(given);
      if (maker == makers_.end()) {
        fail("missing tensor " + quoted(given) + ": no node makes it, and it is no initializer");
      }
      if (maker->second >= node_index_) {
        fail("input " + quoted(given) + " is made by " + place(maker->second) +
                 ", which comes later or takes part in a cycle",
             "nodes in topological order");
      }
      fail("input " + quoted(given) + " is another than the first output of " +
           place(maker->second));
    }
    return name;
  }

  bool is_constant(int i) { return constants_.count(input(i)) != 0; }

  // Input `i` as a value, not a constant.
  const std::string& value(int i) {
    const std::string& name = input(i);
    if (constants_.count(name) != 0) {
      fail("input " + number(i + 1) + ", " + quoted(name) + ", is a constant",
           "constants as weights and biases of values");
    }
    used_.insert(name);
    result_.inputs.push_back(name);
    return name;
  }

  const Shape& shape_of(const std::string& name) const { return shapes_.at(name); }

  // Input `i`, a constant, as weights or bias.
  const Parameter& parameter(int i) {
    const std::string name = input(i);
    const auto found = constants_.find(name);
    if (found == constants_.end()) {
      fail("input " + number(i + 1) + ", " + quoted(name) + ", is not constant",
           "constant weights and biases");
    }
    Constant& constant = found->second;
    if (constant.parameter < 0) {
      check_dense(constant, name);
      Parameter made;
      made.name = name;
      made.shape = tensor_shape(*constant.tensor, name);
      made.values = floats(*constant.tensor, name, made.shape);
      constant.parameter = static_cast<int64_t>(network_.parameters.size());
      network_.parameters.push_back(std::move(made));
    }
    result_.inputs.push_back(name);
    return network_.parameters[static_cast<size_t>(constant.parameter)];
  }

  // ---- tensors ----

  void check_dense(const Constant& constant, const std::string& name) const {
    const std::string tensor = "tensor " + quoted(name);
    if (constant.sparse) fail(tensor + " is sparse", "dense tensors");
    if (constant.tensor->data_location() == onnx::TensorProto::EXTERNAL ||
        constant.tensor->external_data_size() > 0) {
      fail(tensor + " is external, in a file of its own", "tensors inside the ONNX file");
    }
    if (constant.tensor->has_segment()) fail(tensor + " is in segments", "whole tensors");
  }

  Shape tensor_shape(const onnx::TensorProto& tensor, const std::string& name) const {
    if (tensor.dims_size() > kMaxRank) {
      fail("tensor " + quoted(name) + " has " + number(tensor.dims_size()) + " dimensions",
           "at most " + number(kMaxRank));
    }
    Shape shape(tensor.dims().begin(), tensor.dims().end());
    int64_t count = 1;
    for (const int64_t size : shape) {
      if (size < 1 || size > kMaxSize || count > kMaxSize / size) {
        fail("tensor " + quoted(name) + " has the shape " + to_string(shape),
             "sizes from 1, and " + number(kMaxSize) + " elements");
      }
      count *= size;
    }
    return shape;
  }

  void check_tensor(const onnx::TensorProto& tensor, const std::string& name, int type,
                    const std::string& supported, int64_t count, size_t element_size,
                    int64_t listed) const {
    if (tensor.data_type() != type) {
      fail("tensor " + quoted(name) + " has elements of type " + type_name(tensor.data_type()),
           supported);
    }
    const bool raw = tensor.has_raw_data();
    const auto raw_size = static_cast<int64_t>(tensor.raw_data().size());
    if (raw && listed > 0) fail("tensor " + quoted(name) + " has its elements twice");
    const int64_t expected = raw ? count * static_cast<int64_t>(element_size) : count;
    const int64_t found = raw ? raw_size : listed;
    if (found != expected) {
      fail("tensor " + quoted(name) + " has " + number(found) + (raw ? " bytes" : " elements") +
           ", its shape asks for " + number(expected));
    }
  }

  // Takes the tensor's elements, so that they are not twice in memory.
  std::vector<float> floats(onnx::TensorProto& tensor, const std::string& name,
                            const Shape& shape) const {
    int64_t count = 1;
    for (const int64_t size : shape) count *= size;
    check_tensor(tensor, name, onnx::TensorProto::FLOAT, "FLOAT (float32)", count, sizeof(float),
                 tensor.float_data_size());
    std::vector<float> values(static_cast<size_t>(count));
    // Raw data is little-endian, as every machine is that this is built for.
    const void* from = tensor.has_raw_data() ? static_cast<const void*>(tensor.raw_data().data())
                                             : tensor.float_data().data();
    std::memcpy(values.data(), from, values.size() * sizeof(float));
    delete tensor.release_raw_data();
    RepeatedField<float>().Swap(tensor.mutable_float_data());
    for (size_t i = 0; i < values.size(); ++i) {
      if (std::isfinite(values[i])) continue;
      Shape index(shape.size());
      auto left = static_cast<int64_t>(i);
      for (size_t d = shape.size(); d-- > 0; left /= shape[d]) index[d] = left % shape[d];
      fail("tensor " + quoted(name) + ": element " + to_string(index) + " is " +
               (std::isnan(values[i]) ? "NaN" : "infinite"),
           "finite numbers");
    }
    return values;
  }

  // Input `i`, a constant of integers: a shape.
  Shape integers(int i) {
    const std::string name = input(i);
    const auto found = constants_.find(name);
    if (found == constants_.end()) {
      fail("input " + number(i + 1) + ", " + quoted(name) + ", is not constant", "constant shapes");
    }
    check_dense(found->second, name);
    const onnx::TensorProto& tensor = *found->second.tensor;
    const Shape shape = tensor_shape(tensor, name);
    if (shape.size() != 1 || shape[0] > kMaxRank) {
      fail("tensor " + quoted(name) + " has the shape " + to_string(shape),
           "shapes as lists of 1 to " + number(kMaxRank) + " numbers");
    }
    check_tensor(tensor, name, onnx::TensorProto::INT64, "INT64", shape[0], sizeof(int64_t),
                 tensor.int64_data_size());
    Shape values(static_cast<size_t>(shape[0]));
    const void* from = tensor.has_raw_data() ? static_cast<const void*>(tensor.raw_data().data())
                                             : tensor.int64_data().data();
    std::memcpy(values.data(), from, values.size() * sizeof(int64_t));
    result_.inputs.push_back(name);
    return values;
  }

  // ---- attributes ----

  void read_attributes() {
    attributes_.clear();
    read_attributes_.clear();
    for (const onnx::AttributeProto& attribute : node_->attribute()) {
      if (!attributes_.emplace(attribute.name(), &attribute).second) {
        fail("attribute " + quoted(attribute.name()) + " twice");
      }
      if (!attribute.ref_attr_name().empty()) {
        fail("attribute " + quoted(attribute.name()) + " refers to one of a function");
      }
    }
  }

  // Null if it is not there. Attributes since a later operator set are none before it.
  const onnx::AttributeProto* attribute(const char* name, int type, int64_t since = kMinOpset) {
    if (opset_ < since) return nullptr;
    read_attributes_.insert(name);
    const auto found = attributes_.find(name);
    if (found == attributes_.end()) return nullptr;
    if (found->second->type() != type)
      fail("attribute '" + std::string(name) + "' has a wrong type");
    return found->second;
  }
  int64_t integer(const char* name, int64_t otherwise, int64_t since = kMinOpset) {
    const auto* found = attribute(name, onnx::AttributeProto::INT, since);
    return found == nullptr ? otherwise : found->i();
  }
  int64_t integer(const char* name, int64_t otherwise, int64_t least, int64_t most,
                  int64_t since = kMinOpset) {
    const int64_t value = integer(name, otherwise, since);
    if (value < least || value > most) fail_value(name, number(value), least, most);
    return value;
  }
  [[noreturn]] void fail_value(const std::string& name, const std::string& value, int64_t least,
                               int64_t most) const {
    fail("attribute '" + name + "' is " + value,
         least == most ? number(least) : number(least) + " to " + number(most));
  }
  float real(const char* name, float otherwise) {
    const auto* found = attribute(name, onnx::AttributeProto::FLOAT);
    const float value = found == nullptr ? otherwise : found->f();
    if (!std::isfinite(value)) fail("attribute '" + std::string(name) + "' is not finite");
    return value;
  }
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

  void read_gemm() {
    expect_inputs(opset_ < 11 ? 3 : 2, 3);
    result_.op = Op::kGemm;
    value(0);
    const Shape& weights = parameter(1).shape;
    integer("transA", 0, 0, 0);
    result_.trans_b = integer("transB", 0, 0, 1) != 0;
    result_.alpha = real("alpha", 1);
    result_.beta = real("beta", 1);
    result_shape_.clear();
    if (weights.size() == 2) {
      result_shape_ = {network_.input_shape[0], weights[result_.trans_b ? 0 : 1]};
    }
    if (node_->input_size() == 3) parameter(2);
  }

  void read_matmul() {
    expect_inputs(2, 2);
    result_.op = Op::kMatMul;
    if (is_constant(0)) {
      fail("input 1, " + quoted(input(0)) + ", is a constant", "a constant matrix as input 2");
    }
    result_shape_ = shape_of(value(0));
    const Shape& weights = parameter(1).shape;
    if (weights.size() != 2) {
      fail("weights of the shape " + to_string(weights), "matrices, of two dimensions");
    }
    if (!result_shape_.empty()) result_shape_.back() = weights[1];
  }

  void read_add() {
    expect_inputs(2, 2);
    result_.op = Op::kAdd;
    if (is_constant(0)) {
      parameter(0);
      result_shape_ = shape_of(value(1));
    } else {
      result_shape_ = shape_of(value(0));
      is_constant(1) ? void(parameter(1)) : void(value(1));
    }
  }

  void read_conv() {
    expect_inputs(2, 3);
    result_.op = Op::kConv;
    const std::string x = value(0);
    const Shape weights = parameter(1).shape;
    if (weights.size() != 4) {
      fail("weights of the shape " + to_string(weights), "2-D convolution: four dimensions");
    }
    if (node_->input_size() == 3) parameter(2);
    result_.group = integer("group", 1, 1, kMaxSize);
    std::array<int64_t, 2> kernel{weights[2], weights[3]};
    integers("kernel_shape", kernel, 1);
    if (kernel[0] != weights[2] || kernel[1] != weights[3]) {
      fail("attribute 'kernel_shape' is " + to_string(Shape{kernel[0], kernel[1]}) +
           ", but the weights are " + to_string(weights));
    }
    result_.window.kernel = kernel;
    integers("dilations", result_.window.dilation, 1);
    read_window(x, weights[0]);
  }

  void read_max_pool() {
    expect_inputs(1, 1);
    result_.op = Op::kMaxPool;
    const std::string x = value(0);
    if (!integers("kernel_shape", result_.window.kernel, 1)) fail("no attribute 'kernel_shape'");
    integers("dilations", result_.window.dilation, 1, 10);
    result_.window.ceil_mode = integer("ceil_mode", 0, 0, 1, 10) != 0;
    integer("storage_order", 0, 0, 1, 8);  // of an output that is not supported
    const Shape& shape = shape_of(x);
    read_window(x, shape.size() == 4 ? shape[1] : 0);
  }

  void read_average_pool() {
    expect_inputs(1, 1);
    result_.op = Op::kAveragePool;
    const std::string x = value(0);
    if (!integers("kernel_shape", result_.window.kernel, 1)) fail("no attribute 'kernel_shape'");
    integers("dilations", result_.window.dilation, 1, 19);
    if (result_.window.dilation != std::array<int64_t, 2>{1, 1}) {
      fail("attribute 'dilations' is " +
               to_string(Shape{result_.window.dilation[0], result_.window.dilation[1]}),
           "[1, 1]");
    }
    result_.window.ceil_mode = integer("ceil_mode", 0, 0, 1, 10) != 0;
    const bool with_pad = integer("count_include_pad", 0, 0, 1) != 0;
    const Shape& shape = shape_of(x);
    read_window(x, shape.size() == 4 ? shape[1] : 0);
    if (with_pad && result_.window.pad != std::array<int64_t, 4>{}) {
      fail("attribute 'count_include_pad' is 1 and there is padding",
           "means of the values that are no padding");
    }
  }

  // Strides and padding of a window whose kernel and dilation are known.
  void read_window(const std::string& x, int64_t channels) {
    Window& window = result_.window;
    integers("strides", window.stride, 1);
    const bool pads = integers("pads", window.pad, 0);
    std::string padding = "NOTSET";
    if (const auto* found = attribute("auto_pad", onnx::AttributeProto::STRING)) {
      padding = found->s();
    }
    if (padding != "NOTSET" && padding != "VALID" && padding != "SAME_UPPER" &&
        padding != "SAME_LOWER") {
      fail("attribute 'auto_pad' is " + quoted(padding), "NOTSET, VALID, SAME_UPPER, SAME_LOWER");
    }
    if (padding != "NOTSET" && pads && window.pad != std::array<int64_t, 4>{}) {
      fail("attributes 'pads' and 'auto_pad' at once", "one of them");
    }
    result_shape_.clear();
    const Shape& in = shape_of(x);
    if (in.size() != 4) {
      // Without the input's size there are no pads, and no use of them.
      if (!in.empty()) fail("input of the shape " + to_string(in), "four dimensions: N, C, H, W");
      return;
    }
    Shape out = {in[0], channels, 0, 0};
    bool rounded_up = false;
    for (size_t d = 0; d < 2; ++d) {
      const int64_t size = in[d + 2];
      const int64_t stride = window.stride[d];
      const int64_t reach = (window.kernel[d] - 1) * window.dilation[d] + 1;
      if (padding == "SAME_UPPER" || padding == "SAME_LOWER") {
        const int64_t outputs = (size + stride - 1) / stride;
        const int64_t total = std::max<int64_t>(0, (outputs - 1) * stride + reach - size);
        const int64_t smaller = total / 2;
        window.pad[d] = padding == "SAME_UPPER" ? smaller : total - smaller;
        window.pad[d + 2] = total - window.pad[d];
      }
      const int64_t room = size + window.pad[d] + window.pad[d + 2] - reach;
      if (room < 0) return;
      out[d + 2] = room / stride + 1;
      if (window.ceil_mode && room % stride != 0) {
        if (padding != "NOTSET") {
          fail("'ceil_mode' and 'auto_pad' contradict each other on an input of the shape " +
                   to_string(in),
               "'ceil_mode' with 'pads'");
        }
        // A window that begins in the padding behind the input is none.
        if (out[d + 2] * stride < size + window.pad[d]) {
          ++out[d + 2];
          rounded_up = true;
        }
      }
    }
    // Where it changes nothing it is dropped: before operator set 22 ONNX's own shape inference
    // counts windows that runtimes leave out.
    window.ceil_mode = rounded_up;
    result_shape_ = out;
  }

  // Of one value, element by element.
  void read_function(Op op) {
    expect_inputs(1, 1);
    result_.op = op;
    result_shape_ = shape_of(value(0));
  }

  void read_flatten() {
    expect_inputs(1, 1);
    result_.op = Op::kFlatten;
    const Shape& shape = shape_of(value(0));
    result_.axis = integer("axis", 1);
    const auto rank = static_cast<int64_t>(shape.size());
    if (result_.axis < 0 && opset_ >= 11 && rank > 0 && result_.axis + rank == 1) result_.axis = 1;
    if (result_.axis != 1) fail("attribute 'axis' is " + number(result_.axis), "1");
    result_shape_.clear();
    const int64_t elements = rest(shape, 1);
    if (elements > 0) result_shape_ = {shape[0], elements};
  }

  // Elements behind the first `skip` dimensions; 0 if that is not known or too many.
  static int64_t rest(const Shape& shape, size_t skip) {
    if (shape.size() < skip) return 0;
    int64_t product = 1;
    for (size_t d = skip; d < shape.size(); ++d) {
      if (shape[d] < 1 || shape[d] > kMaxSize || product > kMaxSize / shape[d]) return 0;
      product *= shape[d];
    }
    return product;
  }

  void read_reshape() {
    expect_inputs(2, 2);
    result_.op = Op::kReshape;
    const Shape& in = shape_of(value(0));
    result_.shape = integers(1);
    const bool allow_zero = integer("allowzero", 0, 0, 1, 14) != 0;
    result_shape_.clear();
    const int64_t elements = rest(in, 0);
    int64_t known = 1;
    size_t open = result_.shape.size();
    Shape out = result_.shape;
    for (size_t d = 0; d < out.size(); ++d) {
      if (out[d] == 0 && allow_zero) fail("size 0 in the shape", "allowzero 0");
      if (out[d] == 0 && d < in.size()) out[d] = in[d];
      if (out[d] == -1 && open == out.size()) {
        open = d;
      } else if (out[d] < 1 || known > elements / out[d]) {
        return;
      } else {
        known *= out[d];
      }
    }
    if (open < out.size()) out[open] = elements / known;
    result_shape_ = out;
  }

  void read_softmax() {
    expect_inputs(1, 1);
    result_.op = Op::kSoftmax;
    const Shape& shape = shape_of(value(0));
    result_shape_ = shape;
    const auto rank = static_cast<int64_t>(shape.size());
    const int64_t given = integer("axis", opset_ < 13 ? 1 : -1);
    const int64_t axis = given < 0 ? given + rank : given;
    bool last = axis == rank - 1;
    if (opset_ < 13 && axis >= 0 && axis < rank) {
      // Over all dimensions from the axis on: the same if all but the last are 1.
      last = std::all_of(shape.begin() + axis, shape.end() - 1, [](int64_t n) { return n == 1; });
    }
    if (!last && rank > 0) {
      fail("attribute 'axis' is " + number(given) + " on an input of the shape " + to_string(shape),
           "softmax over the last dimension");
    }
    result_.axis = axis == rank - 1 ? given : -1;
    for (const std::string& output : node_->output()) {
      if (output == network_.output) return;
    }
    // Left-out nodes may follow.
    for (int i = node_index_ + 1; i < model_.graph().node_size(); ++i) {
      const std::string& op = model_.graph().node(i).op_type();
      if (op != "Identity" && op != "Dropout" && op != "Constant") {
        fail("not the last node: " + place(i) + " follows", "Softmax at the end");
      }
    }
  }

  void read_constant() {
    expect_inputs(0, 0);
    const std::string name = define_output();
    if (node_->attribute_size() != 1) {
      fail(number(node_->attribute_size()) + " attributes", "one, the value");
    }
    onnx::AttributeProto& attribute = *node_->mutable_attribute(0);
    onnx::TensorProto* tensor = nullptr;
    if (attribute.name() == "value" && attribute.type() == onnx::AttributeProto::TENSOR) {
      tensor = attribute.mutable_t();
    } else {
      tensors_.emplace_back();
      tensor = &tensors_.back();
      tensor->set_data_type(onnx::TensorProto::FLOAT);
      if (attribute.name() == "value_float" && attribute.type() == onnx::AttributeProto::FLOAT) {
        tensor->add_float_data(attribute.f());
      } else if (attribute.name() == "value_floats" &&
                 attribute.type() == onnx::AttributeProto::FLOATS) {
        tensor->add_dims(attribute.floats_size());
        tensor->mutable_float_data()->Swap(attribute.mutable_floats());
      } else if (attribute.name() == "value_int" && attribute.type() == onnx::AttributeProto::INT) {
        tensor->set_data_type(onnx::TensorProto::INT64);
        tensor->add_int64_data(attribute.i());
      } else if (attribute.name() == "value_ints" &&
                 attribute.type() == onnx::AttributeProto::INTS) {
        tensor->set_data_type(onnx::TensorProto::INT64);
        tensor->add_dims(attribute.ints_size());
        tensor->mutable_int64_data()->Swap(attribute.mutable_ints());
      } else {
        fail("attribute " + quoted(attribute.name()) + " or its type",
             "value, value_float, value_floats, value_int, value_ints");
      }
    }
    constants_[name].tensor = tensor;
    constant_order_.push_back(name);
  }

  // Identity, and Dropout outside training: their output is their input.
  void leave_out() {
    const bool dropout = node_->op_type() == "Dropout";
    expect_inputs(1, dropout ? 3 : 1);
    const std::string from = input(0);
    if (dropout && node_->input_size() == 3) {
      const std::string& name = input(2);
      const auto found = constants_.find(name);
      if (found == constants_.end() || found->second.tensor == nullptr ||
          found->second.tensor->data_type() != onnx::TensorProto::BOOL ||
          std::any_of(found->second.tensor->raw_data().begin(),
                      found->second.tensor->raw_data().end(), [](char c) { return c != 0; }) ||
          std::any_of(found->second.tensor->int32_data().begin(),
                      found->second.tensor->int32_data().end(), [](int v) { return v != 0; })) {
        fail("'training_mode' is not the constant false", "Dropout of inference");
      }
    }
    // The mask gets no name: a node that takes it is told.
    if (node_->output_size() < 1 || node_->output_size() > (dropout ? 2 : 1)) {
      fail(number(node_->output_size()) + " outputs", "one output");
    }
    define(node_->output(0), place(node_index_) + ": its output");
    aliases_[node_->output(0)] = from;
  }

  // ---- the end ----

  void finish_output() {
    const std::string given = network_.output;
    const std::string made = resolve(given);
    const std::string where = "output " + quoted(given);
    if (network_.nodes.empty()) fail_file("no nodes that compute anything", kOperators);
    if (defined_.count(made) == 0) {
      fail_file(where + ": missing tensor, no node makes it");
    }
    if (constants_.count(made) != 0 || made == network_.input) {
      fail_file(where + ": no node computes it");
    }
    if (made != given) {
      // The name that the outside knows is the one to keep.
      for (Node& node : network_.nodes) {
        if (node.output == made) node.output = given;
        for (std::string& input : node.inputs) {
          if (input == made) input = given;
        }
      }
      if (used_.erase(made) != 0) used_.insert(given);
    }
    for (const Node& node : network_.nodes) {
      if (node.output != given && used_.count(node.output) == 0) {
        fail_file("node " + quoted(node.name) + " (" + to_string(node.op) + "): its output " +
                      quoted(node.output) + " is used by no node",
                  "one output, which all nodes lead to");
      }
    }
    if (network_.nodes.back().output != given) {
      const Node& node = network_.nodes.back();
      fail_file("node " + quoted(node.name) + " (" + to_string(node.op) + "): leads to nothing, " +
                    where + " is made before it",
                "one output, of the last node");
    }
    if (used_.count(network_.input) == 0) {
      fail_file("input " + quoted(network_.input) + " is used by no node");
    }
  }

  // Parameters in the order of the file, so that export and import keep it.
  void order_parameters() {
    std::vector<Parameter> ordered;
    ordered.reserve(network_.parameters.size());
    for (const std::string& name : constant_order_) {
      const int64_t index = constants_.at(name).parameter;
      if (index >= 0) ordered.push_back(std::move(network_.parameters[static_cast<size_t>(index)]));
    }
    network_.parameters = std::move(ordered);
  }

  void read_metadata() {
    network_.origin = model_.producer_name().empty()
                          ? "ONNX file"
                          : "ONNX file of " + printable(model_.producer_name(), 80) +
                                (model_.producer_version().empty()
                                     ? ""
                                     : " " + printable(model_.producer_version(), 80));
    for (const onnx::StringStringEntryProto& entry : model_.metadata_props()) {
      if (entry.key() == "sparsys.origin") {
        check_text(entry.value(), "metadata 'sparsys.origin'");
        network_.origin = entry.value();
      } else if (entry.key() == "sparsys.input_scale") {
        network_.input_scale = metadata_number(entry);
      } else if (entry.key() == "sparsys.input_offset") {
        network_.input_offset = metadata_number(entry);
      }
    }
    network_.input_scale = options_.input_scale.value_or(network_.input_scale);
    network_.input_offset = options_.input_offset.value_or(network_.input_offset);
  }

  float metadata_number(const onnx::StringStringEntryProto& entry) const {
    const std::string& text = entry.value();
    float value = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    if (result.ec != std::errc() || result.ptr != text.data() + text.size() ||
        !std::isfinite(value)) {
      fail_file("metadata " + quoted(entry.key()) + " is " + quoted(text), "a finite number");
    }
    return value;
  }

  // `shape` is for one sample.
  void check_output_shape(const Shape& shape) const {
    const onnx::TypeProto::Tensor& type = model_.graph().output(0).type().tensor_type();
    if (!type.has_shape()) return;
    bool equal = type.shape().dim_size() == static_cast<int>(shape.size());
    for (int d = 1; equal && d < type.shape().dim_size(); ++d) {
      const int64_t declared = type.shape().dim(d).dim_value();
      equal = declared <= 0 || declared == shape[static_cast<size_t>(d)];
    }
    if (equal) return;
    Shape declared;
    for (int d = 0; d < std::min(type.shape().dim_size(), kMaxRank); ++d) {
      declared.push_back(type.shape().dim(d).dim_value());
    }
    fail_file("output " + quoted(network_.output) + ": the file declares the shape " +
              to_string(declared) + ", the nodes make " + to_string(shape));
  }

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

}  // namespace

Network onnx_from_bytes(const uint8_t* data, size_t size, const std::string& name,
                        const OnnxImportOptions& options) {
  onnx::ModelProto model;
  parse(data, size, name, model);
  return Importer(model, name, options).run();
}

Network import_onnx(const std::string& path, const OnnxImportOptions& options) {
  onnx::ModelProto model;
  std::string name;
  {
    InputFile file(path);
    name = file.name();
    if (file.size() > kMaxOnnxBytes) parse(nullptr, file.size(), name, model);
    std::vector<uint8_t> bytes(file.size());
    file.read(bytes.data(), bytes.size());
    parse(bytes.data(), bytes.size(), name, model);
  }
  return Importer(model, name, options).run();
}

}  // namespace sparsys
