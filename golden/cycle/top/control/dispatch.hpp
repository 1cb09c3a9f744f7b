// SPDX-License-Identifier: Apache-2.0
// Handing commands over to their channels (docs/reference/top-timing.md section 9).
#pragma once

#include <array>
#include <cstdint>

#include "golden/engine/top/interface.hpp"

namespace sparsys::top {

constexpr uint32_t kChannels = 5;  // sparse, matrix, rows in, rows out, fence

class Dispatch {
 public:
  // Ports.
  uint8_t ready_i = 0, code_i = 0;  // of the check
  uint8_t opcode_i = 0, flags_i = 0;
  uint8_t stop_i = 0, still_i = 0, soft_i = 0;
  std::array<uint8_t, kChannels> full_i{}, idle_i{};
  std::array<uint8_t, kChannels> push_o{};
  uint8_t take_o = 0, halt_o = 0, error_o = 0;
  uint8_t halt_waits_o = 0;  // a Halt is at the front

  // Registers.
  uint32_t head_q = 0;
  uint8_t hold_q = 0;

  void propagate() {
    const bool good = ready_i && code_i == 0 && !stop_i && !hold_q;
    const auto opcode = static_cast<Opcode>(opcode_i);
    bool all_idle = true;
    for (const uint8_t idle : idle_i) all_idle = all_idle && idle;
    halt_waits_o = good && opcode == Opcode::kHalt;
    halt_o = halt_waits_o && all_idle && still_i;
    push_o.fill(0);
    const uint32_t channel = channel_of(opcode);
    const bool push = good && !halt_waits_o && !full_i[channel];
    if (push) push_o[channel] = 1;
    take_o = push || halt_o;
    error_o = ready_i && code_i != 0 && !stop_i && !hold_q;
    holds_ = push && opcode == Opcode::kFence && (flags_i & flag::kFenceAll) != 0;
  }
  void update(bool rst, bool reset) {
    if (take_o) ++head_q;
    if (reset || soft_i) head_q = 0;
    if (rst) {
      hold_q = 0;
    } else if (holds_) {
      hold_q = 1;
    } else if (hold_q && idle_i[4]) {
      hold_q = 0;
    }
  }

 private:
  static uint32_t channel_of(Opcode opcode) {
    switch (opcode) {
      case Opcode::kSparseLoad:
      case Opcode::kSparseStore:
      case Opcode::kSparseRun:
        return 0;
      case Opcode::kMatrixRun:
        return 1;
      case Opcode::kMatrixIn:
        return 2;
      case Opcode::kMatrixOut:
        return 3;
      default:
        return 4;
    }
  }
  bool holds_ = false;
};

}  // namespace sparsys::top
