// SPDX-License-Identifier: Apache-2.0
// A request to stop long work in good order: Ctrl-C of the program.
#pragma once

#include <string>

#include "golden/error.hpp"

namespace sparsys {

// Thrown by work that was asked to stop. Its text says how far it came and how it goes on.
class Stopped : public Error {
 public:
  using Error::Error;
};

// Safe to call from a signal handler.
void request_stop() noexcept;
bool stop_requested() noexcept;
// Takes the request back, for tests.
void clear_stop() noexcept;

}  // namespace sparsys
