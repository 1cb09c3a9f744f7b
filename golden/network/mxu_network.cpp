// SPDX-License-Identifier: Apache-2.0
#include "golden/network/mxu_network.hpp"

#include <algorithm>
#include <cmath>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/network/check.hpp"

namespace sparsys::mxu {
namespace {

constexpr uint32_t kMaxSide = 65535;
constexpr uint32_t kMaxStep = 255;

uint32_t positions(uint32_t size, uint32_t before, uint32_t behind, uint32_t kernel,
                   uint32_t stride) {
  return (size + before + behind - kernel) / stride + 1;
}

// Number of positions of a window along one side that is sound.
uint32_t check_side(uint32_t size, const Window& window, size_t side, bool part_inside,
                    const std::string& name, const std::string& what) {
  const uint32_t kernel = window.kernel[side];
  const uint32_t before = window.pad[side];
  const uint32_t behind = window.pad[side + 2];
  check_range(kernel, 1, kMaxSide, name, (what + " window").c_str());
  check_range(window.stride[side], 1, kMaxStep, name, (what + " stride").c_str());
  check_range(before, 0, kMaxSide, name, (what + " padding").c_str());
  check_range(behind, 0, kMaxSide, name, (what + " padding").c_str());
  if (uint64_t{size} + before + behind < kernel) {
    fail(name, what + " window " + number(kernel) + " is larger than the padded map");
  }
  const uint32_t count = positions(size, before, behind, kernel, window.stride[side]);
  check_range(count, 1, kMaxSide, name, (what + " output").c_str());
  if (part_inside &&
      (before >= kernel || uint64_t{count - 1} * window.stride[side] >= uint64_t{size} + before)) {
    fail(name, what + " window has no part of the map in it");
  }
  return count;
}

void check_scale(float scale, const std::string& name, const char* what) {
  if (!(scale > 0) || !std::isfinite(scale)) {
    fail(name, std::string(what) + " is not positive and finite");
  }
}

std::string shape_of(uint32_t channels, uint32_t height, uint32_t width) {
  return number(channels) + " x " + number(height) + " x " + number(width);
}

}  // namespace

const char* to_string(Function function) {
  switch (function) {
    case Function::kRelu:
      return "relu";
    case Function::kSigmoid:
      return "sigmoid";
    case Function::kTanh:
      return "tanh";
    default:
      return "identity";
  }
}

const char* to_string(Pooling pooling) {
  switch (pooling) {
    case Pooling::kMax:
      return "max";
    case Pooling::kAverage:
      return "average";
    default:
      return "none";
  }
}

uint32_t Layer::conv_height() const {
  return positions(height, window.pad[0], window.pad[2], window.kernel[0], window.stride[0]);
}

uint32_t Layer::conv_width() const {
  return positions(width, window.pad[1], window.pad[3], window.kernel[1], window.stride[1]);
}

uint32_t Layer::out_height() const {
  return positions(conv_height(), pool.pad[0], pool.pad[2], pool.kernel[0], pool.stride[0]);
}

uint32_t Layer::out_width() const {
  return positions(conv_width(), pool.pad[1], pool.pad[3], pool.kernel[1], pool.stride[1]);
}

bool Layer::fully_connected() const {
  return window.kernel[0] == height && window.kernel[1] == width &&
         window.pad == std::array<uint32_t, 4>{};
}

std::array<int8_t, 256> pixel_bytes(const Network& network) {
  const Layer& first = network.layers.front();
  std::array<int8_t, 256> bytes{};
  for (size_t p = 0; p < bytes.size(); ++p) {
    const double x =
        static_cast<double>(p) * double{network.pixel_scale} + double{network.pixel_offset};
    const double q = std::floor(x / double{first.input_scale} + 0.5) + first.input_zero;
    bytes[p] = static_cast<int8_t>(std::clamp(q, -128.0, 127.0));
  }
  return bytes;
}

void check(const Layer& layer, const std::string& name) {
  check_text(layer.name, false, name, "its name");
  check_range(layer.channels, 1, kMaxVector, name, "number of channels");
  check_range(layer.height, 1, kMaxSide, name, "height");
  check_range(layer.width, 1, kMaxSide, name, "width");
  check_range(layer.outputs, 1, kMaxVector, name, "number of outputs");
  check_range(static_cast<int64_t>(layer.inputs()), 1, kMaxVector, name, "number of inputs");
  const uint64_t conv_h = check_side(layer.height, layer.window, 0, true, name, "vertical");
  const uint64_t conv_w = check_side(layer.width, layer.window, 1, true, name, "horizontal");
  check_range(static_cast<int64_t>(layer.outputs * conv_h * conv_w), 1, kMaxVector, name,
              "size of the result");
  if (layer.function > Function::kTanh) fail(name, "unknown function");
  if (layer.pooling > Pooling::kAverage) fail(name, "unknown pooling");
  const Window& pool = layer.pool;
  check_side(static_cast<uint32_t>(conv_h), pool, 0, true, name, "vertical pooling");
  check_side(static_cast<uint32_t>(conv_w), pool, 1, true, name, "horizontal pooling");
  check_range(pool.kernel[0], 1, kMaxStep, name, "vertical pooling window");
  check_range(pool.kernel[1], 1, kMaxStep, name, "horizontal pooling window");
  const bool padded = pool.pad != std::array<uint32_t, 4>{};
  if (layer.pooling == Pooling::kNone && (padded || pool.kernel != std::array<uint32_t, 2>{1, 1} ||
                                          pool.stride != std::array<uint32_t, 2>{1, 1})) {
    fail(name, "a pooling window without pooling");
  }
  if (layer.pooling == Pooling::kAverage) {
    if (padded) fail(name, "average pooling with padding");
    check_range(int64_t{pool.kernel[0]} * pool.kernel[1], 1, 255, name,
                "number of values of an average");
  }
  const uint64_t terms = uint64_t{layer.channels} * layer.window.kernel[0] * layer.window.kernel[1];
  check_range(static_cast<int64_t>(terms), 1, kMaxVector, name, "number of weights of an output");
  check_count(layer.weights.size(), terms * layer.outputs, name, "weights");
  check_count(layer.bias.size(), layer.outputs, name, "biases");
  check_count(layer.multiplier.size(), layer.outputs, name, "multipliers");
  check_count(layer.shift.size(), layer.outputs, name, "shifts");
  for (const uint8_t shift : layer.shift) check_range(shift, 0, 62, name, "shift");
  if (layer.low > layer.high) fail(name, "low is above high");
  check_scale(layer.input_scale, name, "scale of the input");
  check_scale(layer.output_scale, name, "scale of the output");
}

void check(const Network& network, const std::string& name) {
  check_text(network.name, false, name, "the network's name");
  check_text(network.origin, true, name, "its origin");
  check_layer_count(network.layers.size(), name);
  if (!std::isfinite(network.pixel_scale) || !std::isfinite(network.pixel_offset)) {
    fail(name, "scale or offset of pixels is not finite");
  }
  for (size_t l = 0; l < network.layers.size(); ++l) {
    const Layer& layer = network.layers[l];
    const std::string place = name + ": " + layer_name(l, layer.name);
    check(layer, place);
    if (l == 0) continue;
    const Layer& before = network.layers[l - 1];
    if (layer.channels != before.outputs || layer.height != before.out_height() ||
        layer.width != before.out_width()) {
      fail(place, "takes " + shape_of(layer.channels, layer.height, layer.width) +
                      ", but the layer before gives " +
                      shape_of(before.outputs, before.out_height(), before.out_width()));
    }
    if (layer.input_scale != before.output_scale || layer.input_zero != before.output_zero) {
      fail(place, "scale or zero point of its input is not that of the layer before");
    }
  }
}

}  // namespace sparsys::mxu
