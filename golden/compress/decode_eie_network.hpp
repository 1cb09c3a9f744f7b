// SPDX-License-Identifier: Apache-2.0
// Networks of the sparse engine as networks in floating point: what a compressed network says in
// real numbers, to be looked at and to be run anywhere.
#pragma once

#include "golden/compress/dense_chain.hpp"
#include "golden/network/eie_network.hpp"
#include "golden/network/network.hpp"
#include "golden/network/split_network.hpp"

namespace sparsys {

// Gemm and Relu nodes with the layers' weights and biases, which are named after them
// ("fc1.weight", "fc1.bias"). The input is [1, inputs of the first layer].
Network to_network(const Mlp& chain);

// Its weights, integer times 2^-weight_frac, and its constants multiplied into biases. The network
// computes in real numbers what the engine computes with values rounded between layers. Throws
// Error if a layer's matrix has more than the 2^28 elements that a parameter can have.
Network decode_engine_network(const eie::Network& network);

// The same between front and back, of layers per position as 1x1 convolutions. Throws Error if the
// front is not in floating point.
Network decode_split_network(const eie::SplitNetwork& network);

}  // namespace sparsys
