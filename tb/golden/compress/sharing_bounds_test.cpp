// SPDX-License-Identifier: Apache-2.0
// What sharing keeps exactly, and how near it stays.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "golden/base/random.hpp"
#include "golden/compress/decode_eie_network.hpp"
#include "golden/compress/weight_sharing.hpp"
#include "tb/support/error_of.hpp"

namespace sparsys {
namespace {

// Whatever their sizes: as many codes as values keep them all, and small values beside large ones
// have means of their own.
TEST(WeightSharing, SizesDoNotDisturbEachOther) {
  Random random(5);
  for (const float large : {1e3F, 1e9F, 1e20F, 3e38F}) {
    std::vector<float> distinct = {large, -large, 1e-30F, 0.25F, -0.5F, 0.125F, 1e-38F};
    std::vector<float> values = distinct;
    for (int i = 0; i < 5000; ++i) values.push_back(distinct[2 + random.below(5)]);
    const Clusters clusters = cluster_1d(values, 7);
    ASSERT_EQ(clusters.centroids.size(), 7U);
    for (size_t i = 0; i < values.size(); ++i) {
      ASSERT_EQ(clusters.centroids[clusters.index[i]], values[i]) << large;
    }
    // Values near 1 and 2 have codes of their own.
    values = {large};
    for (int i = 0; i < 3000; ++i) {
      values.push_back(1 + 0.01F * random.normal());
      values.push_back(2 + 0.01F * random.normal());
    }
    const Clusters few = cluster_1d(values, 3);
    ASSERT_EQ(few.centroids.size(), 3U);
    EXPECT_NEAR(few.centroids[0], 1, 0.01);
    EXPECT_NEAR(few.centroids[1], 2, 0.01);
    EXPECT_EQ(few.centroids[2], large);
  }
}

TEST(WeightSharing, BitsByError) {
  Mlp mlp;
  mlp.name = "net";
  Random random(3);
  for (const int values : {2, 7, 20000}) {
    DenseLayer layer;
    layer.name = "of " + std::to_string(values);
    layer.bias = Eigen::VectorXf::Zero(100);
    layer.weights.resize(100, mlp.layers.empty() ? 200 : 100);
    for (float& w : layer.weights.reshaped()) {
      w = values == 20000 ? random.normal() : 1 + static_cast<float>(random.below(values));
    }
    mlp.layers.push_back(layer);
  }
  const Network network = to_network(mlp);
  SharingOptions options;
  options.bits = {0};
  std::vector<size_t> last;
  for (const double error : {0.3, 0.1, 0.03, 0.01}) {
    options.max_error = error;
    const SharedNetwork shared = share_weights(network, options);
    const Network decoded = shared.decode();
    std::vector<size_t> codes;
    for (const Layer& layer : layers(network)) {
      const Eigen::MatrixXf before = weight_matrix(network, layer);
      const Eigen::MatrixXf after = weight_matrix(decoded, layer);
      EXPECT_LE((before - after).norm(), error * before.norm() * 1.0001);
      codes.push_back(shared.parameters[layer.weights].codebook.size());
    }
    EXPECT_LE(codes[0], 3U);
    EXPECT_LE(codes[1], 8U);
    if (!last.empty()) {
      EXPECT_GT(codes[2], last[2]);
    }
    last = codes;
  }
  options.max_error = 1e-6;
  EXPECT_NE(
      error_of([&] { share_weights(network, options); }).find("layer of 20000: 8 bits change"),
      std::string::npos);
}

}  // namespace
}  // namespace sparsys
