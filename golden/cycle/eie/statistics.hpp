// SPDX-License-Identifier: Apache-2.0
// What the pins do not tell of a list run: where its cycles go, how busy the multipliers are, and
// how often each part of the engine works. An observer of the cycle model; it changes nothing.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "golden/cycle/eie/eie.hpp"

namespace sparsys::eie {

// How often each part worked, over all PEs.
struct Activity {
  uint64_t pointer_reads = 0;          // of 16 bits
  uint64_t entry_row_reads = 0;        // of 64 bits, eight entries; with lanes two rows a set
  uint64_t queue_writes = 0;           // columns that have entries in a PE
  uint64_t multiplications = 0;        // of entries that are not padding
  uint64_t accumulator_reads = 0;      // by entries and by write-back
  uint64_t accumulator_writes = 0;     // by entries
  uint64_t register_reads = 0;         // of source registers: activations that are broadcast
  uint64_t register_writes = 0;        // of source and destination registers
  uint64_t activation_ram_reads = 0;   // of 16 bits
  uint64_t activation_ram_writes = 0;  // of 16 bits
};

// The table of its fields: calls visit(name, member) for each. A: Activity, const or not.
template <class A, class Visit>
void visit_activity(A& activity, Visit&& visit) {
  visit("pointer_reads", activity.pointer_reads);
  visit("entry_row_reads", activity.entry_row_reads);
  visit("queue_writes", activity.queue_writes);
  visit("multiplications", activity.multiplications);
  visit("accumulator_reads", activity.accumulator_reads);
  visit("accumulator_writes", activity.accumulator_writes);
  visit("register_reads", activity.register_reads);
  visit("register_writes", activity.register_writes);
  visit("activation_ram_reads", activity.activation_ram_reads);
  visit("activation_ram_writes", activity.activation_ram_writes);
}

class Statistics {
 public:
  // Counts of the list run under way, or of the last one.
  uint64_t cycles = 0;           // not idle
  uint64_t broadcasts = 0;       // non-zero activations and bias constants broadcast
  uint64_t held = 0;             // cycles in which a full queue held a broadcast, over the groups
  uint64_t entries = 0;          // processed, over all PEs, padding included
  uint64_t first_broadcast = 0;  // cycle of the run, the first is 1; 0 if there was none
  uint64_t last_write = 0;       // last accumulator write, the same way
  // The cycles by what the control does: running a pass, writing back, and all else (set-up).
  uint64_t run_cycles = 0;
  uint64_t write_back_cycles = 0;
  // Of the running ones, those behind the last broadcast of their pass.
  uint64_t drain_cycles = 0;
  // Entries of the PE that has most, pass by pass, or with lanes its sets of entries: no pass can
  // run in fewer cycles.
  uint64_t slowest_entries = 0;
  Activity activity;

  // To be called once a cycle, after propagate() and before update().
  void observe(const Eie& engine) {
    const Ccu& ccu = engine.ccu;
    if (ccu.sequencer.state_q == Sequencer::IDLE) return;
    if (ccu.sequencer.state_q == Sequencer::START) *this = Statistics();
    if (ccu.sequencer.state_q != Sequencer::RUN) return observe_rest(engine);
    observe_run(engine);
    for (uint32_t k = 0; k < engine.pe.size(); ++k) {
      const Pe& pe = engine.pe[k];
      if (pe.lanes.empty()) {
        observe_pe(k, pe.spmat_read, pe.arith, pe.act_queue.queue.count_q, 0);
      } else {
        observe_lanes(k, pe.lanes[0]);
      }
    }
  }
  // Or in parts, in state RUN. First what the control does; `alike`: cycles, of which more than one
  // only if the broadcast is held in them.
  void observe_run(const Eie& engine, uint32_t alike = 1) {
    const Ccu& ccu = engine.ccu;
    pe_count_ = engine.pe.size();
    cycles += alike;
    run_cycles += alike;
    const uint32_t taken = ones(ccu.columns.taken_o);
    broadcasts += taken;
    held += uint64_t{ones(ccu.hold_i)} * alike;
    if (first_broadcast == 0 && ccu.b_valid_o != 0) first_broadcast = cycles;
    drain_cycles = taken ? drain_before_ : drain_cycles + alike;
    activity.register_reads += ones(ccu.root_pop_o);
    if (!ccu.advance_o) return;
    groups_ = static_cast<uint32_t>(engine.lnzd.size());
    activity.pointer_reads += 2 * pe_count_ / groups_ * ones(ccu.advance_o & ccu.b_valid_o);
    for (uint32_t k = 0; k < engine.pe.size(); ++k) {
      if (!(ccu.advance_o >> k % groups_ & 1)) continue;
      const PtrRead& banks = engine.pe[k].ptr_read;
      const uint16_t even = banks.even.rdata_q, odd = banks.odd.rdata_q;
      activity.queue_writes += banks.p_valid_q && (banks.p_odd_first_q ? even > odd : odd > even);
    }
  }
  // Then what PE `k` does, from its registers, `cycle` cycles behind the last that observe_run()
  // was told of. A PE that has nothing to do may be left out.
  void observe_pe(uint32_t k, const SpmatReadRegisters& s, const ArithRegisters& a, uint32_t queued,
                  uint32_t cycle) {
    if (k >= per_pe_.size()) per_pe_.resize(k + 1);
    per_pe_[k] += s.e_valid_q;
    activity.multiplications += a.s1_valid_q & a.s1_write_q;
    activity.accumulator_reads += a.s1_valid_q;
    activity.entry_row_reads += s.issues(queued == 0);
    if (a.s3_valid_q & a.s3_write_q) {
      ++activity.accumulator_writes;
      last_write = std::max(last_write, cycles + cycle);
    }
  }

