// SPDX-License-Identifier: Apache-2.0
#include "golden/compress/weight_sharing.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>

#include "golden/base/error.hpp"
#include "golden/compress/code_choice.hpp"

namespace sparsys {

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

// Root mean square of what the values change by, as a share of their own.
double sharing_error(const std::vector<float>& values, const SharedParameter& shared) {
  double error = 0;
  double size = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const double value = values[i];
    const double change = value - static_cast<double>(shared.codebook[shared.code[i]]);
    error += change * change;
    size += value * value;
  }
  return size > 0 ? std::sqrt(error / size) : 0;
}

// With the fewest bits that keep to options.max_error; by code lengths if that keeps to it too.
SharedParameter share_within(const std::vector<float>& values, const SharingOptions& options,
                             const std::string& place) {
  SharingOptions nearest = options;
  nearest.entropy = 0;
  double error = 0;
  for (unsigned bits = 1; bits <= 8; ++bits) {
    SharedParameter found = share(values, bits, true, nearest);
    error = sharing_error(values, found);
    if (error > options.max_error) continue;
    if (options.entropy == 0) return found;
    SharedParameter shorter = share(values, bits, true, options);
    return sharing_error(values, shorter) <= options.max_error ? shorter : found;
  }
  std::array<char, 96> text{};
  std::snprintf(text.data(), text.size(),
                "8 bits change the weights by %.3g, expected at most %.3g", error,
                options.max_error);
  throw Error(place + ": " + text.data() + " of their root mean square (--max-weight-error)");
}

// Biases. A 0 among others is a pruned one: it has a code of its own, whose value is exactly 0.
SharedParameter share_biases(const std::vector<float>& values, unsigned bits,
                             const SharingOptions& options) {
  std::vector<float> members;
  for (const float v : values) {
    if (v != 0) members.push_back(v);
  }
  if (members.size() == values.size() || members.empty()) {
    return share(values, bits, false, options);
  }
  SharingOptions plain = options;
  plain.entropy = 0;
  SharedParameter shared = share(members, bits, true, plain);
  std::vector<uint8_t> code;
  size_t next = 0;
  for (const float v : values) code.push_back(v == 0 ? uint8_t{0} : shared.code[next++]);
  shared.code = std::move(code);
  return shared;
}

}  // namespace

SharedNetwork share_weights(const Network& network, const SharingOptions& options) {
  const std::vector<Layer> all = layers(network);
  const std::vector<unsigned> bits = bits_of(network, "weights", options.bits, all.size(), 0);
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
    const std::vector<float>& values = network.parameters[p].values;
    if (bits[l] > 0) {
      shared.parameters[p] = share(values, bits[l], true, options);
    } else {
      shared.parameters[p] = share_within(values, options, network.name + ": layer " + all[l].name);
    }
    shared.network.parameters[p].values.clear();
  }
  for (size_t l = 0; l < all.size(); ++l) {
    if (all[l].bias < 0 || bias_bits[l] == 0) continue;
    const auto p = static_cast<size_t>(all[l].bias);
    if (shared.parameters[p].shared()) continue;
    SharedParameter bias = share_biases(network.parameters[p].values, bias_bits[l], options);
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

}  // namespace sparsys
