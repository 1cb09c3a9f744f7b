// SPDX-License-Identifier: Apache-2.0
// What a driver sees of an accelerator, for whatever stands behind it: registers, and memory that
// both reach.
#pragma once

#include <cstdint>

#include "golden/engine/top/config.hpp"

namespace sparsys::top {

// What the bus showed so far.
struct BusFigures {
  uint64_t cycles = 0;  // 0 of a device without a clock
  uint64_t read_bytes = 0;
  uint64_t write_bytes = 0;
  uint64_t violations = 0;  // of the rules of AXI4 and AXI4-Lite
};

// Of a device that runs in lockstep with its cycle model; else all 0.
struct LockstepFigures {
  uint64_t checked_cycles = 0;
  uint64_t signals_per_cycle = 0;
};

class Device {
 public:
  virtual ~Device() = default;
  virtual const Config& config() const = 0;
  // Registers by their offset. Throw Error if the device answers an access with an error.
  virtual uint32_t read(uint32_t offset) = 0;
  virtual void write(uint32_t offset, uint32_t value) = 0;
  // Lets it work for a while or until its interrupt. False: it has had more time than it can need.
  virtual bool wait() = 0;
  virtual void put(uint64_t address, const uint8_t* bytes, uint64_t count) = 0;
  virtual void get(uint64_t address, uint8_t* bytes, uint64_t count) const = 0;
  virtual BusFigures figures() const { return {}; }
  virtual LockstepFigures lockstep() const { return {}; }
};

}  // namespace sparsys::top
