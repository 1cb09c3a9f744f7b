// SPDX-License-Identifier: Apache-2.0
#include "golden/cycle/mxu/sequencer.hpp"

#include <algorithm>

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

Sequencer::Sequencer(const Config& config)
    : queue(kInstructionBits + kFlawBits, config.queue_depth), config_(config) {
  const auto allow = [](uint32_t* words, uint32_t lowest, uint32_t bits) {
    for (uint32_t bit = lowest; bit < lowest + bits; ++bit) words[bit / 32] |= 1U << bit % 32;
  };
  for (uint32_t opcode = 0; opcode < allowed_.size(); ++opcode) {
    uint32_t* words = allowed_[opcode].data();
    Instruction i;
    i.opcode = static_cast<Opcode>(opcode);
    visit_fields(
        i, [&](const char*, uint32_t lowest, uint32_t bits, auto&) { allow(words, lowest, bits); });
    allow(words, 88, 8);
    const bool waits = i.opcode >= Opcode::kMatrixMultiply && i.opcode <= Opcode::kWriteHost;
    if (waits) allow(words, 80, 8);
  }
  for (const Register reg :
       {Register::kMap, Register::kResult, Register::kWalk, Register::kPadding, Register::kBounds,
        Register::kPooledMap, Register::kPooledResult, Register::kWindow,
        Register::kAverageMultiplier, Register::kAverageRound, Register::kClearCounters}) {
    const auto number = static_cast<uint32_t>(reg);
    register_exists_[number] = 1;
    Setting setting;
    visit_fields(reg, setting, [&](const char*, uint32_t lowest, uint32_t bits, auto&) {
      allow(&allowed_value_[number], lowest, bits);
    });
  }
}

bool Sequencer::at_rest() const {
  bool busy = accumulators_i != 0;
  for (const uint8_t unit : busy_i) busy = busy || unit;
  return !busy;
}

bool Sequencer::all_idle() const {
  bool idle = at_rest();
  for (const uint8_t unit : idle_i) idle = idle && unit;
  return idle;
}

void Sequencer::propagate_state() {
  halted_o = halted_q;
  error_o = error_q;
  for (const uint8_t error : error_i) error_o |= error;
  error_o = error_o != 0;
  inst_ready_o = !queue.full_o() && !error_o;
  flush_o = flush_q;
  common_o.stop_i = error_o;
  common_o.done_i = unit_done_i;
}

uint8_t Sequencer::flaw() const {
  const uint32_t opcode = inst_i[2] >> 24;
  if (opcode >= allowed_.size()) return kErrorOpcode;
  const Instruction i = decode(inst_i);
  const auto reg = static_cast<uint32_t>(i.reg);
  const bool is_set = i.opcode == Opcode::kSet;
  if (is_set && (reg >= register_exists_.size() || !register_exists_[reg])) return kErrorOpcode;

  for (size_t word = 0; word < inst_i.size(); ++word) {
    if (inst_i[word] & ~allowed_[opcode][word]) return kErrorReserved;
  }
  if (is_set && (i.value & ~allowed_value_[reg])) return kErrorReserved;
  if (i.opcode == Opcode::kReadWeights && i.raw && i.codebook) return kErrorReserved;
  if (i.opcode == Opcode::kMatrixMultiply || i.opcode == Opcode::kConvolve) {
    if (i.rows_less_one >= config_.rows || i.columns_less_one >= config_.cols) {
      return kErrorReserved;
    }
  }
  if (i.opcode == Opcode::kReadWeights) {
    if (i.tiles == 0 || i.beats == 0) return kErrorLength;
    if (uint64_t{i.beat} + i.beats > uint64_t{1} << 32) return kErrorWeights;
  }
  return 0;
}

uint8_t Sequencer::head_error(const Instruction& i) const {
  const auto flaw = static_cast<uint8_t>(get_field(queue.head_o(), kInstructionBits, kFlawBits));
  if (flaw) return flaw;
  const bool product = i.opcode == Opcode::kMatrixMultiply || i.opcode == Opcode::kConvolve;
  if (product && i.take && owed_q == 0) return kErrorWeights;
  if (i.opcode == Opcode::kReadWeights && full_i[kWeightFetch] && idle_i[kMatrixUnit] &&
      weights_full_i) {
    return kErrorTooFarAhead;
  }
  return 0;
}

