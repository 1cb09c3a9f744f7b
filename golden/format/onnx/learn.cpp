// SPDX-License-Identifier: Apache-2.0
// Operators of scikit-learn's exports (domain ai.onnx.ml).
#include <algorithm>
#include <cmath>

#include "golden/base/text.hpp"
#include "golden/format/onnx/importer.hpp"

namespace sparsys::onnx_import {

void Importer::read_learn_operator() {
  const std::string& op = node_->op_type();
  if (op == "Scaler") return read_scaler();
  if (op == "LinearClassifier" || op == "LinearRegressor") return read_linear();
  if (op == "Normalizer") return read_normalizer();
  if (op == "ZipMap") return read_zip_map();
  if (op == "ArrayFeatureExtractor") return read_extractor();
  if (op == "Binarizer") return read_binarizer();
  if (op == "Imputer") return read_imputer();
  refuse("unsupported operator",
         "Scaler, LinearClassifier, LinearRegressor, Normalizer, ZipMap, ArrayFeatureExtractor, "
         "Binarizer, Imputer of ai.onnx.ml");
}

// Some of the features.
void Importer::read_extractor() {
  expect_inputs(2, 2);
  const Value given = value(0);
  if (!is_constant(1)) refuse("indices that are a value", "constant indices");
  const Shape indices = numbers(1);
  const Value x =
      given.shape.size() < 2 ? view(given, {1, given.shape.empty() ? 1 : given.shape[0]}) : given;
  for (const int64_t index : indices) {
    if (index < 0 || index >= x.shape.back()) {
      refuse("index " + number(index), "0 to " + number(x.shape.back() - 1));
    }
  }
  bind(pick(x, x.shape.size() - 1, indices));
}

// 1 above a threshold, else 0
void Importer::read_binarizer() {
  expect_inputs(1, 1);
  bind(above_zero(shifted(value(0), -attributes_->real("threshold", 0))));
}

// Values in place of those that are missing: inputs of a network are numbers, none is.
void Importer::read_imputer() {
  expect_inputs(1, 1);
  for (const char* name : {"imputed_value_floats", "imputed_value_int64s"}) {
    attributes_->ignore(name);
  }
  const auto* replaced = attributes_->find("replaced_value_float", onnx::AttributeProto::FLOAT);
  if (replaced == nullptr || !std::isnan(replaced->f())) {
    refuse("a number is replaced", "replaced_value_float that is not a number");
  }
  bind(value(0));
}

// (x - offset) scale
void Importer::read_scaler() {
  expect_inputs(1, 1);
  const Value x = value(0);
  const int64_t features = x.shape.back();
  const auto list = [&](const char* name, float otherwise) {
    std::vector<float> values = attributes_->reals(name).value_or(std::vector<float>{otherwise});
    if (values.size() != 1 && static_cast<int64_t>(values.size()) != features) {
      refuse("attribute '" + std::string(name) + "' has " + number(values.size()) + " numbers",
             "1 or " + number(features));
    }
    for (float& value : values) value = name[0] == 'o' ? -value : value;
    const auto count = static_cast<int64_t>(values.size());
    return make_reals({count}, std::move(values));
  };
  const Value moved = with_constant(Op::kAdd, x, list("offset", 0));
  bind(with_constant(Op::kMul, moved, list("scale", 1)));
}

void Importer::read_linear() {
  expect_inputs(1, 1);
  const Value x = value(0);
  const bool classifies = node_->op_type() == "LinearClassifier";
  std::vector<float> weights = attributes_->reals("coefficients").value_or(std::vector<float>());
  std::vector<float> biases = attributes_->reals("intercepts").value_or(std::vector<float>());
  for (const char* name : {"classlabels_ints", "classlabels_strings", "multi_class", "targets"}) {
    attributes_->ignore(name);
  }
  if (x.shape.size() != 2 || x.extra) {
    refuse("input of the shape " + to_string(x.shape), "a list of features for each sample");
  }
  const int64_t features = x.shape[1];
  const auto count = static_cast<int64_t>(weights.size());
  const int64_t outputs = count / features;
  if (outputs < 1 || count != outputs * features ||
      (!biases.empty() && static_cast<int64_t>(biases.size()) != outputs)) {
    refuse(number(count) + " coefficients and " + number(biases.size()) + " intercepts for " +
               number(features) + " features",
           "coefficients for every feature, and as many intercepts as outputs");
  }
  if (classifies && outputs == 1) refuse("one score for two classes", "a score for each class");
  Node node = make(Op::kGemm);
  node.trans_b = true;
  const std::string base = node_->output(classifies ? 1 : 0);
  node.inputs = {x.name,
                 parameter(base + "_weights", make_reals({outputs, features}, std::move(weights)))};
  if (!biases.empty()) {
    node.inputs.push_back(parameter(base + "_bias", make_reals({outputs}, std::move(biases))));
  }
  Value made = push(std::move(node), {1, outputs}, false);
  const std::string post = attributes_->text("post_transform", "NONE");
  if (post == "SOFTMAX") {
    made = softmax_of(made, Op::kSoftmax, 1);
  } else if (post == "LOGISTIC") {
    made = push_function(make(Op::kSigmoid), made);
  } else if (post != "NONE") {
    refuse("attribute 'post_transform' is " + quoted(post), "NONE, SOFTMAX, LOGISTIC");
  }
  // The first output of a classifier is a label.
  bind(made, classifies ? 1 : 0);
}

// A map from labels to scores: the scores.
void Importer::read_zip_map() {
  expect_inputs(1, 1);
  for (const char* name : {"classlabels_int64s", "classlabels_strings"}) attributes_->ignore(name);
  bind(value(0));
}

// Scores that are to sum up to 1; any values, divided by the sum of their magnitudes or its root.
void Importer::read_normalizer() {
  expect_inputs(1, 1);
  const Value x = value(0);
  const std::string norm = attributes_->text("norm", "MAX");
  const Node* const maker = maker_of(x);
  if (norm == "L1" && maker != nullptr) {
    if (maker->op == Op::kSoftmax) return bind(x);
    if (maker->op == Op::kSigmoid) {
      // p / sum p is the softmax of log p, and log sigmoid(z) = -softplus(-z).
      const Value scores{maker->inputs[0], x.shape, x.extra};
      const Value logs = push_function(make(Op::kSoftplus), scaled(scores, -1));
      return bind(softmax_of(scaled(logs, -1), Op::kSoftmax, x.shape.size() - 1));
    }
  }
  if (norm != "L1" && norm != "L2" && norm != "MAX") {
    refuse("norm " + quoted(norm), "L1, L2, MAX");
  }
  std::vector<bool> axes(x.shape.size());
  axes.back() = true;
  if (norm == "MAX") {
    return bind(with_value(Op::kMul, x, power(pool(Op::kMaxPool, x, axes, true), -1)));
  }
  const bool is_sum = norm == "L1";
  const Value each = is_sum ? magnitude(x) : with_value(Op::kMul, x, x);
  const Value sum = scaled(mean(each, axes), static_cast<float>(x.shape.back()));
  bind(with_value(Op::kMul, x, power(sum, is_sum ? -1 : -0.5F)));
}

}  // namespace sparsys::onnx_import
