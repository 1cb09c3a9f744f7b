// SPDX-License-Identifier: Apache-2.0
// RTL and cycle model of the sparse engine, clocked together: in every cycle every signal listed in
// tb/lockstep/eie/signals is compared in every instance.
#pragma once

#include <cstdint>
#include <memory>

#include "golden/cycle/eie/eie.hpp"
#include "golden/cycle/eie/statistics.hpp"
#include "golden/engine/eie/pins.hpp"
#include "tb/lockstep/core/lockstep_options.hpp"
#include "tb/lockstep/eie/rtl.hpp"

namespace sparsys::eie {

struct LockstepOptions : BasicLockstepOptions<Eie, Rtl> {
  // Told of every cycle of the cycle model, if not null.
  Statistics* statistics = nullptr;
};

class Lockstep final : public Device {
 public:
  // Throws Error if no RTL with these parameters is built in.
  explicit Lockstep(const Config& config, LockstepOptions options = {});
  ~Lockstep() override;

  const Config& config() const override;
  // Throws LockstepMismatch at the first difference, Error if a waveform cannot be written.
  Outputs clock(const Inputs& inputs) override;
  // Of both sides.
  void put(const Image& image) override;

  // To be called at the end of a run: compares the state behind the last edge, and throws
  // LockstepMismatch unless both sides are idle with nothing pending. Closes the waveform.
  void finish();

  uint64_t checked_cycles() const;
  // Compared words: registers, queue slots, ports of memories, handshakes, over all instances.
  uint32_t signals_per_cycle() const;
  uint64_t mismatched_signals() const;
  const Eie& model() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sparsys::eie
