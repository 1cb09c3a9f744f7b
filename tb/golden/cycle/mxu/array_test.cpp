// SPDX-License-Identifier: Apache-2.0
// Systolic array and the way of weights to it, of the cycle model, against cells written down one
// by one and the functional model of the stream (docs/reference/mxu-timing.md sections 2 and 4).
#include "golden/cycle/mxu/array/array.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <utility>
#include <vector>

#include "golden/cycle/mxu/array/weights.hpp"
#include "golden/engine/mxu/weight_stream.hpp"
#include "tb/support/mxu/stream.hpp"
#include "tb/support/seeds.hpp"

namespace sparsys::mxu {
namespace {

Config shape(uint32_t rows, uint32_t cols, uint32_t tile_rows, uint32_t tile_cols) {
  Config c;
  c.rows = rows;
  c.cols = cols;
  c.tile_rows = tile_rows;
  c.tile_cols = tile_cols;
  return c;
}

struct Cell {
  int a = 0, w = 0, shadow = 0, sum = 0;
};

struct Packet {
  bool valid = false;
  uint32_t row = 0, col = 0;
  int value = 0;
};

// All cells, moved by the rules of section 2; swap and packets by their definitions: both come down
// a row a cycle, the swap also a column a cycle.
class PlainArray {
 public:
  PlainArray(uint32_t rows, uint32_t cols)
      : rows_(rows), cols_(cols), cell(rows, std::vector<Cell>(cols)) {}

  void clock(const std::vector<uint8_t>& a, const std::vector<Packet>& packets, bool swap,
             bool rst) {
    swaps_.push_front(swap);
    packets_.push_front(packets);
    const auto old = cell;
    for (uint32_t r = 0; r < rows_; ++r) {
      for (uint32_t c = 0; c < cols_; ++c) {
        const int a_in = c ? old[r][c - 1].a : static_cast<int8_t>(a[r]);
        const int above = r ? old[r - 1][c].sum : 0;
        Cell& x = cell[r][c];
        x.a = a_in;
        x.sum = above + a_in * old[r][c].w;
        if (r + c < swaps_.size() && swaps_[r + c]) {
          x.w = old[r][c].shadow;
          x.shadow = 0;
        }
        if (r >= packets_.size()) continue;
        const Packet& seen = packets_[r][c / 4];
        if (seen.valid && seen.row == r && seen.col == c % 4) x.shadow = seen.value;
      }
    }
    // A reset forgets the swaps under way.
    if (rst) swaps_.clear();
  }

 private:
  uint32_t rows_, cols_;
  std::deque<bool> swaps_;                   // swap_i of this cycle, the one before, ...
  std::deque<std::vector<Packet>> packets_;  // likewise

