// SPDX-License-Identifier: Apache-2.0
#include "golden/format/model_file.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <initializer_list>
#include <limits>
#include <nlohmann/json.hpp>

#include "golden/base/atomic_file.hpp"
#include "golden/base/error.hpp"
#include "golden/base/input_file.hpp"
#include "golden/base/text.hpp"
#include "golden/network/check.hpp"

namespace sparsys {
namespace {

using nlohmann::json;
using Bytes = std::vector<uint8_t>;

constexpr uint8_t kMagic[8] = {0x89, 'S', 'P', 'A', 'R', 'S', 'Y', 'S'};
constexpr uint8_t kStoredMagic[4] = {0x89, 'S', 'P', 'S'};
constexpr uint32_t kVersion = 1;
constexpr size_t kHeaderSize = 28;
constexpr const char* kFullyConnected = "fully_connected";

// Bounds on a payload's structure. Its bulk is in byte strings; what is left is a few fields a
// layer, and parsing costs many times an item's size.
constexpr size_t kMaxDepth = 6;
constexpr size_t kMaxItems = 1U << 20;

// ---- little-endian numbers ----

template <typename T>
void put(T value, uint8_t* bytes) {
  for (size_t b = 0; b < sizeof(T); ++b) bytes[b] = static_cast<uint8_t>(value >> (8 * b));
}

template <typename T>
T get(const uint8_t* bytes) {
  T value = 0;
  for (size_t b = 0; b < sizeof(T); ++b) value = static_cast<T>(value | T{bytes[b]} << (8 * b));
  return value;
}

// The unsigned number of a number's size, which its bytes are taken from.
template <size_t size>
struct Bits;
template <>
struct Bits<1> {
  using type = uint8_t;
};
template <>
struct Bits<2> {
  using type = uint16_t;
};
template <>
struct Bits<4> {
  using type = uint32_t;
};
template <>
struct Bits<8> {
  using type = uint64_t;
};

template <typename T>
json to_bytes(const T* values, size_t count) {
  using Word = typename Bits<sizeof(T)>::type;
  Bytes bytes(count * sizeof(T));
  for (size_t i = 0; i < count; ++i) {
    Word word;
    std::memcpy(&word, &values[i], sizeof word);
    put(word, &bytes[i * sizeof word]);
  }
  return json::binary(std::move(bytes));
}

template <typename T>
void from_bytes(const Bytes& bytes, T* values) {
  using Word = typename Bits<sizeof(T)>::type;
  for (size_t i = 0; i < bytes.size() / sizeof(T); ++i) {
    const Word word = get<Word>(&bytes[i * sizeof word]);
    std::memcpy(&values[i], &word, sizeof word);
  }
}

// ---- header ----

struct Header {
  ModelKind kind = ModelKind::kFloat;
  uint64_t length = 0;
  uint32_t crc = 0;
};

// `file_size` is that of the whole file, of which `data` has at least the header if it is there.
Header read_header(const uint8_t* data, uint64_t file_size, ModelKind expected,
                   const std::string& name) {
  ModelKind found{};
  const auto beginning = static_cast<size_t>(std::min<uint64_t>(file_size, kHeaderSize));
  if (kind_from_header(data, beginning, found) && found != expected) {
    if (found == ModelKind::kOldFloat && expected == ModelKind::kFloat) {
      fail(name, "holds a float model as older versions wrote it: train again");
    }
    fail(name, std::string("holds a ") + to_string(found) + ", expected a " + to_string(expected));
  }
  if (file_size < kHeaderSize) {
    fail(name, "not a model file: " + number(file_size) + " bytes, expected at least " +
                   number(kHeaderSize));
  }
  if (!std::equal(std::begin(kMagic), std::end(kMagic), data)) {
    std::string found;
    for (size_t b = 0; b < sizeof kMagic; ++b)
      found += (b == 0 ? "" : " ") + hex(data[b], 2).substr(2);
    fail(name, "not a model file: begins with " + found + ", expected 89 53 50 41 52 53 59 53");
  }
  const auto version = get<uint32_t>(data + 8);
  if (version != kVersion) {
    fail(name, "header: version " + number(version) + ", expected " + number(kVersion));
  }
  const auto kind = get<uint32_t>(data + 12);
  if (kind < static_cast<uint32_t>(ModelKind::kOldFloat) ||
      kind > static_cast<uint32_t>(ModelKind::kQuantised)) {
    fail(name, "header: kind " + number(kind) +
                   ", expected 2 (compressed network), 3 (float model) or 4 (quantised network)");
  }
  Header header;
  header.kind = static_cast<ModelKind>(kind);
  header.length = get<uint64_t>(data + 16);
  header.crc = get<uint32_t>(data + 24);
  if (header.length != file_size - kHeaderSize) {
    fail(name, "header: payload length " + number(header.length) + ", but " +
                   number(file_size - kHeaderSize) + " bytes follow");
  }
  return header;
}

// ---- CBOR ----

// Walks over all items without recursion and without memory, so that the parser behind it, which
// has both, meets only what a model file can hold: definite lengths within the data, no tags, few
// levels and few items.
void check_cbor(const uint8_t* data, size_t size, const std::string& name) {
  size_t offset = 0;
  const auto fail_here = [&](const std::string& what) {
    fail(name, "payload byte " + number(offset) + ": " + what);
  };
  uint64_t left[kMaxDepth + 1] = {1};  // items to come, by level
  size_t depth = 0;
  size_t items = 0;
  while (true) {
    while (left[depth] == 0) {
      if (depth == 0) {
        if (offset != size) fail_here(number(size - offset) + " bytes behind the end");
        return;
      }
      --depth;
    }
    --left[depth];
    if (offset >= size) fail_here("ends early");
    if (++items > kMaxItems) fail_here("more than " + number(kMaxItems) + " items");
    const uint8_t first = data[offset];
    const unsigned major = first >> 5;
    const unsigned info = first & 31;
    if (info >= 28) fail_here("item " + hex(first, 2) + " has no definite length");
    const size_t extra = info < 24 ? 0 : size_t{1} << (info - 24);
    if (size - offset - 1 < extra) fail_here("ends early");
    uint64_t value = info;
    if (extra > 0) {
      value = 0;
      for (size_t b = 0; b < extra; ++b) value = value << 8 | data[offset + 1 + b];
    }
    const size_t rest = size - offset - 1 - extra;
    size_t next = offset + 1 + extra;
    switch (major) {
      case 0:
      case 1:
        break;
      case 2:
      case 3:
        if (value > rest) {
          fail_here("string of " + number(value) + " bytes, but " + number(rest) + " follow");
        }
        next += static_cast<size_t>(value);
        break;
      case 4:
      case 5:
        // Each item takes a byte at least.
        if (value > rest) {
          fail_here("list of " + number(value) + " items, but " + number(rest) + " bytes follow");
        }
        if (depth == kMaxDepth) fail_here("more than " + number(kMaxDepth) + " levels");
        left[++depth] = major == 4 ? value : 2 * value;
        break;
      case 7:
        // false, true, null and floating point.
        if (info < 20 || info == 23 || info == 24) {
          fail_here("item " + hex(first, 2) + " is not expected here");
        }
        break;
      default:
        fail_here("tags are not expected here");
    }
    offset = next;
  }
}

json parse_payload(const uint8_t* data, size_t size, const std::string& name) {
  check_cbor(data, size, name);
  try {
    return json::from_cbor(data, data + size);
  } catch (const json::exception& error) {
    fail(name, "payload: " + printable(error.what()));
  }
}

// The fields of one map, each of which must be there with the right type, and no others.
class Fields {
 public:
  Fields(const json& object, std::string place, std::initializer_list<const char*> names)
      : object_(object), place_(std::move(place)) {
    if (!object.is_object()) fail(place_, "expected a map, found " + type_of(object));
    for (const char* name : names) {
      if (!object.contains(name)) fail(place_, "field '" + std::string(name) + "' is missing");
    }
    if (object.size() == names.size()) return;
    for (const auto& item : object.items()) {
      const auto is_it = [&](const char* name) { return item.key() == name; };
      if (std::none_of(names.begin(), names.end(), is_it)) {
        fail(place_, "unknown field '" + printable(item.key()) + "'");
      }
    }
  }

