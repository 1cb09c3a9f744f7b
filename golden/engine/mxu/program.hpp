// SPDX-License-Identifier: Apache-2.0
// Programs of the matrix unit: instructions, weight memory, and what passes the host's ports.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "golden/engine/mxu/config.hpp"
#include "golden/engine/mxu/instruction.hpp"
#include "golden/engine/mxu/weight_stream.hpp"

namespace sparsys::mxu {

// Rows that pass a host port one after the other: of parameter sets, or of one plane of the batch's
// input or output.
struct Transfer {
  bool parameters = false;
  uint64_t first = 0;  // row of Program::parameters; else image * pixels + pixel
  uint32_t plane = 0;
  uint32_t rows = 0;
  uint32_t place = 0;  // the first row in the unified buffer, or 16 * set
};

// How a layer's weights are stored.
struct WeightFigures {
  bool coded = false;
  StreamFigures stream;  // beats: with codebooks
};

// A plane of the network's output: the lanes of its channels.
struct OutputPlane {
  uint32_t first_channel = 0;
  std::vector<uint16_t> lanes;
};

struct Program {
  Config config;
  uint32_t batch = 0;   // images
  uint32_t passes = 0;  // parts of the batch that go through all layers by themselves
  // Parameters and input are to be in the memories when it begins, and the output stays there: it
  // has no transfers by the host's ports.
  bool resident = false;
  bool in_order = false;  // channels of the output are not dealt to other lanes
  // Ends with Halt. Clears the counters first.
  std::vector<InstructionWords> instructions;
  std::vector<uint8_t> weights;       // beats of weight memory
  std::vector<WeightFigures> layers;  // of each layer of the network
  std::vector<uint8_t> parameters;    // sets x 9 x LANES bytes
  // In the order in which the host's rows are taken, or would be.
  std::vector<Transfer> input;
  std::vector<Transfer> output;
  uint32_t plane_width = 0;  // values of a row that are used, the most
  std::vector<OutputPlane> out_planes;
  uint32_t in_channels = 0;
  uint32_t in_pixels = 0;
  uint32_t out_channels = 0;
  uint32_t out_pixels = 0;
  // Of the image, by image_checksum(): what a host keeps it with.
  uint64_t checksum = 0;
  // More cycles than it can take with all ports always ready and a beat of weights a cycle.
  uint64_t cycle_bound = 0;
};

// Digest (golden/base/digest.hpp) of the image: number of instructions, their words, weight memory,
// parameters. Another one whatever single word of it changes.
uint64_t image_checksum(const Program& program);

// All rows for the host's input port, LANES bytes each. `inputs`: batch x channels x pixels. Throws
// Error if their number is wrong.
std::vector<uint8_t> host_rows(const Program& program, const std::vector<int8_t>& inputs);
// Out of the rows that came from the host's output port: batch x channels x pixels. Throws Error if
// their number is wrong.
std::vector<int8_t> outputs_of(const Program& program, const std::vector<uint8_t>& rows);

}  // namespace sparsys::mxu
