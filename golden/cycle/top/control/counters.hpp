// SPDX-License-Identifier: Apache-2.0
// The watchdog and the performance counters (docs/reference/top-timing.md section 13).
#pragma once

#include <array>
#include <cstdint>

namespace sparsys::top {

class Watchdog {
 public:
  // Ports.
  uint8_t moves_i = 0, work_i = 0, running_i = 0;  // running: in RUN
  uint32_t watchdog_i = 0;
  uint8_t error_o = 0;

  // Registers.
  uint8_t moved_q = 0;
  uint32_t left_q = 0;

  void propagate() { error_o = work_i && !moved_q && left_q == 1; }
  void update(bool rst) {
    if (rst) {
      moved_q = 0;
      left_q = 0;
      return;
    }
    if (!work_i || !running_i || moved_q) {
      left_q = watchdog_i;
    } else if (left_q != 0) {
      --left_q;
    }
    moved_q = moves_i;
  }
};

class Counters {
 public:
  static constexpr uint32_t kCount = 7;

  // Ports.
  std::array<uint8_t, kCount> add_i{};
  uint8_t clear_i = 0;

  // Registers.
  std::array<uint8_t, kCount> add_q{};
  std::array<uint32_t, kCount> count_q{};

  void update(bool rst) {
    for (uint32_t n = 0; n < kCount; ++n) {
      count_q[n] = rst || clear_i ? 0 : count_q[n] + add_q[n];
      add_q[n] = rst || clear_i ? 0 : add_i[n];
    }
  }
};

}  // namespace sparsys::top
