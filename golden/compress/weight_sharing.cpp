// SPDX-License-Identifier: Apache-2.0
#include "golden/compress/weight_sharing.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "golden/base/error.hpp"
#include "golden/base/random.hpp"
#include "golden/train/descend.hpp"

namespace sparsys {
namespace {

// Sorted values with running sums: mean and sum of squares of any range in constant time. In one
// dimension a cluster is a range, so a Lloyd iteration costs k binary searches.
class SortedValues {
 public:
  explicit SortedValues(const std::vector<float>& values) : sorted_(values) {
    std::sort(sorted_.begin(), sorted_.end());
    // Sums of differences from the mean keep the subtraction of squares well conditioned.
    const double sum = std::accumulate(sorted_.begin(), sorted_.end(), 0.0);
    offset_ = sorted_.empty() ? 0 : sum / static_cast<double>(sorted_.size());
    sum_.reserve(sorted_.size() + 1);
    square_.reserve(sorted_.size() + 1);
    sum_.push_back(0);
    square_.push_back(0);
    for (const float value : sorted_) {
      const double v = value - offset_;
      sum_.push_back(sum_.back() + v);
      square_.push_back(square_.back() + v * v);
    }
  }

  size_t size() const { return sorted_.size(); }
  float operator[](size_t i) const { return sorted_[i]; }
  double mean(size_t first, size_t last) const {
    return offset_ + (sum_[last] - sum_[first]) / static_cast<double>(last - first);
  }
  // Sum of squared distances from the mean.
  double spread(size_t first, size_t last) const {
    const double sum = sum_[last] - sum_[first];
    return square_[last] - square_[first] - sum * sum / static_cast<double>(last - first);
  }
  size_t lower_bound(double value) const {
    return static_cast<size_t>(std::lower_bound(sorted_.begin(), sorted_.end(), value) -
                               sorted_.begin());
  }
  size_t upper_bound(double value) const {
    return static_cast<size_t>(std::upper_bound(sorted_.begin(), sorted_.end(), value) -
                               sorted_.begin());
  }
  std::vector<float> distinct() const {
    std::vector<float> values = sorted_;
    values.erase(std::unique(values.begin(), values.end()), values.end());
    return values;
  }

