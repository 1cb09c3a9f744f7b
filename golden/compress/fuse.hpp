// SPDX-License-Identifier: Apache-2.0
// The layers that the matrix unit has (golden/network/mxu_network.hpp), found in a graph in
// floating point: weights, bias, function and pooling together.
#pragma once

#include <cstddef>
#include <vector>

#include "golden/network/mxu_network.hpp"
#include "golden/train/graph.hpp"

namespace sparsys {

// A layer in floating point: shapes and function in `layer`, weights and biases with all factors.
struct FloatLayer {
  mxu::Layer layer;
  std::vector<float> weights;
  std::vector<double> bias;
  size_t value = 0;  // of the graph: what comes out
  // The value whose range the bytes must hold: what comes out, or what is averaged.
  size_t spread = 0;
};

// In the order of the graph. Throws Error "network '<network>': node <name> (<op>): <what>" at the
// first node that the matrix unit can't run where it stands.
std::vector<FloatLayer> fuse(const Graph& graph);

}  // namespace sparsys
