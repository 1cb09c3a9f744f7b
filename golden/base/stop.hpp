// SPDX-License-Identifier: Apache-2.0
// A request to stop long work in good order: Ctrl-C of the program.
#pragma once

#include <string>

#include "golden/base/error.hpp"

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

// While one exists there is work that looks at stop_requested() every now and then; without, nobody
// would notice a request.
class Stoppable {
 public:
  Stoppable() noexcept;
  ~Stoppable();
  Stoppable(const Stoppable&) = delete;
  Stoppable& operator=(const Stoppable&) = delete;
  // Safe to call from a signal handler.
  static bool any() noexcept;
};

}  // namespace sparsys
