// SPDX-License-Identifier: Apache-2.0
#include "sw/sparsys/layers/host_products.hpp"

#include <Eigen/Dense>
#include <Eigen/SparseCore>
#include <algorithm>
#include <vector>

#include "golden/base/error.hpp"
#include "sw/sparsys/report/processor_time.hpp"

namespace sparsys {
namespace {

using Sparse = Eigen::SparseMatrix<float, Eigen::RowMajor>;
using Dense = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

template <class Product>
double median_us(double seconds, const Product& product) {
  std::vector<double> times;
  double spent = 0;
  while (times.size() < 3 || spent < seconds) {
    const double start = processor_seconds();
    product();
    times.push_back(processor_seconds() - start);
    spent += times.back();
  }
  std::nth_element(times.begin(), times.begin() + static_cast<long>(times.size() / 2), times.end());
  return 1e6 * times[times.size() / 2];
}

}  // namespace

HostProducts measure_host(const SparseLayer& problem, double seconds) {
  const eie::Layer& layer = problem.network.layers.front();
  std::vector<Eigen::Triplet<float>> triplets;
  triplets.reserve(layer.row.size());
  for (uint32_t j = 0; j < layer.inputs; ++j) {
    for (uint64_t k = layer.column_start[j]; k < layer.column_start[j + 1]; ++k) {
      triplets.emplace_back(static_cast<int>(layer.row[k]), static_cast<int>(j),
                            static_cast<float>(layer.codebook[layer.code[k]]));
    }
  }
  Sparse sparse(layer.outputs, layer.inputs);
  sparse.setFromTriplets(triplets.begin(), triplets.end());
  triplets = {};
  Eigen::VectorXf x(layer.inputs);
  for (uint32_t j = 0; j < layer.inputs; ++j) x[j] = static_cast<float>(problem.input[j]);
  Eigen::VectorXf y(layer.outputs);
  HostProducts result;
  result.sparse_us = median_us(seconds, [&] { y.noalias() = sparse * x; });
  const Eigen::VectorXf expected = y;
  const Dense dense = sparse;
  result.dense_us = median_us(seconds, [&] { y.noalias() = dense * x; });
  // Of floats in another order; also keeps the products from being left out.
  if (!y.isApprox(expected, 1e-3F)) throw Error(layer.name + ": the host's products differ");
  return result;
}

}  // namespace sparsys
