// SPDX-License-Identifier: Apache-2.0
// Clusters of one-dimensional values by k-means (Deep Compression, Han 2016, section 3.1).
#pragma once

#include <cstdint>
#include <vector>

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

}  // namespace sparsys
