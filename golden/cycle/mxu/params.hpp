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

// The parameters of TILE_COLS columns.
struct ParamBank {
  ParamBank(uint32_t planes, uint32_t cols, uint32_t sets)
      : plane(planes, Ram1r1w<uint8_t>(cols, sets)) {}

  // Registers: a read on its way, of biases and a cycle later of the rest.
  uint8_t re_q = 0;
  uint32_t set_q = 0;
  uint8_t late_re_q = 0;
  uint32_t late_set_q = 0;

  std::vector<Ram1r1w<uint8_t>> plane;
};

// A read goes from bank to bank, a cycle each.
class Params {
 public:
  static constexpr uint32_t kPlanes = 9;
  static constexpr uint32_t kBiasPlanes = 4;

  explicit Params(const Config& config)
      : bias_o(config.cols),
        multiplier_o(config.cols),
        shift_o(config.cols),
        cols_(config.tile_cols) {
    for (uint32_t j = 0; j < config.cols / cols_; ++j) {
      bank.emplace_back(kPlanes, cols_, config.param_sets);
    }
  }

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

  std::vector<ParamBank> bank;

  // A row from the host as it stands in the memories: COLS bytes.
  void put(uint32_t plane, uint32_t set, const uint8_t* row) {
    for (ParamBank& b : bank) {
      std::copy_n(row, cols_, b.plane.at(plane).row(set));
      row += cols_;
    }
  }
  void take(uint32_t plane, uint32_t set, uint8_t* row) const {
    for (const ParamBank& b : bank) row = std::copy_n(b.plane.at(plane).row(set), cols_, row);
  }

  // The outputs are those of the cycle before.
  bool still() const { return moving_ == 0; }

  void propagate() {
    if (p_we_i || re_i || set_i != bank[0].set_q) moving_ = static_cast<uint32_t>(bank.size()) + 3;
    if (moving_ == 0) return;
    for (size_t j = 0; j < bank.size(); ++j) {
      ParamBank& b = bank[j];
      for (uint32_t p = 0; p < kPlanes; ++p) {
        Ram1r1w<uint8_t>& ram = b.plane[p];
        ram.re_i = p < kBiasPlanes ? b.re_q : b.late_re_q;
        ram.raddr_i = p < kBiasPlanes ? b.set_q : b.late_set_q;
        ram.we_i = p_we_i && p_plane_i == p;
        ram.waddr_i = p_set_i;
        if (ram.we_i) std::copy_n(p_data_i + j * cols_, cols_, ram.wdata_i.begin());
      }
    }
  }

  // The last bank first: each takes the read of the one before.
  void update(bool rst) {
    if (moving_ == 0) return;
    --moving_;
    for (size_t j = bank.size(); j-- > 0;) {
      ParamBank& b = bank[j];
      if (p_we_i || b.re_q || b.late_re_q) {
        for (Ram1r1w<uint8_t>& ram : b.plane) ram.update();
      }
      if (b.re_q) read_biases(b, j * cols_);
      if (b.late_re_q) read_factors(b, j * cols_);
      b.late_re_q = rst ? 0 : b.re_q;
      b.late_set_q = b.set_q;
      b.re_q = rst ? 0 : j ? bank[j - 1].re_q : re_i;
      b.set_q = j ? bank[j - 1].set_q : set_i;
    }
  }

 private:
  // The outputs, which follow from what the RAMs have read; `first` is the bank's first column.
  void read_biases(const ParamBank& b, size_t first) {
    for (uint32_t c = 0; c < cols_; ++c) bias_o[first + c] = word(b, 0, c);
  }
  void read_factors(const ParamBank& b, size_t first) {
    for (uint32_t c = 0; c < cols_; ++c) {
      multiplier_o[first + c] = word(b, kBiasPlanes, c);
      shift_o[first + c] = b.plane[kPlanes - 1].rdata_q[c] & 63;
    }
  }

  static int32_t word(const ParamBank& b, uint32_t lowest, uint32_t c) {
    uint32_t value = 0;
    for (uint32_t byte = 4; byte-- > 0;) value = value << 8 | b.plane[lowest + byte].rdata_q[c];
    return static_cast<int32_t>(value);
  }

  uint32_t cols_;  // of a bank
  // Cycles until the last of what the ports ask for has left all banks: then no register changes.
  uint32_t moving_ = 1;
};

}  // namespace sparsys::mxu
