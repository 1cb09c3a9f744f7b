// SPDX-License-Identifier: Apache-2.0
#include "golden/format/onnx/tensor.hpp"

#include <google/protobuf/repeated_field.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>

#include "golden/base/error.hpp"
#include "golden/base/input_file.hpp"
#include "golden/base/text.hpp"

namespace sparsys::onnx_import {
namespace {

using onnx::TensorProto;

// Bytes of an element; 0 if the type is not supported.
size_t element_size(int type) {
  switch (type) {
    case TensorProto::BOOL:
    case TensorProto::INT8:
    case TensorProto::UINT8:
      return 1;
    case TensorProto::FLOAT16:
    case TensorProto::BFLOAT16:
    case TensorProto::INT16:
    case TensorProto::UINT16:
      return 2;
    case TensorProto::FLOAT:
    case TensorProto::INT32:
    case TensorProto::UINT32:
      return 4;
    case TensorProto::DOUBLE:
    case TensorProto::INT64:
    case TensorProto::UINT64:
      return 8;
    default:
      return 0;
  }
}

// IEEE 754 binary16.
float half(uint16_t bits) {
  const int exponent = bits >> 10 & 0x1F;
  const auto mantissa = static_cast<float>(bits & 0x3FF);
  float value = 0;
  if (exponent == 0x1F) {
    value = (bits & 0x3FF) == 0 ? std::numeric_limits<float>::infinity()
                                : std::numeric_limits<float>::quiet_NaN();
  } else if (exponent == 0) {
    value = std::ldexp(mantissa, -24);
  } else {
    value = std::ldexp(mantissa + 1024, exponent - 25);
  }
  return (bits & 0x8000) == 0 ? value : -value;
}

// The upper half of a binary32.
float brain(uint16_t bits) {
  const uint32_t wide = uint32_t{bits} << 16;
  float value = 0;
  std::memcpy(&value, &wide, sizeof value);
  return value;
}

template <typename T>
T load(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

// Element `i` of raw data, little-endian, as every machine is that this is built for.
float real_of(const char* from, int type) {
  switch (type) {
    case TensorProto::FLOAT16:
      return half(load<uint16_t>(from));
    case TensorProto::BFLOAT16:
      return brain(load<uint16_t>(from));
    case TensorProto::DOUBLE:
      return static_cast<float>(load<double>(from));
    default:
      return load<float>(from);
  }
}
int64_t integer_of(const char* from, int type) {
  switch (type) {
    case TensorProto::BOOL:
      return *from != 0 ? 1 : 0;
    case TensorProto::INT8:
      return load<int8_t>(from);
    case TensorProto::UINT8:
      return load<uint8_t>(from);
    case TensorProto::INT16:
      return load<int16_t>(from);
    case TensorProto::UINT16:
      return load<uint16_t>(from);
    case TensorProto::INT32:
      return load<int32_t>(from);
    case TensorProto::UINT32:
      return load<uint32_t>(from);
    default:
      return load<int64_t>(from);
  }
}

// Elements that are listed in a field of their own. FLOAT16 and BFLOAT16 stand as bits in
// int32_data.
size_t listed_count(const TensorProto& proto) {
  switch (proto.data_type()) {
    case TensorProto::FLOAT:
      return static_cast<size_t>(proto.float_data_size());
    case TensorProto::DOUBLE:
      return static_cast<size_t>(proto.double_data_size());
    case TensorProto::INT64:
      return static_cast<size_t>(proto.int64_data_size());
    case TensorProto::UINT32:
    case TensorProto::UINT64:
      return static_cast<size_t>(proto.uint64_data_size());
    default:
      return static_cast<size_t>(proto.int32_data_size());
  }
}
float listed_real(const TensorProto& proto, int i) {
  switch (proto.data_type()) {
    case TensorProto::FLOAT16:
      return half(static_cast<uint16_t>(proto.int32_data(i)));
    case TensorProto::BFLOAT16:
      return brain(static_cast<uint16_t>(proto.int32_data(i)));
    case TensorProto::DOUBLE:
      return static_cast<float>(proto.double_data(i));
    default:
      return proto.float_data(i);
  }
}
int64_t listed_integer(const TensorProto& proto, int i) {
  switch (proto.data_type()) {
    case TensorProto::INT64:
      return proto.int64_data(i);
    case TensorProto::UINT32:
    case TensorProto::UINT64:
      return wrap(static_cast<int64_t>(proto.uint64_data(i)), proto.data_type());
    case TensorProto::BOOL:
      return proto.int32_data(i) != 0 ? 1 : 0;
    default:
      return wrap(proto.int32_data(i), proto.data_type());
  }
}

// Where a tensor's bytes stand in another file.
struct External {
  std::string location;
  uint64_t offset = 0;
  uint64_t length = 0;
  bool has_length = false;
};

External external(const TensorProto& proto, const std::string& tensor) {
  External found;
  for (const onnx::StringStringEntryProto& entry : proto.external_data()) {
    const std::string& text = entry.value();
    if (entry.key() == "location") found.location = text;
    if (entry.key() != "offset" && entry.key() != "length") continue;
    uint64_t value = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    if (result.ec != std::errc() || result.ptr != text.data() + text.size()) {
      refuse(tensor + " is external with " + entry.key() + " " + quoted(text), "whole numbers");
    }
    (entry.key() == "offset" ? found.offset : found.length) = value;
    if (entry.key() == "length") found.has_length = true;
  }
  return found;
}

std::vector<char> read_external(const External& where, const std::string& tensor,
                                const std::string& folder, uint64_t expected) {
  namespace fs = std::filesystem;
  const std::string place = tensor + " is external, in file " + quoted(where.location);
  if (folder.empty()) refuse(place + ", and no folder is known", "tensors inside the ONNX file");
  const fs::path path(where.location);
  bool inside = !where.location.empty() && !path.is_absolute();
  for (const fs::path& part : path) inside &= part != "..";
  std::error_code error;
  if (inside) {
    // A link must not lead out either.
    const fs::path root = fs::weakly_canonical(folder, error);
    const fs::path target = fs::weakly_canonical(fs::path(folder) / path, error);
    const fs::path relative = target.lexically_relative(root);
    inside = !error && !relative.empty() && *relative.begin() != "..";
  }
  if (!inside) refuse(place, "files in the folder of the model");
  if (where.has_length && where.length != expected) {
    refuse(place + ", with " + number(where.length) + " bytes, its shape asks for " +
           number(expected));
  }
  InputFile file((fs::path(folder) / path).string());
  if (where.offset > file.size() || expected > file.size() - where.offset) {
    refuse(place + ", from byte " + number(where.offset) + " on, which has " + number(file.size()) +
           " bytes; its shape asks for " + number(expected));
  }
  std::vector<char> bytes(expected);
  file.seek(where.offset);
  file.read(reinterpret_cast<uint8_t*>(bytes.data()), bytes.size());
  return bytes;
}

void convert(const char* from, Tensor& tensor, size_t count) {
  const size_t size = element_size(tensor.type);
  if (tensor.type == TensorProto::FLOAT) {
    tensor.reals.resize(count);
    if (count > 0) std::memcpy(tensor.reals.data(), from, count * size);
  } else if (tensor.is_real()) {
    tensor.reals.resize(count);
    for (size_t i = 0; i < count; ++i) tensor.reals[i] = real_of(from + i * size, tensor.type);
  } else {
    tensor.integers.resize(count);
    for (size_t i = 0; i < count; ++i) {
      tensor.integers[i] = integer_of(from + i * size, tensor.type);
    }
  }
}

}  // namespace

std::string type_name(int type) {
  if (type == TensorProto::UNDEFINED) return "none";
  return TensorProto::DataType_IsValid(type)
             ? TensorProto::DataType_Name(static_cast<TensorProto::DataType>(type))
             : "number " + number(type);
}

bool is_real_type(int type) {
  return type == TensorProto::FLOAT || type == TensorProto::FLOAT16 ||
         type == TensorProto::BFLOAT16 || type == TensorProto::DOUBLE;
}
bool is_integer_type(int type) { return !is_real_type(type) && element_size(type) > 0; }

Tensor make_integers(const Shape& shape, std::vector<int64_t> values) {
  Tensor tensor;
  tensor.type = TensorProto::INT64;
  tensor.shape = shape;
  tensor.integers = std::move(values);
  return tensor;
}
Tensor make_reals(const Shape& shape, std::vector<float> values) {
  Tensor tensor;
  tensor.shape = shape;
  tensor.reals = std::move(values);
  return tensor;
}

int64_t wrap(int64_t value, int type) {
  switch (type) {
    case TensorProto::BOOL:
      return value != 0 ? 1 : 0;
    case TensorProto::INT8:
      return static_cast<int8_t>(value);
    case TensorProto::UINT8:
      return static_cast<uint8_t>(value);
    case TensorProto::INT16:
      return static_cast<int16_t>(value);
    case TensorProto::UINT16:
      return static_cast<uint16_t>(value);
    case TensorProto::INT32:
      return static_cast<int32_t>(value);
    case TensorProto::UINT32:
      return static_cast<uint32_t>(value);
    default:
      return value;
  }
}

int64_t checked_count(const Shape& shape, const std::string& what) {
  if (shape.size() > kMaxTensorRank) {
    refuse(what + " has " + number(shape.size()) + " dimensions",
           "at most " + number(kMaxTensorRank));
  }
  int64_t count = 1;
  bool empty = false;
  for (const int64_t size : shape) {
    if (size < 0 || size > kMaxSize || (size > 0 && count > kMaxSize / size)) {
      refuse(what + " has the shape " + to_string(shape),
             "sizes from 0, and " + number(kMaxSize) + " elements");
    }
    empty |= size == 0;
    if (size > 0) count *= size;
  }
  return empty ? 0 : count;
}

Tensor read_tensor(TensorProto& proto, const std::string& name, const std::string& folder) {
  const std::string what = "tensor " + quoted(name);
  if (proto.has_segment()) refuse(what + " is in segments", "whole tensors");
  Tensor tensor;
  tensor.type = proto.data_type();
  const size_t size = element_size(tensor.type);
  if (size == 0) {
    refuse(what + " has elements of type " + type_name(tensor.type),
           "FLOAT, DOUBLE, FLOAT16, BFLOAT16, BOOL, and integers of 8 to 64 bits");
  }
  tensor.shape.assign(proto.dims().begin(), proto.dims().end());
  const auto count = static_cast<size_t>(checked_count(tensor.shape, what));
  const size_t listed = listed_count(proto);
  const bool is_external = proto.data_location() == TensorProto::EXTERNAL;
  if (is_external || proto.has_raw_data()) {
    if (listed > 0 || (is_external && proto.has_raw_data())) {
      refuse(what + " has its elements twice");
    }
  }
  if (is_external) {
    const std::vector<char> bytes =
        read_external(external(proto, what), what, folder, uint64_t{count} * size);
    convert(bytes.data(), tensor, count);
    return tensor;
  }
  const size_t found = proto.has_raw_data() ? proto.raw_data().size() : listed;
  const size_t expected = proto.has_raw_data() ? count * size : count;
  if (found != expected) {
    refuse(what + " has " + number(found) + (proto.has_raw_data() ? " bytes" : " elements") +
           ", its shape asks for " + number(expected));
  }
  if (proto.has_raw_data()) {
    convert(proto.raw_data().data(), tensor, count);
    delete proto.release_raw_data();
  } else if (tensor.is_real()) {
    tensor.reals.resize(count);
    for (size_t i = 0; i < count; ++i) tensor.reals[i] = listed_real(proto, static_cast<int>(i));
    google::protobuf::RepeatedField<float>().Swap(proto.mutable_float_data());
  } else {
    tensor.integers.resize(count);
    for (size_t i = 0; i < count; ++i) {
      tensor.integers[i] = listed_integer(proto, static_cast<int>(i));
    }
  }
  return tensor;
}

bool is_finite(const Tensor& tensor) {
  return std::all_of(tensor.reals.begin(), tensor.reals.end(),
                     [](float value) { return std::isfinite(value); });
}

void check_finite(const Tensor& tensor, const std::string& name) {
  for (size_t i = 0; i < tensor.reals.size(); ++i) {
    const float value = tensor.reals[i];
    if (std::isfinite(value)) continue;
    Shape index(tensor.shape.size());
    auto left = static_cast<int64_t>(i);
    for (size_t d = index.size(); d-- > 0; left /= tensor.shape[d]) {
      index[d] = left % tensor.shape[d];
    }
    refuse("tensor " + quoted(name) + ": element " + to_string(index) + " is " +
               (std::isnan(value) ? "NaN" : "infinite"),
           "finite numbers");
  }
}

}  // namespace sparsys::onnx_import
