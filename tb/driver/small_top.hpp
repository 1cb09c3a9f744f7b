// SPDX-License-Identifier: Apache-2.0
// The small accelerator, with parameters as in CMakeLists.txt.
#pragma once

#include "Vtop_driver.h"
#include "tb/driver/bench.hpp"

namespace sparsys::top::test {

inline Config small_config() {
  Config c;
  c.axi_bytes = 16;
  c.burst_beats = 4;
  c.read_bursts = 2;
  c.eie.n_pe = 4;
  c.eie.entry_depth = 2048;
  c.eie.ptr_depth = 256;
  c.eie.act_regs = 16;
  c.eie.act_ram_depth = 64;
  c.eie.codebooks = 4;
  c.eie.list_depth = 16;
  c.mxu.rows = c.mxu.cols = 8;
  c.mxu.tile_rows = c.mxu.tile_cols = 8;
  c.mxu.fifo_words = 64;
  c.mxu.ub_depth = 512;
  c.mxu.acc_depth = 64;
  c.mxu.param_sets = 8;
  c.mxu.queue_depth = 4;
  return c;
}

using SmallBench = Bench<Vtop_driver>;

}  // namespace sparsys::top::test
