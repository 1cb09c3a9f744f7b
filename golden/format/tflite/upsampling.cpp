// SPDX-License-Identifier: Apache-2.0
// Operators that make maps larger: the pixels are moved apart, and a convolution fills the places
// between them.
#include <algorithm>

#include "golden/base/text.hpp"
#include "golden/format/tflite/importer.hpp"

namespace sparsys::tflite {
namespace {

constexpr int64_t kMostApart = 255;

}  // namespace

uint32_t Importer::apart(uint32_t source, std::array<uint32_t, 2> by) {
  if (by == std::array<uint32_t, 2>{1, 1}) return source;
  mxu::Layer layer = builder_.requantisation(source, builder_.value(source), int8::kOne);
  layer.apart = by;
  return add(std::move(layer), " (apart)");
}

// Of the window that ends at a place one value is a pixel, all others are zeros.
void Importer::define_repeated(uint32_t source, std::array<uint32_t, 2> by, Dims shape) {
  const uint32_t wide = apart(source, by);
  if (wide == source) {
    rename(source, std::move(shape));
    return;
  }
  const mxu::Value in = builder_.value(source);
  mxu::Layer layer = start(mxu::Kind::kConvolution, {wide});
  layer.groups = in.channels;
  layer.window.kernel = by;
  layer.window.pad = {by[0] - 1, by[1] - 1, 0, 0};
  const size_t weights = size_t{by[0]} * by[1] * in.channels;
  count_weights(weights);
  layer.weights.assign(weights, 1);
  int8::set_bias(layer, std::vector<int32_t>(in.channels), place());
  int8::set_factors(layer, std::vector<int8::Fixed>(in.channels, int8::kOne));
  define(std::move(layer), Activation::NONE, std::move(shape));
}

// Each pixel times all weights, moved by the stride: a convolution by the weights in the other
// order over pixels that are as far apart.
void Importer::read_transpose_conv() {
  expect_inputs(3, 4);
  const auto& o = options<TransposeConvOptions>();
  const FileTensor& w = tensor(input(1));
  const uint32_t x = map(2);
  const mxu::Value in = builder_.value(x);
  const std::vector<int64_t> out = integers(0);
  if (w.shape.size() != 4 || w.shape[3] != static_cast<int64_t>(in.channels) || out.size() != 4) {
    fail("weights " + text_of(w.shape) + " for a map of " + number(in.channels) + " channels",
         "[outputs, height, width, channels]");
  }
  const std::array<int64_t, 2> stride{o.stride_h(), o.stride_w()};
  const std::array<int64_t, 2> size{in.height, in.width};
  mxu::Layer layer = start(mxu::Kind::kConvolution, {x});
  layer.outputs = static_cast<uint32_t>(w.shape[0]);
  std::array<uint32_t, 2> by{};
  for (size_t s = 0; s < 2; ++s) {
    const int64_t kernel = w.shape[1 + s];
    const int64_t to = out[1 + s];
    if (stride[s] < 1 || stride[s] > kMostApart || to < 1 || to > UINT16_MAX) {
      fail("a stride of " + number(stride[s]) + " to a size of " + number(to),
           "strides of 1 to 255 and sizes of 1 to 65535");
    }
    // As the format has it: of what is cut off less before than behind.
    const int64_t cut = std::max<int64_t>((size[s] - 1) * stride[s] + kernel - to, 0);
    const int64_t before = o.padding() == Padding::SAME ? cut / 2 : 0;
    const int64_t wide = size[s] * stride[s];
    const int64_t behind = to + before - wide;
    if (kernel < stride[s] || before > kernel - 1 || behind < 0 || behind > kernel - 1) {
      fail("a window of " + number(kernel) + " with stride " + number(stride[s]) + " from " +
               number(size[s]) + " to " + number(to),
           "windows no smaller than the stride that cover the result");
    }
    by[s] = static_cast<uint32_t>(stride[s]);
    layer.window.kernel[s] = static_cast<uint32_t>(kernel);
    layer.window.pad[s] = static_cast<uint32_t>(kernel - 1 - before);
    layer.window.pad[s + 2] = static_cast<uint32_t>(behind);
  }
  const uint32_t source = apart(x, by);
  const mxu::Value wide = builder_.value(source);
  layer.sources = {source};
  layer.height = wide.height;
  layer.width = wide.width;
  const std::array<size_t, 2> kernel{layer.window.kernel[0], layer.window.kernel[1]};
  std::vector<int8_t> turned = channels_first(weights(1), layer.outputs, kernel, in.channels);
  const auto taps = static_cast<std::ptrdiff_t>(kernel[0] * kernel[1]);
  for (auto at = turned.begin(); at != turned.end(); at += taps) std::reverse(at, at + taps);
  layer.weights = std::move(turned);
  int8::set_bias(layer, bias(3, layer.outputs), place());
  int8::set_factors(layer, factors(w, in.scale, 0, layer.outputs));
  define(std::move(layer), o.activation());
}

void Importer::read_resize() {
  expect_inputs(2, 2);
  const auto& o = options<ResizeNearestNeighborOptions>();
  expect_same_scale();
  const std::vector<int64_t> to = integers(1);
  const uint32_t x = map(0);
  const mxu::Value in = builder_.value(x);
  const bool whole = to.size() == 2 && to[0] >= in.height && to[1] >= in.width &&
                     to[0] % in.height == 0 && to[1] % in.width == 0 &&
                     to[0] / in.height <= kMostApart && to[1] / in.width <= kMostApart;
  // With corners aligned the nearest is another, unless there is one.
  if (!whole || (o.align_corners() && in.height * in.width != 1)) {
    fail("from [" + number(in.height) + ", " + number(in.width) + "] to " + text_of(to) +
             (o.align_corners() ? ", corners aligned" : ""),
         "sizes that are whole multiples, corners not aligned");
  }
  define_repeated(
      x, {static_cast<uint32_t>(to[0] / in.height), static_cast<uint32_t>(to[1] / in.width)},
      {1, to[0], to[1], in.channels});
}

// Along a dimension of size 1 that stands behind height or width: what converters make of
// repetitions, which it is.
void Importer::read_tile() {
  expect_inputs(2, 2);
  expect_same_scale();
  const Known from = known(0);
  const std::vector<int64_t> times = integers(1);
  const mxu::Value in = builder_.value(from.value);
  Dims shape = from.shape;
  std::array<uint32_t, 2> by{1, 1};
  int64_t inner = 1;
  for (size_t d = shape.size(); times.size() == shape.size() && d-- > 0;) {
    if (times[d] != 1) {
      const bool pixel = inner == in.channels;
      const bool line = inner == int64_t{in.channels} * in.width;
      if (shape[d] != 1 || times[d] < 1 || times[d] > kMostApart || (!pixel && !line)) {
        inner = 0;
        break;
      }
      // Of one line either is the same.
      by[pixel && (!line || in.height == 1) ? 1 : 0] *= static_cast<uint32_t>(times[d]);
    }
    inner *= shape[d];
    shape[d] *= times[d];
  }
  if (inner == 0 || times.size() != shape.size()) {
    fail("of a value of the shape " + text_of(from.shape) + ", by " + text_of(times),
         "repetitions of lines or pixels");
  }
  define_repeated(from.value, by, std::move(shape));
}

}  // namespace sparsys::tflite
