// SPDX-License-Identifier: Apache-2.0
#include "golden/compress/fixed_point/loss.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/function/eie/model.hpp"

namespace sparsys {
namespace {

using Eigen::Index;

constexpr Index kSamples = 200;

double share(double part, double whole) { return whole > 0 ? part / whole : 0; }

std::string percent(double share) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.3g %%", 100 * share);
  return text.data();
}

}  // namespace

double FixedPointLayerReport::bias_loss() const {
  return share(largest_bias_error, largest_activation);
}

double FixedPointLayerReport::output_loss() const {
  return share(largest_output_error, largest_output);
}

void measure_loss(const eie::Network& network, const SharedMlp& mlp, const Eigen::MatrixXf& sample,
                  std::vector<FixedPointLayerReport>& report) {
  const Mlp decoded = mlp.decode();
  const eie::FunctionalModel model(network);
  const Index count = std::min(kSamples, sample.cols());
  Eigen::MatrixXf x = sample.leftCols(count);
  const int frac = network.layers.front().input_frac;
  std::vector<std::vector<std::vector<int16_t>>> values;  // of samples, of layers
  std::vector<bool> saturated;
  for (Index i = 0; i < count; ++i) {
    std::vector<int16_t> input;
    for (Index r = 0; r < x.rows(); ++r) {
      const double value = std::floor(std::ldexp(static_cast<double>(x(r, i)), frac) + 0.5);
      input.push_back(static_cast<int16_t>(std::clamp<double>(value, INT16_MIN, INT16_MAX)));
    }
    bool one = false;
    values.push_back(model.run_layers(input, &one));
    saturated.push_back(one);
  }
  for (size_t l = 0; l < decoded.layers.size(); ++l) {
    const DenseLayer& layer = decoded.layers[l];
    FixedPointLayerReport& facts = report[l];
    Eigen::MatrixXf y = layer.weights * x;
    y.colwise() += layer.bias;
    if (layer.relu) y = y.cwiseMax(0.0F);
    const double unit = std::ldexp(1.0, -network.layers[l].output_frac);
    facts.largest_output = y.cwiseAbs().maxCoeff();
    facts.outputs = static_cast<uint64_t>(y.size());
    for (Index i = 0; i < count; ++i) {
      const std::vector<int16_t>& made = values[static_cast<size_t>(i)][l + 1];
      for (Index r = 0; r < y.rows(); ++r) {
        const int16_t value = made[static_cast<size_t>(r)];
        facts.saturated += value == INT16_MIN || value == INT16_MAX;
        facts.largest_output_error = std::max(
            facts.largest_output_error, std::abs(value * unit - static_cast<double>(y(r, i))));
      }
      facts.accumulator_saturated =
          facts.accumulator_saturated || saturated[static_cast<size_t>(i)];
    }
    x = std::move(y);
  }
}

void check_loss(const std::string& name, const std::vector<FixedPointLayerReport>& report,
                double most) {
  if (report.empty() || report.back().output_loss() <= most) return;
  const FixedPointLayerReport& last = report.back();
  std::array<char, 32> size{};
  std::snprintf(size.data(), size.size(), "%.3g", last.largest_output_error);
  fail(name, "layer " + quoted(last.name) + ": outputs in 16-bit fixed point are off by up to " +
                 size.data() + ", " + percent(last.output_loss()) +
                 " of the largest, expected at most " + percent(most) +
                 " (--max-error accepts more, --constants makes better biases, --target stored "
                 "keeps floating point)");
}

}  // namespace sparsys
