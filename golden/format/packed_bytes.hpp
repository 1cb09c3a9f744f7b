// SPDX-License-Identifier: Apache-2.0
// Numbers and texts as stored models have them, in few bytes, and a reader that survives any.
//
// Numbers n are LEB128, numbers z are LEB128 of the zigzag form (0, -1, 1, -2... as 0, 1, 2, 3...),
// texts are n bytes and those bytes. Numbers of fixed size are little-endian.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace sparsys {

void put_number(uint64_t value, std::vector<uint8_t>& out);
void put_signed(int64_t value, std::vector<uint8_t>& out);
void put_int16(int16_t value, std::vector<uint8_t>& out);
void put_float(float value, std::vector<uint8_t>& out);
void put_text(const std::string& text, std::vector<uint8_t>& out);

// Bytes that put_number() takes for it.
size_t number_size(uint64_t value);

// Takes them back. Throws Error "<place>: <what> ..." if there are too few bytes, or a number is
// out of its range or longer than needed. The bytes must outlive the reader.
class PackedReader {
 public:
  PackedReader(const uint8_t* data, size_t size, std::string place)
      : at_(data), end_(data + size), place_(std::move(place)) {}

  const std::string& place() const { return place_; }
  void set_place(const std::string& place) { place_ = place; }
  size_t left() const { return static_cast<size_t>(end_ - at_); }

  const uint8_t* take(uint64_t size, const char* what);
  uint8_t byte(const char* what) { return *take(1, what); }
  uint64_t number(const char* what, uint64_t least, uint64_t most);
  int64_t signed_number(const char* what);
  int16_t int16(const char* what);
  float real(const char* what);
  std::vector<float> reals(uint64_t count, const char* what);
  std::string text(const char* what);  // at most kMaxText bytes

 private:
  uint64_t any_number(const char* what);

  const uint8_t* at_;
  const uint8_t* end_;
  std::string place_;
};

}  // namespace sparsys
