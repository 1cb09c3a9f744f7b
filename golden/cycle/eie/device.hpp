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
  Outputs clock(const Inputs& inputs) override;

  // To be read only: clock() goes on from what it left in the model.
  Eie model;
  // If not null, told of every cycle.
  Statistics* statistics = nullptr;

 private:
  Config config_;
};

}  // namespace sparsys::eie
