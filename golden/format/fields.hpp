// SPDX-License-Identifier: Apache-2.0
// The fields of networks by their names, each list once: FieldWriter makes a map of them for CBOR,
// FieldReader takes them back from one.
//
// Numbers, texts and flags are themselves, lists of numbers byte strings (little-endian), operators
// and functions their names, lists of structs lists of maps.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <type_traits>
#include <vector>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/network/check.hpp"
#include "golden/network/mxu_network.hpp"

namespace sparsys {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "numbers are written as they are stored");

// ---- the lists ----

// A struct to be filled by a reader, or to be left alone.
template <typename Visitor, typename Struct>
using Visited = std::conditional_t<Visitor::kReads, Struct, const Struct>;

template <typename V>
void visit(V& fields, Visited<V, Node>& node) {
  fields.choice("op", node.op, kOps, "operator");
  fields("name", node.name);
  fields.texts("inputs", node.inputs, "an input's name");
  fields("output", node.output);
  fields.numbers("kernel", node.window.kernel);
  fields.numbers("stride", node.window.stride);
  fields.numbers("dilation", node.window.dilation);
  fields.numbers("pad", node.window.pad);
  fields("ceil_mode", node.window.ceil_mode);
  fields("group", node.group);
  fields("alpha", node.alpha);
  fields("beta", node.beta);
  fields("trans_b", node.trans_b);
  fields("axis", node.axis);
  fields.numbers("shape", node.shape);
}

template <typename V>
void visit(V& fields, Visited<V, Parameter>& parameter) {
  fields("name", parameter.name);
  fields.numbers("shape", parameter.shape);
  fields.numbers("values", parameter.values);
}

template <typename V>
void visit(V& fields, Visited<V, Network>& network) {
  fields("name", network.name);
  fields("origin", network.origin);
  fields("input", network.input);
  fields.numbers("input_shape", network.input_shape);
  fields("output", network.output);
  fields("input_scale", network.input_scale);
  fields("input_offset", network.input_offset);
  fields.unless("batch", network.batch, std::string());
  fields.choice_unless("task", network.task, kTasks, "task", Task::kClassification);
  fields.list("nodes", network.nodes, "node");
  fields.list("parameters", network.parameters, "parameter");
}

template <typename V>
void visit(V& fields, Visited<V, eie::Layer>& layer) {
  fields.always("type", "fully_connected", "layer type");
  fields("name", layer.name);
  fields("inputs", layer.inputs, 1, kMaxVector);
  fields("outputs", layer.outputs, 1, kMaxVector);
  fields("constant_inputs", layer.constant_inputs, 0, kMaxVector);
  fields("constant_outputs", layer.constant_outputs, 0, kMaxVector);
  fields("relu", layer.relu);
  fields("input_frac", layer.input_frac, -kMaxFrac, kMaxFrac);
  fields("weight_frac", layer.weight_frac, -kMaxFrac, kMaxFrac);
  fields("output_frac", layer.output_frac, -kMaxFrac, kMaxFrac);
  fields.numbers("codebook", layer.codebook);
  fields.numbers("column_start", layer.column_start, uint64_t{layer.inputs} + 1);
  fields.numbers("row", layer.row);
  fields.numbers("code", layer.code, layer.row.size());
}

template <typename V>
void visit(V& fields, Visited<V, eie::Network>& network) {
  fields("name", network.name);
  fields("origin", network.origin);
  fields.numbers("input_constants", network.input_constants);
  fields.unless("input_scale", network.input_scale, 1.0F / 256);
  fields.unless("input_offset", network.input_offset, 0.0F);
  fields.list("layers", network.layers, "layer", 1, kMaxLayers);
}

template <typename V>
void visit(V& fields, Visited<V, mxu::Layer>& layer) {
  fields("name", layer.name);
  fields("channels", layer.channels, 1, kMaxVector);
  fields("height", layer.height, 1, kMaxVector);
  fields("width", layer.width, 1, kMaxVector);
  fields("outputs", layer.outputs, 1, kMaxVector);
  fields.choice_unless("kind", layer.kind, 5, "kind of layer", mxu::Kind::kConvolution);
  fields.numbers_unless_empty("sources", layer.sources);
  fields.unless("groups", layer.groups, 1U);
  fields.sizes("kernel", layer.window.kernel);
  fields.sizes("stride", layer.window.stride);
  fields.sizes("pad", layer.window.pad);
  fields.sizes_unless_ones("dilation", layer.window.dilation);
  fields.numbers("weights", layer.weights);
  fields.numbers("bias", layer.bias, layer.biases());
  fields.numbers("multiplier", layer.multiplier, layer.factors());
  fields.numbers("shift", layer.shift, layer.factors());
  fields.choice_unless("rounding", layer.rounding, 2, "rounding", mxu::Rounding::kSingle);
  fields.choice("function", layer.function, 4, "function");
  fields.choice("pooling", layer.pooling, 3, "pooling");
  fields.sizes("pool_kernel", layer.pool.kernel);
  fields.sizes("pool_stride", layer.pool.stride);
  fields.sizes("pool_pad", layer.pool.pad);
  fields.sizes_unless_ones("apart", layer.apart);
  fields.sizes_unless_ones("map", layer.map);
  fields("input_scale", layer.input_scale);
  fields("input_zero", layer.input_zero);
  fields.unless("second_scale", layer.second_scale, 1.0F);
  fields.unless("second_zero", layer.second_zero, int8_t{0});
  fields("output_scale", layer.output_scale);
  fields("output_zero", layer.output_zero);
  fields("low", layer.low);
  fields("high", layer.high);
}

