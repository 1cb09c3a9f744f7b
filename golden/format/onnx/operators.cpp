// SPDX-License-Identifier: Apache-2.0
// Which operator is read by what; constants.
#include <algorithm>
#include <map>

#include "golden/base/text.hpp"
#include "golden/format/onnx/importer.hpp"

namespace sparsys::onnx_import {
namespace {

bool is_shape_of(const std::string& op) { return op == "Shape" || op == "Size"; }

}  // namespace

std::string Importer::way_out() const {
  const std::string& op = node_->op_type();
  std::string text;
  if (op == "If") text = "; where the branch is fixed, onnxslim leaves it out";
  if (op == "Loop" || op == "Scan") {
    text =
        "; a recurrent layer can be exported step by step (unroll=True in Keras), or onnxslim "
        "may leave the loop out";
  }
  const bool learn = node_->domain() == "ai.onnx.ml";
  if (learn && op.rfind("TreeEnsemble", 0) == 0) text = "; trees are no network of layers";
  bool constants = node_->input_size() > 0;
  bool first = false;  // it takes the network's input
  for (const std::string& name : node_->input()) {
    constants &= constants_.count(name) + same_.count(name) != 0;
    const auto found = values_.find(name);
    if (found == values_.end()) continue;
    if (found->second.name == network_.input) {
      first = true;
      continue;
    }
    return text + "; --output " + printable(name, 60) + " ends the network before it";
  }
  if (constants) return text + "; it has constants alone, onnxslim may compute it";
  bool last = node_->output_size() == 0 || node_->output(0).empty();
  for (const std::string& name : node_->output()) last |= name == network_.output;
  if (!first || last) return text;
  return text + "; --input " + printable(node_->output(0), 60) + " begins the network behind it";
}

void Importer::read_node() {
  check_text(node_->name(), "node " + number(node_index_ + 1) + ": its name");
  const bool learn = node_->domain() == "ai.onnx.ml";
  if (!learn && !is_default_domain(node_->domain())) {
    refuse("operator of the domain " + quoted(node_->domain()), kOperators);
  }
  attributes_ = std::make_unique<Attributes>(*node_, learn ? learn_opset_ : opset_);
  if (learn) {
    read_learn_operator();
  } else if (!fold_node()) {
    read_operator();
  }
  attributes_->expect_all_read();
}

void Importer::read_operator() {
  static const std::map<std::string, void (Importer::*)()> readers = {
      {"Gemm", &Importer::read_gemm},
      {"MatMul", &Importer::read_matmul},
      {"Einsum", &Importer::read_einsum},
      {"RNN", &Importer::read_recurrent},
      {"GRU", &Importer::read_recurrent},
      {"LSTM", &Importer::read_recurrent},
      {"Conv", &Importer::read_conv},
      {"ConvTranspose", &Importer::read_conv_transpose},
      {"MaxPool", &Importer::read_pool},
      {"AveragePool", &Importer::read_pool},
      {"GlobalAveragePool", &Importer::read_global_pool},
      {"GlobalMaxPool", &Importer::read_global_pool},
      {"ReduceMean", &Importer::read_reduction},
      {"ReduceMax", &Importer::read_reduction},
      {"ReduceMin", &Importer::read_reduction},
      {"ReduceSum", &Importer::read_reduction},
      {"ReduceSumSquare", &Importer::read_reduction},
      {"ReduceL1", &Importer::read_reduction},
      {"ReduceL2", &Importer::read_reduction},
      {"ReduceProd", &Importer::read_reduction},
      {"ReduceLogSum", &Importer::read_reduction},
      {"ReduceLogSumExp", &Importer::read_reduction},
      {"BatchNormalization", &Importer::read_batch_normalization},
      {"LayerNormalization", &Importer::read_layer_normalization},
      {"RMSNormalization", &Importer::read_layer_normalization},
      {"InstanceNormalization", &Importer::read_group_normalization},
      {"GroupNormalization", &Importer::read_group_normalization},
      {"MeanVarianceNormalization", &Importer::read_mean_variance_normalization},
      {"LpNormalization", &Importer::read_lp_normalization},
      {"LRN", &Importer::read_local_response},
      {"Pad", &Importer::read_pad},
      {"Add", &Importer::read_binary},
      {"Sub", &Importer::read_binary},
      {"Mul", &Importer::read_binary},
      {"Div", &Importer::read_binary},
      {"Sum", &Importer::read_many},
      {"Mean", &Importer::read_many},
      {"Min", &Importer::read_many},
      {"Max", &Importer::read_many},
      {"Pow", &Importer::read_pow},
      {"Relu", &Importer::read_function},
      {"Sigmoid", &Importer::read_function},
      {"Tanh", &Importer::read_function},
      {"LeakyRelu", &Importer::read_function},
      {"HardSigmoid", &Importer::read_function},
      {"HardSwish", &Importer::read_function},
      {"Elu", &Importer::read_function},
      {"Celu", &Importer::read_function},
      {"Selu", &Importer::read_function},
      {"Softplus", &Importer::read_function},
      {"Mish", &Importer::read_function},
      {"Swish", &Importer::read_function},
      {"Gelu", &Importer::read_function},
      {"Exp", &Importer::read_function},
      {"Log", &Importer::read_function},
      {"Erf", &Importer::read_function},
      {"Erfc", &Importer::read_function},
      {"Sin", &Importer::read_function},
      {"Cos", &Importer::read_function},
      {"Sqrt", &Importer::read_function},
      {"Reciprocal", &Importer::read_function},
      {"Softsign", &Importer::read_function},
      {"Neg", &Importer::read_function},
      {"Abs", &Importer::read_function},
      {"Sign", &Importer::read_function},
      {"Clip", &Importer::read_clip},
      {"Where", &Importer::read_where},
      {"Greater", &Importer::read_comparison},
      {"GreaterOrEqual", &Importer::read_comparison},
      {"Less", &Importer::read_comparison},
      {"LessOrEqual", &Importer::read_comparison},
      {"Equal", &Importer::read_comparison},
      {"Not", &Importer::read_logic},
      {"And", &Importer::read_logic},
      {"Or", &Importer::read_logic},
      {"PRelu", &Importer::read_prelu},
      {"Softmax", &Importer::read_softmax},
      {"LogSoftmax", &Importer::read_softmax},
      {"Flatten", &Importer::read_flatten},
      {"Reshape", &Importer::read_reshape},
      {"Squeeze", &Importer::read_squeeze},
      {"Unsqueeze", &Importer::read_squeeze},
      {"Transpose", &Importer::read_transpose},
      {"Slice", &Importer::read_slice},
      {"Split", &Importer::read_split},
      {"Gather", &Importer::read_gather},
      {"Concat", &Importer::read_concat},
      {"Expand", &Importer::read_expand},
      {"Tile", &Importer::read_expand},
      {"Cast", &Importer::read_cast},
      {"Resize", &Importer::read_resize},
      {"Upsample", &Importer::read_resize},
      {"DepthToSpace", &Importer::read_depth_to_space},
      {"SpaceToDepth", &Importer::read_depth_to_space},
      {"Identity", &Importer::leave_out},
      {"Dropout", &Importer::leave_out},
  };
  const auto found = readers.find(node_->op_type());
  if (found == readers.end()) refuse("unsupported operator", kOperators);
  (this->*found->second)();
}

// ---- what depends on constants alone ----

bool Importer::fold_node() {
  const std::string& op = node_->op_type();
  if (op == "Constant") {
    read_constant();
    return true;
  }
  if (op == "IsNaN" && has_input(0) && !is_constant(0)) {
    // Of shares that sum up to 1: masks that hide all of a row are refused.
    const auto maker = makers_.find(input(0));
    const bool shares =
        maker != makers_.end() && model_.graph().node(maker->second).op_type() == "Softmax";
    if (!shares) refuse("whether a value is a number", "that of a Softmax, which always is");
    Tensor never = make_integers({}, {0});
    never.type = onnx::TensorProto::BOOL;
    constants_[node_->output(0)].tensor = std::move(never);
    return true;
  }
  std::vector<const Tensor*> inputs;
  Tensor stand_in;  // of a value whose shape alone is asked for
  if (is_shape_of(op) && has_input(0) && !is_constant(0)) {
    stand_in.shape = value(0, true).shape;
    if (op == "Size") {
      Tensor size = make_integers({}, {checked_count(stand_in.shape, "the input")});
      constants_[node_->output(0)].tensor = std::move(size);
      return true;
    }
    inputs.push_back(&stand_in);
  } else {
    for (int i = 0; i < input_count(); ++i) {
      if (has_input(i) && !is_constant(i)) return false;
    }
    if (input_count() == 0 || !can_fold(op)) return false;
    if (op == "Identity" && input_count() == 1) {
      same_[node_->output(0)] = input(0);
      return true;
    }
    for (int i = 0; i < input_count(); ++i) {
      inputs.push_back(has_input(i) ? &known(i) : nullptr);
    }
  }
  std::vector<Tensor> made = fold(*node_, *attributes_, opset_, inputs, room_);
  for (size_t i = 0; i < made.size() && i < static_cast<size_t>(node_->output_size()); ++i) {
    const std::string& name = node_->output(static_cast<int>(i));
    if (name.empty()) continue;
    room_ -= static_cast<int64_t>(made[i].count());
    if (room_ < 0) refuse("too much is computed from constants", "less; onnxslim may do it");
    Constant& constant = constants_[name];
    constant.tensor = std::move(made[i]);
    constant.order = constants_.size();
  }
  ++folded_nodes_;
  return true;
}

void Importer::read_constant() {
  expect_inputs(0, 0);
  if (node_->output_size() != 1) refuse(number(node_->output_size()) + " outputs", "one output");
  if (node_->attribute_size() != 1) {
    refuse(number(node_->attribute_size()) + " attributes", "one, the value");
  }
  onnx::AttributeProto& attribute = *node_->mutable_attribute(0);
  Constant& constant = constants_[node_->output(0)];
  constant.order = constants_.size();
  attributes_->ignore(attribute.name().c_str());
  using onnx::AttributeProto;
  if (attribute.name() == "value" && attribute.type() == AttributeProto::TENSOR) {
    constant.proto = attribute.mutable_t();
    room_ += static_cast<int64_t>(constant.proto->ByteSizeLong());
  } else if (attribute.name() == "value_float" && attribute.type() == AttributeProto::FLOAT) {
    constant.tensor = make_reals({}, {attribute.f()});
  } else if (attribute.name() == "value_floats" && attribute.type() == AttributeProto::FLOATS) {
    constant.tensor = make_reals({attribute.floats_size()},
                                 {attribute.floats().begin(), attribute.floats().end()});
  } else if (attribute.name() == "value_int" && attribute.type() == AttributeProto::INT) {
    constant.tensor = make_integers({}, {attribute.i()});
  } else if (attribute.name() == "value_ints" && attribute.type() == AttributeProto::INTS) {
    constant.tensor =
        make_integers({attribute.ints_size()}, {attribute.ints().begin(), attribute.ints().end()});
  } else {
    refuse("attribute " + quoted(attribute.name()) + " or its type",
           "value, value_float, value_floats, value_int, value_ints");
  }
}

}  // namespace sparsys::onnx_import
