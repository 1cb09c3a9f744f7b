// SPDX-License-Identifier: Apache-2.0
// Locksteps without RTL: making one says that there is none.
#include "tb/lockstep/eie/lockstep.hpp"

#include "golden/base/error.hpp"
#include "tb/lockstep/mxu/lockstep.hpp"

// All of a Lockstep, whose cycle model is a Model, but for what engines have of their own. Nothing
// behind the constructor is reached: there is no object.
#define SPARSYS_LOCKSTEP_WITHOUT_RTL(Model)                                                 \
  struct Lockstep::Impl {};                                                                 \
  Lockstep::Lockstep(const Config& config, LockstepOptions) {                               \
    make_rtl(config);                                                                       \
    throw Error(                                                                            \
        "lockstep: this program is built without RTL; expected --level cycle or function"); \
  }                                                                                         \
  Lockstep::~Lockstep() = default;                                                          \
  const Config& Lockstep::config() const { throw Error("lockstep: built without RTL"); }    \
  Outputs Lockstep::clock(const Inputs&) { throw Error("lockstep: built without RTL"); }    \
  uint64_t Lockstep::checked_cycles() const { return 0; }                                   \
  uint32_t Lockstep::signals_per_cycle() const { return 0; }                                \
  uint64_t Lockstep::mismatched_signals() const { return 0; }                               \
  const Model& Lockstep::model() const { throw Error("lockstep: built without RTL"); }

namespace sparsys::eie {
SPARSYS_LOCKSTEP_WITHOUT_RTL(Eie)
void Lockstep::put(const Image&) {}
void Lockstep::finish() {}
}  // namespace sparsys::eie

namespace sparsys::mxu {
SPARSYS_LOCKSTEP_WITHOUT_RTL(Mxu)
void Lockstep::finish(bool) {}
}  // namespace sparsys::mxu
