// SPDX-License-Identifier: Apache-2.0
// What the pins do not tell of a list run: how busy the multipliers are. An observer of the cycle
// model; it changes nothing.
#pragma once

#include <cstdint>

#include "golden/cycle/eie/eie.hpp"

namespace sparsys::eie {

class Statistics {
 public:
  // Counts of the list run under way, or of the last one.
  uint64_t cycles = 0;           // not idle
  uint64_t broadcasts = 0;       // non-zero activations broadcast
  uint64_t held = 0;             // cycles in which a full queue held the broadcast
  uint64_t entries = 0;          // processed, over all PEs, padding included
  uint64_t first_broadcast = 0;  // cycle of the run, the first is 1; 0 if there was none
  uint64_t last_write = 0;       // last accumulator write, the same way

  // To be called once a cycle, after propagate() and before update().
  void observe(const Eie& engine) {
    const Ccu& ccu = engine.ccu;
    if (ccu.state_q == Ccu::IDLE) return;
    if (ccu.state_q == Ccu::START) *this = Statistics();
    pe_count_ = engine.pe.size();
    ++cycles;
    broadcasts += ccu.root_pop_o;
    held += ccu.state_q == Ccu::RUN && ccu.hold_i;
    if (first_broadcast == 0 && ccu.b_valid_q) first_broadcast = cycles;
    if (ccu.state_q != Ccu::RUN) return;  // no entry is under way in any other state
    uint32_t writes = 0;
    for (const Pe& pe : engine.pe) {
      entries += pe.spmat_read.e_valid_q;
      writes += pe.arith.acc.we_i;
    }
    if (writes) last_write = cycles;
  }

  // From the first broadcast to the last accumulator write, both included.
  uint64_t active_cycles() const {
    return first_broadcast && last_write ? last_write - first_broadcast + 1 : 0;
  }
  // Share of the multipliers' slots in the active cycles that an entry took: 0 to 1.
  double pe_utilisation() const {
    const uint64_t slots = pe_count_ * active_cycles();
    return slots ? static_cast<double>(entries) / static_cast<double>(slots) : 0.0;
  }

 private:
  uint64_t pe_count_ = 0;
};

}  // namespace sparsys::eie
