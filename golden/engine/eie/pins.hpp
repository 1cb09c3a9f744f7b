// SPDX-License-Identifier: Apache-2.0
// The pins of a sparse engine (module `eie`), for whatever stands behind them: the cycle model, the
// Verilated RTL, or both in lockstep.
#pragma once

#include <cstdint>

#include "golden/base/error.hpp"
#include "golden/engine/eie/config.hpp"

namespace sparsys::eie {

struct Image;

struct Inputs {
  bool rst_i = false;
  bool start_i = false;
  bool abort_i = false;
  uint16_t list_first_i = 0;
  uint16_t list_count_i = 0;
  bool io_valid_i = false;
  bool io_write_i = false;
  uint32_t io_addr_i = 0;
  uint64_t io_wdata_i = 0;
};

// Bits of flags_o, and of status word 0 (docs/reference/eie-format.md section 9).
enum Flag : uint8_t {
  kSaturated = 1 << 0,
  kRowError = 1 << 1,
  kPointerError = 1 << 2,
  kEntryError = 1 << 3,
  kRefused = 1 << 4,
  kStartLost = 1 << 5,
  kAborted = 1 << 6
};
// Those with which a list has ended before its end.
constexpr uint8_t kListErrors = kRowError | kPointerError | kEntryError | kRefused | kAborted;

struct Outputs {
  bool busy_o = false;
  bool done_o = false;
  uint8_t flags_o = 0;
  bool io_ready_o = false;
  bool io_rvalid_o = false;
  uint64_t io_rdata_o = 0;
};

class Device {
 public:
  virtual ~Device() = default;
  virtual const Config& config() const = 0;
  // One clock cycle: applies `inputs`, returns the outputs as they stand before the rising edge
  // that ends the cycle, then takes that edge.
  virtual Outputs clock(const Inputs& inputs) = 0;
  // Cycles without a request up to the one with done_o, whose outputs become `last`, at most
  // `most`. Returns how many, 0 if done_o has not come. For a device that is faster when nobody
  // looks in between.
  virtual uint64_t clock_until_done(uint64_t most, Outputs& last) {
    for (uint64_t c = 1; c <= most; ++c) {
      last = clock(Inputs());
      if (last.done_o) return c;
    }
    return 0;
  }
  // The back door: puts an image that is for this configuration into the memories past the pins, in
  // no clock cycle. They then hold what Driver::load() writes through the port. To be used while
  // the engine is idle. Throws Error if there is no such door.
  virtual void put(const Image&) { throw Error("engine: memories are loaded by the port only"); }
};

}  // namespace sparsys::eie
