// SPDX-License-Identifier: Apache-2.0
// What every lockstep throws at a difference, and its options.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "golden/base/error.hpp"

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

template <class Model, class Rtl>
struct BasicLockstepOptions {
  // If not empty: FST file of all compared signals, both sides, from the first cycle on.
  std::string waves;
  // Where the waveform of the last cycles before a difference goes; empty: none is written.
  std::string mismatch_waves = "lockstep-mismatch.fst";
  // For tests of the checker: called before every edge with the cycle number and the model.
  std::function<void(uint64_t cycle, Model& model)> tamper;
  // Makes the RTL; empty: the one with these parameters that is built in. Called again to replay a
  // difference.
  std::function<std::unique_ptr<Rtl>()> make_rtl;
};

}  // namespace sparsys
