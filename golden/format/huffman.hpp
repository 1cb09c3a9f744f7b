// SPDX-License-Identifier: Apache-2.0
// Canonical Huffman codes (Deep Compression, Han 2016, section 4), limited in length: code lengths
// from counts, tables of lengths in a few bits per symbol, and a table-driven decoder that survives
// any bytes.
//
// A code is known by its lengths alone: codes of one length follow each other in the order of the
// symbols, and shorter ones come first, as in DEFLATE (RFC 1951, section 3.2.2). Streams are bytes
// filled from the highest bit, codes from their first bit. A lone symbol has a code of one bit, 0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sparsys {

constexpr unsigned kHuffmanMaxBits = 24;
constexpr size_t kHuffmanMaxSymbols = 1U << 16;

// Lengths in bits of a code with the least total length sum(counts[s] * lengths[s]) of all codes
// whose lengths are at most `max_bits` (package-merge; Larmore and Hirschberg 1990). Symbols that
// never occur have length 0 and no code. O(n (log n + max_bits)). Throws Error if there are more
// than kHuffmanMaxSymbols counts, if their sum exceeds 2^56, unless 1 <= max_bits <=
// kHuffmanMaxBits, or if more than 2^max_bits symbols occur.
std::vector<uint8_t> huffman_lengths(const std::vector<uint64_t>& counts,
                                     unsigned max_bits = kHuffmanMaxBits);

// Bits that the symbols take: sum(counts[s] * lengths[s]). Throws Error if the sizes differ or a
// symbol that occurs has no code.
uint64_t huffman_bits(const std::vector<uint64_t>& counts, const std::vector<uint8_t>& lengths);

// Throws Error "Huffman table: <what is wrong>" unless a code has these lengths: at most
// kHuffmanMaxSymbols of at most kHuffmanMaxBits, neither too many (two codes would be the same) nor
// too few (bits would have no meaning) for each other; one symbol of one bit, and none at all, are
// in order too.
void check_huffman_lengths(const std::vector<uint8_t>& lengths);

// Bits one behind the other; the last byte is filled up with zeros.
class BitWriter {
 public:
  // The lowest `bits` bits of `value`, highest first; 0 <= bits <= 32, and higher bits are zero.
  void put(uint32_t value, unsigned bits) {
    held_ = held_ << bits | value;
    held_bits_ += bits;
    if (held_bits_ >= 32) flush_word();
  }
  uint64_t size() const { return uint64_t{8} * bytes_.size() + held_bits_; }  // in bits
  // Gives the bytes and begins anew.
  std::vector<uint8_t> finish();

 private:
  void flush_word();

  std::vector<uint8_t> bytes_;
  uint64_t held_ = 0;  // the lowest held_bits_ bits are still to be written
  unsigned held_bits_ = 0;
};

// Reads them back. The bytes must outlive the reader.
class BitReader {
 public:
  BitReader(const uint8_t* data, size_t size) : data_(data), bits_(uint64_t{8} * size) {}

  // The next 57 bits or more from the highest bit on, without taking them; zeros behind the end.
  uint64_t peek() const;
  // Takes bits. Throws Error "bit stream ends early" if there are fewer.
  void skip(uint64_t bits);
  uint32_t take(unsigned bits);  // 0 <= bits <= 32
  uint64_t left() const { return bits_ - position_; }

 private:
  const uint8_t* data_;
  uint64_t bits_;
  uint64_t position_ = 0;
};

// Throws Error if the lengths are not sound (check_huffman_lengths), or when a symbol has no code.
class HuffmanEncoder {
 public:
  explicit HuffmanEncoder(const std::vector<uint8_t>& lengths);
  void encode(const uint8_t* symbols, size_t count, BitWriter& out) const;
  void encode(const uint16_t* symbols, size_t count, BitWriter& out) const;

 private:
  template <typename Symbol>
  void encode_all(const Symbol* symbols, size_t count, BitWriter& out) const;

  std::vector<uint32_t> code_;
  std::vector<uint8_t> length_;
};

// Throws Error if the lengths are not sound.
class HuffmanDecoder {
 public:
  explicit HuffmanDecoder(const std::vector<uint8_t>& lengths);
  // Exactly `count` symbols, each of which takes a bit at least. Throws Error if the stream ends
  // early, if its bits are no code, or if symbols above 255 have codes and `symbols` are bytes.
  void decode(BitReader& in, uint8_t* symbols, size_t count) const;
  void decode(BitReader& in, uint16_t* symbols, size_t count) const;

 private:
  // Looked up at once are codes up to this length.
  static constexpr unsigned kTableBits = 11;
  struct Entry {
    uint16_t symbol = 0;
    uint8_t length = 0;  // 0: a longer code, or none
  };

  template <typename Symbol>
  void decode_all(BitReader& in, Symbol* symbols, size_t count) const;
  Entry long_code(uint64_t bits) const;

  unsigned table_bits_ = 0;
  unsigned longest_ = 0;
  std::vector<Entry> table_;
  std::vector<uint16_t> sorted_;                   // symbols by length, then by number
  uint32_t first_code_[kHuffmanMaxBits + 1] = {};  // by length
  uint32_t codes_[kHuffmanMaxBits + 1] = {};
  uint32_t first_sorted_[kHuffmanMaxBits + 1] = {};
};

// A table of lengths as bits: their number, then each length by what it differs from that before
// (of the first: from 1, and lengths of 0 are no lengths before): 0 none; 10 one more; 110 one
// less; 111 and five bits: the length itself, and if that is 0 the number of lengths of 0 from here
// on. Numbers are written as Elias gamma codes, of the number plus one if it can be 0.
void write_huffman_lengths(const std::vector<uint8_t>& lengths, BitWriter& out);
// Throws Error if the table ends early, has more than `max_symbols` lengths or is not sound.
std::vector<uint8_t> read_huffman_lengths(BitReader& in, size_t max_symbols);

}  // namespace sparsys
