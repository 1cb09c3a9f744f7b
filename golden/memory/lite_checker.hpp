// SPDX-License-Identifier: Apache-2.0
// The rules of AXI4-Lite between a master and a slave that answers within a bounded time.
#pragma once

#include <cstdint>
#include <string>

#include "golden/memory/axi.hpp"
#include "golden/memory/violations.hpp"

namespace sparsys::axi {

class LiteChecker {
 public:
  // `patience`: cycles that a request may wait for the slave.
  explicit LiteChecker(uint32_t patience = 16) : patience_(patience) {}

  // A cycle: the ports as they stand before its rising edge, and whether reset is 1 in it.
  void clock(bool rst, const LiteMasterPorts& m, const LiteSlavePorts& s) {
    ++cycle_;
    if (rst) {
      reads_ = addresses_ = words_ = 0;
      slow_read_ = slow_write_ = 0;
      was_reset_ = began_ = true;
      return;
    }
    if (!began_) return;
    if (was_reset_) {
      if (s.rvalid || s.bvalid) report("VALID of the slave in the cycle after reset");
      if (m.arvalid || m.awvalid || m.wvalid) {
        report("VALID of the master in the cycle after reset");
      }
    } else {
      check_stable(m, s);
    }
    was_reset_ = false;
    if (s.rvalid && reads_ == 0) report("RVALID, and nothing was read");
    if (s.bvalid && (addresses_ == 0 || words_ == 0)) {
      report("BVALID without an address and a word");
    }
    if (s.rvalid && (s.rresp == kExOkay)) report("RRESP EXOKAY");
    if (s.bvalid && (s.bresp == kExOkay)) report("BRESP EXOKAY");
    slow_read_ = (m.arvalid || reads_ > 0) && !s.rvalid ? slow_read_ + 1 : 0;
    const bool write = (m.awvalid || addresses_ > 0) && (m.wvalid || words_ > 0);
    slow_write_ = write && !s.bvalid ? slow_write_ + 1 : 0;
    if (slow_read_ == patience_) report("a read waits too long for the slave");
    if (slow_write_ == patience_) report("a write waits too long for the slave");
    if (s.rvalid && m.rready && reads_ > 0) --reads_;
    if (s.bvalid && m.bready && addresses_ > 0 && words_ > 0) --addresses_, --words_;
    reads_ += m.arvalid && s.arready;
    addresses_ += m.awvalid && s.awready;
    words_ += m.wvalid && s.wready;
    master_ = m;
    slave_ = s;
  }

  Violations violations;

 private:
  void report(const std::string& what) { violations.add(cycle_, "AXI4-Lite: " + what); }
  void check_stable(const LiteMasterPorts& m, const LiteSlavePorts& s) {
    const LiteMasterPorts& n = master_;
    const LiteSlavePorts& t = slave_;
    if (n.arvalid && !t.arready && !(m.arvalid && m.araddr == n.araddr)) {
      report("AR changed while ARVALID waits");
    }
    if (n.awvalid && !t.awready && !(m.awvalid && m.awaddr == n.awaddr)) {
      report("AW changed while AWVALID waits");
    }
    if (n.wvalid && !t.wready && !(m.wvalid && m.wdata == n.wdata && m.wstrb == n.wstrb)) {
      report("W changed while WVALID waits");
    }
    if (t.rvalid && !n.rready && !(s.rvalid && s.rdata == t.rdata && s.rresp == t.rresp)) {
      report("R changed while RVALID waits");
    }
    if (t.bvalid && !n.bready && !(s.bvalid && s.bresp == t.bresp)) {
      report("B changed while BVALID waits");
    }
  }

  uint32_t patience_;
  uint64_t cycle_ = 0;
  uint64_t reads_ = 0, addresses_ = 0, words_ = 0;  // taken and not answered
  uint32_t slow_read_ = 0, slow_write_ = 0;
  bool was_reset_ = true, began_ = false;
  LiteMasterPorts master_;
  LiteSlavePorts slave_;
};

}  // namespace sparsys::axi
