// SPDX-License-Identifier: Apache-2.0
// Sequencer: hands instructions to the units, counts what is complete and what the cycles are spent
// on, and tells its status (docs/reference/mxu-timing.md section 11).
#pragma once

#include <array>
#include <cstdint>

#include "golden/cycle/mxu/unit.hpp"
#include "golden/engine/mxu/config.hpp"

namespace sparsys::mxu {

class Sequencer {
 public:
  // The queues it pushes to: the units of waits, then weight fetch. Status order of errors
  // likewise.
  static constexpr uint32_t kWeightFetch = kUnits;
  static constexpr uint32_t kQueues = kUnits + 1;
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

  explicit Sequencer(const Config& config) : queue(96, config.queue_depth), config_(config) {}

  // Ports: instructions. inst_i is queue.data_i.
  uint8_t inst_valid_i = 0;
  uint8_t inst_ready_o = 0;
  uint8_t resume_i = 0;
  // The units.
  std::array<uint8_t, kQueues> full_i{};
  std::array<uint8_t, kQueues> idle_i{};
  std::array<uint8_t, kQueues> busy_i{};  // weight fetch: 0
  std::array<uint8_t, kQueues> error_i{};
  std::array<uint32_t, kQueues> error_number_i{};
  std::array<uint8_t, kUnits> unit_done_i{};
  uint8_t pipeline_i = 0;      // the activation unit's
  uint8_t accumulators_i = 0;  // busy
  std::array<uint8_t, kQueues> push_o{};
  std::array<uint32_t, 5> op_o{};
  UnitCommon common_o;  // stop, counts of completed operations, Set
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
  uint8_t error_o = 0;
  uint8_t halted_o = 0;

  // Registers.
  std::array<uint8_t, kUnits> sent_q{};
  std::array<uint8_t, kUnits> done_q{};
  uint32_t number_q = 0;
  uint8_t halted_q = 0;
  uint8_t error_q = 0;
  uint32_t error_number_q = 0;
  std::array<uint64_t, kCounters> counter_q{};

  WideFifo queue;

  // What follows from registers alone, of this and the units: stop, counts, inst_ready_o.
  void propagate_state();
  void propagate();
  void update(bool rst);

 private:
  bool all_idle() const;
  void dispatch();
  void set(const Instruction& i);
  void make_op(const Instruction& i);
  uint64_t status(uint32_t word) const;
  void update_counters();

  Config config_;
  // From propagate() to update().
  bool pop_ = false;
  bool wrong_ = false;
  bool halt_ = false;
  bool clear_counters_ = false;
};

}  // namespace sparsys::mxu
