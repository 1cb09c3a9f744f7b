// SPDX-License-Identifier: Apache-2.0
// What a protocol checker has found: how many violations, and the first of them as text.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sparsys::axi {

class Violations {
 public:
  void add(uint64_t cycle, const std::string& what) {
    if (texts_.size() < kTexts) texts_.push_back("cycle " + std::to_string(cycle) + ": " + what);
    ++count_;
  }
  uint64_t count() const { return count_; }
  // The first 20, "cycle 17: ARADDR changed while ARVALID waits".
  const std::vector<std::string>& texts() const { return texts_; }
  // All of these in lines.
  std::string text() const {
    std::string all;
    for (const std::string& one : texts_) all += one + "\n";
    if (count_ > texts_.size()) all += "and " + std::to_string(count_ - texts_.size()) + " more\n";
    return all;
  }

 private:
  static constexpr size_t kTexts = 20;
  std::vector<std::string> texts_;
  uint64_t count_ = 0;
};

}  // namespace sparsys::axi
