// SPDX-License-Identifier: Apache-2.0
#include "golden/format/onnx/importer.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "golden/base/error.hpp"

namespace sparsys::onnx_import {
namespace {

constexpr int64_t kMinIr = 3;
constexpr int64_t kMaxIr = 14;

}  // namespace

Network Importer::run() {
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

void Importer::fail_file(const std::string& what, const std::string& supported) const {
  throw Error(file_ + ": " + what + (supported.empty() ? "" : "; supported: " + supported));
}

std::string Importer::place(int index) const {
  const onnx::NodeProto& node = model_.graph().node(index);
  return "node " + (node.name().empty() ? number(index + 1) : quoted(node.name())) + " (" +
         printable(node.op_type(), 40) + ")";
}

void Importer::fail(const std::string& what, const std::string& supported) const {
  fail_file(place(node_index_) + ": " + what, supported);
}

void Importer::check_text(const std::string& text, const std::string& what) const {
  if (text.size() > kMaxText) {
    fail_file(what + " has " + number(static_cast<int64_t>(text.size())) + " bytes",
              "at most " + number(static_cast<int64_t>(kMaxText)));
  }
  if (printable(text, 0) != text) {
    fail_file(what + ", " + quoted(text) + ", is not UTF-8 or has control characters");
  }
}

void Importer::read_versions() {
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

bool Importer::is_default_domain(const std::string& domain) {
  return domain.empty() || domain == "ai.onnx";
}

void Importer::define(const std::string& name, const std::string& what) {
  check_text(name, what);
  if (name.empty()) fail_file(what + " has no name");
  if (!defined_.insert(name).second) {
    fail_file(what + ": the name " + quoted(name) + " is taken already", "each name once");
  }
}

void Importer::read_initializers() {
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

void Importer::read_input() {
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

int64_t Importer::dimension(const onnx::TensorShapeProto::Dimension& dim, int index,
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
                  (dim.dim_param().empty() ? "" : ", " + quoted(key) + ",") + " has no fixed size",
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

void Importer::check_type(const onnx::ValueInfoProto& info, const std::string& where) const {
  if (!info.type().has_tensor_type()) fail_file(where + ": not a tensor", "float32 tensors");
  const int type = info.type().tensor_type().elem_type();
  if (type != onnx::TensorProto::FLOAT) {
    fail_file(where + ": elements of type " + type_name(type), "FLOAT (float32)");
  }
}

void Importer::read_output() {
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

void Importer::finish_output() {
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

void Importer::order_parameters() {
  std::vector<Parameter> ordered;
  ordered.reserve(network_.parameters.size());
  for (const std::string& name : constant_order_) {
    const int64_t index = constants_.at(name).parameter;
    if (index >= 0) ordered.push_back(std::move(network_.parameters[static_cast<size_t>(index)]));
  }
  network_.parameters = std::move(ordered);
}

void Importer::read_metadata() {
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

float Importer::metadata_number(const onnx::StringStringEntryProto& entry) const {
  const std::string& text = entry.value();
  float value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc() || result.ptr != text.data() + text.size() ||
      !std::isfinite(value)) {
    fail_file("metadata " + quoted(entry.key()) + " is " + quoted(text), "a finite number");
  }
  return value;
}

void Importer::check_output_shape(const Shape& shape) const {
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

}  // namespace sparsys::onnx_import
