// SPDX-License-Identifier: Apache-2.0
// The unit of the fence channel (docs/reference/top-timing.md section 11).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "golden/cycle/top/units/command.hpp"
#include "golden/engine/top/interface.hpp"

namespace sparsys::top {

class FenceUnit : public UnitPorts {
 public:
  enum State : uint8_t { kIdle, kAll, kAsk, kData, kAnswer, kTell };

  explicit FenceUnit(uint32_t bytes) : data_(bytes) {}

  // Ports.
  WritePorts w;
  uint8_t others_idle_i = 0;
  uint8_t soft_i = 0;
  uint8_t interrupt_o = 0;

  // Registers.
  uint8_t state_q = kIdle;
  uint32_t fence_q = 0;

  void propagate() {
    for (size_t b = 0; b < data_.size(); ++b) {
      data_[b] = b % 8 < 4 ? static_cast<uint8_t>(word2_i >> (8 * (b % 8))) : 0;
    }
    w.req_valid_o = state_q == kAsk;
    w.req_addr_o = address_i;
    w.req_bytes_o = 8;
    w.data_valid_o = state_q == kData;
    w.data_o = data_.data();
    complete_o = state_q == kTell;
    interrupt_o = complete_o && fence() && (flags_i & flag::kFenceInterrupt);
  }

  void update(bool rst, bool reset) {
    uint8_t next = state_q;
    const State behind = (flags_i & flag::kFenceWrite) != 0 ? kAsk : kTell;
    switch (state_q) {
      case kIdle:
        if (start_i) next = !fence() ? kTell : (flags_i & flag::kFenceAll) != 0 ? kAll : behind;
        break;
      case kAll:
        if (others_idle_i) next = behind;
        break;
      case kAsk:
        if (w.req_ready_i) next = kData;
        break;
      case kData:
        if (w.data_ready_i) next = kAnswer;
        break;
      case kAnswer:
        if (w.done_i) next = kTell;
        break;
      default:
        next = kIdle;
        if (fence()) fence_q = static_cast<uint32_t>(word2_i);
        break;
    }
    state_q = rst ? static_cast<uint8_t>(kIdle) : next;
    if (reset || soft_i) fence_q = 0;
  }

 private:
  bool fence() const { return opcode_i == static_cast<uint8_t>(Opcode::kFence); }
  std::vector<uint8_t> data_;
};

}  // namespace sparsys::top
