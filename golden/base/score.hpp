// SPDX-License-Identifier: Apache-2.0
// How far outputs are off their targets: the one figure that stands in tables, reports and gates.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "golden/base/input_value.hpp"
#include "golden/base/samples.hpp"

namespace sparsys {

class Score {
 public:
  // Of samples with so many outputs.
  explicit Score(size_t outputs = 0) : sum_(outputs), square_(outputs) {}

  // A sample's answer was right or wrong.
  void add_answer(bool right) {
    ++count_;
    wrong_ += right ? 0 : 1;
  }
  // output(o) and target(o) are numbers of a sample.
  template <typename Output, typename Target>
  void add_numbers(const Output& output, const Target& target) {
    ++count_;
    numbers_ = true;
    for (size_t o = 0; o < sum_.size(); ++o) {
      const auto wanted = static_cast<double>(target(o));
      const double off = static_cast<double>(output(o)) - wanted;
      error_ += off * off;
      sum_[o] += wanted;
      square_[o] += wanted * wanted;
    }
  }
  // Samples of another one of as many outputs.
  void add(const Score& other) {
    count_ += other.count_;
    wrong_ += other.wrong_;
    numbers_ = numbers_ || other.numbers_;
    error_ += other.error_;
    for (size_t o = 0; o < sum_.size(); ++o) {
      sum_[o] += other.sum_[o];
      square_[o] += other.square_[o];
    }
  }

  uint64_t count() const { return count_; }
  // Wrong answers.
  uint64_t wrong() const { return wrong_; }
  // Whether it is of numbers, not of classes.
  bool of_numbers() const { return numbers_; }
  // Of classes: the share of wrong answers. Of numbers: the squared error in per cent of what it
  // were if the outputs were always the targets' means, 100 (1 - R^2).
  double percent() const {
    if (count_ == 0) return 0;
    if (!numbers_) return 100.0 * static_cast<double>(wrong_) / static_cast<double>(count_);
    const double spread = this->spread();
    if (spread > 0) return 100 * error_ / spread;
    return error_ > 0 ? 100 : 0;
  }
  double mean_squared_error() const {
    const double values = static_cast<double>(count_) * static_cast<double>(sum_.size());
    return values > 0 ? error_ / values : 0;
  }
  // Mean over the outputs of their targets' variances.
  double variance() const {
    const double values = static_cast<double>(count_) * static_cast<double>(sum_.size());
    return values > 0 ? spread() / values : 0;
  }

 private:
  double spread() const {
    double all = 0;
    for (size_t o = 0; o < sum_.size(); ++o) {
      const double spread = square_[o] - sum_[o] * sum_[o] / static_cast<double>(count_);
      // Below that it is rounding.
      if (spread > 1e-12 * square_[o]) all += spread;
    }
    return all;
  }

  uint64_t count_ = 0;
  uint64_t wrong_ = 0;
  bool numbers_ = false;
  double error_ = 0;
  std::vector<double> sum_;     // of targets, per output
  std::vector<double> square_;  // of their squares
};

// Adds samples whose outputs are one behind the other. The largest output is the answer, the first
// of equals. Of autoencoders the targets are inputs, as they come to the network: x * scale +
// offset.
template <typename T>
void add_outputs(Score& score, const T* outputs, size_t size, size_t count, const Targets& targets,
                 const Samples& inputs, float scale, float offset) {
  for (size_t i = 0; i < count; ++i) {
    const T* y = outputs + i * size;
    if (targets.are_classes()) {
      size_t answer = 0;
      for (size_t o = 1; o < size; ++o) {
        if (y[o] > y[answer]) answer = o;
      }
      score.add_answer(answer == targets.label(i));
      continue;
    }
    const auto output = [y](size_t o) { return y[o]; };
    if (targets.are_inputs()) {
      score.add_numbers(output,
                        [&](size_t o) { return input_value(inputs[i * size + o], scale, offset); });
    } else {
      score.add_numbers(output, [&](size_t o) { return targets.values(i)[o]; });
    }
  }
}

}  // namespace sparsys
