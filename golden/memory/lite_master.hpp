// SPDX-License-Identifier: Apache-2.0
// A processor's side of AXI4-Lite: one read or write after another, clock by clock.
#pragma once

#include <cstdint>

#include "golden/base/random.hpp"
#include "golden/memory/axi.hpp"

namespace sparsys::axi {

class LiteMaster {
 public:
  // `stall`: percent of cycles in which a channel waits of its own accord before it offers.
  explicit LiteMaster(uint32_t stall = 0, uint64_t seed = 1) : stall_(stall), random_(seed, 2) {}

  struct Answer {
    uint8_t resp = kOkay;
    uint32_t data = 0;  // of a read
  };

  void read(uint32_t address) { begin(false, address, 0, 0); }
  void write(uint32_t address, uint32_t data, uint8_t strobes = 15) {
    begin(true, address, data, strobes);
  }
  bool busy() const { return busy_; }
  // Of the request that has ended.
  const Answer& answer() const { return answer_; }

  const LiteMasterPorts& ports() const { return ports_; }
  // The edge that ends a cycle in which the slave drove `slave`.
  void clock(const LiteSlavePorts& slave) {
    if (ports_.arvalid && slave.arready) ports_.arvalid = false;
    if (ports_.awvalid && slave.awready) ports_.awvalid = false;
    if (ports_.wvalid && slave.wready) ports_.wvalid = false;
    if (ports_.rready && slave.rvalid) end({slave.rresp, slave.rdata});
    if (ports_.bready && slave.bvalid) end({slave.bresp, 0});
    if (!busy_) return;
    if (!address_given_ && !stalled()) {
      address_given_ = true;
      (write_ ? ports_.awvalid : ports_.arvalid) = true;
      (write_ ? ports_.awaddr : ports_.araddr) = address_;
    }
    if (write_ && !data_given_ && !stalled()) {
      data_given_ = ports_.wvalid = true;
      ports_.wdata = data_;
      ports_.wstrb = strobes_;
    }
    if (!stalled()) (write_ ? ports_.bready : ports_.rready) = true;
  }
  // A reset of the bus: nothing is under way any more.
  void reset() {
    ports_ = LiteMasterPorts();
    busy_ = false;
  }

 private:
  void begin(bool write, uint32_t address, uint32_t data, uint8_t strobes) {
    write_ = write;
    address_ = address;
    data_ = data;
    strobes_ = strobes;
    busy_ = true;
    address_given_ = data_given_ = false;
  }
  void end(const Answer& answer) {
    answer_ = answer;
    ports_.rready = ports_.bready = busy_ = false;
  }
  bool stalled() { return stall_ && random_.below(100) < stall_; }

  uint32_t stall_;
  Random random_;
  LiteMasterPorts ports_;
  Answer answer_;
  bool busy_ = false, write_ = false, address_given_ = false, data_given_ = false;
  uint32_t address_ = 0, data_ = 0;
  uint8_t strobes_ = 0;
};

}  // namespace sparsys::axi
