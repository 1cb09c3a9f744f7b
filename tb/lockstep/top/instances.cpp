// SPDX-License-Identifier: Apache-2.0
// The Verilated accelerators of the program, with the parameters of tb/lockstep/CMakeLists.txt.
#include "Vtop_medium.h"
#include "Vtop_small.h"
#include "tb/lockstep/top/rtl_device.hpp"

namespace sparsys::top {
namespace {

Config small() {
  Config config;
  config.eie.n_pe = 4;
  config.mxu.rows = config.mxu.cols = config.mxu.tile_rows = config.mxu.tile_cols = 4;
  return config;
}

Config medium() {
  Config config;
  config.axi_bytes = 32;
  config.eie.n_pe = 8;
  config.eie.lanes = 8;
  config.eie.banks = 16;
  config.eie.groups = 4;
  config.mxu.rows = config.mxu.cols = config.mxu.tile_rows = config.mxu.tile_cols = 16;
  return config;
}

[[maybe_unused]] const bool registered =
    register_rtl<Vtop_small>(small()) && register_rtl<Vtop_medium>(medium());

}  // namespace
}  // namespace sparsys::top
