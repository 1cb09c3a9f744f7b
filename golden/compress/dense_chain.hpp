// SPDX-License-Identifier: Apache-2.0
// Networks as the sparse engine runs them: a chain of fully connected layers.
#pragma once

#include <Eigen/Core>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "golden/network/network.hpp"
#include "golden/network/shared_network.hpp"

namespace sparsys {

struct DenseLayer {
  std::string name;
  Eigen::MatrixXf weights;  // outputs x inputs
  Eigen::VectorXf bias;     // outputs
  bool relu = false;
};

// y = layers.back()(... layers.front()(x)); the last layer gives logits.
struct Mlp {
  std::string name;
  std::string origin;  // the data set it was trained on, for people
  std::vector<DenseLayer> layers;
};

// Throws Error "<name>: <place>: <what is wrong>" unless there is at least one layer; sizes 1 ..
// kMaxVector agree; there is one bias per output; all numbers are finite; texts are valid UTF-8.
void check(const Mlp& mlp, const std::string& name);

// A layer whose weights are codebook[code]. Code 0 is the value 0.
struct SharedLayer {
  std::string name;
  Eigen::Matrix<uint8_t, Eigen::Dynamic, Eigen::Dynamic> code;  // outputs x inputs, 0..15
  std::array<float, 16> codebook{};                             // unused codes hold 0
  Eigen::VectorXf bias;
  bool relu = false;

  Eigen::MatrixXf weights() const;
};

struct SharedMlp {
  std::string name;
  std::string origin;
  // Of the network that it was made of.
  float input_scale = 1.0F / 256;
  float input_offset = 0;
  std::vector<SharedLayer> layers;

  Mlp decode() const;
};

// The network as a chain: MatMul, Gemm and convolutions of a whole map with their biases (a layer
// without one gets zeros) and the Relu behind them. Flatten and Reshape, and a Softmax at the end,
// which changes no answer, are left out. Its inputs are pixels p of 0..255 as p / 256: what the
// network makes of a pixel otherwise (input_scale, input_offset) moves into the first layer's
// weights and biases, and so do alpha and beta of a Gemm.
//
// Throw Error "<network>: node '<name>' (<op>): <what is wrong>" if the network is no such chain or
// not sound, or of a shared network if a layer's weights have more than 15 values other than 0,
// shared or as floats.
Mlp dense_chain(const Network& network);
SharedMlp dense_chain(const SharedNetwork& network);

}  // namespace sparsys
