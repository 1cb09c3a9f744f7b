// SPDX-License-Identifier: Apache-2.0
// The functional model against an even plainer reading of docs/reference/eie-format.md section 7:
// dense matrices, one output after another, numbers wide enough for anything.
#include "golden/function/eie/model.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "golden/base/error.hpp"
#include "golden/base/score.hpp"
#include "tb/support/random_network.hpp"

namespace sparsys::eie {
namespace {

using Vector = std::vector<int16_t>;

// A layer from a dense matrix of codes (rows of the matrix are rows here).
Layer dense_layer(const std::vector<std::vector<uint8_t>>& codes,
                  const std::array<int16_t, 16>& codebook, int shift) {
  Layer layer;
  layer.outputs = static_cast<uint32_t>(codes.size());
  layer.inputs = static_cast<uint32_t>(codes[0].size());
  layer.codebook = codebook;
  layer.weight_frac = shift;
  layer.column_start.push_back(0);
  for (uint32_t j = 0; j < layer.inputs; ++j) {
    for (uint32_t i = 0; i < layer.outputs; ++i) {
      if (codes[i][j] == 0) continue;
      layer.row.push_back(i);
      layer.code.push_back(codes[i][j]);
    }
    layer.column_start.push_back(layer.row.size());
  }
  return layer;
}

// The definition, output by output, of the first `rows` of them. The last `biases` columns are bias
// columns: added first, and dealt to four groups at most.
Vector by_definition(const Layer& layer, const Vector& input, Accumulators accumulators,
                     bool* saturated, uint32_t rows, uint32_t biases = 0) {
  std::vector<std::vector<int>> weights(layer.outputs, std::vector<int>(layer.inputs, 0));
  for (uint32_t j = 0; j < layer.inputs; ++j) {
    for (uint64_t k = layer.column_start[j]; k < layer.column_start[j + 1]; ++k) {
      weights[layer.row[k]][j] = layer.codebook[layer.code[k]];
    }
  }
  const long double largest = std::ldexp(1.0L, accumulators.width - 1) - 1;
  Vector output;
  const uint32_t inputs = layer.inputs - biases;
  for (uint32_t i = 0; i < rows; ++i) {
    long double total = 0;
    for (uint32_t group = 0; group < accumulators.groups; ++group) {
      std::vector<uint32_t> columns;
      for (uint32_t k = group; k < biases && group < 4; k += std::min(4U, accumulators.groups)) {
        columns.push_back(inputs + k);
      }
      for (uint32_t j = group; j < inputs; j += accumulators.groups) columns.push_back(j);
      long double acc = 0;
      for (const uint32_t j : columns) {
        acc += static_cast<long double>(weights[i][j]) * input[j];
        if (acc > largest || acc < -largest - 1) *saturated = true;
        acc = std::min(std::max(acc, -largest - 1), largest);
      }
      total += acc;
    }
    long double y = std::floor(std::ldexp(total, -layer.shift()) + 0.5L);
    y = std::min(std::max(y, -32768.0L), 32767.0L);
    if (layer.relu && y < 0) y = 0;
    output.push_back(static_cast<int16_t>(y));
  }
  return output;
}

TEST(EieFunction, RoundsHalfUp) {
  Layer layer = dense_layer({{1}}, {0, 1}, 2);
  const auto run1 = [&](int16_t x) { return run_layer(layer, {x})[0]; };
  EXPECT_EQ(run1(1), 0);    // 0.25
  EXPECT_EQ(run1(2), 1);    // 0.5
  EXPECT_EQ(run1(3), 1);    // 0.75
  EXPECT_EQ(run1(5), 1);    // 1.25
  EXPECT_EQ(run1(6), 2);    // 1.5
  EXPECT_EQ(run1(-1), 0);   // -0.25
  EXPECT_EQ(run1(-2), 0);   // -0.5
  EXPECT_EQ(run1(-3), -1);  // -0.75
  EXPECT_EQ(run1(-6), -1);  // -1.5
  EXPECT_EQ(run1(-7), -2);  // -1.75
  layer.weight_frac = 0;
  EXPECT_EQ(run1(-7), -7);
  layer.relu = true;
  EXPECT_EQ(run1(-7), 0);
  EXPECT_EQ(run1(7), 7);
}

TEST(EieFunction, WriteBackSaturatesWithoutFlag) {
  const Layer layer = dense_layer({{1, 1}, {2, 2}}, {0, 32767, -32768}, 14);
  bool saturated = true;
  EXPECT_EQ(run_layer(layer, {20000, 20000}, 32, &saturated), (Vector{32767, -32768}));
  EXPECT_FALSE(saturated);
}

TEST(EieFunction, AccumulatorSaturatesAfterEachAddition) {
  // 2^30 twice leaves 32 bits; what is taken away afterwards counts from the limit.
  const Layer layer = dense_layer({{1, 1, 2}}, {0, -32768, 1}, 16);
  bool saturated = false;
  EXPECT_EQ(run_layer(layer, {-32768, 0, 0}, 32, &saturated), Vector{16384});
  EXPECT_FALSE(saturated);
  EXPECT_EQ(run_layer(layer, {-32768, -32768, 0}, 32, &saturated), Vector{32767});
  EXPECT_TRUE(saturated);
  EXPECT_EQ(run_layer(layer, {-32768, -32768, -32768}, 32, &saturated), Vector{32767});
  EXPECT_TRUE(saturated);
  EXPECT_EQ(run_layer(layer, {-32768, -32768, 0}, 33, &saturated), Vector{32767});
  EXPECT_FALSE(saturated);
  // 20 bits: limits -524288 and 524287.
  const Layer small = dense_layer({{1, 1, 2}}, {0, 16, -16}, 4);
  EXPECT_EQ(run_layer(small, {32767, 1, 0}, 20, &saturated), Vector{32767});
  EXPECT_TRUE(saturated) << "32768 * 16 is one beyond the limit";
  // 524287 - 16 * 32767 = 15, and 15 / 16 rounds to 1.
  EXPECT_EQ(run_layer(small, {32767, 32767, 32767}, 20, &saturated), Vector{1});
  EXPECT_EQ(run_layer(small, {32767, 32767, 32767}, 32, &saturated), Vector{32767});
  EXPECT_FALSE(saturated);
  EXPECT_EQ(run_layer(small, {-32768, -1, 0}, 20, &saturated), Vector{-32768});
  EXPECT_TRUE(saturated);
}

TEST(EieFunction, ConstantsAreAppended) {
  Network network;
  network.layers.push_back(dense_layer({{1, 2}, {0, 3}}, {0, 1, 10, 1}, 0));
  network.layers.push_back(dense_layer({{1, 2}}, {0, 1, 100}, 0));
  network.layers[0].constant_inputs = network.layers[0].constant_outputs = 1;
  network.layers[1].constant_inputs = 1;
  network.layers[1].input_frac = 0;
  network.input_constants = {7};
  EXPECT_EQ(run(network, {5}), Vector{5 + 70 + 700});
  EXPECT_EQ(run_layers(network, {5}), (std::vector<Vector>{{5}, {75}, {775}}));
  // Layer 1's constant depends on an input, so it stays a value of the layer.
  network.layers[0] = dense_layer({{1, 2}, {1, 3}}, {0, 1, 10, 1}, 0);
  network.layers[0].constant_inputs = network.layers[0].constant_outputs = 1;
  EXPECT_EQ(run_layers(network, {5}), (std::vector<Vector>{{5}, {75, 12}, {75 + 1200}}));
}

// Sums of 20 bits, of 1,000 * 500 a product: what comes first decides whether they saturate.
TEST(EieFunction, BiasColumnsAreAddedFirstAndDealtToFourGroups) {
  Network network;
  network.layers.push_back(dense_layer({{1, 1, 2}}, {0, 500, -500}, 5));
  network.layers[0].constant_inputs = 1;
  network.input_constants = {1000};
  bool saturated = true;
  EXPECT_EQ(run(network, {1000, 48}, 20, &saturated), Vector{750});
  EXPECT_FALSE(saturated);
  network.input_constants = {-100};
  EXPECT_EQ(run(network, {1000, 48}, 20, &saturated), Vector{16384}) << "at 2^19, then rounded";
  EXPECT_TRUE(saturated);

  // With eight groups six bias columns are two in group 0 and 1, one in 2 and 3.
  network.layers[0] = dense_layer({{0, 1, 1, 1, 1, 1, 1}}, {0, 500}, 5);
  network.layers[0].constant_inputs = 6;
  network.input_constants = {1000, 1000, 1000, 1000, 40, 48};
  EXPECT_EQ(run(network, {0}, {20, 8}, &saturated), Vector{32767}) << "64,000 beyond 16 bits";
  EXPECT_FALSE(saturated);
  network.input_constants[5] = 49;
  run(network, {0}, {20, 8}, &saturated);
  EXPECT_TRUE(saturated) << "in group 1";
}

TEST(EieFunction, MoreThanSixConstantsStayInputs) {
  for (const uint32_t constants : {1U, 6U, 7U}) {
    RandomNetworkOptions options;
    options.constants = constants;
    const Network network = random_network(5, options);
    const std::vector<Vector> vectors = run_layers(network, random_input(5, network));
    const size_t more = constants > 6 ? constants : 0;
    EXPECT_EQ(vectors[0].size(), 32 + more);
    EXPECT_EQ(vectors[1].size(), 24 + more);
    EXPECT_EQ(vectors[2].size(), 10U);
  }
}

TEST(EieFunction, LastConstantOutputsAreLeftOut) {
  Network network;
  network.layers.push_back(dense_layer({{1}, {1}, {1}}, {0, 2}, 0));
  network.layers[0].constant_outputs = 1;
  EXPECT_EQ(run(network, {5}), (Vector{10, 10}));
}

TEST(EieFunction, ArgmaxTakesTheLowestOfEqualOnes) {
  EXPECT_EQ(argmax({3, 9, 9, -1}), 1U);
  EXPECT_EQ(argmax({-5, -5}), 0U);
  EXPECT_EQ(argmax({-32768, 32767}), 1U);
  EXPECT_THROW(argmax(Vector{}), Error);
}

TEST(EieFunction, WrongSizesAreErrors) {
  Network network = random_network(1);
  EXPECT_THROW(run(network, Vector(31)), Error);
  EXPECT_THROW(run(network, Vector(32), 19), Error);
  EXPECT_THROW(run(network, Vector(32), 49), Error);
  EXPECT_NO_THROW(run(network, Vector(32), 20));
  EXPECT_NO_THROW(run(network, Vector(32), 48));
  EXPECT_THROW(run_layer(network.layers[0], Vector(33)), Error);
  const FunctionalModel function(network);
  EXPECT_THROW(function.run_batch(Vector(33)), Error);
  EXPECT_TRUE(function.run_batch({}).empty());
  network.layers[1].inputs = 23;
  EXPECT_THROW(run(network, Vector(32)), Error);
}

TEST(EieFunction, RandomNetworksMatchTheDefinition) {
  const uint64_t base = seed_from_environment(1);
  int saturations = 0;
  for (uint64_t seed = base; seed < base + (seed_is_given() ? 1 : 300); ++seed) {
    SCOPED_TRACE("SPARSYS_SEED=" + std::to_string(seed));
    const RandomNetworkOptions options = random_options(seed, 100);
    const Network network = random_network(seed, options);
    const Accumulators accumulators(20 + static_cast<int>(seed % 29), 1U << seed / 29 % 4);
    const double density = static_cast<double>(seed % 5) / 4;
    Vector input = random_input(seed, network, density, options.extreme);
    bool saturated = false;
    const Vector output = run(network, input, accumulators, &saturated);

    const Vector original = input;
    Vector constants = network.input_constants;
    bool expected_saturated = false;
    for (const Layer& layer : network.layers) {
      input.insert(input.end(), constants.begin(), constants.end());
      bool layer_saturated = false;
      const Vector alone =
          by_definition(layer, input, accumulators, &layer_saturated, layer.outputs);
      bool found_saturated = false;
      ASSERT_EQ(run_layer(layer, input, accumulators, &found_saturated), alone);
      EXPECT_EQ(found_saturated, layer_saturated);
      // In a network up to six constants are bias columns, and what makes them is exact.
      if (network.input_constants.size() > 6) {
        input = alone;
        constants.clear();
        expected_saturated |= layer_saturated;
        continue;
      }
      const uint32_t outputs = layer.outputs - layer.constant_outputs;
      const Vector exact = by_definition(layer, input, {48, 1}, &layer_saturated, layer.outputs);
      constants.assign(exact.begin() + outputs, exact.end());
      input = by_definition(layer, input, accumulators, &expected_saturated, outputs,
                            layer.constant_inputs);
    }
    input.resize(network.output_size());
    EXPECT_EQ(output, input);
    EXPECT_EQ(saturated, expected_saturated);
    saturations += saturated ? 1 : 0;
    bool batch_saturated = false;
    EXPECT_EQ(FunctionalModel(network, accumulators).run_batch(original, 1, &batch_saturated),
              output);
    EXPECT_EQ(batch_saturated, saturated);
  }
  if (!seed_is_given()) {
    EXPECT_GT(saturations, 20);
    EXPECT_LT(saturations, 280);
  }
}

TEST(EieFunction, BatchOfTenThousandImages) {
  RandomNetworkOptions options;
  options.sizes = {784, 300, 100, 10};
  options.density = 0.08;
  options.constants = 2;
  const Network network = random_network(seed_from_environment(5), options);
  const size_t count = 10000;
  Vector inputs;
  std::vector<uint32_t> labels;
  for (size_t i = 0; i < count; ++i) {
    const Vector input = random_input(i, network, 0.2);
    inputs.insert(inputs.end(), input.begin(), input.end());
    labels.push_back(static_cast<uint32_t>(i % 10));
  }
  const FunctionalModel function(network);
  const std::vector<uint32_t> classes = function.classify(inputs, 2);
  ASSERT_EQ(classes.size(), count);
  for (size_t i = 0; i < count; i += 997) {
    const Vector input(inputs.begin() + static_cast<ptrdiff_t>(i * 784),
                       inputs.begin() + static_cast<ptrdiff_t>((i + 1) * 784));
    EXPECT_EQ(classes[i], argmax(run(network, input)));
  }
  Score answers;
  const std::vector<int16_t> outputs = function.run_batch(inputs, 1);
  add_outputs(answers, outputs.data(), 10, count, labels.data(), static_cast<const float*>(nullptr),
              1, 0);
  uint64_t errors = 0;
  for (size_t i = 0; i < count; ++i) errors += classes[i] != labels[i];
  EXPECT_EQ(answers.wrong(), errors);
  EXPECT_EQ(answers.count(), count);
  EXPECT_DOUBLE_EQ(answers.percent(), static_cast<double>(errors) / 100);
}

}  // namespace
}  // namespace sparsys::eie
