// SPDX-License-Identifier: Apache-2.0
// What a test takes from the heap: a program that links allocations.cpp counts every operator new.
#pragma once

#include <atomic>
#include <cstddef>

namespace sparsys {

// Of the blocks taken since a test set it to 0: the largest, and all of them together, whether
// given back or not. In bytes.
extern std::atomic<size_t> largest_block;
extern std::atomic<size_t> bytes_taken;

}  // namespace sparsys
