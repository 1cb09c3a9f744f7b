// SPDX-License-Identifier: Apache-2.0
#include "golden/train/train.hpp"

#include <algorithm>

#include "golden/base/digest.hpp"
#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/base/thread_pool.hpp"
#include "golden/train/descend.hpp"

namespace sparsys {

namespace {

// Momentum descent on all parameters; those of masks stay 0.
class ParameterUpdate final : public Update {
 public:
  ParameterUpdate(Network& network, const TrainOptions& options, const ParameterMasks* masks)
      : network_(network), momentum_(options.momentum) {
    decay_.resize(network.parameters.size());
    for (const Layer& layer : layers(network)) decay_[layer.weights] = options.weight_decay;
    for (const Parameter& parameter : network.parameters) {
      velocity_.emplace_back(parameter.values.size());
    }
    masks_.resize(network.parameters.size());
    if (masks == nullptr) return;
    for (size_t p = 0; p < masks->size(); ++p) {
      masks_[p].assign((*masks)[p].begin(), (*masks)[p].end());
    }
  }

  void set_learning_rate(float rate) override { rate_ = rate; }

  void parameter(size_t parameter, size_t first, const float* gradient, size_t count) override {
    float* weights = network_.parameters[parameter].values.data() + first;
    float* velocity = velocity_[parameter].data() + first;
    const float decay = decay_[parameter];
    if (masks_[parameter].empty()) {
      for (size_t i = 0; i < count; ++i) {
        velocity[i] = momentum_ * velocity[i] - rate_ * (gradient[i] + decay * weights[i]);
        weights[i] += velocity[i];
      }
      return;
    }
    const float* mask = masks_[parameter].data() + first;
    for (size_t i = 0; i < count; ++i) {
      velocity[i] =
          mask[i] * (momentum_ * velocity[i] - rate_ * (gradient[i] + decay * weights[i]));
      weights[i] += velocity[i];
    }
  }

  uint64_t digest() const override {
    Digest digest;
    for (const std::vector<float>& mask : masks_) {
      digest.add(mask.data(), mask.size() * sizeof(float));
    }
    return digest.value();
  }

  std::vector<float> state() const override {
    std::vector<float> all;
    for (const std::vector<float>& v : velocity_) all.insert(all.end(), v.begin(), v.end());
    return all;
  }

  void set_state(const std::vector<float>& state) override {
    size_t total = 0;
    for (const std::vector<float>& v : velocity_) total += v.size();
    if (state.size() != total) {
      throw Error(std::to_string(state.size()) + " velocities, expected " + std::to_string(total));
    }
    auto from = state.begin();
    for (std::vector<float>& v : velocity_) {
      const auto to = from + static_cast<long>(v.size());
      std::copy(from, to, v.begin());
      from = to;
    }
  }

 private:
  Network& network_;
  float momentum_;
  float rate_ = 0;
  std::vector<float> decay_;                  // per parameter
  std::vector<std::vector<float>> velocity_;  // per parameter
  std::vector<std::vector<float>> masks_;     // per parameter: 0 or 1; empty: all 1
};

}  // namespace

TrainReport train(Network& network, const Dataset& data, const TrainOptions& options,
                  const ParameterMasks* masks) {
  infer_shapes(network);
  const std::string name = printable(network.name);
  if (masks != nullptr) {
    if (masks->size() != network.parameters.size()) {
      throw Error(name + ": " + std::to_string(masks->size()) + " masks, expected " +
                  std::to_string(network.parameters.size()) + ", one per parameter");
    }
    for (size_t p = 0; p < masks->size(); ++p) {
      Parameter& parameter = network.parameters[p];
      const std::vector<uint8_t>& mask = (*masks)[p];
      if (mask.empty()) continue;
      if (mask.size() != parameter.values.size()) {
        throw Error(name + ": mask of parameter '" + printable(parameter.name) + "' has " +
                    std::to_string(mask.size()) + " elements, expected " +
                    std::to_string(parameter.values.size()));
      }
      for (size_t i = 0; i < mask.size(); ++i) {
        if (mask[i] > 1) {
          throw Error(name + ": mask of parameter '" + printable(parameter.name) + "' holds " +
                      std::to_string(mask[i]) + ", expected 0 or 1");
        }
        if (mask[i] == 0) parameter.values[i] = 0;
      }
    }
  }
  ParameterUpdate update(network, options, masks);
  return descend(network, data, options, update);
}

TrainOptions lenet_300_100_options() {
  TrainOptions options;
  options.epochs = 25;
  options.max_shift = 1;
  return options;
}

TrainOptions lenet_5_options() {
  TrainOptions options;
  options.epochs = 20;
  // At 0.1 it diverges on 1,000 synthetic digits.
  options.learning_rate = 0.02F;
  options.max_shift = 1;
  return options;
}

}  // namespace sparsys
