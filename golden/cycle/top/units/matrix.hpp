// SPDX-License-Identifier: Apache-2.0
// The unit of the matrix unit's programs, and its instructions (docs/reference/top-units-timing.md
// sections 8 and 9).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "golden/base/bits.hpp"
#include "golden/cycle/top/units/command.hpp"
#include "golden/engine/top/interface.hpp"

namespace sparsys::top {

// Beats to instructions of two words each.
class Instructions {
 public:
  explicit Instructions(uint32_t bytes) : axi_bytes_(bytes) {}

  // Ports.
  uint8_t start_i = 0;
  uint32_t count_i = 0;
  uint8_t empty_o = 0;
  uint8_t data_valid_i = 0, data_ready_o = 0;
  const uint8_t* data_i = nullptr;
  uint8_t inst_valid_o = 0, inst_ready_i = 0;
  uint8_t some = 0;  // instructions are left: at_q counts

  // Registers.
  uint32_t left_q = 0;
  uint8_t at_q = 0, valid_q = 0;
  std::array<uint32_t, 3> inst_q{};
  uint64_t low_q = 0;  // of 8 bytes

  void propagate() {
    const bool room = !valid_q || inst_ready_i;
    some = left_q != 0;
    if (axi_bytes_ == 8) {
      data_ready_o = some && (at_q == 0 || room);
      make_ = some && at_q == 1 && room && data_valid_i;
    } else {
      make_ = some && data_valid_i && room;
      data_ready_o = some && room && (at_q == axi_bytes_ / 16 - 1 || left_q == 1);
    }
    inst_valid_o = valid_q;
    empty_o = left_q == 0 && !valid_q;
  }

  void update(bool rst) {
    if (rst) {
      left_q = valid_q = 0;
      return;
    }
    if (make_) {
      const uint64_t low = axi_bytes_ == 8 ? low_q : bytes_at(data_i, 16U * at_q, 8);
      const uint64_t high = bytes_at(data_i, axi_bytes_ == 8 ? 0 : 16U * at_q + 8, 4);
      inst_q = {static_cast<uint32_t>(low), static_cast<uint32_t>(low >> 32),
                static_cast<uint32_t>(high)};
    }
    if (axi_bytes_ == 8) {
      if (left_q != 0 && at_q == 0 && data_valid_i) {
        low_q = bytes_at(data_i, 0, 8);
        at_q = 1;
      } else if (make_) {
        at_q = 0;
      }
    } else if (make_) {
      at_q = at_q == axi_bytes_ / 16 - 1 ? 0 : static_cast<uint8_t>(at_q + 1);
    }
    if (start_i) at_q = 0;
    if (make_) --left_q;
    if (start_i) left_q = count_i;
    valid_q = make_ || (valid_q && !inst_ready_i);
  }

 private:
  uint32_t axi_bytes_;
  bool make_ = false;
};

class MatrixUnit : public UnitPorts {
 public:
  enum State : uint8_t { kIdle, kRequest, kRun, kError, kFailed };

  explicit MatrixUnit(uint32_t bytes) : instructions(bytes), axi_bytes_(bytes) {}

  // Ports.
  ReadPorts r;
  uint8_t run_o = 0;
  uint8_t over_i = 0;
  uint32_t over_beat_i = 0;
  uint8_t inst_ready_i = 0;
  uint8_t resume_o = 0;
  uint8_t status_o = 0;
  uint64_t status_i = 0;
  uint8_t busy_i = 0, error_i = 0, halted_i = 0;
  uint8_t active_o = 0;

  // Registers.
  uint8_t state_q = kIdle, weights_q = 0, count_q = 0;

  Instructions instructions;

  // The status word that is wanted follows from registers.
  void propagate_status() { status_o = state_q == kError ? 8 : 1; }

  void propagate() {
    propagate_status();
    instructions.start_i = state_q == kIdle && start_i;
    instructions.count_i = static_cast<uint32_t>(word2_i) & 0x1FFFFFF;
    instructions.data_valid_i = r.data_valid_i;
    instructions.data_i = r.data_i;
    instructions.inst_ready_i = inst_ready_i;
    instructions.propagate();
    r.data_ready_o = instructions.data_ready_o;
    r.req_valid_o = state_q == kRequest;
    r.req_addr_o = address_i;
    r.req_beats_o =
        static_cast<uint32_t>((16 * (word2_i & 0xFFFFFFFF) + axi_bytes_ - 1) / axi_bytes_);
    run_o = state_q == kRun;
    resume_o = run_o && halted_i && !error_i;
    complete_o = run_o && instructions.empty_o && !busy_i && !halted_i && !error_i && !over_i;
    error_o = state_q == kError;
    code_o = static_cast<uint8_t>(weights_q ? ErrorCode::kWeights : ErrorCode::kMatrix);
    detail_o = weights_q ? over_beat_i : static_cast<uint32_t>(status_i);
    active_o = count_q != (status_i & 1);
  }

  void update(bool rst) {
    instructions.update(rst);
    uint8_t next = state_q;
    switch (state_q) {
      case kIdle:
        if (start_i) next = kRequest;
        break;
      case kRequest:
        if (r.req_ready_i) next = kRun;
        break;
      case kRun:
        if (!rst) weights_q = !error_i;
        if (error_i || over_i) {
          next = kError;
        } else if (complete_o) {
          next = kIdle;
        }
        break;
      default:
        next = kFailed;
        break;
    }
    count_q = status_i & 1;
    state_q = rst ? static_cast<uint8_t>(kIdle) : next;
  }

 private:
  uint32_t axi_bytes_;
};

}  // namespace sparsys::top
