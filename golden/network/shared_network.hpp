// SPDX-License-Identifier: Apache-2.0
// A network whose weights are shared: what Deep Compression makes (Han 2016, sections 2 and 3), and
// what a stored model holds.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "golden/network/network.hpp"

namespace sparsys {

// A parameter: either element i has the value codebook[code[i]], or there is no codebook and the
// values are the network's own. In a parameter that a layer multiplies by, code 0 is the value 0
// and stands for weights that were pruned; no other code has that value.
struct SharedParameter {
  std::vector<float> codebook;  // at most 256 values; empty: not shared
  std::vector<uint8_t> code;    // row-major, as the parameter

  bool shared() const { return !codebook.empty(); }
};

struct SharedNetwork {
  // Shared parameters have their names and shapes here, and no values.
  Network network;
  std::vector<SharedParameter> parameters;  // one for each of network.parameters

  Network decode() const;
};

// Throws Error "<name>: <place>: <what is wrong>" unless it is sound: one entry per parameter,
// codes below the codebook's size, values finite, code 0 as above, and the decoded network sound
// too.
void check(const SharedNetwork& network, const std::string& name);

}  // namespace sparsys
