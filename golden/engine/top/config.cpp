// SPDX-License-Identifier: Apache-2.0
#include "golden/engine/top/config.hpp"

namespace sparsys::top {

SizeRegisters size_registers(const Config& config) {
  SizeRegisters r{};
  r[0] = config.axi_bytes | config.axi_addr_w << 8 | config.burst_beats << 16 |
         uint32_t{config.sparse} << 24 | uint32_t{config.matrix} << 25;
  if (config.sparse) {
    const eie::Config& e = config.eie;
    r[1] = e.n_pe | e.lanes << 16 | e.groups << 24;
    r[2] = e.entry_depth;
    r[3] = e.ptr_depth;
    r[4] = e.act_regs | e.act_ram_depth << 8;
    r[5] = e.list_depth | e.codebooks << 16;
  }
  if (config.matrix) {
    const mxu::Config& m = config.mxu;
    r[6] = m.rows | m.cols << 16;
    r[7] = m.ub_depth;
    r[8] = m.acc_depth;
    r[9] = m.param_sets | m.fifo_words << 16;
  }
  return r;
}

Config config_of(const SizeRegisters& r) {
  Config config;
  if ((r[0] & 0xFFFFFF) != 0) {
    config.axi_bytes = r[0] & 0xFF;
    config.axi_addr_w = r[0] >> 8 & 0xFF;
    config.burst_beats = r[0] >> 16 & 0xFF;
  }
  config.sparse = (r[0] >> 24 & 1) != 0;
  config.matrix = (r[0] >> 25 & 1) != 0;
  if (config.sparse) {
    eie::Config& e = config.eie;
    e.n_pe = r[1] & 0xFFFF;
    e.lanes = r[1] >> 16 & 0xFF;
    e.groups = r[1] >> 24;
    e.banks = eie::usual_banks(e.lanes);
    e.entry_depth = r[2];
    e.ptr_depth = r[3];
    e.act_regs = r[4] & 0xFF;
    e.act_ram_depth = r[4] >> 8;
    e.list_depth = r[5] & 0xFFFF;
    e.codebooks = r[5] >> 16;
  }
  if (config.matrix) {
    mxu::Config& m = config.mxu;
    m.rows = r[6] & 0xFFFF;
    m.cols = r[6] >> 16;
    m.ub_depth = r[7];
    m.acc_depth = r[8];
    m.param_sets = r[9] & 0xFFFF;
    m.fifo_words = r[9] >> 16;
    mxu::choose_blocks(m);
  }
  return config;
}

}  // namespace sparsys::top
