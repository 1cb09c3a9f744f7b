// SPDX-License-Identifier: Apache-2.0
#include "golden/network/shared_network.hpp"

#include <algorithm>
#include <cmath>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/network/check.hpp"

namespace sparsys {
namespace {

constexpr size_t kMaxCodebook = 256;

}  // namespace

Network SharedNetwork::decode() const {
  Network decoded = network;
  for (size_t p = 0; p < parameters.size(); ++p) {
    const SharedParameter& shared = parameters[p];
    if (!shared.shared()) continue;
    std::vector<float>& values = decoded.parameters.at(p).values;
    values.resize(shared.code.size());
    std::transform(shared.code.begin(), shared.code.end(), values.begin(),
                   [&](uint8_t code) { return shared.codebook.at(code); });
  }
  return decoded;
}

void check(const SharedNetwork& shared, const std::string& name) {
  const Network& network = shared.network;
  if (shared.parameters.size() != network.parameters.size()) {
    fail(name, number(shared.parameters.size()) + " shared parameters, expected " +
                   number(network.parameters.size()));
  }
  for (size_t p = 0; p < shared.parameters.size(); ++p) {
    const Parameter& parameter = network.parameters[p];
    const SharedParameter& codes = shared.parameters[p];
    const std::string place =
        name + ": parameter " + number(p + 1) + " (" + printable(parameter.name) + ")";
    if (!codes.shared()) {
      if (!codes.code.empty()) fail(place, "codes without a codebook");
      if (parameter.values.empty()) fail(place, "neither codes nor values");
      continue;
    }
    if (!parameter.values.empty()) fail(place, "both codes and values of its own");
    if (codes.codebook.size() > kMaxCodebook) {
      fail(place, "a codebook of " + number(codes.codebook.size()) + " values, expected at most " +
                      number(kMaxCodebook));
    }
    if (!std::all_of(codes.codebook.begin(), codes.codebook.end(),
                     [](float value) { return std::isfinite(value); })) {
      fail(place, "a codebook value is not finite");
    }
    const auto largest = std::max_element(codes.code.begin(), codes.code.end());
    if (largest != codes.code.end() && *largest >= codes.codebook.size()) {
      fail(place, "code " + number(*largest) + ", expected below " + number(codes.codebook.size()));
    }
  }
  check(network, name, true);
  for (size_t p = 0; p < shared.parameters.size(); ++p) {
    const Parameter& parameter = network.parameters[p];
    const SharedParameter& codes = shared.parameters[p];
    const auto count = static_cast<uint64_t>(element_count(parameter.shape));
    if (!codes.shared() || codes.code.size() == count) continue;
    fail(name + ": parameter " + number(p + 1) + " (" + printable(parameter.name) + ")",
         number(codes.code.size()) + " codes, expected " + number(count) + " for shape " +
             to_string(parameter.shape));
  }
  for (const Layer& layer : layers(network, true)) {
    const std::vector<float>& codebook = shared.parameters[layer.weights].codebook;
    for (size_t c = 0; c < codebook.size(); ++c) {
      if ((codebook[c] == 0) == (c == 0)) continue;
      fail(name + ": parameter " + number(layer.weights + 1) + " (" +
               printable(network.parameters[layer.weights].name) + ")",
           "codebook value " + number(c) + (c == 0 ? " is not 0" : " is 0, as only value 0 is"));
    }
  }
}

}  // namespace sparsys
