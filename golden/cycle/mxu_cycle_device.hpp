// SPDX-License-Identifier: Apache-2.0
// The cycle model behind the pins of the matrix unit.
#pragma once

#include "golden/cycle/mxu.hpp"
#include "golden/cycle/mxu_device.hpp"

namespace sparsys {

class mxu_cycle_device final : public MxuDevice {
 public:
  // Throws Error if a parameter is out of range.
  explicit mxu_cycle_device(const MxuConfig& config) : model(config) {}

  const MxuConfig& config() const override { return model.config(); }
  MxuOutputs clock(const MxuInputs& inputs) override;

  // To be read only: clock() goes on from what it left in the model.
  mxu model;
};

}  // namespace sparsys