template <typename V>
void visit(V& fields, Visited<V, mxu::Network>& network) {
  fields("name", network.name);
  fields("origin", network.origin);
  fields("pixel_scale", network.pixel_scale);
  fields("pixel_offset", network.pixel_offset);
  fields.list("layers", network.layers, "layer", 1, kMaxLayers);
}

// ---- writing ----

class FieldWriter {
 public:
  static constexpr bool kReads = false;

  nlohmann::json map = nlohmann::json::object();

  template <typename T>
  void operator()(const char* name, const T& value, int64_t = 0, int64_t = 0) {
    map[name] = value;
  }
  template <typename Numbers>
  void numbers(const char* name, const Numbers& values, uint64_t = 0) {
    std::vector<uint8_t> bytes(values.size() * sizeof values[0]);
    if (!bytes.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
    map[name] = nlohmann::json::binary(std::move(bytes));
  }
  template <size_t size>
  void sizes(const char* name, const std::array<uint32_t, size>& values) {
    numbers(name, std::vector<int64_t>(values.begin(), values.end()));
  }
  template <typename Choice>
  void choice(const char* name, Choice value, size_t, const char*) {
    map[name] = to_string(value);
  }
  // Left out if it is as usual, so that files from before the field are the same.
  template <typename T>
  void unless(const char* name, const T& value, const T& usual) {
    if (value != usual) (*this)(name, value);
  }
  template <typename Choice>
  void choice_unless(const char* name, Choice value, size_t count, const char* what, Choice usual) {
    if (value != usual) choice(name, value, count, what);
  }
  template <typename Numbers>
  void numbers_unless_empty(const char* name, const Numbers& values) {
    if (!values.empty()) numbers(name, values);
  }
  template <size_t size>
  void sizes_unless_ones(const char* name, const std::array<uint32_t, size>& values) {
    if (std::any_of(values.begin(), values.end(), [](uint32_t v) { return v != 1; })) {
      sizes(name, values);
    }
  }
  void texts(const char* name, const std::vector<std::string>& values, const char*) {
    map[name] = values;
  }
  void always(const char* name, const char* text, const char*) { map[name] = text; }
  template <typename Struct>
  void list(const char* name, const std::vector<Struct>& values, const char*, size_t = 0,
            size_t = 0) {
    nlohmann::json& maps = map[name] = nlohmann::json::array();
    for (const Struct& value : values) {
      FieldWriter fields;
      visit(fields, value);
      maps.push_back(std::move(fields.map));
    }
  }
};

// ---- reading ----

// From a map of the fields that are asked for, each of the right type, and no others. Throws Error
// "<place>: field '<name>' ...", one line. Sizes are checked before memory is taken for them.
class FieldReader {
 public:
  static constexpr bool kReads = true;

  FieldReader(const nlohmann::json& map, std::string place) : map_(map), place_(std::move(place)) {
    if (!map.is_object()) fail(place_, "expected a map, found " + type_of(map));
  }

  void operator()(const char* name, std::string& value) { value = text(name); }
  void operator()(const char* name, bool& value) {
    const nlohmann::json& found = field(name);
    if (!found.is_boolean()) wrong_type(name, "true or false", found);
    value = found.get<bool>();
  }
  void operator()(const char* name, float& value) {
    const nlohmann::json& found = field(name);
    if (!found.is_number()) wrong_type(name, "a number", found);
    const auto number = found.get<double>();
    if (!(std::abs(number) <= double{std::numeric_limits<float>::max()})) {
      fail(place_, "field '" + std::string(name) + "' is not finite as a 32-bit number");
    }
    value = static_cast<float>(number);
  }
  template <typename Integer>
  void operator()(const char* name, Integer& value,
                  int64_t least = std::numeric_limits<Integer>::min(),
                  int64_t most = std::numeric_limits<Integer>::max()) {
    value = static_cast<Integer>(integer(name, least, most));
  }

