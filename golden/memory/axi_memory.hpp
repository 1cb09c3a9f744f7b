// SPDX-License-Identifier: Apache-2.0
// A memory behind AXI4, clock by clock: latency, bandwidth, order of the answers, stalls and faults
// as asked for. All of it follows from the seed.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "golden/base/random.hpp"
#include "golden/memory/axi.hpp"
#include "golden/memory/store.hpp"

namespace sparsys::axi {

struct MemoryOptions {
  uint32_t bytes = 8;  // of a beat: 8, 16, 32 or 64
  // Cycles from the one in which a read's address is taken to that of its first beat, and from a
  // write's last beat to its response; 1 or more.
  uint32_t latency = 20;
  uint32_t jitter = 0;  // at most so many cycles more, each time anew
  // Bytes a cycle, reads and writes together; 0: a beat each way in every cycle. 34 GB/s at 700 MHz
  // are 48.6.
  double bandwidth = 0;
  uint32_t outstanding = 32;  // bursts of each direction under way, more are not accepted
  bool reorder = false;       // bursts of different IDs are answered in random order
  bool interleave = false;    // beats of bursts of different IDs are mixed
  bool address_first = true;  // write data is taken only behind its address
  // Share of cycles in percent in which a channel stands still, of its own accord.
  uint32_t stall_ar = 0, stall_r = 0, stall_aw = 0, stall_w = 0, stall_b = 0;
  // Random faults, of a million read beats or write responses.
  uint32_t read_errors = 0, write_errors = 0;
  uint64_t seed = 1;
};

// What goes wrong at chosen addresses.
struct Fault {
  enum Kind : uint8_t {
    kReadError,    // beats that touch the range answer `resp`, with other data
    kWriteError,   // bursts that touch it are answered with `resp`
    kReadSilence,  // bursts that begin in it are never answered
    kWriteSilence
  };
  Kind kind = kReadError;
  ByteRange range;
  uint8_t resp = kSlvErr;
  uint64_t times = ~uint64_t{0};  // how often
};

class Memory {
 public:
  // Throws Error if an option is out of its range.
  explicit Memory(const MemoryOptions& options);

  // The ports in this cycle. They follow from registers alone.
  const SlavePorts& ports() const { return ports_; }
  // The edge that ends a cycle in which the master drove `master`. A write changes the store as its
  // response comes to the port.
  void clock(const MasterPorts& master);
  // Forgets all that is under way, as a reset of the interconnect does. The store stays.
  void reset();

  Store store;
  WriteRecord written;        // bytes written over the bus
  std::vector<Fault> faults;  // may be changed at any time
  // Channels that never take anything: at any time.
  bool stuck_ar = false, stuck_aw = false, stuck_w = false;

  MemoryOptions& options() { return options_; }  // may be changed, all but `bytes`
  uint64_t cycle() const { return cycle_; }
  uint64_t read_beats() const { return read_beats_; }
  uint64_t write_beats() const { return write_beats_; }
  uint64_t read_faults() const { return read_faults_; }    // beats not answered with OKAY
  uint64_t write_faults() const { return write_faults_; }  // responses likewise
  // Nothing is under way.
  bool idle() const;

 private:
  struct Read {
    Address address;
    uint32_t beat = 0;
    uint64_t ready_at = 0;
    bool silent = false;
  };
  struct Beat {
    Data data;
    uint64_t strobes;
  };
  struct Write {
    Address address;
    std::vector<Beat> beats;
    uint64_t ready_at = 0;
    bool whole = false;
    bool silent = false;
  };

  void take(const MasterPorts& master);
  void collect();
  void answer_reads();
  void answer_writes();
  void finish(const Write& write, uint8_t resp);
  bool stalled(uint32_t percent) { return percent && random_.below(100) < percent; }
  uint64_t due() { return cycle_ + options_.latency - 1 + random_.below(options_.jitter + 1); }
  const Fault* find(Fault::Kind kind, uint64_t first, uint64_t last);
  uint64_t beat_address(const Address& address, uint32_t beat) const;
  // The place in `queue` of the burst to go on with: the first of its ID; `ready` tells which may.
  template <class Queue, class Ready>
  std::optional<size_t> choose(const Queue& queue, Ready ready);

  MemoryOptions options_;
  SlavePorts ports_;
  Random random_;
  std::deque<Read> reads_;
  std::deque<Write> writes_;        // in the order of their addresses
  std::deque<Beat> data_;           // beats taken, whose burst is not yet known to be whole
  std::optional<uint8_t> current_;  // ID of the read burst under way
  double credit_ = 0;
  uint64_t cycle_ = 0;
  uint64_t read_beats_ = 0, write_beats_ = 0, read_faults_ = 0, write_faults_ = 0;
};

}  // namespace sparsys::axi
