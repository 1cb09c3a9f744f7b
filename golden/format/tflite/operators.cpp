// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "golden/base/text.hpp"
#include "golden/format/tflite/importer.hpp"

namespace sparsys::tflite {
namespace {

constexpr int64_t kMaxSide = 65535;
constexpr int64_t kMaxStep = 255;

}  // namespace

template <typename Options>
const Options& Importer::options() const {
  const auto* found = op_->table->template builtin_options_as<Options>();
  if (found == nullptr) fail("its options are missing");
  return *found;
}

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
    case BuiltinOperator::MEAN:
      return read_mean();
    case BuiltinOperator::ADD:
      return read_add();
    case BuiltinOperator::CONCATENATION:
      return read_concat();
    case BuiltinOperator::RELU:
    case BuiltinOperator::RELU6:
      return read_relu();
    case BuiltinOperator::PAD:
      return read_pad();
    case BuiltinOperator::RESHAPE:
    case BuiltinOperator::SQUEEZE:
      return read_reshape();
    case BuiltinOperator::QUANTIZE:
      return read_quantize();
    case BuiltinOperator::DEQUANTIZE:
      return read_dequantize();
    case BuiltinOperator::SOFTMAX:
      return read_softmax();
    case BuiltinOperator::LOGISTIC:
    case BuiltinOperator::TANH:
      return read_table();
    default:
      fail("this operator is not supported", kOperators);
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
                                  std::array<size_t, 2> kernel, int64_t axis,
                                  Activation activation) {
  layer.weights = channels_first(weights, layer.outputs, kernel, layer.channels / layer.groups);
  int8::set_bias(layer, bias(2, layer.outputs), place());
  int8::set_factors(layer, factors(tensor(input(1)), axis, layer.outputs));
  define(std::move(layer), activation);
}

void Importer::read_conv() {
  expect_inputs(2, 3);
  const auto& o = options<Conv2DOptions>();
  const Known& x = known(0, true);
  const mxu::Value in = value(0);
  const std::vector<int64_t>& shape = tensor(input(1)).shape;
  if (shape.size() != 4) {
    fail("weights with " + number(shape.size()) + " dimensions",
         "[outputs, height, width, channels]");
  }
  if (in.channels % shape[3] != 0 || shape[0] % (in.channels / shape[3]) != 0) {
    fail("weights " + number(shape[0]) + " x " + number(shape[3]) + " for a map of " +
         number(in.channels) + " channels");
  }
  mxu::Layer layer = start(mxu::Kind::kConvolution, {x.value});
  layer.outputs = static_cast<uint32_t>(shape[0]);
  layer.groups = in.channels / static_cast<uint32_t>(shape[3]);
  layer.window = window(o.padding(), {shape[1], shape[2]}, {o.stride_h(), o.stride_w()},
                        {o.dilation_h(), o.dilation_w()}, x.pad, in);
  finish_convolution(std::move(layer), weights(1),
                     {static_cast<size_t>(shape[1]), static_cast<size_t>(shape[2])}, 0,
                     o.activation());
}

void Importer::read_depthwise() {
  expect_inputs(2, 3);
  const auto& o = options<DepthwiseConv2DOptions>();
  const Known& x = known(0, true);
  const mxu::Value in = value(0);
  const std::vector<int64_t>& shape = tensor(input(1)).shape;
  if (shape.size() != 4 || shape[0] != 1 || shape[3] % in.channels != 0) {
    fail("weights that are not [1, height, width, a multiple of " + number(in.channels) +
         " channels]");
  }
  mxu::Layer layer = start(mxu::Kind::kConvolution, {x.value});
  layer.outputs = static_cast<uint32_t>(shape[3]);
  layer.groups = in.channels;
  layer.window = window(o.padding(), {shape[1], shape[2]}, {o.stride_h(), o.stride_w()},
                        {o.dilation_h(), o.dilation_w()}, x.pad, in);
  const std::vector<int8_t> stored = weights(1);
  const size_t taps = stored.size() / layer.outputs;
  std::vector<int8_t> turned(stored.size());  // [outputs][height][width]
  for (size_t k = 0; k < layer.outputs; ++k) {
    for (size_t t = 0; t < taps; ++t) turned[k * taps + t] = stored[t * layer.outputs + k];
  }
  finish_convolution(std::move(layer), turned,
                     {static_cast<size_t>(shape[1]), static_cast<size_t>(shape[2])}, 3,
                     o.activation());
}

