// SPDX-License-Identifier: Apache-2.0
// What a program of the matrix unit makes of its memories, untimed: one operation after the other,
// in program order (docs/reference/mxu-format.md section 3). Its arithmetic is the functional
// model's. Of weights it knows tiles; the stream that they come in is its user's.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <vector>

namespace sparsys::mxu {

// What counts of the unit's parameters: COLS values each of PARAM_SETS sets.
struct MachineShape {
  uint32_t rows = 0;
  uint32_t cols = 0;
  uint32_t lanes = 0;
  uint32_t ub_depth = 0;
  uint32_t acc_depth = 0;
  uint32_t param_sets = 0;
};

struct ParameterSet {
  std::vector<int32_t> bias, multiplier;
  std::vector<uint32_t> shift;
};

// Behind a reset all memories are 0.
class Machine {
 public:
  using Row = std::vector<uint8_t>;            // of LANES bytes
  using Tile = std::vector<std::vector<int>>;  // [row][column]

  explicit Machine(const MachineShape& shape);

  MachineShape c;
  std::vector<Row> ub;
  std::vector<std::vector<int32_t>> acc;
  std::vector<ParameterSet> parameters;
  Tile used;              // weights in use
  std::deque<Tile> fifo;  // that products with `switch` take
  std::array<uint32_t, 16> registers{};
  std::deque<Row> input;  // rows for Read_Host
  std::vector<Row> output;
  uint64_t useful = 0, active = 0;

  // An instruction, bits 31:0 first; it must keep the unit's rules, and its rows and tiles be
  // there. A Read_Weights does nothing: its tiles go to `fifo`.
  void run(const std::array<uint32_t, 3>& words);
  // As a reset or flush does: all weights are 0.
  void drop_weights();

 private:
  uint32_t reg(uint32_t n, uint32_t lsb, uint32_t width) const {
    return registers[n] >> lsb & static_cast<uint32_t>((uint64_t{1} << width) - 1);
  }
  void parameter_plane(uint32_t set, uint32_t plane, const Row& data);
  void matrix(const uint32_t* i, bool conv);
  void activation(const uint32_t* i);
};

}  // namespace sparsys::mxu