 private:
  std::vector<float> sorted_;
  double offset_ = 0;
  std::vector<double> sum_;
  std::vector<double> square_;
};

std::vector<double> initial_centroids(const SortedValues& values, unsigned k, CentroidInit init,
                                      uint64_t seed) {
  std::vector<double> centroids(k);
  const size_t n = values.size();
  Random random(seed);
  for (unsigned i = 0; i < k; ++i) {
    switch (init) {
      case CentroidInit::kLinear: {
        const double low = values[0];
        const double high = values[n - 1];
        centroids[i] = k == 1 ? 0.5 * (low + high) : low + (high - low) * i / (k - 1);
        break;
      }
      case CentroidInit::kDensity:
        centroids[i] = values[(2 * size_t{i} + 1) * n / (2 * size_t{k})];
        break;
      case CentroidInit::kRandom:
        centroids[i] = values[random.below(n)];
        break;
    }
  }
  std::sort(centroids.begin(), centroids.end());
  return centroids;
}

// bounds[i] .. bounds[i + 1] - 1 are the values nearest to centroid i; of two equally near ones the
// lower gets the value.
std::vector<size_t> assign(const SortedValues& values, const std::vector<double>& centroids) {
  std::vector<size_t> bounds{0};
  for (size_t i = 0; i + 1 < centroids.size(); ++i) {
    const double middle = 0.5 * (centroids[i] + centroids[i + 1]);
    bounds.push_back(std::max(bounds.back(), values.upper_bound(middle)));
  }
  bounds.push_back(values.size());
  return bounds;
}

// Splits the widest cluster for every empty one. False if there was none.
bool refill_empty(const SortedValues& values, std::vector<size_t>& bounds) {
  bool changed = false;
  while (true) {
    size_t empty = bounds.size();
    size_t widest = bounds.size();
    double spread = 0;
    for (size_t i = 0; i + 1 < bounds.size(); ++i) {
      if (bounds[i] == bounds[i + 1]) {
        empty = i;
      } else if (values[bounds[i]] != values[bounds[i + 1] - 1]) {
        const double s = values.spread(bounds[i], bounds[i + 1]);
        if (widest == bounds.size() || s > spread) {
          widest = i;
          spread = s;
        }
      }
    }
    if (empty == bounds.size() || widest == bounds.size()) return changed;
    const size_t first = bounds[widest];
    const size_t last = bounds[widest + 1];
    size_t cut = values.lower_bound(values.mean(first, last));
    // Rounding of the mean must not make a half empty, nor may equal values be parted.
    if (cut <= first) cut = values.upper_bound(values[first]);
    if (cut >= last) cut = values.lower_bound(values[last - 1]);
    bounds.erase(bounds.begin() + static_cast<long>(empty));
    bounds.push_back(cut);
    std::sort(bounds.begin(), bounds.end());
    changed = true;
  }
}

}  // namespace

Clusters cluster_1d(const std::vector<float>& values, unsigned k, CentroidInit init,
                    uint64_t seed) {
  if (k < 1 || k > 256) {
    throw Error("clustering: " + std::to_string(k) + " clusters, expected 1 to 256");
  }
  for (size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) {
      throw Error("clustering: value " + std::to_string(i) + " is not finite");
    }
  }
  Clusters clusters;
  if (values.empty()) return clusters;
  const SortedValues sorted(values);
  std::vector<size_t> bounds;
  const std::vector<float> distinct = sorted.distinct();
  if (distinct.size() <= k) {
    for (const float value : distinct) bounds.push_back(sorted.lower_bound(value));
    bounds.push_back(sorted.size());
  } else {
    bounds = assign(sorted, initial_centroids(sorted, k, init, seed));
    // Each step lowers the sum of squares, so this ends by itself; the limit is for rounding.
    constexpr int kMaxIterations = 1000;
    for (int iteration = 0; iteration < kMaxIterations; ++iteration) {
      refill_empty(sorted, bounds);
      std::vector<double> centroids;
      for (size_t i = 0; i < k; ++i) centroids.push_back(sorted.mean(bounds[i], bounds[i + 1]));
      std::vector<size_t> next = assign(sorted, centroids);
      if (next == bounds) break;
      bounds = std::move(next);
    }
    refill_empty(sorted, bounds);
  }
  // Ranges of the sorted values; each value finds its own by the first value of the next range.
  std::vector<float> limits;
  for (size_t i = 0; i + 1 < bounds.size(); ++i) {
    clusters.centroids.push_back(static_cast<float>(sorted.mean(bounds[i], bounds[i + 1])));
    if (i > 0) limits.push_back(sorted[bounds[i]]);
  }
  clusters.index.reserve(values.size());
  for (const float value : values) {
    clusters.index.push_back(static_cast<uint8_t>(
        std::upper_bound(limits.begin(), limits.end(), value) - limits.begin()));
  }
  return clusters;
}

double sharing_rate(double n, double k, double b) { return n * b / (n * std::log2(k) + k * b); }

namespace {

// One setting per layer.
std::vector<unsigned> bits_of(const Network& network, const char* what,
                              const std::vector<unsigned>& bits, size_t count, unsigned least) {
  std::vector<unsigned> all = bits;
  if (all.size() == 1) all.resize(count, all[0]);
  if (all.size() != count) {
    throw Error(network.name + ": bits of " + what + " for " + std::to_string(all.size()) +
                " layers, expected " + std::to_string(count) + " or one for all");
  }
  for (const unsigned b : all) {
    if (b < least || b > 8) {
      throw Error(network.name + ": " + std::to_string(b) + " bits of " + what + ", expected " +
                  std::to_string(least) + " to 8");
    }
  }
  return all;
}

// 0 would prune the weights of a code; a symmetric cluster's mean can be 0.
float nonzero(float value, float member) {
  if (value != 0) return value;
  return std::max(std::abs(member) * 1e-3F, std::numeric_limits<float>::min());
}

// Drops codes that no element has, and puts the others (of weights: but 0) in rising order, which
// makes tables of code lengths short.
void compact(SharedParameter& parameter, bool weights) {
  std::vector<size_t> count(parameter.codebook.size(), 0);
  for (const uint8_t code : parameter.code) ++count[code];
  std::vector<size_t> order;
  for (size_t k = weights ? 1 : 0; k < count.size(); ++k) {
    if (count[k] > 0) order.push_back(k);
  }
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return parameter.codebook[a] < parameter.codebook[b];
  });
  if (weights) order.insert(order.begin(), 0);
  std::vector<uint8_t> next(parameter.codebook.size(), 0);
  std::vector<float> codebook;
  for (const size_t k : order) {
    next[k] = static_cast<uint8_t>(codebook.size());
    codebook.push_back(parameter.codebook[k]);
  }
  for (uint8_t& code : parameter.code) code = next[code];
  parameter.codebook = std::move(codebook);
}

