// SPDX-License-Identifier: Apache-2.0
#include "golden/compress/fine_tune.hpp"

#include <algorithm>
#include <cmath>

#include "golden/base/digest.hpp"
#include "golden/base/error.hpp"
#include "golden/compress/code_choice.hpp"
#include "golden/train/descend.hpp"
#include "golden/train/optimiser.hpp"

namespace sparsys {
namespace {

// What both ways of training shared networks have in common: parameters that are not shared follow
// their gradients, and of those that are, the gradients of elements that may be other than 0 are
// gathered.
class SharedNetworkUpdate : public Update {
 public:
  SharedNetworkUpdate(SharedNetwork& shared, Network& network, const TrainOptions& options)
      : shared_(shared),
        network_(network),
        optimiser_(options),
        decay_(options.weight_decay),
        units_(step_units(network)) {
    std::vector<bool> weights(network.parameters.size(), false);
    for (const Layer& layer : layers(network)) weights[layer.weights] = true;
    states_.resize(network.parameters.size());
    for (size_t p = 0; p < states_.size(); ++p) {
      State& state = states_[p];
      const SharedParameter& parameter = shared.parameters[p];
      state.weights = weights[p];
      digest_.add(parameter.codebook.data(), parameter.codebook.size() * sizeof(float));
      digest_.add(parameter.code.data(), parameter.code.size());
      if (!parameter.shared()) {
        state.descent = optimiser_.state(network.parameters[p].values.size());
        state.kept = nonzeros_among(network.parameters[p].values);
        continue;
      }
      for (size_t i = 0; i < parameter.code.size(); ++i) {
        if (!prunes(state, parameter, parameter.code[i])) state.index.push_back(i);
      }
      state.gradient.resize(state.index.size());
    }
  }

  void begin_step(float rate, uint64_t step) override { optimiser_.begin_step(rate, step); }

  void parameter(size_t p, size_t first, const float* gradient, size_t count) override {
    State& state = states_[p];
    if (!shared_.parameters[p].shared()) {
      const float* kept = state.kept.empty() ? nullptr : state.kept.data() + first;
      optimiser_.run(state.descent, first, gradient, count, state.weights ? decay_ : 0, kept,
                     units_[p], network_.parameters[p].values.data() + first);
      return;
    }
    auto at = static_cast<size_t>(std::lower_bound(state.index.begin(), state.index.end(), first) -
                                  state.index.begin());
    for (; at < state.index.size() && state.index[at] < first + count; ++at) {
      state.gradient[at] = gradient[state.index[at] - first];
    }
  }

  // On one thread, in the order of the elements: equal results with any number of threads.
  void finish_batch() override {
    for (size_t p = 0; p < states_.size(); ++p) {
      if (!shared_.parameters[p].shared()) continue;
      step(states_[p], shared_.parameters[p], units_[p]);
      write_values(p);
    }
  }

  // The values of what is not shared; the rest is in `shared` already.
  void finish() {
    for (size_t p = 0; p < states_.size(); ++p) {
      if (shared_.parameters[p].shared()) continue;
      shared_.network.parameters[p].values = network_.parameters[p].values;
    }
  }

  std::vector<float> state() const override {
    std::vector<float> all;
    for (size_t p = 0; p < states_.size(); ++p) {
      const State& state = states_[p];
      const SharedParameter& parameter = shared_.parameters[p];
      all.insert(all.end(), state.descent.begin(), state.descent.end());
      all.insert(all.end(), state.latent.begin(), state.latent.end());
      all.insert(all.end(), parameter.codebook.begin(), parameter.codebook.end());
      for (const size_t i : state.index) all.push_back(parameter.code[i]);
    }
    return all;
  }

