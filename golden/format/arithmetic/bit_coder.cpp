// SPDX-License-Identifier: Apache-2.0
#include "golden/format/arithmetic/bit_coder.hpp"

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"

namespace sparsys::arithmetic {

namespace {

constexpr uint32_t kLeastRange = uint32_t{1} << 24;
// Bytes that the decoder is ahead by.
constexpr size_t kAhead = 4;

}  // namespace

void BitEncoder::shift() {
  if (low_ >> 32 != 0) {
    size_t at = bytes_.size();
    while (at > 0 && ++bytes_[--at] == 0) {
    }
    low_ &= 0xFFFFFFFF;
  }
  bytes_.push_back(static_cast<uint8_t>(low_ >> 24));
  low_ = (low_ << 8) & 0xFFFFFFFF;
}

std::vector<uint8_t> BitEncoder::finish() {
  // Of the numbers in the interval the one with the most zeros at its end.
  const uint64_t last = low_ + range_ - 1;
  for (unsigned zeros = 32; zeros <= 32; zeros -= 8) {
    const uint64_t found = last >> zeros << zeros;
    if (found < low_) continue;
    low_ = found;
    break;
  }
  const size_t certain = bytes_.size();
  for (size_t k = 0; k < kAhead; ++k) shift();
  while (bytes_.size() > certain && bytes_.back() == 0) bytes_.pop_back();
  return std::move(bytes_);
}

BitDecoder::BitDecoder(const uint8_t* data, size_t size) : data_(data), size_(size) {
  for (size_t k = 0; k < kAhead; ++k) value_ = value_ << 8 | next();
}

uint8_t BitDecoder::next() {
  const size_t at = at_++;
  if (at < size_) return data_[at];
  // An encoder has named its last bit by then.
  if (at >= size_ + kAhead) throw Error("arithmetic stream ends early");
  return 0;
}

int BitDecoder::code(int, uint32_t probability) {
  const uint32_t bound = (range_ >> kProbabilityBits) * probability;
  const bool bit = value_ < bound;
  if (bit) {
    range_ = bound;
  } else {
    value_ -= bound;
    range_ -= bound;
  }
  while (range_ < kLeastRange) {
    range_ <<= 8;
    value_ = value_ << 8 | next();
  }
  return bit ? 1 : 0;
}

void BitDecoder::finish() const {
  if (at_ < size_) {
    throw Error("arithmetic stream: " + number(size_ - at_) + " bytes behind the end");
  }
  if (size_ + kAhead > at_ && data_[size_ - 1] == 0)
    throw Error("arithmetic stream: its last byte is 0");
}

}  // namespace sparsys::arithmetic
