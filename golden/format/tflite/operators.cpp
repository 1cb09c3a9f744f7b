// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>

#include "golden/base/text.hpp"
#include "golden/format/tflite/importer.hpp"

namespace sparsys::tflite {
namespace {

constexpr int64_t kMaxSide = 65535;
constexpr int64_t kMaxStep = 255;

}  // namespace

void Importer::read_operator() {
  switch (op_->code) {
    case BuiltinOperator::CONV_2D:
      return read_conv();
    case BuiltinOperator::DEPTHWISE_CONV_2D:
      return read_depthwise();
    case BuiltinOperator::FULLY_CONNECTED:
      return read_fully_connected();
    case BuiltinOperator::AVERAGE_POOL_2D:
    case BuiltinOperator::MAX_POOL_2D:
      return read_pool();
    case BuiltinOperator::TRANSPOSE_CONV:
      return read_transpose_conv();
    case BuiltinOperator::RESIZE_NEAREST_NEIGHBOR:
      return read_resize();
    case BuiltinOperator::TILE:
      return read_tile();
    case BuiltinOperator::MEAN:
      return read_mean();
    case BuiltinOperator::REDUCE_MAX:
      return read_reduce_max();
    case BuiltinOperator::CONCATENATION:
      return read_concat();
    case BuiltinOperator::PAD:
    case BuiltinOperator::PADV2:
      return read_pad();
    case BuiltinOperator::RESHAPE:
    case BuiltinOperator::SQUEEZE:
    case BuiltinOperator::EXPAND_DIMS:
      return read_view();
    case BuiltinOperator::QUANTIZE:
      return read_quantize();
    case BuiltinOperator::DEQUANTIZE:
      return read_dequantize();
    case BuiltinOperator::SOFTMAX:
    case BuiltinOperator::LOG_SOFTMAX:
      return read_left_out();
    default:
      return read_elementwise();
  }
}

mxu::Window Importer::window(Padding padding, std::array<int64_t, 2> kernel,
                             std::array<int64_t, 2> stride, std::array<int64_t, 2> dilation,
                             std::array<uint32_t, 4> pad, const mxu::Value& x) const {
  const std::array<int64_t, 2> size{x.height, x.width};
  mxu::Window made;
  for (size_t s = 0; s < 2; ++s) {
    const std::string side = s == 0 ? "vertical" : "horizontal";
    if (kernel[s] < 1 || kernel[s] > kMaxSide || stride[s] < 1 || stride[s] > kMaxStep ||
        dilation[s] < 1 || dilation[s] > kMaxStep) {
      fail(side + " window " + number(kernel[s]) + ", stride " + number(stride[s]) + ", dilation " +
               number(dilation[s]),
           "windows of 1 to 65535, strides and dilations of 1 to 255");
    }
    const int64_t reach = (kernel[s] - 1) * dilation[s] + 1;
    const int64_t padded = size[s] + pad[s] + pad[s + 2];
    int64_t zeros = 0;
    if (padding == Padding::SAME) {
      const int64_t count = (padded + stride[s] - 1) / stride[s];
      zeros = std::max<int64_t>((count - 1) * stride[s] + reach - padded, 0);
    } else if (padding != Padding::VALID) {
      fail("padding number " + number(static_cast<int>(padding)), "SAME and VALID");
    }
    if (padded + zeros < reach) {
      fail(side + " window " + number(reach) + " is larger than the map, " + number(padded));
    }
    made.kernel[s] = static_cast<uint32_t>(kernel[s]);
    made.stride[s] = static_cast<uint32_t>(stride[s]);
    made.dilation[s] = static_cast<uint32_t>(dilation[s]);
    made.pad[s] = static_cast<uint32_t>(pad[s] + zeros / 2);
    made.pad[s + 2] = static_cast<uint32_t>(pad[s + 2] + zeros - zeros / 2);
  }
  return made;
}

void Importer::finish_convolution(mxu::Layer layer, const std::vector<int8_t>& weights,
                                  std::array<size_t, 2> kernel, int64_t axis, Activation activation,
                                  Dims shape) {
  layer.weights = channels_first(weights, layer.outputs, kernel, layer.channels / layer.groups);
  int8::set_bias(layer, bias(2, layer.outputs), place());
  int8::set_factors(layer, factors(tensor(input(1)), layer.input_scale, axis, layer.outputs));
  define(std::move(layer), activation, std::move(shape));
}

void Importer::read_conv() {
  expect_inputs(2, 3);
  const auto& o = options<Conv2DOptions>();
  const std::array<uint32_t, 4> pad = known(0, true).pad;
  const uint32_t x = map(0, true);
  const mxu::Value in = builder_.value(x);
  const std::vector<int64_t>& shape = tensor(input(1)).shape;
  if (shape.size() != 4) {
    fail("weights with " + number(shape.size()) + " dimensions",
         "[outputs, height, width, channels]");
  }
  if (in.channels % shape[3] != 0 || shape[0] % (in.channels / shape[3]) != 0) {
    fail("weights " + number(shape[0]) + " x " + number(shape[3]) + " for a map of " +
         number(in.channels) + " channels");
  }
  mxu::Layer layer = start(mxu::Kind::kConvolution, {x});
  layer.outputs = static_cast<uint32_t>(shape[0]);
  layer.groups = in.channels / static_cast<uint32_t>(shape[3]);
  layer.window = window(o.padding(), {shape[1], shape[2]}, {o.stride_h(), o.stride_w()},
                        {o.dilation_h(), o.dilation_w()}, pad, in);
  finish_convolution(std::move(layer), weights(1),
                     {static_cast<size_t>(shape[1]), static_cast<size_t>(shape[2])}, 0,
                     o.activation(), {});
}

void Importer::read_depthwise() {
  expect_inputs(2, 3);
  const auto& o = options<DepthwiseConv2DOptions>();
  const std::array<uint32_t, 4> pad = known(0, true).pad;
  const uint32_t x = map(0, true);
  const mxu::Value in = builder_.value(x);
  const std::vector<int64_t>& shape = tensor(input(1)).shape;
  if (shape.size() != 4 || shape[0] != 1 || shape[3] % in.channels != 0) {
    fail("weights that are not [1, height, width, a multiple of " + number(in.channels) +
         " channels]");
  }
  mxu::Layer layer = start(mxu::Kind::kConvolution, {x});
  layer.outputs = static_cast<uint32_t>(shape[3]);
  layer.groups = in.channels;
  layer.window = window(o.padding(), {shape[1], shape[2]}, {o.stride_h(), o.stride_w()},
                        {o.dilation_h(), o.dilation_w()}, pad, in);
  const std::vector<int8_t> stored = weights(1);
  const size_t taps = stored.size() / layer.outputs;
  std::vector<int8_t> turned(stored.size());  // [outputs][height][width]
  for (size_t k = 0; k < layer.outputs; ++k) {
    for (size_t t = 0; t < taps; ++t) turned[k * taps + t] = stored[t * layer.outputs + k];
  }
  finish_convolution(std::move(layer), turned,
                     {static_cast<size_t>(shape[1]), static_cast<size_t>(shape[2])}, 3,
                     o.activation(), {});
}

void Importer::read_fully_connected() {
  expect_inputs(2, 3);
  const auto& o = options<FullyConnectedOptions>();
  if (o.weights_format() != 0) fail("shuffled weights", "weights as [outputs, inputs]");
  const Dims& shape = known(0).shape;
  const FileTensor& w = tensor(input(1));
  if (w.shape.size() != 2) {
    fail("weights with " + number(w.shape.size()) + " dimensions", "[outputs, inputs]");
  }
  // A whole map, or each pixel of it by itself.
  const bool whole = w.shape[1] == static_cast<int64_t>(elements_of(shape));
  if (!whole && w.shape[1] != shape.back()) {
    fail("weights of " + number(w.shape[1]) + " inputs for a value of the shape " + text_of(shape));
  }
  const uint32_t x = whole ? known(0).value : map(0);
  const mxu::Value in = builder_.value(x);
  mxu::Layer layer = start(mxu::Kind::kConvolution, {x});
  layer.rounding = mxu::Rounding::kSingle;  // this kernel's own way
  layer.outputs = static_cast<uint32_t>(w.shape[0]);
  if (whole) layer.window.kernel = {in.height, in.width};
  Dims made = {static_cast<int64_t>(elements_of(shape)) / w.shape[1], w.shape[0]};
  if (o.keep_num_dims() && w.shape[1] == shape.back()) {
    made = shape;
    made.back() = w.shape[0];
  }
  const std::array<size_t, 2> kernel{layer.window.kernel[0], layer.window.kernel[1]};
  finish_convolution(std::move(layer), weights(1), kernel, 0, o.activation(), std::move(made));
}

void Importer::expect_same_scale() const {
  const mxu::Value in = scale_of(input(0));
  const mxu::Value out = scale_of(output());
  if (in.scale != out.scale || in.zero != out.zero) {
    fail("its output has another scale or zero point than its input");
  }
}

void Importer::read_pool() {
  expect_inputs(1, 1);
  const auto& o = options<Pool2DOptions>();
  const bool average = op_->code == BuiltinOperator::AVERAGE_POOL_2D;
  const std::array<uint32_t, 4> pad = known(0, true).pad;
  const uint32_t x = padded(map(0, true), pad);
  const mxu::Value in = builder_.value(x);
  expect_same_scale();
  mxu::Layer layer = start(mxu::Kind::kPool, {x});
  int8::set_factors(layer, {int8::kOne});
  layer.pooling = average ? mxu::Pooling::kAverage : mxu::Pooling::kMax;
  layer.pool = window(o.padding(), {o.filter_h(), o.filter_w()}, {o.stride_h(), o.stride_w()},
                      {1, 1}, {}, in);
  if (average && o.activation() != Activation::NONE) {
    // A layer bounds what it averages, the kernel the average.
    const uint32_t mean = add(std::move(layer), " (average)");
    layer = start(mxu::Kind::kPool, {mean});
    int8::set_factors(layer, {int8::kOne});
  }
  define(std::move(layer), o.activation());
}

namespace {

// Of height and width of a map of this shape: whether they are among the dimensions, which holds
// none beside.
std::optional<std::array<bool, 2>> sides_of(const std::vector<int64_t>& axes, const Dims& shape) {
  if (shape.size() != 3 && shape.size() != 4) return std::nullopt;
  std::array<bool, 2> sides{};
  for (const int64_t axis : axes) {
    const bool last = axis == static_cast<int64_t>(shape.size()) - 2;
    if (!last && (shape.size() == 3 || axis != 1)) return std::nullopt;
    sides[last ? 1 : 0] = true;
  }
  return sides;
}

Dims without(const Dims& shape, const std::vector<int64_t>& axes, bool keep) {
  Dims made;
  for (size_t d = 0; d < shape.size(); ++d) {
    const bool reduced = std::binary_search(axes.begin(), axes.end(), static_cast<int64_t>(d));
    if (!reduced || keep) made.push_back(reduced ? 1 : shape[d]);
  }
  return made;
}

}  // namespace

// The sum of a map's pixels times a factor that divides by their number, too.
void Importer::read_mean() {
  expect_inputs(2, 2);
  const Dims shape = known(0).shape;
  const std::vector<int64_t> reduced = axes(1, shape.size());
  const std::optional<std::array<bool, 2>> sides = sides_of(reduced, shape);
  if (!sides) {
    fail("a mean over other dimensions than height and width", "means over height, width or both");
  }
  const uint32_t x = map(0);
  const mxu::Value in = builder_.value(x);
  mxu::Layer layer = start(mxu::Kind::kConvolution, {x});
  layer.groups = in.channels;
  layer.window.kernel = {(*sides)[0] ? in.height : 1, (*sides)[1] ? in.width : 1};
  const uint32_t pixels = layer.window.kernel[0] * layer.window.kernel[1];
  count_weights(size_t{pixels} * in.channels);
  layer.weights.assign(size_t{pixels} * in.channels, 1);
  int8::set_bias(layer, std::vector<int32_t>(in.channels), place());
  // As the kernel divides: with as many bits more as the number of pixels has.
  int8::Fixed factor = int8::fixed_point(double{in.scale} / double{layer.output_scale}, place());
  int32_t bits = 0;
  while (pixels >> (bits + 1) != 0) ++bits;
  bits = std::min(bits, 62 - factor.shift);
  factor.multiplier =
      static_cast<int32_t>((static_cast<int64_t>(factor.multiplier) << bits) / pixels);
  factor.shift += bits;
  int8::set_factors(layer, std::vector<int8::Fixed>(in.channels, factor));
  define(std::move(layer), Activation::NONE,
         without(shape, reduced, options<ReducerOptions>().keep_dims()));
}

void Importer::read_reduce_max() {
  expect_inputs(2, 2);
  const Dims shape = known(0).shape;
  const std::vector<int64_t> reduced = axes(1, shape.size());
  const std::optional<std::array<bool, 2>> sides = sides_of(reduced, shape);
  if (!sides) fail("a maximum over other dimensions than height and width", "maxima over these");
  expect_same_scale();
  const uint32_t x = map(0);
  mxu::Layer layer = start(mxu::Kind::kPool, {x});
  int8::set_factors(layer, {int8::kOne});
  layer.pooling = mxu::Pooling::kMax;
  layer.pool.kernel = {(*sides)[0] ? layer.height : 1, (*sides)[1] ? layer.width : 1};
  define(std::move(layer), Activation::NONE,
         without(shape, reduced, options<ReducerOptions>().keep_dims()));
}

void Importer::read_concat() {
  expect_inputs(1, 64);
  const auto& o = options<ConcatenationOptions>();
  Dims shape = known(0).shape;
  const auto rank = static_cast<int32_t>(shape.size());
  if (o.axis() != rank - 1 && o.axis() != -1) {
    fail("along dimension " + number(o.axis()), "concatenation of channels");
  }
  if (o.activation() != Activation::NONE) fail("with an activation", "concatenation without");
  std::vector<uint32_t> sources;
  shape.back() = 0;
  for (size_t i = 0; i < op_->inputs.size(); ++i) {
    const mxu::Value out = scale_of(output());
    const uint32_t v = map(i);
    const mxu::Value x = builder_.value(v);
    if (x.scale != out.scale || x.zero != out.zero) {
      fail("its output has another scale or zero point than its input");
    }
    const mxu::Value first = sources.empty() ? x : builder_.value(sources[0]);
    if (x.height != first.height || x.width != first.width) fail("of maps of several sizes");
    shape.back() += x.channels;
    sources.push_back(v);
  }
  if (sources.size() == 1) {
    rename(sources[0], std::move(shape));
    return;
  }
  mxu::Layer layer = start(mxu::Kind::kConcat, sources);
  layer.outputs = static_cast<uint32_t>(shape.back());
  define(std::move(layer), Activation::NONE, std::move(shape));
}

void Importer::read_pad() {
  expect_inputs(2, 3);
  const Known x = known(0, true);
  expect_same_scale();
  if (has_input(2)) {
    const FileTensor& with = tensor(input(2));
    if (with.data == nullptr || constant(2, 1)[0] != 0 ||
        scale_of(input(2)).scale != scale_of(output()).scale) {
      fail("padding with '" + with.name + "'", "padding with zeros of the map's own scale");
    }
  }
  const std::vector<int64_t> pads = integers(1);
  const size_t rank = x.shape.size();
  if (rank < 3 || rank > 4 || pads.size() != 2 * rank) {
    fail(number(pads.size()) + " paddings of " + number(rank) + " dimensions",
         "two for each dimension of a map");
  }
  for (const int64_t pad : pads) {
    if (pad < 0 || pad > kMaxSide) fail("a padding of " + number(pad), "0 to 65535");
  }
  if (pads[0] != 0 || pads[1] != 0 || pads[2 * rank - 2] != 0 || pads[2 * rank - 1] != 0) {
    fail("padding of samples or channels", "padding of height and width");
  }
  const uint32_t value = map(0, true);
  std::array<uint32_t, 4> all = x.pad;
  Dims shape = x.shape;
  for (size_t side = 0; side < rank - 2; ++side) {
    const size_t s = rank == 4 ? side : 1;
    all[s] += static_cast<uint32_t>(pads[2 + 2 * side]);
    all[s + 2] += static_cast<uint32_t>(pads[3 + 2 * side]);
    shape[1 + side] += pads[2 + 2 * side] + pads[3 + 2 * side];
    if (all[s] > kMaxSide || all[s + 2] > kMaxSide) fail("more padding than 65535");
  }
  // The shape of what is padded is that of the value still: zeros are counted with `pad`.
  declared(std::move(shape));
  Known& made = known_[static_cast<size_t>(output())];
  made.value = value;
  made.shape = x.shape;
  made.pad = all;
}

// A convolution of each channel whose only weight is 1: it moves the map into its padding.
uint32_t Importer::padded(uint32_t source, const std::array<uint32_t, 4>& pad) {
  if (pad == std::array<uint32_t, 4>{}) return source;
  const mxu::Value in = builder_.value(source);
  mxu::Layer layer = builder_.start(mxu::Kind::kConvolution, {source}, in);
  layer.groups = in.channels;
  for (size_t s = 0; s < 2; ++s) {
    const uint32_t zeros = pad[s] + pad[s + 2];
    layer.window.kernel[s] = zeros + 1;
    layer.window.pad[s] = layer.window.pad[s + 2] = zeros;
  }
  const size_t taps = size_t{layer.window.kernel[0]} * layer.window.kernel[1];
  count_weights(taps * in.channels);
  layer.weights.assign(taps * in.channels, 0);
  // Of the taps before it as many as there are zeros behind the map.
  const size_t tap = size_t{pad[2]} * layer.window.kernel[1] + pad[3];
  for (size_t c = 0; c < in.channels; ++c) layer.weights[c * taps + tap] = 1;
  int8::set_bias(layer, std::vector<int32_t>(in.channels), place());
  int8::set_factors(layer, std::vector<int8::Fixed>(in.channels, int8::kOne));
  return add(std::move(layer), " (padding)");
}

}  // namespace sparsys::tflite
