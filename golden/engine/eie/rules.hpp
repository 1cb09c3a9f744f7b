// SPDX-License-Identifier: Apache-2.0
// The rules that lists, descriptors and what they point at must keep
// (docs/reference/eie-format.md section 5): what the engine refuses while it runs, said with
// numbers before that.
#pragma once

#include <cstdint>
#include <string>

#include "golden/engine/eie/image.hpp"

namespace sparsys::eie {

// Why a list ended before its end, as the engine counts the reasons (section 9).
enum class Reason : uint8_t {
  kNone = 0,
  kList = 1,         // descriptors behind the list RAM's end
  kReserved = 2,     // reserved bits, shift
  kCounts = 3,       // more inputs or outputs than registers
  kFirstRow = 4,     // the first source row lies behind the last
  kPointers = 5,     // pointers behind the pointer memory's end
  kEntries = 6,      // the first entry row lies behind the entry memory's end
  kSource = 7,       // inputs behind the activation RAM's end
  kDestination = 8,  // outputs there
  kCodebook = 9,     // no such codebook
  kPe = 10,          // a PE met a row out of range, falling pointers or entries that are not there
  kAborted = 15
};

// The first rule that something breaks, in the engine's order, and how; no text with kNone.
struct Breach {
  Reason reason = Reason::kNone;
  std::string text;
};

// Of a list: rule 1.
Breach breach_of_list(uint32_t first, uint32_t count, const Config& config);
// Of a descriptor's two words: rules 2 to 9.
Breach breach_of(const uint64_t words[2], const Config& config);

// Throws Error "image: descriptor 3: ..." if the engine would refuse the list of an image or a PE
// would meet an error in it, or if its memories are not as its configuration has them.
void check(const Image& image);

}  // namespace sparsys::eie
