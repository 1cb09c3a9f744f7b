// SPDX-License-Identifier: Apache-2.0
// A memory of any latency, bandwidth, order and stalls.
#pragma once

#include "golden/memory/axi_memory.hpp"
#include "tb/support/seeds.hpp"

namespace sparsys::top::test {

inline axi::MemoryOptions random_memory(Dice& dice, uint32_t bytes) {
  axi::MemoryOptions options;
  options.bytes = bytes;
  options.latency = static_cast<uint32_t>(1 + dice.below(40));
  options.jitter = dice.chance(50) ? static_cast<uint32_t>(dice.below(30)) : 0;
  options.bandwidth =
      dice.chance(30) ? bytes * (0.2 + 0.01 * static_cast<double>(dice.below(100))) : 0;
  options.outstanding = static_cast<uint32_t>(1 + dice.below(20));
  options.reorder = dice.chance(60);
  options.interleave = dice.chance(50);
  options.address_first = dice.chance(50);
  for (uint32_t* stall : {&options.stall_ar, &options.stall_r, &options.stall_aw, &options.stall_w,
                          &options.stall_b}) {
    *stall = dice.chance(40) ? static_cast<uint32_t>(dice.below(70)) : 0;
  }
  options.seed = dice.next();
  return options;
}

}  // namespace sparsys::top::test
