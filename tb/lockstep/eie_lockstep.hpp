// SPDX-License-Identifier: Apache-2.0
// RTL and cycle model of the sparse engine, clocked together: in every cycle every signal listed in
// tb/lockstep/signals is compared in every instance (shared design, section 6).
#pragma once

#include <cstdint>
#include <memory>

#include "golden/cycle/eie.hpp"
#include "golden/cycle/eie_device.hpp"
#include "golden/cycle/eie_statistics.hpp"
#include "tb/lockstep/eie_rtl.hpp"
#include "tb/lockstep/lockstep_options.hpp"

namespace sparsys {

struct LockstepOptions : BasicLockstepOptions<eie, EieRtl> {
  // Told of every cycle of the cycle model, if not null.
  EieStatistics* statistics = nullptr;
};

class EieLockstep final : public EieDevice {
 public:
  // Throws Error if no RTL with these parameters is built in.
  explicit EieLockstep(const EieConfig& config, LockstepOptions options = {});
  ~EieLockstep() override;

  const EieConfig& config() const override;
  // Throws LockstepMismatch at the first difference, Error if a waveform cannot be written.
  EieOutputs clock(const EieInputs& inputs) override;

  // To be called at the end of a run: compares the state behind the last edge, and throws
  // LockstepMismatch unless both sides are idle with nothing pending. Closes the waveform.
  void finish();

  uint64_t checked_cycles() const;
  // Compared words: registers, queue slots, ports of memories, handshakes, over all instances.
  uint32_t signals_per_cycle() const;
  uint64_t mismatched_signals() const;
  const eie& model() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sparsys
