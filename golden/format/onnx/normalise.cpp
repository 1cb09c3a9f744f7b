// SPDX-License-Identifier: Apache-2.0
// Normalisations over values of one sample, by means, products and powers.
#include <algorithm>

#include "golden/base/text.hpp"
#include "golden/format/onnx/importer.hpp"

namespace sparsys::onnx_import {

Value Importer::power(const Value& x, float exponent) {
  Node node = make(Op::kPow);
  node.alpha = exponent;
  return push_function(std::move(node), x);
}

Value Importer::mean(const Value& x, const std::vector<bool>& axes) {
  return pool(Op::kAveragePool, x, axes, true);
}

Value Importer::over_root_mean(const Value& x, const std::vector<bool>& axes, float epsilon) {
  const Value squares = shifted(mean(with_value(Op::kMul, x, x), axes), epsilon);
  return with_value(Op::kMul, x, power(squares, -0.5F));
}

Value Importer::standardised(const Value& x, const std::vector<bool>& axes, float epsilon) {
  const Value centred = with_value(Op::kAdd, x, scaled(mean(x, axes), -1));
  return over_root_mean(centred, axes, epsilon);
}

Value Importer::with_scale_and_bias(const Value& x, const Shape& shape) {
  Value made = x;
  for (int i = 1; i < 3; ++i) {
    if (!has_input(i)) continue;
    Tensor tensor = constant(i);
    if (!shape.empty()) {
      if (static_cast<int64_t>(tensor.count()) != element_count(shape)) {
        refuse("input " + number(i + 1) + " of the shape " + to_string(tensor.shape),
               number(element_count(shape)) + " real numbers");
      }
      tensor.shape = shape;
    }
    made = with_constant(i == 1 ? Op::kMul : Op::kAdd, made, tensor);
  }
  return made;
}

// LayerNormalization and RMSNormalization: over all dimensions from `axis` on.
void Importer::read_layer_normalization() {
  const bool is_layer = node_->op_type() == "LayerNormalization";
  expect_inputs(2, is_layer ? 3 : 2);
  const Value x = value(0);
  const size_t first = normal_axis(attributes_->integer("axis", -1), x.shape.size());
  const float epsilon = attributes_->real("epsilon", 1e-5F);
  attributes_->ignore("stash_type");
  std::vector<bool> axes(x.shape.size());
  std::fill(axes.begin() + static_cast<std::ptrdiff_t>(first), axes.end(), true);
  bind(with_scale_and_bias(
      is_layer ? standardised(x, axes, epsilon) : over_root_mean(x, axes, epsilon), {}));
}

// InstanceNormalization, over the image of each channel; GroupNormalization, over those of several.
void Importer::read_group_normalization() {
  expect_inputs(3, 3);
  const Value x = value(0);
  if (x.shape.size() < 3 || x.extra) {
    refuse("input of the shape " + to_string(x.shape), "N, C and dimensions of an image");
  }
  const float epsilon = attributes_->real("epsilon", 1e-5F);
  const int64_t channels = x.shape[1];
  const bool is_group = node_->op_type() == "GroupNormalization";
  const int64_t groups = is_group ? attributes_->integer("num_groups", 1, 1, kMaxSize) : channels;
  if (channels % groups != 0) {
    refuse(number(groups) + " groups of " + number(channels) + " channels", "a divisor of them");
  }
  attributes_->ignore("stash_type");
  const Value parts = view(x, {1, groups, element_count(x.shape) / groups});
  const Value made = standardised(parts, {false, false, true}, epsilon);
  // Scale and bias of each group, until operator set 21.
  if (is_group && opset_ < 21) return bind(view(with_scale_and_bias(made, {groups, 1}), x.shape));
  Shape by_channel(x.shape.size() - 1, 1);
  by_channel[0] = channels;
  bind(with_scale_and_bias(view(made, x.shape), by_channel));
}

void Importer::read_mean_variance_normalization() {
  expect_inputs(1, 1);
  const Value x = value(0);
  std::vector<bool> axes(x.shape.size());
  for (const int64_t axis : attributes_->integers("axes").value_or(Shape{0, 2, 3})) {
    axes[normal_axis(axis, axes.size())] = true;
  }
  bind(standardised(x, axes, 1e-9F));
}

// Divided by the sum of magnitudes, or by the root of that of squares.
void Importer::read_lp_normalization() {
  expect_inputs(1, 1);
  const Value x = value(0);
  const size_t axis = normal_axis(attributes_->integer("axis", -1), x.shape.size());
  const int64_t p = attributes_->integer("p", 2, 1, 2);
  std::vector<bool> axes(x.shape.size());
  axes[axis] = true;
  const auto size = static_cast<float>(x.shape[axis]);
  const Value each = p == 1 ? magnitude(x) : with_value(Op::kMul, x, x);
  const Value sum = scaled(mean(each, axes), size);
  bind(with_value(Op::kMul, x, power(sum, p == 1 ? -1 : -0.5F)));
}

// LRN: divided by a power of the squares of neighbouring channels.
void Importer::read_local_response() {
  expect_inputs(1, 1);
  const Value x = value(0);
  if (x.shape.size() < 3 || x.extra) {
    refuse("input of the shape " + to_string(x.shape), "N, C and dimensions of an image");
  }
  const int64_t size = attributes_->integer("size", 0, 1, 1 << 16);
  const float alpha = attributes_->real("alpha", 1e-4F);
  const float beta = attributes_->real("beta", 0.75F);
  const float bias = attributes_->real("bias", 1);
  const int64_t channels = x.shape[1];
  const int64_t pixels = element_count(x.shape) / channels;
  const Value squares = view(with_value(Op::kMul, x, x), {1, 1, channels, pixels});
  Node pad = make(Op::kPad);
  pad.alpha = 0;
  pad.shape = {0, 0, (size - 1) / 2, 0, 0, 0, size / 2, 0};
  const Value padded = [&] {
    Node node = pad;
    node.inputs = {squares.name};
    return push(std::move(node), {1, 1, channels + size - 1, pixels}, false);
  }();
  Node average = make(Op::kAveragePool);
  average.window.kernel = {size, 1};
  average.inputs = {padded.name};
  const Value means = view(push(std::move(average), squares.shape, false), x.shape);
  bind(with_value(Op::kMul, x, power(shifted(scaled(means, alpha), bias), -beta)));
}

Value Importer::softmax_of(const Value& x, Op op, size_t axis) {
  Node node = make(op);
  node.axis = axis + 1 == x.shape.size() ? -1 : x.network_axis(axis);
  return push_function(std::move(node), x);
}

void Importer::read_softmax() {
  expect_inputs(1, 1);
  const Value x = value(0);
  const Op op = node_->op_type() == "Softmax" ? Op::kSoftmax : Op::kLogSoftmax;
  const int64_t given = attributes_->integer("axis", opset_ < 13 ? 1 : -1);
  const size_t rank = x.shape.size();
  const size_t axis = normal_axis(given, rank);
  if (x.network_axis(axis) == 0 && opset_ >= 13) {
    refuse(
        "attribute 'axis' is " + number(given) + " on an input of the shape " + to_string(x.shape),
        "a dimension behind that of the sample");
  }
  if (opset_ >= 13 || axis + 1 == rank) {
    Value made = softmax_of(x, op, axis);
    // As the file has it, if that is the same.
    if (axis + 1 == rank && given > 0 && !x.extra) network_.nodes.back().axis = given;
    return bind(made);
  }
  // Before operator set 13, over all dimensions from the axis on.
  int64_t outer = 1;
  int64_t inner = 1;
  for (size_t d = 0; d < rank; ++d) (d < axis ? outer : inner) *= x.shape[d];
  if (x.shape[axis] == inner) return bind(softmax_of(x, op, axis));
  const Value flat = view(x, {outer, inner});
  bind(view(softmax_of(flat, op, 1), x.shape));
}

}  // namespace sparsys::onnx_import
