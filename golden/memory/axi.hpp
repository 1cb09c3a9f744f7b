// SPDX-License-Identifier: Apache-2.0
// Values of the ports of an AXI4 and of an AXI4-Lite bus in one cycle, for whatever stands behind
// them: Verilated RTL, a cycle model, the memory model, the checkers. Names are AXI's
// (AMBA AXI protocol specification, IHI 0022).
//
// A cycle of everything that stands on such a bus: ports of all sides as they stand before the
// rising edge are handed to each side, which takes the edge and has new ones. No side's outputs
// depend on the other's in the same cycle.
#pragma once

#include <array>
#include <cstdint>

namespace sparsys::axi {

constexpr uint32_t kMostBytes = 64;  // of a beat
constexpr uint32_t kPage = 4096;     // no burst crosses a multiple of it

enum Resp : uint8_t { kOkay = 0, kExOkay = 1, kSlvErr = 2, kDecErr = 3 };
enum Burst : uint8_t { kFixed = 0, kIncr = 1, kWrap = 2 };

// What goes with an address, the same for reads and writes.
struct Address {
  uint64_t addr = 0;
  uint8_t id = 0;
  uint8_t len = 0;   // beats less one
  uint8_t size = 0;  // log2 of a beat's bytes
  uint8_t burst = kIncr;
  uint8_t lock = 0;
  uint8_t cache = 0;
  uint8_t prot = 0;
  uint8_t qos = 0;
  bool operator==(const Address& o) const {
    return addr == o.addr && id == o.id && len == o.len && size == o.size && burst == o.burst &&
           lock == o.lock && cache == o.cache && prot == o.prot && qos == o.qos;
  }
};

using Data = std::array<uint8_t, kMostBytes>;  // lowest address first; bytes beyond the bus are 0

// What the master drives.
struct MasterPorts {
  bool arvalid = false;
  Address ar;
  bool rready = false;
  bool awvalid = false;
  Address aw;
  bool wvalid = false;
  Data wdata{};
  uint64_t wstrb = 0;
  bool wlast = false;
  bool bready = false;
};

// What the slave drives.
struct SlavePorts {
  bool arready = false;
  bool rvalid = false;
  uint8_t rid = 0;
  Data rdata{};
  uint8_t rresp = kOkay;
  bool rlast = false;
  bool awready = false;
  bool wready = false;
  bool bvalid = false;
  uint8_t bid = 0;
  uint8_t bresp = kOkay;
};

// AXI4-Lite of 32 bits.
struct LiteMasterPorts {
  bool arvalid = false;
  uint32_t araddr = 0;
  bool rready = false;
  bool awvalid = false;
  uint32_t awaddr = 0;
  bool wvalid = false;
  uint32_t wdata = 0;
  uint8_t wstrb = 0;
  bool bready = false;
};

struct LiteSlavePorts {
  bool arready = false;
  bool rvalid = false;
  uint32_t rdata = 0;
  uint8_t rresp = kOkay;
  bool awready = false;
  bool wready = false;
  bool bvalid = false;
  uint8_t bresp = kOkay;
};

}  // namespace sparsys::axi