// The choice of a value for each weight by distance and code length.
class EntropyChoice {
 public:
  // `square`: what distances are measured in.
  EntropyChoice(const std::vector<float>& codebook, const std::vector<size_t>& count,
                double entropy, double square, bool prunes) {
    double all = 0;
    for (const size_t c : count) all += static_cast<double>(c);
    const double scale = entropy * (square > 0 ? square : 1);
    for (size_t k = prunes ? 0 : 1; k < codebook.size(); ++k) {
      double penalty = 0;
      if (entropy > 0) {
        // A value that nobody has is given up.
        if (count[k] == 0) continue;
        penalty = scale * -std::log2(static_cast<double>(count[k]) / all);
      }
      values_.push_back({codebook[k], static_cast<float>(penalty), static_cast<uint8_t>(k)});
    }
  }

  bool empty() const { return values_.empty(); }
  uint8_t operator()(float w) const {
    const Value* best = values_.data();
    float least = std::numeric_limits<float>::infinity();
    for (const Value& value : values_) {
      const float cost = (w - value.value) * (w - value.value) + value.penalty;
      if (cost < least) {
        least = cost;
        best = &value;
      }
    }
    return best->code;
  }

 private:
  struct Value {
    float value;
    float penalty;
    uint8_t code;
  };
  std::vector<Value> values_;
};

double mean_square(const std::vector<float>& values) {
  double sum = 0;
  double count = 0;
  for (const float v : values) {
    sum += static_cast<double>(v) * v;
    count += v != 0 ? 1 : 0;
  }
  return count > 0 ? sum / count : 0;
}

// Lloyd's algorithm with code lengths.
void assign_by_entropy(const std::vector<float>& values, SharedParameter& shared,
                       const SharingOptions& options) {
  const double square = mean_square(values);
  constexpr int kMaxIterations = 100;
  for (int iteration = 0; iteration < kMaxIterations; ++iteration) {
    std::vector<size_t> count(shared.codebook.size(), 0);
    for (const uint8_t code : shared.code) ++count[code];
    const EntropyChoice choice(shared.codebook, count, options.entropy, square,
                               options.entropy_prunes);
    if (choice.empty()) break;
    std::vector<double> sum(shared.codebook.size(), 0);
    std::fill(count.begin(), count.end(), 0);
    bool changed = false;
    for (size_t i = 0; i < values.size(); ++i) {
      if (values[i] == 0) continue;
      const uint8_t code = choice(values[i]);
      changed = changed || code != shared.code[i];
      shared.code[i] = code;
      sum[code] += values[i];
      ++count[code];
    }
    for (size_t k = 1; k < shared.codebook.size(); ++k) {
      if (count[k] == 0) continue;
      shared.codebook[k] =
          nonzero(static_cast<float>(sum[k] / static_cast<double>(count[k])), shared.codebook[k]);
    }
    if (!changed) break;
  }
  compact(shared, true);
}

