// SPDX-License-Identifier: Apache-2.0
// Inputs and outputs of the node that is being read, and what many operators are made of.
#include <algorithm>
#include <numeric>

#include "golden/base/text.hpp"
#include "golden/format/onnx/importer.hpp"

namespace sparsys::onnx_import {

Shape Value::network_shape() const {
  Shape full;
  if (extra) full.push_back(1);
  full.insert(full.end(), shape.begin(), shape.end());
  return full;
}

const std::string& Importer::input(int i) const {
  if (i >= input_count()) refuse(number(input_count()) + " inputs", "at least " + number(i + 1));
  const std::string& given = node_->input(i);
  if (given.empty()) refuse("input " + number(i + 1) + " is left out");
  if (values_.count(given) != 0 || constants_.count(given) != 0) return given;
  if (const auto found = same_.find(given); found != same_.end()) return found->second;
  if (other_inputs_.count(given) != 0) {
    refuse("it needs the input " + quoted(given) + " of the file, and the network's input is " +
               quoted(network_.input),
           "one input; --input NAME chooses it, also a value in the middle");
  }
  const auto maker = makers_.find(given);
  if (maker == makers_.end()) {
    refuse("missing tensor " + quoted(given) + ": no node makes it, and it is no initializer");
  }
  if (maker->second >= node_index_) {
    refuse("input " + quoted(given) + " is made by " + place(maker->second) +
               ", which comes later or takes part in a cycle",
           "nodes in topological order");
  }
  refuse("input " + quoted(given) + " is an output of " + place(maker->second) +
         " that is not supported");
}

Value Importer::value(int i, bool any_type) const {
  const std::string& name = input(i);
  const auto found = values_.find(name);
  if (found == values_.end()) {
    refuse("input " + number(i + 1) + ", " + quoted(name) + ", is a constant",
           "constants as weights and biases of values");
  }
  if (!any_type && !is_real_type(found->second.type)) {
    refuse("input " + number(i + 1) + ", " + quoted(name) + ", has elements of type " +
               type_name(found->second.type),
           "real numbers, which a Cast makes of integers");
  }
  return found->second;
}

const Tensor& Importer::read(const std::string& name, Constant& constant) {
  if (constant.sparse) refuse("tensor " + quoted(name) + " is sparse", "dense tensors");
  if (!constant.tensor) {
    const bool elsewhere = constant.proto->data_location() == onnx::TensorProto::EXTERNAL;
    constant.tensor = read_tensor(*constant.proto, name, folder_);
    // Those of the file itself count from the beginning.
    if (elsewhere) room_ += 2 * static_cast<int64_t>(constant.tensor->count());
  } else if (!constant.parameter.empty() && constant.tensor->reals.empty()) {
    // Its elements went into the network.
    constant.tensor->reals = network_.find(constant.parameter)->values;
  }
  return *constant.tensor;
}

const Tensor& Importer::constant(int i) {
  const Tensor& tensor = known(i);
  Constant& constant = constants_.at(input(i));
  if (!constant.finite) check_finite(tensor, input(i));
  constant.finite = true;
  return tensor;
}

const Tensor& Importer::known(int i) {
  const std::string& name = input(i);
  const auto found = constants_.find(name);
  if (found == constants_.end()) {
    refuse("input " + number(i + 1) + ", " + quoted(name) + ", is not constant",
           "constant weights, biases and shapes; where they are computed from sizes, onnxslim may "
           "make them constant");
  }
  return read(name, found->second);
}

Shape Importer::numbers(int i) {
  const std::string name = input(i);
  const Tensor& tensor = constant(i);
  if (tensor.shape.size() > 1) {
    refuse("tensor " + quoted(name) + " has the shape " + to_string(tensor.shape),
           "lists of numbers");
  }
  return to_shape(tensor, "tensor " + quoted(name));
}

float Importer::scalar(int i) {
  const std::string name = input(i);
  const Tensor& tensor = constant(i);
  if (tensor.count() != 1) {
    refuse("tensor " + quoted(name) + " has the shape " + to_string(tensor.shape), "one number");
  }
  return static_cast<float>(tensor.at(0));
}

std::optional<Shape> Importer::numbers(const char* attribute, int i, int64_t since) {
  if (opset_ < since) return attributes_->integers(attribute);
  return has_input(i) ? std::optional<Shape>(numbers(i)) : std::nullopt;
}

void Importer::expect_inputs(int least, int most) const {
  const int count = input_count();
  if (count < least || count > most) {
    refuse(number(count) + " inputs",
           least == most ? number(least) : number(least) + " to " + number(most));
  }
}

std::string Importer::fresh(const std::string& base) {
  std::string name = base;
  for (int i = 2; !names_.insert(name).second; ++i) name = base + "_" + number(i);
  return name;
}

void Importer::bind(const Value& value, int i) {
  if (i >= node_->output_size()) return;
  const std::string& name = node_->output(i);
  if (name.empty()) return;
  Value bound = value;
  for (size_t n = first_made_; n < network_.nodes.size(); ++n) {
    if (network_.nodes[n].output != value.name) continue;
    // Only nodes that were made since can use it.
    for (size_t m = n; m < network_.nodes.size(); ++m) {
      Node& node = network_.nodes[m];
      if (m == n) node.output = name;
      std::replace(node.inputs.begin(), node.inputs.end(), value.name, name);
    }
    for (auto& [other, known] : values_) {
      if (known.name == value.name) known.name = name;
    }
    bound.name = name;
  }
  values_[name] = bound;
}

Node Importer::make(Op op) const {
  Node node;
  node.op = op;
  node.name = node_ == nullptr ? "" : node_->name();
  return node;
}

Value Importer::push(Node node, const Shape& shape, bool extra) {
  // Runtimes want each name once.
  const size_t part = network_.nodes.size() - first_made_;
  if (part > 0 && !node.name.empty()) node.name += "_part" + number(part + 1);
  node.output = fresh((node_->output_size() > 0 ? node_->output(0) : "value") + "_part");
  Value made{node.output, shape, extra};
  network_.nodes.push_back(std::move(node));
  return made;
}

Value Importer::push_function(Node node, const Value& x) {
  node.inputs.insert(node.inputs.begin(), x.name);
  return push(std::move(node), x.shape, x.extra);
}

std::string Importer::in_shape(const Value& x, const Shape& shape) {
  if (x.network_shape() == shape) return x.name;
  Node node = make(Op::kReshape);
  node.shape = shape;
  node.shape[0] = 0;  // as many samples as there are
  node.inputs = {x.name, fresh(x.name + "_shape")};
  return push(std::move(node), shape, false).name;
}

Value Importer::view(const Value& x, const Shape& shape) {
  Value made{x.name, shape, needs_extra(shape), x.type};
  made.name = in_shape(x, made.network_shape());
  return made;
}

Value Importer::transpose(const Value& x, const Shape& permutation) {
  Shape shape;
  for (const int64_t d : permutation) shape.push_back(x.shape[static_cast<size_t>(d)]);
  // If the dimensions that are not 1 keep their order, so do the elements.
  Shape moved;
  for (const int64_t d : permutation) {
    if (x.shape[static_cast<size_t>(d)] != 1) moved.push_back(d);
  }
  if (std::is_sorted(moved.begin(), moved.end())) return view(x, shape);
  Node node = make(Op::kTranspose);
  if (!x.extra && permutation[0] == 0) {
    node.shape = permutation;
    node.inputs = {x.name};
    Value made = push(std::move(node), shape, false);
    made.type = x.type;
    return made;
  }
  // The sample dimension must stay: one more goes in front.
  Shape full{1};
  full.insert(full.end(), x.shape.begin(), x.shape.end());
  node.inputs = {in_shape(x, full)};
  node.shape = {0};
  for (const int64_t d : permutation) node.shape.push_back(d + 1);
  Value made = push(std::move(node), shape, true);
  made.type = x.type;
  return view(made, shape);
}

Value Importer::slice(const Value& x, const Slices& slices) {
  const Shape shape = slice_sizes(slices);
  if (shape == x.shape && std::all_of(slices.steps.begin(), slices.steps.end(),
                                      [](int64_t step) { return step > 0; })) {
    return x;
  }
  Shape starts, ends, steps;
  if (x.extra) {
    starts = {0};
    ends = {1};
    steps = {1};
  }
  for (size_t d = 0; d < shape.size(); ++d) {
    if (shape[d] == 0) refuse("nothing is left, the shape is " + to_string(shape));
    if (slices.steps[d] < 1 && shape[d] > 1) {
      // Backwards: element by element, and the other dimensions as they are told.
      Shape indices;
      for (int64_t i = 0; i < shape[d]; ++i) {
        indices.push_back(slices.starts[d] + i * slices.steps[d]);
      }
      Slices others = slices;
      others.starts[d] = 0;
      others.ends[d] = shape[d];
      others.steps[d] = 1;
      return slice(pick(x, d, indices), others);
    }
    starts.push_back(slices.starts[d]);
    ends.push_back(slices.steps[d] < 1 ? slices.starts[d] + 1 : slices.ends[d]);
    steps.push_back(std::max<int64_t>(slices.steps[d], 1));
  }
  Node node = make(Op::kSlice);
  node.inputs = {x.name};
  for (const Shape* part : {&starts, &ends, &steps}) {
    node.shape.insert(node.shape.end(), part->begin(), part->end());
  }
  Value made = push(std::move(node), shape, x.extra);
  made.type = x.type;
  return view(made, shape);
}

Value Importer::concat(const std::vector<Value>& parts, size_t axis) {
  Shape shape = parts[0].shape;
  for (size_t i = 1; i < parts.size(); ++i) {
    bool fits = parts[i].shape.size() == shape.size();
    for (size_t d = 0; fits && d < shape.size(); ++d) {
      fits = d == axis || parts[i].shape[d] == shape[d];
    }
    if (!fits) {
      refuse(
          "inputs of the shapes " + to_string(parts[0].shape) + " and " + to_string(parts[i].shape),
          "shapes that differ in the axis alone");
    }
    shape[axis] += parts[i].shape[axis];
  }
  if (parts.size() == 1) return parts[0];
  // In the sample dimension nothing is joined.
  const bool extra = needs_extra(shape) || axis == 0;
  Node node = make(Op::kConcat);
  node.axis = static_cast<int64_t>(axis) + (extra ? 1 : 0);
  for (const Value& part : parts) {
    Shape full = part.shape;
    if (extra) full.insert(full.begin(), 1);
    node.inputs.push_back(in_shape(part, full));
  }
  return view(push(std::move(node), shape, extra), shape);
}

std::string Importer::parameter(int i) {
  const std::string name = input(i);
  const Tensor& tensor = constant(i);
  Constant& constant = constants_.at(name);
  if (!constant.parameter.empty()) return constant.parameter;
  if (!tensor.is_real()) {
    refuse("tensor " + quoted(name) + " has elements of type " + type_name(tensor.type),
           "FLOAT, DOUBLE, FLOAT16, BFLOAT16");
  }
  if (tensor.count() == 0) {
    refuse("tensor " + quoted(name) + " has the shape " + to_string(tensor.shape), "sizes from 1");
  }
  network_.parameters.push_back({name, tensor.shape, std::move(constant.tensor->reals)});
  constant.tensor->reals.clear();
  constant.parameter = name;
  parameter_order_[name] = constant.order;
  return name;
}

std::string Importer::parameter(const std::string& base, const Tensor& tensor) {
  const std::string name = fresh(base);
  if (tensor.count() == 0) refuse("a constant of the shape " + to_string(tensor.shape));
  check_finite(tensor, base);
  network_.parameters.push_back({name, tensor.shape, tensor.reals});
  parameter_order_[name] = constants_.size() + network_.parameters.size();
  return name;
}

Value Importer::scaled(const Value& x, float factor) {
  if (factor == 1) return x;
  return with_constant(Op::kMul, x, make_reals({1}, {factor}));
}

Value Importer::shifted(const Value& x, float summand) {
  if (summand == 0) return x;
  return with_constant(Op::kAdd, x, make_reals({1}, {summand}));
}

}  // namespace sparsys::onnx_import
