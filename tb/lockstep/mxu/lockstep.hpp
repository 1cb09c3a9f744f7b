// SPDX-License-Identifier: Apache-2.0
// RTL and cycle model of the matrix unit, clocked together: in every cycle every signal listed in
// tb/lockstep/mxu/signals is compared in every instance.
#pragma once

#include <cstdint>
#include <memory>

#include "golden/cycle/mxu/mxu.hpp"
#include "golden/engine/mxu/pins.hpp"
#include "tb/lockstep/core/lockstep_options.hpp"
#include "tb/lockstep/mxu/rtl.hpp"

namespace sparsys::mxu {

using LockstepOptions = BasicLockstepOptions<Mxu, Rtl>;

class Lockstep final : public Device {
 public:
  // Throws Error if no RTL with these parameters is built in.
  explicit Lockstep(const Config& config, LockstepOptions options = {});
  ~Lockstep() override;

  const Config& config() const override;
  // Throws LockstepMismatch at the first difference, Error if a waveform cannot be written.
  Outputs clock(const Inputs& inputs) override;

  // To be called at the end of a run: compares the state behind the last edge, and throws
  // LockstepMismatch unless both sides are idle or halted with nothing pending, or stopped in error
  // (`stopped`). Closes the waveform.
  void finish(bool stopped = false);

  uint64_t checked_cycles() const;
  // Compared words: registers, queue slots, ports of memories, handshakes, over all instances.
  uint32_t signals_per_cycle() const;
  uint64_t mismatched_signals() const;
  const Mxu& model() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sparsys::mxu