  uint64_t setup_cycles() const { return cycles - run_cycles - write_back_cycles; }
  // From the first broadcast to the last accumulator write, both included.
  uint64_t active_cycles() const {
    return first_broadcast && last_write ? last_write - first_broadcast + 1 : 0;
  }
  // Share of the multipliers' slots in the active cycles that an entry took: 0 to 1.
  double pe_utilisation() const {
    const uint64_t slots = pe_count_ * lanes_ * active_cycles();
    return slots ? static_cast<double>(entries) / static_cast<double>(slots) : 0.0;
  }

 private:
  static uint32_t ones(uint8_t bits) { return static_cast<uint32_t>(__builtin_popcount(bits)); }

  void observe_rest(const Eie& engine) {
    const Ccu& ccu = engine.ccu;
    pe_count_ = engine.pe.size();
    ++cycles;
    write_back_cycles += ccu.sequencer.state_q == Sequencer::WRITE_BACK;
    if (ccu.ld_read_o) {
      activity.activation_ram_reads += pe_count_;
      activity.register_writes += pe_count_;
    }
    if (ccu.wb_read_o) {
      activity.accumulator_reads += pe_count_ * groups_;
      activity.register_writes += pe_count_;
      if (ccu.store_dst_o) activity.activation_ram_writes += pe_count_;
    }
    // Behind a pass.
    drain_before_ = drain_cycles;
    if (per_pe_.empty()) return;
    slowest_entries += *std::max_element(per_pe_.begin(), per_pe_.end());
    if (lanes_ == 1) {
      for (const uint64_t count : per_pe_) entries += count;
    }
    per_pe_.clear();
  }

  // What the lanes of PE `k` do in this cycle.
  void observe_lanes(uint32_t k, const Lanes& lanes) {
    if (k >= per_pe_.size()) per_pe_.resize(k + 1);
    const LaneRead& read = lanes.read;
    lanes_ = static_cast<uint32_t>(lanes.dispatch.lanes());
    if (read.a_valid_q & read.step_i) {
      ++per_pe_[k];
      entries += read.a_count_q;
    }
    if (read.c_valid_q & read.step_i) activity.entry_row_reads += 2 * lanes_ / 8;
    for (const Bank& bank : lanes.bank) {
      activity.multiplications += bank.s1_valid_q;
      activity.accumulator_reads += bank.s3_valid_q;
      activity.accumulator_writes += bank.s3_valid_q;
      if (bank.s3_valid_q) last_write = std::max(last_write, cycles);
    }
  }

  uint64_t pe_count_ = 0;
  uint32_t lanes_ = 1;
  uint32_t groups_ = 1;
  uint64_t drain_before_ = 0;     // drain_cycles of the passes before
  std::vector<uint64_t> per_pe_;  // entries in this pass, or sets
};

}  // namespace sparsys::eie
