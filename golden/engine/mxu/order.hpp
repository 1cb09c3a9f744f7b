// SPDX-License-Identifier: Apache-2.0
// Order between the units of the matrix unit: which waits a program needs
// (docs/reference/mxu-format.md section 3, Waits).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "golden/engine/mxu/instruction.hpp"

namespace sparsys::mxu {

enum class Space : uint8_t { kBuffer, kAccumulators, kSets };

// Rows that an operation reads or writes.
struct Access {
  Space space = Space::kBuffer;
  uint64_t first = 0;
  uint64_t rows = 0;
  bool write = false;
};

// Finds the waits that the program's order needs: an operation may begin when those of other units
// that touch the same rows are complete. Waits that follow from others are left out.
class Order {
 public:
  // The waits of the next operation of `unit`, which makes these accesses.
  std::array<uint8_t, kUnits> add(UnitNumber unit, const std::vector<Access>& accesses);

 private:
  // Numbers of operations of each unit that are complete.
  using Counts = std::array<size_t, kUnits>;
  struct Operation {
    std::vector<Access> accesses;
    Counts known{};  // when it begins
  };
  void know(UnitNumber unit, size_t v, size_t complete);

  std::array<std::vector<Operation>, kUnits> operations_;
  std::array<Counts, kUnits> known_{};
};

}  // namespace sparsys::mxu
