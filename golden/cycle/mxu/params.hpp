// SPDX-License-Identifier: Apache-2.0
// Parameter sets: bias, multiplier and shift of every column, in nine planes of bytes
// (docs/reference/mxu-timing.md section 9).
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "golden/cycle/common/ram_1r1w.hpp"
#include "golden/engine/mxu/config.hpp"

namespace sparsys::mxu {

class Params {
 public:
  static constexpr uint32_t kPlanes = 9;

  explicit Params(const Config& config)
      : bias_o(config.cols),
        multiplier_o(config.cols),
        shift_o(config.cols),
        plane(kPlanes, Ram1r1w<uint8_t>(config.cols, config.param_sets)),
        cols_(config.cols) {}

  // Ports.
  uint8_t p_we_i = 0;
  uint8_t p_plane_i = 0;
  uint8_t re_i = 0;
  uint32_t p_set_i = 0;
  uint32_t set_i = 0;
  const uint8_t* p_data_i = nullptr;  // LANES, of which COLS are used; read with p_we_i only
  std::vector<int32_t> bias_o;
  std::vector<int32_t> multiplier_o;
  std::vector<uint8_t> shift_o;

  std::vector<Ram1r1w<uint8_t>> plane;

  // The outputs, which follow from the RAMs' read registers.
  void propagate_state() {
    if (!read_) return;
    read_ = false;
    for (uint32_t c = 0; c < cols_; ++c) {
      bias_o[c] = word(0, c);
      multiplier_o[c] = word(4, c);
      shift_o[c] = plane[8].rdata_q[c] & 63;
    }
  }

  void propagate() {
    for (uint32_t p = 0; p < kPlanes; ++p) {
      Ram1r1w<uint8_t>& ram = plane[p];
      ram.re_i = re_i;
      ram.raddr_i = set_i;
      ram.we_i = p_we_i && p_plane_i == p;
      ram.waddr_i = p_set_i;
      if (ram.we_i) std::copy_n(p_data_i, cols_, ram.wdata_i.begin());
    }
  }

  void update() {
    for (Ram1r1w<uint8_t>& ram : plane) ram.update();
    read_ |= re_i != 0;
  }

 private:
  int32_t word(uint32_t lowest, uint32_t c) const {
    uint32_t value = 0;
    for (uint32_t byte = 4; byte-- > 0;) value = value << 8 | plane[lowest + byte].rdata_q[c];
    return static_cast<int32_t>(value);
  }

  uint32_t cols_;
  bool read_ = true;
};

}  // namespace sparsys::mxu
