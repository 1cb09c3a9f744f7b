// SPDX-License-Identifier: Apache-2.0
#include "golden/format/arithmetic/network_stream.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/format/arithmetic/code_matrix.hpp"

namespace sparsys::arithmetic {
namespace {

constexpr uint32_t kEven = 1U << (kProbabilityBits - 1);
constexpr unsigned kNumberBits = 6;
constexpr unsigned kMantissa = 23;
constexpr unsigned kPrecisionBits = 5;
constexpr unsigned kStrideBits = 8;
// Of a text of so many bytes, each of its longer contexts has a table of 2^these.
unsigned hash_bits(uint64_t size) {
  constexpr unsigned kMost = 16;
  unsigned bits = 8;
  while (bits < kMost && size >> (bits - 4) != 0) ++bits;
  return bits;
}

uint32_t hash(uint32_t bytes, uint32_t part, unsigned bits) {
  return (bytes * 0x9E3779B1U + part * 0x85EBCA6BU) >> (32 - bits);
}

MatrixOrder order_of(const MatrixPath& path, size_t rows, size_t columns) {
  if (path.by_columns) return {columns, rows, 1, columns, path.stride};
  return {rows, columns, columns, 1, path.stride};
}

uint32_t bits_of(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

}  // namespace

template <typename Coder>
int NetworkStream<Coder>::even(int bit) {
  bits_ += 1;
  return coder_.code(bit, kEven);
}

template <typename Coder>
uint64_t NetworkStream<Coder>::plain(uint64_t value, unsigned bits) {
  uint64_t coded = 0;
  for (unsigned b = bits; b-- > 0;) {
    coded = coded << 1 | static_cast<uint64_t>(even(static_cast<int>(value >> b & 1)));
  }
  return coded;
}

template <typename Coder>
int NetworkStream<Coder>::adaptive(Adaptive& cell, int bit) {
  const uint32_t probability = std::clamp(cell.probability(), uint32_t{64}, uint32_t{65536 - 64});
  bit = coder_.code(bit, probability);
  const double share = static_cast<double>(bit != 0 ? probability : 65536 - probability) / 65536;
  bits_ -= std::log2(share);
  cell.add(bit);
  return bit;
}

template <typename Coder>
uint64_t NetworkStream<Coder>::number(uint64_t value) {
  unsigned size = 0;
  while ((value + 1) >> size > 1) ++size;
  size = static_cast<unsigned>(plain(size, kNumberBits));
  return (uint64_t{1} << size | plain(value + 1, size)) - 1;
}

template <typename Coder>
void NetworkStream<Coder>::bytes(std::vector<uint8_t>& bytes, uint64_t most) {
  const uint64_t size = number(bytes.size());
  if (size > most) {
    throw Error("a description of " + sparsys::number(size) + " bytes, expected at most " +
                sparsys::number(most));
  }
  bytes.resize(static_cast<size_t>(size));
  const unsigned bits = hash_bits(size);
  const size_t table = size_t{1} << bits;
  Mixture text({256, table, table, table}, 1, {30000, 1});
  uint32_t before = 0;
  for (uint8_t& byte : bytes) {
    uint32_t part = 1;
    for (unsigned b = 8; b-- > 0;) {
      const uint32_t contexts[] = {part, hash(before & 0xFF, part, bits),
                                   hash(before & 0xFFFF, part, bits),
                                   hash(before & 0xFFFFFF, part, bits)};
      const int bit = text.code(coder_, byte >> b & 1, contexts, 0);
      part = part << 1 | static_cast<uint32_t>(bit);
    }
    byte = static_cast<uint8_t>(part);
    before = before << 8 | byte;
  }
}

template <typename Coder>
double NetworkStream<Coder>::floats(float* values, size_t count) {
  const double first = bits_;
  uint32_t used = 0;
  for (size_t i = 0; i < count; ++i) used |= bits_of(values[i]);
  unsigned precision = kMantissa;
  while (precision > 0 && (used >> (kMantissa - precision) & 1) == 0) --precision;
  precision = static_cast<unsigned>(plain(precision, kPrecisionBits));
  if (precision > kMantissa) {
    throw Error("floats of " + sparsys::number(precision) + " bits of mantissa, expected at most " +
                sparsys::number(kMantissa));
  }
  size_t zero = 0;
  size_t sign = 0;
  for (size_t i = 0; i < count; ++i) {
    const uint32_t value = bits_of(values[i]);
    zero = static_cast<size_t>(adaptive(zero_[zero], value == 0 ? 1 : 0));
    uint32_t coded = 0;
    if (zero == 0) {
      sign = static_cast<size_t>(adaptive(sign_[sign], static_cast<int>(value >> 31)));
      uint32_t exponent = 1;
      for (unsigned b = 8; b-- > 0;) {
        exponent = exponent << 1 |
                   static_cast<uint32_t>(adaptive(exponent_[exponent],
                                                  static_cast<int>(value >> (kMantissa + b) & 1)));
      }
      const unsigned rest = kMantissa - precision;
      const auto mantissa =
          static_cast<uint32_t>(plain(value >> rest & ((1U << precision) - 1), precision));
      coded = static_cast<uint32_t>(sign) << 31 | (exponent & 0xFF) << kMantissa | mantissa << rest;
    }
    std::memcpy(&values[i], &coded, sizeof coded);
  }
  return bits_ - first;
}

template <typename Coder>
CodeBits NetworkStream<Coder>::codes(std::vector<uint8_t>& code, size_t rows,
                                     const std::vector<bool>& negative, MatrixPath& path) {
  path.by_columns = even(path.by_columns ? 1 : 0) != 0;
  path.stride = static_cast<unsigned>(plain(path.stride - 1, kStrideBits)) + 1;
  const size_t columns = code.size() / rows;
  const MatrixOrder order = order_of(path, rows, columns);
  if (path.stride > order.columns) {
    throw Error("codes: a stride of " + sparsys::number(path.stride) + " in rows of " +
                sparsys::number(order.columns) + " elements");
  }
  CodeMatrix matrix(negative, order);
  matrix.code(coder_, code);
  return matrix.bits();
}

template class NetworkStream<BitEncoder>;
template class NetworkStream<BitDecoder>;

MatrixPath best_path(const std::vector<uint8_t>& code, size_t rows,
                     const std::vector<bool>& negative, size_t kernel) {
  constexpr size_t kWork = size_t{1} << 23;  // elements to be coded for it
  const size_t columns = code.size() / rows;
  // Sides of square pictures, kernels and their rows; and usual ones.
  const auto root = [](size_t size) {
    return static_cast<size_t>(std::lround(std::sqrt(static_cast<double>(size))));
  };
  std::vector<size_t> strides = {1, kernel, root(kernel)};
  for (const size_t size : {columns, rows}) strides.push_back(root(size));
  for (const size_t usual : {2, 3, 4, 5, 7, 8, 9, 16, 25, 28, 32}) strides.push_back(usual);
  MatrixPath best;
  double least = -1;
  size_t work = 0;
  std::vector<uint8_t> coded = code;  // stays as it is
  std::vector<size_t> tried;
  for (const size_t stride : strides) {
    if (std::find(tried.begin(), tried.end(), stride) != tried.end()) continue;
    tried.push_back(stride);
    for (const bool by_columns : {false, true}) {
      const size_t length = by_columns ? rows : columns;
      if (stride < 1 || stride > std::min<size_t>(length, 1U << kStrideBits)) continue;
      if (by_columns && (rows == 1 || columns == 1)) continue;
      work += code.size();
      if (least >= 0 && work > kWork) return best;
      const MatrixPath path{by_columns, static_cast<unsigned>(stride)};
      BitEncoder coder;
      CodeMatrix matrix(negative, order_of(path, rows, columns));
      matrix.code(coder, coded);
      const double bits = matrix.bits().places + matrix.bits().values;
      if (least >= 0 && bits >= least) continue;
      least = bits;
      best = path;
    }
  }
  return best;
}

}  // namespace sparsys::arithmetic
