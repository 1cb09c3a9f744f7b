// SPDX-License-Identifier: Apache-2.0
#include "golden/train/graph.hpp"

#include <map>
#include <string>

namespace sparsys {
namespace {

bool is_dense(Op op) { return op == Op::kGemm || op == Op::kMatMul; }
bool is_pooling(Op op) { return op == Op::kMaxPool || op == Op::kAveragePool; }
bool is_softmax(Op op) { return op == Op::kSoftmax || op == Op::kLogSoftmax; }

}  // namespace

Graph::Graph(const Network& network) : network_(&network) {
  const std::vector<Shape> shapes = infer_shapes(network);
  std::map<std::string, size_t> value_of{{network.input, 0}};
  std::map<std::string, size_t> parameter_of;
  for (size_t p = 0; p < network.parameters.size(); ++p) {
    parameter_of[network.parameters[p].name] = p;
  }
  for (const Shape& shape : shapes) {
    Value value;
    value.elements = element_count(shape);
    values_.push_back(value);
  }
  for (size_t n = 0; n < network.nodes.size(); ++n) {
    const Node& node = network.nodes[n];
    Step step;
    step.op = node.op;
    step.y = n + 1;
    step.x = Graph::kNone;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const auto value = value_of.find(node.inputs[i]);
      if (value != value_of.end()) {
        (step.x == kNone ? step.x : step.other) = value->second;
        step.sources.push_back(value->second);
        ++values_[value->second].uses;
        continue;
      }
      const auto found = parameter_of.find(node.inputs[i]);
      if (found == parameter_of.end()) continue;  // the shape of a Reshape
      const bool multiplies = is_dense(node.op) || is_convolution(node.op);
      (i == 1 && multiplies ? step.weights : step.bias) = found->second;
    }
    value_of[node.output] = step.y;
    steps_.push_back(std::move(step));
  }
  for (size_t n = 0; n < network.nodes.size(); ++n) {
    add_step(network.nodes[n], shapes, n);
    place_in_memory(n);
  }
  Step& last = steps_.back();
  last.head = is_softmax(last.op) && network.task == Task::kClassification &&
              last.axis.size == values_[last.y].elements;
  logits_ = last.head ? last.x : last.y;
  for (Step& step : steps_) step.dropout &= step.y != logits_;
}

void Graph::add_step(const Node& node, const std::vector<Shape>& shapes, size_t index) {
  Step& step = steps_[index];
  const Shape& x = shapes[step.x];
  const Shape& y = shapes[step.y];
  values_[step.y].varies = step.weights != kNone || step.bias != kNone;
  for (const size_t source : step.sources) values_[step.y].varies |= values_[source].varies;
  step.function = {node.op, node.alpha, node.beta};
  if (node.op == Op::kConv || is_pooling(node.op)) {
    step.sliding = {node.window, x[1], x[2], x[3], y[1], y[2], y[3], node.group};
  } else if (node.op == Op::kConvTranspose) {
    step.sliding = {node.window, y[1], y[2], y[3], x[1], x[2], x[3], node.group};
  } else if (is_dense(node.op)) {
    step.dense.inputs = x.back();
    step.dense.outputs = y.back();
    step.dense.rows_are_outputs = node.op == Op::kGemm && node.trans_b;
    step.dense.factor = node.op == Op::kGemm ? node.alpha : 1.0F;
    step.rows = element_count(x) / x.back();
  } else if (node.op == Op::kBatchMatMul) {
    step.matrices = {x[x.size() - 2], x.back(), y.back()};
  } else if (is_softmax(node.op)) {
    step.axis = axis_of_shape(x, axis_of(node.axis, x.size()));
  } else if (node.op == Op::kConcat) {
    step.axis = axis_of_shape(y, axis_of(node.axis, y.size()));
    for (const size_t source : step.sources) {
      step.parts.push_back(axis_of_shape(shapes[source], axis_of(node.axis, y.size())));
    }
  } else if (node.op == Op::kTranspose || node.op == Op::kPad || node.op == Op::kSlice ||
             node.op == Op::kResize) {
    step.from = places(node, x, y);
  }
  if (node.op == Op::kGemm) step.bias_factor = node.beta;
  if (step.bias != kNone) {
    const Shape& bias = network_->parameters[step.bias].shape;
    // A convolution's bias belongs to its channels.
    step.bias_of = broadcast_places(y, is_convolution(node.op) ? Shape{bias[0], 1, 1} : bias);
  }
  if (step.other != kNone && (node.op == Op::kAdd || node.op == Op::kMul) &&
      shapes[step.other] != y) {
    step.other_of = broadcast_places(y, shapes[step.other]);
  }
  step.dropout = node.op == Op::kRelu && y.size() == 2;
}

void Graph::place_in_memory(size_t index) {
  if (index == 0) memories_ = 1;
  Step& step = steps_[index];
  const Value& in = values_[step.x];
  // In place only where neither the way back nor another node needs what is overwritten.
  const Op maker = step.x == 0 ? Op::kRelu : steps_[step.x - 1].op;
  const bool product = maker == Op::kConv || is_dense(maker);
  switch (step.op) {
    case Op::kFlatten:
    case Op::kReshape:
      step.gradient_stays = step.in_place = in.uses == 1 || step.x == 0;
      break;
    case Op::kRelu:
    case Op::kSigmoid:
    case Op::kTanh:
      step.in_place = in.uses == 1 && (product || maker == Op::kAdd || is_pooling(maker));
      break;
    case Op::kAdd:
      step.gradient_stays = step.in_place = in.uses == 1 && product && step.other == kNone;
      break;
    default:
      break;
  }
  values_[step.y].memory = step.in_place ? in.memory : memories_++;
}

int64_t Graph::elements() const {
  int64_t sum = 0;
  for (const Value& value : values_) sum += value.elements;
  return sum;
}

}  // namespace sparsys
