// SPDX-License-Identifier: Apache-2.0
// Makes programs for the matrix unit of networks in signed bytes (docs/reference/mxu-compile.md).
#pragma once

#include <cstdint>
#include <vector>

#include "golden/engine/mxu/program.hpp"
#include "golden/network/mxu_network.hpp"

namespace sparsys::mxu {

// Throws Error "layer 1 (conv1): ..." or "network '...': ..." on one line if the network is not
// sound or does not fit: unified buffer, accumulators, or a field of an instruction.
Program compile(const Network& network, uint32_t batch, const Config& config);
// The same; channels of the output have the lanes of their numbers, so that nobody need put them
// back.
Program compile_in_order(const Network& network, uint32_t batch, const Config& config);
// The same, resident (Program). Throws Error also if parameters or batch do not fit at once.
Program compile_resident(const Network& network, uint32_t batch, const Config& config);

// How each layer's weights lie in weight memory. Throws Error as compile() with a batch of one.
std::vector<WeightFigures> weight_figures(const Network& network, const Config& config);

}  // namespace sparsys::mxu
