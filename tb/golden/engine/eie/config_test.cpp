// SPDX-License-Identifier: Apache-2.0
#include "golden/engine/eie/config.hpp"

#include <map>
#include <string>
#include <vector>

#include "tb/support/rtl_parameters.hpp"

namespace sparsys::eie {
namespace {

TEST(EieConfig, DefaultsAndRangesAreTheRtls) {
  std::map<std::string, uint32_t Config::*> members;
  for (const RtlParameter& parameter : kRtlParameters) members[parameter.name] = parameter.value;
  // Their ranges depend on one another.
  const std::vector<std::string> others = {"LANES", "BANKS", "GROUPS"};
  for (const std::string& other : others) ASSERT_EQ(members.erase(other), 1U) << other;
  expect_as_in_rtl<Config>("eie", "## Sparse engine", members, Config(), others);
  EXPECT_EQ(Config().lanes, 1U);
  EXPECT_EQ(Config().banks, usual_banks(1));
  EXPECT_EQ(Config().groups, 1U);
}

// docs/reference/eie-timing.md, Parameters.
TEST(EieConfig, LanesAndBanks) {
  const auto sound = [](uint32_t act_regs, uint32_t lanes, uint32_t banks) {
    Config config;
    config.act_regs = act_regs;
    config.lanes = lanes;
    config.banks = banks;
    return error_of([&config] { check(config); }) == "no error";
  };
  for (const uint32_t act_regs : {4U, 16U, 64U}) {
    for (uint32_t lanes = 0; lanes <= 33; ++lanes) {
      for (uint32_t banks = 0; banks <= 65; ++banks) {
        const bool power = banks != 0 && (banks & (banks - 1)) == 0;
        const bool expected = lanes == 1 ? banks == 1
                                         : (lanes == 4 || lanes == 8 || lanes == 16) && power &&
                                               banks >= 2 && 2 * banks <= act_regs;
        ASSERT_EQ(sound(act_regs, lanes, banks), expected)
            << act_regs << " registers, " << lanes << " lanes, " << banks << " banks";
      }
    }
  }
  Config config;
  config.lanes = 16;
  config.banks = 32;
  config.entry_depth = 32;
  EXPECT_NE(error_of([&config] { check(config); }), "no error");
  config.entry_depth = 64;
  EXPECT_EQ(error_of([&config] { check(config); }), "no error");
}

}  // namespace
}  // namespace sparsys::eie
