// SPDX-License-Identifier: Apache-2.0
// The weights' way from the port to the array's packets against the definition of their stream
// (docs/reference/mxu-format.md section 7): random tiles, written as raw bytes or entries by an
// encoder of this test, at random and at full speed; every packet's tile, cell, value and time
// (docs/reference/mxu-timing.md sections 2 and 4); what is wrong with a stream, and where.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "Vmxu_weights_16x80.h"
#include "Vmxu_weights_1x1.h"
#include "Vmxu_weights_5x7.h"
#include "Vmxu_weights_9x36.h"
#include "verilated.h"

namespace {

using Random = std::mt19937_64;

struct Shape {
  uint32_t rows, cols, fifo_words;
  uint32_t buses() const { return (cols + 3) / 4; }
  uint32_t lanes() const { return (buses() + 7) / 8; }
  uint32_t positions() const { return 4 * rows; }
};

using Beat = std::vector<uint64_t>;             // a word for each lane
using Tile = std::vector<std::vector<int8_t>>;  // [bus][position]
using Bytes = std::vector<uint8_t>;

// A Read_Weights' stream, and what it was made of.
struct Stream {
  bool raw = false, codebook = false;
  std::vector<Beat> beats;
  std::vector<Tile> tiles;
  std::vector<uint32_t> longest;  // words of each tile's longest bus
  uint32_t told_tiles = 0;
};

Bytes raw_bytes(const std::vector<int8_t>& values) {
  Bytes bytes(values.begin(), values.end());
  while (!bytes.empty() && bytes.back() == 0) bytes.pop_back();
  return bytes;
}

// Fillers as short as they can be, or, at random, in several.
Bytes entry_bytes(const std::vector<int8_t>& values, const std::vector<int8_t>& book,
                  Random& random) {
  Bytes bytes;
  uint32_t zeros = 0;
  for (const int8_t v : values) {
    if (v == 0) {
      ++zeros;
      continue;
    }
    while (zeros > 15) {
      uint32_t k = std::min(zeros / 16, 16U);
      if (random() % 4 == 0) k = 1 + random() % k;
      bytes.push_back(static_cast<uint8_t>((k - 1) << 4));
      zeros -= 16 * k;
    }
    const auto code = std::find(book.begin() + 1, book.end(), v) - book.begin();
    bytes.push_back(static_cast<uint8_t>(zeros << 4 | code));
    zeros = 0;
  }
  return bytes;
}

std::vector<uint64_t> words_of(Bytes bytes) {
  bytes.resize(std::max<size_t>(8, (bytes.size() + 7) / 8 * 8));
  std::vector<uint64_t> words(bytes.size() / 8);
  std::memcpy(words.data(), bytes.data(), bytes.size());
  return words;
}

// Header and words of a tile whose bus j has words[j].
void append_tile(const Shape& s, std::vector<Beat>& beats,
                 const std::vector<std::vector<uint64_t>>& words, Random& random) {
  const uint32_t lanes = s.lanes();
  Beat header(lanes);
  for (uint32_t l = 0; l < lanes; ++l) header[l] = random();
  std::vector<std::vector<uint64_t>> of_lane(lanes);
  for (uint32_t j = 0; j < s.buses(); ++j) {
    const uint32_t at = 8 * (j / lanes);
    header[j % lanes] &= ~(uint64_t{0xFF} << at);
    header[j % lanes] |= (words[j].size() & 0xFF) << at;
  }
  size_t most = 0;
  for (uint32_t l = 0; l < lanes; ++l) {
    for (size_t round = 0, given = 1; given != 0; ++round) {
      given = 0;
      for (uint32_t j = l; j < s.buses(); j += lanes)
        if (round < words[j].size()) {
          of_lane[l].push_back(words[j][round]);
          ++given;
        }
    }
    most = std::max(most, of_lane[l].size());
  }
  beats.push_back(header);
  for (size_t b = 0; b < most; ++b) {
    Beat beat(lanes);
    for (uint32_t l = 0; l < lanes; ++l) beat[l] = b < of_lane[l].size() ? of_lane[l][b] : random();
    beats.push_back(beat);
  }
}

Stream random_stream(const Shape& s, uint32_t tiles, bool raw, bool codebook,
                     std::vector<int8_t>& book, Random& random) {
  Stream stream;
  stream.raw = raw;
  stream.codebook = codebook;
  stream.told_tiles = tiles;
  if (codebook) {
    for (int8_t& v : book) v = static_cast<int8_t>(random());
    for (uint32_t half = 0; half < 2; ++half) {
      uint64_t word;
      std::memcpy(&word, book.data() + 8 * half, 8);
      stream.beats.push_back(Beat(s.lanes(), word));
    }
  }
  for (uint32_t n = 0; n < tiles; ++n) {
    Tile tile(s.buses());
    std::vector<std::vector<uint64_t>> words;
    uint32_t longest = 0;
    for (std::vector<int8_t>& values : tile) {
      values.resize(s.positions());
      const uint32_t density = std::vector<uint32_t>{0, 1, 10, 60, 100}[random() % 5];
      for (int8_t& v : values) {
        if (random() % 100 >= density) continue;
        v = raw ? static_cast<int8_t>(random()) : book[1 + random() % 15];
      }
      words.push_back(words_of(raw ? raw_bytes(values) : entry_bytes(values, book, random)));
      longest = std::max(longest, static_cast<uint32_t>(words.back().size()));
    }
    append_tile(s, stream.beats, words, random);
    stream.tiles.push_back(tile);
    stream.longest.push_back(longest + (codebook && n == 0 ? 2 : 0));
  }
  return stream;
}

template <class Port>
void put_bits(Port& port, size_t low, uint32_t width, uint64_t value) {
  for (uint32_t b = 0; b < width; ++b) {
    uint8_t& byte = reinterpret_cast<uint8_t*>(&port)[(low + b) / 8];
    const uint32_t at = (low + b) % 8;
    byte = static_cast<uint8_t>((byte & ~(1U << at)) | (value >> b & 1U) << at);
  }
}
template <class Port>
uint32_t get_bits(const Port& port, size_t low, uint32_t width) {
  uint32_t bits = 0;
  for (uint32_t b = 0; b < width; ++b)
    bits |= (reinterpret_cast<const uint8_t*>(&port)[(low + b) / 8] >> (low + b) % 8 & 1U) << b;
  return bits;
}

// Plays fetch, memory and product, and gathers the packets of each tile.
template <class Rtl>
struct Bench {
  const Shape s;
  Random random;
  VerilatedContext context;
  std::unique_ptr<Rtl> top = std::make_unique<Rtl>(&context);
  uint32_t fast;                 // per cent of cycles with beat, request, swap
  std::deque<Stream> to_expect;  // not yet announced
  std::deque<Beat> due;          // asked for and not taken
  const Stream* asking = nullptr;
  std::deque<Stream> announced;
  size_t asked = 0;  // beats of it
  uint32_t hold = 0;
  uint64_t t = 0;
  std::vector<uint64_t> swaps;
  std::vector<Tile> got;  // what packets brought, by the tile
  uint64_t expected_tiles = 0;

