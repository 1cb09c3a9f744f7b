// SPDX-License-Identifier: Apache-2.0
// The one exception type of the library: its text is a single line that names the file or object,
// the place in it, and what was expected there.
#pragma once

#include <stdexcept>
#include <string>

namespace sparsys {

class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& what) : std::runtime_error(what) {}
};

// Throws Error "<place>: <what>".
[[noreturn]] inline void fail(const std::string& place, const std::string& what) {
  throw Error(place + ": " + what);
}

}  // namespace sparsys