SharedParameter share(const std::vector<float>& values, unsigned bits, bool weights,
                      const SharingOptions& options) {
  std::vector<float> members;
  for (const float v : values) {
    if (!weights || v != 0) members.push_back(v);
  }
  const Clusters clusters =
      cluster_1d(members, (1U << bits) - (weights ? 1 : 0), options.init, options.seed);
  SharedParameter shared;
  if (weights) shared.codebook.push_back(0);
  std::vector<float> member(clusters.centroids.size(), 0);
  for (size_t i = 0; i < members.size(); ++i) member[clusters.index[i]] = members[i];
  for (size_t k = 0; k < clusters.centroids.size(); ++k) {
    shared.codebook.push_back(weights ? nonzero(clusters.centroids[k], member[k])
                                      : clusters.centroids[k]);
  }
  size_t next = 0;
  for (const float v : values) {
    if (weights && v == 0) {
      shared.code.push_back(0);
    } else {
      shared.code.push_back(static_cast<uint8_t>(clusters.index[next++] + (weights ? 1 : 0)));
    }
  }
  if (weights && options.entropy > 0) assign_by_entropy(values, shared, options);
  return shared;
}

}  // namespace

SharedNetwork share_weights(const Network& network, const SharingOptions& options) {
  const std::vector<Layer> all = layers(network);
  const std::vector<unsigned> bits = bits_of(network, "weights", options.bits, all.size(), 1);
  const std::vector<unsigned> bias_bits =
      bits_of(network, "biases", options.bias_bits, all.size(), 0);
  if (!(options.entropy >= 0) || !std::isfinite(options.entropy)) {
    throw Error(network.name + ": weight of code lengths out of range, expected at least 0");
  }
  SharedNetwork shared;
  shared.network = network;
  shared.parameters.resize(network.parameters.size());
  for (size_t l = 0; l < all.size(); ++l) {
    const size_t p = all[l].weights;
    if (shared.parameters[p].shared()) continue;
    shared.parameters[p] = share(network.parameters[p].values, bits[l], true, options);
    shared.network.parameters[p].values.clear();
  }
  for (size_t l = 0; l < all.size(); ++l) {
    if (all[l].bias < 0 || bias_bits[l] == 0) continue;
    const auto p = static_cast<size_t>(all[l].bias);
    if (shared.parameters[p].shared()) continue;
    SharedParameter bias = share(network.parameters[p].values, bias_bits[l], false, options);
    const size_t floats = 32 * bias.code.size();
    if (32 * bias.codebook.size() + bias_bits[l] * bias.code.size() >= floats) continue;
    shared.parameters[p] = std::move(bias);
    shared.network.parameters[p].values.clear();
  }
  return shared;
}

double entropy_bits(const SharedParameter& parameter) {
  std::vector<size_t> count(parameter.codebook.size(), 0);
  for (const uint8_t code : parameter.code) ++count[code];
  double bits = 0;
  for (const size_t c : count) {
    const auto n = static_cast<double>(c);
    if (c > 0) bits -= n * std::log2(n / static_cast<double>(parameter.code.size()));
  }
  return bits;
}

std::vector<double> centroid_gradient(const SharedParameter& parameter, const float* gradient) {
  std::vector<double> sums(parameter.codebook.size(), 0);
  for (size_t i = 0; i < parameter.code.size(); ++i) sums[parameter.code[i]] += gradient[i];
  return sums;
}

namespace {

// FNV-1a, 64 bits.
class Digest {
 public:
  template <typename T>
  void add(const T& value) {
    add(&value, sizeof value);
  }
  template <typename T>
  void add(const std::vector<T>& values) {
    add(values.data(), values.size() * sizeof(T));
  }
  uint64_t value() const { return hash_; }

 private:
  void add(const void* data, size_t size) {
    const auto* bytes = static_cast<const uint8_t*>(data);
    for (size_t i = 0; i < size; ++i) hash_ = (hash_ ^ bytes[i]) * 0x100000001B3ULL;
  }
  uint64_t hash_ = 0xCBF29CE484222325ULL;
};

// What both ways of training shared networks have in common: parameters that are not shared follow
// their gradients, and of those that are, the gradients of elements that may be other than 0 are
// gathered.
class SharedNetworkUpdate : public Update {
 public:
  SharedNetworkUpdate(SharedNetwork& shared, Network& network, const TrainOptions& options)
      : shared_(shared),
        network_(network),
        momentum_(options.momentum),
        decay_(options.weight_decay) {
    std::vector<bool> weights(network.parameters.size(), false);
    for (const Layer& layer : layers(network)) weights[layer.weights] = true;
    states_.resize(network.parameters.size());
    for (size_t p = 0; p < states_.size(); ++p) {
      State& state = states_[p];
      const SharedParameter& parameter = shared.parameters[p];
      state.weights = weights[p];
      digest_.add(parameter.codebook);
      digest_.add(parameter.code);
      if (!parameter.shared()) {
        state.velocity.assign(network.parameters[p].values.size(), 0);
        continue;
      }
      for (size_t i = 0; i < parameter.code.size(); ++i) {
        if (!state.weights || parameter.code[i] != 0) state.index.push_back(i);
      }
      state.gradient.resize(state.index.size());
    }
  }

