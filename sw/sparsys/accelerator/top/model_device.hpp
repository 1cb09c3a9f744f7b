// SPDX-License-Identifier: Apache-2.0
// The functional model of the command stream behind registers, as a driver sees it.
#pragma once

#include "golden/engine/top/device.hpp"
#include "golden/function/top/model.hpp"

namespace sparsys::top {

class ModelDevice final : public Device {
 public:
  explicit ModelDevice(const Config& config) : model_(config), config_(config) {}

  const Config& config() const override { return config_; }
  uint32_t read(uint32_t offset) override;
  void write(uint32_t offset, uint32_t value) override;
  // All that can be done is done as soon as it is asked for.
  bool wait() override { return false; }
  void put(uint64_t address, const uint8_t* bytes, uint64_t count) override {
    model_.store.write(address, bytes, count);
  }
  void get(uint64_t address, uint8_t* bytes, uint64_t count) const override {
    model_.store.read(address, bytes, count);
  }

 private:
  Model model_;
  const Config config_;
};

}  // namespace sparsys::top
