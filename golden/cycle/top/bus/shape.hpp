// SPDX-License-Identifier: Apache-2.0
// What the parameters of the bus make of widths (docs/reference/top-timing.md section 5).
#pragma once

#include <algorithm>
#include <cstdint>

#include "golden/base/bits.hpp"

namespace sparsys::top {

struct BusShape {
  uint32_t bytes = 8;         // AXI_BYTES
  uint32_t addr_w = 40;       // AXI_ADDR_W
  uint32_t burst_beats = 16;  // BURST_BEATS
  uint32_t read_bursts = 4;   // READ_BURSTS
  uint32_t write_bursts = 4;  // WRITE_BURSTS

  uint32_t log() const { return clog2(bytes); }
  uint64_t beat_mask() const { return low_mask(addr_w - log()); }
};

// The next burst of a request: from beat `addr` on to the next multiple of `burst_beats`, or all
// `left` that are left.
struct NextBurst {
  NextBurst(uint64_t addr, uint64_t left, uint32_t burst_beats) {
    const uint64_t to_end = burst_beats - addr % burst_beats;
    last = left <= to_end;
    len = static_cast<uint8_t>(std::min(left, to_end) - 1);
  }
  uint8_t last;
  uint8_t len;  // beats less one
};

}  // namespace sparsys::top
