// SPDX-License-Identifier: Apache-2.0
#include "golden/cycle/eie/device.hpp"

#include <algorithm>

namespace sparsys::eie {

Outputs CycleDevice::clock(const Inputs& inputs) {
  static_cast<Inputs&>(model) = inputs;
  const bool step = model.may_step() && !inputs.rst_i && !unit_by_unit;
  if (step) {
    model.propagate_control();
  } else {
    model.propagate_rest([](uint32_t, uint32_t) {});
  }
  if (statistics) statistics->observe(model);
  const Outputs outputs = model;
  if (step) {
    model.step([](const auto&...) {});
  } else {
    model.edge(inputs.rst_i);
  }
  return outputs;
}

uint64_t CycleDevice::clock_until_done(uint64_t most, Outputs& last) {
  for (uint64_t c = 0; c < most;) {
    if (model.may_step() && !unit_by_unit) {
      c += statistics ? step<true>(most - c) : step<false>(most - c);
    } else {
      ++c;
      last = clock(Inputs());
      if (last.done_o) return c;
    }
  }
  return 0;
}

template <bool counted>
uint64_t CycleDevice::step(uint64_t most) {
  static_cast<Inputs&>(model) = Inputs();
  model.propagate_control();
  const bool held = model.ccu.hold_i;
  // Held cycles are counted behind the PEs.
  const uint32_t first = held;
  const auto see = [this, first](uint32_t k, const SpmatReadRegisters& s, const ArithRegisters& a,
                                 uint32_t queued, uint32_t cycle) {
    if constexpr (counted) statistics->observe_pe(k, s, a, queued, first + cycle);
  };
  if (!held) {
    if constexpr (counted) statistics->observe_run(model);
    model.step(see);
    return 1;
  }
  const auto control = [this](uint32_t alike) {
    if constexpr (counted) statistics->observe_run(model, alike);
  };
  return model.step_held(static_cast<uint32_t>(std::min<uint64_t>(most, UINT32_MAX)), control, see);
}

}  // namespace sparsys::eie
