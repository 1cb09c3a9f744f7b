// SPDX-License-Identifier: Apache-2.0
// The cycle model behind the pins of the matrix unit.
#pragma once

#include <algorithm>

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

  void put(bool parameters, uint32_t row, const uint8_t* data) override {
    if (parameters) {
      model.params.put(row % 16, row / 16, data);
    } else {
      std::copy_n(data, config().lanes(), model.unified_buffer.ram.row(row));
    }
  }
  std::vector<uint8_t> take(bool parameters, uint32_t row) const override {
    std::vector<uint8_t> data(config().lanes());
    if (parameters) {
      model.params.take(row % 16, row / 16, data.data());
    } else {
      std::copy_n(model.unified_buffer.ram.row(row), config().lanes(), data.begin());
    }
    return data;
  }

  // To be read only: clock() goes on from what it left in the model.
  Mxu model;
};

}  // namespace sparsys::mxu
