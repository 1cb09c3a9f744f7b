// SPDX-License-Identifier: Apache-2.0
// A network in signed bytes, as the matrix unit runs it (docs/reference/mxu-format.md section 1): a
// chain of layers, each of them a convolution, requantisation to bytes, a function and a pooling.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace sparsys::mxu {

// The numbers of docs/reference/mxu-format.md sections 1 and 3.
enum class Function : uint8_t { kIdentity, kRelu, kSigmoid, kTanh };
enum class Pooling : uint8_t { kNone, kMax, kAverage };
const char* to_string(Function function);  // "identity", "relu", "sigmoid", "tanh"
const char* to_string(Pooling pooling);    // "none", "max", "average"

// A window that moves over a map: vertical before horizontal; pads are top, left, bottom, right.
struct Window {
  std::array<uint32_t, 2> kernel{1, 1};
  std::array<uint32_t, 2> stride{1, 1};
  std::array<uint32_t, 4> pad{};
};

// Maps of channels x height x width bytes; a vector has height and width 1. A fully connected layer
// is a convolution whose kernel is the whole map.
struct Layer {
  std::string name;
  uint32_t channels = 0;  // of the input
  uint32_t height = 1;
  uint32_t width = 1;
  uint32_t outputs = 0;         // channels of the output
  Window window;                // of the convolution
  std::vector<int8_t> weights;  // [outputs][channels][kernel h][kernel w]; zero point 0
  std::vector<int32_t> bias;    // per output; holds the input's zero point (section 1)
  std::vector<int32_t> multiplier;
  std::vector<uint8_t> shift;  // 0 to 62
  Function function = Function::kIdentity;
  Pooling pooling = Pooling::kNone;
  Window pool;  // without pooling all ones
  // A byte q stands for scale * (q - zero). Sigmoid and tanh take no notice of output zero, low and
  // high.
  float input_scale = 1;
  int8_t input_zero = 0;  // also what pads the map
  float output_scale = 1;
  int8_t output_zero = 0;
  int8_t low = -128;
  int8_t high = 127;

  // Sizes of the convolution's result and of what pooling makes of it. Of a sound layer.
  uint32_t conv_height() const;
  uint32_t conv_width() const;
  uint32_t out_height() const;
  uint32_t out_width() const;
  size_t inputs() const { return size_t{channels} * height * width; }
  size_t output_elements() const { return size_t{outputs} * out_height() * out_width(); }
  // Of one output value: channels x kernel.
  size_t terms() const { return size_t{channels} * window.kernel[0] * window.kernel[1]; }
  // Sums everything it is given, once.
  bool fully_connected() const;
};

struct Network {
  std::string name;
  std::string origin;
  // A pixel p of 0..255 stands for p * pixel_scale + pixel_offset.
  float pixel_scale = 1.0F / 256;
  float pixel_offset = 0;
  std::vector<Layer> layers;

  size_t input_size() const { return layers.front().inputs(); }
  size_t output_size() const { return layers.back().output_elements(); }
};

// What pixels 0..255 enter the first layer as: clamp(floor(x / input_scale + 1/2) + input_zero).
std::array<int8_t, 256> pixel_bytes(const Network& network);

// Throws Error "<name>: <place>: <what is wrong>" unless the network is sound: 1 to kMaxLayers
// layers; sizes 1 to 65535 and elements of a map up to kMaxVector; each layer takes what the one
// before gives, with the same scale and zero point; as many weights, biases, multipliers and shifts
// as sizes say; shifts 0 to 62; strides and pooling windows 1 to 255; every window has a part of
// the map in it, and one of an average has all of it in the map, and 255 values at most; low <=
// high; scales positive and finite; texts valid UTF-8.
void check(const Network& network, const std::string& name);
void check(const Layer& layer, const std::string& name);

}  // namespace sparsys::mxu
