// SPDX-License-Identifier: Apache-2.0
// RTL and cycle model of the matrix unit, clocked together: in every cycle every signal listed in
// tb/lockstep/signals is compared in every instance.
#pragma once

#include <cstdint>
#include <memory>

#include "golden/cycle/mxu.hpp"
#include "golden/cycle/mxu_device.hpp"
#include "tb/lockstep/lockstep_options.hpp"
#include "tb/lockstep/mxu_rtl.hpp"

namespace sparsys {

using MxuLockstepOptions = BasicLockstepOptions<mxu, MxuRtl>;

class MxuLockstep final : public MxuDevice {
 public:
  // Throws Error if no RTL with these parameters is built in.
  explicit MxuLockstep(const MxuConfig& config, MxuLockstepOptions options = {});
  ~MxuLockstep() override;

  const MxuConfig& config() const override;
  // Throws LockstepMismatch at the first difference, Error if a waveform cannot be written.
  MxuOutputs clock(const MxuInputs& inputs) override;

  // To be called at the end of a run: compares the state behind the last edge, and throws
  // LockstepMismatch unless both sides are idle or halted with nothing pending, or stopped in error
  // (`stopped`). Closes the waveform.
  void finish(bool stopped = false);

  uint64_t checked_cycles() const;
  // Compared words: registers, queue slots, ports of memories, handshakes, over all instances.
  uint32_t signals_per_cycle() const;
  uint64_t mismatched_signals() const;
  const mxu& model() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sparsys
