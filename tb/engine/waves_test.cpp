// SPDX-License-Identifier: Apache-2.0
// Waveform files hold what the signals were: FstWriter by itself, read back value by value.
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "tb/lockstep/core/fst_writer.hpp"
#include "tb/support/fst_reader.hpp"
#include "tb/support/seeds.hpp"
#include "tb/support/temporary.hpp"

namespace sparsys {
namespace {

namespace fs = std::filesystem;

TEST(Waves, EveryValueOfEveryCycle) {
  const TemporaryFolder folder;
  const std::string path = folder.file("all.fst");
  // Widths around those of bytes and words; instances at several depths.
  const std::vector<uint32_t> widths = {1, 2, 7, 8, 9, 16, 17, 31, 32, 33, 48, 63, 64};
  struct Sides {
    uint64_t rtl = 0;
    uint64_t model = 0;
  };
  std::vector<Sides> values(widths.size());
  std::vector<Signal> signals(widths.size());
  for (size_t s = 0; s < widths.size(); ++s) {
    signals[s].instance = s % 3 == 0 ? "top" : s % 3 == 1 ? "top.u_a" : "top.g_b[1].u_c";
    signals[s].name = "signal" + std::to_string(widths[s]) + "_q";
    signals[s].width = widths[s];
    signals[s].rtl = reinterpret_cast<const uint8_t*>(&values[s].rtl);
    signals[s].model = reinterpret_cast<const uint8_t*>(&values[s].model);
    signals[s].rtl_bytes = signals[s].model_bytes = 8;
  }
  constexpr uint64_t kFirst = 1000;
  constexpr uint64_t kCycles = 500;
  Dice dice(1);
  std::vector<std::vector<Sides>> history;
  {
    FstWriter writer(path, signals);
    for (uint64_t cycle = 0; cycle < kCycles; ++cycle) {
      for (size_t s = 0; s < widths.size(); ++s) {
        if (dice.chance(40)) values[s].rtl = dice.word(widths[s]) & low_mask(widths[s]);
        values[s].model =
            dice.chance(90) ? values[s].rtl : dice.word(widths[s]) & low_mask(widths[s]);
      }
      history.push_back(values);
      writer.sample(kFirst + cycle);
    }
    EXPECT_FALSE(fs::exists(path));
    writer.close();
  }
  const FstChanges changes = read_fst(path);
  EXPECT_EQ(changes.size(), 2 * signals.size());
  for (size_t s = 0; s < widths.size(); ++s) {
    const std::string name = signals[s].instance + "." + signals[s].name;
    for (uint64_t cycle = 0; cycle < kCycles; ++cycle) {
      ASSERT_EQ(value_at(changes, "rtl." + name, kFirst + cycle), history[cycle][s].rtl)
          << name << " in cycle " << cycle;
      ASSERT_EQ(value_at(changes, "model." + name, kFirst + cycle), history[cycle][s].model)
          << name << " in cycle " << cycle;
    }
  }
}

}  // namespace
}  // namespace sparsys
