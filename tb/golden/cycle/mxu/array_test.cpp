// SPDX-License-Identifier: Apache-2.0
// Systolic array and weight FIFO of the cycle model against cells and a queue written down one by
// one (docs/reference/mxu-timing.md sections 2 and 4).
#include "golden/cycle/mxu/array/array.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <vector>

#include "golden/cycle/mxu/array/weight_fifo.hpp"
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
  bool en = false;
};

// All cells, moved by the rules of section 2; the swap by its definition h + r + c.
class PlainArray {
 public:
  PlainArray(uint32_t rows, uint32_t cols)
      : rows_(rows), cols_(cols), cell(rows, std::vector<Cell>(cols)) {}

  void clock(const std::vector<uint8_t>& a, const std::vector<uint8_t>& en,
             const std::vector<uint8_t>& weight, bool swap, bool rst) {
    swaps_.push_front(swap);
    const auto old = cell;
    for (uint32_t r = 0; r < rows_; ++r) {
      for (uint32_t c = 0; c < cols_; ++c) {
        const int a_in = c ? old[r][c - 1].a : static_cast<int8_t>(a[r]);
        const bool en_in = c ? old[r][c - 1].en : en[r] != 0;
        const int above = r ? old[r - 1][c].sum : 0;
        const int weight_in = r ? old[r - 1][c].shadow : static_cast<int8_t>(weight[c]);
        Cell& x = cell[r][c];
        x.a = a_in;
        x.en = en_in && !rst;
        x.sum = above + a_in * old[r][c].w;
        if (en_in) x.shadow = weight_in;
        if (r + c < swaps_.size() && swaps_[r + c]) x.w = old[r][c].shadow;
      }
    }
    // A reset forgets the swaps under way.
    if (rst) swaps_.clear();
  }

 private:
  uint32_t rows_, cols_;
  std::deque<bool> swaps_;  // swap_i of this cycle, the one before, ...

 public:
  std::vector<std::vector<Cell>> cell;
};

