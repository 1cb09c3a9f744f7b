// SPDX-License-Identifier: Apache-2.0
#include "golden/format/packed_bytes.hpp"

#include <cstring>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"

namespace sparsys {
namespace {

float get_float(const uint8_t* bytes) {
  uint32_t bits = 0;
  for (unsigned b = 0; b < 4; ++b) bits |= uint32_t{bytes[b]} << (8 * b);
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

}  // namespace

void put_number(uint64_t value, std::vector<uint8_t>& out) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<uint8_t>(value | 0x80));
  out.push_back(static_cast<uint8_t>(value));
}

void put_signed(int64_t value, std::vector<uint8_t>& out) {
  const auto bits = static_cast<uint64_t>(value);
  put_number(value < 0 ? ~(bits << 1) : bits << 1, out);
}

void put_int16(int16_t value, std::vector<uint8_t>& out) {
  const auto bits = static_cast<uint16_t>(value);
  out.push_back(static_cast<uint8_t>(bits));
  out.push_back(static_cast<uint8_t>(bits >> 8));
}

void put_float(float value, std::vector<uint8_t>& out) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  for (unsigned b = 0; b < 4; ++b) out.push_back(static_cast<uint8_t>(bits >> (8 * b)));
}

void put_text(const std::string& text, std::vector<uint8_t>& out) {
  put_number(text.size(), out);
  out.insert(out.end(), text.begin(), text.end());
}

size_t number_size(uint64_t value) {
  size_t size = 1;
  while ((value >>= 7) != 0) ++size;
  return size;
}

const uint8_t* PackedReader::take(uint64_t size, const char* what) {
  if (size > left()) {
    fail(place_, std::string(what) + " takes " + std::to_string(size) + " bytes, but " +
                     std::to_string(left()) + " follow");
  }
  const uint8_t* bytes = at_;
  at_ += size;
  return bytes;
}

uint64_t PackedReader::number(const char* what, uint64_t least, uint64_t most) {
  const uint64_t value = any_number(what);
  if (value < least || value > most) {
    fail(place_, std::string(what) + " is " + std::to_string(value) + ", expected " +
                     std::to_string(least) + " to " + std::to_string(most));
  }
  return value;
}

int64_t PackedReader::signed_number(const char* what) {
  const uint64_t value = any_number(what);
  return static_cast<int64_t>(value % 2 != 0 ? ~(value >> 1) : value >> 1);
}

int16_t PackedReader::int16(const char* what) {
  const uint8_t* bytes = take(2, what);
  return static_cast<int16_t>(static_cast<uint16_t>(bytes[0] | bytes[1] << 8));
}

float PackedReader::real(const char* what) { return get_float(take(4, what)); }

std::vector<float> PackedReader::reals(uint64_t count, const char* what) {
  if (count > left() / 4) {
    fail(place_, std::string(what) + " takes " + std::to_string(count) + " numbers, but " +
                     std::to_string(left()) + " bytes follow");
  }
  const uint8_t* bytes = take(4 * count, what);
  std::vector<float> values(static_cast<size_t>(count));
  for (size_t i = 0; i < values.size(); ++i) values[i] = get_float(bytes + 4 * i);
  return values;
}

std::string PackedReader::text(const char* what) {
  const uint64_t size = number(what, 0, kMaxText);
  const uint8_t* bytes = take(size, what);
  return std::string(bytes, bytes + size);
}

uint64_t PackedReader::any_number(const char* what) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 70; shift += 7) {
    const uint8_t bits = byte(what);
    // Of the tenth byte there is room for one bit.
    if (shift == 63 && bits > 1) break;
    value |= uint64_t{bits & 0x7FU} << shift;
    if (bits < 0x80) {
      if (bits == 0 && shift > 0) fail(place_, std::string(what) + " is longer than needed");
      return value;
    }
  }
  fail(place_, std::string(what) + " has more than 64 bits");
}

}  // namespace sparsys
