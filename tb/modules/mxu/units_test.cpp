// SPDX-License-Identifier: Apache-2.0
// The matrix unit's units by themselves: matrix control, activation, host ports and weight fetch,
// RTL against the cycle model, with random operations, some of them wrong, and neighbours that hold
// back at random (docs/reference/mxu-timing.md sections 6, 7, 9, 10).
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "Vmxu_activation.h"
#include "Vmxu_host_in.h"
#include "Vmxu_host_out.h"
#include "Vmxu_matrix.h"
#include "Vmxu_weight_fetch.h"
#include "tb/modules/mxu/mxu_module.hpp"

namespace sparsys::mxu {
namespace {

using test::RawInstruction;

constexpr uint64_t kSeeds = 4;
constexpr uint64_t kCycles = 6000;

// Reset now and then, and always some cycles behind an error, which stops the sequencer.
template <class Bench>
bool reset_now(Bench& b, Dice& dice) {
  const bool rst = dice.below(500) == 0 || (b.model.error_o() && dice.below(10) == 0);
  b.rtl.rst_i = rst;
  return rst;
}

template <class Bench>
void drive_queue(Bench& b, Dice& dice, const RawInstruction& i) {
  drive_operation(b, dice, i);
  DRIVE(push_i, !b.model.full_o() && dice.chance(50));
  DRIVE(stop_i, dice.chance(3) || b.model.error_o());
}

template <class Bench>
void compare_unit(Bench& b) {
  b.port(
      "full_o", [&] { return uint64_t{b.rtl.full_o}; }, [&] { return uint64_t{b.model.full_o()}; });
  b.port(
      "error_o", [&] { return uint64_t{b.rtl.error_o}; },
      [&] { return uint64_t{b.model.error_o()}; });
  b.port(
      "error_number_o", [&] { return uint64_t{b.rtl.error_number_o}; },
      [&] { return uint64_t{b.model.error_number_o()}; });
  PORT(idle_o);
  PORT(busy_o);
}

TEST(MxuWeightFetch, RandomOperations) {
  uint64_t tiles = 0, held = 0;
  for_seeds(kSeeds, [&](uint64_t seed) {
    Dice dice(seed);
    ModuleBench<Vmxu_weight_fetch, Clocked<WeightFetch>> b("mxu_weight_fetch", module_config());
    b.port(
        "full_o", [&] { return uint64_t{b.rtl.full_o}; },
        [&] { return uint64_t{b.model.full_o()}; });
    PORT(idle_o);
    PORT(busy_o);
    PORT(asked_o);
    PORT(wm_valid_o);
    PORT_WHEN(wm_addr_o, wm_valid_o);
    PORT_WHEN(wm_beats_o, wm_valid_o);
    PORT(expect_o);
    b.port(
        "expect_data_o",
        [&] { return b.model.expect_o ? get_bits(b.rtl.expect_data_o, 0, 42) : 0; },
        [&] {
          const uint32_t* data = b.model.expect_data_o();
          return b.model.expect_o ? data[0] | uint64_t{data[1] & 0x3FF} << 32 : 0;
        });
    for (uint64_t n = 0; n < kCycles; ++n) {
      const bool rst = dice.below(500) == 0;
      b.rtl.rst_i = rst;
      const auto beats = static_cast<uint32_t>(1 + dice.below(dice.chance(50) ? 8 : 100));
      const RawInstruction i =
          test::read_beats(static_cast<uint32_t>(dice.word(32)), beats,
                           static_cast<uint32_t>(1 + dice.below(8)), dice.chance(50), false);
      for (uint32_t word = 0; word < 3; ++word) {
        const uint32_t bits = word == 2 ? 10 : 32;
        b.model.queue.data_i[word] = static_cast<uint32_t>(i.get(32 * word, bits));
        set_bits(b.rtl.op_i, 32 * word, bits, i.get(32 * word, bits));
      }
      DRIVE(push_i, !b.model.full_o() && dice.chance(50));
      DRIVE(stop_i, n / 512 % 4 == 3 && dice.chance(50));
      DRIVE(wm_ready_i, dice.chance(n / 64 % 2 ? 90 : 20));
      DRIVE(room_i, dice.chance(80));
      DRIVE(owed_i, dice.chance(50));
      DRIVE(expect_full_i, dice.chance(10));
      b.model.full_i = dice.chance(10);
      b.rtl.w_full_i = b.model.full_i;
      if (!b.check()) return;
      tiles += b.model.asked_o;
      held += b.model.full_o();
      b.edge(rst);
    }
  });
  EXPECT_GT(tiles, 1000U);
  EXPECT_GT(held, 1000U);
}

TEST(MxuHostIn, RandomOperations) {
  uint64_t rows = 0, parameters = 0, errors = 0;
  for_seeds(kSeeds, [&](uint64_t seed) {
    Dice dice(seed);
    const Config c = module_config();
    ModuleBench<Vmxu_host_in, Clocked<HostIn>> b("mxu_host_in", c);
    compare_unit(b);
    PORT(done_o);
    PORT(hi_ready_o);
    PORT(hi_asked_o);
    PORT(h_we_o);
    PORT_WHEN(h_waddr_o, h_we_o);
    PORT(p_we_o);
    PORT_WHEN(p_plane_o, p_we_o);
    PORT_WHEN(p_set_o, p_we_o);
    for (uint64_t n = 0; n < kCycles; ++n) {
      const bool rst = reset_now(b, dice);
      drive_done(b, dice);
      const auto at = [&](uint64_t most) { return static_cast<uint32_t>(dice.below(most)); };
      drive_queue(b, dice,
                  dice.chance(50) ? test::read_host(at(c.ub_depth), at(9))
                                  : test::read_parameters(at(c.param_sets + 1), at(9), at(20)));
      DRIVE(hi_valid_i, dice.chance(n / 64 % 2 ? 90 : 30));
      DRIVE(h_wgrant_i, dice.chance(70));
      const std::vector<uint8_t> row = random_bytes(dice, c.lanes());
      b.model.hi_data_i = row.data();
      set_words(b.rtl.hi_data_i, row, 8);
      if (!b.check()) return;
      if (b.model.h_we_o) {
        ASSERT_EQ(get_words(b.rtl.h_wdata_o, c.lanes(), 8), masked(row.data(), c.lanes(), 8));
      }
      if (b.model.p_we_o) {
        ASSERT_EQ(get_words(b.rtl.p_data_o, c.lanes(), 8), masked(row.data(), c.lanes(), 8));
      }
      rows += b.model.h_we_o;
      parameters += b.model.p_we_o;
      errors += b.model.error_o();
      b.edge(rst);
    }
  });
  EXPECT_GT(rows, 500U);
  EXPECT_GT(parameters, 500U);
  EXPECT_GT(errors, 10U);
}

TEST(MxuHostOut, RandomOperations) {
  uint64_t rows = 0, errors = 0;
  for_seeds(kSeeds, [&](uint64_t seed) {
    Dice dice(seed);
    const Config c = module_config();
    ModuleBench<Vmxu_host_out, Clocked<HostOut>> b("mxu_host_out", c);
    compare_unit(b);
    PORT(done_o);
    PORT(h_re_o);
    PORT_WHEN(h_raddr_o, h_re_o);
    PORT(ho_valid_o);
    for (uint64_t n = 0; n < kCycles; ++n) {
      const bool rst = reset_now(b, dice);
      drive_done(b, dice);
      const auto at = [&](uint64_t most) { return static_cast<uint32_t>(dice.below(most)); };
      drive_queue(b, dice, test::write_host(at(c.ub_depth), at(9)));
      DRIVE(ho_ready_i, dice.chance(n / 64 % 2 ? 90 : 20));
      DRIVE(h_rgrant_i, dice.chance(70));
      const std::vector<uint8_t> row = random_bytes(dice, c.lanes());
      b.model.rdata_i = row.data();
      set_words(b.rtl.rdata_i, row, 8);
      if (!b.check()) return;
      if (b.model.ho_valid_o) {
        ASSERT_EQ(get_words(b.rtl.ho_data_o, c.lanes(), 8),
                  masked(b.model.ho_data_o(), c.lanes(), 8));
      }
      rows += b.model.ho_valid_o && b.model.ho_ready_i;
      errors += b.model.error_o();
      b.edge(rst);
    }
  });
  EXPECT_GT(rows, 500U);
  EXPECT_GT(errors, 10U);
}

TEST(MxuMatrix, RandomOperations) {
  uint64_t rows = 0, pads = 0, swaps = 0, errors = 0;
  for_seeds(kSeeds, [&](uint64_t seed) {
    Dice dice(seed);
    const Config c = module_config();
    ModuleBench<Vmxu_matrix, Clocked<Matrix>> b("mxu_matrix", c);
    compare_unit(b);
    PORT(swap_o);
    PORT(m_re_o);
    PORT_WHEN(m_raddr_o, m_re_o);
    PORT(pad_o);
    PORT(row_valid_o);
    PORT_WHEN(row_add_o, row_valid_o);
    PORT_WHEN(row_last_o, row_valid_o);
    PORT_WHEN(row_addr_o, row_valid_o);
    PORT_WHEN(useful_o, row_valid_o);
    PORT(stall_weights_o);
    PORT(stall_half_o);
    b.port(
        "half_busy_o", [&] { return uint64_t{b.rtl.half_busy_o}; },
        [&] { return b.model.half_busy_o[0] | uint64_t{b.model.half_busy_o[1]} << 1; });
    b.port(
        "blocked_o", [&] { return uint64_t{b.rtl.blocked_o}; },
        [&] {
          uint64_t bits = 0;
          for (uint32_t u = 0; u < kUnits; ++u) bits |= uint64_t{b.model.blocked_o[u]} << u;
          return bits;
        });
    for (uint64_t n = 0; n < kCycles; ++n) {
      const bool rst = reset_now(b, dice);
      drive_done(b, dice);
      const auto at = [&](uint64_t most) { return static_cast<uint32_t>(dice.below(most)); };
      const auto size = [&](uint64_t most) { return dice.below(60) ? 1 + at(most - 1) : 0; };
      const bool add = dice.chance(50), take = dice.chance(50);
      const uint32_t used_rows = 1 + at(c.rows), used_cols = 1 + at(c.cols);
      drive_queue(
          b, dice,
          dice.chance(50)
              ? test::multiply(at(c.ub_depth), at(c.acc_depth), at(12), take, add, used_rows,
                               used_cols)
              : test::convolve(at(c.ub_depth / 2), at(c.acc_depth), static_cast<int>(at(5)) - 2,
                               static_cast<int>(at(5)) - 2, take, add, used_rows, used_cols));
      // The sequencer sends a Set only while nothing is queued or issued.
      const std::array<RawInstruction, 4> sets = {
          test::set_register(0, test::halves(size(5), size(5))),
          test::set_register(1, test::halves(size(4), size(4))),
          test::set_register(2, at(6) | size(3) << 16 | size(3) << 24),
          test::set_register(3, at(256))};
      const bool set = b.model.idle_o && dice.chance(15);
      drive_set(b, set ? &sets[dice.below(4)] : nullptr, 2);
      if (set) DRIVE(push_i, false);
      DRIVE(loaded_i, dice.chance(80));
      b.model.act_half_i = {static_cast<uint8_t>(dice.chance(20)),
                            static_cast<uint8_t>(dice.chance(20))};
      b.rtl.act_half_i = static_cast<uint8_t>(b.model.act_half_i[0] | b.model.act_half_i[1] << 1);
      if (!b.check()) return;
      rows += b.model.row_valid_o;
      pads += b.model.pad_o;
      swaps += b.model.swap_o;
      errors += b.model.error_o();
      b.edge(rst);
    }
  });
  EXPECT_GT(rows, 1000U);
  EXPECT_GT(pads, 50U);
  EXPECT_GT(swaps, 100U);
  EXPECT_GT(errors, 10U);
}

struct ActivationModel : Clocked<Activation> {
  explicit ActivationModel(const Config& c)
      : Clocked<Activation>(c), data(c.cols), bias(c.cols), multiplier(c.cols), shift(c.cols) {
    point();
  }
  void point() {
    act_data_i = data.data();
    bias_i = bias.data();
    multiplier_i = multiplier.data();
    shift_i = shift.data();
  }
  std::vector<uint32_t> data;
  std::vector<int32_t> bias;
  std::vector<int32_t> multiplier;
  std::vector<uint8_t> shift;
};

TEST(MxuActivation, RandomOperations) {
  uint64_t rows = 0, errors = 0;
  for_seeds(kSeeds, [&](uint64_t seed) {
    Dice dice(seed);
    const Config c = module_config();
    ModuleBench<Vmxu_activation, ActivationModel> b("mxu_activation", c);
    compare_unit(b);
    PORT(done_o);
    b.port(
        "empty_o", [&] { return uint64_t{b.rtl.empty_o}; },
        [&] { return uint64_t{!b.model.pipeline_o}; });
    PORT(param_re_o);
    PORT_WHEN(param_set_o, param_re_o);
    PORT(act_re_o);
    PORT_WHEN(act_addr_o, act_re_o);
    PORT(a_we_o);
    PORT_WHEN(a_waddr_o, a_we_o);
    b.port(
        "act_half_o", [&] { return uint64_t{b.rtl.act_half_o}; },
        [&] { return b.model.act_half_o[0] | uint64_t{b.model.act_half_o[1]} << 1; });
    for (uint64_t n = 0; n < kCycles; ++n) {
      const bool rst = reset_now(b, dice);
      drive_done(b, dice);
      const auto at = [&](uint64_t most) { return static_cast<uint32_t>(dice.below(most)); };
      const auto size = [&](uint64_t most) { return dice.below(60) ? 1 + at(most - 1) : 0; };
      drive_queue(
          b, dice,
          test::activate(at(c.ub_depth), at(c.acc_depth), at(7), at(c.param_sets + 1), at(4),
                         dice.chance(50) ? 0 : at(3), dice.chance(50), dice.chance(20)));
      const std::array<RawInstruction, 6> sets = {
          test::set_register(8, test::bytes(at(256), at(128) + 128, at(128))),
          test::set_register(9, test::halves(size(4), size(4))),
          test::set_register(10, size(4) | size(3) << 16 | size(3) << 24),
          test::set_register(11, test::bytes(size(3), size(3), at(3) - 1, at(3) - 1)),
          test::set_register(12, static_cast<uint32_t>(dice.bits(25))),
          test::set_register(13, static_cast<uint32_t>(dice.bits(24)))};
      const bool set = b.model.idle_o && !b.model.pipeline_o && dice.chance(15);
      drive_set(b, set ? &sets[dice.below(6)] : nullptr, 3);
      if (set) DRIVE(push_i, false);
      b.model.half_busy_i = {static_cast<uint8_t>(dice.chance(20)),
                             static_cast<uint8_t>(dice.chance(20))};
      b.rtl.half_busy_i =
          static_cast<uint8_t>(b.model.half_busy_i[0] | b.model.half_busy_i[1] << 1);
      for (uint32_t l = 0; l < c.cols; ++l) {
        b.model.data[l] = static_cast<uint32_t>(dice.word(32));
        b.model.bias[l] = static_cast<int32_t>(dice.word(32));
        b.model.multiplier[l] = static_cast<int32_t>(dice.word(32));
        b.model.shift[l] = static_cast<uint8_t>(dice.below(63));
      }
      b.model.point();
      set_words(b.rtl.act_data_i, b.model.data, 32);
      set_words(b.rtl.bias_i, b.model.bias, 32);
      set_words(b.rtl.multiplier_i, b.model.multiplier, 32);
      set_words(b.rtl.shift_i, b.model.shift, 6);
      if (!b.check()) return;
      if (b.model.a_we_o) {
        ASSERT_EQ(get_words(b.rtl.a_wdata_o, c.lanes(), 8),
                  masked(b.model.a_wdata_o(), c.lanes(), 8));
      }
      rows += b.model.a_we_o;
      errors += b.model.error_o();
      b.edge(rst);
    }
  });
  EXPECT_GT(rows, 300U);
  EXPECT_GT(errors, 10U);
}

// Each size that a window needs, 0 by itself: error 2, and nothing is read or written.
TEST(MxuActivation, RefusesEverySizeOfZero) {
  const Config c = module_config();
  // Registers 9 to 11, and the bits of each size in them.
  const std::vector<std::array<uint32_t, 2>> sizes = {{9, 0},   {9, 16}, {10, 0}, {10, 16},
                                                      {10, 24}, {11, 0}, {11, 8}};
  for (size_t zero = 0; zero <= sizes.size(); ++zero) {
    Dice dice(1);
    ModuleBench<Vmxu_activation, ActivationModel> b("mxu_activation", c);
    compare_unit(b);
    std::array<uint32_t, 3> registers{};
    for (size_t s = 0; s < sizes.size(); ++s) {
      if (s != zero) registers[sizes[s][0] - 9] |= 1U << sizes[s][1];
    }
    const auto cycle = [&](bool rst) {
      b.rtl.rst_i = rst;
      if (!b.check()) return false;
      b.edge(rst);
      return true;
    };
    ASSERT_TRUE(cycle(true));
    for (uint32_t r = 0; r < 3; ++r) {
      const RawInstruction set = test::set_register(9 + r, registers[r]);
      drive_set(b, &set, 3);
      ASSERT_TRUE(cycle(false));
    }
    drive_set(b, nullptr, 3);
    DRIVE(push_i, true);
    drive_operation(b, dice, test::activate(0, 0, 1, 0, 0, test::kMaxPool), false);
    ASSERT_TRUE(cycle(false));
    DRIVE(push_i, false);
    for (int n = 0; n < 24; ++n) {
      ASSERT_TRUE(cycle(false));
      if (zero < sizes.size()) ASSERT_FALSE(b.model.a_we_o);
    }
    EXPECT_EQ(b.rtl.error_o, zero < sizes.size() ? 2 : 0) << "size " << zero;
  }
}

}  // namespace
}  // namespace sparsys::mxu
