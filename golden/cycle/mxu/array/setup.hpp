// SPDX-License-Identifier: Apache-2.0
// Systolic data set-up: a row of the unified buffer, or padding, goes to the array's rows, row r by
// r cycles later than the first (docs/reference/mxu-timing.md section 3).
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "golden/cycle/mxu/array/skew.hpp"
#include "golden/engine/mxu/config.hpp"

namespace sparsys::mxu {

class Setup {
 public:
  explicit Setup(const Config& config) : a_o(config.rows), skew(config.rows), row_(config.rows) {}

  // Ports.
  const uint8_t* data_i = nullptr;  // LANES
  std::vector<uint8_t> a_o;         // ROWS
  uint8_t pad_i = 0;
  uint8_t pad_value_i = 0;

  // Registers.
  uint8_t pad_q = 0;
  uint8_t value_q = 0;
  Skew<uint8_t, true> skew;

  void propagate() {
    if (pad_q) {
      std::fill(row_.begin(), row_.end(), value_q);
    } else {
      std::copy_n(data_i, row_.size(), row_.begin());
    }
    std::copy_n(skew.propagate(row_.data()), a_o.size(), a_o.begin());
  }

  void update(bool rst) {
    skew.update(row_.data());
    pad_q = rst ? 0 : pad_i;
    value_q = pad_value_i;
  }

 private:
  std::vector<uint8_t> row_;
};

}  // namespace sparsys::mxu
