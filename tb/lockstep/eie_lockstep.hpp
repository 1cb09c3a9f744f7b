// SPDX-License-Identifier: Apache-2.0
// RTL and cycle model of the sparse engine, clocked together: in every cycle every signal listed in
// tb/lockstep/signals is compared in every instance (shared design, section 6).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "golden/cycle/eie.hpp"
#include "golden/cycle/eie_device.hpp"
#include "golden/cycle/eie_statistics.hpp"
#include "golden/error.hpp"
#include "tb/lockstep/eie_rtl.hpp"

namespace sparsys {

// The first difference. what() has several lines: cycle, instance, signal, both values, how many
// signals differ, the last cycles of the instance on both sides, and where the waveform is.
class LockstepMismatch : public Error {
 public:
  LockstepMismatch(const std::string& what, uint64_t cycle, std::string instance,
                   std::string signal, uint64_t signals)
      : Error(what),
        cycle(cycle),
        instance(std::move(instance)),
        signal(std::move(signal)),
        signals(signals) {}
  uint64_t cycle;        // since the device was made, the first is 0
  std::string instance;  // as in the RTL: eie.g_pe[3].u_pe.u_arith
  std::string signal;
  uint64_t signals;  // that differ in this cycle
};

struct LockstepOptions {
  // If not empty: FST file of all compared signals, both sides, from the first cycle on.
  std::string waves;
  // Where the waveform of the last cycles before a difference goes; empty: none is written.
  std::string mismatch_waves = "lockstep-mismatch.fst";
  // Told of every cycle of the cycle model, if not null.
  EieStatistics* statistics = nullptr;
  // For tests of the checker: called before every edge with the cycle number and the model.
  std::function<void(uint64_t cycle, eie& model)> tamper;
  // Makes the RTL; empty: make_eie_rtl. Called again to replay a difference.
  std::function<std::unique_ptr<EieRtl>()> make_rtl;
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
