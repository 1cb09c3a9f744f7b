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
  Outputs clock(const Inputs& inputs) override {
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
      model.step();
    } else {
      model.edge(inputs.rst_i);
    }
    return outputs;
  }

  // To be read only: clock() goes on from what it left in the model. In state RUN the registers are
  // right, the ports inside of PEs are not.
  Eie model;
  // Every cycle by propagate() and update() of every unit, as in the lockstep; slower.
  bool unit_by_unit = false;
  // If not null, told of every cycle.
  Statistics* statistics = nullptr;

 private:
  Config config_;
};

}  // namespace sparsys::eie
