// SPDX-License-Identifier: Apache-2.0
// The cycle model at all corners of its parameters: every memory's last word and last bit through
// the port, and a list at the far end of each.
#include "tb/support/eie/corners.hpp"

#include <gtest/gtest.h>

#include <string>

#include "golden/cycle/eie/device.hpp"

namespace sparsys::eie {
namespace {

class EngineCorners : public testing::TestWithParam<uint32_t> {};

TEST_P(EngineCorners, EveryMemoryInFullAndAListAtItsEnd) {
  uint32_t ran = 0;
  for (const Config& c : corner_configs()) {
    if (c.n_pe != GetParam()) continue;
    SCOPED_TRACE("entries " + std::to_string(c.entry_depth) + ", pointers " +
                 std::to_string(c.ptr_depth) + ", registers " + std::to_string(c.act_regs) +
                 ", activation RAM " + std::to_string(c.act_ram_depth) + ", codebooks " +
                 std::to_string(c.codebooks) + ", list " + std::to_string(c.list_depth) +
                 ", queue " + std::to_string(c.queue_depth) + ", accumulator " +
                 std::to_string(c.acc_width));
    CycleDevice device(c);
    check_addresses(device);
    check_far_end(device);
    if (HasFailure()) return;
    ++ran;
  }
  EXPECT_EQ(ran, 64U);
}

TEST(EngineQueue, TheDeepestQueueFull) {
  CycleDevice device(deepest_queue());
  check_full_queue(device);
}

INSTANTIATE_TEST_SUITE_P(Pes, EngineCorners, testing::Values(1, 2, 4, 64, 256));

}  // namespace
}  // namespace sparsys::eie
