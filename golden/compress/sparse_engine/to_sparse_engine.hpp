// SPDX-License-Identifier: Apache-2.0
// From a network with shared weights to what the sparse engine and its host run: cut, front, fixed
// point (docs/reference/networks.md, Split networks).
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <string>

#include "golden/compress/deep_compression.hpp"
#include "golden/compress/fixed_point.hpp"
#include "golden/data/dataset.hpp"
#include "golden/network/shared_network.hpp"
#include "golden/network/split_network.hpp"

namespace sparsys {

struct SparseEngineOptions {
  FixedPointOptions fixed_point;
  std::string cut;          // golden/compress/sparse_engine/split.hpp
  bool int8_front = false;  // else in floating point
  unsigned threads = 0;     // 0: all processors
};

// Training images decide radix points and int8 scales. Adds step "fixed point" to the report, if
// there is one: the validation error is that of host and engine together, bit for bit. Throws Error
// as split(), dense_chain(), to_fixed_point() and quantise(), and if data do not fit.
eie::SplitNetwork to_sparse_engine(const SharedNetwork& network, const Dataset& data,
                                   uint32_t validation_count, DeepCompressionReport* report,
                                   const SparseEngineOptions& options = {});

// The same without a data set: `sample`, inputs of the network x samples as it takes them, decides.
eie::SplitNetwork to_sparse_engine(const SharedNetwork& network, Eigen::MatrixXf sample,
                                   DeepCompressionReport* report,
                                   const SparseEngineOptions& options = {});

}  // namespace sparsys
