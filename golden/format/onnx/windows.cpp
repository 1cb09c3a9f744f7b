// SPDX-License-Identifier: Apache-2.0
// Convolutions, poolings, means over axes, padding. In one dimension they run over an image of one
// line: [1, channels, length] becomes [1, channels, 1, length] around them.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "golden/base/text.hpp"
#include "golden/format/onnx/importer.hpp"

namespace sparsys::onnx_import {
namespace {

constexpr int64_t kMostWindow = int64_t{1} << 20;

// `values` for two dimensions, `otherwise` for one that is not there.
std::array<int64_t, 2> planar(const Shape& values, int64_t otherwise) {
  return values.size() == 2 ? std::array<int64_t, 2>{values[0], values[1]}
                            : std::array<int64_t, 2>{otherwise, values[0]};
}

// [.., length] as [.., 1, length], and back.
Shape as_image(const Shape& shape) {
  Shape image = shape;
  if (image.size() == 3) image.insert(image.begin() + 2, 1);
  return image;
}
Shape from_image(const Shape& image, size_t spatial) {
  Shape shape = image;
  if (spatial == 1) shape.erase(shape.begin() + 2);
  return shape;
}

size_t spatial_of(const Value& x) {
  if (x.extra || x.shape.size() < 3 || x.shape.size() > 4) {
    refuse("input of the shape " + to_string(x.shape),
           "three or four dimensions: N, C, L or N, C, H, W, one sample");
  }
  return x.shape.size() - 2;
}

}  // namespace

// `in` is an image, whatever `spatial` is.
Shape Importer::read_window(Window& window, const Shape& in, size_t spatial) {
  window.stride = planar(attributes_->window("strides", spatial, 1, 1), 1);
  const Shape pads = attributes_->window("pads", 2 * spatial, 0, 0);
  const bool has_pads = std::any_of(pads.begin(), pads.end(), [](int64_t p) { return p != 0; });
  const std::string padding = attributes_->text("auto_pad", "NOTSET");
  const bool same = padding == "SAME_UPPER" || padding == "SAME_LOWER";
  if (!same && padding != "NOTSET" && padding != "VALID") {
    refuse("attribute 'auto_pad' is " + quoted(padding), "NOTSET, VALID, SAME_UPPER, SAME_LOWER");
  }
  if (padding != "NOTSET" && has_pads) {
    refuse("attributes 'pads' and 'auto_pad' at once", "one of them");
  }
  window.pad = spatial == 2 ? std::array<int64_t, 4>{pads[0], pads[1], pads[2], pads[3]}
                            : std::array<int64_t, 4>{0, pads[0], 0, pads[1]};
  Shape out;
  bool rounded_up = false;
  for (size_t d = 0; d < 2; ++d) {
    for (const int64_t number_of : {window.kernel[d], window.stride[d], window.dilation[d],
                                    window.pad[d], window.pad[d + 2]}) {
      if (number_of > kMostWindow) refuse("a window's number " + number(number_of), "at most 2^20");
    }
    const int64_t size = in[d + 2];
    const int64_t stride = window.stride[d];
    const int64_t reach = (window.kernel[d] - 1) * window.dilation[d] + 1;
    if (same) {
      const int64_t outputs = (size + stride - 1) / stride;
      const int64_t total = std::max<int64_t>(0, (outputs - 1) * stride + reach - size);
      const int64_t smaller = total / 2;
      window.pad[d] = padding == "SAME_UPPER" ? smaller : total - smaller;
      window.pad[d + 2] = total - window.pad[d];
    }
    const int64_t before = window.pad[d];
    const int64_t behind = window.pad[d + 2];
    const auto positions = [&](bool ceil_mode) {
      return window_positions(size, window.kernel[d], stride, window.dilation[d], before, behind,
                              ceil_mode);
    };
    const int64_t floor = positions(false);
    if (floor < 1) {
      refuse("a window of " + number(reach) + " on " + number(size) + " elements and " +
                 number(before + behind) + " of padding",
             "windows that fit");
    }
    out.push_back(window.ceil_mode ? positions(true) : floor);
    if (window.ceil_mode && padding != "NOTSET" && (size + before + behind - reach) % stride != 0) {
      refuse("'ceil_mode' and 'auto_pad' contradict each other on an input of the shape " +
                 to_string(in),
             "'ceil_mode' with 'pads'");
    }
    rounded_up |= out[d] != floor;
  }
  // Where it changes nothing it is dropped: before operator set 22 ONNX's own shape inference
  // counts windows that runtimes leave out.
  window.ceil_mode = rounded_up;
  return out;
}

void Importer::read_conv() {
  expect_inputs(2, 3);
  const Value x = value(0);
  const size_t spatial = spatial_of(x);
  const Tensor& weights = constant(1);
  if (weights.shape.size() != spatial + 2) {
    refuse("weights of the shape " + to_string(weights.shape) + " on an input of the shape " +
               to_string(x.shape),
           "1-D and 2-D convolution: weights of as many dimensions as the input");
  }
  const Shape kernel(weights.shape.begin() + 2, weights.shape.end());
  const Shape given = attributes_->window("kernel_shape", spatial, 0, 0);
  if (given != kernel && given != Shape(spatial, 0)) {
    refuse("attribute 'kernel_shape' is " + to_string(given) + ", but the weights are " +
           to_string(weights.shape));
  }
  Node node = make(Op::kConv);
  node.group = attributes_->integer("group", 1, 1, kMaxSize);
  node.window.kernel = planar(kernel, 1);
  node.window.dilation = planar(attributes_->window("dilations", spatial, 1, 1), 1);
  const Shape in = as_image(x.shape);
  const Shape out = read_window(node.window, in, spatial);
  const int64_t outputs = weights.shape[0];
  std::string kernels;
  if (spatial == 1) {
    Tensor flat = weights;
    flat.shape = as_image(flat.shape);
    kernels = parameter(input(1), flat);
  } else {
    kernels = parameter(1);
  }
  node.inputs = {in_shape(x, in), kernels};
  if (has_input(2)) node.inputs.push_back(parameter(2));
  const Value made = push(std::move(node), {1, outputs, out[0], out[1]}, false);
  bind(view(made, from_image(made.shape, spatial)));
}

void Importer::read_conv_transpose() {
  expect_inputs(2, 3);
  const Value x = value(0);
  const size_t spatial = spatial_of(x);
  Tensor weights = constant(1);
  if (weights.shape.size() != spatial + 2) {
    refuse("weights of the shape " + to_string(weights.shape),
           "weights of as many dimensions as the input");
  }
  weights.shape = as_image(weights.shape);
  const Shape in = as_image(x.shape);
  Node node = make(Op::kConvTranspose);
  node.group = attributes_->integer("group", 1, 1, kMaxSize);
  attributes_->ignore("kernel_shape");
  Window& window = node.window;
  window.kernel = {weights.shape[2], weights.shape[3]};
  window.dilation = planar(attributes_->window("dilations", spatial, 1, 1), 1);
  window.stride = planar(attributes_->window("strides", spatial, 1, 1), 1);
  const Shape pads = attributes_->window("pads", 2 * spatial, 0, 0);
  window.pad = spatial == 2 ? std::array<int64_t, 4>{pads[0], pads[1], pads[2], pads[3]}
                            : std::array<int64_t, 4>{0, pads[0], 0, pads[1]};
  auto more = planar(attributes_->window("output_padding", spatial, 0, 0), 0);
  const auto wanted = planar(attributes_->window("output_shape", spatial, 0, 0), 0);
  const std::string padding = attributes_->text("auto_pad", "NOTSET");
  const bool same = padding == "SAME_UPPER" || padding == "SAME_LOWER";
  if (!same && padding != "NOTSET" && padding != "VALID") {
    refuse("attribute 'auto_pad' is " + quoted(padding), "NOTSET, VALID, SAME_UPPER, SAME_LOWER");
  }
  Shape out;
  for (size_t d = 0; d < 2; ++d) {
    const int64_t reach = (window.kernel[d] - 1) * window.dilation[d] + 1;
    const int64_t full = window.stride[d] * (in[d + 2] - 1) + more[d] + reach;
    if (same || wanted[d] != 0) {
      const int64_t size = wanted[d] != 0 ? wanted[d] : in[d + 2] * window.stride[d];
      // What is more than all products have nothing but the bias.
      more[d] += std::max<int64_t>(0, size - full);
      const int64_t total = std::max<int64_t>(0, full - size);
      window.pad[d] = padding == "SAME_UPPER" ? total / 2 : total - total / 2;
      window.pad[d + 2] = total - window.pad[d];
    }
    out.push_back(window.stride[d] * (in[d + 2] - 1) + more[d] + reach - window.pad[d] -
                  window.pad[d + 2]);
    if (out[d] < 1) refuse("padding of all of the output");
  }
  if (more[0] != 0 || more[1] != 0) node.shape = {more[0], more[1]};
  const int64_t outputs = weights.shape[1] * node.group;
  node.inputs = {in_shape(x, in), spatial == 2 ? parameter(1) : parameter(input(1), weights)};
  if (has_input(2)) node.inputs.push_back(parameter(2));
  const Value made = push(std::move(node), {1, outputs, out[0], out[1]}, false);
  bind(view(made, from_image(made.shape, spatial)));
}

void Importer::read_pool() {
  expect_inputs(1, 1);
  const Value x = value(0);
  if (!attributes_->has("kernel_shape")) refuse("no attribute 'kernel_shape'");
  if (x.shape.size() == 5 && !x.extra) return read_volume_pool();
  const size_t spatial = spatial_of(x);
  const bool is_max = node_->op_type() == "MaxPool";
  Node node = make(is_max ? Op::kMaxPool : Op::kAveragePool);
  Window& window = node.window;
  window.kernel = planar(attributes_->window("kernel_shape", spatial, 1, 1), 1);
  window.dilation = planar(attributes_->window("dilations", spatial, 1, 1, is_max ? 10 : 19), 1);
  window.ceil_mode = attributes_->integer("ceil_mode", 0, 0, 1, 10) != 0;
  bool with_pad = false;
  if (is_max) {
    attributes_->integer("storage_order", 0, 0, 1, 8);  // of an output that is not supported
  } else {
    if (window.dilation != std::array<int64_t, 2>{1, 1}) {
      refuse("attribute 'dilations' is " + to_string(Shape{window.dilation[0], window.dilation[1]}),
             "[1, 1]");
    }
    with_pad = attributes_->integer("count_include_pad", 0, 0, 1) != 0;
  }
  Shape in = as_image(x.shape);
  const Shape out = read_window(window, in, spatial);
  std::string from = in_shape(x, in);
  if (with_pad && window.pad != std::array<int64_t, 4>{}) {
    // The padding becomes part of the input.
    Node pad = make(Op::kPad);
    pad.alpha = 0;
    pad.shape = {0, 0, window.pad[0], window.pad[1], 0, 0, window.pad[2], window.pad[3]};
    pad.inputs = {from};
    in[2] += window.pad[0] + window.pad[2];
    in[3] += window.pad[1] + window.pad[3];
    from = push(std::move(pad), in, false).name;
    window.pad = {};
  }
  node.inputs = {from};
  const Value made = push(std::move(node), {1, in[1], out[0], out[1]}, false);
  bind(view(made, from_image(made.shape, spatial)));
}

// A pooling of N, C, D, H, W over D alone, as a sum over channels has it, or over H and W.
void Importer::read_volume_pool() {
  const Value x = value(0);
  const bool is_max = node_->op_type() == "MaxPool";
  const Shape kernel = attributes_->window("kernel_shape", 3, 1, 1);
  const Shape stride = attributes_->window("strides", 3, 1, 1);
  const Shape pads = attributes_->window("pads", 6, 0, 0);
  const Shape dilation = attributes_->window("dilations", 3, 1, 1, is_max ? 10 : 19);
  const bool rounds = attributes_->integer("ceil_mode", 0, 0, 1, 10) != 0;
  const bool with_pad = !is_max && attributes_->integer("count_include_pad", 0, 0, 1) != 0;
  if (is_max) attributes_->integer("storage_order", 0, 0, 1, 8);
  const bool fixed = attributes_->text("auto_pad", "NOTSET") == "NOTSET";
  const auto moves = [&](size_t d) {
    return kernel[d] != 1 || stride[d] != 1 || pads[d] != 0 || pads[d + 3] != 0;
  };
  for (const Shape* list : {&kernel, &stride, &pads}) {
    for (const int64_t number_of : *list) {
      if (number_of > kMostWindow) refuse("a window's number " + number(number_of), "at most 2^20");
    }
  }
  const bool deep = moves(0);
  const bool padded = std::any_of(pads.begin(), pads.end(), [](int64_t p) { return p != 0; });
  if (!fixed || rounds || dilation != Shape(3, 1) || (with_pad && padded) ||
      (deep && (moves(1) || moves(2)))) {
    refuse("input of the shape " + to_string(x.shape) + ", windows of " + to_string(kernel),
           "of three dimensions, windows over the first alone or over the other two, with "
           "attributes 'strides' and 'pads'");
  }
  Node node = make(is_max ? Op::kMaxPool : Op::kAveragePool);
  Window& window = node.window;
  Shape in, shape = x.shape;
  if (deep) {
    in = {1, x.shape[1], x.shape[2], x.shape[3] * x.shape[4]};
    window.kernel = {kernel[0], 1};
    window.stride = {stride[0], 1};
    window.pad = {pads[0], 0, pads[3], 0};
  } else {
    in = {1, x.shape[1] * x.shape[2], x.shape[3], x.shape[4]};
    window.kernel = {kernel[1], kernel[2]};
    window.stride = {stride[1], stride[2]};
    window.pad = {pads[1], pads[2], pads[4], pads[5]};
  }
  Shape out = in;
  for (size_t d = 0; d < 2; ++d) {
    out[d + 2] = window_positions(in[d + 2], window.kernel[d], window.stride[d], 1, window.pad[d],
                                  window.pad[d + 2], false);
    if (out[d + 2] < 1) refuse("windows of " + to_string(kernel), "windows that fit");
    if (deep && d == 0) shape[2] = out[2];
    if (!deep) shape[d + 3] = out[d + 2];
  }
  node.inputs = {in_shape(x, in)};
  bind(view(push(std::move(node), out, false), shape));
}

Value Importer::pool(Op op, const Value& x, const std::vector<bool>& axes, bool keep) {
  Shape kept, permutation, sizes, shape;
  int64_t window = 1;
  for (size_t d = 0; d < axes.size(); ++d) {
    if (!axes[d] || keep) shape.push_back(axes[d] ? 1 : x.shape[d]);
    if (axes[d] && d > 0) window *= x.shape[d];
    // The first is no axis of the image.
    if (d > 0 && !axes[d]) permutation.push_back(static_cast<int64_t>(d));
    if (d > 0 && !axes[d]) kept.push_back(x.shape[d]);
  }
  for (size_t d = 1; d < axes.size(); ++d) {
    if (!axes[d]) continue;
    permutation.push_back(static_cast<int64_t>(d));
    sizes.push_back(x.shape[d]);
  }
  if (x.extra) {
    // All dimensions of the file are behind the sample's.
    Shape full{1};
    full.insert(full.end(), x.shape.begin(), x.shape.end());
    std::vector<bool> all{false};
    all.insert(all.end(), axes.begin(), axes.end());
    const Value wide{in_shape(x, full), full, false};
    return view(pool(op, wide, all, keep), shape);
  }
  if (window == 1) return view(x, shape);
  permutation.insert(permutation.begin(), 0);
  const Value sorted = transpose(x, permutation);
  int64_t channels = 1;
  for (const int64_t size : kept) channels *= size;
  Node node = make(op);
  node.window.kernel = sizes.size() == 2 ? std::array<int64_t, 2>{sizes[0], sizes[1]}
                                         : std::array<int64_t, 2>{1, window};
  const Shape image{1, channels, node.window.kernel[0], node.window.kernel[1]};
  node.inputs = {in_shape(sorted, image)};
  return view(push(std::move(node), {1, channels, 1, 1}, false), shape);
}

void Importer::read_global_pool() {
  expect_inputs(1, 1);
  const Value x = value(0);
  if (x.shape.size() < 3 || x.extra) {
    refuse("input of the shape " + to_string(x.shape), "N, C and dimensions of an image");
  }
  std::vector<bool> axes(x.shape.size(), true);
  axes[0] = axes[1] = false;
  const bool is_max = node_->op_type() == "GlobalMaxPool";
  bind(pool(is_max ? Op::kMaxPool : Op::kAveragePool, x, axes, true));
}

void Importer::read_reduction() {
  const std::string& op = node_->op_type();
  const int64_t since = op == "ReduceSum" ? 13 : 18;
  expect_inputs(1, opset_ < since ? 1 : 2);
  Value x = value(0);
  const bool keep = attributes_->integer("keepdims", 1, 0, 1) != 0;
  const bool nothing = attributes_->integer("noop_with_empty_axes", 0, 0, 1, since) != 0;
  const std::optional<Shape> given = numbers("axes", 1, since);
  const bool all = !given || given->empty();
  if (all && nothing) return bind(x);
  std::vector<bool> axes(x.shape.size(), all);
  if (given) {
    for (const int64_t axis : *given) axes[normal_axis(axis, x.shape.size())] = true;
  }
  if (op == "ReduceMax") return bind(pool(Op::kMaxPool, x, axes, keep));
  if (op == "ReduceMin") return bind(scaled(pool(Op::kMaxPool, scaled(x, -1), axes, keep), -1));
  if (op == "ReduceProd") {
    const auto along =
        static_cast<size_t>(std::find(axes.begin(), axes.end(), true) - axes.begin());
    if (std::count(axes.begin(), axes.end(), true) != 1 || x.shape[along] > 64) {
      refuse("a product over several axes or more than 64 elements", "one axis of up to 64");
    }
    Value product = pick(x, along, {0});
    for (int64_t i = 1; i < x.shape[along]; ++i) {
      product = with_value(Op::kMul, product, pick(x, along, {i}));
    }
    Shape shape = product.shape;
    if (!keep) shape.erase(shape.begin() + static_cast<std::ptrdiff_t>(along));
    return bind(view(product, shape));
  }
  float count = 1;
  Value largest;
  const bool of_exponents = op == "ReduceLogSumExp";
  if (of_exponents) {
    // max + log(sum(exp(x - max))), which is never infinite
    largest = pool(Op::kMaxPool, x, axes, true);
    x = push_function(make(Op::kExp), with_value(Op::kAdd, x, scaled(largest, -1)));
  }
  for (size_t d = 0; d < axes.size(); ++d) count *= axes[d] ? static_cast<float>(x.shape[d]) : 1.0F;
  const bool squares = op == "ReduceSumSquare" || op == "ReduceL2";
  const Value from = squares ? with_value(Op::kMul, x, x) : op == "ReduceL1" ? magnitude(x) : x;
  const Value mean = pool(Op::kAveragePool, from, axes, keep);
  if (op == "ReduceMean") return bind(mean);
  const Value sum = scaled(mean, count);
  if (op == "ReduceLogSum" || of_exponents) {
    const Value log = push_function(make(Op::kLog), sum);
    return bind(of_exponents ? with_value(Op::kAdd, log, view(largest, log.shape)) : log);
  }
  bind(op == "ReduceL2" ? power(sum, 0.5F) : sum);
}

void Importer::read_batch_normalization() {
  expect_inputs(5, 5);
  const Value x = value(0);
  if (x.shape.size() < 2) {
    refuse("input of the shape " + to_string(x.shape), "N, C and dimensions of an image");
  }
  const double epsilon = attributes_->real("epsilon", 1e-5F);
  attributes_->ignore("momentum");
  attributes_->integer("training_mode", 0, 0, 0, 14);
  attributes_->integer("spatial", 1, 1, 1);
  const auto channels = static_cast<size_t>(x.shape[1]);
  std::vector<float> factor, summand;
  for (int i = 1; i < 5; ++i) {
    if (constant(i).reals.size() != channels) {
      refuse("input " + number(i + 1) + " of the shape " + to_string(constant(i).shape),
             number(channels) + " real numbers, one for each channel");
    }
  }
  const Tensor scale = constant(1);
  const Tensor shift = constant(2);
  const Tensor mean = constant(3);
  const Tensor variance = constant(4);
  for (size_t c = 0; c < channels; ++c) {
    const double by = scale.reals[c] / std::sqrt(variance.reals[c] + epsilon);
    factor.push_back(static_cast<float>(by));
    summand.push_back(static_cast<float>(shift.reals[c] - mean.reals[c] * by));
  }
  Shape shape(x.shape.size() - 1, 1);
  shape[0] = x.shape[1];
  const Value product = with_constant(Op::kMul, x, make_reals(shape, std::move(factor)));
  bind(with_constant(Op::kAdd, product, make_reals(shape, std::move(summand))));
}

void Importer::read_pad() {
  const bool as_inputs = opset_ >= 11;
  expect_inputs(as_inputs ? 2 : 1, as_inputs ? 4 : 1);
  Value x = value(0);
  const std::string mode = attributes_->text("mode", "constant");
  const bool edge = mode == "edge";
  const bool wraps = mode == "wrap";
  if (!edge && !wraps && mode != "constant" && mode != "reflect") {
    refuse("attribute 'mode' is " + quoted(mode), "constant, edge, reflect, wrap");
  }
  const std::optional<Shape> given = numbers("pads", 1, 11);
  if (!given) refuse("no pads");
  const float fill = as_inputs ? (has_input(2) ? scalar(2) : 0) : attributes_->real("value", 0);
  const size_t rank = x.shape.size();
  Shape axes(rank);
  std::iota(axes.begin(), axes.end(), 0);
  if (has_input(3)) axes = numbers(3);
  if (given->size() != 2 * axes.size()) {
    refuse(number(given->size()) + " pads for " + number(axes.size()) + " dimensions");
  }
  Shape begins(rank), ends(rank), starts, stops, cut;
  for (size_t i = 0; i < axes.size(); ++i) {
    const size_t d = normal_axis(axes[i], rank);
    begins[d] = (*given)[i];
    ends[d] = (*given)[i + axes.size()];
    if (std::abs(begins[d]) > kMaxSize || std::abs(ends[d]) > kMaxSize) {
      refuse("pads " + to_string(*given));
    }
    // Negative ones take away.
    cut.push_back(static_cast<int64_t>(d));
    starts.push_back(std::max<int64_t>(0, -begins[d]));
    stops.push_back(std::max<int64_t>(0, x.shape[d] - std::max<int64_t>(0, -ends[d])));
    begins[d] = std::max<int64_t>(0, begins[d]);
    ends[d] = std::max<int64_t>(0, ends[d]);
  }
  x = slice(x, normal_slices(x.shape, starts, stops, &cut, nullptr));
  Shape shape;
  for (size_t d = 0; d < rank; ++d) shape.push_back(x.shape[d] + begins[d] + ends[d]);
  if (shape == x.shape) return bind(x);
  if (mode != "constant") {
    // Elements of the input once more.
    for (size_t d = 0; d < rank; ++d) {
      const int64_t last = x.shape[d] - 1;
      if (mode == "reflect" && std::max(begins[d], ends[d]) > last) {
        refuse("pads " + to_string(*given) + " of an input of the shape " + to_string(x.shape),
               "fewer than there are elements");
      }
      if (begins[d] + ends[d] == 0) continue;
      if (begins[d] + ends[d] > 1024) refuse("pads " + to_string(*given));
      Shape indices;
      for (int64_t i = -begins[d]; i <= last + ends[d]; ++i) {
        indices.push_back(edge       ? std::clamp<int64_t>(i, 0, last)
                          : wraps    ? ((i % (last + 1)) + last + 1) % (last + 1)
                          : i < 0    ? -i
                          : i > last ? 2 * last - i
                                     : i);
      }
      x = pick(x, d, indices);
    }
    return bind(x);
  }
  const bool extra = needs_extra(shape) || x.extra;
  Node node = make(Op::kPad);
  node.alpha = fill;
  Shape full = x.shape;
  if (extra) {
    full.insert(full.begin(), 1);
    begins.insert(begins.begin(), 0);
    ends.insert(ends.begin(), 0);
  }
  node.shape = begins;
  node.shape.insert(node.shape.end(), ends.begin(), ends.end());
  node.inputs = {in_shape(x, full)};
  bind(view(push(std::move(node), shape, extra), shape));
}

}  // namespace sparsys::onnx_import
