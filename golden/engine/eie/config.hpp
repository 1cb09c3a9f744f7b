// SPDX-License-Identifier: Apache-2.0
// The parameters of a sparse engine, the same names and defaults as in rtl/eie/eie.v.
#pragma once

#include <cstdint>

namespace sparsys::eie {

constexpr uint32_t kMaxGroups = 8;
// What the 16-bit fields of a descriptor and its 8-bit codebook number can name
// (docs/reference/eie-format.md section 5).
constexpr uint32_t kMaxEntries = 8 * 65536;
constexpr uint32_t kMaxPointers = 65536;
constexpr uint32_t kMaxActRam = 65536;
constexpr uint32_t kMaxCodebooks = 256;
constexpr uint32_t kMaxList = 32768;

struct Config {
  uint32_t n_pe = 64;             // processing elements, a power of two from 1 to 256
  uint32_t entry_depth = 131072;  // entries of a PE's entry memory, a power of two, at least 32
  uint32_t ptr_depth = 16384;     // pointers of a PE's two pointer banks together, a power of two
  uint32_t act_regs = 64;         // source registers (and as many destination registers), 4 to 64
  uint32_t act_ram_depth = 1024;  // words of a PE's activation RAM, a power of two
  uint32_t queue_depth = 8;       // activation queue, 1 to 256
  uint32_t acc_width = 32;        // accumulator bits, 20 to 48
  uint32_t codebooks = 16;        // codebook RAM, in codebooks
  uint32_t list_depth = 256;      // list RAM, in pass descriptors
  uint32_t lanes = 1;             // entries of one column that a PE takes a cycle: 1, 4, 8 or 16
  uint32_t banks = 1;             // of a PE's accumulators: 1, or 2 to ACT_REGS / 2 with more lanes
  uint32_t bank_depth = 4;        // FIFO in front of a bank: 2, 4 or 8
  uint32_t groups = 1;            // broadcasts a cycle: 1, or 2, 4 or 8 with more lanes

  // Accumulators of a PE: it has those of its whole team (docs/reference/eie-format.md section 1).
  uint32_t rows() const { return act_regs * groups; }
};

// All of them, as module eie names them.
struct RtlParameter {
  const char* name;
  uint32_t Config::*value;
};
constexpr RtlParameter kRtlParameters[] = {
    {"N_PE", &Config::n_pe},
    {"ENTRY_DEPTH", &Config::entry_depth},
    {"PTR_DEPTH", &Config::ptr_depth},
    {"ACT_REGS", &Config::act_regs},
    {"ACT_RAM_DEPTH", &Config::act_ram_depth},
    {"QUEUE_DEPTH", &Config::queue_depth},
    {"ACC_WIDTH", &Config::acc_width},
    {"CODEBOOKS", &Config::codebooks},
    {"LIST_DEPTH", &Config::list_depth},
    {"LANES", &Config::lanes},
    {"BANKS", &Config::banks},
    {"BANK_DEPTH", &Config::bank_depth},
    {"GROUPS", &Config::groups},
};

// Twice the lanes, which costs hardly a cycle more than any number would; 1 of one lane.
constexpr uint32_t usual_banks(uint32_t lanes) { return lanes == 1 ? 1 : 2 * lanes; }

// Throws Error naming the parameter that is out of range (docs/reference/eie-timing.md,
// Parameters).
void check(const Config& config);

}  // namespace sparsys::eie