// The operation, and how many operations of each unit must be complete before it begins.
void Sequencer::make_op(const Instruction& i) {
  const uint32_t* inst = queue.head_o();
  op_o = {inst[0], inst[1], (inst[2] & 0xFFFF) | (inst[2] >> 24 & 1) << 16};
  number_o = number_q;
  wait_o = 0;
  for (uint32_t unit = 0; unit < kUnits; ++unit) {
    if (i.waits[unit] == 0) continue;
    const int32_t count = static_cast<int32_t>(UnitCounts::get(under_way_q, unit)) -
                          unit_done_i[unit] - (i.waits[unit] - 1);
    if (count > 0) wait_o += static_cast<uint32_t>(count) * UnitCounts::one(unit);
  }
}

void Sequencer::dispatch() {
  const uint32_t* inst = queue.head_o();
  const Instruction i = decode({inst[0], inst[1], inst[2]});
  wrong_ = head_error(i);
  if (wrong_) {
    pop_ = true;
    return;
  }
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
      if (unit < kUnits && UnitCounts::get(under_way_q, unit) == UnitCounts::largest(unit)) return;
      pop_ = true;
      push_o[unit] = 1;
      make_op(i);
      if (unit == kWeightFetch) owed_change_ = static_cast<int32_t>(i.tiles);
      if (unit == kMatrixUnit) owed_change_ = -static_cast<int32_t>(i.take);
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
    case Opcode::kFlush:
      pop_ = flush_ = all_idle();
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
      for (uint32_t unit = 0; unit < error_i.size(); ++unit) {
        if (!error_i[unit]) continue;
        return error_i[unit] | uint64_t{error_number_i[unit]} << 8 |
               (unit == kUnits ? uint64_t{error_bus_i} << 32 : 0);
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
  pop_ = halt_ = flush_ = clear_counters_ = false;
  wrong_ = 0;
  owed_change_ = 0;
  push_o = {};
  common_o.set_i = 0;
  if (!queue.empty_o() && !error_o && !halted_q && !flush_q) dispatch();
  busy_o = !all_idle() || flush_q || (!queue.empty_o() && !halted_q);
  quiet_o = error_o ? at_rest() && !flush_q : !busy_o;
  status_o = status(status_i);
}

void Sequencer::update_counters(bool rst) {
  if (rst || clear_counters_) {
    counter_q = {};
  } else if (counting_q) {
    for (uint32_t n = 0; n < kCounters; ++n) {
      counter_q[n] = (counter_q[n] + event_q[n]) & kCounterMask;
    }
  }
  counting_q = !rst && busy_o && !error_o && !clear_counters_;
  const bool weights = stall_weights_i != 0;
  const bool non_matrix = !row_valid_i && !weights;
  const bool held = blocked_i[kActivationUnit] || stall_half_i;
  event_q[kActive] = row_valid_i;
  event_q[kUseful] = useful_i;
  event_q[kWeightStall] = weights && !shadow_i;
  event_q[kWeightShift] = weights && shadow_i;
  event_q[kNonMatrix] = non_matrix;
  event_q[kReadAfterWrite] = non_matrix && held;
  event_q[kInputStall] = non_matrix && blocked_i[kHostInUnit] && !blocked_i[kActivationUnit];
}

void Sequencer::update_under_way() {
  for (uint32_t unit = 0; unit < kUnits; ++unit) {
    if (push_o[unit]) under_way_q += UnitCounts::one(unit);
    if (unit_done_i[unit]) under_way_q -= UnitCounts::one(unit);
  }
}

void Sequencer::update(bool rst) {
  // A flush behind an error is a reset of all but memories and counters.
  const bool restart = rst || (flush_q && error_o);
  if (inst_valid_i) {
    std::copy(inst_i.begin(), inst_i.end(), queue.data_i.begin());
    set_field(queue.data_i.data(), kInstructionBits, kFlawBits, flaw());
  }
  queue.push_i = inst_valid_i && inst_ready_o;
  queue.pop_i = pop_;
  update_counters(rst);
  const bool flush = flush_ || (error_o && quiet_o && resume_i);
  if (restart) {
    under_way_q = owed_q = number_q = 0;
    halted_q = error_q = 0;
  } else {
    update_under_way();
    owed_q = flush_q ? 0 : (owed_q + static_cast<uint32_t>(owed_change_)) & 0x1FFFFF;
    if (wrong_) {
      error_q = wrong_;
      error_number_q = number_q;
    }
    if (pop_) number_q = (number_q + 1) & 0xFFFFFF;
    if (halt_) {
      halted_q = 1;
    } else if (resume_i) {
      halted_q = 0;
    }
  }
  flush_q = !rst && flush;
  queue.update(restart);
}

}  // namespace sparsys::mxu
