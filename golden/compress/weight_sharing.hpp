// SPDX-License-Identifier: Apache-2.0
// Weight sharing (Deep Compression, Han 2016, section 3): k-means over a layer's remaining weights,
// and fine-tuning of the shared values.
#pragma once

#include <Eigen/Core>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "golden/nn/dataset.hpp"
#include "golden/nn/mlp.hpp"
#include "golden/nn/train.hpp"

namespace sparsys {

// Section 3.2: linear over [min, max], density (quantiles of the values), or random values (Forgy).
enum class CentroidInit { kLinear, kDensity, kRandom };

struct Clusters {
  std::vector<float> centroids;  // rising; none without members
  std::vector<uint8_t> index;    // of each value, below centroids.size()
};

// Splits values into at most k clusters (fewer if there are fewer distinct values) by Lloyd's
// algorithm, minimising the within-cluster sum of squares. A cluster that loses all members takes
// half of the cluster with the largest sum of squares. Deterministic; O(n log n). `seed` is for
// kRandom only. Throws Error unless 1 <= k <= 256 and all values are finite.
Clusters cluster_1d(const std::vector<float>& values, unsigned k,
                    CentroidInit init = CentroidInit::kLinear, uint64_t seed = 1);

// r = n b / (n log2(k) + k b): how much smaller n weights of b bits become with k shared values
// (section 3, equation 1).
double sharing_rate(double n, double k, double b);

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
  std::vector<SharedLayer> layers;

  Mlp decode() const;
};

// Shares each layer's non-zero weights among at most 15 values of its own, none of them zero.
SharedMlp share_weights(const Mlp& mlp, CentroidInit init = CentroidInit::kLinear,
                        uint64_t seed = 1);

// d loss / d centroid k = sum of d loss / d weight over the weights with code k (section 3.3,
// equation 3). Entry 0 is 0: pruned weights stay zero. Throws Error if shapes differ.
std::array<double, 16> centroid_gradient(
    const Eigen::Matrix<uint8_t, Eigen::Dynamic, Eigen::Dynamic>& code,
    const Eigen::MatrixXf& gradient);

// Trains codebooks and biases; codes stay. options.learning_rate is that of the biases;
// the rate of the centroids, whose gradients are sums over many weights, is
// options.learning_rate * centroid_rate.
struct FineTuneOptions {
  TrainOptions train;
  float centroid_rate = 0.003F;
};
TrainReport fine_tune_centroids(SharedMlp& mlp, const Dataset& data,
                                const FineTuneOptions& options);

}  // namespace sparsys
