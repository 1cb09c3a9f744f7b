// SPDX-License-Identifier: Apache-2.0
#include "golden/nn/train.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <memory>
#include <numeric>

#include "golden/error.hpp"
#include "golden/format/validate.hpp"
#include "golden/nn/backprop.hpp"
#include "golden/nn/digest.hpp"
#include "golden/nn/random.hpp"
#include "golden/nn/thread_pool.hpp"

namespace sparsys {

ProgressCallback console_progress() {
  struct State {
    std::string step;
    int tenths = -1;
    std::chrono::steady_clock::time_point printed;
  };
  auto state = std::make_shared<State>();
  const bool terminal = isatty(STDERR_FILENO) != 0;
  return [state, terminal](const Progress& progress) {
    const auto now = std::chrono::steady_clock::now();
    const bool new_step = progress.step != state->step;
    const bool finished = progress.fraction >= 1;
    const int tenths = static_cast<int>(progress.fraction * 10);
    if (terminal) {
      if (!new_step && !finished && now - state->printed < std::chrono::milliseconds(200)) return;
    } else if (!new_step && tenths <= state->tenths) {
      return;
    }
    state->step = progress.step;
    state->tenths = tenths;
    state->printed = now;
    std::array<char, 32> validation{};
    if (progress.validation_error >= 0) {
      std::snprintf(validation.data(), validation.size(), ", validation error %.2f %%",
                    progress.validation_error);
    }
    std::fprintf(stderr, "%s%-12s %3.0f %%, %.0f s left, loss %.4f%s%s", terminal ? "\r" : "",
                 progress.step.c_str(), progress.fraction * 100, progress.seconds_left,
                 progress.loss, validation.data(), terminal ? "\x1b[K" : "\n");
    if (terminal && finished) std::fputc('\n', stderr);
    std::fflush(stderr);
  };
}

Mlp make_mlp(const std::vector<uint32_t>& sizes, uint64_t seed, const std::string& name) {
  if (sizes.size() < 2) throw Error(name + ": fewer than two layer sizes, expected at least two");
  Mlp mlp;
  mlp.name = name;
  for (size_t l = 0; l + 1 < sizes.size(); ++l) {
    if (sizes[l] == 0 || sizes[l + 1] == 0) {
      throw Error(name + ": layer " + std::to_string(l) + " has size 0, expected at least 1");
    }
    DenseLayer layer;
    layer.name = "ip" + std::to_string(l + 1);
    layer.relu = l + 2 < sizes.size();
    layer.bias = Eigen::VectorXf::Zero(sizes[l + 1]);
    layer.weights.resize(sizes[l + 1], sizes[l]);
    Random random(seed, l);
    const float scale = std::sqrt(2.0F / static_cast<float>(sizes[l]));
    for (Eigen::Index i = 0; i < layer.weights.size(); ++i) {
      layer.weights.data()[i] = scale * random.normal();
    }
    mlp.layers.push_back(std::move(layer));
  }
  return mlp;
}

namespace {

// Plain momentum descent on weights and biases.
class DenseUpdate final : public MlpUpdate {
 public:
  DenseUpdate(Mlp& mlp, const TrainOptions& options, const std::vector<Mask>* masks)
      : mlp_(mlp), momentum_(options.momentum), decay_(options.weight_decay) {
    for (size_t l = 0; l < mlp.layers.size(); ++l) {
      const DenseLayer& layer = mlp.layers[l];
      weight_velocity_.push_back(Eigen::MatrixXf::Zero(layer.weights.rows(), layer.weights.cols()));
      bias_velocity_.push_back(Eigen::VectorXf::Zero(layer.bias.size()));
      if (masks != nullptr) masks_.push_back((*masks)[l].cast<float>());
    }
  }

  void set_learning_rate(float rate) override { rate_ = rate; }

  void weights(size_t layer, Eigen::Index column, const Eigen::MatrixXf& gradient) override {
    auto weights = mlp_.layers[layer].weights.middleCols(column, gradient.cols());
    auto velocity = weight_velocity_[layer].middleCols(column, gradient.cols());
    if (masks_.empty()) {
      velocity = momentum_ * velocity - rate_ * (gradient + decay_ * weights);
    } else {
      velocity = (momentum_ * velocity - rate_ * (gradient + decay_ * weights))
                     .cwiseProduct(masks_[layer].middleCols(column, gradient.cols()));
    }
    weights += velocity;
  }

  void bias(size_t layer, const Eigen::VectorXf& gradient) override {
    bias_velocity_[layer] = momentum_ * bias_velocity_[layer] - rate_ * gradient;
    mlp_.layers[layer].bias += bias_velocity_[layer];
  }

 private:
  Mlp& mlp_;
  float momentum_;
  float decay_;
  float rate_ = 0;
  std::vector<Eigen::MatrixXf> weight_velocity_;
  std::vector<Eigen::VectorXf> bias_velocity_;
  std::vector<Eigen::MatrixXf> masks_;
};

}  // namespace

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

TrainReport train(Mlp& mlp, const Dataset& data, const TrainOptions& options,
                  const std::vector<Mask>* masks) {
  if (masks != nullptr) {
    if (masks->size() != mlp.layers.size()) {
      throw Error(mlp.name + ": " + std::to_string(masks->size()) + " masks, expected " +
                  std::to_string(mlp.layers.size()) + ", one per layer");
    }
    for (size_t l = 0; l < masks->size(); ++l) {
      DenseLayer& layer = mlp.layers[l];
      if ((*masks)[l].rows() != layer.weights.rows() ||
          (*masks)[l].cols() != layer.weights.cols()) {
        throw Error(mlp.name + ": mask of layer " + layer.name + " has another shape, expected " +
                    std::to_string(layer.weights.rows()) + "x" +
                    std::to_string(layer.weights.cols()));
      }
      layer.weights = layer.weights.cwiseProduct((*masks)[l].cast<float>());
    }
  }
  DenseUpdate update(mlp, options, masks);
  return descend(mlp, data, options, update);
}

double error_percent(const Mlp& mlp, const uint8_t* images, const uint8_t* labels, size_t count,
                     unsigned threads) {
  ThreadPool pool(threads);
  return error_percent(mlp, images, labels, count, pool);
}

double validation_error(const Mlp& mlp, const Dataset& data, uint32_t validation_count,
                        unsigned threads) {
  if (validation_count > data.train_count()) {
    throw Error(data.name + ": " + std::to_string(data.train_count()) +
                " training images, expected at least the " + std::to_string(validation_count) +
                " of the validation split");
  }
  check_fits(mlp, data);
  const size_t first = data.train_count() - validation_count;
  return error_percent(mlp, data.train_images.data() + first * data.pixels(),
                       data.train_labels.data() + first, validation_count, threads);
}

double test_error(const Mlp& mlp, const Dataset& data, unsigned threads) {
  check_fits(mlp, data);
  return error_percent(mlp, data.test_images.data(), data.test_labels.data(), data.test_count(),
                       threads);
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

Mlp train_lenet_300_100(const Dataset& data, const TrainOptions& options, TrainReport* report) {
  Mlp mlp = make_mlp({data.pixels(), 300, 100, 10}, options.seed, "lenet-300-100");
  // Not the description, which names a place on this machine: equal runs give equal files.
  mlp.origin = data.name;
  const TrainReport result = train(mlp, data, options);
  if (report != nullptr) *report = result;
  return mlp;
}

}  // namespace sparsys