void compare(const Array& unit, const PlainArray& plain) {
  for (uint32_t r = 0; r < unit.rows(); ++r) {
    for (uint32_t c = 0; c < unit.cols(); ++c) {
      const Cell& x = plain.cell[r][c];
      ASSERT_EQ(unit.a_q(r, c), x.a) << r << ' ' << c;
      ASSERT_EQ(unit.w_q(r, c), x.w) << r << ' ' << c;
      ASSERT_EQ(unit.shadow_q(r, c), x.shadow) << r << ' ' << c;
      ASSERT_EQ(unit.en_q(r, c), x.en) << r << ' ' << c;
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
  std::vector<uint8_t> a(config.rows), en(config.rows), weight(config.cols);
  uint32_t quiet = 0;  // cycles of unchanged inputs to come
  const auto fill = [&dice](std::vector<uint8_t>& bytes) {
    const bool extreme = dice.chance(20);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(extreme ? 0x80 : dice.next());
  };
  for (uint32_t i = 0; i < cycles; ++i) {
    bool swap = false;
    if (quiet) {
      --quiet;
      std::fill(en.begin(), en.end(), 0);
    } else {
      if (dice.chance(1))
        quiet = static_cast<uint32_t>(dice.below(5 * (config.rows + config.cols)));
      if (dice.chance(90)) fill(a);
      fill(weight);
      swap = dice.chance(10);
      const uint32_t share = dice.chance(50) ? 0 : static_cast<uint32_t>(dice.below(101));
      for (uint8_t& bit : en) bit = dice.chance(share);
    }
    unit.a_i = a.data();
    unit.en_i = en.data();
    unit.weight_i = weight.data();
    unit.swap_i = swap;
    unit.propagate();
    for (uint32_t c = 0; c < config.cols; ++c) {
      ASSERT_EQ(unit.sum_o[c], plain.cell[config.rows - 1][c].sum);
    }
    const bool rst = dice.chance(1);
    unit.update(rst);
    plain.clock(a, en, weight, swap, rst);
    compare(unit, plain);
    if (testing::Test::HasFatalFailure()) {
      FAIL() << "cycle " << i << ", " << config.rows << 'x' << config.cols;
    }
  }
}

TEST(MxuArray, EveryRegisterOfEveryCell) {
  for_seeds(3, [](uint64_t seed) {
    random_array(shape(1, 1, 1, 1), seed, 300);
    random_array(shape(4, 4, 4, 4), seed, 500);
    random_array(shape(4, 4, 2, 2), seed, 500);
    random_array(shape(5, 7, 5, 7), seed, 500);
    random_array(shape(5, 7, 1, 1), seed, 500);
    random_array(shape(6, 8, 3, 2), seed, 500);
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

// FIFO and array together, tiles asked for whenever there is room: behind the shift of a tile the
// shadows hold it, from column to column one cycle later, and a swap in any cycle from then on
// takes exactly it into use.
struct WeightBench {
  explicit WeightBench(const Config& config)
      : config(config), fifo(config), array(config), a(config.rows) {}

  void clock(bool swap, const std::vector<uint8_t>* row = nullptr) {
    fifo.propagate_state();
    fifo.asked_i = fifo.room_o && asked < wanted;
    asked += fifo.asked_i;
    fifo.swap_i = swap;
    fifo.w_valid_i = row != nullptr;
    fifo.w_data_i = row ? row->data() : nullptr;
    fifo.propagate();
    taken = row && fifo.w_ready_o;
    array.a_i = a.data();
    array.en_i = fifo.en_o.data();
    array.weight_i = fifo.weight_o.data();
    array.swap_i = swap;
    array.propagate();
    array.update(false);
    fifo.update(false);
    ++cycle;
  }
  Config config;
  WeightFifo fifo;
  Array array;
  std::vector<uint8_t> a;
  bool taken = false;
  uint32_t wanted = UINT32_MAX;  // tiles to be asked for
  uint32_t asked = 0;
  uint64_t cycle = 0;
};

// Weight of tile t in cell (r, c).
uint8_t weight_of(uint32_t t, uint32_t r, uint32_t c) {
  return static_cast<uint8_t>(37 * t + 11 * r + 3 * c + 1);
}

std::vector<uint8_t> weight_row(const Config& c, uint32_t tile, uint32_t n) {
  std::vector<uint8_t> row(c.cols);
  for (uint32_t k = 0; k < c.cols; ++k) row[k] = weight_of(tile, c.rows - 1 - n, k);
  return row;
}

TEST(MxuWeightFifo, FirstTileIsShiftedFromCycleTwo) {
  for (const Config& c : {shape(1, 1, 1, 1), shape(4, 4, 2, 2), shape(5, 7, 5, 1)}) {
    WeightBench b(c);
    const std::vector<uint8_t> unasked(c.cols, 77);
    b.clock(false, &unasked);
    ASSERT_FALSE(b.taken);
    for (uint32_t n = 0; n < c.rows; ++n) {
      const std::vector<uint8_t> row = weight_row(c, 0, n);
      b.clock(false, &row);
      ASSERT_TRUE(b.taken);
    }
    // The last row was taken in cycle 0: this is cycle 1.
    for (uint64_t t = 1; t < 2 + c.rows + c.cols; ++t) {
      b.clock(false);
      ASSERT_EQ(b.fifo.en_o[0], t >= 2 && t < 2 + c.rows) << t;
      ASSERT_EQ(b.fifo.loaded_o, t >= 2 + c.rows) << t;
    }
    for (uint32_t r = 0; r < c.rows; ++r) {
      for (uint32_t k = 0; k < c.cols; ++k) {
        ASSERT_EQ(static_cast<uint8_t>(b.array.shadow_q(r, k)), weight_of(0, r, k));
      }
    }
  }
}

// Tiles are fed with random gaps and swapped at random times (always when loaded): the weights in
// use behind each swap's wave are those of the next tile, and shifting never disturbs the wave.
void random_hand_over(const Config& c, uint64_t seed, uint32_t feed, uint32_t swap_chance) {
  Dice dice(seed);
  WeightBench b(c);
  const uint32_t tiles = 12;
  uint32_t fed = 0;
  std::deque<std::pair<uint64_t, uint32_t>> waves;  // start of a swap, its tile
  uint32_t swapped = 0;
  for (uint32_t i = 0; i < 5000 && swapped < tiles; ++i) {
    const bool swap = b.fifo.loaded_q && dice.chance(swap_chance);
    if (swap) waves.push_back({b.cycle, swapped++});
    std::vector<uint8_t> row;
    const bool give = fed < tiles * c.rows && dice.chance(feed);
    if (give) row = weight_row(c, fed / c.rows, fed % c.rows);
    b.clock(swap, give ? &row : nullptr);
    if (b.taken) ++fed;
    ASSERT_LE(b.fifo.held_q, c.fifo_tiles);
    ASSERT_LE(b.fifo.tiles_q + b.fifo.asked_q, b.fifo.held_q) << "more tiles than places";
    // Cell (r, k) has tile t from the cycle behind h + r + k on.
    for (uint32_t r = 0; r < c.rows; ++r) {
      for (uint32_t k = 0; k < c.cols; ++k) {
        uint8_t expected = 0;
        for (const auto& wave : waves) {
          if (b.cycle > wave.first + r + k) expected = weight_of(wave.second, r, k);
        }
        ASSERT_EQ(static_cast<uint8_t>(b.array.w_q(r, k)), expected)
            << "cell " << r << ' ' << k << " behind cycle " << b.cycle - 1;
      }
    }
  }
  ASSERT_EQ(swapped, tiles);
}

TEST(MxuWeightFifo, HandOverAtEveryPhase) {
  for_seeds(6, [](uint64_t seed) {
    for (Config c : {shape(1, 1, 1, 1), shape(4, 4, 4, 4), shape(4, 4, 2, 1), shape(5, 7, 5, 1),
                     shape(7, 5, 1, 5), shape(8, 8, 4, 2)}) {
      c.fifo_tiles = seed % 2 ? 2 : 4;
      random_hand_over(c, seed, 100, 100);
      random_hand_over(c, seed, 100, 10);
      random_hand_over(c, seed, 30, 50);
    }
  });
}

// With rows always there and swaps as early as can be, a tile is swapped every ROWS cycles.
TEST(MxuWeightFifo, ATileEveryRowsCycles) {
  for (const Config& c : {shape(1, 1, 1, 1), shape(3, 3, 1, 1), shape(8, 4, 8, 2)}) {
    WeightBench b(c);
    std::vector<uint64_t> swaps;
    uint32_t fed = 0;
    for (uint32_t i = 0; i < 20 * c.rows + 20; ++i) {
      const bool swap = b.fifo.loaded_q && b.cycle > 6 * c.rows;
      if (swap) swaps.push_back(b.cycle);
      const std::vector<uint8_t> row = weight_row(c, fed / c.rows, fed % c.rows);
      b.clock(swap, &row);
      fed += b.taken;
    }
    ASSERT_GT(swaps.size(), 8u);
    for (size_t i = 1; i < swaps.size(); ++i) EXPECT_EQ(swaps[i] - swaps[i - 1], c.rows);
  }
}

TEST(MxuWeightFifo, FullAndEmpty) {
  Config c = shape(3, 4, 3, 2);
  c.fifo_tiles = 2;
  WeightBench b(c);
  b.wanted = 5;
  const std::vector<uint8_t> row(4, 1);
  uint32_t taken = 0;
  const auto feed = [&](int cycles, bool swap) {
    for (int i = 0; i < cycles; ++i) {
      b.clock(swap && b.fifo.loaded_q, &row);
      taken += b.taken;
    }
  };
  feed(100, false);
  // One tile is in the array, two have their places.
  EXPECT_EQ(taken, 3 * c.rows);
  EXPECT_EQ(b.asked, 3U);
  EXPECT_TRUE(b.fifo.full_o);
  EXPECT_FALSE(b.fifo.w_ready_o);
  EXPECT_FALSE(b.fifo.room_o);
  feed(100, true);
  // Rows that nobody asked for are not taken.
  EXPECT_EQ(taken, 5 * c.rows);
  EXPECT_FALSE(b.fifo.w_ready_o);
  EXPECT_FALSE(b.fifo.full_o);
  EXPECT_EQ(b.fifo.held_q, 0);
  EXPECT_EQ(b.fifo.tiles_q, 0);
}

}  // namespace
}  // namespace sparsys::mxu
