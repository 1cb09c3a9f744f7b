// SPDX-License-Identifier: Apache-2.0
// Engine networks in real numbers: rounded between layers, they are what the engine computes.
#include "golden/compress/decode_eie_network.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "golden/base/error.hpp"
#include "golden/function/eie/model.hpp"
#include "tb/support/random_network.hpp"

namespace sparsys {
namespace {

// Of the decoded network, with the engine's rounding and saturation behind each layer.
std::vector<int16_t> run_rounded(const Network& network, const eie::Network& engine,
                                 const std::vector<int16_t>& input) {
  std::vector<int16_t> x = input;
  size_t n = 0;
  for (const eie::Layer& layer : engine.layers) {
    const Node& gemm = network.nodes[n++];
    EXPECT_EQ(gemm.op, Op::kGemm);
    const bool relu = n < network.nodes.size() && network.nodes[n].op == Op::kRelu;
    EXPECT_EQ(relu, layer.relu);
    n += relu;
    const Parameter& weights = *network.find(gemm.inputs[1]);
    const Parameter& bias = *network.find(gemm.inputs[2]);
    std::vector<int16_t> y(bias.values.size());
    for (size_t r = 0; r < y.size(); ++r) {
      double sum = bias.values[r];
      for (size_t c = 0; c < x.size(); ++c) {
        sum += weights.values[r * x.size() + c] * std::ldexp(x[c], -layer.input_frac);
      }
      const double rounded = std::floor(std::ldexp(sum, layer.output_frac) + 0.5);
      y[r] = static_cast<int16_t>(std::clamp(rounded, relu ? 0.0 : -32768.0, 32767.0));
    }
    x = y;
  }
  EXPECT_EQ(n, network.nodes.size());
  return x;
}

TEST(EngineNetworkDecode, IsWhatTheEngineComputes) {
  const uint64_t base = seed_from_environment(1);
  for (uint64_t seed = base; seed < base + (seed_is_given() ? 1 : 100); ++seed) {
    SCOPED_TRACE("SPARSYS_SEED=" + std::to_string(seed));
    RandomNetworkOptions options;
    options.sizes = {5 + static_cast<uint32_t>(seed % 20), 12, 9, 4};
    options.density = 0.4;
    options.constants = static_cast<uint32_t>(seed % 3);
    options.relu = seed % 2 == 0;
    const eie::Network engine = random_network(seed, options);
    const Network network = decode_engine_network(engine);
    EXPECT_EQ(infer_shapes(network).front(), (Shape{1, options.sizes[0]}));
    EXPECT_EQ(infer_shapes(network).back(), (Shape{1, 4}));
    const eie::FunctionalModel function(engine);
    for (uint64_t sample = 0; sample < 4; ++sample) {
      const std::vector<int16_t> input = random_input(seed * 4 + sample, engine);
      std::vector<int16_t> expected = function.run_layers(input).back();
      expected.resize(engine.output_size());
      EXPECT_EQ(run_rounded(network, engine, input), expected);
    }
  }
}

TEST(EngineNetworkDecode, NamesAreUnique) {
  RandomNetworkOptions options;
  options.sizes = {4, 4, 4, 4};
  eie::Network engine = random_network(1, options);
  engine.layers[0].name = "input";
  engine.layers[1].name = "fc";
  engine.layers[2].name = "fc";
  Network network = decode_engine_network(engine);
  EXPECT_NO_THROW(infer_shapes(network));
  EXPECT_EQ(network.nodes[0].inputs[1], "input.weight");
  EXPECT_EQ(network.parameters[4].name, "fc.weight_");
  for (eie::Layer& layer : engine.layers) layer.name.clear();
  network = decode_engine_network(engine);
  EXPECT_NO_THROW(infer_shapes(network));
  EXPECT_EQ(network.nodes[0].name, "");
  EXPECT_EQ(network.parameters[2].name, "fc2.weight");
}

Mlp small_chain() {
  Mlp chain;
  chain.name = "chain";
  for (const bool relu : {true, false}) {
    DenseLayer layer;
    layer.name = relu ? "a" : "b";
    layer.weights = Eigen::MatrixXf::Random(3, 3);
    layer.bias = Eigen::VectorXf::Random(3);
    layer.relu = relu;
    chain.layers.push_back(layer);
  }
  return chain;
}

TEST(EngineNetworkDecode, ChainsOfFullyConnectedLayers) {
  const Mlp chain = small_chain();
  const Network network = to_network(chain);
  ASSERT_EQ(network.nodes.size(), 3U);
  EXPECT_EQ(network.nodes[2].output, network.output);
  const std::vector<Layer> found = layers(network);
  for (size_t l = 0; l < 2; ++l) {
    EXPECT_EQ(weight_matrix(network, found[l]), chain.layers[l].weights);
    EXPECT_EQ(network.parameters[static_cast<size_t>(found[l].bias)].values[1],
              chain.layers[l].bias[1]);
  }
}

TEST(EngineNetworkDecode, UnsoundChains) {
  const auto error = [](const std::function<void(Mlp&)>& spoil) -> std::string {
    Mlp chain = small_chain();
    spoil(chain);
    try {
      to_network(chain);
    } catch (const Error& caught) {
      return caught.what();
    }
    return "no error";
  };
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(error([](Mlp&) {}), "no error");
  EXPECT_EQ(error([](Mlp& c) { c.layers.clear(); }), "chain: 0 layers, expected 1 to 4096");
  EXPECT_EQ(error([&](Mlp& c) { c.layers[1].weights(0, 1) = infinity; }),
            "chain: layer 2 (b): a weight is not finite");
  EXPECT_EQ(error([&](Mlp& c) { c.layers[1].bias(2) = infinity; }),
            "chain: layer 2 (b): a bias is not finite");
  EXPECT_EQ(error([](Mlp& c) { c.layers[1].bias.resize(2); }),
            "chain: layer 2 (b): 2 biases for 3 outputs");
  EXPECT_EQ(error([](Mlp& c) { c.layers[1].weights.setZero(3, 2); }),
            "chain: layer 2 (b): 2 inputs, but the layer before has 3 outputs");
}

TEST(EngineNetworkDecode, Errors) {
  eie::Network engine = random_network(1);
  engine.layers[0].codebook[0] = 1;
  EXPECT_THROW(decode_engine_network(engine), Error);
  EXPECT_THROW(decode_engine_network(eie::Network()), Error);
  // A file of a few bytes can stand for a matrix that no memory holds.
  eie::Network large;
  large.name = "large";
  large.layers.resize(1);
  large.layers[0].inputs = 1U << 15;
  large.layers[0].outputs = 1U << 15;
  large.layers[0].column_start.assign((1U << 15) + 1, 0);
  EXPECT_THROW(decode_engine_network(large), Error);
}

}  // namespace
}  // namespace sparsys
