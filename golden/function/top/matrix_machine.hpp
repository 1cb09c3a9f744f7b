// SPDX-License-Identifier: Apache-2.0
// The matrix unit as the accelerator runs it: programs from memory, weights by beats, rows through
// its two host ports, untimed (docs/reference/mxu-format.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "golden/engine/mxu/config.hpp"
#include "golden/engine/mxu/instruction.hpp"
#include "golden/engine/mxu/weight_stream.hpp"
#include "golden/function/mxu/machine.hpp"
#include "golden/memory/store.hpp"

namespace sparsys::top {

class MatrixMachine {
 public:
  // Behind a reset all memories are 0. Throws Error if a parameter is out of range.
  explicit MatrixMachine(const mxu::Config& config);

  enum class State : uint8_t {
    kDone,     // all instructions are done
    kWaiting,  // for rows of the host
    kFailed,   // the unit stopped with an error: status()
    kBeyond    // it asked for weights behind the last beat: beyond()
  };
  // Begins a program of `count` instructions of 16 bytes, weights from `weights` on.
  void begin(const Store& store, uint64_t address, uint32_t count, uint64_t weights,
             uint32_t beats);
  // Goes on until it is done or can do no more.
  State go_on(const Store& store);

  // Rows for Read_Host, of LANES bytes, and how many of them it has not taken.
  void give(const mxu::Machine::Row& row) { machine.input.push_back(row); }
  size_t not_taken() const;
  // Rows of Write_Host that nobody has taken.
  size_t rows_out() const { return machine.output.size() - taken_; }
  const mxu::Machine::Row& take_row() { return machine.output[taken_++]; }

  uint64_t status() const { return status_; }  // word 8 of the unit
  uint32_t beyond() const { return beyond_; }  // number of the request's first beat

  // As a reset of the unit does: memories stay.
  void reset();

  mxu::Machine machine;

 private:
  // An instruction's error code by itself and by the registers, 0 for none (section 5).
  uint32_t check(const mxu::Instruction& i, const mxu::InstructionWords& words) const;
  bool read_weights(const Store& store, const mxu::Instruction& i);

  mxu::Config config_;
  mxu::StreamShape shape_;
  mxu::StreamReader reader_;
  uint64_t address_ = 0, weights_ = 0;
  uint32_t left_ = 0, beats_ = 0;
  uint32_t number_ = 0;  // of the next instruction, since reset
  size_t wanted_ = 0;    // rows that the Read_Host under way takes
  size_t taken_ = 0;     // rows of the output
  uint64_t status_ = 0;
  uint32_t beyond_ = 0;
  State state_ = State::kDone;
};

}  // namespace sparsys::top
