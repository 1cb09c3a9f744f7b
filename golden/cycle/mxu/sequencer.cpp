// SPDX-License-Identifier: Apache-2.0
#include "golden/cycle/mxu/sequencer.hpp"

namespace sparsys::mxu {

namespace {

constexpr uint64_t kCounterMask = low_mask(48);

// The queue of opcodes 1 to 6.
uint32_t queue_of(uint32_t opcode) {
  switch (opcode) {
    case kReadWeights:
      return Sequencer::kWeightFetch;
    case kActivate:
      return kActivationUnit;
    case kReadHost:
      return kHostInUnit;
    case kWriteHost:
      return kHostOutUnit;
    default:
      return kMatrixUnit;
  }
}

}  // namespace

bool Sequencer::all_idle() const {
  bool idle = !accumulators_i;
  for (uint32_t unit = 0; unit < kQueues; ++unit) idle = idle && idle_i[unit] && !busy_i[unit];
  return idle;
}

bool Sequencer::set_register_known(uint32_t number) const {
  return number <= 3 || (number >= 8 && number <= 13) || number == 15;
}

void Sequencer::propagate_state() {
  inst_ready_o = !queue.full_o();
  halted_o = halted_q;
  error_o = error_q;
  for (const uint8_t error : error_i) error_o |= error;
  error_o = error_o != 0;
  common_o.stop_i = error_o;
  common_o.done_i = done_q;
}

// The operation's word: stamps say how many operations of each unit must be complete.
void Sequencer::make_op(uint32_t opcode) {
  const uint32_t* inst = queue.head_o();
  set_field(op_o.data(), 0, 24, number_q);
  for (uint32_t unit = 0; unit < kUnits; ++unit) {
    const uint32_t wait = get_field(inst, 80 + 2 * unit, 2);
    set_field(op_o.data(), 24 + 8 * unit, 8, sent_q[unit] - (wait - 1));
    set_field(op_o.data(), 56 + unit, 1, wait != 0);
  }
  set_field(op_o.data(), 60, 32, inst[0]);
  set_field(op_o.data(), 92, 32, inst[1]);
  set_field(op_o.data(), 124, 16, inst[2] & 0xFFFF);
  set_field(op_o.data(), 140, 8, opcode);
}

void Sequencer::dispatch() {
  const uint32_t* inst = queue.head_o();
  const uint32_t opcode = get_field(inst, 88, 8);
  const uint32_t number = get_field(inst, 72, 8);
  switch (opcode) {
    case kNop:
      pop_ = true;
      return;
    case kReadWeights:
    case kMatrixMultiply:
    case kConvolve:
    case kActivate:
    case kReadHost:
    case kWriteHost: {
      const uint32_t unit = queue_of(opcode);
      if (full_i[unit]) return;
      // More operations under way would make stamps ambiguous.
      if (unit < kUnits && static_cast<uint8_t>(sent_q[unit] - done_q[unit]) == 127) return;
      pop_ = true;
      push_o[unit] = 1;
      make_op(opcode);
      return;
    }
    case kSet:
      if (!set_register_known(number)) {
        pop_ = wrong_ = true;
      } else if (number == 15) {
        pop_ = clear_counters_ = all_idle();
      } else if (number <= 3) {
        pop_ = idle_i[kMatrixUnit] != 0;
      } else {
        pop_ = idle_i[kActivationUnit] && !pipeline_i;
      }
      if (!pop_ || wrong_) return;
      common_o.set_i = 1;
      common_o.set_number_i = static_cast<uint8_t>(number);
      common_o.set_value_i = inst[0];
      return;
    case kSynchronise:
      pop_ = all_idle();
      return;
    case kHalt:
      pop_ = halt_ = all_idle();
      return;
    default:
      pop_ = wrong_ = true;
  }
}

uint64_t Sequencer::status(uint32_t word) const {
  if (word < kCounters) return counter_q[word];
  switch (word) {
    case 8:
      if (error_q) return error_q | uint64_t{error_number_q} << 8;
      for (uint32_t unit = 0; unit < kQueues; ++unit) {
        if (error_i[unit]) return error_i[unit] | uint64_t{error_number_i[unit]} << 8;
      }
      return 0;
    case 9:
      return number_q;
    case 10:
      return config_.rows | uint64_t{config_.cols} << 16;
    default:
      return 0;
  }
}

void Sequencer::propagate() {
  propagate_state();
  pop_ = wrong_ = halt_ = clear_counters_ = false;
  push_o = {};
  common_o.set_i = 0;
  if (!queue.empty_o() && !error_o && !halted_q) dispatch();
  busy_o = !all_idle() || (!queue.empty_o() && !halted_q);
  status_o = status(status_i);
}

void Sequencer::update_counters() {
  if (clear_counters_) {
    counter_q = {};
    return;
  }
  if (!busy_o) return;
  const bool weights = stall_weights_i != 0;
  const bool non_matrix = !row_valid_i && !weights;
  const auto count = [this](Counter counter, uint64_t n) {
    counter_q[counter] = (counter_q[counter] + n) & kCounterMask;
  };
  count(kCycles, 1);
  count(kActive, row_valid_i);
  count(kUseful, useful_i);
  count(kWeightStall, weights && !shadow_i);
  count(kWeightShift, weights && shadow_i);
  count(kNonMatrix, non_matrix);
  const bool held = blocked_i[kActivationUnit] || stall_half_i;
  count(kReadAfterWrite, non_matrix && held);
  count(kInputStall, non_matrix && blocked_i[kHostInUnit] && !blocked_i[kActivationUnit]);
}

void Sequencer::update(bool rst) {
  if (rst) {
    sent_q = done_q = {};
    number_q = 0;
    halted_q = error_q = 0;
    counter_q = {};
  } else {
    update_counters();
    for (uint32_t unit = 0; unit < kUnits; ++unit) {
      sent_q[unit] = static_cast<uint8_t>(sent_q[unit] + push_o[unit]);
      done_q[unit] = static_cast<uint8_t>(done_q[unit] + unit_done_i[unit]);
    }
    if (wrong_) {
      error_q = kErrorOpcode;
      error_number_q = number_q;
    }
    if (pop_) number_q = (number_q + 1) & 0xFFFFFF;
    if (halt_) {
      halted_q = 1;
    } else if (resume_i) {
      halted_q = 0;
    }
  }
  queue.push_i = inst_valid_i;
  queue.pop_i = pop_;
  queue.update(rst);
}

}  // namespace sparsys::mxu
