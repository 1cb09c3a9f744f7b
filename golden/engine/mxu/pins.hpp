// SPDX-License-Identifier: Apache-2.0
// The pins of a matrix unit (module `mxu`), for whatever stands behind them: the cycle model, the
// Verilated RTL, or both in lockstep.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "golden/base/error.hpp"
#include "golden/engine/mxu/config.hpp"

namespace sparsys::mxu {

// Rows are given by pointer; they are read during clock(), and only if their valid is true.
struct Inputs {
  bool rst_i = false;
  bool inst_valid_i = false;
  std::array<uint32_t, 3> inst_i{};  // bits 31:0 first
  bool wm_ready_i = false;
  bool w_valid_i = false;
  const uint8_t* w_data_i = nullptr;  // a beat
  bool hi_valid_i = false;
  const uint8_t* hi_data_i = nullptr;  // LANES bytes
  bool ho_ready_i = false;
  uint8_t status_i = 0;
  bool resume_i = false;
};

struct Outputs {
  bool inst_ready_o = false;
  bool wm_valid_o = false;
  uint32_t wm_addr_o = 0;
  uint32_t wm_beats_o = 0;
  bool w_ready_o = false;
  bool hi_ready_o = false;
  uint32_t hi_asked_o = 0;
  bool ho_valid_o = false;
  const uint8_t* ho_data_o =
      nullptr;  // LANES bytes if ho_valid_o; they stand until the next clock()
  uint64_t status_o = 0;
  bool busy_o = false;
  bool quiet_o = false;
  bool error_o = false;
  bool halted_o = false;
};

class Device {
 public:
  virtual ~Device() = default;
  virtual const Config& config() const = 0;
  // One clock cycle: applies `inputs`, returns the outputs as they stand before the rising edge
  // that ends the cycle, then takes that edge. A transfer takes place in a cycle with valid and
  // ready; no ready or valid of the unit depends on an input of the same cycle.
  virtual Outputs clock(const Inputs& inputs) = 0;
  // The back door, to be used while the unit is idle: a row of LANES bytes past the pins, in no
  // cycle. put(parameters, row, data), take(parameters, row): with `parameters` the row is 16 * set
  // + plane, else one of the unified buffer. They throw Error if there is no such door.
  virtual void put(bool, uint32_t, const uint8_t*) { throw Error(kNoBackDoor); }
  virtual std::vector<uint8_t> take(bool, uint32_t) const { throw Error(kNoBackDoor); }

 private:
  static constexpr const char* kNoBackDoor = "matrix unit: memories are loaded by the port only";
};

}  // namespace sparsys::mxu
