// SPDX-License-Identifier: Apache-2.0
#include "golden/nn/stop.hpp"

#include <atomic>

namespace sparsys {
namespace {

std::atomic<bool> requested{false};
static_assert(std::atomic<bool>::is_always_lock_free, "set from a signal handler");

}  // namespace

void request_stop() noexcept { requested = true; }

bool stop_requested() noexcept { return requested; }

void clear_stop() noexcept { requested = false; }

}  // namespace sparsys
