// SPDX-License-Identifier: Apache-2.0
// Which PE gets which row. The format gives row i to PE i mod N, with groups to a team of PEs
// (docs/reference/eie-format.md section 1); what the hardware calls row i is the encoder's choice,
// so that PEs whose rows have many non-zeros can be avoided at no cost: the next layer's columns
// move along with the rows, and the last layer's outputs are put back by the host.
#pragma once

#include <cstdint>
#include <vector>

#include "golden/engine/eie/config.hpp"
#include "golden/network/eie_network.hpp"

namespace sparsys::eie {

enum class Rows {
  kInterleaved,    // as the network has them
  kBalanced,       // so that the PEs have equally many entries
  kOutputsInOrder  // the same, but for the last layer, whose rows stay as the network has them
};
const char* to_string(Rows rows);  // "interleaved"

struct Arrangement {
  // As it goes into the memories. Constants may stand anywhere in its vectors.
  Network network;
  // Output i of the network is element output_position[i].
  std::vector<uint32_t> output_position;
  // Of each layer: whether its rows were assigned. Those in front of a layer whose sums could
  // saturate the accumulators, for some input and in some order, stay: there the order counts.
  std::vector<bool> balanced;
};

// Assigns the rows of every layer, in each range of outputs that a pass has (section 4): the rows
// with most non-zeros first, each to the PE, or team, that has least and room, then by exchanges
// between the fullest and the emptiest. `network`, of with_bias_columns(), and `config` are sound.
// With `last` also those of the last layer.
Arrangement balance_rows(const Network& network, const Config& config, bool last = true);

}  // namespace sparsys::eie
