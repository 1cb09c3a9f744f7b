// SPDX-License-Identifier: Apache-2.0
#include "tb/lockstep/eie_rtl.hpp"

#include "golden/error.hpp"
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

bool equal(const EieConfig& a, const EieConfig& b) { return describe(a) == describe(b); }

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
  std::string known;
  for (const EieRtlMaker& maker : eie_rtl_registry()) {
    if (equal(maker.config, config)) return maker.make();
    known += (known.empty() ? "" : ", ") + describe(maker.config);
  }
  throw Error("RTL: no Verilated engine with " + describe(config) +
              " is built into this program; there are: " + (known.empty() ? "none" : known));
}

}  // namespace sparsys
