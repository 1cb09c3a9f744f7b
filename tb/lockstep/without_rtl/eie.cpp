// SPDX-License-Identifier: Apache-2.0
// A lockstep without RTL: making one says that there is none.
#include "golden/base/error.hpp"
#include "tb/lockstep/eie/lockstep.hpp"

namespace sparsys::eie {

struct Lockstep::Impl {};

Lockstep::Lockstep(const Config& config, LockstepOptions) {
  make_rtl(config);
  throw Error("lockstep: this program is built without RTL; expected --level cycle or function");
}
Lockstep::~Lockstep() = default;

// Nothing below is reached: there is no object.
const Config& Lockstep::config() const { throw Error("lockstep: built without RTL"); }
Outputs Lockstep::clock(const Inputs&) { throw Error("lockstep: built without RTL"); }
void Lockstep::put(const Image&) {}
void Lockstep::finish() {}
uint64_t Lockstep::checked_cycles() const { return 0; }
uint32_t Lockstep::signals_per_cycle() const { return 0; }
uint64_t Lockstep::mismatched_signals() const { return 0; }
const Eie& Lockstep::model() const { throw Error("lockstep: built without RTL"); }

}  // namespace sparsys::eie
