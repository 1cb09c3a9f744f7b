// SPDX-License-Identifier: Apache-2.0
// Activation queue: columns that have entries in this PE, as (activation, first entry, end entry)
// (docs/reference/eie-timing.md section 5).
#pragma once

#include <cstdint>

#include "golden/cycle/common/fifo.hpp"
#include "golden/engine/eie/config.hpp"

namespace sparsys::eie {

class ActQueue {
 public:
  explicit ActQueue(const Config& config) : queue(config.queue_depth) {}

  // Ports.
  uint8_t push_i = 0;
  uint8_t pop_i = 0;
  uint8_t empty_o = 0;
  uint8_t full_o = 0;
  uint16_t push_act_i = 0;
  uint16_t push_start_i = 0;
  uint16_t push_end_i = 0;
  uint16_t head_act_o = 0;
  uint16_t head_start_o = 0;
  uint16_t head_end_o = 0;

  // Words: bits 15:0 start, 31:16 end, 47:32 activation.
  Fifo<uint64_t> queue;

  void propagate() {
    propagate_state();
    propagate_inputs();
  }

  // The outputs: from the registers alone.
  void propagate_state() {
    queue.propagate();
    empty_o = queue.empty_o;
    full_o = queue.full_o;
    head_start_o = static_cast<uint16_t>(queue.head_o);
    head_end_o = static_cast<uint16_t>(queue.head_o >> 16);
    head_act_o = static_cast<uint16_t>(queue.head_o >> 32);
  }

  void propagate_inputs() {
    queue.push_i = push_i;
    queue.pop_i = pop_i;
    queue.data_i = word(push_act_i, push_start_i, push_end_i);
  }

  void update(bool rst) { queue.update(rst); }

  // The word of a column.
  static uint64_t word(uint16_t act, uint16_t start, uint16_t end) {
    return uint64_t{act} << 32 | uint64_t{end} << 16 | start;
  }
};

}  // namespace sparsys::eie
