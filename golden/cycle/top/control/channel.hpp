// SPDX-License-Identifier: Apache-2.0
// A channel's queue and the command under way, and the events
// (docs/reference/top-timing.md section 10).
#pragma once

#include <cstdint>
#include <vector>

#include "golden/cycle/common/fifo.hpp"

namespace sparsys::top {

class CommandChannel {
 public:
  struct Entry {
    uint64_t words[4] = {};
    uint32_t number = 0;
  };

  explicit CommandChannel(uint32_t depth) : queue(depth), entries_(depth) {}

  // Ports.
  uint8_t push_i = 0;
  Entry entry_i;
  uint8_t stop_i = 0;
  uint16_t events_i = 0;
  uint8_t complete_i = 0;
  uint8_t full_o = 0, idle_o = 0;
  uint8_t begin_o = 0, done_o = 0;  // in this cycle

  // Registers.
  uint8_t loaded_q = 0, begun_q = 0, start_q = 0, opcode_q = 0, flags_q = 0;
  uint16_t wait_q = 0, signal_q = 0;
  uint32_t number_q = 0;
  uint64_t address_q = 0, word2_q = 0, word3_q = 0;

  // Of the entries, by their places, which are compared.
  Fifo<uint8_t> queue;

  void propagate() {
    queue.propagate();
    full_o = queue.full_o;
    idle_o = queue.empty_o && !loaded_q && !begun_q;
    begin_o = loaded_q && !stop_i && (wait_q & ~events_i) == 0;
    done_o = complete_i && begun_q;
  }

  void update(bool rst) {
    const bool load = !queue.empty_o && !loaded_q && !begun_q;
    if (load) {
      const Entry& e = entries_[queue.rd_q];
      opcode_q = static_cast<uint8_t>(e.words[0]);
      flags_q = static_cast<uint8_t>(e.words[0] >> 8);
      wait_q = static_cast<uint16_t>(e.words[0] >> 32);
      signal_q = static_cast<uint16_t>(e.words[0] >> 48);
      address_q = e.words[1];
      word2_q = e.words[2];
      word3_q = e.words[3];
      number_q = e.number;
    }
    if (push_i && !queue.full_o) entries_[queue.wr_q] = entry_i;
    queue.push_i = push_i;
    queue.pop_i = load;
    queue.update(rst);
    if (rst) {
      loaded_q = begun_q = start_q = 0;
      return;
    }
    start_q = begin_o;
    if (load) loaded_q = 1;
    if (begin_o) {
      loaded_q = 0;
      begun_q = 1;
    }
    if (done_o) begun_q = 0;
  }

 private:
  std::vector<Entry> entries_;
};

}  // namespace sparsys::top
