// SPDX-License-Identifier: Apache-2.0
// The sparse engine, clock cycle by clock cycle: control, a non-zero tree for each group and N_PE
// processing elements (docs/reference/eie-timing.md sections 9 and 12; EIE, Han 2016, section IV).
// Written from the timing contract alone, for comparison with rtl/eie register by register.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "golden/cycle/eie/ccu.hpp"
#include "golden/cycle/eie/lnzd.hpp"
#include "golden/cycle/eie/pe.hpp"
#include "golden/engine/eie/pins.hpp"

namespace sparsys::eie {

// Its ports are the pins; rst_i is given with update().
class Eie : public Inputs, public Outputs {
 public:
  // Throws Error if a parameter is out of range.
  explicit Eie(const Config& config);

  Ccu ccu;
  std::vector<Lnzd> lnzd;  // of each group
  std::vector<Pe> pe;

  void propagate();
  void update(bool rst);

  // The same for a caller who wants speed: edge() is update() and the part of the next propagate()
  // that follows from the registers, in one pass over the PEs; propagate_rest() is what is left of
  // propagate() then. In it, seen(first, count) is called for one block of PEs after the other as
  // soon as they have settled, while their variables are still in the processor's cache.
  void edge(bool rst);
  template <class Seen>
  void propagate_rest(Seen&& seen) {
    if (stale_) propagate_pe_outputs();
    propagate_control();
    find_changes();
    const uint32_t n_pe = static_cast<uint32_t>(pe.size());
    for (uint32_t first = 0; first < n_pe; first += kBlock) {
      const uint32_t count = first + kBlock <= n_pe ? kBlock : n_pe - first;
      propagate_pe_inputs(first, count);
      seen(first, count);
    }
  }
  // Both in one pass over the PEs, with LANES 1. settled() is called as soon as control and trees
  // have settled, when the PEs' registers still stand; then, for one block of PEs after the other,
  // seen(first, count) in front of their update. Either returns whether to go on. If not, no PE
  // from `first` on is updated, and all of these have settled; `first` is returned, else N_PE.
  bool may_clock() const { return pe[0].lanes.empty(); }
  template <class Settled, class Seen>
  uint32_t clock(bool rst, Settled&& settled, Seen&& seen) {
    if (stale_) propagate_pe_outputs();
    propagate_control();
    find_changes();
    const uint32_t n_pe = static_cast<uint32_t>(pe.size());
    if (!settled()) {
      propagate_pe_inputs(0, n_pe);
      return 0;
    }
    const bool flush = update_control(rst);
    for (uint32_t first = 0; first < n_pe; first += kBlock) {
      const uint32_t count = first + kBlock <= n_pe ? kBlock : n_pe - first;
      propagate_pe_inputs(first, count);
      if (!seen(first, count)) {
        propagate_pe_inputs(first + count, n_pe - first - count);
        return first;
      }
      update_pes(first, count, flush);
    }
    return n_pe;
  }
  // The back door (eie::Device).
  void put(const Image& image);

