// SPDX-License-Identifier: Apache-2.0
#include "tb/lockstep/eie_rtl.hpp"

#include "tb/lockstep/eie_rtl_registry.hpp"

namespace sparsys {

namespace {

std::string describe(const EieConfig& c) {
  return std::to_string(c.n_pe) + " PEs (entries " + std::to_string(c.entry_depth) + ", pointers " +
         std::to_string(c.ptr_depth) + ", registers " + std::to_string(c.act_regs) +
         ", activation RAM " + std::to_string(c.act_ram_depth) + ", queue " +
         std::to_string(c.queue_depth) + ", accumulator " + std::to_string(c.acc_width) +
         ", codebooks " + std::to_string(c.codebooks) + ", list " + std::to_string(c.list_depth) +
         ")";
}

}  // namespace

std::vector<EieRtlMaker>& eie_rtl_registry() {
  static std::vector<EieRtlMaker> makers;
  return makers;
}

std::vector<EieConfig> eie_rtl_configs() {
  std::vector<EieConfig> configs;
  for (const EieRtlMaker& maker : eie_rtl_registry()) configs.push_back(maker.config);
  return configs;
}

std::unique_ptr<EieRtl> make_eie_rtl(const EieConfig& config) {
  return make_registered<EieConfig, EieRtl>(eie_rtl_registry(), config, "engine", describe);
}

}  // namespace sparsys
