// SPDX-License-Identifier: Apache-2.0
// Arithmetic coding of single bits whose probabilities are given: a range coder with carry (Martin
// 1979), in integers alone, so that every machine reads what another wrote.
//
// The stream is a number below 1 in base 256; what follows its bytes counts as zeros. Of the last
// four bytes those that would be zeros are left out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sparsys::arithmetic {

// Probabilities that a bit is 1, in 65,536ths: 1 to 65,535.
constexpr unsigned kProbabilityBits = 16;

class BitEncoder {
 public:
  int code(int bit, uint32_t probability) {
    const uint32_t bound = (range_ >> kProbabilityBits) * probability;
    if (bit != 0) {
      range_ = bound;
    } else {
      low_ += bound;
      range_ -= bound;
    }
    while (range_ < kLeastRange) {
      range_ <<= 8;
      shift();
    }
    return bit;
  }
  // Bytes that are certain so far.
  size_t size() const { return bytes_.size(); }
  // Gives the stream; nothing may be coded after it.
  std::vector<uint8_t> finish();

 private:
  static constexpr uint32_t kLeastRange = uint32_t{1} << 24;
  // Moves the highest byte of low_ out, with its carry.
  void shift();

  std::vector<uint8_t> bytes_;
  uint64_t low_ = 0;  // of the interval; 40 bits, the highest of them the carry
  uint32_t range_ = 0xFFFFFFFF;
};

// Reads it back; the bytes must outlive the decoder.
class BitDecoder {
 public:
  BitDecoder(const uint8_t* data, size_t size);
  // The bit; the first argument is not used. Throws Error "arithmetic stream ends early" when more
  // is read than the stream can hold.
  int code(int, uint32_t probability);
  // Throws Error unless the stream ends here, as finish() of an encoder leaves it.
  void finish() const;
  // Bytes taken so far.
  size_t size() const { return at_; }

 private:
  uint8_t next();

  const uint8_t* data_;
  size_t size_;
  size_t at_ = 0;
  uint32_t range_ = 0xFFFFFFFF;
  uint32_t value_ = 0;  // of the stream, above the interval's lower end
};

}  // namespace sparsys::arithmetic
