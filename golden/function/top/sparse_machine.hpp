// SPDX-License-Identifier: Apache-2.0
// The sparse engine as its port shows it, untimed and bit-exact: memories, and lists of pass
// descriptors (docs/reference/eie-format.md). Plain loops over the definitions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "golden/engine/eie/config.hpp"
#include "golden/engine/eie/pass.hpp"

namespace sparsys::top {

// What ended a list before its end: 0 nothing, else the reasons of eie-format section 9.
struct ListEnd {
  uint8_t reason = 0;
  uint8_t pe = 0;           // of reason 10
  uint16_t descriptor = 0;  // that was running
  // Status word 5 of the engine.
  uint64_t word() const {
    return reason | (reason == 10 ? uint64_t{pe} << 8 : 0) |
           (reason ? uint64_t{descriptor} << 16 : 0);
  }
};

class SparseMachine {
 public:
  // Behind a reset all memories are 0. Throws Error if a parameter is out of range.
  explicit SparseMachine(const eie::Config& config);

  // Words at the port (section 9); the status is not modelled.
  void write(uint32_t address, uint64_t word);
  uint64_t read(uint32_t address) const;
  // As a reset of the engine does: memories stay.
  void reset() { swapped_ = false; }

  // Behind an error, activations and accumulators are undefined.
  ListEnd run(uint32_t first, uint32_t count);
  bool saturated() const { return saturated_; }  // an accumulator, in the last list

 private:
  struct Flat {  // where element 0 of a flat word lies, and in what
    std::vector<int16_t>* elements = nullptr;
    size_t first = 0;
  };
  Flat flat(uint32_t address);
  bool run_pass(const eie::Pass& pass, ListEnd& end);
  // Adds a column's products in all PEs of its group; `pointer` is its number in each.
  bool column(uint32_t group, uint32_t pointer, uint32_t entry_base, int16_t x, ListEnd& end);
  void write_back(const eie::Pass& pass);
  std::vector<int16_t>& sources() { return registers_[swapped_ ? 1 : 0]; }
  std::vector<int16_t>& destinations() { return registers_[swapped_ ? 0 : 1]; }

  eie::Config config_;
  uint32_t lanes_;                             // of a flat word
  std::vector<std::vector<uint8_t>> entries_;  // of each PE
  std::vector<std::vector<uint16_t>> pointers_;
  std::vector<std::vector<int64_t>> accumulators_;
  std::vector<int16_t> ram_;
  std::vector<int16_t> registers_[2];
  std::vector<uint64_t> list_;
  std::vector<uint64_t> codebooks_;
  std::vector<int16_t> codebook_;  // that the PEs have
  bool swapped_ = false;
  bool saturated_ = false;
};

}  // namespace sparsys::top
