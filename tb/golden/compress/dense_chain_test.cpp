// SPDX-License-Identifier: Apache-2.0
#include "golden/compress/dense_chain.hpp"

#include <gtest/gtest.h>

#include <string>

#include "golden/base/error.hpp"
#include "golden/compress/weight_sharing.hpp"
#include "tb/support/small_networks.hpp"

namespace sparsys {
namespace {

Eigen::VectorXf output(const Mlp& mlp, Eigen::VectorXf x) {
  for (const DenseLayer& layer : mlp.layers) {
    x = layer.weights * x + layer.bias;
    if (layer.relu) x = x.cwiseMax(0.0F);
  }
  return x;
}

std::string refusal(const Network& network) {
  try {
    dense_chain(network);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(DenseChain, OfAChain) {
  Network network = small_chain({12, 7, 5}, 1);
  const Mlp mlp = dense_chain(network);
  EXPECT_EQ(mlp.name, "chain");
  ASSERT_EQ(mlp.layers.size(), 2U);
  EXPECT_EQ(mlp.layers[0].name, "ip1");
  EXPECT_TRUE(mlp.layers[0].relu);
  EXPECT_FALSE(mlp.layers[1].relu);
  EXPECT_EQ(mlp.layers[0].weights, weight_matrix(network, layers(network)[0]));
  EXPECT_EQ(mlp.layers[1].bias(4), network.parameters[3].values[4]);
}

// The same function written in other operators: y = 2 (x W) + 3 b with W stored by columns, MatMul
// and Add, a flattened image, softmax behind, and another scale of the pixels.
TEST(DenseChain, OtherOperatorsAndScales) {
  Network network;
  network.name = "other";
  network.input_shape = {1, 1, 3, 4};
  network.input_scale = 1.0F / 128;
  network.input_offset = -0.5F;
  add_node(network, Op::kFlatten, "flatten");
  add_parameter(network, "w1", {12, 7}, 0.3F, 1);
  add_parameter(network, "b1", {7}, 0.3F, 1);
  Node& gemm = add_node(network, Op::kGemm, "ip1", {"w1", "b1"});
  gemm.alpha = 2;
  gemm.beta = 3;
  add_node(network, Op::kRelu, "relu");
  add_parameter(network, "w2", {7, 5}, 0.3F, 1);
  add_parameter(network, "b2", {5}, 0.3F, 1);
  add_node(network, Op::kMatMul, "ip2", {"w2"});
  add_node(network, Op::kAdd, "add", {"b2"});
  add_node(network, Op::kSoftmax, "softmax").axis = -1;
  const Mlp mlp = dense_chain(network);
  ASSERT_EQ(mlp.layers.size(), 2U);
  Eigen::VectorXf pixels(12);
  pixels << 0, 255, 3, 100, 17, 80, 200, 10, 30, 128, 64, 1;
  const auto& p = network.parameters;
  using Matrix =
      Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;
  using Vector = Eigen::Map<const Eigen::VectorXf>;
  const Eigen::VectorXf x = (pixels / 128).array() - 0.5F;
  const Eigen::VectorXf hidden =
      (2 * Matrix(p[0].values.data(), 12, 7).transpose() * x + 3 * Vector(p[1].values.data(), 7))
          .cwiseMax(0.0F);
  const Eigen::VectorXf expected =
      Matrix(p[2].values.data(), 7, 5).transpose() * hidden + Vector(p[3].values.data(), 5);
  EXPECT_LT((output(mlp, pixels / 256) - expected).cwiseAbs().maxCoeff(), 1e-4F);

  SharingOptions options;
  options.bias_bits = {2};
  const SharedNetwork shared = share_weights(network, options);
  const SharedMlp chain = dense_chain(shared);
  const Mlp decoded = dense_chain(shared.decode());
  ASSERT_EQ(chain.layers.size(), 2U);
  for (size_t l = 0; l < 2; ++l) {
    EXPECT_LT((chain.layers[l].weights() - decoded.layers[l].weights).cwiseAbs().maxCoeff(), 1e-6F);
    EXPECT_LT((chain.layers[l].bias - decoded.layers[l].bias).cwiseAbs().maxCoeff(), 1e-5F);
    EXPECT_EQ(chain.layers[l].relu, decoded.layers[l].relu);
    EXPECT_EQ(chain.layers[l].codebook[0], 0);
  }
}

TEST(DenseChain, WhatIsNone) {
  EXPECT_NE(refusal(small_conv(8, 1)).find("node 'conv1' (Conv)"), std::string::npos);
  Network residual = small_chain({4, 4, 4}, 1);
  add_node(residual, Op::kAdd, "skip", {"ip1_out"});
  EXPECT_NE(refusal(residual).find("node 'skip' (Add)"), std::string::npos);
  for (const Op op : {Op::kSigmoid, Op::kTanh}) {
    Network curved = small_chain({4, 4, 4}, 1);
    curved.nodes[1].op = op;
    EXPECT_NE(
        refusal(curved).find(std::string("node 'ip1_relu' (") + to_string(op) +
                             "): expected ReLU, the only function that the sparse engine has"),
        std::string::npos)
        << refusal(curved);
  }
  Network mean;
  mean.name = "mean";
  mean.input_shape = {1, 2, 3, 3};
  add_node(mean, Op::kAveragePool, "pool").window.kernel = {3, 3};
  EXPECT_NE(refusal(mean).find("node 'pool' (AveragePool): expected a chain of fully connected"),
            std::string::npos)
      << refusal(mean);
  Network early;
  early.name = "early";
  early.input_shape = {1, 4};
  add_node(early, Op::kRelu, "first");
  add_parameter(early, "w", {4, 3}, 1, 1);
  add_node(early, Op::kMatMul, "ip", {"w"});
  EXPECT_NE(refusal(early).find("node 'first' (Relu)"), std::string::npos);
  Network rows = early;
  rows.nodes.erase(rows.nodes.begin());
  rows.nodes[0].inputs[0] = rows.input;
  EXPECT_EQ(refusal(rows), "");
  rows.input_shape = {1, 2, 4};
  EXPECT_NE(refusal(rows).find("node 'ip' (MatMul)"), std::string::npos);
}

TEST(DenseChain, AtMostFifteenValues) {
  const Network network = small_chain({30, 20, 5}, 1);
  SharingOptions options;
  options.bits = {5, 4};
  try {
    dense_chain(share_weights(network, options));
    ADD_FAILURE() << "31 values are accepted";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("node 'ip1' (Gemm): weights of 31 values"),
              std::string::npos)
        << error.what();
  }
  SharedNetwork unshared = share_weights(network);
  unshared.parameters[2] = SharedParameter();
  unshared.network.parameters[2] = network.parameters[2];
  EXPECT_THROW(dense_chain(unshared), Error);
  // Codes that nobody has do not count.
  SharedNetwork unused = share_weights(network);
  unused.parameters[0].codebook.resize(40, 0.125F);
  EXPECT_EQ(dense_chain(unused).layers[0].weights(),
            dense_chain(share_weights(network)).layers[0].weights());
}

}  // namespace
}  // namespace sparsys
