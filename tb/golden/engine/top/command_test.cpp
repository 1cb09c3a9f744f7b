// SPDX-License-Identifier: Apache-2.0
#include "golden/engine/top/command.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "golden/base/random.hpp"
#include "golden/engine/top/config.hpp"
#include "golden/engine/top/conversion.hpp"
#include "tb/support/error_of.hpp"

namespace sparsys::top {
namespace {

constexpr Opcode kOpcodes[] = {Opcode::kNop,        Opcode::kFence,       Opcode::kHalt,
                               Opcode::kSparseLoad, Opcode::kSparseStore, Opcode::kSparseRun,
                               Opcode::kMatrixRun,  Opcode::kMatrixIn,    Opcode::kMatrixOut};

// By the tables of section 4.
TEST(TopCommand, FieldsLieWhereTheFormatHasThem) {
  Command load;
  load.opcode = Opcode::kSparseLoad;
  load.flags = kBytes;
  load.wait = 0x8001;
  load.signal = 0x1234;
  load.address = 0xABCDE000040;
  load.port = 0x30000010;
  load.words = 0x0FEDCBA9;
  load.multiplier = 0xBEEF;
  load.right = 21;
  load.zero = -3;
  EXPECT_EQ(encode(load), (CommandWords{0x1234800100000210, 0xABCDE000040, 0x0FEDCBA930000010,
                                        0x00000000FD15BEEF}));
  Command run;
  run.opcode = Opcode::kMatrixRun;
  run.instructions = 7;
  run.beats = 9;
  run.weights = 0x1000000000002000;
  EXPECT_EQ(encode(run), (CommandWords{0x20, 0, 0x0000000900000007, 0x1000000000002000}));
  Command in;
  in.opcode = Opcode::kMatrixIn;
  in.length = 784;
  in.row = 8;
  in.fill = 0x80;
  EXPECT_EQ(encode(in), (CommandWords{0x21, 0, 0x0080000800000310, 0}));
  Command list;
  list.opcode = Opcode::kSparseRun;
  list.first = 2;
  list.count = 5;
  EXPECT_EQ(encode(list), (CommandWords{0x12, 0, 0x0000000500000002, 0}));
}

TEST(TopCommand, DecodesWhatItEncodes) {
  Random random(1);
  for (int n = 0; n < 2000; ++n) {
    CommandWords words;
    for (uint64_t& word : words) word = random.next();
    words[0] = (words[0] & ~uint64_t{0xFFFF00FF}) |
               static_cast<uint64_t>(kOpcodes[random.below(std::size(kOpcodes))]);
    const CommandWords once = encode(decode(words));
    EXPECT_EQ(once[0], words[0]);
    EXPECT_EQ(once[1], words[1]);
    EXPECT_EQ(encode(decode(once)), once);
    for (size_t w = 0; w < 4; ++w) EXPECT_EQ(once[w] & ~words[w], 0U);
  }
  Command wide;
  wide.opcode = Opcode::kSparseLoad;
  wide.right = 32;
  EXPECT_EQ(error_of([&] { encode(wide); }), "Sparse_Load: right 32 does not fit 5 bits");
}

TEST(TopConfig, RegistersTellTheEngines) {
  Config config;
  config.eie.n_pe = 16;
  config.eie.lanes = 4;
  config.eie.groups = 2;
  config.eie.act_ram_depth = 65536;
  config.mxu.rows = 5;
  config.mxu.cols = 7;
  config.matrix = true;
  const SizeRegisters registers = size_registers(config);
  EXPECT_EQ(registers[1], 0x02040010U);
  EXPECT_EQ(registers[4], 65536U << 8 | 64U);
  EXPECT_EQ(registers[6], 0x00070005U);
  EXPECT_EQ(size_registers(config_of(registers)), registers);
  // As in an image: of the bus nothing.
  SizeRegisters image = registers;
  image[0] &= 0xFF000000;
  EXPECT_EQ(config_of(image).axi_addr_w, Config().axi_addr_w);
  EXPECT_EQ(config_of(image).eie.n_pe, 16U);
  config.sparse = false;
  EXPECT_EQ(size_registers(config)[1], 0U);
  EXPECT_EQ(size_registers(config)[0] >> 24, 2U);
}

// Against the formula of section 6 in long double.
TEST(TopConversion, IsThatOfTheFormat) {
  Random random(2);
  for (int n = 0; n < 20000; ++n) {
    const Conversion c{static_cast<uint16_t>(random.next()), static_cast<uint8_t>(random.below(32)),
                       static_cast<int8_t>(random.next())};
    const auto b = static_cast<int8_t>(random.next());
    const auto x = static_cast<int16_t>(random.next());
    const auto half_up = [&](long double v) {
      return c.right == 0 ? v : std::floor(std::ldexp(v, -c.right) + 0.5L);
    };
    const long double fixed = half_up((static_cast<long double>(b) - c.zero) * c.multiplier);
    EXPECT_EQ(to_fixed(b, c), static_cast<int>(std::clamp(fixed, -32768.0L, 32767.0L)));
    const long double byte = half_up(static_cast<long double>(x) * c.multiplier) + c.zero;
    EXPECT_EQ(to_byte(x, c), static_cast<int>(std::clamp(byte, -128.0L, 127.0L)));
  }
}

TEST(TopConversion, MeetsTheScaleToABit) {
  for (const float scale : {1e-6F, 0.0123F, 0.9F, 3.0F, 250.0F}) {
    for (const int frac : {-3, 0, 5, 8}) {
      const Conversion c = conversion_of(scale, 11, frac);
      for (int b = -128; b < 128; ++b) {
        const double exact = std::ldexp(static_cast<double>(scale) * (b - 11), frac);
        if (std::abs(exact) > 32767) continue;
        EXPECT_NEAR(to_fixed(static_cast<int8_t>(b), c), exact, 0.5 + std::abs(exact) / 65536)
            << scale << " " << frac << " " << b;
      }
    }
  }
  EXPECT_NE(error_of([] { conversion_of(1e6F, 0, 8); }), "no error");
  EXPECT_NE(error_of([] { conversion_of(1e-30F, 0, 8); }), "no error");
}

}  // namespace
}  // namespace sparsys::top