  // Any count of numbers, or the one that is given.
  template <typename Number>
  void numbers(const char* name, std::vector<Number>& values) {
    const std::vector<uint8_t>& found = bytes(name);
    if (found.size() % sizeof(Number) != 0) {
      wrong_size(name, found, "a multiple of " + number(sizeof(Number)));
    }
    numbers(name, values, found.size() / sizeof(Number));
  }
  template <typename Number>
  void numbers(const char* name, std::vector<Number>& values, uint64_t count) {
    const std::vector<uint8_t>& found = bytes(name, count * sizeof(Number));
    values.resize(static_cast<size_t>(count));
    if (count != 0) std::memcpy(values.data(), found.data(), found.size());
  }
  template <typename Number, size_t size>
  void numbers(const char* name, std::array<Number, size>& values) {
    std::memcpy(values.data(), bytes(name, sizeof values).data(), sizeof values);
  }
  // What they may be is for check() to judge, but they must fit their type.
  template <size_t size>
  void sizes(const char* name, std::array<uint32_t, size>& values) {
    std::array<int64_t, size> found;
    numbers(name, found);
    for (size_t i = 0; i < size; ++i) {
      if (found[i] < 0 || found[i] > kMaxVector) {
        fail(place_, "field '" + std::string(name) + "' has " + number(found[i]) +
                         ", expected 0 to " + number(kMaxVector));
      }
      values[i] = static_cast<uint32_t>(found[i]);
    }
  }
  template <typename Choice>
  void choice(const char* name, Choice& value, size_t count, const char* what) {
    const std::string& found = text(name);
    for (size_t c = 0; c < count; ++c) {
      value = static_cast<Choice>(c);
      if (found == to_string(value)) return;
    }
    fail(place_, std::string("unknown ") + what + " " + quoted(found));
  }
  template <typename T>
  void unless(const char* name, T& value, const T& usual) {
    value = usual;
    if (map_.contains(name)) (*this)(name, value);
  }
  template <typename Choice>
  void choice_unless(const char* name, Choice& value, size_t count, const char* what,
                     Choice usual) {
    value = usual;
    if (map_.contains(name)) choice(name, value, count, what);
  }
  template <typename Number>
  void numbers_unless_empty(const char* name, std::vector<Number>& values) {
    values.clear();
    if (map_.contains(name)) numbers(name, values);
  }
  template <size_t size>
  void sizes_unless_ones(const char* name, std::array<uint32_t, size>& values) {
    values.fill(1);
    if (map_.contains(name)) sizes(name, values);
  }
  void texts(const char* name, std::vector<std::string>& values, const char* what) {
    for (const nlohmann::json& value : array(name)) {
      if (!value.is_string()) fail(place_, std::string(what) + " is not a text");
      values.push_back(value.get_ref<const std::string&>());
    }
  }
  void always(const char* name, const char* expected, const char* what) {
    const std::string& found = text(name);
    if (found == expected) return;
    fail(place_,
         std::string("unknown ") + what + " " + quoted(found) + ", expected '" + expected + "'");
  }
  template <typename Struct>
  void list(const char* name, std::vector<Struct>& values, const char* what, size_t least = 0,
            size_t most = std::numeric_limits<size_t>::max()) {
    const nlohmann::json::array_t& maps = array(name);
    if (maps.size() < least || maps.size() > most) {
      fail(place_, number(maps.size()) + " " + name + ", expected " + number(least) + " to " +
                       number(most));
    }
    for (const nlohmann::json& map : maps) {
      FieldReader fields(map, place_ + ": " + what + " " + number(values.size() + 1));
      values.emplace_back();
      visit(fields, values.back());
      fields.expect_no_more();
    }
  }

  void expect_no_more() const;

 private:
  const nlohmann::json& field(const char* name);
  const std::string& text(const char* name);
  int64_t integer(const char* name, int64_t least, int64_t most);
  const nlohmann::json::array_t& array(const char* name);
  const std::vector<uint8_t>& bytes(const char* name);
  const std::vector<uint8_t>& bytes(const char* name, uint64_t size);
  static std::string type_of(const nlohmann::json& value);
  [[noreturn]] void wrong_type(const char* name, const char* expected,
                               const nlohmann::json& found) const;
  [[noreturn]] void wrong_size(const char* name, const std::vector<uint8_t>& found,
                               const std::string& expected) const;

  const nlohmann::json& map_;
  const std::string place_;
  std::vector<std::string> names_;  // asked for so far
};

}  // namespace sparsys
