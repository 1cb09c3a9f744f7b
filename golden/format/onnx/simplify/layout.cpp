// SPDX-License-Identifier: Apache-2.0
// Nodes that only move elements ("moves": Transpose, Reshape, Flatten): they cancel, join, and go
// into weights.
#include <algorithm>
#include <numeric>

#include "golden/base/error.hpp"
#include "golden/format/onnx/simplify/simplifier.hpp"

namespace sparsys::onnx_import {
namespace {

bool is_reshape(Op op) { return op == Op::kReshape || op == Op::kFlatten; }

Shape without_ones(const Shape& shape) {
  Shape kept;
  std::copy_if(shape.begin(), shape.end(), std::back_inserter(kept),
               [](int64_t n) { return n != 1; });
  return kept;
}

Shape inverse(const Shape& permutation) {
  Shape made(permutation.size());
  for (size_t d = 0; d < permutation.size(); ++d) {
    made[static_cast<size_t>(permutation[d])] = static_cast<int64_t>(d);
  }
  return made;
}

// Elements of `values`, whose shape is `from`, with its dimensions in the order `permutation`.
std::vector<float> permuted(const std::vector<float>& values, const Shape& from,
                            const Shape& permutation) {
  const size_t rank = from.size();
  Shape strides(rank, 1);
  for (size_t d = rank; d-- > 1;) strides[d - 1] = strides[d] * from[d];
  std::vector<float> made;
  made.reserve(values.size());
  Shape index(rank);
  for (size_t i = 0; i < values.size(); ++i) {
    int64_t at = 0;
    for (size_t d = 0; d < rank; ++d) at += index[d] * strides[static_cast<size_t>(permutation[d])];
    made.push_back(values[static_cast<size_t>(at)]);
    for (size_t d = rank; d-- > 0;) {
      if (++index[d] < from[static_cast<size_t>(permutation[d])]) break;
      index[d] = 0;
    }
  }
  return made;
}

}  // namespace

bool Simplifier::is_unit_reshape(const Node& node) const {
  return is_reshape(node.op) &&
         without_ones(shape(node.inputs[0])) == without_ones(shape(node.output));
}

bool Simplifier::is_move(const Node& node) const {
  return node.op == Op::kTranspose || is_unit_reshape(node);
}

bool Simplifier::is_identity(const Node& node) const {
  if (is_reshape(node.op)) return shape(node.inputs[0]) == shape(node.output);
  return node.op == Op::kTranspose && std::is_sorted(node.shape.begin(), node.shape.end());
}

bool Simplifier::drop_identities() {
  for (Node& node : network_.nodes) {
    if (is_identity(node) && bypass(node, std::string(node.inputs[0]))) return true;
  }
  return false;
}

// Two moves behind each other are one.
bool Simplifier::join_moves() {
  for (Node& second : network_.nodes) {
    if (second.op != Op::kTranspose && !is_reshape(second.op)) continue;
    const Node* const first = maker(second.inputs[0]);
    if (first == nullptr) continue;
    if (second.op == Op::kTranspose && first->op == Op::kTranspose) {
      Shape joined;
      for (const int64_t d : second.shape) joined.push_back(first->shape[static_cast<size_t>(d)]);
      second.shape = joined;
      second.inputs[0] = first->inputs[0];
      ++done_["transpositions joined"];
      return true;
    }
    if (is_reshape(second.op) && is_reshape(first->op)) {
      if (second.op == Op::kReshape) {
        second.shape = shape(second.output);
        second.shape[0] = 0;
        second.inputs[1] = fresh(second.output + "_shape");
      }
      second.inputs[0] = first->inputs[0];
      return true;
    }
  }
  return false;
}

bool Simplifier::sinks_through(const Node& move, const Node& node) {
  if (is_function(node.op)) return true;
  if (node.op == Op::kPRelu) return node.inputs[0] == move.output;
  return constant_input(node).has_value();
}

Parameter Simplifier::moved_back(const Parameter& parameter, const Node& move) const {
  Parameter made = parameter;
  const Shape& from = shape(move.inputs[0]);
  const Shape& to = shape(move.output);
  Shape full(to.size() - std::min(to.size(), parameter.shape.size()), 1);
  full.insert(full.end(), parameter.shape.begin(), parameter.shape.end());
  if (move.op == Op::kTranspose) {
    const Shape back = inverse(move.shape);
    made.values = permuted(parameter.values, full, back);
    made.shape.clear();
    for (const int64_t d : back) made.shape.push_back(full[static_cast<size_t>(d)]);
    return made;
  }
  // Dimensions that are not 1 follow each other as before.
  Shape sizes;
  for (size_t d = 0; d < to.size(); ++d) {
    if (to[d] != 1) sizes.push_back(full[d]);
  }
  made.shape.assign(from.size(), 1);
  size_t next = 0;
  for (size_t d = 0; d < from.size(); ++d) {
    if (from[d] != 1) made.shape[d] = sizes[next++];
  }
  return made;
}

// nodes[move] in front of nodes[node] goes behind it.
void Simplifier::swap(size_t move, size_t node) {
  Node moving = network_.nodes[move];
  Node& function = network_.nodes[node];
  for (size_t i = 0; i < function.inputs.size(); ++i) {
    const std::string input = function.inputs[i];
    if (input == moving.output) {
      function.inputs[i] = moving.inputs[0];
    } else if (const Parameter* parameter = find(input)) {
      if (parameter->values.size() == 1) {
        if (parameter->shape.size() <= 1) continue;
        own(function, i).shape = {1};
        continue;
      }
      Parameter made = moved_back(*parameter, moving);
      Parameter& mine = own(function, i);
      mine.shape = std::move(made.shape);
      mine.values = std::move(made.values);
    }
  }
  const std::string inner = moving.output;
  const std::string outer = function.output;
  function.output = inner;
  moving.output = outer;
  shapes_[outer] = shape(inner);
  shapes_[inner] = shape(moving.inputs[0]);
  moving.inputs[0] = inner;
  network_.nodes.insert(network_.nodes.begin() + static_cast<std::ptrdiff_t>(node) + 1, moving);
  network_.nodes.erase(network_.nodes.begin() + static_cast<std::ptrdiff_t>(move));
}

// Moves go behind functions where another move waits for them.
bool Simplifier::sink_moves() {
  for (size_t n = 0; n < network_.nodes.size(); ++n) {
    if (!is_move(network_.nodes[n])) continue;
    const Node& move = network_.nodes[n];
    const Node* last = &move;
    bool first = true;
    while (true) {
      const Node* const next = only_user(*last);
      if (next == nullptr) {
        last = nullptr;
        break;
      }
      const bool meets = move.op == Op::kTranspose
                             ? next->op == Op::kTranspose || is_reshape(next->op)
                             : is_reshape(next->op);
      if (meets) break;
      // Beyond the first, its other inputs are looked at with the move's shapes all the same.
      if (!(first ? sinks_through(move, *next)
                  : is_function(next->op) || constant_input(*next).has_value())) {
        last = nullptr;
        break;
      }
      first = false;
      last = next;
    }
    const Node* const user = only_user(move);
    // Factors and summands are to meet the weights in front of the move.
    const Node* const before = maker(move.inputs[0]);
    const bool folds =
        before != nullptr && user != nullptr && constant_input(*user) &&
        sinks_through(move, *user) && is_only_used_once(move.inputs[0]) &&
        (before->op == Op::kConv || before->op == Op::kConvTranspose || before->op == Op::kMatMul ||
         before->op == Op::kGemm || before->op == Op::kAdd || before->op == Op::kMul);
    if (!folds && (last == nullptr || last == &move)) continue;
    swap(n, index_of(*user));
    return true;
  }
  return false;
}

// An Add, Mul or Concat of values that were all moved alike: of the values before.
bool Simplifier::merge_branches() {
  for (size_t n = 0; n < network_.nodes.size(); ++n) {
    Node& node = network_.nodes[n];
    const bool joins = node.op == Op::kConcat;
    if (!joins && node.op != Op::kAdd && node.op != Op::kMul) continue;
    if (!joins && constant_input(node)) continue;
    const Node* const first = maker(node.inputs[0]);
    if (first == nullptr || !is_move(*first)) continue;
    const Shape& from = shape(first->inputs[0]);
    bool alike = true;
    bool once = false;
    size_t axis = 1;
    if (joins && first->op == Op::kTranspose) {
      axis = static_cast<size_t>(first->shape[axis_of(node.axis, first->shape.size())]);
    } else if (joins) {
      // One of channels, which are the same before and after.
      alike = axis_of(node.axis, shape(node.output).size()) == 1 && from.size() > 1 &&
              from[1] == shape(first->output)[1] && from[1] != 1;
    }
    for (const std::string& input : node.inputs) {
      const Node* const move = maker(input);
      if (!alike || move == nullptr || !is_move(*move)) {
        alike = false;
        break;
      }
      const bool turns = first->op == Op::kTranspose;
      alike = turns == (move->op == Op::kTranspose) && (!turns || move->shape == first->shape);
      const Shape& other = shape(move->inputs[0]);
      alike = alike && other.size() == from.size();
      for (size_t d = 0; alike && d < from.size(); ++d) {
        alike = other[d] == from[d] || (joins && d == axis);
      }
      if (alike && joins && !turns) alike = other[1] == shape(move->output)[1] && other[1] != 1;
      once |= is_only_used_once(input);
    }
    if (!alike || !once) continue;
    Node move = *first;
    const std::string inner = fresh(node.output + "_inner");
    shapes_[inner] = from;
    if (joins) {
      shapes_[inner][axis] = shape(node.output)[axis_of(node.axis, shape(node.output).size())];
      node.axis = static_cast<int64_t>(axis);
    }
    for (std::string& input : node.inputs) input = maker(input)->inputs[0];
    move.inputs[0] = inner;
    move.output = node.output;
    if (is_reshape(move.op)) {
      move.op = Op::kReshape;
      move.shape = shape(move.output);
      move.shape[0] = 0;
      move.inputs.resize(1);
      move.inputs.push_back(fresh(move.output + "_shape"));
    }
    node.output = inner;
    network_.nodes.insert(network_.nodes.begin() + static_cast<std::ptrdiff_t>(n) + 1, move);
    return true;
  }
  return false;
}

// A transposition whose values are flattened in front of a dense layer.
bool Simplifier::move_into_weights() {
  for (Node& move : network_.nodes) {
    if (move.op != Op::kTranspose) continue;
    Node* const flatten = only_user(move);
    if (flatten == nullptr || !is_reshape(flatten->op)) continue;
    if (shape(flatten->output).size() != 2) continue;
    Node* const layer = only_user(*flatten);
    if (layer == nullptr || (layer->op != Op::kGemm && layer->op != Op::kMatMul) ||
        layer->inputs[0] != flatten->output) {
      continue;
    }
    Parameter& weights = own(*layer, 1);
    const bool rows = layer->op == Op::kMatMul || !layer->trans_b;
    const auto outputs = static_cast<size_t>(weights.shape[rows ? 1 : 0]);
    // The inputs of a row of weights come as the elements of the moved value: back to where they
    // were.
    const Shape& moved = shape(move.output);
    Shape full = moved;
    Shape back = inverse(move.shape);
    if (rows) {
      full.push_back(static_cast<int64_t>(outputs));
      back.push_back(static_cast<int64_t>(moved.size()));
    } else {
      full.insert(full.begin(), static_cast<int64_t>(outputs));
      for (int64_t& d : back) ++d;
      back.insert(back.begin(), 0);
    }
    weights.values = permuted(weights.values, full, back);
    if (flatten->op == Op::kReshape) {
      flatten->shape = {0, -1};
      flatten->inputs[1] = fresh(flatten->output + "_shape");
    }
    ++done_["transpositions moved into weights"];
    return bypass(move, std::string(move.inputs[0]));
  }
  return false;
}

}  // namespace sparsys::onnx_import
