// SPDX-License-Identifier: Apache-2.0
// The cycle model behind the pins of the matrix unit.
#pragma once

#include "golden/cycle/mxu/mxu.hpp"
#include "golden/engine/mxu/pins.hpp"

namespace sparsys::mxu {

class CycleDevice final : public Device {
 public:
  // Throws Error if a parameter is out of range.
  explicit CycleDevice(const Config& config) : model(config) {}

  const Config& config() const override { return model.config(); }
  Outputs clock(const Inputs& inputs) override {
    static_cast<Inputs&>(model) = inputs;
    model.propagate();
    const Outputs outputs = model;
    model.update(inputs.rst_i);
    return outputs;
  }

  // To be read only: clock() goes on from what it left in the model.
  Mxu model;
};

}  // namespace sparsys::mxu
