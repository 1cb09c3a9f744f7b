// SPDX-License-Identifier: Apache-2.0
// Arrays of numbers, as files of data sets hold them: IDX (MNIST's format) and NumPy's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "golden/data/byte_source.hpp"

namespace sparsys {

struct Array {
  std::string name;             // of its file, for messages
  std::vector<uint64_t> shape;  // outermost first; none: one number
  bool whole = false;           // its type has whole numbers alone
  std::vector<uint8_t> bytes;   // elements, row-major, if their type is unsigned 8 bits
  std::vector<float> floats;    // else the nearest floats

  // Of the first dimension, 1 if there is none.
  uint64_t count() const { return shape.empty() ? 1 : shape[0]; }
  // Elements of all dimensions but the first.
  uint64_t sample_size() const;
  size_t size() const { return bytes.size() + floats.size(); }
  float operator[](size_t i) const {
    return bytes.empty() ? floats[i] : static_cast<float>(bytes[i]);
  }
};

// A type of numbers in a file: 'u' unsigned, 'i' signed, 'f' IEEE 754, 'b' one byte of 0 or 1.
struct ElementType {
  char kind = 'u';
  uint32_t size = 1;  // bytes
  bool big_endian = false;
};

// An IEEE 754 number of 16 bits.
double half_float(uint16_t bits);

// Elements of an array whose shape is known, and the end of the data. Throws Error "<name>: <what>
// at byte ..., expected ..." if data end early or go on, if array.shape makes more than
// kMaxDataBytes (memory taken is bounded by the bytes that are there), or a number is not finite.
void read_elements(ByteSource& source, const ElementType& type, Array& array);

// Parses a whole IDX file held in memory, plain or gzip-compressed: a big-endian header (magic of
// two zeros, type and number of dimensions; one 32-bit size per dimension), then the elements. All
// of its types: 8-bit unsigned and signed, 16 and 32 bits, float, double. Throws Error as above,
// and if the magic is none, or a size other than the first is 0.
Array parse_idx(const uint8_t* data, size_t size, const std::string& name);

// NumPy's .npy of numbers, and .npz with the arrays' names in the archive's order. Throw Error as
// above, and if the archive is damaged or packed otherwise than stored or deflated.
bool is_npy(const std::vector<uint8_t>& bytes);
bool is_npz(const std::vector<uint8_t>& bytes);
Array parse_npy(const uint8_t* data, size_t size, const std::string& name);
std::vector<std::pair<std::string, Array>> parse_npz(const std::vector<uint8_t>& bytes,
                                                     const std::string& name);

}  // namespace sparsys
