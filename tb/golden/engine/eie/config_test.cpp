// SPDX-License-Identifier: Apache-2.0
#include "golden/engine/eie/config.hpp"

#include "tb/support/rtl_parameters.hpp"

namespace sparsys::eie {
namespace {

TEST(EieConfig, DefaultsAndRangesAreTheRtls) {
  expect_as_in_rtl<Config>("eie", "## Sparse engine",
                           {{"N_PE", &Config::n_pe},
                            {"ENTRY_DEPTH", &Config::entry_depth},
                            {"PTR_DEPTH", &Config::ptr_depth},
                            {"ACT_REGS", &Config::act_regs},
                            {"ACT_RAM_DEPTH", &Config::act_ram_depth},
                            {"QUEUE_DEPTH", &Config::queue_depth},
                            {"ACC_WIDTH", &Config::acc_width},
                            {"CODEBOOKS", &Config::codebooks},
                            {"LIST_DEPTH", &Config::list_depth}},
                           Config());
}

}  // namespace
}  // namespace sparsys::eie
