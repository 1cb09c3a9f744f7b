// SPDX-License-Identifier: Apache-2.0
#include "golden/engine/eie/config.hpp"

#include <algorithm>
#include <string>

#include "golden/base/error.hpp"

namespace sparsys::eie {

namespace {

void check_range(const char* name, uint32_t value, uint32_t smallest, uint32_t largest) {
  if (value >= smallest && value <= largest) return;
  throw Error("engine configuration: " + std::string(name) + " is " + std::to_string(value) +
              ", must be " + std::to_string(smallest) + " to " + std::to_string(largest));
}

void check_power_of_two(const char* name, uint32_t value, uint32_t smallest, uint32_t largest) {
  if (value >= smallest && value <= largest && (value & (value - 1)) == 0) return;
  throw Error("engine configuration: " + std::string(name) + " is " + std::to_string(value) +
              ", must be a power of two from " + std::to_string(smallest) + " to " +
              std::to_string(largest));
}

}  // namespace

void check(const Config& config) {
  check_power_of_two("N_PE", config.n_pe, 1, 256);
  check_power_of_two("ENTRY_DEPTH", config.entry_depth, 32, kMaxEntries);
  check_power_of_two("PTR_DEPTH", config.ptr_depth, 4, kMaxPointers);
  check_power_of_two("ACT_REGS", config.act_regs, 4, 64);
  check_power_of_two("ACT_RAM_DEPTH", config.act_ram_depth, 4, kMaxActRam);
  check_range("QUEUE_DEPTH", config.queue_depth, 1, 256);
  check_range("ACC_WIDTH", config.acc_width, 20, 48);
  check_power_of_two("CODEBOOKS", config.codebooks, 2, kMaxCodebooks);
  check_power_of_two("LIST_DEPTH", config.list_depth, 2, kMaxList);
  if (config.lanes != 1) check_power_of_two("LANES", config.lanes, 4, 16);
  if (config.lanes == 1) {
    check_range("BANKS with LANES 1", config.banks, 1, 1);
  } else {
    check_power_of_two("BANKS", config.banks, 2, config.act_regs / 2);
    check_power_of_two("ENTRY_DEPTH", config.entry_depth, std::max(32U, 4 * config.lanes),
                       kMaxEntries);
  }
  check_power_of_two("BANK_DEPTH", config.bank_depth, 2, 8);
  check_power_of_two("GROUPS", config.groups, 1, kMaxGroups);
  // Write-back reads as many accumulators as there are groups a cycle, from banks side by side.
  const uint32_t most = std::min(config.n_pe, config.banks);
  if (config.groups > most) {
    throw Error("engine configuration: GROUPS is " + std::to_string(config.groups) +
                (config.lanes == 1 ? ", must be 1 with LANES 1"
                                   : ", must be at most " + std::to_string(most) +
                                         ", the smaller of N_PE and BANKS"));
  }
}

}  // namespace sparsys::eie
