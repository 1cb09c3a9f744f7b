// SPDX-License-Identifier: Apache-2.0
#include "golden/format/tflite/importer.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "golden/base/error.hpp"
#include "golden/base/input_file.hpp"
#include "golden/base/text.hpp"
#include "golden/format/container.hpp"
#include "golden/network/check.hpp"

namespace sparsys {
namespace tflite {
namespace {

constexpr size_t kMaxWeights = size_t{1} << 28;  // of a network, as read
constexpr size_t kAlignment = 16;

std::string text_of(const std::vector<int64_t>& shape) {
  std::string text = "[";
  for (const int64_t size : shape) text += (text.size() > 1 ? ", " : "") + number(size);
  return text + "]";
}

bool is_byte(TensorType type) { return type == TensorType::INT8 || type == TensorType::UINT8; }

}  // namespace

std::string Importer::place() const {
  return name_ + ": operator " + number(op_index_ + 1) + " (" + name_of(op_->code) + ")";
}

void Importer::fail(const std::string& what, const std::string& supported) const {
  sparsys::fail(place(), what + (supported.empty() ? "" : "; supported: " + supported));
}

int32_t Importer::input(size_t i) const {
  if (!has_input(i)) fail("input " + number(i + 1) + " is missing");
  return op_->inputs[i];
}

void Importer::expect_inputs(size_t least, size_t most) const {
  const size_t found = op_->inputs.size();
  if (found < least || found > most) {
    fail(number(found) + " inputs",
         number(least) + (least == most ? "" : " to " + number(most)) + " inputs");
  }
}

mxu::Value Importer::value_of(int32_t index) const {
  const FileTensor& t = tensor(index);
  const std::string what = "tensor '" + t.name + "'";
  if (!is_byte(t.type)) fail(what + " has elements of type " + name_of(t.type), "INT8 and UINT8");
  if (t.quantisation.scale.size() != 1) {
    fail(what + " has " + number(t.quantisation.scale.size()) + " scales", "values with one scale");
  }
  const std::vector<int64_t>& shape = t.shape;
  if (shape.size() < 2 || shape.size() > 4 || shape[0] != 1) {
    fail(what + " has the shape " + text_of(shape),
         "[1, height, width, channels], [1, width, channels] and [1, size], one sample at a time");
  }
  if (t.elements > kMaxVector) {
    fail(what + " has " + number(t.elements) + " elements", "at most " + number(kMaxVector));
  }
  mxu::Value value;
  value.channels = static_cast<uint32_t>(shape.back());
  if (shape.size() > 2) value.width = static_cast<uint32_t>(shape[shape.size() - 2]);
  if (shape.size() > 3) value.height = static_cast<uint32_t>(shape[1]);
  value.scale = t.quantisation.scale[0];
  const int64_t first = t.type == TensorType::UINT8 ? 0 : -128;
  const int64_t zero = t.quantisation.zero[0];
  if (zero < first || zero > first + 255) {
    fail(what + " has the zero point " + number(zero), "those of its type");
  }
  value.zero = static_cast<int8_t>(zero - first - 128);
  return value;
}

const Importer::Known& Importer::known(size_t i, bool padded) const {
  const int32_t index = input(i);
  const Known& found = known_[static_cast<size_t>(index)];
  const std::string what = "input " + number(i + 1) + ", '" + tensor(index).name + "',";
  if (found.value == Known::kNone) {
    if (tensor(index).data != nullptr) fail(what + " is a constant", "values that are computed");
    fail(what + " is made by no operator before this one");
  }
  if (found.outside)
    fail(what + " is no value of bytes", "floating-point numbers at the ends only");
  if (!padded && found.pad != std::array<uint32_t, 4>{}) {
    fail(what + " is padded", "PAD in front of convolutions");
  }
  return found;
}

std::vector<int64_t> Importer::integers(size_t i, bool wide) const {
  const FileTensor& t = tensor(input(i));
  const bool long_ones = wide && t.type == TensorType::INT64;
  if (t.data == nullptr || (t.type != TensorType::INT32 && !long_ones)) {
    fail("input " + number(i + 1) + ", '" + t.name + "', is no constant of type INT32" +
         (wide ? " or INT64" : ""));
  }
  constexpr size_t kMost = 64;  // of a shape, axes or paddings
  if (t.elements > kMost) fail("'" + t.name + "' has " + number(t.elements) + " numbers");
  std::vector<int64_t> values;
  for (size_t e = 0; e < t.elements; ++e) {
    int32_t narrow = 0;
    int64_t found = 0;
    if (long_ones) {
      std::memcpy(&found, t.data + e * sizeof found, sizeof found);
    } else {
      std::memcpy(&narrow, t.data + e * sizeof narrow, sizeof narrow);
      found = narrow;
    }
    values.push_back(found);
  }
  return values;
}

void Importer::count_weights(size_t count) const {
  taken_ += count;
  if (taken_ > kMaxWeights) fail("more than " + number(kMaxWeights) + " weights in a network");
}

std::vector<int8_t> Importer::weights(size_t i) const {
  const FileTensor& t = tensor(input(i));
  const std::string what = "weights '" + t.name + "'";
  if (!is_byte(t.type)) fail(what + " are of type " + name_of(t.type), "INT8 and UINT8");
  if (t.data == nullptr) fail(what + " are not constant", "constant weights");
  count_weights(t.elements);
  if (t.quantisation.scale.empty()) fail(what + " have no scale");
  const int64_t zero = t.quantisation.zero[0];
  for (const int64_t other : t.quantisation.zero) {
    if (other != zero) fail(what + " have zero points that differ", "one zero point");
  }
  std::vector<int8_t> bytes(t.elements);
  for (size_t e = 0; e < bytes.size(); ++e) {
    const int64_t stored =
        t.type == TensorType::UINT8 ? int64_t{t.data[e]} : int64_t{static_cast<int8_t>(t.data[e])};
    // Exact if what is left is a signed byte; it always is for zero point 0, or 128 if unsigned.
    if (stored - zero < -128 || stored - zero > 127) {
      fail(what + ": " + number(stored) + " less the zero point " + number(zero) +
               " is no signed byte",
           "zero point 0, or 128 of unsigned weights");
    }
    bytes[e] = static_cast<int8_t>(stored - zero);
  }
  return bytes;
}

std::vector<int32_t> Importer::bias(size_t i, uint32_t outputs) const {
  std::vector<int32_t> values(outputs);
  if (!has_input(i)) return values;
  const FileTensor& t = tensor(input(i));
  if (t.type != TensorType::INT32 || t.data == nullptr) {
    fail("bias '" + t.name + "' is no constant of type INT32", "constant 32-bit biases");
  }
  if (t.elements != outputs) {
    fail("bias '" + t.name + "' has " + number(t.elements) + " elements, expected " +
         number(outputs));
  }
  std::memcpy(values.data(), t.data, values.size() * sizeof values[0]);
  return values;
}

std::vector<int8::Fixed> Importer::factors(const FileTensor& weights, int64_t axis,
                                           uint32_t outputs) const {
  const std::vector<float>& scales = weights.quantisation.scale;
  if (scales.size() > 1 && (weights.quantisation.axis != axis || scales.size() != outputs)) {
    fail("weights '" + weights.name + "' have " + number(scales.size()) +
             " scales along dimension " + number(weights.quantisation.axis),
         "one scale, or one for each output");
  }
  const double in = double{value(0).scale};
  const double out = double{value_of(output()).scale};
  std::vector<int8::Fixed> factors;
  for (uint32_t o = 0; o < outputs; ++o) {
    factors.push_back(
        int8::fixed_point(in * double{scales[scales.size() > 1 ? o : 0]} / out, place()));
  }
  return factors;
}

mxu::Layer Importer::start(mxu::Kind kind, std::vector<uint32_t> sources) const {
  mxu::Layer layer = builder_.start(kind, std::move(sources), value_of(output()));
  layer.rounding = mxu::Rounding::kDouble;
  return layer;
}

void Importer::define(mxu::Layer layer, Activation activation) {
  // As the kernels have it: a quotient of 32-bit floats, rounded half away from zero.
  const auto step = [&](float x) {
    const double steps = std::round(double{x / layer.output_scale});
    return static_cast<int8_t>(std::clamp(layer.output_zero + steps, -128.0, 127.0));
  };
  switch (activation) {
    case Activation::NONE:
      break;
    case Activation::RELU:
      layer.low = std::max(layer.low, step(0));
      break;
    case Activation::RELU6:
      layer.low = std::max(layer.low, step(0));
      layer.high = std::min(layer.high, step(6));
      break;
    case Activation::RELU_N1_TO_1:
      layer.low = std::max(layer.low, step(-1));
      layer.high = std::min(layer.high, step(1));
      break;
    default:
      fail("activation number " + number(static_cast<int>(activation)), "NONE, RELU and RELU6");
  }
  layer.name = tensor(output()).name;
  const mxu::Value made = builder_.value(rename(builder_.add(std::move(layer), place())).value);
  if (made.size() != tensor(output()).elements) {
    fail("its output '" + tensor(output()).name + "' is declared as " +
         text_of(tensor(output()).shape) + ", but what it makes is [1, " + number(made.height) +
         ", " + number(made.width) + ", " + number(made.channels) + "]");
  }
}

Importer::Known& Importer::rename(uint32_t value) {
  Known& known = known_[static_cast<size_t>(output())];
  known.value = value;
  return known;
}

bool Importer::is_last() const {
  int32_t made = output();
  for (size_t o = op_index_ + 1; made != file_.output && o < file_.operators.size(); ++o) {
    const FileOperator& next = file_.operators[o];
    if (next.inputs != std::vector<int32_t>{made}) return false;
    if (next.code != BuiltinOperator::QUANTIZE && next.code != BuiltinOperator::DEQUANTIZE) {
      return false;
    }
    made = next.outputs.at(0);
  }
  return made == file_.output;
}

void Importer::read_input() {
  const FileTensor& t = tensor(file_.input);
  Known& known = known_[static_cast<size_t>(file_.input)];
  known.value = 0;
  // Of a floating-point number QUANTIZE tells what it is here.
  known.outside = t.type == TensorType::FLOAT32;
  if (file_.operators.empty()) sparsys::fail(name_, "no operators");
  op_ = &file_.operators[0];
  if (!known.outside) builder_.set_input(value_of(file_.input));
}

mxu::Network Importer::run() {
  read_input();
  for (op_index_ = 0; op_index_ < file_.operators.size(); ++op_index_) {
    op_ = &file_.operators[op_index_];
    if (op_->outputs.size() != 1) fail(number(op_->outputs.size()) + " outputs", "one output");
    if (known_[static_cast<size_t>(output())].value != Known::kNone ||
        tensor(output()).data != nullptr) {
      fail("its output '" + tensor(output()).name + "' is made twice");
    }
    read_operator();
  }
  const Known& last = known_[static_cast<size_t>(file_.output)];
  const std::string what = "output '" + tensor(file_.output).name + "'";
  if (last.value == Known::kNone) sparsys::fail(name_, what + " is made by no operator");
  if (last.value == 0 || last.pad != std::array<uint32_t, 4>{}) {
    sparsys::fail(name_, what + " is no value that is computed");
  }
  const mxu::Value in = builder_.value(0);
  mxu::Network network = builder_.finish(last.value, name_);
  network.name = file_.graph.empty() ? "main" : file_.graph;
  network.origin = ".tflite file" + (file_.origin.empty() ? "" : ": " + file_.origin);
  if (last.left_out) network.origin += "; without the function at its end";
  // Pixel p is the byte p - 128 here, p in a file whose bytes are unsigned.
  network.pixel_scale = options_.pixel_scale.value_or(in.scale);
  network.pixel_offset =
      options_.pixel_offset.value_or(in.scale * static_cast<float>(-128 - in.zero));
  return network;
}

std::vector<int8_t> channels_first(const std::vector<int8_t>& weights, size_t outputs,
                                   std::array<size_t, 2> kernel, size_t channels) {
  std::vector<int8_t> made(weights.size());
  const size_t taps = kernel[0] * kernel[1];
  const int8_t* from = weights.data();
  for (size_t o = 0; o < outputs; ++o) {
    for (size_t t = 0; t < taps; ++t) {
      for (size_t c = 0; c < channels; ++c) made[(o * channels + c) * taps + t] = *from++;
    }
  }
  return made;
}

}  // namespace tflite

bool is_tflite(const std::string& path) {
  InputFile file(path);
  std::array<uint8_t, 8> head{};
  if (file.size() < head.size()) return false;
  file.read(head.data(), head.size());
  return std::memcmp(head.data() + 4, "TFL3", 4) == 0;
}

mxu::Network tflite_from_bytes(const uint8_t* data, size_t size, const std::string& name,
                               const Int8ImportOptions& options) {
  // The reader wants numbers where they are aligned in memory, which a caller's may not be.
  std::vector<std::max_align_t> copy(size / sizeof(std::max_align_t) + 1);
  static_assert(alignof(std::max_align_t) >= tflite::kAlignment, "operator new aligns to it");
  auto* const bytes = reinterpret_cast<uint8_t*>(copy.data());
  if (size != 0) std::memcpy(bytes, data, size);
  const tflite::File file = tflite::read_file(bytes, size, name);
  return tflite::Importer(file, name, options).run();
}

mxu::Network import_tflite(const std::string& path, const Int8ImportOptions& options) {
  InputFile file(path);
  if (file.size() > kMaxModelBytes) {
    fail(file.name(), number(file.size()) + " bytes, expected at most " + number(kMaxModelBytes));
  }
  std::vector<uint8_t> bytes(file.size());
  file.read(bytes.data(), bytes.size());
  return tflite_from_bytes(bytes.data(), bytes.size(), file.name(), options);
}

}  // namespace sparsys
