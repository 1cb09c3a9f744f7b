// SPDX-License-Identifier: Apache-2.0
// RTL at corners of its parameters, in lockstep with the cycle model, which goes through all of
// them (tb/golden/cycle/eie/corners_test.cpp).
#include "tb/support/eie/corners.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tb/lockstep/eie/lockstep.hpp"

namespace sparsys::eie {
namespace {

class RtlCorners : public testing::TestWithParam<Config> {};

INSTANTIATE_TEST_SUITE_P(Configurations, RtlCorners, testing::ValuesIn(rtl_configs()),
                         [](const auto& info) { return "pe" + std::to_string(info.param.n_pe); });

TEST_P(RtlCorners, EveryMemoryInFull) {
  Lockstep device(GetParam());
  check_addresses(device);
  device.finish();
}

TEST_P(RtlCorners, AListAtTheEndOfEveryMemory) {
  Lockstep device(GetParam());
  check_far_end(device);
  device.finish();
}

TEST(RtlCornerSets, AllAreHere) { EXPECT_EQ(rtl_configs().size(), 4U); }

TEST(RtlQueue, TheDeepestFull) {
  Lockstep device(deepest_queue());
  check_full_queue(device);
  device.finish();
}

}  // namespace
}  // namespace sparsys::eie
