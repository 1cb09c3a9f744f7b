// SPDX-License-Identifier: Apache-2.0
// Weight sharing in networks.
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "golden/compress/prune.hpp"
#include "golden/compress/weight_sharing.hpp"
#include "golden/error.hpp"
#include "tb/golden/small_networks.hpp"

namespace sparsys {
namespace {

Network pruned_conv(uint64_t seed) {
  Network network = small_conv(12, seed);
  PruneOptions options;
  options.densities = {0.6, 0.2, 0.4};
  prune(network, options);
  return network;
}

TEST(NetworkSharing, CodeZeroIsTheZerosAndNothingElse) {
  const Network network = pruned_conv(1);
  SharingOptions options;
  options.bits = {2, 5, 3};
  for (const auto init : {CentroidInit::kLinear, CentroidInit::kDensity, CentroidInit::kRandom}) {
    options.init = init;
    const SharedNetwork shared = share_weights(network, options);
    check(shared, "shared");
    const Network decoded = shared.decode();
    const size_t weights[] = {0, 2, 4};
    for (size_t l = 0; l < 3; ++l) {
      const size_t p = weights[l];
      const std::vector<float>& w = network.parameters[p].values;
      const SharedParameter& parameter = shared.parameters[p];
      ASSERT_LE(parameter.codebook.size(), size_t{1} << options.bits[l]);
      EXPECT_GT(parameter.codebook.size(), size_t{1} << (options.bits[l] - 1));
      EXPECT_TRUE(shared.network.parameters[p].values.empty());
      double square = 0;
      double all = 0;
      for (size_t i = 0; i < w.size(); ++i) {
        ASSERT_EQ(w[i] == 0, parameter.code[i] == 0);
        ASSERT_EQ(w[i] == 0, decoded.parameters[p].values[i] == 0);
        square += std::pow(w[i] - decoded.parameters[p].values[i], 2);
        all += w[i] * w[i];
      }
      EXPECT_LT(square, 0.1 * all);
      // Biases are as they were.
      EXPECT_FALSE(shared.parameters[p + 1].shared());
      EXPECT_EQ(decoded.parameters[p + 1].values, network.parameters[p + 1].values);
    }
  }
}

TEST(NetworkSharing, Biases) {
  Network network = small_chain({20, 60, 10}, 3);
  network.parameters[1].values[7] = 0;
  SharingOptions options;
  options.bits = {3};
  options.bias_bits = {4};
  const SharedNetwork shared = share_weights(network, options);
  check(shared, "shared");
  ASSERT_TRUE(shared.parameters[1].shared());
  EXPECT_EQ(shared.parameters[1].codebook.size(), 16U);
  const Network decoded = shared.decode();
  for (size_t i = 0; i < 60; ++i) {
    EXPECT_NEAR(decoded.parameters[1].values[i], network.parameters[1].values[i], 0.02);
  }
  // Ten biases of up to 16 values would not be smaller.
  EXPECT_FALSE(shared.parameters[3].shared());
  options.bias_bits = {4, 2};
  const SharedNetwork few = share_weights(network, options);
  EXPECT_EQ(few.parameters[3].codebook.size(), 4U);
  check(few, "few");
}

TEST(NetworkSharing, EntropyAwareAssignmentReducesBits) {
  const Network network = pruned_conv(5);
  SharingOptions options;
  options.bits = {4};
  const SharedNetwork plain = share_weights(network, options);
  double last = 1e9;
  for (const double entropy : {0.0, 0.003, 0.01, 0.05, 0.2}) {
    options.entropy = entropy;
    options.entropy_prunes = false;
    const SharedNetwork kept = share_weights(network, options);
    options.entropy_prunes = true;
    const SharedNetwork shared = share_weights(network, options);
    check(shared, "shared");
    double bits = 0;
    double kept_bits = 0;
    for (const size_t p : {0U, 2U, 4U}) {
      bits += entropy_bits(shared.parameters[p]);
      kept_bits += entropy_bits(kept.parameters[p]);
      for (size_t i = 0; i < plain.parameters[p].code.size(); ++i) {
        const bool zero = plain.parameters[p].code[i] == 0;
        // What was pruned stays so, and without leave to prune nothing else is.
        if (zero) {
          ASSERT_EQ(shared.parameters[p].code[i], 0);
        }
        ASSERT_EQ(kept.parameters[p].code[i] == 0, zero);
      }
    }
    EXPECT_LE(bits, kept_bits);
    EXPECT_LT(bits, last);
    last = bits;
    if (entropy == 0) {
      for (size_t p = 0; p < 6; ++p) EXPECT_EQ(plain.parameters[p].code, shared.parameters[p].code);
    }
  }
}

TEST(NetworkSharing, EntropyBitsAreThoseOfAnIdealCode) {
  SharedParameter parameter;
  EXPECT_EQ(entropy_bits(parameter), 0);
  parameter.codebook = {0, 1, 2};
  parameter.code = {0, 0, 0, 0, 1, 1, 2, 2};
  EXPECT_DOUBLE_EQ(entropy_bits(parameter), 4 * 1 + 2 * 2 + 2 * 2);
  const std::vector<float> gradient = {1, 2, 3, 4, 5, 6, 7, -8};
  EXPECT_EQ(centroid_gradient(parameter, gradient.data()), (std::vector<double>{10, 11, -1}));
}

TEST(NetworkSharing, RejectsWhatDoesNotFit) {
  const Network network = small_chain({6, 4, 3}, 1);
  SharingOptions options;
  for (const std::vector<unsigned>& bad :
       std::vector<std::vector<unsigned>>{{}, {0}, {9}, {4, 4, 4}}) {
    options.bits = bad;
    EXPECT_THROW(share_weights(network, options), Error);
  }
  options.bits = {4};
  options.bias_bits = {9};
  EXPECT_THROW(share_weights(network, options), Error);
  options.bias_bits = {0};
  options.entropy = -1;
  EXPECT_THROW(share_weights(network, options), Error);
  options.entropy = NAN;
  EXPECT_THROW(share_weights(network, options), Error);
}

}  // namespace
}  // namespace sparsys
