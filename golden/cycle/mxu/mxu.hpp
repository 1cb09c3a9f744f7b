// SPDX-License-Identifier: Apache-2.0
// The matrix unit: all its modules joined (docs/reference/mxu-timing.md section 12).
#pragma once

#include <array>
#include <cstdint>

#include "golden/cycle/mxu/accumulators.hpp"
#include "golden/cycle/mxu/activation.hpp"
#include "golden/cycle/mxu/array.hpp"
#include "golden/cycle/mxu/host.hpp"
#include "golden/cycle/mxu/matrix.hpp"
#include "golden/cycle/mxu/params.hpp"
#include "golden/cycle/mxu/sequencer.hpp"
#include "golden/cycle/mxu/setup.hpp"
#include "golden/cycle/mxu/unified_buffer.hpp"
#include "golden/cycle/mxu/weight_fifo.hpp"
#include "golden/engine/mxu/config.hpp"

namespace sparsys::mxu {

class Mxu {
 public:
  // Throws Error if a parameter is out of range.
  explicit Mxu(const Config& config);
  // The units point into one another.
  Mxu(const Mxu&) = delete;
  Mxu& operator=(const Mxu&) = delete;

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

  Sequencer sequencer;
  Matrix matrix;
  Activation activation;
  Params params;
  HostIn host_in;
  HostOut host_out;
  WeightFetch weight_fetch;
  WeightFifo weight_fifo;
  UnifiedBuffer unified_buffer;
  Setup setup;
  Array array;
  Accumulators accumulators;

  const Config& config() const { return config_; }

  void propagate();
  void update(bool rst);

 private:
  static const Config& checked(const Config& config) {
    check(config);
    return config;
  }
  void propagate_state();
  void propagate_sequencer();
  void propagate_matrix();
  void propagate_host();

  Config config_;
};

}  // namespace sparsys::mxu
