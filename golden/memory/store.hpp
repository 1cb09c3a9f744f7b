// SPDX-License-Identifier: Apache-2.0
// Bytes of a memory of 2^64, by pages that exist once written. What has never been written holds
// noise that follows from seed and address, so that nobody relies on it being 0.
#pragma once

#include <algorithm>
#include <array>
#include <bitset>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "golden/base/random.hpp"

namespace sparsys {

// Addresses first .. last, both in it.
struct ByteRange {
  uint64_t first = 0;
  uint64_t last = 0;
  bool holds(uint64_t address) const { return first <= address && address <= last; }
};

class Store {
 public:
  explicit Store(uint64_t seed = 0) : seed_(seed) {}
  Store(const Store& other) : seed_(other.seed_) {
    for (const auto& [number, page] : other.pages_) pages_[number] = std::make_unique<Page>(*page);
  }
  Store& operator=(Store other) {
    seed_ = other.seed_;
    pages_.swap(other.pages_);
    return *this;
  }

  void read(uint64_t address, uint8_t* bytes, uint64_t count) const {
    pieces(address, count, [&](uint64_t number, uint64_t at, uint64_t n) {
      const auto page = pages_.find(number);
      if (page == pages_.end()) {
        for (uint64_t i = 0; i < n; ++i) bytes[i] = noise(number * kPage + at + i);
      } else {
        std::copy_n(page->second->bytes.begin() + static_cast<std::ptrdiff_t>(at), n, bytes);
      }
      bytes += n;
    });
  }
  std::vector<uint8_t> read(uint64_t address, uint64_t count) const {
    std::vector<uint8_t> bytes(count);
    read(address, bytes.data(), count);
    return bytes;
  }
  // A number of `width` bytes (1 to 8), little-endian.
  uint64_t word(uint64_t address, uint32_t width = 8) const {
    std::array<uint8_t, 8> bytes{};
    read(address, bytes.data(), width);
    uint64_t value = 0;
    for (uint32_t b = width; b-- > 0;) value = value << 8 | bytes[b];
    return value;
  }

  void write(uint64_t address, const uint8_t* bytes, uint64_t count) {
    pieces(address, count, [&](uint64_t number, uint64_t at, uint64_t n) {
      Page& page = touch(number);
      std::copy_n(bytes, n, page.bytes.begin() + static_cast<std::ptrdiff_t>(at));
      bytes += n;
    });
  }
  void write(uint64_t address, const std::vector<uint8_t>& bytes) {
    write(address, bytes.data(), bytes.size());
  }
  void write_word(uint64_t address, uint64_t value, uint32_t width = 8) {
    std::array<uint8_t, 8> bytes{};
    for (uint32_t b = 0; b < width; ++b) bytes[b] = static_cast<uint8_t>(value >> (8 * b));
    write(address, bytes.data(), width);
  }

  // The lowest address at which the two hold different bytes.
  std::optional<uint64_t> first_difference(const Store& other) const {
    std::optional<uint64_t> first;
    for (const Store* one : {this, &other}) {
      for (const auto& [number, unused] : one->pages_) {
        if (first && *first < number * kPage) break;
        std::array<uint8_t, kPage> a, b;
        read(number * kPage, a.data(), kPage);
        other.read(number * kPage, b.data(), kPage);
        const auto at = std::mismatch(a.begin(), a.end(), b.begin()).first;
        if (at == a.end()) continue;
        const uint64_t address = number * kPage + static_cast<uint64_t>(at - a.begin());
        first = first ? std::min(*first, address) : address;
        break;
      }
    }
    return first;
  }

 private:
  static constexpr uint64_t kPage = 4096;
  struct Page {
    std::array<uint8_t, kPage> bytes;
  };

  template <class Piece>
  static void pieces(uint64_t address, uint64_t count, Piece piece) {
    while (count > 0) {
      const uint64_t at = address % kPage;
      const uint64_t n = std::min(count, kPage - at);
      piece(address / kPage, at, n);
      address += n;
      count -= n;
    }
  }
  uint8_t noise(uint64_t address) const {
    return static_cast<uint8_t>(Random(seed_, address / 8).next() >> (address % 8 * 8));
  }
  Page& touch(uint64_t number) {
    std::unique_ptr<Page>& page = pages_[number];
    if (!page) {
      page = std::make_unique<Page>();
      for (uint64_t b = 0; b < kPage; ++b) page->bytes[b] = noise(number * kPage + b);
    }
    return *page;
  }

  uint64_t seed_;
  std::map<uint64_t, std::unique_ptr<Page>> pages_;
};

// Which bytes have been written.
class WriteRecord {
 public:
  void add(uint64_t address) { pages_[address / 4096].set(address % 4096); }
  void clear() { pages_.clear(); }
  bool holds(uint64_t address) const {
    const auto page = pages_.find(address / 4096);
    return page != pages_.end() && page->second.test(address % 4096);
  }
  // The lowest address that has been written and lies in none of `allowed`.
  std::optional<uint64_t> outside(const std::vector<ByteRange>& allowed) const {
    for (const auto& [number, bytes] : pages_) {
      for (uint64_t b = 0; b < 4096; ++b) {
        const uint64_t address = number * 4096 + b;
        if (bytes.test(b) && std::none_of(allowed.begin(), allowed.end(),
                                          [&](const ByteRange& r) { return r.holds(address); })) {
          return address;
        }
      }
    }
    return std::nullopt;
  }
  uint64_t count() const {
    uint64_t all = 0;
    for (const auto& page : pages_) all += page.second.count();
    return all;
  }

 private:
  std::map<uint64_t, std::bitset<4096>> pages_;
};

}  // namespace sparsys
