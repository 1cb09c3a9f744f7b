// SPDX-License-Identifier: Apache-2.0
// RNN, GRU and LSTM, one step after the other: as many nodes as the sequence is long. Products by
// the input's weights are one for all steps; those by the state's weights share one parameter.
#include <algorithm>

#include "golden/base/text.hpp"
#include "golden/format/onnx/importer.hpp"

namespace sparsys::onnx_import {
namespace {

constexpr int64_t kMostSteps = 512;

Tensor rows(const Tensor& tensor, int64_t direction) {
  Shape shape(tensor.shape.begin() + 1, tensor.shape.end());
  const auto count = static_cast<std::ptrdiff_t>(element_count(shape));
  const auto first = tensor.reals.begin() + direction * count;
  return make_reals(shape, {first, first + count});
}

// Elements `first` up to `last` of a list.
Tensor part(const Tensor& list, int64_t first, int64_t last) {
  return make_reals({last - first}, {list.reals.begin() + first, list.reals.begin() + last});
}

Tensor sum(const Tensor& a, const Tensor& b) { return arithmetic("Add", a, b); }

}  // namespace

// What a recurrent node is, and what of it is the same in all steps.
struct Importer::Recurrence {
  enum Kind { kRnn, kGru, kLstm } kind = kRnn;
  int64_t steps = 0;
  int64_t hidden = 0;
  int64_t gates = 1;
  bool reset_behind = false;  // of a GRU: behind the product by the state's weights
  Op bend = Op::kTanh;        // of an RNN
  // Of the direction at hand.
  std::string weights;  // of the state, [hidden, gates hidden]
  std::string late;     // of a GRU that resets in front: those of its last gate alone
  Tensor late_bias;     // of a GRU's last gate
  std::optional<Value> state, memory;
};

// Elements gate * hidden on of a vector.
Value Importer::gate(const Recurrence& r, const Value& x, int64_t first, int64_t last) {
  const Shape axes{1};
  return slice(x, normal_slices(x.shape, {first * r.hidden}, {last * r.hidden}, &axes, nullptr));
}

Value Importer::times(const Value& x, const std::string& weights) {
  Node node = make(Op::kMatMul);
  node.inputs = {x.name, weights};
  return push(std::move(node), {1, network_.find(weights)->shape[1]}, false);
}

// From the inputs' part of all gates, [1, gates hidden], to the next state.
void Importer::step(Recurrence& r, const Value& inputs) {
  const auto function = [&](Op op, const Value& x) { return push_function(make(op), x); };
  const auto plus = [&](const Value& a, const std::optional<Value>& b) {
    return b ? with_value(Op::kAdd, a, *b) : a;
  };
  const auto product = [&](const Value& a, const Value& b) { return with_value(Op::kMul, a, b); };
  const bool splits = r.kind == Recurrence::kGru;
  std::optional<Value> from_state;
  if (r.state) from_state = times(*r.state, r.weights);
  if (r.kind == Recurrence::kRnn) {
    r.state = function(r.bend, plus(inputs, from_state));
    return;
  }
  if (!splits) {
    const Value sums = plus(inputs, from_state);
    const Value open = function(Op::kSigmoid, gate(r, sums, 0, 3));  // input, output, forget
    const Value taken = product(gate(r, open, 0, 1), function(Op::kTanh, gate(r, sums, 3, 4)));
    r.memory = r.memory ? plus(taken, product(gate(r, open, 2, 3), *r.memory)) : taken;
    r.state = product(gate(r, open, 1, 2), function(Op::kTanh, *r.memory));
    return;
  }
  // update, reset
  std::optional<Value> early = from_state;
  if (from_state && r.reset_behind) early = gate(r, *from_state, 0, 2);
  const Value open = function(Op::kSigmoid, plus(gate(r, inputs, 0, 2), early));
  const Value update = gate(r, open, 0, 1);
  const Value reset = gate(r, open, 1, 2);
  Value late = gate(r, inputs, 2, 3);
  if (r.reset_behind) {
    // The bias is reset, too.
    const Value inner =
        from_state
            ? product(reset, with_constant(Op::kAdd, gate(r, *from_state, 2, 3), r.late_bias))
            : with_constant(Op::kMul, reset, r.late_bias);
    late = plus(late, inner);
  } else if (r.state) {
    late = plus(late, times(product(reset, *r.state), r.late));
  }
  const Value bent = function(Op::kTanh, late);
  // (1 - update) bent + update state
  const Value difference = r.state ? plus(*r.state, scaled(bent, -1)) : scaled(bent, -1);
  r.state = plus(bent, product(update, difference));
}

void Importer::read_recurrent() {
  const std::string& op = node_->op_type();
  expect_inputs(3, op == "LSTM" ? 8 : 6);
  Recurrence r;
  r.kind = op == "LSTM" ? Recurrence::kLstm : op == "GRU" ? Recurrence::kGru : Recurrence::kRnn;
  r.gates = r.kind == Recurrence::kLstm ? 4 : r.kind == Recurrence::kGru ? 3 : 1;
  const Value x = value(0);
  const Tensor weights = constant(1);
  const Tensor state_weights = constant(2);
  const bool batch_first = attributes_->integer("layout", 0, 0, 1, 14) != 0;
  if (x.shape.size() != 3 || x.shape[batch_first ? 0 : 1] != 1) {
    refuse("input of the shape " + to_string(x.shape), "a sequence of one sample");
  }
  r.steps = x.shape[batch_first ? 1 : 0];
  if (r.steps > kMostSteps) {
    refuse("a sequence of " + number(r.steps) + " steps", "at most " + number(kMostSteps));
  }
  const std::string direction = attributes_->text("direction", "forward");
  const int64_t directions = direction == "bidirectional" ? 2 : 1;
  if (weights.shape.size() != 3 || state_weights.shape.size() != 3 ||
      weights.shape[2] != x.shape[2]) {
    refuse("weights of the shapes " + to_string(weights.shape) + " and " +
           to_string(state_weights.shape) + " on an input of the shape " + to_string(x.shape));
  }
  r.hidden = state_weights.shape[2];
  const int64_t outputs = r.gates * r.hidden;
  if (weights.shape != Shape{directions, outputs, x.shape[2]} ||
      state_weights.shape != Shape{directions, outputs, r.hidden}) {
    refuse("weights of the shapes " + to_string(weights.shape) + " and " +
           to_string(state_weights.shape) + " for " + number(directions) + " directions");
  }
  attributes_->integer("hidden_size", r.hidden, r.hidden, r.hidden);
  attributes_->integer("input_forget", 0, 0, 0);
  r.reset_behind = attributes_->integer("linear_before_reset", 0, 0, 1) != 0;
  read_activations(r, directions);
  if (attributes_->has("clip")) refuse("attribute 'clip'", "recurrences without");
  if (has_input(4)) {
    const Tensor& lengths = constant(4);
    for (size_t i = 0; i < lengths.count(); ++i) {
      if (lengths.at(i) != static_cast<double>(r.steps)) refuse("shorter sequences", "whole ones");
    }
  }
  if (has_input(7)) refuse("peepholes", "an LSTM without");
  Tensor biases = make_reals({directions, 2 * outputs},
                             std::vector<float>(static_cast<size_t>(2 * outputs * directions)));
  if (has_input(3)) {
    if (constant(3).shape != biases.shape)
      refuse("biases of the shape " + to_string(constant(3).shape));
    biases = constant(3);
  }

  const Value sequence = view(x, {r.steps, x.shape[2]});
  const Shape swapped{1, 0};
  std::vector<Value> all, states, memories;
  for (int64_t d = 0; d < directions; ++d) {
    const Tensor bias = rows(biases, d);
    Tensor early = part(bias, 0, outputs);
    Tensor late = part(bias, outputs, 2 * outputs);
    const int64_t summed = r.reset_behind ? 2 * r.hidden : outputs;
    r.late_bias = part(late, 2 * r.hidden < outputs ? 2 * r.hidden : 0, outputs);
    if (r.kind == Recurrence::kGru && r.reset_behind) {
      std::fill(late.reals.begin() + summed, late.reals.end(), 0.0F);
    }
    early = sum(early, late);
    const Value inputs =
        with_constant(Op::kAdd, dense(sequence, transposed(rows(weights, d), swapped), -1), early);
    Tensor matrix = transposed(rows(state_weights, d), swapped);
    const std::string base = node_->output(0) + (d == 0 ? "_state" : "_back");
    if (r.kind == Recurrence::kGru && !r.reset_behind) {
      const Tensor own = rows(state_weights, d);
      const auto split = own.reals.begin() + 2 * r.hidden * r.hidden;
      r.late = parameter(
          base + "_late",
          transposed(make_reals({r.hidden, r.hidden}, {split, own.reals.end()}), swapped));
      matrix =
          transposed(make_reals({2 * r.hidden, r.hidden}, {own.reals.begin(), split}), swapped);
    }
    r.weights = parameter(base, matrix);
    r.state = initial(r, 5, d, batch_first);
    r.memory = r.kind == Recurrence::kLstm ? initial(r, 6, d, batch_first) : std::nullopt;
    const bool backwards = direction == "reverse" || d == 1;
    std::vector<Value> made;
    const Shape axes{0};
    for (int64_t i = 0; i < r.steps; ++i) {
      const int64_t t = backwards ? r.steps - 1 - i : i;
      const Value now = slice(inputs, normal_slices(inputs.shape, {t}, {t + 1}, &axes, nullptr));
      step(r, view(now, {1, outputs}));
      made.push_back(*r.state);
    }
    if (backwards) std::reverse(made.begin(), made.end());
    if (node_->output_size() > 0 && !node_->output(0).empty()) {
      all.push_back(view(concat(made, 0), {r.steps, 1, r.hidden}));
    }
    states.push_back(*r.state);
    if (r.memory) memories.push_back(*r.memory);
  }
  const auto bind_states = [&](const std::vector<Value>& of, int i) {
    if (i >= node_->output_size() || node_->output(i).empty()) return;
    bind(view(concat(of, 0),
              batch_first ? Shape{1, directions, r.hidden} : Shape{directions, 1, r.hidden}),
         i);
  };
  if (!all.empty()) {
    bind(view(concat(all, 1), batch_first ? Shape{1, r.steps, directions, r.hidden}
                                          : Shape{r.steps, directions, 1, r.hidden}));
  }
  bind_states(states, 1);
  bind_states(memories, 2);
}

// The state before the first step; none, if it is 0.
std::optional<Value> Importer::initial(const Recurrence& r, int i, int64_t direction,
                                       bool batch_first) {
  if (!has_input(i)) return std::nullopt;
  if (is_constant(i)) {
    const Tensor& tensor = constant(i);
    if (std::any_of(tensor.reals.begin(), tensor.reals.end(), [](float v) { return v != 0; })) {
      refuse("input " + number(i + 1) + " begins with a constant that is not 0",
             "sequences that begin at 0, or at a value");
    }
    return std::nullopt;
  }
  const Value x = value(i);
  const Shape axes{batch_first ? 1 : 0};
  return view(slice(x, normal_slices(x.shape, {direction}, {direction + 1}, &axes, nullptr)),
              {1, r.hidden});
}

void Importer::read_activations(Recurrence& r, int64_t directions) {
  attributes_->ignore("activation_alpha");
  attributes_->ignore("activation_beta");
  const onnx::AttributeProto* const given =
      attributes_->find("activations", onnx::AttributeProto::STRINGS);
  if (given == nullptr) return;
  std::vector<std::string> usual{"sigmoid", "tanh", "tanh"};
  if (r.kind == Recurrence::kGru) usual = {"sigmoid", "tanh"};
  if (r.kind == Recurrence::kRnn) usual = {"tanh"};
  const auto each = static_cast<int64_t>(usual.size());
  for (int64_t i = 0; i < given->strings_size(); ++i) {
    std::string name = given->strings(static_cast<int>(i));
    for (char& letter : name) letter = static_cast<char>(std::tolower(letter));
    if (r.kind == Recurrence::kRnn && name == "relu" && (i == 0 || r.bend == Op::kRelu)) {
      r.bend = Op::kRelu;
      continue;
    }
    if (given->strings_size() != directions * each || r.bend != Op::kTanh ||
        name != usual[static_cast<size_t>(i % each)]) {
      refuse("activation " + quoted(given->strings(static_cast<int>(i))),
             "Sigmoid and Tanh as they are usual, an RNN's Relu");
    }
  }
}

}  // namespace sparsys::onnx_import