  const json& value(const char* name) const { return *object_.find(name); }

  std::string text(const char* name) const {
    const json& found = value(name);
    if (!found.is_string()) wrong_type(name, "a text", found);
    return found.get_ref<const std::string&>();
  }

  bool flag(const char* name) const {
    const json& found = value(name);
    if (!found.is_boolean()) wrong_type(name, "true or false", found);
    return found.get<bool>();
  }

  int64_t integer(const char* name, int64_t least, int64_t largest) const {
    const json& found = value(name);
    if (!found.is_number_integer()) wrong_type(name, "an integer", found);
    const bool too_large =
        found.is_number_unsigned() &&
        found.get<uint64_t>() > static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
    const int64_t result = too_large ? largest : found.get<int64_t>();
    if (too_large || result < least || result > largest) {
      fail(place_, "field '" + std::string(name) + "' is " + printable(found.dump()) +
                       ", expected " + std::to_string(least) + " to " + std::to_string(largest));
    }
    return result;
  }

  uint32_t size(const char* name, uint32_t least = 0) const {
    return static_cast<uint32_t>(integer(name, least, kMaxVector));
  }

  float real(const char* name) const {
    const json& found = value(name);
    if (!found.is_number()) wrong_type(name, "a number", found);
    const double result = found.get<double>();
    if (!(std::abs(result) <= static_cast<double>(std::numeric_limits<float>::max()))) {
      fail(place_, "field '" + std::string(name) + "' is not finite as a 32-bit number");
    }
    return static_cast<float>(result);
  }

