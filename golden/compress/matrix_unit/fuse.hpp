// SPDX-License-Identifier: Apache-2.0
// The layers that the matrix unit has (golden/network/mxu_network.hpp), found in a graph in
// floating point: weights, bias, function and pooling together.
#pragma once

#include <cstddef>
#include <limits>
#include <vector>

#include "golden/network/mxu_network.hpp"
#include "golden/train/graph.hpp"

namespace sparsys {

// A layer in floating point: kind, sources, shapes and function in `layer`, weights and biases with
// all factors.
struct FloatLayer {
  static constexpr size_t kNone = ~size_t{0};

  mxu::Layer layer;
  std::vector<float> weights;
  std::vector<double> bias;
  // What comes out of the function lies within these; a ReLU is 0 and above.
  float least = -std::numeric_limits<float>::infinity();
  float largest = std::numeric_limits<float>::infinity();
  size_t value = 0;  // of the graph: what comes out
  // The value whose range the bytes must hold: what comes out, or what is averaged.
  size_t spread = 0;
  // A function that is none of the matrix unit's: one for all channels, or one for each. Such a
  // layer takes its values as they are; curves_as_tables() makes two of it.
  std::vector<Function> curves;
  bool keeps = false;   // scale and zero point of what it takes: it only moves or pools
  size_t tied = kNone;  // a layer behind it, whose scale and zero point it has
};

// In the order of the graph; the last gives the network's output. Throws Error
// "network '<network>': node <name> (<op>): <what>" at the first node that the matrix unit can't
// run where it stands.
std::vector<FloatLayer> fuse(const Graph& graph);

}  // namespace sparsys
