// SPDX-License-Identifier: Apache-2.0
// Takes nodes out of a network that exporters wrote and that need not be there. What the network
// computes stays the same but for rounding.
#pragma once

#include <string>
#include <vector>

#include "golden/network/network.hpp"

namespace sparsys::onnx_import {

// Nodes that lead nowhere are dropped; factors and summands behind weights go into them; pairs of
// transpositions cancel; a transposition in front of a dense layer goes into its weights; padding
// goes into the window behind it; x * HardSigmoid(x) becomes one node. Gives what was done, a text
// for each kind. The output keeps its name.
std::vector<std::string> simplify(Network& network);

}  // namespace sparsys::onnx_import
