// SPDX-License-Identifier: Apache-2.0
// The cycle model behind the pins of the engine.
#pragma once

#include "golden/cycle/eie/eie.hpp"
#include "golden/cycle/eie/statistics.hpp"
#include "golden/engine/eie/pins.hpp"

namespace sparsys::eie {

class CycleDevice final : public Device {
 public:
  // Throws Error if a parameter is out of range.
  explicit CycleDevice(const Config& config) : model(config), config_(config) { model.propagate(); }

  const Config& config() const override { return config_; }
  void put(const Image& image) override { model.put(image); }
  Outputs clock(const Inputs& inputs) override;
  uint64_t clock_until_done(uint64_t most, Outputs& last) override;

  // To be read only: clock() goes on from what it left in the model. In state RUN the registers are
  // right, the ports inside of PEs are not.
  Eie model;
  // Every cycle by propagate() and update() of every unit, as in the lockstep; slower.
  bool unit_by_unit = false;
  // If not null, told of every cycle.
  Statistics* statistics = nullptr;

 private:
  // As many cycles in state RUN as can be done at once, at most `most`. Returns how many.
  template <bool counted>
  uint64_t step(uint64_t most);

  Config config_;
};

}  // namespace sparsys::eie
