// SPDX-License-Identifier: Apache-2.0
// Run, errors, stop and clear (docs/reference/top-timing.md section 12).
#pragma once

#include <array>
#include <cstdint>

#include "golden/engine/top/interface.hpp"

namespace sparsys::top {

class Stop {
 public:
  enum State : uint8_t { kRun, kDrain, kHeld };
  static constexpr uint32_t kUnits = 4;

  // Ports.
  uint8_t control_we_i = 0, control_i = 0, tail_we_i = 0;
  uint32_t tail_i = 0;
  uint8_t halt_i = 0;
  uint8_t ring_error_i = 0, ring_code_i = 0;  // of a command
  uint32_t ring_detail_i = 0, ring_page_i = 0;
  uint8_t over_i = 0;  // error 6
  uint32_t told_i = 0;
  std::array<uint8_t, kUnits> unit_error_i{}, unit_code_i{};
  std::array<uint32_t, kUnits> unit_detail_i{};
  uint8_t read_error_i = 0, read_id_i = 0, write_error_i = 0, write_id_i = 0;
  uint64_t read_addr_i = 0, write_addr_i = 0;
  uint8_t watchdog_i = 0;
  uint32_t status_i = 0;
  uint32_t head_i = 0;
  std::array<uint32_t, 5> number_i{};  // of each channel
  uint8_t work_i = 0, masters_idle_i = 0;
  uint8_t quiet_o = 0;
  uint8_t irq_error_o = 0, irq_halt_o = 0;

  // Registers.
  uint8_t run_q = 0, halted_q = 0, state_q = kRun, stop_q = 0, clear_q = 0, soft_q = 0,
          wanted_q = 0, tail_we_q = 0, error_q = 0, code_q = 0, channel_q = 0;
  uint32_t command_q = 0, detail_q = 0, page_q = 0;
  uint8_t ring_error_q = 0, ring_code_q = 0, unit_error_q = 0, unit_code_q = 0, read_error_q = 0,
          read_id_q = 0, write_error_q = 0, write_id_q = 0, watchdog_q = 0, abort_q = 0;
  uint32_t ring_detail_q = 0, ring_page_q = 0, unit_detail_q = 0, watchdog_detail_q = 0;
  uint64_t read_addr_q = 0, write_addr_q = 0;

  void propagate() {
    accept_ =
        state_q == kRun && !stop_q && !soft_q &&
        (ring_error_q || unit_error_q || read_error_q || write_error_q || watchdog_q || abort_q);
    quiet_o =
        state_q == kHeld || (state_q == kRun && !stop_q && !soft_q && !work_i && masters_idle_i);
    irq_error_o = accept_;
    irq_halt_o = halt_i;
  }
  void update(bool rst);

 private:
  void tell();
  void first_stage();
  void clear_all() { *this = Stop(); }

