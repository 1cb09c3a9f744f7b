// SPDX-License-Identifier: Apache-2.0
// Layers that stand for a function of a byte compute it, whatever the function.
#include "golden/network/byte_table.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "golden/base/random.hpp"
#include "golden/function/mxu/operators.hpp"
#include "golden/network/check.hpp"
#include "tb/support/seeds.hpp"

namespace sparsys::mxu {
namespace {

ByteTable table_of(const std::function<double(double)>& function) {
  ByteTable table{};
  for (int q = -128; q < 128; ++q) {
    table[static_cast<size_t>(q + 128)] =
        static_cast<int8_t>(std::clamp(std::round(function(q)), -128.0, 127.0));
  }
  return table;
}

// Values that the first layer gives for each channel.
size_t expect_same(const std::vector<ByteTable>& tables, uint32_t channels, int8_t zero) {
  Value from;
  from.channels = channels;
  from.height = 16;
  from.width = 16;
  from.zero = 5;
  Value to = from;
  to.zero = zero;
  const std::array<Layer, 2> layers = table_layers(from, tables, to);
  std::vector<int8_t> input;
  std::vector<int8_t> expected;
  for (uint32_t c = 0; c < channels; ++c) {
    for (int q = -128; q < 128; ++q) {
      input.push_back(static_cast<int8_t>(q));
      expected.push_back(tables[tables.size() == 1 ? 0 : c][static_cast<size_t>(q + 128)]);
    }
  }
  for (const Layer& layer : layers) check(layer, "table");
  const std::vector<int8_t> middle = run_layer(layers[0], {&input});
  EXPECT_EQ(run_layer(layers[1], {&middle}), expected);
  return layers[0].outputs / channels;
}

TEST(ByteTable, SmoothFunctionsTakeFewKnots) {
  EXPECT_LE(expect_same({table_of([](double x) { return x; })}, 1, 0), 1U);
  EXPECT_LE(expect_same({table_of([](double x) { return 256 / (1 + std::exp(-x / 20)) - 128; })}, 3,
                        -128),
            64U);
  EXPECT_LE(expect_same({table_of([](double x) { return 127 * std::tanh(x / 50); })}, 2, 0), 64U);
  EXPECT_LE(expect_same({table_of([](double x) {
                          return x * std::clamp(x / 6 / 21 + 0.5, 0.0, 1.0) * 0.9 - 20;
                        })},
                        2, -20),
            64U);
}

TEST(ByteTable, AnyFunctionIsExact) {
  for_seeds(40, [](uint64_t seed) {
    Random random(seed, 77);
    const uint32_t channels = 1 + random.below(2);
    std::vector<ByteTable> tables(random.below(2) == 0 ? 1 : channels);
    const uint32_t kind = random.below(3);
    for (ByteTable& table : tables) {
      const auto least = static_cast<int>(random.below(200)) - 128;
      const uint32_t most = 1 + random.below(static_cast<uint32_t>(127 - least));
      int at = least;
      for (int8_t& value : table) {
        // Anything at all, small changes up and down, or stairs.
        if (kind == 0) at = least + static_cast<int>(random.below(most + 1));
        if (kind == 1) at = std::clamp(at + static_cast<int>(random.below(5)) - 2, -128, 127);
        if (kind == 2 && random.below(20) == 0) at = std::min(at + 30, 127);
        value = static_cast<int8_t>(at);
      }
    }
    expect_same(tables, channels, static_cast<int8_t>(static_cast<int>(random.below(256)) - 128));
  });
}

}  // namespace
}  // namespace sparsys::mxu
