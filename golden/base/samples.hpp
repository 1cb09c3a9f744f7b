// SPDX-License-Identifier: Apache-2.0
// What goes into networks and what should come out of them, sample by sample, as data sets hold it.
// Both are views, as pointers are.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sparsys {

// Values of samples, contiguous: numbers of 8 bits, or floats.
class Samples {
 public:
  // Conversions on purpose: both kinds of memory are samples.
  Samples(const uint8_t* bytes) : bytes_(bytes) {}
  Samples(const float* floats) : floats_(floats) {}

  // Null if they are of the other kind.
  const uint8_t* bytes() const { return bytes_; }
  const float* floats() const { return floats_; }

  float operator[](size_t i) const {
    return bytes_ != nullptr ? static_cast<float>(bytes_[i]) : floats_[i];
  }
  // From value number `values` on.
  Samples operator+(size_t values) const {
    return bytes_ != nullptr ? Samples(bytes_ + values) : Samples(floats_ + values);
  }

 private:
  const uint8_t* bytes_ = nullptr;
  const float* floats_ = nullptr;
};

// What the outputs should be: a class for each sample, or `size` values, or the inputs as they come
// to the network.
class Targets {
 public:
  Targets(const uint32_t* labels) : kind_(Kind::kClasses), labels_(labels) {}
  Targets(const float* values, size_t size) : kind_(Kind::kValues), values_(values), size_(size) {}
  static Targets inputs() { return Targets(); }

  bool are_classes() const { return kind_ == Kind::kClasses; }
  bool are_inputs() const { return kind_ == Kind::kInputs; }
  uint32_t label(size_t sample) const { return labels_[sample]; }
  const float* values(size_t sample) const { return values_ + sample * size_; }
  // Values of a sample; 0 of classes and of inputs.
  size_t size() const { return size_; }

  // From sample number `samples` on.
  Targets operator+(size_t samples) const {
    if (are_classes()) return Targets(labels_ + samples);
    return are_inputs() ? *this : Targets(values_ + samples * size_, size_);
  }

 private:
  enum class Kind : uint8_t { kClasses, kValues, kInputs };
  Targets() = default;

  Kind kind_ = Kind::kInputs;
  const uint32_t* labels_ = nullptr;
  const float* values_ = nullptr;
  size_t size_ = 0;
};

}  // namespace sparsys
