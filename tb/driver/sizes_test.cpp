// SPDX-License-Identifier: Apache-2.0
// The driver on accelerators of other sizes, and with one engine alone; parameters as in
// tb/lockstep/CMakeLists.txt.
#include <gtest/gtest.h>

#include <memory>

#include "Vtop_matrix.h"
#include "Vtop_medium.h"
#include "Vtop_small.h"
#include "Vtop_sparse.h"
#include "tb/driver/networks.hpp"

namespace sparsys::top::test {
namespace {

Config with(uint32_t axi_bytes, uint32_t n_pe, uint32_t side) {
  Config c;
  c.axi_bytes = axi_bytes;
  c.sparse = n_pe != 0;
  c.matrix = side != 0;
  if (c.sparse) c.eie.n_pe = n_pe;
  if (c.matrix) c.mxu.rows = c.mxu.cols = c.mxu.tile_rows = c.mxu.tile_cols = side;
  return c;
}
Config medium() {
  Config c = with(32, 8, 16);
  c.eie.lanes = 8;
  c.eie.banks = 16;
  c.eie.groups = 4;
  return c;
}

TEST(Sizes, Parameters) {
  probe_parameters<Vtop_small>(with(8, 4, 4));
  probe_parameters<Vtop_medium>(medium());
  probe_parameters<Vtop_sparse>(with(16, 4, 0));
  probe_parameters<Vtop_matrix>(with(64, 0, 4));
}

TEST(Sizes, SparseNetworks) {
  run_sparse_networks<Vtop_small>(with(8, 4, 4), 2);
  run_sparse_networks<Vtop_medium>(medium(), 2);
  run_sparse_networks<Vtop_sparse>(with(16, 4, 0), 2);
}

TEST(Sizes, MatrixNetworks) {
  run_matrix_networks<Vtop_small>(with(8, 4, 4), 2);
  run_matrix_networks<Vtop_medium>(medium(), 2);
  run_matrix_networks<Vtop_matrix>(with(64, 0, 4), 4);
}

// A command of an engine that is not there is unknown.
template <class Rtl>
void expect_unknown(const Config& config, Opcode opcode) {
  Bench<Rtl> bench(config, memory_options(config));
  const sparsys_platform platform = bench.platform();
  sparsys_device device;
  ASSERT_EQ(sparsys_probe(&device, &platform), SPARSYS_OK);
  const sparsys_config where = bench.driver_config();
  ASSERT_EQ(sparsys_start(&device, &where), SPARSYS_OK);
  bench.memory.store.write_word(kArenaBus, static_cast<uint64_t>(opcode));
  bench.write(reg::kControl, bit::kControlRun);
  bench.write(reg::kRingTail, 1);
  for (int n = 0; n < 1000 && !bench.irq(); ++n) bench.clock();
  sparsys_error error;
  sparsys_get_error(&device, &error);
  EXPECT_EQ(error.code, SPARSYS_ERR_OPCODE);
  EXPECT_EQ(error.detail, static_cast<uint32_t>(opcode));
  EXPECT_EQ(sparsys_reset(&device), SPARSYS_OK);
  bench.expect_no_violations();
  bench.expect_quiet();
}

TEST(Sizes, EngineThatIsNotThere) {
  for (const Opcode opcode : {Opcode::kMatrixRun, Opcode::kMatrixIn, Opcode::kMatrixOut}) {
    expect_unknown<Vtop_sparse>(with(16, 4, 0), opcode);
  }
  for (const Opcode opcode : {Opcode::kSparseLoad, Opcode::kSparseStore, Opcode::kSparseRun}) {
    expect_unknown<Vtop_matrix>(with(64, 0, 4), opcode);
  }
}

}  // namespace
}  // namespace sparsys::top::test
