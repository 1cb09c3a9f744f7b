// SPDX-License-Identifier: Apache-2.0
// Processing element: pointer read, activation queue, sparse-matrix read, arithmetic, activation
// read and write, and its part of the load and read-back port (docs/reference/eie-timing.md section
// 9). With LANES above 1 its lanes stand in place of sparse-matrix read and arithmetic.
#pragma once

#include <cstdint>
#include <vector>

#include "golden/cycle/eie/act_queue.hpp"
#include "golden/cycle/eie/act_rw.hpp"
#include "golden/cycle/eie/arith.hpp"
#include "golden/cycle/eie/lanes.hpp"
#include "golden/cycle/eie/ptr_read.hpp"
#include "golden/cycle/eie/reduce.hpp"
#include "golden/cycle/eie/spmat_read.hpp"
#include "golden/cycle/eie/widths.hpp"
#include "golden/engine/eie/config.hpp"

namespace sparsys::eie {

// The ports that carry the CCU's outputs but for broadcast and I/O: the same values in all PEs, so
// the engine fills one of these and copies it whole, and a PE hands whole parts of it to its units.
struct PeCommon : ArithCommon, ActRwCommon {
  uint8_t flags_clear_i = 0;
  uint8_t wb_read_i = 0;
  uint8_t wb_row_i = 0;
  uint16_t entry_base_i = 0;
};

// The load and read-back port, likewise.
struct PeIo {
  uint8_t io_en_i = 0;
  uint8_t io_write_i = 0;
  uint32_t io_addr_i = 0;
  uint64_t io_wdata_i = 0;
};

class Pe : public PeCommon, public PtrReadCommon, public PeIo {
 public:
  explicit Pe(const Config& config);

  // Ports, besides those of PeCommon, PtrReadCommon and PeIo.
  uint8_t id_i = 0;
  uint8_t leaf_pop_i = 0;
  uint8_t leaf_valid_o = 0;
  uint8_t leaf_done_o = 0;
  uint8_t full_o = 0;
  uint8_t busy_o = 0;
  uint8_t flags_o = 0;
  uint16_t leaf_col_o = 0;
  uint16_t leaf_act_o = 0;
  uint64_t io_rdata_o = 0;

  // Register: whose read value to show, 0 none, else 1 + space.
  uint8_t io_sel_q = 0;

  PtrRead ptr_read;
  ActQueue act_queue;
  SpmatRead spmat_read;
  Arith arith;
  ActRw act_rw;
  std::vector<Lanes> lanes;    // one or, with LANES 1, none
  std::vector<Reduce> reduce;  // one or, with GROUPS 1, none; its words_i are the team's

  void propagate() {
    propagate_state();
    propagate_inputs();
  }
  // All outputs: they follow from the registers alone (and id_i, which is constant).
  void propagate_state() {
    ptr_ = compute_ = act_ = kAwake;
    idle_ = 0;
    propagate_outputs();
  }
  // Everything between the units.
  void propagate_inputs() {
    set_common(*this);
    set_broadcast(*this);
    propagate_units();
  }
  // The same in parts for a caller who wants speed. The ports that all PEs have alike need be set
  // when they change only, and propagate_outputs() comes behind update(). Units are left out in
  // cycles that change nothing in them; propagate_state() wakes them if anybody else wrote there.
  void set_common(const PeCommon& common);
  void set_broadcast(const PtrReadCommon& broadcast);
  void set_io(const PeIo& io) { static_cast<PeIo&>(*this) = io; }
  void propagate_units();
  void propagate_outputs();
  // Whether the leaf's outputs are those of the cycle before.
  bool keeps_leaf() const { return act_ == kAsleep; }

  void update(bool rst);

  // propagate() and update(false) in one go, with LANES 1, for cycles of a run, in which the
  // control only broadcasts: `most` of them; with `till_room` no more than until the queue is not
  // full. All have the same broadcast, so more than one only if there is none. Returns how many. Of
  // the ports, full_o, busy_o and flags_o are set for the next cycle. The leaf has a step of its
  // own. seen(spmat_read's registers, arith's, columns in the queue) is called in each cycle,
  // before it, in which the PE is at work.
  template <class Seen>
  uint32_t step(const PtrReadCommon& broadcast, uint32_t most, bool till_room, Seen&& seen);
  // The same for the leaf; `pop`: leaf_pop_i. Returns whether its ports changed.
  bool step_leaf(bool pop) {
    if (!act_rw.step(pop)) return false;
    propagate_leaf();
    return true;
  }

 private:
  void propagate_io();
  void propagate_compute();
  void propagate_leaf();
  void propagate_lanes_state();
  void propagate_lanes_inputs();

  uint32_t lane() const { return id_i & ((1U << lane_shift_) - 1); }

