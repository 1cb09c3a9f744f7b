// SPDX-License-Identifier: Apache-2.0
// Unified buffer: matrix reads before the host's, activation writes before the host's
// (docs/reference/mxu-timing.md section 5).
#pragma once

#include <algorithm>
#include <cstdint>

#include "golden/cycle/common/ram_1r1w.hpp"
#include "golden/engine/mxu/config.hpp"

namespace sparsys::mxu {

class UnifiedBuffer {
 public:
  explicit UnifiedBuffer(const Config& config)
      : ram(config.lanes(), config.ub_depth), lanes_(config.lanes()) {}

  // Ports. Rows of LANES bytes.
  uint8_t m_re_i = 0;
  uint8_t h_re_i = 0;
  uint8_t h_rgrant_o = 0;
  uint8_t a_we_i = 0;
  uint8_t h_we_i = 0;
  uint8_t h_wgrant_o = 0;
  uint32_t m_raddr_i = 0;
  uint32_t h_raddr_i = 0;
  uint32_t a_waddr_i = 0;
  uint32_t h_waddr_i = 0;
  const uint8_t* a_wdata_i = nullptr;
  const uint8_t* h_wdata_i = nullptr;
  const uint8_t* rdata_o() const { return ram.rdata_o(); }

  Ram1r1w<uint8_t> ram;

  void propagate_grants() {
    h_rgrant_o = !m_re_i;
    h_wgrant_o = !a_we_i;
  }

  void propagate() {
    propagate_grants();
    ram.re_i = m_re_i | h_re_i;
    ram.raddr_i = m_re_i ? m_raddr_i : h_raddr_i;
    ram.we_i = a_we_i | h_we_i;
    ram.waddr_i = a_we_i ? a_waddr_i : h_waddr_i;
    if (ram.we_i) std::copy_n(a_we_i ? a_wdata_i : h_wdata_i, lanes_, ram.wdata_i.begin());
  }

  void update() { ram.update(); }

 private:
  uint32_t lanes_;
};

}  // namespace sparsys::mxu
