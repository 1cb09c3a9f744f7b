// SPDX-License-Identifier: Apache-2.0
// Blocks with words of any width: RAM of two ports, FIFO; and the comparison of wide vectors
// itself.
#include <algorithm>
#include <string>

#include "Vfifo_148.h"
#include "Vfifo_33.h"
#include "Vram_1r1w_2048.h"
#include "Vram_1r1w_40.h"
#include "Vram_1r1w_8.h"
#include "golden/base/error.hpp"
#include "tb/lockstep/core/signals.hpp"
#include "tb/modules/module_bench.hpp"

namespace sparsys {
namespace {

// The models as the bench wants them.
struct Ram : Ram1r1w<uint8_t> {
  using Ram1r1w<uint8_t>::Ram1r1w;
  void propagate() {}
  void update(bool /*rst*/) { Ram1r1w<uint8_t>::update(); }
};
struct Fifo : WideFifo {
  using WideFifo::WideFifo;
  void propagate() {}
};

// A flat port from bytes, the lowest first.
template <class Port>
void set_bytes(Port& port, const uint8_t* bytes, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) set_bits(port, 8 * i, 8, bytes[i]);
}

template <class Rtl>
void run_ram(uint32_t lanes, uint32_t depth, uint64_t seed) {
  Dice dice(seed);
  ModuleBench<Rtl, Ram> b("ram_1r1w", lanes, depth);
  for (uint64_t n = 0; n < 5000; ++n) {
    DRIVE(we_i, dice.chance(50));
    DRIVE(re_i, dice.chance(60));
    DRIVE(waddr_i, dice.below(depth));
    DRIVE(raddr_i, dice.chance(40) ? b.model.waddr_i : dice.below(depth));
    for (uint8_t& byte : b.model.wdata_i) byte = static_cast<uint8_t>(dice.word(8));
    set_bytes(b.rtl.wdata_i, b.model.wdata_i.data(), lanes);
    if (!b.check()) return;
    b.edge(false);
    for (uint32_t l = 0; l < lanes; ++l) {
      ASSERT_EQ(get_bits(b.rtl.rdata_o, 8 * l, 8), b.model.rdata_o()[l]);
    }
  }
}

TEST(Ram1r1w, OneByte) {
  for_seeds(2, [](uint64_t seed) { run_ram<Vram_1r1w_8>(1, 3, seed); });
}
TEST(Ram1r1w, FiveBytes) {
  for_seeds(2, [](uint64_t seed) { run_ram<Vram_1r1w_40>(5, 16, seed); });
}
TEST(Ram1r1w, FullRow) {
  for_seeds(2, [](uint64_t seed) { run_ram<Vram_1r1w_2048>(256, 5, seed); });
}

template <class Rtl>
void run_fifo(uint32_t width, uint32_t depth, uint64_t seed) {
  Dice dice(seed);
  ModuleBench<Rtl, Fifo> b("fifo", width, depth);
  uint64_t full = 0;
  for (uint64_t n = 0; n < 5000; ++n) {
    const bool rst = dice.below(150) == 0;
    b.rtl.rst_i = rst;
    DRIVE(push_i, dice.chance(n / 64 % 2 ? 80 : 30));
    DRIVE(pop_i, dice.chance(50));
    for (uint32_t at = 0; at < width; at += 32) {
      const uint32_t bits = std::min(32U, width - at);
      const uint64_t value = dice.bits(bits);
      b.model.data_i[at / 32] = static_cast<uint32_t>(value);
      set_bits(b.rtl.data_i, at, bits, value);
    }
    if (!b.check()) return;
    ASSERT_EQ(b.rtl.full_o, b.model.full_o());
    ASSERT_EQ(b.rtl.empty_o, b.model.empty_o());
    full += b.model.full_o();
    b.edge(rst);
  }
  EXPECT_GT(full, 50U);
}

TEST(WideFifo, OperationWords) {
  for_seeds(2, [](uint64_t seed) { run_fifo<Vfifo_148>(148, 4, seed); });
}
TEST(WideFifo, RowAndABit) {
  for_seeds(2, [](uint64_t seed) { run_fifo<Vfifo_33>(33, 3, seed); });
}

// A difference in any byte of a wide vector is seen, and told with its place.
TEST(WideSignals, EveryByteIsCompared) {
  ModuleBench<Vram_1r1w_2048, Ram> b("ram_1r1w", 256, 5);
  b.settle();
  ASSERT_FALSE(b.table.differs());
  for (uint32_t l = 0; l < 256; ++l) {
    b.model.rdata_q[l] = 1;
    ASSERT_TRUE(b.table.differs()) << l;
    uint32_t told = 0;
    for (const Signal& s : b.table.signals()) {
      if (!s.differs()) continue;
      ++told;
      EXPECT_EQ(s.name, "rdata_q[" + std::to_string(l / 8 * 64 + 63) + ":" +
                            std::to_string(l / 8 * 64) + "]");
    }
    EXPECT_EQ(told, 1U);
    b.model.rdata_q[l] = 0;
  }
  // Guarded: write data without a write are a don't-care.
  b.model.wdata_i[255] = 1;
  EXPECT_FALSE(b.table.differs());
  b.model.we_i = b.rtl.we_i = 1;
  b.settle();
  EXPECT_TRUE(b.table.differs());
}

TEST(WideSignals, AnotherWidthIsRefused) {
  using Bench = ModuleBench<Vram_1r1w_40, Ram>;
  EXPECT_THROW(Bench("ram_1r1w", 4U, 16U), Error);
  EXPECT_THROW(Bench("ram_1r1w", 9U, 16U), Error);
}

}  // namespace
}  // namespace sparsys
