// SPDX-License-Identifier: Apache-2.0
// The common blocks (docs/reference/eie-timing.md sections 1 and 10), carry_select against plain
// sums.
#include <algorithm>

#include "Vcarry_select_33.h"
#include "Vcarry_select_49.h"
#include "Vfifo_1.h"
#include "Vfifo_2w1r_2.h"
#include "Vfifo_2w1r_8.h"
#include "Vfifo_3.h"
#include "Vfifo_8.h"
#include "Vfind_first_4.h"
#include "Vfind_first_64.h"
#include "Vor_reduce_1.h"
#include "Vor_reduce_16.h"
#include "Vor_reduce_5.h"
#include "Vram_16.h"
#include "Vram_2.h"
#include "Vregfile_4.h"
#include "Vregfile_64.h"
#include "tb/modules/module_bench.hpp"

namespace sparsys {
namespace {

constexpr uint64_t kCycles = 30000;

// Of a push and of a pop, in percent; drawn anew now and then, so that queues fill and empty.
struct Chances {
  uint32_t push = 50;
  uint32_t pop = 50;
  void draw(Dice& dice) {
    for (uint32_t* of : {&push, &pop}) *of = 10 + 40 * static_cast<uint32_t>(dice.below(3));
  }
};

template <class Rtl, class Word>
void run_fifo(uint32_t depth, uint32_t width, uint64_t seed) {
  Dice dice(seed);
  ModuleBench<Rtl, Fifo<Word>> b("fifo", depth);
  PORT(head_o);
  PORT(empty_o);
  PORT(full_o);
  Chances chances;
  uint64_t both_full = 0, both_empty = 0, full = 0;
  for (uint64_t n = 0; n < kCycles; ++n) {
    if (n % 32 == 0) chances.draw(dice);
    const bool rst = dice.below(150) == 0;
    b.rtl.rst_i = rst;
    DRIVE(push_i, dice.chance(chances.push));
    DRIVE(pop_i, dice.chance(chances.pop));
    DRIVE(data_i, dice.bits(width));
    if (!b.check()) return;
    full += b.model.full_o;
    both_full += b.model.full_o && b.model.push_i && b.model.pop_i;
    both_empty += b.model.empty_o && b.model.push_i && b.model.pop_i;
    b.edge(rst);
  }
  EXPECT_GT(full, 100U);
  EXPECT_GT(both_full, 20U);
  EXPECT_GT(both_empty, 20U);
}

TEST(Fifo, OneWord) {
  for_seeds(3, [](uint64_t seed) { run_fifo<Vfifo_1, uint64_t>(1, 48, seed); });
}
TEST(Fifo, ThreeWords) {
  for_seeds(3, [](uint64_t seed) { run_fifo<Vfifo_3, uint8_t>(3, 7, seed); });
}
TEST(Fifo, EightWords) {
  for_seeds(3, [](uint64_t seed) { run_fifo<Vfifo_8, uint64_t>(8, 64, seed); });
}

// Pushes and pops as the room allows.
template <class Rtl>
void run_fifo_2w1r(uint32_t depth, uint32_t width, uint64_t seed) {
  Dice dice(seed);
  ModuleBench<Rtl, Fifo2w1r<uint64_t>> b("fifo_2w1r", depth);
  PORT(head_o);
  PORT(empty_o);
  PORT(room_o);
  Chances chances;
  uint64_t both = 0, second_alone = 0, full = 0;
  for (uint64_t n = 0; n < kCycles; ++n) {
    if (n % 32 == 0) chances.draw(dice);
    const bool rst = dice.below(150) == 0;
    b.rtl.rst_i = rst;
    const uint32_t room = b.model.room_o;
    DRIVE(push0_i, (room & 1) != 0 && dice.chance(chances.push));
    DRIVE(push1_i, (room & 2) != 0 && dice.chance(chances.push));
    DRIVE(pop_i, !b.model.empty_o && dice.chance(chances.pop));
    DRIVE(data0_i, dice.bits(width));
    DRIVE(data1_i, dice.bits(width));
    if (!b.check()) return;
    full += !(room & 1);
    both += b.model.push0_i && b.model.push1_i;
    second_alone += !b.model.push0_i && b.model.push1_i;
    b.edge(rst);
  }
  EXPECT_GT(full, 100U);
  EXPECT_GT(both, 100U);
  EXPECT_GT(second_alone, 100U);
}

TEST(Fifo2w1r, TwoWords) {
  for_seeds(3, [](uint64_t seed) { run_fifo_2w1r<Vfifo_2w1r_2>(2, 24, seed); });
}
TEST(Fifo2w1r, EightWords) {
  for_seeds(3, [](uint64_t seed) { run_fifo_2w1r<Vfifo_2w1r_8>(8, 21, seed); });
}

template <class Rtl>
void run_carry_select(uint32_t width, uint32_t sign_bits, uint64_t seed) {
  Dice dice(seed);
  RtlTop<Rtl> rtl;
  const uint64_t mask = low_mask(width);
  uint64_t equal = 0;
  for (uint64_t n = 0; n < kCycles; ++n) {
    // Often long carries: a sum of ones and a little, whose highest bits are equal.
    const uint64_t a = dice.bits(width);
    const uint64_t b = dice.chance(50) ? dice.bits(width) : (~a + (dice.next() >> dice.below(64)));
    const uint64_t highest = ((a + b) & mask) >> (width - sign_bits);
    const bool differ = highest != 0 && highest != low_mask(sign_bits);
    equal += !differ;
    assign(rtl.top->a_i, a);
    assign(rtl.top->b_i, b & mask);
    rtl.top->eval();
    ASSERT_EQ(rtl.top->sum_o, (a + b) & mask) << std::hex << a << " + " << (b & mask);
    ASSERT_EQ(rtl.top->differ_o, differ) << std::hex << a << " + " << (b & mask);
  }
  EXPECT_GT(equal, kCycles / 10);
  EXPECT_LT(equal, kCycles * 9 / 10);
}

TEST(CarrySelect, ThirtyThreeBits) {
  for_seeds(3, [](uint64_t seed) { run_carry_select<Vcarry_select_33>(33, 2, seed); });
}
TEST(CarrySelect, FortyNineBits) {
  for_seeds(3, [](uint64_t seed) { run_carry_select<Vcarry_select_49>(49, 14, seed); });
}

template <class Rtl, class Word>
void run_ram(uint32_t depth, uint32_t width, uint64_t seed) {
  Dice dice(seed);
  ModuleBench<Rtl, Ram1rw<Word>> b("ram_1rw", depth);
  PORT(rdata_o);
  for (uint64_t n = 0; n < kCycles; ++n) {
    DRIVE(en_i, dice.chance(70));
    DRIVE(we_i, dice.chance(50));
    DRIVE(addr_i, dice.below(depth));
    DRIVE(wdata_i, dice.bits(width));
    if (!b.check()) return;
    b.edge(false);
  }
  for (uint32_t a = 0; a < depth; ++a) {  // Nothing was written that has not been read.
    DRIVE(en_i, 1);
    DRIVE(we_i, 0);
    DRIVE(addr_i, a);
    if (!b.check()) return;
    b.edge(false);
  }
  b.check();
}

TEST(Ram1rw, TwoWords) {
  for_seeds(3, [](uint64_t seed) { run_ram<Vram_2, uint16_t>(2, 16, seed); });
}
TEST(Ram1rw, SixteenWords) {
  for_seeds(3, [](uint64_t seed) { run_ram<Vram_16, uint64_t>(16, 64, seed); });
}

template <class Rtl, class Word>
void run_regfile(uint32_t depth, uint32_t width, uint64_t seed) {
  Dice dice(seed);
  ModuleBench<Rtl, Regfile1r1w<Word>> b("regfile_1r1w", depth);
  PORT(rdata_o);
  for (uint64_t n = 0; n < kCycles; ++n) {
    DRIVE(we_i, dice.chance(60));
    DRIVE(waddr_i, dice.below(depth));
    DRIVE(wdata_i, dice.bits(width));
    // Often the word that is being written: its old value.
    DRIVE(raddr_i, dice.chance(30) ? b.model.waddr_i : dice.below(depth));
    if (!b.check()) return;
    b.edge(false);
  }
}

TEST(Regfile1r1w, FourWords) {
  for_seeds(3, [](uint64_t seed) { run_regfile<Vregfile_4, uint64_t>(4, 48, seed); });
}
TEST(Regfile1r1w, SixtyFourWords) {
  for_seeds(3, [](uint64_t seed) { run_regfile<Vregfile_64, uint16_t>(64, 16, seed); });
}

template <class Rtl>
void check_find_first(Rtl& top, uint64_t vector, uint32_t width) {
  uint32_t first = 0;
  while (first < width && !(vector >> first & 1)) ++first;
  assign(top.vector_i, vector);
  top.eval();
  const bool any = first < width;
  ASSERT_EQ(top.onehot_o, any ? uint64_t{1} << first : 0) << std::hex << vector;
  ASSERT_EQ(top.index_o, any ? first : 0) << std::hex << vector;
}

TEST(FindFirst, AllVectorsOfFourBits) {
  RtlTop<Vfind_first_4> rtl;
  for (uint64_t vector = 0; vector < 16; ++vector) check_find_first(*rtl.top, vector, 4);
}

TEST(FindFirst, SixtyFourBits) {
  RtlTop<Vfind_first_64> rtl;
  check_find_first(*rtl.top, 0, 64);
  for_seeds(3, [&rtl](uint64_t seed) {
    Dice dice(seed);
    for (uint32_t first = 0; first < 64; ++first) {
      check_find_first(*rtl.top, uint64_t{1} << first, 64);
      check_find_first(*rtl.top, ~uint64_t{0} << first, 64);
      for (int n = 0; n < 100; ++n) check_find_first(*rtl.top, dice.next() << first, 64);
    }
  });
}

template <class Rtl>
void run_or_reduce(uint32_t width, uint32_t count, uint64_t seed) {
  Dice dice(seed);
  RtlTop<Rtl> rtl;
  for (uint64_t n = 0; n < kCycles; ++n) {
    uint64_t expected = 0;
    for (uint32_t w = 0; w < count; ++w) {
      // Few bits set, so that each word alone is seen.
      const uint64_t word = dice.chance(50) ? 0 : dice.bits(width) & dice.next() & dice.next();
      set_bits(rtl.top->words_i, w * width, width, word);
      expected |= word;
    }
    rtl.top->eval();
    ASSERT_EQ(get_bits(rtl.top->word_o, 0, width), expected);
  }
}

TEST(OrReduce, OneWord) {
  for_seeds(1, [](uint64_t seed) { run_or_reduce<Vor_reduce_1>(3, 1, seed); });
}
TEST(OrReduce, FiveWords) {
  for_seeds(1, [](uint64_t seed) { run_or_reduce<Vor_reduce_5>(3, 5, seed); });
}
TEST(OrReduce, SixteenWordsOf64Bits) {
  for_seeds(1, [](uint64_t seed) { run_or_reduce<Vor_reduce_16>(64, 16, seed); });
}

}  // namespace
}  // namespace sparsys
