// SPDX-License-Identifier: Apache-2.0
// The systolic array against sums computed from the definition: tiles of weights sent as packets,
// in any order, and taken into use at random distances, every output compared in every cycle once a
// tile is in use.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <iostream>
#include <memory>
#include <random>
#include <vector>

#include "Vmxu_array_16x16.h"
#include "Vmxu_array_16x16_in_4x8.h"
#include "Vmxu_array_1x1.h"
#include "Vmxu_array_256x1_in_2x1.h"
#include "Vmxu_array_256x256.h"
#include "Vmxu_array_32x32.h"
#include "Vmxu_array_32x32_in_16x16.h"
#include "Vmxu_array_4x4.h"
#include "Vmxu_array_4x4_in_2x4.h"
#include "Vmxu_array_5x7.h"
#include "Vmxu_array_5x7_in_1x7.h"
#include "Vmxu_array_8x8_in_4x4.h"
#include "Vmxu_array_8x8_in_8x4.h"
#include "verilated.h"

namespace {

// What the inputs are: random; -128 everywhere; activations -128 and weights 127; -128 or 127 at
// random.
enum class Values { kRandom, kLeast, kMixedSigns, kExtremes };

int8_t value(Values values, bool weight, std::mt19937_64& random) {
  switch (values) {
    case Values::kLeast:
      return -128;
    case Values::kMixedSigns:
      return weight ? 127 : -128;
    case Values::kExtremes:
      return random() & 1 ? -128 : 127;
    default:
      return static_cast<int8_t>(random());
  }
}

constexpr uint32_t kNothing = ~0U;

// A tile of weights, taken into use by swap_i in cycle `swap`, and the cells, [row][column] or
// kNothing, whose weights bus j sends in cycles first + 4j, first + 4j + 1, ...: those that are not
// sent are 0.
struct Use {
  uint64_t first;
  uint64_t swap;
  std::vector<int8_t> weights;              // [row][column]
  std::vector<std::vector<uint32_t>> sent;  // [bus]
};

// All Verilator port types are plain little-endian integers or arrays of 32-bit words.
template <class Port>
void put_byte(Port& port, size_t n, int8_t byte) {
  std::memcpy(reinterpret_cast<uint8_t*>(&port) + n, &byte, 1);
}
template <class Port>
void put_bits(Port& port, size_t low, uint32_t width, uint32_t value) {
  for (uint32_t b = 0; b < width; ++b) {
    uint8_t& byte = reinterpret_cast<uint8_t*>(&port)[(low + b) / 8];
    const uint32_t at = (low + b) % 8;
    byte = static_cast<uint8_t>((byte & ~(1U << at)) | (value >> b & 1U) << at);
  }
}
template <class Port>
int32_t get_signed(const Port& port, size_t low, uint32_t width) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(&port);
  uint32_t bits = 0;
  for (uint32_t b = 0; b < width; ++b) bits |= (bytes[(low + b) / 8] >> (low + b) % 8 & 1U) << b;
  const uint32_t sign = 1U << (width - 1);
  return static_cast<int32_t>(bits ^ sign) - static_cast<int32_t>(sign);
}

// `uses` tiles; each swap comes up to `slack` cycles after the earliest it may, and each first
// packet up to `slack` after the earliest.
template <class Rtl>
void run(uint32_t rows, uint32_t cols, uint32_t uses, uint32_t slack, Values values,
         uint64_t seed) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  uint32_t width = 16;
  for (uint32_t n = 2; n <= rows; n *= 2) ++width;
  const auto late = [&] { return slack == 0 ? 0 : random() % (slack + 1); };

  const uint32_t buses = (cols + 3) / 4;
  uint32_t row_w = 1;
  while (1U << row_w < rows) ++row_w;
  const uint32_t packet_w = row_w + 11;

  std::vector<Use> plan;
  uint64_t cycle = 3;
  for (uint32_t u = 0; u < uses; ++u) {
    Use use;
    use.first = cycle + 3 + late();
    const uint64_t density = std::vector<uint64_t>{1, 10, 50, 100}[random() % 4];
    for (uint32_t n = 0; n < rows * cols; ++n) {
      const bool kept = values != Values::kRandom || random() % 100 < density;
      use.weights.push_back(kept ? value(values, true, random) : int8_t{0});
    }
    size_t longest = 0;
    for (uint32_t j = 0; j < buses; ++j) {
      std::vector<uint32_t> cells;
      for (uint32_t n = 0; n < rows * cols; ++n)
        if (n % cols / 4 == j && (use.weights[n] != 0 || random() % 8 == 0)) cells.push_back(n);
      if (slack != 0) cells.insert(cells.end(), random() % (slack + 1), kNothing);
      std::shuffle(cells.begin(), cells.end(), random);
      longest = std::max(longest, cells.size());
      use.sent.push_back(cells);
    }
    use.swap = use.first + longest + late();
    cycle = use.swap;
    plan.push_back(use);
  }
  const uint64_t vectors_end = cycle + rows;
  const uint64_t end = vectors_end + rows + cols + 2;
  std::vector<int8_t> activations((end + 1) * rows);  // [cycle][row]
  for (int8_t& a : activations) a = value(values, false, random);

  VerilatedContext context;
  context.randReset(0);
  const auto top = std::make_unique<Rtl>(&context);
  uint64_t compared = 0, differ = 0;
  for (uint64_t t = 0; t < end; ++t) {
    top->clk_i = 0;
    top->rst_i = t < 2;
    top->swap_i = 0;
    for (const Use& use : plan) top->swap_i |= use.swap == t;
    for (uint32_t r = 0; r < rows; ++r) {
      put_byte(top->a_i, r, activations[t * rows + r]);
    }
    for (uint32_t j = 0; j < buses; ++j) {
      // Without a valid bit it is anything.
      uint32_t packet = static_cast<uint32_t>(random()) & ((1U << (packet_w - 1)) - 1);
      for (const Use& use : plan) {
        const uint64_t n = t - use.first - 4 * j;
        if (t < use.first + 4 * j || n >= use.sent[j].size() || use.sent[j][n] == kNothing)
          continue;
        const uint32_t cell = use.sent[j][n];
        packet = 1U << (packet_w - 1) | cell / cols << 10 | cell % cols % 4 << 8 |
                 static_cast<uint8_t>(use.weights[cell]);
      }
      put_bits(top->packet_i, size_t{packet_w} * j, packet_w, packet);
    }
    top->eval();
    // Column c's sum of the vector whose row r came in cycle v + 1 + r is there in v + 1 + rows +
    // c.
    for (uint32_t c = 0; c < cols; ++c) {
      if (t < plan[0].swap + 1 + rows + c) continue;
      const uint64_t v = t - 1 - rows - c;
      if (v >= vectors_end) continue;
      const Use* use = nullptr;
      for (const Use& u : plan)
        if (u.swap <= v) use = &u;
      int32_t sum = 0;
      for (uint32_t r = 0; r < rows; ++r)
        sum += activations[(v + 1 + r) * rows + r] * use->weights[r * cols + c];
      const int32_t got = get_signed(top->sum_o, size_t{width} * c, width);
      ++compared;
      if (got != sum && ++differ < 5)
        ADD_FAILURE() << "cycle " << t << " column " << c << ": " << got << ", expected " << sum;
    }
    top->clk_i = 1;
    top->eval();
  }
  EXPECT_EQ(differ, 0U);
  EXPECT_GE(compared, uint64_t{rows} * cols);
  top->final();
}