  void set_learning_rate(float rate) override { rate_ = rate; }

  void parameter(size_t p, size_t first, const float* gradient, size_t count) override {
    State& state = states_[p];
    if (!shared_.parameters[p].shared()) {
      float* values = network_.parameters[p].values.data();
      const float decay = state.weights ? decay_ : 0;
      for (size_t i = 0; i < count; ++i) {
        float& velocity = state.velocity[first + i];
        velocity = momentum_ * velocity - rate_ * (gradient[i] + decay * values[first + i]);
        values[first + i] += velocity;
      }
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
      step(states_[p], shared_.parameters[p]);
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
      all.insert(all.end(), state.velocity.begin(), state.velocity.end());
      all.insert(all.end(), state.latent.begin(), state.latent.end());
      all.insert(all.end(), parameter.codebook.begin(), parameter.codebook.end());
      for (const size_t i : state.index) all.push_back(parameter.code[i]);
    }
    return all;
  }

  void set_state(const std::vector<float>& all) override {
    size_t size = 0;
    for (size_t p = 0; p < states_.size(); ++p) {
      size += states_[p].velocity.size() + states_[p].latent.size() +
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
      take(state.velocity);
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
    std::vector<size_t> index;    // elements that may be other than 0, rising
    std::vector<float> gradient;  // theirs
    std::vector<float> velocity;  // of elements, codes or latent weights
    std::vector<float> latent;    // weights that choose codes, one per element of index
  };

  // Moves codes and codebook by state.gradient.
  virtual void step(State& state, SharedParameter& parameter) = 0;

  void write_values(size_t p) {
    const SharedParameter& parameter = shared_.parameters[p];
    float* values = network_.parameters[p].values.data();
    for (const size_t i : states_[p].index) values[i] = parameter.codebook[parameter.code[i]];
  }

  SharedNetwork& shared_;
  Network& network_;
  float momentum_;
  float decay_;
  float rate_ = 0;
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
        states_[p].velocity.assign(shared.parameters[p].codebook.size(), 0);
      }
    }
  }

 private:
  void step(State& state, SharedParameter& parameter) override {
    std::vector<double> sum(parameter.codebook.size(), 0);
    std::vector<double> count(parameter.codebook.size(), 0);
    for (size_t e = 0; e < state.index.size(); ++e) {
      const uint8_t code = parameter.code[state.index[e]];
      sum[code] += static_cast<double>(state.gradient[e]);
      ++count[code];
    }
    for (size_t k = state.weights ? 1 : 0; k < sum.size(); ++k) {
      if (count[k] == 0) continue;
      double rate = rate_ / count[k];
      if (state.weights) {
        sum[k] += static_cast<double>(decay_) * count[k] * parameter.codebook[k];
        rate = rate_ * centroid_rate_ / std::pow(count[k], centroid_power_);
      }
      float& velocity = state.velocity[k];
      velocity = momentum_ * velocity - static_cast<float>(rate * sum[k]);
      const float next = parameter.codebook[k] + velocity;
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
      state.velocity.assign(state.latent.size(), 0);
      digest_.add(state.latent);
    }
  }

 private:
  void step(State& state, SharedParameter& parameter) override {
    const float decay = state.weights ? decay_ : 0;
    for (size_t e = 0; e < state.index.size(); ++e) {
      float& velocity = state.velocity[e];
      velocity = momentum_ * velocity - rate_ * (state.gradient[e] + decay * state.latent[e]);
      state.latent[e] += velocity;
    }
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
    for (size_t k = state.weights ? 1 : 0; k < sum.size(); ++k) {
      if (count[k] == 0) continue;
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
