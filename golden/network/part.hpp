// SPDX-License-Identifier: Apache-2.0
// Parts of a network as networks of their own.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "golden/network/network.hpp"
#include "golden/network/shared_network.hpp"

namespace sparsys {

// The nodes that a value takes, with it as the output. `value` is that of a node.
Network network_up_to(const Network& network, const std::string& value);

// Nodes by their numbers, which take one value, `input`, from elsewhere; of `shape` for one sample.
// Pixels enter it as they do by default.
Network network_of_nodes(const Network& network, const std::vector<size_t>& nodes,
                         const std::string& input, const Shape& shape);

// `part`, made of the network in `whole`, with the codes that its parameters have there.
SharedNetwork with_codes(Network part, const SharedNetwork& whole);

}  // namespace sparsys
