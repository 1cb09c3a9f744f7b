// SPDX-License-Identifier: Apache-2.0
#include "tb/lockstep/eie/rtl.hpp"

namespace sparsys::eie {

namespace {

std::string describe(const Config& c) {
  return std::to_string(c.n_pe) + " PEs (entries " + std::to_string(c.entry_depth) + ", pointers " +
         std::to_string(c.ptr_depth) + ", registers " + std::to_string(c.act_regs) +
         ", activation RAM " + std::to_string(c.act_ram_depth) + ", queue " +
         std::to_string(c.queue_depth) + ", accumulator " + std::to_string(c.acc_width) +
         ", codebooks " + std::to_string(c.codebooks) + ", list " + std::to_string(c.list_depth) +
         ", lanes " + std::to_string(c.lanes) + ", banks " + std::to_string(c.banks) +
         " of FIFO depth " + std::to_string(c.bank_depth) + ", groups " + std::to_string(c.groups) +
         ")";
}

}  // namespace

std::vector<RtlMaker>& rtl_registry() {
  static std::vector<RtlMaker> makers;
  return makers;
}

std::vector<Config> rtl_configs() {
  std::vector<Config> configs;
  for (const RtlMaker& maker : rtl_registry()) configs.push_back(maker.config);
  return configs;
}

std::unique_ptr<Rtl> make_rtl(const Config& config) {
  return find_registered(rtl_registry(), config, "engine", describe).make();
}

}  // namespace sparsys::eie
