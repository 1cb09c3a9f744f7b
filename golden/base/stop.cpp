// SPDX-License-Identifier: Apache-2.0
#include "golden/base/stop.hpp"

#include <atomic>

namespace sparsys {
namespace {

std::atomic<bool> requested{false};
std::atomic<int> stoppable{0};
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<int>::is_always_lock_free,
              "used in a signal handler");

}  // namespace

void request_stop() noexcept { requested = true; }

bool stop_requested() noexcept { return requested; }

void clear_stop() noexcept { requested = false; }

Stoppable::Stoppable() noexcept { ++stoppable; }

Stoppable::~Stoppable() { --stoppable; }

bool Stoppable::any() noexcept { return stoppable > 0; }

}  // namespace sparsys
