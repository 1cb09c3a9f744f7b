// SPDX-License-Identifier: Apache-2.0
// Random layers whose rows differ: their densities are log-normal around the one asked for.
#include "golden/network/random_layer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace sparsys::eie {
namespace {

std::vector<double> row_densities(const Layer& layer) {
  std::vector<double> densities(layer.outputs);
  for (const uint32_t row : layer.row) densities[row] += 1.0 / layer.inputs;
  return densities;
}

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

TEST(SpreadLayer, RowsAreLogNormalAroundTheDensity) {
  for (const double sigma : {0.25, 0.5, 1.0}) {
    const Layer layer = spread_layer(3, 20000, 400, 0.05, sigma);
    const std::vector<double> densities = row_densities(layer);
    // Some 400,000 non-zeros; rows of 0.05 have a deviation of 3 % of their own.
    EXPECT_NEAR(mean(densities), 0.05, 0.0005);
    std::vector<double> logs, squares;
    for (const double density : densities) logs.push_back(std::log(density));
    const double middle = mean(logs);
    for (const double log : logs) squares.push_back((log - middle) * (log - middle));
    // The deviation of 400 rows' deviation is 3.5 % of it.
    EXPECT_NEAR(std::sqrt(mean(squares)), sigma, 0.14 * sigma);
    EXPECT_NEAR(middle, std::log(0.05) - sigma * sigma / 2, 0.2 * sigma);
    // Columns rise, with codes of weights.
    ASSERT_EQ(layer.column_start.back(), layer.row.size());
    ASSERT_EQ(layer.code.size(), layer.row.size());
    for (uint32_t j = 0; j < layer.inputs; ++j) {
      for (uint64_t e = layer.column_start[j]; e < layer.column_start[j + 1]; ++e) {
        if (e > layer.column_start[j]) {
          ASSERT_LT(layer.row[e - 1], layer.row[e]);
        }
        ASSERT_TRUE(layer.code[e] > 0 && layer.code[e] < 16);
      }
    }
  }
}

TEST(SpreadLayer, NoRowIsDenserThanFull) {
  const std::vector<double> densities = row_densities(spread_layer(4, 500, 300, 0.6, 1.0));
  double most = 0;
  for (const double density : densities) most = std::max(most, density);
  EXPECT_NEAR(most, 1.0, 1e-9);
}

TEST(SpreadLayer, WithoutSpreadIsUniform) {
  const Layer spread = spread_layer(5, 300, 200, 0.1, 0), uniform = uniform_layer(5, 300, 200, 0.1);
  EXPECT_EQ(spread.row, uniform.row);
  EXPECT_EQ(spread.code, uniform.code);
  EXPECT_EQ(spread.column_start, uniform.column_start);
}

}  // namespace
}  // namespace sparsys::eie
