// SPDX-License-Identifier: Apache-2.0
#include "golden/cycle/mxu/sequencer.hpp"

namespace sparsys::mxu {

namespace {

constexpr uint64_t kCounterMask = low_mask(48);

// The queue of the opcodes that are dispatched.
uint32_t queue_of(Opcode opcode) {
  switch (opcode) {
    case Opcode::kReadWeights:
      return Sequencer::kWeightFetch;
    case Opcode::kActivate:
      return kActivationUnit;
    case Opcode::kReadHost:
      return kHostInUnit;
    case Opcode::kWriteHost:
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
void Sequencer::make_op(const Instruction& i) {
  const uint32_t* inst = queue.head_o();
  set_field(op_o.data(), 0, 24, number_q);
  for (uint32_t unit = 0; unit < kUnits; ++unit) {
    const uint32_t wait = i.waits[unit];
    set_field(op_o.data(), Op::kStamps + 8 * unit, 8, sent_q[unit] - (wait - 1));
    set_field(op_o.data(), Op::kWanted + unit, 1, wait != 0);
  }
  set_field(op_o.data(), Op::kInstruction, 32, inst[0]);
  set_field(op_o.data(), Op::kInstruction + 32, 32, inst[1]);
  set_field(op_o.data(), Op::kInstruction + 64, 16, inst[2] & 0xFFFF);
  set_field(op_o.data(), Op::kOpcode, 8, static_cast<uint32_t>(i.opcode));
}

void Sequencer::dispatch() {
  const uint32_t* inst = queue.head_o();
  const Instruction i = decode({inst[0], inst[1], inst[2]});
  switch (i.opcode) {
    case Opcode::kNop:
      pop_ = true;
      return;
    case Opcode::kReadWeights:
    case Opcode::kMatrixMultiply:
    case Opcode::kConvolve:
    case Opcode::kActivate:
    case Opcode::kReadHost:
    case Opcode::kWriteHost: {
      const uint32_t unit = queue_of(i.opcode);
      if (full_i[unit]) return;
      // More operations under way would make stamps ambiguous.
      if (unit < kUnits && static_cast<uint8_t>(sent_q[unit] - done_q[unit]) == 127) return;
      pop_ = true;
      push_o[unit] = 1;
      make_op(i);
      return;
    }
    case Opcode::kSet:
      set(i);
      return;
    case Opcode::kSynchronise:
      pop_ = all_idle();
      return;
    case Opcode::kHalt:
      pop_ = halt_ = all_idle();
      return;
    default:
      pop_ = wrong_ = true;
  }
}

void Sequencer::set(const Instruction& i) {
  switch (i.reg) {
    case Register::kMap:
    case Register::kResult:
    case Register::kWalk:
    case Register::kPadding:
      pop_ = idle_i[kMatrixUnit] != 0;
      break;
    case Register::kBounds:
    case Register::kPooledMap:
    case Register::kPooledResult:
    case Register::kWindow:
    case Register::kAverageMultiplier:
    case Register::kAverageRound:
      pop_ = idle_i[kActivationUnit] && !pipeline_i;
      break;
    case Register::kClearCounters:
      pop_ = clear_counters_ = all_idle();
      break;
    default:
      pop_ = wrong_ = true;
      return;
  }
  if (!pop_) return;
  common_o.set_i = 1;
  common_o.set_number_i = static_cast<uint8_t>(i.reg);
  common_o.set_value_i = i.value;
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
