// SPDX-License-Identifier: Apache-2.0
// Waveform of all compared signals, RTL and cycle model side by side (scopes `rtl` and `model`), in
// GTKWave's FST format, by the library that comes with Verilator.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tb/lockstep/signal_table.hpp"

namespace sparsys {

class FstWriter {
 public:
  // `signals` must outlive the writer. Throws Error if the file cannot be written.
  FstWriter(const std::string& path, const std::vector<Signal>& signals);
  ~FstWriter();
  FstWriter(const FstWriter&) = delete;
  FstWriter& operator=(const FstWriter&) = delete;

  // The values as they stand, at time `cycle` (one nanosecond a cycle). Cycles must rise.
  void sample(uint64_t cycle);

 private:
  void declare(const char* side);
  void emit(size_t index, uint64_t value, uint32_t width);

  const std::vector<Signal>& signals_;
  void* writer_ = nullptr;
  std::vector<uint32_t> handles_;  // all of the RTL's, then all of the model's
  std::vector<uint64_t> last_;
  bool first_ = true;
};

}  // namespace sparsys