  void set_state(const std::vector<float>& all) override {
    size_t size = 0;
    for (size_t p = 0; p < states_.size(); ++p) {
      size += states_[p].descent.size() + states_[p].latent.size() +
              shared_.parameters[p].codebook.size() + states_[p].index.size();
    }
    if (all.size() != size) throw Error("state of fine-tuning: it is of another network");
    auto next = all.begin();
    const auto take = [&next](std::vector<float>& values) {
      std::copy(next, next + static_cast<long>(values.size()), values.begin());
      next += static_cast<long>(values.size());
    };
    for (size_t p = 0; p < states_.size(); ++p) {
      State& state = states_[p];
      SharedParameter& parameter = shared_.parameters[p];
      take(state.descent);
      take(state.latent);
      take(parameter.codebook);
      for (const size_t i : state.index) {
        const float code = *next++;
        if (!(code >= 0 && code < static_cast<float>(parameter.codebook.size()))) {
          throw Error("state of fine-tuning: a code is out of range");
        }
        parameter.code[i] = static_cast<uint8_t>(code);
      }
      if (parameter.shared()) write_values(p);
    }
  }

  uint64_t digest() const override { return digest_.value(); }

 protected:
  struct State {
    bool weights = false;         // of a layer, so that code 0 is for pruned ones
    std::vector<float> kept;      // not shared: 0 for pruned elements, else 1; empty: none pruned
    std::vector<size_t> index;    // elements that may be other than 0, rising
    std::vector<float> gradient;  // theirs
    std::vector<float> descent;   // of elements, codes or latent weights
    std::vector<float> latent;    // weights that choose codes, one per element of index
  };

  // Whether a code stands for pruned elements: code 0 of weights, the value 0 of biases.
  static bool prunes(const State& state, const SharedParameter& parameter, size_t code) {
    return state.weights ? code == 0 : parameter.codebook[code] == 0;
  }

  // 0 for elements that are 0, 1 for others; empty if all are the one or the other.
  static std::vector<float> nonzeros_among(const std::vector<float>& values) {
    std::vector<float> nonzeros(values.size());
    size_t count = 0;
    for (size_t i = 0; i < values.size(); ++i) {
      nonzeros[i] = values[i] == 0 ? 0 : 1;
      count += values[i] == 0 ? 0 : 1;
    }
    if (count == 0 || count == values.size()) nonzeros.clear();
    return nonzeros;
  }

  // Moves codes and codebook by state.gradient.
  virtual void step(State& state, SharedParameter& parameter, float unit) = 0;

  void write_values(size_t p) {
    const SharedParameter& parameter = shared_.parameters[p];
    float* values = network_.parameters[p].values.data();
    for (const size_t i : states_[p].index) values[i] = parameter.codebook[parameter.code[i]];
  }

  SharedNetwork& shared_;
  Network& network_;
  Optimiser optimiser_;
  float decay_;
  std::vector<float> units_;  // per parameter
  std::vector<State> states_;
  Digest digest_;
};

class CentroidUpdate final : public SharedNetworkUpdate {
 public:
  CentroidUpdate(SharedNetwork& shared, Network& network, const FineTuneOptions& options)
      : SharedNetworkUpdate(shared, network, options.train),
        centroid_rate_(options.centroid_rate),
        centroid_power_(options.centroid_power) {
    digest_.add(centroid_rate_);
    digest_.add(centroid_power_);
    for (size_t p = 0; p < states_.size(); ++p) {
      if (shared.parameters[p].shared()) {
        states_[p].descent = optimiser_.state(shared.parameters[p].codebook.size());
      }
    }
  }

 private:
  void step(State& state, SharedParameter& parameter, float unit) override {
    std::vector<double> sum(parameter.codebook.size(), 0);
    std::vector<double> count(parameter.codebook.size(), 0);
    for (size_t e = 0; e < state.index.size(); ++e) {
      const uint8_t code = parameter.code[state.index[e]];
      sum[code] += static_cast<double>(state.gradient[e]);
      ++count[code];
    }
    for (size_t k = 0; k < sum.size(); ++k) {
      if (count[k] == 0 || prunes(state, parameter, k)) continue;
      double share = 1 / count[k];
      if (state.weights) {
        sum[k] += static_cast<double>(decay_) * count[k] * parameter.codebook[k];
        share = centroid_rate_ / std::pow(count[k], centroid_power_);
      }
      const float next =
          parameter.codebook[k] + optimiser_.move(state.descent, k, share * sum[k], unit);
      // Exactly 0 would prune the weights of this code.
      if (!state.weights || next != 0) parameter.codebook[k] = next;
    }
  }

