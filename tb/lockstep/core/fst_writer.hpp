// SPDX-License-Identifier: Apache-2.0
// Waveform of all compared signals, RTL and cycle model side by side (scopes `rtl` and `model`), in
// GTKWave's FST format, by the library that comes with Verilator.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tb/lockstep/core/signal_table.hpp"

namespace sparsys {

class FstWriter {
 public:
  // `signals` must outlive the writer. Throws Error if the file cannot be written. What is written
  // lies in `path`.part until close(); a file at `path` is untouched until then.
  FstWriter(const std::string& path, const std::vector<Signal>& signals);
  // Without close(), nothing is left behind.
  ~FstWriter();
  FstWriter(const FstWriter&) = delete;
  FstWriter& operator=(const FstWriter&) = delete;

  // The values as they stand, at time `cycle` (one nanosecond a cycle). Cycles must rise.
  // Throws Error if the disk is full.
  void sample(uint64_t cycle);
  // Completes the file. Throws Error, and leaves nothing behind, if that fails.
  void close();

 private:
  void discard();
  [[noreturn]] void fail();
  void declare(const char* side);
  void emit(size_t index, uint64_t value, uint32_t width);

  std::string path_;
  std::string part_;
  const std::vector<Signal>& signals_;
  void* writer_ = nullptr;
  std::vector<uint32_t> handles_;  // all of the RTL's, then all of the model's
  std::vector<uint64_t> last_;
  bool first_ = true;
};

}  // namespace sparsys
