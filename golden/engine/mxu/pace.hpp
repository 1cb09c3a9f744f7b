// SPDX-License-Identifier: Apache-2.0
// What the array waits for, told from a program alone, and how many batches should go through a
// tile of weights before the next one (docs/reference/mxu-compile.md).
#pragma once

#include <cstdint>

#include "golden/engine/mxu/program.hpp"
#include "golden/network/mxu_network.hpp"

namespace sparsys::mxu {

// Sums over the tiles in the order in which the array takes them, in cycles. Starts, ends, what
// units wait for each other, and what FIFOs take ahead of a slow memory are left out.
struct Pace {
  uint64_t tiles = 0;
  uint64_t rows = 0;     // through the tiles: of the array
  uint64_t weights = 0;  // from one tile on the buses, or out of weight memory, to the next
  // Of each tile the longer of the two: the weights of the next come meanwhile.
  uint64_t cycles = 0;
};

// `weight_bandwidth`: bytes a cycle, 0: a beat a cycle. Throws Error if a tile that an
// instruction asks for begins behind the end of weight memory.
Pace pace_of(const Program& program, double weight_bandwidth);

// 2 where two batches through each tile before the next take less time than one after the other by
// kLeastGain, for weights are what the array waits for, and the unit has room for both; else 1.
// Throws Error as compile() of one batch.
constexpr double kLeastGain = 0.05;
uint32_t batches_to_keep(const Network& network, uint32_t batch, const Config& config,
                         double weight_bandwidth);

}  // namespace sparsys::mxu
