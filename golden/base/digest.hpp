// SPDX-License-Identifier: Apache-2.0
// A 64-bit digest of whatever decides a result. It tells runs from each other; it is no protection
// against somebody who means to deceive.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

namespace sparsys {

class Digest {
 public:
  void add(const void* data, size_t size) {
    const auto* bytes = static_cast<const unsigned char*>(data);
    add_word(size);  // so that parts cannot move from one addition to the next
    for (; size >= 8; size -= 8, bytes += 8) {
      uint64_t word = 0;
      std::memcpy(&word, bytes, 8);
      add_word(word);
    }
    uint64_t rest = 0;
    if (size > 0) std::memcpy(&rest, bytes, size);
    add_word(rest);
  }
  void add(const std::string& text) { add(text.data(), text.size()); }
  // Numbers: by their bits.
  template <typename T>
  void add(T number) {
    static_assert(std::is_arithmetic_v<T> || std::is_enum_v<T>);
    add(&number, sizeof number);
  }
  template <typename T>
  void add(const std::vector<T>& numbers) {
    static_assert(std::is_arithmetic_v<T>);
    add(numbers.data(), numbers.size() * sizeof(T));
  }

  uint64_t value() const { return state_; }
  // 16 digits.
  std::string hex() const {
    std::string text;
    for (int shift = 60; shift >= 0; shift -= 4) text += "0123456789abcdef"[state_ >> shift & 15];
    return text;
  }

 private:
  void add_word(uint64_t word) {
    // Multiplication spreads bits upwards, the shift brings them down again.
    state_ = (state_ ^ word) * 0x9E3779B97F4A7C15ULL;
    state_ ^= state_ >> 29;
  }

  uint64_t state_ = 0x243F6A8885A308D3ULL;
};

inline std::string digest_of(const std::string& text) {
  Digest digest;
  digest.add(text);
  return digest.hex();
}

}  // namespace sparsys