  bool accept_ = false;
};

// The first of the errors of the cycle before.
inline void Stop::tell() {
  const auto set = [this](uint32_t code, uint32_t channel, uint32_t detail, uint32_t page) {
    code_q = static_cast<uint8_t>(code);
    channel_q = static_cast<uint8_t>(channel);
    detail_q = detail;
    page_q = page;
    command_q = channel == 0 ? head_i : number_i[channel - 1];
  };
  if (ring_error_q) {
    set(ring_code_q, 0, ring_detail_q, ring_page_q);
  } else if (unit_error_q) {
    uint32_t unit = 0;
    while (!(unit_error_q >> unit & 1)) ++unit;
    set(unit_code_q, unit + 1, unit_detail_q, 0);
  } else if (read_error_q) {
    const uint8_t channels[] = {0, 1, 2, 2, 3, 0, 0, 0};
    set(static_cast<uint32_t>(ErrorCode::kRead), channels[read_id_q],
        static_cast<uint32_t>(read_addr_q), static_cast<uint32_t>(read_addr_q >> 12));
  } else if (write_error_q) {
    const uint8_t channels[] = {1, 4, 5, 0, 0, 0, 0, 0};
    set(static_cast<uint32_t>(ErrorCode::kWrite), channels[write_id_q],
        static_cast<uint32_t>(write_addr_q), static_cast<uint32_t>(write_addr_q >> 12));
  } else if (watchdog_q) {
    set(static_cast<uint32_t>(ErrorCode::kWatchdog), 0, watchdog_detail_q, 0);
  } else {
    set(static_cast<uint32_t>(ErrorCode::kAborted), 0, 0, 0);
  }
}

inline void Stop::first_stage() {
  const bool abort = control_we_i && (control_i & bit::kControlAbort) != 0 &&
                     (control_i & bit::kControlReset) == 0 && (run_q || work_i);
  if (ring_error_i) {
    ring_code_q = ring_code_i;
    ring_detail_q = ring_detail_i;
    ring_page_q = ring_page_i;
  } else if (over_i) {
    ring_code_q = static_cast<uint8_t>(ErrorCode::kRing);
    ring_detail_q = told_i;
    ring_page_q = 0;
  } else {
    ring_code_q = static_cast<uint8_t>(ErrorCode::kHalted);
    ring_detail_q = tail_i;
    ring_page_q = 0;
  }
  ring_error_q = ring_error_i || over_i || tail_we_q;
  tail_we_q = tail_we_i && halted_q;
  unit_error_q = 0;
  for (uint32_t unit = kUnits; unit-- > 0;) {
    if (!unit_error_i[unit]) continue;
    unit_error_q = static_cast<uint8_t>(unit_error_q | 1U << unit);
    unit_code_q = unit_code_i[unit];
    unit_detail_q = unit_detail_i[unit];
  }
  read_error_q = read_error_i;
  read_id_q = read_id_i;
  read_addr_q = read_addr_i;
  write_error_q = write_error_i;
  write_id_q = write_id_i;
  write_addr_q = write_addr_i;
  watchdog_q = watchdog_i;
  watchdog_detail_q = status_i;
  abort_q = abort;
  if (clear_q) {
    ring_error_q = unit_error_q = read_error_q = write_error_q = watchdog_q = abort_q = 0;
    tail_we_q = 0;
  }
}

inline void Stop::update(bool rst) {
  if (rst || soft_q) {
    clear_all();
    return;
  }
  const bool reset = control_we_i && (control_i & bit::kControlReset) != 0;
  const bool force = reset && (control_i & bit::kControlForce) != 0;
  bool soft = force;
  uint8_t next = state_q;
  bool clear = false;
  if (accept_) tell();
  if (accept_) error_q = 1;
  if (force) {
    // At once, whatever else there is.
  } else if (state_q == kRun && accept_) {
    stop_q = 1;
    next = kDrain;
    if (reset) wanted_q = 1;
  } else if (state_q == kRun && reset) {
    if (quiet_o) {
      soft = true;
    } else {
      next = kDrain;
      stop_q = wanted_q = 1;
    }
  } else if (state_q == kDrain) {
    if (reset) wanted_q = 1;
    if (masters_idle_i) {
      clear = true;
      if (wanted_q) {
        soft = true;
      } else {
        next = kHeld;
      }
    }
  } else if (state_q == kHeld && reset) {
    soft = true;
  }
  const uint8_t run_before = run_q;
  if (halt_i) {
    halted_q = 1;
  } else if (control_we_i && !reset && state_q == kRun && !accept_ &&
             (control_i & bit::kControlRun)) {
    halted_q = 0;
  }
  if (accept_ || state_q != kRun || next != kRun || reset || halt_i) {
    run_q = 0;
  } else if (control_we_i) {
    run_q = control_i & 1;
  }
  // The first stage looks at CONTROL.run of this cycle.
  const uint8_t run_after = run_q;
  run_q = run_before;
  first_stage();
  run_q = run_after;
  if (soft) {
    next = kRun;
    clear = true;
  }
  soft_q = soft;
  clear_q = clear;
  state_q = next;
}

}  // namespace sparsys::top
