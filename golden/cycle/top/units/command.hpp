// SPDX-License-Identifier: Apache-2.0
// Ports that all units have: their commands, and the streams that they use
// (docs/reference/top-timing.md section 2).
#pragma once

#include <cstdint>
#include <vector>

namespace sparsys::top {

struct UnitPorts {
  uint8_t start_i = 0;
  uint8_t opcode_i = 0;
  uint8_t flags_i = 0;
  uint64_t address_i = 0;
  uint64_t word2_i = 0, word3_i = 0;
  uint8_t complete_o = 0;
  uint8_t error_o = 0;
  uint8_t code_o = 0;
  uint32_t detail_o = 0;
};

// A unit's side of a read stream.
struct ReadPorts {
  uint8_t req_valid_o = 0;
  uint8_t req_ready_i = 0;
  uint64_t req_addr_o = 0;
  uint32_t req_beats_o = 0;
  uint8_t data_valid_i = 0;
  uint8_t data_ready_o = 0;
  const uint8_t* data_i = nullptr;  // AXI_BYTES
};

// A unit's side of a write stream.
struct WritePorts {
  uint8_t req_valid_o = 0;
  uint8_t req_ready_i = 0;
  uint64_t req_addr_o = 0;
  uint32_t req_bytes_o = 0;
  uint8_t data_valid_o = 0;
  uint8_t data_ready_i = 0;
  const uint8_t* data_o = nullptr;  // AXI_BYTES
  uint8_t done_i = 0;
};

// Bytes of a beat as a number, the lowest address lowest; `count` up to 8.
inline uint64_t bytes_at(const uint8_t* beat, uint32_t first, uint32_t count) {
  uint64_t value = 0;
  for (uint32_t b = count; b-- > 0;) value = value << 8 | beat[first + b];
  return value;
}

}  // namespace sparsys::top
