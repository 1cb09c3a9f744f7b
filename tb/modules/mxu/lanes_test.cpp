// SPDX-License-Identifier: Apache-2.0
// The arithmetic of an activation lane: requantisation, the function's table, pooling. The cycle
// model has them within its activation unit, so here the functional model (golden/function/mxu)
// says what must come out, and the contract when (docs/reference/mxu-timing.md section 9).
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "Vmxu_pool.h"
#include "Vmxu_requantise.h"
#include "Vmxu_table.h"
#include "golden/function/mxu/operators.hpp"
#include "tb/modules/mxu/mxu_module.hpp"

namespace sparsys::mxu {
namespace {

template <class Rtl>
class Lane : public RtlTop<Rtl> {
 public:
  Rtl& pins() { return *this->top; }
  void clock() {
    pins().clk_i = 0;
    pins().eval();
    pins().clk_i = 1;
    pins().eval();
  }
};

// A value through stages 1 to 9. Inputs of a stage are looked at in its cycle alone.
void put_through(Lane<Vmxu_requantise>& lane, int32_t acc, int32_t bias, int32_t multiplier,
                 uint32_t shift) {
  Vmxu_requantise& p = lane.pins();
  for (uint32_t stage = 1; stage <= 9; ++stage) {
    p.valid1_i = stage == 1;
    p.valid2_i = stage == 2;
    p.acc_i = stage == 1 ? static_cast<uint32_t>(acc) : 0xA5A5A5A5;
    p.bias_i = stage == 1 ? static_cast<uint32_t>(bias) : 0xA5A5A5A5;
    p.multiplier_i = stage == 2 ? static_cast<uint32_t>(multiplier) : 0xA5A5A5A5;
    p.shift_i = stage == 2 ? static_cast<uint8_t>(shift) : 13;
    lane.clock();
  }
}

// Every argument: the odd half of tanh, which stands for sigmoid, too.
TEST(MxuTable, IsTanh) {
  RtlTop<Vmxu_table> table;
  for (int index = -128; index < 128; ++index) {
    table.top->index_i = static_cast<uint8_t>(index);
    table.top->eval();
    EXPECT_EQ(static_cast<int8_t>(table.top->value_o), apply(Function::kTanh, index, 0, 0, 0))
        << index;
  }
}

// Stages 1 to 9 with one value in flight, of all functions, shifts and signs.
TEST(MxuRequantise, IsTheFunctionalModels) {
  for_seeds(3, [](uint64_t seed) {
    Dice dice(seed);
    Lane<Vmxu_requantise> lane;
    for (uint64_t n = 0; n < 4000; ++n) {
      const auto acc = static_cast<int32_t>(dice.word(32));
      const auto bias = static_cast<int32_t>(dice.word(32));
      const auto multiplier = static_cast<int32_t>(dice.word(32));
      const auto shift = static_cast<uint32_t>(dice.below(63));
      const auto zero = static_cast<int8_t>(dice.word(8));
      auto low = static_cast<int8_t>(dice.word(8));
      auto high = static_cast<int8_t>(dice.word(8));
      if (low > high) std::swap(low, high);
      const auto function = static_cast<Function>(dice.below(4));
      const auto rounding = static_cast<Rounding>(dice.below(2));
      Vmxu_requantise& p = lane.pins();
      // What the unit makes of a function: ReLU raises the least output, sigmoid is tanh's table.
      p.curve_i = function == Function::kSigmoid || function == Function::kTanh;
      p.zero_i = static_cast<uint8_t>(zero);
      p.low_i = static_cast<uint8_t>(function == Function::kRelu ? std::max(low, zero) : low);
      p.high_i = static_cast<uint8_t>(high);
      p.double_i = rounding == Rounding::kDouble;
      put_through(lane, acc, bias, multiplier, shift);
      const int32_t r10 = requantise(acc, bias, multiplier, shift, rounding);
      if (function == Function::kRelu && zero > high) continue;  // an empty range
      ASSERT_EQ(static_cast<int8_t>(p.f_o), apply(function, r10, zero, low, high))
          << "acc " << acc << ", bias " << bias << ", multiplier " << multiplier << ", shift "
          << shift << ", function " << to_string(function);
    }
  });
}

// Halves of all kinds: products around multiples of half of the last place, both signs.
TEST(MxuRequantise, HalvesInBothRoundings) {
  Dice dice(1);
  Lane<Vmxu_requantise> lane;
  Vmxu_requantise& p = lane.pins();
  p.low_i = 0x80;
  p.high_i = 0x7F;
  for (uint64_t n = 0; n < 40000; ++n) {
    const auto rounding = static_cast<Rounding>(dice.below(2));
    const auto shift = static_cast<uint32_t>(20 + dice.below(43));
    // v * 2^30 or nearly: the halves that the high half leaves are many.
    const int32_t multiplier = static_cast<int32_t>((1U << 30) + dice.below(3) - 1);
    const int64_t near = (static_cast<int64_t>(dice.below(400)) - 200) << (shift - 31U) % 20;
    const auto v = static_cast<int32_t>(near + static_cast<int64_t>(dice.below(3)) - 1);
    p.double_i = rounding == Rounding::kDouble;
    put_through(lane, v, 0, multiplier, shift);
    ASSERT_EQ(
        static_cast<int8_t>(p.f_o),
        apply(Function::kIdentity, requantise(v, 0, multiplier, shift, rounding), 0, -128, 127))
        << "v " << v << ", multiplier " << multiplier << ", shift " << shift << ", "
        << to_string(rounding);
  }
}

// Operands a cycle apart, their sum as soon as it may enter: three values a row, without a gap.
TEST(MxuRequantise, SumsAreTheFunctionalModels) {
  for_seeds(3, [](uint64_t seed) {
    Dice dice(seed);
    Lane<Vmxu_requantise> lane;
    Vmxu_requantise& p = lane.pins();
    constexpr size_t kRows = 1500;
    struct Row {
      std::array<int32_t, 2> values;
      std::array<int32_t, 2> bias;
      std::array<int32_t, 3> multiplier;
      std::array<uint32_t, 3> shift;
    };
    std::vector<Row> rows(kRows);
    const bool any = dice.chance(40);  // of any factors, or of those of real sums
    for (Row& row : rows) {
      for (size_t i = 0; i < 3; ++i) {
        row.multiplier[i] = static_cast<int32_t>(any ? dice.word(32) : (1U << 30) + dice.word(30));
        row.shift[i] = static_cast<uint32_t>(any     ? dice.below(63)
                                             : i < 2 ? 31 + dice.below(4)
                                                     : 45 + dice.below(8));
        if (i == 2) continue;
        if (row.multiplier[i] == INT32_MIN) row.multiplier[i] = 1;
        row.values[i] = static_cast<int8_t>(dice.word(8));
        row.bias[i] = static_cast<int32_t>(any ? dice.word(32) : dice.below(256) - 127);
      }
    }
    p.double_i = dice.chance(50);
    p.zero_i = static_cast<uint8_t>(dice.word(8));
    p.low_i = 0x80;
    p.high_i = 0x7F;
    // Slot 3 n + i issues operand i of row n, or the sum of the row two before; stage s is s slots
    // later.
    constexpr size_t kSlots = 3 * (kRows + 2);
    constexpr size_t kNone = ~size_t{0};
    const auto operand = [](size_t slot) { return slot % 3 != 2; };
    const auto row_of = [&](size_t slot) {
      if (slot >= kSlots) return kNone;
      const size_t n = slot / 3;
      return operand(slot) ? (n < kRows ? n : kNone) : (n >= 2 ? n - 2 : kNone);
    };
    for (size_t t = 1; t <= kSlots + 9; ++t) {
      const auto slot = [t](size_t stage) { return t >= stage ? t - stage : kNone; };
      const size_t first = row_of(slot(1)), second = row_of(slot(2)), seventh = row_of(slot(7));
      p.valid1_i = first != kNone;
      if (p.valid1_i) {
        const size_t i = slot(1) % 3;
        p.acc_i = static_cast<uint32_t>(i < 2 ? rows[first].values[i] : 77);
        p.bias_i = static_cast<uint32_t>(i < 2 ? rows[first].bias[i] : 78);
      }
      p.valid2_i = second != kNone;
      if (p.valid2_i) {
        const size_t i = slot(2) % 3;
        p.operand_i = i < 2;
        p.total_i = i == 2;
        p.multiplier_i = static_cast<uint32_t>(rows[second].multiplier[i]);
        p.shift_i = static_cast<uint8_t>(rows[second].shift[i]);
      }
      p.add_i = seventh != kNone && operand(slot(7));
      p.first_i = p.add_i && slot(7) % 3 == 0;
      lane.clock();
      const size_t n = row_of(slot(9));
      if (n == kNone || operand(slot(9))) continue;
      const Row& row = rows[n];
      const int32_t r10 = add(row.values, row.bias, row.multiplier, row.shift,
                              p.double_i ? Rounding::kDouble : Rounding::kSingle);
      ASSERT_EQ(static_cast<int8_t>(p.f_o),
                apply(Function::kIdentity, r10, static_cast<int8_t>(p.zero_i), -128, 127))
          << "row " << n << ": " << row.values[0] << " and " << row.values[1];
    }
  });
}

// Stages 10 to 14: windows of up to 30 values, some outside of the map.
TEST(MxuPool, WindowsAreTheFunctionalModels) {
  for_seeds(3, [](uint64_t seed) {
    Dice dice(seed);
    Lane<Vmxu_pool> lane;
    Vmxu_pool& p = lane.pins();
    for (uint64_t n = 0; n < 2000; ++n) {
      const auto mode = static_cast<Pooling>(dice.below(3));
      const size_t count = mode == Pooling::kNone ? 1 : 1 + dice.below(30);
      p.max_i = mode == Pooling::kMax;
      p.average_i = mode == Pooling::kAverage;
      p.multiplier_i = static_cast<uint32_t>(((1U << 25) / count + 1) / 2);
      const auto rounding = static_cast<Rounding>(dice.below(2));
      p.round_i = static_cast<uint32_t>((1U << 23) + 64 * count);
      p.round_below_i = rounding == Rounding::kDouble ? (1U << 24) - p.round_i : p.round_i;
      std::vector<int8_t> inside;
      for (size_t k = 0; k < count; ++k) {
        p.f_i = static_cast<uint8_t>(dice.word(8));
        p.first_i = k == 0;
        // An average has all of its window in the map; of a maximum at least the last is in it.
        p.inside_i = mode != Pooling::kMax || k + 1 == count || dice.chance(70);
        if (p.inside_i) inside.push_back(static_cast<int8_t>(p.f_i));
        p.valid_i = 1;
        lane.clock();
        if (dice.chance(20)) {
          p.valid_i = 0;
          p.f_i = static_cast<uint8_t>(dice.word(8));
          lane.clock();
        }
      }
      p.valid_i = 0;
      for (int stage = 11; stage <= 14; ++stage) lane.clock();
      const int8_t expected = mode == Pooling::kNone  ? inside.front()
                              : mode == Pooling::kMax ? pool_max(inside)
                                                      : pool_average(inside, rounding);
      ASSERT_EQ(static_cast<int8_t>(p.out_o), expected) << to_string(mode) << " of " << count;
    }
  });
}

// The product with the format's constants is the mean rounded half up, or half away from zero:
// every number of values that an average may have, with sums from the least to the largest and
// around halves.
TEST(MxuPool, AveragesOfEveryNumberOfValues) {
  Dice dice(1);
  Lane<Vmxu_pool> lane;
  Vmxu_pool& p = lane.pins();
  p.max_i = 0;
  p.average_i = p.inside_i = 1;
  for (uint32_t count = 1; count <= 255; ++count) {
    p.multiplier_i = ((1U << 25) / count + 1) / 2;
    p.round_i = (1U << 23) + 64 * count;
    std::vector<int> sums = {-128 * static_cast<int>(count), 127 * static_cast<int>(count)};
    for (int n = 0; n < 60; ++n) {
      const int whole = static_cast<int>(dice.below(255)) - 128;
      const int half = whole * static_cast<int>(count) + static_cast<int>(count) / 2;
      sums.push_back(half + static_cast<int>(dice.below(3)) - 1);
    }
    for (const int sum : sums) {
      if (sum < -128 * static_cast<int>(count) || sum > 127 * static_cast<int>(count)) continue;
      std::vector<int8_t> values(count);
      int left = sum;
      for (uint32_t k = 0; k < count; ++k) {
        const int share = std::clamp(left, -128, 127);
        values[k] = static_cast<int8_t>(share);
        left -= share;
        p.f_i = static_cast<uint8_t>(share);
        p.first_i = k == 0;
        p.valid_i = 1;
        lane.clock();
      }
      for (const Rounding rounding : {Rounding::kSingle, Rounding::kDouble}) {
        p.round_below_i = rounding == Rounding::kDouble ? (1U << 24) - p.round_i : p.round_i;
        p.valid_i = 0;
        for (int stage = 11; stage <= 14; ++stage) lane.clock();
        ASSERT_EQ(static_cast<int8_t>(p.out_o), pool_average(values, rounding))
            << sum << " / " << count << ", " << to_string(rounding);
      }
    }
  }
}

}  // namespace
}  // namespace sparsys::mxu
