// SPDX-License-Identifier: Apache-2.0
// What the accelerator makes of a memory and of its engines, untimed and bit-exact: the ring, its
// commands, channels and events (docs/reference/top-format.md). Of engines it knows what their
// formats say, nothing of the clocked models.
//
// Commands that touch the same bytes or the same memory of an engine must be ordered by their
// channel or by events; then nothing depends on which channel goes first. A program of the matrix
// unit is done in its own order: rows that it reads must not depend on those that stand behind.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "golden/engine/top/command.hpp"
#include "golden/engine/top/config.hpp"
#include "golden/function/top/matrix_machine.hpp"
#include "golden/function/top/sparse_machine.hpp"
#include "golden/memory/store.hpp"

namespace sparsys::top {

constexpr uint32_t kPageBits = 12;  // of an address, within its page

// ERROR to ERROR_PAGE; code 0: none.
struct Failure {
  uint8_t code = 0;
  uint8_t channel = 0;
  uint32_t command = 0;
  uint32_t detail = 0;
  uint32_t page = 0;
};

// What a driver sets while the accelerator does not run.
struct RingSetup {
  uint32_t ring_page = 0;
  uint32_t ring_log2 = 1;
  uint32_t window_first = 1;
  uint32_t window_last = 0;
};

// The first rule that a command breaks, with code and detail; code 0: none. The commands of an
// engine that is not there are unknown.
Failure check(const CommandWords& words, const Config& config, const RingSetup& setup);

class Model {
 public:
  // Throws Error if a parameter of an engine is out of range.
  explicit Model(const Config& config);

  RingSetup setup;
  Store store;

  // CONTROL.run = 1.
  void start();
  // RING_TAIL = tail; does all that can be done.
  void ring(uint32_t tail);
  // A soft reset, once quiet: memories of the engines stay.
  void reset();

  uint32_t head() const { return head_; }          // RING_HEAD
  uint32_t fence() const { return fence_; }        // FENCE
  uint32_t complete() const { return complete_; }  // COMMANDS
  uint8_t irq_status() const { return irq_status_; }
  bool halted() const { return halted_; }
  const Failure& failure() const { return failure_; }
  // All channels are idle and their queues empty.
  bool idle() const;

 private:
  struct Queued {
    Command command;
    uint32_t number;
  };
  struct Queue {
    std::deque<Queued> queue;  // the first is the one under way, if one has begun
    bool begun = false;
    uint64_t address = 0;  // of the next byte, of rows
    uint32_t left = 0;     // bytes of it
  };

  Queue& queue(Channel channel) { return channels_[static_cast<size_t>(channel)]; }
  void work();
  bool fetch();
  bool step(Channel channel);
  // Each returns whether the command is complete; it may have failed instead.
  bool begin(Channel channel, Queue& c);
  bool go_on(Channel channel, Queue& c);
  bool sparse(const Queued& q);
  bool rows_in(Queue& c);
  bool rows_out(Queue& c);
  bool others_idle() const;
  void fail(ErrorCode code, Channel channel, uint32_t command, uint32_t detail, uint64_t address);

  Config config_;
  std::optional<SparseMachine> sparse_;
  std::optional<MatrixMachine> matrix_;
  std::array<Queue, 6> channels_;  // by the numbers of section 5
  uint16_t events_ = 0;
  uint32_t head_ = 0, tail_ = 0, fence_ = 0, complete_ = 0;
  uint8_t irq_status_ = 0;
  bool running_ = false, halted_ = false, held_ = false;  // held: by a Fence with `all`
  Failure failure_;
};

}  // namespace sparsys::top
