// SPDX-License-Identifier: Apache-2.0
#include "golden/format/onnx/export.hpp"

#include <google/protobuf/stubs/logging.h>
#include <onnx/onnx_pb.h>

#include <charconv>
#include <set>

#include "golden/base/atomic_file.hpp"
#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/format/onnx/import.hpp"

namespace sparsys {
namespace {

constexpr int64_t kIr = 7;
constexpr int64_t kOpset = 13;

// The shortest text that gives the same number again.
std::string decimal(float value) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

void describe(onnx::ValueInfoProto& info, const std::string& name, const Shape& shape) {
  info.set_name(name);
  onnx::TypeProto::Tensor& type = *info.mutable_type()->mutable_tensor_type();
  type.set_elem_type(onnx::TensorProto::FLOAT);
  for (const int64_t size : shape) type.mutable_shape()->add_dim()->set_dim_value(size);
}

onnx::AttributeProto& add_attribute(onnx::NodeProto& node, const char* name,
                                    onnx::AttributeProto::AttributeType type) {
  onnx::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(type);
  return attribute;
}
void add_integer(onnx::NodeProto& node, const char* name, int64_t value) {
  add_attribute(node, name, onnx::AttributeProto::INT).set_i(value);
}
void add_real(onnx::NodeProto& node, const char* name, float value) {
  add_attribute(node, name, onnx::AttributeProto::FLOAT).set_f(value);
}
template <typename Values>
void add_integers(onnx::NodeProto& node, const char* name, const Values& values) {
  onnx::AttributeProto& attribute = add_attribute(node, name, onnx::AttributeProto::INTS);
  for (const int64_t value : values) attribute.add_ints(value);
}

class Exporter {
 public:
  explicit Exporter(const Network& network) : network_(network) {}

  std::vector<uint8_t> run() {
    const std::vector<Shape> shapes = infer_shapes(network_);
    check_size();
    names_.insert(network_.input);
    for (const Parameter& parameter : network_.parameters) names_.insert(parameter.name);
    for (const Node& node : network_.nodes) names_.insert(node.output);

    model_.set_ir_version(kIr);
    model_.set_producer_name("sparsys");
    onnx::OperatorSetIdProto& set = *model_.add_opset_import();
    set.set_domain("");
    set.set_version(kOpset);
    add_metadata("sparsys.input_scale", decimal(network_.input_scale));
    add_metadata("sparsys.input_offset", decimal(network_.input_offset));
    add_metadata("sparsys.origin", network_.origin);

    onnx::GraphProto& graph = *model_.mutable_graph();
    // ONNX wants a name.
    graph.set_name(network_.name.empty() ? "network" : network_.name);
    describe(*graph.add_input(), network_.input, shapes.front());
    describe(*graph.add_output(), network_.output, shapes.back());
    for (const Parameter& parameter : network_.parameters) {
      onnx::TensorProto& tensor = *graph.add_initializer();
      tensor.set_name(parameter.name);
      tensor.set_data_type(onnx::TensorProto::FLOAT);
      for (const int64_t size : parameter.shape) tensor.add_dims(size);
      // Little-endian, as every machine is that this is built for.
      tensor.set_raw_data(parameter.values.data(), parameter.values.size() * sizeof(float));
    }
    for (size_t n = 0; n < network_.nodes.size(); ++n) {
      add_node(network_.nodes[n]);
      if (n + 1 < network_.nodes.size()) {
        describe(*graph.add_value_info(), network_.nodes[n].output, shapes[n + 1]);
      }
    }

    const google::protobuf::LogSilencer silencer;
    std::vector<uint8_t> bytes(model_.ByteSizeLong());
    if (bytes.size() > kMaxOnnxBytes ||
        !model_.SerializeToArray(bytes.data(), static_cast<int>(bytes.size()))) {
      fail_size();
    }
    return bytes;
  }

 private:
  [[noreturn]] void fail_size() const {
    throw Error(printable(network_.name) + ": more than the " + number(kMaxOnnxBytes) +
                " bytes that an ONNX file can have");
  }
  // Before anything is copied.
  void check_size() const {
    uint64_t bytes = 0;
    for (const Parameter& parameter : network_.parameters) bytes += 4 * parameter.values.size();
    if (bytes > kMaxOnnxBytes) fail_size();
  }

  void add_metadata(const char* key, const std::string& value) {
    onnx::StringStringEntryProto& entry = *model_.add_metadata_props();
    entry.set_key(key);
    entry.set_value(value);
  }

  void add_node(const Node& node) {
    onnx::NodeProto& made = *model_.mutable_graph()->add_node();
    made.set_name(node.name);
    made.set_op_type(to_string(node.op));
    for (const std::string& input : node.inputs) made.add_input(input);
    made.add_output(node.output);
    switch (node.op) {
      case Op::kConv:
        add_integer(made, "group", node.group);
        add_window(made, node.window);
        break;
      case Op::kMaxPool:
        add_window(made, node.window);
        add_integer(made, "ceil_mode", node.window.ceil_mode ? 1 : 0);
        break;
      case Op::kAveragePool:
        // Its dilation, of 1, came with operator set 19.
        add_integers(made, "kernel_shape", node.window.kernel);
        add_integers(made, "strides", node.window.stride);
        add_integers(made, "pads", node.window.pad);
        add_integer(made, "ceil_mode", node.window.ceil_mode ? 1 : 0);
        break;
      case Op::kGemm:
        add_real(made, "alpha", node.alpha);
        add_real(made, "beta", node.beta);
        add_integer(made, "transB", node.trans_b ? 1 : 0);
        break;
      case Op::kFlatten:
      case Op::kSoftmax:
        add_integer(made, "axis", node.axis);
        break;
      case Op::kReshape:
        made.set_input(1, shape_constant(node));
        break;
      case Op::kMatMul:
      case Op::kAdd:
      case Op::kRelu:
      case Op::kSigmoid:
      case Op::kTanh:
        break;
      default:
        throw Error(printable(network_.name) + ": " + to_string(node.op) + " can't be exported");
    }
  }

  static void add_window(onnx::NodeProto& made, const Window& window) {
    add_integers(made, "kernel_shape", window.kernel);
    add_integers(made, "strides", window.stride);
    add_integers(made, "dilations", window.dilation);
    add_integers(made, "pads", window.pad);
  }

  // Name of the initializer with the shape that `node` reshapes to. Two nodes can share one.
  std::string shape_constant(const Node& node) {
    std::string name = node.inputs[1].empty() ? node.output + "_shape" : node.inputs[1];
    while (true) {
      const auto found = shapes_.find(name);
      if (found != shapes_.end() && found->second == node.shape) return name;
      if (found == shapes_.end() && names_.count(name) == 0) break;
      name += "_";
    }
    shapes_[name] = node.shape;
    onnx::TensorProto& tensor = *model_.mutable_graph()->add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(onnx::TensorProto::INT64);
    tensor.add_dims(static_cast<int64_t>(node.shape.size()));
    for (const int64_t size : node.shape) tensor.add_int64_data(size);
    return name;
  }

  const Network& network_;
  onnx::ModelProto model_;
  std::set<std::string> names_;          // of values and parameters
  std::map<std::string, Shape> shapes_;  // written as initializers
};

}  // namespace

std::vector<uint8_t> onnx_to_bytes(const Network& network) { return Exporter(network).run(); }

void export_onnx(const std::string& path, const Network& network) {
  const std::vector<uint8_t> bytes = onnx_to_bytes(network);
  write_file_atomically(path, bytes.data(), bytes.size());
}

}  // namespace sparsys
