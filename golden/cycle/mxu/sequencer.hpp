// SPDX-License-Identifier: Apache-2.0
// Sequencer: hands instructions to the units, counts what is complete and what the cycles are spent
// on, and tells its status (docs/reference/mxu-timing.md section 11).
#pragma once

#include <array>
#include <cstdint>

#include "golden/cycle/common/wide_fifo.hpp"
#include "golden/cycle/mxu/unit.hpp"
#include "golden/engine/mxu/config.hpp"

namespace sparsys::mxu {

class Sequencer {
 public:
  // The queues it pushes to: the units of waits, then weight fetch.
  static constexpr uint32_t kWeightFetch = kUnits;
  static constexpr uint32_t kQueues = kUnits + 1;
  // A word of the instruction queue: the instruction, and above it what is wrong with it.
  static constexpr uint32_t kInstructionBits = 96;
  static constexpr uint32_t kFlawBits = 3;
  enum Counter : uint32_t {
    kCycles,
    kActive,
    kUseful,
    kWeightStall,
    kWeightShift,
    kNonMatrix,
    kReadAfterWrite,
    kInputStall,
    kCounters
  };

  explicit Sequencer(const Config& config);

  // Ports: instructions. inst_i need be set with inst_valid_i only.
  uint8_t inst_valid_i = 0;
  InstructionWords inst_i{};
  uint8_t inst_ready_o = 0;
  uint8_t resume_i = 0;
  // The units.
  std::array<uint8_t, kQueues> full_i{};
  std::array<uint8_t, kQueues> idle_i{};
  std::array<uint8_t, kQueues> busy_i{};
  // The units' errors, and as the last that of the stream of weights, with its bus.
  std::array<uint8_t, kUnits + 1> error_i{};
  std::array<uint32_t, kUnits + 1> error_number_i{};
  uint8_t error_bus_i = 0;
  std::array<uint8_t, kUnits> unit_done_i{};
  uint8_t pipeline_i = 0;      // the activation unit's
  uint8_t accumulators_i = 0;  // busy
  uint8_t weights_full_i = 0;  // the weights' full_o
  std::array<uint8_t, kQueues> push_o{};
  OpWords op_o{};
  uint32_t number_o = 0;
  uint32_t wait_o = 0;
  UnitCommon common_o;  // stop, pulses of completed operations, Set
  uint8_t flush_o = 0;
  // What is counted.
  uint8_t row_valid_i = 0;
  uint8_t stall_weights_i = 0;
  uint8_t stall_half_i = 0;
  uint8_t shadow_i = 0;
  std::array<uint8_t, kUnits> blocked_i{};
  uint32_t useful_i = 0;
  // Status.
  uint8_t status_i = 0;
  uint64_t status_o = 0;
  uint8_t busy_o = 0;
  uint8_t quiet_o = 0;
  uint8_t error_o = 0;
  uint8_t halted_o = 0;

  // Registers.
  uint32_t under_way_q = 0;  // UnitCounts: operations dispatched and not complete
  uint32_t owed_q = 0;       // tiles asked for that no product dispatched takes
  uint32_t number_q = 0;
  uint8_t halted_q = 0;
  uint8_t flush_q = 0;
  uint8_t error_q = 0;
  uint32_t error_number_q = 0;
  std::array<uint64_t, kCounters> counter_q{};
  // What is counted of the cycle before, if it counts; kCycles is 1.
  uint8_t counting_q = 0;
  std::array<uint32_t, kCounters> event_q{1};

  WideFifo queue;

  // What follows from registers alone, of this and the units: stop, pulses, inst_ready_o.
  void propagate_state();
  void propagate();
  void update(bool rst);

 private:
  bool at_rest() const;
  bool all_idle() const;
  // What is wrong with inst_i by itself: an ErrorCode, 0 if nothing.
  uint8_t flaw() const;
  // The same with the queue's head, now that it is to be dispatched.
  uint8_t head_error(const Instruction& i) const;
  void dispatch();
  void set(const Instruction& i);
  void make_op(const Instruction& i);
  uint64_t status(uint32_t word) const;
  void update_counters(bool rst);
  void update_under_way();

  Config config_;
  std::array<InstructionWords, 11> allowed_{};  // by opcode: bits that are not reserved
  std::array<uint32_t, 16> allowed_value_{};    // by register
  std::array<uint8_t, 16> register_exists_{};
  // From propagate() to update().
  bool pop_ = false;
  uint8_t wrong_ = 0;  // what the instruction popped is refused for
  bool halt_ = false;
  bool flush_ = false;
  bool clear_counters_ = false;
  int32_t owed_change_ = 0;
};

}  // namespace sparsys::mxu
