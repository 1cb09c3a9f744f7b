// SPDX-License-Identifier: Apache-2.0
// Pruning and sharing of networks with branches, groups and transposed convolutions.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "golden/base/random.hpp"
#include "golden/compress/prune.hpp"
#include "golden/compress/weight_sharing.hpp"
#include "golden/train/train.hpp"
#include "tb/support/graph/random_graph.hpp"
#include "tb/support/graph/reference_network.hpp"
#include "tb/support/seeds.hpp"

namespace sparsys {
namespace {

TEST(GraphCompression, LayersOfAnyGraphArePrunedAndShared) {
  size_t checked = 0;
  for_seeds(120, [&](uint64_t seed) {
    RandomGraphOptions graph;
    graph.classes = 5;
    Network network = random_graph(seed, graph);
    PruneOptions pruning;
    pruning.densities = {0.5};
    prune(network, pruning);
    for (const Layer& layer : layers(network)) {
      const double size = static_cast<double>(network.parameters[layer.weights].values.size());
      EXPECT_NEAR(density(network, layer), 0.5, 0.5 / size + 1e-9) << layer.name;
    }
    SharingOptions sharing;
    sharing.bits = {3};
    sharing.bias_bits = {seed % 2 == 0 ? 0U : 3U};
    const SharedNetwork shared = share_weights(network, sharing);
    check(shared, "shared");
    const Network decoded = shared.decode();
    for (const Layer& layer : layers(network)) {
      const std::vector<float>& before = network.parameters[layer.weights].values;
      const std::vector<float>& after = decoded.parameters[layer.weights].values;
      EXPECT_LE(std::set<float>(after.begin(), after.end()).size(), 8U);
      for (size_t i = 0; i < before.size(); ++i) ASSERT_EQ(before[i] == 0, after[i] == 0);
      ++checked;
    }
    // And it still computes what it says.
    Random random(seed);
    std::vector<float> x(static_cast<size_t>(element_count(network.input_shape)));
    for (float& v : x) v = random.uniform(-2, 2);
    const std::vector<float> y = infer(decoded, x.data(), 1, 1);
    const Tensor expected = reference(decoded, {x.begin(), x.end()})[decoded.output];
    for (size_t o = 0; o < y.size(); ++o) {
      ASSERT_NEAR(y[o], expected.values[o], 1e-4 * (1 + std::abs(expected.values[o])));
    }
  });
  EXPECT_GT(checked, seed_is_given() ? 0U : 300U);
}

}  // namespace
}  // namespace sparsys
