// SPDX-License-Identifier: Apache-2.0
// What the sparse engine refuses, aborts and lost starts, errors of PEs: RTL and cycle model in
// lockstep, against the rules of the format (docs/reference/eie-format.md sections 5 and 9).
#include "tb/support/eie/faults.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tb/engine/eie/bench.hpp"
#include "tb/lockstep/eie/lockstep.hpp"
#include "tb/support/random_network.hpp"

namespace sparsys::eie {
namespace {

class EveryFault : public testing::TestWithParam<Config> {
 protected:
  uint64_t seed() const { return seed_from_environment(GetParam().n_pe); }
  // Of what is done often; engines of many PEs run slower.
  uint64_t times(uint64_t most) const { return GetParam().n_pe > 64 ? most / 8 : most; }
};

INSTANTIATE_TEST_SUITE_P(Configurations, EveryFault, testing::ValuesIn(rtl_configs()),
                         [](const auto& info) { return name_of(info.param); });

TEST_P(EveryFault, DescriptorsAreRefused) {
  Lockstep device(GetParam());
  const Reasons reasons = check_refusals(device, seed(), times(400));
  EXPECT_GE(reasons.size(), 6U);
  device.finish();
}

TEST_P(EveryFault, AbortsEndAnyCycle) {
  Lockstep device(GetParam());
  std::set<uint8_t> states;
  check_aborts(device, seed(), times(80),
               [&] { states.insert(device.model().ccu.sequencer.state_q); });
  EXPECT_GE(states.size(), 3U);
  device.finish();
}

TEST_P(EveryFault, StartsAreLostWhileBusy) {
  Lockstep device(GetParam());
  check_lost_starts(device, seed());
  device.finish();
}

TEST_P(EveryFault, PeErrorsNameTheLowestPe) {
  Lockstep device(GetParam());
  EXPECT_NE(check_pe_errors(device, seed(), times(24)), 0);
  device.finish();
}

}  // namespace
}  // namespace sparsys::eie
