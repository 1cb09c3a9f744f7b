// SPDX-License-Identifier: Apache-2.0
// What a result must be, told line by line.
#pragma once

#include <iostream>
#include <string>

#include "sw/sparsys/commands.hpp"

namespace sparsys {

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