  uint32_t pe_shift_;
  uint32_t lane_shift_;  // clog2 of L = min(4, N_PE), the lanes of a flat activation word
  uint16_t row_mask_;
  uint16_t bank_mask_;
  uint16_t act_mask_;      // of a row of the activation RAM or of a bank, whichever has more
  uint8_t io_select_ = 0;  // next io_sel_q
  uint8_t io_active_ = 1;  // the units' I/O enables may be set

  // Units that have nothing to do keep their registers' values, and from the second such cycle on
  // those of their ports.
  enum Rest : uint8_t { kAwake, kFalling, kAsleep };
  static Rest after(Rest before, bool idle) {
    return !idle ? kAwake : before == kAwake ? kFalling : kAsleep;
  }
  bool computes_nothing() const;
  // Whether all of the PE keeps its values, outputs included.
  bool asleep() const {
    return ((ptr_ == kAsleep) & (compute_ == kAsleep) & (act_ == kAsleep) &
            ((io_sel_q | io_select_) == 0)) != 0;
  }
  Rest ptr_ = kAwake;      // pointer read
  Rest compute_ = kAwake;  // queue, sparse-matrix read and arithmetic
  Rest act_ = kAwake;      // activation read and write
  // Cycles since there was last something to compute. Payloads behind the entry memory's output and
  // the accumulators are loaded in every cycle, so the last one moves on for as many as there are
  // registers between that output and the sum.
  static constexpr uint8_t kPayloads = 5;
  uint8_t idle_ = 0;
};

// The methods of every cycle are inline, for speed.

inline void Pe::propagate_leaf() {
  leaf_valid_o = act_rw.leaf_valid_o;
  leaf_done_o = act_rw.leaf_done_o;
  leaf_col_o = act_rw.leaf_col_o;
  leaf_act_o = act_rw.leaf_act_o;
}

template <class Seen>
inline uint32_t Pe::step(const PtrReadCommon& broadcast, uint32_t most, bool till_room,
                         Seen&& seen) {
  if (!(busy_o | (broadcast.advance_i & broadcast.b_valid_i))) return most;
  // The registers are in variables of their own meanwhile: the processor's, as nothing points
  // there.
  ArithRegisters a = arith;
  SpmatReadRegisters s = spmat_read;
  Fifo<uint64_t>& queue = act_queue.queue;
  uint32_t count = queue.count_q;
  uint64_t head = queue.mem_q[queue.rd_q];
  bool busy = true;
  uint32_t cycles = 0;
  do {
    seen(s, a, count);
    // From the last unit to the first, so that each finds the registers before it unchanged.
    arith.step(a, s.e_valid_q, s.e_first_q, s.e_code_q, s.e_skip_q, s.e_act_q);
    queue.pop_i = spmat_read.step(s, count == 0, static_cast<uint16_t>(head >> 32),
                                  static_cast<uint16_t>(head), static_cast<uint16_t>(head >> 16),
                                  entry_base_i);
    queue.push_i = ptr_read.step(broadcast);
    if (queue.push_i | queue.pop_i) {
      if (queue.push_i) {
        queue.data_i =
            ActQueue::word(ptr_read.push_act_o, ptr_read.push_start_o, ptr_read.push_end_o);
        spmat_read.prefetch(entry_base_i, ptr_read.push_start_o);
      }
      queue.update(false);
      count = queue.count_q;
      head = queue.mem_q[queue.rd_q];
      full_o = queue.full();
    }
    busy = ptr_read.p_valid_q || count != 0 || s.busy() || a.busy();
    ++cycles;
  } while (cycles < most && busy && !(till_room && !full_o));
  static_cast<ArithRegisters&>(arith) = a;
  static_cast<SpmatReadRegisters&>(spmat_read) = s;
  busy_o = busy;
  flags_o = static_cast<uint8_t>(s.range_error_q << 3 | ptr_read.error_q << 2 | a.row_error_q << 1 |
                                 a.saturated_q);
  return busy ? cycles : most;
}

inline void Pe::propagate_outputs() {
  if (asleep()) return;
  if (ptr_ != kAsleep) ptr_read.propagate_state();
  if (compute_ != kAsleep) {
    act_queue.propagate_state();
    if (lanes.empty()) {
      spmat_read.propagate_state();
      arith.propagate_state();
    } else {
      propagate_lanes_state();
    }
  }
  for (Reduce& r : reduce) r.propagate_state();
  if (act_ != kAsleep) {
    act_rw.id_i = id_i;
    act_rw.propagate_state();
    propagate_leaf();
  }
  full_o = act_queue.full_o;
  busy_o = ptr_read.busy_o | !act_queue.empty_o | spmat_read.busy_o | arith.busy_o;
  flags_o = static_cast<uint8_t>(spmat_read.range_error_o << 3 | ptr_read.error_o << 2 |
                                 arith.row_error_o << 1 | arith.saturated_o);
  switch (io_sel_q) {
    case 0:
      io_rdata_o = 0;
      break;
    case 1:
      io_rdata_o = spmat_read.io_rdata_o;
      break;
    case 2:
      io_rdata_o = ptr_read.io_rdata_o;
      break;
    case 3:
      io_rdata_o = uint64_t{act_rw.io_ram_rdata_o} << (16 * lane());
      break;
    default:
      io_rdata_o = uint64_t{act_rw.io_reg_rdata_o} << (16 * lane());
  }
}

inline void Pe::set_common(const PeCommon& common) {
  static_cast<PeCommon&>(*this) = common;
  ptr_read.flags_clear_i = common.flags_clear_i;
  static_cast<ActRwCommon&>(act_rw) = common;
  if (!lanes.empty()) return;
  static_cast<ArithCommon&>(arith) = common;
  arith.flags_clear_i = common.flags_clear_i;
  arith.wb_read_i = common.wb_read_i;
  arith.wb_row_i = common.wb_row_i;
  spmat_read.entry_base_i = common.entry_base_i;
  spmat_read.flags_clear_i = common.flags_clear_i;
}

inline void Pe::set_broadcast(const PtrReadCommon& broadcast) {
  static_cast<PtrReadCommon&>(*this) = broadcast;
  static_cast<PtrReadCommon&>(ptr_read) = broadcast;
}

inline bool Pe::computes_nothing() const {
  return lanes.empty() && act_queue.empty_o &&
         !(ptr_read.push_o | spmat_read.busy_o | arith.busy_o | spmat_read.io_en_i | flags_clear_i |
           clear_i | cb_we_i | wb_read_i);
}

inline void Pe::propagate_units() {
  if (io_en_i | io_active_) propagate_io();
  ptr_ = after(ptr_, ptr_read.does_nothing());
  if (ptr_ != kAsleep) {
    ptr_read.propagate_inputs();
    ptr_read.even.prefetch();
    ptr_read.odd.prefetch();
  }
  if (!computes_nothing()) {
    idle_ = 0;
  } else if (idle_ < kPayloads) {
    ++idle_;
  }
  compute_ = after(compute_, idle_ == kPayloads);
  if (compute_ != kAsleep) propagate_compute();

  act_rw.leaf_pop_i = leaf_pop_i;
  if (reduce.empty()) {
    act_rw.wb_read_i = wb_read_i;
    act_rw.wb_row_i = wb_row_i;
    act_rw.wb_acc_i = arith.wb_acc_o;
  } else {
    Reduce& r = reduce[0];
    r.wb_read_i = wb_read_i;
    r.wb_row_i = wb_row_i;
    act_rw.wb_read_i = r.sum_valid_o;
    act_rw.wb_row_i = r.sum_row_o;
    act_rw.wb_acc_i = r.sum_o;
  }
  act_ = after(act_, act_rw.does_nothing());
  if (act_ != kAsleep) act_rw.propagate_inputs();
}

inline void Pe::propagate_compute() {
  if (lanes.empty()) {
    spmat_read.head_empty_i = act_queue.empty_o;
    spmat_read.head_act_i = act_queue.head_act_o;
    spmat_read.head_start_i = act_queue.head_start_o;
    spmat_read.head_end_i = act_queue.head_end_o;
    spmat_read.propagate_inputs();
    spmat_read.entry_ram.prefetch();
  } else {
    propagate_lanes_inputs();
  }

  act_queue.push_i = ptr_read.push_o;
  act_queue.push_act_i = ptr_read.push_act_o;
  act_queue.push_start_i = ptr_read.push_start_o;
  act_queue.push_end_i = ptr_read.push_end_o;
  act_queue.pop_i = spmat_read.pop_o;
  act_queue.propagate_inputs();

  if (lanes.empty()) {
    arith.e_valid_i = spmat_read.e_valid_o;
    arith.e_first_i = spmat_read.e_first_o;
    arith.e_code_i = spmat_read.e_code_o;
    arith.e_skip_i = spmat_read.e_skip_o;
    arith.e_act_i = spmat_read.e_act_o;
    arith.propagate_inputs();
  }
}

inline void Pe::update(bool rst) {
  if (rst) ptr_ = compute_ = act_ = kAwake;
  if (asleep()) return;
  if (ptr_ != kAsleep) ptr_read.update(rst);
  if (compute_ != kAsleep) act_queue.update(rst);
  if (lanes.empty()) {
    if (compute_ != kAsleep) {
      spmat_read.update(rst);
      arith.update(rst);
    }
  } else {
    lanes[0].update(rst);
    for (Reduce& r : reduce) {
      r.propagate_inputs();
      r.update(rst);
    }
  }
  if (act_ != kAsleep) act_rw.update(rst);
  io_sel_q = rst ? uint8_t{0} : io_select_;
}

}  // namespace sparsys::eie
