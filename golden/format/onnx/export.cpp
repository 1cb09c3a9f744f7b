// SPDX-License-Identifier: Apache-2.0
#include "golden/format/onnx/export.hpp"

#include <google/protobuf/stubs/logging.h>
#include <onnx/onnx_pb.h>

#include <array>
#include <charconv>
#include <limits>
#include <map>
#include <set>

#include "golden/base/atomic_file.hpp"
#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/format/onnx/import.hpp"

namespace sparsys {
namespace {

constexpr int64_t kIr = 7;
constexpr int64_t kOpset = 13;
constexpr int64_t kOpsetOfHardSwish = 14;
constexpr float kLargest = std::numeric_limits<float>::max();

// The shortest text that gives the same number again.
std::string decimal(float value) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

// The sample dimension has the name `batch`, if there is one, in place of a size.
void describe(onnx::ValueInfoProto& info, const std::string& name, const Shape& shape,
              const std::string& batch) {
  info.set_name(name);
  onnx::TypeProto::Tensor& type = *info.mutable_type()->mutable_tensor_type();
  type.set_elem_type(onnx::TensorProto::FLOAT);
  for (const int64_t size : shape) type.mutable_shape()->add_dim()->set_dim_value(size);
  if (!batch.empty()) type.mutable_shape()->mutable_dim(0)->set_dim_param(batch);
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
void add_text(onnx::NodeProto& node, const char* name, const char* text) {
  add_attribute(node, name, onnx::AttributeProto::STRING).set_s(text);
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
    shape_of_[network_.input] = shapes.front();
    names_.insert(network_.input);
    for (const Parameter& parameter : network_.parameters) names_.insert(parameter.name);
    for (const Node& node : network_.nodes) names_.insert(node.output);

    model_.set_ir_version(kIr);
    model_.set_producer_name("sparsys");
    onnx::OperatorSetIdProto& set = *model_.add_opset_import();
    set.set_domain("");
    set.set_version(opset());
    add_metadata("sparsys.input_scale", decimal(network_.input_scale));
    add_metadata("sparsys.input_offset", decimal(network_.input_offset));
    add_metadata("sparsys.origin", network_.origin);
    if (network_.task != Task::kClassification) {
      add_metadata("sparsys.task", to_string(network_.task));
    }

    onnx::GraphProto& graph = *model_.mutable_graph();
    // ONNX wants a name.
    graph.set_name(network_.name.empty() ? "network" : network_.name);
    describe(*graph.add_input(), network_.input, shapes.front(), network_.batch);
    describe(*graph.add_output(), network_.output, shapes.back(), network_.batch);
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
      shape_of_[network_.nodes[n].output] = shapes[n + 1];
      if (n + 1 < network_.nodes.size()) {
        describe(*graph.add_value_info(), network_.nodes[n].output, shapes[n + 1], network_.batch);
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

  int64_t opset() const {
    for (const Node& node : network_.nodes) {
      if (node.op == Op::kHardSwish) return kOpsetOfHardSwish;
    }
    return kOpset;
  }

  void add_node(const Node& node) {
    onnx::NodeProto& made = *model_.mutable_graph()->add_node();
    // Runtimes want each name once.
    std::string name = node.name;
    for (int i = 2; !name.empty() && !node_names_.insert(name).second; ++i) {
      name = node.name + "_" + number(i);
    }
    made.set_name(name);
    made.set_op_type(to_string(node.op));
    for (const std::string& input : node.inputs) made.add_input(input);
    made.add_output(node.output);
    switch (node.op) {
      case Op::kConv:
        add_integer(made, "group", node.group);
        add_window(made, node.window);
        break;
      case Op::kConvTranspose:
        add_integer(made, "group", node.group);
        add_window(made, node.window);
        if (!node.shape.empty()) add_integers(made, "output_padding", node.shape);
        break;
      case Op::kMaxPool:
      case Op::kAveragePool: {
        const Window window = pooling_of(node);
        // The dilation of an average, 1, came with operator set 19.
        add_window(made, window, node.op == Op::kMaxPool);
        add_integer(made, "ceil_mode", window.ceil_mode ? 1 : 0);
        break;
      }
      case Op::kGemm:
        add_real(made, "alpha", node.alpha);
        add_real(made, "beta", node.beta);
        add_integer(made, "transB", node.trans_b ? 1 : 0);
        break;
      case Op::kFlatten:
      case Op::kSoftmax:
      case Op::kLogSoftmax:
      case Op::kConcat:
        add_integer(made, "axis", node.axis);
        break;
      case Op::kReshape:
        made.set_input(1, integers(node.inputs[1].empty() ? node.output + "_shape" : node.inputs[1],
                                   reshape_of(node)));
        break;
      case Op::kTranspose:
        add_integers(made, "perm", node.shape);
        break;
      case Op::kLeakyRelu:
      case Op::kElu:
        add_real(made, "alpha", node.alpha);
        break;
      case Op::kHardSigmoid:
        add_real(made, "alpha", node.alpha);
        add_real(made, "beta", node.beta);
        break;
      case Op::kClip:
        // A bound that is none is left out.
        made.add_input(node.alpha == -kLargest ? ""
                                               : reals(node.output + "_min", {}, {node.alpha}));
        if (node.beta != kLargest) made.add_input(reals(node.output + "_max", {}, {node.beta}));
        if (made.input(made.input_size() - 1).empty()) made.mutable_input()->RemoveLast();
        break;
      case Op::kPad:
        made.add_input(integers(node.output + "_pads", node.shape));
        if (node.alpha != 0) made.add_input(reals(node.output + "_value", {}, {node.alpha}));
        break;
      case Op::kSlice:
        add_slice(made, node);
        break;
      case Op::kResize: {
        const std::vector<float> factors(node.shape.begin(), node.shape.end());
        made.add_input("");  // the region, of another mode
        made.add_input(
            reals(node.output + "_scales", {static_cast<int64_t>(factors.size())}, factors));
        add_text(made, "mode", "nearest");
        add_text(made, "coordinate_transformation_mode", "asymmetric");
        add_text(made, "nearest_mode", "floor");
        break;
      }
      case Op::kPow:
        if (node.alpha == 0.5F || node.alpha == -1) {
          made.set_op_type(node.alpha == -1 ? "Reciprocal" : "Sqrt");
        } else {
          made.add_input(reals(node.output + "_power", {}, {node.alpha}));
        }
        break;
      case Op::kBatchMatMul:
        made.set_op_type("MatMul");
        break;
      case Op::kMatMul:
      case Op::kAdd:
      case Op::kMul:
      case Op::kRelu:
      case Op::kSigmoid:
      case Op::kTanh:
      case Op::kPRelu:
      case Op::kHardSwish:
      case Op::kSoftplus:
      case Op::kExp:
      case Op::kLog:
      case Op::kErf:
      case Op::kSin:
      case Op::kCos:
        break;
    }
  }

  static void add_window(onnx::NodeProto& made, const Window& window, bool dilates = true) {
    add_integers(made, "kernel_shape", window.kernel);
    add_integers(made, "strides", window.stride);
    if (dilates) add_integers(made, "dilations", window.dilation);
    add_integers(made, "pads", window.pad);
  }

  // The window of a pooling as a file has it. ceil_mode stands there only where it makes a
  // difference, and where ONNX's inference of shapes agrees: until operator set 22 it counts
  // windows that begin behind the input, which runtimes don't. Padding of the same reach is there
  // else.
  Window pooling_of(const Node& node) const {
    const Shape& x = shape_of_.at(node.inputs[0]);
    Window window = node.window;
    Window padded = node.window;
    window.ceil_mode = padded.ceil_mode = false;
    bool agrees = true;
    bool fits = true;
    for (size_t axis = 0; axis < 2 && node.window.ceil_mode; ++axis) {
      const Window& w = node.window;
      const auto positions = [&](bool ceil_mode) {
        return window_positions(x[2 + axis], w.kernel[axis], w.stride[axis], w.dilation[axis],
                                w.pad[axis], w.pad[axis + 2], ceil_mode);
      };
      const int64_t reach = (w.kernel[axis] - 1) * w.dilation[axis] + 1;
      const int64_t room = x[2 + axis] + w.pad[axis] + w.pad[axis + 2] - reach;
      const bool up = positions(true) > positions(false);
      window.ceil_mode |= up;
      agrees &= up || room % w.stride[axis] == 0;
      if (up) padded.pad[axis + 2] += w.stride[axis] - room % w.stride[axis];
      fits &= padded.pad[axis + 2] < w.kernel[axis];  // as runtimes want it
    }
    return window.ceil_mode && !agrees && fits ? padded : window;
  }

  // The sample dimension stays what it is, if it has no size.
  Shape reshape_of(const Node& node) const {
    Shape shape = node.shape;
    if (!network_.batch.empty() && shape[0] == 1) shape[0] = 0;
    return shape;
  }

  // Of the dimensions that it changes, or one behind that of the sample.
  void add_slice(onnx::NodeProto& made, const Node& node) {
    const Shape& x = shape_of_.at(node.inputs[0]);
    std::array<Shape, 4> lists;  // starts, ends, axes, steps
    for (size_t d = 1; d < x.size(); ++d) {
      const int64_t start = node.shape[d];
      const int64_t end = node.shape[x.size() + d];
      const int64_t step = node.shape[2 * x.size() + d];
      const bool whole = start == 0 && end == x[d] && step == 1;
      if (whole && (d + 1 < x.size() || !lists[0].empty())) continue;
      lists[0].push_back(start);
      lists[1].push_back(end);
      lists[2].push_back(static_cast<int64_t>(d));
      lists[3].push_back(step);
    }
    const char* const names[] = {"_starts", "_ends", "_axes", "_steps"};
    for (size_t l = 0; l < lists.size(); ++l) {
      made.add_input(integers(node.output + names[l], lists[l]));
    }
  }

  // A name like `wish` that no value, parameter or other constant has.
  std::string free_name(std::string wish) {
    while (!names_.insert(wish).second) wish += "_";
    return wish;
  }

  // Name of the initializer with these numbers. Two nodes can share one, if they wish the same.
  std::string integers(std::string name, const Shape& numbers) {
    while (true) {
      const auto found = integers_.find(name);
      if (found != integers_.end() && found->second == numbers) return name;
      if (found == integers_.end() && names_.count(name) == 0) break;
      name += "_";
    }
    names_.insert(name);
    integers_[name] = numbers;
    onnx::TensorProto& tensor = *model_.mutable_graph()->add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(onnx::TensorProto::INT64);
    tensor.add_dims(static_cast<int64_t>(numbers.size()));
    for (const int64_t value : numbers) tensor.add_int64_data(value);
    return name;
  }

  std::string reals(const std::string& wish, const Shape& shape, const std::vector<float>& values) {
    onnx::TensorProto& tensor = *model_.mutable_graph()->add_initializer();
    tensor.set_name(free_name(wish));
    tensor.set_data_type(onnx::TensorProto::FLOAT);
    for (const int64_t size : shape) tensor.add_dims(size);
    for (const float value : values) tensor.add_float_data(value);
    return tensor.name();
  }

  const Network& network_;
  onnx::ModelProto model_;
  std::set<std::string> names_;  // of values, parameters and constants
  std::set<std::string> node_names_;
  std::map<std::string, Shape> shape_of_;  // of values so far
  std::map<std::string, Shape> integers_;  // written as initializers
};

}  // namespace

std::vector<uint8_t> onnx_to_bytes(const Network& network) { return Exporter(network).run(); }

void export_onnx(const std::string& path, const Network& network) {
  const std::vector<uint8_t> bytes = onnx_to_bytes(network);
  write_file_atomically(path, bytes.data(), bytes.size());
}

}  // namespace sparsys
