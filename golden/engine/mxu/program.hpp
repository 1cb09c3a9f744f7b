// SPDX-License-Identifier: Apache-2.0
// Programs of the matrix unit: instructions, and the compiler that makes them of a network in
// signed bytes (docs/reference/mxu-compile.md).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "golden/engine/mxu/config.hpp"
#include "golden/network/mxu_network.hpp"

namespace sparsys::mxu {

// docs/reference/mxu-format.md section 3. Bits 31:0 first.
using InstructionWords = std::array<uint32_t, 3>;

enum class Opcode : uint8_t {
  kNop,
  kReadWeights,
  kMatrixMultiply,
  kConvolve,
  kActivate,
  kReadHost,
  kWriteHost,
  kSet,
  kSynchronise,
  kHalt
};

Opcode operation_of(const InstructionWords& instruction);
// On one line, with all fields, whatever the bits: "Matrix_Multiply ub 512, acc 0, 256 rows,
// uses 256 x 44, switch, add; waits activation 2".
std::string disassemble(const InstructionWords& instruction);

// Rows that pass a host port one after the other: of parameter sets, or of one plane of the batch's
// input or output.
struct Transfer {
  bool parameters = false;
  uint64_t first = 0;  // row of MxuProgram::parameters; else image * pixels + pixel
  uint32_t plane = 0;
  uint32_t rows = 0;
};

struct Program {
  Config config;
  uint32_t batch = 0;   // images
  uint32_t passes = 0;  // parts of the batch that go through all layers by themselves
  // Ends with Halt. Clears the counters first.
  std::vector<InstructionWords> instructions;
  uint64_t tiles = 0;
  std::vector<uint8_t> weights;     // tiles x ROWS x COLS bytes, in FIFO order
  std::vector<uint8_t> parameters;  // sets x 9 x LANES bytes
  std::vector<Transfer> input;      // in the order in which the host's rows are taken
  std::vector<Transfer> output;
  uint32_t plane_width = 0;  // values of a row that are used
  uint32_t in_channels = 0;
  uint32_t in_pixels = 0;
  uint32_t out_channels = 0;
  uint32_t out_pixels = 0;
  // More cycles than it can take with all ports always ready and a row of weights a cycle.
  uint64_t cycle_bound = 0;
};

// Throws Error "layer 1 (conv1): ..." or "network '...': ..." on one line if the network is not
// sound or does not fit: unified buffer, accumulators, or a field of an instruction.
Program compile(const Network& network, uint32_t batch, const Config& config);

// All rows for the host's input port, LANES bytes each. `inputs`: batch x channels x pixels. Throws
// Error if their number is wrong.
std::vector<uint8_t> host_rows(const Program& program, const std::vector<int8_t>& inputs);
// Out of the rows that came from the host's output port: batch x channels x pixels. Throws Error if
// their number is wrong.
std::vector<int8_t> outputs_of(const Program& program, const std::vector<uint8_t>& rows);

}  // namespace sparsys::mxu