  double centroid_rate_;
  double centroid_power_;
};

class ReassignUpdate final : public SharedNetworkUpdate {
 public:
  ReassignUpdate(SharedNetwork& shared, Network& network, const Network& weights,
                 const ReassignOptions& options)
      : SharedNetworkUpdate(shared, network, options.train),
        entropy_(options.entropy),
        prunes_(options.entropy > 0 && options.entropy_prunes) {
    digest_.add(entropy_);
    digest_.add(prunes_);
    for (size_t p = 0; p < states_.size(); ++p) {
      if (!shared.parameters[p].shared()) continue;
      State& state = states_[p];
      const std::vector<float>& values = weights.parameters[p].values;
      for (const size_t i : state.index) state.latent.push_back(values[i]);
      state.descent = optimiser_.state(state.latent.size());
      digest_.add(state.latent.data(), state.latent.size() * sizeof(float));
    }
  }

 private:
  void step(State& state, SharedParameter& parameter, float unit) override {
    optimiser_.run(state.descent, 0, state.gradient.data(), state.latent.size(),
                   state.weights ? decay_ : 0, nullptr, unit, state.latent.data());
    std::vector<size_t> count(parameter.codebook.size(), 0);
    for (const size_t i : state.index) ++count[parameter.code[i]];
    if (state.weights) count[0] += parameter.code.size() - state.index.size();
    const EntropyChoice choice(parameter.codebook, count, state.weights ? entropy_ : 0,
                               mean_square(state.latent), prunes_ || !state.weights);
    if (choice.empty()) return;
    std::vector<double> sum(parameter.codebook.size(), 0);
    std::fill(count.begin(), count.end(), 0);
    for (size_t e = 0; e < state.index.size(); ++e) {
      const uint8_t code = choice(state.latent[e]);
      parameter.code[state.index[e]] = code;
      sum[code] += static_cast<double>(state.latent[e]);
      ++count[code];
    }
    for (size_t k = 0; k < sum.size(); ++k) {
      if (count[k] == 0 || prunes(state, parameter, k)) continue;
      const auto mean = static_cast<float>(sum[k] / static_cast<double>(count[k]));
      parameter.codebook[k] = state.weights ? nonzero(mean, parameter.codebook[k]) : mean;
    }
  }

  double entropy_;
  bool prunes_;
};

}  // namespace

TrainReport fine_tune_centroids(SharedNetwork& shared, const Dataset& data,
                                const FineTuneOptions& options) {
  Network network = shared.decode();
  CentroidUpdate update(shared, network, options);
  const TrainReport report = descend(network, data, options.train, update);
  update.finish();
  return report;
}

TrainReport reassign_codes(SharedNetwork& shared, const Network& weights, const Dataset& data,
                           const ReassignOptions& options) {
  Network network = shared.decode();
  if (weights.parameters.size() != network.parameters.size()) {
    throw Error(weights.name + ": " + std::to_string(weights.parameters.size()) +
                " parameters, expected the " + std::to_string(network.parameters.size()) +
                " of the shared network");
  }
  for (size_t p = 0; p < weights.parameters.size(); ++p) {
    if (weights.parameters[p].values.size() == network.parameters[p].values.size()) continue;
    throw Error(weights.name + ": parameter " + weights.parameters[p].name +
                " is not of the size that the shared network has");
  }
  ReassignUpdate update(shared, network, weights, options);
  const TrainReport report = descend(network, data, options.train, update);
  update.finish();
  for (const Layer& layer : layers(network)) compact(shared.parameters[layer.weights], true);
  return report;
}

}  // namespace sparsys
