// SPDX-License-Identifier: Apache-2.0
#include "golden/network/mxu_network.hpp"

#include <algorithm>
#include <cmath>

#include "golden/base/error.hpp"
#include "golden/base/input_value.hpp"
#include "golden/base/text.hpp"
#include "golden/network/check.hpp"
#include "golden/network/network.hpp"

namespace sparsys::mxu {
namespace {

constexpr uint32_t kMaxSide = 65535;
constexpr uint32_t kMaxStep = 255;

constexpr std::array<uint32_t, 2> kOnes{1, 1};

uint32_t positions(uint32_t size, const Window& window, size_t side) {
  return static_cast<uint32_t>(window_positions(size, window.kernel[side], window.stride[side],
                                                window.dilation[side], window.pad[side],
                                                window.pad[side + 2]));
}

bool moves(const Window& window) {
  return window.kernel != kOnes || window.stride != kOnes || window.dilation != kOnes ||
         window.pad != std::array<uint32_t, 4>{};
}

// Number of positions of a window along one side that is sound.
uint32_t check_side(uint32_t size, const Window& window, size_t side, bool part_inside,
                    const std::string& name, const std::string& what) {
  const uint32_t kernel = window.kernel[side];
  const uint32_t before = window.pad[side];
  const uint32_t behind = window.pad[side + 2];
  check_range(kernel, 1, kMaxSide, name, (what + " window").c_str());
  check_range(window.stride[side], 1, kMaxStep, name, (what + " stride").c_str());
  check_range(window.dilation[side], 1, kMaxStep, name, (what + " dilation").c_str());
  check_range(before, 0, kMaxSide, name, (what + " padding").c_str());
  check_range(behind, 0, kMaxSide, name, (what + " padding").c_str());
  const uint64_t reach = uint64_t{kernel - 1} * window.dilation[side] + 1;
  if (uint64_t{size} + before + behind < reach) {
    fail(name, what + " window " + number(reach) + " is larger than the padded map");
  }
  const uint32_t count = positions(size, window, side);
  check_range(count, 1, kMaxSide, name, (what + " output").c_str());
  if (part_inside &&
      !none_in_padding(count, size, kernel, window.stride[side], window.dilation[side], before)) {
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

std::string source_name(const Network& network, uint32_t v, size_t l) {
  if (v == 0) return "the network's input";
  return v == l ? "the layer before" : layer_name(v - 1, network.layers[v - 1].name);
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

const char* to_string(Rounding rounding) {
  return rounding == Rounding::kDouble ? "double" : "single";
}

const char* to_string(Kind kind) {
  switch (kind) {
    case Kind::kPool:
      return "pool";
    case Kind::kAdd:
      return "add";
    case Kind::kConcat:
      return "concat";
    case Kind::kReshape:
      return "reshape";
    default:
      return "convolution";
  }
}

uint32_t Layer::conv_height() const { return apart[0] * positions(height, window, 0); }
uint32_t Layer::conv_width() const { return apart[1] * positions(width, window, 1); }
uint32_t Layer::out_height() const {
  return kind == Kind::kReshape ? map[0] : positions(conv_height(), pool, 0);
}
uint32_t Layer::out_width() const {
  return kind == Kind::kReshape ? map[1] : positions(conv_width(), pool, 1);
}

size_t Layer::factors() const {
  switch (kind) {
    case Kind::kConvolution:
      return outputs;
    case Kind::kPool:
      return 1;
    case Kind::kAdd:
      return 3;
    default:
      return 0;
  }
}

bool Layer::fully_connected() const {
  return kind == Kind::kConvolution && groups == 1 && window.dilation == kOnes &&
         window.kernel[0] == height && window.kernel[1] == width &&
         window.pad == std::array<uint32_t, 4>{};
}

std::vector<uint32_t> Network::sources_of(size_t l) const {
  if (layers[l].sources.empty()) return {static_cast<uint32_t>(l)};
  return layers[l].sources;
}

Value Network::value(size_t v) const {
  if (v == 0) {
    const Layer& first = layers.front();
    return {first.channels, first.height, first.width, first.input_scale, first.input_zero};
  }
  const Layer& layer = layers[v - 1];
  return {layer.outputs, layer.out_height(), layer.out_width(), layer.output_scale,
          layer.output_zero};
}

int8_t input_byte(const Network& network, float value) {
  const Layer& first = network.layers.front();
  const double x = input_value(double{value}, network.pixel_scale, network.pixel_offset);
  const double q = round_half_up(x / double{first.input_scale}) + first.input_zero;
  return static_cast<int8_t>(std::clamp(q, -128.0, 127.0));
}

std::array<int8_t, 256> pixel_bytes(const Network& network) {
  std::array<int8_t, 256> bytes{};
  for (size_t p = 0; p < bytes.size(); ++p) bytes[p] = input_byte(network, static_cast<float>(p));
  return bytes;
}

namespace {

// What a layer of this kind has of weights, windows and parameters.
void check_convolution(const Layer& layer, const std::string& name) {
  check_range(layer.groups, 1, kMaxVector, name, "number of groups");
  if (layer.channels % layer.groups != 0 || layer.outputs % layer.groups != 0) {
    fail(name, number(layer.groups) + " groups do not divide " + number(layer.channels) +
                   " channels and " + number(layer.outputs) + " outputs");
  }
  const uint64_t terms =
      uint64_t{layer.channels / layer.groups} * layer.window.kernel[0] * layer.window.kernel[1];
  check_range(static_cast<int64_t>(terms), 1, kMaxVector, name, "number of weights of an output");
  check_count(layer.weights.size(), terms * layer.outputs, name, "weights");
}

void check_other(const Layer& layer, const std::string& name) {
  if (layer.groups != 1 || moves(layer.window)) fail(name, "a window or groups without weights");
  const size_t factors = layer.factors();
  check_count(layer.weights.size(), 0, name, "weights");
  if (layer.kind != Kind::kPool && layer.pooling != Pooling::kNone) {
    fail(name, std::string(to_string(layer.kind)) + " with a pooling");
  }
  if (factors != 0 && layer.outputs != layer.channels) {
    fail(name, number(layer.channels) + " channels become " + number(layer.outputs));
  }
  if (factors != 0) return;
  if (layer.function != Function::kIdentity || layer.low != -128 || layer.high != 127) {
    fail(name, std::string(to_string(layer.kind)) + " with a function");
  }
  if (layer.input_scale != layer.output_scale || layer.input_zero != layer.output_zero) {
    fail(name, std::string(to_string(layer.kind)) + " changes scale or zero point");
  }
}

void check_apart(const Layer& layer, const std::string& name) {
  if (layer.apart == kOnes) return;
  if (layer.kind != Kind::kPool || layer.pooling != Pooling::kNone) {
    fail(name, "pixels apart in another layer than one that takes a value as it is");
  }
  for (const uint32_t side : layer.apart) check_range(side, 1, kMaxStep, name, "pixels apart");
  check_range(int64_t{layer.height} * layer.apart[0], 1, kMaxSide, name, "height of the result");
  check_range(int64_t{layer.width} * layer.apart[1], 1, kMaxSide, name, "width of the result");
}

void check_poolings(const Layer& layer, const std::string& name) {
  const Window& pool = layer.pool;
  if (pool.dilation != kOnes) fail(name, "a pooling with a dilation");
  check_side(layer.conv_height(), pool, 0, true, name, "vertical pooling");
  check_side(layer.conv_width(), pool, 1, true, name, "horizontal pooling");
  check_range(pool.kernel[0], 1, kMaxStep, name, "vertical pooling window");
  check_range(pool.kernel[1], 1, kMaxStep, name, "horizontal pooling window");
  if (layer.pooling == Pooling::kNone && moves(pool)) {
    fail(name, "a pooling window without pooling");
  }
  if (layer.pooling == Pooling::kAverage) {
    check_range(int64_t{pool.kernel[0]} * pool.kernel[1], 1, 255, name,
                "number of values of an average");
  }
}

// That it takes what the values before it are.
void check_sources(const Network& network, size_t l, const std::string& place) {
  const Layer& layer = network.layers[l];
  const std::vector<uint32_t> sources = network.sources_of(l);
  const size_t least = layer.kind == Kind::kAdd || layer.kind == Kind::kConcat ? 2 : 1;
  const size_t most = layer.kind == Kind::kConcat ? kMaxLayers : least;
  check_range(static_cast<int64_t>(sources.size()), static_cast<int64_t>(least),
              static_cast<int64_t>(most), place, "number of inputs");
  uint64_t channels = 0;
  for (size_t s = 0; s < sources.size(); ++s) {
    if (sources[s] > l) {
      fail(place, "takes value " + number(sources[s]) + ", before it are 0 to " + number(l));
    }
    const Value value = network.value(sources[s]);
    channels += value.channels;
    const bool any_channels = layer.kind == Kind::kConcat && s > 0;
    if ((!any_channels && layer.channels != value.channels) || layer.height != value.height ||
        layer.width != value.width) {
      fail(place, "takes " + shape_of(layer.channels, layer.height, layer.width) + ", but " +
                      source_name(network, sources[s], l) + " gives " +
                      shape_of(value.channels, value.height, value.width));
    }
    const bool second = layer.kind == Kind::kAdd && s == 1;
    if ((second ? layer.second_scale : layer.input_scale) != value.scale ||
        (second ? layer.second_zero : layer.input_zero) != value.zero) {
      fail(place, "scale or zero point of its input is not that of " +
                      source_name(network, sources[s], l));
    }
  }
  if (layer.kind == Kind::kConcat && layer.outputs != channels) {
    fail(place, number(layer.outputs) + " channels, its inputs have " + number(channels));
  }
}

}  // namespace

void check(const Layer& layer, const std::string& name) {
  check_text(layer.name, false, name, "its name");
  if (layer.kind > Kind::kReshape) fail(name, "unknown kind");
  check_range(layer.channels, 1, kMaxVector, name, "number of channels");
  check_range(layer.height, 1, kMaxSide, name, "height");
  check_range(layer.width, 1, kMaxSide, name, "width");
  check_range(layer.outputs, 1, kMaxVector, name, "number of outputs");
  check_range(static_cast<int64_t>(layer.inputs()), 1, kMaxVector, name, "number of inputs");
  check_apart(layer, name);
  const uint64_t conv_h =
      uint64_t{layer.apart[0]} * check_side(layer.height, layer.window, 0, true, name, "vertical");
  const uint64_t conv_w =
      uint64_t{layer.apart[1]} * check_side(layer.width, layer.window, 1, true, name, "horizontal");
  check_range(static_cast<int64_t>(layer.outputs * conv_h * conv_w), 1, kMaxVector, name,
              "size of the result");
  if (layer.function > Function::kTanh) fail(name, "unknown function");
  if (layer.pooling > Pooling::kAverage) fail(name, "unknown pooling");
  if (layer.rounding > Rounding::kDouble) fail(name, "unknown rounding");
  check_poolings(layer, name);
  layer.kind == Kind::kConvolution ? check_convolution(layer, name) : check_other(layer, name);
  check_count(layer.bias.size(), layer.biases(), name, "biases");
  check_count(layer.multiplier.size(), layer.factors(), name, "multipliers");
  check_count(layer.shift.size(), layer.factors(), name, "shifts");
  if (layer.kind == Kind::kReshape) {
    check_range(layer.map[0], 1, kMaxSide, name, "height of the result");
    check_range(layer.map[1], 1, kMaxSide, name, "width of the result");
    check_count(uint64_t{layer.outputs} * layer.map[0] * layer.map[1], layer.inputs(), name,
                "elements of the result");
  } else if (layer.map != kOnes) {
    fail(name, "a size of the result without a reshape");
  }
  for (const uint8_t shift : layer.shift) check_range(shift, 0, 62, name, "shift");
  if (layer.low > layer.high) fail(name, "low is above high");
  check_scale(layer.input_scale, name, "scale of the input");
  check_scale(layer.second_scale, name, "scale of the second input");
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
    const std::string place = name + ": " + layer_name(l, network.layers[l].name);
    check(network.layers[l], place);
    check_sources(network, l, place);
  }
}

}  // namespace sparsys::mxu
