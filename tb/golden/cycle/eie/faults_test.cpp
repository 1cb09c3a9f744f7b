// SPDX-License-Identifier: Apache-2.0
// What the cycle model refuses, against the rules of the format; aborts in every state, lost
// starts, errors of PEs (docs/reference/eie-timing.md section 3).
#include "tb/support/eie/faults.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "golden/base/random.hpp"
#include "golden/cycle/eie/device.hpp"
#include "tb/golden/cycle/eie/descriptors.hpp"
#include "tb/support/seeds.hpp"

namespace sparsys::eie {
namespace {

Config config_of(uint64_t seed) {
  constexpr uint32_t kPes[] = {1, 2, 4, 8, 64, 256};
  Random random(seed, 30);
  Config config;
  config.n_pe = kPes[seed % 6];
  config.act_regs = 4U << random.below(5);
  config.entry_depth = 512U << random.below(7);
  config.ptr_depth = 128U << random.below(5);
  config.act_ram_depth = 4U << random.below(8);
  config.queue_depth = 1 + static_cast<uint32_t>(random.below(4));
  config.acc_width = 20 + static_cast<uint32_t>(random.below(29));
  config.codebooks = 4U << random.below(4);
  config.list_depth = 16U << random.below(4);
  return config;
}

// Sizes so small or so large that fields and memories meet at other borders.
std::vector<Config> border_configs() {
  std::vector<Config> configs;
  for (uint64_t seed = 0; seed < 6; ++seed) configs.push_back(config_of(seed));
  Config c;
  c.n_pe = 1;
  c.entry_depth = 32;
  c.ptr_depth = c.act_regs = c.act_ram_depth = 4;
  c.codebooks = c.list_depth = 2;
  configs.push_back(c);
  c.n_pe = 256;
  configs.push_back(c);
  c.n_pe = 4;
  c.act_regs = 64;
  configs.push_back(c);
  c.n_pe = 256;
  c.entry_depth = 8 * 65536;
  c.ptr_depth = 65536;
  c.act_ram_depth = 65536;
  c.codebooks = 256;
  c.list_depth = 32768;
  configs.push_back(c);
  return configs;
}

// The unit alone: millions of descriptors.
TEST(EngineRules, EveryDescriptorAsTheFormatSays) {
  const std::vector<Config> configs = border_configs();
  expect_reasons_of_the_format(400000, 1000,
                               [&](uint64_t seed) { return configs[seed % configs.size()]; });
}

// Everything that a list could write.
std::vector<std::vector<uint64_t>> memories_of(const Eie& engine) {
  std::vector<std::vector<uint64_t>> all;
  const auto add = [&all](const auto& mem) { all.emplace_back(mem.begin(), mem.end()); };
  add(engine.ccu.list_ram.mem);
  add(engine.ccu.codebook_ram.mem);
  for (const Pe& pe : engine.pe) {
    add(pe.spmat_read.entry_ram.mem);
    add(pe.ptr_read.even.mem);
    add(pe.ptr_read.odd.mem);
    add(pe.act_rw.act_ram.mem);
    add(pe.act_rw.regs.mem);
    add(pe.arith.acc.mem);
    add(pe.arith.cb_q);
    add(std::vector<uint64_t>{pe.act_rw.nz0_q, pe.act_rw.nz1_q, pe.arith.acc_valid_q});
  }
  return all;
}

// Looks at memories before and behind the last descriptor of a list.
class Watch final : public Device {
 public:
  explicit Watch(const Config& config) : device_(config) {}
  const Config& config() const override { return device_.config(); }
  Outputs clock(const Inputs& inputs) override {
    const Ccu& ccu = device_.model.ccu;
    if (ccu.sequencer.state_q == Sequencer::START || ccu.sequencer.state_q == Sequencer::CHECK)
      before_ = memories_of(device_.model);
    const Outputs outputs = device_.clock(inputs);
    if (outputs.done_o && (outputs.flags_o & kRefused)) {
      ++refused;
      EXPECT_EQ(memories_of(device_.model), before_);
    }
    return outputs;
  }
  uint64_t refused = 0;

