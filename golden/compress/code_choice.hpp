// SPDX-License-Identifier: Apache-2.0
// Which of a layer's shared values a weight takes, and codebooks in good order: what sharing and
// its fine-tuning have in common.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "golden/network/shared_network.hpp"

namespace sparsys {

// `value`, or if that is 0 a small value in the order of `member`: 0 would prune the weights of a
// code, and a symmetric cluster's mean can be 0.
float nonzero(float value, float member);

// Drops codes that no element has, and puts the others (of weights: but 0) in rising order, which
// makes tables of code lengths short.
void compact(SharedParameter& parameter, bool weights);

// Mean square of the values other than 0, 0 if there are none.
double mean_square(const std::vector<float>& values);

// The choice of a value for each weight by distance and code length.
class EntropyChoice {
 public:
  // `square`: what distances are measured in.
  EntropyChoice(const std::vector<float>& codebook, const std::vector<size_t>& count,
                double entropy, double square, bool prunes);

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

}  // namespace sparsys
