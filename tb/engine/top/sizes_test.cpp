// SPDX-License-Identifier: Apache-2.0
// Accelerators of several sizes in lockstep and against the functional model: buses of 8 to 64
// bytes, beats of weights narrower and wider than them, one engine alone.
#include "Vtop_matrix.h"
#include "Vtop_small.h"
#include "Vtop_sparse.h"
#include "tb/engine/top/pair.hpp"

namespace sparsys::top {
namespace {

// As tb/lockstep/CMakeLists.txt has them.
Config size(uint32_t bytes, uint32_t n_pe, uint32_t side) {
  Config c;
  c.axi_bytes = bytes;
  c.sparse = n_pe != 0;
  c.matrix = side != 0;
  if (c.sparse) c.eie.n_pe = n_pe;
  if (c.matrix) c.mxu.rows = c.mxu.cols = c.mxu.tile_rows = c.mxu.tile_cols = side;
  return c;
}

TEST(TopSizes, Small) {
  for_seeds(6, [](uint64_t seed) { test::run_random<Vtop_small>(seed, 5, size(8, 4, 4)); });
}
TEST(TopSizes, SparseEngineAlone) {
  for_seeds(6, [](uint64_t seed) { test::run_random<Vtop_sparse>(seed, 6, size(16, 4, 0)); });
}
TEST(TopSizes, MatrixUnitAlone) {
  for_seeds(6, [](uint64_t seed) { test::run_random<Vtop_matrix>(seed, 6, size(64, 0, 4)); });
}

}  // namespace
}  // namespace sparsys::top