 private:
  CycleDevice device_;
  std::vector<std::vector<uint64_t>> before_;
};

TEST(EngineRefusals, NameRuleAndDescriptorAndWriteNothing) {
  Reasons reasons;
  uint64_t refused = 0;
  std::vector<Config> configs = border_configs();
  configs.pop_back();  // the largest memories: too many words to compare
  for_seeds(configs.size(), [&](uint64_t seed) {
    Watch device(configs[seed % configs.size()]);
    for (const auto& [reason, count] : check_refusals(device, seed, 300)) {
      reasons[reason] += count;
    }
    refused += device.refused;
  });
  if (seed_is_given()) return;
  EXPECT_EQ(reasons.size(), 10U);  // none, 1 to 9
  for (const auto& [reason, count] : reasons) {
    EXPECT_GT(count, 10U) << static_cast<int>(reason);
  }
  EXPECT_GT(refused, 500U);
}

TEST(EngineAborts, InEveryCycleOfALayer) {
  std::set<uint8_t> states;
  for_seeds(6, [&states](uint64_t seed) {
    CycleDevice device(config_of(seed));
    check_aborts(device, seed, 0, [&] { states.insert(device.model.ccu.sequencer.state_q); });
  });
  if (seed_is_given()) return;
  for (uint8_t state = Sequencer::START; state <= Sequencer::DONE; ++state) {
    EXPECT_EQ(states.count(state), 1U) << int{state};
  }
}

TEST(EngineAborts, AtRandomCycles) {
  for_seeds(30, [](uint64_t seed) {
    CycleDevice device(config_of(seed));
    device.unit_by_unit = seed % 2 != 0;
    check_aborts(device, seed, 12);
  });
}

TEST(EngineStarts, AreLostWhileBusy) {
  for_seeds(40, [](uint64_t seed) {
    CycleDevice device(config_of(seed));
    check_lost_starts(device, seed);
  });
}

TEST(EnginePeErrors, NameTheLowestPe) {
  uint8_t flags = 0;
  for_seeds(18, [&flags](uint64_t seed) {
    CycleDevice device(config_of(seed));
    flags |= check_pe_errors(device, seed, 10);
  });
  if (!seed_is_given()) {
    EXPECT_EQ(flags, kRowError | kPointerError | kEntryError);
  }
}

// Errors at different times in different PEs: the first counts, whatever the order in which the
// model goes through its PEs.
TEST(EnginePeErrors, TheFirstOfSeveral) {
  uint64_t errors = 0;
  for_seeds(60, [&errors](uint64_t seed) {
    Config config = config_of(seed);
    config.act_regs = 4;
    CycleDevice many(config), one(config);
    one.unit_by_unit = true;
    ListEnd ends[2];
    uint32_t e = 0;
    for (CycleDevice* device : {&many, &one}) {
      Random random(seed, 31);
      Driver driver(*device);
      driver.reset();
      Pass pass;
      pass.in_count = std::min(15U, 4 * config.n_pe);
      pass.entry_base = config.entry_depth / 8 - 1 - static_cast<uint32_t>(random.below(3));
      pass.clear = true;
      // Entries that skip up to a row too many; pointers that rise, as far as the memory goes.
      for (uint32_t pe = 0; pe < config.n_pe; ++pe) {
        for (uint32_t row = 0; row < 5; ++row) {
          uint64_t word = 0;
          for (int i = 0; i < 8; ++i) word = word << 8 | (random.below(40) == 0 ? 0x21 : 0x01);
          driver.write(Driver::port_address(Space::kEntry,
                                            (pass.entry_base + row) % (config.entry_depth / 8), pe),
                       word);
        }
        uint32_t pointer = 0;
        for (uint32_t pair = 0; pair < 8; ++pair) {
          uint64_t word = 0;
          for (int half = 0; half < 2; ++half) {
            pointer += static_cast<uint32_t>(random.below(4));
            word |= uint64_t{random.below(100) == 0 ? 0 : pointer} << (16 * half);
          }
          driver.write(Driver::port_address(Space::kPointer, pair, pe), word);
        }
      }
      uint64_t words[2];
      encode(pass, words);
      for (uint32_t w = 0; w < 2; ++w)
        driver.write(Driver::port_address(Space::kList, w), words[w]);
      driver.write_vector(Space::kSource, 0, std::vector<int16_t>(pass.in_count, 3));
      try {
        driver.run_list(0, 1, 10000);
      } catch (const ListError& error) {
        ends[e] = error.end;
      }
      ++e;
    }
    EXPECT_EQ(ends[0].reason, ends[1].reason);
    EXPECT_EQ(ends[0].pe, ends[1].pe);
    errors += ends[0].reason == Reason::kPe && ends[0].pe > 0;
  });
  if (!seed_is_given()) {
    EXPECT_GT(errors, 6U);
  }
}

}  // namespace
}  // namespace sparsys::eie
