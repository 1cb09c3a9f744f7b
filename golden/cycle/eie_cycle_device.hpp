// SPDX-License-Identifier: Apache-2.0
// The cycle model behind the pins of the engine.
#pragma once

#include "golden/cycle/eie.hpp"
#include "golden/cycle/eie_device.hpp"
#include "golden/cycle/eie_statistics.hpp"

namespace sparsys {

class eie_cycle_device final : public EieDevice {
 public:
  // Throws Error if a parameter is out of range.
  explicit eie_cycle_device(const EieConfig& config) : model(config), config_(config) {
    model.propagate();
  }

  const EieConfig& config() const override { return config_; }
  EieOutputs clock(const EieInputs& inputs) override;

  // To be read only: clock() goes on from what it left in the model.
  eie model;
  // If not null, told of every cycle.
  EieStatistics* statistics = nullptr;

 private:
  EieConfig config_;
};

}  // namespace sparsys