  // Sizes or places, all of them; how many is for others to judge.
  Shape shape(const char* name) const { return numbers<int64_t>(name, count<int64_t>(name)); }

  template <size_t size>
  std::array<int64_t, size> sizes(const char* name) const {
    const std::vector<int64_t> found = numbers<int64_t>(name, size);
    std::array<int64_t, size> values;
    std::copy_n(found.begin(), size, values.begin());
    return values;
  }

  const json::array_t& list(const char* name) const {
    const json& found = value(name);
    if (!found.is_array()) wrong_type(name, "a list", found);
    return found.get_ref<const json::array_t&>();
  }

  // A byte string of `count` numbers, checked before memory is taken for them.
  template <typename T>
  const Bytes& bytes(const char* name, uint64_t count) const {
    const Bytes& found = any_bytes<T>(name);
    if (found.size() != count * sizeof(T)) {
      fail(place_, "field '" + std::string(name) + "' has " + number(found.size()) +
                       " bytes, expected " + number(count * sizeof(T)));
    }
    return found;
  }

  template <typename T>
  std::vector<T> numbers(const char* name, uint64_t count) const {
    std::vector<T> values(static_cast<size_t>(bytes<T>(name, count).size() / sizeof(T)));
    from_bytes(bytes<T>(name, count), values.data());
    return values;
  }

  // How many numbers a byte string holds.
  template <typename T>
  uint64_t count(const char* name) const {
    const Bytes& found = any_bytes<T>(name);
    if (found.size() % sizeof(T) != 0) {
      fail(place_, "field '" + std::string(name) + "' has " + number(found.size()) +
                       " bytes, expected a multiple of " + number(sizeof(T)));
    }
    return found.size() / sizeof(T);
  }

  void expect_type() const {
    const std::string type = text("type");
    if (type != kFullyConnected) {
      fail(place_, "unknown layer type '" + printable(type) + "', expected '" +
                       std::string(kFullyConnected) + "'");
    }
  }

 private:
  template <typename T>
  const Bytes& any_bytes(const char* name) const {
    const json& found = value(name);
    if (!found.is_binary()) wrong_type(name, "a byte string", found);
    return found.get_binary();
  }

