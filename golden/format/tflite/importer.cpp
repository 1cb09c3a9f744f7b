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

bool is_byte(TensorType type) { return type == TensorType::INT8 || type == TensorType::UINT8; }

}  // namespace

std::string text_of(const Dims& shape) {
  std::string text = "[";
  for (const int64_t size : shape) text += (text.size() > 1 ? ", " : "") + number(size);
  return text + "]";
}

size_t elements_of(const Dims& shape) {
  size_t elements = 1;
  for (const int64_t size : shape) elements *= static_cast<size_t>(size);
  return elements;
}

mxu::Value map_of(const Dims& shape) {
  mxu::Value value;
  value.channels = shape.empty() ? 1 : static_cast<uint32_t>(shape.back());
  const auto pixels = static_cast<uint32_t>(elements_of(shape)) / value.channels;
  value.height = shape.size() == 4 ? static_cast<uint32_t>(shape[0] * shape[1]) : 1;
  value.width = pixels / value.height;
  return value;
}

std::string Importer::place() const {
  return name_ + ": operator " + number(op_index_ + 1) + " (" + name_of(op_->code) + ")";
}

void Importer::fail(const std::string& what, const std::string& supported) const {
  sparsys::fail(place(),
                what + (supported.empty() ? "" : "; supported: " + supported) + int8::kWayOut);
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

mxu::Value Importer::scale_of(int32_t index) const {
  const FileTensor& t = tensor(index);
  const std::string what = "tensor '" + t.name + "'";
  if (!is_byte(t.type)) fail(what + " has elements of type " + name_of(t.type), "INT8 and UINT8");
  if (t.quantisation.scale.size() != 1) {
    fail(what + " has " + number(t.quantisation.scale.size()) + " scales", "values with one scale");
  }
  mxu::Value value;
  value.scale = t.quantisation.scale[0];
  const int64_t first = t.type == TensorType::UINT8 ? 0 : -128;
  const int64_t zero = t.quantisation.zero[0];
  if (zero < first || zero > first + 255) {
    fail(what + " has the zero point " + number(zero), "those of its type");
  }
  value.zero = static_cast<int8_t>(zero - first - 128);
  return value;
}

const Importer::Known& Importer::made(size_t i) const {
  const int32_t index = input(i);
  const Known& found = known_[static_cast<size_t>(index)];
  const std::string what = "input " + number(i + 1) + ", '" + tensor(index).name + "',";
  if (found.value == Known::kNone) {
    if (found.numbers || tensor(index).data != nullptr) {
      fail(what + " is a constant", "values that are computed");
    }
    fail(what + " is made by no operator before this one");
  }
  return found;
}

const Importer::Known& Importer::known(size_t i, bool padded) const {
  const Known& found = made(i);
  const std::string what = "input " + number(i + 1) + ", '" + tensor(input(i)).name + "',";
  if (found.outside) {
    fail(what + " is no value of bytes",
         "floating-point numbers at the ends and in functions of each element; convert with "
         "full integer quantisation");
  }
  if (!padded && found.pad != std::array<uint32_t, 4>{}) {
    fail(what + " is padded", "PAD in front of convolutions and poolings");
  }
  return found;
}

uint32_t Importer::map(size_t i, bool padded) {
  const Known& from = known(i, padded);
  const mxu::Value is = builder_.value(from.value);
  mxu::Value wanted = map_of(from.shape);
  if (is.channels == wanted.channels && is.height == wanted.height && is.width == wanted.width) {
    return from.value;
  }
  wanted.scale = is.scale;
  wanted.zero = is.zero;
  if (is.channels == wanted.channels) {
    mxu::Layer layer = builder_.start(mxu::Kind::kReshape, {from.value}, is);
    layer.map = {wanted.height, wanted.width};
    return add(std::move(layer), " (map)");
  }
  // Before anything takes the input it may have any shape.
  if (from.value == 0 && !builder_.has_layers() && is.channels == is.size()) {
    builder_.set_input(wanted);
    return 0;
  }
  fail("input " + number(i + 1) + ", '" + tensor(input(i)).name + "', of the shape " +
           text_of(from.shape) + " has pixels and channels that were others before: [1, " +
           number(is.height) + ", " + number(is.width) + ", " + number(is.channels) + "]",
       "maps to vectors in front of FULLY_CONNECTED, maps to maps of as many channels, and the "
       "input to a map");
}

std::optional<Numbers> Importer::numbers(size_t i) const {
  if (!has_input(i)) return std::nullopt;
  const Known& found = known_[static_cast<size_t>(input(i))];
  if (found.numbers) return found.numbers;
  const FileTensor& t = tensor(input(i));
  const bool wide = t.type == TensorType::INT64;
  constexpr size_t kMost = 64;  // of a shape, axes or paddings
  if (t.data == nullptr || (t.type != TensorType::INT32 && !wide) || t.elements > kMost) {
    return std::nullopt;
  }
  Numbers made{t.shape, {}};
  for (size_t e = 0; e < t.elements; ++e) {
    int32_t narrow = 0;
    int64_t value = 0;
    if (wide) {
      std::memcpy(&value, t.data + e * sizeof value, sizeof value);
    } else {
      std::memcpy(&narrow, t.data + e * sizeof narrow, sizeof narrow);
      value = narrow;
    }
    made.values.push_back(value);
  }
  return made;
}

std::vector<int64_t> Importer::integers(size_t i) const {
  const std::optional<Numbers> found = numbers(i);
  if (!found) {
    fail("input " + number(i + 1) + ", '" + tensor(input(i)).name + "', is unknown before it runs",
         "up to 64 constants of type INT32 or INT64, or what is computed of shapes");
  }
  return found->values;
}

std::vector<int64_t> Importer::axes(size_t i, size_t rank) const {
  std::vector<int64_t> found = integers(i);
  for (int64_t& axis : found) {
    axis += axis < 0 ? static_cast<int64_t>(rank) : 0;
    if (axis < 0 || axis >= static_cast<int64_t>(rank)) {
      fail("dimension " + number(axis) + " of " + number(rank));
    }
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
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

std::vector<int8::Fixed> Importer::factors(const FileTensor& weights, float in, int64_t axis,
                                           uint32_t outputs) const {
  const std::vector<float>& scales = weights.quantisation.scale;
  if (scales.size() > 1 && (weights.quantisation.axis != axis || scales.size() != outputs)) {
    fail("weights '" + weights.name + "' have " + number(scales.size()) +
             " scales along dimension " + number(weights.quantisation.axis),
         "one scale, or one for each output");
  }
  const double out = double{scale_of(output()).scale};
  std::vector<int8::Fixed> factors;
  for (uint32_t o = 0; o < outputs; ++o) {
    const double scale = double{scales[scales.size() > 1 ? o : 0]};
    factors.push_back(int8::fixed_point(double{in} * scale / out, place()));
  }
  return factors;
}

std::vector<int32_t> Importer::constant(size_t i, uint32_t channels) const {
  const FileTensor& t = tensor(input(i));
  const std::string what = "constant '" + t.name + "' of the shape " + text_of(t.shape);
  if (t.elements != 1 &&
      (t.elements != channels || t.shape.back() != static_cast<int64_t>(channels))) {
    fail(what + " beside " + number(channels) + " channels", "one number, or one for each channel");
  }
  const mxu::Value scale = scale_of(input(i));
  std::vector<int32_t> values(channels);
  for (size_t c = 0; c < values.size(); ++c) {
    const uint8_t stored = t.data[t.elements == 1 ? 0 : c];
    values[c] =
        (t.type == TensorType::UINT8 ? stored - 128 : static_cast<int8_t>(stored)) - scale.zero;
  }
  return values;
}

mxu::Layer Importer::start(mxu::Kind kind, std::vector<uint32_t> sources) const {
  mxu::Layer layer = builder_.start(kind, std::move(sources), scale_of(output()));
  layer.rounding = mxu::Rounding::kDouble;
  return layer;
}

uint32_t Importer::add(mxu::Layer layer, const char* part) {
  layer.name = tensor(output()).name + part;
  return builder_.add(std::move(layer), place());
}

void Importer::bound(mxu::Layer& layer, Activation activation) const {
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
}

Dims Importer::declared(Dims shape) const {
  const FileTensor& t = tensor(output());
  const bool free =
      std::any_of(t.signature.begin(), t.signature.end(), [](int64_t size) { return size < 0; });
  bool same = shape.size() == t.shape.size();
  if (same) {
    for (size_t d = 0; d < shape.size(); ++d) {
      same &= shape[d] == t.shape[d] || (d < t.signature.size() && t.signature[d] < 0);
    }
  } else if (!free && elements_of(shape) == t.elements) {
    return t.shape;
  }
  if (!same) {
    fail("its output '" + t.name + "' is declared as " + text_of(t.shape) +
         ", but what it makes is " + text_of(shape));
  }
  return shape;
}

void Importer::define(mxu::Layer layer, Activation activation, Dims shape) {
  bound(layer, activation);
  const uint32_t value = add(std::move(layer));
  if (shape.empty()) {
    const mxu::Value made = builder_.value(value);
    shape = {1, made.height, made.width, made.channels};
  }
  rename(value, std::move(shape));
}

Importer::Known& Importer::rename(uint32_t value, Dims shape) {
  Known& known = known_[static_cast<size_t>(output())];
  known.shape = declared(std::move(shape));
  known.value = value;
  return known;
}

bool Importer::is_last() const {
  int32_t made = output();
  for (size_t o = op_index_ + 1; made != file_.output && o < file_.operators.size(); ++o) {
    const FileOperator& next = file_.operators[o];
    const bool takes = std::find(next.inputs.begin(), next.inputs.end(), made) != next.inputs.end();
    if (!takes || next.code == BuiltinOperator::SHAPE) continue;
    switch (next.code) {
      case BuiltinOperator::QUANTIZE:
      case BuiltinOperator::DEQUANTIZE:
      case BuiltinOperator::RESHAPE:
      case BuiltinOperator::SQUEEZE:
      case BuiltinOperator::EXPAND_DIMS:
        made = next.outputs.at(0);
        break;
      default:
        return false;
    }
  }
  return made == file_.output;
}

void Importer::read_input() {
  const FileTensor& t = tensor(file_.input);
  Known& known = known_[static_cast<size_t>(file_.input)];
  known.value = 0;
  known.shape = t.shape;
  if (file_.operators.empty()) sparsys::fail(name_, "no operators");
  op_ = &file_.operators[0];
  if (t.shape.size() < 2 || t.shape.size() > 4 || t.shape[0] != 1) {
    fail("tensor '" + t.name + "' has the shape " + text_of(t.shape),
         "[1, height, width, channels], [1, width, channels] and [1, size], one sample at a time");
  }
  if (t.elements > kMaxVector) {
    fail("tensor '" + t.name + "' has " + number(t.elements) + " elements, expected at most " +
         number(kMaxVector));
  }
  // Of a floating-point number QUANTIZE tells what it is here.
  known.outside = t.type == TensorType::FLOAT32;
  mxu::Value value = known.outside ? mxu::Value{} : scale_of(file_.input);
  // Three dimensions may be a sequence of channels or a picture: what takes it will tell.
  const mxu::Value map = map_of(t.shape.size() == 4 ? t.shape : Dims{1, int64_t(t.elements)});
  value.channels = map.channels;
  value.height = map.height;
  value.width = map.width;
  builder_.set_input(value);
}

mxu::Network Importer::run() {
  read_input();
  for (op_index_ = 0; op_index_ < file_.operators.size(); ++op_index_) {
    op_ = &file_.operators[op_index_];
    if (op_->outputs.size() != 1) fail(number(op_->outputs.size()) + " outputs", "one output");
    const Known& before = known_[static_cast<size_t>(output())];
    if (before.value != Known::kNone || before.numbers || tensor(output()).data != nullptr) {
      fail("its output '" + tensor(output()).name + "' is made twice");
    }
    if (!fold()) read_operator();
  }
  const Known& last = known_[static_cast<size_t>(file_.output)];
  const std::string what = "output '" + tensor(file_.output).name + "'";
  if (last.value == Known::kNone) sparsys::fail(name_, what + " is made by no operator");
  if (last.value == 0 || last.pad != std::array<uint32_t, 4>{}) {
    sparsys::fail(name_, what + " is no value that is computed");
  }
  if (!last.plain) {
    sparsys::fail(name_, what +
                             " is a floating-point function of bytes; convert with "
                             "inference_output_type int8");
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
  const std::string ending = ".tflite";
  if (path.size() >= ending.size() &&
      path.compare(path.size() - ending.size(), ending.size(), ending) == 0) {
    return true;
  }
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
