// SPDX-License-Identifier: Apache-2.0
// The ports m_* and s_* of a Verilated module (docs/reference/top-timing.md section 3) as the
// structs of golden/memory, both ways.
#pragma once

#include <cstring>

#include "golden/memory/axi.hpp"

namespace sparsys::axi {

// Data ports have 8 * AXI_BYTES bits: an integer, or an array of words.
template <class Rtl>
MasterPorts master_ports(const Rtl& rtl) {
  MasterPorts m;
  m.arvalid = rtl.m_arvalid_o;
  m.ar = {rtl.m_araddr_o, rtl.m_arid_o,    rtl.m_arlen_o,  rtl.m_arsize_o, rtl.m_arburst_o,
          rtl.m_arlock_o, rtl.m_arcache_o, rtl.m_arprot_o, rtl.m_arqos_o};
  m.rready = rtl.m_rready_o;
  m.awvalid = rtl.m_awvalid_o;
  m.aw = {rtl.m_awaddr_o, rtl.m_awid_o,    rtl.m_awlen_o,  rtl.m_awsize_o, rtl.m_awburst_o,
          rtl.m_awlock_o, rtl.m_awcache_o, rtl.m_awprot_o, rtl.m_awqos_o};
  m.wvalid = rtl.m_wvalid_o;
  std::memcpy(m.wdata.data(), &rtl.m_wdata_o, sizeof rtl.m_wdata_o);
  m.wstrb = rtl.m_wstrb_o;
  m.wlast = rtl.m_wlast_o;
  m.bready = rtl.m_bready_o;
  return m;
}

template <class Rtl>
void drive(Rtl& rtl, const SlavePorts& s) {
  rtl.m_arready_i = s.arready;
  rtl.m_rvalid_i = s.rvalid;
  rtl.m_rid_i = s.rid;
  std::memcpy(&rtl.m_rdata_i, s.rdata.data(), sizeof rtl.m_rdata_i);
  rtl.m_rresp_i = s.rresp;
  rtl.m_rlast_i = s.rlast;
  rtl.m_awready_i = s.awready;
  rtl.m_wready_i = s.wready;
  rtl.m_bvalid_i = s.bvalid;
  rtl.m_bid_i = s.bid;
  rtl.m_bresp_i = s.bresp;
}

template <class Rtl>
LiteSlavePorts lite_slave_ports(const Rtl& rtl) {
  LiteSlavePorts s;
  s.arready = rtl.s_arready_o;
  s.rvalid = rtl.s_rvalid_o;
  s.rdata = rtl.s_rdata_o;
  s.rresp = rtl.s_rresp_o;
  s.awready = rtl.s_awready_o;
  s.wready = rtl.s_wready_o;
  s.bvalid = rtl.s_bvalid_o;
  s.bresp = rtl.s_bresp_o;
  return s;
}

template <class Rtl>
void drive(Rtl& rtl, const LiteMasterPorts& m) {
  rtl.s_arvalid_i = m.arvalid;
  rtl.s_araddr_i = m.araddr;
  rtl.s_rready_i = m.rready;
  rtl.s_awvalid_i = m.awvalid;
  rtl.s_awaddr_i = m.awaddr;
  rtl.s_wvalid_i = m.wvalid;
  rtl.s_wdata_i = m.wdata;
  rtl.s_wstrb_i = m.wstrb;
  rtl.s_bready_i = m.bready;
}

}  // namespace sparsys::axi
