// SPDX-License-Identifier: Apache-2.0
#include "golden/train/train.hpp"

#include <algorithm>
#include <cmath>

#include "golden/base/digest.hpp"
#include "golden/base/error.hpp"
#include "golden/base/input_value.hpp"
#include "golden/base/text.hpp"
#include "golden/base/thread_pool.hpp"
#include "golden/train/descend.hpp"
#include "golden/train/optimiser.hpp"

namespace sparsys {

namespace {

// Descent on all parameters; those of masks stay 0.
class ParameterUpdate final : public Update {
 public:
  ParameterUpdate(Network& network, const TrainOptions& options, const ParameterMasks* masks)
      : network_(network), optimiser_(options), units_(step_units(network)) {
    decay_.resize(network.parameters.size());
    for (const Layer& layer : layers(network)) decay_[layer.weights] = options.weight_decay;
    for (const Parameter& parameter : network.parameters) {
      states_.push_back(optimiser_.state(parameter.values.size()));
    }
    masks_.resize(network.parameters.size());
    if (masks == nullptr) return;
    for (size_t p = 0; p < masks->size(); ++p) {
      masks_[p].assign((*masks)[p].begin(), (*masks)[p].end());
    }
  }

  void begin_step(float rate, uint64_t step) override { optimiser_.begin_step(rate, step); }

  void parameter(size_t parameter, size_t first, const float* gradient, size_t count) override {
    const float* mask = masks_[parameter].empty() ? nullptr : masks_[parameter].data() + first;
    optimiser_.run(states_[parameter], first, gradient, count, decay_[parameter], mask,
                   units_[parameter], network_.parameters[parameter].values.data() + first);
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
    for (const std::vector<float>& s : states_) all.insert(all.end(), s.begin(), s.end());
    return all;
  }

  void set_state(const std::vector<float>& state) override {
    size_t total = 0;
    for (const std::vector<float>& s : states_) total += s.size();
    if (state.size() != total) {
      throw Error(std::to_string(state.size()) + " numbers of state, expected " +
                  std::to_string(total));
    }
    auto from = state.begin();
    for (std::vector<float>& s : states_) {
      const auto to = from + static_cast<long>(s.size());
      std::copy(from, to, s.begin());
      from = to;
    }
  }

 private:
  Network& network_;
  Optimiser optimiser_;
  // All per parameter.
  std::vector<float> units_;
  std::vector<float> decay_;
  std::vector<std::vector<float>> states_;
  std::vector<std::vector<float>> masks_;  // 0 or 1; empty: all 1
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

namespace {

// Mean loss of a network over training samples, or of the best constant answer: cross-entropy of
// classes, squared error of numbers as a share of their variance.
class LossCheck {
 public:
  LossCheck(const Dataset& data, const TrainOptions& options)
      : data_(data), threads_(options.threads) {
    constexpr size_t kMost = 2000;
    count_ = std::min(kMost, data.train_count() - options.validation_count);
  }

  double of(const Network& network) const {
    const Samples samples = data_.samples(data_.train);
    const Targets targets = data_.targets(data_.train);
    if (!targets.are_classes()) {
      return score(network, samples, targets, count_, threads_).percent() / 100;
    }
    const std::vector<float> y = answers(network);
    const size_t outputs = y.size() / count_;
    const bool shares = !network.nodes.empty() && network.nodes.back().op == Op::kSoftmax;
    double sum = 0;
    for (size_t i = 0; i < count_; ++i) {
      const float* z = &y[i * outputs];
      const auto right = static_cast<double>(z[targets.label(i)]);
      if (shares) {
        sum -= std::log(std::max(right, 1e-30));
        continue;
      }
      const auto largest = static_cast<double>(*std::max_element(z, z + outputs));
      double all = 0;
      for (size_t o = 0; o < outputs; ++o) all += std::exp(static_cast<double>(z[o]) - largest);
      sum += largest + std::log(all) - right;
    }
    return sum / static_cast<double>(count_);
  }

  double of_constant() const {
    if (data_.task != DataTask::kClassification) return 1;
    std::vector<double> classes(data_.classes, 0);
    for (size_t i = 0; i < count_; ++i) ++classes[data_.train.labels[i]];
    double sum = 0;
    for (const double n : classes) {
      if (n > 0) sum -= n / static_cast<double>(count_) * std::log(n / static_cast<double>(count_));
    }
    return sum;
  }

  // Whether all samples get the same answer, as of a network whose units are all silent.
  bool is_constant(const Network& network) const {
    const std::vector<float> y = answers(network);
    const size_t outputs = y.size() / count_;
    float largest = 0;
    float spread = 0;
    for (size_t i = 0; i < y.size(); ++i) {
      largest = std::max(largest, std::abs(y[i]));
      spread = std::max(spread, std::abs(y[i] - y[i % outputs]));
    }
    return spread <= 1e-6F * largest;
  }

 private:
  std::vector<float> answers(const Network& network) const {
    const Samples samples = data_.samples(data_.train);
    std::vector<float> x(count_ * data_.inputs());
    for (size_t i = 0; i < x.size(); ++i) {
      x[i] = input_value(samples[i], network.input_scale, network.input_offset);
    }
    return infer(network, x.data(), count_, threads_);
  }

  const Dataset& data_;
  unsigned threads_;
  size_t count_ = 0;
};

}  // namespace

TrainReport train_from_start(Network& network, const Dataset& data, const TrainOptions& options) {
  check_fits(network, data);
  constexpr size_t kSteps = 50;
  if (options.epochs == 0 || data.train_count() <= options.validation_count) {
    return train(network, data, options);
  }
  const LossCheck loss(data, options);
  const double before = loss.of(network);
  const TrainReport report = train(network, data, options);
  const double after = loss.of(network);
  const double constant = loss.of_constant();
  const size_t count = data.train_count() - options.validation_count;
  const size_t steps = options.epochs * ((count + options.batch - 1) / options.batch);
  const bool one_class = constant == 0;
  const bool is_short = steps < kSteps;
  // A thousandth: what rounding makes of a constant answer is no better than that.
  constexpr double kLess = 0.999;
  const bool fell = is_short && after < kLess * before && !loss.is_constant(network);
  const bool learnt = after <= before && (one_class || fell || after < kLess * constant);
  if (learnt && std::isfinite(after)) return report;
  throw Error(options.step + ": the loss is " + short_number(after) + " at the end, " +
              short_number(before) + " before and " + short_number(constant) +
              " for the best constant answer: nothing was learnt; try " +
              (is_short ? "more --epochs, " : "") + "--learning-rate other than " +
              short_number(options.learning_rate) + ", or --input-scale and --input-offset");
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