  Bench(const Shape& shape, uint64_t seed, uint32_t fast_percent)
      : s(shape), random(seed), fast(fast_percent) {
    context.randReset(0);
    for (uint32_t n = 0; n < 3; ++n) cycle(n < 2);
  }
  ~Bench() { top->final(); }
  bool chance(uint32_t percent) { return random() % 100 < percent; }

  // With the swap of cycle h in front of tile n its packets are at bus j from h + 4j + 3 on.
  void gather() {
    uint32_t row_w = 1;
    while (1U << row_w < s.rows) ++row_w;
    const uint32_t width = row_w + 11;
    for (uint32_t j = 0; j < s.buses(); ++j) {
      if (!get_bits(top->packet_o, size_t{width} * j + width - 1, 1)) continue;
      // The last swap that the bus has seen; before the first product's it is that of the reset.
      size_t n = 0;
      while (n < swaps.size() && swaps[n] + 4 * j <= t) ++n;
      if (n > 0) {
        EXPECT_GE(t, swaps[n - 1] + 4 * j + 3) << "bus " << j << ", too early";
      }
      if (got.size() <= n) got.resize(n + 1, Tile(s.buses(), std::vector<int8_t>(s.positions())));
      const uint32_t packet = get_bits(top->packet_o, size_t{width} * j, width);
      const uint32_t position = packet >> 8 & ((1U << (row_w + 2)) - 1);
      ASSERT_LT(position, s.positions());
      EXPECT_EQ(got[n][j][position], 0) << "twice";
      got[n][j][position] = static_cast<int8_t>(packet);
    }
  }

