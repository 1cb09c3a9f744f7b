// SPDX-License-Identifier: Apache-2.0
#include "golden/format/arithmetic/mixture.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace sparsys::arithmetic {
namespace {

constexpr int kStep = 128;  // between two values of kLogistic
// 2^20 / (1 + exp(-x)) for x = -10, -9.5 .. 0.
constexpr std::array<int32_t, 21> kLogistic = {
    48,    78,    129,   213,   352,   580,    955,    1574,   2593,   4268,  7018,
    11521, 18860, 30736, 49730, 79543, 124993, 191287, 282006, 395880, 524288};

// Its upper half mirrors the lower.
int32_t logistic(int x) {
  if (x > 0) return (1 << 20) - logistic(-x);
  const int at = std::max(x, -kMostLogit) + kMostLogit;
  const auto k = static_cast<size_t>(at / kStep);
  if (k + 1 >= kLogistic.size()) return kLogistic.back();
  return kLogistic[k] + (kLogistic[k + 1] - kLogistic[k]) * (at % kStep) / kStep;
}

// Inverse of probability_of(), for each probability.
std::vector<int16_t> make_logits() {
  std::vector<int16_t> logits(size_t{1} << kProbabilityBits);
  int x = -kMostLogit;
  for (size_t p = 0; p < logits.size(); ++p) {
    while (x < kMostLogit && probability_of(x) < p) ++x;
    logits[p] = static_cast<int16_t>(x);
  }
  return logits;
}

// Adaptive probabilities follow a bit by 1 / (count + 1.5), in 65,536ths.
constexpr unsigned kSlowest = 255;
constexpr int kRateBits = 16;
std::array<int32_t, kSlowest + 1> make_rates() {
  std::array<int32_t, kSlowest + 1> rates{};
  for (size_t n = 0; n < rates.size(); ++n) {
    rates[n] = static_cast<int32_t>((2 << kRateBits) / (2 * n + 3));
  }
  return rates;
}
constexpr int kLearnShift = 16;

}  // namespace

uint32_t probability_of(int logit) {
  const auto p = static_cast<uint32_t>(logistic(logit) >> 4);
  return std::min(std::max(p, uint32_t{1}), uint32_t{65535});
}

int logit(uint32_t probability) {
  static const std::vector<int16_t> logits = make_logits();
  return logits[probability];
}

void Adaptive::add(int bit) {
  static const std::array<int32_t, kSlowest + 1> rates = make_rates();
  const int32_t goal = bit != 0 ? (1 << kBits) - 1 : 0;
  const auto value = static_cast<int32_t>(value_);
  const int64_t step = int64_t{goal - value} * rates[count_] / (1 << kRateBits);
  value_ = static_cast<uint32_t>(value + step);
  if (count_ < kSlowest) ++count_;
}

Mixture::Mixture(const std::vector<size_t>& sizes, size_t sets, Start start)
    : trusted_(start.trusted),
      weights_(sets * (sizes.size() + 1), start.weight),
      at_(sizes.size()),
      inputs_(sizes.size() + 1) {
  for (const size_t size : sizes) tables_.emplace_back(size);
  for (size_t set = 0; set < sets; ++set) weights_[(set + 1) * inputs_.size() - 1] = 0;
}

uint32_t Mixture::predict(const uint32_t* contexts, size_t set) {
  used_ = &weights_[set * inputs_.size()];
  int64_t sum = 0;
  for (size_t t = 0; t < tables_.size(); ++t) {
    Adaptive* const cell = at_[t] = &tables_[t][contexts[t]];
    const auto count = static_cast<int>(cell->count());
    // Trusted as it has seen more.
    inputs_[t] = logit(cell->probability()) * count / (count + trusted_);
    sum += int64_t{inputs_[t]} * used_[t];
  }
  inputs_.back() = 256;
  sum += int64_t{inputs_.back()} * used_[tables_.size()];
  const int64_t mixed = sum / 65536;
  return probability_of(static_cast<int>(std::clamp<int64_t>(mixed, -kMostLogit, kMostLogit)));
}

void Mixture::learn(int bit, uint32_t probability) {
  const int32_t error = (bit != 0 ? 65536 : 0) - static_cast<int32_t>(probability);
  for (size_t t = 0; t < inputs_.size(); ++t) {
    used_[t] += static_cast<int32_t>(int64_t{inputs_[t]} * error / (1 << kLearnShift));
  }
  for (Adaptive* cell : at_) cell->add(bit);
  bits_ -= std::log2(static_cast<double>(bit != 0 ? probability : 65536 - probability) / 65536);
}

}  // namespace sparsys::arithmetic
