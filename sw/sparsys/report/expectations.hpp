// SPDX-License-Identifier: Apache-2.0
// What a result must be, told line by line.
#pragma once

#include <iostream>
#include <string>

#include "golden/base/error.hpp"

namespace sparsys {

// Of percentages that were computed differently.
constexpr double kRounding = 1e-9;

// The work was done, but its result is not what it must be; the text may have several lines.
class ExpectationFailed : public Error {
 public:
  using Error::Error;
};

// Bounds that a result keeps to or not.
class Expectations {
 public:
  // Must hold: the command fails otherwise.
  void require(bool holds, const std::string& text) {
    print(holds, text, "FAILED");
    if (!holds) failed_ += (failed_.empty() ? "" : "\nsparsys: error: ") + text;
  }
  // A target of speed: a busy machine may miss it.
  bool target(bool holds, const std::string& text) {
    print(holds, text, "MISSED");
    return holds;
  }
  void throw_if_failed() const {
    if (!failed_.empty()) throw ExpectationFailed("not as expected: " + failed_);
  }

 private:
  static void print(bool holds, const std::string& text, const char* bad) {
    std::cout << "  " << (holds ? "ok    " : bad) << "  " << text << '\n';
  }
  std::string failed_;
};

}  // namespace sparsys
