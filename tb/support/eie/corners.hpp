// SPDX-License-Identifier: Apache-2.0
// Every parameter set is reachable in full: all that a test needs of a sparse engine is its pins.
#pragma once

#include <vector>

#include "golden/engine/eie/driver.hpp"

namespace sparsys::eie {

// All sets of the smallest and the largest memories that RTL and library allow, for 1, 2, 4, 64 and
// 256 PEs; queue and accumulators are the smallest or the largest in turn.
std::vector<Config> corner_configs();

// Writes the first word of every memory, every word whose number is a power of two and the last
// one, of the first and the last PE, all with the highest bit set, and reads them back: no word is
// another's alias.
void check_addresses(Device& device);

// Runs two descriptors at the list RAM's end: the last codebook, the last pointers, the last entry
// row, the last source register to the last accumulator, the activation RAM's last rows.
void check_far_end(Device& device);

// Eight PEs with the deepest queue.
Config deepest_queue();

// Runs a layer of which the first PE has all entries, until its queue is full and holds the
// broadcast; outputs must be those of the functional model.
void check_full_queue(Device& device);

}  // namespace sparsys::eie