  // `swap_now`: a product waits.
  void cycle(bool rst, bool swap_now = false) {
    top->clk_i = 0;
    top->rst_i = rst;
    top->asked_i = top->expect_i = top->w_valid_i = top->swap_i = 0;
    top->eval();
    if (!to_expect.empty() && asking == nullptr && !top->expect_full_o && !rst && chance(fast)) {
      announced.push_back(std::move(to_expect.front()));
      to_expect.pop_front();
      asking = &announced.back();
      asked = 0;
      top->expect_i = 1;
      put_bits(top->expect_data_i, 0, 24, asking->beats.size());
      put_bits(top->expect_data_i, 24, 16, asking->told_tiles);
      put_bits(top->expect_data_i, 40, 1, asking->raw);
      put_bits(top->expect_data_i, 41, 1, asking->codebook);
    } else if (asking != nullptr && hold == 0 && top->room_o && top->error_o == 0 && chance(fast)) {
      const size_t beats = std::min<size_t>(16, asking->beats.size() - asked);
      top->asked_i = 1;
      top->beats_i = beats;
      hold = 3;
      for (size_t b = 0; b < beats; ++b) due.push_back(asking->beats[asked + b]);
      asked += beats;
      if (asked == asking->beats.size()) asking = nullptr;
    }
    if (hold) --hold;
    const size_t before = due.size() - (top->asked_i ? top->beats_i : 0);
    EXPECT_EQ(top->w_ready_o, before != 0 && !rst);
    if (before != 0 && chance(fast)) {
      top->w_valid_i = 1;
      for (uint32_t l = 0; l < s.lanes(); ++l) put_bits(top->w_data_i, 64 * l, 64, due[0][l]);
      due.pop_front();
    }
    if (swap_now && top->loaded_o && chance(fast)) {
      top->swap_i = 1;
      swaps.push_back(t);
    }
    top->eval();
    gather();
    top->clk_i = 1;
    top->eval();
    ++t;
  }

  // Takes `tiles` into use, and compares them.
  void run(const std::vector<Tile>& tiles) {
    for (uint64_t limit = t + 40000 + 4000 * tiles.size(); swaps.size() < tiles.size();) {
      ASSERT_LT(t, limit) << "hangs at tile " << swaps.size() << ", error " << int{top->error_o};
      cycle(false, true);
    }
    for (uint32_t n = 0; n < 4 * s.buses(); ++n) cycle(false);
    compare(tiles);
    EXPECT_EQ(top->error_o, 0);
  }

  // The first tiles that packets brought.
  void compare(const std::vector<Tile>& tiles) {
    got.resize(std::max(got.size(), tiles.size()),
               Tile(s.buses(), std::vector<int8_t>(s.positions())));
    for (size_t n = 0; n < tiles.size(); ++n)
      for (uint32_t j = 0; j < s.buses(); ++j)
        ASSERT_EQ(got[n][j], tiles[n][j]) << "tile " << n << " bus " << j;
  }
};

template <class Rtl>
void random_streams(const Shape& s) {
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Bench<Rtl> b(s, seed, std::vector<uint32_t>{100, 70, 20}[seed % 3]);
    std::vector<int8_t> book(16);
    std::vector<Tile> tiles;
    bool known = false;
    for (uint32_t n = 0; n < 8; ++n) {
      const bool raw = b.chance(40);
      const bool codebook = !raw && (!known || b.chance(40));
      known |= codebook;
      b.to_expect.push_back(random_stream(s, 1 + b.random() % 4, raw, codebook, book, b.random));
      const std::vector<Tile>& more = b.to_expect.back().tiles;
      tiles.insert(tiles.end(), more.begin(), more.end());
    }
    b.run(tiles);
    if (testing::Test::HasFatalFailure()) return;
  }
}

TEST(MxuWeights, Streams1x1) { random_streams<Vmxu_weights_1x1>({1, 1, 32}); }
TEST(MxuWeights, Streams5x7) { random_streams<Vmxu_weights_5x7>({5, 7, 32}); }
TEST(MxuWeights, Streams9x36) { random_streams<Vmxu_weights_9x36>({9, 36, 64}); }
TEST(MxuWeights, Streams16x80) { random_streams<Vmxu_weights_16x80>({16, 80, 128}); }

// With all words there in time a tile takes 8 cycles a word of its longest bus and three.
TEST(MxuWeights, Periods) {
  const Shape s{16, 80, 128};
  Bench<Vmxu_weights_16x80> b(s, 5, 100);
  std::vector<int8_t> book(16);
  b.to_expect.push_back(random_stream(s, 12, false, true, book, b.random));
  const Stream stream = b.to_expect.back();
  for (uint32_t n = 0; n < 2000; ++n) b.cycle(false);
  b.run(stream.tiles);
  for (size_t n = 1; n < stream.tiles.size(); ++n)
    EXPECT_EQ(b.swaps[n] - b.swaps[n - 1], 8 * stream.longest[n] + 3) << "tile " << n;
}

