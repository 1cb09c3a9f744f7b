// SPDX-License-Identifier: Apache-2.0
// Weights as streams of entries: bytes by hand, round trips against the tests' own encoder, and
// damaged streams.
#include "golden/engine/mxu/weight_stream.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "golden/base/error.hpp"
#include "tb/support/mxu/stream.hpp"
#include "tb/support/seeds.hpp"

namespace sparsys::mxu {
namespace {

using test::Matrix8;
using test::StreamMaker;

Config unit(uint32_t rows, uint32_t cols) {
  Config config;
  config.rows = config.tile_rows = rows;
  config.cols = config.tile_cols = cols;
  return config;
}

Matrix8 matrix_of(const Config& c, const std::vector<int8_t>& tile) {
  Matrix8 rows(c.rows, std::vector<int>(c.cols));
  for (uint32_t r = 0; r < c.rows; ++r) {
    for (uint32_t k = 0; k < c.cols; ++k) rows[r][k] = tile[r * c.cols + k];
  }
  return rows;
}

// Two rows of five columns: a bus of four, and one of one column; one lane.
TEST(WeightStream, BytesByHand) {
  const Config config = unit(2, 5);
  const StreamShape shape(config);
  ASSERT_EQ(shape.buses, 2U);
  ASSERT_EQ(shape.lanes, 1U);
  ASSERT_EQ(shape.most_words, 1U);
  const std::vector<int8_t> tile = {0, 7, 0, -3, 0,  //
                                    0, 0, 0, 7,  -3};
  std::vector<uint8_t> raw;
  put_tile(shape, tile.data(), nullptr, raw);
  EXPECT_EQ(raw, (std::vector<uint8_t>{1, 1, 0, 0,    0,    0, 0, 0,  //
                                       0, 7, 0, 0xFD, 0,    0, 0, 7,  //
                                       0, 0, 0, 0,    0xFD, 0, 0, 0}));
  const std::optional<Codebook> codebook = codebook_of(tile);
  ASSERT_TRUE(codebook);
  EXPECT_EQ((*codebook)[1], -3);
  EXPECT_EQ((*codebook)[2], 7);
  std::vector<uint8_t> coded;
  put_codebook(shape, *codebook, coded);
  StreamFigures figures;
  put_tile(shape, tile.data(), &*codebook, coded, &figures);
  EXPECT_EQ(coded, (std::vector<uint8_t>{0,    0xFD, 7,    0, 0, 0, 0, 0,  //
                                         0,    0,    0,    0, 0, 0, 0, 0,  //
                                         1,    1,    0,    0, 0, 0, 0, 0,  //
                                         0x12, 0x11, 0x32, 0, 0, 0, 0, 0,  //
                                         0x41, 0,    0,    0, 0, 0, 0, 0}));
  EXPECT_EQ(figures.tiles, 1U);
  EXPECT_EQ(figures.beats, 3U);
  EXPECT_EQ(figures.values, 4U);
  EXPECT_EQ(figures.fillers, 0U);
  EXPECT_EQ(figures.padding, 12U);
  EXPECT_EQ(figures.longest, 3U);
  EXPECT_EQ(figures.mean, 2);
}

// A value behind 300 zeros: 288 are passed by a filler of 256 and one of 32, 12 by the entry.
TEST(WeightStream, Fillers) {
  const Config config = unit(80, 4);
  const StreamShape shape(config);
  std::vector<int8_t> tile(320);
  tile[300] = 5;
  const Codebook codebook = *codebook_of(tile);
  std::vector<uint8_t> beats;
  StreamFigures figures;
  put_tile(shape, tile.data(), &codebook, beats, &figures);
  EXPECT_EQ(beats, (std::vector<uint8_t>{1, 0, 0, 0, 0, 0, 0, 0,  //
                                         0xF0, 0x10, 0xC1, 0, 0, 0, 0, 0}));
  EXPECT_EQ(figures.fillers, 2U);
}

// Nine buses have two lanes: buses 0, 2, .. 8 and 1, 3, .. 7; words in turns, the longest bus last.
TEST(WeightStream, LanesTakeTurns) {
  const Config config = unit(4, 36);
  const StreamShape shape(config);
  ASSERT_EQ(shape.lanes, 2U);
  std::vector<int8_t> tile(size_t{4} * 36);
  for (uint32_t bus = 0; bus < 9; ++bus) tile[4 * bus] = static_cast<int8_t>(bus + 1);
  for (const uint32_t bus : {2U, 6U}) tile[3 * 36 + 4 * bus] = static_cast<int8_t>(40 + bus);
  std::vector<uint8_t> beats;
  put_tile(shape, tile.data(), nullptr, beats);
  ASSERT_EQ(beats.size(), 16U * 8);
  EXPECT_EQ(std::vector<uint8_t>(beats.begin(), beats.begin() + 16),
            (std::vector<uint8_t>{1, 2, 1, 2, 1, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0}));
  const TileSize size = tile_size(shape, beats.data());
  EXPECT_EQ(size.longest, 2U);
  EXPECT_EQ(size.beats, 7U);
  std::vector<uint8_t> even;
  std::vector<uint8_t> odd;
  for (size_t beat = 1; beat < 8; ++beat) {
    even.push_back(beats[16 * beat]);
    even.push_back(beats[16 * beat + 4]);
    odd.push_back(beats[16 * beat + 8]);
  }
  EXPECT_EQ(even, (std::vector<uint8_t>{1, 0, 3, 0, 5, 0, 7, 0, 9, 0, 0, 42, 0, 46}));
  EXPECT_EQ(odd, (std::vector<uint8_t>{2, 4, 6, 8, 0, 0, 0}));
}

TEST(WeightStream, SixteenValuesHaveNoCodebook) {
  std::vector<int8_t> values(1);
  for (int8_t v = -8; v < 8; ++v) values.push_back(v);
  EXPECT_TRUE(codebook_of(values));
  values.push_back(99);
  EXPECT_FALSE(codebook_of(values));
  const std::vector<int8_t> few = {0, 1};
  const Codebook codebook = *codebook_of(few);
  const StreamShape shape(unit(1, 1));
  const int8_t two = 2;
  std::vector<uint8_t> beats;
  EXPECT_THROW(put_tile(shape, &two, &codebook, beats), Error);
}

struct Stream {
  Config config;
  std::vector<std::vector<int8_t>> tiles;
  Codebook codebook{};
  bool raw = false;
};

Stream random_stream(Dice& dice) {
  const uint32_t some[] = {1, 3, 4, 5, 7, 8, 32, 33, 37, 64, 68};
  Stream s;
  const auto size = [&] {
    return dice.chance(50) ? some[dice.below(11)] : static_cast<uint32_t>(dice.between(1, 70));
  };
  s.config = unit(dice.chance(5) ? 256 : size(), size());
  s.raw = dice.chance(40);
  const uint64_t codes = dice.below(16);
  for (size_t c = 1; c <= codes; ++c) s.codebook[c] = static_cast<int8_t>(dice.between(1, 255));
  const auto density =
      static_cast<uint32_t>(dice.chance(20) ? 100 * dice.below(2) : dice.below(100));
  s.tiles.resize(dice.between(1, 4));
  for (std::vector<int8_t>& tile : s.tiles) {
    tile.resize(size_t{s.config.rows} * s.config.cols);
    for (int8_t& value : tile) {
      if (!dice.chance(density)) continue;
      if (s.raw) {
        value = static_cast<int8_t>(dice.next());
      } else if (codes != 0) {
        value = s.codebook[dice.between(1, codes)];
      }
    }
  }
  return s;
}

TEST(WeightStream, RoundTrips) {
  for_seeds(400, [](uint64_t seed) {
    Dice dice(seed);
    const Stream s = random_stream(dice);
    const StreamShape shape(s.config);
    const bool own = dice.chance(50);
    std::vector<uint8_t> beats;
    StreamMaker maker(s.config, dice);
    maker.longer = static_cast<uint32_t>(dice.chance(50) ? dice.below(100) : 0);
    if (!s.raw) put_codebook(shape, s.codebook, beats);
    StreamFigures figures;
    for (const std::vector<int8_t>& tile : s.tiles) {
      if (own) {
        put_tile(shape, tile.data(), s.raw ? nullptr : &s.codebook, beats, &figures);
      } else {
        maker.add_tile(beats, matrix_of(s.config, tile), s.raw ? nullptr : &s.codebook);
      }
    }
    ASSERT_EQ(beats.size() % shape.beat_bytes(), 0U);
    const size_t count = beats.size() / shape.beat_bytes();
    if (own) {
      ASSERT_EQ(figures.beats, count - (s.raw ? 0 : StreamShape::kCodebookBeats));
    }
    const auto tiles = static_cast<uint32_t>(s.tiles.size());
    StreamReader reader(shape);
    std::vector<std::vector<int8_t>> read;
    ASSERT_TRUE(reader.read(beats.data(), count, tiles, s.raw, !s.raw, read));
    ASSERT_EQ(read, s.tiles);
    // The codebook stays: the tiles alone say the same.
    if (!s.raw) {
      read.clear();
      ASSERT_TRUE(
          reader.read(&beats[2 * shape.beat_bytes()], count - 2, tiles, false, false, read));
      ASSERT_EQ(reader.fault().headers, 2 * tiles);
      ASSERT_EQ(read, s.tiles);
    }
    // The shortest stream is not longer than any other, nor its bytes different without choice.
    if (own) {
      StreamMaker shortest(s.config, dice);
      std::vector<uint8_t> other;
      if (!s.raw) shortest.add_codebook(other, s.codebook);
      for (const std::vector<int8_t>& tile : s.tiles) {
        shortest.add_tile(other, matrix_of(s.config, tile), s.raw ? nullptr : &s.codebook);
      }
      ASSERT_EQ(beats.size(), other.size());
      if (s.raw) {
        ASSERT_EQ(beats, other);
      }
    }
  });
}

TEST(WeightStream, BeatsAndTilesThatDisagree) {
  for_seeds(100, [](uint64_t seed) {
    Dice dice(seed);
    const Stream s = random_stream(dice);
    const StreamShape shape(s.config);
    std::vector<uint8_t> beats;
    if (!s.raw) put_codebook(shape, s.codebook, beats);
    for (const std::vector<int8_t>& tile : s.tiles) {
      put_tile(shape, tile.data(), s.raw ? nullptr : &s.codebook, beats);
    }
    const size_t count = beats.size() / shape.beat_bytes();
    const auto tiles = static_cast<uint32_t>(s.tiles.size());
    const auto read = [&](size_t n, uint32_t t) {
      std::vector<std::vector<int8_t>> out;
      StreamReader reader(shape);
      reader.read(beats.data(), n, t, s.raw, !s.raw, out);
      EXPECT_TRUE(out.empty() || out == std::vector<std::vector<int8_t>>(
                                            s.tiles.begin(), s.tiles.begin() + long(out.size())));
      EXPECT_LE(out.size(), t);
      return reader.fault();
    };
    EXPECT_EQ(read(dice.between(1, count - 1), tiles).error, StreamError::kCount);
    EXPECT_EQ(read(count, tiles + 1).error, StreamError::kCount);
    if (tiles > 1) {
      EXPECT_EQ(read(count, tiles - 1).error, StreamError::kCount);
    }
    // Counts of 0 and of too many words; in a lane's place without a bus anything is fine.
    const size_t header = s.raw ? 0 : 2 * shape.beat_bytes();
    const auto bus = static_cast<uint32_t>(dice.below(shape.buses));
    uint8_t& counted = beats[header + bus % shape.lanes * 8 + bus / shape.lanes];
    const uint8_t right = counted;
    counted = dice.chance(50) ? 0 : static_cast<uint8_t>(shape.most_words + 1);
    const StreamFault fault = read(count, tiles);
    EXPECT_EQ(fault.error, StreamError::kCount);
    EXPECT_EQ(fault.bus, bus);
    EXPECT_EQ(fault.headers, 1U);
    counted = right;
    const auto lane = static_cast<uint32_t>(dice.below(shape.lanes));
    if (shape.buses_of(lane) < 8) {
      beats[header + lane * 8 + dice.between(shape.buses_of(lane), 7)] = 0x77;
      std::vector<std::vector<int8_t>> out;
      EXPECT_TRUE(StreamReader(shape).read(beats.data(), count, tiles, s.raw, !s.raw, out));
      EXPECT_EQ(out, s.tiles);
    }
  });
}

TEST(WeightStream, CodedWithoutCodebook) {
  const StreamShape shape(unit(4, 4));
  std::vector<uint8_t> beats(16);
  beats[0] = 1;
  StreamReader reader(shape);
  std::vector<std::vector<int8_t>> out;
  EXPECT_FALSE(reader.read(beats.data(), 2, 1, false, false, out));
  EXPECT_EQ(reader.fault().error, StreamError::kCodebook);
  EXPECT_EQ(reader.fault().headers, 1U);
  EXPECT_TRUE(out.empty());
  // Code 0 is the value 0, whatever the codebook holds.
  std::vector<uint8_t> coded(32, 9);
  std::copy(beats.begin(), beats.end(), coded.begin() + 16);
  StreamReader fresh(shape);
  EXPECT_TRUE(fresh.read(coded.data(), 4, 1, false, true, out));
  EXPECT_EQ(out.at(0), std::vector<int8_t>(16));
}

// A column that a narrow bus does not have is passed like others; behind the end nothing may be.
TEST(WeightStream, ColumnsThatAreNotThere) {
  const StreamShape shape(unit(2, 5));
  std::vector<uint8_t> beats = {1, 1,  0,  0,  0,  0,  0,  0,  //
                                1, 2,  3,  4,  5,  6,  7,  8,  //
                                9, 10, 11, 12, 13, 14, 15, 16};
  std::vector<std::vector<int8_t>> out;
  EXPECT_TRUE(StreamReader(shape).read(beats.data(), 3, 1, true, false, out));
  EXPECT_EQ(out.at(0), (std::vector<int8_t>{1, 2, 3, 4, 9, 5, 6, 7, 8, 13}));
  const StreamShape narrow(unit(1, 5));
  StreamReader reader(narrow);
  EXPECT_FALSE(reader.read(beats.data(), 3, 1, true, false, out));
  EXPECT_EQ(reader.fault().error, StreamError::kPosition);
  EXPECT_EQ(reader.fault().bus, 0U);
  for (size_t b = 12; b < 16; ++b) beats[b] = 0;
  StreamReader other(narrow);
  EXPECT_FALSE(other.read(beats.data(), 3, 1, true, false, out));
  EXPECT_EQ(other.fault().bus, 1U);
}

// Any change of a bus's bytes either moves its values, or is refused: no value lands elsewhere.
TEST(WeightStream, DamagedBytes) {
  uint64_t refused = 0;
  for_seeds(500, [&refused](uint64_t seed) {
    Dice dice(seed);
    const Stream s = random_stream(dice);
    const StreamShape shape(s.config);
    std::vector<uint8_t> beats;
    if (!s.raw) put_codebook(shape, s.codebook, beats);
    const size_t header = beats.size();
    put_tile(shape, s.tiles[0].data(), s.raw ? nullptr : &s.codebook, beats);
    const size_t count = beats.size() / shape.beat_bytes();
    const size_t at = dice.between(header + shape.beat_bytes(), beats.size() - 1);
    beats[at] = static_cast<uint8_t>(dice.next());
    std::vector<std::vector<int8_t>> out;
    StreamReader reader(shape);
    reader.read(beats.data(), count, 1, s.raw, !s.raw, out);
    const StreamError error = reader.fault().error;
    ASSERT_TRUE(error == StreamError::kNone || error == StreamError::kPosition);
    refused += error == StreamError::kPosition;
    ASSERT_EQ(out.size(), error == StreamError::kNone ? 1U : 0U);
    if (error != StreamError::kNone) return;
    std::vector<bool> differs(shape.buses);
    for (size_t i = 0; i < out[0].size(); ++i) {
      if (out[0][i] != s.tiles[0][i]) differs[i % s.config.cols / 4] = true;
    }
    ASSERT_LE(std::count(differs.begin(), differs.end(), true), 1);
  });
  if (!seed_is_given()) {
    EXPECT_GT(refused, 20U);
  }
}

}  // namespace
}  // namespace sparsys::mxu