 public:
  std::vector<std::vector<Cell>> cell;
  // What row r of a bus has in its register.
  const Packet& packet_q(uint32_t r, uint32_t bus) const { return packets_[r][bus]; }
  size_t cycles() const { return packets_.size(); }
};

void compare(const Array& unit, const PlainArray& plain, const Config& config) {
  const PacketFormat format(Widths(config).row_w);
  for (uint32_t r = 0; r < unit.rows(); ++r) {
    for (uint32_t c = 0; c < unit.cols(); c += 4) {
      const Tile& tile =
          unit.tile[r / config.tile_rows * (config.cols / config.tile_cols) + c / config.tile_cols];
      if (r >= plain.cycles()) continue;  // none has come there
      const Packet& x = plain.packet_q(r, c / 4);
      const uint32_t packet = format.pack(x.valid, x.row, x.col, static_cast<uint8_t>(x.value));
      const uint32_t above = r / config.tile_rows * config.tile_rows;
      ASSERT_EQ(tile.packet_q[r % config.tile_rows * tile.buses() + c % config.tile_cols / 4],
                format.lower(packet, above));
    }
    for (uint32_t c = 0; c < unit.cols(); ++c) {
      const Cell& x = plain.cell[r][c];
      ASSERT_EQ(unit.a_q(r, c), x.a) << r << ' ' << c;
      ASSERT_EQ(unit.w_q(r, c), x.w) << r << ' ' << c;
      ASSERT_EQ(unit.shadow_q(r, c), x.shadow) << r << ' ' << c;
      ASSERT_EQ(unit.sum_q(r, c), x.sum) << r << ' ' << c;
      const int limit = 1 << (sum_width(r) - 1);
      ASSERT_TRUE(x.sum >= -limit && x.sum < limit);
    }
  }
}

void random_array(const Config& config, uint64_t seed, uint32_t cycles) {
  Dice dice(seed);
  Array unit(config);
  PlainArray plain(config.rows, config.cols);
  const PacketFormat format(Widths(config).row_w);
  std::vector<uint8_t> a(config.rows);
  std::vector<Packet> packets(unit.packet_i.size());
  uint32_t quiet = 0;  // cycles of unchanged inputs to come
  const auto fill = [&dice](std::vector<uint8_t>& bytes) {
    const bool extreme = dice.chance(20);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(extreme ? 0x80 : dice.next());
  };
  for (uint32_t i = 0; i < cycles; ++i) {
    bool swap = false;
    if (quiet) {
      --quiet;
      // As behind the decoders, whose payload stays.
      for (Packet& packet : packets) packet.valid = false;
    } else {
      if (dice.chance(1))
        quiet = static_cast<uint32_t>(dice.below(5 * (config.rows + config.cols)));
      if (dice.chance(90)) fill(a);
      swap = dice.chance(10);
      const uint32_t share = dice.chance(50) ? 0 : static_cast<uint32_t>(dice.below(101));
      for (Packet& packet : packets) {
        packet.valid = dice.chance(share);
        packet.row = static_cast<uint32_t>(dice.below(config.rows));
        packet.col = static_cast<uint32_t>(dice.below(4));
        packet.value = static_cast<int8_t>(dice.next());
      }
    }
    unit.a_i = a.data();
    for (size_t bus = 0; bus < packets.size(); ++bus) {
      const Packet& x = packets[bus];
      unit.packet_i[bus] = format.pack(x.valid, x.row, x.col, static_cast<uint8_t>(x.value));
    }
    unit.swap_i = swap;
    unit.propagate();
    for (uint32_t c = 0; c < config.cols; ++c) {
      ASSERT_EQ(unit.sum_o[c], plain.cell[config.rows - 1][c].sum);
    }
    const bool rst = dice.chance(1);
    unit.update(rst);
    plain.clock(a, packets, swap, rst);
    compare(unit, plain, config);
    if (testing::Test::HasFatalFailure()) {
      FAIL() << "cycle " << i << ", " << config.rows << 'x' << config.cols;
    }
  }
}

TEST(MxuArray, EveryRegisterOfEveryCell) {
  for_seeds(3, [](uint64_t seed) {
    random_array(shape(1, 1, 1, 1), seed, 300);
    random_array(shape(4, 4, 4, 4), seed, 500);
    random_array(shape(4, 4, 2, 4), seed, 500);
    random_array(shape(5, 7, 5, 7), seed, 500);
    random_array(shape(5, 7, 1, 7), seed, 500);
    random_array(shape(6, 8, 3, 4), seed, 500);
    random_array(shape(8, 16, 4, 16), seed, 500);
    random_array(shape(16, 16, 8, 4), seed, 300);
  });
}

TEST(MxuArray, FullSize) { random_array(Config(), 1, 60); }

TEST(MxuArray, PackedSumsAreThoseOfTheCells) {
  Tile tile(3, 5, 2);  // rows 2 to 4 of the array: 17, 18, 18 bits
  Dice dice(1);
  for (int32_t& sum : tile.sum_q) sum = static_cast<int32_t>(dice.below(100000)) - 50000;
  EXPECT_EQ(tile.sum_width(0), 17u);
  EXPECT_EQ(tile.sum_width(1), 18u);
  for (uint32_t r = 0; r < 3; ++r) {
    std::vector<uint32_t> words(3);
    tile.pack_sum_row(r, words.data());
    for (uint32_t c = 0; c < 5; ++c) {
      const uint32_t width = tile.sum_width(r);
      EXPECT_EQ(sign_extend(get_field(words.data(), c * width, width), width),
                tile.sum_q[r * 5 + c]);
    }
  }
}

// Weights and array together: beats of random streams, asked for whenever there is room.
struct WeightBench {
  WeightBench(const Config& config, uint64_t seed)
      : config(config), dice(seed), weights(config), array(config), a(config.rows) {
    for (int n = 0; n < 2; ++n) clock(false, false, true);
  }

