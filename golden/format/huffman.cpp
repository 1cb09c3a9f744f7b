// SPDX-License-Identifier: Apache-2.0
#include "golden/format/huffman.hpp"

#include <algorithm>
#include <numeric>
#include <string>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"

namespace sparsys {
namespace {

constexpr uint64_t kMaxTotal = uint64_t{1} << 56;
constexpr uint8_t kEscape = 7;
constexpr unsigned kEscapedBits = 5;

[[noreturn]] void bad_table(const std::string& what) { throw Error("Huffman table: " + what); }

// How many codes there are of each length.
struct LengthCounts {
  explicit LengthCounts(const std::vector<uint8_t>& lengths) {
    for (const uint8_t length : lengths) {
      ++count[length];
      longest = std::max<unsigned>(longest, length);
    }
    count[0] = 0;
    uint32_t code = 0;
    for (unsigned length = 1; length <= longest; ++length) {
      code = (code + count[length - 1]) << 1;
      first_code[length] = code;
    }
  }

  uint32_t count[kHuffmanMaxBits + 1] = {};
  uint32_t first_code[kHuffmanMaxBits + 1] = {};
  unsigned longest = 0;
};

// ---- Elias gamma codes of numbers 1 .. 2^17 - 1 ----

constexpr unsigned kMaxGamma = 17;

void put_gamma(uint32_t value, BitWriter& out) {
  unsigned bits = 0;
  while (value >> bits != 0) ++bits;
  out.put(0, bits - 1);
  out.put(value, bits);
}

uint32_t take_gamma(BitReader& in) {
  unsigned bits = 1;
  while (in.take(1) == 0) {
    if (++bits > kMaxGamma) bad_table("a number has more than " + number(kMaxGamma) + " bits");
  }
  return (uint32_t{1} << (bits - 1)) | in.take(bits - 1);
}

}  // namespace

// ---- lengths ----

std::vector<uint8_t> huffman_lengths(const std::vector<uint64_t>& counts, unsigned max_bits) {
  if (counts.size() > kHuffmanMaxSymbols) {
    bad_table(number(counts.size()) + " symbols, expected at most " + number(kHuffmanMaxSymbols));
  }
  if (max_bits < 1 || max_bits > kHuffmanMaxBits) {
    bad_table("codes of at most " + number(max_bits) + " bits, expected 1 to " +
              number(kHuffmanMaxBits));
  }
  std::vector<uint32_t> symbol;
  uint64_t total = 0;
  for (size_t s = 0; s < counts.size(); ++s) {
    if (counts[s] == 0) continue;
    if (counts[s] > kMaxTotal - total) bad_table("counts beyond 2^56");
    total += counts[s];
    symbol.push_back(static_cast<uint32_t>(s));
  }
  const size_t n = symbol.size();
  if (n > size_t{1} << max_bits) {
    bad_table(number(n) + " symbols do not have codes of " + number(max_bits) + " bits");
  }
  std::vector<uint8_t> lengths(counts.size(), 0);
  if (n == 1) lengths[symbol[0]] = 1;
  if (n < 2) return lengths;
  std::stable_sort(symbol.begin(), symbol.end(),
                   [&](uint32_t a, uint32_t b) { return counts[a] < counts[b]; });

  // Package-merge: the list of a level has all symbols and the pairs of the list of the level
  // below, by weight. The cheapest 2n - 2 of the top list are a solution; each time that a symbol
  // is in it, within pairs of pairs too, is one bit of its code. What is kept of a list is which of
  // its elements are pairs.
  const size_t levels = std::min<size_t>(max_bits, n - 1);
  const size_t needed = 2 * n - 2;
  std::vector<std::vector<bool>> is_pair(levels);
  std::vector<uint64_t> below;
  std::vector<uint64_t> list;
  for (std::vector<bool>& pairs : is_pair) {
    list.clear();
    size_t leaf = 0;
    size_t pair = 0;
    while (list.size() < needed && (leaf < n || 2 * pair + 1 < below.size())) {
      const bool has_pair = 2 * pair + 1 < below.size();
      const uint64_t weight = has_pair ? below[2 * pair] + below[2 * pair + 1] : 0;
      const bool take_leaf = leaf < n && (!has_pair || counts[symbol[leaf]] <= weight);
      list.push_back(take_leaf ? counts[symbol[leaf]] : weight);
      pairs.push_back(!take_leaf);
      ++(take_leaf ? leaf : pair);
    }
    below.swap(list);
  }
  size_t chosen = needed;
  for (size_t level = levels; level-- > 0;) {
    const std::vector<bool>& pairs = is_pair[level];
    const auto end = pairs.begin() + static_cast<ptrdiff_t>(chosen);
    const auto pair_count = static_cast<size_t>(std::count(pairs.begin(), end, true));
    for (size_t leaf = 0; leaf < chosen - pair_count; ++leaf) ++lengths[symbol[leaf]];
    chosen = 2 * pair_count;
  }
  return lengths;
}

uint64_t huffman_bits(const std::vector<uint64_t>& counts, const std::vector<uint8_t>& lengths) {
  if (counts.size() != lengths.size()) {
    bad_table(number(lengths.size()) + " lengths for " + number(counts.size()) + " counts");
  }
  uint64_t bits = 0;
  for (size_t s = 0; s < counts.size(); ++s) {
    if (counts[s] != 0 && lengths[s] == 0) {
      bad_table("symbol " + number(s) + " has no code");
    }
    bits += counts[s] * lengths[s];
  }
  return bits;
}

void check_huffman_lengths(const std::vector<uint8_t>& lengths) {
  if (lengths.size() > kHuffmanMaxSymbols) {
    bad_table(number(lengths.size()) + " symbols, expected at most " + number(kHuffmanMaxSymbols));
  }
  uint64_t used = 0;  // of the 2^kHuffmanMaxBits codes of the greatest length
  uint64_t symbols = 0;
  for (size_t s = 0; s < lengths.size(); ++s) {
    if (lengths[s] > kHuffmanMaxBits) {
      bad_table("symbol " + number(s) + " has a code of " + number(lengths[s]) +
                " bits, expected at most " + number(kHuffmanMaxBits));
    }
    if (lengths[s] == 0) continue;
    ++symbols;
    used += uint64_t{1} << (kHuffmanMaxBits - lengths[s]);
  }
  const uint64_t all = uint64_t{1} << kHuffmanMaxBits;
  if (used > all) bad_table("more codes than there are of these lengths");
  if (symbols == 0 || (symbols == 1 && used == all / 2)) return;
  if (used < all) bad_table("fewer codes than there are of these lengths");
}

// ---- bits ----

void BitWriter::flush_word() {
  held_bits_ -= 32;
  const auto word = static_cast<uint32_t>(held_ >> held_bits_);
  const uint8_t bytes[4] = {static_cast<uint8_t>(word >> 24), static_cast<uint8_t>(word >> 16),
                            static_cast<uint8_t>(word >> 8), static_cast<uint8_t>(word)};
  bytes_.insert(bytes_.end(), bytes, bytes + 4);
}

std::vector<uint8_t> BitWriter::finish() {
  while (held_bits_ > 0) {
    const unsigned bits = std::min(held_bits_, 8U);
    held_bits_ -= bits;
    bytes_.push_back(static_cast<uint8_t>(held_ >> held_bits_ << (8 - bits)));
  }
  held_ = 0;
  std::vector<uint8_t> bytes;
  bytes.swap(bytes_);
  return bytes;
}

uint64_t BitReader::peek() const {
  const auto first = static_cast<size_t>(position_ / 8);
  const auto size = static_cast<size_t>(bits_ / 8);
  uint64_t word = 0;
  if (size - first >= 8) {
    for (size_t b = 0; b < 8; ++b) word = word << 8 | data_[first + b];
  } else {
    for (size_t b = 0; b < 8; ++b) word = word << 8 | (b < size - first ? data_[first + b] : 0U);
  }
  return word << (position_ % 8);
}

void BitReader::skip(uint64_t bits) {
  if (bits > left()) throw Error("bit stream ends early");
  position_ += bits;
}

uint32_t BitReader::take(unsigned bits) {
  if (bits == 0) return 0;
  const uint64_t word = peek();
  skip(bits);
  return static_cast<uint32_t>(word >> (64 - bits));
}

// ---- coding ----

HuffmanEncoder::HuffmanEncoder(const std::vector<uint8_t>& lengths)
    : code_(lengths.size()), length_(lengths) {
  check_huffman_lengths(lengths);
  LengthCounts counts(lengths);
  for (size_t s = 0; s < lengths.size(); ++s) {
    if (lengths[s] != 0) code_[s] = counts.first_code[lengths[s]]++;
  }
}

template <typename Symbol>
void HuffmanEncoder::encode_all(const Symbol* symbols, size_t count, BitWriter& out) const {
  for (size_t i = 0; i < count; ++i) {
    const size_t symbol = symbols[i];
    if (symbol >= length_.size() || length_[symbol] == 0) {
      bad_table("symbol " + number(symbol) + " has no code");
    }
    out.put(code_[symbol], length_[symbol]);
  }
}

void HuffmanEncoder::encode(const uint8_t* symbols, size_t count, BitWriter& out) const {
  encode_all(symbols, count, out);
}

void HuffmanEncoder::encode(const uint16_t* symbols, size_t count, BitWriter& out) const {
  encode_all(symbols, count, out);
}

HuffmanDecoder::HuffmanDecoder(const std::vector<uint8_t>& lengths) {
  check_huffman_lengths(lengths);
  const LengthCounts counts(lengths);
  longest_ = counts.longest;
  table_bits_ = std::clamp(longest_, 1U, kTableBits);
  table_.resize(size_t{1} << table_bits_);
  uint32_t symbols = 0;
  for (unsigned length = 1; length <= longest_; ++length) {
    first_code_[length] = counts.first_code[length];
    codes_[length] = counts.count[length];
    first_sorted_[length] = symbols;
    symbols += counts.count[length];
  }
  sorted_.resize(symbols);
  uint32_t given[kHuffmanMaxBits + 1] = {};
  for (size_t s = 0; s < lengths.size(); ++s) {
    const unsigned length = lengths[s];
    if (length == 0) continue;
    const uint32_t rank = given[length]++;
    sorted_[first_sorted_[length] + rank] = static_cast<uint16_t>(s);
    if (length > table_bits_) continue;
    const size_t copies = size_t{1} << (table_bits_ - length);
    std::fill_n(table_.begin() + static_cast<ptrdiff_t>((first_code_[length] + rank) * copies),
                copies, Entry{static_cast<uint16_t>(s), static_cast<uint8_t>(length)});
  }
}

HuffmanDecoder::Entry HuffmanDecoder::long_code(uint64_t bits) const {
  for (unsigned length = table_bits_ + 1; length <= longest_; ++length) {
    // Wraps to a large number below the first code.
    const uint32_t rank = static_cast<uint32_t>(bits >> (64 - length)) - first_code_[length];
    if (rank < codes_[length]) {
      return {sorted_[first_sorted_[length] + rank], static_cast<uint8_t>(length)};
    }
  }
  throw Error("bit stream has bits that are no code");
}

template <typename Symbol>
void HuffmanDecoder::decode_all(BitReader& in, Symbol* symbols, size_t count) const {
  const unsigned shift = 64 - table_bits_;
  for (size_t i = 0; i < count;) {
    uint64_t bits = in.peek();
    unsigned taken = 0;
    do {
      Entry entry = table_[bits >> shift];
      if (entry.length == 0) entry = long_code(bits);
      symbols[i++] = static_cast<Symbol>(entry.symbol);
      bits <<= entry.length;
      taken += entry.length;
    } while (i < count && taken <= 57 - kHuffmanMaxBits);
    in.skip(taken);
  }
}

void HuffmanDecoder::decode(BitReader& in, uint8_t* symbols, size_t count) const {
  if (std::any_of(sorted_.begin(), sorted_.end(), [](uint16_t s) { return s > 255; })) {
    bad_table("symbols above 255 have codes");
  }
  decode_all(in, symbols, count);
}

void HuffmanDecoder::decode(BitReader& in, uint16_t* symbols, size_t count) const {
  decode_all(in, symbols, count);
}

// ---- tables ----

void write_huffman_lengths(const std::vector<uint8_t>& lengths, BitWriter& out) {
  check_huffman_lengths(lengths);
  put_gamma(static_cast<uint32_t>(lengths.size()) + 1, out);
  int before = 1;
  for (size_t s = 0; s < lengths.size();) {
    const int length = lengths[s];
    if (length == 0) {
      size_t end = s;
      while (end < lengths.size() && lengths[end] == 0) ++end;
      out.put(kEscape, 3);
      out.put(0, kEscapedBits);
      put_gamma(static_cast<uint32_t>(end - s), out);
      s = end;
      continue;
    }
    if (length == before) {
      out.put(0, 1);
    } else if (length == before + 1) {
      out.put(2, 2);
    } else if (length == before - 1) {
      out.put(6, 3);
    } else {
      out.put(kEscape, 3);
      out.put(static_cast<uint32_t>(length), kEscapedBits);
    }
    before = length;
    ++s;
  }
}

std::vector<uint8_t> read_huffman_lengths(BitReader& in, size_t max_symbols) {
  const size_t size = take_gamma(in) - 1;
  if (size > std::min(max_symbols, kHuffmanMaxSymbols)) {
    bad_table(number(size) + " symbols, expected at most " + number(max_symbols));
  }
  std::vector<uint8_t> lengths;
  lengths.reserve(size);
  unsigned before = 1;
  while (lengths.size() < size) {
    unsigned length = before;
    if (in.take(1) != 0) {
      if (in.take(1) == 0) {
        ++length;
      } else if (in.take(1) == 0) {
        --length;
      } else {
        length = in.take(kEscapedBits);
        if (length == 0) {
          const size_t run = take_gamma(in);
          if (run > size - lengths.size()) bad_table("has more symbols than it says");
          lengths.insert(lengths.end(), run, 0);
          continue;
        }
      }
    }
    if (length < 1 || length > kHuffmanMaxBits) {
      bad_table("a code of " + number(length) + " bits, expected 1 to " + number(kHuffmanMaxBits));
    }
    lengths.push_back(static_cast<uint8_t>(length));
    before = length;
  }
  check_huffman_lengths(lengths);
  return lengths;
}

}  // namespace sparsys