  // The part of propagate_rest() in front of the PEs: control and trees.
  void propagate_control();
  // Instead of the rest of it and edge(false), for a caller who compares nothing: in state RUN,
  // with LANES 1 and so one group, the PEs get broadcasts and nothing else, so each goes through
  // the cycle in one go. The registers become what edge() makes them, but for what stages hold that
  // are not valid while a PE has nothing to do: nobody looks at it. The ports of the PEs' units are
  // right again in the first cycle of another state.
  bool may_step() const { return ccu.sequencer.state_q == Sequencer::RUN && pe[0].lanes.empty(); }
  // seen(PE, its registers before the cycle ..., cycle): as in Pe::step(); cycle 0 is this one.
  template <class Seen>
  void step(Seen&& seen) {
    const PtrReadCommon broadcast = broadcast_[0];
    ccu.update(false);
    lnzd[0].update(false);
    step_leaves();
    for (uint32_t k = 0, n_pe = static_cast<uint32_t>(pe.size()); k < n_pe; ++k) {
      pe[k].step(broadcast, 1, false, [&](const auto&... of) { seen(k, of..., 0); });
    }
    finish_steps();
  }
  // Instead of step() in a cycle in which a full queue holds the broadcast: as many cycles as it is
  // held for, at most `most`. Meanwhile the PEs hear nothing from outside, so each does all of them
  // by itself. Returns how many; before each, but for those that differ in nothing from the one
  // before, control() is called, which is told how many alike there are.
  template <class Control, class Seen>
  uint32_t step_held(uint32_t most, Control&& control, Seen&& seen) {
    const PtrReadCommon nothing;
    const uint32_t n_pe = static_cast<uint32_t>(pe.size());
    FirstError error;
    const auto run = [&](uint32_t k, uint32_t first, uint32_t count, bool till_room) {
      uint32_t cycle = first;
      return pe[k].step(nothing, count, till_room,
                        [&](const SpmatReadRegisters& s, const ArithRegisters& a, uint32_t queued) {
                          if (s.range_error_q | a.row_error_q) error.at(cycle, k);
                          seen(k, s, a, queued, cycle++);
                        });
    };
    uint32_t held = 0;
    for (uint32_t k = 0; k < n_pe; ++k) {
      done_[k] = pe[k].full_o ? run(k, 0, most, true) : 0;
      held = std::max(held, done_[k]);
    }
    for (uint32_t k = 0; k < n_pe; ++k) {
      if (done_[k] < held) run(k, done_[k], held - done_[k], false);
    }
    step_control(held, control);
    if (error.cycle < held) ccu.status.errors.find(error.pe);
    finish_steps();
    return held;
  }

 private:
  // The PE with the lowest number of those that had an error first, in cycles done PE by PE. Errors
  // of pointers come with broadcasts only, so they stand at the ports before.
  struct FirstError {
    uint32_t cycle = UINT32_MAX;
    uint32_t pe = 0;
    void at(uint32_t new_cycle, uint32_t new_pe) {
      if (new_cycle > cycle || (new_cycle == cycle && new_pe > pe)) return;
      cycle = new_cycle;
      pe = new_pe;
    }
  };

  // Control and tree in `cycles` cycles in which the broadcast is held.
  template <class Control>
  void step_control(uint32_t cycles, Control&& control) {
    while (cycles > 0) {
      const bool moves = lnzd[0].moves();
      control(moves ? 1 : cycles);
      if (!moves) return ccu.wait(cycles);
      ccu.update(false);
      lnzd[0].update(false);
      step_leaves();
      if (--cycles > 0) propagate_control();
    }
  }
  void step_leaves();
  void finish_steps();
  void clear_pe_outputs();
  void propagate_flags(uint32_t k);

  void propagate_pe_outputs();
  void propagate_ccu();
  void find_changes();
  void propagate_pe_inputs(uint32_t first, uint32_t count);
  void collect_pe_outputs(uint32_t k);
  bool update_control(bool rst);
  void update_pes(uint32_t first, uint32_t count, bool flush);
  void propagate_leaf(uint32_t k);
  void exchange_words(uint32_t first, uint32_t count);

  uint32_t group(uint32_t k) const { return k & group_mask_; }
  uint32_t team(uint32_t k) const { return k >> levels_; }

  // A block has whole teams.
  static constexpr uint32_t kBlock = kMaxGroups;

  bool stale_ = false;          // step() has left the ports inside of PEs behind
  std::vector<uint32_t> done_;  // cycles in advance, PE by PE, in step_held()
  PeCommon common_;             // what all PEs get in this cycle
  PeIo io_;
  std::array<PtrReadCommon, kMaxGroups> broadcast_;  // of each group
  // What the PEs have of both, and what is news to them; all of it where anybody else may have
  // written there.
  bool all_changed_ = true;
  bool common_changed_ = true;
  bool io_changed_ = true;
  std::array<bool, kMaxGroups> broadcast_changed_{};
  PeCommon common_given_;
  PeIo io_given_;
  std::array<PtrReadCommon, kMaxGroups> broadcast_given_;
  uint32_t levels_;
  uint32_t group_mask_;
  uint16_t list_first_mask_;
  uint16_t list_count_mask_;
};

}  // namespace sparsys::eie
