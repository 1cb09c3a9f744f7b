// SPDX-License-Identifier: Apache-2.0
// The host of a matrix unit in tests: drives all ports, weight memory among them, with random
// stalls if wanted, cycle by cycle, and notes when what was taken.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <random>
#include <utility>
#include <vector>

#include "golden/engine/mxu/pins.hpp"
#include "tb/support/mxu/assembler.hpp"

namespace sparsys::mxu {
namespace test {

using Row = std::vector<uint8_t>;

// Drives the ports: a program, rows for the host's input, weight memory; collects the output.
class Host {
 public:
  explicit Host(Device& device) : device_(device), random_(1) {}

  std::deque<RawInstruction> program;
  std::deque<Row> input;                         // rows of LANES bytes
  std::map<uint32_t, std::vector<Row>> weights;  // tile: ROWS rows of COLS bytes, FIFO order
  std::vector<Row> output;
  // Per cent of cycles in which a port of the host holds back.
  uint32_t stall_inst = 0, stall_weights = 0, stall_requests = 0, stall_in = 0, stall_out = 0;
  void set_stalls(uint32_t percent) {
    stall_inst = stall_weights = stall_requests = stall_in = stall_out = percent;
  }
  void seed(uint64_t s) { random_.seed(s); }
  // The weight memory takes a request only while fewer than these are not answered.
  size_t most_requests = ~size_t{0};
  // Rows are offered at the weight port also while none is owed; how many of these were taken.
  bool stray_rows = false;
  uint64_t strays_taken = 0;
  // Tiles that are owed, and the most that ever were.
  size_t owed() const { return requests_.size(); }
  size_t most_owed = 0;

  // Cycles (since the host was made) of transfers.
  std::vector<uint64_t> inst_at, weight_at, in_at, out_at;
  uint64_t cycle = 0;
  Outputs last;
  // Called in front of every cycle: what it changes counts in that cycle.
  std::function<void()> before;

  void reset() {
    Inputs inputs;
    inputs.rst_i = true;
    for (int i = 0; i < 2; ++i) device_.clock(inputs);
    requests_.clear();
    row_ = 0;
  }
  // Ends the error state, once the unit is quiet.
  void flush() {
    resume = true;
    clock();
    resume = false;
    for (int i = 0; i < 2; ++i) clock();
  }

  void clock() {
    if (before) before();
    Inputs inputs;
    inputs.inst_valid_i = !program.empty() && go(stall_inst);
    if (!program.empty()) inputs.inst_i = program.front().words;
    inputs.wm_ready_i = requests_.size() < most_requests && go(stall_requests);
    const bool stray = requests_.empty() && stray_rows;
    inputs.w_valid_i = (stray || !requests_.empty()) && go(stall_weights);
    const Row garbage(stray ? device_.config().cols : 0, 0x63);
    if (inputs.w_valid_i) {
      inputs.w_data_i =
          stray ? garbage.data() : weights.at(requests_.front().first).at(row_).data();
    }
    inputs.hi_valid_i = !input.empty() && go(stall_in);
    if (inputs.hi_valid_i) inputs.hi_data_i = input.front().data();
    inputs.ho_ready_i = go(stall_out);
    inputs.status_i = status;
    inputs.resume_i = resume;
    last = device_.clock(inputs);
    if (inputs.inst_valid_i && last.inst_ready_o) {
      program.pop_front();
      inst_at.push_back(cycle);
    }
    if (inputs.w_valid_i && last.w_ready_o && stray) ++strays_taken;
    if (inputs.w_valid_i && last.w_ready_o && !stray) {
      weight_at.push_back(cycle);
      if (++row_ == device_.config().rows) {
        row_ = 0;
        requests_.pop_front();
      }
    }
    if (last.wm_valid_o && inputs.wm_ready_i) requests_.push_back({last.wm_tile_o, cycle});
    most_owed = std::max(most_owed, requests_.size());
    if (inputs.hi_valid_i && last.hi_ready_o) {
      input.pop_front();
      in_at.push_back(cycle);
    }
    if (last.ho_valid_o && inputs.ho_ready_i) {
      output.emplace_back(last.ho_data_o, last.ho_data_o + device_.config().lanes());
      out_at.push_back(cycle);
    }
    ++cycle;
  }

  // Clocks until the program is taken and the unit idle, or in error. False behind `limit` cycles.
  bool run(uint64_t limit = 1000000) {
    for (uint64_t i = 0; i < limit; ++i) {
      const bool taken = program.empty();
      clock();
      if (last.error_o || (taken && !last.busy_o)) return true;
    }
    return false;
  }
  // Clocks until nothing is under way. False behind `limit` cycles.
  bool settle(uint64_t limit = 100000) {
    for (uint64_t i = 0; i < limit; ++i) {
      clock();
      if (last.quiet_o) return true;
    }
    return false;
  }
  // One cycle with a status word addressed.
  uint64_t read_status(uint8_t word) {
    status = word;
    clock();
    return last.status_o;
  }

  uint8_t status = 0;
  bool resume = false;

 private:
  bool go(uint32_t stall) { return stall == 0 || random_() % 100 >= stall; }

  Device& device_;
  std::mt19937_64 random_;
  std::deque<std::pair<uint32_t, uint64_t>> requests_;
  uint32_t row_ = 0;
};

struct Parameters {
  std::vector<int32_t> bias, multiplier;
  std::vector<uint32_t> shift;
};

// A matrix of small integers as the tiles of weight memory.
inline std::vector<Row> tile_rows(const Config& c,
                                  const std::function<int(uint32_t, uint32_t)>& weight) {
  std::vector<Row> rows(c.rows, Row(c.cols));
  for (uint32_t r = 0; r < c.rows; ++r) {
    for (uint32_t k = 0; k < c.cols; ++k) {
      rows[c.rows - 1 - r][k] = static_cast<uint8_t>(weight(r, k));  // last row first
    }
  }
  return rows;
}

// The nine planes of a parameter set, rows of LANES bytes.
inline std::vector<Row> planes(const Config& c, const Parameters& p) {
  std::vector<Row> rows(9, Row(c.lanes()));
  for (uint32_t k = 0; k < c.cols; ++k) {
    for (uint32_t b = 0; b < 4; ++b) {
      rows[b][k] = static_cast<uint8_t>(static_cast<uint32_t>(p.bias[k]) >> (8 * b));
      rows[4 + b][k] = static_cast<uint8_t>(static_cast<uint32_t>(p.multiplier[k]) >> (8 * b));
    }
    rows[8][k] = static_cast<uint8_t>(p.shift[k]);
  }
  return rows;
}

inline Parameters plain_parameters(const Config& c, uint32_t shift = 0) {
  return {std::vector<int32_t>(c.cols, 0), std::vector<int32_t>(c.cols, 1),
          std::vector<uint32_t>(c.cols, shift)};
}

}  // namespace test
}  // namespace sparsys::mxu
