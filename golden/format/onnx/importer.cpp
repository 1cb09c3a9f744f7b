// SPDX-License-Identifier: Apache-2.0
#include "golden/format/onnx/importer.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/format/onnx/simplify/simplify.hpp"

namespace sparsys::onnx_import {
namespace {

constexpr int64_t kMinIr = 3;
constexpr int64_t kMaxIr = 14;

// Names, at most six: "'a', 'b' and 3 more".
std::string listed(const std::vector<std::string>& names, const std::string& before) {
  constexpr size_t kMost = 6;
  std::string text;
  for (size_t i = 0; i < std::min(names.size(), kMost); ++i) {
    text += (i == 0 ? "" : ", ") + before + printable(names[i], 60);
  }
  return text + (names.size() > kMost ? " and " + number(names.size() - kMost) + " more" : "");
}

}  // namespace

Network Importer::run() {
  read_versions();
  if (!model_.has_graph()) fail_file("not an ONNX model: no graph");
  check_text(model_.graph().name(), "the graph's name");
  read_initializers();
  read_names();
  choose_output();
  choose_input();
  read_metadata();
  for (node_index_ = 0; node_index_ < model_.graph().node_size(); ++node_index_) {
    if (!needed_[static_cast<size_t>(node_index_)]) continue;
    node_ = model_.mutable_graph()->mutable_node(node_index_);
    first_made_ = network_.nodes.size();
    try {
      read_node();
    } catch (const Refusal& refusal) {
      if (refusal.supported.empty()) fail(refusal.what + way_out());
      fail(refusal.what, refusal.supported + way_out());
    }
  }
  finish_output();
  order_parameters();
  // Messages of what follows begin with the network's name, and are to begin with the file's.
  network_.name = file_;
  for (const std::string& done : simplify(network_)) note(done);
  infer_shapes(network_);
  network_.name = model_.graph().name();
  for (size_t i = 0; i < notes_.size(); ++i) {
    network_.origin += (i == 0 ? "; " : ", ") + notes_[i];
  }
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

void Importer::note(const std::string& text) { notes_.push_back(text); }

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
    if (set.domain() == "ai.onnx.ml") learn_opset_ = set.version();
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
  if (!names_.insert(name).second) {
    fail_file(what + ": the name " + quoted(name) + " is taken already", "each name once");
  }
}

void Importer::read_initializers() {
  onnx::GraphProto& graph = *model_.mutable_graph();
  for (onnx::TensorProto& tensor : *graph.mutable_initializer()) {
    define(tensor.name(), "an initializer");
    Constant& constant = constants_[tensor.name()];
    constant.proto = &tensor;
    constant.order = constants_.size();
    room_ += tensor.float_data_size() + static_cast<int64_t>(tensor.raw_data().size() / 2);
  }
  for (const onnx::SparseTensorProto& tensor : graph.sparse_initializer()) {
    define(tensor.values().name(), "a sparse initializer");
    constants_[tensor.values().name()].sparse = true;
  }
  // What may be made of constants is a small multiple of the file.
  constexpr int64_t kRoom = 1 << 14;
  room_ += kRoom;
}

void Importer::read_names() {
  onnx::GraphProto& graph = *model_.mutable_graph();
  for (const onnx::ValueInfoProto& info : graph.input()) {
    // Until IR version 3 initializers are inputs too.
    if (constants_.count(info.name()) == 0) define(info.name(), "an input");
  }
  for (int i = 0; i < graph.node_size(); ++i) {
    onnx::NodeProto& node = *graph.mutable_node(i);
    // What is left out at the end may stand there with an empty name.
    auto* inputs = node.mutable_input();
    while (!inputs->empty() && inputs->rbegin()->empty()) inputs->RemoveLast();
    auto* outputs = node.mutable_output();
    while (!outputs->empty() && outputs->rbegin()->empty()) outputs->RemoveLast();
    for (const std::string& output : node.output()) {
      if (output.empty()) continue;
      define(output, place(i) + ": its output");
      makers_.emplace(output, i);
    }
  }
}

void Importer::choose_output() {
  std::vector<std::string> names;
  for (const onnx::ValueInfoProto& info : model_.graph().output()) names.push_back(info.name());
  if (!options_.output.empty()) {
    network_.output = options_.output;
    if (names_.count(options_.output) == 0) {
      fail_file(
          "--output " + printable(options_.output, 60) + ": no node makes a value of this name",
          "outputs of nodes; those of the file are " + listed(names, ""));
    }
    return;
  }
  if (names.empty()) fail_file("no output", "one output");
  if (names.size() > 1) {
    // What is not a number, or a whole one, is a label next to scores.
    std::vector<std::string> scores;
    for (const onnx::ValueInfoProto& info : model_.graph().output()) {
      const bool is_tensor = info.type().has_tensor_type();
      if (!is_tensor || is_real_type(info.type().tensor_type().elem_type())) {
        scores.push_back(info.name());
      } else {
        note("output " + quoted(info.name()) + " of type " +
             type_name(info.type().tensor_type().elem_type()) + " left out");
      }
    }
    if (scores.size() == 1) names = scores;
  }
  if (names.size() > 1) {
    fail_file("several outputs", "one output; choose it: " + listed(names, "--output "));
  }
  network_.output = names[0];
  if (names_.count(network_.output) == 0) {
    fail_file("output " + quoted(network_.output) + ": missing tensor, no node makes it");
  }
}

std::vector<bool> Importer::ancestors(const std::string& name,
                                      const std::unordered_set<std::string>& stop) const {
  std::vector<bool> found(static_cast<size_t>(model_.graph().node_size()));
  std::vector<std::string> open{name};
  while (!open.empty()) {
    const std::string next = open.back();
    open.pop_back();
    const auto maker = makers_.find(next);
    if (stop.count(next) != 0 || maker == makers_.end()) continue;
    if (found[static_cast<size_t>(maker->second)]) continue;
    found[static_cast<size_t>(maker->second)] = true;
    for (const std::string& input : model_.graph().node(maker->second).input()) {
      open.push_back(input);
    }
  }
  return found;
}

const onnx::ValueInfoProto* Importer::find_info(const std::string& name) const {
  const onnx::GraphProto& graph = model_.graph();
  for (const auto* list : {&graph.input(), &graph.value_info(), &graph.output()}) {
    for (const onnx::ValueInfoProto& info : *list) {
      if (info.name() == name) return &info;
    }
  }
  return nullptr;
}

void Importer::choose_input() {
  const onnx::GraphProto& graph = model_.graph();
  std::vector<std::string> names;
  for (const onnx::ValueInfoProto& info : graph.input()) {
    if (constants_.count(info.name()) == 0) names.push_back(info.name());
  }
  std::string chosen = options_.input;
  if (!chosen.empty()) {
    if (constants_.count(chosen) != 0 || names_.count(chosen) == 0) {
      fail_file("--input " + printable(chosen, 60) + ": no value of this name",
                "inputs and outputs of nodes; the inputs of the file are " + listed(names, ""));
    }
    needed_ = ancestors(network_.output, {chosen});
  } else {
    if (names.empty()) fail_file("no input", "one input");
    needed_ = ancestors(network_.output, {});
    std::vector<std::string> used;
    for (const std::string& name : names) {
      bool is_used = name == network_.output;
      for (int i = 0; i < graph.node_size() && !is_used; ++i) {
        const auto& inputs = graph.node(i).input();
        is_used = needed_[static_cast<size_t>(i)] &&
                  std::find(inputs.begin(), inputs.end(), name) != inputs.end();
      }
      if (is_used) used.push_back(name);
    }
    if (used.size() > 1) {
      fail_file("several inputs",
                "one input; choose it, or a value in the middle: " + listed(used, "--input "));
    }
    chosen = used.empty() ? names[0] : used[0];
  }
  for (const std::string& name : names) {
    if (name != chosen) other_inputs_.insert(name);
  }
  network_.input = chosen;
  const onnx::ValueInfoProto* const info = find_info(chosen);
  const bool known = info != nullptr && info->type().tensor_type().has_shape();
  if (known || std::find(names.begin(), names.end(), chosen) != names.end()) {
    read_input(chosen, *info);
  } else {
    start_at(chosen);
  }
}

// A value in the middle, whose shape follows from the nodes before it.
void Importer::start_at(const std::string& name) {
  onnx::ModelProto copy = model_;
  OnnxImportOptions options = options_;
  options.output = name;
  options.input.clear();
  Importer before(copy, file_, folder_, options);
  Network network;
  try {
    network = before.run();
  } catch (const Error& error) {
    fail_file("--input " + printable(name, 60) +
              ": its shape is not known: " + printable(error.what(), 300));
  }
  network_.batch = network.batch;
  const Value& value = before.values_.at(name);
  network_.input_shape = value.network_shape();
  values_[name] = {name, value.shape, value.extra};
}

void Importer::read_input(const std::string& name, const onnx::ValueInfoProto& info) {
  const std::string where = "input " + quoted(name);
  if (!info.type().has_tensor_type()) fail_file(where + ": not a tensor", "tensors of numbers");
  const onnx::TypeProto::Tensor& type = info.type().tensor_type();
  if (!is_real_type(type.elem_type()) && !is_integer_type(type.elem_type())) {
    fail_file(where + ": elements of type " + type_name(type.elem_type()),
              "FLOAT, and other numbers where a Cast follows");
  }
  const int rank = type.shape().dim_size();
  if (!type.has_shape() || rank == 0) {
    fail_file(where + ": no shape", "fixed shapes with the sample dimension first");
  }
  if (rank > kMaxRank) {
    fail_file(where + ": " + number(rank) + " dimensions", "at most " + number(kMaxRank));
  }
  Value value{name, {}, false, type.elem_type()};
  for (int d = 0; d < rank; ++d) {
    value.shape.push_back(dimension(type.shape().dim(d), d, rank, where, used_dims_));
  }
  for (const auto& [key, size] : options_.dims) {
    if (used_dims_.count(key) == 0) {
      fail_file("--dim " + printable(key, 60) + "=" + number(size) + ": " + where +
                " has no dimension of this name or number without a size");
    }
  }
  value.extra = rank < 2;
  network_.input_shape = value.network_shape();
  // Pixels, where the network takes them as they are.
  if (type.elem_type() == onnx::TensorProto::UINT8) network_.input_scale = 1;
  if (type.elem_type() != onnx::TensorProto::FLOAT) {
    note("its input of type " + type_name(type.elem_type()) + " taken as float32");
  }
  values_[name] = value;
}

int64_t Importer::dimension(const onnx::TensorShapeProto::Dimension& dim, int index, int rank,
                            const std::string& where, std::unordered_set<std::string>& used) {
  int64_t size = dim.dim_value();
  // Some exporters write 0 or -1 where they mean any size.
  const bool is_fixed = dim.has_dim_value() && size > 0;
  const bool is_sample = index == 0 && rank > 1;
  const bool has_name = !is_fixed && !dim.dim_param().empty();
  const std::string key = has_name ? dim.dim_param() : number(index);
  auto given = options_.dims.find(key);
  if (has_name) {
    const auto by_number = options_.dims.find(number(index));
    if (by_number != options_.dims.end() && given != options_.dims.end()) {
      fail_file("--dim " + printable(key, 60) + " and --dim " + number(index) +
                ": this dimension is given twice");
    }
    if (given == options_.dims.end()) given = by_number;
  }
  // A fixed batch can be given up for one sample at a time.
  const bool may_be_given = !is_fixed || is_sample;
  const std::string place = where + ": dimension " + number(index);
  if (may_be_given && given != options_.dims.end()) {
    used.insert(given->first);
    size = given->second;
  } else if (!is_fixed && is_sample) {
    size = 1;
  } else if (!is_fixed) {
    fail_file(place + (has_name ? ", " + quoted(key) + "," : "") + " has no fixed size",
              "fixed sizes; --dim " + printable(key, 60) + "=SIZE gives it one");
  }
  if (size < 1 || size > kMaxSize) {
    fail_file(place + " is " + number(size), "1 to " + number(kMaxSize));
  }
  if (is_sample && size != 1) {
    fail_file(
        where + ": the sample dimension is " + number(size),
        "one sample at a time" + (is_fixed ? "; if dimension 0 is the batch, --dim 0=1 makes it so"
                                           : "; --dim " + printable(key, 60) + "=1"));
  }
  if (is_sample && !is_fixed) {
    network_.batch = has_name ? key : "batch";
    check_text(network_.batch, "a dimension's name");
  }
  return size;
}

void Importer::finish_output() {
  const std::string given = network_.output;
  const std::string where = "output " + quoted(given);
  const auto found = values_.find(given);
  if (constants_.count(given) + same_.count(given) != 0) {
    fail_file(where + ": no node computes it, it is constant");
  }
  if (found == values_.end()) fail_file(where + ": no node that is supported makes it");
  if (found->second.name == network_.input || network_.nodes.empty()) {
    fail_file(where + ": no node computes it");
  }
  const Value output = found->second;
  if (output.name != given) {
    // The name that the outside knows is the one to keep.
    for (Node& node : network_.nodes) {
      if (node.output == output.name) node.output = given;
      std::replace(node.inputs.begin(), node.inputs.end(), output.name, given);
    }
  }
  check_output_shape(output);
  std::map<std::string, int> folded;
  if (folded_nodes_ > 0) note(number(folded_nodes_) + " nodes of constants computed");
  int64_t dropped = 0;
  for (const bool is_needed : needed_) dropped += is_needed ? 0 : 1;
  if (dropped > 0) note(number(dropped) + " nodes left out that " + quoted(given) + " needs not");
}

void Importer::order_parameters() {
  std::stable_sort(network_.parameters.begin(), network_.parameters.end(),
                   [&](const Parameter& a, const Parameter& b) {
                     return parameter_order_.at(a.name) < parameter_order_.at(b.name);
                   });
}

void Importer::read_metadata() {
  const std::string& version = model_.producer_version();
  network_.origin = model_.producer_name().empty()
                        ? "ONNX file"
                        : "ONNX file of " + printable(model_.producer_name(), 80) +
                              (version.empty() ? "" : " " + printable(version, 80));
  for (const onnx::StringStringEntryProto& entry : model_.metadata_props()) {
    if (entry.key() == "sparsys.origin") {
      check_text(entry.value(), "metadata 'sparsys.origin'");
      network_.origin = entry.value();
    } else if (entry.key() == "sparsys.task") {
      network_.task = Task::kClassification;
      if (entry.value() == to_string(Task::kRegression)) network_.task = Task::kRegression;
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

void Importer::check_output_shape(const Value& output) {
  const onnx::ValueInfoProto* const info = find_info(network_.output);
  if (info == nullptr || !info->type().tensor_type().has_shape()) return;
  const onnx::TensorShapeProto& declared = info->type().tensor_type().shape();
  bool equal = declared.dim_size() == static_cast<int>(output.shape.size());
  for (int d = 1; equal && d < declared.dim_size(); ++d) {
    const int64_t size = declared.dim(d).dim_value();
    equal = size <= 0 || size == output.shape[static_cast<size_t>(d)];
  }
  if (equal) return;
  Shape shape;
  for (int d = 0; d < std::min(declared.dim_size(), kMaxRank); ++d) {
    shape.push_back(declared.dim(d).dim_value());
  }
  // As for runtimes, the nodes decide.
  note("the file declares the output " + to_string(shape) + ", the nodes make " +
       to_string(output.shape));
}

}  // namespace sparsys::onnx_import
