// SPDX-License-Identifier: Apache-2.0
// Canonical Huffman codes: lengths against the textbook's algorithm, an exhaustive search and the
// entropy; streams there and back; and bytes from an enemy.
#include "golden/format/huffman.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <queue>
#include <string>

#include "golden/base/error.hpp"
#include "golden/base/random.hpp"
#include "tb/support/random_network.hpp"

namespace sparsys {
namespace {

using Bytes = std::vector<uint8_t>;
using Counts = std::vector<uint64_t>;
using Lengths = std::vector<uint8_t>;

// Bits of an unlimited Huffman code: each merge of the two least weights costs their sum.
uint64_t reference_bits(const Counts& counts) {
  std::priority_queue<uint64_t, Counts, std::greater<>> queue;
  for (const uint64_t count : counts) {
    if (count != 0) queue.push(count);
  }
  if (queue.size() == 1) return queue.top();
  uint64_t bits = 0;
  while (queue.size() > 1) {
    uint64_t sum = queue.top();
    queue.pop();
    sum += queue.top();
    queue.pop();
    bits += sum;
    queue.push(sum);
  }
  return bits;
}

// The least bits of all codes with lengths 1 .. max_bits, by trying them all.
uint64_t least_bits(const Counts& counts, unsigned max_bits) {
  uint64_t least = UINT64_MAX;
  Lengths lengths(counts.size(), 1);
  while (true) {
    uint64_t used = 0;
    for (const uint8_t length : lengths) used += uint64_t{1} << (max_bits - length);
    if (used <= uint64_t{1} << max_bits) least = std::min(least, huffman_bits(counts, lengths));
    size_t s = 0;
    while (s < lengths.size() && lengths[s] == max_bits) lengths[s++] = 1;
    if (s == lengths.size()) return least;
    ++lengths[s];
  }
}

Counts random_counts(Random& random, size_t symbols) {
  Counts counts(symbols);
  const uint64_t kind = random.below(4);
  for (size_t s = 0; s < symbols; ++s) {
    if (random.below(4) == 0) continue;
    counts[s] = kind == 0   ? 1 + random.below(3)
                : kind == 1 ? random.below(1000000)
                : kind == 2 ? static_cast<uint64_t>(1e6 * std::pow(0.8, static_cast<double>(s)))
                            : uint64_t{1} << random.below(40);
  }
  return counts;
}

std::vector<uint16_t> random_symbols(Random& random, const Lengths& lengths, size_t count) {
  std::vector<uint16_t> used;
  for (size_t s = 0; s < lengths.size(); ++s) {
    if (lengths[s] != 0) used.push_back(static_cast<uint16_t>(s));
  }
  std::vector<uint16_t> symbols(used.empty() ? 0 : count);
  for (uint16_t& symbol : symbols) symbol = used[random.below(used.size())];
  return symbols;
}

Bytes encoded(const Lengths& lengths, const std::vector<uint16_t>& symbols) {
  BitWriter bits;
  HuffmanEncoder(lengths).encode(symbols.data(), symbols.size(), bits);
  return bits.finish();
}

// Symbols A .. E occur 15, 7, 6, 6 and 5 times: the textbook's code has 1, 3, 3, 3, 3 bits, 87 in
// all, so that canonical codes are 0, 100, 101, 110, 111.
TEST(Huffman, WorkedExample) {
  const Counts counts = {15, 7, 6, 6, 5};
  const Lengths lengths = huffman_lengths(counts);
  EXPECT_EQ(lengths, (Lengths{1, 3, 3, 3, 3}));
  EXPECT_EQ(huffman_bits(counts, lengths), 87U);
  // B A D E C A = 100 0 110 111 101 0, filled up with 00.
  const std::vector<uint16_t> text = {1, 0, 3, 4, 2, 0};
  const Bytes bytes = encoded(lengths, text);
  EXPECT_EQ(bytes, (Bytes{0b10001101, 0b11101000}));
  std::vector<uint16_t> back(text.size());
  BitReader in(bytes.data(), bytes.size());
  HuffmanDecoder(lengths).decode(in, back.data(), back.size());
  EXPECT_EQ(back, text);
  EXPECT_EQ(in.left(), 2U);
}

TEST(Huffman, FewSymbols) {
  EXPECT_TRUE(huffman_lengths({}).empty());
  EXPECT_EQ(huffman_lengths({0, 0}), (Lengths{0, 0}));
  EXPECT_EQ(huffman_lengths({0, 9, 0}), (Lengths{0, 1, 0}));
  EXPECT_EQ(huffman_lengths({3, 0, 1}), (Lengths{1, 0, 1}));
  EXPECT_EQ(encoded({0, 1}, {1, 1, 1}), Bytes{0});
  EXPECT_TRUE(encoded({}, {}).empty());
  EXPECT_TRUE(encoded({0, 0}, {}).empty());
  BitReader nothing(nullptr, 0);
  HuffmanDecoder(Lengths{}).decode(nothing, static_cast<uint8_t*>(nullptr), 0);
}

TEST(Huffman, LengthsAreTheBest) {
  const uint64_t base = seed_from_environment(1);
  for (uint64_t seed = base; seed < base + (seed_is_given() ? 1 : 600); ++seed) {
    SCOPED_TRACE("SPARSYS_SEED=" + std::to_string(seed));
    Random random(seed, 21);
    Counts counts = random_counts(random, 1 + random.below(300));
    if (*std::max_element(counts.begin(), counts.end()) == 0) counts[0] = 1;
    const Lengths lengths = huffman_lengths(counts);
    ASSERT_NO_THROW(check_huffman_lengths(lengths));
    const uint64_t bits = huffman_bits(counts, lengths);
    const unsigned longest = *std::max_element(lengths.begin(), lengths.end());
    if (longest < kHuffmanMaxBits) {
      ASSERT_EQ(bits, reference_bits(counts));
    } else {
      ASSERT_GE(bits, reference_bits(counts));
    }
    double total = 0;
    double entropy = 0;
    for (const uint64_t count : counts) total += static_cast<double>(count);
    for (const uint64_t count : counts) {
      if (count == 0) continue;
      const auto occurrences = static_cast<double>(count);
      entropy += occurrences * std::log2(total / occurrences);
    }
    ASSERT_GE(static_cast<double>(bits), entropy * (1 - 1e-12));
    ASSERT_LE(static_cast<double>(bits), entropy + total);
  }
}

TEST(Huffman, LimitedLengthsAreTheBest) {
  const uint64_t base = seed_from_environment(1);
  for (uint64_t seed = base; seed < base + (seed_is_given() ? 1 : 200); ++seed) {
    SCOPED_TRACE("SPARSYS_SEED=" + std::to_string(seed));
    Random random(seed, 22);
    Counts counts(2 + random.below(5));
    for (uint64_t& count : counts) count = uint64_t{1} << random.below(20);
    const auto max_bits = static_cast<unsigned>(3 + random.below(2));
    const Lengths lengths = huffman_lengths(counts, max_bits);
    ASSERT_LE(*std::max_element(lengths.begin(), lengths.end()), max_bits);
    ASSERT_EQ(huffman_bits(counts, lengths), least_bits(counts, max_bits));
  }
}

// Fibonacci's numbers make the longest codes; the limit then costs little.
TEST(Huffman, LimitOfTheLength) {
  Counts counts = {1, 1};
  while (counts.size() < 60)
    counts.push_back(counts[counts.size() - 1] + counts[counts.size() - 2]);
  const Lengths lengths = huffman_lengths(counts);
  EXPECT_EQ(*std::max_element(lengths.begin(), lengths.end()), kHuffmanMaxBits);
  check_huffman_lengths(lengths);
  const auto bits = static_cast<double>(huffman_bits(counts, lengths));
  EXPECT_LT(bits, 1.001 * static_cast<double>(reference_bits(counts)));
  EXPECT_EQ(huffman_lengths({1000000, 1, 1, 1}, 2), (Lengths{2, 2, 2, 2}));
  EXPECT_THROW(huffman_lengths({1, 1, 1, 1, 1}, 2), Error);
  EXPECT_THROW(huffman_lengths({1}, 0), Error);
  EXPECT_THROW(huffman_lengths({1}, kHuffmanMaxBits + 1), Error);
  EXPECT_THROW(huffman_lengths(Counts(kHuffmanMaxSymbols + 1)), Error);
  EXPECT_THROW(huffman_lengths({UINT64_MAX, UINT64_MAX}), Error);
  // The largest alphabet, all alike: 16 bits each.
  EXPECT_EQ(huffman_lengths(Counts(kHuffmanMaxSymbols, 7)), Lengths(kHuffmanMaxSymbols, 16));
}

TEST(Huffman, ThereAndBack) {
  const uint64_t base = seed_from_environment(1);
  for (uint64_t seed = base; seed < base + (seed_is_given() ? 1 : 300); ++seed) {
    SCOPED_TRACE("SPARSYS_SEED=" + std::to_string(seed));
    Random random(seed, 23);
    const size_t alphabet = seed % 50 == 0 ? kHuffmanMaxSymbols : 1 + random.below(400);
    const Lengths lengths = huffman_lengths(random_counts(random, alphabet));
    const std::vector<uint16_t> symbols = random_symbols(random, lengths, random.below(3000));
    BitWriter out;
    write_huffman_lengths(lengths, out);
    HuffmanEncoder(lengths).encode(symbols.data(), symbols.size(), out);
    const uint64_t size = out.size();
    const Bytes bytes = out.finish();
    ASSERT_EQ(bytes.size(), (size + 7) / 8);
    BitReader in(bytes.data(), bytes.size());
    ASSERT_EQ(read_huffman_lengths(in, alphabet), lengths);
    const HuffmanDecoder decoder(lengths);
    std::vector<uint16_t> back(symbols.size());
    decoder.decode(in, back.data(), back.size());
    ASSERT_EQ(back, symbols);
    ASSERT_LT(in.left(), 8U);
    // Cut anywhere: an error, and never a read beyond the end.
    if (bytes.empty() || symbols.empty()) continue;
    const Bytes cut(bytes.begin(),
                    bytes.begin() + static_cast<ptrdiff_t>(random.below(bytes.size())));
    EXPECT_THROW(
        {
          BitReader early(cut.data(), cut.size());
          read_huffman_lengths(early, alphabet);
          decoder.decode(early, back.data(), back.size());
        },
        Error);
  }
}

TEST(Huffman, UnsoundTables) {
  for (const Lengths& lengths :
       {Lengths{1, 1, 1}, Lengths{1, 2}, Lengths{2}, Lengths{0, 24}, Lengths{25, 1},
        Lengths{1, 255}, Lengths(kHuffmanMaxSymbols, 15), Lengths(kHuffmanMaxSymbols + 1, 0)}) {
    EXPECT_THROW(check_huffman_lengths(lengths), Error);
    EXPECT_THROW(HuffmanEncoder{lengths}, Error);
    EXPECT_THROW(HuffmanDecoder{lengths}, Error);
    BitWriter out;
    EXPECT_THROW(write_huffman_lengths(lengths, out), Error);
  }
  for (const Lengths& lengths : {Lengths{}, Lengths{0}, Lengths{0, 1}, Lengths{1, 2, 2}}) {
    EXPECT_NO_THROW(check_huffman_lengths(lengths));
  }
}

TEST(Huffman, SymbolsWithoutCodes) {
  const HuffmanEncoder encoder({0, 1});
  BitWriter out;
  const uint8_t symbols[] = {0, 2};
  EXPECT_THROW(encoder.encode(&symbols[0], 1, out), Error);
  EXPECT_THROW(encoder.encode(&symbols[1], 1, out), Error);
  EXPECT_THROW(huffman_bits({1, 1}, {0, 1}), Error);
  EXPECT_THROW(huffman_bits({1}, {0, 1}), Error);
  // The only code is 0: a 1 is none. Nor is anything where nothing has a code.
  const Bytes ones = {0x80};
  uint8_t back = 0;
  BitReader in(ones.data(), ones.size());
  EXPECT_THROW(HuffmanDecoder(Lengths{0, 1}).decode(in, &back, 1), Error);
  EXPECT_THROW(HuffmanDecoder(Lengths{}).decode(in, &back, 1), Error);
  Lengths wide(257, 0);
  wide[256] = 1;
  EXPECT_THROW(HuffmanDecoder(wide).decode(in, &back, 1), Error);
}

TEST(Huffman, RandomBytes) {
  const uint64_t base = seed_from_environment(1);
  size_t sound = 0;
  for (uint64_t seed = base; seed < base + (seed_is_given() ? 1 : 20000); ++seed) {
    SCOPED_TRACE("SPARSYS_SEED=" + std::to_string(seed));
    Random random(seed, 24);
    Bytes bytes(random.below(60));
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random.next());
    try {
      BitReader in(bytes.data(), bytes.size());
      const Lengths lengths = read_huffman_lengths(in, kHuffmanMaxSymbols);
      std::vector<uint16_t> symbols(static_cast<size_t>(random.below(in.left() + 1)));
      HuffmanDecoder(lengths).decode(in, symbols.data(), symbols.size());
      for (const uint16_t symbol : symbols) ASSERT_LT(symbol, lengths.size());
      ++sound;
    } catch (const Error& error) {
      ASSERT_LT(std::string(error.what()).size(), 200U);
    }
  }
  std::cout << sound << " sound\n";
}

}  // namespace
}  // namespace sparsys