// Drives a stream in error behind a good one: the good tiles can be used, nothing behind.
void damaged(const char* what, Stream bad, uint32_t good_of_it, uint32_t code, uint32_t number,
             uint32_t bus) {
  SCOPED_TRACE(what);
  const Shape s{16, 80, 128};
  Bench<Vmxu_weights_16x80> b(s, 9, 80);
  std::vector<int8_t> book(16);
  b.to_expect.push_back(random_stream(s, 2, true, false, book, b.random));
  std::vector<Tile> tiles = b.to_expect.back().tiles;
  tiles.insert(tiles.end(), bad.tiles.begin(), bad.tiles.begin() + good_of_it);
  b.to_expect.push_back(std::move(bad));
  b.to_expect.push_back(random_stream(s, 2, true, false, book, b.random));
  for (uint32_t n = 0; n < 4000; ++n)
    b.cycle(false, b.top->error_o == 0 || b.swaps.size() < tiles.size());
  EXPECT_EQ(int{b.top->error_o}, code);
  EXPECT_EQ(b.top->error_number_o, number);
  EXPECT_EQ(int{b.top->error_bus_o}, bus);
  EXPECT_EQ(b.top->owed_o, 0);
  EXPECT_TRUE(b.due.empty());
  for (uint32_t n = 0; n < 2000; ++n) b.cycle(false, true);
  EXPECT_EQ(b.swaps.size(), tiles.size());
  b.compare(tiles);
}

TEST(MxuWeights, Errors) {
  const Shape s{16, 80, 128};
  Random random(4);
  std::vector<int8_t> book(16);
  const auto coded = [&](uint32_t tiles) {
    return random_stream(s, tiles, false, true, book, random);
  };
  Stream bad = coded(2);
  bad.codebook = false;
  bad.beats.erase(bad.beats.begin(), bad.beats.begin() + 2);
  damaged("no codebook", bad, 0, 12, 3, 0);
  bad = coded(2);
  bad.beats[2][1] &= ~(uint64_t{0xFF} << 16);
  damaged("a count of 0 on bus 7", bad, 0, 11, 3, 7);
  bad = coded(1);
  bad.beats[2][2] = (bad.beats[2][2] & ~uint64_t{0xFF}) | 9;
  damaged("a count above 8 on bus 2", bad, 0, 11, 3, 2);
  bad = coded(2);
  bad.told_tiles = 3;
  damaged("beats end in front of the last tile", bad, 2, 11, 4, 0);
  bad = coded(2);
  bad.told_tiles = 1;
  damaged("beats behind the last tile", bad, 1, 11, 4, 0);
  bad = coded(2);
  bad.beats.pop_back();
  damaged("beats end inside a tile", bad, 1, 11, 4, 0);
  // A weight at position 64 of bus 4 or behind it: of raw bytes it would be in a ninth word, which
  // is a wrong count already; entries have it in the first.
  bad = coded(1);
  bad.beats.resize(2);
  std::vector<std::vector<uint64_t>> words(20, std::vector<uint64_t>(1));
  words[4][0] = 0x01F0 | uint64_t{0x0030} << 16;  // passes 256, a weight
  append_tile(s, bad.beats, words, random);
  damaged("a weight behind the end on bus 4", bad, 0, 10, 3, 4);
  bad.beats.resize(2);
  words[4][0] = 0x0130;  // passes 64, a weight at 64
  append_tile(s, bad.beats, words, random);
  damaged("a weight right behind the end", bad, 0, 10, 3, 4);
  bad.beats.resize(2);
  words[4] = {0x20, 0xF1};  // 48 and 7 times 16 positions, then a weight
  append_tile(s, bad.beats, words, random);
  damaged("a weight behind the end in the second word", bad, 0, 10, 3, 4);
}

// The last position is none behind the end.
TEST(MxuWeights, LastPosition) {
  const Shape s{16, 80, 128};
  Bench<Vmxu_weights_16x80> b(s, 7, 100);
  std::vector<int8_t> book(16);
  Stream stream = random_stream(s, 1, false, true, book, b.random);
  stream.beats.resize(2);
  std::vector<std::vector<uint64_t>> words(20, std::vector<uint64_t>(1));
  words[4][0] = 0xF120;  // passes 48, and a weight at 48 + 15 = 63
  append_tile(s, stream.beats, words, b.random);
  stream.tiles.assign(1, Tile(s.buses(), std::vector<int8_t>(s.positions())));
  stream.tiles[0][4][63] = book[1];
  b.to_expect.push_back(stream);
  b.run(stream.tiles);
}

}  // namespace