  // Tiles as one Read_Weights.
  void add(const std::vector<test::Matrix8>& tiles, const test::Codes* codes, bool codebook) {
    test::StreamMaker maker(config, dice);
    maker.longer = longer;
    const size_t before = beats.size();
    if (codebook) maker.add_codebook(beats, *codes);
    for (const test::Matrix8& tile : tiles) maker.add_tile(beats, tile, codes);
    reads.push_back({static_cast<uint32_t>((beats.size() - before) / beat_bytes()),
                     static_cast<uint32_t>(tiles.size()), codes == nullptr, codebook});
  }
  uint32_t beat_bytes() const { return StreamShape(config).beat_bytes(); }

  // give: a beat, if one is owed.
  void clock(bool swap, bool give, bool rst = false) {
    weights.propagate_state();
    WeightArrival& arrival = weights.arrival;
    arrival.asked_i = 0;
    arrival.expected.push_i = 0;
    if (hold) --hold;
    if (left == 0 && !reads.empty() && !arrival.expect_full_o()) {
      const Read& read = reads.front();
      left = read.beats;
      arrival.expected.push_i = 1;
      arrival.expected.data_i = {read.beats | read.tiles << 24, read.tiles >> 8 |
                                                                    uint32_t{read.raw} << 8 |
                                                                    uint32_t{read.codebook} << 9};
      reads.pop_front();
    } else if (left != 0 && weights.room_o && hold == 0) {
      arrival.asked_i = 1;
      arrival.beats_i = static_cast<uint8_t>(std::min<uint64_t>(left, dice.between(1, 16)));
      left -= arrival.beats_i;
      owed += arrival.beats_i;
      hold = 3;
    }
    arrival.w_valid_i = give && owed != 0;
    arrival.w_data_i = &beats[std::min(given * beat_bytes(), beats.size() - beat_bytes())];
    weights.swap_i = swap;
    weights.propagate();
    array.a_i = a.data();
    array.packet_i = weights.packet_o;
    array.swap_i = weights.swap_o;
    array.propagate();
    taken = arrival.w_valid_i && arrival.w_ready_o;
    owed -= taken;
    given += taken;
    array.update(rst);
    weights.update(rst);
    for (const WeightBus& bus : weights.bus) {
      ASSERT_LE(bus.reader.level_q + arrival.pending_q, config.fifo_words);
    }
    ++cycle;
  }