void Importer::read_fully_connected() {
  expect_inputs(2, 3);
  const auto& o = options<FullyConnectedOptions>();
  if (o.weights_format() != 0) fail("shuffled weights", "weights as [outputs, inputs]");
  const Known& x = known(0);
  const mxu::Value in = value(0);
  const FileTensor& w = tensor(input(1));
  if (w.shape.size() != 2) {
    fail("weights with " + number(w.shape.size()) + " dimensions", "[outputs, inputs]");
  }
  // A whole map, or each pixel of it by itself.
  const bool whole = w.shape[1] == static_cast<int64_t>(in.size());
  if (!whole && w.shape[1] != in.channels) {
    fail("weights of " + number(w.shape[1]) + " inputs for a value of " + number(in.height) +
         " x " + number(in.width) + " x " + number(in.channels));
  }
  mxu::Layer layer = start(mxu::Kind::kConvolution, {x.value});
  layer.rounding = mxu::Rounding::kSingle;  // this kernel's own way
  layer.outputs = static_cast<uint32_t>(w.shape[0]);
  if (whole) layer.window.kernel = {in.height, in.width};
  finish_convolution(std::move(layer), weights(1), {layer.window.kernel[0], layer.window.kernel[1]},
                     0, o.activation());
}

void Importer::expect_same_scale(const mxu::Value& x) const {
  const mxu::Value out = value_of(output());
  if (x.scale != out.scale || x.zero != out.zero) {
    fail("its output has another scale or zero point than its input");
  }
}

void Importer::read_pool() {
  expect_inputs(1, 1);
  const auto& o = options<Pool2DOptions>();
  const bool average = op_->code == BuiltinOperator::AVERAGE_POOL_2D;
  const Known& x = known(0);
  const mxu::Value in = value(0);
  expect_same_scale(in);
  mxu::Layer layer = start(mxu::Kind::kPool, {x.value});
  int8::set_factors(layer, {int8::kOne});
  layer.pooling = average ? mxu::Pooling::kAverage : mxu::Pooling::kMax;
  layer.pool = window(o.padding(), {o.filter_h(), o.filter_w()}, {o.stride_h(), o.stride_w()},
                      {1, 1}, {}, in);
  if (average && layer.pool.pad != std::array<uint32_t, 4>{}) {
    fail("windows that reach beyond the map", "averages of windows inside of it");
  }
  if (average && o.activation() != Activation::NONE) {
    fail("an average with an activation", "averages without");
  }
  define(std::move(layer), o.activation());
}

// The sum of a map's pixels times a factor that divides by their number, too.
void Importer::read_mean() {
  expect_inputs(2, 2);
  const Known& x = known(0);
  const mxu::Value in = value(0);
  const auto rank = static_cast<int64_t>(tensor(input(0)).shape.size());
  std::vector<int64_t> axes = integers(1, false);
  for (int64_t& axis : axes) axis += axis < 0 ? rank : 0;
  std::sort(axes.begin(), axes.end());
  if (rank < 3 || axes != (rank == 4 ? std::vector<int64_t>{1, 2} : std::vector<int64_t>{1})) {
    fail("a mean over other dimensions than height and width", "means over whole maps");
  }
  const uint32_t pixels = in.height * in.width;
  mxu::Layer layer = start(mxu::Kind::kConvolution, {x.value});
  layer.groups = in.channels;
  layer.window.kernel = {in.height, in.width};
  layer.weights.assign(in.size(), 1);
  count_weights(layer.weights.size());
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
  define(std::move(layer), Activation::NONE);
}

// Each input is brought to twice the larger of the two scales, with 20 bits more, and their sum to
// that of the output.
void Importer::read_add() {
  expect_inputs(2, 2);
  const mxu::Value a = value(0);
  const mxu::Value b = value(1);
  if (a.channels != b.channels || a.height != b.height || a.width != b.width) {
    fail("values of two shapes", "two values of one shape");
  }
  mxu::Layer layer = start(mxu::Kind::kAdd, {known(0).value, known(1).value});
  const double twice = 2 * std::max(double{a.scale}, double{b.scale});
  int8::set_factors(
      layer,
      {int8::fixed_point(a.scale / twice, place()), int8::fixed_point(b.scale / twice, place()),
       int8::fixed_point(twice / ((1 << 20) * double{layer.output_scale}), place())});
  define(std::move(layer), options<AddOptions>().activation());
}

void Importer::read_concat() {
  expect_inputs(1, 64);
  const auto& o = options<ConcatenationOptions>();
  const auto rank = static_cast<int32_t>(tensor(output()).shape.size());
  if (o.axis() != rank - 1 && o.axis() != -1) {
    fail("along dimension " + number(o.axis()), "concatenation of channels");
  }
  std::vector<uint32_t> sources;
  uint32_t channels = 0;
  for (size_t i = 0; i < op_->inputs.size(); ++i) {
    const mxu::Value x = value(i);
    expect_same_scale(x);
    if (x.size() != x.channels && rank == 2) {
      fail("of maps that were made vectors", "concatenation of channels");
    }
    if (x.height != value(0).height || x.width != value(0).width) fail("of maps of several sizes");
    channels += x.channels;
    sources.push_back(known(i).value);
  }
  if (o.activation() != Activation::NONE) fail("with an activation", "concatenation without");
  if (sources.size() == 1) {
    rename(sources[0]);
    return;
  }
  mxu::Layer layer = start(mxu::Kind::kConcat, sources);
  layer.outputs = channels;
  define(std::move(layer), Activation::NONE);
}

