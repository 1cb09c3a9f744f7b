// SPDX-License-Identifier: Apache-2.0
// Operators that take each element by itself.
#include <algorithm>
#include <cmath>
#include <utility>

#include "golden/base/text.hpp"
#include "golden/format/tflite/importer.hpp"
#include "golden/format/tflite/kernels.hpp"

namespace sparsys::tflite {
namespace {

constexpr size_t kBytes = 256;
// What an int8 sum multiplies by before it is scaled.
constexpr int32_t kSumScale = 1 << 20;

int8_t clamped(double value) { return static_cast<int8_t>(std::clamp(value, -128.0, 127.0)); }

// The table of a function of the byte, from -128 on.
template <typename F>
mxu::ByteTable table_of(F function) {
  mxu::ByteTable table{};
  for (size_t i = 0; i < kBytes; ++i) {
    table[i] = clamped(static_cast<double>(function(static_cast<int32_t>(i) - 128)));
  }
  return table;
}

}  // namespace

void Importer::read_elementwise() {
  if (has_input(0) && known_[static_cast<size_t>(input(0))].outside) return read_real_function();
  switch (op_->code) {
    case BuiltinOperator::ADD:
    case BuiltinOperator::SUB:
      return read_sum();
    case BuiltinOperator::MUL:
      return read_product();
    case BuiltinOperator::RELU:
    case BuiltinOperator::RELU6:
    case BuiltinOperator::RELU_N1_TO_1:
      return read_relu();
    case BuiltinOperator::LEAKY_RELU:
      return read_leaky();
    case BuiltinOperator::PRELU:
      return read_prelu();
    case BuiltinOperator::HARD_SWISH:
      return read_hard_swish();
    case BuiltinOperator::LOGISTIC:
    case BuiltinOperator::TANH:
    case BuiltinOperator::ELU:
    case BuiltinOperator::GELU:
      return read_function();
    default:
      fail("operator number " + number(static_cast<int32_t>(op_->code)) + ", which makes '" +
               tensor(output()).name + "', is not supported",
           std::string(kOperators) + "; a network without it, or converted up to it, is read");
  }
}

mxu::Layer Importer::requantisation(uint32_t source, double factor) const {
  mxu::Layer layer =
      builder_.requantisation(source, scale_of(output()), int8::fixed_point(factor, place()));
  layer.rounding = mxu::Rounding::kDouble;
  return layer;
}

void Importer::define_tables(uint32_t source, const std::vector<mxu::ByteTable>& tables,
                             Dims shape) {
  std::array<mxu::Layer, 2> layers =
      mxu::table_layers(builder_.value(source), tables, scale_of(output()));
  count_weights(layers[0].weights.size() + layers[1].weights.size());
  layers[0].sources = {source};
  layers[1].sources = {add(std::move(layers[0]), " (knots)")};
  define(std::move(layers[1]), Activation::NONE, std::move(shape));
}

// As the kernels fill their tables: in 32-bit floats.
void Importer::define_function(const std::function<float(float)>& function) {
  const mxu::Value in = value(0);
  const mxu::Value out = scale_of(output());
  const float inverse = 1 / out.scale;
  define_tables(known(0).value, {table_of([&](int32_t q) {
                  const float x = in.scale * static_cast<float>(q - in.zero);
                  return std::round(function(x) * inverse) + static_cast<float>(out.zero);
                })},
                known(0).shape);
}

void Importer::define_sum(uint32_t a, uint32_t b) {
  mxu::Layer layer = start(mxu::Kind::kAdd, {a, b});
  // Both with 20 bits more, which the third takes off again.
  int8::set_factors(layer, {int8::kOne, int8::kOne, {1 << 30, 50}});
  define(std::move(layer), Activation::NONE, known(0).shape);
}

// Each input is brought to twice the larger of the two scales, with 20 bits more, and their sum to
// that of the output.
void Importer::read_sum() {
  expect_inputs(2, 2);
  const bool minus = op_->code == BuiltinOperator::SUB;
  const Activation activation =
      minus ? options<SubOptions>().activation() : options<AddOptions>().activation();
  std::array<bool, 2> constants{};
  for (size_t i = 0; i < 2; ++i) constants[i] = tensor(input(i)).data != nullptr;
  const mxu::Value in_a = scale_of(input(0));
  const mxu::Value in_b = scale_of(input(1));
  const mxu::Value out = scale_of(output());
  const double twice = 2 * std::max(double{in_a.scale}, double{in_b.scale});
  const int8::Fixed a = int8::fixed_point(in_a.scale / twice, place());
  const int8::Fixed b = int8::fixed_point(in_b.scale / twice, place());
  const int8::Fixed sum = int8::fixed_point(twice / (kSumScale * double{out.scale}), place());
  if (!constants[0] && !constants[1]) {
    if (minus) fail("a difference of two values", "differences of a value and a constant");
    if (known(0).shape != known(1).shape) {
      fail("values of two shapes, " + text_of(known(0).shape) + " and " + text_of(known(1).shape),
           "two values of one shape");
    }
    // As they lie, if both do so alike.
    std::array<uint32_t, 2> of{known(0).value, known(1).value};
    const mxu::Value x = builder_.value(of[0]);
    const mxu::Value y = builder_.value(of[1]);
    if (x.channels != y.channels || x.height != y.height || x.width != y.width) {
      of = {map(0), map(1)};
    }
    mxu::Layer layer = start(mxu::Kind::kAdd, {of[0], of[1]});
    int8::set_factors(layer, {a, b, sum});
    return define(std::move(layer), activation, known(0).shape);
  }
  const size_t v = constants[0] ? 1 : 0;
  const bool one = tensor(input(1 - v)).elements == 1;
  const uint32_t source = one ? known(v).value : map(v);
  const mxu::Value x = builder_.value(source);
  mxu::Layer bounds;
  bounds.output_scale = out.scale;
  bounds.output_zero = out.zero;
  bound(bounds, activation);
  const std::vector<int32_t> constant_values = constant(1 - v, x.channels);
  std::vector<mxu::ByteTable> tables;
  for (uint32_t c = 0; c < (one ? 1 : x.channels); ++c) {
    tables.push_back(table_of([&](int32_t q) {
      const std::array<int32_t, 2> terms{v == 0 ? q - x.zero : constant_values[c],
                                         v == 0 ? constant_values[c] : q - x.zero};
      const int32_t first = twice_rounded(terms[0] * kSumScale, a);
      const int32_t second = twice_rounded(terms[1] * kSumScale, b);
      const int32_t made = twice_rounded(minus ? first - second : first + second, sum);
      return std::clamp<int32_t>(made + out.zero, bounds.low, bounds.high);
    }));
  }
  define_tables(source, tables, known(v).shape);
}

// By a constant of each channel it is a convolution of each channel by itself.
void Importer::read_product() {
  expect_inputs(2, 2);
  const size_t v = tensor(input(0)).data != nullptr ? 1 : 0;
  if (tensor(input(1 - v)).data == nullptr) {
    fail("a product of two values, which makes '" + tensor(output()).name +
             "': the matrix unit multiplies by constants only",
         "products of a value and a constant; for squeeze and excitation a network without it");
  }
  const uint32_t source = tensor(input(1 - v)).elements > 1 ? map(v) : known(v).value;
  const mxu::Value x = builder_.value(source);
  const mxu::Value by = scale_of(input(1 - v));
  const mxu::Value out = scale_of(output());
  const std::vector<int32_t> factors = constant(1 - v, x.channels);
  const int8::Fixed scale = int8::fixed_point(double{x.scale * by.scale / out.scale}, place());
  mxu::Layer layer = start(mxu::Kind::kConvolution, {source});
  layer.groups = x.channels;
  for (const int32_t factor : factors) {
    if (factor < -128 || factor > 127) {
      fail("a factor of " + number(factor) + " steps", "constants of -128 to 127 steps");
    }
    layer.weights.push_back(static_cast<int8_t>(factor));
  }
  int8::set_bias(layer, std::vector<int32_t>(x.channels), place());
  int8::set_factors(layer, std::vector<int8::Fixed>(x.channels, scale));
  define(std::move(layer), options<MulOptions>().activation(), known(v).shape);
}

void Importer::read_relu() {
  expect_inputs(1, 1);
  const float factor = value(0).scale / scale_of(output()).scale;
  define(requantisation(known(0).value, double{factor}),
         op_->code == BuiltinOperator::RELU    ? Activation::RELU
         : op_->code == BuiltinOperator::RELU6 ? Activation::RELU6
                                               : Activation::RELU_N1_TO_1,
         known(0).shape);
}

// What is positive and what is negative by a layer each, then the sum of both, one of which is 0.
void Importer::read_leaky() {
  expect_inputs(1, 1);
  const uint32_t source = known(0).value;
  const float alpha = options<LeakyReluOptions>().alpha();
  if (!(alpha >= 0)) fail("a slope of " + std::to_string(alpha), "slopes from 0");
  const float in = value(0).scale;
  const mxu::Value out = scale_of(output());
  mxu::Layer above = requantisation(source, double{in / out.scale});
  above.low = out.zero;
  mxu::Layer below = requantisation(source, double{in * alpha / out.scale});
  below.high = out.zero;
  const uint32_t a = add(std::move(above), " (positive)");
  define_sum(a, add(std::move(below), " (negative)"));
}

void Importer::read_prelu() {
  expect_inputs(2, 2);
  const FileTensor& slopes = tensor(input(1));
  if (slopes.data == nullptr) fail("slopes '" + slopes.name + "' are no constant");
  const uint32_t source = slopes.elements > 1 ? map(0) : known(0).value;
  const mxu::Value x = builder_.value(source);
  const mxu::Value out = scale_of(output());
  mxu::Layer above = requantisation(source, double{x.scale / out.scale});
  above.low = out.zero;
  mxu::Layer negative = builder_.requantisation(source, x, int8::kOne);
  negative.high = x.zero;
  mxu::Layer below = start(mxu::Kind::kConvolution, {add(std::move(negative), " (bounded)")});
  below.groups = x.channels;
  for (const int32_t slope : constant(1, x.channels)) {
    if (slope < -128 || slope > 127) {
      fail("a slope of " + number(slope) + " steps", "slopes of -128 to 127 steps");
    }
    below.weights.push_back(static_cast<int8_t>(slope));
  }
  int8::set_bias(below, std::vector<int32_t>(x.channels), place());
  const float scale = x.scale * scale_of(input(1)).scale / out.scale;
  int8::set_factors(
      below, std::vector<int8::Fixed>(x.channels, int8::fixed_point(double{scale}, place())));
  const uint32_t a = add(std::move(above), " (positive)");
  define_sum(a, add(std::move(below), " (negative)"));
}

void Importer::read_function() {
  expect_inputs(1, 1);
  define_function(real_function(op_->code, *op_->table));
}

void Importer::read_hard_swish() {
  expect_inputs(1, 1);
  const mxu::Value in = value(0);
  const mxu::Value out = scale_of(output());
  const HardSwish kernel(in.scale, out.scale);
  if (!kernel.is_defined()) {
    fail("its output's scale is smaller than 1/128 of its input's", "scales that the kernel has");
  }
  define_tables(known(0).value, {table_of([&](int32_t q) {
                  return kernel.at(static_cast<int16_t>(q - in.zero)) + out.zero;
                })},
                known(0).shape);
}

// ---- real numbers inside, each a function of a byte ----

void Importer::read_real_function() {
  const Known& x = made(0);
  if (x.function.empty()) {
    fail("of a floating-point number that was never quantised",
         "QUANTIZE first; convert with full integer quantisation");
  }
  const size_t inputs = op_->inputs.size();
  std::function<float(float)> function;
  if (op_->code == BuiltinOperator::LOGISTIC && x.plain && is_last() &&
      tensor(file_.output).type == TensorType::FLOAT32) {
    return read_left_out();  // at the end nothing makes bytes of it
  }
  if (inputs == 1) function = real_function(op_->code, *op_->table);
  if (!function) {
    fail("operator number " + number(static_cast<int32_t>(op_->code)) +
             " of floating-point numbers, which makes '" + tensor(output()).name +
             "', is not supported",
         "functions of one number between DEQUANTIZE and QUANTIZE: ELU, RELU, RELU6, LEAKY_RELU, "
         "LOGISTIC, TANH, GELU, HARD_SWISH, EXP, ABS, NEG, SQUARE, SQRT, RSQRT");
  }
  std::vector<float> values = x.function;
  for (float& v : values) v = function(v);
  Known& made = rename(x.value, x.shape);
  made.outside = true;
  made.plain = false;
  made.function = std::move(values);
}

void Importer::read_quantize() {
  expect_inputs(1, 1);
  const Known x = made(0);
  if (!x.outside) {
    const mxu::Value in = value(0);
    const mxu::Value out = scale_of(output());
    known(0);  // not padded
    if (x.left_out || (in.scale == out.scale && in.zero == out.zero)) {
      rename(x.value, x.shape).left_out = x.left_out;
    } else {
      define(requantisation(x.value, double{in.scale} / double{out.scale}), Activation::NONE,
             x.shape);
    }
    return;
  }
  const mxu::Value out = scale_of(output());
  if (!x.function.empty()) {
    if (x.left_out) {
      rename(x.value, x.shape).left_out = true;
      return;
    }
    mxu::ByteTable table{};
    for (size_t i = 0; i < kBytes; ++i) {
      table[i] = clamped(std::round(double{x.function[i] / out.scale}) + out.zero);
    }
    return define_tables(x.value, {table}, x.shape);
  }
  if (quantized_) fail("of the input, which is quantised already", "one QUANTIZE of the input");
  quantized_ = true;
  mxu::Value in = builder_.value(0);
  in.scale = out.scale;
  in.zero = out.zero;
  builder_.set_input(in);
  rename(0, x.shape);
}

void Importer::read_dequantize() {
  expect_inputs(1, 1);
  const Known x = known(0);
  const mxu::Value in = value(0);
  Known& made = rename(x.value, x.shape);
  made.outside = true;
  made.left_out = x.left_out;
  for (int q = -128; q < 128; ++q) {
    made.function.push_back(static_cast<float>(double{in.scale} * (q - in.zero)));
  }
}

void Importer::read_left_out() {
  expect_inputs(1, 1);
  const Known x = made(0);
  if (!is_last()) {
    fail("inside the network, where it makes '" + tensor(output()).name + "'",
         name_of(op_->code) + " at the end, where it is left out");
  }
  if (!x.plain || x.pad != std::array<uint32_t, 4>{}) fail("of no value that is computed");
  Known& made = rename(x.value, x.shape);
  made.outside = x.outside;
  made.left_out = true;
  made.function = x.function;
}

}  // namespace sparsys::tflite
