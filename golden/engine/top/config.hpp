// SPDX-License-Identifier: Apache-2.0
// The parameters of the accelerator, the same names and defaults as in rtl/top/sparsys_top.v.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "golden/engine/eie/config.hpp"
#include "golden/engine/mxu/config.hpp"
#include "golden/engine/top/interface.hpp"

namespace sparsys::top {

struct Config {
  uint32_t axi_bytes = 8;      // of the master's data: 8, 16, 32 or 64
  uint32_t axi_addr_w = 40;    // bits of its addresses, 32 to 44
  uint32_t burst_beats = 16;   // of a burst at most: 2, 4, 8 or 16
  uint32_t read_bursts = 4;    // that a read stream's buffer holds: 2 to 16, a power of two
  uint32_t channel_depth = 4;  // commands queued in a channel: 2 to 16
  bool sparse = true;          // which engines are there
  bool matrix = true;
  eie::Config eie;
  mxu::Config mxu;
};

// The registers that tell an accelerator's size, from BUS (0x008) on to MXU_SETS (0x02C)
// (docs/reference/top-format.md section 2). Those of an engine that is not there are 0.
constexpr size_t kSizeRegisters = kImageRegisterCount;
using SizeRegisters = std::array<uint32_t, kSizeRegisters>;
SizeRegisters size_registers(const Config& config);
// The accelerator of such registers, by the parameters that they tell; the others are the defaults,
// as are those of the bus where BUS, as in an image, has none.
Config config_of(const SizeRegisters& registers);

// Activations in a word of the sparse engine's port.
constexpr uint32_t word_lanes(const eie::Config& config) {
  return config.n_pe < 4 ? config.n_pe : 4;
}

}  // namespace sparsys::top
