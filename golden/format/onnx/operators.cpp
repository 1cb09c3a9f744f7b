// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "golden/format/onnx/importer.hpp"

namespace sparsys::onnx_import {

const std::string& Importer::resolve(const std::string& name) const {
  const auto found = aliases_.find(name);
  return found == aliases_.end() ? name : found->second;
}

const std::string& Importer::input(int i) {
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
    fail("input " + quoted(given) + " is another than the first output of " + place(maker->second));
  }
  return name;
}

const std::string& Importer::value(int i) {
  const std::string& name = input(i);
  if (constants_.count(name) != 0) {
    fail("input " + number(i + 1) + ", " + quoted(name) + ", is a constant",
         "constants as weights and biases of values");
  }
  used_.insert(name);
  result_.inputs.push_back(name);
  return name;
}

std::string Importer::define_output() {
  if (node_->output_size() != 1) {
    fail(number(node_->output_size()) + " outputs", "one output");
  }
  define(node_->output(0), place(node_index_) + ": its output");
  return node_->output(0);
}

void Importer::expect_inputs(int least, int most) const {
  const int count = node_->input_size();
  if (count < least || count > most) {
    fail(number(count) + " inputs",
         least == most ? number(least) : number(least) + " to " + number(most));
  }
}

void Importer::read_node() {
  struct Reader {
    Op op;
    void (Importer::*read)();
  };
  static constexpr Reader kReaders[] = {{Op::kGemm, &Importer::read_gemm},
                                        {Op::kMatMul, &Importer::read_matmul},
                                        {Op::kAdd, &Importer::read_add},
                                        {Op::kConv, &Importer::read_conv},
                                        {Op::kRelu, &Importer::read_function},
                                        {Op::kSigmoid, &Importer::read_function},
                                        {Op::kTanh, &Importer::read_function},
                                        {Op::kMaxPool, &Importer::read_max_pool},
                                        {Op::kAveragePool, &Importer::read_average_pool},
                                        {Op::kFlatten, &Importer::read_flatten},
                                        {Op::kReshape, &Importer::read_reshape},
                                        {Op::kSoftmax, &Importer::read_softmax}};
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
    const auto reader = std::find_if(std::begin(kReaders), std::end(kReaders),
                                     [&](const auto& r) { return op == to_string(r.op); });
    if (reader == std::end(kReaders)) fail("unsupported operator", kOperators);
    result_.op = reader->op;
    (this->*reader->read)();
    for (const auto& [name, attribute] : attributes_) {
      if (read_attributes_.count(name) == 0) fail("unknown attribute " + quoted(name));
    }
    result_.output = define_output();
    shapes_[result_.output] = result_shape_;
    network_.nodes.push_back(std::move(result_));
  }
}

void Importer::read_gemm() {
  expect_inputs(opset_ < 11 ? 3 : 2, 3);
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

void Importer::read_matmul() {
  expect_inputs(2, 2);
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

void Importer::read_add() {
  expect_inputs(2, 2);
  if (is_constant(0)) {
    parameter(0);
    result_shape_ = shape_of(value(1));
  } else {
    result_shape_ = shape_of(value(0));
    is_constant(1) ? void(parameter(1)) : void(value(1));
  }
}

void Importer::read_conv() {
  expect_inputs(2, 3);
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

void Importer::read_max_pool() {
  expect_inputs(1, 1);
  const std::string x = value(0);
  if (!integers("kernel_shape", result_.window.kernel, 1)) fail("no attribute 'kernel_shape'");
  integers("dilations", result_.window.dilation, 1, 10);
  result_.window.ceil_mode = integer("ceil_mode", 0, 0, 1, 10) != 0;
  integer("storage_order", 0, 0, 1, 8);  // of an output that is not supported
  const Shape& shape = shape_of(x);
  read_window(x, shape.size() == 4 ? shape[1] : 0);
}

void Importer::read_average_pool() {
  expect_inputs(1, 1);
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

void Importer::read_window(const std::string& x, int64_t channels) {
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

void Importer::read_function() {
  expect_inputs(1, 1);
  result_shape_ = shape_of(value(0));
}

void Importer::read_flatten() {
  expect_inputs(1, 1);
  const Shape& shape = shape_of(value(0));
  result_.axis = integer("axis", 1);
  const auto rank = static_cast<int64_t>(shape.size());
  if (result_.axis < 0 && opset_ >= 11 && rank > 0 && result_.axis + rank == 1) result_.axis = 1;
  if (result_.axis != 1) fail("attribute 'axis' is " + number(result_.axis), "1");
  result_shape_.clear();
  const int64_t elements = rest(shape, 1);
  if (elements > 0) result_shape_ = {shape[0], elements};
}

int64_t Importer::rest(const Shape& shape, size_t skip) {
  if (shape.size() < skip) return 0;
  int64_t product = 1;
  for (size_t d = skip; d < shape.size(); ++d) {
    if (shape[d] < 1 || shape[d] > kMaxSize || product > kMaxSize / shape[d]) return 0;
    product *= shape[d];
  }
  return product;
}

void Importer::read_reshape() {
  expect_inputs(2, 2);
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

void Importer::read_softmax() {
  expect_inputs(1, 1);
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

void Importer::read_constant() {
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
    } else if (attribute.name() == "value_ints" && attribute.type() == onnx::AttributeProto::INTS) {
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

void Importer::leave_out() {
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

}  // namespace sparsys::onnx_import
