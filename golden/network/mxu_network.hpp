// SPDX-License-Identifier: Apache-2.0
// A network in signed bytes, as the matrix unit runs it (docs/reference/mxu-format.md section 1): a
// graph of layers, each a convolution, pooling, sum, concatenation or reshape of values that stand
// before it.
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
enum class Rounding : uint8_t { kSingle, kDouble };
const char* to_string(Function function);  // "identity", "relu", "sigmoid", "tanh"
const char* to_string(Pooling pooling);    // "none", "max", "average"
const char* to_string(Rounding rounding);  // "single", "double"

// What a layer does. All but kConcat and kReshape end with requantisation and a function.
enum class Kind : uint8_t {
  kConvolution,  // weights, then requantisation, function, pooling
  kPool,    // of a value as it is: requantisation, function, pooling, each of which may be none
  kAdd,     // of two values of the same size, each with its scale: requantisation, function
  kConcat,  // channels of two or more values of one scale and zero point behind one another
  kReshape  // the same elements in the same order [channels][height][width]
};
const char* to_string(Kind kind);  // "convolution", "pool", "add", "concat", "reshape"

// A window that moves over a map: vertical before horizontal; pads are top, left, bottom, right.
struct Window {
  std::array<uint32_t, 2> kernel{1, 1};
  std::array<uint32_t, 2> stride{1, 1};
  std::array<uint32_t, 4> pad{};
  std::array<uint32_t, 2> dilation{1, 1};  // of convolutions only

  // Of the map: from the first tap to the last.
  uint32_t reach(size_t side) const { return (kernel[side] - 1) * dilation[side] + 1; }
};

// Maps of channels x height x width bytes; a vector has height and width 1. A fully connected layer
// is a convolution whose kernel is the whole map.
struct Layer {
  std::string name;
  Kind kind = Kind::kConvolution;
  // The values it takes: 0 is the network's input, l + 1 the output of layer l (from 0). Empty:
  // what the layer before gives. One; kAdd two, which may be the same; kConcat two or more.
  std::vector<uint32_t> sources;
  uint32_t channels = 0;  // of the input; kConcat: of the first
  uint32_t height = 1;
  uint32_t width = 1;
  uint32_t outputs = 0;  // channels of the output
  // Output o sums the channels / groups inputs of group o / (outputs / groups).
  uint32_t groups = 1;
  Window window;  // of the convolution; else all ones
  // [outputs][channels / groups][kernel h][kernel w]; zero point 0. kConvolution only.
  std::vector<int8_t> weights;
  // kConvolution: per output, holds the input's zero point (section 1). Else empty: it is the
  // input's zero point with the other sign, that of a sum 0.
  std::vector<int32_t> bias;
  // kConvolution: per output. kPool: one. kAdd: of the first input, of the second, of the sum.
  // Others: none.
  std::vector<int32_t> multiplier;
  std::vector<uint8_t> shift;  // 0 to 62
  Rounding rounding = Rounding::kSingle;
  Function function = Function::kIdentity;
  Pooling pooling = Pooling::kNone;  // kConvolution, kPool
  Window pool;                       // without pooling all ones
  // kPool without pooling: its pixels are that many lines and columns apart, between and behind
  // them are values of the input's zero point, whose sum is 0.
  std::array<uint32_t, 2> apart{1, 1};
  // kReshape: height and width of the result, whose channels are `outputs`.
  std::array<uint32_t, 2> map{1, 1};
  // A byte q stands for scale * (q - zero). Sigmoid and tanh take no notice of output zero, low and
  // high.
  float input_scale = 1;
  int8_t input_zero = 0;   // also what pads the map
  float second_scale = 1;  // kAdd: of the second input
  int8_t second_zero = 0;
  float output_scale = 1;
  int8_t output_zero = 0;
  int8_t low = -128;
  int8_t high = 127;

  // Sizes of what is requantised and of what pooling makes of it. Of a sound layer.
  uint32_t conv_height() const;
  uint32_t conv_width() const;
  uint32_t out_height() const;
  uint32_t out_width() const;
  size_t inputs() const { return size_t{channels} * height * width; }  // of the (first) input
  size_t output_elements() const { return size_t{outputs} * out_height() * out_width(); }
  // Of one output value: channels of its group x kernel.
  size_t terms() const { return size_t{channels} / groups * window.kernel[0] * window.kernel[1]; }
  // How many biases it has, and how many multipliers and shifts.
  size_t biases() const { return kind == Kind::kConvolution ? outputs : 0; }
  size_t factors() const;
  // Sums everything it is given, once.
  bool fully_connected() const;
};

// A value of a network: the input or what a layer gives.
struct Value {
  uint32_t channels = 0;
  uint32_t height = 1;
  uint32_t width = 1;
  float scale = 1;
  int8_t zero = 0;

  size_t size() const { return size_t{channels} * height * width; }
};

struct Network {
  std::string name;
  std::string origin;
  // A pixel p of 0..255 stands for p * pixel_scale + pixel_offset.
  float pixel_scale = 1.0F / 256;
  float pixel_offset = 0;
  // The first takes the network's input, which has the size, scale and zero point that it says; the
  // output is that of the last. Each takes values from before it.
  std::vector<Layer> layers;

  size_t input_size() const { return layers.front().inputs(); }
  size_t output_size() const { return layers.back().output_elements(); }
  // Numbers of the values that layer l takes, of a sound network.
  std::vector<uint32_t> sources_of(size_t l) const;
  // Value 0 is the input, l + 1 the output of layer l.
  Value value(size_t v) const;
};

// What a sample's value v enters the first layer as, with x = v * pixel_scale + pixel_offset:
// clamp(floor(x / input_scale + 1/2) + input_zero). And all values 0..255.
int8_t input_byte(const Network& network, float value);
std::array<int8_t, 256> pixel_bytes(const Network& network);

// Throws Error "<name>: <place>: <what is wrong>" unless the network is sound: 1 to kMaxLayers
// layers; sizes 1 to 65535 and elements of a map up to kMaxVector; each layer takes values from
// before it that have the size, scale and zero point it says; as many
// weights, biases, multipliers and shifts as its kind and sizes say; groups divide channels and
// outputs; shifts 0 to 62; strides, dilations and pooling windows 1 to 255; every window has a part
// of the map in it, and one of an average 255 values at most; low <= high; scales positive and
// finite; texts valid UTF-8.
void check(const Network& network, const std::string& name);
// Of a layer by itself.
void check(const Layer& layer, const std::string& name);

}  // namespace sparsys::mxu