// To the scale of the output, as QUANTIZE and RELU do.
mxu::Layer Importer::requantisation() const {
  const mxu::Value out = value_of(output());
  mxu::Layer layer = builder_.requantisation(
      known(0).value, out, int8::fixed_point(double{value(0).scale} / double{out.scale}, place()));
  layer.rounding = mxu::Rounding::kDouble;
  return layer;
}

void Importer::read_relu() {
  expect_inputs(1, 1);
  define(requantisation(),
         op_->code == BuiltinOperator::RELU ? Activation::RELU : Activation::RELU6);
}

void Importer::read_pad() {
  expect_inputs(2, 2);
  const Known x = known(0, true);
  expect_same_scale(value(0));
  const std::vector<int64_t> pads = integers(1, true);
  const size_t rank = tensor(input(0)).shape.size();
  if (rank < 3 || pads.size() != 2 * rank) {
    fail(number(pads.size()) + " paddings of " + number(rank) + " dimensions",
         "two for each dimension of a map");
  }
  for (const int64_t pad : pads) {
    if (pad < 0 || pad > kMaxSide) fail("a padding of " + number(pad), "0 to 65535");
  }
  if (pads[0] != 0 || pads[1] != 0 || pads[2 * rank - 2] != 0 || pads[2 * rank - 1] != 0) {
    fail("padding of samples or channels", "padding of height and width");
  }
  Known& made = known_[static_cast<size_t>(output())];
  made = x;
  for (size_t side = 0; side < rank - 2; ++side) {
    const size_t s = rank == 4 ? side : 1;
    made.pad[s] += static_cast<uint32_t>(pads[2 + 2 * side]);
    made.pad[s + 2] += static_cast<uint32_t>(pads[3 + 2 * side]);
    if (made.pad[s] > kMaxSide || made.pad[s + 2] > kMaxSide) fail("more padding than 65535");
  }
}

void Importer::read_reshape() {
  expect_inputs(1, 2);
  const Known& x = known(0);
  expect_same_scale(value(0));
  const mxu::Value in = value(0);
  const mxu::Value out = value_of(output());
  if (in.size() != out.size()) {
    fail("from " + number(in.size()) + " to " + number(out.size()) + " elements");
  }
  const bool same = in.channels == out.channels && in.height == out.height && in.width == out.width;
  // A vector is the map by rows of pixels, until weights that are in that order take it.
  if (same || out.channels == out.size()) {
    rename(x.value);
  } else if (x.value == 0 && !builder_.has_layers() && in.channels == in.size()) {
    builder_.set_input(out);
    rename(x.value);
  } else if (in.channels == out.channels) {
    mxu::Layer layer = start(mxu::Kind::kReshape, {x.value});
    layer.map = {out.height, out.width};
    define(std::move(layer), Activation::NONE);
  } else {
    fail("to a map of other channels", "maps to vectors, maps to maps, and the input to a map");
  }
}

void Importer::read_quantize() {
  expect_inputs(1, 1);
  if (known_[static_cast<size_t>(input(0))].outside) {
    if (input(0) != file_.input || quantized_) {
      fail("of a floating-point number inside the network", "QUANTIZE at the ends");
    }
    quantized_ = true;
    builder_.set_input(value_of(output()));
    rename(0);
    return;
  }
  const Known& x = known(0);
  const mxu::Value in = value(0);
  const mxu::Value out = value_of(output());
  if (x.left_out || (in.scale == out.scale && in.zero == out.zero)) {
    rename(x.value).left_out = x.left_out;
  } else {
    define(requantisation(), Activation::NONE);
  }
}

void Importer::read_dequantize() {
  expect_inputs(1, 1);
  if (output() != file_.output) fail("inside the network", "DEQUANTIZE at the end");
  const bool left_out = known(0).left_out;
  Known& made = rename(known(0).value);
  made.outside = true;
  made.left_out = left_out;
}

void Importer::read_softmax() {
  expect_inputs(1, 1);
  if (!is_last()) fail("inside the network", "SOFTMAX at the end");
  rename(known(0).value).left_out = true;
}

void Importer::read_table() {
  expect_inputs(1, 1);
  if (op_->code != BuiltinOperator::LOGISTIC || !is_last()) {
    fail("inside the network: its table is not the matrix unit's", "LOGISTIC at the end");
  }
  rename(known(0).value).left_out = true;
}

}  // namespace sparsys::tflite