template <class Rtl>
void run_all(uint32_t rows, uint32_t cols) {
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    run<Rtl>(rows, cols, 20, 0, Values::kRandom, seed);
    run<Rtl>(rows, cols, 20, 3, Values::kRandom, 10 + seed);
    run<Rtl>(rows, cols, 12, rows + cols, Values::kRandom, 20 + seed);
    run<Rtl>(rows, cols, 8, 2, Values::kExtremes, 30 + seed);
  }
  run<Rtl>(rows, cols, 3, 0, Values::kLeast, 41);
  run<Rtl>(rows, cols, 3, 0, Values::kMixedSigns, 42);
}

TEST(MxuArray, Size1x1) { run_all<Vmxu_array_1x1>(1, 1); }
TEST(MxuArray, Size4x4) { run_all<Vmxu_array_4x4>(4, 4); }
TEST(MxuArray, Size4x4In2x4) { run_all<Vmxu_array_4x4_in_2x4>(4, 4); }
TEST(MxuArray, Size5x7) { run_all<Vmxu_array_5x7>(5, 7); }
TEST(MxuArray, Size5x7In1x7) { run_all<Vmxu_array_5x7_in_1x7>(5, 7); }
TEST(MxuArray, Size8x8In4x4) { run_all<Vmxu_array_8x8_in_4x4>(8, 8); }
TEST(MxuArray, Size8x8In8x4) { run_all<Vmxu_array_8x8_in_8x4>(8, 8); }
TEST(MxuArray, Size16x16) { run_all<Vmxu_array_16x16>(16, 16); }
TEST(MxuArray, Size16x16In4x8) { run_all<Vmxu_array_16x16_in_4x8>(16, 16); }
TEST(MxuArray, Size32x32) { run_all<Vmxu_array_32x32>(32, 32); }
TEST(MxuArray, Size32x32In16x16) { run_all<Vmxu_array_32x32_in_16x16>(32, 32); }
TEST(MxuArray, Size256x1In2x1) { run_all<Vmxu_array_256x1_in_2x1>(256, 1); }
TEST(MxuArray, Size256x256) {
  run<Vmxu_array_256x256>(256, 256, 3, 0, Values::kRandom, 1);
  run<Vmxu_array_256x256>(256, 256, 2, 5, Values::kExtremes, 2);
  run<Vmxu_array_256x256>(256, 256, 2, 0, Values::kLeast, 3);
  run<Vmxu_array_256x256>(256, 256, 2, 0, Values::kMixedSigns, 4);
}

// The speed of docs/reference/mxu-array.md: random activations, in every cycle a packet on every
// bus. Asked for by name.
TEST(MxuArray, DISABLED_Speed256x256) {
  constexpr uint32_t kSide = 256, kCycles = 5000;
  std::mt19937_64 random(1);
  VerilatedContext context;
  const auto top = std::make_unique<Vmxu_array_256x256>(&context);
  top->rst_i = 0;
  const std::clock_t start = std::clock();
  for (uint32_t t = 0; t < kCycles; ++t) {
    top->clk_i = 0;
    top->eval();
    for (uint32_t n = 0; n < kSide; n += 8) {
      const uint64_t a = random();
      std::memcpy(reinterpret_cast<uint8_t*>(&top->a_i) + n, &a, 8);
    }
    for (uint32_t word = 0; word < kSide / 4 * 19 / 32; ++word) {
      const auto packets = static_cast<uint32_t>(random());
      std::memcpy(reinterpret_cast<uint8_t*>(&top->packet_i) + 4 * word, &packets, 4);
    }
    for (uint32_t j = 0; j < kSide / 4; ++j) put_bits(top->packet_i, 19 * j + 18, 1, 1);
    top->swap_i = t % kSide == 0;
    top->clk_i = 1;
    top->eval();
  }
  const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  std::cout << kCycles / seconds << " cycles a second of processor time\n";
  top->final();
}

}  // namespace
