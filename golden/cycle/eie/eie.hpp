// SPDX-License-Identifier: Apache-2.0
// The sparse engine, clock cycle by clock cycle: control, non-zero tree and N_PE processing
// elements (docs/reference/eie-timing.md section 9; EIE, Han 2016, section IV). Written from the
// timing contract alone, for comparison with rtl/eie register by register.
#pragma once

#include <cstdint>
#include <vector>

#include "golden/cycle/eie/ccu.hpp"
#include "golden/cycle/eie/lnzd.hpp"
#include "golden/cycle/eie/pe.hpp"
#include "golden/engine/eie/pins.hpp"

namespace sparsys::eie {

// Its ports are the pins; rst_i is given with update().
class Eie : public Inputs, public Outputs {
 public:
  // Throws Error if a parameter is out of range.
  explicit Eie(const Config& config);

  Ccu ccu;
  Lnzd lnzd;
  std::vector<Pe> pe;

  void propagate();
  void update(bool rst);

  // The same for a caller who wants speed: edge() is update() and the part of the next propagate()
  // that follows from the registers, in one pass over the PEs; propagate_rest() is what is left of
  // propagate() then. In it, seen(first, count) is called for one block of PEs after the other as
  // soon as they have settled, while their variables are still in the processor's cache.
  void edge(bool rst);
  template <class Seen>
  void propagate_rest(Seen&& seen) {
    if (stale_) propagate_pe_outputs();
    propagate_control();
    const uint32_t n_pe = static_cast<uint32_t>(pe.size());
    for (uint32_t first = 0; first < n_pe; first += kBlock) {
      const uint32_t count = first + kBlock <= n_pe ? kBlock : n_pe - first;
      propagate_pe_inputs(first, count);
      seen(first, count);
    }
  }
  // The back door (eie::Device).
  void put(const Image& image);

  // The part of propagate_rest() in front of the PEs: control and tree.
  void propagate_control();
  // Instead of the rest of it and edge(false), for a caller who compares nothing: in state RUN the
  // PEs get broadcasts and nothing else, so each goes through the cycle in one go. The registers
  // become what edge() makes them; the ports of the PEs' units are right again in the first cycle
  // of another state.
  bool may_step() const { return ccu.state_q == Ccu::RUN; }
  void step();

 private:
  void propagate_pe_outputs();
  void propagate_ccu();
  void propagate_pe_inputs(uint32_t first, uint32_t count);
  void propagate_pe_outputs(uint32_t k);

  static constexpr uint32_t kBlock = 8;

  bool stale_ = false;  // step() has left the ports inside of PEs behind
  PeCommon common_;     // what all PEs get in this cycle
  uint16_t list_first_mask_;
  uint16_t list_count_mask_;
};

}  // namespace sparsys::eie
