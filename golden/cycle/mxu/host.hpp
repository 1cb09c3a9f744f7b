// SPDX-License-Identifier: Apache-2.0
// The host's ports of the unified buffer, and requests of weights (docs/reference/mxu-timing.md
// section 10).
#pragma once

#include <algorithm>
#include <cstdint>

#include "golden/cycle/common/wide_fifo.hpp"
#include "golden/cycle/mxu/unit.hpp"
#include "golden/engine/mxu/config.hpp"

namespace sparsys::mxu {

// Rows from the host to the unified buffer or the parameters.
class HostIn : public Unit {
 public:
  // Of an operation: instruction bits 39:0 and 72.
  static constexpr uint32_t kKept = 41;

  explicit HostIn(const Config& config) : Unit(kKept), config_(config), widths_(config) {}

  // Ports. hi_data_i, LANES bytes, goes to h_wdata_o and p_data_o unchanged.
  uint8_t hi_valid_i = 0;
  uint8_t hi_ready_o = 0;
  uint32_t hi_asked_o = 0;  // rows that are asked for and have not come
  const uint8_t* hi_data_i = nullptr;
  uint8_t h_we_o = 0;
  uint8_t h_wgrant_i = 0;
  uint32_t h_waddr_o = 0;
  uint8_t p_we_o = 0;
  uint8_t p_plane_o = 0;
  uint32_t p_set_o = 0;
  uint8_t idle_o = 0;
  uint8_t busy_o = 0;
  uint8_t done_o = 0;

  // Registers.
  uint8_t run_q = 0;
  uint8_t param_q = 0;
  uint8_t done_q = 0;
  uint32_t addr_q = 0;
  uint32_t left_q = 0;

  void propagate_state();
  void propagate();
  void update(bool rst);

 private:
  Instruction head() const;
  uint8_t check_head() const;

  Config config_;
  Widths widths_;
  bool taken_ = false;
  bool take_ = false;
};

// Rows from the unified buffer to the host.
class HostOut : public Unit {
 public:
  // Of an operation: instruction bits 39:0.
  static constexpr uint32_t kKept = 40;

  explicit HostOut(const Config& config)
      : Unit(kKept), rows(8 * config.lanes() + 1, 4), config_(config), widths_(config) {}

  // Ports.
  uint8_t ho_valid_o = 0;
  uint8_t ho_ready_i = 0;
  uint8_t h_re_o = 0;
  uint8_t h_rgrant_i = 0;
  uint32_t h_raddr_o = 0;
  const uint8_t* rdata_i = nullptr;  // LANES
  uint8_t idle_o = 0;
  uint8_t busy_o = 0;
  uint8_t done_o = 0;
  const uint8_t* ho_data_o() const { return reinterpret_cast<const uint8_t*>(rows.head_o()); }

  // Registers.
  uint8_t run_q = 0;
  uint8_t got_q = 0;
  uint8_t last_got_q = 0;
  uint8_t rows_q = 0;
  uint8_t done_q = 0;
  uint32_t addr_q = 0;
  uint32_t left_q = 0;

  // Rows on their way to the port, above each the bit that it is an operation's last.
  WideFifo rows;

  void propagate_state();
  void propagate();
  void update(bool rst);

 private:
  Instruction head() const;
  uint8_t check_head() const;

  Config config_;
  Widths widths_;
  bool granted_ = false;
  bool pop_ = false;
  bool take_ = false;
};

// Requests of beats from weight memory, as far as the weights' FIFOs have room for them. Its
// operations wait for nothing and are checked by the sequencer.
class WeightFetch {
 public:
  static constexpr uint32_t kQueue = 16;
  static constexpr uint32_t kKept = 74;          // instruction bits
  static constexpr uint32_t kRequestBeats = 16;  // the most

  explicit WeightFetch(const Config&) {}

  // Ports. The operation pushed is queue.data_i.
  uint8_t push_i = 0;
  uint8_t stop_i = 0;
  uint8_t full_o() const { return queue.full_o(); }
  uint8_t wm_valid_o = 0;
  uint8_t wm_ready_i = 0;
  uint32_t wm_addr_o = 0;
  uint8_t wm_beats_o = 0;
  uint8_t asked_o = 0;  // the request is taken
  uint8_t idle_o = 0;
  uint8_t busy_o = 0;
  // Of the weights.
  uint8_t room_i = 0;
  uint8_t owed_i = 0;
  uint8_t full_i = 0;
  uint8_t expect_full_i = 0;
  // What is begun: instruction bits 73:32, to the weights' expectations.
  uint8_t expect_o = 0;
  const uint32_t* expect_data_o() const { return &queue.head_o()[1]; }

  // Registers.
  uint8_t run_q = 0;
  uint8_t hold_q = 0;
  uint32_t left_q = 0;
  uint32_t addr_q = 0;

  WideFifo queue{kKept, kQueue};

  // What follows from registers alone, with the weights' outputs.
  void propagate_state() {
    wm_valid_o = run_q && room_i && hold_q == 0;
    wm_addr_o = addr_q;
    wm_beats_o = static_cast<uint8_t>(std::min(left_q, kRequestBeats - addr_q % kRequestBeats));
    idle_o = (!run_q && queue.empty_o() && !owed_i) || full_i;
    busy_o = wm_valid_o || owed_i;
  }
  void propagate() {
    propagate_state();
    asked_o = wm_valid_o && wm_ready_i;
    expect_o = !run_q && !stop_i && !expect_full_i && !queue.empty_o();
  }
  void update(bool rst);
};

}  // namespace sparsys::mxu
