// SPDX-License-Identifier: Apache-2.0
// Steps of values against their gradients, as TrainOptions say.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "golden/network/network.hpp"
#include "golden/train/train.hpp"

namespace sparsys {

// Momentum: a value's velocity v becomes momentum v - rate g, and the value moves by v. Adam
// (Kingma 2015): the step is rate * unit * mean / sqrt(mean square) of its gradients, means over
// about 1 / (1 - momentum) and 1,000 steps, corrected for their start at 0.
class Optimiser {
 public:
  explicit Optimiser(const TrainOptions& options)
      : adam_(options.optimiser == OptimiserKind::kAdam), momentum_(options.momentum) {}

  // Before each batch; steps are counted from 0 over the whole run.
  void begin_step(float rate, uint64_t step) {
    rate_ = rate;
    if (!adam_) return;
    const auto count = static_cast<double>(step + 1);
    rate_ *= static_cast<float>(std::sqrt(1 - std::pow(kSquares, count)) /
                                (1 - std::pow(static_cast<double>(momentum_), count)));
  }

  // State of so many values at the start.
  std::vector<float> state(size_t values) const {
    return std::vector<float>((adam_ ? 2 : 1) * values);
  }

  // By how much value i of a state moves, by a gradient that is rounded when it has been
  // multiplied. `unit`: that of its parameter.
  float move(std::vector<float>& state, size_t i, double gradient, float unit) const {
    float* velocity = state.data();
    return step(velocity, adam_ ? velocity + state.size() / 2 : velocity, i, gradient, unit);
  }

  // gradients[k] + decay * values[k] of values first .. first + count - 1; `mask`: of these, 0
  // where a value stays. Null: none does.
  void run(std::vector<float>& state, size_t first, const float* gradients, size_t count,
           float decay, const float* mask, float unit, float* values) const;

 private:
  static constexpr double kSquares = 0.999;

  template <typename Real>
  float step(float* velocity, float* square, size_t i, Real real_gradient, float unit) const {
    if (!adam_) {
      return velocity[i] =
                 momentum_ * velocity[i] - static_cast<float>(Real{rate_} * real_gradient);
    }
    const auto gradient = static_cast<float>(real_gradient);
    constexpr auto kKept = static_cast<float>(kSquares);
    velocity[i] = momentum_ * velocity[i] + (1 - momentum_) * gradient;
    square[i] = kKept * square[i] + (1 - kKept) * gradient * gradient;
    return -rate_ * unit * velocity[i] / (std::sqrt(square[i]) + 1e-10F);
  }

  bool adam_;
  float momentum_;
  float rate_ = 0;
};

// Of each parameter, how large steps of Adam are at a learning rate of 1: the root mean square of
// its elements that are not 0, so that the rate is a share of them whatever the scale of a
// network's inputs and outputs. A layer's bias has that of its weights. Of nothing but zeros: of a
// layer, that of fresh weights (He 2015); of others 0.05. The last layer of a network for numbers
// has that multiplied by outputs / inputs, if above 1: what an autoencoder's outputs begin with is
// most of its error.
std::vector<float> step_units(const Network& network);

}  // namespace sparsys
