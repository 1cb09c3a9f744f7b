// SPDX-License-Identifier: Apache-2.0
// Files from an enemy: whatever the bytes, reading gives something sound or an Error of one line,
// soon, and without taking much memory.
#pragma once

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <iostream>
#include <string>
#include <vector>

#include "golden/base/error.hpp"
#include "golden/base/random.hpp"
#include "golden/format/container.hpp"

namespace sparsys {

struct Tally {
  size_t sound = 0;
  size_t errors = 0;
  ~Tally() { std::cout << sound << " sound, " << errors << " errors\n"; }
};

// One line of at most `most` bytes, about "file".
inline void expect_one_line(const Error& error, size_t most) {
  const std::string text = error.what();
  ASSERT_EQ(text.rfind("file: ", 0), 0U) << text;
  ASSERT_LT(text.size(), most) << text;
  ASSERT_TRUE(std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<uint8_t>(c) >= 0x20 && c != 0x7F;
  })) << text;
}

// Makes the header of a model file right again.
inline void fix_crc(std::vector<uint8_t>& bytes) {
  const uLong version = bytes[4] > 1 ? crc32_z(0, bytes.data() + 4, 2) : 0;
  const uLong crc = crc32_z(version, bytes.data() + kHeaderSize, bytes.size() - kHeaderSize);
  for (size_t b = 0; b < 4; ++b) bytes[8 + b] = static_cast<uint8_t>(crc >> (8 * b));
}

inline std::vector<uint8_t> random_bytes(size_t size, Random& random) {
  std::vector<uint8_t> bytes(size);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random.next());
  return bytes;
}

// One of `files` with up to `changes` changes behind the first `kept` bytes: other bytes, all ones
// (sizes are where the damage is), bytes left out and put in, and pieces of any of the files, each
// of up to `longest` bytes.
inline std::vector<uint8_t> damaged(const std::vector<std::vector<uint8_t>>& files, size_t kept,
                                    uint64_t changes, uint64_t longest, Random& random) {
  using Distance = std::ptrdiff_t;
  std::vector<uint8_t> bytes = files[random.below(files.size())];
  for (uint64_t change = 1 + random.below(changes); change > 0 && bytes.size() > kept; --change) {
    const auto at = bytes.begin() + static_cast<Distance>(kept + random.below(bytes.size() - kept));
    const auto length =
        std::min(bytes.end() - at, static_cast<Distance>(1 + random.below(longest)));
    switch (random.below(5)) {
      case 0:
        *at = static_cast<uint8_t>(random.next());
        break;
      case 1:
        std::fill_n(at, std::min<Distance>(length, 12), uint8_t{0xFF});
        break;
      case 2:
        bytes.erase(at, at + length);
        break;
      case 3: {
        const std::vector<uint8_t>& other = files[random.below(files.size())];
        const auto from =
            other.begin() + static_cast<Distance>(kept + random.below(other.size() - kept));
        const std::vector<uint8_t> piece(from, from + std::min(other.end() - from, length));
        bytes.insert(at, piece.begin(), piece.end());
        break;
      }
      default:
        bytes.insert(at, static_cast<uint8_t>(random.next()));
    }
  }
  return bytes;
}

}  // namespace sparsys
