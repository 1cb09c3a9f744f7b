// SPDX-License-Identifier: Apache-2.0
#include "golden/train/optimiser.hpp"

#include <algorithm>

namespace sparsys {
namespace {

// Root mean square of the elements that are not 0; of none `otherwise`.
float size_of(const std::vector<float>& values, double otherwise) {
  double square = 0;
  size_t count = 0;
  for (const float v : values) {
    square += static_cast<double>(v) * v;
    count += v != 0 ? 1 : 0;
  }
  return static_cast<float>(count == 0 ? otherwise
                                       : std::sqrt(square / static_cast<double>(count)));
}

}  // namespace

void Optimiser::run(std::vector<float>& state, size_t first, const float* gradients, size_t count,
                    float decay, const float* mask, float unit, float* values) const {
  float* velocity = state.data() + first;
  float* square = adam_ ? velocity + state.size() / 2 : velocity;
  if (mask == nullptr) {
    for (size_t i = 0; i < count; ++i) {
      values[i] += step(velocity, square, i, gradients[i] + decay * values[i], unit);
    }
    return;
  }
  for (size_t i = 0; i < count; ++i) {
    values[i] += step(velocity, square, i, mask[i] * (gradients[i] + decay * values[i]), unit);
  }
}

std::vector<float> step_units(const Network& network) {
  constexpr double kOther = 0.05;
  std::vector<float> units;
  for (const Parameter& parameter : network.parameters) {
    units.push_back(size_of(parameter.values, kOther));
  }
  const std::vector<Layer> all = layers(network);
  for (const Layer& layer : all) {
    const double fresh = std::sqrt(2.0 / static_cast<double>(layer.inputs));
    float unit = size_of(network.parameters[layer.weights].values, fresh);
    if (network.task == Task::kRegression && layer.node == all.back().node) {
      const auto outputs = static_cast<float>(layer.outputs);
      unit *= std::max(1.0F, outputs / static_cast<float>(layer.inputs));
    }
    units[layer.weights] = unit;
    if (layer.bias >= 0) units[static_cast<size_t>(layer.bias)] = unit;
  }
  return units;
}

}  // namespace sparsys
