// SPDX-License-Identifier: Apache-2.0
// Random graphs in real numbers and in bytes: plain loops against the matrix unit's functional
// model, and that against its cycle model. No output in bytes is further from its real number than
// roundings and the steps of weights and values can bring it.
#include <gtest/gtest.h>

#include <cmath>
#include <iostream>

#include "golden/base/error.hpp"
#include "golden/compress/quantise.hpp"
#include "golden/cycle/mxu/device.hpp"
#include "golden/engine/mxu/compiler.hpp"
#include "golden/engine/mxu/driver.hpp"
#include "golden/function/mxu/network.hpp"
#include "tb/support/graph/random_graph.hpp"
#include "tb/support/graph/reference_network.hpp"
#include "tb/support/seeds.hpp"

namespace sparsys {
namespace {

// The steepest slope of a table's straight pieces, in real numbers: `sum` adds what its source
// gives for each knot, one after the other.
double steepest(const mxu::Layer& sum) {
  double most = 0;
  const size_t terms = sum.terms();
  for (size_t o = 0; o < sum.outputs; ++o) {
    const double factor = std::ldexp(static_cast<double>(sum.multiplier[o]), -sum.shift[o]);
    double slope = 0;
    for (size_t t = 0; t < terms; ++t) {
      slope += factor * sum.weights[o * terms + t];
      most = std::max(most, std::abs(slope));
    }
  }
  return most * double{sum.output_scale} / double{sum.input_scale};
}

// How far each value of a quantised network can be from the float network's, whose ranges are those
// of the same samples: value 0 the input, l + 1 the output of layer l. `largest`: the largest
// magnitude of each value in bytes, as a real number.
std::vector<double> error_bounds(const mxu::Network& network, const std::vector<double>& largest) {
  // The input: half a step, and half a step that the zero point's rounding moves its range by.
  std::vector<double> error{double{network.layers[0].input_scale}};
  for (size_t l = 0; l < network.layers.size(); ++l) {
    const mxu::Layer& layer = network.layers[l];
    const std::vector<uint32_t> sources = network.sources_of(l);
    const bool sigmoid = layer.function == mxu::Function::kSigmoid;
    const bool table = sigmoid || layer.function == mxu::Function::kTanh;
    // Of the sum in front of the function.
    const double step = table ? (sigmoid ? 1.0 / 16 : 1.0 / 32) : double{layer.output_scale};
    double before = error[sources[0]];
    if (layer.name.find("(knots)") != std::string::npos) {
      // What is told of the bytes is exact.
      error.push_back(before);
      continue;
    }
    if (l > 0 && network.layers[l - 1].name.find("(knots)") != std::string::npos) {
      // Pieces are within a step of the function at bytes, and rounded; between bytes they may be
      // off by what they rise there.
      error.push_back(steepest(layer) * (before + double{layer.input_scale}) + 3 * step);
      continue;
    }
    if (layer.kind == mxu::Kind::kConvolution) {
      before = 0;
      const size_t terms = layer.terms();
      for (size_t o = 0; o < layer.outputs; ++o) {
        const double factor = std::ldexp(static_cast<double>(layer.multiplier[o]), -layer.shift[o]);
        const double weight_step = factor * step / double{layer.input_scale};
        // The bias is rounded to a step of the products.
        double sum = double{layer.input_scale} * weight_step / 2;
        for (size_t t = 0; t < terms; ++t) {
          const double weight = weight_step * std::abs(layer.weights[o * terms + t]);
          sum += (weight + weight_step / 2) * error[sources[0]] +
                 weight_step / 2 * largest[sources[0]];
        }
        before = std::max(before, sum);
      }
    } else if (layer.kind == mxu::Kind::kAdd) {
      // Both are brought to twice the larger scale, 20 bits finer.
      const double fine =
          std::ldexp(2 * double{std::max(layer.input_scale, layer.second_scale)}, -20);
      before = error[sources[0]] + error[sources[1]] + 4 * fine;
    } else if (layer.kind == mxu::Kind::kConcat || layer.kind == mxu::Kind::kReshape) {
      for (const uint32_t source : sources) before = std::max(before, error[source]);
      error.push_back(before);
      continue;
    }
    // Rounded to half a step; the range and its bounds are rounded to half a step each.
    double after = before + 1.5 * step;
    if (table) {
      // The table's own worst error, the rounding of its input included (mxu-format.md).
      after = sigmoid ? before / 4 + 1.0 / 128 + 1.0 / 512 : before + 1.0 / 64 + 1.0 / 256;
    }
    if (layer.pooling == mxu::Pooling::kAverage) after += double{layer.output_scale} / 2;
    error.push_back(after);
  }
  return error;
}

TEST(QuantiseRandomGraphs, WithinTheirBoundsInAllModels) {
  size_t checked = 0;
  size_t telling = 0;
  double nearest = 0;
  for_seeds(150, [&](uint64_t seed) {
    RandomGraphOptions options;
    options.matrix_unit = true;
    options.steps = 1 + seed % 5;
    options.most = 200;
    const Network network = random_graph(9000 + seed, options);
    constexpr size_t kSamples = 6;
    const auto inputs = static_cast<size_t>(element_count(network.input_shape));
    // Values of samples are scaled on their way in.
    Random random(seed);
    std::vector<float> samples(kSamples * inputs);
    for (float& x : samples) x = random.uniform(0, 255);
    QuantisationOptions how;
    how.outputs = QuantisationOutputs::kValues;
    how.threads = 1;
    mxu::Network bytes;
    try {
      bytes = quantise(network, samples.data(), kSamples, how);
    } catch (const Error& error) {
      // Paddings that a whole window fits in, for one.
      EXPECT_NE(std::string(error.what()).find("random"), std::string::npos) << error.what();
      return;
    }
    ++checked;
    // All values in bytes, and the float network's outputs.
    const std::vector<int8_t> in = mxu::image_inputs(bytes, samples.data(), kSamples);
    std::vector<double> largest(bytes.layers.size() + 1, 0);
    std::vector<int8_t> outputs;
    std::vector<double> expected;
    for (size_t s = 0; s < kSamples; ++s) {
      const auto from = in.begin() + static_cast<long>(s * inputs);
      const auto values = run_layers(bytes, {from, from + static_cast<long>(inputs)});
      for (size_t v = 0; v < values.size(); ++v) {
        const mxu::Value value = bytes.value(v);
        for (const int8_t q : values[v]) {
          largest[v] = std::max(largest[v], std::abs(double{value.scale} * (q - value.zero)));
        }
      }
      outputs.insert(outputs.end(), values.back().begin(), values.back().end());
      std::vector<double> x;
      for (size_t i = 0; i < inputs; ++i) {
        x.push_back(double{samples[s * inputs + i]} * double{network.input_scale} +
                    double{network.input_offset});
      }
      const Tensor y = reference(network, x)[network.output];
      expected.insert(expected.end(), y.values.begin(), y.values.end());
    }
    ASSERT_EQ(expected.size(), outputs.size());
    const mxu::Layer& last = bytes.layers.back();
    const double bound = error_bounds(bytes, largest).back() + 1e-5;
    double worst = 0;
    for (size_t i = 0; i < outputs.size(); ++i) {
      const double found = double{last.output_scale} * (outputs[i] - last.output_zero);
      worst = std::max(worst, std::abs(found - expected[i]));
    }
    EXPECT_LE(worst, bound);
    nearest = std::max(nearest, worst / bound);
    // A bound beyond what the output can be says nothing.
    if (bound < 0.5 * 255 * double{last.output_scale}) ++telling;

    EXPECT_EQ(run_batch(bytes, in, 1), outputs);
    mxu::Config unit;
    unit.rows = unit.cols = unit.tile_rows = unit.tile_cols = 4;
    mxu::CycleDevice device(unit);
    mxu::Driver driver(device);
    EXPECT_EQ(driver.run(mxu::compile(bytes, kSamples, unit), in), outputs);
  });
  std::cout << checked << " networks, a telling bound for " << telling << ", at most "
            << 100 * nearest << " % of it\n";
  if (seed_is_given()) return;
  EXPECT_GT(checked, 100U);
  EXPECT_GT(2 * telling, checked);
  EXPECT_GT(nearest, 0.2);
}

}  // namespace
}  // namespace sparsys
