// SPDX-License-Identifier: Apache-2.0
// Training that was interrupted, to go on behind its last epoch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace sparsys {

struct Checkpoint {
  uint64_t run = 0;     // digest of what decides the result
  uint32_t epochs = 0;  // done
  double loss = 0;      // mean over the last of them
  double validation_error = 0;
  double seconds = 0;             // that they took
  std::vector<float> parameters;  // of the network, one after the other
  std::vector<float> state;       // Update::state()
};

// File, little-endian: "SPSCHECK", version (4 bytes), CRC-32 of all that follows (4 bytes), then
// the fields in the order above, vectors with their lengths (8 bytes) before them. Written
// atomically. Throws Error if it cannot be written.
void save_checkpoint(const std::string& path, const Checkpoint& checkpoint);

enum class CheckpointState {
  kNone,     // no such file
  kOther,    // of another run
  kDamaged,  // or none at all, or cannot be read
  kGood
};

// Reads the checkpoint of a run whose digest and sizes are those in `checkpoint`; the rest of it is
// filled in if the file is good. `why` says in a line why not.
CheckpointState load_checkpoint(const std::string& path, Checkpoint& checkpoint, std::string& why);

}  // namespace sparsys
