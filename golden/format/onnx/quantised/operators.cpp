// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "golden/base/text.hpp"
#include "golden/format/onnx/quantised/importer.hpp"

namespace sparsys::onnx_import {
namespace {

constexpr const char* kSupported =
    "Conv, Gemm, MatMul, Add, Relu, Clip, MaxPool, AveragePool, GlobalAveragePool, ReduceMean, "
    "Concat, Pad, Reshape, Flatten, Squeeze, Unsqueeze, Transpose of the input, and Softmax and "
    "Sigmoid at the end, between QuantizeLinear and DequantizeLinear; QLinearConv, QLinearMatMul, "
    "QGemm, QLinearAdd, QLinearConcat, QLinearAveragePool, QLinearGlobalAveragePool";

constexpr int64_t kMaxSide = 65535;

}  // namespace

void QuantisedImporter::read_operator(const std::string& op) {
  if (op == "QuantizeLinear") return read_quantize();
  if (op == "DequantizeLinear") return read_dequantize();
  if (op == "Identity" || op == "Dropout") return define(item(0));
  if (op == "Conv") {
    Result made = convolution(real(0, true), weights(1));
    add_bias(made.draft, 2);
    return define_draft(std::move(made));
  }
  if (op == "Gemm") return read_gemm();
  if (op == "MatMul") return read_matmul();
  if (op == "Add") return read_add();
  if (op == "Relu") return read_bound(0, HUGE_VAL);
  if (op == "Clip") return read_clip();
  if (op == "MaxPool") return read_max_pool();
  if (op == "AveragePool") return define_draft(average_pool(real(0)));
  if (op == "GlobalAveragePool") return define_draft(global_average(real(0)));
  if (op == "ReduceMean") return read_mean();
  if (op == "Concat") {
    std::vector<Item> xs;
    for (int i = 0; i < inputs(); ++i) xs.push_back(real(i));
    return define_draft(concatenation(xs));
  }
  if (op == "Pad") return read_pad();
  if (op == "Reshape" || op == "Flatten" || op == "Squeeze" || op == "Unsqueeze") {
    return read_reshape(op);
  }
  if (op == "Transpose") return read_transpose();
  if (op == "Softmax" || op == "LogSoftmax" || op == "Sigmoid") return read_last();
  if (op.rfind('Q', 0) == 0) return read_bytes_operator(op);
  fail("this operator is not supported in a quantised network", kSupported);
}

// ---- bytes and what they stand for ----

void QuantisedImporter::read_quantize() {
  const Item x = item(0);
  if (x.kind == Item::kConstant) {
    const int64_t axis = attributes_->integer("axis", 1);
    Item made;
    made.scale = scale_at(1, 2, 0);
    const bool several = made.scale.scale.size() > 1;
    made.scale.axis = several ? static_cast<int64_t>(normal_axis(axis, x.tensor->shape.size())) : 0;
    const bool is_signed = made.scale.type == onnx::TensorProto::INT8;
    if (!is_signed && made.scale.type != onnx::TensorProto::UINT8) {
      fail("a constant in elements of type " + type_name(made.scale.type), "INT8 and UINT8");
    }
    if (!x.tensor->is_real()) fail("of integers");
    size_t each = 1;
    for (size_t d = static_cast<size_t>(made.scale.axis) + 1; d < x.tensor->shape.size(); ++d) {
      each *= static_cast<size_t>(x.tensor->shape[d]);
    }
    std::vector<int64_t> values;
    for (size_t i = 0; i < x.tensor->count(); ++i) {
      const size_t s = several ? i / each % made.scale.scale.size() : 0;
      const double steps = std::nearbyint(double{x.tensor->reals[i]} / double{made.scale.scale[s]});
      const double least = is_signed ? -128 : 0;
      values.push_back(static_cast<int64_t>(
          std::clamp(steps + static_cast<double>(made.scale.zero[s]), least, least + 255)));
    }
    made.tensor = std::make_shared<Tensor>(make_integers(x.tensor->shape, std::move(values)));
    made.tensor->type = made.scale.type;
    return define(std::move(made));
  }
  Item made = x;
  made.kind = Item::kBytes;
  made.draft = nullptr;
  made.scale = single_scale(1, 2);
  const mxu::Value to = byte_value(made.scale);
  switch (x.kind) {
    case Item::kInput: {
      const mxu::Value in = map_value(x.shape, to);
      const mxu::Value before = builder_.value(0);
      if (quantised_input_ && (before.scale != in.scale || before.zero != in.zero)) {
        fail("of the input, a second time by another scale");
      }
      if (!quantised_input_) builder_.set_input(in);
      quantised_input_ = true;
      made.value = 0;
      break;
    }
    case Item::kReal: {
      const mxu::Value from = value(x);
      if (x.left_out || (from.scale == to.scale && from.zero == to.zero)) break;
      Draft draft;
      draft.sources = {x.value};
      made.value = quantise(draft, made.scale);
      break;
    }
    case Item::kDraft:
      made.value = quantise(*x.draft, made.scale);
      break;
    default:
      fail("of bytes", "real numbers");
  }
  define(std::move(made));
}

void QuantisedImporter::read_dequantize() {
  const Item x = item(0);
  Item made = x;
  if (x.kind == Item::kConstant) {
    made.kind = Item::kWeights;
    made.scale = scale_at(1, 2, attributes_->integer("axis", 1));
    made.scale.axis =
        made.scale.scale.size() > 1
            ? static_cast<int64_t>(normal_axis(made.scale.axis, x.tensor->shape.size()))
            : 0;
    return define(std::move(made));
  }
  define(x.left_out ? [&] { made.kind = Item::kReal; return made; }() : real_of_bytes(0, 1, 2));
}

QuantisedImporter::Item QuantisedImporter::real_of_bytes(int i, int scale, int zero) {
  Item made = item(i);
  made.scale = single_scale(scale, zero);
  const mxu::Value to = byte_value(made.scale);
  if (made.kind == Item::kInput) {
    const bool is_byte = items_.at(input_).scale.type == onnx::TensorProto::INT8 ||
                         items_.at(input_).scale.type == onnx::TensorProto::UINT8;
    if (!is_byte) fail("of the input, which is no byte");
    if (!quantised_input_) builder_.set_input(map_value(made.shape, to));
    quantised_input_ = true;
    made.value = 0;
  } else if (made.kind != Item::kBytes) {
    fail("input " + number(i + 1) + ", " + quoted(node_->input(i)) + ", is no value of bytes");
  }
  const mxu::Value from = value(made);
  if (from.scale != to.scale || from.zero != to.zero) {
    fail("by another scale or zero point than what it takes was quantised with");
  }
  made.kind = Item::kReal;
  return made;
}

// ---- sums and bounds ----

QuantisedImporter::Result QuantisedImporter::sum(const Item& a, const Item& b) const {
  if (a.shape != b.shape) {
    fail("of " + to_string(a.shape) + " and " + to_string(b.shape), "two values of one shape");
  }
  const mxu::Value va = value(a);
  const mxu::Value vb = value(b);
  if (va.channels != vb.channels || va.height != vb.height) {
    fail("of values that were maps of two shapes");
  }
  Result made;
  made.draft.kind = Draft::kAdd;
  made.draft.sources = {a.value, b.value};
  made.shape = a.shape;
  return made;
}

// A convolution of each channel by itself whose weight is large, so that constants of less than a
// step of the value are not lost.
QuantisedImporter::Result QuantisedImporter::sum_with(const Item& x, const Item& constant) {
  constexpr int8_t kWeight = 64;
  Result made;
  Draft& draft = made.draft;
  draft.kind = Draft::kConvolution;
  draft.sources = {as_map(x)};
  const mxu::Value in = builder_.value(draft.sources[0]);
  draft.layer.outputs = draft.layer.groups = in.channels;
  draft.layer.weights.assign(in.channels, kWeight);
  draft.step.assign(in.channels, double{in.scale} / kWeight);
  draft.bias.assign(in.channels, 0);
  // [channels, 1, 1] of maps, [channels] of vectors.
  const Shape& shape = constant.tensor->shape;
  const size_t behind = x.shape.size() - 2;
  const bool fits = constant.tensor->count() == 1 ||
                    (shape.size() > behind && shape[shape.size() - 1 - behind] == x.shape[1]);
  if (!fits) fail("of a value " + to_string(x.shape) + " and constants " + to_string(shape));
  add_constant(draft, constant);
  made.shape = x.shape;
  return made;
}

void QuantisedImporter::read_add() {
  const auto is_constant = [](const Item& i) {
    return i.kind == Item::kConstant || i.kind == Item::kWeights;
  };
  for (const int i : {0, 1}) {
    if (item(i).kind == Item::kReal && is_constant(item(1 - i))) {
      return define_draft(sum_with(real(i), item(1 - i)));
    }
  }
  for (const int i : {0, 1}) {
    const Item& x = item(i);
    const Item& other = item(1 - i);
    if (x.kind != Item::kDraft || (other.kind != Item::kConstant && other.kind != Item::kWeights)) {
      continue;
    }
    const bool bounded = x.draft->low > -HUGE_VAL || x.draft->high < HUGE_VAL;
    if (x.draft->kind != Draft::kConvolution || bounded) break;
    Result made{*x.draft, x.shape};
    add_bias(made.draft, 1 - i);
    return define_draft(std::move(made));
  }
  define_draft(sum(real(0), real(1)));
}

void QuantisedImporter::read_bound(double low, double high) {
  const Item& x = item(0);
  Result made;
  made.shape = x.shape;
  if (x.kind == Item::kDraft) {
    made.draft = *x.draft;
  } else {
    made.draft.sources = {real(0).value};
  }
  made.draft.low = std::clamp(made.draft.low, low, high);
  made.draft.high = std::clamp(made.draft.high, low, high);
  define_draft(std::move(made));
}

void QuantisedImporter::read_clip() {
  const auto bound = [&](const char* name, int i, double otherwise) {
    if (opset_ < 11) return double{attributes_->real(name, static_cast<float>(otherwise))};
    if (!has_input(i)) return otherwise;
    const Item& found = item(i);
    if (found.tensor == nullptr || found.tensor->count() != 1) fail("bounds that are no constants");
    if (found.kind != Item::kWeights) return found.tensor->at(0);
    return (found.tensor->at(0) - static_cast<double>(found.scale.zero[0])) *
           double{found.scale.scale[0]};
  };
  const double low = bound("min", 1, -3.4e38);
  const double high = bound("max", 2, 3.4e38);
  if (!(low <= high)) fail("bounds " + std::to_string(low) + " and " + std::to_string(high));
  read_bound(low, high);
}

QuantisedImporter::Result QuantisedImporter::concatenation(const std::vector<Item>& xs) {
  if (xs.empty()) fail("of nothing");
  const size_t rank = xs[0].shape.size();
  if (normal_axis(attributes_->integer("axis", 1), rank) != 1) fail("along another dimension", "1");
  Result made;
  made.draft.kind = Draft::kConcat;
  made.draft.layer.outputs = 0;
  made.shape = xs[0].shape;
  made.shape[1] = 0;
  for (const Item& x : xs) {
    made.draft.sources.push_back(as_map(x));
    const mxu::Value v = builder_.value(made.draft.sources.back());
    made.draft.layer.outputs += v.channels;
    made.shape[1] += x.shape[1];
  }
  if (xs.size() == 1) made.draft.kind = Draft::kRescale;
  return made;
}

// ---- poolings ----

void QuantisedImporter::read_max_pool() {
  const bool of_bytes = item(0).kind == Item::kBytes;
  Item x = of_bytes ? item(0) : real(0);
  const auto kernel = attributes_->integers("kernel_shape");
  if (!kernel) fail("attribute 'kernel_shape' is missing");
  attributes_->ignore("storage_order");
  Result made;
  made.draft.kind = Draft::kMaxPool;
  made.draft.sources = {as_map(x)};
  const mxu::Value in = builder_.value(made.draft.sources[0]);
  std::array<uint32_t, 2> size{in.height, in.width};
  made.draft.layer.pool = window(*kernel, size, {});
  made.shape = map_shape(x.shape.size(), in.channels, size);
  if (!of_bytes) return define_draft(std::move(made));
  x.value = quantise(made.draft, x.scale);
  x.shape = made.shape;
  define(std::move(x));
}

// A convolution of each channel by itself, with weights 1: the sum of its window.
QuantisedImporter::Result QuantisedImporter::average(const Item& x, const mxu::Window& window,
                                                     Shape shape) {
  Result made;
  Draft& draft = made.draft;
  draft.kind = Draft::kConvolution;
  draft.sources = {as_map(x)};
  const mxu::Value in = builder_.value(draft.sources[0]);
  const double count = double{window.kernel[0] * 1.0} * window.kernel[1];
  draft.layer.outputs = draft.layer.groups = in.channels;
  draft.layer.window = window;
  if (count * in.channels > double{1 << 24})
    fail("a window of " + std::to_string(count) + " values");
  draft.layer.weights.assign(static_cast<size_t>(count) * in.channels, 1);
  draft.step.assign(in.channels, double{in.scale} / count);
  draft.bias.assign(in.channels, 0);
  made.shape = std::move(shape);
  return made;
}

QuantisedImporter::Result QuantisedImporter::average_pool(const Item& x) {
  const auto kernel = attributes_->integers("kernel_shape");
  if (!kernel) fail("attribute 'kernel_shape' is missing");
  const mxu::Value in = builder_.value(as_map(x));
  std::array<uint32_t, 2> size{in.height, in.width};
  const mxu::Window made = window(*kernel, size, {});
  const bool padded = made.pad != std::array<uint32_t, 4>{};
  if (padded && attributes_->integer("count_include_pad", 0, 0, 1) == 0) {
    fail("windows that reach beyond the map", "averages of windows inside of it");
  }
  return average(x, made, map_shape(x.shape.size(), in.channels, size));
}

QuantisedImporter::Result QuantisedImporter::global_average(const Item& x) {
  const mxu::Value in = builder_.value(as_map(x));
  mxu::Window window;
  window.kernel = {in.height, in.width};
  return average(x, window, map_shape(x.shape.size(), in.channels, {1, 1}));
}

void QuantisedImporter::read_mean() {
  const Item& x = real(0);
  const size_t rank = x.shape.size();
  std::optional<Shape> axes = attributes_->integers("axes");
  if (has_input(1)) axes = to_shape(constant(1), "axes");
  if (!axes) fail("a mean over all dimensions", "means over maps");
  Shape sorted;
  for (const int64_t axis : *axes) {
    sorted.push_back(static_cast<int64_t>(normal_axis(axis, rank)));
  }
  std::sort(sorted.begin(), sorted.end());
  if (rank < 3 || sorted != (rank == 4 ? Shape{2, 3} : Shape{2})) {
    fail("a mean over other dimensions than height and width", "means over maps");
  }
  Result made = global_average(x);
  if (attributes_->integer("keepdims", 1, 0, 1) == 0) made.shape.resize(2);
  define_draft(std::move(made));
}

// ---- shapes ----

void QuantisedImporter::read_pad() {
  Item made = real(0, true);
  if (attributes_->text("mode", "constant") != "constant") fail("another mode than 'constant'");
  std::optional<Shape> pads = attributes_->integers("pads");
  if (has_input(1)) pads = to_shape(constant(1), "pads");
  if (has_input(2) && item(2).tensor != nullptr && item(2).tensor->count() == 1) {
    const double stored = item(2).tensor->at(0);
    if (stored !=
        (item(2).kind == Item::kWeights ? static_cast<double>(item(2).scale.zero[0]) : 0)) {
      fail("with another value than 0");
    }
  }
  const size_t rank = made.shape.size();
  if (!pads || pads->size() != 2 * rank || rank < 3) fail("pads that do not fit", "those of maps");
  as_map(made);
  for (size_t d = 0; d < rank; ++d) {
    const int64_t before = (*pads)[d];
    const int64_t behind = (*pads)[rank + d];
    if (before < 0 || behind < 0 || before > kMaxSide || behind > kMaxSide ||
        (d < 2 && before + behind != 0)) {
      fail("pads of " + number(before) + " and " + number(behind) + " of dimension " + number(d),
           "0 to 65535 of height and width");
    }
    if (d < 2) continue;
    const size_t s = rank == 4 ? d - 2 : 1;
    made.pad[s] += static_cast<uint32_t>(before);
    made.pad[s + 2] += static_cast<uint32_t>(behind);
  }
  define(std::move(made));
}

void QuantisedImporter::read_reshape(const std::string& op) {
  const Item& x = item(0);
  if (x.kind == Item::kConstant || x.kind == Item::kWeights) fail("of a constant");
  if (x.pad != std::array<uint32_t, 4>{}) fail("of a padded value", "Pad in front of convolutions");
  if (op == "Reshape") {
    const bool zeros = attributes_->integer("allowzero", 0, 0, 1) != 0;
    return define_shape(x, reshaped(x.shape, to_shape(constant(1), "the shape"), zeros));
  }
  if (op == "Flatten") {
    if (attributes_->integer("axis", 1) != 1) fail("another axis than 1");
    int64_t rest = 1;
    for (size_t d = 1; d < x.shape.size(); ++d) rest *= x.shape[d];
    return define_shape(x, {1, rest});
  }
  std::optional<Shape> axes = attributes_->integers("axes");
  if (has_input(1)) axes = to_shape(constant(1), "axes");
  if (op == "Squeeze") return define_shape(x, squeezed(x.shape, axes ? &*axes : nullptr));
  if (!axes) fail("no axes");
  define_shape(x, unsqueezed(x.shape, *axes));
}

void QuantisedImporter::read_transpose() {
  Item made = item(0);
  if (made.kind == Item::kConstant || made.kind == Item::kWeights) fail("of a constant");
  const auto order = attributes_->integers("perm");
  const size_t rank = made.shape.size();
  if (!order || order->size() != rank) fail("attribute 'perm' does not fit");
  // Values do not move: of the input, which then enters channels first, or where all dimensions but
  // those of size 1 stay in order.
  const bool is_input = made.kind == Item::kInput || (made.value == 0 && !builder_.has_layers());
  Shape shape;
  int64_t last = -1;
  bool moves = false;
  for (const int64_t axis : *order) {
    const size_t from = normal_axis(axis, rank);
    shape.push_back(made.shape[from]);
    if (made.shape[from] == 1) continue;
    moves |= static_cast<int64_t>(from) < last;
    last = static_cast<int64_t>(from);
  }
  if (moves && !is_input) fail("inside the network", "Transpose of the input");
  if (is_input && made.kind != Item::kInput) {
    builder_.set_input(map_value(shape, builder_.value(0)));
  }
  made.shape = shape;
  define(std::move(made));
}

void QuantisedImporter::read_last() {
  Item made = real(0);
  if (!is_last()) fail("inside the network", node_->op_type() + " at the end");
  attributes_->ignore("axis");
  made.left_out = true;
  define(std::move(made));
}

// ---- operators of bytes ----

void QuantisedImporter::read_bytes_operator(const std::string& op) {
  if (op == "QLinearConv") {
    Result made = convolution(real_of_bytes(0, 1, 2), weights(3, 4, 5, 0));
    add_bias(made.draft, 8);
    return define_bytes(made, 6, 7);
  }
  if (op == "QLinearMatMul") {
    return define_bytes(product(real_of_bytes(0, 1, 2), weights(3, 4, 5, 1), false), 6, 7);
  }
  if (op == "QGemm") {
    const bool transposed = attributes_->integer("transB", 0, 0, 1) != 0;
    if (attributes_->integer("transA", 0) != 0 || attributes_->real("alpha", 1) != 1) {
      fail("transA or alpha", "transA 0, alpha 1");
    }
    Result made = product(real_of_bytes(0, 1, 2), weights(3, 4, 5, transposed ? 0 : 1), transposed);
    add_bias(made.draft, 6);
    if (!has_input(7)) fail("a result of real numbers", "results of bytes");
    return define_bytes(made, 7, 8);
  }
  if (op == "QLinearAdd") {
    for (const int i : {0, 3}) {
      const int other = 3 - i;
      if (item(other).kind != Item::kConstant) continue;
      return define_bytes(
          sum_with(real_of_bytes(i, i + 1, i + 2), weights(other, other + 1, other + 2, 0)), 6, 7);
    }
    return define_bytes(sum(real_of_bytes(0, 1, 2), real_of_bytes(3, 4, 5)), 6, 7);
  }
  if (op == "QLinearAveragePool" || op == "QLinearGlobalAveragePool") {
    if (attributes_->integer("channels_last", 0) != 0) fail("channels last", "channels first");
    const Item x = real_of_bytes(0, 1, 2);
    return define_bytes(op == "QLinearAveragePool" ? average_pool(x) : global_average(x), 3, 4);
  }
  if (op == "QLinearConcat") {
    std::vector<Item> xs;
    for (int i = 2; i + 2 < inputs(); i += 3) xs.push_back(real_of_bytes(i, i + 1, i + 2));
    return define_bytes(concatenation(xs), 0, 1);
  }
  if ((op == "QLinearSoftmax" || op == "QLinearSigmoid") && is_last()) {
    Item made = real_of_bytes(0, 1, 2);
    made.left_out = true;
    return define(std::move(made));
  }
  fail("this operator is not supported in a quantised network", kSupported);
}

}  // namespace sparsys::onnx_import
