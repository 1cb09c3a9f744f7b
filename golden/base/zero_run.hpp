// SPDX-License-Identifier: Apache-2.0
// Runs of zeros between the values of a sparse line, in entries of a code and an index of so many
// bits: the index of a value's entry is how many zeros precede it. Where these are too many for
// it, padding entries, which have code 0, stand in front.
#pragma once

#include <algorithm>
#include <cstdint>

namespace sparsys {

enum class Padding : uint8_t {
  // Each stands for the largest run and one zero more, and has the largest index (EIE, Han 2016,
  // section III; Deep Compression, Han 2016, figure 2).
  kOneLevel,
  // One with index s stands for s + 1 times as many zeros.
  kTwoLevel,
};

// Padding entries in front of a value behind `zeros` zeros. bits: 1 to 16, of an index.
constexpr uint64_t padding_entries(uint64_t zeros, unsigned bits, Padding padding) {
  const uint64_t blocks = zeros >> bits;
  const uint64_t most = padding == Padding::kOneLevel ? 1 : uint64_t{1} << bits;
  return (blocks + most - 1) / most;
}

// Calls pad(index) for each of them, in order, and returns the index of the value's own entry.
template <class Pad>
inline uint32_t pad_run(uint64_t zeros, unsigned bits, Padding padding, Pad&& pad) {
  const uint64_t last = (uint64_t{1} << bits) - 1;
  for (uint64_t blocks = zeros >> bits; blocks != 0;) {
    const uint64_t passed = padding == Padding::kOneLevel ? 1 : std::min(blocks, last + 1);
    pad(static_cast<uint32_t>(padding == Padding::kOneLevel ? last : passed - 1));
    blocks -= passed;
  }
  return static_cast<uint32_t>(zeros & last);
}

// Elements that an entry advances by: all zeros for padding, else zeros and the value.
constexpr uint64_t run_advance(bool is_padding, uint64_t index, unsigned bits, Padding padding) {
  return is_padding && padding == Padding::kTwoLevel ? (index + 1) << bits : index + 1;
}

}  // namespace sparsys
