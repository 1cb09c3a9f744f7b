// SPDX-License-Identifier: Apache-2.0
// The rules of AXI4 between a master and a slave, and those that the accelerator's master adds
// (docs/reference/top-format.md section 8). It watches; it drives nothing.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "golden/memory/axi.hpp"
#include "golden/memory/violations.hpp"

namespace sparsys::axi {

struct CheckerOptions {
  uint32_t bytes = 8;          // AXI_BYTES
  uint32_t address_bits = 40;  // AXI_ADDR_W
  uint32_t burst_beats = 16;   // BURST_BEATS
  uint32_t read_bursts = 4;    // READ_BURSTS: a read ID owes at most so many bursts' beats
  uint32_t read_ids = 5, write_ids = 3;  // IDs in use: 0 to one less
  bool always_ready = true;              // RREADY and BREADY are 1
};

class Checker {
 public:
  explicit Checker(const CheckerOptions& options) : options_(options) {}

  // A cycle: the ports as they stand before its rising edge, and whether reset is 1 in it.
  void clock(bool rst, const MasterPorts& master, const SlavePorts& slave);

  Violations violations;

  // What the slave still owes, and the master: nothing on the bus is under way if all are 0.
  uint64_t read_beats_owed() const;
  uint64_t responses_owed() const { return responses_owed_; }  // bursts whose address was taken
  uint64_t write_beats_owed() const;                           // of addresses taken, data not yet
  bool quiet() const {
    return read_beats_owed() == 0 && responses_owed() == 0 && write_beats_owed() == 0 &&
           early_.empty() && !waiting_;
  }
  uint64_t read_bursts() const { return read_bursts_; }
  uint64_t write_bursts() const { return write_bursts_; }

 private:
  struct Beat {
    uint64_t strobes;
    bool last;
  };
  struct Write {
    Address address;
    uint32_t beats = 0;  // taken
  };

  void report(const std::string& what) { violations.add(cycle_, what); }
  void check_stable(const MasterPorts& m, const SlavePorts& s);
  void check_address(const char* channel, const Address& address, bool read);
  void take_write_data();
  void check_beat(const Write& write, const Beat& beat);

  CheckerOptions options_;
  uint64_t cycle_ = 0;
  bool was_reset_ = true;
  bool began_ = false;
  MasterPorts master_;  // of the cycle before
  SlavePorts slave_;
  std::map<uint8_t, std::deque<uint32_t>> reads_;  // by ID: beats owed of each burst
  std::map<uint8_t, uint32_t> complete_;           // by ID: writes with all data, not yet answered
  std::deque<Write> writes_;                       // whose data is not whole
  std::deque<Beat> early_;                         // data ahead of its address
  bool waiting_ = false;                           // an address or data is offered, not taken
  uint64_t responses_owed_ = 0;
  uint64_t read_bursts_ = 0, write_bursts_ = 0;
};

}  // namespace sparsys::axi