  struct Read {
    uint32_t beats, tiles;
    bool raw, codebook;
  };
  Config config;
  Dice dice;
  Weights weights;
  Array array;
  std::vector<uint8_t> a;
  std::vector<uint8_t> beats = std::vector<uint8_t>(beat_bytes());
  std::deque<Read> reads;
  uint32_t longer = 0;
  bool taken = false;
  size_t given = 1;
  uint64_t left = 0, owed = 0, hold = 0, cycle = 0;
};

test::Matrix8 random_tile(const Config& c, Dice& dice, const test::Codes& codes, bool raw) {
  const auto density =
      static_cast<uint32_t>(dice.chance(20) ? 100 * dice.below(2) : dice.below(60));
  test::Matrix8 tile(c.rows, std::vector<int>(c.cols));
  for (std::vector<int>& row : tile) {
    for (int& value : row) {
      if (!dice.chance(density)) continue;
      value = raw ? static_cast<int8_t>(dice.next()) : codes[dice.between(1, 15)];
    }
  }
  return tile;
}

// Tiles are fed with random gaps and swapped at random times (always when loaded): the weights in
// use behind each swap's wave are those of the next tile, and what follows never disturbs the wave.
void random_hand_over(const Config& c, uint64_t seed, uint32_t feed, uint32_t swap_chance) {
  WeightBench b(c, seed);
  Dice& dice = b.dice;
  b.longer = static_cast<uint32_t>(dice.chance(50) ? 0 : dice.below(60));
  std::vector<test::Matrix8> tiles;
  test::Codes codes{};
  bool known = false;
  while (tiles.size() < 12) {
    const bool raw = dice.chance(40);
    const bool book = !raw && (!known || dice.chance(50));
    if (book) {
      for (int8_t& code : codes) code = static_cast<int8_t>(dice.next());
      known = true;
    }
    const size_t first = tiles.size();
    for (uint64_t n = dice.between(1, 4); n > 0; --n) {
      tiles.push_back(random_tile(c, dice, codes, raw));
    }
    b.add({tiles.begin() + static_cast<ptrdiff_t>(first), tiles.end()}, raw ? nullptr : &codes,
          book);
  }
  std::deque<std::pair<uint64_t, size_t>> waves;  // start of a swap, its tile
  size_t swapped = 0;
  for (uint32_t i = 0; i < 40000 && swapped < tiles.size(); ++i) {
    const bool swap = b.weights.loaded_q && dice.chance(swap_chance);
    if (swap) waves.push_back({b.cycle, swapped++});
    b.clock(swap, dice.chance(feed));
    // Cell (r, k) has tile t from the cycle behind h + r + k on.
    for (uint32_t r = 0; r < c.rows; ++r) {
      for (uint32_t k = 0; k < c.cols; ++k) {
        int expected = 0;
        for (const auto& wave : waves) {
          if (b.cycle > wave.first + r + k) expected = tiles[wave.second][r][k];
        }
        ASSERT_EQ(b.array.w_q(r, k), expected)
            << "cell " << r << ' ' << k << " behind cycle " << b.cycle - 1;
      }
    }
    while (waves.size() > 1 && b.cycle > waves[1].first + c.rows + c.cols) waves.pop_front();
    ASSERT_EQ(b.weights.arrival.error_q, 0);
  }
  ASSERT_EQ(swapped, tiles.size());
}

TEST(MxuWeights, HandOverAtEveryPhase) {
  for_seeds(6, [](uint64_t seed) {
    for (Config c : {shape(1, 1, 1, 1), shape(4, 4, 4, 4), shape(4, 4, 2, 4), shape(5, 7, 5, 7),
                     shape(7, 5, 1, 5), shape(8, 8, 4, 4), shape(3, 36, 3, 12)}) {
      c.fifo_words = seed % 2 ? 32 : 64;
      random_hand_over(c, seed, 100, 100);
      random_hand_over(c, seed, 100, 10);
      random_hand_over(c, seed, 30, 50);
      if (testing::Test::HasFatalFailure()) FAIL() << c.rows << 'x' << c.cols;
    }
  });
}

// With words always there a tile of L words in its longest bus is swapped 8 L + 3 cycles behind the
// one in front of it, however many buses lie behind the longest.
TEST(MxuWeights, ATileInEightCyclesAWordAndThree) {
  for (const uint32_t cols : {4U, 8U, 64U}) {
    for (const uint32_t words : {1U, 2U, 5U}) {
      const Config c = shape(16, cols, 16, cols);
      WeightBench b(c, 1);
      std::vector<test::Matrix8> tiles(12, test::Matrix8(c.rows, std::vector<int>(c.cols)));
      for (test::Matrix8& tile : tiles) {
        for (uint32_t p = 0; p < 8 * words - 3; ++p) tile[p / 4][p % 4] = 3;
        tile[0][cols - 1] = -5;
      }
      b.add(tiles, nullptr, false);
      std::vector<uint64_t> swaps;
      for (uint32_t i = 0; i < 4000; ++i) {
        const bool swap = b.weights.loaded_q && b.cycle > 200;
        if (swap) swaps.push_back(b.cycle);
        b.clock(swap, true);
      }
      ASSERT_EQ(swaps.size(), tiles.size());
      for (size_t i = 1; i < swaps.size(); ++i) {
        EXPECT_EQ(swaps[i] - swaps[i - 1], 8 * words + 3) << cols << ' ' << words;
      }
    }
  }
}

// A stream that is wrong anywhere stops the arrival with the code, the count of headers and the bus
// that the stream's functional model tells, and no tile behind it is ever loaded.
TEST(MxuWeights, WrongStreams) {
  std::map<StreamError, uint32_t> told;
  for_seeds(400, [&told](uint64_t seed) {
    Dice dice(seed);
    const uint32_t sizes[] = {1, 3, 4, 5, 7, 8, 13, 36, 37};
    const auto rows = static_cast<uint32_t>(sizes[dice.below(7)]);
    const uint32_t cols = sizes[dice.below(9)];
    const Config c = shape(rows, cols, rows, cols);
    WeightBench b(c, seed);
    b.longer = 20;
    test::Codes codes{};
    for (int8_t& code : codes) code = static_cast<int8_t>(dice.next());
    const bool raw = dice.chance(40);
    const bool book = !raw && dice.chance(90);
    std::vector<test::Matrix8> tiles;
    for (uint64_t n = dice.between(1, 3); n > 0; --n) {
      tiles.push_back(random_tile(c, dice, codes, raw));
    }
    b.add(tiles, raw ? nullptr : &codes, book);
    WeightBench::Read& read = b.reads.front();
    switch (dice.below(4)) {
      case 0:
        read.tiles += static_cast<uint32_t>(dice.between(1, 2));
        break;
      case 1:
        if (read.tiles > 1) --read.tiles;
        break;
      case 2:
        read.beats -= static_cast<uint32_t>(dice.below(read.beats));
        break;
      default:
        break;
    }
    for (uint64_t n = dice.below(3); n > 0; --n) {
      b.beats[dice.between(b.beat_bytes(), b.beats.size() - 1)] = static_cast<uint8_t>(dice.next());
    }
    StreamReader reader{StreamShape(c)};
    std::vector<std::vector<int8_t>> right;
    reader.read(&b.beats[b.beat_bytes()], read.beats, read.tiles, raw, book, right);
    const uint32_t beats = read.beats;
    size_t swaps = 0;
    for (uint32_t i = 0; i < 400 + 30 * beats; ++i) {
      const bool swap = b.weights.loaded_q && dice.chance(50);
      swaps += swap;
      b.clock(swap, dice.chance(70));
    }
    ASSERT_EQ(b.given, 1 + beats);
    ASSERT_EQ(b.weights.arrival.pending_q, 0);
    ++told[reader.fault().error];
    ASSERT_EQ(b.weights.arrival.error_q, static_cast<uint8_t>(reader.fault().error));
    if (reader.fault().error == StreamError::kNone) {
      ASSERT_EQ(swaps, right.size());
      return;
    }
    ASSERT_EQ(b.weights.arrival.error_number_q, reader.fault().headers);
    ASSERT_EQ(b.weights.arrival.error_bus_q, reader.fault().bus);
    ASSERT_EQ(swaps, right.size());
  });
  if (!seed_is_given()) {
    for (const StreamError error : {StreamError::kNone, StreamError::kPosition, StreamError::kCount,
                                    StreamError::kCodebook}) {
      EXPECT_GT(told[error], 5U) << static_cast<int>(error);
    }
  }
}

}  // namespace
}  // namespace sparsys::mxu