  static std::string type_of(const json& value) {
    if (value.is_object()) return "a map";
    if (value.is_array()) return "a list";
    if (value.is_string()) return "a text";
    if (value.is_binary()) return "a byte string";
    if (value.is_number()) return "a number";
    return value.is_boolean() ? "true or false" : "nothing";
  }

  [[noreturn]] void wrong_type(const char* name, const char* expected, const json& found) const {
    fail(place_,
         "field '" + std::string(name) + "' is " + type_of(found) + ", expected " + expected);
  }

  const json& object_;
  const std::string place_;
};

std::string layer_place(const std::string& name, size_t l) {
  return name + ": " + layer_name(l, "");
}

const json::array_t& layer_list(const Fields& fields, const std::string& name) {
  const json::array_t& layers = fields.list("layers");
  if (layers.empty() || layers.size() > kMaxLayers) {
    fail(name, number(layers.size()) + " layers, expected 1 to " + number(kMaxLayers));
  }
  return layers;
}

// ---- float models ----

json to_bytes(const Shape& shape) { return to_bytes(shape.data(), shape.size()); }

template <size_t size>
Shape sizes(const std::array<int64_t, size>& values) {
  return Shape(values.begin(), values.end());
}

json to_payload(const Network& network) {
  json nodes = json::array();
  for (const Node& node : network.nodes) {
    const Window& window = node.window;
    nodes.push_back({{"op", to_string(node.op)},
                     {"name", node.name},
                     {"inputs", node.inputs},
                     {"output", node.output},
                     {"kernel", to_bytes(sizes(window.kernel))},
                     {"stride", to_bytes(sizes(window.stride))},
                     {"dilation", to_bytes(sizes(window.dilation))},
                     {"pad", to_bytes(sizes(window.pad))},
                     {"ceil_mode", window.ceil_mode},
                     {"group", node.group},
                     {"alpha", node.alpha},
                     {"beta", node.beta},
                     {"trans_b", node.trans_b},
                     {"axis", node.axis},
                     {"shape", to_bytes(node.shape)}});
  }
  json parameters = json::array();
  for (const Parameter& parameter : network.parameters) {
    parameters.push_back({{"name", parameter.name},
                          {"shape", to_bytes(parameter.shape)},
                          {"values", to_bytes(parameter.values.data(), parameter.values.size())}});
  }
  return {{"name", network.name},
          {"origin", network.origin},
          {"input", network.input},
          {"input_shape", to_bytes(network.input_shape)},
          {"output", network.output},
          {"input_scale", network.input_scale},
          {"input_offset", network.input_offset},
          {"nodes", std::move(nodes)},
          {"parameters", std::move(parameters)}};
}

Op to_op(const std::string& text, const std::string& place) {
  for (size_t op = 0; op < kOps; ++op) {
    if (text == to_string(static_cast<Op>(op))) return static_cast<Op>(op);
  }
  fail(place, "unknown operator '" + printable(text) + "'");
}

Network to_float_network(const json& payload, const std::string& name) {
  const Fields fields(payload, name,
                      {"name", "origin", "input", "input_shape", "output", "input_scale",
                       "input_offset", "nodes", "parameters"});
  constexpr int64_t kAny = std::numeric_limits<int64_t>::max();
  Network network;
  network.name = fields.text("name");
  network.origin = fields.text("origin");
  network.input = fields.text("input");
  network.input_shape = fields.shape("input_shape");
  network.output = fields.text("output");
  network.input_scale = fields.real("input_scale");
  network.input_offset = fields.real("input_offset");
  for (const json& item : fields.list("nodes")) {
    const std::string place = name + ": node " + number(network.nodes.size() + 1);
    const Fields node_fields(
        item, place,
        {"op", "name", "inputs", "output", "kernel", "stride", "dilation", "pad", "ceil_mode",
         "group", "alpha", "beta", "trans_b", "axis", "shape"});
    Node node;
    node.op = to_op(node_fields.text("op"), place);
    node.name = node_fields.text("name");
    for (const json& input : node_fields.list("inputs")) {
      if (!input.is_string()) fail(place, "an input's name is not a text");
      node.inputs.push_back(input.get_ref<const std::string&>());
    }
    node.output = node_fields.text("output");
    node.window.kernel = node_fields.sizes<2>("kernel");
    node.window.stride = node_fields.sizes<2>("stride");
    node.window.dilation = node_fields.sizes<2>("dilation");
    node.window.pad = node_fields.sizes<4>("pad");
    node.window.ceil_mode = node_fields.flag("ceil_mode");
    node.group = node_fields.integer("group", -kAny, kAny);
    node.alpha = node_fields.real("alpha");
    node.beta = node_fields.real("beta");
    node.trans_b = node_fields.flag("trans_b");
    node.axis = node_fields.integer("axis", -kAny, kAny);
    node.shape = node_fields.shape("shape");
    network.nodes.push_back(std::move(node));
  }
  for (const json& item : fields.list("parameters")) {
    const std::string place = name + ": parameter " + number(network.parameters.size() + 1);
    const Fields parameter_fields(item, place, {"name", "shape", "values"});
    Parameter parameter;
    parameter.name = parameter_fields.text("name");
    parameter.shape = parameter_fields.shape("shape");
    parameter.values =
        parameter_fields.numbers<float>("values", parameter_fields.count<float>("values"));
    network.parameters.push_back(std::move(parameter));
  }
  check(network, name);
  return network;
}

// ---- compressed networks ----

json to_payload(const eie::Network& network) {
  json layers = json::array();
  for (const eie::Layer& layer : network.layers) {
    layers.push_back(
        {{"type", kFullyConnected},
         {"name", layer.name},
         {"inputs", layer.inputs},
         {"outputs", layer.outputs},
         {"constant_inputs", layer.constant_inputs},
         {"constant_outputs", layer.constant_outputs},
         {"relu", layer.relu},
         {"input_frac", layer.input_frac},
         {"weight_frac", layer.weight_frac},
         {"output_frac", layer.output_frac},
         {"codebook", to_bytes(layer.codebook.data(), layer.codebook.size())},
         {"column_start", to_bytes(layer.column_start.data(), layer.column_start.size())},
         {"row", to_bytes(layer.row.data(), layer.row.size())},
         {"code", to_bytes(layer.code.data(), layer.code.size())}});
  }
  return {
      {"name", network.name},
      {"origin", network.origin},
      {"input_constants", to_bytes(network.input_constants.data(), network.input_constants.size())},
      {"layers", std::move(layers)}};
}

eie::Network to_network(const json& payload, const std::string& name) {
  const Fields fields(payload, name, {"name", "origin", "input_constants", "layers"});
  eie::Network network;
  network.name = fields.text("name");
  network.origin = fields.text("origin");
  network.input_constants =
      fields.numbers<int16_t>("input_constants", fields.count<int16_t>("input_constants"));
  for (const json& item : layer_list(fields, name)) {
    const Fields layer_fields(
        item, layer_place(name, network.layers.size()),
        {"type", "name", "inputs", "outputs", "constant_inputs", "constant_outputs", "relu",
         "input_frac", "weight_frac", "output_frac", "codebook", "column_start", "row", "code"});
    layer_fields.expect_type();
    const auto frac = [&](const char* field) {
      return static_cast<int>(layer_fields.integer(field, -kMaxFrac, kMaxFrac));
    };
    eie::Layer layer;
    layer.name = layer_fields.text("name");
    layer.inputs = layer_fields.size("inputs", 1);
    layer.outputs = layer_fields.size("outputs", 1);
    layer.constant_inputs = layer_fields.size("constant_inputs");
    layer.constant_outputs = layer_fields.size("constant_outputs");
    layer.relu = layer_fields.flag("relu");
    layer.input_frac = frac("input_frac");
    layer.weight_frac = frac("weight_frac");
    layer.output_frac = frac("output_frac");
    from_bytes(layer_fields.bytes<int16_t>("codebook", layer.codebook.size()),
               layer.codebook.data());
    layer.column_start = layer_fields.numbers<uint64_t>("column_start", uint64_t{layer.inputs} + 1);
    const uint64_t nonzeros = layer_fields.count<uint32_t>("row");
    layer.row = layer_fields.numbers<uint32_t>("row", nonzeros);
    layer.code = layer_fields.numbers<uint8_t>("code", nonzeros);
    network.layers.push_back(std::move(layer));
  }
  check(network, name);
  return network;
}

// ---- quantised networks ----

json to_payload(const mxu::Network& network) {
  const auto sizes64 = [](const auto& values) { return Shape(values.begin(), values.end()); };
  json layers = json::array();
  for (const mxu::Layer& layer : network.layers) {
    layers.push_back({{"name", layer.name},
                      {"channels", layer.channels},
                      {"height", layer.height},
                      {"width", layer.width},
                      {"outputs", layer.outputs},
                      {"kernel", to_bytes(sizes64(layer.window.kernel))},
                      {"stride", to_bytes(sizes64(layer.window.stride))},
                      {"pad", to_bytes(sizes64(layer.window.pad))},
                      {"weights", to_bytes(layer.weights.data(), layer.weights.size())},
                      {"bias", to_bytes(layer.bias.data(), layer.bias.size())},
                      {"multiplier", to_bytes(layer.multiplier.data(), layer.multiplier.size())},
                      {"shift", to_bytes(layer.shift.data(), layer.shift.size())},
                      {"function", to_string(layer.function)},
                      {"pooling", to_string(layer.pooling)},
                      {"pool_kernel", to_bytes(sizes64(layer.pool.kernel))},
                      {"pool_stride", to_bytes(sizes64(layer.pool.stride))},
                      {"pool_pad", to_bytes(sizes64(layer.pool.pad))},
                      {"input_scale", layer.input_scale},
                      {"input_zero", layer.input_zero},
                      {"output_scale", layer.output_scale},
                      {"output_zero", layer.output_zero},
                      {"low", layer.low},
                      {"high", layer.high}});
  }
  return {{"name", network.name},
          {"origin", network.origin},
          {"pixel_scale", network.pixel_scale},
          {"pixel_offset", network.pixel_offset},
          {"layers", std::move(layers)}};
}

// A window's sizes; what they may be is for check() to judge, but they must fit their type.
template <size_t size>
void to_sizes(const Fields& fields, const char* name, const std::string& place,
              std::array<uint32_t, size>& sizes) {
  const std::array<int64_t, size> found = fields.sizes<size>(name);
  for (size_t i = 0; i < size; ++i) {
    if (found[i] < 0 || found[i] > kMaxVector) {
      fail(place, "field '" + std::string(name) + "' has " + std::to_string(found[i]) +
                      ", expected 0 to " + number(kMaxVector));
    }
    sizes[i] = static_cast<uint32_t>(found[i]);
  }
}

template <typename Kind>
Kind to_kind(const std::string& text, Kind last, const char* what, const std::string& place) {
  for (unsigned k = 0; k <= static_cast<unsigned>(last); ++k) {
    if (text == to_string(static_cast<Kind>(k))) return static_cast<Kind>(k);
  }
  fail(place, std::string("unknown ") + what + " '" + printable(text) + "'");
}

mxu::Network to_quantised(const json& payload, const std::string& name) {
  const Fields fields(payload, name, {"name", "origin", "pixel_scale", "pixel_offset", "layers"});
  mxu::Network network;
  network.name = fields.text("name");
  network.origin = fields.text("origin");
  network.pixel_scale = fields.real("pixel_scale");
  network.pixel_offset = fields.real("pixel_offset");
  for (const json& item : layer_list(fields, name)) {
    const std::string place = layer_place(name, network.layers.size());
    const Fields layer_fields(
        item, place,
        {"name",       "channels",     "height",      "width",       "outputs",    "kernel",
         "stride",     "pad",          "weights",     "bias",        "multiplier", "shift",
         "function",   "pooling",      "pool_kernel", "pool_stride", "pool_pad",   "input_scale",
         "input_zero", "output_scale", "output_zero", "low",         "high"});
    const auto byte = [&](const char* field) {
      return static_cast<int8_t>(layer_fields.integer(field, -128, 127));
    };
    mxu::Layer layer;
    layer.name = layer_fields.text("name");
    layer.channels = layer_fields.size("channels", 1);
    layer.height = layer_fields.size("height", 1);
    layer.width = layer_fields.size("width", 1);
    layer.outputs = layer_fields.size("outputs", 1);
    to_sizes(layer_fields, "kernel", place, layer.window.kernel);
    to_sizes(layer_fields, "stride", place, layer.window.stride);
    to_sizes(layer_fields, "pad", place, layer.window.pad);
    layer.weights = layer_fields.numbers<int8_t>("weights", layer_fields.count<int8_t>("weights"));
    layer.bias = layer_fields.numbers<int32_t>("bias", layer.outputs);
    layer.multiplier = layer_fields.numbers<int32_t>("multiplier", layer.outputs);
    layer.shift = layer_fields.numbers<uint8_t>("shift", layer.outputs);
    layer.function =
        to_kind(layer_fields.text("function"), mxu::Function::kTanh, "function", place);
    layer.pooling = to_kind(layer_fields.text("pooling"), mxu::Pooling::kAverage, "pooling", place);
    to_sizes(layer_fields, "pool_kernel", place, layer.pool.kernel);
    to_sizes(layer_fields, "pool_stride", place, layer.pool.stride);
    to_sizes(layer_fields, "pool_pad", place, layer.pool.pad);
    layer.input_scale = layer_fields.real("input_scale");
    layer.input_zero = byte("input_zero");
    layer.output_scale = layer_fields.real("output_scale");
    layer.output_zero = byte("output_zero");
    layer.low = byte("low");
    layer.high = byte("high");
    network.layers.push_back(std::move(layer));
  }
  check(network, name);
  return network;
}

// ---- containers ----

template <typename Model>
Bytes to_container(const Model& model, ModelKind kind) {
  check(model, "model '" + printable(model.name) + "'");
  Bytes bytes(kHeaderSize);
  json::to_cbor(to_payload(model), bytes);
  const size_t length = bytes.size() - kHeaderSize;
  if (bytes.size() > kMaxModelBytes) {
    fail("model '" + printable(model.name) + "'",
         number(bytes.size()) + " bytes, at most " + number(kMaxModelBytes) + " can be saved");
  }
  std::copy(std::begin(kMagic), std::end(kMagic), bytes.begin());
  put(kVersion, &bytes[8]);
  put(static_cast<uint32_t>(kind), &bytes[12]);
  put(uint64_t{length}, &bytes[16]);
  put(static_cast<uint32_t>(crc32_z(0, &bytes[kHeaderSize], length)), &bytes[24]);
  return bytes;
}

json open_container(const uint8_t* data, size_t size, ModelKind kind, const std::string& name) {
  const Header header = read_header(data, size, kind, name);
  const uint8_t* payload = data + kHeaderSize;
  const auto crc = static_cast<uint32_t>(crc32_z(0, payload, static_cast<size_t>(header.length)));
  if (crc != header.crc) {
    fail(name,
         "damaged: CRC-32 of the payload is " + hex(crc, 8) + ", expected " + hex(header.crc, 8));
  }
  return parse_payload(payload, static_cast<size_t>(header.length), name);
}

// The whole file, once its header says that it is one.
Bytes read_model(InputFile& file, ModelKind expected) {
  uint8_t header[kHeaderSize] = {};
  file.read(header, std::min<size_t>(kHeaderSize, static_cast<size_t>(file.size())));
  read_header(header, file.size(), expected, file.name());
  if (file.size() > kMaxModelBytes) {
    fail(file.name(), number(file.size()) + " bytes, expected at most " + number(kMaxModelBytes));
  }
  Bytes bytes(static_cast<size_t>(file.size()));
  std::copy(std::begin(header), std::end(header), bytes.begin());
  file.read(bytes.data() + kHeaderSize, bytes.size() - kHeaderSize);
  return bytes;
}

}  // namespace

const char* to_string(ModelKind kind) {
  switch (kind) {
    case ModelKind::kOldFloat:
      return "float model of an older version";
    case ModelKind::kCompressed:
      return "compressed network";
    case ModelKind::kQuantised:
      return "quantised network";
    case ModelKind::kStoredCompressed:
      return "stored engine network";
    case ModelKind::kStored:
      return "stored model";
    default:
      return "float model";
  }
}

Bytes model_to_bytes(const Network& network) { return to_container(network, ModelKind::kFloat); }

Bytes model_to_bytes(const eie::Network& network) {
  return to_container(network, ModelKind::kCompressed);
}

Bytes model_to_bytes(const mxu::Network& network) {
  return to_container(network, ModelKind::kQuantised);
}

Network float_network_from_bytes(const uint8_t* data, size_t size, const std::string& name) {
  return to_float_network(open_container(data, size, ModelKind::kFloat, name), name);
}

eie::Network compressed_network_from_bytes(const uint8_t* data, size_t size,
                                           const std::string& name) {
  return to_network(open_container(data, size, ModelKind::kCompressed, name), name);
}

mxu::Network quantised_network_from_bytes(const uint8_t* data, size_t size,
                                          const std::string& name) {
  return to_quantised(open_container(data, size, ModelKind::kQuantised, name), name);
}

void save_model(const std::string& path, const Network& network) {
  const Bytes bytes = model_to_bytes(network);
  write_file_atomically(path, bytes.data(), bytes.size());
}

void save_model(const std::string& path, const eie::Network& network) {
  const Bytes bytes = model_to_bytes(network);
  write_file_atomically(path, bytes.data(), bytes.size());
}

void save_model(const std::string& path, const mxu::Network& network) {
  const Bytes bytes = model_to_bytes(network);
  write_file_atomically(path, bytes.data(), bytes.size());
}

Network load_float_network(const std::string& path) {
  InputFile file(path);
  const Bytes bytes = read_model(file, ModelKind::kFloat);
  return float_network_from_bytes(bytes.data(), bytes.size(), file.name());
}

eie::Network load_compressed_network(const std::string& path) {
  InputFile file(path);
  const Bytes bytes = read_model(file, ModelKind::kCompressed);
  return compressed_network_from_bytes(bytes.data(), bytes.size(), file.name());
}

mxu::Network load_quantised_network(const std::string& path) {
  InputFile file(path);
  const Bytes bytes = read_model(file, ModelKind::kQuantised);
  return quantised_network_from_bytes(bytes.data(), bytes.size(), file.name());
}

ModelKind model_kind(const std::string& path) {
  InputFile file(path);
  uint8_t header[kHeaderSize] = {};
  const auto size = static_cast<size_t>(std::min<uint64_t>(kHeaderSize, file.size()));
  file.read(header, size);
  ModelKind kind = ModelKind::kFloat;
  if (kind_from_header(header, size, kind) && kind >= ModelKind::kStoredCompressed) return kind;
  return read_header(header, file.size(), kind, file.name()).kind;
}

bool kind_from_header(const uint8_t* data, size_t size, ModelKind& kind) {
  if (size >= 12 && std::equal(std::begin(kStoredMagic), std::end(kStoredMagic), data)) {
    const unsigned number_of_kind = data[6] | data[7] << 8;
    kind = number_of_kind == 0 ? ModelKind::kStoredCompressed : ModelKind::kStored;
    return number_of_kind <= 1;
  }
  if (size < 16 || !std::equal(std::begin(kMagic), std::end(kMagic), data)) return false;
  kind = static_cast<ModelKind>(get<uint32_t>(data + 12));
  return kind >= ModelKind::kOldFloat && kind <= ModelKind::kQuantised;
}

}  // namespace sparsys
