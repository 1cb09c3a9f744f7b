// SPDX-License-Identifier: Apache-2.0
#include "golden/data/array.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"

namespace sparsys {
namespace {

template <typename T>
T load(const uint8_t* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

// A number of a type whose bytes are in this machine's order, which is little-endian.
double number_of(const uint8_t* from, const ElementType& type) {
  switch (type.kind) {
    case 'f':
      if (type.size == 8) return load<double>(from);
      if (type.size == 4) return static_cast<double>(load<float>(from));
      return half_float(load<uint16_t>(from));
    case 'i':
      if (type.size == 8) return static_cast<double>(load<int64_t>(from));
      if (type.size == 4) return load<int32_t>(from);
      if (type.size == 2) return load<int16_t>(from);
      return load<int8_t>(from);
    default:
      if (type.size == 8) return static_cast<double>(load<uint64_t>(from));
      if (type.size == 4) return load<uint32_t>(from);
      if (type.size == 2) return load<uint16_t>(from);
      return *from;
  }
}

}  // namespace

double half_float(uint16_t bits) {
  const int exponent = bits >> 10 & 31;
  const int mantissa = bits & 1023;
  double value =
      exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
  if (exponent == 31) value = mantissa == 0 ? INFINITY : NAN;
  return (bits & 0x8000) != 0 ? -value : value;
}

uint64_t Array::sample_size() const {
  uint64_t product = 1;
  for (size_t d = 1; d < shape.size(); ++d) product *= shape[d];
  return product;
}

void read_elements(ByteSource& source, const ElementType& type, Array& array) {
  const uint64_t header = source.offset();
  uint64_t payload = type.size;
  for (const uint64_t size : array.shape) {
    if (size != 0 && payload > kMaxDataBytes / size) {
      fail(array.name, "size " + number(size) + " in the header, which ends at byte " +
                           number(header) + ", makes more than " + number(kMaxDataBytes) +
                           " bytes, expected a data set of at most that size");
    }
    payload *= size;
  }
  std::vector<uint8_t> bytes = source.read(payload);
  if (bytes.size() < payload) {
    fail(array.name, "data end at byte " + number(source.offset()) + ", expected " +
                         number(header + payload) + " bytes");
  }
  if (!source.read(1).empty()) {
    fail(array.name, "data continue at byte " + number(header + payload) + ", expected the end");
  }
  array.whole = type.kind != 'f';
  if (type.kind == 'u' && type.size == 1) {
    array.bytes = std::move(bytes);
    return;
  }
  array.floats.reserve(payload / type.size);
  for (uint64_t at = 0; at < payload; at += type.size) {
    if (type.big_endian) {
      std::reverse(bytes.begin() + static_cast<long>(at),
                   bytes.begin() + static_cast<long>(at + type.size));
    }
    const auto value = static_cast<float>(number_of(&bytes[at], type));
    if (!std::isfinite(value)) {
      fail(array.name, "a number that is not finite at byte " + number(header + at) +
                           ", expected numbers that 32-bit floats can hold");
    }
    array.floats.push_back(value);
  }
}

}  // namespace sparsys
