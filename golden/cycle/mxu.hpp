// SPDX-License-Identifier: Apache-2.0
// The matrix unit: all its modules joined (docs/mxu-timing.md section 12).
#pragma once

#include <array>
#include <cstdint>

#include "golden/cycle/mxu_accumulators.hpp"
#include "golden/cycle/mxu_activation.hpp"
#include "golden/cycle/mxu_array.hpp"
#include "golden/cycle/mxu_host.hpp"
#include "golden/cycle/mxu_matrix.hpp"
#include "golden/cycle/mxu_params.hpp"
#include "golden/cycle/mxu_sequencer.hpp"
#include "golden/cycle/mxu_setup.hpp"
#include "golden/cycle/mxu_unified_buffer.hpp"
#include "golden/cycle/mxu_weight_fifo.hpp"
#include "golden/format/mxu_config.hpp"

namespace sparsys {

class mxu {
 public:
  // Throws Error if a parameter is out of range.
  explicit mxu(const MxuConfig& config);
  // The units point into one another.
  mxu(const mxu&) = delete;
  mxu& operator=(const mxu&) = delete;

  // Ports. Rows are read with their valid only.
  uint8_t inst_valid_i = 0;
  uint8_t inst_ready_o = 0;
  std::array<uint32_t, 3> inst_i{};
  uint8_t wm_valid_o = 0;
  uint8_t wm_ready_i = 0;
  uint32_t wm_tile_o = 0;
  uint8_t w_valid_i = 0;
  uint8_t w_ready_o = 0;
  const uint8_t* w_data_i = nullptr;  // COLS bytes
  uint8_t hi_valid_i = 0;
  uint8_t hi_ready_o = 0;
  const uint8_t* hi_data_i = nullptr;  // LANES bytes
  uint8_t ho_valid_o = 0;
  uint8_t ho_ready_i = 0;
  const uint8_t* ho_data_o = nullptr;  // LANES bytes
  uint8_t status_i = 0;
  uint8_t resume_i = 0;
  uint64_t status_o = 0;
  uint8_t busy_o = 0;
  uint8_t error_o = 0;
  uint8_t halted_o = 0;

  mxu_sequencer sequencer;
  mxu_matrix matrix;
  mxu_activation activation;
  mxu_params params;
  mxu_host_in host_in;
  mxu_host_out host_out;
  mxu_weight_fetch weight_fetch;
  mxu_weight_fifo weight_fifo;
  mxu_unified_buffer unified_buffer;
  mxu_setup setup;
  mxu_array array;
  mxu_accumulators accumulators;

  const MxuConfig& config() const { return config_; }

  void propagate();
  void update(bool rst);

 private:
  static const MxuConfig& checked(const MxuConfig& config) {
    check(config);
    return config;
  }
  void propagate_state();
  void propagate_sequencer();
  void propagate_matrix();
  void propagate_host();

  MxuConfig config_;
};

}  // namespace sparsys
