// SPDX-License-Identifier: Apache-2.0
// Bits: widths, fields, and vectors of bits as the RTL's packed vectors have them: 32-bit words,
// the lowest bits first.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace sparsys {

// Smallest w with 2^w >= n; clog2(1) = 0.
constexpr uint32_t clog2(uint64_t n) {
  uint32_t width = 0;
  while ((uint64_t{1} << width) < n) ++width;
  return width;
}

constexpr uint64_t low_mask(uint32_t width) {
  return width >= 64 ? ~uint64_t{0} : (uint64_t{1} << width) - 1;
}

// The signed number that the low `width` bits (1 to 64) of `bits` stand for.
constexpr int64_t sign_extend(uint64_t bits, uint32_t width) {
  return static_cast<int64_t>(bits << (64 - width)) >> (64 - width);
}

// Number of the lowest set bit; `bits` is not 0.
inline uint32_t lowest_bit(uint64_t bits) { return static_cast<uint32_t>(__builtin_ctzll(bits)); }

// Bits `lsb` .. `lsb + width - 1` (width 1 to 32) of a vector of words.
inline uint32_t get_field(const uint32_t* words, uint32_t lsb, uint32_t width) {
  const uint32_t word = lsb / 32;
  const uint32_t shift = lsb % 32;
  uint64_t bits = words[word];
  if (shift + width > 32) bits |= uint64_t{words[word + 1]} << 32;
  return static_cast<uint32_t>(bits >> shift & low_mask(width));
}

inline void set_field(uint32_t* words, uint32_t lsb, uint32_t width, uint32_t value) {
  const uint32_t word = lsb / 32;
  const uint32_t shift = lsb % 32;
  const uint64_t mask = low_mask(width) << shift;
  const uint64_t bits = (uint64_t{value} << shift) & mask;
  words[word] = (words[word] & ~static_cast<uint32_t>(mask)) | static_cast<uint32_t>(bits);
  if (shift + width > 32) {
    words[word + 1] =
        (words[word + 1] & ~static_cast<uint32_t>(mask >> 32)) | static_cast<uint32_t>(bits >> 32);
  }
}

// The same for fields of up to 64 bits.
inline uint64_t get_wide_field(const uint32_t* words, uint32_t lsb, uint32_t width) {
  if (width <= 32) return get_field(words, lsb, width);
  return uint64_t{get_field(words, lsb + 32, width - 32)} << 32 | get_field(words, lsb, 32);
}

inline void set_wide_field(uint32_t* words, uint32_t lsb, uint32_t width, uint64_t value) {
  set_field(words, lsb, std::min(width, 32U), static_cast<uint32_t>(value));
  if (width > 32) set_field(words, lsb + 32, width - 32, static_cast<uint32_t>(value >> 32));
}

// Values of `width` bits (1 to 32) side by side, the first lowest: the RTL's flat vectors. Higher
// bits of a value are left out; `words` must hold ceil(count * width / 32) words, all of which are
// written.
template <class Value>
void pack_fields(const Value* values, size_t count, uint32_t width, uint32_t* words) {
  const auto mask = static_cast<uint32_t>(low_mask(width));
  uint64_t bits = 0;
  uint32_t held = 0;
  for (size_t i = 0; i < count; ++i) {
    bits |= uint64_t{static_cast<uint32_t>(values[i]) & mask} << held;
    held += width;
    if (held >= 32) {
      *words++ = static_cast<uint32_t>(bits);
      bits >>= 32;
      held -= 32;
    }
  }
  if (held) *words = static_cast<uint32_t>(bits);
}

// Bits in 32-bit words; those beyond `size` are 0.
class BitVector {
 public:
  explicit BitVector(uint32_t size) : words(std::max(1U, (size + 31) / 32)), size_(size) {}

  std::vector<uint32_t> words;

  uint32_t size() const { return size_; }
  bool get(uint32_t bit) const { return words[bit / 32] >> bit % 32 & 1; }
  bool any() const {
    uint32_t all = 0;
    for (const uint32_t word : words) all |= word;
    return all != 0;
  }
  void clear() { std::fill(words.begin(), words.end(), 0); }
  // All bits move up by one, `bit` becomes the lowest, the highest is lost.
  void shift_in(bool bit) {
    uint32_t carry = bit;
    for (uint32_t& word : words) {
      const uint32_t out = word >> 31;
      word = word << 1 | carry;
      carry = out;
    }
    if (size_ == 0) {
      words[0] = 0;
    } else if (size_ % 32) {
      words.back() &= (1U << size_ % 32) - 1;
    }
  }

 private:
  uint32_t size_;
};

}  // namespace sparsys
