// SPDX-License-Identifier: Apache-2.0
// The host's ports of the unified buffer, and requests of weights (docs/reference/mxu-timing.md
// section 10).
#pragma once

#include <cstdint>

#include "golden/cycle/mxu/unit.hpp"
#include "golden/engine/mxu/config.hpp"

namespace sparsys::mxu {

// Rows from the host to the unified buffer or the parameters.
class HostIn : public Unit {
 public:
  explicit HostIn(const Config& config) : config_(config), widths_(config) {}

  // Ports. hi_data_i, LANES bytes, goes to h_wdata_o and p_data_o unchanged.
  uint8_t hi_valid_i = 0;
  uint8_t hi_ready_o = 0;
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
  uint8_t check_head() const;

  Config config_;
  Widths widths_;
  bool taken_ = false;
  bool take_ = false;
  uint8_t code_ = 0;
};

// Rows from the unified buffer to the host.
class HostOut : public Unit {
 public:
  explicit HostOut(const Config& config)
      : rows(8 * config.lanes() + 1, 4), config_(config), widths_(config) {}

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
  uint8_t check_head() const;

  Config config_;
  Widths widths_;
  bool granted_ = false;
  bool pop_ = false;
  bool take_ = false;
  uint8_t code_ = 0;
};

// Requests of weight tiles from weight memory.
class WeightFetch : public Unit {
 public:
  explicit WeightFetch(const Config&) {}

  // Ports.
  uint8_t wm_valid_o = 0;
  uint8_t wm_ready_i = 0;
  uint8_t idle_o = 0;
  uint32_t wm_tile_o = 0;

  // Registers.
  uint8_t run_q = 0;
  uint16_t left_q = 0;
  uint32_t tile_q = 0;

  void propagate_state() {
    wm_valid_o = run_q;
    wm_tile_o = tile_q;
    idle_o = !run_q && queue.empty_o();
  }
  void propagate();
  void update(bool rst);

 private:
  bool take_ = false;
  uint8_t code_ = 0;
};

}  // namespace sparsys::mxu
