// SPDX-License-Identifier: Apache-2.0
// A chain of fully connected layers in floating point: the form in between a Network and what the
// sparse engine runs (golden/compress/dense_chain.hpp, fixed_point.hpp, engine_network_decode.hpp).
// Training, model files and the program have Network alone.
#pragma once

#include <Eigen/Core>
#include <string>
#include <vector>

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

}  // namespace sparsys
