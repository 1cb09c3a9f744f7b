// SPDX-License-Identifier: Apache-2.0
// What must not work, on whatever stands behind a sparse engine's pins: descriptors at the borders
// of every rule, lists behind the list RAM's end, images that PEs refuse, aborts at any time,
// starts while busy (docs/reference/eie-format.md sections 5 and 9).
#pragma once

#include <cstdint>
#include <functional>
#include <map>

#include "golden/engine/eie/driver.hpp"

namespace sparsys::eie {

// A descriptor of which most fields keep their rules; the others lie at both sides of a border, or
// anywhere.
void random_descriptor(uint64_t seed, const Config& config, uint64_t words[2]);

// How often each reason came; with kNone: lists that ran to their end.
using Reasons = std::map<Reason, uint64_t>;

// Runs `count` random descriptors, each at a random place of the list RAM, and lists around that
// RAM's end. Each must end as its rules say (golden/engine/eie/rules.hpp); flags and status word 5
// must say so.
Reasons check_refusals(Device& device, uint64_t seed, uint64_t count);

// Ends a run of a random network by abort_i, `cuts` times at random cycles, or in every cycle of
// the run in turn if 0; memories must be as loaded then, and the run after it right.
// `seen` is called in front of every cycle with abort_i.
void check_aborts(Device& device, uint64_t seed, uint64_t cuts,
                  const std::function<void()>& seen = {});

// Starts lists while a list runs: they are lost, and nothing else.
void check_lost_starts(Device& device, uint64_t seed);

// Damages the memories of a random network in random PEs, with rows out of range, falling pointers
// and entries behind the memory's end: the list must end with the first, name the PE with the
// lowest number, and change no memory that is loaded. Returns the flags seen.
uint8_t check_pe_errors(Device& device, uint64_t seed, uint64_t count);

}  // namespace sparsys::eie
